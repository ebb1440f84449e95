"""The reference of the catalog and of fleets: every key, and the permissions that each command uses."""

import re
from pathlib import Path

import pytest
from memory_publishing import Tap

from tap.publishing.catalog_settings import _KEYS as CATALOG_KEYS
from tap.publishing.fleet_settings import _KEYS as FLEET_KEYS

PAGE = "docs/reference/catalog-and-fleets.md"


def page(root: Path) -> str:
    return (root / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["publish", "catalog status", "catalog launch", "catalog share"])
def test_the_rights_of_a_command_are_those_it_uses(tap: Tap, root: Path, command: str) -> None:
    tap.catalog.add("1.0.0")
    tap.write("parameters/catalog.toml", 'keep = 1\nshare_with = ["o-abcdefghij"]\n')
    tap.commit()
    more = {"catalog status": (), "catalog launch": ("dev", "--yes")}.get(command, ("--yes",))
    assert tap(*command.split(), *more) == 0
    if command == "catalog launch":  # which deletes a plan only where nobody agrees to it
        assert tap("catalog", "plan", "dev") == 0
    row, = re.findall(rf"(?m)^\| `tap {command}` \| (.*) \|$", page(root))
    named = set(re.findall(r"\b[A-Z]\w+", row.partition("; `s3:")[0]))
    if "those of the status" in row:
        named |= {"ListProvisioningArtifacts", "SearchProvisionedProducts"}
    used = {"".join(word.title() for word in name.split("_")) for name in tap.catalog.calls}
    assert used == named


def test_every_key_of_a_fleet_has_its_row(root: Path) -> None:
    rows = re.findall(r"(?m)^\| (`[^|]+`) \|", page(root).partition("## Fleets")[2].partition("## Permissions")[0])
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == set(FLEET_KEYS)


def test_every_key_of_the_catalog_has_its_row(root: Path) -> None:
    rows = re.findall(r"(?m)^\| (`[^|]+`) \|", page(root).partition("## Catalog")[2].partition("## Fleets")[0])
    assert {key for row in rows for key in re.findall(r"`\[?(\w+)\]?`", row)} == set(CATALOG_KEYS)
