"""Helpers that every tier uses: parameters, outputs, policies, roles, tags."""

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
SLEEPS = "HasSleepSchedule"  # whether a schedule scales the service to zero
RUNTIME = "python3.14"
# Types whose tag property has another name than Tags, per `tagProperty` of their registry schema.
TAGGED_AS = {
    "AWS::Backup::BackupPlan": "BackupPlanTags", "AWS::Backup::BackupVault": "BackupVaultTags",
    "AWS::Budgets::Budget": "ResourceTags"}

P = ParamSpec("P")
Bundle = TypeVar("Bundle")


class Stack(Template):
    """A template that records each resource's tier, for the headings in its YAML."""

    def __init__(self, description: str) -> None:
        """Create an empty template."""
        super().__init__(Description=description)
        self.set_version("2010-09-09")
        self.tiers: dict[str, str] = {}
        """Heading by logical id."""

    def add(self, add_tier: Callable[Concatenate[Template, P], Bundle], *args: P.args, **kwargs: P.kwargs) -> Bundle:
        """Call `add_<tier>` with these arguments and record its resources under its heading; return its result."""
        bundle = add_tier(self, *args, **kwargs)
        name = add_tier.__name__.removeprefix("_").removeprefix("add_").replace("_", " ").capitalize()
        heading = f"{name} ({add_tier.__module__.replace('.', '/')}.py)"
        for title in self.resources:
            self.tiers.setdefault(title, heading)
        return bundle


def add_parameter(t: Template, group: str, label: str, parameter: Parameter) -> Parameter:
    """Declare a parameter with its group and label in the console's form; return it.

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
    """Declare a parameter for an email address that may be empty; return it."""
    return add_parameter(t, group, label, Parameter(
        title, Type="String", Default="", AllowedPattern=r"([^@\s]+@[^@\s]+\.[^@\s]+)?",
        ConstraintDescription="must be an email address, or empty", Description=description))


def add_switch(t: Template, group: str, label: str, title: str, default: str, description: str) -> str:
    """Declare a true/false parameter; return the name of the condition `Has<title>` that it sets."""
    parameter = add_parameter(t, group, label, Parameter(
        title, Type="String", Default=default, AllowedValues=list(SWITCH), Description=description))
    return t.add_condition(f"Has{title}", Equals(parameter.ref(), "true"))


def add_export(
        t: Template, title: str, description: str, value: AWSHelperFn, name: str, **attributes: Any) -> None:
    """Declare an output and export it as `<name>-<Environment>`, since export names are unique in a region."""
    t.add_output(Output(
        title, Description=description, Value=value, Export=Export(Sub(f"{name}-${{Environment}}")), **attributes))


def allow(actions: Sequence[Action], *resources: Any, condition: Condition | None = None) -> Statement:
    """Return a policy statement that allows actions on resources."""
    extra = {"Condition": condition} if condition else {}
    return Statement(Effect=Allow, Action=list(actions), Resource=list(resources), **extra)


def admit(
        services: str | list[str] | Sub, actions: Sequence[Action], *resources: Any,
        condition: Condition | None = None) -> Statement:
    """Return a resource policy statement that allows AWS services to act on resources."""
    statement = allow(actions, *resources, condition=condition)
    statement.Principal = Principal("Service", services)
    return statement


def refuse_plain_http(actions: Sequence[Action], *resources: Any) -> Statement:
    """Return a resource policy statement that denies requests without TLS."""
    return Statement(
        Effect=Deny, Principal=Principal("*"), Action=list(actions), Resource=list(resources),
        Condition=Condition(Bool({"aws:SecureTransport": False})))


def of_this_account() -> Condition:
    """Return the condition that an AWS service acts on behalf of this account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return Condition(StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}))


def policy(*statements: Statement | If) -> dict[str, Any]:
    """Return a policy document; a list of one action or resource becomes a string.

    A statement may be wrapped in `Fn::If`.
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
    """Add `<title>Role`, which an AWS service assumes, with its own customer managed policy; return the role.

    The role refers to the policy rather than the reverse, so that a resource that depends on the role also has its
    permissions. The parameter PermissionsBoundary bounds the role. With `keep`, role and policy outlive the stack.
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
    """Return the value if the condition holds, else `AWS::NoValue`, which removes the property."""
    return If(condition, value, NO_VALUE)


def suppress(resource: AWSObject, reasons: Mapping[str, str]) -> None:
    """Suppress Checkov checks on a resource, each with its reason.

    The reason "By <parameter>" marks what a parameter decides, since Checkov does not evaluate `Fn::If`.
    """
    skip = [{"id": check, "comment": reason} for check, reason in reasons.items()]
    resource.Metadata = {**resource.resource.get("Metadata", {}), "checkov": {"skip": skip}}


def name_tag(name: str) -> Tags:
    """Return the `Name` tag, `<stack name>-<name>`, which the console shows in its lists."""
    return Tags(Name=Sub(f"${{AWS::StackName}}-{name}"))


def tag_all(t: Template, tags: dict[str, Any]) -> None:
    """Add tags to every resource whose type supports them."""
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
