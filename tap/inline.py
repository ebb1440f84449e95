"""The source of the functions under `lambda/`, as the template carries it."""

from pathlib import Path


def function_source(name: str) -> str:
    """Return `lambda/<name>/index.py` as it stands.

    Raises FileNotFoundError for an unknown name.
    """
    package = Path(__file__).parent
    # Beside the package in the repository, inside it once installed from a wheel.
    functions = next(folder for folder in (package / "lambda", package.parent / "lambda") if folder.is_dir())
    return (functions / name / "index.py").read_text(encoding="utf-8")
