"""Scripts of workflows and actions, run as GitHub's runner runs them, with stand-ins for programs."""

import os
import subprocess
from pathlib import Path


def stand_in(folder: Path, name: str, body: str) -> None:
    """Put a shell script in front of a program."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / "bin" / name).chmod(0o755)


def run(folder: Path, text: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in a folder, which is the runner's temporary one, too."""
    environ = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(folder / "summary"),
               "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_REPOSITORY": "payments/tap",
               "RUNNER_TEMP": str(folder), **variables}
    # As a runner does it: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax (shell)
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text], cwd=folder, env=environ,
                          check=False, capture_output=True, text=True)
