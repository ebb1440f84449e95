"""The alarms that notify people: first on what visitors notice, then on every tier.

tests/alarms checks when each alarm triggers and when it does not: from one request a minute to hundreds a second, at
night, and during a failover, a database pause and a deployment.
"""

from typing import NamedTuple

from troposphere import And, Condition, Equals, If, Not, Ref, Template
from troposphere.cloudwatch import MetricDataQuery

from tap.alerts import Alerts
from tap.backup import Backups
from tap.data_alarms import watch_database, watch_sessions
from tap.database import Database
from tap.domain import Domain
from tap.firewall import Firewall
from tap.health import Health
from tap.indicators import (
    BALANCER,
    LAMBDA,
    failed_by_tasks,
    failed_requests,
    outcomes,
    requests,
    unanswered,
    undecided,
)
from tap.load_balancer import Balancer
from tap.network import Network
from tap.parts import only_if
from tap.service import WebService
from tap.sessions import Sessions
from tap.strategy import Alternate
from tap.validation import Validation
from tap.watched import FIVE_MINUTES, MINUTE, expression, metric, query, share, slow
from tap.whole_numbers import add_whole_number

DAY = 24 * 3600
# Milliseconds after which the function retries a write to the table.
TRIES_AGAIN = 2000
# Minimum failures in five minutes to trigger, low enough for one request a minute.
FEW = 3


class Tiers(NamedTuple):
    """The tiers to watch."""

    network: Network
    database: Database
    sessions: Sessions
    domain: Domain
    balancer: Balancer
    firewall: Firewall
    validation: Validation
    service: WebService
    alternate: Alternate
    health: Health
    backups: Backups


def add_alarms(t: Template, alerts: Alerts, tiers: Tiers) -> None:
    """Add the alarms; DetailedAlarms decides about most of them."""
    _watch_visitors(t, alerts, tiers)
    _watch_service(alerts, tiers)
    _watch_validation(alerts, tiers.validation)
    watch_database(t, alerts, tiers.database)
    watch_sessions(alerts, tiers.sessions)
    _watch_edges(t, alerts, tiers)
    _watch_certificates(t, alerts, tiers.domain)


def _watch_visitors(t: Template, alerts: Alerts, tiers: Tiers) -> None:
    balancer = tiers.balancer
    # Triggers soon with many requests. A failover ends before four minutes breach.
    alerts.add_alarm(
        "FailedRequestsAlarm", "High rate of failed requests", failed_requests(balancer, 5, MINUTE), 5,
        periods=5, datapoints=4, is_critical=True)
    # Triggers later, but also with few requests. A failover affects two periods at most.
    alerts.add_alarm(
        "Target5xxAlarm", "High rate of 5XX responses from tasks", failed_by_tasks(balancer, FEW, FIVE_MINUTES), 2,
        periods=3, is_critical=True)
    # Without a healthy task, the load balancer itself responds with 5XX, which another metric counts.
    alerts.add_alarm(
        "LoadBalancer5xxAlarm", "High rate of unanswered requests", unanswered(balancer, FEW, FIVE_MINUTES), 2,
        periods=3, is_critical=True)
    alerts.add_alarm(
        "LatencyAlarm", "High latency", slow(requests(balancer, FIVE_MINUTES), *(
            query(part, BALANCER, "TargetResponseTime", balancer.dimensions, part) for part in ("p99", "p50"))),
        tiers.health.latency, periods=3)
    floor = add_whole_number(
        t, "Alerts", "Traffic", "TrafficAlarmRequests", 0, 0, 1000000,
        "Minimum requests in five minutes; an alarm triggers after 15 minutes below it. 0 for no alarm. Requires an "
        "empty SleepSchedule.")
    is_expected = t.add_condition("HasTrafficAlarm", Not(Equals(floor.ref(), "0")))
    alerts.add_alarm(
        "TrafficAlarm", "Too few requests: check domain name, certificate and firewall",
        expression("FILL(requests, 0)", requests(balancer, FIVE_MINUTES)), floor.ref(),
        periods=3, below=True, missing="breaching", is_critical=True, Condition=is_expected)


def _watch_service(alerts: Alerts, tiers: Tiers) -> None:
    of_service = tiers.service.dimensions
    for resource in ("CPU", "Memory"):
        alerts.add_alarm(
            f"High{resource.capitalize()}Alarm",
            f"High {resource if resource == 'CPU' else resource.lower()} utilization on ECS tasks",
            metric("AWS/ECS", f"{resource}Utilization", of_service, "Average"), 80, periods=2)
    # Compares with the desired count, which may be 0 at night. If no task runs, the missing running count is 0.
    alerts.add_alarm(
        "MissingTasksAlarm", "Fewer running tasks than desired",
        expression("wanted - running", *(
            query(ident, "ECS/ContainerInsights", f"{name}TaskCount", of_service, "Minimum")
            for ident, name in (("wanted", "Desired"), ("running", "Running")))),
        1, periods=3, Condition=alerts.detailed)
    alerts.add_alarm(
        "UnhealthyHostsAlarm", "Tasks fail their health check",
        expression("SUM(METRICS())", *_unhealthy(tiers)), 1, periods=3, Condition=alerts.detailed)


