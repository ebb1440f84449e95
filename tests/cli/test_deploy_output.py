"""What a deployment looks like, in 80 columns and without colour."""

import io
from datetime import UTC
from typing import Any

import pytest
from deploy_fakes import STACK_ID, change, event
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tap.cli import progress
from tap.deploy import wording
from tap.deploy.models import ChangeSet


def shown(thing: Any, **options: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False)
    console.print(thing, **options)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def plan(*changes: Any, kind: str = "UPDATE") -> ChangeSet:
    return ChangeSet("id", "name", kind, STACK_ID, changes)


def test_an_event_is_one_line_however_long_its_reason() -> None:
    told = event("Topic", "CREATE_FAILED", "not\nallowed [here] " + "x" * 80)

    (line,) = shown(progress.event_line(told, UTC), soft_wrap=True)
    assert line == "12:00:05  CREATE_FAILED       Topic  SNS::Topic  not allowed [here] " + "x" * 80


def test_outputs_are_aligned_and_their_values_unbroken() -> None:
    lines = shown(progress.output_lines({"A": "x" * 100, "LongName": "y"}), soft_wrap=True)

    assert lines == ["A         " + "x" * 100, "LongName  y"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ((change(),), "1 change: 1 Add"),
        ((change(), change(), change("T", "Remove")), "3 changes: 2 Add, 1 Remove"),
        ((change("T", "Modify", "True"),), "1 change: 1 Modify; 1 will or may be replaced"),
        ((), "Only outputs or other parts that are no resources change"),
    ],
)
def test_changes_are_summed_up(changes: Any, told: str) -> None:
    assert wording.summary(plan(*changes)) == told


@pytest.mark.parametrize(("seconds", "told"), [(8.24, "8.2 s"), (59.96, "1 min 00 s"), (185, "3 min 05 s")])
def test_durations_are_for_people(seconds: float, told: str) -> None:
    assert wording.duration(seconds) == told


@given(st.floats(0, 100_000))
def test_no_duration_has_sixty_seconds(seconds: float) -> None:
    assert "60" not in wording.duration(seconds).split(" min ")[-1].split(".")[0]
