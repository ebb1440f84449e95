"""Read CloudWatch dashboards from the template: the position of each widget and its metrics.

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
    """One widget of a dashboard; position and size are in columns and rows of the grid."""

    kind: str
    title: str
    x: int
    y: int
    width: int
    height: int
    metrics: tuple[Metric, ...] = ()
    alarms: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    """Other content of the widget: expressions and text."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """A dashboard with its widgets."""

    logical_id: str
    name: str
    widgets: tuple[Widget, ...] = field(default_factory=tuple)

    @property
    def problems(self) -> tuple[str, ...]:
        """Problems of the dashboard, each with the title of its widget."""
        return tuple(f"{widget.title}: {problem}" for widget in self.widgets for problem in widget.problems)


def dashboards(resolved: Resolved) -> list[Dashboard]:
    """Return every dashboard of an environment. Raises InputError if a body is not JSON."""
    result = []
    for title, entry in resolved.resources.items():
        if entry["Type"] == "AWS::CloudWatch::Dashboard":
            properties = entry["Properties"]
            try:
                body = json.loads(str(properties["DashboardBody"]))
                widgets = tuple(_widgets(body["widgets"], resolved))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(f"the body of {title} is not a valid dashboard: {error}") from None
            result.append(Dashboard(title, str(properties.get("DashboardName", title)), widgets))
    return result


def alarm_problems(resolved: Resolved) -> Iterator[str]:
    """Yield the problems of the metrics of an environment's alarms."""
    for title, entry in resolved.resources.items():
        properties = entry.get("Properties", {})
        if entry["Type"] == "AWS::CloudWatch::Alarm":
            for metric in _alarm_metrics(properties):
                yield from (f"{title}: {problem}" for problem in problems(metric, resolved))


def _alarm_metrics(properties: Mapping[str, Any]) -> Iterator[Metric]:
    if "MetricName" in properties:
        yield _of_alarm(properties, properties.get("Statistic", properties.get("ExtendedStatistic", "Average")))
    for query in properties.get("Metrics", []):
        if "MetricStat" in query:
            yield _of_alarm(query["MetricStat"]["Metric"], query["MetricStat"]["Stat"])


def _of_alarm(metric: Mapping[str, Any], statistic: Any) -> Metric:
    dimensions = {str(dimension["Name"]): str(dimension["Value"]) for dimension in metric.get("Dimensions", [])}
    return Metric(str(metric["Namespace"]), str(metric["MetricName"]), dimensions, str(statistic))


def _widgets(listed: list[Mapping[str, Any]], resolved: Resolved) -> Iterator[Widget]:
    x = y = 0
    for widget in listed:
        kind = str(widget.get("type", "metric"))
        properties = widget.get("properties", {})
        width, height = (int(widget.get(name, size)) for name, size in zip(
            ("width", "height"), _SIZE.get(kind, (6, 6)), strict=True))
        if "x" in widget:
            x, y = int(widget["x"]), int(widget["y"])
        elif x + width > COLUMNS:  # without a position, a widget goes to the right if there is room, or below
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
    match = re.fullmatch(r"\$\{(\w+)\.Arn\}", arn)
    return match[1] if match else arn


def _expressions(metrics: list[Any]) -> Iterator[str]:
    for entry in metrics:
        if entry and isinstance(entry[0], Mapping) and "expression" in entry[0]:
            yield str(entry[0].get("label", entry[0]["expression"]))


def _metrics(listed: list[Any], default: str) -> Iterator[Metric]:
    """Yield metrics; "." repeats a field of the previous metric, "..." its leading fields."""
    before: list[str] = []
    for entry in listed:
        if entry and isinstance(entry[0], Mapping):
            continue
        options: Mapping[str, Any] = entry[-1] if isinstance(entry[-1], Mapping) else {}
        fields = [str(item) for item in entry if not isinstance(item, Mapping)]
        if fields[0] == "...":
            fields = before[:len(before) - len(fields) + 1] + fields[1:]
        fields = [before[index] if text == "." and index < len(before) else text for index, text in enumerate(fields)]
        before = fields
        dimensions = dict(zip(fields[2::2], fields[3::2], strict=True))
        yield Metric(fields[0], fields[1], dimensions, str(options.get("stat", default)), str(options.get("label", "")))
