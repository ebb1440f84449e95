"""Estimate the monthly cost of an environment: price its resources one by one, and sum them by tier."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tap.cost.month import Month
from tap.cost.prices import Prices
from tap.cost.resources import FREE, PRICED, TIERS
from tap.template.resolve import Resolved

# Costs that depend on more than the template, and are too small or too variable to estimate.
NOT_COUNTED = (
    "traffic between availability zones", "requests to S3", "images in ECR", "metrics that the application sends",
    "those of each code by which transactions are rejected",
    "the second set of tasks while a deployment shifts traffic", "old material of rotated keys",
    "snapshots that are kept", "restores", "queries of logs", "DNS queries other than for aliases of the stack",
    "what the application calls outside the stack")

FREE_OF_CHARGE = (
    "events of AWS's own services on EventBridge", "Route 53's answers for aliases of AWS resources",
    "seven days of Performance Insights", "delivery of the access logs of ALB, CloudFront and S3", "gateway endpoints",
    "scaling and its schedules", "IAM", "and, as far as is known, public certificates of ACM", "budgets that only tell",
    "plans of AWS Backup", "aliases of keys", "versions and aliases of functions")


@dataclass(frozen=True)
class Row:
    """One line of an estimate: a monthly quantity and its cost in US dollars."""

    tier: str
    resource: str
    what: str
    quantity: float
    price: str  # name in the price table
    usd: float
    fixed: bool  # independent of use


@dataclass(frozen=True)
class Estimate:
    """The monthly cost of an environment."""

    name: str
    rows: tuple[Row, ...]
    unpriced: tuple[tuple[str, str], ...]  # resource, and the reason why it has no price
    assumptions: Mapping[str, float] = field(default_factory=dict)
    note: str = ""  # a remark for readers
    use: str = ""  # source of the assumptions

    @property
    def total(self) -> float:
        """The total in US dollars."""
        return sum(row.usd for row in self.rows)

    @property
    def fixed(self) -> float:
        """The part of the total that does not depend on use."""
        return sum(row.usd for row in self.rows if row.fixed)

    def tiers(self) -> dict[str, float]:
        """Return the total of each tier, in the order of the rows."""
        sums: dict[str, float] = {}
        for row in self.rows:
            sums[row.tier] = sums.get(row.tier, 0.0) + row.usd
        return sums


def estimate(resolved: Resolved, prices: Prices, assumed: Mapping[str, float], name: str, note: str = "",
             use: str = "") -> Estimate:
    """Return the monthly cost of the resources. Resources without a price are listed in `unpriced`."""
    month = Month(resolved, prices, assumed)
    rows: list[Row] = []
    unpriced: list[tuple[str, str]] = []
    for title, entry in resolved.resources.items():
        kind = str(entry["Type"])
        if kind in FREE or kind.startswith("AWS::IAM::"):
            continue
        if kind not in PRICED:
            unpriced.append((title, f"{kind} is not in the price table"))
            continue
        try:
            lines = list(PRICED[kind](entry.get("Properties", {}), replace(month, title=title)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            unpriced.append((title, f"{kind} is not as expected: {error}"))
            continue
        for line in lines:
            if line.price not in prices.by_name:
                unpriced.append((title, f"{line.what}: {line.price} is not in the price table"))
            elif line.quantity:
                rows.append(Row(TIERS.get(kind, "Other"), title, line.what, line.quantity, line.price,
                                line.quantity * prices.by_name[line.price].usd, line.fixed))
    order = list(dict.fromkeys(TIERS.values()))
    rows.sort(key=lambda row: order.index(row.tier))
    return Estimate(name, tuple(rows), tuple(unpriced), dict(assumed), note, use)
