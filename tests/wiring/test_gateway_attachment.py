"""E9407."""

import pytest

NAT = """\
  NatGateway:
    Type: AWS::EC2::NatGateway
    Properties: {SubnetId: !Ref Subnet, AllocationId: !ImportValue address}
"""
BALANCER = """\
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Subnets: [!Ref Subnet, !Ref Subnet]}
"""
DATABASE = """\
  Group:
    Type: AWS::RDS::DBSubnetGroup
    Properties: {DBSubnetGroupDescription: g, SubnetIds: [!Ref Subnet, !Ref Other]}
  Other:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, DBSubnetGroupName: !Ref Group, PubliclyAccessible: true}
"""


def waiting(found_in_example, text):
    return [message.split("`")[1] for message in found_in_example("E9407", (NAT, text)) if message.startswith("E9407")]


@pytest.mark.parametrize(("text", "name"), [(NAT, "NatGateway"), (BALANCER, "Balancer"), (DATABASE, "Database")])
def test_what_has_a_public_address_waits_for_the_attachment(found_in_example, text, name):
    assert waiting(found_in_example, text) == [name]
    depends = text.replace("    Properties: {Engine", "    DependsOn: Attachment\n    Properties: {Engine")
    if depends == text:
        depends = text.replace("    Properties:", "    DependsOn: Attachment\n    Properties:")
    assert waiting(found_in_example, depends) == []


@pytest.mark.parametrize("text", [
    NAT.replace("SubnetId:", "ConnectivityType: private, SubnetId:"),
    NAT.replace("!Ref Subnet", "!ImportValue subnet"),
    BALANCER.replace("Subnets:", "Scheme: internal, Subnets:"),
    DATABASE.replace("true", "false"),
])
def test_private_resources_and_unknown_networks_are_not_judged(found_in_example, text):
    assert waiting(found_in_example, text) == []


def test_an_address_that_waits_makes_its_gateway_wait(found_in_example):
    address = "  Address: {Type: 'AWS::EC2::EIP', DependsOn: Attachment}\n"
    gateway = NAT.replace("!ImportValue address", "!GetAtt Address.AllocationId")
    assert waiting(found_in_example, gateway + address) == []


def test_a_vpc_whose_gateway_is_attached_elsewhere_is_not_judged(found_in_example):
    elsewhere = "{VpcId: !ImportValue vpc, InternetGatewayId"
    assert found_in_example("E9407", ("{VpcId: !Ref Vpc, InternetGatewayId", elsewhere)) == []
