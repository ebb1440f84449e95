"""The scaling of services: between how many tasks each one runs, and the hours in which none does."""

from typing import Any, NamedTuple

from troposphere import Equals, Not, Parameter, Sub, Template
from troposphere.applicationautoscaling import ScalableTarget, ScalableTargetAction, ScheduledAction
from troposphere.ecs import Cluster, Service

from tap.parts import SLEEPS, add_parameter, only_if


class Hours(NamedTuple):
    """When services stop all their tasks and when they start them again, or empty parameters."""

    sleep: Parameter
    wake: Parameter


def add_hours(t: Template) -> Hours:
    """Declare when services sleep and wake, which are set together or not at all."""
    sleep, wake = (add_parameter(t, "Service", label, Parameter(
        title, Type="String", Default="", AllowedPattern=r"(cron\([0-9A-Z ,*/?#-]{11,80}\))?",
        ConstraintDescription="must be a schedule such as cron(0 20 ? * MON-FRI *), or empty",
        Description=f"When, by UTC, {what}; empty for never."))
        for title, label, what in (
            ("SleepSchedule", "Sleep", "the service and the workers stop all their tasks; jobs keep their schedule"),
            ("WakeSchedule", "Wake", "they start them again")))
    t.add_condition(SLEEPS, Not(Equals(sleep.ref(), "")))
    return Hours(sleep, wake)


def add_scaling(
        t: Template, title: str, cluster: Cluster, service: Service, hours: Hours, limits: tuple[Any, Any],
        **attributes: Any) -> ScalableTarget:
    """Add a scalable target: a service between its minimum and maximum number of tasks, with none while it sleeps."""
    least, most = limits
    return t.add_resource(ScalableTarget(
        title, ServiceNamespace="ecs", ScalableDimension="ecs:service:DesiredCount",
        # No role: Application Auto Scaling uses, and creates, its service-linked role.
        ResourceId=Sub(f"service/${{{cluster.title}}}/${{{service.title}.Name}}"),
        MinCapacity=least, MaxCapacity=most, **attributes,
        ScheduledActions=only_if(SLEEPS, [
            ScheduledAction(
                ScheduledActionName=name, Schedule=schedule.ref(),
                ScalableTargetAction=ScalableTargetAction(MinCapacity=fewest, MaxCapacity=greatest))
            for name, schedule, fewest, greatest in (
                ("sleep", hours.sleep, 0, 0), ("wake", hours.wake, least, most))])))
