"""Templates as text and as dictionaries, and what they say, however they are written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap.deploy.models import InputError
from tap.deploy.template import fingerprint, parsed, rendered_template

YAML = """\
Parameters:
  Since: {Type: String, Default: 2026-03-01}
Conditions:
  IsBig: !Equals [!Ref Size, big]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: IsBig
    Properties:
      Name: !GetAtt Other.Arn.Part
      Text: !Sub "${AWS::StackName}-x"
      Both: !If [IsBig, !Ref A, !Ref AWS::NoValue]
      Zone: !Select [0, !GetAZs ""]
      And: !And [!Condition IsBig, !Condition Other]
      Map: !Transform {Name: Include}
"""


def test_short_intrinsics_become_long_ones() -> None:
    topic = parsed(YAML)["Resources"]["Topic"]["Properties"]
    assert topic == {
        "Name": {"Fn::GetAtt": ["Other", "Arn.Part"]}, "Text": {"Fn::Sub": "${AWS::StackName}-x"},
        "Both": {"Fn::If": ["IsBig", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
        "Zone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
        "And": {"Fn::And": [{"Condition": "IsBig"}, {"Condition": "Other"}]},
        "Map": {"Fn::Transform": {"Name": "Include"}}}


def test_a_date_stays_text() -> None:
    assert parsed(YAML)["Parameters"]["Since"]["Default"] == "2026-03-01"


@pytest.mark.parametrize("text", ["\U0001f6a8 down", "\\\U0001f6a8", "\\ud83d\\udea8", "\\\\ud83d", "\u00fc"])
def test_json_says_what_it_says_in_ascii_too(text: str) -> None:
    document = {"Resources": {"Topic": {"Properties": {"DisplayName": text}}}}

    assert parsed(json.dumps(document)) == document
    assert parsed(json.dumps(document, ensure_ascii=False)) == document


def test_what_boto3_has_parsed_stays_as_it_is() -> None:
    assert parsed({"Resources": {}}) == {"Resources": {}}


@pytest.mark.parametrize(("text", "told"), [
    ("Resources:\n  A: [", "does not parse"), ("- a", "it is no map"), ("a: *b", ":1:4 has an alias"),
    ("", "it is no map")])
def test_what_does_not_parse_is_one_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        parsed(text)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(("text", "told"), [
    ("a: &a [*a]", "the template:1:8 has an alias"),
    ("a: &a [1]\nb: *a", "the template:2:4 has an alias"),
    # Newer releases of PyYAML refuse it themselves, in words of their own.
    ("[" * 100_000, r"the template(:1:\d+)? does not parse: "),
    ("a: !!timestamp x", "the template does not parse: "),
    ("a: !!int x", "the template does not parse: ")], ids=["itself", "alias", "deep", "timestamp", "int"])
def test_what_would_bring_the_parser_down_is_one_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=f"^{told}"):
        parsed(text)


def test_the_template_that_is_sent_says_what_the_document_says_but_for_descriptions() -> None:
    rendered = rendered_template()
    sent = parsed(rendered.text)["Resources"]
    assert sent.keys() == rendered.document["Resources"].keys()
    assert sent["SessionsTable"]["Properties"] == json.loads(
        json.dumps(rendered.document["Resources"]["SessionsTable"]["Properties"]))


@given(st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4)))
def test_order_and_spelling_make_no_other_template(document: dict[str, Any]) -> None:
    turned = dict(reversed(list(document.items())))
    assert fingerprint(document) == fingerprint(turned)


def test_what_cloudformation_gives_back_for_other_letters_is_the_same() -> None:
    assert fingerprint({"a": "é"}) == fingerprint({"a": "?"})


def test_another_value_makes_another_template() -> None:
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
