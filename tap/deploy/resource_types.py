"""Rules for replacing resources by type: create-only properties, unique keys, and the order of replacement.

The JSON file next to this module is generated from the registry schemas; rules that they lack are here, with sources.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

Key = tuple[str, ...]
"""Paths of properties that no two resources of a type may share, such as `("VpcId", "CidrBlock")`."""

_EC2_ERRORS = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
# Engine versions cannot be lowered, and major upgrades cannot be undone: property and source, by type.
ENGINE_VERSIONS: Mapping[str, tuple[str, str]] = {
    "AWS::RDS::DBCluster": (
        "EngineVersion", "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.html"),
    "AWS::RDS::DBInstance": (
        "EngineVersion", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html"),
    "AWS::DocDB::DBCluster": (
        "EngineVersion", "https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-mvu.html"),
    "AWS::Neptune::DBCluster": (
        "EngineVersion", "https://docs.aws.amazon.com/neptune/latest/userguide/engine-updates-manually.html"),
    "AWS::ElastiCache::ReplicationGroup": (
        "EngineVersion", "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.html"),
    "AWS::OpenSearchService::Domain": (
        "EngineVersion",
        "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/version-migration.html"),
    "AWS::AmazonMQ::Broker": (
        "EngineVersion", "https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/upgrading-brokers.html"),
}

_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"

# Not in the schemas' identifiers: what the service's API rejects as a duplicate, and its source. These override the
# generated keys.
UNIQUE: Mapping[str, tuple[Sequence[Key], str]] = {
    "AWS::EC2::Subnet": ([("VpcId", "CidrBlock")], f"{_EC2_ERRORS} (InvalidSubnet.Conflict)"),
    "AWS::EC2::Route": (
        [("RouteTableId", "DestinationCidrBlock"), ("RouteTableId", "DestinationIpv6CidrBlock"),
         ("RouteTableId", "DestinationPrefixListId")], f"{_EC2_ERRORS} (RouteAlreadyExists)"),
    "AWS::EC2::NatGateway": (
        [("AllocationId",)], f"{_EC2_ERRORS} (Resource.AlreadyAssociated: the Elastic IP address is in use)"),
    "AWS::EC2::SubnetRouteTableAssociation": ([("SubnetId",)], f"{_EC2_ERRORS} (Resource.AlreadyAssociated)"),
    "AWS::EC2::VPCGatewayAttachment": (
        [("InternetGatewayId",), ("VpcId",)], f"{_EC2_ERRORS} (Resource.AlreadyAssociated)"),
    # A gateway endpoint owns a route in each of its tables, an interface endpoint with private DNS the service's name.
    "AWS::EC2::VPCEndpoint": (
        [("VpcId", "ServiceName", "PrivateDnsEnabled=true"), ("ServiceName", "RouteTableIds/*")],
        f"{_EC2_ERRORS} (RouteAlreadyExists); "
        "https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html (private DNS names)"),
    "AWS::EC2::SecurityGroup": ([("VpcId", "GroupName")], f"{_EC2_ERRORS} (InvalidGroup.Duplicate)"),
    "AWS::EC2::SecurityGroupIngress": (
        [("GroupId", "IpProtocol", "FromPort", "ToPort", source) for source in
         ("CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId")],
        f"{_EC2_ERRORS} (InvalidPermission.Duplicate)"),
    "AWS::EC2::SecurityGroupEgress": (
        [("GroupId", "IpProtocol", "FromPort", "ToPort", target) for target in
         ("CidrIp", "CidrIpv6", "DestinationPrefixListId", "DestinationSecurityGroupId")],
        f"{_EC2_ERRORS} (InvalidPermission.Duplicate)"),
    "AWS::EC2::FlowLog": (
        [("ResourceId", "TrafficType", destination) for destination in ("LogDestination", "LogGroupName")],
        f"{_EC2_ERRORS} (FlowLogAlreadyExists)"),
    "AWS::EC2::EIPAssociation": ([("AllocationId",)], f"{_EC2_ERRORS} (Resource.AlreadyAssociated)"),
    "AWS::ElasticLoadBalancingV2::Listener": (
        [("LoadBalancerArn", "Port")], f"{_ELB}API_CreateListener.html (DuplicateListener)"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": (
        [("ListenerArn", "Priority")], f"{_ELB}API_CreateRule.html (PriorityInUse)"),
    "AWS::CloudFront::OriginAccessControl": (
        [("OriginAccessControlConfig/Name",)],
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginAccessControl.html "
        "(OriginAccessControlAlreadyExists)"),
    "AWS::CloudFront::Distribution": (
        [("DistributionConfig/Aliases/*",)],
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html (CNAMEAlreadyExists)"),
    "AWS::Budgets::Budget": (
        [("Budget/BudgetName",)],
        "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html "
        "(DuplicateRecordException)"),
    "AWS::Route53::RecordSet": (
        [("HostedZoneId", "Name", "Type", "SetIdentifier?"), ("HostedZoneName", "Name", "Type", "SetIdentifier?")],
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html "
        "(InvalidChangeBatch: it already exists)"),
    "AWS::Lambda::Alias": (
        [("FunctionName", "Name")],
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html (ResourceConflictException)"),
    "AWS::WAFv2::WebACLAssociation": (
        [("ResourceArn",)],
        "https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html (one web ACL a resource: "
        "deleting the original disassociates the replacement)"),
    "AWS::WAFv2::WebACL": (
        [("Name", "Scope")],
        "https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html (WAFDuplicateItemException)"),
    "AWS::ECS::Service": (
        [("ServiceName", "Cluster?")],
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html "
        "(names are unique in a cluster)"),
    "AWS::Events::Rule": (
        [("Name", "EventBusName?")],
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html (unique for an event bus)"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        [("PolicyName", "ResourceId", "ScalableDimension"), ("PolicyName", "ScalingTargetId")],
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html "
        "(a policy is known by its target and name)"),
}

# Stays in its original VPC, although the property with subnets, groups or the VPC can be changed.
BOUND_TO_VPC: Mapping[str, tuple[str, str]] = {
    "AWS::RDS::DBSubnetGroup": (
        "SubnetIds", "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html "
        "(InvalidSubnet: all subnets in the VPC of the group)"),
    "AWS::ElastiCache::SubnetGroup": (
        "SubnetIds",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheSubnetGroup.html"),
    "AWS::Redshift::ClusterSubnetGroup": (
        "SubnetIds", "https://docs.aws.amazon.com/redshift/latest/APIReference/API_ModifyClusterSubnetGroup.html"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "Subnets", f"{_ELB}API_SetSubnets.html (InvalidSubnet: subnets of the load balancer's VPC)"),
    "AWS::RDS::DBCluster": (
        "VpcSecurityGroupIds", "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html "
        "(InvalidVPCNetworkStateFault)"),
    "AWS::RDS::DBInstance": (
        "VPCSecurityGroups", "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html "
        "(InvalidVPCNetworkStateFault)"),
    "AWS::EC2::VPCEndpoint": (
        "SubnetIds", "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html"),
    "AWS::AutoScaling::AutoScalingGroup": (
        "VPCZoneIdentifier",
        "https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-in-vpc.html (subnets of one VPC)"),
}


@cache
def _generated() -> Mapping[str, Mapping[str, Any]]:
    document: Mapping[str, Mapping[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return document


def is_known(resource_type: str) -> bool:
    """Return whether a type has rules."""
    return resource_type in _generated()


def create_only(resource_type: str) -> Sequence[str]:
    """Return the paths of properties whose change replaces a resource; empty for an unknown type."""
    return tuple(_generated().get(resource_type, {}).get("create_only", ()))


def conditionally_create_only(resource_type: str) -> Sequence[str]:
    """Return the paths of properties whose change may replace a resource."""
    return tuple(_generated().get(resource_type, {}).get("conditional", ()))


def unique_keys(resource_type: str) -> Sequence[Key]:
    """Return the keys that must be unique among a type's resources in one account and region.

    A key applies if all its parts are set. A part that ends in `?` may be unset, `=value` requires that value, and
    `/*` applies to each item of a list.
    """
    if resource_type in UNIQUE:
        return UNIQUE[resource_type][0]
    return [tuple(key) for key in _generated().get(resource_type, {}).get("unique", ())]


def leaves_a_gap(resource_type: str) -> bool:
    """Return whether CloudFormation deletes the original before it creates the replacement (`delete_then_create`)."""
    return bool(_generated().get(resource_type, {}).get("gap"))
