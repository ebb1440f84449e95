"""Stack policies: what one allows, and what another allows beyond it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import fnmatch
import json
from collections.abc import Iterable, Mapping
from typing import Any

ACTIONS = ("Update:Modify", "Update:Replace", "Update:Delete")


def allows(policy: str | None, action: str, logical_id: str, resource_type: str) -> bool:
    """Whether a stack policy (JSON text) lets an update do `action` to a resource; no policy allows all.

    Raises ValueError where the policy has something in it that is not known here.
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
    """Return what `new` allows and `old` does not, as `Update:Replace of DatabaseCluster`.

    `resources` are types by logical id. A policy that cannot be read allows, as the new one, everything.
    """
    found = []
    for logical_id, resource_type in resources.items():
        for action in ACTIONS:
            if _allows(new, action, logical_id, resource_type, unknown=True) and not _allows(
                    old, action, logical_id, resource_type, unknown=False):
                found.append(f"{action} of {logical_id}")
    return found


def same(old: str | None, new: str | None) -> bool:
    """Whether two policies are the same, however they are written."""
    return (old and json.loads(old)) == (new and json.loads(new))


def _allows(policy: str | None, action: str, logical_id: str, resource_type: str, *, unknown: bool) -> bool:
    try:
        return allows(policy, action, logical_id, resource_type)
    except (ValueError, KeyError, TypeError, AttributeError):
        return unknown


def _applies(statement: Mapping[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    if strange := set(statement) - {"Effect", "Action", "NotAction", "Principal", "Resource", "NotResource",
                                    "Condition", "Sid"}:
        raise ValueError(f"unknown element {strange}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise ValueError("unknown effect")
    return (_chosen(statement, "Action", action) and _chosen(statement, "Resource", f"LogicalResourceId/{logical_id}")
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
