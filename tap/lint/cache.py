"""Cache templates without cfn-lint findings: linting takes several times as long as the rest of a plan."""

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

_LONGEST_UNUSED = 90 * 24 * 3600  # seconds after which an unused verdict is deleted
_CONFIGURATIONS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
# Configuration keys that refer to further files, which the cache key does not cover.
_NAMES_FILES = re.compile(r"append_rules|custom_rules|override_spec|registry_schemas|parameter_files|deployment_files")


def cached(key: str | None, lint: Callable[[], list[str]], folder: Path) -> list[str]:
    """Return what `lint` finds; skip it if it found nothing before for this key. The key None disables the cache.

    Findings are not remembered. A cache that cannot be read or written, or that others can write, is as if there were
    none.
    """
    if key is None or not _is_ours(folder):
        return lint()
    with contextlib.suppress(OSError, ValueError):
        if (folder / key).read_text(encoding="ascii") == key:
            os.utime(folder / key)
            return []
    problems = lint()
    if not problems:
        with contextlib.suppress(OSError):
            _remember(key, folder)
    return problems


def _is_ours(folder: Path) -> bool:
    """Return whether nobody else can write verdicts. A missing folder will be created that way."""
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
    """Return the SHA-256 of everything that determines cfn-lint's findings; None if that is unknown.

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
    spec = importlib.util.find_spec(package)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (spec.submodule_search_locations if spec and spec.submodule_search_locations else ())
            for path in sorted(Path(folder).rglob("*")) if path.suffix in (".py", ".toml")}


def home(find: Callable[[], Path] = Path.home) -> Path:
    """Return the user's home directory; if unknown, as in some containers, a path that cannot contain files."""
    try:
        return find()
    except RuntimeError:
        return Path(os.devnull)


def cache_folder(environ: Mapping[str, str], system: str = sys.platform) -> Path:
    """Return the system's folder for caches."""
    user = home()
    if system == "win32":
        return Path(environ.get("LOCALAPPDATA") or user / "AppData/Local") / "tap" / "Cache"
    if system == "darwin":
        return user / "Library/Caches/tap"
    folder = environ.get("XDG_CACHE_HOME", "")
    # https://specifications.freedesktop.org/basedir-spec/latest/: a relative path is to be ignored.
    return (Path(folder) if Path(folder).is_absolute() else user / ".cache") / "tap"
