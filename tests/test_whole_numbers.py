"""Parameters that are whole numbers."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap.whole_numbers import whole_numbers

BOUNDS = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(sorted)


@given(BOUNDS, st.integers(0, 10**7))
@example([0, 1000], 1000)
@example([1, 3650], 3651)
@example([7, 35], 6)
@example([0, 495], 496)
def test_a_pattern_matches_the_numbers_in_its_range_and_no_others(bounds: list[int], number: int) -> None:
    low, high = bounds
    assert (re.fullmatch(whole_numbers(low, high), str(number)) is not None) is (low <= number <= high)


@given(BOUNDS)
def test_a_pattern_matches_both_ends_of_its_range(bounds: list[int]) -> None:
    assert all(re.fullmatch(whole_numbers(*bounds), str(end)) for end in bounds)


@pytest.mark.parametrize("text", ["00", "030", "30.0", "30.5", "3e1", "+30", "-1", " 30", "30\n", "٣٠", ""])
def test_a_pattern_matches_plain_digits_alone(text: str) -> None:
    assert not re.fullmatch(whole_numbers(0, 9999), text, re.ASCII)


def test_every_number_that_aws_takes_whole_has_a_pattern(template: dict[str, Any]) -> None:
    numbers = {name for name, entry in template["Parameters"].items() if entry["Type"] == "Number"}
    listed = {name for name in numbers if "AllowedValues" in template["Parameters"][name]}
    assert numbers - listed == {"LatencyAlarmSeconds"}, "seconds, which may be fractions"


@pytest.mark.parametrize("name", [
    "ValidationMemoryDays", "ValidationReservedConcurrency", "MinTasks", "BackupRetentionDays", "ContainerPort",
    "DeploymentBakeMinutes", "MonthlyBudget", "FirewallRateLimit", "SessionsRecoveryDays",
    "DatabaseBackupRetentionDays", "DatabaseConnectionsLimit"])
@pytest.mark.parametrize("value", ["30.5", "00", "1e1", "-1", ""])
def test_a_whole_number_refuses_anything_else(accepts: Callable[..., bool], name: str, value: str) -> None:
    assert not accepts(name, value)


@pytest.mark.parametrize(("name", "good", "bad"), [
    ("DatabaseMinCapacity", ["0", "0.5", "1", "1.5", "256"], ["0.25", "00", "256.5", "1e1", "01", ".5", "1.", "1.0"]),
    ("DatabaseMaxCapacity", ["1", "1.5", "256"], ["0", "0.5", "256.5", "1e1", "1.25"])])
def test_capacities_go_in_steps_of_one_half(
        accepts: Callable[..., bool], name: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not accepts(name, value)] == []
    assert [value for value in bad if accepts(name, value)] == []
