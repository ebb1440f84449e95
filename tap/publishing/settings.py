"""Reading the two files of this package, `parameters/catalog.toml` and `parameters/fleet.toml`, key by key."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tap.deploy.constraints import did_you_mean
from tap.deploy.files import joined, read_toml
from tap.deploy.models import Environment, InputError
from tap.deploy.parameters import environment_names
from tap.deploy.targets import REGION, is_bucket, read_target

CATALOG = "parameters/catalog.toml"
# What the targets of the environments say for all holds here too. Their role may make their resources alone.
_INHERITED = ("region", "accounts", "artifact_bucket")
# API type OrganizationNode of Service Catalog, and its AccountId.
_NODE = re.compile(r"\d{12}|o-[a-z0-9]{10,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")
Check = Callable[[Any], str | None]
"""Says what is wrong with a value, or None."""


@dataclass(frozen=True)
class Catalog:
    """Where the catalog is, and how its versions are treated."""

    place: Environment
    keep: int = 5  # so many of the newest versions stay undeprecated
    share_with: tuple[str, ...] = ()  # accounts, organisations and organisational units, by id
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the catalog's stack


def read_catalog(root: Path) -> Catalog:
    """Return what parameters/catalog.toml says; without the file, its defaults. Raises InputError."""
    keys: dict[str, Check] = {
        "stack_name": matches("[a-zA-Z][-a-zA-Z0-9]{0,127}", "must be letters, digits and hyphens, a letter first"),
        "region": matches(REGION, "must be a region, such as eu-central-1"),
        "accounts": each(matches(r"\d{12}", "must be account ids of twelve digits, in quotes")),
        "role_arn": matches(r"arn:[a-z-]+:iam::\d{12}:role/.+", "must be the ARN of an IAM role"),
        "artifact_bucket": bucket,
        "keep": whole_number(1), "parameters": texts,
        "share_with": each(matches(_NODE.pattern, "must be ids of accounts, organisations (o-…) or units (ou-…)")),
    }
    given = read_toml(root, CATALOG)
    if problems := problems_of(given, keys):
        raise InputError(joined(CATALOG, problems))
    target = {key: value for key, value in read_target(root, "catalog", environment_names(root)).items()
              if key in _INHERITED}
    own = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    settings: dict[str, Any] = {key: own.pop(key) for key in ("keep", "share_with", "parameters") if key in own}
    place = Environment("catalog", has_commands=False, **{
        "stack_name": "catalog-tap", "capabilities": ("CAPABILITY_NAMED_IAM",), **target, **own})
    return Catalog(place, **settings)


def problems_of(table: Mapping[str, Any], keys: Mapping[str, Check], name: str = "") -> list[str]:
    """Return a line for each key of a table that is unknown, and each value that its check refuses."""
    where = f"[{name}] " if name else ""
    found = []
    for key, value in table.items():
        if key not in keys:
            found.append(f"{where}has an unknown key {key}"
                         f"{did_you_mean(key, keys) or ': it may have ' + ', '.join(keys)}")
        elif problem := keys[key](value):
            found.append(f"{where}{key} {problem}")
    return found


def matches(pattern: str, problem: str) -> Check:
    """Return a check for text of a pattern."""
    return lambda value: None if isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) else problem


def bucket(value: Any) -> str | None:
    """Check the name of a bucket."""
    return None if isinstance(value, str) and is_bucket(value) else "must be the name of a bucket"


def each(check: Check) -> Check:
    """Return a check for a list whose items all pass another, and of which there is at least one."""
    def problem(value: Any) -> str | None:
        if not isinstance(value, list) or not value:
            return 'must be a list of texts, as ["a", "b"]'
        return next(filter(None, map(check, value)), None)

    return problem


def one_of(*choices: str) -> Check:
    """Return a check for one of some texts."""
    return lambda value: None if value in choices else f"must be one of {', '.join(choices)}"


def whole_number(least: int, most: int | None = None) -> Check:
    """Return a check for a number from `least` to `most`."""
    told = f"must be a whole number, {least} or more" if most is None else f"must be a whole number, {least} to {most}"
    return lambda value: None if type(value) is int and least <= value <= (most or value) else told


def switch(value: Any) -> str | None:
    """Check for true or false."""
    return None if isinstance(value, bool) else "must be true or false"


def texts(value: Any) -> str | None:
    """Check for a table whose values are texts."""
    if not isinstance(value, dict):
        return "must be a table of texts"
    wrong = [name for name, text in value.items() if not isinstance(text, str)]
    return f"must have texts alone: put the value of {', '.join(wrong)} in quotes" if wrong else None
