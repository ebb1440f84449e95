"""What `tap logs` prints."""

from typing import Any

import pytest
from memory_aws import NOON, MemoryAws
from memory_logs import MemoryLogs
from memory_tap import Tap

from tap.deploy import logs
from tap.deploy.aws import AwsClient

NOW = int(NOON.timestamp() * 1000)
MINUTE = 60_000


@pytest.fixture
def log(tap: Tap, aws: MemoryAws) -> MemoryLogs:
    aws.add(resources={"ServiceLogGroup": ("AWS::Logs::LogGroup", "CREATE_COMPLETE"),
                       "ValidationLogGroup": ("AWS::Logs::LogGroup", "CREATE_COMPLETE")})
    kept = MemoryLogs(**{
        "ServiceLogGroup-1": [(NOW - 20 * MINUTE, "old"), (NOW - 9 * MINUTE, "started"), (NOW - 8 * MINUTE, "GET /"),
                              (NOW - MINUTE, "failed: \x1b[31mred\n")],
        "ValidationLogGroup-1": [(NOW - MINUTE, "accepted")]})
    tap.services["logs"] = kept
    return kept


def messages(tap: Tap) -> list[str]:
    return [line.split("  ", 2)[2] for line in tap.out.splitlines()]


def test_the_last_ten_minutes_are_printed_over_all_pages(tap: Tap, log: MemoryLogs) -> None:
    assert tap("logs", "dev") == 0
    assert messages(tap) == ["started", "GET /", "failed: \\x1b[31mred"]
    assert log.calls == ["filter_log_events"] * 2


def test_each_line_has_its_time_and_its_task(tap: Tap, log: MemoryLogs) -> None:
    tap("logs", "dev", "--since", "90s")

    assert tap.out.startswith("2026-03-01T11:59:00Z  1234abcd  failed")
    assert log.requests[0][1]["startTime"] == NOW - 90_000


def test_a_pattern_is_cloudwatchs_to_match(tap: Tap, log: MemoryLogs) -> None:
    assert tap("logs", "dev", "--filter", "GET", "--since", "1h") == 0
    assert messages(tap) == ["GET /"]
    assert log.requests[0][1]["filterPattern"] == "GET"


@pytest.mark.usefixtures("log")
def test_the_functions_log_is_printed_instead(tap: Tap) -> None:
    assert tap("logs", "dev", "--function") == 0
    assert messages(tap) == ["accepted"]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(("arguments", "problem"), [
    (["--since", "10"], "must be a number and a unit: 30s, 10m, 2h or 7d"),
    (["--filter", "["], "Invalid filter pattern")])
def test_bad_input_is_refused_in_a_line(tap: Tap, arguments: list[str], problem: str) -> None:
    assert tap("logs", "dev", *arguments) == 2
    assert problem in tap.err


def test_a_stack_that_does_not_exist_has_no_log(tap: Tap) -> None:
    assert tap("logs", "dev") == 2
    assert "stack tap-dev does not exist. Create it with: tap deploy dev" in tap.err


def test_a_group_that_is_gone_is_said(tap: Tap, log: MemoryLogs) -> None:
    log.groups.clear()

    assert tap("logs", "dev") == 2
    assert "The specified log group does not exist." in tap.err


def test_following_prints_each_event_once_and_those_that_come_late(log: MemoryLogs) -> None:
    """An event may come that is older than one that was printed before."""
    events = log.groups["ServiceLogGroup-1"]
    arrivals: list[Any] = [(NOW + 1000, "second"), (NOW - 2000, "late")]

    def sleep(_seconds: float) -> None:
        if not arrivals:
            raise KeyboardInterrupt
        events.append(arrivals.pop(0))

    found: list[logs.Line] = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(logs.follow(AwsClient(lambda _service: log, sleep), "ServiceLogGroup-1", NOW - 5 * MINUTE))
    assert [line.message for line in found] == ["failed: \x1b[31mred", "second", "late"]


def test_following_does_not_ask_again_for_what_is_long_past(log: MemoryLogs) -> None:
    def sleep(_seconds: float) -> None:
        if len(log.calls) > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(logs.follow(AwsClient(lambda _service: log, sleep), "ServiceLogGroup-1", NOW - 20 * MINUTE))
    assert log.requests[-1][1]["startTime"] == NOW - 2 * MINUTE


def test_the_groups_are_the_templates(template: dict[str, Any]) -> None:
    assert {template["Resources"][title]["Type"] for title in logs.GROUPS.values()} == {"AWS::Logs::LogGroup"}
