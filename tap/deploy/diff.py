"""What differs between two templates in one environment: our own look, beside CloudFormation's change set."""

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
    """One value that differs; ABSENT where there is none."""

    path: tuple[str, ...]  # section, logical id or name, and further
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """The path in a resource or output, as `Properties.Rules.0.Action`."""
        return ".".join(self.path[2:])

    @property
    def swaps_empty_maps(self) -> bool:
        """Whether one empty map takes another's place, as Block: {} that of Allow: {}."""
        return isinstance(self.after, Mapping) and isinstance(self.before, Mapping) and (
            {key for key, value in self.before.items() if value == {}}
            != {key for key, value in self.after.items() if value == {}})


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield what differs between two values, as deep as both have the same shape."""
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
    """Return what differs between two templates' resources and outputs, each as it comes to with its parameters."""
    result: list[Difference] = []
    for section in ("resources", "outputs"):
        old, new = ({title: {key: entry[key] for key in ATTRIBUTES if key in entry}
                     for title, entry in getattr(resolved, section).items()} for resolved in (before, after))
        result += differences(old, new, (section,)) if old != new else ()
    return result


def unlisted(all_differences: list[Difference], plan: ChangeSet) -> list[str]:
    """Return a line for each difference that CloudFormation's change set does not show.

    It lists no outputs, and takes one empty map in a property, such as the Allow: {} of a web ACL's rule,
    for another, such as Block: {}.
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
    """Return a value on one line: text as it is, anything else as JSON; references as Fn::Sub writes them."""
    if value is ABSENT:
        return "(none)"
    return value if isinstance(value, str) else json.dumps(value, default=_plain, separators=(", ", ": "))


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, Reference | Text) else repr(value)
