"""Reading files that are broken in ways that Python's own readers answer with an error of another kind."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tap.deploy.files import joined, read_json, read_toml
from tap.deploy.models import InputError


@pytest.mark.parametrize("reader", [read_toml, read_json])
@pytest.mark.parametrize(("text", "told"), [
    ("\ufeff", "file begins with a byte order mark: save it as UTF-8 without one"),
    ("{a}[" * 100_000, "file:1:")], ids=["mark", "nonsense"])
def test_it_is_one_line(tmp_path: Path, reader: Callable[[Path, str], Any], text: str, told: str) -> None:
    (tmp_path / "file").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=f"^{told}"):
        reader(tmp_path, "file")


@pytest.mark.parametrize(("reader", "before"), [(read_toml, "a = "), (read_json, "")], ids=["toml", "json"])
@pytest.mark.parametrize(("text", "told"), [
    ("[" * 100_000, "it is nested too deeply"), ("9" * 5_000, ".*digits.*")], ids=["deep", "digits"])
def test_what_python_gives_up_on_is_one_line(
        tmp_path: Path, reader: Callable[[Path, str], Any], before: str, text: str, told: str) -> None:
    (tmp_path / "file").write_text(before + text)

    with pytest.raises(InputError, match=f"^file.*: {told}$"):
        reader(tmp_path, "file")


def test_tables_that_are_not_there_are_none(tmp_path: Path) -> None:
    assert read_toml(tmp_path, "file") == {}


def test_a_link_that_leads_nowhere_is_not_taken_for_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to("elsewhere")

    with pytest.raises(InputError, match=r"^file cannot be read: No such file"):
        read_toml(tmp_path, "file")


def test_a_folder_that_cannot_be_entered_is_not_taken_for_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to("folder")

    with pytest.raises(InputError, match=r"^folder/file cannot be read: Too many levels"):
        read_toml(tmp_path, "folder/file")


@pytest.mark.parametrize("reader", [read_toml, read_json])
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no device without an end")
def test_what_has_no_end_is_not_read_to_it(tmp_path: Path, reader: Callable[[Path, str], Any]) -> None:
    (tmp_path / "file").symlink_to("/dev/zero")

    with pytest.raises(InputError, match=r"^file cannot be read: it has more than the maximum of 4,000,000 "):
        reader(tmp_path, "file")


@pytest.mark.parametrize("reader", [read_toml, read_json])
def test_a_pipe_is_not_waited_for(tmp_path: Path, reader: Callable[[Path, str], Any]) -> None:
    os.mkfifo(tmp_path / "file")

    with pytest.raises(InputError, match=r"^file cannot be read: it is a pipe, not a file$"):
        reader(tmp_path, "file")


def test_half_a_character_is_refused_where_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(r'{"Tags": {"Team": "\ud83d"}}')

    with pytest.raises(InputError, match=r"^file: .*\\ud83d"):
        read_json(tmp_path, "file")


def test_both_halves_are_a_character(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(r'["\ud83d\ude00"]')

    assert read_json(tmp_path, "file") == ["\U0001f600"]


def test_a_value_with_a_line_break_does_not_look_like_another_line() -> None:
    assert joined("file", ["Team cannot be \"a\ntap: Applied\""]) == 'file: Team cannot be "a\\ntap: Applied"'


def test_of_very_many_problems_the_first_are_told_and_the_others_counted() -> None:
    lines = joined("file", [f"P{number} is no parameter" for number in range(1000)]).splitlines()

    assert (lines[0], lines[1], lines[-1], len(lines)) == (
        "file: 1000 problems", "  - P0 is no parameter", "  and 900 more", 102)


def test_a_very_long_problem_is_cut() -> None:
    assert len(joined("file", ["x" * 100_000])) < 1_100
