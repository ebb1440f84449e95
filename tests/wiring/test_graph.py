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


@pytest.mark.parametrize(("kind", "handed_out"), [
    ("Custom::Thing", True), ("AWS::CloudFormation::Stack", True), ("AWS::Serverless::Function", True),
    ("My::Own::Thing::MODULE", True), ("Custom::S3AutoDeleteObjects", False), ("AWS::SNS::Topic", False)])
def test_what_grants_nothing_does_not_hand_out(kind, handed_out):
    stack = only_stack({"A": {"Type": BUCKET}, "B": {"Type": kind, "Properties": {"Bucket": {"Ref": "A"}}}})
    assert stack.is_handed_out(stack.resources["A"]) is handed_out


@pytest.mark.parametrize("resources", [
    {"C": {"Type": "AWS::Serverless::Connector", "Properties": {
        "Source": {"Id": "T"}, "Destination": [{"Id": "A"}], "Permissions": ["Write"]}}},
    {"T": {"Type": TOPIC, "Connectors": {"C": {"Properties": {"Destination": {"Id": "A"}}}}}}])
def test_a_connector_of_sam_hands_out_what_it_names(resources):
    stack = only_stack({"A": {"Type": BUCKET}, "B": {"Type": BUCKET}, "T": {"Type": TOPIC}, **resources})
    assert [name for name, item in stack.resources.items() if stack.is_handed_out(item)] == ["A", "T"]


@pytest.mark.parametrize(("value", "shared"), [
    ({"Ref": "A"}, True), ({"Fn::GetAtt": ["A", "Arn"]}, True), ({"Fn::Sub": "${A}"}, True),
    ({"Fn::GetAtt": ["A", "DomainName"]}, False), ("a", False)])
def test_a_resource_that_an_output_identifies_is_shared(value, shared):
    stack = only_stack({"A": {"Type": BUCKET}}, Outputs={"O": {"Value": value}})
    assert stack.is_shared(stack.resources["A"]) is shared
    assert not stack.is_handed_out(stack.resources["A"])


def test_a_resource_is_found_by_its_physical_name():
    stack = only_stack({"A": {"Type": BUCKET, "Properties": {"BucketName": "a"}}})
    assert stack.named("a", BUCKET, "BucketName") is stack.resources["A"]
    assert stack.named("b", BUCKET, "BucketName") is None


@pytest.mark.parametrize("template", [
    {"Resources": {"A": {"Type": BUCKET}}, "Transform": "MyMacro"},
    {"Resources": {"A": {"Type": BUCKET}, "Fn::Transform": {"Name": "AWS::Include"}}},
    {"Resources": {"A": {"Type": BUCKET}}, "Conditions": {"X": {"Condition": "Y"}}},
    {"Resources": []},
    {},
])
def test_templates_that_are_malformed_or_that_a_macro_may_change_are_not_looked_at(template):
    assert Graph(template).stacks([BUCKET]) == []


def test_a_macro_inside_a_resource_may_change_that_resource_alone():
    macro = {"Fn::Transform": {"Name": "AWS::Include"}}
    stack = only_stack({
        "A": {"Type": BUCKET}, "Value": {"Type": TOPIC, "Properties": {"DisplayName": macro}},
        "Beside": {"Type": TOPIC, "Properties": {**macro, "TopicName": "a"}}})
    assert [resource.logical_id for resource in stack.of_type(TOPIC)] == ["Value"]
    assert stack.resources["Value"].at("DisplayName") == macro


@pytest.mark.parametrize("transform", ["AWS::LanguageExtensions", ["AWS::Serverless-2016-10-31"]])
def test_transforms_of_aws_that_change_nothing_of_this_are_no_obstacle(transform):
    assert len(Graph({"Resources": {"A": {"Type": BUCKET}}, "Transform": transform}).stacks([BUCKET])) == 1
