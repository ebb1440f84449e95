"""`tap run`: one command in a task of its own."""

import io
import sys

import pytest
from memory_aws import MemoryAws
from memory_ecs import NETWORK, TASK, MemoryEcs, running, stopped
from memory_logs import MemoryLogs
from memory_service import refusal
from memory_tap import Tap


@pytest.fixture
def ecs(tap: Tap, aws: MemoryAws) -> MemoryEcs:
    aws.add(resources={name: (f"AWS::ECS::{name}", "CREATE_COMPLETE") for name in ("Cluster", "Service")})
    ecs = MemoryEcs()
    tap.services |= {"ecs": ecs, "logs": MemoryLogs(**{"ServiceLogGroup-1": [(1, "one"), (2, "two")]})}
    return ecs


def test_the_task_is_the_services_with_another_command(tap: Tap, ecs: MemoryEcs) -> None:
    ecs.states = [stopped(exitCode=0)]

    assert tap("run", "dev", "python", "migrate.py") == 0
    request = next(request for name, request in ecs.requests if name == "run_task")
    assert {**request, "clientToken": ""} == {
        "cluster": "Cluster-1", "taskDefinition": "tap-dev-TaskDefinition:7", "launchType": "FARGATE",
        "networkConfiguration": NETWORK, "startedBy": "tap-run", "propagateTags": "TASK_DEFINITION", "clientToken": "",
        "overrides": {"containerOverrides": [{"name": "WebApp", "command": ["python", "migrate.py"]}]}}


def test_its_log_is_printed_once_and_its_exit_code_passed_on(tap: Tap, ecs: MemoryEcs) -> None:
    ecs.states = [running(), running(), stopped(exitCode=3)]

    assert tap("run", "dev", "false") == 3
    assert tap.out == "one\ntwo\n"
    assert tap.services["logs"].requests[0][1]["logStreamNames"] == ["web-app/WebApp/1234abcd"]


def test_a_command_that_logs_nothing_has_no_stream(tap: Tap, ecs: MemoryEcs) -> None:
    ecs.states = [running(), stopped(exitCode=0)]
    tap.services["logs"].groups["ServiceLogGroup-1"].clear()

    assert tap("run", "dev", "true") == 0
    assert tap.out == ""


def test_a_container_that_never_ran_is_an_error_with_its_reason(tap: Tap, ecs: MemoryEcs) -> None:
    ecs.states = [stopped(reason="CannotPullContainerError: not found")]

    assert tap("run", "dev", "true") == 1
    assert "the container never ran: CannotPullContainerError: not found" in tap.err


def test_where_the_answer_is_lost_no_second_task_is_started(tap: Tap, ecs: MemoryEcs) -> None:
    ecs.states = [stopped(exitCode=0)]
    ecs.lose("run_task", "after")

    assert tap("run", "dev", "true") == 0
    tokens = [request["clientToken"] for name, request in ecs.requests if name == "run_task"]
    assert (len(tokens), len(set(tokens))) == (2, 1)


def test_what_may_not_be_run_is_said(tap: Tap, ecs: MemoryEcs) -> None:
    ecs.faults["run_task"] = [("before", refusal("AccessDeniedException", "not authorized to perform: ecs:RunTask"))]

    assert tap("run", "dev", "true") == 1
    assert "ecs:RunTask" in tap.err


@pytest.mark.parametrize(("answer", "code", "calls"), [("y\n", 130, 1), ("n\n", 5, 0), ("", 5, 0)])
def test_ctrl_c_asks_before_the_task_is_stopped(
        tap: Tap, ecs: MemoryEcs, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, calls: int) -> None:
    ecs.faults["describe_tasks"] = [("before", KeyboardInterrupt())]
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))

    assert tap("run", "dev", "sleep", "3600") == code
    assert ecs.calls.count("stop_task") == calls
    assert (f"aws ecs stop-task --cluster Cluster-1 --task {TASK}" in tap.err) == (code == 5)


def test_a_stack_without_a_service_runs_nothing(tap: Tap, aws: MemoryAws) -> None:
    aws.add()

    assert tap("run", "dev", "true") == 2
    assert "stack tap-dev has no service" in tap.err
