"""What the tutorial of a first deployment names exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tap.cli import main as cli

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/tutorials/first-deployment.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"(?:\$ |`)tap ([a-z][a-z-]*(?: \w+)?)", DOCUMENT)))


def options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from parameter.opts


def test_the_way_leads_from_the_doctor_to_the_deletion() -> None:
    named = re.findall(r"^\$ tap (\w+) dev$", DOCUMENT, re.MULTILINE)
    assert named == ["doctor", "bootstrap", "cost", "plan", "deploy", "verify", "delete"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_exists_for_an_environment_that_does(command: str) -> None:
    name, _, environment = command.partition(" ")
    assert name in cli.tap.commands
    assert not environment or (ROOT / f"parameters/{environment}.json").exists()


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)", DOCUMENT))))
def test_each_option_exists(option: str) -> None:
    assert option == "--version" or option in {
        each for command in cli.tap.commands.values() for each in options(command)}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:parameters|tap|docs)/[\w./-]+)`", DOCUMENT))))
def test_each_file_exists(path: str) -> None:
    assert (ROOT / path).exists()


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
