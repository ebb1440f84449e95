"""A busy stack is waited for, and one whose first creation failed is deleted first."""

import sys
from io import StringIO

import pytest
from documents import document
from memory_aws import MemoryAws, Stack
from memory_tap import Tap

ME = "AWS::CloudFormation::Stack"


def busy(aws: MemoryAws, stack: Stack, looks: int) -> None:
    """Let somebody's update end after so many looks at the stack."""
    stack.status = "UPDATE_IN_PROGRESS"
    describe, left = aws.do_describe_stacks, iter(range(looks))

    def described(StackName: str) -> object:
        if next(left, None) is None and stack.status == "UPDATE_IN_PROGRESS":
            stack.status = "UPDATE_COMPLETE"
        return describe(StackName)

    aws.__dict__["do_describe_stacks"] = described


@pytest.mark.parametrize("command", [
    ["plan"], ["deploy", "--yes"], ["recover", "--yes"], ["delete", "--yes"]], ids=lambda command: command[0])
def test_a_busy_stack_is_waited_for(tap: Tap, aws: MemoryAws, stack: Stack, command: list[str]) -> None:
    busy(aws, stack, 5)

    assert tap(*command, "dev", "--wait", "30m") == 0
    assert (tap.out + tap.err).count("Stack tap-dev is busy (UPDATE_IN_PROGRESS): waiting up to 30 min 00 s") == 1
    assert tap.slept >= 20


def test_a_busy_stack_is_not_waited_for_unless_that_is_asked(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    busy(aws, stack, 5)

    assert tap("deploy", "dev", "--yes") == 5
    assert tap.slept == 0


def test_waiting_for_a_busy_stack_ends_after_the_given_time(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.status = "UPDATE_IN_PROGRESS"

    assert tap("deploy", "dev", "--yes", "--wait", "2m", "--json") == 5
    told = document(tap.out, "deploy")
    assert told["outcome"] == "left running"
    assert told["error"]["message"] == (
        "stack tap-dev is still busy (UPDATE_IN_PROGRESS) after 2 min 00 s. Follow it with: tap watch dev --root "
        f"{tap.root}")
    assert tap.slept == 120
    assert "create_change_set" not in aws.calls


def test_waiting_for_a_stack_can_be_interrupted(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.status = "UPDATE_IN_PROGRESS"
    aws.always["describe_stacks"] = KeyboardInterrupt()

    assert tap("deploy", "dev", "--yes", "--wait", "2m") == 3
    assert tap.err == "tap: interrupted before anything was applied\n"


def test_a_stack_that_gets_stuck_while_it_is_waited_for_is_said_to_be_stuck(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    aws.hooks["describe_stacks"] = lambda: setattr(stack, "status", "UPDATE_ROLLBACK_FAILED")

    assert tap("deploy", "dev", "--yes", "--wait", "2m") == 6


@pytest.mark.parametrize("value", ["30", "m", "-1m", "1 h", "1w"])
def test_a_time_to_wait_has_a_unit(tap: Tap, value: str) -> None:
    assert tap("deploy", "dev", "--wait", value) == 2
    assert "must be a number and a unit: 30s, 10m, 2h or 7d" in tap.err


def test_an_offline_plan_waits_for_no_stack(tap: Tap) -> None:
    assert tap("plan", "dev", "--offline", "--wait", "1m") == 2


# -- after a failed first creation


@pytest.fixture
def failed(aws: MemoryAws) -> Stack:
    """Return a stack whose creation was rolled back."""
    return aws.add(status="ROLLBACK_COMPLETE", resources={"Table": ("AWS::DynamoDB::Table", "DELETE_COMPLETE"),
                                                          "Topic": ("AWS::SNS::Topic", "DELETE_COMPLETE")})


def test_one_command_deletes_a_failed_creation_and_creates_the_stack(
        tap: Tap, aws: MemoryAws, failed: Stack) -> None:
    assert tap("deploy", "dev", "--yes") == 0
    assert "its first creation failed, and it can only be deleted" in tap.out
    assert (failed.status, aws.stacks["tap-dev"].status) == ("DELETE_COMPLETE", "CREATE_COMPLETE")


@pytest.mark.parametrize(("answers", "code"), [("n\n", 3), ("", 3), ("y\nn\n", 3), ("y\ny\n", 0)])
def test_a_failed_creation_is_deleted_if_the_user_agrees(
        tap: Tap, failed: Stack, monkeypatch: pytest.MonkeyPatch, answers: str, code: int) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(answers))

    assert tap("deploy", "dev") == code
    assert "Delete stack tap-dev and create it again? [y/N]" in tap.err
    assert failed.status == ("DELETE_COMPLETE" if answers.startswith("y") else "ROLLBACK_COMPLETE")


def test_a_failed_creation_that_still_holds_data_is_not_deleted_by_yes(
        tap: Tap, aws: MemoryAws, failed: Stack) -> None:
    failed.resources["Table"] = ("AWS::DynamoDB::Table", "DELETE_FAILED")

    assert tap("deploy", "dev", "--yes") == 4
    assert "has resources that hold data, which --yes does not delete: Table" in tap.err
    assert "delete_stack" not in aws.calls


def test_a_failed_creation_that_still_holds_data_is_deleted_if_the_user_agrees(
        tap: Tap, failed: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    failed.resources["Table"] = ("AWS::DynamoDB::Table", "DELETE_FAILED")
    monkeypatch.setattr(sys, "stdin", StringIO("y\ny\n"))

    assert tap("deploy", "dev") == 0
    assert "Its resources that hold data: Table" in tap.out


def test_a_plan_of_a_failed_creation_changes_nothing(tap: Tap, aws: MemoryAws, failed: Stack) -> None:
    assert tap("plan", "dev") == 6
    assert failed.status == "ROLLBACK_COMPLETE"
    assert "delete_stack" not in aws.calls


def test_parameters_are_checked_before_a_failed_creation_is_deleted(tap: Tap, failed: Stack) -> None:
    assert tap("deploy", "dev", "--yes", "--parameter", "Unknown=1") == 2
    assert failed.status == "ROLLBACK_COMPLETE"
