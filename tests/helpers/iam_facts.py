"""What IAM knows, by cfn-lint's copy of the service authorization reference, and the facts of iam_facts.toml."""

import functools
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from troposphere import encode_to_dict

FACTS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "iam_facts.toml").read_text(encoding="utf-8"))
KNOWN: dict[str, Any] = json.loads((files("cfnlint.data.AdditionalSpecs") / "Policies.json").read_text())


@functools.cache
def facts_of(action: str) -> Mapping[str, Any] | None:
    """What IAM knows of an action; None where there is no such."""
    service, _, verb = action.partition(":")
    found: Mapping[str, Any] | None = KNOWN.get(service.lower(), {}).get("Actions", {}).get(verb.lower())
    return found


@functools.cache
def resources_of(action: str) -> list[Mapping[str, Any]]:
    """The kinds of resource that an action can be limited to; with whose ARNs and condition keys."""
    service = action.partition(":")[0].lower()
    kinds = {name.lower(): kind for name, kind in KNOWN[service]["Resources"].items()}
    names = (facts_of(action) or {}).get("Resources", [])
    return [kinds[name.lower()] for name in names if name.lower() in kinds]


@functools.cache
def schema_of(kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return found


def of_handler(kind: str, handler: str) -> list[str]:
    """What one of CloudFormation's handlers of a type is said to call: create, read, update or delete."""
    found: list[str] = schema_of(kind).get("handlers", {}).get(handler, {}).get("permissions", [])
    return found


def of_handlers(kind: str) -> set[str]:
    """What CloudFormation's handlers of a type are said to call; listing is no part of a stack's life."""
    schema = schema_of(kind)
    found = {action for handler, told in schema.get("handlers", {}).items() if handler != "list"
             for action in told.get("permissions", [])}
    return found | set(schema.get("tagging", {}).get("permissions", []))


@functools.cache
def overlap(one: str, other: str) -> bool:
    """Whether some text fits both of two patterns, in which a star is any text."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(one, other[1:]) or overlap(one[1:], other)
    return one[0] == other[0] and overlap(one[1:], other[1:])


def pattern(arn: str) -> str:
    """An ARN's format, or that of a template, with stars for what differs."""
    return re.sub(r"\*+", "*", re.sub(r"\$\{[^}]*\}|\.\*|\{\w+\}", "*", arn))


def statements(document: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = encode_to_dict(document)["Statement"]
    return found


def actions(document: Any) -> Iterator[str]:
    for statement in statements(document):
        given = statement["Action"]
        yield from given if isinstance(given, list) else [given]
