"""The network tier: a VPC over three Availability Zones and its ways out."""

import ipaddress
from collections.abc import Callable

import pytest
from looping import some
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
NAT = ("none", "single", "one-per-az")


def test_the_vpc_resolves_names_which_private_endpoints_and_aurora_need(stack: StackView) -> None:
    vpc = stack.only("AWS::EC2::VPC")
    assert vpc["CidrBlock"] == stack.parameter("VpcCidr")
    assert vpc["EnableDnsHostnames"] is True
    # On in every VPC, unless it is switched off.
    assert vpc.get("EnableDnsSupport", True) is True


@pytest.mark.parametrize("vpc_cidr", ["10.0.0.0/16", "172.16.0.0/20", "192.168.0.0/18"])
def test_nine_disjoint_subnets_of_256_addresses_lie_inside_the_vpc(deployed: Deployed, vpc_cidr: str) -> None:
    stack = deployed(VpcCidr=vpc_cidr)
    blocks = [ipaddress.IPv4Network(s["CidrBlock"]) for s in stack.all("AWS::EC2::Subnet").values()]
    assert len(blocks) == 9
    assert {block.prefixlen for block in blocks} == {24}
    assert all(block.subnet_of(ipaddress.IPv4Network(vpc_cidr)) for block in blocks)
    assert not any(a.overlaps(b) for n, a in enumerate(blocks) for b in blocks[:n])


def test_there_are_three_public_three_private_and_three_isolated_subnets(stack: StackView) -> None:
    assert {kind: len(stack.subnets(kind)) for kind in ("public", "private", "isolated")} == {
        "public": 3, "private": 3, "isolated": 3}


@pytest.mark.parametrize("kind", ["public", "private", "isolated"])
def test_the_subnets_of_each_kind_are_in_three_availability_zones(stack: StackView, kind: str) -> None:
    zones = [stack.properties(subnet)["AvailabilityZone"] for subnet in stack.subnets(kind)]
    assert sorted(zones) == ["us-east-1a", "us-east-1b", "us-east-1c"]


@pytest.mark.parametrize("kind", ["public", "private", "isolated"])
def test_the_subnets_of_each_kind_are_in_the_zones_that_the_parameter_names(deployed: Deployed, kind: str) -> None:
    stack = deployed(AvailabilityZones="us-east-1f,us-east-1b,us-east-1d")
    zones = [stack.properties(subnet)["AvailabilityZone"] for subnet in stack.subnets(kind)]
    assert zones == ["us-east-1f", "us-east-1b", "us-east-1d"]


def test_no_subnet_hands_out_public_addresses(stack: StackView) -> None:
    assert not any(s.get("MapPublicIpOnLaunch") for s in stack.all("AWS::EC2::Subnet").values())


def test_public_subnets_reach_the_internet_through_the_attached_gateway(stack: StackView) -> None:
    gateway = stack.title("AWS::EC2::InternetGateway")
    attachment = stack.only("AWS::EC2::VPCGatewayAttachment")
    assert attachment["InternetGatewayId"] == Reference(gateway)
    assert attachment["VpcId"] == Reference(stack.title("AWS::EC2::VPC"))
    routes = [stack.default_route(subnet) for subnet in stack.subnets("public")]
    assert [route["GatewayId"] for route in routes if route] == [Reference(gateway)] * 3


@pytest.mark.parametrize(("nat", "number"), [("none", 0), ("single", 1), ("one-per-az", 3)])
def test_the_parameter_says_how_many_nat_gateways_there_are(deployed: Deployed, nat: str, number: int) -> None:
    stack = deployed(NatGateways=nat)
    gateways = stack.all("AWS::EC2::NatGateway").values()
    assert len(gateways) == number
    assert len(stack.all("AWS::EC2::EIP")) == number
    assert len({gateway["AllocationId"] for gateway in gateways}) == number
    assert {stack.kind_of(gateway["SubnetId"].logical_id) for gateway in gateways} <= {"public"}


def test_with_one_nat_per_zone_each_private_subnet_uses_that_of_its_own_zone(deployed: Deployed) -> None:
    stack = deployed(NatGateways="one-per-az")
    for subnet in some(stack.subnets("private")):
        route = stack.default_route(subnet)
        assert route is not None
        gateway = stack.properties(route["NatGatewayId"].logical_id)
        public = stack.properties(gateway["SubnetId"].logical_id)
        assert public["AvailabilityZone"] == stack.properties(subnet)["AvailabilityZone"]


def test_with_a_single_nat_every_private_subnet_uses_it(deployed: Deployed) -> None:
    stack = deployed(NatGateways="single")
    routes = [stack.default_route(subnet) for subnet in stack.subnets("private")]
    nat = Reference(stack.title("AWS::EC2::NatGateway"))
    assert [route["NatGatewayId"] for route in routes if route] == [nat] * 3


