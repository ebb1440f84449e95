"""What the guide to restoring a database names is so."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs/how-to/restore-a-database.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", DOCUMENT))


def test_every_parameter_and_resource_exists(template: dict[str, Any]) -> None:
    names = {name for name in NAMED if re.fullmatch(r"(?:[A-Z][a-z0-9]+){1,5}", name)}
    assert len(names) >= 6
    assert names <= {*template["Parameters"], *template["Resources"]}


@pytest.mark.parametrize("path", sorted(name for name in NAMED if name.startswith("parameters/")))
def test_every_path_exists_but_that_of_the_drill(path: str) -> None:
    assert (ROOT / path).exists() or path == "parameters/drill.json"
