"""The source of the functions under `lambda/`, as the template carries it."""

import ast
import re
from pathlib import Path


def function_source(name: str) -> str:
    """Return the source of `lambda/<name>/index.py` without docstrings and lines of comment.

    Raises FileNotFoundError where the name is unknown, SyntaxError where the source is no Python.
    """
    here = Path(__file__).parent
    # Beside the package in the repository, inside it once installed from a wheel.
    root = next(folder for folder in (here / "lambda", here.parent / "lambda") if folder.is_dir())
    return without_comments((root / name / "index.py").read_text(encoding="utf-8"))


def without_comments(source: str) -> str:
    """Return Python source without its docstrings and lines of comment, and with single blank lines.

    What is left stays as it was written, so that every version of Python returns the same text.
    """
    left_out: set[int] = set()
    strings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            # A body of nothing but its docstring needs it.
            if ast.get_docstring(node) is not None and len(node.body) > 1:
                left_out.update(_lines(node.body[0]))
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            strings.update(_lines(node)[1:])
    lines = [
        line for number, line in enumerate(source.splitlines(), 1)
        if number not in left_out and (number in strings or not line.lstrip().startswith("#"))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip() + "\n")


def _lines(node: ast.expr | ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
