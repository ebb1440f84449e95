"""Every alarm in every situation: it rings, or it keeps silent, whatever CloudWatch's documentation leaves open."""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from cloudwatch import Assumptions, period_of, rings_at
from looping import some
from stack_view import StackView
from worlds import RATES, Minute, changed, metrics_of, world

from tap.template.resolve import resolve

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/{}"
NIGHTLY = "cron(0 20 ? * MON-FRI *)"
PARAMETERS = {
    "prod": {
        "DeploymentStrategy": "CANARY", "TrafficAlarmRequests": "1",
        "ProbeUrl": "https://pay.payments.test/", "CertificateArn": CERTIFICATE.format("alb"),
        "CdnDomainName": "cdn.payments.test", "CdnCertificateArn": CERTIFICATE.format("cdn"),
        "DatabaseInstanceClass": "db.r8g.large"},
    # Sleeps at night, as its database does after five minutes without connections.
    "dev": {
        "SleepSchedule": NIGHTLY, "WakeSchedule": NIGHTLY, "DatabaseInstanceClass": "db.serverless",
        "DatabaseMinCapacity": "0", "DatabaseReaderInstance": "false"},
}
SOME = [Assumptions(phase, beyond, delay, poisons) for phase, (beyond, delay, poisons) in itertools.product(
    range(5), ((2, 0, False), (2, 1, True), (5, 1, False)))]
ONE, MANY = RATES
BEGIN = 20  # the minute at which something happens

# Which alarms belong to which trouble.
FAST, TARGETS, BALANCER = "FailedRequestsAlarm", "Target5xxAlarm", "LoadBalancer5xxAlarm"
GUARD, GREEN_GUARD = "TargetGroupErrorGuard", "AlternateErrorGuard"
SLOW_GUARD, GREEN_SLOW_GUARD = "TargetGroupLatencyGuard", "AlternateLatencyGuard"

Scenario = tuple[str, Sequence[Minute], set[str]]


def all_of(name: str) -> Callable[[Minute], float]:
    return lambda minute: float(getattr(minute, name))


def part_of(name: str, share: float) -> Callable[[Minute], float]:
    return lambda minute: share * float(getattr(minute, name))


def failover(at: int, minute: Minute) -> Minute:
    """A minute without a writer, astride two minutes of the clock: half of each one's requests fail."""
    return changed(BEGIN, BEGIN + 2, errors=part_of("requests", 0.5), slow=part_of("requests", 0.5), seconds=8,
                   has_database=False, connections=280)(at, minute)


def deployment(at: int, minute: Minute, **broken: Any) -> Minute:
    """A canary: a tenth of the requests for ten minutes, then all of them; `broken` is of the new version."""
    minute = changed(BEGIN, BEGIN + 10, running=6, cpu=55, requests=part_of("requests", 0.9),
                     green=part_of("requests", 0.1))(at, minute)
    minute = changed(BEGIN + 10, BEGIN + 20, running=6, requests=0, green=all_of("requests"))(at, minute)
    minute = changed(BEGIN + 20, requests=0, green=all_of("requests"))(at, minute)
    return changed(BEGIN, **broken)(at, minute)


def asleep(at: int, _minute: Minute) -> Minute:
    """A night without tasks, whose counts nobody sends, while bots come by twice a minute."""
    return Minute(homeless=2 if at % 5 else 9, wanted=None, running=None, has_database=False)


def asleep_and_counted(at: int, _minute: Minute) -> Minute:
    """The same night, in which Container Insights counts the tasks that there are not."""
    return Minute(homeless=2, wanted=0, running=0, has_database=at < BEGIN)


def autopause(at: int, minute: Minute) -> Minute:
    """A database that pauses, and takes the first request a quarter of a minute to wake up again."""
    if BEGIN <= at < BEGIN + 15:
        return Minute(wanted=1, running=1, has_database=False)
    return changed(BEGIN + 15, BEGIN + 16, slow=1, seconds=16, capacity=95)(at, minute)


def at_each_rate(name: str, loud: Mapping[str, set[str]], stack: str = "prod", **values: Any) -> dict[str, Scenario]:
    return {f"{name}, {rate}": (stack, world(rate, changed(**values)), rings) for rate, rings in loud.items()}


