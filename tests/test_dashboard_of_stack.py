"""The dashboard: the state of the alarms first, then a row a tier."""

import json
from collections.abc import Callable
from typing import Any

from looping import some
from stack_view import StackView

from tap.picture.dashboard import dashboards

Deployed = Callable[..., StackView]
# A row a tier, from the visitor inwards.
ROWS = [
    {"AWS/ApplicationELB", "AWS/WAFV2"}, {"AWS/ECS", "ECS/ContainerInsights"}, {"AWS/Lambda"}, {"AWS/RDS"},
    {"AWS/DynamoDB"}, {"AWS/SQS"}]


def widgets(stack: StackView) -> list[dict[str, Any]]:
    body = json.loads(str(stack.only("AWS::CloudWatch::Dashboard")["DashboardBody"]))
    return list(body["widgets"])


def test_the_first_row_is_the_state_of_every_alarm_that_the_environment_has(stack: StackView) -> None:
    first, text, *others = widgets(stack)
    shown = set(first["properties"]["alarms"])
    there = {*stack.all("AWS::CloudWatch::CompositeAlarm"), *stack.all("AWS::CloudWatch::Alarm")}
    assert first["type"] == "alarm"
    assert shown == {f"${{{title}.Arn}}" for title in there}
    assert text["type"] == "text"
    assert all(widget["type"] == "metric" for widget in others)


def test_beside_them_is_a_link_to_the_runbook(deployed: Deployed) -> None:
    _, text, *_ = widgets(deployed(RunbookUrl="https://wiki.payments.test/tap"))
    assert text["properties"]["markdown"].startswith("[What to do about an alarm](https://wiki.payments.test/tap)\n\n")


def test_then_comes_a_row_a_tier_with_the_references_widgets_among_them(stack: StackView) -> None:
    (dashboard,) = dashboards(stack.resolved)
    rows: dict[int, set[str]] = {}
    for widget in dashboard.widgets[2:]:
        rows.setdefault(widget.y, set()).update(metric.namespace for metric in widget.metrics)
    assert [namespaces - {"TransactionValidation"} for _, namespaces in sorted(rows.items())] == ROWS
    assert {"ECS Service Metrics", "ALB Metrics", "DynamoDB Operations", "Lambda Metrics"} <= {
        widget.title for widget in dashboard.widgets}


def test_counts_are_summed_and_measures_are_percentiles_never_averages(stack: StackView) -> None:
    (dashboard,) = dashboards(stack.resolved)
    for metric in some(metric for widget in dashboard.widgets for metric in widget.metrics):
        assert metric.statistic in ("Sum", "p50", "p99", "Maximum", "Minimum"), metric
        if metric.name in ("TargetResponseTime", "Duration", "CPUUtilization", "MemoryUtilization", "CommitLatency"):
            assert metric.statistic in ("p50", "p99")


def test_every_metric_exists_for_a_resource_of_the_environment(stack: StackView) -> None:
    (dashboard,) = dashboards(stack.resolved)
    assert dashboard.problems == ()


def test_widgets_are_of_the_stacks_region_and_do_not_overlap(stack: StackView) -> None:
    places = set()
    for widget in widgets(stack):
        assert widget["properties"].get("region", "us-east-1") == "us-east-1"
        assert widget["x"] + widget["width"] <= 24
        places |= {(x, y) for x in range(widget["x"], widget["x"] + widget["width"])
                   for y in range(widget["y"], widget["y"] + widget["height"])}
    assert len(places) == sum(widget["width"] * widget["height"] for widget in widgets(stack))


def test_the_dashboards_every_reference_is_a_resource_of_the_stack(stack: StackView) -> None:
    body = stack.only("AWS::CloudWatch::Dashboard")["DashboardBody"]
    assert stack.mentions(body) <= set(stack.resolved.resources)


def test_alarms_that_are_switched_off_leave_no_gap(deployed: Deployed) -> None:
    first, *_ = widgets(deployed(DetailedAlarms="false"))
    assert len(first["properties"]["alarms"]) == 14
    assert all(first["properties"]["alarms"])
