"""`tap`, as it is typed: what it prints and how it exits."""

import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deploy_fakes import MemoryCloud, change

from tap.cli import main as cli
from tap.deploy.models import Environment, LeftRunning, NeedsRecovery, StackFailed, TapError
from tap.deploy.template import Rendered

DOCUMENT = {
    "Parameters": {"Size": {"Type": "Number", "Default": "1"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}},
}
Run = Callable[..., int]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/dev.json").write_text('{"Parameters": {}}')
    return tmp_path


@pytest.fixture
def memory() -> MemoryCloud:
    return MemoryCloud()


@pytest.fixture
def run(root: Path, memory: MemoryCloud) -> Run:
    def run_tap(*arguments: str, cloud: Any = memory, **wiring: Any) -> int:
        outside = cli.Wiring(
            template=lambda: Rendered(DOCUMENT, "text"),
            cloud=lambda _env: cloud,
            clock=itertools.chain([0.0], itertools.repeat(8.25)).__next__,
            **wiring,
        )
        return cli.main([*arguments, "--root", str(root)], outside)

    return run_tap


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_deployment_shows_changes_events_outputs_and_how_long_it_took(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("deploy", "dev", "--yes") == 0

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:6] == [
        "Stack tap-dev (dev) in memory: creating a change set",
        "",
        "Action  Logical id  Type",
        "Add     Topic       SNS::Topic",
        "",
        "1 change: 1 Add.",
    ]
    assert lines[6].endswith("CREATE_COMPLETE     tap-dev  CloudFormation::Stack")
    assert lines[7:] == [
        "",
        "Outputs",
        "TopicArn  arn:tap-dev",
        "",
        "Applied: stack tap-dev is up to date (8.2 s).",
    ]


def test_nothing_to_do_is_success(run: Run, memory: MemoryCloud, capsys: pytest.CaptureFixture[str]) -> None:
    memory.stacks["tap-dev"] = "text"

    assert run("deploy", "dev") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "No changes: stack tap-dev is up to date (8.2 s)."


def test_the_question_names_the_stack_and_the_number_of_changes(
    run: Run, memory: MemoryCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.changes = (change(), change("Other"))
    answer(monkeypatch, "n\n")

    run("deploy", "dev")
    assert "Apply these 2 changes to stack tap-dev? [y/N]" in capsys.readouterr().out


def test_a_piped_yes_applies(run: Run, memory: MemoryCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "y\n")

    assert run("deploy", "dev") == 0
    assert memory.stacks == {"tap-dev": "text"}


@pytest.mark.parametrize("text", ["n\n", "\n", ""])
def test_no_answer_and_no_are_declined(
    run: Run,
    memory: MemoryCloud,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
) -> None:
    answer(monkeypatch, text)

    assert run("deploy", "dev") == 3
    assert (memory.stacks, memory.pending) == ({}, set())
    assert capsys.readouterr().err == "tap: declined: stack tap-dev is as it was\n"


class Refusing(MemoryCloud):
    """A cloud in which applying ends badly."""

    error: BaseException = TapError("no")

    def apply(self, *_arguments: Any) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StackFailed("it failed"), 1),
        (TapError("it failed"), 1),
        (LeftRunning("it failed"), 5),
        (NeedsRecovery("it failed"), 6),
    ],
)
def test_each_way_to_fail_has_its_exit_code_and_one_line(
    run: Run, capsys: pytest.CaptureFixture[str], error: TapError, code: int
) -> None:
    cloud = Refusing()
    cloud.error = error

    assert run("deploy", "dev", "--yes", cloud=cloud) == code
    assert capsys.readouterr().err == "tap: it failed\n"


