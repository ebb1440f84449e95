"""Reading the project's files, with one line for whatever is wrong with them."""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tap.deploy.models import InputError

_POSITION = re.compile(r"^(.*) \(at line (\d+), column (\d+)\)$")
# More than a file needs: 200 parameters of 4,096 bytes, which is all that CloudFormation takes. A device has no end.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_LONGEST = 4_000_000
_MOST_PROBLEMS, _LONGEST_PROBLEM = 100, 1_000


def read(root: Path, file: str) -> str:
    """Return the text of a file below `root`. Raises InputError."""
    if (root / file).is_fifo():  # nobody may ever write to it
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
        match = _POSITION.search(str(error))
        raise InputError(f"{file}:{match[2]}:{match[3]}: {match[1]}" if match else f"{file}: {error}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {_beyond(error)}") from None


def read_json(root: Path, file: str) -> Any:
    """Return what a file has. Raises InputError, with the position where there is one, and for a name that is twice."""
    return parsed_json(read(root, file), file)


def parsed_json(text: str, file: str) -> Any:
    """Return what the JSON of a file says. Raises InputError as `read_json` does."""
    try:
        content = json.loads(text, object_pairs_hook=_once_each)
        json.dumps(content, ensure_ascii=False).encode()  # half a character, as \ud83d, is a ValueError
        return content
    except json.JSONDecodeError as error:
        raise InputError(f"{file}:{error.lineno}:{error.colno}: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{file}: {_beyond(error)}") from None


def _beyond(error: Exception) -> str:
    """Return what is wrong with a file that Python gives up on."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key} occurs twice: remove one of them")
        result[key] = value
    return result


def joined(file: str, problems: Sequence[str]) -> str:
    """Return one problem of a file as a line, several as a list; of very many, the first ones."""
    lines = [legible(problem if len(problem) <= _LONGEST_PROBLEM else f"{problem[:_LONGEST_PROBLEM]}…")
             for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) == 1:
        return f"{file}: {lines[0]}"
    more = [f"  and {len(problems) - len(lines)} more"] if len(problems) > len(lines) else []
    return "\n".join([f"{file}: {len(problems)} problems", *(f"  - {line}" for line in lines), *more])


def legible(text: str) -> str:
    """Return a text with its control characters written out: nothing happens to the terminal, and it stays a line."""
    return text if text.isprintable() else "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text)
