"""Flow logs of the stack's own VPC or an existing one."""

from awacs.logs import DescribeLogStreams
from troposphere import Template
from troposphere.ec2 import FlowLog

from tap.logs import Logs
from tap.network import Network
from tap.parts import add_role, add_switch, allow, of_this_account


def add_flow_logs(t: Template, logs: Logs, network: Network) -> None:
    """Add the VPC's flow log, log group and role, unless the parameter FlowLogs is false.

    An existing VPC may already have a flow log; one with another destination does not conflict:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (FlowLogAlreadyExists)
    """
    condition = add_switch(
        t, "Network", "Flow logs", "FlowLogs", "true", "Log accepted and rejected traffic in the VPC.")
    log_group = logs.add_group("FlowLogGroup", Condition=condition)
    role = add_role(
        t, "FlowLog", "vpc-flow-logs.amazonaws.com",
        logs.write(log_group), allow([DescribeLogStreams], log_group.get_att("Arn")),
        condition=condition, trust_condition=of_this_account())
    t.add_resource(FlowLog(
        "FlowLog", Condition=condition, ResourceId=network.vpc, ResourceType="VPC", TrafficType="ALL",
        LogGroupName=log_group.ref(), DeliverLogsPermissionArn=role.get_att("Arn"), MaxAggregationInterval=60))
