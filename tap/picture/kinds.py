"""How each resource type is drawn: its kind, its group, and its facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tap.template.resolve import Resolved, references

Facts = Callable[[Mapping[str, Any], Resolved], list[str]]


@dataclass(frozen=True)
class Kind:
    """How resources of one type are drawn."""

    tag: str
    colour: str
    group: str
    """The heading of its group, for resources outside subnets."""
    several: str = ""
    """The name of a box that all resources of the type share; empty if each has its own box."""


STORAGE, DATA, CODE, SECURITY, WATCH, OTHER = (
    "Storage", "Data", "Functions and queues", "Security", "Operations", "Other")
GROUPS = (STORAGE, CODE, DATA, SECURITY, WATCH, OTHER)

KINDS: Mapping[str, Kind] = {
    "AWS::Backup::BackupVault": Kind("Backup", "storage", WATCH),
    "AWS::Budgets::Budget": Kind("Budget", "operations", WATCH),
    "AWS::CertificateManager::Certificate": Kind("ACM", "security", SECURITY),
    "AWS::CloudFront::Distribution": Kind("CloudFront", "network", ""),
    "AWS::CloudWatch::Alarm": Kind("CloudWatch", "operations", WATCH, "Alarms"),
    "AWS::CloudWatch::CompositeAlarm": Kind("CloudWatch", "operations", WATCH),
    "AWS::CloudWatch::Dashboard": Kind("CloudWatch", "operations", WATCH),
    "AWS::DynamoDB::Table": Kind("DynamoDB", "data", DATA),
    "AWS::EC2::InternetGateway": Kind("IGW", "network", ""),
    "AWS::EC2::NatGateway": Kind("NAT", "network", ""),
    "AWS::EC2::VPCEndpoint": Kind("Endpoint", "network", ""),
    "AWS::ECS::Service": Kind("Fargate", "compute", ""),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Kind("ALB", "network", ""),
    "AWS::Events::Rule": Kind("EventBridge", "operations", WATCH, "Event rules"),
    "AWS::KMS::Key": Kind("KMS", "security", SECURITY, "Keys"),
    "AWS::Lambda::Function": Kind("Lambda", "compute", CODE),
    "AWS::Logs::LogGroup": Kind("Logs", "operations", WATCH, "Log groups"),
    "AWS::RDS::DBCluster": Kind("Aurora", "data", DATA),
    "AWS::RDS::DBInstance": Kind("Aurora", "data", DATA),
    "AWS::S3::Bucket": Kind("S3", "storage", STORAGE),
    "AWS::Scheduler::Schedule": Kind("Scheduler", "compute", CODE),
    "AWS::SNS::Topic": Kind("SNS", "operations", WATCH),
    "AWS::SQS::Queue": Kind("SQS", "compute", CODE, "Queues"),
    "AWS::SecretsManager::Secret": Kind("Secret", "security", SECURITY),
    "AWS::WAFv2::WebACL": Kind("WAF", "security", ""),
}

# Types that belong to another resource: the property that refers to it, or None if it refers to them.
BELONGS: Mapping[str, str | None] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "ResourceId",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "ScalingTargetId",
    "AWS::Backup::BackupPlan": "BackupPlan",
    "AWS::Backup::BackupSelection": "BackupPlanId",
    "AWS::CloudFormation::CustomResource": "ServiceToken",
    "Custom::Migration": "ServiceToken",
    "AWS::CloudFront::OriginAccessControl": None,
    "AWS::CloudFront::ResponseHeadersPolicy": None,
    "AWS::EC2::EIP": None,
    "AWS::EC2::FlowLog": "ResourceId",
    "AWS::EC2::Route": "RouteTableId",
    "AWS::EC2::RouteTable": "VpcId",
    "AWS::EC2::SecurityGroup": None,
    "AWS::EC2::SecurityGroupEgress": "GroupId",
    "AWS::EC2::SecurityGroupIngress": "GroupId",
    "AWS::EC2::SubnetRouteTableAssociation": "SubnetId",
    "AWS::EC2::VPCGatewayAttachment": "InternetGatewayId",
    "AWS::ECS::Cluster": None,
    "AWS::ECS::ClusterCapacityProviderAssociations": "Cluster",
    "AWS::ECS::TaskDefinition": None,
    "AWS::ElasticLoadBalancingV2::Listener": "LoadBalancerArn",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "ListenerArn",
    "AWS::ElasticLoadBalancingV2::TargetGroup": None,
    "AWS::IAM::InstanceProfile": None,
    "AWS::IAM::ManagedPolicy": None,
    "AWS::IAM::Policy": "Roles",
    "AWS::IAM::Role": None,
    "AWS::KMS::Alias": "TargetKeyId",
    "AWS::Lambda::Alias": "FunctionName",
    "AWS::Lambda::EventInvokeConfig": "FunctionName",
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::Lambda::Version": "FunctionName",
    "AWS::Logs::Delivery": "DeliverySourceName",
    "AWS::Logs::DeliveryDestination": None,
    "AWS::Logs::DeliverySource": "ResourceArn",
    "AWS::Logs::MetricFilter": "LogGroupName",
    "AWS::Logs::QueryDefinition": "LogGroupNames",
    "AWS::Logs::ResourcePolicy": "PolicyDocument",
    "AWS::RDS::DBClusterParameterGroup": None,
    "AWS::RDS::DBParameterGroup": None,
    "AWS::RDS::DBSubnetGroup": None,
    "AWS::RDS::EventSubscription": "SnsTopicArn",
    "AWS::Route53::RecordSet": "AliasTarget",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::Subscription": "TopicArn",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueueInlinePolicy": "Queue",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SecretsManager::SecretTargetAttachment": "SecretId",
    "AWS::WAFv2::LoggingConfiguration": "ResourceArn",
    "AWS::WAFv2::WebACLAssociation": "WebACLArn",
}


def kind_of(resource_type: str) -> Kind:
    """Return how a type is drawn. Unknown types are drawn under Other, never left out."""
    return KINDS.get(resource_type) or Kind(resource_type.split("::")[1], "outside", OTHER)


def facts_of(logical_id: str, resolved: Resolved) -> tuple[str, ...]:
    """Return short facts about a resource in this environment; none if it is malformed."""
    find = _FACTS.get(str(resolved.resources[logical_id]["Type"]))
    properties = resolved.properties(logical_id)
    try:
        facts = [*_names(logical_id, resolved), *(find(properties, resolved) if find else [])]
        return tuple(text for text in facts if text)
    except (LookupError, ValueError, TypeError, AttributeError):
        return ()


def _balancer(properties: Mapping[str, Any], resolved: Resolved) -> list[str]:
    listeners = [entry["Properties"] for entry in resolved.resources.values()
                 if entry["Type"] == "AWS::ElasticLoadBalancingV2::Listener"]
    texts = []
    for listener in listeners:
        action = listener["DefaultActions"][0]
        goal = action.get("RedirectConfig", {}).get("Port")
        texts.append(f"{listener['Protocol']} {listener['Port']}{f' → {goal}' if goal else ''}")
    groups = sum(entry["Type"] == "AWS::ElasticLoadBalancingV2::TargetGroup" for entry in resolved.resources.values())
    return [str(properties.get("Scheme", "internet-facing")), *texts,
            f"{groups} target groups" if groups > 1 else ""]


def _names(logical_id: str, resolved: Resolved) -> list[str]:
    """Return the domain names whose alias records point to a resource."""
    records = [entry["Properties"] for entry in resolved.resources.values()
               if entry["Type"] == "AWS::Route53::RecordSet"]
    return list(dict.fromkeys(str(record["Name"]) for record in records if logical_id in {
        target.logical_id for target in references(record.get("AliasTarget"))}))


def _service(properties: Mapping[str, Any], resolved: Resolved) -> list[str]:
    texts = _task(properties["TaskDefinition"], resolved)
    for entry in resolved.resources.values():
        if entry["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget" and any(
                resolved.resources[reference.logical_id].get("Properties") is properties
                for reference in references(entry["Properties"]["ResourceId"])):
            target = entry["Properties"]
            texts.append(f"{target['MinCapacity']} to {target['MaxCapacity']} tasks")
            texts.append("by schedule" if target.get("ScheduledActions") else "")
    shares = [share for share in properties.get("CapacityProviderStrategy", [])
              if int(share.get("Weight", 0)) or int(share.get("Base", 0))]
    strategy = str(properties.get("DeploymentConfiguration", {}).get("Strategy", "")).lower().replace("_", "/")
    texts.append(f"{strategy} deployments" if strategy else "")
    return [*texts, " + ".join({"FARGATE": "on demand", "FARGATE_SPOT": "Spot"}.get(
        share["CapacityProvider"], str(share["CapacityProvider"])) for share in shares)]


def _task(definition: Any, resolved: Resolved) -> list[str]:
    """Return the size of the task whose definition is referenced."""
    texts = []
    for reference in references(definition):
        task = resolved.properties(reference.logical_id)
        processor = task.get("RuntimePlatform", {}).get("CpuArchitecture", "X86_64")
        texts.append(f"{int(task['Cpu']) / 1024:g} vCPU, {int(task['Memory']) / 1024:g} GB, {processor}")
    return texts


def _schedule(properties: Mapping[str, Any], resolved: Resolved) -> list[str]:
    task = properties["Target"].get("EcsParameters", {}).get("TaskDefinitionArn")
    return [str(properties["ScheduleExpression"]), *_task(task, resolved)]


def _cluster(properties: Mapping[str, Any], _resolved: Resolved) -> list[str]:
    scaling = properties.get("ServerlessV2ScalingConfiguration")
    return [f"{properties['Engine'].removeprefix('aurora-')} {properties.get('EngineVersion', '')}",
            f"{scaling['MinCapacity']} to {scaling['MaxCapacity']} ACU" if scaling else "",
            f"backups {properties.get('BackupRetentionPeriod', 1)} days",
            "encrypted" if properties.get("StorageEncrypted") else ""]


def _table(properties: Mapping[str, Any], _resolved: Resolved) -> list[str]:
    return ["on demand" if properties.get("BillingMode") == "PAY_PER_REQUEST" else "provisioned",
            "point-in-time recovery" if properties.get("PointInTimeRecoverySpecification", {}).get(
                "PointInTimeRecoveryEnabled") else ""]


def _bucket(properties: Mapping[str, Any], _resolved: Resolved) -> list[str]:
    return ["versioned" if properties.get("VersioningConfiguration", {}).get("Status") == "Enabled" else "",
            "private" if properties.get("PublicAccessBlockConfiguration") else ""]


def _function(properties: Mapping[str, Any], _resolved: Resolved) -> list[str]:
    most = properties.get("ReservedConcurrentExecutions")
    return [str(properties.get("Runtime", "image")), f"{properties.get('MemorySize', 128)} MB",
            f"up to {most}" if most else ""]


def _vault(_properties: Mapping[str, Any], resolved: Resolved) -> list[str]:
    rules = [rule for entry in resolved.resources.values() if entry["Type"] == "AWS::Backup::BackupPlan"
             for rule in entry["Properties"]["BackupPlan"]["BackupPlanRule"]]
    return [f"{rule['RuleName']}, kept {rule['Lifecycle']['DeleteAfterDays']} days" for rule in rules]


def _vpc(properties: Mapping[str, Any], resolved: Resolved) -> list[str]:
    flow_logs = any(entry["Type"] == "AWS::EC2::FlowLog" for entry in resolved.resources.values())
    return [str(properties["CidrBlock"]), "flow logs" if flow_logs else ""]


def _topic(_properties: Mapping[str, Any], resolved: Resolved) -> list[str]:
    protocols = sorted(str(entry["Properties"]["Protocol"]) for entry in resolved.resources.values()
                       if entry["Type"] == "AWS::SNS::Subscription")
    return [f"to {', '.join(dict.fromkeys(protocols))}" if protocols else "no subscribers"]


_FACTS: Mapping[str, Facts] = {
    "AWS::Backup::BackupVault": _vault,
    "AWS::Budgets::Budget": lambda p, _: [f"{p['Budget']['BudgetLimit']['Amount']} USD a month"],
    "AWS::CertificateManager::Certificate": lambda p, _: [str(p["DomainName"]), "renewed by DNS"],
    "AWS::CloudFront::Distribution": lambda p, _: [
        str(p["DistributionConfig"].get("PriceClass", "")).replace("PriceClass_", "price class "),
        str(p["DistributionConfig"].get("HttpVersion", "")).replace("http2and3", "HTTP/2 and 3"),
        "web ACL" if p["DistributionConfig"].get("WebACLId") else ""],
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::VPCEndpoint": lambda p, _: [str(p["ServiceName"]).split(".", 3)[-1]],
    "AWS::ECS::Service": _service,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::KMS::Key": lambda p, _: ["yearly rotation" if p.get("EnableKeyRotation") else "no rotation"],
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": lambda p, _: [
        f"{p['RetentionInDays']} days" if "RetentionInDays" in p else "kept forever"],
    "AWS::RDS::DBCluster": _cluster,
    "AWS::RDS::DBInstance": lambda p, _: [str(p.get("DBInstanceClass", ""))],
    "AWS::S3::Bucket": _bucket,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::SNS::Topic": _topic,
    "AWS::WAFv2::WebACL": lambda p, _: [f"{len(p.get('Rules', []))} rules"],
}
