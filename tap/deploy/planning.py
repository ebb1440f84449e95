"""Create a plan from a change set: verdicts, predictions, and what CloudFormation leaves out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tap.deploy import constraints, guard, policies, variables
from tap.deploy.aws import AwsClient
from tap.deploy.deployed import Deployed, location
from tap.deploy.diff import Difference, compare, unlisted
from tap.deploy.guard import Grade, Verdict
from tap.deploy.lingering import lingering
from tap.deploy.models import (
    ChangeSet,
    Environment,
    TapError,
)
from tap.deploy.plan import Plan, parameter_values
from tap.deploy.prediction import NOTHING, Prediction, predicted
from tap.deploy.template import Rendered
from tap.template.resolve import MASK, Resolved, dependencies, resolve


def resolved_for(env: Environment, document: Mapping[str, Any], stack_id: str = "",
                 kept: Mapping[str, str] | None = None, stored: Mapping[str, str] | None = None) -> Resolved:
    """Return a template resolved with an environment's parameters, secrets masked.

    `kept` has the stack's values of parameters that keep them, `stored` the values of SSM parameters. Raises
    ValueError.
    """
    declarations = document.get("Parameters", {})
    values = {name: _hidden(value, declarations.get(name, {})) if name in env.values.secrets and value else value
              for name, value in env.values.parameters.items()}
    values |= {name: (kept or {}).get(name, MASK) for name in env.values.previous}
    values |= {name: value for name, value in (stored or {}).items() if name not in env.values.secrets}
    pseudo_parameters = location(stack_id) if stack_id else {"region": env.target.region} if env.target.region else {}
    return resolve(document, values, stack_name=env.stack_name, **pseudo_parameters)


def _hidden(value: str, declaration: Mapping[str, Any]) -> str:
    """Return a secret's replacement; a list keeps its number of items."""
    return ",".join([MASK] * len(constraints.items(value))) if constraints.is_list(declaration) else MASK


def review(aws: AwsClient, env: Environment, template: Rendered, change_set: ChangeSet, deployed: Deployed | None,
           others: Sequence[str]) -> Plan:
    """Return the plan for reviewing a change set. Changes nothing.

    `deployed` is the stack that it updates, `others` the names of other executable change sets.
    """
    call = aws.call
    plan = Plan(env, change_set, guard.verdicts(change_set), parameter_values(
        env, template.document, change_set, deployed.parameters if deployed else None))
    warnings = [*change_set.warnings, *(f"another change set, {name}, is pending on this stack; tap does not touch it"
                                        for name in others)]
    changed, unread = variables.compare(aws, env, deployed.parameters.get(variables.PARAMETER, "") if deployed else "")
    plan = replace(plan, variables=changed)
    warnings += unread
    if deployed:
        comparison = _compare(aws, env, template, deployed, change_set)
        policy = call("get_stack_policy", StackName=deployed.stack_id).get("StackPolicyBody")
        plan = replace(plan, deployed=comparison.before, differences=comparison.differences,
                       verdicts=worst(plan.verdicts, comparison.prediction.verdicts),
                       loosened=tuple(_loosened(env, template, policy, change_set)),
                       denied=tuple(denied(env.values.stack_policy or policy, change_set)))
        warnings += [*comparison.warnings, *lingering(env, deployed, policy)]
    return replace(plan, warnings=tuple(map(env.masked, warnings)))


@dataclass(frozen=True)
class _Comparison:
    """The deployed template, its differences from the new one, predictions, and remarks."""

    before: Resolved | None = None
    differences: tuple[Difference, ...] = ()
    prediction: Prediction = NOTHING
    warnings: tuple[str, ...] = ()


def _compare(aws: AwsClient, env: Environment, template: Rendered, deployed: Deployed,
             change_set: ChangeSet) -> _Comparison:
    before = None
    try:
        before = deployed.resolved(aws.call, env)
        after = resolved_for(env, template.document, deployed.stack_id, deployed.parameters,
                             _stored(env, change_set, deployed))
        changed = compare(before, after)
        prediction = predicted(env, change_set, before, after, aws)
        return _Comparison(before, tuple(changed), prediction, (*unlisted(changed, change_set), *prediction.warnings))
    except (TapError, ValueError) as error:
        return _Comparison(before, warnings=(f"the deployed template was not compared with the new one: {error}",))


def _stored(env: Environment, change_set: ChangeSet, deployed: Deployed) -> dict[str, str]:
    """Return the values of SSM parameters: from the change set, or from the stack for an unchanged name."""
    same = {name: held for name, (value, held) in deployed.stored.items()
            if env.values.parameters.get(name, value) == value}
    return {**same, **change_set.resolved}


def worst(verdicts: Mapping[str, Verdict], others: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Return the worse of each change's two verdicts, with the other's reason if that adds information."""
    return {**verdicts, **{name: _joined(verdicts.get(name), other) for name, other in others.items()}}


def _joined(verdict: Verdict | None, other: Verdict) -> Verdict:
    if verdict is None or verdict.grade is Grade.SAFE or other.grade is Grade.WILL_FAIL:
        return other
    return Verdict(max(verdict.grade, other.grade), f"{verdict.reason}; {other.reason}", verdict.final or other.final)


def _loosened(env: Environment, template: Rendered, policy: str | None, change_set: ChangeSet) -> list[str]:
    types = {change.logical_id: change.resource_type for change in change_set.changes}
    types |= {title: entry["Type"] for title, entry in template.document.get("Resources", {}).items()
              if "Type" in entry}
    return policies.allowed_beyond(policy, env.values.stack_policy, types) if env.values.stack_policy else []


def creation_order(env: Environment, document: Mapping[str, Any]) -> Mapping[str, Collection[str]]:
    """Return the resources that each resource waits for; empty if the template does not resolve."""
    try:
        return dependencies(resolved_for(env, document))
    except ValueError:
        return {}


def denied(policy: str | None, change_set: ChangeSet) -> list[str]:
    """Return what a stack policy denies in a change set, such as `Update:Replace of Table`."""
    lines = []
    for change in change_set.changes:
        # A stack's policy does not apply to its nested stacks.
        if change.action == "Add" or "/" in change.logical_id:
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
