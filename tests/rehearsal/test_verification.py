"""What `tap verify` asks of services, answered by services of the tests' own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tap.deploy.deployed import Deployed
from tap.deploy.models import CallFailed, Environment, InputError, Target
from tap.rehearsal import verification
from tap.rehearsal.checks import Check
from tap.rehearsal.deployed import Stack
from tap.rehearsal.outside import Site
from tap.rehearsal.verification import PARTS, Subject

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLUSTER, TABLE = "arn:aws:rds:::cluster:c", "arn:aws:dynamodb:::table/t"
SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/cluster/web"
IDS = {"Cluster": "cluster", "Service": SERVICE, "TargetGroup": "blue", "AlternateTargetGroup": "green",
       "DatabaseCluster": "c", "SessionsTable": "t", "BackupVault": "vault", "BackupPlan": "plan",
       "LatencyAlarm": "tap-latency", "ServiceHealthAlarm": "tap-health", "LoadBalancer": "arn:lb"}
PARAMETERS = {
    "Environment": "dev", "Team": "t", "CostCenter": "c", "Application": "a", "MinTasks": "2", "MaxTasks": "10",
    "SleepSchedule": "", "DatabaseEngineVersion": "17.9", "Firewall": "true", "Backups": "true", "CertificateArn": "",
    "DomainName": "", "HostedZoneId": "", "CdnDomainName": "", "HealthCheckPath": "/health", "Protected": "true"}


class Service:
    """A client whose answers are given by method; it pages through them, and has no other."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda **_request: self.answers[method]

    def get_paginator(self, method: str) -> Any:
        answer = self.answers[method]
        return SimpleNamespace(paginate=lambda **_request: answer if isinstance(answer, list) else [answer])


