"""Render a plan for the terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tap.cli.layout import Table, table_of
from tap.deploy.guard import Grade
from tap.deploy.plan import ParameterValue, Plan
from tap.deploy.plan_text import Row, remarks, rows, total
from tap.deploy.wording import cut, cut_both

GRADE_STYLES = {Grade.SAFE: "green", Grade.DISRUPTIVE: "yellow", Grade.DESTRUCTIVE: "bold red",
                Grade.WILL_FAIL: "bold red"}


def plan_table(plan: Plan) -> Table:
    """Return a plan's changes, worst first; those of a new stack have no verdict."""
    table = Table(unbroken=[0])
    for row in rows(plan):
        style = "green" if plan.change_set.type == "CREATE" else GRADE_STYLES[row.verdict.grade]
        table.add_row(Text(row.changes[0].action, style), Text("\n").join(_lines(plan, row)))
    return table


def _lines(plan: Plan, row: Row) -> Iterator[Text]:
    yield Text.assemble((", ".join(change.logical_id for change in row.changes), "bold"), f"  {row.what}")
    if plan.change_set.type != "CREATE":
        yield Text(f"{row.verdict.grade}: {row.verdict.reason}", GRADE_STYLES[row.verdict.grade])
    for path, before, after, cause in row.properties:
        old, new = cut_both(before, after)
        values = f": {old or '(none)'} → {new or '(none)'}" if before or after else ""
        yield Text(f"{path}{values}{f' ({cause})' if cause else ''}")


def parameter_table(plan: Plan) -> Table:
    """Return the parameters that differ from their defaults or change to them, each with its value and source."""
    return table_of(("Parameter", "Value", "From"), [
        (parameter.name, cut(parameter.value) + _more(" = ", parameter.resolved),
         parameter.source + _more(", stack has ", parameter.deployed))
        for parameter in plan.parameters if not _is_plain(parameter)], unbroken=("Parameter",))


def _more(words: str, value: str | None) -> str:
    return "" if value is None else f"{words}{cut(value) or '(empty)'}"


def _is_plain(parameter: ParameterValue) -> bool:
    return parameter.source == "default" and parameter.resolved is None and parameter.deployed is None


def render_plan(plan: Plan, *, parameters: bool = False) -> RenderableType:
    """Return a whole plan: parameters if requested, changes, remarks and summary."""
    parts: list[RenderableType] = []
    if parameters and plan.parameters:
        defaults = sum(map(_is_plain, plan.parameters))
        parts += [parameter_table(plan), Text(f"{defaults} more have their default values.\n" if defaults else "")]
    if plan.change_set.changes:
        parts += [plan_table(plan), ""]
    parts += [Text(line, style) for line, style in remarks(plan)]
    parts.append(Text(total(plan)))
    return Group(*parts)


def side_by_side(plans: Sequence[Plan]) -> Table:
    """Return one row for each environment's plan."""
    return table_of(("Environment", "Stack", "Changes", "Verdict"), [
        (plan.env.name, plan.env.stack_name, _counted(plan), Text(str(plan.grade), GRADE_STYLES[plan.grade]))
        for plan in plans])


def _counted(plan: Plan) -> str:
    if plan.change_set.empty:
        return "none"
    counts = Counter(change.action for change in plan.change_set.changes)
    return ", ".join(f"{count} {action}" for action, count in counts.items()) or "outputs only"
