"""The health of the service as its visitors notice it: the alarms that roll a deployment back.

Amazon ECS pays no attention to an alarm that rings already when a deployment begins:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
So each target group has guards of its own, that an outage of the old version does not set off in the new one's; and
none rings where nobody is served, at night for instance.
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

# Failures in a minute from which on a version is to blame, and the percentage that they must be of all.
LEAST, PERCENT = 5, 2


class Health(NamedTuple):
    """What a deployment watches; none of it refers to the service, which refers to it."""

    guards: tuple[AWSHelperFn, ...]
    """The parts of the composite alarm: Amazon ECS documents metric alarms alone."""
    composite: CompositeAlarm
    latency: AWSHelperFn
    """Seconds that one request in a hundred may take."""


def add_health(
        t: Template, balancer: Balancer, validation: Validation, alternate: Alternate) -> Health:
    """Add the guards of a deployment, which tell nobody, and the composite alarm over them."""
    latency = add_parameter(t, "Alerts", "Latency", Parameter(
        "LatencyAlarmSeconds", Type="Number", Default=1, MinValue=0.05, MaxValue=60,
        Description="Seconds that one request in a hundred may take before the alarm rings."))

    def add_guard(title: str, description: str, watched: dict[str, Any], threshold: Any, **attributes: Any) -> Alarm:
        # Two of the last three minutes: they fit into a bake time, and one bad minute is none of the version's.
        return t.add_resource(alarm(
            title, f"Rolls a deployment back: {description}", watched, threshold, 3, 2, **attributes))

    def add_guards(of: str, group: TargetGroup, **attributes: Any) -> tuple[Alarm, Alarm]:
        dimensions = {**balancer.dimensions, "TargetGroup": group.get_att("TargetGroupFullName")}
        requests = query("requests", BALANCER, "RequestCount", dimensions, period=MINUTE)
        return (
            add_guard(
                f"{of}ErrorGuard", "tasks answer with errors, or not at all",
                share(("errors", "refused"), ("requests",), (
                    query("errors", BALANCER, "HTTPCode_Target_5XX_Count", dimensions, period=MINUTE),
                    query("refused", BALANCER, "TargetConnectionErrorCount", dimensions, period=MINUTE),
                    requests), LEAST), PERCENT, **attributes),
            add_guard(
                f"{of}LatencyGuard", "tasks answer slowly",
                slow(requests, query("p99", BALANCER, "TargetResponseTime", dimensions, "p99", MINUTE)),
                latency.ref(), **attributes))

    always = (
        *add_guards("TargetGroup", balancer.target_group),
        add_guard(
            "LoadBalancerGuard", "the load balancer gets no answer to requests",
            unanswered(balancer, LEAST, MINUTE), PERCENT),
        add_guard(
            "ValidationGuard", "the validation function fails, or decides nothing",
            failed_validations(validation, LEAST, MINUTE), PERCENT))
    shifted = add_guards("Alternate", alternate.target_group, Condition=alternate.condition)
    # An update of the stack is rolled back by the same, see rollback_alarms in parameters/targets.toml.
    composite = t.add_resource(CompositeAlarm("ServiceHealthAlarm", AlarmRule=Sub(
        _any_of(always) + "${Shifted}", Shifted=If(alternate.condition, Sub(" OR " + _any_of(shifted)), ""))))
    add_export(t, "ServiceHealthAlarm", "Alarm that rolls back", composite.ref(), "service-health-alarm")
    return Health(
        (*(guard.ref() for guard in always), *(only_if(alternate.condition, guard.ref()) for guard in shifted)),
        composite, latency.ref())


def _any_of(guards: Iterable[Alarm]) -> str:
    return " OR ".join(f"ALARM(${{{guard.title}}})" for guard in guards)
