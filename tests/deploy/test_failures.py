"""Why an operation failed, as its events tell it."""

import pytest
from deploy_fakes import DEV, event

from tap.deploy import states
from tap.deploy.models import NeedsRecovery, StackFailed

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
        "stack tap-dev failed: Culprit (AWS::SNS::Topic) CREATE_FAILED: no capacity. "
        "It was rolled back to what it was before."
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
