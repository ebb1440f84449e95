"""What the pricing of a resource works with: a stack for a month, the prices, and what is assumed of its use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tap.cost.prices import Prices
from tap.cost.schedule import awake_share
from tap.template.resolve import Resolved, references

KB_PER_GB = 1024 * 1024


@dataclass(frozen=True)
class Month:
    """What the pricing of a resource works with: the stack, the prices, and what is assumed of a month."""

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
        """The hours of a month for which tasks of some service run: fewer where schedules stop all of them."""
        services = self.of_type("AWS::ECS::Service") or {"": {}}
        return max(self.hours_of(service) for service in services)

    def hours_of(self, service: str) -> float:
        """Return the hours of a month for which tasks of a service run."""
        share = 1.0
        for target in self.scaling_of(service):
            actions = {str(action.get("ScalableTargetAction", {}).get("MaxCapacity")) == "0": str(action["Schedule"])
                       for action in target.get("ScheduledActions", [])}
            if actions.keys() == {True, False}:
                share = min(share, awake_share(sleep=actions[True], wake=actions[False]))
        return self.hours * share

    def scaling_of(self, service: str) -> list[Mapping[str, Any]]:
        """Return the scalable targets of a service; one that refers to no service is everybody's."""
        targets = self.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
        return [target for target in targets if not (
            named := self.referred(target.get("ResourceId"), "AWS::ECS::Service")) or service in named]

    def of_type(self, *types: str) -> dict[str, Mapping[str, Any]]:
        """Return the properties of the resources of these types, by logical id."""
        return {name: entry.get("Properties", {}) for name, entry in self.resolved.resources.items()
                if entry["Type"] in types}

    def referred(self, value: Any, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the resources of a type that a value refers to."""
        names = {each.logical_id for each in references(value)}
        return {name: found for name, found in self.of_type(kind).items() if name in names}

    def share(self, kind: str) -> float:
        """Return which part of the use falls to each resource of a type."""
        return 1 / max(1, len(self.of_type(kind)))


class Line(NamedTuple):
    """One item on the bill of a resource."""

    what: str
    quantity: float
    price: str
    """Its name in the price table."""
    fixed: bool
    """Whether it costs the same however much it is used."""


def fixed(what: str, quantity: float, price: str) -> Line:
    """Return an item that does not depend on use."""
    return Line(what, quantity, price, fixed=True)


def by_use(what: str, quantity: float, price: str) -> Line:
    """Return an item that depends on use."""
    return Line(what, quantity, price, fixed=False)


Pricing = Callable[[Mapping[str, Any], Month], Iterator[Line]]
