"""Each state that a stack can be stuck in, and the way out of it."""

import io
import json
import sys

import pytest
from memory_aws import NEW, MemoryAws
from memory_tap import Tap


@pytest.mark.parametrize(("status", "after"), [
    ("REVIEW_IN_PROGRESS", None), ("ROLLBACK_COMPLETE", None), ("ROLLBACK_FAILED", None), ("CREATE_FAILED", None),
    ("DELETE_FAILED", None), ("UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
    ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE")])
def test_each_stuck_state_is_led_out_of(
        tap: Tap, aws: MemoryAws, status: str, after: str | None) -> None:
    aws.add(status=status, resources={"Table": ("AWS::DynamoDB::Table", "UPDATE_FAILED")})
    if status != "REVIEW_IN_PROGRESS":
        # A failed first creation is deleted by `tap deploy`, but not by --yes where something holds data.
        assert tap("deploy", "dev", "--yes") == (4 if status == "ROLLBACK_COMPLETE" else 6)
        assert f"tap recover dev --root {tap.root}" in tap.err

    assert tap("recover", "dev", "--yes") == 0
    assert (aws.stacks["tap-dev"].status if after else aws.stacks) == (after or {})
    assert tap("deploy", "dev", "--yes") == 0


@pytest.mark.parametrize(
    "status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_recovery_is_said_before_it_is_done_and_may_be_declined(
        tap: Tap, aws: MemoryAws, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.add(status=status)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))

    assert tap("recover", "dev") == 3
    assert "tap would" in tap.out
    assert not {"delete_stack", "continue_update_rollback", "rollback_stack"} & set(aws.calls)


def test_what_fails_again_needs_recovery_again(tap: Tap, aws: MemoryAws) -> None:
    aws.add(status="DELETE_FAILED", resources={"Table": ("AWS::DynamoDB::Table", "DELETE_FAILED")})
    aws.stuck = True

    assert tap("recover", "dev", "--yes") == 6
    aws.stuck = False
    assert tap("recover", "dev", "--skip", "Table", "--yes") == 0
    assert aws.stacks == {}


@pytest.mark.parametrize(("status", "method", "member"), [
    ("DELETE_FAILED", "delete_stack", "RetainResources"),
    ("UPDATE_ROLLBACK_FAILED", "continue_update_rollback", "ResourcesToSkip")])
def test_what_is_skipped_is_named_to_cloudformation(
        tap: Tap, aws: MemoryAws, status: str, method: str, member: str) -> None:
    aws.add(status=status, resources={"Table": ("AWS::DynamoDB::Table", "DELETE_FAILED")})

    assert tap("recover", "dev", "--skip", "Table", "--yes") == 0
    assert dict(aws.requests)[method][member] == ["Table"]
    assert tap("recover", "dev", "--skip", "Nothing") in (0, 2)


@pytest.mark.parametrize("status", ["DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_what_could_be_skipped_is_named(tap: Tap, aws: MemoryAws, status: str) -> None:
    aws.add(status=status, resources={"Table": ("AWS::DynamoDB::Table", "DELETE_FAILED")})

    assert tap("recover", "dev") == 3
    assert "--skip Table\n" in tap.out


def test_somebody_elses_pending_change_set_is_not_recovered_away(tap: Tap, aws: MemoryAws) -> None:
    aws.do_create_change_set("tap-dev", "theirs", "CREATE", json.dumps(NEW), [])

    assert tap("recover", "dev", "--yes") == 4
    assert "theirs" in tap.err
    assert list(aws.stacks) == ["tap-dev"]


def test_where_no_way_out_is_documented_that_is_said(tap: Tap, aws: MemoryAws) -> None:
    aws.add(status="IMPORT_ROLLBACK_FAILED")

    assert tap("recover", "dev", "--yes") == 6
    assert "CloudFormation documents no way to recover from that" in tap.err
