"""The reference of targets has a row for every key of parameters/targets.toml."""

import re
from pathlib import Path

from tap.deploy.targets import _KEYS

PAGE = Path(__file__).parents[2] / "docs/reference/targets.md"


def test_every_key_of_a_target_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8").partition("## Targets")[2], re.MULTILINE)
    assert sorted(rows) == sorted(_KEYS)
