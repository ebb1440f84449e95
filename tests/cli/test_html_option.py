"""`--html`: the page of a plan, and of what really happened."""

import io
from pathlib import Path

import pytest
from memory_aws import MemoryAws, Stack
from memory_tap import Tap


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.html"


def test_a_plan_writes_its_page_and_leaves_nothing_else(
        tap: Tap, aws: MemoryAws, page: Path, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    assert tap("plan", "dev", "--html", str(page)) == 0
    assert "Plan for tap-dev" in page.read_text(encoding="utf-8")
    assert (tap.left(), aws.executed) == ([], [])


def test_a_plan_of_several_environments_has_no_page(tap: Tap, page: Path) -> None:
    assert tap("plan", "dev", "prod", "--html", str(page)) == 2
    assert "--html requires exactly one environment" in tap.err
    assert not page.exists()


def test_a_page_that_cannot_be_written_is_one_line_and_nothing_is_left(
        tap: Tap, tmp_path: Path, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    (tmp_path / "file").touch()
    assert tap("plan", "dev", "--html", str(tmp_path / "file" / "page.html")) == 2
    assert (tap.left(), tap.err.count("\n")) == ([], 1)


def test_a_deployment_writes_what_really_happened(
        tap: Tap, aws: MemoryAws, page: Path, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    assert tap("deploy", "dev", "--yes", "--html", str(page)) == 0
    assert "applied" in page.read_text(encoding="utf-8")
    assert len(aws.executed) == 1


def test_a_deployment_that_is_declined_leaves_the_page_of_its_plan(
        tap: Tap, aws: MemoryAws, page: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert tap("deploy", "dev", "--html", str(page)) == 3
    assert "Plan for tap-dev" in page.read_text(encoding="utf-8")
    assert aws.executed == []


def test_a_plan_ends_with_what_it_costs(tap: Tap, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    tap("plan", "dev")
    assert tap.out.splitlines()[-1].startswith("Cost: ")
