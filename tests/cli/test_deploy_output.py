"""What a deployment looks like, in 80 columns and without colour."""

import io
from dataclasses import replace
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

LONG_ID = "ServiceTargetTrackingOnMemoryUtilisationScalingPolicy"
LONG_TYPE = "AWS::ElasticLoadBalancingV2::ListenerCertificate"


def shown(thing: Any, **options: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False)
    console.print(thing, **options)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def plan(*changes: Any, kind: str = "UPDATE") -> ChangeSet:
    return ChangeSet("id", "name", kind, STACK_ID, changes)


def test_a_change_is_a_row() -> None:
    changes = (change(), change("Table", "Modify", "Conditional"))

    assert shown(progress.change_table(plan(*changes))) == [
        "Action  Logical id  Type        Replacement",
        "Add     Topic       SNS::Topic",
        "Modify  Table       SNS::Topic  Conditional",
    ]


def test_a_creation_has_no_column_for_replacements() -> None:
    assert shown(progress.change_table(plan(change(), kind="CREATE")))[0] == "Action  Logical id  Type"


def test_a_table_of_long_names_fits_80_columns_and_loses_nothing() -> None:
    lines = shown(
        progress.change_table(plan(replace(change(LONG_ID, "Modify", "True"), resource_type=LONG_TYPE)))
    )

    assert max(map(len, lines)) <= 80
    text = "".join("".join(lines[1:]).split())
    assert all(part in text for part in ("ServiceTargetTracking", "True"))
    assert sorted(c for c in text if c.isupper()) == sorted(
        c for c in f"Modify{LONG_ID}True{LONG_TYPE[5:]}" if c.isupper()
    )


def test_a_name_in_brackets_is_no_markup() -> None:
    assert shown(progress.change_table(plan(change("[red]"))))[1].split()[1] == "[red]"


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
        ((change("T", "Modify", "True"),), "1 change: 1 Modify; 1 replaced for sure or perhaps"),
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
