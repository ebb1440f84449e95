"""Properties of alarms: on one metric, or on an expression over metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import AWSHelperFn
from troposphere.cloudwatch import Metric, MetricDataQuery, MetricDimension, MetricStat

MINUTE, FIVE_MINUTES = 60, 300
# Minimum requests in a period for a 99th percentile to be meaningful.
ENOUGH = 100


def metric(
        namespace: str, name: str, dimensions: Mapping[str, Any], statistic: str = "Sum",
        period: int = FIVE_MINUTES) -> dict[str, Any]:
    """Return the properties of an alarm on one metric; period in seconds."""
    return {"Namespace": namespace, "MetricName": name, "Dimensions": _dimensions(dimensions),
            "Statistic": statistic, "Period": period}


def query(
        ident: str, namespace: str, name: str, dimensions: Mapping[str, Any],
        statistic: str = "Sum", period: int = FIVE_MINUTES) -> MetricDataQuery:
    """Return a metric for use in an expression, by its identifier; period in seconds.

    All metrics of an alarm must have the same period.
    """
    return MetricDataQuery(Id=ident, ReturnData=False, MetricStat=MetricStat(
        Stat=statistic, Period=period,
        Metric=Metric(Namespace=namespace, MetricName=name, Dimensions=_dimensions(dimensions))))


def expression(text: str, *queries: MetricDataQuery | AWSHelperFn, **parts: str) -> dict[str, Any]:
    """Return the properties of an alarm on an expression; `parts` are expressions that it refers to by name.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    return {"Metrics": [
        MetricDataQuery(Id="result", Expression=text), *(part(*each) for each in parts.items()), *queries]}


def part(ident: str, text: str) -> MetricDataQuery:
    """Return an expression that another expression refers to by its identifier."""
    return MetricDataQuery(Id=ident, Expression=text, ReturnData=False)


def total(*names: str) -> str:
    """Return the expression for the sum of metrics, some of which may have no data."""
    return f"SUM([{', '.join(names)}])" if len(names) > 1 else names[0]


def share(
        failed: Sequence[str], of: Sequence[str], queries: Sequence[MetricDataQuery | AWSHelperFn],
        least: int) -> dict[str, Any]:
    """Return the properties of an alarm on the percentage of failures.

    Fewer than `least` failures in a period count as 0: one failure in two requests is not an outage. `failed` and `of`
    name the queries to sum. A period with requests has a value, even if 0; a period without requests has none, so that
    data that arrives late is not mistaken for a healthy period:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
    """
    return expression(
        f"IF(served > 0 AND failed >= {least}, 100 * failed / served, 0)", *queries,
        failed=total(*failed), served=total(*of))


def slow(requests: MetricDataQuery, p99: MetricDataQuery, p50: MetricDataQuery | None = None) -> dict[str, Any]:
    """Return the properties of an alarm on the 99th percentile of a duration.

    With fewer than 100 requests in a period, the 99th percentile is the slowest request: the alarm then uses the
    median, or 0 without `p50`. The queries have the identifiers `requests`, `p99` and `p50`.
    """
    few = "p50" if p50 else "0"
    return expression(f"IF(requests >= {ENOUGH}, p99, {few})", requests, p99, *([p50] if p50 else []))


def _dimensions(dimensions: Mapping[str, Any]) -> list[MetricDimension]:
    return [MetricDimension(Name=name, Value=value) for name, value in dimensions.items()]
