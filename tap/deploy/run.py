"""Run a separate task: the service's definition, network and roles, with another command."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tap.deploy import logs
from tap.deploy.aws import AwsClient
from tap.deploy.deployed import physical_ids
from tap.deploy.models import Environment, InputError, TapError
from tap.deploy.releases import CONTAINER
from tap.deploy.waiting import send_once
from tap.deploy.wording import reason_of

_PAUSE = 2.0  # seconds between polls of a task, which takes half a minute to start
_STARTED_BY = "tap-run"  # letters, digits, hyphens, slashes and underscores


@dataclass(frozen=True)
class Task:
    """A started task, and the location of its log."""

    arn: str
    cluster: str
    log_group: str
    log_stream: str


def start(aws: AwsClient, env: Environment, command: Sequence[str]) -> Task:
    """Start and return an on-demand task of the service with another command. Raises InputError without a service."""
    ids, ecs = physical_ids(aws.call, env), aws.service("ecs")
    if not {"Cluster", "Service"} <= ids.keys():
        raise InputError(f"stack {env.stack_name} has no service")
    service = ecs("describe_services", cluster=ids["Cluster"], services=[ids["Service"]])["services"][0]
    definition = ecs("describe_task_definition", taskDefinition=service["taskDefinition"])["taskDefinition"]
    container = next(container for container in definition["containerDefinitions"] if container["name"] == CONTAINER)
    token = aws.unique()
    response = send_once(aws, lambda: ecs(
        "run_task", cluster=ids["Cluster"], taskDefinition=service["taskDefinition"], clientToken=token,
        launchType="FARGATE", networkConfiguration=service["networkConfiguration"], startedBy=_STARTED_BY,
        propagateTags="TASK_DEFINITION",
        overrides={"containerOverrides": [{"name": CONTAINER, "command": list(command)}]}))
    if failures := response.get("failures"):
        raise TapError(f"ECS did not start the task: {reason_of(failures[0].get('reason'))}")
    arn = response["tasks"][0]["taskArn"]
    options = container["logConfiguration"]["options"]
    return Task(arn, ids["Cluster"], options["awslogs-group"],
                f"{options['awslogs-stream-prefix']}/{CONTAINER}/{arn.rpartition('/')[2]}")


def follow(aws: AwsClient, task: Task, on_line: Callable[[str], None]) -> int:
    """Pass what the container logs to `on_line` until the task has stopped; return its exit code.

    Raises TapError if the container never ran.
    """
    seen: set[str] = set()
    while True:
        state = aws.service("ecs")("describe_tasks", cluster=task.cluster, tasks=[task.arn])["tasks"][0]
        has_stopped = state["lastStatus"] == "STOPPED"
        if has_stopped:
            aws.sleep(_PAUSE)  # the last lines become readable a moment after the task has stopped
        for line in _lines(aws, task):
            if line.event_id not in seen:
                seen.add(line.event_id)
                on_line(line.message)
        if has_stopped:
            return _exit_code(state)
        aws.sleep(_PAUSE)


def stop(aws: AwsClient, task: Task) -> None:
    """Stop a task: its container gets SIGTERM, then SIGKILL if it does not exit."""
    aws.service("ecs")("stop_task", cluster=task.cluster, task=task.arn, reason=f"{_STARTED_BY}: stopped by its user")


def _lines(aws: AwsClient, task: Task) -> Iterator[logs.Line]:
    try:
        yield from logs.read(aws, task.log_group, 0, stream=task.log_stream)
    except InputError as error:
        if "stream" not in error.message:  # the log stream exists once the container has written a line
            raise


def _exit_code(state: dict[str, Any]) -> int:
    container = next(container for container in state["containers"] if container["name"] == CONTAINER)
    if "exitCode" in container:
        return int(container["exitCode"])
    raise TapError(f"the container never ran: {reason_of(container.get('reason') or state.get('stoppedReason'))}")
