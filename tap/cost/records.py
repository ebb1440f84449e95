"""How what is watched, logged and copied is billed: metrics, alarms, traces, logs and backups."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.cost.month import KB_PER_GB, Line, Month, by_use, fixed
from tap.picture.dashboard import dashboards

DAYS_PER_MONTH = 30.4
LOG_GROUP = "AWS::Logs::LogGroup"
# Stored compressed, at about 0.15 of the size: https://aws.amazon.com/cloudwatch/pricing/
COMPRESSED = 0.15
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Monitoring.OS.overview.html
MONITORING_RETENTION_DAYS, FREE_HISTORY_DAYS = 30, 7


def _logged(gb: float, days: float) -> Iterator[Line]:
    yield by_use("log ingestion", gb, "log_ingestion_gb")
    yield by_use("log storage once full", gb * days / DAYS_PER_MONTH * COMPRESSED, "log_storage_gb_month")


def _delivered(gb: float, destination: Any, month: Month) -> Iterator[Line]:
    """What a service of AWS logs, to CloudWatch Logs or to S3: the price is that of the former's ingestion."""
    if "arn:aws:s3:" in str(destination):
        yield by_use("log delivery to S3", gb, "vended_log_s3_gb")
        return
    groups = month.referred(destination, LOG_GROUP).values()
    yield from _logged(gb, max((_retention(each) for each in groups), default=DAYS_PER_MONTH))


def _retention(properties: Mapping[str, Any]) -> float:
    return float(properties.get("RetentionInDays", 365))


def flow_log(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Return what the flow logs of a VPC cost."""
    destination = properties.get("LogDestination", properties.get("LogGroupName"))
    yield from _delivered(month.assumed["flow_log_gb"] * month.share("AWS::EC2::FlowLog"), destination, month)


def web_acl_log(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Return what the log of a web ACL costs."""
    gb = month.assumed["requests_per_month"] * month.assumed["web_acl_log_kb_per_request"] / KB_PER_GB
    yield from _delivered(gb, properties["LogDestinationConfigs"], month)


def log_group(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Return what a log group of the application costs, which all of them share.

    A group that a service of AWS writes to is billed with that. A helper of the stack logs next to nothing.
    """
    others = [each.get("LogGroupName") for each in month.of_type("AWS::EC2::FlowLog").values()]
    others += [each.get("LogDestinationConfigs") for each in month.of_type("AWS::WAFv2::LoggingConfiguration").values()]
    others += [each.get("LoggingConfig") for each in month.of_type("AWS::Lambda::Function").values()
               if "Environment" not in each]
    groups = month.of_type(LOG_GROUP).keys() - month.referred(others, LOG_GROUP).keys()
    if month.title in groups:
        gb = month.assumed["requests_per_month"] * month.assumed["log_kb_per_request"] / KB_PER_GB / len(groups)
        yield from _logged(gb, _retention(properties))


def access_log_gb(properties: Mapping[str, Any], month: Month) -> float:
    """Return how much a bucket holds of access logs, whose delivery is free, once its first ones expire."""
    requests = month.assumed["requests_per_month"] + month.assumed["cdn_requests_per_month"]
    days = [float(rule["ExpirationInDays"]) for rule in properties.get("LifecycleConfiguration", {}).get("Rules", [])
            if "ExpirationInDays" in rule]
    return requests * month.assumed["access_log_kb_per_request"] / KB_PER_GB * min(days, default=365) / DAYS_PER_MONTH


def traced(calls: float, seconds: float) -> float:
    """Return how many of so many calls of a function X-Ray records: one a second, and one in twenty of the others.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    return min(calls, seconds) + max(0.0, calls - seconds) * 0.05


def cluster(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Return what Container Insights costs: custom metrics, by the hour, while tasks run."""
    settings = {str(each.get("Name")): str(each.get("Value")) for each in properties.get("ClusterSettings", [])}
    if settings.get("containerInsights", "disabled") != "disabled":
        metrics = month.assumed["container_insights_metrics"] * month.task_hours / month.hours
        yield fixed("Container Insights metrics", metrics, "metric_month")


def of_instance(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Return what watching a database instance costs: enhanced monitoring, which CloudWatch Logs bills.

    Seven days of Performance Insights are free; a longer history has no price here.
    """
    if interval := int(properties.get("MonitoringInterval", 0)):
        gb = month.hours * 3600 / interval * month.assumed["monitoring_kb"] / KB_PER_GB
        yield from _logged(gb, MONITORING_RETENTION_DAYS)
    if float(properties.get("PerformanceInsightsRetentionPeriod", 0)) > FREE_HISTORY_DAYS:
        yield fixed("Performance Insights history", 1, "performance_insights_history")


def alarm(properties: Mapping[str, Any], _month: Month) -> Iterator[Line]:
    """Return what an alarm costs: each metric of an expression counts."""
    metrics = [each for each in properties.get("Metrics", []) if "MetricStat" in each]
    yield fixed("metrics", max(1, len(metrics)), "alarm_month")


def composite_alarm(_properties: Mapping[str, Any], _month: Month) -> Iterator[Line]:
    """Return what a composite alarm costs."""
    yield fixed("composite alarm", 1, "composite_alarm_month")


def dashboard(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Return what a dashboard costs, and the metrics on it that are nobody's but the stack's own.

    Those are billed for the hours in which they are sent: https://aws.amazon.com/cloudwatch/pricing/
    """
    yield fixed("dashboard", 1, "dashboard_month")
    if "DashboardBody" not in properties:
        return
    own = {(metric.namespace, metric.name, *metric.dimensions.items())
           for found in dashboards(month.resolved) if found.logical_id == month.title
           for widget in found.widgets for metric in widget.metrics
           if not metric.namespace.startswith(("AWS/", "ECS/"))}
    if own:
        yield fixed("own metrics", len(own) * month.task_hours / month.hours, "metric_month")


def vault(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Return what the copies in a vault cost, a copy a day for as long as each rule keeps it.

    Each copy of a table is whole. One of an Aurora cluster costs nothing for as long as the cluster keeps its own
    backups, and counts whole from then on:
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-storage-backup.html
    """
    for name, plan in month.of_type("AWS::Backup::BackupPlan").items():
        rules = [rule for rule in plan["BackupPlan"]["BackupPlanRule"]
                 if month.title in month.referred(rule["TargetBackupVault"], "AWS::Backup::BackupVault")]
        days = sum(float(rule["Lifecycle"]["DeleteAfterDays"]) for rule in rules)
        selections = [each["BackupSelection"] for each in month.of_type("AWS::Backup::BackupSelection").values()
                      if name in month.referred(each["BackupPlanId"], "AWS::Backup::BackupPlan")]
        for _ in month.referred(selections, "AWS::DynamoDB::Table"):
            gb = days * month.assumed["sessions_gb"]
            yield by_use(f"{days:g} copies of the table", gb, "backup_dynamodb_gb_month")
        for each in month.referred(selections, "AWS::RDS::DBCluster").values():
            beyond = max(0.0, days - float(each.get("BackupRetentionPeriod", 1)))
            yield by_use(f"{beyond:g} copies of the database", beyond * month.assumed["database_gb"],
                   "aurora_backup_gb_month")
