"""An existing VPC in place of the stack's own."""

from collections.abc import Callable
from typing import Any

import pytest
from stack_view import EXISTING_VPC, StackView

from tap.deploy.rules import violations
from tap.template.resolve import Reference

VPC_ID = EXISTING_VPC["VpcId"]
PUBLIC, PRIVATE, DATABASE = (EXISTING_VPC[f"{kind}SubnetIds"].split(",") for kind in ("Public", "Private", "Database"))


@pytest.fixture
def given(deployed: Callable[..., StackView]) -> StackView:
    return deployed(**EXISTING_VPC, FlowLogs="true", InterfaceEndpoints="true", DeploymentStrategy="CANARY")


@pytest.mark.parametrize("kind", [
    "VPC", "Subnet", "InternetGateway", "VPCGatewayAttachment", "NatGateway", "EIP", "Route", "RouteTable",
    "SubnetRouteTableAssociation", "VPCEndpoint"])
def test_nothing_that_an_existing_vpc_has_is_created(given: StackView, kind: str) -> None:
    assert given.all(f"AWS::EC2::{kind}") == {}


def test_nothing_refers_to_what_an_existing_vpc_stands_for(given: StackView) -> None:
    assert given.resolved.dangling == ()


@pytest.mark.parametrize("kind", ["AWS::EC2::SecurityGroup", "AWS::ElasticLoadBalancingV2::TargetGroup"])
def test_security_groups_and_target_groups_are_in_the_existing_vpc(given: StackView, kind: str) -> None:
    assert {properties["VpcId"] for properties in given.all(kind).values()} == {VPC_ID}


def test_load_balancer_tasks_and_database_are_in_the_subnets_that_are_theirs(given: StackView) -> None:
    tasks = given.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert given.only("AWS::ElasticLoadBalancingV2::LoadBalancer")["Subnets"] == PUBLIC
    assert tasks["Subnets"] == PRIVATE
    assert given.only("AWS::RDS::DBSubnetGroup")["SubnetIds"] == DATABASE


def test_flow_logs_of_an_existing_vpc_are_kept_by_parameter(
        given: StackView, deployed: Callable[..., StackView]) -> None:
    assert given.only("AWS::EC2::FlowLog")["ResourceId"] == VPC_ID
    assert deployed(**EXISTING_VPC, FlowLogs="false").all("AWS::EC2::FlowLog") == {}


def test_without_one_the_flow_logs_are_of_the_stacks_own_vpc(deployed: Callable[..., StackView]) -> None:
    stack = deployed()
    assert stack.only("AWS::EC2::FlowLog")["ResourceId"] == Reference(stack.title("AWS::EC2::VPC"))


@pytest.mark.parametrize("missing", EXISTING_VPC)
def test_a_vpc_without_all_its_subnets_is_refused(template: dict[str, Any], missing: str) -> None:
    parameters = {"Environment": "test", **EXISTING_VPC, missing: ""}
    assert violations(template, parameters) == [
        "VpcId, PublicSubnetIds, PrivateSubnetIds and DatabaseSubnetIds must be set together"]


@pytest.mark.parametrize(("parameters", "refusal"), [
    ({}, []),
    ({"NatGateways": "none"}, []),
    ({"InterfaceEndpoints": "true"}, [
        "VpcId requires InterfaceEndpoints=false: an existing VPC has its own endpoints"]),
    ({"AvailabilityZones": "us-east-1a,us-east-1b,us-east-1c"}, [
        "VpcId requires an empty AvailabilityZones: the existing subnets determine the zones"]),
])
def test_what_an_existing_vpc_decides_cannot_be_asked_for(
        template: dict[str, Any], parameters: dict[str, str], refusal: list[str]) -> None:
    assert violations(template, {"Environment": "test", **EXISTING_VPC, **parameters}) == refusal


@pytest.mark.parametrize(("vpc", "refusal"), [({}, ["Protected=true requires FlowLogs=true"]), (EXISTING_VPC, [])])
def test_a_protected_environment_may_leave_flow_logs_to_the_owner_of_an_existing_vpc(
        template: dict[str, Any], vpc: dict[str, str], refusal: list[str]) -> None:
    protected = {"Environment": "test", "Protected": "true", "AlertEmail": "ops@payments.test", "FlowLogs": "false",
                 "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
    assert violations(template, {**protected, **vpc}) == refusal


@pytest.mark.parametrize(("name", "value", "taken"), [
    ("VpcId", "vpc-0123456789abcdef0", True), ("VpcId", "vpc-01234567", True), ("VpcId", "", True),
    ("VpcId", "vpc-0123", False), ("VpcId", "subnet-01234567", False),
    ("PrivateSubnetIds", ",".join(PRIVATE), True), ("PrivateSubnetIds", "", True),
    ("PrivateSubnetIds", ", ".join(PRIVATE), False), ("PrivateSubnetIds", ",".join(PRIVATE[:2]), False),
    ("PrivateSubnetIds", ",".join([*PRIVATE, PRIVATE[0]]), False), ("PrivateSubnetIds", "PrivateSubnet1", False),
])
def test_ids_are_checked_by_their_form(accepts: Callable[[str, str], bool], name: str, value: str, taken: bool) -> None:
    assert accepts(name, value) is taken
