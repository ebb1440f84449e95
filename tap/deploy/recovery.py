"""Plan the recovery from each state that a stack can be stuck in.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tap.deploy import guard, states
from tap.deploy.aws import Call
from tap.deploy.changesets import PREFIX
from tap.deploy.models import Environment, InputError, NeedsRecovery, Refused
from tap.deploy.stacks import find_stack, pages
from tap.deploy.wording import reason_of


@dataclass(frozen=True)
class Recovery:
    """A way out of a state: what the state means, what the recovery does, and the request for it."""

    stack_id: str
    status: str
    lines: tuple[str, ...]
    method: str = ""  # a CloudFormation request; empty: nothing to do
    request: Mapping[str, Any] = field(default_factory=dict)
    goal: str = ""
    change_sets: tuple[str, ...] = ()  # ARNs of tap's change sets, to be deleted


def plan_recovery(call: Call, env: Environment, skip: Collection[str] = ()) -> Recovery:
    """Return the recovery for the current state of the environment's stack.

    `skip` has resources to leave alone: a deletion retains them, a rollback skips them.
    Raises InputError, Refused if someone else's change set is pending, LeftRunning while the stack is busy,
    NeedsRecovery if CloudFormation documents no recovery.
    """
    stack = find_stack(call, env.stack_name)
    if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
        return Recovery("", "none", (f"there is no stack {env.stack_name}: nothing to recover",))
    stack_id, status = stack["StackId"], stack["StackStatus"]
    if status == "REVIEW_IN_PROGRESS":
        return _review(call, env, stack_id)
    if status.endswith("_IN_PROGRESS"):
        raise states.obstacle(env, status) or AssertionError(status)
    if status not in states.STUCK:
        return _healthy(call, env, stack_id, status)
    failed = _failed(call, stack_id)
    if strange := set(skip) - set(failed):
        raise InputError(f"--skip requires failed resources, but {', '.join(sorted(strange))} did not fail; failed: "
                         f"{', '.join(failed) or 'none'}")
    lines = [f"stack {env.stack_name} is {status}", *(f"{name}: {reason}" for name, reason in failed.items())]
    passed = f", skipping {', '.join(sorted(skip))}" if skip else ""
    match status:
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED":
            lines.append("its creation failed and it can only be deleted: tap would delete it")
            return Recovery(stack_id, status, tuple(lines), "delete_stack", {}, "DELETE_COMPLETE")
        case "DELETE_FAILED":
            kept = {"RetainResources": sorted(skip)} if skip else {}
            lines.append(f"tap would delete it again{passed}")
            if not skip:
                lines.append(f"to retain what cannot be deleted: --skip {','.join(failed)}")
            return Recovery(stack_id, status, tuple(lines), "delete_stack", kept, "DELETE_COMPLETE")
        case "UPDATE_FAILED":
            lines.append("tap would roll it back to its last stable state")
            return Recovery(stack_id, status, tuple(lines), "rollback_stack", {}, "UPDATE_ROLLBACK_COMPLETE")
    if status != "UPDATE_ROLLBACK_FAILED":
        raise NeedsRecovery(f"{'; '.join(lines)}: CloudFormation documents no way to recover from that. Fix what "
                            "failed and delete the stack, or contact AWS Support")
    lines.append(f"tap would continue its rollback{passed}")
    if not skip:
        lines.append(f"fix what failed first, or skip it, which leaves it unchanged: --skip {','.join(failed)}")
    return Recovery(stack_id, status, tuple(lines), "continue_update_rollback",
                    {"ResourcesToSkip": sorted(skip)} if skip else {}, "UPDATE_ROLLBACK_COMPLETE")


def remaining_data(call: Call, env: Environment) -> list[str]:
    """Return the logical ids of the stack's remaining resources that hold data."""
    resources = pages(call, "list_stack_resources", "StackResourceSummaries", StackName=env.stack_name)
    return [resource["LogicalResourceId"] for resource in resources
            if resource["ResourceStatus"] != "DELETE_COMPLETE" and resource.get("PhysicalResourceId")
            and guard.holds_data(resource["ResourceType"])]


def _review(call: Call, env: Environment, stack_id: str) -> Recovery:
    summaries = pages(call, "list_change_sets", "Summaries", StackName=stack_id)
    theirs = [summary["ChangeSetName"] for summary in summaries if not summary["ChangeSetName"].startswith(PREFIX)]
    if theirs:
        raise Refused(f"stack {env.stack_name} has a change set that tap did not create, {', '.join(theirs)}: tap does "
                      "not touch it")
    lines = [f"stack {env.stack_name} is empty: it was created by a change set that was never executed",
             *(f"tap would delete change set {summary['ChangeSetName']} of {summary['CreationTime']:%Y-%m-%d %H:%M}"
               for summary in summaries), "tap would delete the empty stack"]
    return Recovery(stack_id, "REVIEW_IN_PROGRESS", tuple(lines), "delete_stack", {}, "DELETE_COMPLETE",
                    tuple(summary["ChangeSetId"] for summary in summaries))


def _healthy(call: Call, env: Environment, stack_id: str, status: str) -> Recovery:
    stale = [summary for summary in pages(call, "list_change_sets", "Summaries", StackName=stack_id)
             if summary["ChangeSetName"].startswith(PREFIX)
             and (summary["Status"] == "FAILED" or summary.get("ExecutionStatus") == "OBSOLETE")]
    lines = [f"stack {env.stack_name} is {status}: nothing to recover",
             *(f"tap would delete change set {summary['ChangeSetName']}, which can no longer run" for summary in stale)]
    return Recovery(stack_id, status, tuple(lines), change_sets=tuple(summary["ChangeSetId"] for summary in stale))


def _failed(call: Call, stack_id: str) -> dict[str, str]:
    return {resource["LogicalResourceId"]: f"{resource['ResourceStatus']}: "
            f"{reason_of(resource.get('ResourceStatusReason'))}"
            for resource in pages(call, "list_stack_resources", "StackResourceSummaries", StackName=stack_id)
            if resource["ResourceStatus"].endswith("_FAILED")}
