"""Stacks in a stack: their changes are judged, their events shown, their failures followed down."""

import json
from dataclasses import replace
from typing import Any

import pytest
from memory_aws import TABLE, MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap

from tap.deploy.guard import Grade, judge
from tap.deploy.models import Change

STACK = "AWS::CloudFormation::Stack"
NETWORK = {"Type": STACK, "Properties": {"TemplateURL": "https://bucket.s3.amazonaws.com/network.yaml"}}


def resource(action: str, name: str, kind: str, **more: Any) -> dict[str, Any]:
    physical = {} if action == "Add" else {"PhysicalResourceId": f"{name}-1"}
    return {"Type": "Resource", "ResourceChange": {
        "Action": action, "LogicalResourceId": name, "ResourceType": kind, **physical, **more}}


@pytest.fixture(autouse=True)
def account(aws: MemoryAws, tap: Tap) -> None:
    tap.document = {"Resources": {"Table": TABLE, "Network": NETWORK}}
    aws.nested = {"Network": [resource("Add", "Vpc", "AWS::EC2::VPC"), resource("Remove", "Ledger", TABLE["Type"])]}


def inside(aws: MemoryAws, stack: Stack, status: str, reason: str = "") -> Stack:
    """Return the nested stack, in which a VPC is about to be created."""
    nested = aws.add(f"{stack.name}-Network", "CREATE_IN_PROGRESS")
    nested.script = [("Vpc", "AWS::EC2::VPC", "CREATE_IN_PROGRESS", ""), ("Vpc", "AWS::EC2::VPC", status, reason),
                     (nested.name, STACK, status, "")]
    return nested


@pytest.mark.usefixtures("stack")
def test_the_changes_inside_are_shown_and_judged_by_name(tap: Tap, aws: MemoryAws) -> None:
    assert tap("deploy", "dev", "--yes") == 4
    assert dict(aws.requests)["create_change_set"]["IncludeNestedStacks"] is True
    assert "Network/Vpc  EC2::VPC" in tap.out
    assert "--approve Network/Ledger" in tap.err
    assert tap("deploy", "dev", "--yes", "--approve", "Network/Ledger") == 0


@pytest.mark.usefixtures("stack")
def test_nested_change_sets_may_be_nested_in_turn(tap: Tap, aws: MemoryAws) -> None:
    aws.nested["Network"][0]["ResourceChange"] |= {"ResourceType": STACK, "ChangeSetId": "arn:nested-Deeper"}
    aws.nested["Deeper"] = [resource("Add", "Subnet", "AWS::EC2::Subnet")]

    assert tap("plan", "dev", "--json") == 0
    assert [each["logical_id"] for each in json.loads(tap.out)["changes"]] == [
        "Network", "Network/Vpc", "Network/Vpc/Subnet", "Network/Ledger"]


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("command", [["plan", "dev", "--drift"], ["import", "dev", "Kept=TopicArn:arn", "--yes"]])
def test_what_does_not_look_into_nested_stacks_does_not_ask_for_it(
        tap: Tap, aws: MemoryAws, command: list[str]) -> None:
    tap.document["Resources"]["Kept"] = {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"}

    tap(*command)
    assert "IncludeNestedStacks" not in dict(aws.requests)["create_change_set"]


def test_a_nested_stack_that_is_not_looked_into_may_lose_anything() -> None:
    change = Change("Modify", "Network", "Network-1", STACK, "False", scope=("Properties",))

    assert judge(change).grade is Grade.DESTRUCTIVE
    assert judge(replace(change, nested="arn:nested")).grade is Grade.SAFE


@pytest.mark.usefixtures("stack")
def test_a_template_without_nested_stacks_is_asked_for_as_before(tap: Tap, aws: MemoryAws) -> None:
    tap.document = {"Resources": {"Table": TABLE, "Topic": {"Type": "AWS::SNS::Topic"}}}

    assert tap("plan", "dev") == 0
    assert "IncludeNestedStacks" not in dict(aws.requests)["create_change_set"]


@pytest.mark.usefixtures("stack")
def test_a_nested_change_set_that_fails_gives_its_own_reason(tap: Tap, aws: MemoryAws) -> None:
    aws.nested_reason = "Template error: Vpc is not defined"

    assert tap("plan", "dev") == 2
    assert "nested stack Network: Template error: Vpc is not defined" in tap.err
    assert tap.left() == []


def test_the_stack_policy_does_not_reach_into_nested_stacks(tap: Tap, stack: Stack) -> None:
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "Update:Delete", "Principal": "*", "Resource": "*"}
    stack.policy = json.dumps({"Statement": [allow, deny]})
    (tap.root / "parameters/dev.json").write_text('{"Parameters": {}}')

    assert tap("deploy", "dev", "--yes", "--approve", "Network/Ledger") == 0


def test_a_first_plan_waits_until_its_change_sets_are_gone_before_it_deletes_the_stack(
        tap: Tap, aws: MemoryAws) -> None:
    aws.slow_deletions = 3

    assert tap("plan", "dev") == 0
    assert (aws.stacks, aws.change_sets) == ({}, {})


def test_events_inside_are_shown_as_they_come(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    inside(aws, stack, "CREATE_COMPLETE")

    assert tap("deploy", "dev", "--yes", "--approve", "Network/Ledger") == 0
    shown = [line for line in tap.out.splitlines() if "Network/Vpc" in line and "_COMPLETE" in line]
    assert len(shown) == 1


def test_a_failure_inside_is_the_root_cause(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.failing, aws.reason = {"Network"}, "Embedded stack was not successfully created: [Vpc]"
    inside(aws, stack, "CREATE_FAILED", "The maximum number of VPCs has been reached")

    assert tap("deploy", "dev", "--yes", "--approve", "Network/Ledger") == 1
    assert ("stack tap-dev failed: Network/Vpc (AWS::EC2::VPC) CREATE_FAILED: The maximum number of VPCs has been "
            "reached") in tap.err


def test_a_nested_stack_that_cannot_be_asked_does_not_end_the_watch(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    nested = inside(aws, stack, "CREATE_COMPLETE")
    plain = aws.do_describe_stack_events

    def denied(StackName: str, NextToken: str = "0") -> Any:
        if StackName == nested.stack_id:
            raise refusal("AccessDenied")
        return plain(StackName, NextToken)

    aws.__dict__["do_describe_stack_events"] = denied

    assert tap("deploy", "dev", "--yes", "--approve", "Network/Ledger") == 0


def test_events_lists_what_happened_inside(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    nested = inside(aws, stack, "CREATE_FAILED", "no")
    assert tap("deploy", "dev", "--yes", "--approve", "Network/Ledger") == 0
    aws.finish(nested)

    assert tap("events", "dev", "--failed") == 0
    assert "Network/Vpc" in tap.out