def _unhealthy(tiers: Tiers) -> tuple[MetricDataQuery, If]:
    balancer, alternate = tiers.balancer, tiers.alternate
    blue, green = (
        query(ident, BALANCER, "UnHealthyHostCount", {
            **balancer.dimensions, "TargetGroup": group.get_att("TargetGroupFullName")}, "Maximum")
        for ident, group in (("m0", balancer.target_group), ("m1", alternate.target_group)))
    # Either group may be in use.
    return blue, only_if(alternate.condition, green)


def _watch_validation(alerts: Alerts, validation: Validation) -> None:
    of_function = validation.dimensions
    calls, errors, throttles = (
        query(ident, LAMBDA, ident.capitalize(), of_function) for ident in ("invocations", "errors", "throttles"))
    alerts.add_alarm(
        "ValidationErrorAlarm", "High error rate of the validation function",
        share(("errors",), ("invocations",), (calls, errors), FEW), 2, periods=3, datapoints=2, is_critical=True)
    alerts.add_alarm(
        "ValidationUnavailableAlarm", "Transactions could not be decided",
        undecided(validation, FEW, FIVE_MINUTES), 2, periods=3, datapoints=2, is_critical=True)
    # The minimum keeps a handful of rejections from triggering it.
    alerts.add_alarm(
        "ValidationRejectionAlarm", "More than half of transactions rejected",
        share(("rejected",), ("rejected", "accepted", "again"), outcomes(validation, FIVE_MINUTES)[1:], 11), 50,
        periods=2, Condition=alerts.detailed)
    alerts.add_alarm(
        "ValidationThrottleAlarm", "Validations throttled: concurrency limit reached",
        share(("throttles",), ("invocations", "throttles"), (calls, throttles), FEW), 1,
        periods=3, datapoints=2, Condition=alerts.detailed)
    # If the table hangs, the function responds within the client's timeouts, long before its own.
    alerts.add_alarm(
        "ValidationDurationAlarm", "Validations slower than one attempt to write",
        slow(query("requests", LAMBDA, "Invocations", of_function), *(
            query(part, LAMBDA, "Duration", of_function, part) for part in ("p99", "p50"))),
        TRIES_AGAIN, periods=3, datapoints=2, Condition=alerts.detailed)
    # Each event is a transaction whose caller got no response.
    alerts.add_alarm(
        "ValidationFailureAlarm", "Failed events are waiting in the queue",
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible",
               {"QueueName": validation.failures.get_att("QueueName")}, "Maximum"), 1, Condition=alerts.detailed)


def _watch_edges(t: Template, alerts: Alerts, tiers: Tiers) -> None:
    network, firewall = tiers.network, tiers.firewall
    has_nat = t.add_condition("IsDetailedOnNat", And(Condition(alerts.detailed), Condition(network.has_nat)))
    has_firewall = t.add_condition(
        "IsDetailedOnFirewall", And(Condition(alerts.detailed), Condition(firewall.condition)))
    first, *others = (
        query(f"m{place}", "AWS/NATGateway", "ErrorPortAllocation", {"NatGatewayId": gateway.ref()})
        for place, gateway in enumerate(network.nat_gateways))
    alerts.add_alarm(
        "NatPortAlarm", "Connections fail: NAT gateways have no free ports",
        expression("SUM(METRICS())", first, *(only_if(network.has_nat_per_az, other) for other in others)),
        1, periods=3, Condition=has_nat)
    # An attack, or a rule that blocks customers. A handful of bots does not trigger it.
    alerts.add_alarm(
        "FirewallAlarm", "Firewall blocks at least 10 % of requests",
        share(("blocked",), ("blocked", "allowed"), [
            query(ident, "AWS/WAFV2", f"{ident.capitalize()}Requests", firewall.dimensions)
            for ident in ("blocked", "allowed")], 100), 10,
        periods=3, datapoints=2, Condition=has_firewall)


def _watch_certificates(t: Template, alerts: Alerts, domain: Domain) -> None:
    has_certificate = t.add_condition("IsDetailedOnCertificate", And(
        Condition(alerts.detailed), Condition(domain.has_certificate)))
    # CloudFront requires certificates in us-east-1, and an alarm sees only metrics of its own region. In other regions,
    # `tap doctor` checks the certificate.
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    has_cdn_certificate = t.add_condition("IsDetailedOnCdnCertificate", And(
        Condition(alerts.detailed), Condition(domain.has_cdn_certificate),
        Equals(Ref("AWS::Region"), "us-east-1")))
    for title, description, certificate, condition in (
            ("CertificateExpiryAlarm", "Certificate expires soon", domain.certificate, has_certificate),
            ("CdnCertificateExpiryAlarm", "CDN certificate expires soon", domain.cdn_certificate,
             has_cdn_certificate)):
        alerts.add_alarm(title, description, metric(
            "AWS/CertificateManager", "DaysToExpiry", {"CertificateArn": certificate}, "Minimum", DAY),
            30, below=True, Condition=condition)
