"""What alarms watch: a metric, or an expression over metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import AWSHelperFn
from troposphere.cloudwatch import Metric, MetricDataQuery, MetricDimension, MetricStat

MINUTE, FIVE_MINUTES = 60, 300
# Requests in one period from which on one in a hundred means something.
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
    """Return one metric of an expression, which calls it by its identifier; period in seconds.

    All metrics of an alarm have one period.
    """
    return MetricDataQuery(Id=ident, ReturnData=False, MetricStat=MetricStat(
        Stat=statistic, Period=period,
        Metric=Metric(Namespace=namespace, MetricName=name, Dimensions=_dimensions(dimensions))))


def expression(text: str, *queries: MetricDataQuery | AWSHelperFn, **parts: str) -> dict[str, Any]:
    """Return the properties of an alarm on an expression over metrics; parts are expressions that it calls by name.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    return {"Metrics": [
        MetricDataQuery(Id="result", Expression=text), *(part(*each) for each in parts.items()), *queries]}


def part(ident: str, text: str) -> MetricDataQuery:
    """Return an expression that another one calls by its identifier."""
    return MetricDataQuery(Id=ident, Expression=text, ReturnData=False)


def total(*names: str) -> str:
    """Return the expression for the total of metrics, of which some may have no data."""
    return f"SUM([{', '.join(names)}])" if len(names) > 1 else names[0]


def share(
        failed: Sequence[str], of: Sequence[str], queries: Sequence[MetricDataQuery | AWSHelperFn],
        least: int) -> dict[str, Any]:
    """Return the properties of an alarm on failures as a percentage of all.

    Fewer failures than `least` in a period count as none: one of two requests is no outage. `failed` and `of` name
    queries to be added up. A period with anything in it has a share, if only of 0; one without has none. So what
    CloudWatch receives late is not taken for good news, as it would be were it filled with 0:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
    """
    return expression(
        f"IF(served > 0 AND failed >= {least}, 100 * failed / served, 0)", *queries,
        failed=total(*failed), served=total(*of))


def slow(requests: MetricDataQuery, p99: MetricDataQuery, p50: MetricDataQuery | None = None) -> dict[str, Any]:
    """Return the properties of an alarm on the time that all but one request in a hundred stay below.

    Of fewer than 100 requests in a period, that is the slowest of them: then it is the median, where it is given, and
    else nothing. The queries are called `requests`, `p99` and `p50`.
    """
    few = "p50" if p50 else "0"
    return expression(f"IF(requests >= {ENOUGH}, p99, {few})", requests, p99, *([p50] if p50 else []))


def _dimensions(dimensions: Mapping[str, Any]) -> list[MetricDimension]:
    return [MetricDimension(Name=name, Value=value) for name, value in dimensions.items()]
