"""Routing of subnets: routes, VPC endpoints, and the attachment of the internet gateway."""

from collections.abc import Iterator, Sequence
from typing import Any

from tap.wiring.graph import Resource, Stack
from tap.wiring.reach import VPC
from tap.wiring.values import as_list, is_known

SUBNET = "AWS::EC2::Subnet"
ROUTE = "AWS::EC2::Route"
ROUTE_TABLE = "AWS::EC2::RouteTable"
ASSOCIATION = "AWS::EC2::SubnetRouteTableAssociation"
PROPAGATION = "AWS::EC2::VPNGatewayRoutePropagation"
GATEWAY = "AWS::EC2::InternetGateway"
ATTACHMENT = "AWS::EC2::VPCGatewayAttachment"
ENDPOINT = "AWS::EC2::VPCEndpoint"
ROUTING_TYPES = (SUBNET, ROUTE, ROUTE_TABLE, ASSOCIATION, PROPAGATION, GATEWAY, VPC)
INTERNET = "internet gateway"
OTHER = "other"


def zones(subnets: Sequence[Resource]) -> int:
    """Return the maximum number of Availability Zones that subnets may cover.

    An unknown or unset zone counts as different; equal expressions are the same zone.
    """
    return len({str(subnet.at("AvailabilityZone") or subnet.at("AvailabilityZoneId") or subnet.logical_id)
                for subnet in subnets})


def vpc_of(stack: Stack, subnets: Any) -> Resource | None:
    """Return the VPC of a list of subnets; None unless all of them, and the VPC, are in the template."""
    found = stack.targets(subnets, SUBNET) or []
    vpcs = {vpc.logical_id: vpc for vpc in (stack.target(subnet.at("VpcId"), VPC) for subnet in found) if vpc}
    return next(iter(vpcs.values())) if len(vpcs) == 1 else None


def attachments(stack: Stack, vpc: Resource) -> list[Resource]:
    """Return the attachments of the template's internet gateways to a VPC."""
    return [attachment for attachment in stack.of_type(ATTACHMENT)
            if attachment.at("InternetGatewayId") is not None and stack.target(attachment.at("VpcId"), VPC) is vpc]


def exits(stack: Stack, subnet: Resource) -> set[str] | None:
    """Return the targets of a subnet's routes, `INTERNET` or `OTHER`, or None if not all routes are known.

    A subnet without its own route table uses the VPC's main table, which has only the local route.
    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """
    vpc = stack.target(subnet.at("VpcId"), VPC)
    associated = [(stack.target(association.at("SubnetId"), SUBNET), association)
                  for association in stack.of_type(ASSOCIATION)]
    tables = [stack.target(association.at("RouteTableId"), ROUTE_TABLE) for end, association in associated
              if end in (subnet, None)]
    # An association with an unknown subnet may be for this one.
    if not vpc or None in tables or any(end is None for end, _ in associated):
        return None
    if any(map(stack.is_handed_out, [vpc, subnet, *filter(None, tables)])):
        return None
    return {_exit(stack, route) for route in stack.of_type(ROUTE, PROPAGATION) if _is_on(stack, route, tables)}


def _is_on(stack: Stack, route: Resource, tables: Sequence[Resource | None]) -> bool:
    named = as_list(route.at("RouteTableId")) + as_list(route.at("RouteTableIds"))
    return any(stack.target(value, ROUTE_TABLE) in (*tables, None) for value in named)


def _exit(stack: Stack, route: Resource) -> str:
    is_default = route.at("DestinationCidrBlock") == "0.0.0.0/0"
    return INTERNET if is_default and stack.target(route.at("GatewayId"), GATEWAY) else OTHER


def endpoint_services(stack: Stack, vpc: Resource) -> set[str] | None:
    """Return the services that a VPC has endpoints for, such as `ecr.api`, or None if not all are known."""
    names = [endpoint.at("ServiceName") for endpoint in stack.of_type(ENDPOINT)
             if stack.target(endpoint.at("VpcId"), VPC) in (vpc, None)]
    # The region in a service's name may be a reference.
    texts = [name if is_known(name) else str(name) for name in names]
    services = [_service(str(text)) for text in texts]
    return None if None in services else {service for service in services if service}


def _service(name: str) -> str | None:
    prefix, _, rest = name.partition("com.amazonaws.")
    region, _, service = rest.partition(".")
    return service if service and not prefix.endswith("}") and "{" not in service and region else None


def clients(stack: Stack) -> Iterator[tuple[Resource, str, Any, Any]]:
    """Yield ECS services and functions with the property of their groups, their environment, and their groups."""
    for service in stack.of_type("AWS::ECS::Service"):
        task = stack.target(service.at("TaskDefinition"), "AWS::ECS::TaskDefinition")
        if task:
            yield (service, "NetworkConfiguration", task.at("ContainerDefinitions"),
                   service.at("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"))
    for function in stack.of_type("AWS::Lambda::Function"):
        yield function, "VpcConfig", function.at("Environment"), function.at("VpcConfig", "SecurityGroupIds")
