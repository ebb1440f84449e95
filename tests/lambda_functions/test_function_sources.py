"""Both functions are inlined in a template: what it carries is their source, without what only readers need."""

import ast
import sys
from pathlib import Path

import pytest

from tap.inline import function_source, squeeze

FUNCTIONS = Path(__file__).parents[2] / "lambda"
# Bytes as inlined.
LIMITS = {"validation": 6_144, "empty_bucket": 3_072}

each = pytest.mark.parametrize("name", LIMITS)


def source(name: str) -> str:
    return (FUNCTIONS / name / "index.py").read_text(encoding="ascii")


def program(text: str) -> str:
    """The syntax tree, without docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


@each
def test_the_source_is_ascii_without_trailing_whitespace(name: str) -> None:
    text = source(name)
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    assert "\t" not in text


@each
def test_what_is_inlined_is_the_same_program(name: str) -> None:
    assert program(function_source(name)) == program(source(name))


@each
def test_what_is_inlined_is_small(name: str) -> None:
    assert len(function_source(name).encode()) <= LIMITS[name]


@each
def test_what_is_inlined_has_neither_comments_nor_docstrings_nor_blank_lines(name: str) -> None:
    text = function_source(name)
    assert [line for line in text.splitlines() if not line.strip() or "# " in line or '"""' in line] == []


@each
def test_what_is_inlined_can_be_read_by_its_names(name: str) -> None:
    def names(text: str) -> set[str]:
        return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    assert names(function_source(name)) == names(source(name))


@each
def test_importing_the_source_imports_the_standard_library_alone(name: str) -> None:
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.parse(source(name)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {module.split(".")[0] for module in imported} <= sys.stdlib_module_names


@pytest.mark.parametrize(("given", "expected"), [
    ('x = "a  # b, c = d"  # why\n', "x='a  # b, c = d'\n"),
    ('x = "it\'s", \'"\', "\\"", "\\n"\n', 'x="it\'s",\'"\',"\\"",\'\\n\'\n'),
    ('def f(a, *, b=1):\n    """Say "why".\n\n    More.\n    """\n    return a\n', "def f(a,*,b=1):return a\n"),
    ("if a:\n    if b:\n        raise c\n    return d\n", "if a:\n if b:raise c\n return d\n"),
    ("if a:\n    # why\n    b(\n        c,\n        d)\n\n\ne = -1\n", "if a:\n b(c,d)\ne=-1\n"),
    ('x = f"{a}, {b} = "\nfor a in "b", "c":\n    pass\n', "x=f'{a}, {b} = '\nfor a in 'b','c':\n pass\n")])
def test_squeezing_leaves_the_program_and_what_strings_hold_as_they_are(given: str, expected: str) -> None:
    assert squeeze(given) == expected
    assert program(squeeze(given)) == program(given)
