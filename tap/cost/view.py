"""An estimate as the terminal and JSON have it."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tap.cost.estimate import NOT_COUNTED, Estimate, Row
from tap.cost.prices import Prices

_DOUBTFUL = ("others", "unchecked")


def region_note(region: str | None, prices: Prices) -> str:
    """Return what to know where prices of one region stand for another's."""
    if region in (None, prices.region):
        return ""
    return f"prices are those of {prices.region}; the environment is in {region}"


def usd(amount: float) -> str:
    """Return an amount as `1,234.50`."""
    return f"{amount:,.2f}"


def difference(now: Estimate, before: Estimate) -> str:
    """Return what a change costs, as `$87.25 a month, 12.10 more than deployed`."""
    by = now.total - before.total
    if abs(by) < 0.005:
        return f"${usd(now.total)} a month, as {before.name}"
    return f"${usd(now.total)} a month, {usd(abs(by))} {'more' if by > 0 else 'less'} than {before.name}"


def show(out: Console, found: Estimate, beside: Estimate | None, prices: Prices, *, details: bool) -> None:
    """Print an estimate: rows by tier, sums, what has no price; and, as `details`, what it rests upon, in full."""
    out.print(_rows(found, prices))
    out.print()
    out.print(_tiers(found, beside))
    out.print()
    if beside:
        out.print(_against(found, beside), soft_wrap=True)
    for estimate in (found, *([beside] if beside else [])):
        for resource, why in estimate.unpriced:
            out.print(Text(f"not priced, {estimate.name}: {resource}: {why}", "yellow"), soft_wrap=True)
    if found.note:
        out.print(Text(f"warning: {found.note}", "yellow"), soft_wrap=True)
    if details:
        out.print(Text(f"Not counted: {', '.join(NOT_COUNTED)}.", "dim"))
        out.print(Text(_assumptions(found), "dim"))
    out.print(Text(_sources(found, prices, details=details), "dim"))


def _rows(found: Estimate, prices: Prices) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Resource", overflow="fold")
    table.add_column("For", overflow="fold")
    table.add_column("Fixed", justify="right", no_wrap=True)
    table.add_column("By use", justify="right", no_wrap=True)
    for tier in found.tiers():
        table.add_row(Text(tier, "bold"))
        rows = [row for row in found.rows if row.tier == tier]
        for place, row in enumerate(rows):
            name = row.resource if place == 0 or rows[place - 1].resource != row.resource else ""
            amount = usd(row.usd) if row.usd >= 0.005 else "< 0.01"
            what = f"{row.what}: {_count(row.quantity)} at {prices_of(row)} per {prices.by_name[row.price].per}"
            table.add_row(Text(f"  {name}"), Text(what),
                          amount if row.fixed else "", "" if row.fixed else amount)
    return table


def _count(quantity: float) -> str:
    # Three figures, without an exponent.
    return f"{quantity:,.0f}" if quantity >= 100 else f"{float(f'{quantity:.3g}'):.9f}".rstrip("0").rstrip(".")


def prices_of(row: Row) -> str:
    """Return the price of a row's unit, as `$0.045`."""
    return f"${row.usd / row.quantity:.8f}".rstrip("0").rstrip(".")


def _tiers(found: Estimate, beside: Estimate | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("A month, US dollars")
    table.add_column(found.name, justify="right")
    others = beside.tiers() if beside else {}
    if beside:
        table.add_column(beside.name, justify="right")
        table.add_column("difference", justify="right")
    here = found.tiers()
    for tier in dict.fromkeys((*here, *others)):
        table.add_row(*_sums(tier, here.get(tier, 0), others.get(tier, 0), beside))
    table.add_row(*_sums("fixed", found.fixed, beside.fixed if beside else 0, beside), style="dim")
    table.add_row(*_sums("total", found.total, beside.total if beside else 0, beside), style="bold")
    return table


def _sums(name: str, here: float, there: float, beside: Estimate | None) -> Iterator[str]:
    yield name
    yield usd(here)
    if beside:
        yield usd(there)
        yield f"{round(here - there, 2) + 0:+,.2f}"


def _against(found: Estimate, beside: Estimate) -> str:
    times = f" ({found.total / beside.total:.2f} times as much)" if beside.total else ""
    return f"{found.name}: {difference(found, beside)}{times}."


def _assumptions(found: Estimate) -> str:
    told = ", ".join(f"{name} {value:,.10g}" for name, value in found.assumptions.items())
    return f"Assumed (--assumptions FILE to change): {told}."


def _sources(found: Estimate, prices: Prices, *, details: bool) -> str:
    used = {row.price for row in found.rows}
    doubtful = sorted(name for name in used if prices.by_name[name].checked in _DOUBTFUL)
    text = (f"On-demand list prices of {prices.region}, table of {prices.date}; no tax, support, discounts or free "
            "tiers.")
    if not details:
        unseen = f", {len(doubtful)} of {len(used)} prices not seen on a page of AWS itself" if doubtful else ""
        return (f"{text} An estimate{unseen}: what is assumed of the use and what is not counted, --details says; "
                "sources are in docs/costs.md and in --json.")
    text += " Sources of every figure: docs/costs.md, or --json."
    return f"{text} Not seen on a page of AWS itself: {', '.join(doubtful)}." if doubtful else text


def as_json(found: Estimate, beside: Estimate | None, prices: Prices) -> dict[str, Any]:
    """Return an estimate as JSON has it: `total`, `rows`, and where each price is from."""
    def told(estimate: Estimate) -> dict[str, Any]:
        return {"name": estimate.name, "total": round(estimate.total, 2), "fixed": round(estimate.fixed, 2),
                "by_use": round(estimate.total - estimate.fixed, 2),
                "tiers": {tier: round(amount, 2) for tier, amount in estimate.tiers().items()},
                "rows": [{**vars(row), "usd": round(row.usd, 4)} for row in estimate.rows],
                "unpriced": [{"resource": name, "reason": why} for name, why in estimate.unpriced]}

    used = {row.price for row in found.rows} | {row.price for row in (beside.rows if beside else ())}
    result = {**told(found), "currency": "USD", "region": prices.region, "date": prices.date,
              "assumptions": dict(found.assumptions), "not_counted": list(NOT_COUNTED), "note": found.note,
              "prices": {name: vars(price) for name, price in prices.by_name.items() if name in used}}
    if beside:
        result["beside"] = told(beside)
        result["difference"] = round(found.total - beside.total, 2)
        result["times"] = round(found.total / beside.total, 4) if beside.total else None
    return result
