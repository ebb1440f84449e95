"""The alarms on the database and the table."""

from typing import Any

from troposphere import And, Condition, Not, Template

from tap.alerts import Alerts
from tap.database import Database
from tap.sessions import Sessions
from tap.watched import FIVE_MINUTES, MINUTE, metric, query, share

MIB = 2**20
# The application's main operations; DynamoDB counts requests and errors per operation.
OPERATIONS = ("GetItem", "PutItem", "UpdateItem")
# Twelve of 15 single minutes: the maximum of five minutes may be a spike.
LASTING: dict[str, Any] = {"periods": 15, "datapoints": 12}


def watch_database(t: Template, alerts: Alerts, database: Database) -> None:
    """Add the alarms on the database, under DetailedAlarms."""
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
    # Maximum takes the busiest instance; an average would halve it with an idle reader.
    add("Cpu", "High database CPU utilization", "CPUUtilization", "Maximum", 85, **LASTING)
    add("Connections", "High number of database connections", "DatabaseConnections", "Maximum",
        database.most_connections, FIVE_MINUTES, periods=2)
    add("Memory", "Low database memory", "FreeableMemory", "Minimum", 256 * MIB,
        FIVE_MINUTES, periods=3, below=True, Condition=has_memory)
    add("Capacity", "Database near its maximum capacity", "ACUUtilization", "Maximum", 90,
        **LASTING, Condition=is_serverless)
    add("Lag", "Reader lags by more than a second", "AuroraReplicaLagMaximum", "Maximum", 1000,
        **LASTING, Condition=has_reader)
    # More than one per minute; the unit is per second. Writer only: a reader has none and would halve the average.
    add("Deadlock", "Database deadlocks", "Deadlocks", "Average", 0.02, FIVE_MINUTES,
        {**of_cluster, "Role": "WRITER"}, periods=3, datapoints=2)


def watch_sessions(alerts: Alerts, sessions: Sessions) -> None:
    """Add the alarm on the table, under DetailedAlarms."""
    of_table = {"TableName": sessions.table.ref()}
    throttles = {f"{kind.lower()}s": f"{kind}ThrottleEvents" for kind in ("Read", "Write")}
    failed = (*throttles, *(f"failed{place}" for place, _ in enumerate(OPERATIONS)))
    served = tuple(f"served{place}" for place, _ in enumerate(OPERATIONS))
    of_operations = [{**of_table, "Operation": operation} for operation in OPERATIONS]
    # Alarms on DynamoDB metrics always keep their state when data is missing, and these counts are missing once errors
    # stop. A share has data with the next request:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    alerts.add_alarm(
        "SessionsErrorAlarm", "Table throttles requests or fails",
        share(failed, (*served, *failed), [
            *(query(ident, "AWS/DynamoDB", name, of_table) for ident, name in throttles.items()),
            *(query(f"failed{place}", "AWS/DynamoDB", "SystemErrors", of) for place, of in enumerate(of_operations)),
            *(query(f"served{place}", "AWS/DynamoDB", "SuccessfulRequestLatency", of, "SampleCount")
              for place, of in enumerate(of_operations))], 3), 1,
        periods=3, datapoints=2, Condition=alerts.detailed)
