"""Source code of the Lambda functions, for the template's inline code."""

from pathlib import Path


def function_source(name: str) -> str:
    """Return the source of `lambda/<name>/index.py`.

    Raises FileNotFoundError if there is no such function.
    """
    package = Path(__file__).parent
    # Next to the package in the repository, inside it in a wheel.
    functions = next(folder for folder in (package / "lambda", package.parent / "lambda") if folder.is_dir())
    return (functions / name / "index.py").read_text(encoding="utf-8")
