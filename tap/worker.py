"""The worker tier: a second service with the same image, without a load balancer, and its queue."""

from typing import Any, NamedTuple

from troposphere import And, AWSHelperFn, Split, Template
from troposphere import Condition as ConditionOf
from troposphere.applicationautoscaling import (
    CustomizedMetricSpecification,
    ScalingPolicy,
    TargetTrackingMetric,
    TargetTrackingMetricDataQuery,
    TargetTrackingMetricDimension,
    TargetTrackingMetricStat,
    TargetTrackingScalingPolicyConfiguration,
)
from troposphere.ecs import DeploymentCircuitBreaker, DeploymentConfiguration, Service

from tap.parts import add_switch
from tap.queues import AppQueue, add_queue
from tap.scaling import add_scaling
from tap.tasks import Given, Platform, Tasks, add_command
from tap.watched import metric
from tap.whole_numbers import add_whole_number

BACKLOG = 100  # target number of waiting messages per task


class Worker(NamedTuple):
    """The worker's parameters and queue, declared before the tasks, which get the queue's URL as a variable."""

    command: Split
    condition: str
    queue: AppQueue
    queue_condition: str
    limits: tuple[AWSHelperFn, AWSHelperFn]
    """Minimum and maximum number of tasks."""

    def given(self) -> Given:
        """Return what every task gets: the queue's URL and permission to send and receive."""
        return Given({"WORKER_QUEUE_URL": self.queue.queue.ref()}, self.queue.send_and_process(),
                     condition=self.queue_condition)


def add_worker_queue(t: Template, platform: Platform) -> Worker:
    """Declare the worker's parameters, and add its queue and the alarm on unprocessed messages."""
    command, condition = add_command(
        t, "Worker", "Command", "Worker", "Command of a second service of the same image, without a load balancer")
    wants_queue = add_switch(
        t, "Worker", "Queue", "WorkerQueue", "false",
        "Create a queue with a dead-letter queue. All tasks get its URL in WORKER_QUEUE_URL. The worker scales to "
        f"{BACKLOG} waiting messages per task.")
    queue_condition = t.add_condition("HasQueueOfWorker", And(ConditionOf(condition), ConditionOf(wants_queue)))
    queue = add_queue(t, platform.keys, "Work", Condition=queue_condition)
    platform.network.endpoints.add("Sqs", "sqs", queue_condition)
    platform.alerts.add_alarm(
        "WorkFailuresAlarm", "Unprocessed messages are waiting in the dead-letter queue",
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible",
               {"QueueName": queue.failures.get_att("QueueName")}, "Maximum"), 1, Condition=queue_condition)
    least = add_whole_number(t, "Worker", "Minimum tasks", "MinWorkers", 1, 1, 1000, "Minimum number of worker tasks.")
    most = add_whole_number(
        t, "Worker", "Maximum tasks", "MaxWorkers", 4, 1, 1000,
        "Maximum number of worker tasks; at least MinWorkers. Without a queue, MinWorkers tasks run.")
    return Worker(command, condition, queue, queue_condition, (least.ref(), most.ref()))


def add_default_worker(t: Template, tasks: Tasks, worker: Worker) -> None:
    """Add the worker of WorkerCommand."""
    add_worker(t, tasks, "Worker", worker.command, worker.limits, worker.queue,
               worker.condition, worker.queue_condition)


def add_worker(
        t: Template, tasks: Tasks, title: str, command: Any, count: tuple[Any, Any], queue: AppQueue | None = None,
        condition: str | None = None, queue_condition: str | None = None) -> Service:
    """Add `<title>Service`, which runs a command, a list of words, and is scaled on the backlog of its queue.

    `count` has the minimum and maximum number of tasks. With a condition the service, with a second one its scaling by
    the queue, is there where it holds.
    """
    there: dict[str, Any] = {"Condition": condition} if condition else {}
    scaled: dict[str, Any] = {"Condition": queue_condition or condition} if queue_condition or condition else {}
    definition = tasks.define(f"{title}TaskDefinition", title.lower(), {"Command": command}, **there)
    service = t.add_resource(Service(
        f"{title}Service", **tasks.after(),
        Cluster=tasks.cluster.ref(), TaskDefinition=definition.ref(), CapacityProviderStrategy=tasks.strategy,
        # No DesiredCount: an update would reset the count that auto scaling has set.
        DeploymentConfiguration=DeploymentConfiguration(
            MinimumHealthyPercent=100, MaximumPercent=200,
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True)),
        AvailabilityZoneRebalancing="ENABLED", NetworkConfiguration=tasks.network_configuration,
        PropagateTags="SERVICE", **there))
    target = add_scaling(t, f"{title}Scaling", tasks.cluster, service, tasks.hours, count, **there)
    if queue:
        t.add_resource(ScalingPolicy(
            f"{title}BacklogScaling", PolicyName="backlog", PolicyType="TargetTrackingScaling",
            ScalingTargetId=target.ref(), TargetTrackingScalingPolicyConfiguration=_backlog(tasks, service, queue),
            **scaled))
    # Tasks that fail one after the other do not fail a deployment that has ended.
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
    tasks.platform.alerts.add_rule(f"{title}ActionRule", f"Trouble of {title.lower()} with its tasks", {
        "source": ["aws.ecs"], "detail-type": ["ECS Service Action"],
        "resources": [service.ref()], "detail": {"eventType": ["WARN", "ERROR"]}},
        f"${{Environment}}: {title.lower()} has trouble with its tasks at <time>: <name> <reason>",
        {"name": "$.detail.eventName", "reason": "$.detail.reason", "time": "$.time"}, **there)
    return service


def _backlog(tasks: Tasks, service: Service, queue: AppQueue) -> TargetTrackingScalingPolicyConfiguration:
    """Return the policy that keeps waiting messages per task at a target.

    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html
    """
    def of(ident: str, namespace: str, name: str, **dimensions: AWSHelperFn) -> TargetTrackingMetricDataQuery:
        return TargetTrackingMetricDataQuery(Id=ident, ReturnData=False, MetricStat=TargetTrackingMetricStat(
            Stat="Average", Metric=TargetTrackingMetric(Namespace=namespace, MetricName=name, Dimensions=[
                TargetTrackingMetricDimension(Name=key, Value=value) for key, value in dimensions.items()])))

    return TargetTrackingScalingPolicyConfiguration(
        TargetValue=BACKLOG, ScaleInCooldown=60, ScaleOutCooldown=60,
        CustomizedMetricSpecification=CustomizedMetricSpecification(Metrics=[
            of("waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible",
               QueueName=queue.queue.get_att("QueueName")),
            of("tasks", "ECS/ContainerInsights", "RunningTaskCount",
               ClusterName=tasks.cluster.ref(), ServiceName=service.get_att("Name")),
            TargetTrackingMetricDataQuery(Id="backlog", Expression="waiting / tasks", ReturnData=True)]))
