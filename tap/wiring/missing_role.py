"""E9205: flow log or database monitoring without its required role."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import number

FLOW_LOG = "AWS::EC2::FlowLog"
CLUSTER = "AWS::RDS::DBCluster"
INSTANCE = "AWS::RDS::DBInstance"


class MissingRole(WiringRule):
    """EC2 and RDS write to CloudWatch Logs with a role that you provide."""

    id = "E9205"
    shortdesc = "Flow log or database monitoring without its required role"
    description = (
        "A flow log to CloudWatch Logs and Enhanced Monitoring of a database write logs with a role that you provide. "
        "The service rejects the resource without one.")
    source_url = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"
    error = "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0."
    fix = "Set it to the ARN of a role that the service may assume."
    types = (FLOW_LOG, CLUSTER, INSTANCE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield flow logs and databases whose role is missing."""
        for log in stack.of_type(FLOW_LOG):
            to_logs = log.at("LogDestinationType") == "cloud-watch-logs" or (
                log.at("LogDestinationType") is None and log.at("LogGroupName") is not None)
            if to_logs and log.at("DeliverLogsPermissionArn") is None:
                yield Broken(log, "no role", "LogGroupName", "CloudWatch Logs requires DeliverLogsPermissionArn")
        for database in stack.of_type(CLUSTER, INSTANCE):
            cluster = stack.target(database.at("DBClusterIdentifier"), CLUSTER) or database
            if number(database.at("MonitoringInterval")) and not (
                    database.at("MonitoringRoleArn") or cluster.at("MonitoringRoleArn")):
                yield Broken(database, "no role", "MonitoringInterval", "Enhanced Monitoring requires "
                                                                        "MonitoringRoleArn")
