"""A template as text: what it reads back to, and how it looks."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cfn_flip
import pytest
import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from cfnlint.decode import cfn_yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from looping import some
from troposphere import Template

from tap.parts import Stack
from tap.stack import build
from tap.template.registry import TEMPLATES, builder
from tap.template.render import to_text

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
SECTIONS = [
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions",
    "Resources", "Outputs"]


class Tree(Template):
    """A template that is nothing but its dictionary."""

    def __init__(self, resources: Mapping[str, Any], **sections: Any) -> None:
        super().__init__()
        self.tree = {**sections, "Resources": resources}

    def to_dict(self) -> dict[str, Any]:
        return self.tree


def loader(base: Any) -> Any:
    """A YAML loader that knows CloudFormation's tags, made of one of PyYAML's."""
    made: Any = type("Loader", (base,), {})

    def function(load: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
        name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            argument = load.construct_scalar(node)
            return {name: argument.split(".", 1) if suffix == "GetAtt" else argument}
        assert isinstance(node, yaml.SequenceNode)
        return {name: load.construct_sequence(node, deep=True)}

    made.add_multi_constructor("!", function)
    return made


LIBYAML, PURE = loader(yaml.CSafeLoader), loader(yaml.SafeLoader)


def read(text: str) -> Any:
    """What the readers of YAML that a template meets agree on: PyYAML's two, the AWS CLI's and cfn-flip's."""
    one = yaml.load(text, LIBYAML)
    assert one == yaml.load(text, PURE)
    assert one == yaml_parse(text)
    assert one == cfn_flip.load_yaml(text)
    return one


@pytest.fixture(scope="module")
def readable() -> str:
    return to_text(build())


def test_the_yaml_reads_back_to_the_template(readable: str, template: dict[str, Any]) -> None:
    assert read(readable) == template


def test_cfn_lint_reads_the_same_from_it(readable: str, template: dict[str, Any]) -> None:
    assert cfn_yaml.loads(readable) == template


def test_the_json_reads_back_to_the_template(template: dict[str, Any]) -> None:
    assert json.loads(to_text(build(), form="json")) == template


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_same_template_gives_the_same_bytes(form: Any) -> None:
    assert to_text(build(), form=form) == to_text(build(), form=form)


def test_it_is_far_below_what_cloudformation_takes_from_a_bucket(readable: str) -> None:
    # 1 MB: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    assert len(readable.encode()) < 1_048_576 / 2


def test_sections_are_in_cloudformations_order(readable: str) -> None:
    found = re.findall(r"(?m)^(\w+):", readable)
    assert found == [section for section in SECTIONS if section in found]
    assert list(json.loads(to_text(build(), form="json"))) == found


def test_resources_are_in_the_order_of_the_tiers(readable: str) -> None:
    first = {
        "network": "AWS::EC2::VPC", "database": "AWS::RDS::DBCluster", "sessions": "AWS::DynamoDB::Table",
        "assets": "AWS::CloudFront::Distribution", "load balancer": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "service": "AWS::ECS::Service", "dashboard": "AWS::CloudWatch::Dashboard"}
    places = [readable.index(f"Type: {kind}\n") for kind in first.values()]
    assert places == sorted(places)


def test_a_resource_begins_with_its_type_and_ends_with_its_properties(readable: str) -> None:
    for resource in some(read(readable)["Resources"].values()):
        names = list(resource)
        assert names[0] == "Type"
        assert names[-1] == "Properties" or "Properties" not in names


def test_functions_are_in_their_short_form_wherever_there_is_one(readable: str) -> None:
    assert "Fn::" not in readable
    assert not re.search(r"(?m)\bRef: ", readable)
    assert readable.count("!Ref ") > 100


def test_no_line_ends_in_a_space_or_a_tab_and_the_text_ends_in_one_newline(readable: str) -> None:
    assert not re.search(r"(?m)[ \t]$", readable)
    assert readable.endswith("\n")
    assert not readable.endswith("\n\n")
    assert "\r" not in readable


