"""The vocabulary that every tier shares."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from awacs.aws import (
    Action,
    Allow,
    Bool,
    Condition,
    Deny,
    Principal,
    Statement,
    StringEquals,
)
from awacs.sts import AssumeRole
from troposphere import (
    AWSHelperFn,
    AWSObject,
    Equals,
    Export,
    If,
    Output,
    Parameter,
    Ref,
    Sub,
    Tags,
    Template,
    encode_to_dict,
)
from troposphere.iam import ManagedPolicy, Role

INTERFACE = "AWS::CloudFormation::Interface"
NO_VALUE = Ref("AWS::NoValue")
SWITCH = ("true", "false")
HAS_BOUNDARY = "HasPermissionsBoundary"
SLEEPS = "HasSleepSchedule"  # whether the service has hours without tasks
RUNTIME = "python3.14"
# Types whose tags are not called Tags: their schema in CloudFormation's registry says so, as its `tagProperty`.
TAGGED_AS = {
    "AWS::Backup::BackupPlan": "BackupPlanTags", "AWS::Backup::BackupVault": "BackupVaultTags",
    "AWS::Budgets::Budget": "ResourceTags"}

P = ParamSpec("P")
Bundle = TypeVar("Bundle")


class Stack(Template):
    """A template in tiers, which its text has headings of."""

    def __init__(self, description: str) -> None:
        """Start an empty template."""
        super().__init__(Description=description)
        self.set_version("2010-09-09")
        self.tiers: dict[str, str] = {}
        """The heading of each resource."""

    def add(self, add_tier: Callable[Concatenate[Template, P], Bundle], *args: P.args, **kwargs: P.kwargs) -> Bundle:
        """Have a function `add_<tier>` add its tier with these arguments; return the tier's bundle."""
        bundle = add_tier(self, *args, **kwargs)
        name = add_tier.__name__.removeprefix("_").removeprefix("add_").replace("_", " ").capitalize()
        heading = f"{name} ({add_tier.__module__.replace('.', '/')}.py)"
        for title in self.resources:
            self.tiers.setdefault(title, heading)
        return bundle


def add_parameter(t: Template, group: str, label: str, parameter: Parameter) -> Parameter:
    """Declare a parameter under a heading and with a label of the console's form.

    The form's layout is the template's `AWS::CloudFormation::Interface` metadata:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-interface.html
    """
    form = t.metadata.setdefault(INTERFACE, {"ParameterGroups": [], "ParameterLabels": {}})
    groups = form["ParameterGroups"]
    of_group = next((each for each in groups if each["Label"]["default"] == group), None)
    if of_group is None:
        of_group = {"Label": {"default": group}, "Parameters": []}
        groups.append(of_group)
    of_group["Parameters"].append(parameter.title)
    form["ParameterLabels"][parameter.title] = {"default": label}
    return t.add_parameter(parameter)


def add_email(t: Template, group: str, label: str, title: str, description: str) -> Parameter:
    """Declare a parameter that is an e-mail address, or empty."""
    return add_parameter(t, group, label, Parameter(
        title, Type="String", Default="", AllowedPattern=r"([^@\s]+@[^@\s]+\.[^@\s]+)?",
        ConstraintDescription="must be an e-mail address, or empty", Description=description))


def add_switch(t: Template, group: str, label: str, title: str, default: str, description: str) -> str:
    """Declare a true/false parameter; return the name of the condition `Has<title>` that it sets."""
    parameter = add_parameter(t, group, label, Parameter(
        title, Type="String", Default=default, AllowedValues=list(SWITCH), Description=description))
    return t.add_condition(f"Has{title}", Equals(parameter.ref(), "true"))


def add_export(
        t: Template, title: str, description: str, value: AWSHelperFn, name: str, **attributes: Any) -> None:
    """Declare an output, exported as `<name>-<Environment>`, since a region has each export name once."""
    t.add_output(Output(
        title, Description=description, Value=value, Export=Export(Sub(f"{name}-${{Environment}}")), **attributes))


