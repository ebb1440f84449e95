"""The job tier: a command of the application's image that runs on a schedule, and what tells of failed runs."""

from typing import Any

from troposphere import Parameter, Template
from troposphere.scheduler import (
    AwsVpcConfiguration,
    DeadLetterConfig,
    EcsParameters,
    FlexibleTimeWindow,
    NetworkConfiguration,
    RetryPolicy,
    Schedule,
    Target,
)

from tap.parts import add_parameter, add_role, of_this_account
from tap.queues import add_single_queue, send_to
from tap.tasks import CONTAINER, Tasks, add_command
from tap.watched import metric

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
SCHEDULE = (r"cron\([0-9A-Z,*/?#-]+( [0-9A-Z,*/?#-]+){5}\)|rate\([1-9][0-9]{0,4} (minutes?|hours?|days?)\)"
            r"|at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\)")
LATEST = 3600  # seconds after its time at which a run is given up that could not be started


def add_default_job(t: Template, tasks: Tasks) -> None:
    """Add the job that JobCommand and JobSchedule ask for."""
    command, condition = add_command(
        t, "Job", "Command", "Job", "Command of the same image that runs by itself at each time of JobSchedule")
    schedule = add_parameter(t, "Job", "Schedule", Parameter(
        "JobSchedule", Type="String", Default="cron(0 3 * * ? *)", AllowedPattern=SCHEDULE,
        ConstraintDescription="must be a schedule such as cron(0 3 * * ? *), rate(1 hour) or at(2030-01-31T12:00:00)",
        Description="When, by UTC, the job runs: a cron, rate or at expression of EventBridge Scheduler."))
    add_job(t, tasks, "Job", command, schedule.ref(), condition)


def add_job(
        t: Template, tasks: Tasks, title: str, command: Any, schedule: Any, condition: str | None = None) -> Schedule:
    """Add `<title>Timer`, which runs a command, a list of words, in one task at each time of a schedule.

    The schedule is an expression of EventBridge Scheduler, by UTC. A run that cannot be started, and one that does not
    exit with 0, tell the topic of alerts. With a condition, all of it is there where it holds.
    """
    there: dict[str, Any] = {"Condition": condition} if condition else {}
    platform = tasks.platform
    definition = tasks.define(f"{title}TaskDefinition", title.lower(), {"Command": command}, **there)
    failures = add_single_queue(t, platform.keys, f"{title}Failures", **there)
    role = add_role(
        t, title, "scheduler.amazonaws.com", *tasks.run(),
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        *send_to(failures, platform.keys), condition=condition, trust_condition=of_this_account())
    network = tasks.network_configuration.AwsvpcConfiguration
    timer = t.add_resource(Schedule(
        f"{title}Timer", **tasks.after(), **there,
        ScheduleExpression=schedule, FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
        Target=Target(
            Arn=tasks.cluster.get_att("Arn"), RoleArn=role.get_att("Arn"),
            EcsParameters=EcsParameters(
                # On demand: nothing repeats a run that Spot interrupts. The group is what its events are known by.
                TaskDefinitionArn=definition.ref(), LaunchType="FARGATE", TaskCount=1, Group=title,
                PropagateTags="TASK_DEFINITION",
                NetworkConfiguration=NetworkConfiguration(AwsvpcConfiguration=AwsVpcConfiguration(
                    AssignPublicIp="DISABLED", SecurityGroups=network.SecurityGroups, Subnets=network.Subnets))),
            RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=LATEST),
            DeadLetterConfig=DeadLetterConfig(Arn=failures.get_att("Arn")))))
    _tell_of_failures(tasks, title, failures.get_att("QueueName"), **there)
    return timer


def _tell_of_failures(tasks: Tasks, title: str, queue_name: Any, **there: Any) -> None:
    alerts, name = tasks.platform.alerts, title.lower()
    alerts.add_alarm(
        f"{title}FailuresAlarm", f"A run of {name} could not be started",
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue_name}, "Maximum"), 1, **there)
    # Name and exit code of the same container: https://github.com/aws/event-ruler
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
    # cdk-preflight: PutRule fails where `$or` has siblings, so that each alternative is whole.
    of_a_run = {"clusterArn": [tasks.cluster.get_att("Arn")], "group": [title], "lastStatus": ["STOPPED"]}
    alerts.add_rule(f"{title}FailedRule", f"Failed runs of {name}", {
        "source": ["aws.ecs"], "detail-type": ["ECS Task State Change"],
        "detail": {"$or": [
            {**of_a_run, "containers": {"name": [CONTAINER], "exitCode": [{"anything-but": [0]}]}},
            {**of_a_run, "stopCode": [{"anything-but": ["EssentialContainerExited"]}]}]}},
        f"${{Environment}}: {name} failed at <time>: <reason> (task <task>)",
        {"reason": "$.detail.stoppedReason", "task": "$.detail.taskArn", "time": "$.time"}, **there)
