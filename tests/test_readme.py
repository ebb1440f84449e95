"""What the README says is so: every path, command, parameter and exit code that it names."""

import re
from pathlib import Path
from typing import Any

import pytest

from tap.stack import build

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PARAMETERS: dict[str, dict[str, Any]] = build().to_dict()["Parameters"]
ROWS = {cells[0]: cells[1:] for cells in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)}


def in_backticks(pattern: str) -> list[str]:
    """Return what the README has in backticks, or links to, that matches a pattern."""
    found = re.findall(r"`([^`\n]+)`", README) + re.findall(r"\]\(([^)#]+)\)", README)
    return sorted({text for text in found if re.fullmatch(pattern, text)})


def shown(default: object) -> str:
    return "required" if default is None else f"`{default}`".replace("|", "\\|") if default != "" else "empty"


@pytest.mark.parametrize(
    "path", in_backticks(r"(tap|lambda|parameters|templates|tests|bench|docs)/[\w./-]*|\w+\.(py|md)"))
def test_the_path_is_there(path: str) -> None:
    # A branch's environment is the reader's own file.
    assert (ROOT / path).exists() or path == "parameters/pr-123.json"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)\b(?=`|\n|  | ENV)", README))))
def test_the_make_target_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("flag", sorted(set(re.findall(r"`(--[\w-]+)", README))))
def test_the_flag_is_there(flag: str) -> None:
    sources = [ROOT / "generate.py", *(ROOT / "tap").rglob("*.py")]
    assert any(f'"{flag}"' in source.read_text(encoding="utf-8") for source in sources)


def test_every_parameter_has_its_row_and_no_other_has() -> None:
    assert [name for name in ROWS if name in PARAMETERS] == list(PARAMETERS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_parameters_row_is_its_default_and_description(name: str) -> None:
    entry = PARAMETERS[name]
    assert ROWS[name] == (shown(entry.get("Default")), entry["Description"].rstrip("."))


def test_the_variables_of_the_container_are_those_that_it_gets() -> None:
    [container] = build().to_dict()["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    gets = {entry["Name"] for entry in container["Environment"] + container["Secrets"]}
    sentence = README[README.index("The container gets"):README.index("RDS changes the password")]
    assert set(re.findall(r"`([A-Z0-9_]+)`", sentence)) == gets
