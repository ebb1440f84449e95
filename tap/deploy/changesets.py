"""Create, describe, execute and delete change sets; any response may be lost."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tap.deploy import states
from tap.deploy.aws import AwsClient, Call
from tap.deploy.listed_changes import read_changes
from tap.deploy.models import CallFailed, ChangeSet, Environment, InputError, Refused, TapError
from tap.deploy.stacks import find_stack, is_missing_stack, pages
from tap.deploy.template import same_template
from tap.deploy.waiting import LONGEST_PAUSE, pauses, poll
from tap.deploy.wording import reason_of

PREFIX = "tap-"  # of the names of tap's change sets
# CloudFormation's two messages for an empty change set.
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
# CloudFormation's message when IncludePropertyValues made it leave changes out of a complete change set.
_INCOMPLETE = "--include-property-values option can return incomplete ChangeSet data"
GRANT = "add it to capabilities in parameters/targets.toml"
_STARTED = ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED")


def create(call: Call, env: Environment, template: Mapping[str, Any], kind: str, name: str,
           triggers: Sequence[Mapping[str, str]] | None = None, *, nested: bool = False) -> None:
    """Request a change set of type `kind`; `name` must be unique. Raises InputError.

    `template` is TemplateBody, TemplateURL or UsePreviousTemplate, `triggers` the alarms that roll an update back; None
    keeps the stack's own. `nested` includes the changes of nested stacks.
    """
    parameters: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in env.values.parameters.items()]
    parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(env.values.previous)]
    request: dict[str, Any] = {
        "StackName": env.stack_name, "ChangeSetName": name, "ChangeSetType": kind, "ClientToken": name,
        "Description": f"tap: environment {env.name}", **template, "Parameters": parameters,
        "Tags": [{"Key": key, "Value": value} for key, value in env.values.tags.items()],
        "Capabilities": list(env.target.capabilities)}
    if env.target.role_arn:
        request["RoleARN"] = env.target.role_arn
    if env.target.notification_topics is not None:
        request["NotificationARNs"] = list(env.target.notification_topics)
    # DELETE is valid only for creations.
    on_failure = "ROLLBACK" if kind != "CREATE" and env.target.on_failure == "DELETE" else env.target.on_failure
    if on_failure != "ROLLBACK":
        request["OnStackFailure"] = on_failure
    if env.options.imports:
        request["ResourcesToImport"] = [
            {"ResourceType": resource.resource_type, "LogicalResourceId": resource.logical_id,
             "ResourceIdentifier": dict(resource.identifier)} for resource in env.options.imports]
    if env.options.import_existing:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
        request["ImportExistingResources"] = True
    # Neither imports nor drift-aware change sets support nested stacks, see drift-aware-change-sets.html.
    if nested and kind != "IMPORT" and not env.options.drift:
        request["IncludeNestedStacks"] = True
    if kind == "UPDATE" and env.options.drift:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
        request["DeploymentMode"] = "REVERT_DRIFT"
    if triggers is not None:
        # CloudFormation would wait even without alarms.
        request["RollbackConfiguration"] = {
            "RollbackTriggers": list(triggers),
            "MonitoringTimeInMinutes": env.target.monitoring_minutes if triggers else 0}
    if env.target.mode != "STANDARD":
        request["DeploymentConfig"] = {"Mode": env.target.mode}
    try:
        call("create_change_set", **request)
    except CallFailed as error:
        # The name is unique: the response to an earlier attempt of the same request was lost.
        if error.code == "AlreadyExistsException":
            return
        if error.code == "InsufficientCapabilitiesException":
            raise InputError(f"{error.message}: {GRANT}") from None
        if error.code == "ValidationError":
            # CloudFormation reads the template with the caller's permissions.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (TemplateURL)
            hint = ": your credentials need s3:GetObject in the artifact bucket" if "S3 error" in error.message else ""
            raise InputError(env.masked(error.message) + hint) from None
        raise


def describe(aws: AwsClient, env: Environment, kind: str, name: str) -> ChangeSet:
    """Wait until CloudFormation has computed a change set, and return it with all its changes. Raises InputError.

    `name` is its name or ARN.
    """
    call = aws.call
    request: dict[str, Any] = {"StackName": env.stack_name, "ChangeSetName": name}
    answer = poll(aws, lambda: call("describe_change_set", **request, IncludePropertyValues=True),
                  lambda answer: answer["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"))
    reason = reason_of(answer.get("StatusReason"))
    empty = answer["Status"] == "FAILED" and any(words in reason for words in _NOTHING_TO_DO)
    if answer["Status"] != "CREATE_COMPLETE" and not empty:
        why = env.masked(_reason(call, answer)) + _validation_errors(call, env, answer)
        raise InputError(f"CloudFormation cannot create a change set for stack {env.stack_name}: {why}")
    changes = read_changes(call, {**request, "IncludePropertyValues": True}, answer)
    warnings: tuple[str, ...] = ()
    if _INCOMPLETE in reason:
        whole = read_changes(call, request, call("describe_change_set", **request))
        known = {change.logical_id: change for change in changes}
        changes = [known.get(change.logical_id, change) for change in whole]
        warnings = ("CloudFormation omits the property values of some changes: "
                    + env.masked(reason.partition("because: ")[2] or reason),)
    return ChangeSet(
        id=answer["ChangeSetId"], name=answer.get("ChangeSetName", name), type=kind, stack_id=answer["StackId"],
        changes=tuple(changes), empty=empty, warnings=warnings,
        resolved={parameter["ParameterKey"]: parameter["ResolvedValue"]
                  for parameter in answer.get("Parameters", []) if "ResolvedValue" in parameter})


def _reason(call: Call, answer: Mapping[str, Any]) -> str:
    """Return why a change set failed; if a nested change set failed, why that one did."""
    reason = " ".join(reason_of(answer.get("StatusReason")).split())
    for change in answer.get("Changes", ()):
        resource = change.get("ResourceChange", {})
        if (nested := resource.get("ChangeSetId")) and nested in reason:
            below = call("describe_change_set", ChangeSetName=nested)
            return f"nested stack {resource['LogicalResourceId']}: {_reason(call, below)}"
    return reason


def check_template(call: Call, env: Environment, change_set: ChangeSet, text: str) -> None:
    """Raise Refused if CloudFormation has a template other than the one sent.

    An object in the artifact bucket can be replaced between its upload and the moment CloudFormation reads it, by
    anyone with write access. An empty change set is never executed, so it is not checked.
    """
    if not change_set.empty and not holds(call, change_set, text):
        raise Refused(f"change set {change_set.name} of stack {env.stack_name} does not contain the template that was "
                      "sent: check who else writes to the artifact bucket, then run this command again")


def holds(call: Call, change_set: ChangeSet, text: str) -> bool:
    """Return whether a change set has this template."""
    body = call("get_template", ChangeSetName=change_set.id, StackName=change_set.stack_id, TemplateStage="Original")
    return same_template(body["TemplateBody"], text)


def _validation_errors(call: Call, env: Environment, answer: Mapping[str, Any]) -> str:
    # For invalid properties or a name conflict, only CloudFormation's events have the details.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
    try:
        events = call("describe_events", ChangeSetName=answer["ChangeSetId"])["OperationEvents"]
    except (CallFailed, KeyError):
        return ""
    lines = [
        " ".join(f"{event.get('LogicalResourceId', '')} {event.get('ValidationPath', '')}: "
                 f"{reason_of(event.get('ValidationStatusReason'))}".split())
        for event in events
        if event.get("EventType") == "VALIDATION_ERROR" and event.get("ValidationFailureMode") != "WARN"]
    return "".join(f"\n  - {env.masked(line)}" for line in lines)


def execute(call: Call, env: Environment, plan: ChangeSet, token: str) -> str | None:
    """Start execution; return the token that its events have, or None if that is not certain.

    Raises LeftRunning if it may have started; after any other error it has not.
    """
    try:
        call("execute_change_set", ChangeSetName=plan.id, ClientRequestToken=token)
        return token
    except KeyboardInterrupt:
        raise states.left_running(env, "interrupted while starting the change set") from None
    except CallFailed as error:
        status = _execution_status(call, env, plan, error)
        # The response was lost after execution had started, and the client's retry was rejected.
        if status in _STARTED:
            return None
        if status == "OBSOLETE":
            raise _overtaken(env) from None
        raise


@contextmanager
def told_if_overtaken(env: Environment) -> Iterator[None]:
    """Raise TapError if a change set disappears: an update of the stack deletes its other change sets.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
    """
    try:
        yield
    except CallFailed as error:
        if is_missing(error):
            raise _overtaken(env) from None
        raise


def is_missing(error: CallFailed) -> bool:
    """Return whether a request failed because its change set does not exist."""
    return error.code in ("ChangeSetNotFound", "ChangeSetNotFoundException")


def _overtaken(env: Environment) -> TapError:
    return TapError(f"stack {env.stack_name} was changed by another process after this change set was created: run "
                    "this command again to see the remaining changes")


def delete(aws: AwsClient, env: Environment, kind: str, name: str) -> None:
    """Delete a change set, and the stack created with it if that is empty; a missing one counts as deleted."""
    waits = pauses()
    while True:
        try:
            aws.call("delete_change_set", StackName=env.stack_name, ChangeSetName=name)
            break
        except CallFailed as error:
            if is_missing(error) or is_missing_stack(error):
                break
            # CloudFormation cannot delete a change set that it is still computing. Deleting twice is harmless.
            pause = next(waits)
            if not (error.code == "InvalidChangeSetStatus" or error.passing) or pause == LONGEST_PAUSE:
                raise
            aws.sleep(pause)
    if kind != "UPDATE":
        _delete_empty_stack(aws, env, name)


def sweep(call: Call, stack_id: str, kept: str = "") -> list[str]:
    """Delete tap's failed change sets, left behind by killed runs; return the names of other change sets.

    The names are of those that can be executed, except the one with the ARN `kept`.
    """
    summaries = [entry for entry in pages(call, "list_change_sets", "Summaries", StackName=stack_id)
                 if entry["ChangeSetId"] != kept]
    for entry in summaries:
        if entry["ChangeSetName"].startswith(PREFIX) and entry["Status"] == "FAILED":
            call("delete_change_set", ChangeSetName=entry["ChangeSetId"])
    return [entry["ChangeSetName"] for entry in summaries if entry.get("ExecutionStatus") == "AVAILABLE"]


def _delete_empty_stack(aws: AwsClient, env: Environment, change_set_name: str) -> None:
    call = aws.call
    stack = find_stack(call, env.stack_name)
    if stack is None or stack["StackStatus"] != "REVIEW_IN_PROGRESS":
        return
    # With nested stacks, deleting a change set takes a while.
    summaries = poll(aws, lambda: pages(call, "list_change_sets", "Summaries", StackName=env.stack_name),
                     lambda change_sets: any(change_set["Status"] in ("DELETE_PENDING", "DELETE_IN_PROGRESS")
                                             for change_set in change_sets))
    # Somebody else's change set keeps the stack.
    if all(summary["ChangeSetName"] == change_set_name for summary in summaries):
        call("delete_stack", StackName=stack["StackId"])


def _execution_status(call: Call, env: Environment, plan: ChangeSet, refusal: CallFailed) -> str:
    try:
        return str(call("describe_change_set", ChangeSetName=plan.id)["ExecutionStatus"])
    except CallFailed as error:
        if refusal.passing:
            why = f"cannot determine whether the change set was started ({error.message})"
            raise states.left_running(env, why) from None
        raise refusal from None