def allow(actions: Sequence[Action], *resources: Any, condition: Condition | None = None) -> Statement:
    """Return a policy statement that allows actions on resources."""
    extra = {"Condition": condition} if condition else {}
    return Statement(Effect=Allow, Action=list(actions), Resource=list(resources), **extra)


def admit(
        services: str | list[str] | Sub, actions: Sequence[Action], *resources: Any,
        condition: Condition | None = None) -> Statement:
    """Return a statement of a resource's policy that lets services of AWS in."""
    statement = allow(actions, *resources, condition=condition)
    statement.Principal = Principal("Service", services)
    return statement


def refuse_plain_http(actions: Sequence[Action], *resources: Any) -> Statement:
    """Return a statement of a resource's policy that refuses whoever comes without TLS."""
    return Statement(
        Effect=Deny, Principal=Principal("*"), Action=list(actions), Resource=list(resources),
        Condition=Condition(Bool({"aws:SecureTransport": False})))


def of_this_account() -> Condition:
    """Return the condition that a service of AWS acts for this account and nobody else's.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return Condition(StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}))


def policy(*statements: Statement | If) -> dict[str, Any]:
    """Return a policy document in IAM's current policy language, with lists of one written as the one.

    A statement may be there by a condition of the template.
    """
    document: dict[str, Any] = encode_to_dict({"Version": "2012-10-17", "Statement": list(statements)})
    for statement in document["Statement"]:
        _, body, _ = statement.get("Fn::If", (None, statement, None))
        for key in ("Action", "Resource"):
            if len(body.get(key, ())) == 1:
                body[key], = body[key]
    return document


def add_role(
        t: Template, title: str, service: str, *statements: Statement | If, condition: str | None = None,
        trust_condition: Condition | None = None, keep: bool = False) -> Role:
    """Add `<title>Role`, assumed by a service, with a customer-managed policy of its own.

    The role refers to the policy and not the other way round, so that whatever waits for the role
    has its permissions too. It stays within the policy that the parameter PermissionsBoundary names. A role to keep
    outlives its stack, with its policy.
    """
    extra: dict[str, Any] = {"Condition": condition} if condition else {}
    if keep:
        extra |= {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    permissions = t.add_resource(ManagedPolicy(
        f"{title}Policy", PolicyDocument=policy(*statements), **extra))
    trust = Statement(Effect=Allow, Action=[AssumeRole], Principal=Principal("Service", service))
    if trust_condition:
        trust.Condition = trust_condition
    return t.add_resource(Role(
        f"{title}Role",
        AssumeRolePolicyDocument=policy(trust),
        ManagedPolicyArns=[permissions.ref()],
        PermissionsBoundary=only_if(HAS_BOUNDARY, Sub(
            "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${PermissionsBoundary}")), **extra))


def only_if(condition: str, value: Any) -> If:
    """Return value where the condition holds, and the absence of the property where it does not."""
    return If(condition, value, NO_VALUE)


def suppress(resource: AWSObject, reasons: Mapping[str, str]) -> None:
    """Have Checkov pass over checks on a resource, each for a reason.

    "By <parameter>" is the reason of what a parameter decides, since Checkov reads no `Fn::If`.
    """
    skip = [{"id": check, "comment": reason} for check, reason in reasons.items()]
    resource.Metadata = {**resource.resource.get("Metadata", {}), "checkov": {"skip": skip}}


def name_tag(name: str) -> Tags:
    """Return the `Name` tag by which the console lists a resource."""
    return Tags(Name=Sub(f"${{AWS::StackName}}-{name}"))


def tag_all(t: Template, tags: dict[str, Any]) -> None:
    """Add tags to every resource whose type can carry them."""
    for resource in t.resources.values():
        if not isinstance(resource, AWSObject):
            continue
        name = TAGGED_AS.get(str(resource.resource_type), "Tags")
        if name not in resource.props:
            continue
        kind = resource.props[name][0]
        if kind is dict:
            setattr(resource, name, {**resource.properties.get(name, {}), **tags})
        elif isinstance(kind, list):
            setattr(resource, name, [kind[0](Key=key, Value=value) for key, value in sorted(tags.items())])
        else:
            resource.Tags = resource.properties.get("Tags", Tags()) + Tags(**tags)
