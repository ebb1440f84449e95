"""Files are written whole or not at all."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stack_view import ROOT

from tap.deploy.edits import replace_file
from tap.deploy.whole_file import write_whole

# No file of this process grows beyond a few bytes: what a full disk does in the middle of a page.
FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
sys.argv[1:1] = []
"""
TAP = FULL + "from tap.cli.main import main; sys.exit(main(sys.argv[1:]))"
GENERATE = FULL + "import generate; sys.exit(generate.main(sys.argv[1:]))"
WRITERS = {
    "generate.py -o": (GENERATE, "-o"),
    "tap diagram -o": (TAP, "diagram", "dev", "-o"), "tap dashboard -o": (TAP, "dashboard", "dev", "-o"),
    "tap catalog form -o": (TAP, "catalog", "form", "-o")}
# They write what nobody else reads: a log of the emulator, and files in temporary directories.
ALLOWED = {"tap/rehearsal/emulator.py", "tap/lint/checkov.py", "tap/deploy/whole_file.py", "tap/cli/terminal.py",
           "bench/deploy.py", "bench/peers.py", "bench/validation.py"}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, writer: str) -> None:
    program, *arguments = WRITERS[writer]
    file = tmp_path / "out.svg"
    file.write_text("old")

    done = subprocess.run([sys.executable, "-c", program, *arguments, str(file)], cwd=ROOT, text=True,
                          capture_output=True, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "cannot" in done.stderr
    assert "File too large" in done.stderr
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_has_what_the_umask_leaves_and_an_old_one_keeps_its_permissions(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", "x")
        (tmp_path / "old").touch(0o606)
        (tmp_path / "old").chmod(0o606)
        write_whole(tmp_path / "old", b"y")
        write_whole(tmp_path / "secret", "z", mode=0o600)
    finally:
        os.umask(umask)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old", "secret")] == [0o640, 0o606, 0o600]
    assert (tmp_path / "old").read_text() == "y"


def test_what_a_link_leads_to_is_replaced_and_not_the_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")

    write_whole(tmp_path / "link", "new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_loop_of_links_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")

    with pytest.raises(OSError, match="symbolic links"):
        write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_whole(Path(os.devnull), "x")
    assert Path(os.devnull).is_char_device()


def test_line_endings_of_a_project_file_stay(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\r\n")
    replace_file(tmp_path / "file", "a\nb\n")
    assert (tmp_path / "file").read_bytes() == b"a\r\nb\r\n"


def test_nothing_else_writes_files() -> None:
    found = set()
    for path in (*ROOT.glob("tap/**/*.py"), *ROOT.glob("bench/*.py"), ROOT / "generate.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                modes = [each.value for each in node.args if isinstance(each, ast.Constant)]
                if name in ("write_text", "write_bytes", "mkstemp", "NamedTemporaryFile") or (
                        name in ("open", "fdopen") and {"w", "wb", "a", "ab", "x"} & set(modes)):
                    found.add(str(path.relative_to(ROOT)))
    assert found - ALLOWED == set()
