"""Check stack policies, evaluate them, and compare what two of them allow.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import fnmatch
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tap.deploy.constraints import did_you_mean

ACTIONS = ("Update:Modify", "Update:Replace", "Update:Delete")
_ELEMENTS = ("Effect", "Action", "NotAction", "Principal", "Resource", "NotResource", "Condition", "Sid")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SetStackPolicy.html (StackPolicyBody)
_LONGEST = 16_384
_RESOURCE = "LogicalResourceId/"


def problems(policy: Mapping[str, Any], resources: Iterable[str]) -> list[str]:
    """Return a line for each problem with a stack policy for a template with these resources.

    CloudFormation accepts an unknown resource in a policy, which then protects nothing.
    """
    lines = [f"StackPolicy has an unknown element {key}{did_you_mean(key, ('Statement',)) or ': it has Statement'}"
             for key in policy if key not in ("Statement", "Version", "Id")]
    if len(json.dumps(policy)) > _LONGEST:
        lines.append(f"StackPolicy is too long: the maximum is {_LONGEST:,} bytes")
    statements = policy.get("Statement", [])
    names = list(resources)
    for number, statement in enumerate(statements if isinstance(statements, list) else [statements], 1):
        where = f"StackPolicy, statement {number}:"
        if isinstance(statement, dict):
            lines += [f"{where} {problem}" for problem in _statement_problems(statement, names)]
        else:
            lines.append(f"{where} it must be an object with Effect, Action, Principal and Resource")
    return lines


def _statement_problems(statement: Mapping[str, Any], names: list[str]) -> Iterable[str]:
    for key in statement:
        if key not in _ELEMENTS:
            yield f"{key} is unknown{did_you_mean(key, _ELEMENTS) or ': it may have ' + ', '.join(_ELEMENTS)}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "Effect must be Allow or Deny"
    if statement.get("Principal") != "*":
        yield 'Principal must be "*", the only one that stack policies support'
    if not isinstance(statement.get("Condition", {}), dict):
        yield "Condition must be an object"
    for element in ("Action", "Resource"):
        present = [key for key in (element, f"Not{element}") if key in statement]
        if len(present) != 1:
            yield f"it must have either {element} or Not{element}"
            continue
        for value in _list(statement[present[0]]):
            if element == "Action" and not any(_matches(action, value) for action in ACTIONS):
                yield f"{present[0]} {value} must be Update:* or one of {', '.join(ACTIONS)}"
            if element == "Resource" and not any(_matches(f"{_RESOURCE}{name}", value) for name in names or [""]):
                yield (f"{present[0]} {value} is not a resource of the template{_near(str(value), names)}: "
                       f'write "*" or {_RESOURCE} and a logical id')


def _near(value: str, names: list[str]) -> str:
    hint = did_you_mean(value.rpartition("/")[2], names)
    return f" ({hint.removeprefix(': ')})" if hint else ""


def allows(policy: str | None, action: str, logical_id: str, resource_type: str) -> bool:
    """Return whether a stack policy (JSON text) allows `action` on a resource; no policy allows everything.

    Raises ValueError if the policy has an unsupported element.
    """
    if policy is None:
        return True
    allowed = False
    for statement in _list(json.loads(policy).get("Statement", [])):
        if _applies(statement, action, logical_id, resource_type):
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def allowed_beyond(old: str | None, new: str | None, resources: Mapping[str, str]) -> list[str]:
    """Return what `new` allows and `old` does not, such as `Update:Replace of DatabaseCluster`.

    `resources` has types by logical id. A new policy that cannot be evaluated counts as allowing everything.
    """
    allowed = []
    for logical_id, resource_type in resources.items():
        for action in ACTIONS:
            if _allows(new, action, logical_id, resource_type, unknown=True) and not _allows(
                    old, action, logical_id, resource_type, unknown=False):
                allowed.append(f"{action} of {logical_id}")
    return allowed


def same(old: str | None, new: str | None) -> bool:
    """Return whether two policies are equal, regardless of formatting."""
    return (old and json.loads(old)) == (new and json.loads(new))


def _allows(policy: str | None, action: str, logical_id: str, resource_type: str, *, unknown: bool) -> bool:
    try:
        return allows(policy, action, logical_id, resource_type)
    except (ValueError, KeyError, TypeError, AttributeError):
        return unknown


def _applies(statement: Mapping[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    if strange := set(statement) - set(_ELEMENTS):
        raise ValueError(f"unknown element {strange}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise ValueError("unknown effect")
    return (_chosen(statement, "Action", action) and _chosen(statement, "Resource", f"{_RESOURCE}{logical_id}")
            and _condition(statement.get("Condition", {}), resource_type))


def _chosen(statement: Mapping[str, Any], element: str, value: str) -> bool:
    if f"Not{element}" in statement:
        return not _matches(value, statement[f"Not{element}"])
    return _matches(value, statement[element])


def _condition(condition: Mapping[str, Any], resource_type: str) -> bool:
    for operator, tests in condition.items():
        if operator not in ("StringEquals", "StringLike") or set(tests) != {"ResourceType"}:
            raise ValueError("unknown condition")
        wanted = _list(tests["ResourceType"])
        if not (_matches(resource_type, wanted) if operator == "StringLike" else resource_type in wanted):
            return False
    return True


def _matches(value: str, patterns: Any) -> bool:
    return any(fnmatch.fnmatchcase(value.lower(), str(pattern).lower()) for pattern in _list(patterns))


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]
