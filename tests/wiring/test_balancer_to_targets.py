"""E9501."""

import pytest

MEND = "Add the rule, inline or as AWS::EC2::SecurityGroupIngress or AWS::EC2::SecurityGroupEgress."
EGRESS = "      FromPort: 8080\n      ToPort: 8080\n      DestinationSecurityGroupId: !Ref TaskGroup\n"
INGRESS = "      FromPort: 8080\n      ToPort: 8080\n      SourceSecurityGroupId: !GetAtt BalancerGroup.GroupId\n"
NO_EGRESS = f"E9501 `Balancer` → `Service`: `BalancerGroup` has no egress rule for port 8080 between them. {MEND}"
NO_INGRESS = f"E9501 `Balancer` → `Service`: `TaskGroup` has no ingress rule for port 8080 between them. {MEND}"


@pytest.mark.parametrize("egress", [
    EGRESS.replace("8080", "80"),
    EGRESS.replace("!Ref TaskGroup", "!Ref DatabaseGroup"),
    "      FromPort: 8080\n      ToPort: 8080\n      CidrIp: 192.168.0.0/16\n",
])
def test_a_load_balancer_whose_group_lets_nothing_out_to_its_tasks_is_found(found, egress):
    assert found((EGRESS, egress)) == [NO_EGRESS]


@pytest.mark.parametrize("ingress", [
    INGRESS.replace("8080", "80"),
    INGRESS.replace("BalancerGroup", "DatabaseGroup"),
])
def test_tasks_whose_group_lets_the_load_balancer_not_in_are_found(found, ingress):
    assert found((INGRESS, ingress)) == [NO_INGRESS]


def test_a_rule_for_another_protocol_is_none(found):
    udp = "      IpProtocol: udp\n"
    assert found(("      IpProtocol: tcp\n" + INGRESS, udp + INGRESS)) == [NO_INGRESS]


@pytest.mark.parametrize("egress", [
    "      CidrIp: 0.0.0.0/0\n      FromPort: 0\n      ToPort: 65535\n",
    "      CidrIp: 10.0.0.0/16\n      FromPort: 8000\n      ToPort: 9000\n",
    "      DestinationSecurityGroupId: !ImportValue tasks\n      FromPort: 8080\n      ToPort: 8080\n",
    "      DestinationPrefixListId: pl-1\n      FromPort: 8080\n      ToPort: 8080\n",
    EGRESS.replace("8080", "!Ref Image"),
])
def test_wider_rules_and_what_is_not_known_are_not_found(found, egress):
    assert found((EGRESS, egress)) == []


def test_a_group_without_egress_rules_lets_everything_out(found):
    assert found((EGRESS, EGRESS.replace("8080", "80")),
                 ("      SecurityGroupEgress: [{IpProtocol: '-1', CidrIp: 127.0.0.1/32}]\n", "")) == []


@pytest.mark.parametrize("change", [
    ("SecurityGroups: [!Ref BalancerGroup]", "SecurityGroups: [!Ref BalancerGroup, !ImportValue group]"),
    ("ContainerName: web, ContainerPort: 8080", "ContainerName: web, ContainerPort: !Ref Image"),
])
def test_groups_and_ports_that_are_not_known_are_not_judged(found, change):
    assert found((EGRESS, EGRESS.replace("8080", "80")), change) == []


def test_the_groups_of_a_network_load_balancer_are_judged_where_it_has_any(found):
    network = "SecurityGroups: [!Ref BalancerGroup]", "Type: network\n      SecurityGroups: [!Ref BalancerGroup]"
    without = "      SecurityGroups: [!Ref BalancerGroup]\n", "      Type: network\n"
    unlogged = "{Key: access_logs.s3.enabled, Value: 'true'}", "{Key: access_logs.s3.enabled, Value: 'false'}"
    assert found((INGRESS, INGRESS.replace("8080", "80")), network, unlogged) == [NO_INGRESS]
    assert found((INGRESS, INGRESS.replace("8080", "80")), without, unlogged) == []


def test_a_group_from_elsewhere_beside_the_balancer_s_own_does_not_excuse_the_tasks_group(found):
    both = "SecurityGroups: [!Ref BalancerGroup]", "SecurityGroups: [!Ref BalancerGroup, !ImportValue group]"
    assert found((INGRESS, INGRESS.replace("8080", "80")), both) == [NO_INGRESS]
