"""`tap dashboard`: every metric exists, for a resource of the environment, and the layout is drawn."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from looping import some
from stack_view import ENVIRONMENTS, StackView

from tap.cli.picture import dashboard_command
from tap.deploy.models import InputError
from tap.picture.dashboard import alarm_problems, dashboards
from tap.picture.dashboard_svg import to_svg
from tap.picture.metrics import namespaces
from tap.template.resolve import resolve

CPU = ["AWS/ECS", "CPUUtilization", "ClusterName", "${Cluster}", "ServiceName", "${Service.Name}"]


def dashboard_of(*metrics: Any, **widget: Any) -> Any:
    body = {"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
                         "properties": {"title": "W", "metrics": list(metrics), **widget}}]}
    resolved = resolve({"Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster"}, "Service": {"Type": "AWS::ECS::Service"},
        "Table": {"Type": "AWS::DynamoDB::Table"}, "High": {"Type": "AWS::CloudWatch::Alarm"},
        "Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {
            "DashboardBody": {"Fn::Sub": json.dumps(body)}}}}}, {})
    (found,) = dashboards(resolved)
    return found


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_metric_of_every_environment_exists(name: str, environments: dict[str, StackView]) -> None:
    resolved = environments[name].resolved
    found = dashboards(resolved)
    assert found
    assert [line for each in found for line in each.problems] == []
    assert list(alarm_problems(resolved)) == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_layout_of_every_environment_names_every_widget(name: str, environments: dict[str, StackView]) -> None:
    for found in some(dashboards(environments[name].resolved)):
        texts = {each.text for each in ElementTree.fromstring(to_svg(found)).iter()}
        assert {widget.title for widget in found.widgets} <= texts


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_two_widgets_overlap(name: str, environments: dict[str, StackView]) -> None:
    for found in some(dashboards(environments[name].resolved)):
        cells = [(x, y) for each in found.widgets for x in range(each.x, each.x + each.width)
                 for y in range(each.y, each.y + each.height)]
        assert len(cells) == len(set(cells))


def alarm_of(*metrics: dict[str, Any]) -> list[str]:
    resolved = resolve({"Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table"}, "Queue": {"Type": "AWS::SQS::Queue"},
        "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"},
        "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [
            {"Id": "sum", "Expression": "SUM(METRICS())"},
            *({"Id": f"m{place}", "MetricStat": {"Metric": metric, "Stat": "Sum"}}
              for place, metric in enumerate(metrics))]}}}}, {})
    return list(alarm_problems(resolved))


def metric(namespace: str, name: str, **dimensions: Any) -> dict[str, Any]:
    return {"Namespace": namespace, "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()]}


TABLE, QUEUE = {"Ref": "Table"}, {"Fn::GetAtt": ["Queue", "QueueName"]}
BALANCER = {"Fn::GetAtt": ["Balancer", "LoadBalancerFullName"]}
GROUP = {"Fn::GetAtt": ["Group", "TargetGroupFullName"]}


def test_metrics_of_an_expression_that_are_right_have_no_problem() -> None:
    assert alarm_of(
        metric("AWS/DynamoDB", "SystemErrors", TableName=TABLE, Operation="GetItem"),
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=QUEUE),
        metric("AWS/ApplicationELB", "UnHealthyHostCount", LoadBalancer=BALANCER, TargetGroup=GROUP)) == []


@pytest.mark.parametrize(("wrong", "problem"), [
    (metric("AWS/DynamoDB", "SystemErrors", TableName=TABLE),
     "TableName: the dimensions of AWS/DynamoDB SystemErrors are Operation and TableName"),
    (metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName={"Fn::GetAtt": ["Queue", "Arn"]}),
     "QueueName ${Queue.Arn}: it must be QueueName of an AWS::SQS::Queue"),
    (metric("AWS/ApplicationELB", "UnHealthyHostCount", LoadBalancer=BALANCER),
     "LoadBalancer: the dimensions of AWS/ApplicationELB UnHealthyHostCount are LoadBalancer and TargetGroup or"),
    (metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", LoadBalancer=BALANCER, TargetGroup=GROUP),
     "the dimensions of AWS/ApplicationELB HTTPCode_ELB_5XX_Count are LoadBalancer or"),
    (metric("ECS/ContainerInsights", "RunningTaskCount", ClusterName="x"),
     "the dimensions of ECS/ContainerInsights RunningTaskCount are ClusterName and ServiceName"),
])
def test_a_metric_of_an_expression_that_does_not_exist_is_told(wrong: dict[str, Any], problem: str) -> None:
    (told,) = alarm_of(wrong)
    assert told.startswith("Alarm: ")
    assert problem in told


def test_a_metric_that_is_right_has_no_problem() -> None:
    assert dashboard_of(CPU).problems == ()


@pytest.mark.parametrize(("metric", "problem"), [
    (["AWS/ECS", "CpuUtilisation", *CPU[2:]], "AWS/ECS has no metric CpuUtilisation"),
    (["AWS/Nothing", "X"], "AWS/Nothing is not a namespace that tap knows"),
    ([*CPU, {"stat": "Mean"}], "Mean is not a statistic"),
    (["AWS/ECS", "CPUUtilization", "Cluster", "${Cluster}"], "Cluster: the dimensions of AWS/ECS are ClusterName or"),
    ([*CPU[:4], "ServiceName", "${Gone.Name}"], "Gone does not exist in this environment"),
    ([*CPU[:4], "ServiceName", "${Service}"], "ServiceName ${Service}: it must be Name of an AWS::ECS::Service"),
    ([*CPU[:3], "${Table}", *CPU[4:]], "ClusterName ${Table}: it must be Ref of an AWS::ECS::Cluster"),
    ([*CPU[:3], "web", *CPU[4:]], "ClusterName web is not a resource of this environment"),
])
def test_a_metric_that_does_not_exist_is_told(metric: list[Any], problem: str) -> None:
    (told,) = dashboard_of(metric).problems
    assert problem in told


@pytest.mark.parametrize("statistic", ["Sum", "Average", "p99", "p99.9", "tm90", "IQM", "TM(2%:98%)"])
def test_statistics_of_cloudwatch_are_known(statistic: str) -> None:
    assert dashboard_of([*CPU, {"stat": statistic}]).problems == ()


def test_dots_stand_for_the_line_before() -> None:
    found = dashboard_of(CPU, [".", "MemoryUtilization", ".", ".", ".", "."], ["...", {"stat": "p99"}])
    assert [(each.name, each.statistic) for each in found.widgets[0].metrics] == [
        ("CPUUtilization", "Average"), ("MemoryUtilization", "Average"), ("MemoryUtilization", "p99")]
    assert found.problems == ()


def test_an_application_s_own_namespace_is_its_own_business() -> None:
    assert dashboard_of(["Payments", "Settled", "Currency", "EUR"]).problems == ()


def test_an_alarm_that_is_gone_is_told() -> None:
    assert dashboard_of(alarms=["${High.Arn}"]).problems == ()
    assert dashboard_of(alarms=["${Gone.Arn}"]).problems == ("W: alarm Gone does not exist in this environment",)


def test_a_body_that_is_no_json_is_told() -> None:
    resolved = resolve({"Resources": {"Board": {"Type": "AWS::CloudWatch::Dashboard",
                                                "Properties": {"DashboardBody": "{"}}}}, {})
    with pytest.raises(InputError, match="the body of Board is not a valid dashboard"):
        dashboards(resolved)


def test_problems_are_drawn_and_are_text() -> None:
    drawn = to_svg(dashboard_of(["AWS/ECS", "<script>", *CPU[2:]]))
    assert "<script>" not in drawn
    assert "AWS/ECS has no metric" in drawn


def test_what_only_some_dimensions_have_is_a_metric_with_dimensions_of_its_namespace() -> None:
    for name, namespace in some(namespaces().items()):
        assert namespace.only.keys() <= namespace.metrics, name
        assert {each for sets in namespace.only.values() for each in sets} <= set(namespace.sets), name


def test_every_dimension_of_a_namespace_has_a_known_value() -> None:
    for name, namespace in some(namespaces().items()):
        assert {each for dimensions in namespace.sets for each in dimensions} <= set(namespace.values), name


def test_the_command_lists_metrics_and_writes_the_layout(
        run: Callable[..., int | str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(dashboard_command, "prod", "-o", str(tmp_path / "d.svg")) == 0
    told = capsys.readouterr().out
    assert "AWS/" in told
    assert "ServiceHealthAlarm, UndeliveredAlertsAlarm" in told
    assert (tmp_path / "d.svg").read_text().startswith("<svg")
