"""The README: short, and its figures are those of `tap cost`. tests/docs checks what it names."""

import json
import re
from pathlib import Path

import pytest

from tap.cli import main as cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_has_at_most_120_lines() -> None:
    assert len(README.splitlines()) <= 120


def test_the_first_commands_are_the_rehearsal_and_the_tests() -> None:
    first, = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)[:1]
    assert first.splitlines() == ["make rehearse", "make test"]


@pytest.mark.parametrize(("label", "key"), [
    ("fixed, without any traffic", "fixed"), ("with the traffic that `tap cost` assumes", "total")])
def test_the_costs_are_what_tap_estimates(capsys: pytest.CaptureFixture[str], label: str, key: str) -> None:
    costs = []
    for environment in ("dev", "prod"):
        assert cli.main(["cost", environment, "--json", "--root", str(ROOT)]) == 0
        costs.append(f"{json.loads(capsys.readouterr().out)[key]:.0f}")
    assert f"| {label} | {' | '.join(costs)} |" in README
