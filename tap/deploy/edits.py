"""Edit the project's files: each is written completely or not at all, and keeps its layout."""

import json
import re
from pathlib import Path

from tap.deploy.whole_file import write_whole


def replace_file(path: Path, text: str) -> None:
    """Write a file completely or not at all; an existing one keeps its permissions and line endings. Raises OSError."""
    has_crlf = path.exists() and b"\r\n" in path.read_bytes()
    write_whole(path, text.replace("\n", "\r\n") if has_crlf else text)


def with_parameter(text: str, name: str, value: str) -> str:
    """Return a parameter file's text with a parameter set to a value, keeping the file's layout where possible."""
    document = json.loads(text)
    document.setdefault("Parameters", {})[name] = value
    quoted = json.dumps(value).replace("\\", r"\\")
    changed, count = re.subn(rf'("{name}"\s*:\s*)"[^"]*"', rf"\g<1>{quoted}", text)
    if not count:
        changed = re.sub(r'("Parameters"\s*:\s*\{\s*)(?=")', rf'\g<1>"{name}": {quoted},\n    ', text, count=1)
    try:
        kept = json.loads(changed) == document
    except ValueError:
        kept = False
    return changed if kept else json.dumps(document, indent=2) + "\n"
