"""W9503: security groups that keep a task or a function from a cache, a file system or an endpoint."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.graph import Resource, Stack
from tap.wiring.mount_targets import FILE_SYSTEM, MOUNT_TARGET, file_system, mounts
from tap.wiring.reach import GROUP_TYPES, VPC, groups, refuses
from tap.wiring.routing import ENDPOINT, SUBNET, clients, vpc_of
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import references

CACHES = ("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ServerlessCache")
# https://docs.aws.amazon.com/efs/latest/ug/network-access.html
NFS, HTTPS = 2049, 443
# https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheCluster.html
CACHE_PORTS = {"memcached": 11211}
REDIS = 6379


class BlockedService(WiringRule):
    """The security groups of client and server must both allow a connection."""

    id = "W9503"
    shortdesc = "Security groups that block a task or function from a cache, file system or endpoint"
    description = (
        "A task or function can connect to the cache whose address it has, the file system that it mounts and the "
        "interface endpoints of its VPC only if both sides' security groups have a rule for the port.")
    source_url = "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"
    fix = "Add the rule, inline or as AWS::EC2::SecurityGroupIngress or AWS::EC2::SecurityGroupEgress."
    types = (*CACHES, FILE_SYSTEM, MOUNT_TARGET, ENDPOINT, SUBNET, "AWS::ECS::Service", "AWS::ECS::TaskDefinition",
             "AWS::Lambda::Function", *GROUP_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services and functions that cannot reach what they use."""
        for client, place, own, server, theirs, port in _connections(stack):
            refused = refuses(stack, groups(stack, own), groups(stack, theirs), port)
            if refused:
                guard, kind = refused
                yield Broken(client, server, place, f"`{guard.logical_id}` has no {kind} rule for port {port}")


def _connections(stack: Stack) -> Iterator[tuple[Resource, str, Any, Resource, Any, Any]]:
    """Yield client, property with its groups, its groups, what it connects to, the groups of that, and the port."""
    for client, place, told, own in clients(stack):
        names = {found.logical_id for found in references(told) if "Endpoint" in str(found.attribute)
                 or "EndPoint" in str(found.attribute)}
        for cache in stack.of_type(*CACHES):
            if cache.logical_id in names:
                port = cache.at("Port") or CACHE_PORTS.get(str(cache.at("Engine")), REDIS)
                yield client, place, own, cache, cache.at("SecurityGroupIds") or cache.at("VpcSecurityGroupIds"), port
        vpc = vpc_of(stack, _subnets(client))
        for endpoint in stack.of_type(ENDPOINT):
            if vpc and endpoint.at("VpcEndpointType") == "Interface" and (
                    stack.target(endpoint.at("VpcId"), VPC) is vpc):
                yield client, place, own, endpoint, endpoint.at("SecurityGroupIds"), HTTPS
    network = {client.logical_id: (place, own) for client, place, _, own in clients(stack)}
    for user, _, value in mounts(stack):
        system = file_system(stack, value)
        for target in stack.of_type(MOUNT_TARGET):
            if system and user.logical_id in network and stack.target(target.at("FileSystemId"), FILE_SYSTEM) is system:
                yield user, *network[user.logical_id], target, target.at("SecurityGroups"), NFS


def _subnets(client: Resource) -> Any:
    return client.at("VpcConfig", "SubnetIds") or client.at("NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
