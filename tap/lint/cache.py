"""What cfn-lint has found nothing in, remembered: linting takes several times as long as all the rest of a plan."""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from tap.deploy.whole_file import write_whole

_LONGEST_UNUSED = 90 * 24 * 3600  # seconds, after which a verdict is deleted
_CONFIGURATIONS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
# Keys of a configuration that name further files, which nothing here reads.
_NAMES_FILES = re.compile(r"append_rules|custom_rules|override_spec|registry_schemas|parameter_files|deployment_files")


def cached(key: str | None, lint: Callable[[], list[str]], folder: Path) -> list[str]:
    """Return what `lint` finds, or nothing where it found nothing before for this key; None is never remembered.

    Findings are not remembered. A cache that cannot be read or written, or that others can write, is as if there were
    none.
    """
    if key is None or not _is_ours(folder):
        return lint()
    with contextlib.suppress(OSError, ValueError):
        if (folder / key).read_text(encoding="ascii") == key:
            os.utime(folder / key)
            return []
    found = lint()
    if not found:
        with contextlib.suppress(OSError):
            _remember(key, folder)
    return found


def _is_ours(folder: Path) -> bool:
    """Return whether nobody else can write verdicts; a folder that does not exist will be made so."""
    try:
        status = folder.stat()
    except OSError:
        return True
    return os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _remember(key: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in folder.iterdir():
        if time.time() - other.stat().st_mtime > _LONGEST_UNUSED:
            other.unlink()
    write_whole(folder / key, key, mode=0o600)


def verdict_key(text: str, regions: Collection[str], sources: Sequence[str], folders: Sequence[Path]) -> str | None:
    """Return the SHA-256 of all that decides what cfn-lint finds; None where that is not known.

    That is the template, the regions, the versions of Python and cfn-lint, the files of the packages `sources`, and the
    configuration in `folders`, which may name files of its own. No regions are those of the configuration.
    https://github.com/aws-cloudformation/cfn-lint#configuration
    """
    configuration = {str(folder / name): (folder / name).read_text(encoding="utf-8", errors="replace")
                     for folder in folders for name in _CONFIGURATIONS if (folder / name).is_file()}
    if not regions or any(_NAMES_FILES.search(content) for content in configuration.values()):
        return None
    parts = [text, sorted(regions), platform.python_version(), importlib.metadata.version("cfn-lint"),
             [_sources(package) for package in sources], configuration]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _sources(package: str) -> dict[str, str]:
    """Return the SHA-256 of each file of a package, without importing it."""
    found = importlib.util.find_spec(package)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (found.submodule_search_locations if found and found.submodule_search_locations else ())
            for path in sorted(Path(folder).rglob("*")) if path.suffix in (".py", ".toml")}


def home(find: Callable[[], Path] = Path.home) -> Path:
    """Return the user's home directory, or where none is known, as in some containers, what can hold no file."""
    try:
        return find()
    except RuntimeError:
        return Path(os.devnull)


def cache_folder(environ: Mapping[str, str], system: str = sys.platform) -> Path:
    """Return where this system keeps what programs can make again."""
    user = home()
    if system == "win32":
        return Path(environ.get("LOCALAPPDATA") or user / "AppData/Local") / "tap" / "Cache"
    if system == "darwin":
        return user / "Library/Caches/tap"
    given = environ.get("XDG_CACHE_HOME", "")
    # https://specifications.freedesktop.org/basedir-spec/latest/: a relative path is to be ignored.
    return (Path(given) if Path(given).is_absolute() else user / ".cache") / "tap"
