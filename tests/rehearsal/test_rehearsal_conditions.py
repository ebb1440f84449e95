"""Conditions that the emulator cannot evaluate by itself: a part of what functions make."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tap.rehearsal.conditions import _settling

PARTS = {"Fn::Split": ["/", {"Ref": "Image"}]}
PARAMETERS = {"Image": {"Value": "registry/team/app"}, "Zones": {"Value": "a,b"}}


def seen(conditions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the conditions that reach the emulator's own evaluation."""
    def own(template: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
        assert params is PARAMETERS
        assert template["Resources"] == {"Topic": {}}
        return template["Conditions"]

    template = {"Parameters": {"Image": {"Type": "String"}, "Zones": {"Type": "CommaDelimitedList"}},
                "Conditions": conditions, "Resources": {"Topic": {}}}
    found: Mapping[str, Any] = _settling(own)(template, PARAMETERS)
    return found


@pytest.mark.parametrize(("index", "value"), [("0", "registry"), (1, "team"), ("2", "app")])
def test_a_part_of_a_text_is_settled_before_the_emulator_compares_it(index: Any, value: str) -> None:
    conditions = {"Is": {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [index, PARTS]}, "x"]}]}}
    assert seen(conditions) == {"Is": {"Fn::Not": [{"Fn::Equals": [value, "x"]}]}}


def test_a_list_that_is_joined_first_is_settled_too() -> None:
    joined = {"Fn::Split": [",", {"Fn::Join": [",", [{"Ref": "Image"}, "more"]]}]}
    assert seen({"Is": {"Fn::Equals": [{"Fn::Select": ["1", joined]}, "more"]}}) == {
        "Is": {"Fn::Equals": ["more", "more"]}}


@pytest.mark.parametrize("conditions", [
    {}, {"Is": {"Fn::Equals": [{"Ref": "Image"}, "x"]}}, {"Is": {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]}}])
def test_what_the_emulator_evaluates_by_itself_is_left_as_it_is(conditions: Mapping[str, Any]) -> None:
    assert seen(conditions) == conditions


def test_a_condition_on_a_part_of_a_text_decides_in_the_emulator(sandbox: Any) -> None:
    deployed = sandbox.aws("cloudformation")
    template = {
        "Parameters": {"Image": {"Type": "String"}},
        "Conditions": {name: {"Fn::Equals": [{"Fn::Select": ["0", PARTS]}, value]}
                       for name, value in (("IsOurs", "registry"), ("IsTheirs", "hub"))},
        "Resources": {name: {"Type": "AWS::SNS::Topic", "Condition": condition}
                      for name, condition in (("Ours", "IsOurs"), ("Theirs", "IsTheirs"))}}
    deployed.create_stack(StackName="conditions", TemplateBody=json.dumps(template), Parameters=[
        {"ParameterKey": "Image", "ParameterValue": "registry/team/app"}])
    assert [each["LogicalResourceId"] for each in
            deployed.describe_stack_resources(StackName="conditions")["StackResources"]] == ["Ours"]
