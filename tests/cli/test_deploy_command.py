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
from deploy_fakes import cloud_of
from memory_aws import MemoryAws
from memory_service import refusal

from tap.cli import main as cli
from tap.cli.app import App, Connections
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, Options, Target, Values
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
def run(root: Path, aws: MemoryAws) -> Run:
    def run_tap(*arguments: str, document: Any = DOCUMENT, **wiring: Any) -> int:
        outside = App(
            template=lambda: Rendered(document, json.dumps(document)),
            cloud=lambda _env: cloud_of(aws),
            lint=lambda *_: [],
            clock=itertools.chain([0.0], itertools.repeat(8.25)).__next__,
            **wiring,
        )
        return cli.main([*arguments, "--root", str(root)], outside)

    return run_tap


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_deployment_shows_changes_events_outputs_and_how_long_it_took(
    run: Run, aws: MemoryAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.add(status="REVIEW_IN_PROGRESS", outputs={"TopicArn": "arn:tap-dev"})

    assert run("deploy", "dev", "--yes") == 0

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:7] == [
        "Stack tap-dev (dev) in eu-west-1: creating a change set",
        "",
        "Add  Topic  SNS::Topic",
        "",
        "1 change: 1 Add.",
        "Cost: about $0.00 a month; prices are for us-east-1, but the environment is in eu-west-1. "
        "Details: tap cost dev",
        "Expected duration: roughly 12.0 s.",
    ]
    assert lines[7].endswith("CREATE_IN_PROGRESS  tap-dev  CloudFormation::Stack")
    assert lines[10].endswith("CREATE_COMPLETE     tap-dev  CloudFormation::Stack")
    assert lines[11:] == [
        "",
        "Outputs",
        "TopicArn  arn:tap-dev",
        "",
        "Applied: stack tap-dev is up to date (8.2 s).",
    ]


def test_cost_and_duration_are_shown_before_the_question(
        run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "n\n")

    assert run("deploy", "dev") == 3
    told = capsys.readouterr().out
    assert "Cost: about " in told
    assert "Expected duration: " in told


