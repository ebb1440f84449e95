"""E9107."""

import pytest

ROUTE = "DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway"
MISSING = "and its VPC has no endpoint for ecr.api, ecr.dkr, s3."
ENDPOINT = """
  {0}:
    Type: AWS::EC2::VPCEndpoint
    Properties: {{VpcId: !Ref Vpc, ServiceName: {1}}}
"""


def endpoints(*names):
    return "".join(ENDPOINT.format(f"E{place}", name) for place, name in enumerate(names))


def test_tasks_in_a_public_subnet_without_a_public_address_are_found(found_in_example):
    [message] = found_in_example("E9107")
    assert message.startswith(
        f"E9107 `Service` → `Subnet`: the subnet is public, but tasks have no public IP address, {MISSING}")


def test_tasks_in_a_subnet_that_leads_nowhere_are_found_public_address_or_not(found_in_example):
    for address in ("", ", AssignPublicIp: ENABLED"):
        [message] = found_in_example(
            "E9107", ("SubnetId: !Ref Subnet,", "SubnetId: !Ref Other,"),
            ("{Subnets: [!Ref Subnet]}", f"{{Subnets: [!Ref Subnet]{address}}}"),
            add="  Other:\n    Type: AWS::EC2::Subnet\n    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}\n")
        assert message.startswith(f"E9107 `Service` → `Subnet`: the subnet has no route to a NAT gateway, {MISSING}")


@pytest.mark.parametrize("route", [
    "DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !ImportValue nat",
    "DestinationCidrBlock: 0.0.0.0/0, TransitGatewayId: !ImportValue transit",
    "DestinationCidrBlock: 10.0.0.0/8, TransitGatewayId: !ImportValue transit",
    "DestinationCidrBlock: 0.0.0.0/0, GatewayId: !ImportValue gateway",
])
def test_another_way_out_may_lead_to_the_registry(found_in_example, route):
    assert found_in_example("E9107", (ROUTE, route)) == []


def test_endpoints_for_the_registry_are_enough(found_in_example):
    names = [f"!Sub 'com.amazonaws.${{AWS::Region}}.{name}'" for name in ("ecr.api", "ecr.dkr", "s3")]
    assert found_in_example("E9107", add=endpoints(*names)) == []
    [message] = found_in_example("E9107", add=endpoints(*names[:1], "com.amazonaws.us-east-1.ecr.dkr"))
    assert "no endpoint for s3. " in message
    assert found_in_example("E9107", add=endpoints("!ImportValue service")) == []


@pytest.mark.parametrize("change", [
    ("LaunchType: FARGATE", "LaunchType: EC2"),
    ("Subnets: [!Ref Subnet]", "Subnets: [!ImportValue subnet]"),
    ("{Subnets: [!Ref Subnet]}", "{Subnets: [!Ref Subnet], AssignPublicIp: !ImportValue public}"),
    ("Properties: {VpcId: !Ref Vpc, CidrBlock", "Properties: {VpcId: !ImportValue vpc, CidrBlock"),
    ("RouteTableId: !Ref RouteTable}", "RouteTableId: !ImportValue table}"),
])
def test_tasks_on_instances_and_networks_that_are_not_known_are_not_judged(found_in_example, change):
    assert found_in_example("E9107", change) == []


def test_a_network_that_is_handed_to_another_stack_is_not_judged(found_in_example):
    nested = """
  Endpoints:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: https://example.com/t.yaml, Parameters: {Vpc: !Ref Vpc}}
"""
    assert found_in_example("E9107", add=nested) == []
