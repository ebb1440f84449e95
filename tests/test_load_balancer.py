"""The load balancer tier: from the internet to the tasks' target group."""

from collections.abc import Callable
from typing import Any

import pytest
from stack_view import EVERYWHERE, StackView, untagged

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
TARGETS = "TargetGroup"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"


@pytest.fixture(params=["", CERTIFICATE], ids=["without certificate", "with certificate"], scope="module")
def served(request: pytest.FixtureRequest, deployed: Deployed) -> StackView:
    return deployed(CertificateArn=request.param)


def listeners(stack: StackView) -> dict[int, dict[str, Any]]:
    """Listeners by the port they listen on."""
    return {int(listener["Port"]): listener for listener in stack.all(LISTENER).values()}


def group_of(stack: StackView) -> str:
    (group,) = stack.only(BALANCER)["SecurityGroups"]
    return str(group.logical_id)


def tasks_group(stack: StackView) -> str:
    placed = stack.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    (group,) = placed["SecurityGroups"]
    return str(group.logical_id)


def test_it_is_an_internet_facing_balancer_in_the_public_subnets_that_drops_invalid_headers(
        stack: StackView) -> None:
    balancer = untagged(stack.only(BALANCER))
    # An application load balancer is what one is unless it says otherwise.
    assert balancer.pop("Type", "application") == "application"
    attributes = {each["Key"]: each["Value"] for each in balancer.pop("LoadBalancerAttributes")}
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert balancer == {
        "Scheme": "internet-facing",
        "Subnets": [Reference(subnet) for subnet in stack.subnets("public")],
        "SecurityGroups": [Reference(group_of(stack), "GroupId")],
    }


def test_it_waits_for_the_route_to_the_internet(stack: StackView) -> None:
    routes = {title for title, route in stack.all("AWS::EC2::Route").items() if "GatewayId" in route}
    assert routes <= stack.waits_for(stack.title(BALANCER))


def test_without_a_certificate_http_forwards_to_the_targets(deployed: Deployed) -> None:
    stack = deployed(CertificateArn="")
    assert {port: untagged(listener) for port, listener in listeners(stack).items()} == {80: {
        "LoadBalancerArn": Reference(stack.title(BALANCER)), "Port": 80, "Protocol": "HTTP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": Reference(TARGETS)}]}}


