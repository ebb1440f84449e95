"""List the resources in an account, to find what a deleted stack leaves behind."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.rehearsal.emulator import ACCOUNT, Clients

SNAPSHOTS = "describe_db_cluster_snapshots"
# Service, list call, list in its response, and the member that Ref returns (None: the item itself).
LISTS: tuple[tuple[str, str, str, str | None], ...] = (
    ("backup", "list_backup_plans", "BackupPlansList", "BackupPlanId"),
    ("backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    ("budgets", "describe_budgets", "Budgets", "BudgetName"),
    ("cloudfront", "list_distributions", "DistributionList", "Id"),
    ("cloudfront", "list_origin_access_controls", "OriginAccessControlList", "Id"),
    ("cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("dynamodb", "list_tables", "TableNames", None),
    ("ec2", "describe_addresses", "Addresses", "PublicIp"),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ecs", "list_clusters", "clusterArns", None),
    ("ecs", "list_task_definitions", "taskDefinitionArns", None),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_policies", "Policies", "Arn"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("kms", "list_aliases", "Aliases", "AliasName"),
    ("kms", "list_keys", "Keys", "KeyId"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("rds", "describe_db_cluster_parameter_groups", "DBClusterParameterGroups",
     "DBClusterParameterGroupName"),
    ("rds", SNAPSHOTS, "DBClusterSnapshots", "DBClusterIdentifier"),
    ("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("secretsmanager", "list_secrets", "SecretList", "ARN"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", None),
    ("wafv2", "list_web_acls", "WebACLs", "ARN"),
)
# Arguments that limit a call to the account's own resources.
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "describe_alarms": {"AlarmTypes": ["CompositeAlarm", "MetricAlarm"]},
    "describe_budgets": {"AccountId": ACCOUNT},
    "list_policies": {"Scope": "Local"},
    "list_web_acls": {"Scope": "REGIONAL"},
}


def inventory(aws: Clients) -> set[tuple[str, str]]:
    """Return all resources of the kinds in LISTS as (list call, id)."""
    return {(call, item if member is None else item[member])
            for service, call, list_name, member in LISTS
            for item in _items(aws(service), call, list_name)}


def _items(client: Any, call: str, list_name: str) -> Iterator[Any]:
    arguments = ARGUMENTS.get(call, {})
    pages = client.get_paginator(call).paginate(**arguments) if client.can_paginate(call) else [
        getattr(client, call)(**arguments)]
    for page in pages:
        items = page.get(list_name, [])
        for item in items.get("Items", []) if isinstance(items, Mapping) else items:
            # EC2 keeps listing a NAT gateway for an hour after its deletion.
            if not isinstance(item, Mapping) or item.get("State") != "deleted":
                yield item


def leftovers(before: set[tuple[str, str]], after: set[tuple[str, str]], ids: Mapping[str, str]) -> list[str]:
    """Return the logical ids, or physical ids, of resources that exist after but not before."""
    names = {physical_id: logical_id for logical_id, physical_id in ids.items()}
    return [names.get(item, item) + (" (snapshot)" if call == SNAPSHOTS else "")
            for call, item in after - before]


def retained(template: Mapping[str, Any], ids: Mapping[str, str]) -> list[str]:
    """Return what a template's deletion policies retain, named as in `leftovers`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    policies = {
        logical_id: resource.get("DeletionPolicy", "Delete")
        for logical_id, resource in template["Resources"].items() if logical_id in ids}
    return [logical_id + (" (snapshot)" if policy == "Snapshot" else "")
            for logical_id, policy in policies.items() if policy != "Delete"]
