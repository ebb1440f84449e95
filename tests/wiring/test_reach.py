"""What security groups let through."""

import pytest

from tap.wiring.graph import Graph
from tap.wiring.reach import GROUP, GROUP_TYPES, groups, refuses
from tap.wiring.values import Reference


def stack_of(resources, **sections):
    stack, = Graph({"Resources": resources, **sections}).stacks([*GROUP_TYPES, "AWS::EC2::VPC"])
    return stack


def ingress(**rule):
    return {"Type": GROUP, "Properties": {"SecurityGroupIngress": [rule]}}


def refused(rule, port=443, /, source=None, **others):
    """Which rule is missing for A to connect to B, whose only ingress rule is this one."""
    stack = stack_of({"A": source or {"Type": GROUP}, "B": ingress(**rule), **others})
    found = refuses(stack, groups(stack, [Reference("A")]), groups(stack, [Reference("B")]), port)
    return found and (found[0].logical_id, found[1])


VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
MISSING = ("B", "ingress")


@pytest.mark.parametrize("protocol", ["tcp", "TCP", "Tcp", "6", 6, "-1", -1, "all", "ALL"])
def test_a_protocol_s_name_is_the_same_in_capitals_and_as_a_number(protocol):
    rule = {"IpProtocol": protocol, "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": {"Ref": "A"}}
    assert refused(rule) is None


@pytest.mark.parametrize("protocol", ["udp", "UDP", "17", "icmp"])
def test_another_protocol_lets_no_connection_through(protocol):
    rule = {"IpProtocol": protocol, "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": {"Ref": "A"}}
    assert refused(rule) == MISSING


@pytest.mark.parametrize(("low", "high", "missing"), [
    (443, 443, None), (400, 443, None), (443, 500, None), (444, 500, MISSING), (1, 442, MISSING), (-1, -1, None),
    ({"Ref": "Low"}, 500, None), (1, {"Ref": "High"}, None), (None, None, None)])
def test_the_port_is_within_the_range_of_a_rule_its_ends_included(low, high, missing):
    rule = {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "SourceSecurityGroupId": {"Ref": "A"}}
    assert refused({name: value for name, value in rule.items() if value is not None}) == missing


def test_a_port_that_is_not_known_may_be_any():
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "SourceSecurityGroupId": {"Ref": "A"}}
    assert refused(rule, {"Fn::ImportValue": "port"}) is None


@pytest.mark.parametrize(("block", "missing"), [
    ("10.0.0.0/8", None), ("10.0.255.255/32", None), ("10.0.0.1/16", None), ("0.0.0.0/0", None),
    ("10.1.0.0/16", MISSING), ("127.0.0.1/32", MISSING),
    ("::/0", None), ("2001:db8::/32", None), ("not a block", None)])
def test_an_address_range_lets_the_vpc_in_where_they_overlap_or_cannot_be_compared(block, missing):
    assert refused({"IpProtocol": "-1", "CidrIp": block}, Vpc=VPC) == missing


