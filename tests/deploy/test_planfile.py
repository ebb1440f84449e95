"""What a saved plan is bound to: everything that the environment gives the stack, and everything that would change."""

from dataclasses import replace
from typing import Any

import pytest
from deploy_fakes import DEV, STACK_ID, changed

from tap.deploy.models import Change, ChangeSet, Detail
from tap.deploy.planfile import changes_hash, parameters_hash

ENVIRONMENT = changed(DEV, parameters={"Size": "2", "Key": "one"}, secrets=frozenset({"Key", "Unused"}),
                      previous=frozenset({"Password", "Token"}), tags={"Team": "payments", "Cost": "1"},
                      stack_policy="{}")
DETAIL = Detail("Properties", "TopicName", "/Properties/TopicName", "Always", "Static", "DirectModification", None,
                "old", "new")
CHANGE = Change("Modify", "Topic", "topic-1", "AWS::SNS::Topic", "True", ("Properties",), "Delete", (DETAIL,))


def plan(*changes: Change) -> ChangeSet:
    return ChangeSet("id", "name", "UPDATE", STACK_ID, changes)


@pytest.mark.parametrize("fields", [
    {"parameters": {"Size": "3", "Key": "one"}}, {"parameters": {"Size": "2"}},
    {"secrets": frozenset()}, {"previous": frozenset({"Token"})}, {"tags": {"Team": "payments"}},
    {"stack_policy": None}, {"notification_topics": ("arn:topic",)},
    {"role_arn": "arn:aws:iam::123456789012:role/deployer"}])
def test_whatever_the_environment_gives_otherwise_is_another_plan(fields: dict[str, Any]) -> None:
    assert parameters_hash(changed(ENVIRONMENT, **fields)) != parameters_hash(ENVIRONMENT)


def test_a_secret_cannot_be_guessed_from_the_hash() -> None:
    other = changed(ENVIRONMENT, parameters={"Size": "2", "Key": "two"})
    assert parameters_hash(other) == parameters_hash(ENVIRONMENT)


def test_the_order_of_parameters_and_tags_is_no_other_plan() -> None:
    other = changed(ENVIRONMENT, parameters={"Key": "one", "Size": "2"}, tags={"Cost": "1", "Team": "payments"})
    assert parameters_hash(other) == parameters_hash(ENVIRONMENT)


@pytest.mark.parametrize("other", [
    replace(CHANGE, action="Remove"), replace(CHANGE, logical_id="Other"), replace(CHANGE, physical_id="topic-2"),
    replace(CHANGE, replacement="False"), replace(CHANGE, policy_action="Retain"), replace(CHANGE, details=()),
    replace(CHANGE, details=(replace(DETAIL, path="/Properties/Other"),)),
    replace(CHANGE, details=(replace(DETAIL, path=None),))])
def test_whatever_would_change_otherwise_is_another_plan(other: Change) -> None:
    assert changes_hash(plan(other)) != changes_hash(plan(CHANGE))


def test_a_change_without_a_path_is_told_by_its_name() -> None:
    tags, name = (replace(CHANGE, details=(replace(DETAIL, path=None, name=each),)) for each in ("Tags", "TopicName"))
    assert changes_hash(plan(tags)) != changes_hash(plan(name))


def test_the_order_of_changes_and_their_values_are_no_other_plan() -> None:
    other = replace(CHANGE, logical_id="Table", details=(DETAIL, replace(DETAIL, path="/Properties/Other")))
    turned = replace(other, details=tuple(replace(each, after=None) for each in other.details[::-1]))
    assert changes_hash(plan(CHANGE, other)) == changes_hash(plan(turned, CHANGE))