def test_what_is_left_behind_is_said_after_the_error(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Refusing()
    cloud.error = TapError("it failed")
    cloud.error.add_note("change set x may be left behind")

    run("deploy", "dev", "--yes", cloud=cloud)
    assert capsys.readouterr().err == "tap: it failed\ntap: change set x may be left behind\n"


def test_an_interrupt_before_anything_is_applied_says_so(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Refusing()
    cloud.error = KeyboardInterrupt()

    assert run("deploy", "dev", "--yes", cloud=cloud) == 3
    assert capsys.readouterr().err == "tap: interrupted before anything was applied\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy"],
        ["deploy", "nowhere"],
        ["deploy", "dev", "--parameter", "Size"],
        ["deploy", "dev", "--parameter", "Size=x"],
        ["deploy", "dev", "--parameter", "Siez=2"],
        ["deploy", "dev", "--force"],
        ["destroy", "dev"],
        [],
    ],
)
def test_bad_usage_and_bad_input_exit_with_2_and_call_nothing(
    run: Run, memory: MemoryCloud, arguments: list[str]
) -> None:
    assert run(*arguments) == 2
    assert memory.pending == set()


def test_a_value_without_its_name_is_not_repeated(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("deploy", "dev", "--parameter", "hunter2")

    assert "hunter2" not in capsys.readouterr().err


def test_overrides_and_region_reach_the_environment(root: Path) -> None:
    seen: list[Environment] = []

    def open_cloud(env: Environment) -> MemoryCloud:
        seen.append(env)
        return MemoryCloud()

    outside = cli.Wiring(template=lambda: Rendered(DOCUMENT, "text"), cloud=open_cloud)
    options = ["--parameter", "Size=2", "--region", "eu-north-1", "--root", str(root)]
    assert cli.main(["deploy", "dev", "--yes", *options], outside) == 0
    assert seen == [Environment(
        "dev", "tap-dev", region="eu-north-1", parameters={"Size": "2"}, overridden=frozenset({"Size"}),
        options=f" --region eu-north-1 --root {root}")]


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_a_rehearsal_exits_by_its_result(run: Run, passed: bool, code: int) -> None:
    assert run("rehearse", "dev", rehearse=lambda _name, _root, _console: passed) == code


@pytest.mark.parametrize("group", [(), ("catalog",), ("fleet",)])
def test_no_commands_line_in_the_help_is_cut_short(
    capsys: pytest.CaptureFixture[str], group: tuple[str, ...]
) -> None:
    assert cli.main([*group, "--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_the_help_lists_every_exit_code(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("deploy", "--help") == 0

    listed = capsys.readouterr().out.partition("Exit codes:")[2].splitlines()
    assert [line.split()[0] for line in listed if line] == [*"0123456", "130"]


def test_help_imports_neither_boto3_nor_troposphere() -> None:
    program = (
        "import sys; from tap.cli.main import main; main(['--help']); "
        "sys.exit(any(name in sys.modules for name in ('boto3', 'botocore', 'troposphere')))"
    )
    assert subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL).returncode == 0


PROGRAM = f"""
import json, sys
from tap.cli import main as cli
from tap.deploy.template import Rendered
document = json.loads({json.dumps(json.dumps(DOCUMENT))})
sys.exit(cli.main(None, cli.Wiring(template=lambda: Rendered(document, json.dumps(document)))))
"""


@pytest.fixture
def process(emulator: str, root: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command as a process of its own against the emulator, with nothing put in for AWS."""
    settings = {
        "AWS_ENDPOINT_URL": emulator,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }

    def run_process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        given = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
        return subprocess.run(
            command, cwd=root, env={**os.environ, **settings}, text=True, timeout=60, **given
        )

    return run_process


def test_the_usual_environment_variables_are_honoured(process: Any, client: Any, emulator: str) -> None:
    done = process("deploy", "dev", "--yes")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"in eu-west-1 at {emulator}" in done.stdout
    assert "\x1b" not in done.stdout
    assert client.describe_stacks(StackName="tap-dev")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_a_reader_that_goes_away_does_not_stop_a_deployment(process: Any, client: Any) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = process("deploy", "dev", "--yes", capture_output=False, stdout=closed, stderr=subprocess.PIPE)

    assert (done.returncode, done.stderr) == (0, "")
    assert client.describe_stacks(StackName="tap-dev")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_python_m_tap_is_tap() -> None:
    done = subprocess.run([sys.executable, "-m", "tap", "--version"], capture_output=True, text=True)

    assert (done.returncode, done.stdout[:4]) == (0, "tap ")
