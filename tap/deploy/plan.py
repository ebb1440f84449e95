"""A plan: a change set with everything to review before executing it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tap.deploy import guard
from tap.deploy.constraints import did_you_mean
from tap.deploy.deployed import location
from tap.deploy.diff import Difference, shown
from tap.deploy.guard import Grade, Verdict
from tap.deploy.models import (
    Change,
    ChangeSet,
    Detail,
    Environment,
    InputError,
    Refused,
)
from tap.deploy.protection import looser
from tap.deploy.wording import cut
from tap.template.resolve import MASK, Resolved, as_text


@dataclass(frozen=True)
class ParameterValue:
    """One parameter as a deployment uses it; a secret's value is MASK."""

    name: str
    value: str
    source: str  # file, override, default, previous
    resolved: str | None = None  # the resolved value of an SSM parameter
    deployed: str | None = None  # the stack's value if it differs; None for a secret


@dataclass(frozen=True)
class Plan:
    """The changes that a deployment would make in one environment."""

    env: Environment
    change_set: ChangeSet
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)  # by logical id
    parameters: tuple[ParameterValue, ...] = ()
    warnings: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()  # what only the new stack policy allows
    denied: tuple[str, ...] = ()  # what the stack policy denies
    differences: tuple[Difference, ...] = ()  # between the deployed and the new template, by tap's own comparison
    variables: tuple[tuple[str, str | None, str | None], ...] = ()  # of the application: name, before, after
    deployed: Resolved | None = None  # None: no stack, or its template cannot be read

    @property
    def region(self) -> str | None:
        """Return the stack's region; None for an offline plan whose target has no region."""
        arn = self.change_set.stack_id
        return location(arn)["region"] if arn else self.env.target.region

    @property
    def grade(self) -> Grade:
        """Return the worst grade of all verdicts."""
        return max((verdict.grade for verdict in self.verdicts.values()), default=Grade.SAFE)

    @property
    def needs_approval(self) -> tuple[str, ...]:
        """Return the names that still require approval before execution."""
        names = [*guard.unapproved(self.verdicts, self.env.options.approved)]
        return (*names, *([guard.STACK_POLICY] if self.loosened and guard.STACK_POLICY not in self.env.options.approved
                          else []))

    def check(self) -> None:
        """Raise InputError for an approved name that is not in the plan, Refused for a change that is not allowed.

        A change is not allowed if the stack policy denies it, or if it lacks a required approval.
        """
        self._check_approved()
        if self.denied:
            raise Refused(f"the stack policy does not allow {', '.join(self.denied)}: the update would fail. Change "
                          f"StackPolicy in parameters/{self.env.name}.json and approve that change")
        if self.loosened and guard.STACK_POLICY not in self.env.options.approved:
            raise Refused(looser(list(self.loosened)))
        guard.check(self.verdicts, self.env.options.approved)

    def _check_approved(self) -> None:
        known = {*self.verdicts, guard.STACK_POLICY, guard.TERMINATION_PROTECTION}
        if unknown := sorted(self.env.options.approved - known):
            hints = [f"{name}{did_you_mean(name, known)}" for name in unknown]
            raise InputError(f"--approve has names that are not in this plan: {', '.join(hints)}")


def parameter_values(env: Environment, document: Mapping[str, Any], plan: ChangeSet,
          deployed: Mapping[str, str] | None = None) -> tuple[ParameterValue, ...]:
    """Return each parameter with its value and the value's source; `deployed` has the stack's values."""
    result = []
    for name, declaration in document.get("Parameters", {}).items():
        if name in env.values.previous:
            value, source = (deployed or {}).get(name, "(as it is)"), "previous"
        elif name in env.values.parameters:
            value, source = env.values.parameters[name], "override" if name in env.values.overridden else "file"
        else:
            value, source = as_text(declaration.get("Default", "")), "default"
        secret = name in env.values.secrets and value != "" and source != "previous"
        resolved, old = plan.resolved.get(name), (deployed or {}).get(name)
        hidden = name in env.values.secrets
        result.append(ParameterValue(name, MASK if secret else value, source,
                                     None if hidden or resolved is None else env.masked(resolved),
                                     None if hidden or old in (None, value) else env.masked(str(old))))
    return tuple(result)


class PropertyChange(NamedTuple):
    """The change of one property; unknown values are empty."""

    path: str
    before: str
    after: str
    causes: str


def property_changes(plan: Plan, change: Change) -> list[PropertyChange]:
    """Return the property changes of a resource's change.

    If CloudFormation returns no values, those of tap's own comparison of the templates are used.
    """
    causes: dict[tuple[str, str, str], list[str]] = {}
    for detail in change.details:
        for path, before, after in _values(plan, change, detail):
            old, new = ("" if value is None else plan.env.masked(value) for value in (before, after))
            known = causes.setdefault((path, old, new), [])
            if (cause := _cause(plan.env, detail)) not in known:
                known.append(cause)
    return [PropertyChange(*key, ", ".join(known)) for key, known in causes.items()]


def _values(plan: Plan, change: Change, detail: Detail) -> list[tuple[str, str | None, str | None]]:
    name = (detail.path or "").removeprefix("/Properties/").replace("/", ".") or detail.name or detail.attribute
    if detail.before is not None or detail.after is not None:
        return [(name, detail.before, detail.after)]
    compared: list[tuple[str, str | None, str | None]] = [
        (difference.name.removeprefix("Properties."), shown(difference.before), shown(difference.after))
        for difference in plan.differences
        if difference.path[1] == change.logical_id and (detail.name or detail.attribute) in difference.path[2:4]]
    return compared or [(name, None, None)]


def _cause(env: Environment, detail: Detail) -> str:
    source = _source(detail)
    if detail.deployed is None or detail.deployed == detail.before:
        return source
    return f"{source}, drift: deployed as {cut(env.masked(detail.deployed))}".removeprefix(", ")


def _source(detail: Detail) -> str:
    match detail.source:
        case "ParameterReference":
            return f"parameter {detail.cause}" if detail.cause else "a parameter"
        case "ResourceReference" | "ResourceAttribute":
            return f"change of {detail.cause}" if detail.cause else "change of another resource"
        case "DirectModification":
            return "the template"
        case "Automatic":
            return "a nested stack"
        case "NoModification":
            return "the template, which now says what the resource already has"
    return detail.source or ""
