"""What the pages for the platform team and for product teams name is there."""

import re
from pathlib import Path

import click
import pytest
from looping import some
from memory_publishing import Tap

from tap.cli.main import tap as cli
from tap.publishing.fleet_settings import _KEYS as FLEET_KEYS

PAGES = ("docs/publishing.md", "docs/product-team.md")


def text(root: Path, page: str) -> str:
    return (root / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_flag_exists(root: Path, page: str) -> None:
    lines = set(re.findall(r"(?m)^(?:\$ )?tap (.+)$", text(root, page))) | set(
        re.findall(r"`tap ([^`]+)`", text(root, page)))
    assert len(lines) > 3
    for line in lines:
        command: click.Command = cli
        for word in line.split():
            if isinstance(command, click.Group):
                assert word in command.commands, line
                command = command.commands[word]
            elif word.startswith("-"):
                assert word in {option for each in command.params for option in each.opts}, line


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(root: Path, page: str) -> None:
    for path in some(re.findall(r"`((?:tap|parameters|templates|docs)/[\w./-]+)`", text(root, page))):
        assert (root / path).exists(), path
    for path in some(re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text(root, page))):
        assert (root / "docs" / path).exists(), path


@pytest.mark.parametrize("command", ["publish", "catalog status", "catalog launch", "catalog share"])
def test_the_rights_of_a_command_are_those_it_uses(tap: Tap, root: Path, command: str) -> None:
    tap.catalog.add("1.0.0")
    tap.write("parameters/catalog.toml", 'keep = 1\nshare_with = ["o-abcdefghij"]\n')
    tap.commit()
    more = {"catalog status": (), "catalog launch": ("dev", "--yes")}.get(command, ("--yes",))
    assert tap(*command.split(), *more) == 0
    if command == "catalog launch":  # which deletes a plan only where nobody agrees to it
        assert tap("catalog", "plan", "dev") == 0
    row, = re.findall(rf"(?m)^\| `tap {command}` \| (.*) \|$", text(root, "docs/publishing.md"))
    named = set(re.findall(r"\b[A-Z]\w+", row.partition("; `s3:")[0]))
    if "those of the status" in row:
        named |= {"ListProvisioningArtifacts", "SearchProvisionedProducts"}
    used = {"".join(word.title() for word in name.split("_")) for name in tap.catalog.calls}
    assert used == named


def test_every_key_of_a_fleet_has_its_row(root: Path) -> None:
    rows = re.findall(r"(?m)^\| (`[^|]+`) \|", text(root, "docs/publishing.md").partition("## Fleets")[2])
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == set(FLEET_KEYS)


def test_every_parameter_that_the_pages_name_is_one(root: Path) -> None:
    from tap.publishing.template import build

    parameters = build().to_dict()["Parameters"]
    named = {name for page in PAGES for name in re.findall(
        r"`(EndUserRole|PortfolioName|ProviderName|SupportEmail|LaunchRoleName|TemplateUrl|FirstVersion)`",
        text(root, page))}
    assert named
    assert named <= parameters.keys()