SCENARIOS: dict[str, Scenario] = {
    # When everything is well, or will be by itself.
    **{f"all is well, {rate}": ("prod", world(rate), set()) for rate in RATES},
    "nobody but bots while the service sleeps": ("dev", world(ONE, asleep), set()),
    "nobody but bots while the service sleeps and is counted": ("dev", world(ONE, asleep_and_counted), set()),
    "a database that pauses and wakes": ("dev", world(ONE, autopause), set()),
    # A deployment that a failover falls into is rolled back: who is to say which of the two it was.
    f"a failover, {MANY}": ("prod", world(MANY, failover), {GUARD, SLOW_GUARD}),
    f"a failover, {ONE}": ("prod", world(ONE, failover), set()),
    **{f"a deployment, {rate}": ("prod", world(rate, deployment), set()) for rate in RATES},
    **at_each_rate("one slow request", {ONE: set(), MANY: set()}, since=BEGIN, until=BEGIN + 1, slow=1, seconds=50),
    **at_each_rate("one failed request", {ONE: set(), MANY: set()}, since=BEGIN, until=BEGIN + 1, errors=1, failed=1,
                   undecided=1),
    **at_each_rate("one request in a thousand fails", {MANY: set()}, errors=part_of("requests", 0.001),
                   failed=part_of("validations", 0.001)),
    "a throttled write now and then": ("prod", world(MANY, changed(table_throttles=1, throttled=2, ports=0)), set()),
    "a few bots blocked": ("prod", world(ONE, changed(blocked=4)), set()),
    # When visitors are turned away.
    **at_each_rate("tasks answer with errors", {MANY: {FAST, TARGETS, GUARD}, ONE: {TARGETS}},
                   errors=all_of("requests")),
    **at_each_rate("one request in twenty fails", {MANY: {FAST, TARGETS, GUARD}}, errors=part_of("requests", 0.06)),
    **at_each_rate("one request in forty fails", {MANY: {TARGETS, GUARD}}, errors=part_of("requests", 0.025)),
    **at_each_rate("tasks take no connections", {MANY: {FAST, BALANCER, GUARD, "LoadBalancerGuard"}, ONE: {BALANCER}},
                   refused=all_of("requests")),
    **at_each_rate("tasks do not answer in time", {MANY: {FAST, BALANCER, "LoadBalancerGuard"}, ONE: {BALANCER}},
                   hanging=all_of("requests")),
    **at_each_rate(
        "no task is left", {
            MANY: {FAST, BALANCER, "LoadBalancerGuard", "MissingTasksAlarm", "TrafficAlarm"},
            ONE: {BALANCER, "MissingTasksAlarm", "TrafficAlarm"}},
        homeless=all_of("requests"), requests=0, validations=0, running=0),
    "a service that may sleep but does not answer": (
        "dev", world(MANY, changed(refused=all_of("requests"))), {FAST, BALANCER, GUARD, "LoadBalancerGuard"}),
    **at_each_rate("all requests are slow", {MANY: {"LatencyAlarm", SLOW_GUARD}, ONE: {"LatencyAlarm"}},
                   slow=all_of("requests")),
    "one request in fifty is slow": (
        "prod", world(MANY, changed(slow=part_of("requests", 0.02))), {"LatencyAlarm", SLOW_GUARD}),
    "nobody comes any more": ("prod", world(MANY, changed(requests=0, validations=0)), {"TrafficAlarm"}),
    "the name leads nowhere": ("prod", world(ONE, changed(probe_failed=1)), {"ProbeAlarm"}),
    "one probe fails now and then": (
        "prod", world(ONE, lambda at, minute: changed(probe_failed=1)(at, minute) if at % 3 == 0 else minute), set()),
    "the probe does not run": ("prod", world(ONE, changed(probes=0)), {"ProbeAlarm"}),
    # A new version that fails in its canary. A minute with a tenth of a request shows nothing.
    f"a bad canary, {MANY}": ("prod", world(MANY, lambda at, minute: deployment(
        at, minute, green_errors=all_of("green"))), {FAST, TARGETS, GREEN_GUARD}),
    f"a slow canary, {MANY}": ("prod", world(MANY, lambda at, minute: deployment(
        at, minute, green_slow=all_of("green"))), {"LatencyAlarm", GREEN_SLOW_GUARD}),
    f"a bad canary, {ONE}": ("prod", world(ONE, lambda at, minute: changed(
        BEGIN, BEGIN + 10, green=0.1, green_errors=0.1)(at, minute)), set()),
    # The table, and what decides with it.
    **at_each_rate(
        "the table hangs", {
            MANY: {"ValidationUnavailableAlarm", "ValidationDurationAlarm", "ValidationThrottleAlarm",
                   "ValidationGuard"},
            ONE: {"ValidationUnavailableAlarm", "ValidationDurationAlarm"}},
        throttled=lambda minute: max(0, minute.validations - 150), milliseconds=4100,
        undecided=lambda minute: min(150, minute.validations)),
    **at_each_rate("the table refuses writes", {MANY: {"SessionsErrorAlarm"}, ONE: {"SessionsErrorAlarm"}},
                   table_throttles=all_of("validations")),
    **at_each_rate("the table fails", {MANY: {"SessionsErrorAlarm"}, ONE: {"SessionsErrorAlarm"}},
                   table_errors=all_of("validations")),
    **at_each_rate("the function fails", {
        MANY: {"ValidationErrorAlarm", "ValidationGuard"}, ONE: {"ValidationErrorAlarm"}},
        failed=all_of("validations")),
    **at_each_rate("the function is refused concurrency", {
        MANY: {"ValidationThrottleAlarm"}, ONE: {"ValidationThrottleAlarm"}}, throttled=all_of("validations")),
    "most transactions are rejected": (
        "prod", world(MANY, changed(rejected=part_of("validations", 0.7))), {"ValidationRejectionAlarm"}),
    "two of three transactions are rejected where there are few": (
        "prod", world(ONE, changed(rejected=part_of("validations", 0.7))), set()),
    "an event that the function failed at": ("prod", world(ONE, changed(stuck=1)), {"ValidationFailureAlarm"}),
    # Tasks and database.
    "tasks are busy": ("prod", world(MANY, changed(cpu=90, memory=85)), {"HighCpuAlarm", "HighMemoryAlarm"}),
    "a task is missing": ("prod", world(MANY, changed(running=2)), {"MissingTasksAlarm"}),
    "a Spot task is replaced": ("prod", world(MANY, changed(BEGIN, BEGIN + 3, running=2)), set()),
    "a task is unhealthy": ("prod", world(MANY, changed(unhealthy=1)), {"UnhealthyHostsAlarm"}),
    "the database is busy": ("prod", world(MANY, changed(database_cpu=92)), {"DatabaseCpuAlarm"}),
    "the database is busy for a minute in five": (
        "prod", world(MANY, lambda at, minute: changed(database_cpu=95)(at, minute) if at % 5 == 0 else minute), set()),
    "many connections": ("prod", world(MANY, changed(connections=320)), {"DatabaseConnectionsAlarm"}),
    "little memory": ("prod", world(MANY, changed(free_memory=2.0**27)), {"DatabaseMemoryAlarm"}),
    "the reader lags": ("prod", world(MANY, changed(lag=3000)), {"DatabaseLagAlarm"}),
    "the reader lags for a moment": ("prod", world(MANY, changed(BEGIN, BEGIN + 3, lag=3000)), set()),
    "deadlocks": ("prod", world(MANY, changed(deadlocks=0.05)), {"DatabaseDeadlockAlarm"}),
    "little capacity left": ("dev", world(MANY, changed(capacity=96)), {"DatabaseCapacityAlarm"}),
    # The edges, certificates, and the alerts themselves.
    "no port of the NAT gateways is free": ("prod", world(MANY, changed(ports=40)), {"NatPortAlarm"}),
    "an attack": ("prod", world(ONE, changed(blocked=500)), {"FirewallAlarm"}),
    "a rule that is wrong about customers": ("prod", world(MANY, changed(blocked=9000)), {"FirewallAlarm"}),
    "a certificate expires": ("prod", world(ONE, changed(since=0, days=20)), {"CertificateExpiryAlarm"}),
    "the CDN's certificate expires": ("prod", world(ONE, changed(since=0, cdn_days=20)), {"CdnCertificateExpiryAlarm"}),
    "alerts reach nobody": ("prod", world(ONE, changed(undelivered=1)), {"UndeliveredAlertsAlarm"}),
}


