"""The comparison with other tools: which commands it runs, what it prints, and how it exits."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.peers import GOALS, RECORD, Cost, commands, main, markdown, ratios

CHEAP, DEAR = Cost(1.0, 2.0, 10), Cost(2.0, 3.0, 12)


def record(ratio: float) -> dict[str, Any]:
    return {"date": "2026-11-30", "machine": {}, "runs": 1, "costs": {"tap plan": vars(CHEAP), "cdk diff": vars(DEAR)},
            "ratios": [{"goal": "a plan, to cdk diff", "of": "seconds", "ratio": ratio, "at_most": 1}]}


def test_tools_that_are_not_installed_are_left_out(tmp_path: Path) -> None:
    found = commands(tmp_path, {"aws": "/bin/aws"}.get)

    assert {command[0] for command in found.values()} - {found["tap plan"][0]} == {"/bin/aws"}


def test_every_tool_gets_the_same_parameters(tmp_path: Path) -> None:
    found = commands(tmp_path, lambda name: f"/bin/{name}")

    sceptre = json.loads((tmp_path / "sceptre/config/dev/tap.yaml").read_text())["parameters"]
    artifacts = json.loads((tmp_path / "cdk.out/manifest.json").read_text())["artifacts"]
    assert {f"{name}={value}" for name, value in sceptre.items()} <= set(found["aws cloudformation deploy"])
    assert {f'{name}="{value}"' for name, value in sceptre.items()} <= set(found["sam deploy"])
    assert artifacts["tap-dev"]["properties"]["parameters"] == {**sceptre, "MinTasks": "2"}  # what the plans are of


def test_ratios_are_of_the_tools_that_ran() -> None:
    costs = {"tap plan": CHEAP, "tap plan --no-lint": CHEAP, "tap deploy": CHEAP, "sam deploy": DEAR}

    assert [(met["of"], met["ratio"], met["at_most"]) for met in ratios(costs)] == [
        ("cpu_seconds", 1.0, 1.3), ("seconds", 0.67, 1)]
    assert {goal.of for goal in GOALS} == {"tap plan", "tap plan, first", "tap deploy"}


@pytest.mark.parametrize(("ratio", "code", "word"), [(0.9, 0, "at most 1"), (1.1, 1, "MISSED")])
def test_a_goal_that_is_missed_is_said_and_fails(
        tmp_path: Path, capsys: pytest.CaptureFixture[str], ratio: float, code: int, word: str) -> None:
    assert main([], lambda _runs: record(ratio), tmp_path / "peers.json") == code

    line, = (line for line in capsys.readouterr().out.splitlines() if line.startswith("a plan, to cdk diff"))
    assert line.endswith(word)
    assert json.loads((tmp_path / "peers.json").read_text()) == record(ratio)


def test_the_documentation_has_the_figures_of_the_record(root: Path) -> None:
    page = (root / "docs/explanation/comparison.md").read_text(encoding="utf-8")

    assert markdown(json.loads(RECORD.read_text(encoding="utf-8"))) in page
