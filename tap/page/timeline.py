"""When each change of a plan begins and ends, what the whole waits for, and what really happened."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from tap.deploy.models import ChangeSet, StackEvent


@dataclass(frozen=True)
class Bar:
    """One resource on the timeline; seconds from the beginning."""

    logical_id: str
    start: float
    seconds: float
    waits_for: tuple[str, ...] = ()
    last: str | None = None
    """What it waits for the longest."""
    critical: bool = False

    @property
    def end(self) -> float:
        """When it is done."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Actual:
    """What became of one resource; seconds from the first event."""

    start: float
    seconds: float | None  # None while, or since, it never ended
    status: str
    reason: str | None = None


@dataclass(frozen=True)
class Happened:
    """How a deployment went."""

    outcome: str
    cause: tuple[str, ...] = ()
    """Why it failed, a line each; empty where it did not."""
    events: tuple[StackEvent, ...] = ()
    resources: Mapping[str, Actual] = field(default_factory=dict)
    seconds: float = 0.0


def schedule(plan: ChangeSet, seconds: Mapping[str, float], needs: Mapping[str, Collection[str]]) -> list[Bar]:
    """Return the bars of a plan's changes, in the order in which they begin.

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
    """Return a bar for each name, which begins when all that it needs is done."""
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
    """Return the chain that the end waits for."""
    found: set[str] = set()
    last = max(bars.values(), key=lambda bar: (bar.end, bar.logical_id), default=None)
    while last:
        found.add(last.logical_id)
        before = bars.get(last.last or "")
        if before is None and last.start > 0:  # what is removed waits for everything else
            before = max((bar for bar in bars.values() if bar.end <= last.start and bar.logical_id not in found),
                         key=lambda bar: (bar.end, bar.logical_id), default=None)
        last = before
    return found


def actual(events: Iterable[StackEvent]) -> tuple[dict[str, Actual], float]:
    """Return what became of each resource, from an operation's events in order, and how long all took."""
    began: dict[str, datetime] = {}
    found: dict[str, Actual] = {}
    first: datetime | None = None
    last = None
    for event in events:
        first = first or event.timestamp
        last = event.timestamp
        if event.is_stack:
            continue
        start = began.setdefault(event.logical_id, event.timestamp)
        ended = not event.status.endswith("_IN_PROGRESS")
        kept = found.get(event.logical_id)
        # What rolls back has failed already: the first failure is what happened to it.
        if kept and kept.status.endswith("FAILED"):
            continue
        found[event.logical_id] = Actual(
            (start - first).total_seconds(), (event.timestamp - start).total_seconds() if ended else None,
            event.status, event.reason)
    return found, (last - first).total_seconds() if first and last else 0.0


def happened(outcome: str, events: Iterable[StackEvent], cause: Iterable[str] = ()) -> Happened:
    """Return how a deployment went, from its events in order."""
    listed = tuple(events)
    resources, seconds = actual(listed)
    return Happened(outcome, tuple(cause), listed, resources, seconds)
