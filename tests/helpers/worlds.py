"""What happens to a stack, minute by minute, and which metrics its services send of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cloudwatch import Metrics, Minutes, Samples

GB = 2.0**30
# Requests of a minute: one, more or less, and 500 a second.
RATES: Mapping[str, Callable[[int], float]] = {
    "1 a minute": lambda minute: (1, 1, 0, 2, 1, 1, 1)[minute % 7],
    "500 a second": lambda minute: 30_000 + 500 * (minute % 3)}


@dataclass(frozen=True)
class Minute:
    """One minute of a stack; the default is one without visitors."""

    requests: float = 0  # that go to a task of the group in use
    errors: float = 0  # of these, answered with 5XX
    hanging: float = 0  # of these, not answered in time: 504
    refused: float = 0  # of these, not taken by the task: 502
    slow: float = 0  # of these, answered after `seconds`
    seconds: float = 5
    homeless: float = 0  # for which there is no task: 503
    green: float = 0  # that go to a task of the group that takes over
    green_errors: float = 0
    green_slow: float = 0
    wanted: float | None = 3
    running: float | None = 3
    cpu: float = 40
    memory: float = 50
    unhealthy: float = 0
    validations: float = 0  # transactions, one a call
    failed: float = 0  # of these, that the function failed at
    undecided: float = 0
    rejected: float = 0
    throttled: float = 0  # calls that did not run
    milliseconds: float = 20
    stuck: float = 0
    undelivered: float = 0
    probes: float = 1
    probe_failed: float = 0
    table_throttles: float = 0
    table_errors: float = 0
    has_database: bool = True  # that sends metrics: not while it is paused, or fails over
    database_cpu: float = 30
    connections: float = 50
    free_memory: float = 2 * GB
    capacity: float = 20
    lag: float = 20
    deadlocks: float = 0  # a second
    blocked: float = 0
    ports: float = 0
    days: float = 200
    cdn_days: float = 200


def world(rate: str, change: Callable[[int, Minute], Minute] = lambda _minute, usual: usual, length: int = 70
          ) -> list[Minute]:
    """Return the minutes of a stack that so many visitors come to, with what a scenario changes of each."""
    usual = [Minute(requests=count, validations=count) for count in map(RATES[rate], range(length))]
    return [change(at, minute) for at, minute in enumerate(usual)]


def changed(since: int = 20, until: int = 10**6, **values: Any) -> Callable[[int, Minute], Minute]:
    """Return a change of these minutes: values, or functions from the minute to one."""
    def change(at: int, minute: Minute) -> Minute:
        if not since <= at < until:
            return minute
        return replace(minute, **{name: value(minute) if callable(value) else value for name, value in values.items()})

    return change


def _count(value: float) -> Samples | None:
    """A count, which load balancers, functions and tables send where it is not 0.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    return [(value, 1)] if value else None


def _times(count: float, usual: float, slow: float = 0, seconds: float = 0) -> Samples | None:
    samples = [(usual, count - slow), (seconds, slow)]
    return [sample for sample in samples if sample[1] > 0] or None


def _always(value: float | None) -> Samples | None:
    return None if value is None else [(value, 1)]


def _balancer(m: Minute, name: str, group: str | None) -> Samples | None:
    blue, green = group != "AlternateTargetGroup", group != "TargetGroup"
    metrics: dict[str, Callable[[], Samples | None]] = {
        "RequestCount": lambda: _count(m.requests * blue + m.green * green),
        "HTTPCode_Target_5XX_Count": lambda: _count(m.errors * blue + m.green_errors * green),
        "TargetConnectionErrorCount": lambda: _count(m.refused * blue),
        "HTTPCode_ELB_5XX_Count": lambda: _count(m.hanging + m.refused + m.homeless),
        "HTTPCode_ELB_502_Count": lambda: _count(m.refused),
        "HTTPCode_ELB_503_Count": lambda: _count(m.homeless),
        "HTTPCode_ELB_504_Count": lambda: _count(m.hanging),
        "TargetResponseTime": lambda: [
            *(_times(m.requests, 0.05, m.slow, m.seconds) or [] if blue else []),
            *(_times(m.green, 0.05, m.green_slow, m.seconds) or [] if green else [])] or None,
        "UnHealthyHostCount": lambda: _always(m.unhealthy if blue else 0),
    }
    return metrics[name]()


