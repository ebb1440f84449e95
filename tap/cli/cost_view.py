"""Print a cost estimate on the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from tap.cli.layout import Table, table_of
from tap.cost.estimate import NOT_COUNTED, Estimate
from tap.cost.prices import Prices
from tap.cost.view import DOUBTFUL, difference, prices_of, usd


def show(out: Console, costs: Estimate, beside: Estimate | None, prices: Prices, *, details: bool) -> None:
    """Print an estimate: rows by tier, totals, resources without a price; with `details`, all assumptions."""
    out.print(_rows(costs, prices))
    out.print()
    out.print(_tiers(costs, beside))
    out.print()
    if beside:
        out.print(_against(costs, beside), soft_wrap=True)
    for estimate in (costs, *([beside] if beside else [])):
        for resource, why in estimate.unpriced:
            out.print(Text(f"not priced, {estimate.name}: {resource}: {why}", "yellow"), soft_wrap=True)
    if costs.note:
        out.print(Text(f"warning: {costs.note}", "yellow"), soft_wrap=True)
    out.print(Text(f"{costs.use[:1].upper()}{costs.use[1:]}.", "dim"), soft_wrap=True)
    if details:
        out.print(Text(f"Not counted: {', '.join(NOT_COUNTED)}.", "dim"))
        out.print(Text(_assumptions(costs), "dim"))
    out.print(Text(_sources(costs, prices, details=details), "dim"))


def _rows(costs: Estimate, prices: Prices) -> Table:
    table = table_of(("Resource", "For", "Fixed", "By use"), unbroken=("Fixed", "By use"), right=("Fixed", "By use"))
    for tier in costs.tiers():
        table.add_row(Text(tier, "bold"))
        rows = [row for row in costs.rows if row.tier == tier]
        for index, row in enumerate(rows):
            name = row.resource if index == 0 or rows[index - 1].resource != row.resource else ""
            amount = usd(row.usd) if row.usd >= 0.005 else "< 0.01"
            what = f"{row.what}: {_count(row.quantity)} at {prices_of(row)} per {prices.by_name[row.price].per}"
            table.add_row(Text(f"  {name}"), Text(what),
                          amount if row.fixed else "", "" if row.fixed else amount)
    return table


def _count(quantity: float) -> str:
    # Three significant digits, without an exponent.
    return f"{quantity:,.0f}" if quantity >= 100 else f"{float(f'{quantity:.3g}'):.9f}".rstrip("0").rstrip(".")


def _tiers(costs: Estimate, beside: Estimate | None) -> Table:
    amounts = [costs.name, *([beside.name, "difference"] if beside else [])]
    table = table_of(("US dollars per month", *amounts), right=amounts)
    others = beside.tiers() if beside else {}
    here = costs.tiers()
    for tier in dict.fromkeys((*here, *others)):
        table.add_row(*_sums(tier, here.get(tier, 0), others.get(tier, 0), beside))
    table.add_row(*_sums("fixed", costs.fixed, beside.fixed if beside else 0, beside), style="dim")
    table.add_row(*_sums("total", costs.total, beside.total if beside else 0, beside), style="bold")
    return table


def _sums(name: str, here: float, there: float, beside: Estimate | None) -> Iterator[str]:
    yield name
    yield usd(here)
    if beside:
        yield usd(there)
        yield f"{round(here - there, 2) + 0:+,.2f}"


def _against(costs: Estimate, beside: Estimate) -> str:
    times = f" ({costs.total / beside.total:.2f} times as much)" if beside.total else ""
    return f"{costs.name}: {difference(costs, beside)}{times}."


def _assumptions(costs: Estimate) -> str:
    values = ", ".join(f"{name} {value:,.10g}" for name, value in costs.assumptions.items())
    return f"Assumed (--assumptions FILE to change): {values}."


def _sources(costs: Estimate, prices: Prices, *, details: bool) -> str:
    used = {row.price for row in costs.rows}
    doubtful = sorted(name for name in used if prices.by_name[name].checked in DOUBTFUL)
    text = (f"On-demand list prices of {prices.region}, table of {prices.date}; no tax, support, discounts or free "
            "tiers.")
    if not details:
        unseen = f", {len(doubtful)} of {len(used)} prices not seen on a page of AWS itself" if doubtful else ""
        return (f"{text} An estimate{unseen}: what is assumed of the use and what is not counted, --details says; "
                "sources are in docs/costs.md and in --json.")
    text += " Sources of every figure: docs/costs.md, or --json."
    return f"{text} Not seen on a page of AWS itself: {', '.join(doubtful)}." if doubtful else text
