"""A plan: a change set with what is to be known before it runs, from the guard to what CloudFormation leaves out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tap.deploy import guard, policies, variables
from tap.deploy.aws import AwsClient, Call
from tap.deploy.deployed import Deployed, location
from tap.deploy.diff import Difference, compare, shown, unlisted
from tap.deploy.guard import Grade, Verdict
from tap.deploy.hazards import find_hazards
from tap.deploy.models import (
    MASK,
    CallFailed,
    Change,
    ChangeSet,
    Detail,
    Environment,
    InputError,
    Refused,
    TapError,
)
from tap.deploy.prediction import NOTHING, Prediction, predicted
from tap.deploy.protection import looser
from tap.deploy.stacks import pages
from tap.deploy.template import Rendered
from tap.template.resolve import Resolved, dependencies, resolve

_NAMED = {"AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName", "AWS::IAM::Group": "GroupName",
          "AWS::IAM::ManagedPolicy": "ManagedPolicyName", "AWS::IAM::InstanceProfile": "InstanceProfileName"}


@dataclass(frozen=True)
class Given:
    """One parameter as a deployment uses it; a secret's value is MASK."""

    name: str
    value: str
    source: str  # file, override, default, previous
    resolved: str | None = None  # what an SSM parameter's name resolved to


@dataclass(frozen=True)
class Plan:
    """What a deployment would do to one environment."""

    env: Environment
    change_set: ChangeSet
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)  # by logical id
    parameters: tuple[Given, ...] = ()
    warnings: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()  # what the new stack policy allows and the old one does not
    denied: tuple[str, ...] = ()  # what the stack policy will not let happen
    hazards: tuple[str, ...] = ()  # what CloudFormation would carry out, and must not
    differences: tuple[Difference, ...] = ()  # between the deployed and the new template, by our own comparison
    variables: tuple[tuple[str, str | None, str | None], ...] = ()  # of the application: name, before, after
    deployed: Resolved | None = None  # None: there is no stack, or its template cannot be read

    @property
    def grade(self) -> Grade:
        """The worst of all verdicts."""
        return max((verdict.grade for verdict in self.verdicts.values()), default=Grade.SAFE)

    @property
    def needs_approval(self) -> tuple[str, ...]:
        """What is to be approved by name before this may run, and is not yet."""
        names = [*guard.unapproved(self.verdicts, self.env.options.approved)]
        return (*names, *([guard.STACK_POLICY] if self.loosened and guard.STACK_POLICY not in self.env.options.approved
                          else []))

    def check(self) -> None:
        """Raise Refused where a stack policy does not allow the plan, or where something is not approved by name."""
        if self.denied:
            raise Refused(f"the stack policy does not allow {', '.join(self.denied)}: CloudFormation would fail. "
                          f"Change StackPolicy in parameters/{self.env.name}.json, and approve that")
        if self.hazards:
            raise Refused("\n  - ".join(["this plan would do harm:", *self.hazards]))
        if self.loosened and guard.STACK_POLICY not in self.env.options.approved:
            raise Refused(looser(list(self.loosened)))
        guard.check(self.verdicts, self.env.options.approved)


