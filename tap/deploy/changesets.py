"""A change set's life: created, described, executed or deleted; an answer may be lost at each step."""

from typing import Any

from tap.deploy import states
from tap.deploy.models import CallFailed, Change, ChangeSet, Environment, InputError, TapError
from tap.deploy.stacks import LONGEST_DELAY, Call, Sleep, delays, find_stack, is_missing_stack

# The template makes roles, without naming them; it needs no other capability.
_CAPABILITIES = ("CAPABILITY_IAM",)
# CloudFormation's two ways of saying that a change set has nothing in it.
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
_STARTED = ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED")


def create(call: Call, env: Environment, template: str, kind: str, name: str) -> None:
    """Ask for a change set of the type `kind`; `name` must be used by nobody else. Raises InputError."""
    try:
        call(
            "create_change_set",
            StackName=env.stack_name,
            ChangeSetName=name,
            ChangeSetType=kind,
            ClientToken=name,
            Description=f"tap: environment {env.name}",
            TemplateBody=template,
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in env.parameters.items()],
            Tags=[{"Key": k, "Value": v} for k, v in env.tags.items()],
            Capabilities=list(_CAPABILITIES),
        )
    except CallFailed as error:
        # Nobody else knows the name: the answer to an earlier try of the same request was lost.
        if error.code == "AlreadyExistsException":
            return
        if error.code in ("ValidationError", "InsufficientCapabilitiesException"):
            raise InputError(error.message) from None
        raise


def describe(call: Call, sleep: Sleep, env: Environment, kind: str, name: str) -> ChangeSet:
    """Wait until CloudFormation has computed a change set and return all of it. Raises InputError."""
    request = {"StackName": env.stack_name, "ChangeSetName": name}
    pauses = delays()
    while (answer := call("describe_change_set", **request))["Status"] in (
        "CREATE_PENDING",
        "CREATE_IN_PROGRESS",
    ):
        sleep(next(pauses))
    reason = " ".join(answer.get("StatusReason", "it gives no reason").split())
    empty = answer["Status"] == "FAILED" and any(words in reason for words in _NOTHING_TO_DO)
    if answer["Status"] != "CREATE_COMPLETE" and not empty:
        raise InputError(f"CloudFormation cannot make a change set for stack {env.stack_name}: {reason}")
    changes = answer["Changes"]
    while answer.get("NextToken"):
        answer = call("describe_change_set", **request, NextToken=answer["NextToken"])
        changes += answer["Changes"]
    return ChangeSet(
        id=answer["ChangeSetId"],
        name=name,
        type=kind,
        stack_id=answer["StackId"],
        changes=tuple(_change(change["ResourceChange"]) for change in changes),
        empty=empty,
    )


def execute(call: Call, env: Environment, plan: ChangeSet, token: str) -> str | None:
    """Start executing; return the token that its events bear, None where that is not certain.

    Raises LeftRunning where it may have started and there is no telling; otherwise it has not.
    """
    try:
        call("execute_change_set", ChangeSetName=plan.id, ClientRequestToken=token)
        return token
    except KeyboardInterrupt:
        raise states.left_running(env, "interrupted while the change set was being started") from None
    except CallFailed as error:
        status = _execution_status(call, env, plan, error)
        # The answer was lost after the work had begun, and the client's next try was refused.
        if status in _STARTED:
            return None
        if status == "OBSOLETE":
            raise TapError(
                f"stack {env.stack_name} was changed by somebody else since this change set was made: "
                "run this again to see the changes that remain"
            ) from None
        raise


def delete(call: Call, sleep: Sleep, env: Environment, kind: str, name: str) -> None:
    """Delete a change set, and the stack of a CREATE where nothing else is in it; none is success."""
    pauses = delays()
    while True:
        try:
            call("delete_change_set", StackName=env.stack_name, ChangeSetName=name)
            break
        except CallFailed as error:
            if error.code == "ChangeSetNotFound" or is_missing_stack(error):
                break
            # CloudFormation keeps it while it is still computing it.
            pause = next(pauses)
            if error.code != "InvalidChangeSetStatus" or pause == LONGEST_DELAY:
                raise
            sleep(pause)
    if kind == "CREATE":
        _delete_empty_stack(call, env, name)


def _delete_empty_stack(call: Call, env: Environment, change_set_name: str) -> None:
    stack = find_stack(call, env.stack_name)
    if stack is None or stack["StackStatus"] != "REVIEW_IN_PROGRESS":
        return
    summaries = call("list_change_sets", StackName=env.stack_name)["Summaries"]
    # Somebody else's change set keeps the stack.
    if all(summary["ChangeSetName"] == change_set_name for summary in summaries):
        call("delete_stack", StackName=stack["StackId"])


def _execution_status(call: Call, env: Environment, plan: ChangeSet, refusal: CallFailed) -> str:
    try:
        return str(call("describe_change_set", ChangeSetName=plan.id)["ExecutionStatus"])
    except CallFailed as error:
        if refusal.passing:
            why = f"it is not known whether the change set was started ({error.message})"
            raise states.left_running(env, why) from None
        raise refusal from None


def _change(change: dict[str, Any]) -> Change:
    return Change(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        physical_id=change.get("PhysicalResourceId"),
        resource_type=change["ResourceType"],
        replacement=change.get("Replacement"),
        scope=tuple(change.get("Scope", ())),
        policy_action=change.get("PolicyAction"),
    )
