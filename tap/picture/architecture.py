"""From a resolved template to what is drawn of it."""

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
_FEW = 3  # so many that are drawn together are named
_ENDPOINTS = Kind("Endpoint", "network", "", "Interface endpoints")


def architecture(resolved: Resolved, name: str, stack_name: str) -> Architecture:
    """Return what is drawn of one environment; every resource of it is covered by exactly one box."""
    types = {title: str(entry["Type"]) for title, entry in resolved.resources.items()}
    drawn = {title for title, kind in types.items() if kind not in BELONGS}
    owner = owners(resolved, drawn)
    drawn |= {each for each in owner.values() if each not in drawn}
    merged = _merged(types, drawn, resolved)
    stands_for = {title: merged.get(owner[title], owner[title]) for title in types}

    vpc = next((title for title, kind in types.items() if kind == VPC), None)
    subnets = tuple(_subnet(title, resolved, stands_for) for title, kind in types.items() if kind == SUBNET)
    region = min((each.zone for each in subnets), default="")[:-1]
    subnets += existing_subnets(resolved)
    boxes = {each.id for each in subnets} | {vpc}
    items: dict[str, Item] = {INTERNET: Item(INTERNET, "", "outside", INTERNET)}
    for title in types:
        if title in drawn and (box := stands_for[title]) not in boxes and box not in items:
            items[box] = _item(box, title, types, resolved, stands_for, merged)
    for title, kind in types.items():
        if kind == CLUSTER and resolved.properties(title).get("ManageMasterUserPassword"):
            secret = f"{title}.MasterUserSecret"
            items[secret] = Item(secret, "Secret", "security", "Master user secret", ("managed by RDS",))
    positions = _positions(resolved, types, items, stands_for)
    # Tables of routes, subnets and the VPC are where things are: that is drawn by the boxes.
    # An instance belongs to its cluster as far as arrows go.
    found = arrows(resolved, lambda title: None if (box := stands_for.get(title)) in boxes else positions.inside.get(
        str(box), box))
    return Architecture(
        name=name, stack_name=stack_name, region=region,
        vpc=_item(vpc, vpc, types, resolved, stands_for, {}) if vpc else existing_vpc(resolved),
        subnets=tuple(sorted(subnets, key=lambda each: (KINDS_OF_SUBNET.index(each.kind), each.zone, each.id))),
        items=items, arrows=found, spans=positions.spans, inside=positions.inside, gateways=tuple(positions.gateways),
        groups={group: tuple(boxes) for group, boxes in positions.outside.items() if boxes})


def _merged(types: Mapping[str, str], drawn: Iterable[str], resolved: Resolved) -> dict[str, str]:
    """Return for each resource that is drawn together with others of its type the name of all of them.

    One alone has that name too: another environment may have several, and the two are compared.
    """
    return {title: several for title in types if title in drawn and (several := _kind(title, types, resolved).several)}


def _kind(title: str, types: Mapping[str, str], resolved: Resolved) -> Kind:
    interface = resolved.properties(title).get("VpcEndpointType") == "Interface"
    return _ENDPOINTS if interface else kind_of(types[title])


def _item(box: str, title: str, types: Mapping[str, str], resolved: Resolved, stands_for: Mapping[str, str],
          merged: Mapping[str, str]) -> Item:
    kind = _kind(title, types, resolved)
    covers = tuple(each for each in types if stands_for[each] == box)
    same = [each for each in covers if merged.get(each) == box]
    facts = tuple(dict.fromkeys(text for each in same or [title] for text in facts_of(each, resolved)))
    if 0 < len(same) <= _FEW:
        facts = (*same, *facts)
    return Item(box, kind.tag, kind.colour, f"{box} ({len(same)})" if same else title, facts, covers)


def _subnet(title: str, resolved: Resolved, stands_for: Mapping[str, str]) -> Subnet:
    properties = resolved.properties(title)
    tables = {table.logical_id for each in _of_type(resolved, "AWS::EC2::SubnetRouteTableAssociation")
              if _mentions(each["SubnetId"], title) for table in references(each["RouteTableId"])}
    routes = [each for each in _of_type(resolved, "AWS::EC2::Route") if each.get("DestinationCidrBlock") in EVERYWHERE
              and any(_mentions(each["RouteTableId"], table) for table in tables)]
    kind = "isolated" if not routes else "public" if "GatewayId" in routes[0] else "private"
    zone = str(properties.get("AvailabilityZone", "any zone"))
    return Subnet(title, zone, kind, str(properties.get("CidrBlock", "")),
                  tuple(each for each in stands_for if stands_for[each] == title))


def _of_type(resolved: Resolved, kind: str) -> list[Mapping[str, Any]]:
    return [each.get("Properties", {}) for each in resolved.resources.values() if each["Type"] == kind]


def _mentions(value: Any, title: str) -> bool:
    return any(each.logical_id == title for each in references(value))


def _subnets_of(title: str, kind: str, resolved: Resolved) -> list[str]:
    """Return the logical ids of the subnets that a resource is put into, and the ids of existing ones."""
    found = resolved.properties(title)
    values: Any = [found.get(key) for key in ("SubnetId", "SubnetIds", "Subnets", "VpcConfig", "NetworkConfiguration")]
    if kind == CLUSTER:
        groups = [each.logical_id for each in references(found.get("DBSubnetGroupName"))]
        values = [resolved.properties(each).get("SubnetIds") for each in groups if each in resolved.resources]
    own = [each.logical_id for each in references(values)
           if resolved.resources.get(each.logical_id, {}).get("Type") == SUBNET]
    return [*own, *subnet_ids(values)]


@dataclass
class _Positions:
    """Where each box stands: across subnets, inside another box, at the VPC's edge, or outside in a group."""

    spans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    gateways: list[str] = field(default_factory=list)
    outside: dict[str, list[str]] = field(default_factory=lambda: {group: [] for group in GROUPS})


def _positions(resolved: Resolved, types: Mapping[str, str], items: Mapping[str, Item],
               stands_for: Mapping[str, str]) -> _Positions:
    positions = _Positions()
    for box, item in items.items():
        title = next((each for each in item.covers if stands_for[each] == box and types[each] not in BELONGS), None)
        if title is not None:
            _put(positions, box, title, resolved, items)
        elif box != INTERNET:
            positions.outside[SECURITY].append(box)
    return positions


def _put(positions: _Positions, box: str, title: str, resolved: Resolved, items: Mapping[str, Item]) -> None:
    kind = str(resolved.resources[title]["Type"])
    clusters = [each.logical_id for each in references(resolved.properties(title).get("DBClusterIdentifier"))]
    if subnets := _subnets_of(title, kind, resolved):
        positions.spans[box] = tuple(subnets)
    elif clusters and clusters[0] in items:
        positions.inside[box] = clusters[0]
    elif kind in ("AWS::EC2::InternetGateway", "AWS::EC2::VPCEndpoint"):
        positions.gateways.append(box)
    elif group := kind_of(kind).group:
        positions.outside[group].append(box)
