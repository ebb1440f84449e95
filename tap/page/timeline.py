"""Compute when each change of a plan starts and ends, the critical path, and the actual times."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from tap.deploy.models import ChangeSet, StackEvent


@dataclass(frozen=True)
class Bar:
    """One resource on the timeline, in seconds from the start."""

    logical_id: str
    start: float
    seconds: float
    waits_for: tuple[str, ...] = ()
    last: str | None = None
    """The resource that finishes last among those it waits for."""
    critical: bool = False

    @property
    def end(self) -> float:
        """Its end, in seconds from the start."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Actual:
    """The actual result of one resource, in seconds from the first event."""

    start: float
    seconds: float | None  # None if it has not ended
    status: str
    reason: str | None = None


@dataclass(frozen=True)
class Happened:
    """The result of a deployment."""

    outcome: str
    cause: tuple[str, ...] = ()
    """Reasons why it failed, one per line; empty if it succeeded."""
    events: tuple[StackEvent, ...] = ()
    resources: Mapping[str, Actual] = field(default_factory=dict)
    seconds: float = 0.0


def schedule(plan: ChangeSet, seconds: Mapping[str, float], needs: Mapping[str, Collection[str]]) -> list[Bar]:
    """Return the bars of a plan's changes, in order of their start.

    Each begins when all it needs is done, as CloudFormation does it; what is removed goes last, when
    everything else is done, and before what it needs. `needs` is by logical id, before the change for
    what is removed. A circle is cut where it is met.
    """
    removed = {change.logical_id for change in plan.changes if change.action == "Remove"}
    changed = [change.logical_id for change in plan.changes if change.logical_id not in removed]
    bars = _bars({name: (set(needs.get(name, ())) & set(changed)) - {name} for name in changed}, seconds, 0.0)
    users = {name: {other for other in removed - {name} if name in needs.get(other, ())} for name in sorted(removed)}
    end = max((bar.end for bar in bars.values()), default=0.0)
    bars |= _bars(users, seconds, end)
    critical = _critical(bars)
    return sorted((replace(bar, critical=name in critical) for name, bar in bars.items()),
                  key=lambda bar: (bar.start, -bar.seconds, bar.logical_id))


def _bars(needs: Mapping[str, Collection[str]], seconds: Mapping[str, float], begin: float) -> dict[str, Bar]:
    """Return one bar per name. It starts when everything that the resource needs is done."""
    bars: dict[str, Bar] = {}
    for name in _order({name: set(needs[name]) for name in needs}):
        last = max((bars[other] for other in needs[name] if other in bars),
                   key=lambda bar: (bar.end, bar.logical_id), default=None)
        bars[name] = Bar(name, last.end if last else begin, seconds.get(name, 0.0), tuple(sorted(needs[name])),
                         last.logical_id if last else None)
    return bars


def _order(graph: dict[str, set[str]]) -> list[str]:
    while True:
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:  # each is needed by the next
            first, second = error.args[1][:2]
            graph[second].discard(first)


def _critical(bars: Mapping[str, Bar]) -> set[str]:
    """Return the critical path: the names in the chain that determines the end."""
    path: set[str] = set()
    last = max(bars.values(), key=lambda bar: (bar.end, bar.logical_id), default=None)
    while last:
        path.add(last.logical_id)
        before = bars.get(last.last or "")
        if before is None and last.start > 0:  # removals wait for everything else
            before = max((bar for bar in bars.values() if bar.end <= last.start and bar.logical_id not in path),
                         key=lambda bar: (bar.end, bar.logical_id), default=None)
        last = before
    return path


def actual(events: Iterable[StackEvent]) -> tuple[dict[str, Actual], float]:
    """Return the result of each resource and the total seconds, from an operation's events in order."""
    began: dict[str, datetime] = {}
    outcomes: dict[str, Actual] = {}
    first: datetime | None = None
    last = None
    for event in events:
        first = first or event.timestamp
        last = event.timestamp
        if event.is_stack:
            continue
        start = began.setdefault(event.logical_id, event.timestamp)
        ended = not event.status.endswith("_IN_PROGRESS")
        kept = outcomes.get(event.logical_id)
        # A rollback follows a failure, so keep the first failure.
        if kept and kept.status.endswith("FAILED"):
            continue
        outcomes[event.logical_id] = Actual(
            (start - first).total_seconds(), (event.timestamp - start).total_seconds() if ended else None,
            event.status, event.reason)
    return outcomes, (last - first).total_seconds() if first and last else 0.0


def happened(outcome: str, events: Iterable[StackEvent], cause: Iterable[str] = ()) -> Happened:
    """Return the result of a deployment, from its events in order."""
    listed = tuple(events)
    resources, seconds = actual(listed)
    return Happened(outcome, tuple(cause), listed, resources, seconds)
