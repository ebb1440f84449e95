"""The alarms on every tier, beside those by which visitors' requests fail, and the events that people are told of."""

from typing import Any, NamedTuple

from troposphere import And, Condition, Not, Template

from tap.alerts import Alerts, expression, metric, query
from tap.database import Database
from tap.deployment import Alternate
from tap.domain import Domain
from tap.load_balancer import Balancer
from tap.network import Network
from tap.parts import only_if
from tap.service import WebService
from tap.sessions import Sessions
from tap.validation import NAMESPACE, TIMEOUT, Validation

DAY = 24 * 3600
MIB = 2**20
# What the application asks most of the table, which counts its errors by operation.
OPERATIONS = ("GetItem", "PutItem", "UpdateItem")


class Tiers(NamedTuple):
    """What is watched."""

    network: Network
    database: Database
    sessions: Sessions
    domain: Domain
    balancer: Balancer
    validation: Validation
    service: WebService
    alternate: Alternate


def add_alarms(t: Template, alerts: Alerts, tiers: Tiers) -> None:
    """Add the alarms, most of which a parameter switches off."""
    _watch_service(alerts, tiers)
    _watch_validation(alerts, tiers.validation)
    _watch_database(t, alerts, tiers.database)
    _watch_sessions(alerts, tiers.sessions)
    _watch_edges(t, alerts, tiers)


