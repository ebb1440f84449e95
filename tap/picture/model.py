"""What a picture of the architecture shows, before anything has a place on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

INTERNET = "Internet"
KINDS_OF_SUBNET = ("public", "private", "isolated")


@dataclass(frozen=True)
class Item:
    """One thing that is drawn: a resource, or several of one type."""

    id: str
    """A logical id, or a name where it stands for several resources or for none of the template."""
    tag: str
    """Short word for what it is, such as `Aurora`."""
    colour: str
    """The family that its colour stands for: compute, data, storage, network, security, operations, outside."""
    title: str
    facts: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    """Logical ids of the resources that it stands for, what merely belongs to it included."""
    change: str = ""
    """Against another environment: "", `added`, `removed`, `changed`."""


@dataclass(frozen=True)
class Arrow:
    """Traffic from one item to another, or a plain reference."""

    source: str
    target: str
    label: str = ""
    is_traffic: bool = True
    change: str = ""


@dataclass(frozen=True)
class Subnet:
    """A subnet: which zone it is in, and what kind it is by where its default route goes."""

    id: str
    zone: str
    kind: str  # public, private, isolated
    cidr: str
    covers: tuple[str, ...] = ()
    change: str = ""


@dataclass(frozen=True)
class Architecture:
    """Everything that is drawn of one environment."""

    name: str
    stack_name: str
    region: str
    vpc: Item | None
    subnets: tuple[Subnet, ...]
    items: Mapping[str, Item]
    arrows: tuple[Arrow, ...]
    spans: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each item in subnets, which ones."""
    inside: Mapping[str, str] = field(default_factory=dict)
    """For each item that is a part of another one, such as an instance of a cluster, that one."""
    gateways: tuple[str, ...] = ()
    """Items of the VPC that are in no subnet."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Items outside the VPC, by the heading that they stand under."""

    @property
    def zones(self) -> tuple[str, ...]:
        """The availability zones, in order."""
        return tuple(sorted({subnet.zone for subnet in self.subnets}))

    @property
    def loose(self) -> tuple[str, ...]:
        """Items that are neither in the VPC nor under a heading: the Internet and what stands before the stack."""
        grouped = (each for group in self.groups.values() for each in group)
        placed = {*self.spans, *self.inside, *self.gateways, *grouped}
        return tuple(each for each in self.items if each not in placed)

    @property
    def covered(self) -> tuple[str, ...]:
        """Every resource that the picture stands for."""
        boxes: list[Item | Subnet] = [*self.items.values(), *self.subnets, *([self.vpc] if self.vpc else [])]
        return tuple(name for box in boxes for name in box.covers)


def marked(item: Item, change: str, facts: tuple[str, ...] | None = None) -> Item:
    """Return an item with what became of it against another environment."""
    return replace(item, change=change, facts=item.facts if facts is None else facts)
