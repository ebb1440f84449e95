"""How long things take, and how long is left."""

from datetime import timedelta
from typing import Any

from deploy_fakes import STACK_ID, change, event
from hypothesis import given
from hypothesis import strategies as st

from tap.deploy.durations import TYPICAL, Usual, is_overdue, learned, remaining, usual
from tap.deploy.models import ChangeSet, StackEvent

NAMES = [f"R{number}" for number in range(8)]
SECONDS = st.floats(0.5, 1000)


@st.composite
def graphs(draw: Any) -> tuple[dict[str, float], dict[str, set[str]]]:
    """Return seconds by name, and what each waits for: only what comes before it, so that no circle is in it."""
    expected = {name: draw(SECONDS) for name in NAMES[:draw(st.integers(1, 8))]}
    needs = {name: draw(st.sets(st.sampled_from(NAMES[:index]))) if index else set()
             for index, name in enumerate(expected)}
    return expected, needs


def at(seconds: float, logical_id: str, status: str) -> StackEvent:
    made = event(logical_id, status)
    return StackEvent(**{**vars(made), "timestamp": made.timestamp + timedelta(seconds=seconds)})


@given(graphs())
def test_the_time_left_is_at_least_the_longest_and_at_most_the_sum(graph: Any) -> None:
    expected, needs = graph
    left = remaining(expected, needs, {}, ())
    assert max(expected.values()) <= left <= sum(expected.values()) + 1e-6


@given(graphs(), st.sets(st.sampled_from(NAMES)))
def test_what_is_done_never_makes_it_longer(graph: Any, done: set[str]) -> None:
    expected, needs = graph
    assert remaining(expected, needs, {}, done) <= remaining(expected, needs, {}, ()) + 1e-6


@given(graphs())
def test_when_all_is_done_nothing_is_left(graph: Any) -> None:
    expected, needs = graph
    assert remaining(expected, needs, {}, expected) == 0


@given(graphs(), st.floats(0, 10_000))
def test_the_time_left_is_never_negative(graph: Any, elapsed: float) -> None:
    expected, needs = graph
    assert remaining(expected, needs, dict.fromkeys(expected, elapsed), ()) >= 0


def test_one_after_the_other_takes_the_sum_and_side_by_side_the_longest() -> None:
    expected = {"A": 10.0, "B": 20.0, "C": 5.0}
    assert remaining(expected, {"B": {"A"}, "C": {"B"}}, {}, ()) == 35
    assert remaining(expected, {}, {}, ()) == 20


def test_what_has_begun_waits_for_nothing_any_more() -> None:
    assert remaining({"A": 10.0, "B": 20.0}, {"B": {"A"}}, {"B": 5.0}, ()) == 15


def test_a_circle_ends() -> None:
    assert remaining({"A": 10.0, "B": 20.0}, {"A": {"B"}, "B": {"A"}}, {}, ()) >= 20


def test_what_a_stack_did_is_learned_from_its_events() -> None:
    events = [at(0, "tap-dev", "CREATE_IN_PROGRESS"), at(1, "Topic", "CREATE_IN_PROGRESS"),
              at(2, "Topic", "CREATE_IN_PROGRESS"), at(9, "Topic", "CREATE_COMPLETE"),
              at(20, "tap-dev", "UPDATE_IN_PROGRESS"), at(21, "Topic", "UPDATE_IN_PROGRESS"),
              at(24, "Topic", "UPDATE_COMPLETE")]
    assert learned(events) == {("Topic", "CREATE"): 8, ("Topic", "UPDATE"): 3}


def test_what_failed_teaches_nothing() -> None:
    assert learned([at(1, "A", "CREATE_IN_PROGRESS"), at(2, "A", "CREATE_FAILED"), at(3, "A", "CREATE_COMPLETE")]) == {}


def test_the_events_before_what_is_seen_teach_nothing() -> None:
    assert learned([at(3, "A", "CREATE_COMPLETE")]) == {}


@given(st.floats(-100_000, 100_000))
def test_a_clock_that_differs_changes_nothing(skew: float) -> None:
    events = [at(skew + 1, "A", "CREATE_IN_PROGRESS"), at(skew + 5, "A", "CREATE_COMPLETE")]
    assert abs(learned(events)["A", "CREATE"] - 4) < 0.001


def test_what_was_learned_comes_before_what_is_typical() -> None:
    plan = ChangeSet("id", "n", "UPDATE", STACK_ID, (change("A"), change("B"), change("C", "Modify", "True")))
    assert usual(plan, {("A", "CREATE"): 3.0, ("C", "CREATE"): 7.0, ("C", "UPDATE"): 1.0}) == {
        "A": Usual(3.0, learned=True), "B": Usual(TYPICAL["AWS::SNS::Topic"], learned=False),
        "C": Usual(7.0, learned=True)}


def test_only_what_takes_much_longer_than_usual_is_overdue() -> None:
    assert [is_overdue(100, elapsed) for elapsed in (99, 150, 201)] == [False, False, True]
    assert not is_overdue(1, 20)
