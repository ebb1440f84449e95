"""Read the project's files, and report each problem on one line."""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tap.deploy.models import InputError

_POSITION = re.compile(r"^(.*) \(at line (\d+), column (\d+)\)$")
# CloudFormation's maximum is 200 parameters of 4,096 bytes. A device file has no end.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_LONGEST = 4_000_000
_MOST_PROBLEMS, _LONGEST_PROBLEM = 100, 1_000


def read(root: Path, file: str) -> str:
    """Return the text of a file below `root`. Raises InputError."""
    if (root / file).is_fifo():  # a pipe that nobody may ever write to
        raise InputError(f"{file} cannot be read: it is a pipe, not a file")
    return read_given(root / file, file)


def read_given(path: Path, file: str) -> str:
    """Return the text of a file, or of a pipe, that messages call `file`. Raises InputError."""
    try:
        with path.open(encoding="utf-8") as stream:
            text = stream.read(_LONGEST + 1)
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if len(text) > _LONGEST:
        raise InputError(f"{file} cannot be read: it has more than the maximum of {_LONGEST:,} characters")
    if text.startswith("\ufeff"):
        raise InputError(f"{file} begins with a byte order mark: save it as UTF-8 without one")
    return text


def read_toml(root: Path, file: str) -> dict[str, Any]:
    """Return a file's tables, none if it does not exist. Raises InputError, with the position if it is known."""
    try:
        (root / file).lstat()  # a broken link is a mistake, not a missing file
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    try:
        return tomllib.loads(read(root, file))
    except tomllib.TOMLDecodeError as error:
        # Python 3.14 has the position in attributes; earlier versions only in the message.
        match = _POSITION.search(str(error))
        raise InputError(f"{file}:{match[2]}:{match[3]}: {match[1]}" if match else f"{file}: {error}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {_beyond(error)}") from None


def read_json(root: Path, file: str) -> Any:
    """Return a JSON file's value. Raises InputError, with the position if it is known, also for duplicate names."""
    return parsed_json(read(root, file), file)


def parsed_json(text: str, file: str) -> Any:
    """Return the value of a file's JSON text. Raises InputError as `read_json` does."""
    try:
        content = json.loads(text, object_pairs_hook=_once_each)
        json.dumps(content, ensure_ascii=False).encode()  # an unpaired surrogate, such as \ud83d, is a ValueError
        return content
    except json.JSONDecodeError as error:
        raise InputError(f"{file}:{error.lineno}:{error.colno}: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{file}: {_beyond(error)}") from None


def _beyond(error: Exception) -> str:
    """Return the error for a file that exceeds a limit of Python."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key} occurs twice: remove one of them")
        result[key] = value
    return result


def joined(file: str, problems: Sequence[str]) -> str:
    """Return one problem as a line, several as a list, cut off after the first ones if there are many."""
    lines = [legible(problem if len(problem) <= _LONGEST_PROBLEM else f"{problem[:_LONGEST_PROBLEM]}…")
             for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) == 1:
        return f"{file}: {lines[0]}"
    more = [f"  and {len(problems) - len(lines)} more"] if len(problems) > len(lines) else []
    return "\n".join([f"{file}: {len(problems)} problems", *(f"  - {line}" for line in lines), *more])


def legible(text: str) -> str:
    """Return text with control characters escaped, so that it stays on one line and cannot affect the terminal."""
    return text if text.isprintable() else "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text)
