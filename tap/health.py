"""The health of the service as its visitors notice it: the alarms that roll a deployment back."""

from typing import NamedTuple

from troposphere import Parameter, Sub, Template
from troposphere.cloudwatch import Alarm, CompositeAlarm

from tap.alerts import Alerts, metric
from tap.load_balancer import Balancer
from tap.parts import add_export, add_parameter


class Health(NamedTuple):
    """What a deployment watches; none of it refers to the service, which refers to it."""

    alarms: tuple[Alarm, ...]
    """The parts of the composite alarm: Amazon ECS documents metric alarms alone."""
    composite: CompositeAlarm


def add_health(t: Template, alerts: Alerts, balancer: Balancer) -> Health:
    """Add alarms on failed and slow requests, and the composite alarm over them."""
    latency = add_parameter(t, "Alerts", "Latency", Parameter(
        "LatencyAlarmSeconds", Type="Number", Default=1, MinValue=0.05, MaxValue=60,
        Description="Seconds that one request in a hundred may take, before the alarm rings."))

    alarms = (
        alerts.add_alarm(
            "Target5xxAlarm", "High 5XX error rate of the tasks",
            metric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", balancer.dimensions), 10, periods=2),
        # Where no task is healthy, no task answers 5XX: the load balancer does, and counts apart.
        alerts.add_alarm(
            "LoadBalancer5xxAlarm", "Requests without a task",
            metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", balancer.dimensions), 10, periods=2),
        alerts.add_alarm(
            "LatencyAlarm", "Slow answers",
            metric("AWS/ApplicationELB", "TargetResponseTime", balancer.dimensions, "p99"), latency.ref(), periods=2))
    # Its parts tell the topic. Rolls an update of the stack back, see rollback_alarms in parameters/targets.toml.
    composite = t.add_resource(CompositeAlarm("ServiceHealthAlarm", AlarmRule=Sub(
        " OR ".join(f"ALARM(${{{alarm.title}}})" for alarm in alarms))))
    add_export(t, "ServiceHealthAlarm", "Alarm that rolls back", composite.ref(), "service-health-alarm")
    return Health(alarms, composite)
