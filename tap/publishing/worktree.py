"""Compare the published files with the last commit in git."""

import shutil
import subprocess
from pathlib import Path

from tap.deploy.models import InputError


def changed_files(root: Path) -> list[str]:
    """Return the files below `root` that differ from the commit, including untracked ones.

    Raises InputError where there is no git, or `root` is in no repository of it.
    """
    git = shutil.which("git")
    if git is None:
        raise InputError("git is not installed: install it, since publishing checks that everything is committed")
    # -z: unquoted paths. The command is fixed and contains no user input.
    ran = subprocess.run([git, "-C", str(root), "status", "--porcelain", "--no-renames", "-z", "--", "."],  # noqa: S603
                         capture_output=True, check=False, encoding="utf-8", errors="backslashreplace")
    if ran.returncode:
        raise InputError(f"git cannot check that everything is committed: {' '.join(ran.stderr.split())}")
    return [entry[3:] for entry in ran.stdout.split("\0") if entry[2:3] == " "]
