"""The environment: its name, tags, deletion protection and permissions boundary."""

from typing import NamedTuple

from troposphere import AWSHelperFn, Equals, Not, Parameter, Ref, Template

from tap.parts import HAS_BOUNDARY, SWITCH, add_parameter, add_switch

TAGS = {"Team": "platform-engineering", "CostCenter": "engineering", "Application": "transaction-processing"}
# AWS allows 256 characters, but the bootstrap stack's permissions boundary repeats Application and must fit one policy.
LONGEST_TAG = 128


class Environment(NamedTuple):
    """The parts of the environment that other tiers use."""

    tags: dict[str, AWSHelperFn]
    has_deletion_protection: str
    """The condition that database, table and load balancer are protected from deletion."""


def add_tags(t: Template, group: str, **more: str) -> dict[str, Ref]:
    """Declare the tag parameters of every template and return the tags; `more` extends a tag's description."""
    return {title: add_parameter(t, group, title, Parameter(
        title, Type="String", Default=value, AllowedPattern=rf"[\w .:/=+@-]{{1,{LONGEST_TAG}}}",
        ConstraintDescription=f"must be a tag value of up to {LONGEST_TAG} characters",
        Description=f"Tag on every resource{more.get(title, '')}.")).ref() for title, value in TAGS.items()}


def add_environment(t: Template) -> Environment:
    """Declare the parameters for the environment's name, tags, deletion protection and permissions boundary."""
    name = add_parameter(t, "Environment", "Name", Parameter(
        "Environment", Type="String", AllowedPattern="[a-z][a-z0-9]*(-[a-z0-9]+)*", MinLength=2, MaxLength=20,
        ConstraintDescription="must be lower-case letters, digits and single hyphens, such as pr-123",
        Description="Short name of the environment, such as dev or pr-123."))
    add_parameter(t, "Environment", "Protected", Parameter(
        "Protected", Type="String", Default="false", AllowedValues=list(SWITCH),
        Description="Refuse to deploy without HTTPS and the controls that production requires. Set it to true for "
                    "production, whatever the environment is called."))
    tags: dict[str, AWSHelperFn] = {"Environment": name.ref(), **add_tags(t, "Environment")}
    has_deletion_protection = add_switch(
        t, "Environment", "Deletion protection", "DeletionProtection", "true",
        "Protect database, table and load balancer from deletion. Set it to false before you delete the stack.")
    boundary = add_parameter(t, "Environment", "Permissions boundary", Parameter(
        "PermissionsBoundary", Type="String", Default="", AllowedPattern=r"[\w+=,.@/-]{0,512}",
        ConstraintDescription="must be the path and name of an IAM policy, or empty",
        Description="Path and name of a customer managed IAM policy to set as the permissions boundary of every role; "
                    "empty for none."))
    t.add_condition(HAS_BOUNDARY, Not(Equals(boundary.ref(), "")))
    return Environment(tags, has_deletion_protection)
