"""What a stack keeps although its files no longer name it."""

from typing import Any

import pytest
from memory_aws import MemoryAws, Stack
from memory_tap import Tap

ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:health"
ROLE = "arn:aws:iam::123456789012:role/deployer"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:audit"
TRIGGERS = {"RollbackConfiguration": {"RollbackTriggers": [{"Arn": ALARM, "Type": "AWS::CloudWatch::Alarm"}]}}


def test_alarms_that_are_no_longer_named_are_taken_from_the_stack(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.attributes = TRIGGERS
    (tap.root / "parameters/targets.toml").write_text("[dev]\nrollback_alarms = []\nmonitoring_minutes = 7\n")

    assert tap("plan", "dev") == 0
    assert dict(aws.requests)["create_change_set"]["RollbackConfiguration"] == {
        "RollbackTriggers": [], "MonitoringTimeInMinutes": 0}


@pytest.mark.usefixtures("stack")
def test_a_stack_without_alarms_is_sent_none(tap: Tap, aws: MemoryAws) -> None:
    assert tap("plan", "dev") == 0
    assert "RollbackConfiguration" not in dict(aws.requests)["create_change_set"]


@pytest.mark.parametrize(("attributes", "told"), [
    (TRIGGERS, f"{ALARM} no longer rolls updates back"),
    ({"RoleARN": ROLE}, f"CloudFormation keeps using {ROLE}"),
    ({"NotificationARNs": [TOPIC]}, f"the stack's events go to {TOPIC}"),
    ({"EnableTerminationProtection": True}, "termination protection stays on")])
def test_an_attribute_that_stays_with_the_stack_is_named(
        tap: Tap, stack: Stack, attributes: dict[str, Any], told: str) -> None:
    stack.attributes = attributes

    assert tap("plan", "dev") == 0
    assert told in " ".join(tap.out.split())


def test_a_stack_policy_that_the_file_lacks_stays_and_is_named(tap: Tap, stack: Stack) -> None:
    stack.policy = '{"Statement": []}'
    (tap.root / "parameters/dev.json").write_text('{"Parameters": {}}')

    assert tap("plan", "dev") == 0
    assert "the stack keeps its stack policy, which can be replaced but not removed" in " ".join(tap.out.split())


@pytest.mark.usefixtures("stack")
def test_what_the_files_name_is_not_lingering(tap: Tap) -> None:
    assert tap("plan", "dev") == 0
    assert "warning" not in tap.out
