"""Stack policies, as CloudFormation evaluates them: denied unless allowed, and a denial wins."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap.deploy.policies import ACTIONS, allowed_beyond, allows, same

ALL = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
TYPES = {"Database": "AWS::RDS::DBCluster", "Topic": "AWS::SNS::Topic"}


def policy(*statements: Any) -> str:
    return json.dumps({"Statement": list(statements)})


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "Update:Replace", "Resource": "*", **more}


def test_without_a_policy_everything_is_allowed() -> None:
    assert allows(None, "Update:Delete", "Topic", "AWS::SNS::Topic")


def test_what_no_statement_allows_is_denied() -> None:
    assert not allows(policy(), "Update:Modify", "Topic", "AWS::SNS::Topic")


@pytest.mark.parametrize(("statement", "denied"), [
    (deny(), {"Update:Replace of Database", "Update:Replace of Topic"}),
    (deny(Resource="LogicalResourceId/Database"), {"Update:Replace of Database"}),
    (deny(Resource="LogicalResourceId/D*"), {"Update:Replace of Database"}),
    (deny(Action=["Update:Replace", "Update:Delete"], Resource="LogicalResourceId/Topic"),
     {"Update:Replace of Topic", "Update:Delete of Topic"}),
    ({"Effect": "Deny", "Principal": "*", "NotAction": "Update:Modify", "NotResource": "LogicalResourceId/Topic"},
     {"Update:Replace of Database", "Update:Delete of Database"}),
    (deny(Condition={"StringEquals": {"ResourceType": ["AWS::RDS::DBCluster"]}}), {"Update:Replace of Database"}),
    (deny(Condition={"StringLike": {"ResourceType": ["AWS::RDS::*"]}}), {"Update:Replace of Database"}),
])  # fmt: skip
def test_what_a_statement_denies(statement: Any, denied: set[str]) -> None:
    assert set(allowed_beyond(policy(ALL, statement), policy(ALL), TYPES)) == denied


def test_a_stricter_policy_allows_nothing_beyond() -> None:
    assert allowed_beyond(policy(ALL), policy(ALL, deny()), TYPES) == []


def test_a_first_policy_allows_nothing_beyond() -> None:
    assert allowed_beyond(None, policy(ALL), TYPES) == []


@pytest.mark.parametrize("strange", [
    policy({**ALL, "Effect": "Perhaps"}), policy({**ALL, "Condition": {"Bool": {"x": "y"}}}), "[]", "{",
    policy({"Effect": "Allow"}), policy({**ALL, "Unless": 1}),
])  # fmt: skip
def test_a_new_policy_that_cannot_be_read_allows_everything(strange: str) -> None:
    assert len(allowed_beyond(policy(deny()), strange, TYPES)) == len(TYPES) * len(ACTIONS)


STATEMENTS = st.lists(st.builds(
    lambda effect, action, resource: {"Effect": effect, "Action": action, "Principal": "*", "Resource": resource},
    st.sampled_from(["Allow", "Deny"]), st.sampled_from([*ACTIONS, "Update:*"]),
    st.sampled_from(["*", "LogicalResourceId/Database", "LogicalResourceId/T*"])), max_size=4)


@given(STATEMENTS, STATEMENTS)
def test_adding_a_denial_never_allows_more(statements: list[Any], denials: list[Any]) -> None:
    denials = [{**each, "Effect": "Deny"} for each in denials]
    assert allowed_beyond(policy(*statements), policy(*statements, *denials), TYPES) == []


@given(STATEMENTS)
def test_a_policy_allows_nothing_beyond_itself(statements: list[Any]) -> None:
    assert allowed_beyond(policy(*statements), policy(*statements), TYPES) == []


def test_spelling_makes_no_other_policy() -> None:
    assert same('{"Statement": [{"Effect":"Allow"}]}', '{"Statement":[{"Effect": "Allow"}]}')
    assert not same(None, policy())


@pytest.mark.parametrize("statement", [
    {**ALL, "Unless": 1}, {**ALL, "Effect": "Perhaps"},
    {**ALL, "Condition": {"StringEquals": {"Other": "x"}}}, {**ALL, "Condition": {"Bool": {"ResourceType": "x"}}},
    {**ALL, "Condition": {"StringLike": {"ResourceType": "x", "Other": "y"}}}])
def test_what_is_not_known_of_a_statement_is_an_error_and_not_passed_over(statement: Any) -> None:
    with pytest.raises(ValueError, match="unknown "):
        allows(policy(statement), "Update:Modify", "Topic", "AWS::SNS::Topic")


@pytest.mark.parametrize("text", ["no JSON", "5", '{"Statement": [5]}', '{"Statement": [{"Effect": "Deny"}]}'])
def test_a_policy_of_the_stack_that_cannot_be_evaluated_counts_as_allowing_nothing(text: str) -> None:
    assert len(allowed_beyond(text, None, TYPES)) == len(ACTIONS) * len(TYPES)
