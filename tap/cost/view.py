"""Format an estimate as text and as JSON."""

from typing import Any

from tap.cost.estimate import NOT_COUNTED, Estimate, Row
from tap.cost.prices import ELSEWHERE, Prices

DOUBTFUL = ("others", "unchecked", ELSEWHERE)


def region_note(region: str | None, prices: Prices) -> str:
    """Return a warning if the prices are those of another region."""
    if region in (None, prices.region):
        return ""
    return f"prices are for {prices.region}, but the environment is in {region}"


def usd(amount: float) -> str:
    """Return an amount as `1,234.50`."""
    return f"{amount:,.2f}"


def prices_of(row: Row) -> str:
    """Return the price of a row's unit, as `$0.045`."""
    return f"${row.usd / row.quantity:.8f}".rstrip("0").rstrip(".")


def difference(now: Estimate, before: Estimate) -> str:
    """Return the cost of a change, as `$87.25 a month, 12.10 more than deployed`."""
    by = now.total - before.total
    if abs(by) < 0.005:
        return f"${usd(now.total)} a month, as {before.name}"
    return f"${usd(now.total)} a month, {usd(abs(by))} {'more' if by > 0 else 'less'} than {before.name}"


def as_json(estimate: Estimate, beside: Estimate | None, prices: Prices) -> dict[str, Any]:
    """Return an estimate as a JSON object: `total`, `rows`, and the source of each price."""
    def summary(estimate: Estimate) -> dict[str, Any]:
        return {"name": estimate.name, "total": round(estimate.total, 2), "fixed": round(estimate.fixed, 2),
                "by_use": round(estimate.total - estimate.fixed, 2),
                "tiers": {tier: round(amount, 2) for tier, amount in estimate.tiers().items()},
                "rows": [{**vars(row), "usd": round(row.usd, 4)} for row in estimate.rows],
                "unpriced": [{"resource": name, "reason": why} for name, why in estimate.unpriced]}

    used = {row.price for row in estimate.rows} | {row.price for row in (beside.rows if beside else ())}
    result = {**summary(estimate), "currency": "USD", "region": prices.region, "date": prices.date,
              "assumptions": dict(estimate.assumptions), "not_counted": list(NOT_COUNTED), "note": estimate.note,
              "use": estimate.use,
              "prices": {name: vars(price) for name, price in prices.by_name.items() if name in used}}
    if beside:
        result["beside"] = summary(beside)
        result["difference"] = round(estimate.total - beside.total, 2)
        result["times"] = round(estimate.total / beside.total, 4) if beside.total else None
    return result
