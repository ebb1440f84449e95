"""The health of the service as visitors notice it: the alarms that roll back a deployment.

Amazon ECS ignores an alarm that is already in ALARM when a deployment starts:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
So each target group has alarms of its own, which an outage of the other version does not trigger, and none triggers
without requests, for example at night.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from troposphere import AWSHelperFn, If, Parameter, Sub, Template
from troposphere.cloudwatch import Alarm, CompositeAlarm
from troposphere.elasticloadbalancingv2 import TargetGroup

from tap.alerts import alarm
from tap.indicators import BALANCER, failed_validations, unanswered
from tap.load_balancer import Balancer
from tap.parts import add_export, add_parameter, only_if
from tap.strategy import Alternate
from tap.validation import Validation
from tap.watched import MINUTE, query, share, slow

# Minimum failures in a minute, and minimum percentage of requests, that roll a version back.
LEAST, PERCENT = 5, 2


class Health(NamedTuple):
    """What a deployment watches. Nothing here refers to the service, since the service refers to the alarms."""

    guards: tuple[AWSHelperFn, ...]
    """The alarms inside the composite alarm: Amazon ECS documents metric alarms only."""
    composite: CompositeAlarm
    latency: AWSHelperFn
    """Threshold in seconds for the 99th percentile of the response time."""


def add_health(
        t: Template, balancer: Balancer, validation: Validation, alternate: Alternate) -> Health:
    """Add the alarms that guard a deployment, which notify nobody, and the composite alarm over them."""
    latency = add_parameter(t, "Alerts", "Latency", Parameter(
        "LatencyAlarmSeconds", Type="Number", Default=1, MinValue=0.05, MaxValue=60,
        Description="Threshold in seconds for the 99th percentile of the response time. The latency alarm triggers at "
                    "or above it."))

    def add_guard(title: str, description: str, watched: dict[str, Any], threshold: Any, **attributes: Any) -> Alarm:
        # Two of the last three minutes: short enough for a bake time, and one bad minute does not blame the version.
        return t.add_resource(alarm(
            title, f"Rolls back a deployment: {description}", watched, threshold, 3, 2, **attributes))

    def add_guards(of: str, group: TargetGroup, **attributes: Any) -> tuple[Alarm, Alarm]:
        dimensions = {**balancer.dimensions, "TargetGroup": group.get_att("TargetGroupFullName")}
        requests = query("requests", BALANCER, "RequestCount", dimensions, period=MINUTE)
        return (
            add_guard(
                f"{of}ErrorGuard", "tasks respond with errors, or not at all",
                share(("errors", "refused"), ("requests",), (
                    query("errors", BALANCER, "HTTPCode_Target_5XX_Count", dimensions, period=MINUTE),
                    query("refused", BALANCER, "TargetConnectionErrorCount", dimensions, period=MINUTE),
                    requests), LEAST), PERCENT, **attributes),
            add_guard(
                f"{of}LatencyGuard", "tasks respond slowly",
                slow(requests, query("p99", BALANCER, "TargetResponseTime", dimensions, "p99", MINUTE)),
                latency.ref(), **attributes))

    always = (
        *add_guards("TargetGroup", balancer.target_group),
        add_guard(
            "LoadBalancerGuard", "the load balancer gets no response to requests",
            unanswered(balancer, LEAST, MINUTE), PERCENT),
        add_guard(
            "ValidationGuard", "the validation function fails, or cannot decide",
            failed_validations(validation, LEAST, MINUTE), PERCENT))
    shifted = add_guards("Alternate", alternate.target_group, Condition=alternate.condition)
    # The same alarm rolls back stack updates: see rollback_alarms in parameters/targets.toml.
    composite = t.add_resource(CompositeAlarm("ServiceHealthAlarm", AlarmRule=Sub(
        _any_of(always) + "${Shifted}", Shifted=If(alternate.condition, Sub(" OR " + _any_of(shifted)), ""))))
    add_export(t, "ServiceHealthAlarm", "Alarm that rolls back deployments", composite.ref(), "service-health-alarm")
    return Health(
        (*(guard.ref() for guard in always), *(only_if(alternate.condition, guard.ref()) for guard in shifted)),
        composite, latency.ref())


def _any_of(guards: Iterable[Alarm]) -> str:
    return " OR ".join(f"ALARM(${{{guard.title}}})" for guard in guards)
