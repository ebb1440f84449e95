"""Inspect a stack without changing it: status, events, drift."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.aws import AwsClient, Call
from tap.deploy.models import Environment, InputError, StackEvent, TapError
from tap.deploy.stacks import all_events, current_operation, find_stack, pages, with_nested
from tap.deploy.waiting import poll
from tap.deploy.wording import reason_of

# Properties that a service changes by design: type, top-level property, and why.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html: ECS shifts traffic by
# rewriting the rule's weights; Application Auto Scaling sets the number of tasks.
EXPECTED_DRIFT = {
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions"): "ECS shifts traffic between target groups",
    ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions"): "ECS shifts traffic between target groups",
    ("AWS::ECS::Service", "DesiredCount"): "auto scaling sets it",
    ("AWS::DynamoDB::Table", "ProvisionedThroughput"): "auto scaling sets it",
}


@dataclass(frozen=True)
class Status:
    """The status of a stack."""

    environment: str
    stack: str
    status: str  # StackStatus, or "none"
    changed: str = ""  # in ISO 8601
    protected: bool = False
    drift: str = ""  # StackDriftStatus of the latest detection
    pending: tuple[str, ...] = ()  # names of executable change sets
    reason: str = ""


def status(call: Call, env: Environment) -> Status:
    """Return the status of an environment's stack."""
    stack = find_stack(call, env.stack_name)
    if stack is None:
        return Status(env.name, env.stack_name, "none")
    changed = stack.get("LastUpdatedTime") or stack["CreationTime"]
    sets = pages(call, "list_change_sets", "Summaries", StackName=env.stack_name)
    return Status(
        env.name, env.stack_name, stack["StackStatus"], changed.isoformat(timespec="seconds"),
        bool(stack.get("EnableTerminationProtection")),
        stack.get("DriftInformation", {}).get("StackDriftStatus", ""),
        tuple(summary["ChangeSetName"] for summary in sets if summary.get("ExecutionStatus") == "AVAILABLE"),
        env.masked(stack.get("StackStatusReason", "")))


def events(call: Call, env: Environment, *, everything: bool, failed: bool) -> list[StackEvent]:
    """Return the events of the latest operation, or all events, oldest first. Raises InputError."""
    stack_id = _stack(call, env)["StackId"]
    stack_events = all_events(call, stack_id, 1000) if everything else current_operation(call, stack_id)[0]
    return [event for event in with_nested(call, stack_events) if not failed or event.status.endswith("_FAILED")]


@dataclass(frozen=True)
class Drift:
    """A difference between a resource and its template."""

    logical_id: str
    resource_type: str
    status: str  # MODIFIED, DELETED
    path: str = ""
    expected: str = ""
    actual: str = ""
    explanation: str = ""  # why it is expected; empty if it is not


def drift(aws: AwsClient, env: Environment) -> list[Drift]:
    """Detect drift; return the differences between resources and template, one for each path.

    Raises InputError if the stack does not exist, TapError if CloudFormation cannot detect drift.
    """
    call = aws.call
    stack_id = _stack(call, env)["StackId"]
    detection = call("detect_stack_drift", StackName=stack_id)["StackDriftDetectionId"]
    answer = poll(aws, lambda: call("describe_stack_drift_detection_status", StackDriftDetectionId=detection),
                  lambda answer: answer["DetectionStatus"] == "DETECTION_IN_PROGRESS")
    resources = pages(call, "describe_stack_resource_drifts", "StackResourceDrifts", StackName=stack_id,
                      StackResourceDriftStatusFilters=["MODIFIED", "DELETED"])
    # Detection fails if a single resource cannot be read, but still has results for the others.
    if answer["DetectionStatus"] == "DETECTION_FAILED" and not resources:
        raise TapError(f"CloudFormation cannot detect drift of stack {env.stack_name}: "
                       f"{reason_of(answer.get('DetectionStatusReason'))}")
    return [difference for resource in resources for difference in _drifts(env, resource)]


def _drifts(env: Environment, resource: Mapping[str, Any]) -> list[Drift]:
    logical_id, kind = resource["LogicalResourceId"], resource["ResourceType"]
    state = resource["StackResourceDriftStatus"]
    if state == "DELETED":
        return [Drift(logical_id, kind, state)]
    return [Drift(logical_id, kind, state, difference["PropertyPath"], env.masked(difference["ExpectedValue"]),
                  env.masked(difference["ActualValue"]),
                  EXPECTED_DRIFT.get((kind, difference["PropertyPath"].strip("/").partition("/")[0]), ""))
            for difference in resource.get("PropertyDifferences", ())]


def outputs(call: Call, env: Environment) -> dict[str, str]:
    """Return the outputs of an environment's stack. Raises InputError if the stack does not exist."""
    return {output["OutputKey"]: output["OutputValue"] for output in _stack(call, env).get("Outputs", ())}


def _stack(call: Call, env: Environment) -> dict[str, Any]:
    stack = find_stack(call, env.stack_name)
    if stack is None:
        raise InputError(f"stack {env.stack_name} does not exist. Create it with: {env.command('deploy')}")
    return stack
