"""The monitoring tier: who is told what, and the dashboard."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView

from tap.resolve import Reference

Deployed = Callable[..., StackView]
ALARM = "AWS::CloudWatch::Alarm"
# The dimensions that AWS publishes a metric with, and what names the resource there.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
DIMENSIONS: dict[str, dict[str, tuple[str, str | None]]] = {
    "AWS/ECS": {"ClusterName": ("AWS::ECS::Cluster", None), "ServiceName": ("AWS::ECS::Service", "Name")},
    "AWS/ApplicationELB": {
        "LoadBalancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName")},
    "AWS/Lambda": {"FunctionName": ("AWS::Lambda::Function", None)},
    "AWS/DynamoDB": {"TableName": ("AWS::DynamoDB::Table", None)},
}
METRICS = {
    "AWS/ECS": {"CPUUtilization", "MemoryUtilization"},
    "AWS/ApplicationELB": {"RequestCount", "TargetResponseTime", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"},
    "AWS/Lambda": {"Invocations", "Errors", "Duration"},
    "AWS/DynamoDB": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
}


def right_dimensions(stack: StackView, namespace: str) -> dict[str, str]:
    """The dimensions of this stack's resource in a namespace, values as `Fn::Sub` writes them."""
    validation = stack.outputs()["ValidationLambdaArn"]["Value"].logical_id

    def named(kind: str, attribute: str | None) -> str:
        title = validation if kind == "AWS::Lambda::Function" else stack.title(kind)
        return str(Reference(title, attribute))

    return {name: named(kind, attribute) for name, (kind, attribute) in DIMENSIONS[namespace].items()}


def widgets(stack: StackView) -> dict[str, dict[str, Any]]:
    """The dashboard's widgets by their titles; references stay as `Fn::Sub` writes them."""
    body = json.loads(str(stack.only("AWS::CloudWatch::Dashboard")["DashboardBody"]))
    return {widget["properties"]["title"]: widget for widget in body["widgets"]}


def metric_lines(stack: StackView) -> list[tuple[str, str, dict[str, str], dict[str, Any]]]:
    """Namespace, metric, dimensions and rendering of every line of every widget."""
    found = []
    for widget in widgets(stack).values():
        for line in widget["properties"]["metrics"]:
            rendering = line[-1] if isinstance(line[-1], dict) else {}
            names = line[2:-1] if rendering else line[2:]
            found.append((line[0], line[1], dict(zip(names[::2], names[1::2], strict=True)), rendering))
    return found


def test_alarms_tell_the_topic(stack: StackView) -> None:
    topic = Reference(stack.title("AWS::SNS::Topic"))
    assert len(stack.all(ALARM)) >= 4
    for alarm in stack.all(ALARM).values():
        assert alarm["AlarmActions"] == [topic]
        assert alarm.get("ActionsEnabled", True) is True
        assert alarm["AlarmDescription"]


@pytest.mark.parametrize("address", ["", "ops@payments.test"])
def test_an_address_is_subscribed_only_where_one_is_given(deployed: Deployed, address: str) -> None:
    stack = deployed(AlertEmail=address)
    assert list(stack.all("AWS::SNS::Subscription").values()) == ([{
        "TopicArn": Reference(stack.title("AWS::SNS::Topic")), "Protocol": "email", "Endpoint": address,
    }] if address else [])


