"""The alarms: what each watches, when it rings, and which of them roll a deployment back."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from looping import some
from stack_view import ROOT, StackView

from tap.picture.dashboard import alarm_problems
from tap.template.resolve import Reference, resolve

Deployed = Callable[..., StackView]
ALARM = "AWS::CloudWatch::Alarm"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
PAGER = "arn:aws:sns:us-east-1:123456789012:on-call"
GUARDS = {"TargetGroupErrorGuard", "TargetGroupLatencyGuard", "LoadBalancerGuard", "ValidationGuard"}
OF_THE_ALTERNATE = {"AlternateErrorGuard", "AlternateLatencyGuard"}
CRITICAL = {"FailedRequestsAlarm", "Target5xxAlarm", "LoadBalancer5xxAlarm", "ValidationErrorAlarm",
            "ValidationUnavailableAlarm"}
ESSENTIAL = {*CRITICAL, *GUARDS, "UndeliveredAlertsAlarm", "LatencyAlarm", "HighCpuAlarm", "HighMemoryAlarm"}


@pytest.fixture(scope="module")
def watched(deployed: Deployed) -> StackView:
    return deployed(DetailedAlarms="true", CertificateArn=CERTIFICATE)


def watches(alarm: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Namespace, metric and statistic of what an alarm watches."""
    if "MetricName" in alarm:
        return [(alarm["Namespace"], alarm["MetricName"], alarm.get("Statistic") or alarm["ExtendedStatistic"])]
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [(stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], stat["Stat"]) for stat in stats]


def test_alarms_tell_the_topic_and_say_what_is_wrong_and_where_to_read_what_to_do(stack: StackView) -> None:
    for title, alarm in some(stack.all(ALARM).items()):
        if title not in {*GUARDS, *OF_THE_ALTERNATE, "UndeliveredAlertsAlarm"}:
            assert alarm["AlarmActions"] == [Reference("AlertsTopic")], title
        assert alarm.get("ActionsEnabled", True) is True
        assert re.fullmatch(rf".{{10,}}\. What to do: docs/runbook\.md#{title.lower()}", str(alarm["AlarmDescription"]))


def test_the_description_leads_to_the_runbook_wherever_it_is(deployed: Deployed) -> None:
    alarm = deployed(RunbookUrl="https://wiki.payments.test/tap").properties("LatencyAlarm")
    assert str(alarm["AlarmDescription"]).endswith("https://wiki.payments.test/tap#latencyalarm")


def test_guards_tell_nobody_since_an_event_tells_of_the_deployment_that_they_fail(stack: StackView) -> None:
    for title, guard in some(stack.all(ALARM).items()):
        assert ("AlarmActions" not in guard) == (title in GUARDS | OF_THE_ALTERNATE), title


def test_critical_alarms_also_tell_whoever_is_on_call_and_when_they_are_over(deployed: Deployed) -> None:
    alarms = deployed(PagerTopicArn=PAGER, TrafficAlarmRequests="1", ProbeUrl="https://pay.payments.test").all(ALARM)
    assert {title for title, alarm in alarms.items() if alarm.get("OKActions") == [PAGER]} == {
        *CRITICAL, "ProbeAlarm", "TrafficAlarm"}
    assert {title for title, alarm in alarms.items() if PAGER in alarm.get("AlarmActions", [])} == {
        *CRITICAL, "ProbeAlarm", "TrafficAlarm", "UndeliveredAlertsAlarm"}


@pytest.mark.parametrize(("title", "threshold"), [("HighCpuAlarm", 80), ("HighMemoryAlarm", 80)])
def test_what_saturates_rings_after_ten_minutes(stack: StackView, title: str, threshold: int) -> None:
    alarm = stack.properties(title)
    assert (alarm["Statistic"], alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Period"]) == (
        "Average", threshold, 2, 300)