def test_a_subnet_moves_to_another_route_table_once_that_leads_out(deployed: Deployed) -> None:
    stack = deployed(NatGateways="one-per-az")
    # A NAT gateway takes minutes. From NatGateways=single on, the first subnet's table stays the same.
    for zone in (2, 3):
        assert f"PrivateDefaultRoute{zone}" in stack.needs(f"PrivateSubnet{zone}Routing")
    assert stack.table_of("PrivateSubnet1") == "PrivateRouteTable1"


def test_without_nat_nothing_but_the_public_subnets_has_a_way_out(deployed: Deployed) -> None:
    stack = deployed(NatGateways="none", InterfaceEndpoints="true")
    assert len(stack.subnets("public")) == 3
    assert len(stack.subnets("isolated")) == 6


@pytest.mark.parametrize(("nat", "private_tables"), [("none", 1), ("single", 1), ("one-per-az", 3)])
def test_there_is_one_route_table_where_one_is_enough(
        deployed: Deployed, nat: str, private_tables: int) -> None:
    stack = deployed(NatGateways=nat)
    tables = {stack.table_of(subnet) for subnet in stack.all("AWS::EC2::Subnet")}
    assert tables == set(stack.all("AWS::EC2::RouteTable"))
    assert len({stack.table_of(subnet) for subnet in stack.subnets("public")}) == 1
    assert len(tables) == 1 + private_tables + 1


@pytest.mark.parametrize("nat", NAT)
def test_the_database_subnets_have_no_route_at_all(deployed: Deployed, nat: str) -> None:
    stack = deployed(NatGateways=nat)
    for subnet in some(stack.only("AWS::RDS::DBSubnetGroup")["SubnetIds"]):
        assert stack.routes_of(subnet.logical_id) == []
        table = Reference(stack.table_of(subnet.logical_id))
        assert not any(table in e.get("RouteTableIds", []) for e in stack.all("AWS::EC2::VPCEndpoint").values())


@pytest.mark.parametrize("nat", NAT)
@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_a_free_gateway_endpoint_serves_every_private_route_table(
        deployed: Deployed, nat: str, service: str) -> None:
    stack = deployed(NatGateways=nat)
    name = f"com.amazonaws.us-east-1.{service}"
    (endpoint,) = stack.where("AWS::EC2::VPCEndpoint", ServiceName=name).values()
    assert endpoint["VpcEndpointType"] == "Gateway"
    private = stack.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
    tables = {Reference(stack.table_of(subnet.logical_id)) for subnet in private}
    assert set(endpoint["RouteTableIds"]) == tables
    assert len(endpoint["RouteTableIds"]) == len(tables)


def test_interface_endpoints_exist_only_where_asked_for(deployed: Deployed) -> None:
    without, with_them = deployed(), deployed(InterfaceEndpoints="true")
    assert not without.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface")
    assert with_them.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface")
    # Nor do their security group and its rules.
    more = set(with_them.resolved.resources) - set(without.resolved.resources)
    assert {with_them.type_of(title) for title in more} >= {"AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup"}


def test_interface_endpoints_reach_all_that_a_task_needs_of_aws_to_start(deployed: Deployed) -> None:
    stack = deployed(NatGateways="none", InterfaceEndpoints="true")
    endpoints = stack.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface").values()
    assert {endpoint["ServiceName"].removeprefix("com.amazonaws.us-east-1.") for endpoint in endpoints} >= {
        "ecr.api", "ecr.dkr", "logs", "secretsmanager", "lambda"}


def test_tasks_may_connect_to_the_interface_endpoints(deployed: Deployed) -> None:
    stack = deployed(NatGateways="none", InterfaceEndpoints="true")
    placed = stack.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    for endpoint in some(stack.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface").values()):
        assert endpoint["PrivateDnsEnabled"] is True
        assert endpoint["SubnetIds"] == placed["Subnets"]
        (group,), (tasks,) = endpoint["SecurityGroupIds"], placed["SecurityGroups"]
        assert stack.may_connect(tasks.logical_id, group.logical_id, 443)


def test_what_needs_the_internet_gateway_waits_for_its_attachment(stack: StackView) -> None:
    attachment = stack.title("AWS::EC2::VPCGatewayAttachment")
    public_route = next(
        title for title, route in stack.all("AWS::EC2::Route").items() if "GatewayId" in route)
    waiting = [public_route, *stack.all("AWS::EC2::EIP"), *stack.all("AWS::EC2::NatGateway")]
    assert [title for title in waiting if attachment not in stack.waits_for(title)] == []


def test_all_is_in_the_one_vpc(stack: StackView) -> None:
    vpc = Reference(stack.title("AWS::EC2::VPC"))
    placed = {
        title: stack.properties(title)["VpcId"] for title in stack.resolved.resources
        if "VpcId" in stack.properties(title)}
    assert len(placed) >= 9 + 3 + 3 + 1
    assert set(placed.values()) == {vpc}
