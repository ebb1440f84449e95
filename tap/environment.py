"""The environment: its name, its tags, and its protection."""

from typing import NamedTuple

from troposphere import AWSHelperFn, Equals, Not, Parameter, Ref, Template

from tap.parts import HAS_BOUNDARY, SWITCH, add_parameter, add_switch

TAGS = {"Team": "platform-engineering", "CostCenter": "engineering", "Application": "transaction-processing"}
# AWS takes 256 characters. The permissions boundary of tap bootstrap holds Application several times, and has no room.
LONGEST_TAG = 128


class Environment(NamedTuple):
    """What the other tiers may use of the environment."""

    tags: dict[str, AWSHelperFn]
    has_deletion_protection: str
    """The condition that what holds data, or is known to others, refuses to be deleted."""


def add_tags(t: Template, group: str, **more: str) -> dict[str, Ref]:
    """Declare the tags that every template's resources have; more is what else a tag's description says."""
    return {title: add_parameter(t, group, title, Parameter(
        title, Type="String", Default=value, AllowedPattern=rf"[\w .:/=+@-]{{1,{LONGEST_TAG}}}",
        ConstraintDescription=f"must be a tag value of up to {LONGEST_TAG} characters",
        Description=f"Tag of every resource{more.get(title, '')}.")).ref() for title, value in TAGS.items()}


def add_environment(t: Template) -> Environment:
    """Declare the environment's name and tags, its deletion protection and its permissions boundary."""
    name = add_parameter(t, "Environment", "Name", Parameter(
        "Environment", Type="String", AllowedPattern="[a-z][a-z0-9]*(-[a-z0-9]+)*", MinLength=2, MaxLength=20,
        ConstraintDescription="must be lower-case letters, digits and single hyphens, such as pr-123",
        Description="Short name, such as dev or pr-123."))
    add_parameter(t, "Environment", "Protected", Parameter(
        "Protected", Type="String", Default="false", AllowedValues=list(SWITCH),
        Description="Refuse to deploy without HTTPS and the controls that production requires; true for production, "
                    "whatever its name."))
    tags: dict[str, AWSHelperFn] = {"Environment": name.ref(), **add_tags(t, "Environment")}
    has_deletion_protection = add_switch(
        t, "Environment", "Deletion protection", "DeletionProtection", "true",
        "Database, table and load balancer refuse to be deleted until this is false.")
    boundary = add_parameter(t, "Environment", "Permissions boundary", Parameter(
        "PermissionsBoundary", Type="String", Default="", AllowedPattern=r"[\w+=,.@/-]{0,512}",
        ConstraintDescription="must be the path and name of an IAM policy, or empty",
        Description="Customer-managed IAM policy, by path and name, that bounds every role; empty for none."))
    t.add_condition(HAS_BOUNDARY, Not(Equals(boundary.ref(), "")))
    return Environment(tags, has_deletion_protection)
