"""Price monitoring, logging and backups: metrics, alarms, traces, logs and recovery points."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.cost.month import KB_PER_GB, Line, Month, by_use, fixed
from tap.picture.dashboard import dashboards

DAYS_PER_MONTH = 30.4
LOG_GROUP = "AWS::Logs::LogGroup"
# Logs are stored compressed, at about 0.15 of their size: https://aws.amazon.com/cloudwatch/pricing/
COMPRESSED = 0.15
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Monitoring.OS.overview.html
MONITORING_RETENTION_DAYS, FREE_HISTORY_DAYS = 30, 7


def _logged(gb: float, days: float) -> Iterator[Line]:
    yield by_use("log ingestion", gb, "log_ingestion_gb")
    yield by_use("log storage once full", gb * days / DAYS_PER_MONTH * COMPRESSED, "log_storage_gb_month")


def _delivered(gb: float, destination: Any, month: Month) -> Iterator[Line]:
    """Yield the cost of vended logs, delivered to CloudWatch Logs or S3, at the price of CloudWatch Logs ingestion."""
    if "arn:aws:s3:" in str(destination):
        yield by_use("log delivery to S3", gb, "vended_log_s3_gb")
        return
    groups = month.referred(destination, LOG_GROUP).values()
    yield from _logged(gb, max((_retention(group) for group in groups), default=DAYS_PER_MONTH))


def _retention(properties: Mapping[str, Any]) -> float:
    return float(properties.get("RetentionInDays", 365))


def flow_log(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of a VPC's flow logs."""
    destination = properties.get("LogDestination", properties.get("LogGroupName"))
    yield from _delivered(month.assumed["flow_log_gb"] * month.share("AWS::EC2::FlowLog"), destination, month)


def web_acl_log(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of a web ACL's log."""
    gb = month.assumed["requests_per_month"] * month.assumed["web_acl_log_kb_per_request"] / KB_PER_GB
    yield from _delivered(gb, properties["LogDestinationConfigs"], month)


def log_group(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of an application log group; the application's groups share its logs.

    A group that a service of AWS writes to is billed with that. A helper of the stack logs next to nothing.
    """
    others = [log.get("LogGroupName") for log in month.of_type("AWS::EC2::FlowLog").values()]
    others += [log.get("LogDestinationConfigs") for log in month.of_type("AWS::WAFv2::LoggingConfiguration").values()]
    others += [function.get("LoggingConfig") for function in month.of_type("AWS::Lambda::Function").values()
               if "Environment" not in function]
    groups = month.of_type(LOG_GROUP).keys() - month.referred(others, LOG_GROUP).keys()
    if month.title in groups:
        gb = month.assumed["requests_per_month"] * month.assumed["log_kb_per_request"] / KB_PER_GB / len(groups)
        yield from _logged(gb, _retention(properties))


def access_log_gb(properties: Mapping[str, Any], month: Month) -> float:
    """Return the GB of access logs that a bucket holds once logs expire. Their delivery is free."""
    requests = month.assumed["requests_per_month"] + month.assumed["cdn_requests_per_month"]
    days = [float(rule["ExpirationInDays"]) for rule in properties.get("LifecycleConfiguration", {}).get("Rules", [])
            if "ExpirationInDays" in rule]
    return requests * month.assumed["access_log_kb_per_request"] / KB_PER_GB * min(days, default=365) / DAYS_PER_MONTH


def traced(calls: float, seconds: float) -> float:
    """Return how many calls of a function X-Ray records: one per second, and 5% of the others.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    return min(calls, seconds) + max(0.0, calls - seconds) * 0.05


def cluster(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of Container Insights: custom metrics, per hour in which tasks run."""
    settings = {str(item.get("Name")): str(item.get("Value")) for item in properties.get("ClusterSettings", [])}
    if settings.get("containerInsights", "disabled") != "disabled":
        metrics = month.assumed["container_insights_metrics"] * month.task_hours / month.hours
        yield fixed("Container Insights metrics", metrics, "metric_month")


def of_instance(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of enhanced monitoring of a database instance, which CloudWatch Logs bills.

    Seven days of Performance Insights are free; a longer history has no price here.
    """
    if interval := int(properties.get("MonitoringInterval", 0)):
        gb = month.hours * 3600 / interval * month.assumed["monitoring_kb"] / KB_PER_GB
        yield from _logged(gb, MONITORING_RETENTION_DAYS)
    if float(properties.get("PerformanceInsightsRetentionPeriod", 0)) > FREE_HISTORY_DAYS:
        yield fixed("Performance Insights history", 1, "performance_insights_history")


def alarm(properties: Mapping[str, Any], _month: Month) -> Iterator[Line]:
    """Yield the cost of an alarm; each metric of an expression counts."""
    metrics = [query for query in properties.get("Metrics", []) if "MetricStat" in query]
    yield fixed("metrics", max(1, len(metrics)), "alarm_month")


def composite_alarm(_properties: Mapping[str, Any], _month: Month) -> Iterator[Line]:
    """Yield the cost of a composite alarm."""
    yield fixed("composite alarm", 1, "composite_alarm_month")


def dashboard(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of a dashboard and of the stack's custom metrics on it.

    Those are billed for the hours in which they are sent: https://aws.amazon.com/cloudwatch/pricing/
    """
    yield fixed("dashboard", 1, "dashboard_month")
    if "DashboardBody" not in properties:
        return
    own = {(metric.namespace, metric.name, *metric.dimensions.items())
           for board in dashboards(month.resolved) if board.logical_id == month.title
           for widget in board.widgets for metric in widget.metrics
           if not metric.namespace.startswith(("AWS/", "ECS/"))}
    if own:
        yield fixed("own metrics", len(own) * month.task_hours / month.hours, "metric_month")


def vault(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of the copies in a vault: one per day, for the retention of each rule.

    Each copy of a table is whole. One of an Aurora cluster costs nothing for as long as the cluster keeps its own
    backups, and counts whole from then on:
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-storage-backup.html
    """
    for name, plan in month.of_type("AWS::Backup::BackupPlan").items():
        rules = [rule for rule in plan["BackupPlan"]["BackupPlanRule"]
                 if month.title in month.referred(rule["TargetBackupVault"], "AWS::Backup::BackupVault")]
        days = sum(float(rule["Lifecycle"]["DeleteAfterDays"]) for rule in rules)
        selections = [selection["BackupSelection"]
                      for selection in month.of_type("AWS::Backup::BackupSelection").values()
                      if name in month.referred(selection["BackupPlanId"], "AWS::Backup::BackupPlan")]
        for _ in month.referred(selections, "AWS::DynamoDB::Table"):
            gb = days * month.assumed["sessions_gb"]
            yield by_use(f"{days:g} copies of the table", gb, "backup_dynamodb_gb_month")
        for database in month.referred(selections, "AWS::RDS::DBCluster").values():
            beyond = max(0.0, days - float(database.get("BackupRetentionPeriod", 1)))
            yield by_use(f"{beyond:g} copies of the database", beyond * month.assumed["database_gb"],
                   "aurora_backup_gb_month")
