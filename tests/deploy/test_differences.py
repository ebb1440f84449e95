"""Our own look at two templates, beside CloudFormation's change set."""

from typing import Any

from deploy_fakes import STACK_ID
from hypothesis import given
from hypothesis import strategies as st

from tap.deploy.diff import ABSENT, Difference, compare, differences, shown, unlisted
from tap.deploy.models import Change, ChangeSet, Detail
from tap.template.resolve import Reference, Text, resolve

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3))


def plan(*changes: Change) -> ChangeSet:
    return ChangeSet("id", "name", "UPDATE", STACK_ID, changes)


def modify(logical_id: str, *names: str) -> Change:
    return Change("Modify", logical_id, None, "AWS::WAFv2::WebACL", "False", ("Properties",), None,
                  tuple(Detail("Properties", name) for name in names))


def web_acl(action: str, **more: Any) -> dict[str, Any]:
    return {"Resources": {"Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": {
        "Rules": [{"Name": "r", "Action": {action: {}}}], **more}}}}


def told(before: dict[str, Any], after: dict[str, Any], *changes: Change) -> list[str]:
    return unlisted(compare(resolve(before, {}), resolve(after, {})), plan(*changes))


@given(JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert list(differences(value, value)) == []


@given(JSON, JSON)
def test_what_differs_is_found_and_the_other_way_round_too(before: Any, after: Any) -> None:
    there = [(each.path, repr(each.before), repr(each.after)) for each in differences(before, after)]
    back = [(each.path, repr(each.after), repr(each.before)) for each in differences(after, before)]
    assert sorted(there) == sorted(back)
    assert bool(there) == (before != after)


def test_a_rule_that_allows_what_it_blocked_is_warned_of() -> None:
    assert told(web_acl("Block"), web_acl("Allow")) == [
        'Acl Rules.0.Action: {"Block": {}} → {"Allow": {}}, which CloudFormation\'s change set does not list']


def test_it_is_warned_of_where_another_property_of_the_resource_is_listed_too() -> None:
    assert told(web_acl("Block"), web_acl("Allow", Name="n"), modify("Acl", "Name")) == [
        'Acl Rules.0.Action: {"Block": {}} → {"Allow": {}}, between which CloudFormation sees no difference']


def test_what_cloudformation_lists_is_not_warned_of() -> None:
    before, after = web_acl("Block", Name="a"), web_acl("Block", Name="b")
    assert told(before, after, modify("Acl", "Name")) == []


def test_outputs_are_told_since_no_change_set_lists_them() -> None:
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    before = {"Resources": topic, "Outputs": {"A": {"Value": {"Ref": "Topic"}}}}
    name = {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}}
    after = {"Resources": topic, "Outputs": {"A": name, "B": {"Value": "b"}}}
    assert told(before, after) == [
        'output A Value: "${Topic}" → "${Topic.TopicName}"', 'output B: (none) → {"Value": "b"}']


def test_descriptions_are_no_difference() -> None:
    with_text = {"Outputs": {"A": {"Value": "a", "Description": "long"}}, "Resources": {}}
    assert told(with_text, {"Outputs": {"A": {"Value": "a"}}, "Resources": {}}) == []


def test_a_value_is_shown_on_one_line() -> None:
    value = ["a", Reference("B", "Arn"), Text((Reference("C"), "/*")), ABSENT]
    assert shown(value[:3]) == '["a", "${B.Arn}", "${C}/*"]'
    assert shown(ABSENT) == "(none)"


def test_a_difference_is_named_without_its_section() -> None:
    assert Difference(("resources", "A", "Properties", "B", "0"), 1, 2).name == "Properties.B.0"
