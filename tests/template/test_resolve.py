"""The template for one environment: parameters filled in, conditions decided, references kept."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap.template.resolve import MASK, Reference, Resolved, Text, dependencies, references, resolve, waits_for


def template(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"Resources": resources, **sections}


def resource(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def value(expression: Any, /, **sections: Any) -> Any:
    """What an expression resolves to, as a property."""
    return resolve(template({"One": resource(Value=expression)}, **sections), {}).properties("One").get("Value")


def test_a_parameter_is_its_given_value_or_its_default() -> None:
    parameters = {"A": {"Type": "String", "Default": "a"}, "B": {"Type": "String", "Default": "b"}}
    document = template({"One": resource(A={"Ref": "A"}, B={"Ref": "B"})}, Parameters=parameters)
    assert resolve(document, {"B": "given"}).properties("One") == {"A": "a", "B": "given"}


def test_the_value_of_a_number_is_text_and_that_of_a_list_is_a_list() -> None:
    parameters = {
        "Number": {"Type": "Number", "Default": 0.5},
        "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>", "Default": "subnet-1"}}
    names = {name: {"Ref": name} for name in parameters}
    resolved = resolve(template({"One": resource(**names)}, Parameters=parameters), {})
    assert resolved.properties("One") == {"Number": "0.5", "List": ["a", "b"], "Subnets": ["subnet-1"]}


def test_all_parameters_that_are_unknown_or_have_no_value_are_named_at_once() -> None:
    document = template({}, Parameters={"Needed": {"Type": "String"}})
    with pytest.raises(ValueError, match=r"^Wrong is not a parameter, Needed has no value$"):
        resolve(document, {"Wrong": "x"})


@pytest.mark.parametrize(("name", "expected"), [
    ("AWS::Region", "eu-west-1"), ("AWS::AccountId", "000000000000"), ("AWS::Partition", "aws-cn"),
    ("AWS::StackName", "some-stack"), ("AWS::URLSuffix", "amazonaws.com.cn"), ("AWS::NotificationARNs", []),
    ("AWS::StackId", "arn:aws-cn:cloudformation:eu-west-1:000000000000:stack/some-stack/00000000")])
def test_pseudo_parameters_are_of_the_place_that_is_given(name: str, expected: Any) -> None:
    resolved = resolve(
        template({"One": resource(Value={"Ref": name})}), {}, region="eu-west-1", account="000000000000",
        partition="aws-cn", stack_name="some-stack")
    assert resolved.properties("One") == {"Value": expected}


@pytest.mark.parametrize(("expression", "expected"), [
    ({"Fn::Join": [",", ["a", "b", 3, True]]}, "a,b,3,true"),
    ({"Fn::Join": ["", []]}, ""),
    ({"Fn::Split": ["/", "512/1024"]}, ["512", "1024"]),
    ({"Fn::Select": [1, {"Fn::Split": ["/", "512/1024"]}]}, "1024"),
    ({"Fn::Select": ["0", ["a", "b"]]}, "a"),
    ({"Fn::GetAZs": ""}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
    ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
    ({"Fn::Cidr": ["10.0.0.0/16", 3, 8]}, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
    ({"Fn::FindInMap": ["Sizes", "small", "Cpu"]}, 256),
    ({"Fn::Sub": "in ${AWS::Region}, ${!literally}"}, "in us-east-1, ${literally}"),
    ({"Fn::Sub": ["${A}/${ B }", {"A": "x", "B": {"Ref": "AWS::Region"}}]}, "x/us-east-1"),
    ({"Fn::If": ["Yes", "then", "else"]}, "then"),
    ({"Fn::If": ["No", "then", {"Ref": "AWS::NoValue"}]}, None),
    ({"Fn::Base64": {"Ref": "AWS::Region"}}, {"Fn::Base64": "us-east-1"}),
    ({"Fn::ImportValue": {"Fn::Sub": "${AWS::Region}-x"}}, {"Fn::ImportValue": "us-east-1-x"}),
    ({"Fn::GetAtt": "Two.Nested.Arn"}, Reference("Two", "Nested.Arn")),
    ({"Fn::GetAtt": ["Two", "Arn"]}, Reference("Two", "Arn")),
    ({"Ref": "Two"}, Reference("Two")),
    ({"Fn::Sub": "${Two.Arn}/*"}, Text((Reference("Two", "Arn"), "/*"))),
    ({"Fn::Join": [":", ["a", {"Ref": "Two"}, "b", "c"]]}, Text(("a:", Reference("Two"), ":b:c"))),
    ({"Fn::Sub": ["${A}!", {"A": {"Fn::Sub": "<${Two}>"}}]}, Text(("<", Reference("Two"), ">!"))),
    ({"Fn::Select": [1, ["a", {"Ref": "Two"}]]}, Reference("Two")),
])
def test_a_function_is_evaluated_as_far_as_the_template_alone_tells(expression: Any, expected: Any) -> None:
    sections = {
        "Mappings": {"Sizes": {"small": {"Cpu": 256}}},
        "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}}}
    assert value(expression, **sections) == expected


@pytest.mark.parametrize("expression", [
    {"Fn::Select": [0, {"Fn::Split": ["/", Reference("Two")]}]},
    {"Fn::Cidr": [Reference("Vpc", "CidrBlock"), 9, 8]},
    {"Fn::FindInMap": ["Sizes", Reference("Two"), "Cpu"]},
    {"Fn::Join": [",", Reference("Two", "List")]}])
def test_a_function_of_what_only_a_deployed_resource_tells_stays_one(expression: Any) -> None:
    assert value(expression) == expression


@pytest.mark.parametrize(("expression", "told"), [
    ({"Fn::Select": [2, ["a", "b"]]}, "no item 2"),
    ({"Fn::Select": ["-1", ["a", "b"]]}, "no item -1"),
    ({"Fn::Cidr": ["10.0.0.0/24", 2, 8]}, "10.0.0.0/24 has no room for 2 ranges with 8 host bits"),
    ({"Fn::FindInMap": ["Sizes", "large", "Cpu"]}, "'large' does not exist"),
    ({"Fn::If": ["Unknown", 1, 2]}, "condition Unknown does not exist")])
def test_what_cannot_be_evaluated_is_an_error_that_names_it(expression: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        value(expression, Mappings={"Sizes": {"small": {"Cpu": 256}}})


@pytest.mark.parametrize(("expression", "expected"), [
    ({"Fn::Equals": [{"Ref": "Switch"}, "true"]}, True),
    ({"Fn::Equals": [{"Ref": "Number"}, 0]}, True),
    ({"Fn::Not": [{"Fn::Equals": [{"Ref": "Switch"}, "true"]}]}, False),
    ({"Fn::And": [{"Condition": "On"}, {"Condition": "Off"}]}, False),
    ({"Fn::And": [{"Condition": "On"}, {"Condition": "On"}]}, True),
    ({"Fn::Or": [{"Condition": "On"}, {"Condition": "Off"}]}, True),
    ({"Fn::Or": [{"Condition": "Off"}, {"Condition": "Off"}]}, False)])
def test_a_condition_is_decided(expression: Any, expected: bool) -> None:
    parameters = {"Switch": {"Type": "String", "Default": "true"}, "Number": {"Type": "Number", "Default": 0}}
    conditions = {
        "On": {"Fn::Equals": [{"Ref": "Switch"}, "true"]}, "Off": {"Fn::Not": [{"Condition": "On"}]},
        "Asked": expression}
    assert resolve(template({}, Parameters=parameters, Conditions=conditions), {}).conditions["Asked"] is expected


def test_what_is_no_condition_is_an_error() -> None:
    with pytest.raises(ValueError, match="Ref of X is not a valid condition"):
        resolve(template({}, Conditions={"Wrong": {"Ref": "X"}}), {})


OFF = {"Off": {"Fn::Equals": ["a", "b"]}}


def test_resources_and_outputs_whose_condition_is_false_are_gone() -> None:
    document = template(
        {"Here": resource(), "Gone": {**resource(), "Condition": "Off"}}, Conditions=OFF,
        Outputs={"Kept": {"Value": "x"}, "Lost": {"Value": {"Ref": "Gone"}, "Condition": "Off"}})
    resolved = resolve(document, {})
    assert list(resolved.resources) == ["Here"]
    assert dict(resolved.outputs) == {"Kept": {"Value": "x"}}
    assert resolved.dangling == ()


def test_no_value_takes_a_property_or_an_item_away() -> None:
    absent = {"Fn::If": ["Off", "x", {"Ref": "AWS::NoValue"}]}
    assert value({"A": absent, "B": [absent, "b"]}, Conditions=OFF) == {"B": ["b"]}


def test_a_key_called_condition_inside_a_resource_is_left_alone() -> None:
    statement = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert value([statement]) == [statement]


def test_references_to_what_this_environment_lacks_are_collected() -> None:
    document = template({
        "Gone": {**resource(), "Condition": "Off"},
        "One": resource(A={"Ref": "Gone"}, B={"Fn::Sub": "${Misspelt.Arn}"}),
        "Two": {**resource(), "DependsOn": ["Nowhere", "One"]}},
        Conditions=OFF, Outputs={"Out": {"Value": {"Fn::GetAtt": ["Gone", "Arn"]}}})
    assert resolve(document, {}).dangling == (
        ("One", "Gone"), ("One", "Misspelt"), ("Out", "Gone"), ("Two", "Nowhere"))


def test_depending_on_a_resource_whose_condition_is_false_is_allowed() -> None:
    document = template({
        "Gone": {**resource(), "Condition": "Off"}, "One": {**resource(), "DependsOn": "Gone"}}, Conditions=OFF)
    resolved = resolve(document, {})
    assert resolved.dangling == ()
    assert dependencies(resolved) == {"One": set()}


def chain() -> Resolved:
    return resolve(template({
        "First": resource(),
        "Second": resource(A={"Fn::Sub": "x-${First}"}),
        "Third": {**resource(), "Metadata": {"WaitsFor": [{"Ref": "Second"}]}},
        "Fourth": {**resource(), "DependsOn": "Third"},
        "Other": resource(A={"Ref": "AWS::Region"})}), {})


def test_a_resource_waits_for_what_it_refers_to_or_depends_on_metadata_included() -> None:
    assert dependencies(chain()) == {
        "First": set(), "Second": {"First"}, "Third": {"Second"}, "Fourth": {"Third"}, "Other": set()}


def test_waiting_is_transitive() -> None:
    assert waits_for(chain(), "Fourth") == {"First", "Second", "Third"}
    assert waits_for(chain(), "Other") == set()


def test_only_in_a_circle_does_a_resource_wait_for_itself() -> None:
    resolved = resolve(template({"A": resource(X={"Ref": "B"}), "B": resource(X={"Ref": "A"})}), {})
    assert waits_for(resolved, "A") == {"A", "B"}


def test_a_resource_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        waits_for(chain(), "Nowhere")


def test_references_and_texts_read_as_in_a_template() -> None:
    assert str(Reference("Bucket")) == "${Bucket}"
    assert str(Text((Reference("Bucket", "Arn"), "/*"))) == "${Bucket.Arn}/*"
    assert list(references({"a": [Text(("x", Reference("B"))), Reference("C", "Arn")], "b": 1})) == [
        Reference("B"), Reference("C", "Arn")]


def test_resolving_leaves_the_template_as_it_is() -> None:
    document = template({"One": {**resource(A={"Fn::Join": ["", ["a"]]}), "DependsOn": "One"}})
    before = repr(document)
    resolve(document, {})
    assert repr(document) == before


NAMES = st.sampled_from(["One", "Two", "AWS::Region", "Parameter"])
PLAIN = st.one_of(st.booleans(), st.integers(), st.text(max_size=5))
EXPRESSIONS = st.recursive(
    st.one_of(
        PLAIN,
        NAMES.map(lambda name: {"Ref": name}),
        st.just({"Ref": "AWS::NoValue"}),
        st.tuples(st.sampled_from(["One", "Two"]), st.sampled_from(["Arn", "A.B"])).map(
            lambda pair: {"Fn::GetAtt": list(pair)}),
        st.tuples(st.text("ab$ {!", max_size=4), NAMES).map(lambda t: {"Fn::Sub": f"{t[0]}${{{t[1]}}}"})),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["K", "L", "Tags"]), inner, max_size=3),
        st.tuples(st.sampled_from(["On", "Off"]), inner, inner).map(lambda t: {"Fn::If": list(t)}),
        st.lists(inner, max_size=3).map(lambda items: {"Fn::Join": ["-", items]}),
        st.tuples(st.just("-"), inner).map(lambda t: {"Fn::Split": list(t)})),
    max_leaves=8)
CONDITIONS = {"On": {"Fn::Equals": ["a", "a"]}, "Off": {"Fn::Equals": ["a", "b"]}}
PARAMETER = {"Parameter": {"Type": "String", "Default": "a-b"}}


@given(EXPRESSIONS)
def test_what_is_resolved_stays_as_it_is(expression: Any) -> None:
    document = template(
        {"One": resource(Value=expression), "Two": resource()}, Parameters=PARAMETER, Conditions=CONDITIONS)
    once = resolve(document, {})
    assert resolve(template(dict(once.resources)), {}).resources == once.resources


@given(st.integers(16, 28), st.integers(1, 8), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_ranges_are_the_first_ones_that_ipaddress_finds(prefix: int, count: int, more: int, address: int) -> None:
    block = ipaddress.ip_network((address, prefix), strict=False)
    bits = 32 - prefix - min(more, 32 - prefix)
    expression = {"Fn::Cidr": [str(block), count, bits]}
    expected = list(block.subnets(new_prefix=32 - bits))[:count]
    if len(expected) < count:
        with pytest.raises(ValueError, match=f"no room for {count} ranges"):
            value(expression)
    else:
        assert [ipaddress.ip_network(item) for item in value(expression)] == expected


@pytest.mark.parametrize(("partition", "suffix"), [
    ("aws", "amazonaws.com"), ("aws-us-gov", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn"),
    ("aws-eusc", "amazonaws.eu"), ("aws-iso", "c2s.ic.gov"), ("aws-iso-b", "sc2s.sgov.gov"),
    ("aws-iso-e", "cloud.adc-e.uk"), ("aws-iso-f", "csp.hci.ic.gov")])
def test_each_partition_has_its_suffix(partition: str, suffix: str) -> None:
    resolved = resolve(template({"One": resource(Value={"Ref": "AWS::URLSuffix"})}), {}, partition=partition)
    assert resolved.properties("One") == {"Value": suffix}


def test_a_mask_is_what_cloudformation_shows() -> None:
    assert MASK == "****"


def test_what_is_resolved_has_no_condition_any_more() -> None:
    document = {"Conditions": {"Always": {"Fn::Equals": ["a", "a"]}},
                "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "Always"}},
                "Outputs": {"Name": {"Value": "x", "Condition": "Always"}}}
    resolved = resolve(document, {})
    assert resolved.resources == {"Topic": {"Type": "AWS::SNS::Topic"}}
    assert resolved.outputs == {"Name": {"Value": "x"}}


def test_without_a_place_it_is_the_stack_tap_of_an_account_of_the_documentation() -> None:
    names = ["AWS::Partition", "AWS::Region", "AWS::AccountId", "AWS::StackName"]
    template = {"Resources": {"A": {"Type": "T", "Properties": {"Place": [{"Ref": name} for name in names]}}}}

    assert resolve(template, {}).properties("A") == {"Place": ["aws", "us-east-1", "123456789012", "tap"]}


@pytest.mark.parametrize("template", [
    {"Resources": {"A": []}}, {"Resources": {5: {"Type": "T"}}}, {"Resources": 5}])
def test_what_has_another_shape_than_a_template_is_a_value_error(template: Any) -> None:
    with pytest.raises(ValueError, match="it has another shape than a template"):
        resolve(template, {})


@pytest.mark.parametrize("section", ["Resources", "Outputs"])
def test_a_loop_in_place_of_an_entry_is_an_error_that_names_it(section: str) -> None:
    with pytest.raises(ValueError, match=f"only CloudFormation evaluates Fn::ForEach::Topics in {section}"):
        resolve({"Resources": {}, section: {"Fn::ForEach::Topics": ["A", ["B"], {}]}}, {})
