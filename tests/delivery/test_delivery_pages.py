"""What the pages for the platform team and for CI say is so."""

import re

import pytest
from looping import some
from stack_view import ROOT

from tap.bootstrap.template import build
from tap.cli.main import tap

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("ci", "platform-team")}
EVERYTHING = "\n".join(PAGES.values())
TEMPLATE = build().to_dict()


@pytest.mark.parametrize("path", sorted(set(re.findall(
    r"`((?:tap|tests|docs|templates|parameters)/[\w./-]+|\.github/workflows/[\w./-]+|buildspec\.yml)`", EVERYTHING))))
def test_every_path_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("page", "link"), [
    (page, link) for page, text in PAGES.items() for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text)])
def test_every_link_is_there(page: str, link: str) -> None:
    assert (ROOT / "docs" / link).exists(), page


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\btap ([a-z]+) (?:ENV|dev|--)", EVERYTHING))))
def test_every_command_is_there(command: str) -> None:
    assert command in tap.commands


@pytest.mark.parametrize("name", TEMPLATE["Outputs"])
def test_every_output_is_explained(name: str) -> None:
    assert f"| `{name}` |" in PAGES["platform-team"]


@pytest.mark.parametrize("name", TEMPLATE["Parameters"])
def test_every_parameter_is_explained(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", PAGES["platform-team"], re.MULTILINE)


def test_every_workflow_is_explained() -> None:
    for path in some((ROOT / ".github/workflows").glob("*.yml")):
        assert f"| `.github/workflows/{path.name}` |" in PAGES["ci"]
