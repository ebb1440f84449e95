"""A template's resources in each scenario, and how they connect."""

import pytest

from tap.wiring.graph import Graph

BUCKET = "AWS::S3::Bucket"
TOPIC = "AWS::SNS::Topic"


def only_stack(resources, **sections):
    stack, = Graph({"Resources": resources, **sections}).stacks([BUCKET])
    return stack


def test_a_reference_leads_to_the_one_resource_of_the_type_in_it():
    stack = only_stack({"A": {"Type": BUCKET}, "B": {"Type": BUCKET}, "T": {"Type": TOPIC}})
    join = {"Fn::Join": ["", [{"Ref": "A"}, {"Ref": "T"}]]}
    value = only_stack({"A": {"Type": BUCKET, "Properties": {"BucketName": join}}, "T": {"Type": TOPIC}})
    assert value.target(value.resources["A"].at("BucketName"), TOPIC) is value.resources["T"]
    assert stack.target("A", BUCKET) is None


def test_a_resource_waits_for_what_it_names_refers_to_and_mentions_in_metadata_by_however_many_steps():
    stack = only_stack({
        "A": {"Type": BUCKET, "DependsOn": "B"},
        "B": {"Type": BUCKET, "Properties": {"BucketName": {"Fn::Sub": "${C}"}}},
        "C": {"Type": BUCKET, "Metadata": {"After": {"Ref": "D"}}},
        "D": {"Type": BUCKET}, "E": {"Type": BUCKET}})
    waited = {name for name in stack.resources if stack.waits_for(stack.resources["A"], stack.resources[name])}
    assert waited == {"B", "C", "D"}


def test_a_circle_of_references_ends():
    stack = only_stack({"A": {"Type": BUCKET, "DependsOn": "B"}, "B": {"Type": BUCKET, "DependsOn": "A"}})
    assert stack.waits_for(stack.resources["A"], stack.resources["B"])


def test_only_conditions_of_the_types_asked_for_make_stacks():
    conditions = {name: {"Fn::Equals": [{"Ref": name}, "true"]} for name in ("X", "Y")}
    graph = Graph({
        "Parameters": {name: {"Type": "String", "Default": "false"} for name in ("X", "Y")},
        "Conditions": conditions,
        "Resources": {
            "A": {"Type": BUCKET, "Condition": "X"},
            "B": {"Type": BUCKET, "Properties": {"BucketName": {"Fn::If": ["X", "a", {"Ref": "AWS::NoValue"}]}}},
            "T": {"Type": TOPIC, "Condition": "Y"}}})
    without, with_a = graph.stacks([BUCKET])
    assert [without.resources.keys(), with_a.resources.keys()] == [{"B"}, {"A", "B"}]
    assert [without.resources["B"].at("BucketName"), with_a.resources["B"].at("BucketName")] == [None, "a"]
    assert len(graph.stacks([BUCKET, TOPIC])) == 4
    assert graph.stacks(["AWS::SQS::Queue"]) == []


def test_a_resource_that_custom_resources_refer_to_is_handed_out():
    stack = only_stack({
        "A": {"Type": BUCKET}, "B": {"Type": BUCKET},
        "C": {"Type": "Custom::Thing", "Properties": {"Bucket": {"Ref": "A"}}},
        "T": {"Type": TOPIC, "Properties": {"TopicName": {"Ref": "B"}}}})
    assert stack.is_handed_out(stack.resources["A"])
    assert not stack.is_handed_out(stack.resources["B"])


def test_a_resource_is_found_by_its_physical_name():
    stack = only_stack({"A": {"Type": BUCKET, "Properties": {"BucketName": "a"}}})
    assert stack.named("a", BUCKET, "BucketName") is stack.resources["A"]
    assert stack.named("b", BUCKET, "BucketName") is None


@pytest.mark.parametrize("template", [
    {"Resources": {"A": {"Type": BUCKET}}, "Transform": "MyMacro"},
    {"Resources": {"A": {"Type": BUCKET, "Properties": {"Fn::Transform": {"Name": "AWS::Include"}}}}},
    {"Resources": {"A": {"Type": BUCKET}, "B": {"Type": "AWS::Serverless::Connector"}}},
    {"Resources": {"A": {"Type": BUCKET}}, "Conditions": {"X": {"Condition": "Y"}}},
    {"Resources": []},
    {},
])
def test_templates_that_are_malformed_or_that_a_macro_may_change_are_not_looked_at(template):
    assert Graph(template).stacks([BUCKET]) == []


@pytest.mark.parametrize("transform", ["AWS::LanguageExtensions", ["AWS::Serverless-2016-10-31"]])
def test_transforms_of_aws_that_change_nothing_of_this_are_no_obstacle(transform):
    assert len(Graph({"Resources": {"A": {"Type": BUCKET}}, "Transform": transform}).stacks([BUCKET])) == 1