class Cloud:
    """What AwsClient gives, with these answers."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {
            "describe_db_clusters": {"DBClusters": [{"DBClusterArn": CLUSTER, "EngineVersion": "17.9"}]},
            "describe_table": {"Table": {"TableArn": TABLE}}} | answers
        self.sleep, self.clock = (lambda _seconds: None), (lambda: 0.0)

    def client(self, _service: str) -> Service:
        return Service(self.answers)

    def call(self, method: str, **_request: Any) -> Any:
        answer = self.answers[method]
        return answer(**_request) if callable(answer) else answer

    def service(self, _service: str) -> Any:
        return self.call


def subject(cloud: Cloud, parameters: dict[str, str] | None = None, status: str = "CREATE_COMPLETE") -> Subject:
    stack = Stack(IDS, PARAMETERS | (parameters or {}), {})
    deployed = Deployed({"StackStatus": status, "StackId": "arn:aws:cloudformation:::stack"})
    return Subject(cloud, Environment("dev", Target("tap-dev")), deployed, stack, NOW)  # type: ignore[arg-type]


def part(name: str, parameters: dict[str, str] | None = None, status: str = "CREATE_COMPLETE", **answers: Any) -> Check:
    check, = PARTS[name](subject(Cloud(**answers), parameters, status))
    return check


def service(running: int = 2, *states: str) -> dict[str, Any]:
    return {"services": [{"runningCount": running, "deployments": [{"rolloutState": state} for state in states]}]}


@pytest.mark.parametrize(("status", "ok"), [
    ("UPDATE_COMPLETE", True), ("UPDATE_ROLLBACK_COMPLETE", False), ("UPDATE_IN_PROGRESS", False)])
def test_a_stack_whose_last_update_failed_or_goes_on_differs(status: str, ok: bool) -> None:
    assert (part("Stack's status", status=status).ok, part("Stack's status", status=status).seen) == (ok, status)


@pytest.mark.parametrize(("states", "ok"), [
    (("COMPLETED",), True), (("COMPLETED", "IN_PROGRESS"), False), (("FAILED",), False)])
def test_a_service_is_steady_after_its_only_deployment_is_complete(states: tuple[str, ...], ok: bool) -> None:
    assert part("ECS deployments", describe_services=service(2, *states)).ok is ok


def health(*states: str) -> dict[str, Any]:
    return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}


@pytest.mark.parametrize(("states", "ok"), [
    (("healthy",), True), (("healthy", "draining"), True), (("unhealthy",), False), ((), False)])
def test_every_running_task_has_to_be_a_healthy_target(states: tuple[str, ...], ok: bool) -> None:
    found = part("target health", describe_services=service(2), describe_target_health=health(*states))

    assert found.ok is ok  # each of the two groups has one of the two


def test_a_service_that_sleeps_has_no_targets_to_be_healthy() -> None:
    assert part("target health", describe_services=service(0)).result == "skipped"


def scalable(least: int, most: int) -> dict[str, Any]:
    return {"ScalableTargets": [{"MinCapacity": least, "MaxCapacity": most}]}


@pytest.mark.parametrize(("least", "most", "schedule", "ok"), [
    (2, 10, "", True), (0, 0, "", False), (0, 0, "cron(0 20 ? * MON-FRI *)", True), (2, 5, "", False)])
def test_the_service_scales_within_its_bounds_or_sleeps(least: int, most: int, schedule: str, ok: bool) -> None:
    found = part("scaling", {"SleepSchedule": schedule}, describe_scalable_targets=scalable(least, most))

    assert found.ok is ok


@pytest.mark.parametrize(("version", "ok"), [("17.9", True), ("17.10", True), ("17.4", False), ("18.1", False)])
def test_a_minor_version_may_be_later_than_the_parameter(version: str, ok: bool) -> None:
    clusters = {"DBClusters": [{"DBClusterArn": CLUSTER, "EngineVersion": version}]}
    assert part("Aurora version", describe_db_clusters=clusters).ok is ok


def test_an_alarm_that_rings_is_named_by_its_logical_id() -> None:
    quiet: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
    assert part("alarms' states", describe_alarms=[quiet]).ok
    ringing = {"MetricAlarms": [{"AlarmName": "tap-latency"}], "CompositeAlarms": [{"AlarmName": "tap-health"}]}
    assert part("alarms' states", describe_alarms=[quiet, ringing]).seen == "LatencyAlarm, ServiceHealthAlarm"


@pytest.mark.parametrize(("arn", "ok"), [("arn:aws:sns:::topic:1", True), ("PendingConfirmation", False)])
def test_a_subscription_has_to_be_confirmed(arn: str, ok: bool) -> None:
    assert part("confirmed subscriptions",
                describe_stack_resource={"StackResourceDetail": {"PhysicalResourceId": "arn:topic"}},
                list_subscriptions_by_topic={"Subscriptions": [{"SubscriptionArn": arn}]},
                get_subscription_attributes={"Attributes": {"ConfirmationWasAuthenticated": "true"}}).ok is ok


def tagged(**tags: str) -> dict[str, Any]:
    return {"ResourceARN": "arn:thing", "Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}


RIGHT = {"Environment": "dev", "Team": "t", "CostCenter": "c", "Application": "a"}


@pytest.mark.parametrize(("tags", "ok"), [
    ([RIGHT], True), ([RIGHT, RIGHT | {"Environment": "prod"}], False), ([{"Team": "t"}], False), ([], False)])
def test_every_resource_has_the_tags(tags: list[dict[str, str]], ok: bool) -> None:
    pages = [{"ResourceTagMappingList": [tagged(**each)]} for each in tags]
    assert part("tags", get_resources=pages).ok is ok


def test_what_a_service_changes_by_itself_is_no_drift() -> None:
    def drifts(path: str) -> Check:
        return part(
            "drift", describe_stacks={"Stacks": [{"StackId": "s", "StackStatus": "CREATE_COMPLETE"}]},
            detect_stack_drift={"StackDriftDetectionId": "d"},
            describe_stack_drift_detection_status={"DetectionStatus": "DETECTION_COMPLETE"},
            describe_stack_resource_drifts={"StackResourceDrifts": [{
                "LogicalResourceId": "Service", "ResourceType": "AWS::ECS::Service",
                "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [
                    {"PropertyPath": path, "ExpectedValue": "1", "ActualValue": "2"}]}]})

    assert drifts("/DesiredCount").ok
    assert drifts("/LaunchType").seen == "Service/LaunchType"


def backup(age: timedelta, *points: tuple[str, str, timedelta]) -> Check:
    return part("backups have run", get_backup_plan={"CreationDate": NOW - age},
                list_recovery_points_by_backup_vault={"RecoveryPoints": [
                    {"ResourceArn": arn, "Status": status, "CreationDate": NOW - old} for arn, status, old in points]})


HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


@pytest.mark.parametrize(("points", "seen"), [
    ([(CLUSTER, "COMPLETED", HOUR), (TABLE, "COMPLETED", HOUR)], "database, table within 2 days"),
    ([(CLUSTER, "COMPLETED", HOUR), (TABLE, "COMPLETED", WEEK)], "database within 2 days"),
    ([(CLUSTER, "PARTIAL", HOUR), (TABLE, "COMPLETED", HOUR), ("arn:other", "COMPLETED", HOUR)],
     "table within 2 days"),
    ([], "none within 2 days"),
])
def test_database_and_table_have_a_recent_backup(points: list[tuple[str, str, timedelta]], seen: str) -> None:
    found = backup(WEEK, *points)
    assert (found.seen, found.ok) == (seen, seen.startswith("database, table"))


def test_a_plan_of_today_has_no_backup_yet() -> None:
    assert backup(HOUR).result == "skipped"
    assert part("backups have run", {"Backups": "false"}).skipped == "Backups is false"


def test_a_service_that_refuses_to_answer_differs_and_the_others_go_on() -> None:
    def refused(**_request: Any) -> Any:
        raise CallFailed("AWS does not allow DescribeStacks", "AccessDenied")

    told: list[str] = []
    found = list(verification.verify(subject(Cloud(describe_stacks=refused)), told.append))

    drift = next(check for check in found if check.name == "drift")
    assert (drift.ok, drift.seen) == (False, "AWS does not allow DescribeStacks")
    assert told[-1] == "access from outside"


def test_a_stack_that_does_not_exist_is_an_input_error() -> None:
    def missing(**_request: Any) -> Any:
        raise CallFailed("Stack with id tap-dev does not exist", "ValidationError")

    with pytest.raises(InputError, match="tap-dev does not exist"):
        verification.read_subject(
            Cloud(describe_stacks=missing), Environment("dev", Target("tap-dev")), NOW)  # type: ignore[arg-type]


def test_what_an_environment_does_not_have_is_skipped_with_its_reason() -> None:
    nowhere = Site("nowhere.invalid", "127.0.0.1", http_port=1, https_port=1)
    stack = Stack(IDS, PARAMETERS | {"Firewall": "false"}, {})
    found = {check.name: check for check in verification.from_outside(
        stack, verification.Sites(nowhere, nowhere, nowhere), has_page=False, has_tasks=False)}

    skipped = {name for name, check in found.items() if check.skipped}
    assert skipped == {"Application answers", "Application redirects HTTP", "Application, TLS 1.2",
                       "Application, TLS 1.1", "Firewall answers", "CDN serves", "CDN, TLS 1.1"}
    assert found["Firewall answers"].skipped == "Firewall is false"
    assert {check.result for name, check in found.items() if name not in skipped} == {"differs"}


@pytest.mark.parametrize(("parameters", "name"), [
    ({}, "lb.elb.amazonaws.com"),
    ({"CertificateArn": "arn:cert"}, "www.shop.example"),
    ({"CertificateArn": "arn:cert", "DomainName": "pay.shop.example"}, "pay.shop.example"),
])
def test_the_load_balancer_is_asked_by_a_name_of_its_certificate(parameters: dict[str, str], name: str) -> None:
    cloud = Cloud(
        describe_load_balancers={"LoadBalancers": [{"DNSName": "lb.elb.amazonaws.com"}]},
        describe_certificate={"Certificate": {"DomainName": "*.shop.example"}},
        get_distribution={"Distribution": {"DomainName": "d.cloudfront.net", "DistributionConfig": {"Origins": {
            "Items": [{"DomainName": "b.s3.amazonaws.com", "OriginAccessControlId": "o"}]}}}})
    stack = Stack(IDS | {"Distribution": "d"}, PARAMETERS | parameters, {})

    sites = verification.find_sites(cloud.client, stack)

    assert (sites.balancer.name, sites.balancer.address) == (name, "lb.elb.amazonaws.com")
    assert (sites.cdn.name, sites.bucket.name) == ("d.cloudfront.net", "b.s3.amazonaws.com")
