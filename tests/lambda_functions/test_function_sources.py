"""What the sources of all functions have in common: a template carries them as they stand."""

import ast
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "lambda"

each = pytest.mark.parametrize("name", ["validation", "empty_bucket", "migration", "probe"])


def source(name: str) -> str:
    return (FUNCTIONS / name / "index.py").read_text(encoding="ascii")


@each
def test_the_source_is_ascii_without_trailing_whitespace(name: str) -> None:
    text = source(name)
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    assert "\t" not in text


@each
def test_importing_the_source_imports_the_standard_library_alone(name: str) -> None:
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.parse(source(name)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {module.split(".")[0] for module in imported} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", ["_client", "_send"])
def test_the_custom_resources_share_what_each_has_to_carry_by_itself(name: str) -> None:
    def body(function: str) -> str:
        return source(function).partition(f"def {name}(")[2].partition("\n\n\n")[0]

    assert body("migration") == body("empty_bucket") != ""
