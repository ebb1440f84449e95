"""The alarms on the database and the table."""

from typing import Any

from troposphere import And, Condition, Not, Template

from tap.alerts import Alerts
from tap.database import Database
from tap.sessions import Sessions
from tap.watched import FIVE_MINUTES, MINUTE, metric, query, share

MIB = 2**20
# What the application asks most of the table, which counts requests and errors by operation.
OPERATIONS = ("GetItem", "PutItem", "UpdateItem")
# Most of a quarter of an hour, minute by minute: the highest value of five minutes is of a moment.
LASTING: dict[str, Any] = {"periods": 15, "datapoints": 12}


def watch_database(t: Template, alerts: Alerts, database: Database) -> None:
    """Add the alarms on the database, which a parameter switches off."""
    of_cluster = {"DBClusterIdentifier": database.cluster.ref()}

    def add(title: str, description: str, name: str, statistic: str, threshold: Any, period: int = MINUTE,
            of: dict[str, Any] = of_cluster, **options: Any) -> None:
        alerts.add_alarm(f"Database{title}Alarm", description, metric("AWS/RDS", name, of, statistic, period),
                         threshold, **{"Condition": alerts.detailed, **options})

    is_serverless = t.add_condition("IsDetailedOnServerless", And(
        Condition(alerts.detailed), Condition(database.is_serverless)))
    has_memory = t.add_condition("IsDetailedOnMemory", And(
        Condition(alerts.detailed), Not(Condition(database.is_serverless))))
    has_reader = t.add_condition("IsDetailedOnReader", And(Condition(alerts.detailed), Condition(database.has_reader)))
    # The maximum is the busiest instance's; an average would halve it with an idle reader's.
    add("Cpu", "Database busy", "CPUUtilization", "Maximum", 85, **LASTING)
    add("Connections", "Many connections to the database", "DatabaseConnections", "Maximum",
        database.most_connections, FIVE_MINUTES, periods=2)
    add("Memory", "Database short of memory", "FreeableMemory", "Minimum", 256 * MIB,
        FIVE_MINUTES, periods=3, below=True, Condition=has_memory)
    add("Capacity", "Database near its most capacity", "ACUUtilization", "Maximum", 90,
        **LASTING, Condition=is_serverless)
    add("Lag", "Reader more than a second behind", "AuroraReplicaLagMaximum", "Maximum", 1000,
        **LASTING, Condition=has_reader)
    # Per second: more than one a minute. Of the writer, since the reader has none, and would halve it.
    add("Deadlock", "Transactions block each other", "Deadlocks", "Average", 0.02, FIVE_MINUTES,
        {**of_cluster, "Role": "WRITER"}, periods=3, datapoints=2)


def watch_sessions(alerts: Alerts, sessions: Sessions) -> None:
    """Add the alarm on the table, which a parameter switches off."""
    of_table = {"TableName": sessions.table.ref()}
    throttles = {f"{kind.lower()}s": f"{kind}ThrottleEvents" for kind in ("Read", "Write")}
    failed = (*throttles, *(f"failed{place}" for place, _ in enumerate(OPERATIONS)))
    served = tuple(f"served{place}" for place, _ in enumerate(OPERATIONS))
    of_operations = [{**of_table, "Operation": operation} for operation in OPERATIONS]
    # Alarms on metrics of DynamoDB's stay as they are where data is missing, whatever they say of missing data, and
    # these counts are missing once the trouble is over. A share is there with the next request:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    alerts.add_alarm(
        "SessionsErrorAlarm", "The table refuses requests, or fails at them",
        share(failed, (*served, *failed), [
            *(query(ident, "AWS/DynamoDB", name, of_table) for ident, name in throttles.items()),
            *(query(f"failed{place}", "AWS/DynamoDB", "SystemErrors", of) for place, of in enumerate(of_operations)),
            *(query(f"served{place}", "AWS/DynamoDB", "SuccessfulRequestLatency", of, "SampleCount")
              for place, of in enumerate(of_operations))], 3), 1,
        periods=3, datapoints=2, Condition=alerts.detailed)
