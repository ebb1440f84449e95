"""Render a plan as JSON, as a pull request comment, and as the lines that all views share."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tap.deploy.guard import Grade, Verdict
from tap.deploy.models import Change
from tap.deploy.plan import Plan, PropertyChange, property_changes
from tap.deploy.wording import cut, cut_both, number_of_changes, short, summary

# https://docs.github.com/en/rest/issues/comments: the maximum length of a body.
MARKDOWN_LIMIT = 65_536
_MOST_NAMES = 25  # in one row


def remarks(plan: Plan) -> list[tuple[str, str]]:
    """Return the remarks on a plan besides its changes, each a line and its style."""
    lines = [(f"warning: {warning}", "yellow") for warning in plan.warnings]
    lines += [(f"warning: the new stack policy would allow {action}, which the stack's own denies", "yellow")
              for action in plan.loosened]
    lines += [(f"variable {name}: {_value(before)} → {_value(after)}", "") for name, before, after in plan.variables]
    return lines + [(f"the stack policy does not allow {action}: the update would fail", "bold red")
                    for action in plan.denied]


def _value(value: str | None) -> str:
    return "(none)" if value is None else cut(value) or "(empty)"


class Row(NamedTuple):
    """Changes that differ only in their logical ids."""

    changes: tuple[Change, ...]
    verdict: Verdict
    properties: tuple[PropertyChange, ...]

    @property
    def what(self) -> str:
        """Return the resources' type, their number if there are several, and whether they have drifted."""
        kind, drift = short(self.changes[0].resource_type), self.changes[0].drift
        number = f" ({len(self.changes)})" if len(self.changes) > 1 else ""
        return f"{kind}{number}{f', drifted: {drift.lower()}' if drift in ('MODIFIED', 'DELETED') else ''}"


def rows(plan: Plan) -> list[Row]:
    """Return a plan's changes, worst first; changes that differ only in their logical ids share a row."""
    groups: dict[Any, list[Change]] = {}
    for change in plan.change_set.changes:
        verdict, properties = plan.verdicts[change.logical_id], tuple(property_changes(plan, change))
        groups.setdefault((verdict, properties, change.action, change.resource_type, change.drift), []).append(change)
    return [Row(batch, verdict, properties)
            for (verdict, properties, *_), changes in sorted(groups.items(), key=lambda item: -item[0][0].grade)
            for batch in _batches(changes)]


def _batches(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    for start in range(0, len(changes), _MOST_NAMES):
        yield tuple(changes[start:start + _MOST_NAMES])


def total(plan: Plan) -> str:
    """Return the summary of a plan: `5 changes: 3 Add, 2 Modify; 1 destructive.`"""
    if plan.change_set.empty:
        return "No changes."
    counts = Counter(verdict.grade for verdict in plan.verdicts.values())
    bad = [f"{counts[grade]} {grade}" for grade in sorted(Grade, reverse=True) if grade and counts[grade]]
    return f"{summary(plan.change_set)}{'; ' if bad else ''}{', '.join(bad)}."


def as_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as a JSON value, without secrets."""
    return {
        "environment": plan.env.name, "stack": plan.env.stack_name, "region": plan.region,
        "type": plan.change_set.type, "change_set": plan.change_set.id, "empty": plan.change_set.empty,
        "verdict": str(plan.grade), "needs_approval": list(plan.needs_approval),
        "changes": [{
            "action": change.action, "logical_id": change.logical_id,
            "physical_id": change.physical_id and plan.env.masked(change.physical_id),
            "type": change.resource_type, "replacement": change.replacement, "policy_action": change.policy_action,
            "scope": list(change.scope), "drift": change.drift, "verdict": str(plan.verdicts[change.logical_id].grade),
            "reason": plan.verdicts[change.logical_id].reason,
            "properties": [{"path": path, "before": before, "after": after, "cause": cause}
                           for path, before, after, cause in property_changes(plan, change)],
        } for change in plan.change_set.changes],
        "variables": [{"name": name, "before": before, "after": after} for name, before, after in plan.variables],
        "parameters": [vars(parameter) for parameter in plan.parameters],
        "warnings": list(plan.warnings), "policy_allows_more": list(plan.loosened),
        "policy_denies": list(plan.denied)}


def markdown(plans: Sequence[Plan], limit: int = MARKDOWN_LIMIT) -> str:
    """Return plans as a pull request comment; changes beyond `limit` characters are only counted."""
    share = limit // len(plans)
    return "\n\n".join(_markdown(plan, share - 2) for plan in plans) + "\n"


def _markdown(plan: Plan, limit: int) -> str:
    head = [f"### `{plan.env.stack_name}` ({plan.env.name}): {number_of_changes(plan.change_set)}, {plan.grade}", ""]
    head += [f"> {_cell(line)}" for line, _ in remarks(plan)]
    head += [f"> To apply: `--approve {','.join(plan.needs_approval)}`"] if plan.needs_approval else []
    if plan.change_set.empty:
        return _cut_rows([*head, "No changes."], [], limit)
    head += ["", "| action | resource | verdict | what changes |", "|---|---|---|---|"]
    return _cut_rows(head, rows(plan), limit)


def _cut_rows(head: Sequence[str], rows: Sequence[Row], limit: int) -> str:
    """Return lines and rows as text of up to `limit` characters, with the number of omitted changes."""
    text = "\n".join(head)[:limit - 40]
    left = sum(len(row.changes) for row in rows)
    for row in rows:
        line, rest = _row(row), f"\n\n… and {left} more changes."
        if len(text) + len(line) + 1 + len(rest) > limit:
            return text + rest
        text += f"\n{line}"
        left -= len(row.changes)
    return text


def deploy_command(plan: Plan, save: Path | None = None) -> str:
    """Return the command that applies a plan, or a saved plan, with all options that it was created with.

    Secrets are left out: `secret_overrides` names them.
    """
    overrides = "".join(f" --parameter {shlex.quote(f'{parameter.name}={parameter.value}')}"
                        for parameter in plan.parameters
                        if parameter.source == "override" and parameter.name not in plan.env.values.secrets)
    approve = f" --approve {','.join(plan.needs_approval)}" if plan.needs_approval else ""
    saved = f" --plan {shlex.quote(str(save))}" if save else " --drift" if plan.env.options.drift else ""
    saved += " --import-existing" if plan.env.options.import_existing and not save else ""
    saved += f" --keep {shlex.quote(','.join(sorted(plan.env.options.keep)))}" if plan.env.options.keep else ""
    return f"{plan.env.command('deploy')}{saved}{overrides}{approve}"


def secret_overrides(plan: Plan) -> list[str]:
    """Return the names of secret parameters from the command line, which must be repeated to apply the plan."""
    return sorted(plan.env.values.overridden & plan.env.values.secrets)


def _row(row: Row) -> str:
    verdict = row.verdict
    marks = {Grade.SAFE: "", Grade.DISRUPTIVE: "⚠️ ", Grade.DESTRUCTIVE: "⛔ ", Grade.WILL_FAIL: "⛔ "}
    changes = "<br>".join(_cell(f"{path}: {' → '.join(cut_both(before, after))}" if before or after else path)
                          for path, before, after, _ in row.properties)
    names = ", ".join(f"`{change.logical_id}`" for change in row.changes)
    return (f"| {row.changes[0].action} | {names} {row.what} "
            f"| {marks[verdict.grade]}{verdict.grade}: {_cell(verdict.reason)} | {changes} |")


def _cell(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("`", "&#96;"),
                              ("@", "&#64;"), ("\n", " ")):
        text = text.replace(character, entity)
    return text
