"""The comparison with the AWS CLI: what it prints and how it exits, with figures put in."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.deploy import Run, main


def record(*, holds: bool) -> dict[str, Any]:
    runs = {which: {"seconds": 12.0, "calls": 25, "noticed": 1.0, "calls_a_minute": 125.0}
            for which in ("first", "again")}
    return {"deployments": {"tap deploy": runs}, "holds": {"less wall time": True, "fewer requests": holds}}


@pytest.mark.parametrize(("holds", "code", "word"), [(True, 0, "yes"), (False, 1, "MISSED")])
def test_what_is_missed_is_said_and_fails(
        tmp_path: Path, capsys: pytest.CaptureFixture[str], holds: bool, code: int, word: str) -> None:
    assert main([], lambda _delay: record(holds=holds), tmp_path / "deploy.json") == code
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["tap", "deploy", "12.0", "125", "1.0"] in lines
    assert ["fewer", "requests", word] in lines


def test_what_is_known_to_be_missed_is_said_and_does_not_fail(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = {**record(holds=True), "known_misses": ["requests a minute: 7 times as many"]}
    assert main([], lambda _delay: made, tmp_path / "deploy.json") == 0
    assert "7 times as many" in capsys.readouterr().out


def test_the_record_is_written(tmp_path: Path) -> None:
    main(["--delay", "0.5"], lambda delay: {**record(holds=True), "delay": delay}, tmp_path / "deploy.json")
    assert json.loads((tmp_path / "deploy.json").read_text())["delay"] == 0.5


def test_requests_are_told_by_the_minute() -> None:
    assert Run(seconds=30, calls=10).calls_a_minute == 20
