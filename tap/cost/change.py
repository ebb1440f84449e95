"""What a change costs: the end of `tap plan`."""

from tap.cost import view
from tap.cost.estimate import Estimate, estimate
from tap.cost.prices import read_assumptions, read_prices
from tap.template.resolve import Resolved


def estimates(environment: str, before: Resolved | None, after: Resolved) -> tuple[Estimate, Estimate | None]:
    """Return what an environment will cost a month, and what it costs as it is deployed, if it is."""
    prices, assumed = read_prices(), read_assumptions(environment)
    return (estimate(after, prices, assumed, environment),
            estimate(before, prices, assumed, "deployed") if before else None)


def cost_line(environment: str, before: Resolved | None, after: Resolved) -> str:
    """Return one line, as `Cost: $87.25 a month, 12.10 more than deployed; not priced: Thing.`"""
    return told(*estimates(environment, before, after))


def told(now: Estimate, before: Estimate | None) -> str:
    """Return estimates on one line, as `cost_line` does."""
    amount = view.difference(now, before) if before else f"${view.usd(now.total)} a month"
    unpriced = sorted({resource for resource, _ in now.unpriced})
    more = f"; not priced: {', '.join(unpriced)}" if unpriced else ""
    return f"Cost: about {amount}{more}. Details: tap cost {now.name}"
