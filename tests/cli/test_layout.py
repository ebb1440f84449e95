"""Tables and displays: broken between words on a screen, never in a log; cursor movements on a screen alone."""

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text
from stack_view import ROOT

from tap.cli.layout import Table, table_of, wrapped
from tap.cli.terminal import is_live, report

PLAIN = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "FORCE_COLOR")}
CURSOR = re.compile(r"\x1b\[(\?25[lh]|\d*[A-HJKSTf]|\d+;\d+H)|\r(?!\n)")


def shown(table: Table, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_table_is_as_wide_as_its_text_and_has_no_trailing_spaces() -> None:
    assert shown(table_of(("Name", "Value"), [("a", "b" * 60), ("long name", "")])) == [
        "Name       Value", f"a          {'b' * 60}", "long name"]


def test_a_cell_is_broken_between_words_and_the_next_column_stays_where_it_is() -> None:
    assert shown(table_of(("What", "Why"), [("A subnet", "it has no route to the Internet"), ("x", "y")]), 24) == [
        "What      Why", "A subnet  it has no", "          route to the", "          Internet", "x         y"]


def test_an_identifier_that_is_too_long_is_broken_before_a_capital_or_after_a_sign() -> None:
    assert [line.plain for line in wrapped(Text("ServiceTargetTracking public.ecr.aws/nginx/nginx"), 16)] == [
        "ServiceTarget", "Tracking", "public.ecr.aws/", "nginx/nginx"]


def test_a_column_that_is_never_broken_keeps_its_width() -> None:
    assert shown(table_of(("Id", "Text"), [("two words", "one two three four")], unbroken=("Id",)), 20) == [
        "Id         Text", "two words  one two", "           three", "           four"]


def test_amounts_are_aligned_to_the_right() -> None:
    assert shown(table_of(("What", "USD"), [("a", "1.50"), ("b", "10.25")], right=("USD",))) == [
        "What    USD", "a      1.50", "b     10.25"]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4), st.integers(20, 100))
def test_no_line_is_wider_than_the_screen_and_nothing_is_lost(rows: list[tuple[str, str]], width: int) -> None:
    table = Table()
    for row in rows:
        table.add_row(*row)
    console = Console(width=width)
    lines = [segment for line in console.render_lines(table, pad=False) for segment in line]

    assert all(segment.cell_length <= width for segment in lines)
    text = "".join(segment.text for segment in lines)
    for character in "".join(cell for row in rows for cell in row):
        if character.isalnum():
            assert character in text


def test_a_log_has_every_row_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report().print(table_of(("Name", "Value"), [("a", "word " * 100)]))

    assert capsys.readouterr().out.splitlines()[1] == ("a     " + "word " * 100).rstrip()


class Tty(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("environment", "live"), [
    ({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ({"TERM": "xterm", "NO_COLOR": ""}, True), ({"TERM": "xterm", "CI": "true"}, False),
    ({"TERM": "xterm", "CI": "false"}, True), ({"TERM": "xterm", "FORCE_COLOR": "1"}, True)])
def test_a_display_is_live_on_a_terminal_that_nobody_records(environment: Mapping[str, str], *, live: bool) -> None:
    assert is_live(Console(file=Tty()), environment) is live


def test_a_display_is_never_live_in_a_log_although_it_has_colours() -> None:
    assert not is_live(Console(file=io.StringIO(), force_terminal=True), {"TERM": "xterm", "FORCE_COLOR": "1"})


def watched(**environment: str) -> str:
    """Return what a deployment of one resource writes to its standard output, which is a file."""
    return subprocess.run([sys.executable, "-c", WATCHING], capture_output=True, text=True, check=True, cwd=ROOT,
                          env={**PLAIN, "TERM": "xterm", **environment}).stdout


def watched_on_terminal(**environment: str) -> str:
    """Return what it writes to a terminal."""
    leader, follower = pty.openpty()
    subprocess.run([sys.executable, "-c", WATCHING], stdout=follower, check=True, cwd=ROOT,
                   env={**PLAIN, "TERM": "xterm", **environment})
    os.close(follower)
    written = b""
    try:
        while data := os.read(leader, 65_536):
            written += data
    except OSError:  # how Linux ends a pseudo-terminal
        pass
    os.close(leader)
    return written.decode().replace("\r\n", "\n")


WATCHING = """
import sys
sys.path[:0] = ["tests/memory"]
from deploy_fakes import event
from tap.cli.terminal import console
from tap.cli.watching import Watch
with Watch(console(), lambda: 0.0) as watch:
    for status in ("CREATE_IN_PROGRESS", "CREATE_FAILED"):
        watch.on_event(event("Topic", status))
"""


def test_colour_that_is_forced_into_a_log_moves_no_cursor() -> None:
    written = watched(FORCE_COLOR="1")

    assert "\x1b[31m" in written
    assert not CURSOR.search(written)
    assert len(written.splitlines()) == 2


def test_a_log_is_plain() -> None:
    assert "\x1b" not in watched()


@pytest.mark.parametrize("environment", [{"CI": "true"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_of_ci_or_of_who_wants_it_plain_gets_a_log(environment: Mapping[str, str]) -> None:
    written = watched_on_terminal(**environment)

    assert not CURSOR.search(written)
    assert "CREATE_IN_PROGRESS" in written


def test_a_real_terminal_gets_the_live_display() -> None:
    written = watched_on_terminal()

    assert CURSOR.search(written)
    assert "CREATE_FAILED" in written