@pytest.mark.parametrize(("title", "seen"), [
    ("TargetGroupErrorGuard", [("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum"),
                               ("AWS/ApplicationELB", "TargetConnectionErrorCount", "Sum"),
                               ("AWS/ApplicationELB", "RequestCount", "Sum")]),
    ("LatencyAlarm", [("AWS/ApplicationELB", "RequestCount", "Sum"),
                      ("AWS/ApplicationELB", "TargetResponseTime", "p99"),
                      ("AWS/ApplicationELB", "TargetResponseTime", "p50")]),
    ("UnhealthyHostsAlarm", [("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum")]),
    ("DatabaseCpuAlarm", [("AWS/RDS", "CPUUtilization", "Maximum")]),
    ("DatabaseConnectionsAlarm", [("AWS/RDS", "DatabaseConnections", "Maximum")]),
    ("DatabaseMemoryAlarm", [("AWS/RDS", "FreeableMemory", "Minimum")]),
    ("DatabaseLagAlarm", [("AWS/RDS", "AuroraReplicaLagMaximum", "Maximum")]),
    ("DatabaseDeadlockAlarm", [("AWS/RDS", "Deadlocks", "Average")]),
    ("SessionsErrorAlarm", [("AWS/DynamoDB", "ReadThrottleEvents", "Sum"),
                            ("AWS/DynamoDB", "WriteThrottleEvents", "Sum"),
                            *[("AWS/DynamoDB", "SystemErrors", "Sum")] * 3,
                            *[("AWS/DynamoDB", "SuccessfulRequestLatency", "SampleCount")] * 3]),
    ("ValidationThrottleAlarm", [("AWS/Lambda", "Invocations", "Sum"), ("AWS/Lambda", "Throttles", "Sum")]),
    ("ValidationDurationAlarm", [("AWS/Lambda", "Invocations", "Sum"), ("AWS/Lambda", "Duration", "p99"),
                                 ("AWS/Lambda", "Duration", "p50")]),
    ("ValidationUnavailableAlarm", [("TransactionValidation", "Unavailable", "Sum"),
                                    ("TransactionValidation", "Accepted", "Sum"),
                                    ("TransactionValidation", "Duplicate", "Sum"),
                                    ("TransactionValidation", "Rejected", "Sum")]),
    ("ValidationFailureAlarm", [("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum")]),
    ("FirewallAlarm", [("AWS/WAFV2", "BlockedRequests", "Sum"), ("AWS/WAFV2", "AllowedRequests", "Sum")]),
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


@pytest.mark.parametrize(("strategy", "guards"), [("ROLLING", GUARDS), ("CANARY", GUARDS | OF_THE_ALTERNATE)])
def test_the_alarm_that_rolls_an_update_back_rings_with_any_of_the_guards(
        deployed: Deployed, strategy: str, guards: set[str]) -> None:
    stack = deployed(DeploymentStrategy=strategy)
    rule = str(stack.only("AWS::CloudWatch::CompositeAlarm")["AlarmRule"])
    assert set(rule.split(" OR ")) == {f"ALARM(${{{guard}}})" for guard in guards}
    assert {title for title in stack.all(ALARM) if title.endswith("Guard")} == guards


@pytest.mark.parametrize("title", ["AlternateErrorGuard", "TargetGroupErrorGuard"])
def test_each_target_group_has_a_guard_that_rings_within_a_bake_time(deployed: Deployed, title: str) -> None:
    guard = deployed(DeploymentStrategy="CANARY").properties(title)
    assert (guard["EvaluationPeriods"], guard["DatapointsToAlarm"], guard["Threshold"]) == (3, 2, 2)
    assert guard["Metrics"][0]["Expression"] == "IF(served > 0 AND failed >= 5, 100 * failed / served, 0)"
    assert {query["MetricStat"]["Period"] for query in guard["Metrics"] if "MetricStat" in query} == {60}
    group = title.replace("ErrorGuard", "" if title.startswith("TargetGroup") else "TargetGroup")
    assert stack_groups(guard) == {group}


def stack_groups(guard: dict[str, Any]) -> set[str]:
    """The target groups whose metrics a guard watches."""
    return {dimension["Value"].logical_id for query in guard["Metrics"] if "MetricStat" in query
            for dimension in query["MetricStat"]["Metric"]["Dimensions"] if dimension["Name"] == "TargetGroup"}


@pytest.mark.parametrize(("sleeps", "codes"), [
    (False, {"HTTPCode_ELB_5XX_Count"}), (True, {"HTTPCode_ELB_502_Count", "HTTPCode_ELB_504_Count"})])
def test_where_the_service_sleeps_a_request_without_a_task_is_nobodys_fault(
        deployed: Deployed, sleeps: bool, codes: set[str]) -> None:
    schedule = "cron(0 20 ? * MON-FRI *)" if sleeps else ""
    stack = deployed(SleepSchedule=schedule, WakeSchedule=schedule)
    for title in ("LoadBalancerGuard", "LoadBalancer5xxAlarm", "FailedRequestsAlarm"):
        seen = {name for _, name, _ in watches(stack.properties(title))}
        assert {name for name in seen if name.startswith("HTTPCode_ELB")} == codes


def test_the_cdns_certificate_is_watched_in_the_one_region_that_has_its_metric(template: dict[str, Any]) -> None:
    given = {"Environment": "test", "CdnDomainName": "cdn.payments.test", "CdnCertificateArn": CERTIFICATE}
    for region, there in (("us-east-1", True), ("eu-west-1", False)):
        assert ("CdnCertificateExpiryAlarm" in resolve(template, given, region=region).resources) == there


def test_the_firewalls_metrics_are_not_those_of_another_stack(environments: dict[str, StackView]) -> None:
    for acl in some(acl for stack in environments.values() for acl in stack.all("AWS::WAFv2::WebACL").values()):
        assert acl["VisibilityConfig"]["MetricName"].startswith("tap-")


def test_every_metric_exists_for_a_resource_of_the_stack(stack: StackView) -> None:
    assert list(alarm_problems(stack.resolved)) == []


def test_the_runbook_says_what_to_do_about_each_alarm_and_about_no_other(template: dict[str, Any]) -> None:
    headings = re.findall(r"^### (\w+)$", Path(ROOT, "docs/runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(
        title for title, resource in template["Resources"].items() if resource["Type"] == ALARM)
