"""What a plan says beyond the change set: what the stack policy denies, and what the template comes to."""

import json
from typing import Any

import pytest
from deploy_fakes import DEV, STACK_ID, changed, cloud_of, rendered
from memory_aws import NEW, MemoryAws, Stack

from tap.deploy.deployed import Deployed
from tap.deploy.guard import Grade, Verdict
from tap.deploy.models import Change, ChangeSet, Environment
from tap.deploy.plan import Plan
from tap.deploy.planning import _loosened, _stored, creation_order, denied, resolved_for, worst
from tap.deploy.template import Rendered
from tap.template.resolve import MASK

NOTHING_ALLOWED = json.dumps({"Statement": []})
TABLE = "AWS::DynamoDB::Table"


def change(action: str, replacement: str | None = None) -> ChangeSet:
    return ChangeSet("id", "name", "UPDATE", STACK_ID, (Change(action, "Table", "t-1", TABLE, replacement),))


@pytest.mark.parametrize(("plan", "lines"), [
    (change("Remove"), ["Update:Delete of Table"]), (change("Modify", "True"), ["Update:Replace of Table"]),
    (change("Modify", "Conditional"), ["Update:Replace of Table"]),
    (change("Modify", "False"), ["Update:Modify of Table"]), (change("Modify"), ["Update:Modify of Table"]),
    (change("Add"), [])])
def test_a_stack_policy_denies_by_what_becomes_of_the_resource(plan: ChangeSet, lines: list[str]) -> None:
    assert denied(NOTHING_ALLOWED, plan) == lines


def test_an_addition_does_not_end_the_list() -> None:
    both = ChangeSet("id", "name", "UPDATE", STACK_ID, (*change("Add").changes, *change("Remove").changes))
    assert denied(NOTHING_ALLOWED, both) == ["Update:Delete of Table"]


@pytest.mark.parametrize("policy", [
    "{", "[]", '{"Statement": [1]}', '{"Statement": [{}]}', '{"Statement": 1}',
    '{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*"}]}'])
def test_a_policy_that_cannot_be_read_denies_nothing_here_and_cloudformation_has_the_last_word(policy: str) -> None:
    assert denied(policy, change("Remove")) == []


def test_what_is_allowed_and_what_has_no_policy_is_not_denied() -> None:
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    assert denied(json.dumps({"Statement": [allow]}), change("Remove")) == []
    assert denied(None, change("Remove")) == []


def test_a_stack_policy_is_not_that_of_the_stacks_in_the_stack() -> None:
    nested = ChangeSet("id", "name", "UPDATE", STACK_ID, (Change("Remove", "Child/Table", "t-1", TABLE, None),))
    assert denied(NOTHING_ALLOWED, nested) == []


DOCUMENT: dict[str, Any] = {
    "Parameters": {"Key": {"Type": "String"}, "Keys": {"Type": "CommaDelimitedList"}, "Size": {"Type": "String"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": {"Fn::Sub": "${AWS::StackName}-${AWS::Region}-${AWS::AccountId}"},
        "DisplayName": {"Fn::Join": [" ", [{"Ref": "Key"}, {"Fn::Select": ["1", {"Ref": "Keys"}]}, {"Ref": "Size"}]]}}},
        "Queue": {"Type": "AWS::SQS::Queue", "DependsOn": "Topic"}}}
ENVIRONMENT = changed(DEV, parameters={"Key": "one", "Keys": "two, three", "Size": "4"},
                      secrets=frozenset({"Key", "Keys"}))


def properties(**more: Any) -> dict[str, Any]:
    env = more.pop("env", ENVIRONMENT)
    found: dict[str, Any] = resolved_for(env, DOCUMENT, **more).resources["Topic"]["Properties"]
    return found


def test_secrets_are_masked_and_a_list_of_them_keeps_its_length() -> None:
    assert properties()["DisplayName"] == f"{MASK} {MASK} 4"


