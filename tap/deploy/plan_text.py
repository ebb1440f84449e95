"""A plan as text: JSON, a pull request's comment, and the lines that every view shares."""

import json
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tap.deploy.guard import Grade
from tap.deploy.models import Change
from tap.deploy.plan import Plan, property_changes
from tap.deploy.wording import number_of_changes, short, summary

# https://docs.github.com/en/rest/issues/comments: the longest body that is taken.
MARKDOWN_LIMIT = 65_536
_LONGEST_VALUE = 160


def cut(text: str, longest: int = _LONGEST_VALUE) -> str:
    """Return a value short enough to read, with its length where something is left out."""
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def remarks(plan: Plan) -> list[tuple[str, str]]:
    """Return what to know beside the changes: a line and its style each."""
    lines = [(f"warning: {warning}", "yellow") for warning in plan.warnings]
    lines += [(f"warning: the new stack policy would allow {action}, which the stack's own denies", "yellow")
              for action in plan.loosened]
    lines += [(f"variable {name}: {_value(before)} → {_value(after)}", "") for name, before, after in plan.variables]
    return lines + [(f"the stack policy does not allow {action}: the update would fail", "bold red")
                    for action in plan.denied]


def _value(value: str | None) -> str:
    return "(none)" if value is None else cut(value) or "(empty)"


def total(plan: Plan) -> str:
    """Return the sum of a plan: `5 changes: 3 Add, 2 Modify; 1 destructive.`"""
    if plan.change_set.empty:
        return "No changes."
    counts = Counter(verdict.grade for verdict in plan.verdicts.values())
    bad = [f"{counts[grade]} {grade}" for grade in sorted(Grade, reverse=True) if grade and counts[grade]]
    return f"{summary(plan.change_set)}{'; ' if bad else ''}{', '.join(bad)}."


def as_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON has it; no secret is in it."""
    return {
        "environment": plan.env.name, "stack": plan.env.stack_name, "region": plan.env.target.region,
        "type": plan.change_set.type, "change_set": plan.change_set.id, "empty": plan.change_set.empty,
        "verdict": str(plan.grade), "needs_approval": list(plan.needs_approval),
        "changes": [{
            "action": change.action, "logical_id": change.logical_id,
            "physical_id": change.physical_id and plan.env.masked(change.physical_id),
            "type": change.resource_type, "replacement": change.replacement, "policy_action": change.policy_action,
            "scope": list(change.scope), "verdict": str(plan.verdicts[change.logical_id].grade),
            "reason": plan.verdicts[change.logical_id].reason,
            "properties": [{"path": path, "before": before, "after": after, "cause": cause}
                           for path, before, after, cause in property_changes(plan, change)],
        } for change in plan.change_set.changes],
        "variables": [{"name": name, "before": before, "after": after} for name, before, after in plan.variables],
        "parameters": [vars(parameter) for parameter in plan.parameters],
        "warnings": list(plan.warnings), "policy_allows_more": list(plan.loosened),
        "policy_denies": list(plan.denied)}


def json_text(plans: Sequence[Plan]) -> str:
    """Return one plan as an object, several as a list."""
    objects = [as_json(plan) for plan in plans]
    return json.dumps(objects[0] if len(objects) == 1 else objects, indent=1)


def markdown(plans: Sequence[Plan], limit: int = MARKDOWN_LIMIT) -> str:
    """Return plans as a comment of a pull request; what does not fit in `limit` characters is counted."""
    share = limit // len(plans)
    return "\n\n".join(_markdown(plan, share - 2) for plan in plans) + "\n"


def _markdown(plan: Plan, limit: int) -> str:
    head = [f"### `{plan.env.stack_name}` ({plan.env.name}): {number_of_changes(plan.change_set)}, {plan.grade}", ""]
    head += [f"> {_cell(line)}" for line, _ in remarks(plan)]
    head += [f"> To apply: `--approve {','.join(plan.needs_approval)}`"] if plan.needs_approval else []
    if plan.change_set.empty:
        return cut_lines([*head, "No changes."], [], limit)
    head += ["", "| action | resource | verdict | what changes |", "|---|---|---|---|"]
    rows = [_row(plan, change) for change in sorted(
        plan.change_set.changes, key=lambda change: -plan.verdicts[change.logical_id].grade)]
    return cut_lines(head, rows, limit)


def cut_lines(head: Sequence[str], rows: Sequence[str], limit: int) -> str:
    """Return lines as text of at most `limit` characters, with the number of rows that are left out."""
    text = "\n".join(head)[:limit - 40]
    for index, row in enumerate(rows):
        rest = f"\n\n… and {len(rows) - index} more changes."
        if len(text) + len(row) + 1 + len(rest) > limit:
            return text + rest
        text += f"\n{row}"
    return text


def deploy_command(plan: Plan, save: Path | None = None) -> str:
    """Return the line that applies a plan, or the one saved in a file, with all that was given beside the file.

    All but secrets, which `secret_overrides` names.
    """
    overrides = "".join(f" --parameter {shlex.quote(f'{parameter.name}={parameter.value}')}"
                        for parameter in plan.parameters
                        if parameter.source == "override" and parameter.name not in plan.env.values.secrets)
    approve = f" --approve {','.join(plan.needs_approval)}" if plan.needs_approval else ""
    saved = f" --plan {shlex.quote(str(save))}" if save else ""
    return f"{plan.env.command('deploy')}{saved}{overrides}{approve}"


def secret_overrides(plan: Plan) -> list[str]:
    """Return the names of the secret parameters that were given beside the file, and must be given again to apply."""
    return sorted(plan.env.values.overridden & plan.env.values.secrets)


def _row(plan: Plan, change: Change) -> str:
    verdict = plan.verdicts[change.logical_id]
    marks = {Grade.SAFE: "", Grade.DISRUPTIVE: "⚠️ ", Grade.DESTRUCTIVE: "⛔ ", Grade.WILL_FAIL: "⛔ "}
    changes = "<br>".join(_cell(f"{path}: {cut(before)} → {cut(after)}" if before or after else path)
                          for path, before, after, _ in property_changes(plan, change))
    return (f"| {change.action} | `{change.logical_id}` {short(change.resource_type)} "
            f"| {marks[verdict.grade]}{verdict.grade}: {_cell(verdict.reason)} | {changes} |")


def _cell(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("`", "&#96;"),
                              ("@", "&#64;"), ("\n", " ")):
        text = text.replace(character, entity)
    return text
