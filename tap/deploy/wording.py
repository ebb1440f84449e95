"""Wording for changes and durations, shared by terminal, pages and comments."""

from collections import Counter

from tap.deploy.models import ChangeSet, StackEvent

_LONGEST_VALUE = 160
_CONTEXT = 40  # common characters to show before the first difference of two long values


def cut(text: str, longest: int = _LONGEST_VALUE, start: int = 0) -> str:
    """Return a value, from a position on, shortened if necessary, with its length if shortened."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    before, after = "…" if start else "", "…" if len(text) > start + longest else ""
    return f"{before}{text[start:start + longest]}{after} ({len(text):,} characters)"


def cut_both(before: str, after: str) -> tuple[str, str]:
    """Return two values, long ones shortened to start shortly before their first difference."""
    before, after = " ".join(before.split()), " ".join(after.split())
    pairs = zip(before, after, strict=False)
    same = next((index for index, (old, new) in enumerate(pairs) if old != new), min(len(before), len(after)))
    start = max(same - _CONTEXT, 0) if same > _LONGEST_VALUE // 2 else 0
    return cut(before, start=start), cut(after, start=start)


def summary(plan: ChangeSet) -> str:
    """Return the number of changes, such as `5 changes: 3 Add, 1 Modify (1 replaced), 1 Remove`."""
    if not plan.changes:
        return "Only outputs or other parts that are no resources change"
    counts = Counter(change.action for change in plan.changes)
    replaced = sum(change.replacement in ("True", "Conditional") for change in plan.changes)
    parts = [f"{count} {action}" for action, count in counts.items()]
    counted = ", ".join(parts) + (f"; {replaced} will or may be replaced" if replaced else "")
    return f"{number_of_changes(plan)}: {counted}"


def number_of_changes(plan: ChangeSet) -> str:
    """Return `1 change` or `12 changes`."""
    return counted(len(plan.changes), "change")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 error` or `2 errors`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def left_behind_line(event: StackEvent) -> str:
    """Return the line for a resource that is no longer in a stack but could not be deleted."""
    reason = f" ({' '.join(event.reason.split()).rstrip('.')})" if event.reason else ""
    return (f"{event.logical_id} {event.physical_id} ({short(event.resource_type)}) could not be deleted{reason}: it "
            "is no longer part of the stack, and keeps costing. Delete it by hand")


def reason_of(text: str | None) -> str:
    """Return AWS's reason on one line, or `no reason given`."""
    return " ".join((text or "").split()) or "no reason given"


def duration(seconds: float) -> str:
    """Return a duration in readable form: `8.2 s`, `3 min 05 s`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def short(resource_type: str) -> str:
    """Return a resource type without the prefix of all AWS types."""
    return resource_type.removeprefix("AWS::")
