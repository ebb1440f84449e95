"""Which CloudWatch metrics exist: namespaces, their metrics, and the dimensions that a resource's metrics have."""

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
    """One metric as a widget or an alarm has it. Dimension values are text, references as `${Name}`."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    label: str = ""

    def __str__(self) -> str:
        """Return it on one line."""
        of = ", ".join(self.dimensions.values()) or "no dimension"
        return f"{self.namespace} {self.name} {self.statistic} of {of}"


@dataclass(frozen=True)
class Namespace:
    """The metrics of one service, and what each dimension's value must be: type, and attribute or `Ref` ("").

    Where a dimension's value is no resource's, it is None.
    """

    metrics: frozenset[str]
    sets: tuple[frozenset[str], ...]
    values: Mapping[str, tuple[str, str] | None]
    only: Mapping[str, tuple[frozenset[str], ...]]
    """Metrics that come with some of the sets of dimensions alone."""


@cache
def namespaces() -> Mapping[str, Namespace]:
    """Return every namespace that is known.

    Each is from the page of the service's user guide that lists its metrics, by way of
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
    """
    content = json.loads(files("tap.picture").joinpath("metrics.json").read_text(encoding="utf-8"))
    return {name: Namespace(
        frozenset(each["metrics"]), tuple(map(frozenset, each["sets"])),
        {dimension: tuple(value) if value else None for dimension, value in each["values"].items()},
        {metric: tuple(map(frozenset, sets)) for metric, sets in each.get("only", {}).items()})
        for name, each in content.items()}


def problems(metric: Metric, resolved: Resolved) -> Iterator[str]:
    """Yield what is wrong with a metric: in a namespace of AWS's, everything must exist in this environment."""
    if not _STATISTIC.fullmatch(metric.statistic):
        yield f"{metric.statistic} is not a statistic"
    if not metric.namespace.startswith(("AWS/", "ECS/")):
        return  # an application's own
    known = namespaces().get(metric.namespace)
    if known is None:
        yield f"{metric.namespace} is not a namespace that tap knows"
        return
    if metric.name not in known.metrics:
        yield f"{metric.namespace} has no metric {metric.name}"
    sets = known.only.get(metric.name, known.sets)
    if frozenset(metric.dimensions) not in sets:
        whose = f"{metric.namespace} {metric.name}" if metric.name in known.only else metric.namespace
        wanted = " or ".join(" and ".join(sorted(each)) or "none" for each in sets)
        yield f"{', '.join(metric.dimensions) or 'no dimension'}: the dimensions of {whose} are {wanted}"
        return
    for name, value in metric.dimensions.items():
        yield from _value_problems(name, value, known.values.get(name), resolved)


def _value_problems(name: str, value: str, wanted: tuple[str, str] | None, resolved: Resolved) -> Iterator[str]:
    found = re.fullmatch(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}", value)
    if wanted is None:
        if found and found[1] not in resolved.resources:
            yield f"{name} {value}: {found[1]} does not exist in this environment"
        return
    kind, attribute = wanted
    should = f"{attribute} of an {kind}" if attribute else f"Ref of an {kind}"
    if not found:
        yield f"{name} {value} is not a resource of this environment: it must be {should}"
    elif found[1] not in resolved.resources:
        yield f"{name} {value}: {found[1]} does not exist in this environment"
    elif resolved.resources[found[1]]["Type"] != kind or (found[2] or "") != attribute:
        yield f"{name} {value}: it must be {should}"
