"""Deleting, recovering and watching a stack: what counts as begun, and what as success."""

import json

import pytest
from botocore.exceptions import ReadTimeoutError
from deploy_fakes import DEV, Recorder, changed, cloud_of
from memory_aws import NEW, OLD, MemoryAws, Stack
from memory_service import refusal

from tap.deploy.models import CallFailed, InputError, LeftRunning, NeedsRecovery, Refused, StackFailed
from tap.deploy.recovery import Recovery

TIMEOUT = ReadTimeoutError(endpoint_url="https://cloudformation.eu-west-1.amazonaws.com")
ME = "AWS::CloudFormation::Stack"


def begin(aws: MemoryAws, stack: Stack, operation: str = "UPDATE") -> None:
    """Let somebody else begin an operation on the stack."""
    stack.token = "theirs"
    stack.script = list(aws._work(stack, operation, {"Topic": "AWS::SNS::Topic"}))
    aws._advance(stack)


def test_a_deletion_that_never_began_is_an_error(aws: MemoryAws, stack: Stack) -> None:
    aws.faults["delete_stack"] = [("before", TIMEOUT)]
    with pytest.raises(CallFailed):
        cloud_of(aws).delete(DEV, Recorder())
    assert stack.status == "CREATE_COMPLETE"


def test_a_deletion_whose_answer_is_lost_is_followed_to_its_end(aws: MemoryAws, stack: Stack) -> None:
    aws.faults["delete_stack"] = [("after", TIMEOUT)]
    recorder = Recorder()
    cloud_of(aws).delete(DEV, recorder)
    assert stack.status == "DELETE_COMPLETE"
    assert recorder.events[-1].status == "DELETE_COMPLETE"


def test_a_deletion_that_is_over_before_its_lost_answer_is_looked_for_is_success(
        aws: MemoryAws, stack: Stack) -> None:
    def delete_at_once() -> None:
        aws.do_delete_stack(stack.stack_id)
        aws.finish(stack)

    aws.hooks["delete_stack"] = delete_at_once
    aws.faults["delete_stack"] = [("before", TIMEOUT)]
    cloud_of(aws).delete(DEV, Recorder())
    assert stack.status == "DELETE_COMPLETE"


def test_a_deletion_that_is_refused_is_an_error_unless_one_is_under_way(aws: MemoryAws, stack: Stack) -> None:
    aws.faults["delete_stack"] = [("before", refusal("AccessDenied", "you may not"))]
    with pytest.raises(CallFailed, match="you may not"):
        cloud_of(aws).delete(DEV, Recorder())

    aws.hooks["delete_stack"] = lambda: begin(aws, stack, "DELETE")
    aws.faults["delete_stack"] = [("before", refusal("ValidationError", "is in DELETE_IN_PROGRESS state"))]
    cloud_of(aws).delete(DEV, Recorder())
    assert stack.status == "DELETE_COMPLETE"


def test_an_interrupted_request_counts_as_running(aws: MemoryAws, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    aws.faults["delete_stack"] = [("before", KeyboardInterrupt())]
    with pytest.raises(LeftRunning, match="interrupted while starting the operation"):
        cloud_of(aws).delete(DEV, Recorder())


def test_no_stack_is_deleted_already_and_another_accounts_is_not_touched(aws: MemoryAws) -> None:
    cloud_of(aws).delete(DEV, Recorder())
    assert "delete_stack" not in aws.calls

    aws.add()
    with pytest.raises(Refused, match="account 123456789012"):
        cloud_of(aws).delete(changed(DEV, accounts=("999999999999",)), Recorder())
    assert "delete_stack" not in aws.calls


def test_the_targets_role_deletes_and_what_is_kept_is_named(aws: MemoryAws, stack: Stack) -> None:
    role = "arn:aws:iam::123456789012:role/execution"
    cloud_of(aws).delete(changed(DEV, role_arn=role), Recorder(), RetainResources=["Table"])
    (_, request), = [each for each in aws.requests if each[0] == "delete_stack"]
    assert (request["StackName"], request["RoleARN"], request["RetainResources"]) == (stack.stack_id, role, ["Table"])


def test_what_cannot_be_deleted_needs_recovery(aws: MemoryAws, stack: Stack) -> None:
    aws.stuck = True
    with pytest.raises(NeedsRecovery, match="no capacity"):
        cloud_of(aws).delete(DEV, Recorder())
    assert stack.status == "DELETE_FAILED"


def test_watching_an_update_that_rolls_back_is_a_failure(aws: MemoryAws, stack: Stack) -> None:
    aws.failing = {"Topic"}
    begin(aws, stack)
    recorder = Recorder()
    with pytest.raises(StackFailed, match="rolled back"):
        cloud_of(aws).watch(DEV, recorder)
    assert recorder.events[-1].status == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE"])
def test_watching_returns_what_the_operation_came_to(aws: MemoryAws, stack: Stack, operation: str) -> None:
    begin(aws, stack, operation)
    recorder = Recorder()
    assert cloud_of(aws).watch(DEV, recorder) == f"{operation}_COMPLETE"
    assert (recorder.events[0].status, recorder.events[-1].status) == (
        f"{operation}_IN_PROGRESS", f"{operation}_COMPLETE")


@pytest.mark.parametrize(("failing", "status"), [(set(), "UPDATE_COMPLETE"), ({"Topic"}, "UPDATE_ROLLBACK_COMPLETE")])
def test_an_operation_that_ends_while_its_events_are_asked_for_is_judged_too(
        aws: MemoryAws, stack: Stack, failing: set[str], status: str) -> None:
    aws.failing = failing
    begin(aws, stack)
    aws.hooks["describe_stack_events"] = lambda: aws.finish(stack)
    if failing:
        with pytest.raises(StackFailed):
            cloud_of(aws).watch(DEV, Recorder())
    else:
        assert cloud_of(aws).watch(DEV, Recorder()) == status
    assert stack.status == status


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_where_nothing_is_under_way_watching_returns_the_status_at_once(aws: MemoryAws, status: str) -> None:
    aws.add(status=status)
    assert cloud_of(aws).watch(DEV, Recorder()) == status
    assert "describe_stack_events" not in aws.calls


def test_there_is_nothing_to_watch_without_a_stack(aws: MemoryAws) -> None:
    with pytest.raises(InputError, match="stack tap-dev does not exist"):
        cloud_of(aws).watch(DEV, Recorder())


def test_a_recovery_deletes_its_change_sets_and_then_does_its_work(aws: MemoryAws, stack: Stack) -> None:
    stack.template = json.dumps(OLD)
    made = aws.do_create_change_set("tap-dev", "left-behind", "UPDATE", json.dumps(NEW))
    way = Recovery(stack.stack_id, "CREATE_COMPLETE", (), change_sets=(made["Id"],))
    cloud_of(aws).recover(DEV, way, Recorder())
    assert aws.change_sets == {}
    with pytest.raises(Refused):
        cloud_of(aws).recover(changed(DEV, accounts=("999999999999",)), way, Recorder())


def test_protection_is_lifted_in_the_targets_account_alone(aws: MemoryAws, stack: Stack) -> None:
    stack.protected = True
    with pytest.raises(Refused):
        cloud_of(aws).lift_protection(changed(DEV, accounts=("999999999999",)), stack.stack_id)
    assert stack.protected
    cloud_of(aws).lift_protection(DEV, stack.stack_id)
    assert not stack.protected
