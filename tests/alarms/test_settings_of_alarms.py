"""When each alarm triggers: its threshold, how many periods of how many seconds, and whether its formula is whole.

Written by hand, and not by `make template`: a change to an alarm is a decision that somebody makes here too.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView

ALARM = "AWS::CloudWatch::Alarm"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
EVERY_ALARM = {
    "DetailedAlarms": "true", "CertificateArn": CERTIFICATE, "TrafficAlarmRequests": "7",
    "ProbeUrl": "https://pay.payments.test", "DatabaseReaderInstance": "true", "DeploymentStrategy": "CANARY"}
# Threshold, periods that breach, of so many periods, of so many seconds.
SETTINGS: dict[str, tuple[str, int, int, int]] = {
    "AlternateErrorGuard": (">= 2", 2, 3, 60),
    "AlternateLatencyGuard": (">= 1", 2, 3, 60),
    "TargetGroupErrorGuard": (">= 2", 2, 3, 60),
    "TargetGroupLatencyGuard": (">= 1", 2, 3, 60),
    "LoadBalancerGuard": (">= 2", 2, 3, 60),
    "ValidationGuard": (">= 2", 2, 3, 60),
    "UndeliveredAlertsAlarm": (">= 1", 1, 1, 300),
    "FailedRequestsAlarm": (">= 5", 4, 5, 60),
    "Target5xxAlarm": (">= 2", 3, 3, 300),
    "LoadBalancer5xxAlarm": (">= 2", 3, 3, 300),
    "LatencyAlarm": (">= 1", 3, 3, 300),
    "TrafficAlarm": ("< 7", 3, 3, 300),
    "HighCpuAlarm": (">= 80", 2, 2, 300),
    "HighMemoryAlarm": (">= 80", 2, 2, 300),
    "MissingTasksAlarm": (">= 1", 3, 3, 300),
    "UnhealthyHostsAlarm": (">= 1", 3, 3, 300),
    "ValidationErrorAlarm": (">= 2", 2, 3, 300),
    "ValidationUnavailableAlarm": (">= 2", 2, 3, 300),
    "ValidationRejectionAlarm": (">= 50", 2, 2, 300),
    "ValidationThrottleAlarm": (">= 1", 2, 3, 300),
    "ValidationDurationAlarm": (">= 2000", 2, 3, 300),
    "ValidationFailureAlarm": (">= 1", 1, 1, 300),
    "DatabaseCpuAlarm": (">= 85", 12, 15, 60),
    "DatabaseConnectionsAlarm": (">= 300", 2, 2, 300),
    "DatabaseMemoryAlarm": ("< 268435456", 3, 3, 300),
    "DatabaseLagAlarm": (">= 1000", 12, 15, 60),
    "DatabaseDeadlockAlarm": (">= 0.02", 2, 3, 300),
    "SessionsErrorAlarm": (">= 1", 2, 3, 300),
    "NatPortAlarm": (">= 1", 3, 3, 300),
    "FirewallAlarm": (">= 10", 2, 3, 300),
    "CertificateExpiryAlarm": ("< 30", 1, 1, 86_400),
    "ProbeAlarm": (">= 50", 4, 5, 60),
}
# Failures that there are at least, where an alarm is for a share of them.
LEAST_FAILURES = {
    "AlternateErrorGuard": 5, "TargetGroupErrorGuard": 5, "LoadBalancerGuard": 5, "ValidationGuard": 5,
    "FailedRequestsAlarm": 5, "Target5xxAlarm": 3, "LoadBalancer5xxAlarm": 3, "ValidationErrorAlarm": 3,
    "ValidationUnavailableAlarm": 3, "ValidationRejectionAlarm": 11, "ValidationThrottleAlarm": 3,
    "SessionsErrorAlarm": 3, "FirewallAlarm": 100, "ProbeAlarm": 1}
# What a share is of: what counts as failed, and what it is divided by.
SHARES = {
    "ValidationRejectionAlarm": ("rejected", "SUM([rejected, accepted, again])"),
    "ValidationErrorAlarm": ("errors", "invocations"),
    "ValidationThrottleAlarm": ("throttles", "SUM([invocations, throttles])"),
    "FirewallAlarm": ("blocked", "SUM([blocked, allowed])")}
OPERATORS = {"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}
FUNCTIONS = {"IF", "AND", "SUM", "FILL", "METRICS"}


@pytest.fixture(scope="module")
def alarms(deployed: Callable[..., StackView]) -> dict[str, dict[str, Any]]:
    return deployed(**EVERY_ALARM).all(ALARM)


def formulas(alarm: dict[str, Any]) -> dict[str, str]:
    return {query["Id"]: query["Expression"] for query in alarm.get("Metrics", []) if "Expression" in query}


def seconds(alarm: dict[str, Any]) -> set[int]:
    return {query["MetricStat"]["Period"] for query in alarm.get("Metrics", []) if "MetricStat" in query} or {
        alarm["Period"]}


def test_every_alarm_has_its_settings_here(alarms: dict[str, Any]) -> None:
    assert set(alarms) == set(SETTINGS)


@pytest.mark.parametrize("title", SETTINGS)
def test_an_alarm_triggers_at_its_threshold_and_after_its_periods(alarms: dict[str, Any], title: str) -> None:
    alarm = alarms[title]
    threshold = f"{OPERATORS[alarm['ComparisonOperator']]} {alarm['Threshold']}"
    periods = alarm["EvaluationPeriods"]
    threshold_here, datapoints, periods_here, length = SETTINGS[title]
    assert (threshold, alarm.get("DatapointsToAlarm", periods), periods) == (threshold_here, datapoints, periods_here)
    assert seconds(alarm) == {length}


@pytest.mark.parametrize("title", SETTINGS)
def test_missing_data_is_good_except_where_it_is_what_the_alarm_is_for(alarms: dict[str, Any], title: str) -> None:
    others = {"TrafficAlarm": "breaching", "ProbeAlarm": "missing"}
    assert alarms[title]["TreatMissingData"] == others.get(title, "notBreaching")


@pytest.mark.parametrize("title", LEAST_FAILURES)
def test_a_share_counts_from_so_many_failures_on(alarms: dict[str, Any], title: str) -> None:
    whole = next(iter(formulas(alarms[title]).values()))
    assert whole == f"IF(served > 0 AND failed >= {LEAST_FAILURES[title]}, 100 * failed / served, 0)"


@pytest.mark.parametrize("title", SHARES)
def test_what_a_share_is_of(alarms: dict[str, Any], title: str) -> None:
    found = formulas(alarms[title])
    assert (found["failed"], found["served"]) == SHARES[title]


@pytest.mark.parametrize("title", SETTINGS)
def test_a_formula_uses_all_that_is_queried_and_nothing_else(alarms: dict[str, Any], title: str) -> None:
    queries = {query["Id"] for query in alarms[title].get("Metrics", [])}
    words = {word for formula in formulas(alarms[title]).values() for word in re.findall(r"[A-Za-z]\w*", formula)}
    if "METRICS" in words:
        words |= {query["Id"] for query in alarms[title]["Metrics"] if "MetricStat" in query}
    result = {query["Id"] for query in alarms[title].get("Metrics", []) if query.get("ReturnData", True)}
    assert words - FUNCTIONS == queries - result
    assert len(result) == (1 if queries else 0)


def test_each_query_of_a_sum_of_all_has_an_id_of_its_own(alarms: dict[str, Any]) -> None:
    ids = {title: [query["Id"] for query in alarms[title]["Metrics"]] for title in ("UnhealthyHostsAlarm",
                                                                                  "NatPortAlarm")}
    assert sorted(ids["UnhealthyHostsAlarm"][1:]) == ["m0", "m1"]
    assert sorted(ids["NatPortAlarm"][1:]) == ["m0", "m1", "m2"]


def test_an_alarm_of_the_service_names_its_resource(alarms: dict[str, Any]) -> None:
    assert "CPU utilization" in str(alarms["HighCpuAlarm"]["AlarmDescription"])
    assert " memory utilization" in str(alarms["HighMemoryAlarm"]["AlarmDescription"])
