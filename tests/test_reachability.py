"""Who reaches whom, worked out from all routes, groups and addresses of the rendered template together."""

import copy
import ipaddress
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from stack_view import EVERYWHERE, StackView

from tap.template.resolve import resolve

Deployed = Callable[..., StackView]
INTERNET = "the internet"
ANYTHING = "anything in the VPC"
PORTS = {1, 22, 80, 443, 5432, 8080}


def places(stack: StackView) -> dict[str, tuple[list[str], list[str], bool]]:
    """Whatever has an address in the VPC: its subnets, its security groups, and whether its address is public."""
    found: dict[str, tuple[list[str], list[str], bool]] = {}
    balancer = stack.only("AWS::ElasticLoadBalancingV2::LoadBalancer")
    found["LoadBalancer"] = (
        _ids(balancer["Subnets"]), _ids(balancer["SecurityGroups"]), balancer["Scheme"] == "internet-facing")
    tasks = stack.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    found["Service"] = (_ids(tasks["Subnets"]), _ids(tasks["SecurityGroups"]), tasks["AssignPublicIp"] == "ENABLED")
    for title, endpoint in stack.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface").items():
        found[title] = (_ids(endpoint["SubnetIds"]), _ids(endpoint["SecurityGroupIds"]), False)
    for title, function in stack.all("AWS::Lambda::Function").items():
        if "VpcConfig" in function:
            found[title] = (
                _ids(function["VpcConfig"]["SubnetIds"]), _ids(function["VpcConfig"]["SecurityGroupIds"]), False)
    cluster = stack.only("AWS::RDS::DBCluster")
    public = any(i["PubliclyAccessible"] for i in stack.all("AWS::RDS::DBInstance").values())
    found["DatabaseCluster"] = (
        _ids(stack.only("AWS::RDS::DBSubnetGroup")["SubnetIds"]), _ids(cluster["VpcSecurityGroupIds"]), public)
    return found


def _ids(references: list[object]) -> list[str]:
    return [str(getattr(reference, "logical_id")) for reference in references]  # noqa: B009


def reach(stack: StackView) -> set[tuple[str, str, int]]:
    """Every connection that can be opened: who, to whom, on which of the ports."""
    found = set()
    there = places(stack)
    vpc = ipaddress.IPv4Network(stack.only("AWS::EC2::VPC")["CidrBlock"])
    for (source, (subnets, groups, _)), (target, (_, target_groups, _)) in itertools.permutations(there.items(), 2):
        assert subnets
        for port in PORTS:
            # Inside the VPC all subnets route to each other: groups alone decide.
            if any(stack.may_connect(one, other, port) for one in groups for other in target_groups):
                found.add((source, target, port))
    for target, (subnets, groups, is_public) in there.items():
        routed = all(stack.kind_of(subnet) == "public" for subnet in subnets)
        ranges = {(port, rule["CidrIp"]) for group in groups for rule in stack.rules(group, "Ingress")
                  if "CidrIp" in rule for port in PORTS if int(rule["FromPort"]) <= port <= int(rule["ToPort"])}
        found |= {(INTERNET, target, port) for port, cidr in ranges if is_public and routed and cidr == EVERYWHERE}
        found |= {(ANYTHING, target, port) for port, cidr in ranges if vpc.overlaps(ipaddress.IPv4Network(cidr))}
    return found


def test_the_database_is_reached_by_the_tasks_alone_and_on_its_port_alone(stack: StackView) -> None:
    assert {(source, port) for source, target, port in reach(stack) if target == "DatabaseCluster"} == {
        ("Service", 5432)}


def test_the_database_reaches_nobody(stack: StackView) -> None:
    assert not [target for source, target, _ in reach(stack) if source == "DatabaseCluster"]
    assert all(stack.kind_of(subnet) == "isolated" for subnet in places(stack)["DatabaseCluster"][0])


def test_the_tasks_are_reached_by_the_load_balancer_alone_and_on_the_containers_port_alone(stack: StackView) -> None:
    assert {(source, port) for source, target, port in reach(stack) if target == "Service"} == {
        ("LoadBalancer", int(stack.parameter("ContainerPort")))}


def test_the_internet_reaches_the_load_balancer_alone(stack: StackView) -> None:
    assert {target for source, target, _ in reach(stack) if source == INTERNET} == {"LoadBalancer"}


def test_without_nat_the_tasks_reach_every_interface_endpoint(deployed: Deployed) -> None:
    stack = deployed(NatGateways="none", InterfaceEndpoints="true")
    endpoints = set(stack.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface"))
    assert {target for source, target, port in reach(stack) if (source, port) == ("Service", 443)} == endpoints
    # What a task takes to start: its image, its secret, its log; and the function that it calls.
    services = {str(stack.properties(title)["ServiceName"]).split(".", 3)[-1] for title in endpoints}
    assert services == {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "lambda"}


def widen(resources: dict[str, Any]) -> None:
    for end in ("Egress", "Ingress"):
        resources[f"ServiceToDatabase{end}"]["Properties"]["FromPort"] = 1


def open_to_the_vpc(resources: dict[str, Any]) -> None:
    rule = resources["ServiceToDatabaseIngress"]["Properties"]
    del rule["SourceSecurityGroupId"]
    rule["CidrIp"] = "10.0.0.0/8"


def add_a_second_way(resources: dict[str, Any]) -> None:
    for end, key in (("Egress", "GroupId"), ("Ingress", "SourceSecurityGroupId")):
        rule = copy.deepcopy(resources[f"ServiceToDatabase{end}"])
        rule["Properties"][key] = {"Fn::GetAtt": ["LoadBalancerSecurityGroup", "GroupId"]}
        resources[f"Second{end}"] = rule


def publish(resources: dict[str, Any]) -> None:
    resources["DatabaseSubnetGroup"]["Properties"]["SubnetIds"] = [
        {"Ref": f"PublicSubnet{zone}"} for zone in (1, 2, 3)]
    resources["DatabaseWriter"]["Properties"]["PubliclyAccessible"] = True
    rule = resources["ServiceToDatabaseIngress"]["Properties"]
    del rule["SourceSecurityGroupId"]
    rule["CidrIp"] = EVERYWHERE


@pytest.mark.parametrize(("hole", "opened"), [
    (widen, {("Service", 1), ("Service", 22), ("Service", 80), ("Service", 443)}),
    (open_to_the_vpc, {(ANYTHING, 5432)}),
    (add_a_second_way, {("LoadBalancer", 5432)}),
    (publish, {(ANYTHING, 5432), (INTERNET, 5432)})])
def test_a_hole_on_the_way_to_the_database_is_found(
        template: dict[str, Any], hole: Callable[[dict[str, Any]], None], opened: set[tuple[str, int]]) -> None:
    holed = copy.deepcopy(template)
    hole(holed["Resources"])
    stack = StackView(resolve(holed, {"Environment": "test"}))
    found = {(source, port) for source, target, port in reach(stack) if target == "DatabaseCluster"}
    assert found == {("Service", 5432), *opened}
