"""The function that runs a migration: what it starts, how long it waits, what it answers."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from loading import load

FUNCTION = load("migration")
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/tap-dev/1234abcd"
PROPERTIES = {"ServiceToken": "arn", "Cluster": "tap-dev", "TaskDefinition": "tap-dev-MigrationTaskDefinition:8",
              "Container": "WebApp", "Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"]}


class Aws:
    """What the function meets: `states` are the task's, one for each look at it."""

    def __init__(self, *states: Any, status: str = "UPDATE_IN_PROGRESS", remaining: int = 900_000) -> None:
        self.states, self.status, self.remaining = list(states), status, remaining
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: list[dict[str, str]] = []
        self.answers: list[dict[str, Any]] = []
        self.now = 1000.0

    def __call__(self, _service: str) -> Any:
        return self

    def __getattr__(self, method: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append((method, request))
            match method:
                case "describe_stacks":
                    return {"Stacks": [{"StackStatus": self.status}]}
                case "run_task":
                    return {"failures": self.failures, "tasks": [] if self.failures else [{"taskArn": TASK}]}
                case "describe_tasks":
                    state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
                    return {"tasks": [state] if state else []}
            return {}

        return call

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, event: Any) -> dict[str, Any]:
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: self.remaining, invoked_function_arn="arn:function")
        FUNCTION.handler(event, context, self, lambda _url, body: self.answers.append(json.loads(body)),
                         lambda: self.now, self.sleep)
        return self.answers[-1] if self.answers else {}

    def request(self, method: str) -> dict[str, Any]:
        return next(request for name, request in self.calls if name == method)

    def did(self, method: str) -> bool:
        return any(name == method for name, _ in self.calls)


def event(kind: str = "Update", **more: Any) -> dict[str, Any]:
    return {"RequestType": kind, "StackId": "arn:stack", "RequestId": "11112222-3333", "LogicalResourceId": "Migration",
            "ResponseURL": "https://answer.example", "ResourceProperties": PROPERTIES, **more}


def running() -> dict[str, Any]:
    return {"taskArn": TASK, "lastStatus": "RUNNING", "containers": [{"name": "WebApp"}]}


def stopped(**container: Any) -> dict[str, Any]:
    return {"taskArn": TASK, "lastStatus": "STOPPED", "containers": [{"name": "WebApp", **container}]}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_migration_that_exits_with_0_succeeds(kind: str) -> None:
    aws = Aws(None, running(), stopped(exitCode=0))

    assert aws.run(event(kind)) == {
        "StackId": "arn:stack", "RequestId": "11112222-3333", "LogicalResourceId": "Migration",
        "PhysicalResourceId": "Migration", "Status": "SUCCESS", "Reason": "Task 1234abcd migrated"}


def test_the_task_is_one_of_the_new_version_in_the_services_network() -> None:
    aws = Aws(stopped(exitCode=0))
    aws.run(event())

    assert aws.request("run_task") == {
        "cluster": "tap-dev", "taskDefinition": "tap-dev-MigrationTaskDefinition:8", "launchType": "FARGATE",
        "clientToken": "11112222-3333", "startedBy": "migration", "propagateTags": "TASK_DEFINITION",
        "networkConfiguration": {"awsvpcConfiguration": {
            "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}}


@pytest.mark.parametrize(("state", "reason"), [
    (stopped(exitCode=3), "the migration exited with 3; see the log of task 1234abcd"),
    (stopped(reason="CannotPullContainerError"), "the migration never ran: CannotPullContainerError")])
def test_a_migration_that_fails_fails_the_deployment_and_says_why(state: Any, reason: str) -> None:
    answer = Aws(running(), state).run(event())

    assert (answer["Status"], answer["Reason"]) == ("FAILED", f"RuntimeError: {reason}")


def test_a_task_that_ecs_does_not_start_fails_the_deployment() -> None:
    aws = Aws(running())
    aws.failures = [{"reason": "RESOURCE:FARGATE"}]

    assert "ECS did not start the migration: RESOURCE:FARGATE" in aws.run(event())["Reason"]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_a_rollback_does_not_run_the_old_versions_migration(status: str) -> None:
    aws = Aws(status=status)

    assert aws.run(event())["Status"] == "SUCCESS"
    assert not aws.did("run_task")


def test_a_deletion_runs_nothing_and_asks_nothing() -> None:
    aws = Aws()

    assert aws.run(event("Delete"))["Status"] == "SUCCESS"
    assert aws.calls == []


def test_before_its_time_is_up_the_function_hands_the_task_over_to_itself() -> None:
    aws = Aws(running(), remaining=FUNCTION.MARGIN)

    assert aws.run(event()) == {}
    request = aws.request("invoke")
    assert (request["FunctionName"], request["InvocationType"]) == ("arn:function", "Event")
    assert json.loads(request["Payload"]) == event(Task=TASK, Deadline=1000.0 + FUNCTION.LONGEST)


def test_a_task_that_was_handed_over_is_watched_and_not_started_again() -> None:
    aws = Aws(stopped(exitCode=0))

    assert aws.run(event(Task=TASK, Deadline=2000.0))["Status"] == "SUCCESS"
    assert not aws.did("run_task")


def test_a_migration_that_takes_too_long_is_stopped_before_cloudformation_gives_up() -> None:
    aws = Aws(running())

    assert "took more than 55 minutes" in aws.run(event())["Reason"]
    assert aws.request("stop_task")["task"] == TASK
    assert aws.now < 1000 + 3600


def test_a_cancelled_update_stops_the_migration() -> None:
    aws = Aws(running(), status="UPDATE_ROLLBACK_IN_PROGRESS")

    assert aws.run(event(Task=TASK, Deadline=2000.0))["Reason"] == "RuntimeError: the update was cancelled"
    assert aws.request("stop_task")["task"] == TASK


def test_a_migration_that_has_failed_by_itself_is_not_stopped() -> None:
    aws = Aws(stopped(exitCode=1))
    aws.run(event())

    assert not aws.did("stop_task")
