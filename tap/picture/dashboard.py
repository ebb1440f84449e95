"""A CloudWatch dashboard read from the template: where each widget stands, and which metrics it shows.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tap.deploy.models import InputError
from tap.picture.metrics import Metric, problems
from tap.template.resolve import Resolved

COLUMNS = 24
_SIZE = {"metric": (6, 6), "text": (6, 6), "log": (6, 6), "alarm": (6, 6)}


@dataclass(frozen=True)
class Widget:
    """One widget of a dashboard; place and size are in columns and rows of the grid."""

    kind: str
    title: str
    x: int
    y: int
    width: int
    height: int
    metrics: tuple[Metric, ...] = ()
    alarms: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    """What else is on it: expressions, text."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """A dashboard with its widgets."""

    logical_id: str
    name: str
    widgets: tuple[Widget, ...] = field(default_factory=tuple)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, a line each, with the widget that it is wrong in."""
        return tuple(f"{widget.title}: {each}" for widget in self.widgets for each in widget.problems)


def dashboards(resolved: Resolved) -> list[Dashboard]:
    """Return every dashboard of an environment. Raises InputError for a body that is no JSON."""
    found = []
    for title, entry in resolved.resources.items():
        if entry["Type"] == "AWS::CloudWatch::Dashboard":
            properties = entry["Properties"]
            try:
                body = json.loads(str(properties["DashboardBody"]))
                widgets = tuple(_widgets(body["widgets"], resolved))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(f"the body of {title} is not a valid dashboard: {error}") from None
            found.append(Dashboard(title, str(properties.get("DashboardName", title)), widgets))
    return found


def alarm_problems(resolved: Resolved) -> Iterator[str]:
    """Yield what is wrong with the metrics of an environment's alarms."""
    for title, entry in resolved.resources.items():
        properties = entry.get("Properties", {})
        if entry["Type"] == "AWS::CloudWatch::Alarm":
            for metric in _alarm_metrics(properties):
                yield from (f"{title}: {each}" for each in problems(metric, resolved))


def _alarm_metrics(properties: Mapping[str, Any]) -> Iterator[Metric]:
    if "MetricName" in properties:
        yield _of_alarm(properties, properties.get("Statistic", properties.get("ExtendedStatistic", "Average")))
    for each in properties.get("Metrics", []):
        if "MetricStat" in each:
            yield _of_alarm(each["MetricStat"]["Metric"], each["MetricStat"]["Stat"])


def _of_alarm(metric: Mapping[str, Any], statistic: Any) -> Metric:
    dimensions = {str(each["Name"]): str(each["Value"]) for each in metric.get("Dimensions", [])}
    return Metric(str(metric["Namespace"]), str(metric["MetricName"]), dimensions, str(statistic))


def _widgets(listed: list[Mapping[str, Any]], resolved: Resolved) -> Iterator[Widget]:
    x = y = 0
    for each in listed:
        kind = str(each.get("type", "metric"))
        properties = each.get("properties", {})
        width, height = (int(each.get(name, size)) for name, size in zip(
            ("width", "height"), _SIZE.get(kind, (6, 6)), strict=True))
        if "x" in each:
            x, y = int(each["x"]), int(each["y"])
        elif x + width > COLUMNS:  # without a place, a widget goes where there is room to the right, or below
            x, y = 0, y + height
        metrics = tuple(_metrics(properties.get("metrics", []), str(properties.get("stat", "Average"))))
        alarms = tuple(map(_alarm_name, properties.get("alarms", [])))
        lines = tuple(map(str, filter(None, [properties.get("markdown"), properties.get("query"), *_expressions(
            properties.get("metrics", []))])))
        wrong = [problem for metric in metrics for problem in problems(metric, resolved)]
        wrong += [f"alarm {name} does not exist in this environment" for name in alarms
                  if resolved.resources.get(name, {}).get("Type") not in (
                      "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")]
        if x < 0 or x + width > COLUMNS:
            wrong.append(f"it extends beyond the {COLUMNS} columns")
        yield Widget(kind, str(properties.get("title", kind)), x, y, width, height, metrics, alarms, lines,
                     tuple(dict.fromkeys(wrong)))
        x += width


def _alarm_name(arn: str) -> str:
    found = re.fullmatch(r"\$\{(\w+)\.Arn\}", arn)
    return found[1] if found else arn


def _expressions(metrics: list[Any]) -> Iterator[str]:
    for each in metrics:
        if each and isinstance(each[0], Mapping) and "expression" in each[0]:
            yield str(each[0].get("label", each[0]["expression"]))


def _metrics(listed: list[Any], default: str) -> Iterator[Metric]:
    """Yield metrics with what they take over from the line before: "." a field, "..." all the first fields."""
    before: list[str] = []
    for entry in listed:
        if entry and isinstance(entry[0], Mapping):
            continue
        options: Mapping[str, Any] = entry[-1] if isinstance(entry[-1], Mapping) else {}
        fields = [str(each) for each in entry if not isinstance(each, Mapping)]
        if fields[0] == "...":
            fields = before[:len(before) - len(fields) + 1] + fields[1:]
        fields = [before[place] if each == "." and place < len(before) else each for place, each in enumerate(fields)]
        before = fields
        dimensions = dict(zip(fields[2::2], fields[3::2], strict=True))
        yield Metric(fields[0], fields[1], dimensions, str(options.get("stat", default)), str(options.get("label", "")))
