"""EventBridge rules that notify people: failed deployments and tasks, database events, backups."""

from troposphere import Template

from tap.alarms import Tiers
from tap.alerts import Alerts

# Event numbers by category, from the table below. Without pauses of a serverless database, which send four events each,
# and announcements of maintenance.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
DATABASE_EVENTS = {
    "failover": (69, 70, 71, 72, 73),
    "shut down, restarted or stopped": (4, 6, 87, 150, 153),
    "key not accessible, and accessible again": (418, 419, 420),
    "password could not be reset": (67,),
    "invalid parameters, incompatible network": (35, 36),
    "monitoring switched off by an error": (79, 80),
    "low storage": (7, 89, 227),
    "recovery": (20, 21),
    "patches that make it unavailable, or that fail": (26, 27, 85, 174, 387, 389, 425, 429),
    "certificate of the server to be replaced": (501, 502),
    "written by an operator of AWS": (44,),
}


def add_events(_t: Template, alerts: Alerts, tiers: Tiers) -> None:
    """Add the rules, each of which publishes a line to the alerts topic."""
    service, database = tiers.service.service, tiers.database
    of_service = {"name": "$.detail.eventName", "reason": "$.detail.reason", "time": "$.time"}
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    alerts.add_rule("DeploymentFailedRule", "Failed deployments of the service", {
        "source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"],
        "resources": [service.ref()], "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}},
        "${Environment}: a deployment of the service failed at <time>: <reason>", of_service)
    # Tasks that do not start or cannot be placed. Amazon ECS retries for hours before the deployment fails.
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
    alerts.add_rule("ServiceActionRule", "Warnings and errors of the service", {
        "source": ["aws.ecs"], "detail-type": ["ECS Service Action"],
        "resources": [service.ref()], "detail": {"eventType": ["WARN", "ERROR"]}},
        "${Environment}: service warning at <time>: <name> <reason>", of_service)
    alerts.add_rule("DatabaseEventRule", "Events that affect the database's availability", {
        "source": ["aws.rds"], "detail-type": ["RDS DB Cluster Event", "RDS DB Instance Event"],
        "detail": {
            "EventID": sorted(f"RDS-EVENT-{number:04}" for numbers in DATABASE_EVENTS.values() for number in numbers),
            "SourceIdentifier": [database.cluster.ref(), database.writer.ref(), database.reader]}},
        "${Environment}: database <source> at <time>: <message> (<event>)", {
            "source": "$.detail.SourceIdentifier", "message": "$.detail.Message", "event": "$.detail.EventID",
            "time": "$.time"})
    _add_backup_rule(alerts, tiers)


def _add_backup_rule(alerts: Alerts, tiers: Tiers) -> None:
    backups = tiers.backups
    failed = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]
    # Backups and copies have a state, restores a status. A restore may use any role, so all restores in the account
    # count.
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
    alerts.add_rule("BackupFailedRule", "Failed backups, copies and restores", {
        "source": ["aws.backup"],
        "detail-type": [f"{kind} Job State Change" for kind in ("Backup", "Copy", "Restore")],
        "detail": {"$or": [
            {"state": failed, "iamRoleArn": [backups.role.get_att("Arn")]},
            {"state": failed, "resourceArn": [
                tiers.database.cluster.get_att("DBClusterArn"), tiers.sessions.table.get_att("Arn")]},
            {"status": failed}]}},
        "${Environment}: <kind>: <state><status> at <time> of <resource> <message>", {
            "kind": "$.detail-type", "state": "$.detail.state", "status": "$.detail.status", "time": "$.time",
            "resource": "$.detail.resourceArn", "message": "$.detail.statusMessage"},
        Condition=backups.condition)
