"""What `tap rehearse --keep` and `tap playground` print, with an emulator that is none."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tap.cli import main as cli
from tap.cli.app import App

SETTINGS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "eu-west-1", "ODD": "a b"}


def interrupted() -> None:
    raise KeyboardInterrupt


def rehearsal(passed: bool) -> Any:
    def run(_name: str, _root: Path, _console: Any, by_hand: Any) -> bool:
        if by_hand:
            by_hand(SETTINGS)
        return passed

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/dev.json").write_text("{}")
    return tmp_path


def exported(text: str) -> Mapping[str, str]:
    """What a shell that runs the lines has."""
    words = (shlex.split(line) for line in text.splitlines() if line.startswith("export "))
    return dict(word.split("=", 1) for _, word in words)


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_a_kept_rehearsal_prints_settings_for_a_shell_and_ends_as_the_rehearsal_did(
        project: Path, capsys: pytest.CaptureFixture[str], passed: bool, code: int) -> None:
    app = App(rehearse=rehearsal(passed), wait=interrupted)

    assert cli.main(["rehearse", "dev", "--keep", "--root", str(project)], app) == code

    out, err = capsys.readouterr()
    assert exported(out) == SETTINGS
    assert "unset AWS_PROFILE AWS_SESSION_TOKEN" in out
    assert "Ctrl-C stops the emulator" in err


def test_without_keep_nobody_waits(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rehearse", "dev", "--root", str(project)], App(rehearse=rehearsal(True), wait=interrupted)) == 0
    assert exported(capsys.readouterr().out) == {}


def test_a_playground_is_in_the_region_that_is_asked_for_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    def play(region: str | None, by_hand: Any) -> None:
        by_hand({"AWS_REGION": str(region)})

    assert cli.main(["playground", "--region", "eu-west-1"], App(playground=play, wait=interrupted)) == 0
    out, err = capsys.readouterr()
    assert exported(out) == {"AWS_REGION": "eu-west-1"}
    assert err.endswith("Stopped.\n")
