"""Values of an evaluated template: what is known of them, and what they refer to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.template.resolve import Reference, Text, references

__all__ = [
    "Reference", "Text", "Unknown", "as_list", "as_maps", "at", "is_known", "is_true", "number", "references", "same"]


@dataclass(frozen=True)
class Unknown(Reference):
    """A reference to what cannot be looked at: a parameter without value, an account, a custom resource."""


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty list, and anything else as the only item of one."""
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def as_maps(value: Any) -> list[Mapping[str, Any]]:
    """Return those items of a list, or of the only one, that are maps."""
    return [item for item in as_list(value) if isinstance(item, Mapping)]


def at(value: Any, *keys: str) -> Any:
    """Return what lies at this path of keys; None where there is nothing, or not even a map to look in."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def is_known(value: Any) -> bool:
    """Whether a value is there in full: no reference, no function, no `{{resolve:…}}` in it.

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
    """Return a value as a whole number, or None where it is not known to be one."""
    try:
        return int(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same once deployed, for all that the template tells."""
    return left is not None and str(left) == str(right)