@pytest.mark.parametrize(("namespace", "metric", "statistic", "threshold", "periods"), [
    ("AWS/ECS", "CPUUtilization", "Average", 80, 2),
    ("AWS/ECS", "MemoryUtilization", "Average", 80, 2),
    ("AWS/Lambda", "Errors", "Sum", 10, 1),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", 10, 2),
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", 10, 2)])
def test_alarms_go_off_as_the_references_do_and_where_no_task_is_healthy(
        stack: StackView, namespace: str, metric: str, statistic: str, threshold: int, periods: int) -> None:
    (alarm,) = stack.where(ALARM, Namespace=namespace, MetricName=metric).values()
    described = {key: value for key, value in alarm.items() if key not in (
        "AlarmDescription", "Namespace", "MetricName", "Dimensions", "AlarmActions", "OKActions", "Tags")}
    assert described == {
        "Statistic": statistic, "Threshold": threshold, "EvaluationPeriods": periods, "Period": 300,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching"}


def test_the_alarm_that_rolls_back_rings_with_either_of_those_that_visitors_feel(stack: StackView) -> None:
    (health,) = stack.all("AWS::CloudWatch::CompositeAlarm").values()
    assert str(health["AlarmRule"]) == "ALARM(${Target5xxAlarm}) OR ALARM(${LoadBalancer5xxAlarm})"


def test_alarms_watch_this_stacks_resources_by_the_dimensions_that_aws_publishes(stack: StackView) -> None:
    for title, alarm in stack.all(ALARM).items():
        namespace = alarm["Namespace"]
        assert alarm["MetricName"] in METRICS[namespace], title
        dimensions = {dimension["Name"]: str(dimension["Value"]) for dimension in alarm["Dimensions"]}
        assert dimensions == right_dimensions(stack, namespace), title


def test_the_dashboard_has_the_references_widgets(stack: StackView) -> None:
    shown = {title: [(line[0], line[1]) for line in widget["properties"]["metrics"]]
             for title, widget in widgets(stack).items()}
    assert shown == {
        "ECS Service Metrics": [("AWS/ECS", "CPUUtilization"), ("AWS/ECS", "MemoryUtilization")],
        "ALB Metrics": [("AWS/ApplicationELB", "RequestCount"), ("AWS/ApplicationELB", "TargetResponseTime")],
        "DynamoDB Operations": [
            ("AWS/DynamoDB", "ConsumedReadCapacityUnits"), ("AWS/DynamoDB", "ConsumedWriteCapacityUnits")],
        "Lambda Metrics": [
            ("AWS/Lambda", "Invocations"), ("AWS/Lambda", "Errors"), ("AWS/Lambda", "Duration")],
    }


def test_the_dashboard_shows_this_stacks_resources_by_the_dimensions_that_aws_publishes(
        stack: StackView) -> None:
    for namespace, metric, dimensions, _ in metric_lines(stack):
        assert metric in METRICS[namespace]
        assert dimensions == right_dimensions(stack, namespace), metric


def test_counts_are_summed_and_measures_averaged_on_the_dashboard(stack: StackView) -> None:
    averaged = {"CPUUtilization", "MemoryUtilization", "TargetResponseTime", "Duration"}
    for widget in widgets(stack).values():
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
        assert widget["properties"].get("stat", "Average") == "Average"
    for _, metric, _, rendering in metric_lines(stack):
        assert rendering.get("stat", "Average") == ("Average" if metric in averaged else "Sum"), metric


def test_widgets_are_of_the_stacks_region_and_do_not_overlap(stack: StackView) -> None:
    places = set()
    for widget in widgets(stack).values():
        assert widget["type"] == "metric"
        assert widget["properties"]["region"] == "us-east-1"
        assert widget["x"] + widget["width"] <= 24
        places |= {(x, y) for x in range(widget["x"], widget["x"] + widget["width"])
                   for y in range(widget["y"], widget["y"] + widget["height"])}
    assert len(places) == sum(widget["width"] * widget["height"] for widget in widgets(stack).values())


def test_the_dashboards_every_reference_is_a_resource_of_the_stack(stack: StackView) -> None:
    body = stack.only("AWS::CloudWatch::Dashboard")["DashboardBody"]
    assert stack.mentions(body) <= set(stack.resolved.resources)
    assert len(stack.mentions(body)) == 5


def test_the_topic_says_of_which_environment_its_alerts_are(stack: StackView) -> None:
    topic = stack.only("AWS::SNS::Topic")
    assert topic["DisplayName"] == f"Critical Alerts - {stack.parameter('Environment')}"
