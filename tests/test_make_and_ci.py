"""What runs the checks: the Makefile, CI and the pinned versions."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent


def read(path: str) -> str:
    return (ROOT / path).read_text()


def make_targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z]+):", read("Makefile")))


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    # Without the variables that tell a make what the make above it was asked.
    environ = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "MFLAGS"}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_ci_runs_the_test_command_of_the_readme_and_nothing_else() -> None:
    lines = [line for line in read(".ci/run").splitlines() if line and not line.startswith("#")]

    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]
    assert "\nmake test\n" in read("README.md")


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", "README.md"])
def test_every_make_target_that_is_named_exists(path: str) -> None:
    named = set(re.findall(r"(?m)(?:^|`|run: )make ([a-z]+)", read(path)))

    assert {"test", "rehearse"} <= named <= make_targets()


def test_every_target_has_its_line_in_make_help() -> None:
    lines = make("help").stdout.splitlines()

    assert {line.split()[1] for line in lines} == make_targets()
    assert max(map(len, lines)) <= 80


def test_make_test_lints_before_it_tests() -> None:
    commands = make("-n", "test").stdout

    positions = [commands.index(tool) for tool in ("/ruff", "/mypy", "tap.lint", "cmp ", "/pytest")]
    assert positions == sorted(positions)


@pytest.mark.parametrize(("python", "message"), [
    ("no-such-python", "There is no no-such-python: install Python 3.11 or newer, or name it: "),
    ("old-python", "is older than Python 3.11: name a newer one: "),
    ("bare-python", "has no venv module: install it (Debian, Ubuntu: apt install python3-venv)"),
])
def test_a_python_that_will_not_do_is_one_clear_line(tmp_path: Path, python: str, message: str) -> None:
    # They fail at what they are asked as an old Python, and one without venv, would.
    for name, fails_at in {"old-python": "version_info", "bare-python": "ensurepip"}.items():
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\ncase "$2" in *{fails_at}*) exit 1;; esac\n')
        script.chmod(0o755)
    command = python if python == "no-such-python" else str(tmp_path / python)

    ran = make(f"VENV={tmp_path / 'venv'}", f"PYTHON={command}", "size")

    assert ran.returncode == 2
    line, = ran.stdout.splitlines()
    assert message in line


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    uses = re.findall(r"uses: (.*)", read(".github/workflows/ci.yml"))

    assert uses
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in uses)


def test_ci_tests_every_python_that_the_package_admits() -> None:
    workflow = yaml.safe_load(read(".github/workflows/ci.yml"))

    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert "python_requires = >=3.11\n" in read("setup.cfg")


def test_every_constraint_is_an_exact_version_and_names_no_place_to_get_it_from() -> None:
    _, *lines = read("constraints.txt").splitlines()

    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    assert {line.split("==")[0] for line in lines} >= {"troposphere", "cfn-lint", "cdk-preflight", "ministack"}


def test_unpinned_installs_without_constraints() -> None:
    pinned, unpinned = (make("-n", "-B", "test", *arguments).stdout for arguments in ((), ("UNPINNED=1",)))

    assert pinned.count("install -c constraints") == 2
    assert "-c constraints.txt" in pinned
    assert "constraints" not in unpinned
