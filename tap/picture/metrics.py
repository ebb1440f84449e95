"""The CloudWatch metrics that exist: namespaces, metrics, and the dimensions of each."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tap.template.resolve import Resolved

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
_STATISTIC = re.compile(
    r"SampleCount|Sum|Average|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)\d{1,2}(\.\d{1,10})?|p100|(TM|WM|PR|TC|TS)\([^()]*\)")


@dataclass(frozen=True)
class Metric:
    """One metric of a widget or an alarm. Dimension values are text; references look like `${Name}`."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    label: str = ""

    def __str__(self) -> str:
        """Return the metric on one line."""
        of = ", ".join(self.dimensions.values()) or "no dimension"
        return f"{self.namespace} {self.name} {self.statistic} of {of}"


@dataclass(frozen=True)
class Namespace:
    """The metrics of one service, and the required type and attribute of each dimension's value; "" means `Ref`.

    Where a dimension's value is no resource's, it is None.
    """

    metrics: frozenset[str]
    sets: tuple[frozenset[str], ...]
    values: Mapping[str, tuple[str, str] | None]
    only: Mapping[str, tuple[frozenset[str], ...]]
    """Metrics that exist only with certain sets of dimensions."""


@cache
def namespaces() -> Mapping[str, Namespace]:
    """Return all known namespaces.

    Each is from the page of the service's user guide that lists its metrics, by way of
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
    """
    content = json.loads(files("tap.picture").joinpath("metrics.json").read_text(encoding="utf-8"))
    return {name: Namespace(
        frozenset(entry["metrics"]), tuple(map(frozenset, entry["sets"])),
        {dimension: tuple(value) if value else None for dimension, value in entry["values"].items()},
        {metric: tuple(map(frozenset, sets)) for metric, sets in entry.get("only", {}).items()})
        for name, entry in content.items()}


def problems(metric: Metric, resolved: Resolved) -> Iterator[str]:
    """Yield the problems of a metric: in AWS namespaces, metric and dimensions must exist in this environment."""
    if not _STATISTIC.fullmatch(metric.statistic):
        yield f"{metric.statistic} is not a statistic"
    if not metric.namespace.startswith(("AWS/", "ECS/")):
        return  # an application's own namespace
    known = namespaces().get(metric.namespace)
    if known is None:
        yield f"{metric.namespace} is not a namespace that tap knows"
        return
    if metric.name not in known.metrics:
        yield f"{metric.namespace} has no metric {metric.name}"
    sets = known.only.get(metric.name, known.sets)
    if frozenset(metric.dimensions) not in sets:
        whose = f"{metric.namespace} {metric.name}" if metric.name in known.only else metric.namespace
        wanted = " or ".join(" and ".join(sorted(names)) or "none" for names in sets)
        yield f"{', '.join(metric.dimensions) or 'no dimension'}: the dimensions of {whose} are {wanted}"
        return
    for name, value in metric.dimensions.items():
        yield from _value_problems(name, value, known.values.get(name), resolved)


def _value_problems(name: str, value: str, wanted: tuple[str, str] | None, resolved: Resolved) -> Iterator[str]:
    match = re.fullmatch(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}", value)
    if wanted is None:
        if match and match[1] not in resolved.resources:
            yield f"{name} {value}: {match[1]} does not exist in this environment"
        return
    kind, attribute = wanted
    should = f"{attribute} of an {kind}" if attribute else f"Ref of an {kind}"
    if not match:
        yield f"{name} {value} is not a resource of this environment: it must be {should}"
    elif match[1] not in resolved.resources:
        yield f"{name} {value}: {match[1]} does not exist in this environment"
    elif resolved.resources[match[1]]["Type"] != kind or (match[2] or "") != attribute:
        yield f"{name} {value}: it must be {should}"
