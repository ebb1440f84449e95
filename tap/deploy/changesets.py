"""A change set's life: created, described, executed or deleted; an answer may be lost at each step."""

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

PREFIX = "tap-"  # of the names of our own
# CloudFormation's two ways of saying that a change set has nothing in it.
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
# What CloudFormation says where IncludePropertyValues made it leave changes out of a change set that is complete.
_INCOMPLETE = "--include-property-values option can return incomplete ChangeSet data"
GRANT = "add it to capabilities in parameters/targets.toml"
_STARTED = ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED")


def create(call: Call, env: Environment, template: Mapping[str, Any], kind: str, name: str,
           triggers: Sequence[Mapping[str, str]] | None = None, *, nested: bool = False) -> None:
    """Ask for a change set of the type `kind`; `name` must be used by nobody else. Raises InputError.

    `template` is TemplateBody, TemplateURL or UsePreviousTemplate, `triggers` the alarms that roll an update back; None
    leaves the stack those that it has. `nested` asks for the changes of nested stacks, too.
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
    # DELETE is for creations alone.
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
    # Neither imports nor drift-aware change sets look into nested stacks, see drift-aware-change-sets.html.
    if nested and kind != "IMPORT" and not env.options.drift:
        request["IncludeNestedStacks"] = True
    if kind == "UPDATE" and env.options.drift:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
        request["DeploymentMode"] = "REVERT_DRIFT"
    if triggers is not None:
        # Without alarms, CloudFormation would wait all the same.
        request["RollbackConfiguration"] = {
            "RollbackTriggers": list(triggers),
            "MonitoringTimeInMinutes": env.target.monitoring_minutes if triggers else 0}
    if env.target.mode != "STANDARD":
        request["DeploymentConfig"] = {"Mode": env.target.mode}
    try:
        call("create_change_set", **request)
    except CallFailed as error:
        # Nobody else knows the name: the answer to an earlier try of the same request was lost.
        if error.code == "AlreadyExistsException":
            return
        if error.code == "InsufficientCapabilitiesException":
            raise InputError(f"{error.message}: {GRANT}") from None
        if error.code == "ValidationError":
            # CloudFormation reads the template with the permissions of whoever sends the request.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (TemplateURL)
            hint = ": your credentials need s3:GetObject in the artifact bucket" if "S3 error" in error.message else ""
            raise InputError(env.masked(error.message) + hint) from None
        raise


def describe(aws: AwsClient, env: Environment, kind: str, name: str) -> ChangeSet:
    """Wait until CloudFormation has computed a change set and return all of it. Raises InputError.

    `name` is its name, or its ARN.
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
    """Return why a change set failed, followed down into the nested change set that did."""
    reason = " ".join(reason_of(answer.get("StatusReason")).split())
    for change in answer.get("Changes", ()):
        resource = change.get("ResourceChange", {})
        if (nested := resource.get("ChangeSetId")) and nested in reason:
            below = call("describe_change_set", ChangeSetName=nested)
            return f"nested stack {resource['LogicalResourceId']}: {_reason(call, below)}"
    return reason


def check_template(call: Call, env: Environment, change_set: ChangeSet, text: str) -> None:
    """Raise Refused where CloudFormation holds another template than the one sent.

    What lies in the artifact bucket can be replaced between its upload and the moment CloudFormation reads it, by
    everybody who may write there. An empty change set is never executed, so it is not checked.
    """
    if not change_set.empty and not holds(call, change_set, text):
        raise Refused(f"change set {change_set.name} of stack {env.stack_name} does not contain the template that was "
                      "sent: check who else writes to the artifact bucket, then run this command again")


def holds(call: Call, change_set: ChangeSet, text: str) -> bool:
    """Return whether a change set has this template."""
    body = call("get_template", ChangeSetName=change_set.id, StackName=change_set.stack_id, TemplateStage="Original")
    return same_template(body["TemplateBody"], text)


def _validation_errors(call: Call, env: Environment, answer: Mapping[str, Any]) -> str:
    # Where properties are wrong, or a name is taken, CloudFormation says which only in its events.
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
    """Start executing; return the token that its events bear, None where that is not certain.

    Raises LeftRunning where it may have started and there is no telling; otherwise it has not.
    """
    try:
        call("execute_change_set", ChangeSetName=plan.id, ClientRequestToken=token)
        return token
    except KeyboardInterrupt:
        raise states.left_running(env, "interrupted while starting the change set") from None
    except CallFailed as error:
        status = _execution_status(call, env, plan, error)
        # The answer was lost after the work had begun, and the client's next try was refused.
        if status in _STARTED:
            return None
        if status == "OBSOLETE":
            raise _overtaken(env) from None
        raise


@contextmanager
def told_if_overtaken(env: Environment) -> Iterator[None]:
    """Raise TapError where a change set vanishes: an update of the stack deletes all others that it has.

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
    """Delete a change set, and the stack that came with it where nothing else is in it; none is success."""
    waits = pauses()
    while True:
        try:
            aws.call("delete_change_set", StackName=env.stack_name, ChangeSetName=name)
            break
        except CallFailed as error:
            if is_missing(error) or is_missing_stack(error):
                break
            # CloudFormation keeps it while it is still computing it; and deleting twice does no harm.
            pause = next(waits)
            if not (error.code == "InvalidChangeSetStatus" or error.passing) or pause == LONGEST_PAUSE:
                raise
            aws.sleep(pause)
    if kind != "UPDATE":
        _delete_empty_stack(aws, env, name)


def sweep(call: Call, stack_id: str, kept: str = "") -> list[str]:
    """Delete failed change sets of our own, which a run that was killed left behind; return the names of others.

    Those are the change sets that could be executed, but for the one with the ARN `kept`.
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