def test_loopback_lets_nobody_in_whatever_the_vpc():
    assert refused({"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}) == MISSING


@pytest.mark.parametrize(("block", "missing"), [
    ({"CidrBlock": "10.1.0.0/16"}, None), ({"CidrBlock": "10.2.0.0/16"}, MISSING),
    ({"AmazonProvidedIpv6CidrBlock": True}, MISSING), ({"Ipv6CidrBlock": "2001:db8::/56"}, MISSING),
    ({"Ipv4IpamPoolId": "pool"}, None)])
def test_a_secondary_block_is_the_vpc_s_too(block, missing):
    added = {"Type": "AWS::EC2::VPCCidrBlock", "Properties": {"VpcId": {"Ref": "Vpc"}, **block}}
    assert refused({"IpProtocol": "-1", "CidrIp": "10.1.0.0/16"}, Vpc=VPC, Block=added) == missing


def test_a_rule_of_its_own_counts_for_the_group_that_it_names():
    closed = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}
    rule = {"IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "A"}}

    def alone(group):
        return {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {**rule, "GroupId": group}}

    assert refused(closed, Rule=alone({"Ref": "B"})) is None
    assert refused(closed, Rule=alone({"Ref": "A"})) == MISSING
    assert refused(closed, Rule=alone({"Fn::ImportValue": "group"})) is None
    assert refused(closed, Rule={"Type": "AWS::EC2::SecurityGroupIngress", "Properties": rule}) is None


def test_a_new_group_lets_everything_out_and_one_with_rules_only_what_these_do():
    rule = {"IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "A"}}
    out = {"Type": GROUP, "Properties": {"SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]}}
    assert refused(rule) is None
    assert refused(rule, source=out) == ("A", "egress")


@pytest.mark.parametrize(("outputs", "known"), [
    ({}, True),
    ({"Id": {"Value": {"Fn::GetAtt": ["A", "GroupId"]}}}, False),
    ({"Id": {"Value": {"Ref": "B"}, "Export": {"Name": "group"}}}, False),
    ({"Vpc": {"Value": {"Fn::GetAtt": ["A", "Other"]}}}, True),
    ({"Id": {"Condition": "Never", "Value": {"Ref": "A"}}}, True),
])
def test_groups_are_known_unless_an_output_lets_another_stack_add_rules(outputs, known):
    stack = stack_of({"A": {"Type": GROUP}, "B": {"Type": GROUP}}, Outputs=outputs,
                     Conditions={"Never": {"Fn::Equals": ["a", "b"]}})
    found = groups(stack, [Reference("A"), Reference("B")])
    assert found is not None
    assert found.is_complete is known


def test_groups_of_which_one_is_not_in_the_template_are_not_complete():
    stack = stack_of({"A": {"Type": GROUP}})
    found = groups(stack, [Reference("A"), Reference("Elsewhere")])
    assert found is not None
    assert not found.is_complete


@pytest.mark.parametrize("value", [[], None])
def test_without_a_list_of_groups_nothing_is_refused(value):
    stack = stack_of({"A": {"Type": GROUP}})
    known = groups(stack, [Reference("A")])
    assert refuses(stack, groups(stack, value), known, 443) is None
    assert refuses(stack, known, groups(stack, value), 443) is None


@pytest.mark.parametrize(("rule", "missing"), [
    ({"IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "A"}}, None),
    ({"IpProtocol": "-1", "SourceSecurityGroupId": {"Fn::ImportValue": "elsewhere"}}, None),
    ({"IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "B"}}, MISSING),
])
def test_a_source_with_a_group_from_elsewhere_too_comes_in_by_a_rule_for_either(rule, missing):
    stack = stack_of({"A": {"Type": GROUP}, "B": ingress(**rule)})
    sources = groups(stack, [Reference("A"), Reference("Elsewhere")])
    found = refuses(stack, sources, groups(stack, [Reference("B")]), 443)
    assert (found and (found[0].logical_id, found[1])) == missing


def test_a_rule_out_of_its_own_counts_for_the_group_that_it_names():
    closed = {"Type": GROUP, "Properties": {"SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]}}
    everything = {"IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "A"}}

    def out(**rule):
        return {"Type": "AWS::EC2::SecurityGroupEgress", "Properties": {"IpProtocol": "-1", **rule}}

    to_b, to_c = ({"DestinationSecurityGroupId": {"Ref": name}} for name in "BC")
    assert refused(everything, source=closed, Out=out(GroupId={"Ref": "A"}, **to_b)) is None
    assert refused(everything, source=closed, C={"Type": GROUP}, Out=out(GroupId={"Ref": "A"}, **to_c)) == (
        "A", "egress")
    assert refused(everything, source=closed, Out=out(GroupId={"Ref": "B"}, **to_b)) == ("A", "egress")


def test_the_first_of_several_groups_is_named():
    closed = ingress(IpProtocol="-1", CidrIp="127.0.0.1/32")
    stack = stack_of({"A": {"Type": GROUP}, "B": closed, "C": closed})
    targets = groups(stack, [Reference("B"), Reference("C")])
    found = refuses(stack, groups(stack, [Reference("A")]), targets, 443)
    assert found is not None
    assert (found[0].logical_id, found[1]) == ("B", "ingress")


def test_the_types_are_cloudformations():
    assert set(GROUP_TYPES) == {f"AWS::EC2::SecurityGroup{suffix}" for suffix in ("", "Ingress", "Egress")}
