"""Interpret a stack's status: whether it can be changed, whether it is at rest, and why it failed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html (stack status codes)
"""

from collections.abc import Sequence

from tap.deploy.models import Environment, FailedCreation, LeftRunning, NeedsRecovery, StackEvent, StackFailed, TapError

# No stack yet, or one that has only had change sets: the next change set creates it.
TO_BE_CREATED = (None, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")

_UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
              "IMPORT_ROLLBACK_COMPLETE")  # fmt: skip
STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED", "UPDATE_FAILED",
         "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED")  # fmt: skip


def obstacle(env: Environment, status: str | None) -> TapError | None:
    """Return why a stack in this status does not accept a change set, or None."""
    if status in TO_BE_CREATED or status in _UPDATABLE:
        return None
    if status == "ROLLBACK_COMPLETE":
        return FailedCreation(str(_stuck(env, status)))
    if status in STUCK:
        return _stuck(env, status)
    return LeftRunning(
        f"stack {env.stack_name} is busy ({status}): run this command again when it has finished. Follow it with: "
        f"{env.command('watch')}"
    )


def is_at_rest(status: str) -> bool:
    """Return whether a stack in this status stays in it until the next operation."""
    return status.endswith(("_COMPLETE", "_FAILED"))


def failure(env: Environment, history: Sequence[StackEvent], goal: str) -> TapError | None:
    """Return how an operation failed, by its events, oldest first; None if it reached `goal`.

    The last event is the one with which the stack came to rest.
    """
    status = history[-1].status
    if status == goal:
        return None
    cause = root_cause(history)
    outcome = f"stack {env.stack_name} failed"
    if cause:
        outcome += f": {cause.logical_id} ({cause.resource_type}) {cause.status}"
        outcome += f": {env.masked(' '.join(cause.reason.split())).rstrip('.')}" if cause.reason else ""
    if status == "ROLLBACK_COMPLETE":
        return StackFailed(
            f"{outcome}. Its creation was rolled back. Before the next attempt, run: {env.command('recover')}"
        )
    if status in ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"):
        return StackFailed(f"{outcome}. It was rolled back to its previous state.")
    if status == "DELETE_COMPLETE":
        return StackFailed(f"{outcome}. What had been created was deleted.")
    return NeedsRecovery(f"{outcome}. {_stuck(env, status)}")


def left_running(env: Environment, why: str) -> LeftRunning:
    """Return the error for an operation that tap stopped watching, for the reason `why`."""
    return LeftRunning(
        f"{why}. CloudFormation continues with stack {env.stack_name}; follow it with: {env.command('watch')}"
    )


def _stuck(env: Environment, status: str) -> NeedsRecovery:
    return NeedsRecovery(
        f"stack {env.stack_name} is {status} and cannot be changed. Run {env.command('recover')}, then run this "
        "command again"
    )


def root_cause(history: Sequence[StackEvent]) -> StackEvent | None:
    """Return the event that explains why an operation failed, or None."""
    # When a resource fails, CloudFormation cancels the others, which then count as failed, too.
    failed = [event for event in history if event.status.endswith("_FAILED")]
    own = [event for event in failed if not is_cancelled(event)]
    resources = [event for event in own if not event.is_stack]
    cause = next(iter(resources or own or failed), None)
    # A nested stack fails because of its contents, whose events may follow later.
    while cause and (below := next((event for event in resources if event.logical_id.startswith(
            f"{cause.logical_id}/")), None)):
        cause = below
    return cause


def left_behind(history: Sequence[StackEvent]) -> list[StackEvent]:
    """Return the deletions that failed in an update's clean-up; their resources are no longer part of the stack.

    A failed clean-up does not fail the update. A replacement has the same logical id as the original.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """
    if not history or history[-1].status not in ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
        return []
    latest = {(event.logical_id, event.physical_id): event for event in history if not event.is_stack}
    return [event for event in latest.values() if event.status == "DELETE_FAILED"]


def is_cancelled(event: StackEvent) -> bool:
    """Return whether a resource failed only because another one did."""
    return "cancelled" in (event.reason or "").lower()
