"""What is seen while a stack changes, on a terminal and in a log."""

import io

import pytest
from deploy_fakes import event
from memory_aws import MemoryAws, Stack
from memory_tap import Tap
from rich.console import Console

from tap.cli.watching import HEARTBEAT, Watch
from tap.deploy.durations import Usual


class Clock:
    """Seconds that the test lets pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def log() -> Console:
    return Console(file=io.StringIO(), width=80, highlight=False, markup=False)


def terminal() -> Console:
    return Console(file=io.StringIO(), width=80, height=24, force_terminal=True, highlight=False, markup=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


EXPECTED = {"A": Usual(10, learned=True), "B": Usual(100, learned=False)}


def test_a_log_has_a_line_for_every_event_and_no_control_characters(clock: Clock) -> None:
    console = log()
    with Watch(console, clock, EXPECTED) as watch:
        for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
            watch.on_event(event("A", status))
    assert [line.split()[1] for line in text(console).splitlines()] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert "\x1b" not in text(console)


def test_a_terminal_keeps_what_is_finished_and_drops_what_was_in_flight(clock: Clock) -> None:
    console = terminal()
    with Watch(console, clock, EXPECTED, live=True) as watch:
        watch.on_event(event("A", "CREATE_IN_PROGRESS"))
        watch.on_event(event("A", "CREATE_COMPLETE"))
    assert "CREATE_COMPLETE" in text(console)
    assert "CREATE_IN_PROGRESS" not in text(console)


def test_the_display_has_a_line_for_each_in_flight_and_says_how_far_it_is(clock: Clock) -> None:
    watch = Watch(terminal(), clock, EXPECTED, {"B": {"A"}}, live=True)
    watch.on_event(event("A", "CREATE_IN_PROGRESS"))
    clock.now = 4.0
    console = log()
    console.print(watch)
    lines = [line.split() for line in text(console).splitlines()]
    assert lines[0] == ["Create", "A", "SNS::Topic", "4.0", "s", "of", "10.0", "s"]
    assert " ".join(lines[-1]) == "0 of 2, roughly 1 min 46 s left"
    watch.__exit__(None, None, None)


def test_many_in_flight_fit_a_screen(clock: Clock) -> None:
    watch = Watch(log(), clock)
    for number in range(30):
        watch.on_event(event(f"R{number}", "CREATE_IN_PROGRESS"))
    console = log()
    console.print(watch)
    assert len(text(console).splitlines()) == 10
    assert "and 22 more" in text(console)


def test_what_takes_longer_than_usual_is_warned_of_once(clock: Clock) -> None:
    console = log()
    watch = Watch(console, clock, EXPECTED)
    watch.on_event(event("A", "CREATE_IN_PROGRESS"))
    for now in (31.0, 40.0):
        clock.now = now
        watch.on_wait()
    told = [line for line in text(console).splitlines() if "longer" in line]
    assert told == ["A is taking longer than usual: 31.0 s, usually 10.0 s"]


def test_a_silent_log_says_now_and_then_what_is_in_flight(clock: Clock) -> None:
    console = log()
    watch = Watch(console, clock, {"B": Usual(1000, learned=True)})
    watch.on_event(event("B", "CREATE_IN_PROGRESS"))
    for now in (HEARTBEAT - 1, HEARTBEAT, HEARTBEAT + 1):
        clock.now = now
        watch.on_wait()
    assert text(console).splitlines()[1:] == ["in progress: B 1 min 00 s; 0 of 1, 15 min 40 s left"]


def test_an_id_in_brackets_is_no_markup(clock: Clock) -> None:
    console = log()
    watch = Watch(console, clock)
    watch.on_event(event("[red]", "CREATE_IN_PROGRESS"))
    assert "[red]" in text(console)


def test_a_deployment_that_is_silent_for_long_says_what_it_waits_for(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    advance, looks = aws._advance, iter(range(80))

    def slowly(what: Stack) -> None:
        if what.script and what.script[0][2] == "UPDATE_COMPLETE" and next(looks, None) is not None:
            return
        advance(what)

    aws._advance = slowly  # type: ignore[method-assign, assignment]  # what the account is like
    assert tap("deploy", "dev", "--yes") == 0
    assert stack.status == "UPDATE_COMPLETE"
    assert "in progress: Topic 1 min" in tap.out
    assert "Topic is taking longer than usual: " in tap.out
