"""A template as YAML or JSON text: CloudFormation's section order, short tags, the same bytes every time."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

import yaml
from troposphere import Template
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

SECTIONS = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions",
    "Resources", "Outputs")
ATTRIBUTES = (
    "Type", "Condition", "DependsOn", "CreationPolicy", "UpdatePolicy", "DeletionPolicy",
    "UpdateReplacePolicy", "Metadata", "Properties")
WIDTH = 120
# Functions with a short form, which those of the Rules section lack:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
SHORT_FORMS = {
    "Ref": "!Ref", "Fn::GetAtt": "!GetAtt", "Fn::Sub": "!Sub", "Fn::If": "!If", "Fn::Select": "!Select",
    "Fn::Split": "!Split", "Fn::Join": "!Join", "Fn::Cidr": "!Cidr", "Fn::GetAZs": "!GetAZs",
    "Fn::FindInMap": "!FindInMap", "Fn::Base64": "!Base64", "Fn::ImportValue": "!ImportValue",
    "Fn::Equals": "!Equals", "Fn::Not": "!Not", "Fn::And": "!And", "Fn::Or": "!Or",
    "Condition": "!Condition",
}
STRING, MAP, SEQUENCE = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))
UNLIMITED = 2**31 - 1
TOO_LONG = UNLIMITED + 1
# libyaml's emitter; the pure-Python one, where PyYAML comes without it, takes ten times as long.
Emitter: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# Sections are maps of entries, and an entry's properties are a map of their own: these are never on one line.
BLOCK_DEPTH = 3


def to_text(template: Template, *, form: Literal["yaml", "json"] = "yaml", minify: bool = False) -> str:
    """Return a template's text, which ends in a newline.

    minify leaves out descriptions, labels and white space; resources and logical ids stay as they are.
    """
    tree = ordered(template.to_dict())
    if minify:
        tree = without_descriptions(tree)
    if form == "json":
        layout: dict[str, Any] = {"separators": (",", ":")} if minify else {"indent": 1}
        return json.dumps(tree, **layout) + "\n"
    if minify:
        return _emit(_collection(tree, 2, UNLIMITED), UNLIMITED)
    text = _emit(_collection(tree, BLOCK_DEPTH, WIDTH), WIDTH)
    # An empty line before each section and each entry of one that spans lines: what a reader looks for.
    return re.sub(r"\n(?=\w|  \w+:\n)", "\n\n", text).replace(":\n\n  ", ":\n  ")


def ordered(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template with its sections, and each resource's attributes, in CloudFormation's order."""
    sections = {name: tree[name] for name in SECTIONS if name in tree}
    sections["Resources"] = {
        title: {name: resource[name] for name in ATTRIBUTES if name in resource}
        for title, resource in tree["Resources"].items()}
    return sections


def without_descriptions(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template without the descriptions and labels that CloudFormation can do without."""
    bare = {name: section for name, section in tree.items() if name not in ("Description", "Metadata")}
    for name in ("Parameters", "Outputs"):
        bare[name] = {
            title: {key: value for key, value in entry.items() if key != "Description"}
            for title, entry in tree[name].items()}
    return bare


def _emit(node: Node, width: int) -> str:
    text: str = yaml.serialize(node, Dumper=Emitter, width=width, allow_unicode=True)
    return text


def _collection(value: Any, block_depth: int, width: int) -> Node:
    """Return the YAML node of a value: on one line where it fits, below block_depth levels of maps."""
    return _node(value, block_depth, width)[0]


def _node(value: Any, block_depth: int, width: int) -> tuple[Node, int]:
    """Return a value's node and how long it is on one line; what must not be on one is too long for any."""
    if isinstance(value, dict):
        if len(value) == 1:
            (key, argument), = value.items()
            if key in SHORT_FORMS and not _is_function(argument):
                return _short_form(key, argument, width)
        pairs, length = [], 2
        for key, item in value.items():
            # Every resource has the same four: one line to skip.
            node, size = _node(item, block_depth - 1, UNLIMITED if key == "Tags" else width - 2)
            pairs.append((ScalarNode(STRING, key), node))
            length += len(key) + size + 4
        flow = block_depth <= 0 and length <= width
        return MappingNode(MAP, pairs, flow_style=flow), length if flow else TOO_LONG
    if isinstance(value, list):
        return _sequence(SEQUENCE, value, width)
    return _scalar(value)


def _is_function(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in SHORT_FORMS


def _short_form(name: str, argument: Any, width: int) -> tuple[Node, int]:
    tag = SHORT_FORMS[name]
    if name == "Fn::GetAtt":
        argument = ".".join(argument)
    if isinstance(argument, list):
        node, length = _sequence(tag, argument, width)
    else:
        node, length = _scalar(argument)
        node.tag = tag
    return node, length + len(tag) + 1


def _sequence(tag: str, items: list[Any], width: int) -> tuple[Node, int]:
    nodes = [_node(item, 0, width - 2) for item in items]
    length = 2 + sum(size + 2 for _, size in nodes)
    flow = length <= width
    return SequenceNode(tag, [node for node, _ in nodes], flow_style=flow), length if flow else TOO_LONG


def _scalar(value: Any) -> tuple[ScalarNode, int]:
    if isinstance(value, bool):
        return ScalarNode("tag:yaml.org,2002:bool", str(value).lower()), 5
    if isinstance(value, int | float):
        return ScalarNode(f"tag:yaml.org,2002:{type(value).__name__}", str(value)), len(str(value))
    if "\n" in value:
        return ScalarNode(STRING, value, style="|"), TOO_LONG
    return ScalarNode(STRING, value), len(value) + 2