def _database(m: Minute, name: str) -> Samples | None:
    if not m.has_database:
        return None
    # A writer, and a reader that does next to nothing.
    both = {"CPUUtilization": m.database_cpu, "DatabaseConnections": m.connections, "FreeableMemory": m.free_memory,
            "ACUUtilization": m.capacity}
    if name in both:
        return [(both[name], 1), (4 * GB if name == "FreeableMemory" else 1, 1)]
    return _always({"AuroraReplicaLagMaximum": m.lag, "Deadlocks": m.deadlocks}[name])


def _function(m: Minute, name: str) -> Samples | None:
    ran = m.validations - m.throttled
    return {"Invocations": _count(ran), "Errors": _always(m.failed) if ran else None, "Throttles": _count(m.throttled),
            "Duration": _times(ran, m.milliseconds)}[name]


def _probe(m: Minute, name: str) -> Samples | None:
    return {"Invocations": _count(m.probes), "Errors": _always(m.probe_failed) if m.probes else None}[name]


def _outcome(m: Minute, name: str) -> Samples | None:
    decided = m.validations - m.throttled - m.failed
    if decided <= 0:
        return None  # the function sends none of them, or all
    counts = {"Unavailable": m.undecided, "Rejected": m.rejected, "Duplicate": 0.0}
    return [(counts.get(name, decided - sum(counts.values())), 1)]


def _table(m: Minute, name: str, operation: str | None) -> Samples | None:
    if name == "SuccessfulRequestLatency":
        served = m.validations - m.table_throttles - m.table_errors
        return _times(served, 5) if operation == "PutItem" else None
    return _count({"ReadThrottleEvents": 0, "WriteThrottleEvents": m.table_throttles,
                   "SystemErrors": m.table_errors if operation == "PutItem" else 0}[name])


def _of(m: Minute, namespace: str, name: str, dimensions: Mapping[str, str]) -> Samples | None:
    of: Mapping[str, Callable[[], Samples | None]] = {
        "AWS/ApplicationELB": lambda: _balancer(m, name, dimensions.get("TargetGroup")),
        "AWS/ECS": lambda: _always({"CPUUtilization": m.cpu, "MemoryUtilization": m.memory}[name])
        if m.running else None,
        "ECS/ContainerInsights": lambda: _always({"DesiredTaskCount": m.wanted, "RunningTaskCount": m.running}[name]),
        "AWS/Lambda": lambda: (_probe if dimensions["FunctionName"] == "ProbeFunction" else _function)(m, name),
        "TransactionValidation": lambda: _outcome(m, name),
        "AWS/SQS": lambda: _always(m.undelivered if "Fallback" in dimensions["QueueName"] else m.stuck),
        "AWS/DynamoDB": lambda: _table(m, name, dimensions.get("Operation")),
        "AWS/RDS": lambda: _database(m, name),
        "AWS/WAFV2": lambda: _count(m.blocked if name == "BlockedRequests" else m.requests),
        "AWS/NATGateway": lambda: _count(m.ports),
        "AWS/CertificateManager": lambda: _always(m.cdn_days if "cdn" in dimensions["CertificateArn"] else m.days),
    }
    return of[namespace]()


def metrics_of(minutes: Sequence[Minute]) -> Metrics:
    """Return what a stack's services send of its minutes, by metric."""
    sent: dict[Any, Minutes] = {}

    def metrics(metric: Mapping[str, Any]) -> Minutes:
        dimensions = {each["Name"]: getattr(each["Value"], "logical_id", str(each["Value"]))
                      for each in metric["Dimensions"]}
        key = (metric["Namespace"], metric["MetricName"], *dimensions.items())
        if key not in sent:
            sent[key] = [_of(minute, metric["Namespace"], metric["MetricName"], dimensions) for minute in minutes]
        return sent[key]

    return metrics
