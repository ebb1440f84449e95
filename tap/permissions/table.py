"""The tables: actions per resource type, scopes of actions, and the boundary of roles."""

import functools
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from tap.template.registry import Unbuildable

# Keys of a type's table that are not scopes.
ABOUT = frozenset({"source", "passes_to", "links", "left_out", "also"})


class NoActions(Unbuildable):
    """The table of actions lacks a resource type."""


@functools.cache
def load(name: str) -> Mapping[str, Any]:
    """Return the table `actions`, `scopes` or `boundary`."""
    return tomllib.loads((files("tap.permissions") / f"{name}.toml").read_text(encoding="utf-8"))


def entry(kind: str) -> Mapping[str, Any]:
    """Return a resource type's entry. Raises NoActions if there is none."""
    try:
        result: Mapping[str, Any] = load("actions")[kind]
    except KeyError:
        raise NoActions(
            f"{kind} has no IAM actions: add those that create, update and delete it to "
            "tap/permissions/actions.toml") from None
    return result


def by_scope(entries: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the actions of several entries by scope, each once, in order."""
    scopes: dict[str, set[str]] = {}
    for fields in entries:
        for scope in set(fields) - ABOUT:
            scopes.setdefault(scope, set()).update(fields[scope])
    return {scope: sorted(scopes[scope]) for scope in sorted(scopes)}


def listed(entries: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    """Return what several entries list under `passes_to` or `links`, each once, in order."""
    return sorted({value for fields in entries for value in fields.get(key, ())})
