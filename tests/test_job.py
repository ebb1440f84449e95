"""The job: a command of the service's image on a schedule, and what tells of failed runs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView

from tap.job import SCHEDULE
from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
JOB = {"JobCommand": "python job.py", "JobSchedule": "rate(1 hour)"}


@pytest.fixture(scope="module")
def stack(deployed: Deployed) -> StackView:
    return deployed(**JOB)


def test_there_is_no_job_by_default(deployed: Deployed, stack: StackView) -> None:
    assert set(stack.resolved.resources) - set(deployed().resolved.resources) == {
        "JobFailedRule", "JobFailures", "JobFailuresAlarm", "JobFailuresPolicy", "JobPolicy", "JobRole",
        "JobTaskDefinition", "JobTimer"}


def test_a_job_is_a_task_of_the_service_but_for_its_command(stack: StackView) -> None:
    (own,) = stack.properties("JobTaskDefinition")["ContainerDefinitions"]
    (service,) = stack.properties("TaskDefinition")["ContainerDefinitions"]
    assert own.pop("Command") == ["python", "job.py"]
    for name in own.keys() - {"LogConfiguration"}:
        assert own[name] == service[name]


def test_one_task_starts_on_demand_at_each_time_of_the_schedule(stack: StackView) -> None:
    timer, network = stack.properties("JobTimer"), stack.properties("Service")["NetworkConfiguration"]
    assert timer["ScheduleExpression"] == JOB["JobSchedule"]
    assert timer["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert timer["Target"]["Arn"] == Reference("Cluster", "Arn")
    parameters = timer["Target"]["EcsParameters"]
    assert (parameters["LaunchType"], parameters["TaskCount"]) == ("FARGATE", 1)
    assert parameters["TaskDefinitionArn"] == Reference("JobTaskDefinition")
    assert parameters["NetworkConfiguration"] == network


def test_a_job_of_a_new_version_waits_for_its_migration(deployed: Deployed) -> None:
    assert "Migration" in deployed(**JOB, MigrationCommand="python migrate.py").waits_for("JobTimer")


def test_its_role_starts_tasks_reports_failures_and_does_nothing_else(stack: StackView) -> None:
    granted = stack.grants("JobRole")
    assert set(granted) == {
        "ecs:RunTask", "ecs:TagResource", "iam:PassRole", "kms:Decrypt", "kms:GenerateDataKey", "sqs:SendMessage"}
    assert granted["iam:PassRole"] == {"${TaskExecutionRole.Arn}", "${TaskRole.Arn}"}
    assert granted["sqs:SendMessage"] == {"${JobFailures.Arn}"}


def test_a_run_that_cannot_be_started_within_an_hour_triggers_an_alarm(stack: StackView) -> None:
    target = stack.properties("JobTimer")["Target"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600}
    assert target["DeadLetterConfig"] == {"Arn": Reference("JobFailures", "Arn")}
    alarm = stack.properties("JobFailuresAlarm")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": Reference("JobFailures", "QueueName")}]
    assert alarm["AlarmActions"] == [Reference("AlertsTopic")]


def test_a_run_that_does_not_exit_with_0_is_told_to_the_topic(stack: StackView) -> None:
    rule = stack.properties("JobFailedRule")
    detail: dict[str, Any] = rule["EventPattern"]["detail"]
    group = stack.properties("JobTimer")["Target"]["EcsParameters"]["Group"]
    of_a_run = {"clusterArn": [Reference("Cluster", "Arn")], "group": [group], "lastStatus": ["STOPPED"]}
    assert detail == {"$or": [
        {**of_a_run, "containers": {"name": ["WebApp"], "exitCode": [{"anything-but": [0]}]}},
        {**of_a_run, "stopCode": [{"anything-but": ["EssentialContainerExited"]}]}]}
    assert [target["Arn"] for target in rule["Targets"]] == [Reference("AlertsTopic")]


@pytest.mark.parametrize("schedule", [
    "cron(0 3 * * ? *)", "cron(0/15 8-18 ? * MON-FRI *)", "cron(0 9 ? * 2#1 *)", "rate(1 hour)", "rate(15 minutes)",
    "at(2030-01-31T12:00:00)"])
def test_a_schedule_is_a_cron_rate_or_at_expression(schedule: str) -> None:
    assert re.fullmatch(SCHEDULE, schedule)


@pytest.mark.parametrize("schedule", [
    "", "0 3 * * ? *", "cron(0 3 * * *)", "cron(0 3 * * ? * *)", "rate(0 hours)", "rate(5 seconds)", "at(2030-01-31)"])
def test_what_the_scheduler_refuses_is_no_schedule(schedule: str) -> None:
    assert not re.fullmatch(SCHEDULE, schedule)
