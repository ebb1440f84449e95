"""Network reachability by security groups.

All functions err on the side of reaching: an unknown group or rule may allow everything.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tap.wiring.graph import Resource, Stack
from tap.wiring.values import as_list, number

GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
EGRESS = "AWS::EC2::SecurityGroupEgress"
GROUP_TYPES = (GROUP, INGRESS, EGRESS)
VPC = "AWS::EC2::VPC"
VPC_BLOCK = "AWS::EC2::VPCCidrBlock"
LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


class Groups(NamedTuple):
    """The security groups of one end of a connection."""

    members: tuple[Resource, ...]
    is_complete: bool
    """Whether all groups, and all of their rules, are in the template."""


def groups(stack: Stack, value: Any) -> Groups | None:
    """Return the security groups of a list that are in the template, or None without a list, when any may apply."""
    items = as_list(value)
    if not items:
        return None
    members = [group for group in (stack.target(item, GROUP) for item in items) if group]
    complete = len(members) == len(items) and not any(map(stack.is_shared, members))
    return Groups(tuple(members), complete)


def refuses(stack: Stack, sources: Groups | None, targets: Groups | None, port: Any) -> tuple[Resource, str] | None:
    """Return the group that blocks TCP connections from `sources` to `targets`, and its missing rule, or None.

    None means that they can connect, or that it is unknown.
    """
    if not sources or not targets:
        return None
    if sources.is_complete and not any(
            _admits(stack, rule, "Destination", targets, port) for group in sources.members
            for rule in _outward(stack, group)):
        return sources.members[0], "egress"
    if targets.is_complete and not any(
            _admits(stack, rule, "Source", sources, port) for group in targets.members
            for rule in _rules(stack, group, "SecurityGroupIngress", INGRESS)):
        return targets.members[0], "ingress"
    return None


def _rules(stack: Stack, group: Resource, inline: str, alone: str) -> Iterator[Any]:
    yield from as_list(group.at(inline))
    for rule in stack.of_type(alone):
        # An unknown group may be this one.
        if rule.at("GroupId") is None or stack.target(rule.at("GroupId"), GROUP) in (group, None):
            yield rule.entry.get("Properties")


def _outward(stack: Stack, group: Resource) -> Iterator[Any]:
    if group.at("SecurityGroupEgress") is None:
        yield {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}  # the default egress rule
    yield from _rules(stack, group, "SecurityGroupEgress", EGRESS)


def _admits(stack: Stack, rule: Any, peer: str, peers: Groups, port: Any) -> bool:
    return not isinstance(rule, Mapping) or (_has_port(rule, port) and _has_peer(stack, rule, peer, peers))


def _has_port(rule: Mapping[str, Any], port: Any) -> bool:
    protocol = rule.get("IpProtocol")
    # EC2 also accepts protocol names in uppercase.
    if not isinstance(protocol, str | int) or str(protocol).lower() in ("-1", "all"):
        return True
    if str(protocol).lower() not in ("tcp", "6"):
        return False
    low, wanted, high = number(rule.get("FromPort")), number(port), number(rule.get("ToPort"))
    return low is None or wanted is None or high is None or low == -1 or low <= wanted <= high


def _has_peer(stack: Stack, rule: Mapping[str, Any], peer: str, peers: Groups) -> bool:
    group = rule.get(f"{peer}SecurityGroupId", rule.get(f"{peer}SecurityGroupName"))
    if group is not None:
        return stack.target(group, GROUP) in (*peers.members, None)
    block = rule.get("CidrIp")
    return _may_hold_vpc(stack, block) if isinstance(block, str) else True


def _may_hold_vpc(stack: Stack, block: str) -> bool:
    """Whether an address range may contain addresses of the template's VPCs."""
    networks = [vpc.at("CidrBlock") for vpc in stack.of_type(VPC)]
    # A block without CidrBlock is for IPv6, or from an IP address manager.
    networks += [added.at("CidrBlock") for added in stack.of_type(VPC_BLOCK) if not added.at("Ipv6CidrBlock")
                 and added.at("AmazonProvidedIpv6CidrBlock") is None]
    try:
        network = ipaddress.ip_network(block, strict=False)
        own = [ipaddress.ip_network(item, strict=False) for item in networks]
    except ValueError:
        return True
    # Each side is IPv4 or IPv6: people write `::/0` in CidrIp, too.
    if isinstance(network, ipaddress.IPv4Network) and network.subnet_of(LOOPBACK):
        return False
    return not own or any(network.version != vpc.version or network.overlaps(vpc) for vpc in own)
