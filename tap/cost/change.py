"""Estimate what a change costs, as shown at the end of `tap plan`."""

from tap.cost import view
from tap.cost.estimate import Estimate, estimate
from tap.cost.prices import read_prices
from tap.cost.use import use_of
from tap.deploy.models import Environment
from tap.template.resolve import Resolved


def estimates(env: Environment, before: Resolved | None, after: Resolved, region: str | None = None) -> tuple[
        Estimate, Estimate | None]:
    """Return the monthly estimates of an environment as planned and, if it exists, as deployed, with the same use.

    Raises InputError for a use that makes no sense.
    """
    prices, use = read_prices(), use_of(env, after.parameters)
    note = view.region_note(region or env.target.region, prices)
    return (estimate(after, prices, use.figures, env.name, note, use.source),
            estimate(before, prices, use.figures, "deployed") if before else None)


def told(now: Estimate, before: Estimate | None) -> str:
    """Return estimates on one line, as `Cost: $87.25 a month, 12.10 more than deployed; not priced: Thing.`"""
    amount = view.difference(now, before) if before else f"${view.usd(now.total)} a month"
    unpriced = sorted({resource for resource, _ in now.unpriced})
    more = f"; not priced: {', '.join(unpriced)}" if unpriced else ""
    return f"Cost: about {amount}{f'; {now.note}' if now.note else ''}{more}. Details: tap cost {now.name}"
