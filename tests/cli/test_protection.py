"""The guard, the stack policy, termination protection and the target, from the command to the account."""

import json
from typing import Any

import pytest
from memory_aws import OLD, TABLE, MemoryAws, Stack
from memory_tap import Tap


def target(tap: Tap, text: str) -> None:
    (tap.root / "parameters/targets.toml").write_text(f"[dev]\n{text}\n")


def replaced(aws: MemoryAws) -> None:
    aws.changed["Table"] = {"Replacement": "True", "PolicyAction": "ReplaceAndDelete"}


CHANGED = {"Resources": {"Table": {**TABLE, "Properties": {"TableName": "t"}}}}
DENY = json.dumps({"Statement": [
    {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "LogicalResourceId/Table"}]})


def test_what_destroys_data_is_refused_until_it_is_approved_by_name(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    tap.document = CHANGED
    replaced(aws)

    assert tap("deploy", "dev", "--yes") == 4
    assert "--approve Table" in tap.err
    assert (aws.executed, aws.change_sets) == ([], {})
    assert tap("deploy", "dev", "--yes", "--approve", "Table") == 0
    assert stack.status == "UPDATE_COMPLETE"


def test_a_policy_that_allows_more_is_refused_until_it_is_approved(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.policy = DENY

    assert tap("deploy", "dev", "--yes") == 4
    assert "would allow Update:Replace of Table" in tap.err
    assert (stack.policy, aws.executed) == (DENY, [])
    assert tap("deploy", "dev", "--yes", "--approve", "StackPolicy") == 0
    assert stack.policy != DENY


def test_a_policy_without_a_change_of_the_template_is_held_to_the_same(tap: Tap, stack: Stack) -> None:
    tap.document, stack.policy = OLD, DENY

    assert tap("deploy", "dev", "--yes") == 4
    assert stack.policy == DENY
    assert tap("deploy", "dev", "--yes", "--approve", "StackPolicy") == 0
    assert stack.policy != DENY


def test_a_stricter_policy_is_set_before_the_execution(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    file = tap.root / "parameters/dev.json"
    file.write_text(json.dumps({"Parameters": {}, "StackPolicy": json.loads(DENY)}))

    assert tap("deploy", "dev", "--yes") == 0
    assert aws.calls.index("set_stack_policy") < aws.calls.index("execute_change_set")
    assert json.loads(stack.policy or "") == json.loads(DENY)


def test_what_the_stack_policy_denies_is_not_tried(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    (tap.root / "parameters/dev.json").write_text(json.dumps({"Parameters": {}, "StackPolicy": json.loads(DENY)}))
    tap.document, stack.policy = CHANGED, DENY
    replaced(aws)

    assert tap("deploy", "dev", "--yes", "--approve", "Table") == 4
    assert "does not allow Update:Replace of Table" in tap.err
    assert aws.executed == []


def test_a_policy_that_is_already_there_is_not_set_again(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    tap.document = OLD
    tap("deploy", "dev", "--yes")
    aws.calls.clear()

    assert tap("deploy", "dev", "--yes") == 0
    assert "set_stack_policy" not in aws.calls
    assert "No changes" in tap.out
    assert stack.policy


def test_protection_is_turned_on_without_a_change_of_the_template(tap: Tap, stack: Stack) -> None:
    tap.document = OLD
    target(tap, "termination_protection = true")

    assert tap("deploy", "dev", "--yes") == 0
    assert stack.protected
    assert "Protection changed" in tap.out


def test_protection_is_turned_off_only_by_name(tap: Tap, stack: Stack) -> None:
    tap.document, stack.protected = OLD, True

    assert tap("deploy", "dev", "--yes") == 0
    assert stack.protected
    assert tap("deploy", "dev", "--yes", "--approve", "TerminationProtection") == 0
    assert not stack.protected


def test_a_protected_stack_is_deleted_only_by_name(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.protected = True

    assert tap("delete", "dev", "--yes") == 4
    assert tap("delete", "dev", "--yes", "--lift-protection", "dev") == 4
    assert list(aws.stacks) == ["tap-dev"]
    assert tap("delete", "dev", "--yes", "--lift-protection", "tap-dev") == 0
    assert aws.stacks == {}


@pytest.mark.parametrize("setting", ['mode = "EXPRESS"', 'on_failure = "DO_NOTHING"'])
def test_what_makes_updates_unsafe_is_refused_for_protected_environments(
        tap: Tap, aws: MemoryAws, setting: str) -> None:
    target(tap, f"termination_protection = true\n{setting}")

    assert tap("deploy", "dev", "--yes") == 4
    assert aws.calls == []


@pytest.mark.parametrize(("text", "member", "value"), [
    ('role_arn = "arn:aws:iam::123456789012:role/deploy"', "RoleARN", "arn:aws:iam::123456789012:role/deploy"),
    ('on_failure = "DO_NOTHING"', "OnStackFailure", "DO_NOTHING"),
    ('mode = "EXPRESS"', "DeploymentConfig", {"Mode": "EXPRESS"}),
    ('capabilities = ["CAPABILITY_NAMED_IAM"]', "Capabilities", ["CAPABILITY_NAMED_IAM"])])
@pytest.mark.usefixtures("stack")
def test_what_the_target_says_reaches_cloudformation(
        tap: Tap, aws: MemoryAws, text: str, member: str, value: Any) -> None:
    target(tap, text)

    assert tap("plan", "dev") == 0
    assert dict(aws.requests)["create_change_set"][member] == value


@pytest.mark.parametrize(("kind", "sent"), [("CREATE", "DELETE"), ("UPDATE", None)])
def test_deletion_on_failure_is_for_creations_alone(
        tap: Tap, aws: MemoryAws, kind: str, sent: str | None) -> None:
    target(tap, 'on_failure = "DELETE"')
    if kind == "UPDATE":
        aws.add(template=json.dumps(OLD))

    tap("plan", "dev")
    assert dict(aws.requests)["create_change_set"].get("OnStackFailure") == sent
