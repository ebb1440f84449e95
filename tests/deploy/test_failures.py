"""Why an operation failed, as its events tell it."""

import pytest
from deploy_fakes import DEV, event

from tap.deploy import states
from tap.deploy.models import NeedsRecovery, StackEvent, StackFailed

CANCELLED = "Resource creation cancelled"


def test_reaching_the_goal_is_no_failure() -> None:
    assert states.failure(DEV, [event("tap-dev", "UPDATE_COMPLETE")], goal="UPDATE_COMPLETE") is None


def test_the_first_failing_resource_is_named_and_not_the_cancelled_ones() -> None:
    history = [
        event("Early", "CREATE_FAILED", CANCELLED),
        event("Culprit", "CREATE_FAILED", "no capacity."),
        event("Late", "CREATE_FAILED", "depends on Culprit"),
        event("tap-dev", "UPDATE_ROLLBACK_COMPLETE"),
    ]

    failure = states.failure(DEV, history, goal="UPDATE_COMPLETE")
    assert failure is not None
    assert failure.message == (
        "stack tap-dev failed: Culprit (AWS::SNS::Topic) CREATE_FAILED: no capacity. It was rolled back to its "
        "previous state."
    )


def test_a_failure_without_a_failing_resource_gives_the_stacks_own_reason() -> None:
    history = [
        event("tap-dev", "UPDATE_FAILED", "limit reached"),
        event("tap-dev", "UPDATE_ROLLBACK_COMPLETE"),
    ]

    assert "limit reached" in str(states.failure(DEV, history, goal="UPDATE_COMPLETE"))


def test_a_creation_that_ends_deleted_has_failed() -> None:
    history = [event("Topic", "CREATE_FAILED", "no"), event("tap-dev", "DELETE_COMPLETE")]

    assert isinstance(states.failure(DEV, history, goal="CREATE_COMPLETE"), StackFailed)


def test_a_deletion_that_succeeds_at_the_second_try_has_not_failed() -> None:
    history = [event("Topic", "DELETE_FAILED", "in use"), event("tap-dev", "DELETE_COMPLETE")]

    assert states.failure(DEV, history, goal="DELETE_COMPLETE") is None


@pytest.mark.parametrize(
    "status", ["DELETE_FAILED", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "CREATE_FAILED"]
)
def test_a_stack_that_gets_stuck_needs_recovery(status: str) -> None:
    assert isinstance(states.failure(DEV, [event("tap-dev", status)], goal="CREATE_COMPLETE"), NeedsRecovery)


GONE_WRONG = [event("Table", "DELETE_FAILED", "it is in use"), event("Table", "DELETE_FAILED", "it is in use")]


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_what_a_clean_up_cannot_delete_is_left_behind_once(status: str) -> None:
    assert states.left_behind([*GONE_WRONG, event("tap-dev", status)]) == GONE_WRONG[:1]


@pytest.mark.parametrize("history", [
    [*GONE_WRONG, event("Table", "DELETE_COMPLETE"), event("tap-dev", "UPDATE_COMPLETE")],
    [*GONE_WRONG, event("tap-dev", "DELETE_FAILED")], [event("Table", "DELETE_SKIPPED")], []])
def test_what_is_deleted_in_the_end_or_stays_in_the_stack_is_not_left_behind(history: list[StackEvent]) -> None:
    assert states.left_behind(history) == []