def capabilities(document: Mapping[str, Any]) -> set[str]:
    """Return the capabilities that a template needs.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (Capabilities)
    """
    needed = {"CAPABILITY_AUTO_EXPAND"} if document.get("Transform") else set()
    for entry in document.get("Resources", {}).values():
        if entry.get("Type", "").startswith("AWS::IAM::"):
            named = _NAMED.get(entry["Type"]) in entry.get("Properties", {})
            needed.add("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    return needed


def given(env: Environment, document: Mapping[str, Any], plan: ChangeSet,
          deployed: Mapping[str, str] | None = None) -> tuple[Given, ...]:
    """Return every parameter of the template, its value, and where that comes from; `deployed` are the stack's."""
    found = []
    for name, declaration in document.get("Parameters", {}).items():
        if name in env.values.previous:
            value, source = (deployed or {}).get(name, "(as it is)"), "previous"
        elif name in env.values.parameters:
            value, source = env.values.parameters[name], "override" if name in env.values.overridden else "file"
        else:
            value, source = str(declaration.get("Default", "")), "default"
        secret = name in env.values.secrets and value != "" and source != "previous"
        resolved = plan.resolved.get(name)
        found.append(Given(name, MASK if secret else value, source,
                           None if name in env.values.secrets or resolved is None else env.masked(resolved)))
    return tuple(found)


def taken_exports(call: Call, env: Environment, wanted: Resolved) -> list[str]:
    """Return a line for each export that another stack has already."""
    names = {name: title for title, output in wanted.outputs.items()
             if isinstance(name := output.get("Export", {}).get("Name"), str)}
    if not names:
        return []
    return [f"output {names[each['Name']]} exports {each['Name']}, which stack "
            f"{each['ExportingStackId'].split('/')[1]} exports already"
            for each in pages(call, "list_exports", "Exports")
            if each["Name"] in names and each["ExportingStackId"].split("/")[1] != env.stack_name]


def resolved_for(env: Environment, document: Mapping[str, Any], stack_id: str = "",
                 kept: Mapping[str, Any] | None = None) -> Resolved:
    """Return what a template comes to with an environment's parameters, secrets masked.

    `kept` has the values of parameters that keep what the stack has. Raises ValueError.
    """
    values = {name: MASK if name in env.values.secrets and value else value
              for name, value in env.values.parameters.items()}
    values |= {name: str((kept or {}).get(name, MASK)) for name in env.values.previous}
    place = location(stack_id) if stack_id else {"region": env.target.region} if env.target.region else {}
    return resolve(document, values, stack_name=env.stack_name, **place)


def check_before(call: Call, env: Environment, template: Rendered, lint: Callable[[], list[str]]) -> None:
    """Raise InputError for whatever can be known to be wrong before a change set is made."""
    problems = [f"the template needs {name}: tap does not grant it" for name in
                sorted(capabilities(template.document) - set(env.target.capabilities) - _implied(env))]
    try:
        problems += taken_exports(call, env, resolved_for(env, template.document))
    except CallFailed as error:
        if not error.code.startswith("AccessDenied"):
            raise
    except ValueError as error:
        problems.append(f"the template does not resolve: {error}")
    problems += lint()
    if problems:
        raise InputError(env.masked("\n  - ".join(["the template cannot be deployed:", *problems])
                                    if len(problems) > 1 else problems[0]))


def _implied(env: Environment) -> set[str]:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html: either will do.
    return {"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in env.target.capabilities else set()


def review(aws: AwsClient, env: Environment, template: Rendered, change_set: ChangeSet, deployed: Deployed | None,
           others: Sequence[str]) -> Plan:
    """Return what is to be known of a change set before it runs. Changes nothing.

    `deployed` is the stack that it updates, `others` the names of further change sets that wait to be executed.
    """
    call = aws.call
    plan = Plan(env, change_set, guard.verdicts(change_set), given(
        env, template.document, change_set, deployed.parameters if deployed else None))
    warnings = [*change_set.warnings, *(f"change set {name} of somebody else is pending on this stack; it is left alone"
                                        for name in others)]
    changed, unread = variables.compare(aws, env, deployed.parameters.get(variables.PARAMETER, "") if deployed else "")
    plan = replace(plan, variables=changed)
    warnings += unread
    if deployed:
        comparison = _compare(aws, env, template, deployed, change_set)
        policy = call("get_stack_policy", StackName=deployed.stack_id).get("StackPolicyBody")
        plan = replace(plan, deployed=comparison.before, differences=comparison.differences,
                       hazards=tuple(map(env.masked, comparison.hazards)),
                       verdicts=worst(plan.verdicts, comparison.prediction.verdicts),
                       loosened=tuple(_loosened(env, template, policy, change_set)),
                       denied=tuple(denied(env.values.stack_policy or policy, change_set)))
        warnings += [*comparison.hazards, *comparison.warnings, *_protection_remains(env, deployed)]
    return replace(plan, warnings=tuple(map(env.masked, warnings)))


def _protection_remains(env: Environment, deployed: Deployed) -> list[str]:
    if not deployed.is_protected or env.target.termination_protection:
        return []
    return ["the stack is protected against deletion and stays so, although its target is not: "
            f"to lift it, --approve {guard.TERMINATION_PROTECTION}"]


@dataclass(frozen=True)
class _Comparison:
    """How the new template differs from the deployed one, what follows from it, and what CloudFormation leaves out."""

    before: Resolved | None = None
    differences: tuple[Difference, ...] = ()
    prediction: Prediction = NOTHING
    hazards: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def _compare(aws: AwsClient, env: Environment, template: Rendered, deployed: Deployed,
             change_set: ChangeSet) -> _Comparison:
    before = None
    try:
        before = deployed.resolved(aws.call, env)
        after = resolved_for(env, template.document, deployed.stack_id, deployed.parameters)
        found = compare(before, after)
        prediction = predicted(env, change_set, before, after, aws)
        hazards, unknown = find_hazards(aws, change_set, before, after)
        return _Comparison(before, tuple(found), prediction, tuple(hazards),
                           (*unlisted(found, change_set), *prediction.warnings, *unknown))
    except (TapError, ValueError, KeyError, TypeError, AttributeError) as error:
        return _Comparison(before, warnings=(f"the deployed template was not compared with the new one: {error}",))


def worst(verdicts: Mapping[str, Verdict], others: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Return the worse of two verdicts of each change, with the other's reason where it adds something."""
    return {**verdicts, **{name: _joined(verdicts.get(name), other) for name, other in others.items()}}


def _joined(verdict: Verdict | None, other: Verdict) -> Verdict:
    if verdict is None or verdict.grade is Grade.SAFE or other.grade is Grade.WILL_FAIL:
        return other
    return Verdict(max(verdict.grade, other.grade), f"{verdict.reason}; {other.reason}")


def _loosened(env: Environment, template: Rendered, policy: str | None, change_set: ChangeSet) -> list[str]:
    types = {change.logical_id: change.resource_type for change in change_set.changes}
    types |= {title: entry["Type"] for title, entry in template.document.get("Resources", {}).items()}
    return policies.allowed_beyond(policy, env.values.stack_policy, types) if env.values.stack_policy else []


def values_of(plan: Plan, change: Change) -> list[tuple[str, str, str, str]]:
    """Return what a change does to each property: its name, the value before and after, and why.

    Where CloudFormation gives no values, those of our own look at the two templates stand for them.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for detail in change.details:
        name = (detail.path or "").removeprefix("/Properties/").replace("/", ".") or detail.name or detail.attribute
        values = [(name, detail.before, detail.after)] if detail.before is not None or detail.after is not None else [
            (each.name.removeprefix("Properties."), shown(each.before), shown(each.after))
            for each in plan.differences
            if each.path[1] == change.logical_id and (detail.name or detail.attribute) in each.path[2:4]]
        for path, before, after in values or [(name, None, None)]:
            old, new = ("" if value is None else plan.env.masked(value) for value in (before, after))
            causes = found.setdefault((path, old, new), [])
            if (why := _cause(detail)) not in causes:
                causes.append(why)
    return [(*key, ", ".join(causes)) for key, causes in found.items()]


def _cause(detail: Detail) -> str:
    match detail.source:
        case "ParameterReference":
            return f"parameter {detail.cause}" if detail.cause else "a parameter"
        case "ResourceReference" | "ResourceAttribute":
            return f"change of {detail.cause}" if detail.cause else "change of another resource"
        case "DirectModification":
            return "the template"
        case "Automatic":
            return "a nested stack"
    return detail.source or ""


def creation_order(env: Environment, document: Mapping[str, Any]) -> Mapping[str, Collection[str]]:
    """Return what each resource of a template waits for; nothing where the template does not resolve."""
    try:
        return dependencies(resolved_for(env, document))
    except ValueError:
        return {}


def denied(policy: str | None, change_set: ChangeSet) -> list[str]:
    """Return what a stack policy does not allow of a change set, such as `Update:Replace of Table`."""
    lines = []
    for change in change_set.changes:
        if change.action == "Add":
            continue
        replaced = change.replacement in ("True", "Conditional")
        action = "Update:Delete" if change.action == "Remove" else (
            "Update:Replace" if replaced else "Update:Modify")
        try:
            allowed = policies.allows(policy, action, change.logical_id, change.resource_type)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if not allowed:
            lines.append(f"{action} of {change.logical_id}")
    return lines
