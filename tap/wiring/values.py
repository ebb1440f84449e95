"""Values in an evaluated template: whether they are known, and what they refer to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.template.resolve import Reference, Text, references

__all__ = [
    "Reference", "Text", "Unknown", "as_list", "as_maps", "at", "is_known", "is_true", "number", "references", "same"]


@dataclass(frozen=True)
class Unknown(Reference):
    """A reference to something unknown: a parameter without a value, an account, a custom resource."""


def as_list(value: Any) -> list[Any]:
    """Return a list unchanged, None as an empty list, and anything else as a list of one."""
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def as_maps(value: Any) -> list[Mapping[str, Any]]:
    """Return the items of a list, or of a single value, that are maps."""
    return [item for item in as_list(value) if isinstance(item, Mapping)]


def at(value: Any, *keys: str) -> Any:
    """Return the value at this path of keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def is_known(value: Any) -> bool:
    """Whether a value is fully known: no reference, function or `{{resolve:…}}` in it.

    >>> is_known("a"), is_known(["a", Reference("B")]), is_known({"Fn::ImportValue": "a"})
    (True, False, False)
    """
    if isinstance(value, Reference | Text):
        return False
    if isinstance(value, Mapping):
        return not is_function(value) and all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return "{{resolve:" not in str(value)


def is_function(value: Any) -> bool:
    """Whether a value is a function that could not be evaluated."""
    return isinstance(value, Mapping) and any(str(key).startswith("Fn::") for key in value)


def is_true(value: Any) -> bool:
    """Whether a value is true, as a boolean or as text."""
    return str(value).lower() == "true"


def number(value: Any) -> int | None:
    """Return a value as a whole number, or None if it is not known to be one."""
    try:
        return int(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal once deployed, as far as the template shows."""
    return left is not None and str(left) == str(right)
