"""Changing the project's files: each is written whole or not at all, and keeps its layout."""

import json
import re
import tempfile
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that exists keeps its permissions and line endings. Raises OSError."""
    path = path.resolve()  # what a link leads to, and not the link
    exists = path.exists()
    newline = "\r\n" if exists and b"\r\n" in path.read_bytes() else "\n"
    temporary = None
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False,
                                         encoding="utf-8", newline=newline) as stream:
            temporary = Path(stream.name)
            stream.write(text)
        temporary.chmod(path.stat().st_mode & 0o777 if exists else 0o644)
        temporary.replace(path)
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def with_parameter(text: str, name: str, value: str) -> str:
    """Return the text of a parameter file in which a parameter has a value, in the file's layout where it can."""
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