def test_with_a_certificate_https_forwards_to_the_targets_and_http_redirects_to_it(deployed: Deployed) -> None:
    stack = deployed(CertificateArn=CERTIFICATE)
    found = {port: untagged(listener) for port, listener in listeners(stack).items()}
    # TLS 1.2 and 1.3 alone, of those that Security Hub takes:
    # https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-17
    assert found[443].pop("SslPolicy") == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    assert found == {
        80: {
            "LoadBalancerArn": Reference(stack.title(BALANCER)), "Port": 80, "Protocol": "HTTP",
            "DefaultActions": [{"Type": "redirect", "RedirectConfig": {
                "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]},
        443: {
            "LoadBalancerArn": Reference(stack.title(BALANCER)), "Port": 443, "Protocol": "HTTPS",
            "Certificates": [{"CertificateArn": CERTIFICATE}],
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": Reference(TARGETS)}],
            "ListenerAttributes": [{
                "Key": "routing.http.response.strict_transport_security.header_value",
                "Value": "max-age=31536000"}]},
    }


def test_http_redirects_only_once_https_is_there(deployed: Deployed) -> None:
    http = "HttpListener"
    assert "HttpsListener" in deployed(CertificateArn=CERTIFICATE).waits_for(http)
    # One that is issued takes until its record is seen.
    assert "Certificate" in deployed(DomainName="pay.example.com", HostedZoneId="Z1").waits_for(http)


def test_every_listener_forwards_to_the_targets_or_redirects_to_one_that_does(served: StackView) -> None:
    found = listeners(served)

    def forwards(port: int) -> bool:
        (action,) = found[port]["DefaultActions"]
        return bool(action == {"Type": "forward", "TargetGroupArn": Reference(TARGETS)})

    assert any(forwards(port) for port in found)
    for port, listener in found.items():
        if not forwards(port):
            (action,) = listener["DefaultActions"]
            assert action["Type"] == "redirect"
            target = int(action["RedirectConfig"]["Port"])
            assert forwards(target)
            assert found[target]["Protocol"] == action["RedirectConfig"]["Protocol"]


def test_the_internet_may_connect_to_the_listeners_ports_and_no_others(served: StackView) -> None:
    rules = served.rules(group_of(served), "Ingress")
    assert {rule["CidrIp"] for rule in rules} == {EVERYWHERE}
    assert {rule["IpProtocol"] for rule in rules} == {"tcp"}
    assert sorted((rule["FromPort"], rule["ToPort"]) for rule in rules) == [
        (port, port) for port in sorted(listeners(served))]


@pytest.mark.parametrize("port", ["80", "8080", "3000"])
def test_requests_and_health_checks_reach_the_tasks_on_the_containers_port(
        deployed: Deployed, port: str) -> None:
    stack = deployed(ContainerPort=port)
    (container,) = stack.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert [mapping["ContainerPort"] for mapping in container["PortMappings"]] == [port]
    assert stack.may_connect(group_of(stack), tasks_group(stack), int(port))
    assert not stack.may_connect(group_of(stack), tasks_group(stack), int(port) + 1)


@pytest.mark.parametrize("group", [TARGETS, "AlternateTargetGroup"])
def test_another_container_port_leaves_the_target_groups_in_place(deployed: Deployed, group: str) -> None:
    # The port of a group is of those properties that CloudFormation replaces it for, and a new group has no tasks.
    one, other = (deployed(ContainerPort=port, DeploymentStrategy="CANARY") for port in ("8080", "3000"))
    assert one.properties(group) == other.properties(group)


def test_traffic_can_be_shifted_away_from_a_zone(stack: StackView) -> None:
    attributes = stack.only(BALANCER)["LoadBalancerAttributes"]
    assert {"Key": "zonal_shift.config.enabled", "Value": "true"} in attributes


def test_the_balancer_reaches_the_tasks_and_nothing_else(stack: StackView) -> None:
    rules = stack.outward_rules(group_of(stack))
    assert [rule["DestinationSecurityGroupId"] for rule in rules] == [Reference(tasks_group(stack), "GroupId")]


def test_the_targets_are_ip_addresses_checked_as_the_reference_checks_them(deployed: Deployed) -> None:
    stack = deployed(HealthCheckPath="/health", ContainerPort="8080")
    assert untagged(stack.properties(TARGETS)) == {
        "VpcId": Reference(stack.title("AWS::EC2::VPC")), "TargetType": "ip", "Protocol": "HTTP", "Port": 80,
        "HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 3,
        "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    }


def test_no_name_stands_in_the_way_of_a_replacement_or_of_its_length(stack: StackView) -> None:
    assert "Name" not in stack.only(BALANCER)
    assert "Name" not in stack.properties(TARGETS)


def test_its_address_is_an_output_that_each_environment_exports_under_its_own_name(stack: StackView) -> None:
    output = dict(stack.outputs()["LoadBalancerDNS"])
    assert output.pop("Description")
    assert output == {
        "Value": Reference(stack.title(BALANCER), "DNSName"),
        "Export": {"Name": f"alb-dns-{stack.parameter('Environment')}"}}


@pytest.mark.parametrize("switch", ["true", "false"])
def test_the_balancer_refuses_to_be_deleted_where_the_parameter_says_so(deployed: Deployed, switch: str) -> None:
    attributes = deployed(DeletionProtection=switch).only(BALANCER)["LoadBalancerAttributes"]
    assert {"Key": "deletion_protection.enabled", "Value": switch} in attributes
