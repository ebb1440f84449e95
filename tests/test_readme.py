"""What the README says is so: every path, command, parameter and exit code that it names."""

import re
from pathlib import Path
from typing import Any

import pytest

from tap.stack import build

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PARAMETERS: dict[str, dict[str, Any]] = build().to_dict()["Parameters"]


def in_backticks(pattern: str) -> list[str]:
    """Return what the README has in backticks, or links to, that matches a pattern."""
    found = re.findall(r"`([^`\n]+)`", README) + re.findall(r"\]\(([^)#]+)\)", README)
    return sorted({text for text in found if re.fullmatch(pattern, text)})


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


# Words of CloudFormation's and of parameter files.
OTHER_WORDS = {"DeletionPolicy", "UpdateReplacePolicy", "StackPolicy"}


@pytest.mark.parametrize("name", sorted({
    word for word in re.findall(r"`([A-Z]\w+)`", README) if re.fullmatch(r"([A-Z][a-z0-9]+){2,}", word)} - OTHER_WORDS))
def test_the_parameter_or_resource_is_there(name: str) -> None:
    assert name in PARAMETERS or name in build().to_dict()["Resources"]

