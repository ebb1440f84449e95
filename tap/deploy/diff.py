"""Compare two templates in one environment, to supplement CloudFormation's change set."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.models import ChangeSet
from tap.template.resolve import Reference, Resolved, Text

ABSENT = object()
ATTRIBUTES = ("Type", "Properties", "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy",
               "UpdatePolicy", "Value", "Export")


@dataclass(frozen=True)
class Difference:
    """A value that differs; ABSENT stands for a missing one."""

    path: tuple[str, ...]  # section, logical id or name, and the path below it
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """Return the path in a resource or output, such as `Properties.Rules.0.Action`."""
        return ".".join(self.path[2:])

    @property
    def swaps_empty_maps(self) -> bool:
        """Return whether one empty map replaces another, as Block: {} replaces Allow: {}."""
        return isinstance(self.after, Mapping) and isinstance(self.before, Mapping) and (
            {key for key, value in self.before.items() if value == {}}
            != {key for key, value in self.after.items() if value == {}})


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield the differences between two values, descending as long as both have the same shape."""
    if isinstance(before, Mapping) and isinstance(after, Mapping) and not _is_choice(before, after):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, str(key)))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, str(index)))
    elif before is not after and before != after:
        yield Difference(path, before, after)


def _is_choice(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return len(before) == 1 == len(after) and {} in before.values() and {} in after.values()


def compare(before: Resolved, after: Resolved) -> list[Difference]:
    """Return the differences between two resolved templates' resources and outputs."""
    result: list[Difference] = []
    for section in ("resources", "outputs"):
        old, new = ({title: {key: entry[key] for key in ATTRIBUTES if key in entry}
                     for title, entry in getattr(resolved, section).items()} for resolved in (before, after))
        result += differences(old, new, (section,)) if old != new else ()
    return result


def unlisted(all_differences: list[Difference], plan: ChangeSet) -> list[str]:
    """Return a line for each difference that CloudFormation's change set does not show.

    It does not list outputs, and does not distinguish empty maps in a property, such as Allow: {} and Block: {} in a
    web ACL's rule.
    """
    listed = {change.logical_id for change in plan.changes}
    modified = {change.logical_id for change in plan.changes if change.action == "Modify"}
    lines = []
    for difference in all_differences:
        section, title = difference.path[:2]
        line = f"{title}{_named(difference)}: {shown(difference.before)} → {shown(difference.after)}"
        if section == "outputs":
            lines.append(f"output {line}")
        elif title not in listed:
            lines.append(f"{line}, which CloudFormation's change set does not list")
        elif title in modified and difference.swaps_empty_maps:
            lines.append(f"{line}, between which CloudFormation sees no difference")
    return lines


def _named(difference: Difference) -> str:
    return f" {difference.name.removeprefix('Properties.')}" if difference.name else ""


def shown(value: Any) -> str:
    """Return a value on one line: text as is, references as in Fn::Sub, anything else as JSON."""
    if value is ABSENT:
        return "(none)"
    return value if isinstance(value, str) else json.dumps(value, default=_plain, separators=(", ", ": "))


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, Reference | Text) else repr(value)