@pytest.fixture(scope="module")
def alarms(template: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    return {name: StackView(resolve(template, {"Environment": name, **parameters}, stack_name=f"tap-{name}")).all(
        "AWS::CloudWatch::Alarm") for name, parameters in PARAMETERS.items()}


@pytest.fixture(scope="module")
def known() -> dict[str, frozenset[int | None]]:
    """What was judged before: alarms that a scenario does not touch see the same in many of them."""
    return {}


def judged(alarm: Mapping[str, Any], minutes: Sequence[Minute], known: dict[str, frozenset[int | None]]) -> frozenset[
        int | None]:
    """Return the minutes at which an alarm first rings, under each of the assumptions; None where it keeps silent."""
    metrics = metrics_of(minutes)
    watched = [alarm, *(query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query)]
    key = json.dumps([str(alarm), [metrics(each) for each in watched if "MetricName" in each]])
    if key not in known:
        phases = range(period_of(alarm) // 60)
        known[key] = frozenset(
            rings_at(alarm, metrics, assumed, len(minutes)) for assumed in SOME if assumed.phase in phases)
    return known[key]


def days_as_minutes(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm whose period is a day, with one of a minute: its metric hardly changes within either."""
    return {**alarm, "Period": 60} if alarm.get("Period") == 86400 else dict(alarm)


@pytest.mark.parametrize("name", SCENARIOS)
def test_those_alarms_ring_and_all_others_keep_silent(
        alarms: dict[str, dict[str, dict[str, Any]]], known: dict[str, frozenset[int | None]], name: str) -> None:
    stack, minutes, expected = SCENARIOS[name]
    first = {title: judged(days_as_minutes(alarm), minutes, known) for title, alarm in alarms[stack].items()}
    assert {title for title, at in first.items() if at != {None}} == expected
    assert {title for title, at in first.items() if None not in at} == expected


def test_every_alarm_rings_in_a_scenario_and_keeps_silent_in_another(
        alarms: dict[str, dict[str, dict[str, Any]]]) -> None:
    rung = {title for _, _, expected in SCENARIOS.values() for title in expected}
    assert rung == {title for of_stack in alarms.values() for title in of_stack}


@pytest.mark.parametrize(("name", "title", "within"), [
    # Within a step of prod's canary.
    (f"a bad canary, {MANY}", GREEN_GUARD, 5), (f"a slow canary, {MANY}", GREEN_SLOW_GUARD, 5),
    (f"the function fails, {MANY}", "ValidationGuard", 5),
    (f"tasks answer with errors, {MANY}", FAST, 6), (f"no task is left, {MANY}", FAST, 6),
    (f"tasks answer with errors, {ONE}", TARGETS, 25), (f"no task is left, {ONE}", BALANCER, 25),
    (f"the table hangs, {ONE}", "ValidationUnavailableAlarm", 20), ("nobody comes any more", "TrafficAlarm", 35)])
def test_an_alarm_rings_soon_enough(
        alarms: dict[str, dict[str, dict[str, Any]]], known: dict[str, frozenset[int | None]], name: str, title: str,
        within: int) -> None:
    stack, minutes, _ = SCENARIOS[name]
    for minute in some(judged(alarms[stack][title], minutes, known)):
        assert minute is not None
        assert minute <= BEGIN + within


def test_an_outage_of_the_old_version_leaves_the_guards_of_the_new_one_free_to_ring(
        alarms: dict[str, dict[str, dict[str, Any]]], known: dict[str, frozenset[int | None]]) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html: ECS ignores an alarm
    # that rings when the deployment begins.
    minutes = world(MANY, lambda at, minute: deployment(at, changed(since=0, errors=all_of("requests"))(at, minute)))
    assert None not in judged(alarms["prod"][GUARD], minutes[:BEGIN], known)
    assert judged(alarms["prod"][GREEN_GUARD], minutes[:BEGIN], known) == {None}
