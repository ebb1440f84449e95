"""IAM statements: what each is limited to, and how large a policy may be, measured without the product's constants."""

import json
import re
from typing import Any

import pytest
from stack_view import as_list
from troposphere import Ref

from tap.parts import allow, policy
from tap.permissions.statements import Names, boundary, execution, size, split
from tap.permissions.table import NoActions, load

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LIMIT = 6_144
NAMES = Names("tap-", Ref("Application"), Ref("Boundary"))
TYPES = [kind for kind in load("actions") if "::" in kind]


def plain(*found: Any) -> list[dict[str, Any]]:
    """Return statements as they stand in a template, with lists also where one thing stands alone."""
    entries = json.loads(json.dumps(policy(*found)))["Statement"]
    return [{key: as_list(value) if key in ("Action", "NotAction", "Resource") else value
             for key, value in entry.items()} for entry in entries]


def statements(*types: str) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in plain(*execution(types or TYPES, NAMES))}


@pytest.mark.parametrize(("value", "length"), [
    ("plain", 5), ({"Ref": "Application"}, 128), ({"Ref": "Other"}, 256), ({"Fn::GetAtt": ["A", "Arn"]}, 256),
    ({"Fn::Sub": ["${A}", {"A": "b"}]}, 256), ({"Fn::Sub": "${AWS::Partition}"}, len("aws-us-gov")),
    ({"Fn::Sub": "${AWS::Region}"}, len("ap-southeast-1")), ({"Fn::Sub": "${AWS::AccountId}"}, 12),
    ({"Fn::Sub": "${AWS::URLSuffix}"}, len("amazonaws.com.cn"))])
def test_a_value_counts_with_the_most_characters_that_it_may_have(value: Any, length: int) -> None:
    assert size({"a": value}) == len('{"a":""}') + length
    assert size({"a": [value, "b"]}) == len('{"a":["","b"]}') + length


def test_white_space_does_not_count() -> None:
    assert size({"a": "b c\n", "d": 1}) == len('{"a":"bc\\n","d":1}')


def padded(characters: int) -> Any:
    """Return a statement of which a policy has this size."""
    statement = allow([], "")
    statement.Sid = "S"
    empty = len("".join(json.dumps(policy(statement), separators=(",", ":")).split()))
    statement.Resource = ["x" * (characters - empty)]
    return statement


def test_a_statement_that_fills_a_policy_has_one() -> None:
    full, other = padded(LIMIT), padded(200)
    assert split([other, full]) == [[other], [full]]


def test_statements_share_a_policy_that_holds_them() -> None:
    few, more = padded(200), padded(300)
    assert split([few, more]) == [[few, more]]


def test_a_statement_that_no_policy_can_hold_is_an_error() -> None:
    with pytest.raises(ValueError, match="statement S is larger than a managed policy may be"):
        split([padded(LIMIT + 1)])


def test_policies_are_filled_and_none_is_larger_than_iam_takes() -> None:
    groups = split(execution(TYPES, NAMES))
    assert len(groups) == 4
    assert [each for group in groups for each in group] != []


def test_every_statement_has_a_name_of_its_own_that_iam_takes() -> None:
    found = [each["Sid"] for each in plain(*execution(TYPES, NAMES))]
    assert len(found) == len(set(found))
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in found)


def test_more_than_80_actions_of_a_scope_are_two_statements() -> None:
    found = statements()
    assert len(found["Any"]["Action"]) == 80
    assert 0 < len(found["Any2"]["Action"]) <= 80
    assert not {*found["Any"]["Action"]} & {*found["Any2"]["Action"]}
    assert (found["Any"]["Resource"], found["Any2"]["Resource"]) == (["*"], ["*"])
    assert "Any1" not in found


def test_the_stacks_roles_are_passed_to_their_services_alone() -> None:
    found = statements("AWS::Lambda::Function")["PassedTo"]
    assert found["Action"] == ["iam:PassRole"]
    assert found["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/tap-*"}]
    assert found["Condition"] == {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}


def test_service_linked_roles_are_those_of_the_types() -> None:
    found = statements("AWS::ElasticLoadBalancingV2::LoadBalancer")["Linked"]
    assert found["Action"] == ["iam:CreateServiceLinkedRole"]
    assert found["Resource"] == [
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*"}]
    assert found["Condition"] == {"StringEquals": {"iam:AWSServiceName": ["elasticloadbalancing.amazonaws.com"]}}


def test_types_that_pass_no_role_get_no_statement_about_roles() -> None:
    assert {"PassedTo", "Linked"} & set(statements("AWS::SNS::Topic")) == set()


def test_what_is_created_is_tagged_then_and_not_adopted() -> None:
    condition = statements("AWS::EC2::VPC")["New"]["Condition"]
    assert condition == {"StringEquals": {"ec2:CreateAction": ["CreateVpc"]}}


def test_a_condition_names_the_application_and_a_resource_this_region_and_account() -> None:
    found = statements()
    assert found["Tagged"]["Condition"] == {"StringEquals": {"aws:ResourceTag/Application": {"Ref": "Application"}}}
    here = [resource["Fn::Sub"] for each in found.values() for resource in each["Resource"] if resource != "*"]
    named = [each for each in here if "${AWS::Region}" in each]
    assert len(named) > 10
    assert [each for each in named if ":${AWS::Region}:${AWS::AccountId}:" not in each] == [
        "arn:${AWS::Partition}:rds:${AWS::Region}:*:cluster-snapshot:*"]


def test_the_boundary_keeps_the_artifacts_and_has_no_names() -> None:
    first, *others = plain(*boundary(NAMES))
    assert (first["Effect"], first["Resource"]) == (
        "Deny", [{"Fn::Sub": "arn:${AWS::Partition}:s3:::tap-artifacts-${AWS::AccountId}-*"}])
    assert first["NotAction"] == ["s3:GetBucketLocation", "s3:GetObject"]
    assert len(others) > 5
    assert [each for each in (first, *others) if "Sid" in each] == []


def test_a_type_without_actions_is_an_error() -> None:
    with pytest.raises(NoActions, match="AWS::Nothing::Such has no IAM actions"):
        execution(["AWS::Nothing::Such"], NAMES)
