"""The ways in which conditions come out, and what values become in each."""

import pytest

from tap.template.resolve import Reference, Text
from tap.wiring.scenarios import MOST_SCENARIOS, scenarios
from tap.wiring.values import Unknown

SIZE = {"Type": "String", "Default": "small", "AllowedValues": ["small", "large", "huge"]}


def outcomes(template, *parameter_sets):
    return [dict(scenario.conditions) for scenario in scenarios({"Resources": {}, **template}, parameter_sets)]


def value_of(expression, parameters=None, resources=None):
    template = {"Resources": resources or {}, "Parameters": parameters or {}}
    return scenarios(template)[0].resolver.value(expression)


def is_(name, value):
    return {"Fn::Equals": [{"Ref": name}, value]}


def test_the_scenario_of_the_defaults_comes_first():
    template = {"Parameters": {"Size": SIZE}, "Conditions": {"IsLarge": is_("Size", "large")}}
    assert outcomes(template) == [{"IsLarge": False}, {"IsLarge": True}]


def test_a_parameter_without_default_takes_the_values_it_is_compared_with_and_another_one():
    template = {"Parameters": {"Name": {"Type": "String"}},
                "Conditions": {"IsA": is_("Name", "a"), "IsB": is_("Name", "b")}}
    assert outcomes(template) == [
        {"IsA": False, "IsB": False}, {"IsA": True, "IsB": False}, {"IsA": False, "IsB": True}]


def test_a_value_that_is_not_allowed_is_no_scenario():
    template = {"Parameters": {"Size": SIZE}, "Conditions": {"IsTiny": is_("Size", "tiny")}}
    assert outcomes(template) == [{"IsTiny": False}]


def test_an_empty_default_has_another_value_beside_it():
    template = {"Parameters": {"Arn": {"Type": "String", "Default": ""}},
                "Conditions": {"HasArn": {"Fn::Not": [is_("Arn", "")]}}}
    assert outcomes(template) == [{"HasArn": False}, {"HasArn": True}]


def test_what_the_template_s_rules_forbid_is_no_scenario():
    template = {
        "Parameters": {"Size": SIZE, "Arn": {"Type": "String", "Default": ""}},
        "Conditions": {"IsLarge": is_("Size", "large"), "HasArn": {"Fn::Not": [is_("Arn", "")]}},
        "Rules": {"LargeNeedsArn": {
            "RuleCondition": is_("Size", "large"), "Assertions": [{"Assert": {"Fn::Not": [is_("Arn", "")]}}]}}}
    assert {"IsLarge": True, "HasArn": False} not in outcomes(template)
    assert {"IsLarge": True, "HasArn": True} in outcomes(template)


def test_parameters_that_are_given_make_one_scenario_each():
    template = {"Parameters": {"Size": SIZE}, "Conditions": {"IsLarge": is_("Size", "large")}}
    assert outcomes(template, {"Size": "large"}, {"Size": "huge"}, {}) == [
        {"IsLarge": True}, {"IsLarge": False}, {"IsLarge": False}]


def test_both_regions_of_a_comparison_are_scenarios():
    template = {"Conditions": {"IsTokyo": is_("AWS::Region", "ap-northeast-1")}}
    assert outcomes(template) == [{"IsTokyo": False}, {"IsTokyo": True}]


def test_many_conditions_make_no_more_scenarios_than_are_worth_the_time():
    names = [f"Has{number}" for number in range(20)]
    template = {"Parameters": {name: {"Type": "String", "Default": ""} for name in names},
                "Conditions": {name: {"Fn::Not": [is_(name, "")]} for name in names}}
    found = outcomes(template)
    assert len(found) == MOST_SCENARIOS
    assert all(sum(conditions.values()) <= 2 for conditions in found)


@pytest.mark.parametrize("conditions", [
    {"A": {"Condition": "B"}}, {"A": {"Fn::Equals": ["a"]}}, {"A": []}])
def test_malformed_conditions_are_an_error(conditions):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        scenarios({"Resources": {}, "Conditions": conditions})


@pytest.mark.parametrize(("expression", "value"), [
    ({"Ref": "Given"}, "a"),
    ({"Ref": "Open"}, Unknown("Open")),
    ({"Ref": "Held"}, Unknown("Held")),
    ({"Ref": "Bucket"}, Reference("Bucket")),
    ({"Fn::GetAtt": "Custom.Name"}, Unknown("Custom", "Name")),
    ({"Fn::Sub": "${Bucket.Arn}/${Open}"}, Text((Reference("Bucket", "Arn"), "/", Unknown("Open")))),
    ({"Fn::ImportValue": "a"}, {"Fn::ImportValue": "a"}),
    ({"Fn::Select": [5, ["a"]]}, {"Fn::Select": [5, ["a"]]}),
    ({"Fn::FindInMap": ["None", "a", "b"]}, {"Fn::FindInMap": ["None", "a", "b"]}),
])
def test_what_is_not_known_is_marked_as_such(expression, value):
    parameters = {"Given": {"Type": "String", "Default": "a"}, "Open": {"Type": "String"},
                  "Held": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/name"}}
    resources = {"Bucket": {"Type": "AWS::S3::Bucket"}, "Custom": {"Type": "Custom::Name"}}
    assert value_of(expression, parameters, resources) == value