def test_small_maps_are_on_one_line(readable: str) -> None:
    assert re.search(r"(?m)^ +Properties: \{VpcId: !Ref Vpc, InternetGatewayId: !Ref InternetGateway\}$", readable)
    assert re.search(r"(?m)^ +ClusterSettings: \[\{Name: containerInsights, Value: enabled\}\]$", readable)


def yaml_lines(text: str) -> list[str]:
    """The lines of a template that are not part of a literal block, whose text is somebody else's."""
    lines, inside = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if inside is not None and (not line or indent > inside):
            continue
        inside = indent if line.endswith((" |", " |-")) else None
        lines.append(line)
    return lines


def test_each_level_is_indented_by_two_spaces(readable: str) -> None:
    indents = {len(line) - len(line.lstrip()) for line in yaml_lines(readable)}
    assert {0, 2, 4, 6, 8} <= indents
    assert all(indent % 2 == 0 for indent in indents)


@pytest.mark.parametrize("name", TEMPLATES)
def test_lines_fit_120_columns_unless_they_hold_one_word_that_does_not(name: str) -> None:
    lines = yaml_lines(to_text(builder(name)()))
    assert len(lines) > 50
    assert [line for line in lines if len(line) > 120 and " " in line.strip()] == []


def test_it_says_first_where_it_comes_from(readable: str) -> None:
    assert readable.startswith("# Generated by generate.py; edit tap/ instead.\n")


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_tier_begins_with_a_heading_that_names_its_module(name: str, root: Path) -> None:
    t = builder(name)()
    assert isinstance(t, Stack)
    assert set(t.tiers) == set(t.resources)
    lines = to_text(t).splitlines()
    headings = [heading for heading in dict.fromkeys(t.tiers.values()) if f"  # {heading}" in lines]
    assert headings == list(dict.fromkeys(t.tiers.values()))
    assert all((root / re.findall(r"\((.*)\)", heading)[0]).is_file() for heading in headings)


def test_a_tier_stands_under_its_heading(readable: str) -> None:
    heading = readable.index("\n\n  # Sessions (tap/sessions.py)\n  SessionsTable:\n    Type: AWS::DynamoDB::Table\n")
    assert readable.index("# Database (tap/database.py)") < heading < readable.index("# Domain (tap/domain.py)")


def test_parameters_stand_under_the_headings_of_the_form(readable: str) -> None:
    assert "\nParameters:\n  # Environment\n  Environment:\n" in readable
    assert "\n\n  # Database\n  DatabaseEngineVersion:\n" in readable


def test_the_tags_that_all_resources_share_take_two_lines(readable: str) -> None:
    # CloudFormation refuses aliases, so they cannot be one:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    assert readable.count("""
      Tags: [{Key: Application, Value: !Ref Application}, {Key: CostCenter, Value: !Ref CostCenter},
        {Key: Environment, Value: !Ref Environment}, {Key: Team, Value: !Ref Team}]
""") > 80
    assert not re.search(r"(?m)[:-] [&*]\w", readable)


def test_long_text_is_folded(readable: str) -> None:
    assert """
    Description: >-
      Refuse to deploy without HTTPS and the controls that production requires. Set it to true for production, whatever
      the environment is called.
