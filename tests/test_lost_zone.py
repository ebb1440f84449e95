"""What is left when an Availability Zone is lost: each is taken away in turn, with all that stands in it."""

from collections.abc import Callable

import pytest
from looping import some
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
SUBNET = "AWS::EC2::Subnet"
ZONES = (0, 1, 2)


def zones(stack: StackView) -> list[str]:
    return sorted({str(subnet["AvailabilityZone"]) for subnet in stack.all(SUBNET).values()})


def lost(stack: StackView, zone: int) -> set[str]:
    """The logical ids of what is gone with a zone: its subnets, what stands in one of them, what leads there."""
    gone = {title for title, subnet in stack.all(SUBNET).items()
            if str(subnet["AvailabilityZone"]) == zones(stack)[zone]}
    gone |= {title for title, gateway in stack.all("AWS::EC2::NatGateway").items()
             if gateway["SubnetId"].logical_id in gone}
    return gone | {title for title, route in stack.all("AWS::EC2::Route").items()
                   if "NatGatewayId" in route and route["NatGatewayId"].logical_id in gone}


def left(references: list[Reference], gone: set[str]) -> list[str]:
    return [reference.logical_id for reference in references if reference.logical_id not in gone]


def has_way_out(stack: StackView, subnet: str, gone: set[str]) -> bool:
    table = stack.table_of(subnet)
    return any(route["RouteTableId"].logical_id == table and title not in gone
               for title, route in stack.all("AWS::EC2::Route").items())


def test_every_tier_stands_in_three_zones(prod: StackView) -> None:
    for kind in ("public", "private", "isolated"):
        assert len({str(prod.properties(subnet)["AvailabilityZone"]) for subnet in prod.subnets(kind)}) == 3


@pytest.mark.parametrize("zone", ZONES)
def test_the_load_balancer_still_stands_in_two_zones_with_a_route_to_the_internet(prod: StackView, zone: int) -> None:
    gone = lost(prod, zone)
    subnets = left(prod.only("AWS::ElasticLoadBalancingV2::LoadBalancer")["Subnets"], gone)
    assert len(subnets) == 2
    assert all(has_way_out(prod, subnet, gone) for subnet in subnets)


@pytest.mark.parametrize("zone", ZONES)
def test_tasks_are_left_where_each_has_a_way_out_of_its_own(prod: StackView, zone: int) -> None:
    gone = lost(prod, zone)
    placed = prod.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    subnets = left(placed["Subnets"], gone)
    assert len(subnets) == 2
    assert all(has_way_out(prod, subnet, gone) for subnet in subnets)
    # ECS spreads tasks evenly over the zones: of three, two are left while it starts the third again.
    least = int(prod.only("AWS::ApplicationAutoScaling::ScalableTarget")["MinCapacity"])
    assert least - -(-least // 3) >= 2


@pytest.mark.parametrize("zone", ZONES)
def test_the_database_keeps_an_instance_and_two_zones_to_put_another_one_into(prod: StackView, zone: int) -> None:
    subnets = left(prod.only("AWS::RDS::DBSubnetGroup")["SubnetIds"], lost(prod, zone))
    instances = prod.all("AWS::RDS::DBInstance").values()
    assert len(subnets) == 2
    # Aurora puts a reader into another zone than its writer, unless it is told where.
    assert len(instances) >= 2
    assert not any("AvailabilityZone" in instance for instance in instances)


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_no_zones_own_is_not_lost(prod: StackView, zone: int) -> None:
    gone = {prod.type_of(title) for title in lost(prod, zone)}
    assert gone == {SUBNET, "AWS::EC2::NatGateway", "AWS::EC2::Route"}


def test_one_nat_gateway_for_all_zones_would_be_found_wanting(deployed: Deployed) -> None:
    stack = deployed(NatGateways="single")
    gone = lost(stack, 0)
    subnets = left(stack.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"], gone)
    assert not any(has_way_out(stack, subnet, gone) for subnet in subnets)


@pytest.mark.parametrize("zone", ZONES)
def test_interface_endpoints_are_left_in_two_zones(deployed: Deployed, zone: int) -> None:
    stack = deployed(NatGateways="none", InterfaceEndpoints="true")
    for endpoint in some(stack.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface").values()):
        assert len(left(endpoint["SubnetIds"], lost(stack, zone))) == 2
