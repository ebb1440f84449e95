"""Reading files that are broken in ways that Python's own readers answer with an error of another kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tap.deploy.files import read_json, read_toml
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
    ("[" * 100_000, "nested too deeply"), ("9" * 5_000, "a number of thousands of digits")], ids=["deep", "digits"])
def test_what_python_gives_up_on_is_one_line(
        tmp_path: Path, reader: Callable[[Path, str], Any], before: str, text: str, told: str) -> None:
    (tmp_path / "file").write_text(before + text)

    with pytest.raises(InputError, match=f"^file.*: it .*{told}$"):
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
