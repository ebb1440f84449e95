"""When each change begins, what the whole waits for, and what really happened."""

from page_fakes import STACK_ID, event

from tap.deploy.models import Change, ChangeSet
from tap.page.timeline import actual, schedule


def plan(*names: str, removed: str = "") -> ChangeSet:
    changes = [Change("Remove" if name in removed.split() else "Add", name, None, "AWS::SNS::Topic", None)
               for name in names]
    return ChangeSet("id", "name", "UPDATE", STACK_ID, tuple(changes))


def test_each_begins_when_all_it_needs_is_done() -> None:
    bars = schedule(plan("A", "B", "C"), {"A": 5, "B": 10, "C": 1}, {"C": {"A", "B"}, "A": set(), "B": set()})
    assert [(bar.logical_id, bar.start, bar.end) for bar in bars] == [("B", 0, 10), ("A", 0, 5), ("C", 10, 11)]


def test_the_critical_path_is_what_the_end_waits_for() -> None:
    bars = schedule(plan("A", "B", "C", "D"), {"A": 5, "B": 10, "C": 1, "D": 2}, {"C": {"A", "B"}})
    assert [bar.logical_id for bar in bars if bar.critical] == ["B", "C"]


def test_what_is_not_changed_is_not_waited_for() -> None:
    (bar,) = schedule(plan("B"), {"B": 3}, {"B": {"A"}})
    assert (bar.start, bar.waits_for) == (0, ())


def test_what_is_removed_goes_last_and_before_what_it_needs() -> None:
    bars = schedule(plan("New", "Table", "Route", removed="Table Route"), {"New": 4, "Table": 1, "Route": 2},
                    {"Route": {"Table"}})
    assert [(bar.logical_id, bar.start) for bar in bars] == [("New", 0), ("Route", 4), ("Table", 6)]
    assert all(bar.critical for bar in bars)


def test_a_circle_is_cut() -> None:
    bars = schedule(plan("A", "B"), {"A": 1, "B": 1}, {"A": {"B"}, "B": {"A"}})
    assert sorted(bar.start for bar in bars) == [0, 1]


def test_a_chain_of_a_thousand_is_no_problem() -> None:
    names = [f"T{place}" for place in range(1000)]
    bars = schedule(plan(*names), dict.fromkeys(names, 1.0), {name: {names[place - 1]} for place, name in enumerate(
        names) if place})
    assert bars[-1].end == 1000


def test_nothing_has_no_timeline() -> None:
    assert schedule(plan(), {}, {}) == []


def test_what_happened_is_told_from_the_first_event_on() -> None:
    found, seconds = actual([event("tap-test", "CREATE_IN_PROGRESS", 0), event("A", "CREATE_IN_PROGRESS", 2),
                             event("A", "CREATE_IN_PROGRESS", 3), event("A", "CREATE_COMPLETE", 9),
                             event("tap-test", "CREATE_COMPLETE", 10)])
    assert (found["A"].start, found["A"].seconds, found["A"].status, seconds) == (2, 7, "CREATE_COMPLETE", 10)


def test_a_failure_stays_what_happened_when_the_stack_rolls_back() -> None:
    found, _ = actual([event("A", "CREATE_IN_PROGRESS", 0), event("A", "CREATE_FAILED", 4, "no"),
                       event("A", "DELETE_IN_PROGRESS", 5), event("A", "DELETE_COMPLETE", 6)])
    assert (found["A"].status, found["A"].reason, found["A"].seconds) == ("CREATE_FAILED", "no", 4)


def test_what_never_ended_has_no_duration() -> None:
    found, _ = actual([event("A", "CREATE_IN_PROGRESS", 0)])
    assert found["A"].seconds is None