def add_events(alerts: Alerts, tiers: Tiers) -> None:
    """Add the rules that tell of failed deployments, and of what happens to the database."""
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    alerts.add_rule("DeploymentFailedRule", "Failed deployments of the service", {
        "source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"],
        "resources": [tiers.service.service.ref()], "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}})
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
    alerts.add_rule("DatabaseEventRule", "Failovers, failures, lack of storage of the database", {
        "source": ["aws.rds"], "detail-type": ["RDS DB Cluster Event", "RDS DB Instance Event"],
        "detail": {"EventCategories": ["failover", "failure", "low storage", "notification"],
                   "SourceIdentifier": [
                       tiers.database.cluster.ref(), tiers.database.writer.ref(), tiers.database.reader]}})


def _watch_service(alerts: Alerts, tiers: Tiers) -> None:
    of_service = tiers.service.dimensions
    for resource in ("CPU", "Memory"):
        alerts.add_alarm(
            f"High{resource.capitalize()}Alarm",
            f"High {resource if resource == 'CPU' else resource.lower()} utilization on ECS tasks",
            metric("AWS/ECS", f"{resource}Utilization", of_service, "Average"), 80, periods=2)
    # Fewer than are wanted, and at night that may be none.
    alerts.add_alarm(
        "MissingTasksAlarm", "Fewer tasks run than the scaling wants",
        expression("wanted - running", *(
            query(ident, "ECS/ContainerInsights", f"{name}TaskCount", of_service, "Minimum")
            for ident, name in (("wanted", "Desired"), ("running", "Running")))),
        1, periods=3, Condition=alerts.detailed)


def _watch_validation(alerts: Alerts, validation: Validation) -> None:
    of_function = validation.dimensions
    alerts.add_alarm(
        "ValidationErrorAlarm", "High error rate on the validation function",
        metric("AWS/Lambda", "Errors", of_function), 10)
    alerts.add_alarm(
        "ValidationUnavailableAlarm", "Transactions that could not be decided",
        metric(NAMESPACE, "Unavailable", of_function), 1, periods=2)
    # Of enough of them to mean something.
    alerts.add_alarm(
        "ValidationRejectionAlarm", "More than half of the transactions rejected",
        expression("IF(r + a + d > 20, 100 * r / (r + a + d), 0)", *(
            query(name[0].lower(), NAMESPACE, name, of_function) for name in ("Rejected", "Accepted", "Duplicate"))),
        50, periods=2, Condition=alerts.detailed)
    alerts.add_alarm(
        "ValidationThrottleAlarm", "Validations refused for want of concurrency",
        metric("AWS/Lambda", "Throttles", of_function), 1, Condition=alerts.detailed)
    alerts.add_alarm(
        "ValidationDurationAlarm", "Validations take half of the time that they may",
        metric("AWS/Lambda", "Duration", of_function, "p99"), TIMEOUT * 1000 // 2, Condition=alerts.detailed)
    alerts.add_alarm(
        "ValidationFailureAlarm", "Events that the function failed at wait in a queue",
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible",
               {"QueueName": validation.failures.get_att("QueueName")}, "Maximum"), 1, Condition=alerts.detailed)


def _watch_database(t: Template, alerts: Alerts, database: Database) -> None:
    def add(title: str, description: str, name: str, statistic: str, threshold: Any, **options: Any) -> None:
        alerts.add_alarm(f"Database{title}Alarm", description, metric(
            "AWS/RDS", name, {"DBClusterIdentifier": database.cluster.ref()}, statistic), threshold,
            **{"Condition": alerts.detailed, **options})

    is_serverless = t.add_condition("IsDetailedOnServerless", And(
        Condition(alerts.detailed), Condition(database.is_serverless)))
    has_memory = t.add_condition("IsDetailedOnMemory", And(
        Condition(alerts.detailed), Not(Condition(database.is_serverless))))
    has_reader = t.add_condition("IsDetailedOnReader", And(Condition(alerts.detailed), Condition(database.has_reader)))
    add("Cpu", "Database busy", "CPUUtilization", "Maximum", 85, periods=3)
    add("Connections", "Many connections to the database", "DatabaseConnections", "Maximum",
        database.most_connections, periods=2)
    add("Memory", "Database short of memory", "FreeableMemory", "Minimum", 256 * MIB,
        periods=3, below=True, Condition=has_memory)
    add("Capacity", "Database near its most capacity", "ACUUtilization", "Maximum", 90,
        periods=3, Condition=is_serverless)
    add("Lag", "Reader more than a second behind", "AuroraReplicaLagMaximum", "Maximum", 1000,
        periods=3, Condition=has_reader)
    # Per second: more than one a minute.
    add("Deadlock", "Transactions block each other", "Deadlocks", "Average", 0.02)


def _watch_sessions(alerts: Alerts, sessions: Sessions) -> None:
    of_table = {"TableName": sessions.table.ref()}
    alerts.add_alarm(
        "SessionsThrottleAlarm", "Requests to the table refused",
        expression("reads + writes", *(
            query(ident, "AWS/DynamoDB", f"{name}ThrottleEvents", of_table)
            for ident, name in (("reads", "Read"), ("writes", "Write")))), 1, Condition=alerts.detailed)
    alerts.add_alarm(
        "SessionsErrorAlarm", "The table fails",
        expression("SUM(METRICS())", *(
            query(f"m{place}", "AWS/DynamoDB", "SystemErrors", {**of_table, "Operation": operation})
            for place, operation in enumerate(OPERATIONS))), 1, Condition=alerts.detailed)


def _watch_edges(t: Template, alerts: Alerts, tiers: Tiers) -> None:
    network = tiers.network
    has_nat = t.add_condition("IsDetailedOnNat", And(Condition(alerts.detailed), Condition(network.has_nat)))
    has_certificate = t.add_condition("IsDetailedOnCertificate", And(
        Condition(alerts.detailed), Condition(tiers.domain.has_certificate)))
    first, *others = (
        query(f"m{place}", "AWS/NATGateway", "ErrorPortAllocation", {"NatGatewayId": gateway.ref()})
        for place, gateway in enumerate(network.nat_gateways))
    alerts.add_alarm(
        "NatPortAlarm", "Connections fail for want of ports of the NAT gateways",
        expression("SUM(METRICS())", first, *(only_if(network.has_nat_per_az, other) for other in others)),
        1, Condition=has_nat)
    alerts.add_alarm(
        "UnhealthyHostsAlarm", "Tasks that fail their health check",
        expression("SUM(METRICS())", *_unhealthy(tiers)), 1, periods=3, Condition=alerts.detailed)
    alerts.add_alarm(
        "CertificateExpiryAlarm", "Certificate about to expire",
        metric("AWS/CertificateManager", "DaysToExpiry", {"CertificateArn": tiers.domain.certificate}, "Minimum", DAY),
        30, below=True, Condition=has_certificate)


def _unhealthy(tiers: Tiers) -> tuple[Any, ...]:
    balancer, alternate = tiers.balancer, tiers.alternate
    blue, green = (
        query(ident, "AWS/ApplicationELB", "UnHealthyHostCount", {
            **balancer.dimensions, "TargetGroup": group.get_att("TargetGroupFullName")}, "Maximum")
        for ident, group in (("m0", balancer.target_group), ("m1", alternate.target_group)))
    # Either group may be the one in use.
    return blue, only_if(alternate.condition, green)
