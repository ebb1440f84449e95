"""Reading the project's files, with one line for whatever is wrong with them."""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tap.deploy.models import InputError

_POSITION = re.compile(r"^(.*) \(at line (\d+), column (\d+)\)$")


def read(root: Path, file: str) -> str:
    """Return the text of a file below `root`. Raises InputError."""
    try:
        text = (root / file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if text.startswith("\ufeff"):
        raise InputError(f"{file} begins with a byte order mark: save it as UTF-8 without one")
    return text


def read_toml(root: Path, file: str) -> dict[str, Any]:
    """Return a file's tables, none where there is no file. Raises InputError, with the position where there is one."""
    try:
        (root / file).lstat()  # a link that leads nowhere is a mistake, and not "no file"
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    try:
        return tomllib.loads(read(root, file))
    except tomllib.TOMLDecodeError as error:
        # Python 3.14 has the position in attributes; before that it is in the message alone.
        found = _POSITION.search(str(error))
        raise InputError(f"{file}:{found[2]}:{found[3]}: {found[1]}" if found else f"{file}: {error}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {_beyond(error)}") from None


def read_json(root: Path, file: str) -> Any:
    """Return what a file has. Raises InputError, with the position where there is one, and for a name that is twice."""
    try:
        return json.loads(read(root, file), object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}:{error.lineno}:{error.colno}: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{file}: {_beyond(error)}") from None


def _beyond(error: Exception) -> str:
    """Return what is wrong with a file that Python gives up on."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    # https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation
    return "it has a number of thousands of digits" if "integer string conversion" in str(error) else str(error)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key} is there twice: remove one of them")
        result[key] = value
    return result


def joined(file: str, problems: Sequence[str]) -> str:
    """Return one problem of a file as a line, several as a list."""
    if len(problems) == 1:
        return f"{file}: {problems[0]}"
    return "\n".join([f"{file}: {len(problems)} problems", *(f"  - {problem}" for problem in problems)])
