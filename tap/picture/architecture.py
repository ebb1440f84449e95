"""Build the drawable architecture of one environment from its resolved template."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tap.picture.existing_vpc import existing_subnets, existing_vpc, subnet_ids
from tap.picture.kinds import BELONGS, GROUPS, SECURITY, Kind, facts_of, kind_of
from tap.picture.model import INTERNET, KINDS_OF_SUBNET, Architecture, Item, Subnet
from tap.picture.ownership import owners
from tap.picture.traffic import EVERYWHERE, arrows
from tap.template.resolve import Resolved, references

VPC, SUBNET, CLUSTER = "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::RDS::DBCluster"
_FEW = 3  # maximum number of merged resources whose names the box lists
_ENDPOINTS = Kind("Endpoint", "network", "", "Interface endpoints")


def architecture(resolved: Resolved, name: str, stack_name: str) -> Architecture:
    """Return the architecture of one environment; exactly one box covers each resource."""
    types = {title: str(entry["Type"]) for title, entry in resolved.resources.items()}
    drawn = {title for title, kind in types.items() if kind not in BELONGS}
    owner = owners(resolved, drawn)
    drawn |= {title for title in owner.values() if title not in drawn}
    merged = _merged(types, drawn, resolved)
    stands_for = {title: merged.get(owner[title], owner[title]) for title in types}

    vpc = next((title for title, kind in types.items() if kind == VPC), None)
    subnets = tuple(_subnet(title, resolved, stands_for) for title, kind in types.items() if kind == SUBNET)
    region = min((subnet.zone for subnet in subnets), default="")[:-1]
    subnets += existing_subnets(resolved)
    boxes = {subnet.id for subnet in subnets} | {vpc}
    items: dict[str, Item] = {INTERNET: Item(INTERNET, "", "outside", INTERNET)}
    for title in types:
        if title in drawn and (box := stands_for[title]) not in boxes and box not in items:
            items[box] = _item(box, title, types, resolved, stands_for, merged)
    for title, kind in types.items():
        if kind == CLUSTER and resolved.properties(title).get("ManageMasterUserPassword"):
            secret = f"{title}.MasterUserSecret"
            items[secret] = Item(secret, "Secret", "security", "Master user secret", ("managed by RDS",))
    positions = _positions(resolved, types, items, stands_for)
    # Route tables, subnets and the VPC are drawn as boxes, so arrows to them would add nothing.
    # Arrows of an instance start and end at its cluster.
    drawn_arrows = arrows(resolved, lambda title: (
        None if (box := stands_for.get(title)) in boxes else positions.inside.get(str(box), box)))
    return Architecture(
        name=name, stack_name=stack_name, region=region,
        vpc=_item(vpc, vpc, types, resolved, stands_for, {}) if vpc else existing_vpc(resolved),
        subnets=tuple(sorted(subnets, key=lambda subnet: (KINDS_OF_SUBNET.index(subnet.kind), subnet.zone, subnet.id))),
        items=items, arrows=drawn_arrows, spans=positions.spans, inside=positions.inside,
        gateways=tuple(positions.gateways),
        groups={group: tuple(boxes) for group, boxes in positions.outside.items() if boxes})


def _merged(types: Mapping[str, str], drawn: Iterable[str], resolved: Resolved) -> dict[str, str]:
    """Return the name of the merged box for each resource that shares a box with others of its type.

    One alone has that name too: another environment may have several, and the two are compared.
    """
    return {title: several for title in types if title in drawn and (several := _kind(title, types, resolved).several)}


def _kind(title: str, types: Mapping[str, str], resolved: Resolved) -> Kind:
    interface = resolved.properties(title).get("VpcEndpointType") == "Interface"
    return _ENDPOINTS if interface else kind_of(types[title])


def _item(box: str, title: str, types: Mapping[str, str], resolved: Resolved, stands_for: Mapping[str, str],
          merged: Mapping[str, str]) -> Item:
    kind = _kind(title, types, resolved)
    covers = tuple(name for name in types if stands_for[name] == box)
    same = [name for name in covers if merged.get(name) == box]
    facts = tuple(dict.fromkeys(text for name in same or [title] for text in facts_of(name, resolved)))
    if 0 < len(same) <= _FEW:
        facts = (*same, *facts)
    return Item(box, kind.tag, kind.colour, f"{box} ({len(same)})" if same else title, facts, covers)


def _subnet(title: str, resolved: Resolved, stands_for: Mapping[str, str]) -> Subnet:
    properties = resolved.properties(title)
    tables = {table.logical_id for association in _of_type(resolved, "AWS::EC2::SubnetRouteTableAssociation")
              if _mentions(association["SubnetId"], title) for table in references(association["RouteTableId"])}
    routes = [route for route in _of_type(resolved, "AWS::EC2::Route")
              if route.get("DestinationCidrBlock") in EVERYWHERE
              and any(_mentions(route["RouteTableId"], table) for table in tables)]
    kind = "isolated" if not routes else "public" if "GatewayId" in routes[0] else "private"
    zone = str(properties.get("AvailabilityZone", "any zone"))
    return Subnet(title, zone, kind, str(properties.get("CidrBlock", "")),
                  tuple(name for name in stands_for if stands_for[name] == title))


def _of_type(resolved: Resolved, kind: str) -> list[Mapping[str, Any]]:
    return [entry.get("Properties", {}) for entry in resolved.resources.values() if entry["Type"] == kind]


def _mentions(value: Any, title: str) -> bool:
    return any(reference.logical_id == title for reference in references(value))


def _subnets_of(title: str, kind: str, resolved: Resolved) -> list[str]:
    """Return the logical ids of the subnets that a resource is placed in, and the ids of existing subnets."""
    properties = resolved.properties(title)
    values: Any = [properties.get(key) for key in (
        "SubnetId", "SubnetIds", "Subnets", "VpcConfig", "NetworkConfiguration")]
    if kind == CLUSTER:
        groups = [reference.logical_id for reference in references(properties.get("DBSubnetGroupName"))]
        values = [resolved.properties(group).get("SubnetIds") for group in groups if group in resolved.resources]
    own = [reference.logical_id for reference in references(values)
           if resolved.resources.get(reference.logical_id, {}).get("Type") == SUBNET]
    return [*own, *subnet_ids(values)]


@dataclass
class _Positions:
    """Position of each box: across subnets, inside another box, at the edge of the VPC, or in a group outside."""

    spans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    gateways: list[str] = field(default_factory=list)
    outside: dict[str, list[str]] = field(default_factory=lambda: {group: [] for group in GROUPS})


def _positions(resolved: Resolved, types: Mapping[str, str], items: Mapping[str, Item],
               stands_for: Mapping[str, str]) -> _Positions:
    positions = _Positions()
    for box, item in items.items():
        title = next((name for name in item.covers if stands_for[name] == box and types[name] not in BELONGS), None)
        if title is not None:
            _put(positions, box, title, resolved, items)
        elif box != INTERNET:
            positions.outside[SECURITY].append(box)
    return positions


def _put(positions: _Positions, box: str, title: str, resolved: Resolved, items: Mapping[str, Item]) -> None:
    kind = str(resolved.resources[title]["Type"])
    clusters = [reference.logical_id for reference in references(resolved.properties(title).get("DBClusterIdentifier"))]
    if subnets := _subnets_of(title, kind, resolved):
        positions.spans[box] = tuple(subnets)
    elif clusters and clusters[0] in items:
        positions.inside[box] = clusters[0]
    elif kind in ("AWS::EC2::InternetGateway", "AWS::EC2::VPCEndpoint"):
        positions.gateways.append(box)
    elif group := kind_of(kind).group:
        positions.outside[group].append(box)
