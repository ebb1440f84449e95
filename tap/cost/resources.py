"""Price each resource type by the rules of AWS's pricing pages, which the price table names.

What is watched, logged and copied is in `records`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.cost import records
from tap.cost.month import KB_PER_GB, Line, Month, Pricing, by_use, fixed

NETWORK, BALANCER, SERVICE, DATABASE, SESSIONS, ASSETS, FUNCTIONS, KEYS, OPERATIONS = (
    "Network", "Load balancer", "Service", "Database", "Sessions", "Assets", "Functions", "Keys and secrets",
    "Operations")
LCU_CONNECTIONS_PER_SECOND, LCU_GB_PER_HOUR = 25, 1

# Types that are free, or billed through other resources.
FREE = frozenset(f"AWS::{name}" for name in (
    "ApplicationAutoScaling::ScalableTarget", "ApplicationAutoScaling::ScalingPolicy", "Backup::BackupPlan",
    "Backup::BackupSelection", "Budgets::Budget", "CertificateManager::Certificate",
    "CloudFormation::CustomResource", "CloudFront::CloudFrontOriginAccessIdentity",
    "CloudFront::OriginAccessControl", "CloudFront::ResponseHeadersPolicy", "EC2::EIP", "EC2::InternetGateway",
    "EC2::Route", "EC2::RouteTable", "EC2::SecurityGroup", "EC2::SecurityGroupEgress", "EC2::SecurityGroupIngress",
    "EC2::Subnet", "EC2::SubnetRouteTableAssociation", "EC2::VPC", "EC2::VPCGatewayAttachment",
    "ECS::ClusterCapacityProviderAssociations", "ECS::TaskDefinition", "ElasticLoadBalancingV2::Listener",
    "ElasticLoadBalancingV2::ListenerRule", "ElasticLoadBalancingV2::TargetGroup", "Events::Rule", "KMS::Alias",
    "Lambda::Alias", "Lambda::EventInvokeConfig", "Lambda::Permission", "Lambda::Version", "Logs::Delivery",
    "Logs::DeliveryDestination", "Logs::DeliverySource", "Logs::MetricFilter", "Logs::QueryDefinition",
    "Logs::ResourcePolicy",
    "RDS::DBClusterParameterGroup", "RDS::DBParameterGroup", "RDS::DBSubnetGroup", "RDS::EventSubscription",
    "Route53::RecordSet", "S3::BucketPolicy", "SNS::Subscription", "SNS::TopicInlinePolicy", "SNS::TopicPolicy",
    "SQS::QueueInlinePolicy", "SQS::QueuePolicy",
    "SecretsManager::SecretTargetAttachment", "WAFv2::WebACLAssociation")) | {"Custom::Migration"}


def _nat(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield fixed("hours", month.hours, "nat_gateway_hour")
    # Each public address is billed whether it is in use or idle.
    yield fixed("public address", month.hours, "public_ipv4_hour")
    yield by_use("data processed", month.assumed["nat_gb"] * month.share("AWS::EC2::NatGateway"), "nat_gateway_gb")


def _endpoint(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    if properties.get("VpcEndpointType") == "Interface":  # gateway endpoints are free
        zones = len(properties.get("SubnetIds", []))
        yield fixed(f"hours in {zones} zones", month.hours * zones, "interface_endpoint_hour")
        interfaces = [endpoint for endpoint in month.of_type("AWS::EC2::VPCEndpoint").values()
                      if endpoint.get("VpcEndpointType") == "Interface"]
        yield by_use("data processed", month.assumed["endpoint_gb"] / len(interfaces), "interface_endpoint_gb")


def lcu(connections_per_second: float, active_connections: float, gb_per_hour: float,
        rules_per_second: float = 0) -> float:
    """Return the load balancer capacity units per hour: the largest of four measures.

    https://aws.amazon.com/elasticloadbalancing/pricing/: 25 new connections a second, 3,000 active ones a
    minute, 1 GB an hour, 1,000 rule evaluations a second.
    """
    return max(connections_per_second / LCU_CONNECTIONS_PER_SECOND, active_connections / 3000,
               gb_per_hour / LCU_GB_PER_HOUR, rules_per_second / 1000)


def _request_gb(month: Month) -> float:
    return month.assumed["requests_per_month"] * month.assumed["kb_per_request"] / KB_PER_GB


def _balancer(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    zones = len(properties.get("Subnets", []))
    yield fixed("hours", month.hours, "load_balancer_hour")
    if properties.get("Scheme", "internet-facing") == "internet-facing":
        yield fixed(f"public addresses in {zones} zones", month.hours * zones, "public_ipv4_hour")
    connections = month.assumed["requests_per_month"] * month.assumed["new_connections_per_request"]
    units = lcu(connections / (month.hours * 3600), 0, _request_gb(month) / month.hours)
    yield by_use("capacity units", units * month.hours, "load_balancer_lcu_hour")
    yield by_use("data to the Internet", _request_gb(month), "data_out_gb")


def _web_acl(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield fixed("web ACL", 1, "web_acl_month")
    yield fixed("rules and rule groups", len(properties.get("Rules", [])), "web_acl_rule_month")
    yield by_use("requests", month.assumed["requests_per_month"] / 1e6, "web_acl_million_requests")


def on_demand_share(strategy: list[Mapping[str, Any]], tasks: float) -> float:
    """Return how many tasks a capacity provider strategy runs on demand.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html: bases
    come first, the rest goes by weight.
    """
    weights = {str(item["CapacityProvider"]): float(item.get("Weight", 0)) for item in strategy}
    bases = {str(item["CapacityProvider"]): float(item.get("Base", 0)) for item in strategy}
    if not strategy:
        return tasks
    base = min(tasks, bases.get("FARGATE", 0.0))
    rest = max(0.0, tasks - sum(bases.values()))
    return base + rest * weights.get("FARGATE", 0.0) / (sum(weights.values()) or 1)


def _service(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    tasks = float(properties.get("DesiredCount", 1))
    # Uses contain no figures about workers.
    average = month.assumed["average_tasks"] if properties.get("LoadBalancers") else 0
    for target in month.scaling_of(month.title):
        tasks = min(max(float(target["MinCapacity"]), average), float(target["MaxCapacity"]))
    on_demand = on_demand_share(properties.get("CapacityProviderStrategy", []), tasks)
    spot = (tasks - on_demand) * (1 - month.assumed["spot_discount_percent"] / 100)
    hours = month.hours_of(month.title)
    yield from _fargate(properties.get("TaskDefinition"), {"on demand": on_demand * hours, "Spot": spot * hours}, month)


def _fargate(task_definition: Any, hours: Mapping[str, float], month: Month) -> Iterator[Line]:
    """Yield the cost of task hours, by purchase option."""
    for definition in month.referred(task_definition, "AWS::ECS::TaskDefinition").values():
        processor = "arm" if definition.get("RuntimePlatform", {}).get("CpuArchitecture") == "ARM64" else "x86"
        for what, count in hours.items():
            yield fixed(f"vCPUs {what}", count * float(definition["Cpu"]) / 1024, f"fargate_{processor}_vcpu_hour")
            yield fixed(f"memory {what}", count * float(definition["Memory"]) / 1024, f"fargate_{processor}_gb_hour")


def _schedule(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    """Yield the cost of scheduled tasks; 14 million starts a month are free.

    https://aws.amazon.com/eventbridge/pricing/
    """
    task = properties["Target"].get("EcsParameters", {}).get("TaskDefinitionArn")
    for line in _fargate(task, {"on demand": month.assumed["job_hours"]}, month):
        yield by_use(line.what, line.quantity, line.price)


def _database(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield by_use("storage", month.assumed["database_gb"], "aurora_storage_gb_month")
    yield by_use("I/O", month.assumed["database_million_io"], "aurora_million_io")
    # Backup storage up to the size of the cluster is free for each day of retention beyond the first.
    yield by_use("backups beyond the free part", month.assumed["backup_gb"], "aurora_backup_gb_month")
    if properties.get("ManageMasterUserPassword"):
        yield from _secret({}, month)


def _instance(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield from records.of_instance(properties, month)
    size = str(properties.get("DBInstanceClass"))
    if size != "db.serverless":
        yield fixed(size, month.hours, f"aurora_{size}_hour")
        return
    clusters = month.referred(properties.get("DBClusterIdentifier"), "AWS::RDS::DBCluster").values()
    scaling = [cluster["ServerlessV2ScalingConfiguration"] for cluster in clusters]
    least = min((float(limits["MinCapacity"]) for limits in scaling), default=0.5)
    most = min((float(limits["MaxCapacity"]) for limits in scaling), default=256)
    first = properties.get("PromotionTier", 1) in (0, "0")
    average = min(max(least, month.assumed["writer_acu" if first else "reader_acu"]), most)
    # With a minimum of 0, the instance pauses while nobody is connected.
    hours = month.hours if least else month.active_hours
    yield Line(f"{average:g} ACU for {hours:g} hours", average * hours, "aurora_acu_hour", fixed=bool(least))


def _table(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    requests = month.assumed["requests_per_month"] / 1e6
    yield by_use("writes", requests * month.assumed["session_writes_per_request"], "dynamodb_million_writes")
    yield by_use("reads", requests * month.assumed["session_reads_per_request"], "dynamodb_million_reads")
    yield by_use("storage", month.assumed["sessions_gb"], "dynamodb_storage_gb_month")
    if properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
        yield by_use("point-in-time recovery", month.assumed["sessions_gb"], "dynamodb_pitr_gb_month")


def _bucket(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    buckets = month.of_type("AWS::S3::Bucket")
    of_logs = {name for bucket in buckets.values()
               for name in month.referred(bucket.get("LoggingConfiguration"), "AWS::S3::Bucket")}
    if month.title in of_logs:
        yield by_use("access logs once full", records.access_log_gb(properties, month), "s3_storage_gb_month")
    else:
        share = month.assumed["assets_gb"] / len(buckets.keys() - of_logs)
        yield by_use("storage", share, "s3_storage_gb_month")


def _distribution(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield by_use("data to the Internet", month.assumed["cdn_gb"], "cloudfront_gb")
    yield by_use("requests", month.assumed["cdn_requests_per_month"] / 1e4, "cloudfront_ten_thousand_requests")


def _function(properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    if "Environment" not in properties:
        return  # a helper of the stack runs when the stack changes, not when the application is used
    calls = month.assumed["requests_per_month"] * month.assumed["validations_per_request"]
    seconds = calls * month.assumed["validation_ms"] / 1000
    processor = "arm" if "arm64" in properties.get("Architectures", []) else "x86"
    yield by_use("requests", calls / 1e6, "lambda_million_requests")
    yield by_use("duration", seconds * float(properties.get("MemorySize", 128)) / 1024,
           f"lambda_{processor}_gb_second")
    if properties.get("TracingConfig", {}).get("Mode") == "Active":
        yield by_use("traces", records.traced(calls, month.hours * 3600) / 1e6, "xray_million_traces")


def _key(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield fixed("key", 1, "key_month")
    requests = month.assumed["key_requests_per_month"] * month.share("AWS::KMS::Key")
    yield by_use("requests", requests / 1e4, "key_ten_thousand_requests")


def _secret(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield fixed("secret", 1, "secret_month")
    yield by_use("calls", month.assumed["secret_requests_per_month"] / 1e4, "secret_ten_thousand_requests")


def _topic(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    share = month.share("AWS::SNS::Topic")
    yield by_use("emails", month.assumed["notifications_per_month"] * share / 1e5, "sns_hundred_thousand_emails")


def _queue(_properties: Mapping[str, Any], month: Month) -> Iterator[Line]:
    yield by_use("requests", month.assumed["notifications_per_month"] / 1e6, "sqs_million_requests")


_BILLED: Mapping[str, tuple[str, Pricing]] = {
    "AWS::EC2::NatGateway": (NETWORK, _nat),
    "AWS::EC2::VPCEndpoint": (NETWORK, _endpoint),
    "AWS::EC2::FlowLog": (NETWORK, records.flow_log),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (BALANCER, _balancer),
    "AWS::WAFv2::WebACL": (BALANCER, _web_acl),
    "AWS::WAFv2::LoggingConfiguration": (BALANCER, records.web_acl_log),
    "AWS::ECS::Service": (SERVICE, _service),
    "AWS::ECS::Cluster": (SERVICE, records.cluster),
    "AWS::Scheduler::Schedule": (SERVICE, _schedule),
    "AWS::RDS::DBCluster": (DATABASE, _database),
    "AWS::RDS::DBInstance": (DATABASE, _instance),
    "AWS::DynamoDB::Table": (SESSIONS, _table),
    "AWS::S3::Bucket": (ASSETS, _bucket),
    "AWS::CloudFront::Distribution": (ASSETS, _distribution),
    "AWS::Lambda::Function": (FUNCTIONS, _function),
    "AWS::SQS::Queue": (FUNCTIONS, _queue),
    "AWS::KMS::Key": (KEYS, _key),
    "AWS::SecretsManager::Secret": (KEYS, _secret),
    "AWS::Logs::LogGroup": (OPERATIONS, records.log_group),
    "AWS::SNS::Topic": (OPERATIONS, _topic),
    "AWS::CloudWatch::Alarm": (OPERATIONS, records.alarm),
    "AWS::CloudWatch::CompositeAlarm": (OPERATIONS, records.composite_alarm),
    "AWS::CloudWatch::Dashboard": (OPERATIONS, records.dashboard),
    "AWS::Backup::BackupVault": (OPERATIONS, records.vault),
}
PRICED: Mapping[str, Pricing] = {kind: pricing for kind, (_, pricing) in _BILLED.items()}
TIERS: Mapping[str, str] = {kind: tier for kind, (tier, _) in _BILLED.items()}
