"""`tap diagram`, as it is typed."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from looping import some

from tap.cli.picture import diagram_command

Run = Callable[..., int | str]


def test_it_writes_the_environment_and_says_so(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "architecture.svg"
    assert run(diagram_command, "dev", "-o", str(file)) == 0
    assert "Architecture of tap-dev (dev)" in file.read_text()
    assert capsys.readouterr().out.startswith(f"Wrote {file}: ")


def test_a_folder_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "new/architecture.svg"
    assert run(diagram_command, "dev", "-o", str(file)) == f"{file} cannot be written: No such file or directory"
    assert not file.parent.exists()


def test_without_an_environment_it_draws_prod(run: Run, tmp_path: Path) -> None:
    assert run(diagram_command, "-o", str(tmp_path / "a.svg")) == 0
    assert "Architecture of tap-prod (prod)" in (tmp_path / "a.svg").read_text()


def test_the_ending_chooses_the_format(run: Run, tmp_path: Path) -> None:
    begins = {".svg": b"<svg", ".html": b"<!doctype html>", ".png": b"\x89PNG", ".mmd": b"flowchart"}
    for ending, start in some(begins.items()):
        assert run(diagram_command, "dev", "-o", str(tmp_path / f"a{ending}")) == 0
        assert (tmp_path / f"a{ending}").read_bytes().startswith(start)


def test_the_page_fetches_nothing(run: Run, tmp_path: Path) -> None:
    run(diagram_command, "dev", "-o", str(tmp_path / "a.html"))
    page = (tmp_path / "a.html").read_text().replace("http://www.w3.org/2000/svg", "")
    assert "http" not in page
    assert "<script" not in page


def test_a_difference_names_both(run: Run, tmp_path: Path) -> None:
    assert run(diagram_command, "dev", "--diff", "prod", "-o", str(tmp_path / "a.svg")) == 0
    assert ElementTree.parse(tmp_path / "a.svg").getroot()[0].text == "Architecture of tap-dev (dev) against prod"


def test_an_ending_that_is_no_format_is_refused(run: Run, tmp_path: Path) -> None:
    assert "must end in .svg, .html, .png, .mmd" in str(run(diagram_command, "dev", "-o", str(tmp_path / "a.gif")))


def test_an_environment_that_does_not_exist_is_named(run: Run, tmp_path: Path) -> None:
    told = str(run(diagram_command, "dve", "-o", str(tmp_path / "a.svg")))
    assert told.startswith("environment dve does not exist: did you mean dev?")


def test_a_file_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in str(run(diagram_command, "dev", "-o", str(tmp_path / "file/a.svg")))
