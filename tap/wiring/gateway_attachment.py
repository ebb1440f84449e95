"""E9407: public resource that does not wait for the attachment of the internet gateway."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.balancing import LOAD_BALANCER
from tap.wiring.graph import Resource, Stack
from tap.wiring.reach import VPC
from tap.wiring.routing import ATTACHMENT, SUBNET, attachments, vpc_of
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, is_true

NAT_GATEWAY = "AWS::EC2::NatGateway"
CLASSIC_BALANCER = "AWS::ElasticLoadBalancing::LoadBalancer"
INSTANCE = "AWS::RDS::DBInstance"
SUBNET_GROUP = "AWS::RDS::DBSubnetGroup"


class GatewayAttachment(WiringRule):
    """A public resource requires an attached internet gateway."""

    id = "E9407"
    shortdesc = "Public resource that does not wait for the attachment of the internet gateway"
    description = (
        "A NAT gateway, an internet-facing load balancer and a public database refer to their subnets, not to the "
        "attachment of the internet gateway. If CloudFormation creates them first, they are rejected or fail.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html"
        "#gatewayattachment")
    error = "VPC … has no internet gateway / Network … has no Internet gateway attached"
    fix = "Add the attachment to DependsOn."
    types = (NAT_GATEWAY, LOAD_BALANCER, CLASSIC_BALANCER, INSTANCE, SUBNET_GROUP, SUBNET, VPC, ATTACHMENT)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield public resources that wait for no attachment in their VPC."""
        for resource, place, subnets in _public(stack):
            vpc = vpc_of(stack, subnets)
            found = attachments(stack, vpc) if vpc else []
            if found and not any(stack.waits_for(resource, attachment) for attachment in found):
                yield Broken(resource, found[0], place, "it does not wait for the gateway's attachment")


def _public(stack: Stack) -> Iterator[tuple[Resource, str, Any]]:
    for gateway in stack.of_type(NAT_GATEWAY):
        if gateway.at("ConnectivityType") in (None, "public") and gateway.at("SubnetId") is not None:
            yield gateway, "SubnetId", gateway.at("SubnetId")
    for balancer in stack.of_type(LOAD_BALANCER, CLASSIC_BALANCER):
        if balancer.at("Scheme") in (None, "internet-facing"):
            mapped = [entry.get("SubnetId") for entry in as_maps(balancer.at("SubnetMappings"))]
            yield balancer, "Subnets", balancer.at("Subnets") or mapped
    for instance in stack.of_type(INSTANCE):
        group = stack.target(instance.at("DBSubnetGroupName"), SUBNET_GROUP)
        if group and is_true(instance.at("PubliclyAccessible")):
            yield instance, "PubliclyAccessible", group.at("SubnetIds")
