"""The alarms: what each watches, when it rings, and which of them roll a deployment back."""

from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView

from tap.picture.dashboard import alarm_problems
from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
ALARM = "AWS::CloudWatch::Alarm"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
ESSENTIAL = {
    "UndeliveredAlertsAlarm", "Target5xxAlarm", "LoadBalancer5xxAlarm", "LatencyAlarm", "HighCpuAlarm",
    "HighMemoryAlarm", "ValidationErrorAlarm", "ValidationUnavailableAlarm"}


@pytest.fixture(scope="module")
def watched(deployed: Deployed) -> StackView:
    return deployed(DetailedAlarms="true", CertificateArn=CERTIFICATE)


def watches(alarm: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Namespace, metric and statistic of what an alarm watches."""
    if "MetricName" in alarm:
        return [(alarm["Namespace"], alarm["MetricName"], alarm.get("Statistic") or alarm["ExtendedStatistic"])]
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [(stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], stat["Stat"]) for stat in stats]


def test_alarms_tell_the_topic_and_say_what_is_wrong(stack: StackView) -> None:
    for alarm in stack.all(ALARM).values():
        assert alarm["AlarmActions"] == [Reference("AlertsTopic")]
        assert alarm.get("ActionsEnabled", True) is True
        assert alarm["AlarmDescription"]


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


@pytest.mark.parametrize(("title", "seen"), [
    ("LatencyAlarm", [("AWS/ApplicationELB", "TargetResponseTime", "p99")]),
    ("UnhealthyHostsAlarm", [("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum")]),
    ("DatabaseCpuAlarm", [("AWS/RDS", "CPUUtilization", "Maximum")]),
    ("DatabaseConnectionsAlarm", [("AWS/RDS", "DatabaseConnections", "Maximum")]),
    ("DatabaseMemoryAlarm", [("AWS/RDS", "FreeableMemory", "Minimum")]),
    ("DatabaseLagAlarm", [("AWS/RDS", "AuroraReplicaLagMaximum", "Maximum")]),
    ("DatabaseDeadlockAlarm", [("AWS/RDS", "Deadlocks", "Average")]),
    ("SessionsThrottleAlarm", [("AWS/DynamoDB", "ReadThrottleEvents", "Sum"),
                               ("AWS/DynamoDB", "WriteThrottleEvents", "Sum")]),
    ("SessionsErrorAlarm", [("AWS/DynamoDB", "SystemErrors", "Sum")] * 3),
    ("ValidationThrottleAlarm", [("AWS/Lambda", "Throttles", "Sum")]),
    ("ValidationDurationAlarm", [("AWS/Lambda", "Duration", "p99")]),
    ("ValidationUnavailableAlarm", [("TransactionValidation", "Unavailable", "Sum")]),
    ("ValidationRejectionAlarm", [("TransactionValidation", "Rejected", "Sum"),
                                  ("TransactionValidation", "Accepted", "Sum"),
                                  ("TransactionValidation", "Duplicate", "Sum")]),
    ("ValidationFailureAlarm", [("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum")]),
    ("NatPortAlarm", [("AWS/NATGateway", "ErrorPortAllocation", "Sum")] * 3),
    ("MissingTasksAlarm", [("ECS/ContainerInsights", "DesiredTaskCount", "Minimum"),
                           ("ECS/ContainerInsights", "RunningTaskCount", "Minimum")]),
    ("CertificateExpiryAlarm", [("AWS/CertificateManager", "DaysToExpiry", "Minimum")])])
def test_every_tier_has_its_alarms(watched: StackView, title: str, seen: list[tuple[str, str, str]]) -> None:
    assert watches(watched.properties(title)) == seen


def test_a_serverless_database_is_watched_by_its_capacity_and_not_by_its_memory(deployed: Deployed) -> None:
    stack = deployed(DatabaseInstanceClass="db.serverless")
    assert watches(stack.properties("DatabaseCapacityAlarm")) == [("AWS/RDS", "ACUUtilization", "Maximum")]
    assert "DatabaseMemoryAlarm" not in stack.resolved.resources


@pytest.mark.parametrize(("without", "alarm"), [
    ({"DatabaseReaderInstance": "false"}, "DatabaseLagAlarm"), ({"CertificateArn": ""}, "CertificateExpiryAlarm"),
    ({"NatGateways": "none", "InterfaceEndpoints": "true"}, "NatPortAlarm")])
def test_what_is_not_there_is_not_watched(deployed: Deployed, without: dict[str, str], alarm: str) -> None:
    assert alarm not in deployed(**without).resolved.resources


def test_one_nat_gateway_is_watched_alone(deployed: Deployed) -> None:
    assert len(watches(deployed(NatGateways="single").properties("NatPortAlarm"))) == 1


def test_the_group_that_takes_turns_is_watched_too(deployed: Deployed) -> None:
    assert len(watches(deployed(DeploymentStrategy="CANARY").properties("UnhealthyHostsAlarm"))) == 2


def test_tasks_are_missed_against_what_the_scaling_wants_which_may_be_none_at_night(watched: StackView) -> None:
    alarm = watched.properties("MissingTasksAlarm")
    assert alarm["Metrics"][0]["Expression"] == "wanted - running"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")


@pytest.mark.parametrize(("title", "threshold"), [("DatabaseMemoryAlarm", 256 * 2**20), ("CertificateExpiryAlarm", 30)])
def test_what_runs_out_rings_below_its_threshold(watched: StackView, title: str, threshold: int) -> None:
    alarm = watched.properties(title)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", threshold)


def test_thresholds_that_depend_on_the_application_are_parameters(deployed: Deployed) -> None:
    stack = deployed(LatencyAlarmSeconds="2.5", DatabaseConnectionsLimit="50")
    assert stack.properties("LatencyAlarm")["Threshold"] == "2.5"
    assert stack.properties("DatabaseConnectionsAlarm")["Threshold"] == "50"


def test_without_details_there_are_the_alarms_that_visitors_would_ring(deployed: Deployed) -> None:
    assert set(deployed(DetailedAlarms="false").all(ALARM)) == ESSENTIAL


def test_dev_has_no_more_alarms_than_it_needs(dev: StackView) -> None:
    assert set(dev.all(ALARM)) == ESSENTIAL


def test_the_alarm_that_rolls_back_rings_with_any_of_those_that_visitors_notice(stack: StackView) -> None:
    (health,) = stack.all("AWS::CloudWatch::CompositeAlarm").values()
    assert str(health["AlarmRule"]) == (
        "ALARM(${Target5xxAlarm}) OR ALARM(${LoadBalancer5xxAlarm}) OR ALARM(${LatencyAlarm})")


def test_every_metric_exists_for_a_resource_of_the_stack(stack: StackView) -> None:
    assert list(alarm_problems(stack.resolved)) == []
