"""The input for pricing a resource: a stack, the prices, and a month of assumed use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tap.cost.prices import Prices
from tap.cost.schedule import awake_share
from tap.template.resolve import Resolved, references

KB_PER_GB = 1024 * 1024


@dataclass(frozen=True)
class Month:
    """The input for pricing a resource: the stack, the prices, and a month of assumed use."""

    resolved: Resolved
    prices: Prices
    assumed: Mapping[str, float]
    title: str = ""
    """The logical id of the resource that is being priced."""

    @property
    def hours(self) -> float:
        """The hours of a month."""
        return self.assumed["hours_per_month"]

    @property
    def active_hours(self) -> float:
        """The hours of a month in which somebody uses the environment."""
        return min(self.hours, self.assumed["active_hours_per_day"] * self.assumed["active_days_per_month"])

    @property
    def task_hours(self) -> float:
        """Hours per month in which tasks of at least one service run; schedules may stop all of them."""
        services = self.of_type("AWS::ECS::Service") or {"": {}}
        return max(self.hours_of(service) for service in services)

    def hours_of(self, service: str) -> float:
        """Return the hours per month in which tasks of a service run."""
        share = 1.0
        for target in self.scaling_of(service):
            actions = {str(action.get("ScalableTargetAction", {}).get("MaxCapacity")) == "0": str(action["Schedule"])
                       for action in target.get("ScheduledActions", [])}
            if actions.keys() == {True, False}:
                share = min(share, awake_share(sleep=actions[True], wake=actions[False]))
        return self.hours * share

    def scaling_of(self, service: str) -> list[Mapping[str, Any]]:
        """Return the scalable targets of a service; a target that refers to no service counts for all of them."""
        targets = self.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
        return [target for target in targets if not (
            named := self.referred(target.get("ResourceId"), "AWS::ECS::Service")) or service in named]

    def of_type(self, *types: str) -> dict[str, Mapping[str, Any]]:
        """Return the properties of all resources of the given types, by logical id."""
        return {name: entry.get("Properties", {}) for name, entry in self.resolved.resources.items()
                if entry["Type"] in types}

    def referred(self, value: Any, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the properties of the resources of a type that a value refers to, by logical id."""
        names = {reference.logical_id for reference in references(value)}
        return {name: properties for name, properties in self.of_type(kind).items() if name in names}

    def share(self, kind: str) -> float:
        """Return the share of the use for each resource of a type."""
        return 1 / max(1, len(self.of_type(kind)))


class Line(NamedTuple):
    """One item on a resource's bill."""

    what: str
    quantity: float
    price: str
    """The name in the price table."""
    fixed: bool
    """Whether the cost is independent of use."""


def fixed(what: str, quantity: float, price: str) -> Line:
    """Return an item that is independent of use."""
    return Line(what, quantity, price, fixed=True)


def by_use(what: str, quantity: float, price: str) -> Line:
    """Return an item that depends on use."""
    return Line(what, quantity, price, fixed=False)


Pricing = Callable[[Mapping[str, Any], Month], Iterator[Line]]