""" in readable


def test_an_empty_line_stands_before_each_section(readable: str) -> None:
    lines = readable.split("\n")
    starts = [n for n, line in enumerate(lines) if re.match(r"\w+:", line)]
    assert all(lines[n - 1] == "" for n in starts[1:])


def block(text: str, head: str) -> str:
    """The literal block behind a head, without its indentation."""
    start = re.search(rf"(?m)^( *){re.escape(head)}", text)
    assert start is not None
    lines = text[start.end():].removeprefix("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    taken = []
    for line in lines:
        if line and len(line) - len(line.lstrip()) < indent:
            break
        taken.append(line[indent:])
    return "\n".join(taken).rstrip("\n") + "\n"


def test_the_functions_code_reads_as_it_is(readable: str, template: dict[str, Any]) -> None:
    for title in ("ValidationFunction", "EmptyBucketFunction"):
        code = template["Resources"][title]["Properties"]["Code"]["ZipFile"]
        assert block(readable[readable.index(f" {title}:\n"):], "ZipFile: |") == code


def test_the_dashboard_reads_as_it_is(readable: str, template: dict[str, Any]) -> None:
    body, _ = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert block(readable[readable.index("DashboardBody:"):], "        - |") == body
    assert body.count("\n") > 4


@pytest.mark.parametrize(("title", "name"), [
    ("ValidationFunction", "validation"), ("EmptyBucketFunction", "empty_bucket")])
def test_a_functions_code_is_its_source_as_it_stands(
        template: dict[str, Any], root: Path, title: str, name: str) -> None:
    code = template["Resources"][title]["Properties"]["Code"]["ZipFile"]
    assert code == (root / f"lambda/{name}/index.py").read_text(encoding="utf-8")


REF, SUB, ATT = {"Ref": "A"}, {"Fn::Sub": "${A}: #b"}, {"Fn::GetAtt": ["A", "B.C"]}


@pytest.mark.parametrize(("function", "short"), [
    (REF, "!Ref A"), (ATT, "!GetAtt A.B.C"), ({"Fn::Sub": "x-${A}"}, "!Sub 'x-${A}'"),
    (SUB, "!Sub '${A}: #b'"), ({"Fn::Sub": ["${X}", {"X": REF}]}, "!Sub ['${X}', {X: !Ref A}]"),
    ({"Fn::If": ["C", REF, {"Ref": "AWS::NoValue"}]}, "!If [C, !Ref A, !Ref 'AWS::NoValue']"),
    ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "!Select [0, !GetAZs '']"),
    ({"Fn::Join": ["", ["a", ATT]]}, "!Join ['', [a, !GetAtt A.B.C]]"),
    ({"Fn::Split": ["/", REF]}, "!Split [/, !Ref A]"), ({"Fn::Cidr": [REF, 9, 8]}, "!Cidr [!Ref A, 9, 8]"),
    ({"Fn::FindInMap": ["M", REF, "K"]}, "!FindInMap [M, !Ref A, K]"),
    ({"Fn::Base64": "text"}, "!Base64 text"), ({"Fn::ImportValue": "name"}, "!ImportValue name")])
def test_a_function_is_written_short_and_reads_back(function: dict[str, Any], short: str) -> None:
    text = to_text(Tree({"R": {"Type": "T", "Properties": {"P": {"Q": function}}}}))
    # An editor's quotes, or none: both read the same.
    assert short.replace("'", "") in text.replace("'", "")
    assert read(text)["Resources"]["R"]["Properties"]["P"]["Q"] == function


@pytest.mark.parametrize("function", [
    {"Fn::Base64": SUB}, {"Fn::ImportValue": SUB}, {"Fn::GetAZs": REF}, {"Fn::GetAtt": ["A", REF]},
    {"Fn::GetAtt": "A.B"}, {"Fn::GetAtt": ["A.B", "C"]}, {"Fn::GetAtt": ["A", "B", "C"]},
    {"Fn::Transform": {"Name": "X"}}, {"Fn::Contains": [["a"], REF]}, {"Fn::RefAll": "T"},
    {"Fn::ForEach::X": ["Y", ["a"], {"Z": "a"}]}, {"Fn::ToJsonString": {"a": REF}}, {"Fn::Length": [1, 2]}])
def test_a_function_that_cannot_be_short_there_is_written_long_and_reads_back(function: dict[str, Any]) -> None:
    text = to_text(Tree({"R": {"Type": "T", "Properties": {"P": function}}}))
    assert read(text)["Resources"]["R"]["Properties"]["P"] == function


ODD = [
    "", " ", "\n", "\t", "a ", " a", "yes", "No", "y", "on", "OFF", "true", "null", "~", "1e3", "1_000", "0x1F",
    "017", "0o17", "1:30", "12:30:45", "2012-10-17", "1.0", ".5", "-1", "+1", ".inf", ".NaN", "=", "<<", "---",
    "...", "- a", "-", "? a", "a: b", "a:", ":a", "a #b", "#a", "a#b", "!x", "!Ref A", "&a", "*a", "%a", "@a",
    "`a", "|", ">", "'", '"', "''", "it's", 'say "a"', "\\", "\\n", "a\\", "{a}", "[a]", "{a: b}", "a,b", ",",
    "a]", "}", "é", "\u00a0", "\u2028", "\ufeff", "\x00", "\x7f", "\x85", "😀", "a\nb", "a\nb\n", "a\n\nb\n\n",
    "\na", " a\nb\n", "a\n b\n", "a \nb", "a\n \nb\n", "a\n ", "\ta\nb", "a\tb\nc", "a\r\nb", "a\rb", "é\nb\n",
    "${A}", "arn:aws:s3:::b", "s3:*", "*", "a\n---\nb\n", "a\n# b\n", "x" * 300, "word " * 60]
STRINGS = st.one_of(st.sampled_from(ODD), st.text(max_size=20), st.text("ab:#-'\"\\ \n,{}[]!&*?|>%@`é😀", max_size=12))
# YAML 1.1 has no float without a point; few of those at random are written without one.
FLOATS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([1e-05, -1e16, 5e-324]))
LEAVES = st.one_of(STRINGS, st.booleans(), st.none(), st.integers(), FLOATS)
DATA = st.recursive(LEAVES, lambda inner: st.one_of(
    st.lists(inner, max_size=4), st.dictionaries(STRINGS, inner, max_size=4)), max_leaves=12)


@pytest.mark.parametrize("text", ODD)
def test_every_string_reads_back_wherever_it_stands(text: str) -> None:
    properties = {"Block": text, "Flow": [text, {"K": text}], text: "key", "Sub": {"Fn::Sub": text},
                  "Words": [text] * 20, "List": [{"Fn::Sub": text}, {"A": text, "B": "x" * 120}], "Last": text}
    tree = {"R": {"Type": "T", "Metadata": {"M": text}, "Properties": properties},
            "S": {"Type": "T", "Properties": {"Tags": [{"Key": "K", "Value": text}] * 9}}}
    assert read(to_text(Tree(tree)))["Resources"] == tree


@settings(max_examples=150)
@given(DATA)
def test_whatever_a_template_holds_reads_back(data: Any) -> None:
    tree = {"R": {"Type": "T", "Metadata": {"M": data}, "Properties": {"P": {"Q": [data]}}}}
    found = read(to_text(Tree(tree, Description="d")))
    assert found["Resources"] == tree
    assert types(found["Resources"]) == types(tree)


def types(data: Any) -> Any:
    """The types of data's leaves: 1, 1.0 and True are equal, and yet not the same."""
    if isinstance(data, dict):
        return {key: types(value) for key, value in data.items()}
    return [types(item) for item in data] if isinstance(data, list) else type(data)


@given(DATA)
def test_json_reads_back_too(data: Any) -> None:
    tree = {"R": {"Type": "T", "Metadata": {"M": data}}}
    assert json.loads(to_text(Tree(tree), form="json"))["Resources"] == tree


@pytest.mark.parametrize("wrong", [
    Tree({}, Misspelt={}), Tree({"R": {"Type": "T", "Misspelt": 1}})])
def test_what_cloudformation_does_not_have_is_refused_rather_than_dropped(wrong: Tree) -> None:
    with pytest.raises(ValueError, match=r"Misspelt|not in"):
        to_text(wrong)


@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_is_refused(form: Any, number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_text(Tree({"R": {"Type": "T", "Metadata": {"M": number}}}), form=form)