def test_nothing_to_do_is_success(run: Run, aws: MemoryAws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.add(template=json.dumps(DOCUMENT))

    assert run("deploy", "dev") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "No changes: stack tap-dev is up to date (8.2 s)."


def test_the_question_names_the_stack_and_the_number_of_changes(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = {"Topic": {"Type": "AWS::SNS::Topic"}, "Other": {"Type": "AWS::SNS::Topic"}}
    answer(monkeypatch, "n\n")

    run("deploy", "dev", document={"Resources": topics})
    assert "Apply these 2 changes to stack tap-dev? [y/N]" in capsys.readouterr().err


def test_a_piped_yes_applies(run: Run, aws: MemoryAws, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "y\n")

    assert run("deploy", "dev") == 0
    assert aws.stacks["tap-dev"].status == "CREATE_COMPLETE"


@pytest.mark.parametrize("text", ["n\n", "\n", ""])
def test_no_answer_and_no_are_declined(
    run: Run,
    aws: MemoryAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
) -> None:
    answer(monkeypatch, text)

    assert run("deploy", "dev") == 3
    assert (aws.stacks, aws.change_sets) == ({}, {})
    assert capsys.readouterr().err.endswith("[y/N] \ntap: declined: stack tap-dev is unchanged\n")


def test_a_stack_that_was_rolled_back_exits_with_1(
    run: Run, aws: MemoryAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.failing.add("Topic")

    assert run("deploy", "dev", "--yes") == 1
    assert capsys.readouterr().err.startswith("tap: stack tap-dev failed: Topic (AWS::SNS::Topic) CREATE_FAILED: no c")


def test_a_refused_request_exits_with_1_and_says_what_is_left_behind(
    run: Run, aws: MemoryAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.always["execute_change_set"] = refusal("AccessDenied")
    aws.always["delete_change_set"] = refusal("AccessDenied")

    assert run("deploy", "dev", "--yes") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "tap: AWS does not allow Call: no"
    assert "may still exist" in lines[1]


def test_a_stack_that_is_left_to_cloudformation_exits_with_5(run: Run, aws: MemoryAws) -> None:
    aws.hooks["execute_change_set"] = lambda: aws.always.update(describe_stack_events=KeyboardInterrupt())

    assert run("deploy", "dev", "--yes") == 5


def test_a_stack_that_is_stuck_exits_with_6(run: Run, aws: MemoryAws) -> None:
    aws.add(status="UPDATE_ROLLBACK_FAILED")

    assert run("deploy", "dev", "--yes") == 6


def test_an_interrupt_before_anything_is_applied_says_so(
    run: Run, aws: MemoryAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.faults["describe_stack_events"] = [("before", KeyboardInterrupt())]

    assert run("deploy", "dev", "--yes") == 3
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
    run: Run, aws: MemoryAws, arguments: list[str]
) -> None:
    assert run(*arguments) == 2
    assert aws.calls == []


def test_a_value_without_its_name_is_not_repeated(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("deploy", "dev", "--parameter", "hunter2")

    assert "hunter2" not in capsys.readouterr().err


def test_overrides_and_region_reach_the_environment(root: Path, aws: MemoryAws) -> None:
    seen: list[Environment] = []

    def open_cloud(env: Environment) -> CloudFormation:
        seen.append(env)
        return cloud_of(aws)

    outside = App(template=lambda: Rendered(DOCUMENT, json.dumps(DOCUMENT)), cloud=open_cloud,
                  lint=lambda *_: [])
    options = ["--parameter", "Size=2", "--region", "eu-north-1", "--root", str(root)]
    assert cli.main(["deploy", "dev", "--yes", *options], outside) == 0
    assert seen == [Environment(
        "dev", Target("tap-dev", region="eu-north-1"), Values({"Size": "2"}, overridden=frozenset({"Size"})),
        Options(text=f" --region eu-north-1 --root {root}"))]


def test_environments_of_a_region_share_what_asks_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    connect = Connections()
    dev, test, elsewhere = (connect(Environment(name, Target(f"tap-{name}", region=region))) for name, region in (
        ("dev", "eu-west-1"), ("test", "eu-west-1"), ("prod", "eu-central-1")))

    assert dev.aws is test.aws
    assert (dev.aws.region, elsewhere.aws.region) == ("eu-west-1", "eu-central-1")


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_a_rehearsal_exits_by_its_result(run: Run, passed: bool, code: int) -> None:
    assert run("rehearse", "dev", rehearse=lambda _name, _root, _console, _by_hand: passed) == code


@pytest.mark.parametrize("group", [(), ("catalog",), ("fleet",)])
def test_no_commands_line_in_the_help_is_cut_short(
    capsys: pytest.CaptureFixture[str], group: tuple[str, ...]
) -> None:
    assert cli.main([*group, "--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_the_help_lists_every_exit_code(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("deploy", "--help") == 0

    listed = capsys.readouterr().out.partition("Exit codes:")[2].splitlines()
    assert [line.split()[0] for line in listed if line] == [*"01234567", "130"]


def test_help_imports_neither_boto3_nor_troposphere() -> None:
    program = (
        "import sys; from tap.cli.main import main; main(['--help']); "
        "sys.exit(any(name in sys.modules for name in ('boto3', 'botocore', 'troposphere')))"
    )
    assert subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL).returncode == 0


PROGRAM = f"""
import json, sys
from tap.cli import main as cli
from tap.cli.app import App, Connections
from tap.deploy.template import Rendered
document = json.loads({json.dumps(json.dumps(DOCUMENT))})
# A busy machine may take its time to respond.
sys.exit(cli.main(None, App(template=lambda: Rendered(document, json.dumps(document)), lint=lambda *_: [],
                            cloud=Connections(notify=lambda _line: None))))
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
            command, cwd=root, env={**os.environ, **settings}, text=True, **given
        )

    return run_process


def complaints(errors: str) -> list[str]:
    """Return the lines of standard error, without those of an emulator that is slow to answer on a busy machine."""
    return [line for line in errors.splitlines() if not line.startswith("tap: waiting for ")]


def test_the_usual_environment_variables_are_honoured(process: Any, client: Any, emulator: str) -> None:
    done = process("deploy", "dev", "--yes")

    assert (done.returncode, complaints(done.stderr)) == (0, [])
    assert f"in eu-west-1 at {emulator}" in done.stdout
    assert "\x1b" not in done.stdout
    assert client.describe_stacks(StackName="tap-dev")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_a_reader_that_goes_away_does_not_stop_a_deployment(process: Any, client: Any) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = process("deploy", "dev", "--yes", capture_output=False, stdout=closed, stderr=subprocess.PIPE)

    assert (done.returncode, complaints(done.stderr)) == (0, [])
    assert client.describe_stacks(StackName="tap-dev")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_python_m_tap_is_tap() -> None:
    done = subprocess.run([sys.executable, "-m", "tap", "--version"], capture_output=True, text=True)

    assert (done.returncode, done.stdout[:4]) == (0, "tap ")
