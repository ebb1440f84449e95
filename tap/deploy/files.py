"""Reading the project's files, with one line for whatever is wrong with them."""

from collections.abc import Sequence
from pathlib import Path

from tap.deploy.models import InputError


def read(root: Path, file: str) -> str:
    """Return the text of a file below `root`. Raises InputError."""
    try:
        return (root / file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None


def joined(file: str, problems: Sequence[str]) -> str:
    """Return one problem of a file as a line, several as a list."""
    if len(problems) == 1:
        return f"{file}: {problems[0]}"
    return "\n".join([f"{file}: {len(problems)} problems", *(f"  - {problem}" for problem in problems)])