def test_as_many_masks_stand_in_a_list_as_there_were_secrets() -> None:
    document = {**DOCUMENT, "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "DisplayName": {"Fn::Join": ["-", {"Ref": "Keys"}]}, "TopicName": {"Ref": "Key"}}}}}
    found = resolved_for(changed(ENVIRONMENT, parameters={"Key": "a,b", "Keys": "two, three", "Size": "4"}), document)
    assert found.resources["Topic"]["Properties"] == {"DisplayName": f"{MASK}-{MASK}", "TopicName": MASK}


def test_the_stack_gives_its_name_region_and_account() -> None:
    assert properties(stack_id=STACK_ID)["TopicName"] == "tap-dev-eu-west-1-123456789012"
    here = changed(ENVIRONMENT, region="eu-north-1")
    assert str(properties(env=here)["TopicName"]).startswith("tap-dev-eu-north-1-")


def test_a_value_that_stays_is_the_stacks_and_masked_where_the_stack_does_not_say() -> None:
    env = changed(ENVIRONMENT, parameters={"Key": "one", "Keys": "two,three"}, previous=frozenset({"Size"}))
    assert properties(env=env, kept={"Size": "9"})["DisplayName"] == f"{MASK} {MASK} 9"
    assert properties(env=env)["DisplayName"] == f"{MASK} {MASK} {MASK}"


def test_what_an_ssm_parameter_holds_counts_unless_it_is_a_secret() -> None:
    assert properties(stored={"Size": "held", "Key": "leaked"})["DisplayName"] == f"{MASK} {MASK} held"


def test_resources_wait_for_what_they_depend_on_and_a_template_that_does_not_resolve_has_no_order() -> None:
    assert list(creation_order(ENVIRONMENT, DOCUMENT)["Queue"]) == ["Topic"]
    assert creation_order(ENVIRONMENT, {"Resources": {"A": {"Type": "AWS::SNS::Topic", "Condition": "Missing"}}}) == {}


@pytest.mark.parametrize(("first", "second", "joined"), [
    (None, Verdict(Grade.DISRUPTIVE, "b"), Verdict(Grade.DISRUPTIVE, "b")),
    (Verdict(Grade.SAFE, "a"), Verdict(Grade.DISRUPTIVE, "b"), Verdict(Grade.DISRUPTIVE, "b")),
    (Verdict(Grade.DESTRUCTIVE, "a"), Verdict(Grade.WILL_FAIL, "b"), Verdict(Grade.WILL_FAIL, "b")),
    (Verdict(Grade.DESTRUCTIVE, "a"), Verdict(Grade.DISRUPTIVE, "b"), Verdict(Grade.DESTRUCTIVE, "a; b")),
    (Verdict(Grade.DISRUPTIVE, "a"), Verdict(Grade.DESTRUCTIVE, "b", final=True),
     Verdict(Grade.DESTRUCTIVE, "a; b", final=True))])
def test_of_two_verdicts_the_worse_counts(first: Verdict | None, second: Verdict, joined: Verdict) -> None:
    assert worst({"A": first} if first else {}, {"A": second}) == {"A": joined}


def test_a_change_that_has_one_verdict_keeps_it() -> None:
    alone = Verdict(Grade.DESTRUCTIVE, "a")
    assert worst({"A": alone}, {"B": alone}) == {"A": alone, "B": alone}


def reviewed(aws: MemoryAws, env: Environment, document: dict[str, Any] = NEW) -> Plan:
    with cloud_of(aws).change_set(env, rendered(json.dumps(document))) as change:
        return change.review()


def test_a_plan_says_what_a_new_stack_policy_allows_of_every_resource(aws: MemoryAws, stack: Stack) -> None:
    stack.policy = NOTHING_ALLOWED
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "LogicalResourceId/Table"}
    plan = reviewed(aws, changed(DEV, stack_policy=json.dumps({"Statement": [allow]})))
    assert set(plan.loosened) == {f"Update:{each} of Table" for each in ("Modify", "Replace", "Delete")}
    assert reviewed(aws, DEV).loosened == ()


def test_a_plan_knows_what_is_deployed(aws: MemoryAws, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    deployed = reviewed(aws, DEV).deployed
    assert deployed is not None
    assert set(deployed.resources) == {"Table"}


@pytest.mark.parametrize(("given", "resolved", "held"), [
    ({"Image": "/a"}, {}, {"Image": "one"}), ({}, {}, {"Image": "one"}), ({"Image": "/b"}, {}, {}),
    ({"Image": "/b"}, {"Image": "two"}, {"Image": "two"}), ({"Image": "/a"}, {"Image": "new"}, {"Image": "new"})])
def test_what_an_ssm_parameter_held_counts_while_it_is_the_same_one(
        given: dict[str, str], resolved: dict[str, str], held: dict[str, str]) -> None:
    deployed = Deployed({"Parameters": [
        {"ParameterKey": "Image", "ParameterValue": "/a", "ResolvedValue": "one"},
        {"ParameterKey": "Size", "ParameterValue": "1"}]})
    change_set = ChangeSet("id", "name", "UPDATE", STACK_ID, (), resolved=resolved)
    assert _stored(changed(DEV, parameters=given), change_set, deployed) == held


@pytest.mark.parametrize("own", [None, NOTHING_ALLOWED])
def test_a_plan_says_what_the_stacks_policy_denies_and_the_environments_where_it_has_one(
        aws: MemoryAws, stack: Stack, own: str | None) -> None:
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    stack.policy = json.dumps({"Statement": [allow]}) if own else NOTHING_ALLOWED
    without = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    assert reviewed(aws, changed(DEV, stack_policy=own), without).denied == ("Update:Delete of Table",)


def test_a_deployed_template_that_cannot_be_compared_is_a_warning(aws: MemoryAws, stack: Stack) -> None:
    stack.template = json.dumps({"Resources": {"Table": {"Type": TABLE, "Condition": "Missing"}}})
    warning, = [each for each in reviewed(aws, DEV).warnings if "was not compared" in each]
    assert "Missing" in warning


def test_a_loop_among_the_resources_has_no_type_that_a_policy_could_name() -> None:
    document = {"Resources": {"Fn::ForEach::Topics": ["X", ["A"], {}], "Table": {"Type": TABLE}}}
    allow = {"Effect": "Allow", "Action": "Update:Delete", "Principal": "*", "Resource": "*"}
    env = changed(DEV, stack_policy=json.dumps({"Statement": [allow]}))
    nothing = ChangeSet("id", "name", "UPDATE", STACK_ID, ())
    assert _loosened(env, Rendered(document, ""), NOTHING_ALLOWED, nothing) == ["Update:Delete of Table"]
