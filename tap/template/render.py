"""A template as YAML or JSON text: CloudFormation's section order, short tags, the same bytes every time."""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from troposphere import Template

SECTIONS = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions",
    "Resources", "Outputs")
ATTRIBUTES = (
    "Type", "Condition", "DependsOn", "CreationPolicy", "UpdatePolicy", "DeletionPolicy",
    "UpdateReplacePolicy", "Metadata", "Properties")
# Functions with a short form, which those of the Rules section lack:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
SHORT_FORMS = {"Ref": "!Ref", "Condition": "!Condition"} | {
    f"Fn::{name}": f"!{name}" for name in (
        "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Not",
        "Or", "Select", "Split", "Sub")}
# Named, since a union of types is made anew wherever it is written.
CONTAINERS, ARGUMENTS = (dict, list), (str, list)
WIDTH = 120
# Sections hold entries, which hold properties: from there on, what fits a line is on one.
ENTRY_DEPTH = 3
# One space a level: half the white space of the usual two, and a template has a size limit.
STEP = " "

# Strings that need no quotes in YAML 1.1 and 1.2, in a block and between brackets; others that need none
# are quoted all the same. In brackets a colon splits a string for parsers of YAML 1.1.
PLAIN_BLOCK = re.compile(r"[A-Za-z_/$(]([\w./$()=+@*?;<>~%&|^,{}'\"\[\]\\-]|:(?=[^ ])| (?=[^ #]))*", re.A)
PLAIN_FLOW = re.compile(r"[A-Za-z_/$(]([\w./$()=+@*;<>~%|^\\-]| (?=[^ #]))*", re.A)
Flow = Callable[[Any], str]
NOT_STRINGS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def to_text(template: Template, *, form: Literal["yaml", "json"] = "yaml") -> str:
    """Return a template's text, which ends in a newline.

    Raises ValueError for a section or an attribute of a resource that CloudFormation does not have.
    """
    tree = ordered(template.to_dict())
    if form == "json":
        return json.dumps(tree, indent=1) + "\n"
    return "\n".join(_lines(tree)) + "\n"


def ordered(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template with its sections, and each resource's attributes, in CloudFormation's order.

    Raises ValueError for a section or an attribute that is not in the lists above.
    """
    def by_rank(names: Sequence[str], entries: Mapping[str, Any]) -> dict[str, Any]:
        return {name: entries[name] for name in sorted(entries, key=names.index)}

    resources = {title: by_rank(ATTRIBUTES, resource) for title, resource in tree["Resources"].items()}
    # Most resources have the same tags: as one object they are laid out once.
    tags: dict[str, Any] = {}
    for resource in resources.values():
        own = resource.get("Properties", {}).get("Tags")
        if own:
            resource["Properties"] = {**resource["Properties"], "Tags": tags.setdefault(repr(own), own)}
    return by_rank(SECTIONS, {**tree, "Resources": resources})


def _lines(tree: Mapping[str, Any]) -> list[str]:
    """Return the lines of a template, with empty ones between sections and between entries of many lines."""
    flow = functools.partial(_flow, known={})
    lines: list[str] = []
    for name, section in tree.items():
        if lines:
            lines.append("")
        if not isinstance(section, dict) or not section:
            _add_item(lines, f"{name}:", section, "", 1, flow)
            continue
        lines.append(f"{name}:")
        for place, (title, entry) in enumerate(section.items()):
            start = len(lines)
            _add_item(lines, f"{STEP}{title}:", entry, STEP, 2, flow)
            if place and len(lines) > start + 1:
                lines.insert(start, "")
    return lines


# Each adds to the lines: of a template's size, handing them up through generators takes twice the time.
def _add_item(lines: list[str], head: str, value: Any, indent: str, depth: int, flow: Flow) -> None:
    """Add the lines of a value behind a head, a key or a dash: on one line where that fits."""
    if not isinstance(value, CONTAINERS) or not value:
        if isinstance(value, str) and "\n" in value:
            _add_literal(lines, head, value, indent)
        else:
            lines.append(f"{head} {flow(value) if isinstance(value, CONTAINERS) else _scalar(value, PLAIN_BLOCK)}")
        return
    function = _function(value)
    if depth >= ENTRY_DEPTH or function:
        line = f"{head} {flow(value)}"
        # Every resource has the same tags: one line to skip, however long.
        if (len(line) <= WIDTH or head.endswith(" Tags:")) and r"\n" not in line:
            lines.append(line)
            return
    if function:
        _add_item(lines, f"{head} {function[0]}", function[1], indent, depth, flow)
    elif isinstance(value, list):
        lines.append(head)
        for entry in value:
            _add_list_entry(lines, entry, indent, depth, flow)
    else:
        lines.append(head)
        inner = indent + STEP
        for key, entry in value.items():
            _add_item(lines, f"{inner}{_scalar(key, PLAIN_BLOCK)}:", entry, inner, depth + 1, flow)


def _add_list_entry(lines: list[str], value: Any, indent: str, depth: int, flow: Flow) -> None:
    start = len(lines)
    _add_item(lines, f"{indent}-", value, indent + STEP, depth + 1, flow)
    if isinstance(value, dict) and len(lines) > start + 1 and lines[start] == f"{indent}-":
        # The first key goes beside the dash.
        lines[start:start + 2] = [f"{indent}- {lines[start + 1].lstrip()}"]


def _function(value: Any) -> tuple[str, Any] | None:
    """Return a function's short tag and its argument; None for all else, and for what has no short form."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    (name, argument), = value.items()
    if name == "Fn::GetAtt" and all(isinstance(part, str) for part in argument):
        argument = ".".join(argument)
    # A tag cannot stand before a tag, nor before a map that may be something else than an argument.
    return (SHORT_FORMS[name], argument) if name in SHORT_FORMS and isinstance(argument, ARGUMENTS) else None


def _flow(value: Any, known: dict[int, str]) -> str:
    """Return a value on one line; known, by identity, holds what is worked out already.

    A map is tried on one line before each of its parts is.
    """
    if not isinstance(value, CONTAINERS):
        return _scalar(value, PLAIN_FLOW)
    text = known.get(id(value))
    if text is None:
        if function := _function(value):
            text = f"{function[0]} {_flow(function[1], known)}"
        elif isinstance(value, dict):
            pairs = [f"{_scalar(key, PLAIN_FLOW)}: {_flow(item, known)}" for key, item in value.items()]
            text = "{" + ", ".join(pairs) + "}"
        else:
            text = "[" + ", ".join([_flow(item, known) for item in value]) + "]"
        known[id(value)] = text
    return text


# Most scalars stand in a template many times; typed, since 1 and true are equal.
@functools.lru_cache(maxsize=None, typed=True)
def _scalar(value: str | int | float, plain: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if not value.isprintable():
        quoted = json.dumps(value, ensure_ascii=False)
        return quoted if quoted.isprintable() else "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
    if plain.fullmatch(value) and value.lower() not in NOT_STRINGS:
        return value
    return "'" + value.replace("'", "''") + "'"


def _add_literal(lines: list[str], head: str, value: str, indent: str) -> None:
    """Add a string of several lines as a block that reads as it is."""
    text = value.removesuffix("\n").split("\n")
    if value[0].isspace() or not all(line.isprintable() for line in text):
        lines.append(f"{head} {_scalar(value, PLAIN_BLOCK)}")
        return
    trailing = len(value) - len(value.rstrip("\n"))
    lines.append(f"{head} |{'-' if trailing == 0 else '+' if trailing > 1 else ''}")
    lines += [line and f"{indent}{STEP}{line}" for line in text]
