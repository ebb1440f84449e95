"""What the tests rely on: they pass on a slow machine, in a script's background, and with the tools that they run."""

import subprocess
import sys

import pytest
from hypothesis import settings
from tools import missing_tools


def test_no_property_has_a_deadline() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_process_gets_the_default_signal_though_it_is_ignored_here(name: str) -> None:
    report = f"import signal; print(signal.getsignal(signal.{name}) != signal.SIG_IGN)"
    program = (
        f"import signal, subprocess, sys; signal.signal(signal.{name}, signal.SIG_IGN)\n"
        "from processes import restore_signals; restore_signals()\n"
        f"subprocess.run([sys.executable, '-c', {report!r}], check=True); signal.raise_signal(signal.{name})\n")

    ran = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True,
                         text=True, check=True)

    assert ran.stdout == "True\n"


def test_every_tool_is_installed_or_make_lint_installs_it() -> None:
    assert missing_tools() == set(), "tests that need these are skipped: make lint installs them"
