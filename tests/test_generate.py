"""`python generate.py`, as a user runs it."""

import os
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from troposphere import Template

import tap
from generate import main
from tap.deploy.template import parsed
from tap.permissions.table import entry

SCRIPT = Path(__file__).parents[1] / "generate.py"


def generate(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], stderr=subprocess.PIPE, check=False, **options)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPT.parent, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def printed() -> bytes:
    """What it prints without any flag."""
    run = generate()
    assert (run.returncode, run.stderr) == (0, b"")
    return run.stdout


def test_it_prints_the_committed_template(printed: bytes) -> None:
    committed = (SCRIPT.parent / "templates/tap.yaml").read_bytes()
    assert printed == committed, "templates/tap.yaml is not what generate.py prints: run make template"


def test_it_prints_the_same_bytes_in_another_process_from_another_directory_and_with_other_hashes(
        printed: bytes, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        run = generate(cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LANG": "C"})
        assert run.stdout == printed


def test_it_prints_utf_8_whatever_the_locale_says(printed: bytes) -> None:
    run = generate(env={**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "C"})
    assert run.stdout == printed


def test_it_prints_json(printed: bytes) -> None:
    assert parsed(generate("--format", "json").stdout.decode()) == parsed(printed.decode())


def test_the_one_template_there_is_can_be_named(printed: bytes) -> None:
    assert generate("--template", "tap").stdout == printed


def test_it_writes_a_file_instead(printed: bytes, tmp_path: Path) -> None:
    run = generate("-o", "out.yaml", cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
    assert (tmp_path / "out.yaml").read_bytes() == printed
    assert [path.name for path in tmp_path.iterdir()] == ["out.yaml"]


@pytest.mark.parametrize("arguments", [
    ["--wrong"], ["--format", "toml"], ["--template", "other"], ["surplus"], ["-o"]])
def test_a_bad_flag_is_exit_2_with_the_usage(arguments: list[str]) -> None:
    run = generate(*arguments)
    assert run.returncode == 2
    assert run.stdout == b""
    assert run.stderr.startswith(b"usage: generate.py")
    assert run.stderr.rstrip().count(b"generate.py: error:") == 1


def test_help_says_what_each_flag_does() -> None:
    run = generate("--help")
    assert run.returncode == 0
    assert all(flag in run.stdout for flag in (b"--template", b"--format", b"-o FILE"))
    assert max(map(len, run.stdout.splitlines())) <= 80


def one_line(run: subprocess.CompletedProcess[bytes]) -> str:
    """The one line that a run which failed leaves on standard error."""
    assert run.returncode == 2
    (line,) = run.stderr.decode().splitlines()
    assert line.startswith("generate.py: cannot write ")
    return line


@pytest.mark.parametrize(("target", "reason"), [
    ("missing/out.yaml", "No such file or directory"), (".", "Is a directory")])
def test_a_file_it_cannot_write_is_one_line_and_exit_2(tmp_path: Path, target: str, reason: str) -> None:
    line = one_line(generate("-o", target, cwd=tmp_path))
    assert target in line
    assert reason in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_line_and_exit_2() -> None:
    with Path("/dev/full").open("wb") as full:
        assert "standard output" in one_line(generate(stdout=full))


def test_a_resource_type_whose_permissions_are_not_listed_is_one_line_and_exit_2(
        capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], find=lambda _name: lambda: entry("AWS::Nothing::Such")) == 2
    assert capsys.readouterr().err == (
        "generate.py: AWS::Nothing::Such has no IAM actions: add those that create, update and delete it to "
        "tap/permissions/actions.toml\n")


def test_a_mistake_of_a_tiers_own_is_no_one_liner() -> None:
    def mistaken() -> Template:
        raise KeyError("none")

    with pytest.raises(KeyError):
        main([], find=lambda _name: mistaken)


def test_a_reader_that_has_gone_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        run = generate(stdout=broken)
    assert (run.returncode, run.stderr) == (0, b"")


def test_a_dash_is_standard_output(tmp_path: Path) -> None:
    run = generate("-o", "-", cwd=tmp_path)
    assert (run.stdout, list(tmp_path.iterdir())) == (generate().stdout, [])


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
@pytest.mark.parametrize("command", [[str(SCRIPT)], ["-m", "tap.lint"]], ids=["generate", "lint"])
def test_an_interruption_is_130_without_a_traceback(command: list[str]) -> None:
    code = ("import os, runpy, signal, sys\n"
            "class Finder:\n"
            "    def find_spec(self, name, *_):\n"
            "        if name == 'tap.template.render':\n"
            "            os.kill(os.getpid(), signal.SIGINT)\n"
            "sys.meta_path.insert(0, Finder())\n"
            f"sys.argv = {command[-1:]!r}\n"
            f"runpy.{'run_module' if len(command) > 1 else 'run_path'}({command[-1]!r}, run_name='__main__')\n")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=SCRIPT.parent)
    assert (run.returncode, b"Traceback" in run.stderr) == (130, False)


# Part of the emulator's own process, whose packages print as they please.
OF_THE_EMULATOR = {f"tap.rehearsal.{name}" for name in (
    "change_sets", "conditions", "corrections", "dropped", "handlers")}
MODULES = sorted({module.name for module in pkgutil.walk_packages(tap.__path__, "tap.")} - OF_THE_EMULATOR)


def test_importing_anything_does_nothing_that_can_be_seen() -> None:
    assert {"tap.stack", "tap.template.render", "tap.template.resolve", "tap.cli.main"} <= set(MODULES)
    run = python(f"import generate, {', '.join(MODULES)}")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def modules_after(code: str) -> set[str]:
    run = python(f"{code}\nimport sys; print(*sys.modules)")
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def of(packages: Sequence[str], modules: set[str]) -> set[str]:
    return {name for name in modules if name.split(".")[0] in packages}


def test_generating_imports_no_boto3_and_no_more_of_yaml_than_troposphere_does() -> None:
    slow = ("boto3", "botocore", "click", "rich", "yaml", "cfn_flip", "jinja2", "hypothesis", "ministack")
    generating = modules_after(f"import generate; generate.main(['-o', {os.devnull!r}])")
    assert "tap.stack" in generating
    assert of(slow, generating) <= of(slow, modules_after("import troposphere, awacs"))


def test_the_usage_does_not_wait_for_troposphere() -> None:
    modules = modules_after(
        "import contextlib, generate, io\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    generate.main(['--help'])")
    assert not of(("troposphere", "awacs", "yaml"), modules)


def test_what_is_committed_is_yaml_that_holds_no_alias(printed: bytes) -> None:
    # CloudFormation takes neither anchors nor aliases.
    assert not [event for event in yaml.parse(printed, yaml.CSafeLoader) if getattr(event, "anchor", None)]
