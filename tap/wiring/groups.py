"""Security groups: whether the rules in the template let one end connect to the other."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tap.wiring.graph import Resource, Stack
from tap.wiring.values import as_list, number

GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
EGRESS = "AWS::EC2::SecurityGroupEgress"
GROUP_TYPES = (GROUP, INGRESS, EGRESS)
VPC = "AWS::EC2::VPC"
NOWHERE = ipaddress.ip_network("127.0.0.0/8")


def groups(stack: Stack, value: Any) -> list[Resource]:
    """Return the security groups of a list; none unless all are in the template, and known in full."""
    found = stack.targets(value, GROUP) or []
    return [] if any(map(stack.is_handed_out, found)) else found


def refuses(
    stack: Stack, sources: Sequence[Resource], targets: Sequence[Resource], port: Any,
) -> tuple[Resource, str] | None:
    """Return the group that keeps members of `sources` from connecting to `targets`, and its missing rule.

    None where they may connect, or where that cannot be told.
    """
    if not sources or not targets:
        return None
    if not any(_lets(stack, rule, "Destination", targets, port) for group in sources
               for rule in _outward(stack, group)):
        return sources[0], "egress"
    if not any(_lets(stack, rule, "Source", sources, port) for group in targets
               for rule in _rules(stack, group, "SecurityGroupIngress", INGRESS)):
        return targets[0], "ingress"
    return None


def _rules(stack: Stack, group: Resource, inline: str, alone: str) -> Iterator[Any]:
    yield from as_list(group.at(inline))
    for rule in stack.of_type(alone):
        # A group that is not known may be this one.
        if rule.at("GroupId") is None or stack.target(rule.at("GroupId"), GROUP) in (group, None):
            yield rule.entry.get("Properties")


def _outward(stack: Stack, group: Resource) -> Iterator[Any]:
    if group.at("SecurityGroupEgress") is None:
        yield {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}  # the rule that every new group has
    yield from _rules(stack, group, "SecurityGroupEgress", EGRESS)


def _lets(stack: Stack, rule: Any, peer: str, peers: Sequence[Resource], port: Any) -> bool:
    if not isinstance(rule, Mapping):
        return True
    return _has_port(rule, port) and _has_peer(stack, rule, peer, peers)


def _has_port(rule: Mapping[str, Any], port: Any) -> bool:
    protocol = rule.get("IpProtocol")
    if protocol is None or not isinstance(protocol, str | int):
        return True
    if str(protocol) in ("-1", "all"):
        return True
    if str(protocol) not in ("tcp", "6"):
        return False
    low, wanted, high = number(rule.get("FromPort")), number(port), number(rule.get("ToPort"))
    return low is None or wanted is None or high is None or low == -1 or low <= wanted <= high


def _has_peer(stack: Stack, rule: Mapping[str, Any], peer: str, peers: Sequence[Resource]) -> bool:
    given = rule.get(f"{peer}SecurityGroupId", rule.get(f"{peer}SecurityGroupName"))
    if given is not None:
        return stack.target(given, GROUP) in (*peers, None)
    block = rule.get("CidrIp")
    return _may_hold_vpc(stack, block) if isinstance(block, str) else True


def _may_hold_vpc(stack: Stack, block: str) -> bool:
    """Whether an address range may hold addresses of the template's VPCs."""
    try:
        network = ipaddress.ip_network(block, strict=False)
        own = [ipaddress.ip_network(vpc.at("CidrBlock")) for vpc in stack.of_type(VPC)]
    except ValueError:
        return True
    if network.subnet_of(NOWHERE):  # type: ignore[arg-type]  # both are IPv4: the property takes nothing else
        return False
    return not own or any(network.overlaps(vpc) for vpc in own)
