"""The tutorial of a first deployment: its steps, their durations and their costs."""

import re
from pathlib import Path

import pytest
from stack_view import StackView

from tap.cli import main as cli

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/tutorials/first-deployment.md").read_text(encoding="utf-8")


def test_the_way_leads_from_the_doctor_to_the_deletion() -> None:
    named = re.findall(r"^\$ tap (\w+) dev$", DOCUMENT, re.MULTILINE)
    assert named == ["doctor", "bootstrap", "cost", "plan", "deploy", "verify", "delete"]


def test_every_step_has_its_duration_and_its_cost() -> None:
    steps = re.split(r"^## \d\. .*$", DOCUMENT.partition("## Next")[0], flags=re.MULTILINE)[1:]
    assert len(steps) == 8
    for step in steps:
        first = step.strip().partition("\n\n")[0]
        assert re.search(r"minute|second", first)
        assert re.search(r"free|\$|cent|cost", first)


def test_its_cost_is_what_tap_estimates(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cost", "dev", "--root", str(ROOT)]) == 0
    total = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("total "))
    assert total in DOCUMENT
    assert f"about ${float(total.split()[1]) / 30:.0f} " in DOCUMENT


def test_its_changes_are_as_many_as_dev_has_resources(dev: StackView) -> None:
    assert f"Apply these {len(dev.resolved.resources)} changes to stack tap-dev?" in DOCUMENT
