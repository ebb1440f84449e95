"""The content of an architecture picture, before layout."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

INTERNET = "Internet"
KINDS_OF_SUBNET = ("public", "private", "isolated")


@dataclass(frozen=True)
class Item:
    """One box: a resource, or several of one type."""

    id: str
    """A logical id, or a name if it covers several resources or none of the template."""
    tag: str
    """A short label, such as `Aurora`."""
    colour: str
    """The category that determines its colour: compute, data, storage, network, security, operations, outside."""
    title: str
    facts: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    """Logical ids of the resources that it covers, including those that belong to it."""
    change: str = ""
    """Change against another environment: "", `added`, `removed` or `changed`."""


@dataclass(frozen=True)
class Arrow:
    """Traffic between two items, or a plain reference."""

    source: str
    target: str
    label: str = ""
    is_traffic: bool = True
    change: str = ""


@dataclass(frozen=True)
class Subnet:
    """A subnet with its zone and its kind, which depends on its default route."""

    id: str
    zone: str
    kind: str  # public, private, isolated
    cidr: str
    covers: tuple[str, ...] = ()
    change: str = ""


@dataclass(frozen=True)
class Architecture:
    """The complete picture of one environment."""

    name: str
    stack_name: str
    region: str
    vpc: Item | None
    subnets: tuple[Subnet, ...]
    items: Mapping[str, Item]
    arrows: tuple[Arrow, ...]
    spans: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The subnets of each item that is in subnets."""
    inside: Mapping[str, str] = field(default_factory=dict)
    """The parent of each item that is part of another one, such as an instance of a cluster."""
    gateways: tuple[str, ...] = ()
    """Items at the edge of the VPC, in no subnet."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Items outside the VPC, by heading."""

    @property
    def zones(self) -> tuple[str, ...]:
        """The availability zones, sorted."""
        return tuple(sorted({subnet.zone for subnet in self.subnets}))

    @property
    def loose(self) -> tuple[str, ...]:
        """Items outside the VPC without a heading: the Internet and what stands in front of the stack."""
        grouped = (name for group in self.groups.values() for name in group)
        placed = {*self.spans, *self.inside, *self.gateways, *grouped}
        return tuple(name for name in self.items if name not in placed)

    @property
    def covered(self) -> tuple[str, ...]:
        """Every resource that the picture covers."""
        boxes: list[Item | Subnet] = [*self.items.values(), *self.subnets, *([self.vpc] if self.vpc else [])]
        return tuple(name for box in boxes for name in box.covers)


def marked(item: Item, change: str, facts: tuple[str, ...] | None = None) -> Item:
    """Return an item marked with its change against another environment."""
    return replace(item, change=change, facts=item.facts if facts is None else facts)
