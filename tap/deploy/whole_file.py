"""Write a file completely or not at all: a full disk or Ctrl-C leaves the previous content."""

import contextlib
import errno
import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: str | bytes, mode: int | None = None) -> None:
    """Write a file, or leave it unchanged and raise OSError.

    Replaces a link's target, not the link. An existing file keeps its permissions; a new one gets `mode`, by
    default 0666 minus the umask. A device or a pipe, which cannot be replaced, is written to.
    """
    # Path.resolve raises RuntimeError for a loop of links before Python 3.13, and nothing afterwards.
    path = Path(os.path.realpath(path))
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    data = content.encode() if isinstance(content, str) else content
    exists = path.exists()
    if exists and not path.is_file():
        path.write_bytes(data)
        return
    # In the same directory, so on the same file system, which an atomic replacement requires.
    temporary = path.with_name(f".tap-{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode or 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            if exists and mode is None:
                os.fchmod(descriptor, path.stat().st_mode & 0o777)
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
