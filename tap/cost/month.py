"""What the pricing of a resource works with: a stack for a month, the prices, and what is assumed of its use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tap.cost.prices import Prices
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
        """The hours of a month for which tasks run: fewer where a schedule stops all of them."""
        sleeps = any(str(action.get("ScalableTargetAction", {}).get("MaxCapacity")) == "0"
                     for target in self.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
                     for action in target.get("ScheduledActions", []))
        awake = self.assumed["awake_hours_per_day"] * self.assumed["active_days_per_month"]
        return min(self.hours, awake) if sleeps else self.hours

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
