"""The source of the functions under `lambda/`, as the template carries it."""

import ast
import io
import re
import tokenize
from pathlib import Path


def function_source(name: str) -> str:
    """Return the source of `lambda/<name>/index.py` without comments and docstrings.

    Raises FileNotFoundError where the name is unknown, SyntaxError where the source is no Python.
    """
    here = Path(__file__).parent
    # Beside the package in the repository, inside it once installed from a wheel.
    root = next(folder for folder in (here / "lambda", here.parent / "lambda") if folder.is_dir())
    return without_comments((root / name / "index.py").read_text(encoding="utf-8"))


def without_comments(source: str) -> str:
    """Return Python source without its comments and docstrings, and with single blank lines.

    What is left stays as it was written, so that every version of Python returns the same text.
    """
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        # A body of nothing but its docstring needs it.
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            first, last = node.body[0].lineno, node.body[0].end_lineno or node.body[0].lineno
            lines[first - 1:last] = [""] * (last - first + 1)
    text = "\n".join(lines).strip() + "\n"
    text = re.sub(r"(?m)(?<=:\n)\n+", "", text)
    return re.sub(r"\n{3,}", "\n\n", text)
