"""Standard output and standard error that take nothing: a full disk, a terminal that must not be steered."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from rich.text import Text

from tap.cli.terminal import complain, console, report

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")


def run(*command: str, stdout: int | IO[bytes] = subprocess.PIPE, stderr: int | IO[bytes] = subprocess.PIPE) -> (
        subprocess.CompletedProcess[bytes]):
    return subprocess.run([sys.executable, *command], stdout=stdout, stderr=stderr, check=False)


@pytest.mark.parametrize("arguments", [["diagram", "dev", "-o"], ["--help"]], ids=["diagram", "help"])
def test_what_cannot_be_printed_is_a_failure_of_one_line(arguments: list[str], tmp_path: Path) -> None:
    if arguments[-1] == "-o":
        arguments = [*arguments, str(tmp_path / "dev.svg")]
    with Path("/dev/full").open("wb") as full:
        ran = run("-m", "tap", *arguments, stdout=full)

    assert (ran.returncode, ran.stderr) == (1, b"tap: standard output: No space left on device\n")


@pytest.mark.parametrize("command", [["cost", "dev"], ["diff", "dev", "prod"]], ids=["cost", "diff"])
def test_a_report_that_cannot_be_printed_is_a_failure(command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = run("-m", "tap", *command, stdout=full)

    assert (ran.returncode, ran.stderr) == (1, b"tap: standard output: No space left on device\n")


def test_a_report_is_a_failure_where_standard_output_is_closed() -> None:
    ran = subprocess.run(["/bin/sh", "-c", 'exec "$0" -m tap cost dev >&-', sys.executable], stderr=subprocess.PIPE,
                         check=False)

    assert (ran.returncode, ran.stderr) == (1, b"tap: standard output: Bad file descriptor\n")


def test_a_character_that_the_terminal_does_not_take_is_written_out() -> None:
    ran = subprocess.run([sys.executable, "-m", "tap", "diff", "dev", "prod"], capture_output=True, check=False,
                         env={**os.environ, "PYTHONIOENCODING": "latin-1"})

    assert (ran.returncode, b"dev \\u2192 prod" in ran.stdout) == (0, True)


def test_a_report_whose_reader_has_gone_ends_without_a_word() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        ran = run("-m", "tap", "cost", "dev", stdout=broken)

    assert (ran.returncode, ran.stderr) == (1, b"")


def test_a_deployment_goes_on_where_standard_error_takes_nothing_and_its_result_is_printed() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = run("-c", "from tap.cli.terminal import console\nout = console(stderr=True)\nout.print(1)\nprint(2)",
                  stderr=full)

    assert (ran.returncode, ran.stdout) == (0, b"2\n")


def test_what_others_wrote_does_nothing_to_the_terminal_in_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    for out in (report(), console()):
        out.print("a\x1b]0;title\x07b", Text("\u202ec", "red"), soft_wrap=True)

        assert capsys.readouterr().out == "a\\x1b]0;titleb \\u202ec\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_commands_are_imported_is_one_line(number: signal.Signals) -> None:
    ran = run("-c", f"""
import os, sys
from tap.__main__ import main
class Finder:
    def find_spec(self, name, *_):
        if name == "tap.deploy.models":
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Finder())
sys.exit(main())
""")

    assert (ran.returncode, ran.stderr) == (130, b"tap: interrupted\n")


def test_a_deployment_is_watched_to_its_end_though_the_disk_of_its_log_is_full() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = run("-c", "from tap.cli.terminal import console\nout = console()\nout.print(1)\nout.print(2)\nexit(7)",
                  stdout=full)

    assert (ran.returncode, ran.stderr) == (
        7, b"tap: standard output cannot be written: No space left on device. The operation continues\n")


@pytest.mark.parametrize("arguments", [["plan", "nowhere"], ["nonsense"]], ids=["input", "usage"])
def test_the_exit_code_stays_where_nothing_can_be_told(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        assert run("-m", "tap", *arguments, stderr=full).returncode == 2


def test_what_others_wrote_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a\x1b]0;title\x07b\r, \u202e, é, 中\n  - next")

    assert capsys.readouterr().err == "tap: a\\x1b]0;title\\x07b\\r, \\u202e, é, 中\n  - next\n"
