"""A saved plan is executed as it was reviewed, once, or not at all."""

import json
import os
import resource
from pathlib import Path

import pytest
from memory_aws import TABLE, TOPIC, MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap

SAVED = {"version": 1, **dict.fromkeys(("environment", "account", "region", "stack", "stack_id", "type", "change_set",
                                      "template", "parameters", "changes"), "")}


@pytest.fixture
def saved(tap: Tap, tmp_path: Path, stack: Stack) -> Path:  # noqa: ARG001  (there is a stack)
    assert tap("plan", "dev", "--save", str(tmp_path / "plan")) == 0
    return tmp_path / "plan"


def test_a_saved_plan_is_executed(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    change_set = json.loads(saved.read_text())["change_set"]

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 0
    assert aws.executed == [change_set.split("/")[1]]


def test_a_saved_plan_is_executed_once(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    tap("deploy", "dev", "--plan", str(saved), "--yes")

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert len(aws.executed) == 1


def test_a_saved_plan_for_which_the_stack_has_changed_is_refused(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    tap("deploy", "dev", "--yes")

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert "refusing to execute this plan: " in tap.err
    assert len(aws.executed) == 1


@pytest.mark.parametrize(("name", "value"), [
    ("account", "999999999999"), ("region", "us-east-1"), ("stack", "other"), ("environment", "prod"),
    ("template", "0" * 64), ("parameters", "0" * 64), ("changes", "0" * 64), ("change_set", "arn:gone"),
    ("stack_id", "arn:aws:cloudformation:eu-west-1:123456789012:stack/tap-dev/0")])
def test_a_saved_plan_in_which_anything_differs_is_refused(
        tap: Tap, aws: MemoryAws, saved: Path, name: str, value: str) -> None:
    saved.write_text(json.dumps({**json.loads(saved.read_text()), name: value}))

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert (aws.executed, len(aws.change_sets)) == ([], 1)


def test_a_saved_plan_does_not_outlive_a_change_of_the_template(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    tap.document = {"Resources": {"Table": TABLE, "Topic": TOPIC, "More": TOPIC}}

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert "the template has changed since" in tap.err
    assert aws.executed == []


def test_a_change_set_that_holds_another_template_is_refused(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    change_set, = aws.change_sets.values()
    aws.extra_changes = aws._changes(change_set)
    change_set.template = change_set.stack.template  # the same changes, of something else

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert "its change set contains another template" in tap.err
    assert aws.executed == []


@pytest.mark.parametrize(("error", "code", "told"), [
    (refusal("ChangeSetNotFoundException"), 4, "its change set no longer exists"),
    (refusal("AccessDenied", "you may not"), 1, "you may not")])
def test_a_change_set_that_cannot_be_read_is_gone_only_if_aws_says_so(
        tap: Tap, aws: MemoryAws, saved: Path, error: BaseException, code: int, told: str) -> None:
    aws.always["describe_change_set"] = error

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == code
    assert told in tap.err
    assert aws.executed == []


def test_a_plan_file_is_readable_by_its_owner_alone_and_keeps_its_format(saved: Path) -> None:
    assert saved.stat().st_mode & 0o777 == 0o600
    content = json.loads(saved.read_text())
    assert (content["version"], set(content)) == (1, set(SAVED))
    assert [path.name for path in saved.parent.iterdir() if path.is_file()] == ["plan"]


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("text", [
    "{", "[]", '{"version": 9}', "\x00", "[" * 100_000, json.dumps({**SAVED, "region": []})])
def test_a_plan_file_that_is_none_is_bad_input(tap: Tap, tmp_path: Path, text: str) -> None:
    (tmp_path / "plan").write_text(text)

    assert tap("deploy", "dev", "--plan", str(tmp_path / "plan"), "--yes") == 2
    assert "not a plan from" in tap.err


@pytest.mark.usefixtures("stack")
def test_a_pipe_or_a_device_is_not_replaced_by_a_plan(tap: Tap, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan")

    assert tap("plan", "dev", "--save", str(tmp_path / "plan")) == 2
    assert "it exists and is not a file" in tap.err
    assert ((tmp_path / "plan").is_fifo(), tap.left()) == (True, [])


@pytest.mark.usefixtures("stack")
def test_a_plan_is_saved_where_a_link_leads(tap: Tap, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "plan")

    assert tap("plan", "dev", "--save", str(tmp_path / "link")) == 0
    assert ((tmp_path / "link").is_symlink(), (tmp_path / "plan").is_file()) == (True, True)


def test_a_full_disk_leaves_neither_a_file_nor_a_change_set(tap: Tap, aws: MemoryAws, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
    try:
        code = tap("plan", "dev", "--save", str(tmp_path / "plan"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert code == 2
    assert tap.err.startswith("tap: the plan cannot be saved to ")
    assert [path.name for path in tmp_path.iterdir()] == ["parameters"]
    assert (aws.stacks, aws.change_sets) == ({}, {})


def test_a_folder_that_is_not_there_leaves_no_change_set(tap: Tap, aws: MemoryAws, tmp_path: Path) -> None:
    assert tap("plan", "dev", "--save", str(tmp_path / "nowhere/plan")) == 2
    assert (aws.stacks, aws.change_sets) == ({}, {})
