"""cfn-lint runs beside the creation of a change set, and what it finds keeps the template from being deployed."""

import sys
import threading
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from memory_aws import MemoryAws
from memory_service import refusal
from memory_tap import Tap
from processes import HANG

import tap
from tap.cli.linting import SOURCES, in_background, lint_template
from tap.deploy.template import Rendered
from tap.lint import cache

FOUND = "cfn-lint E3002 Topic.Properties: Additional properties are not allowed"


@pytest.fixture
def finding(tap: Tap) -> Tap:
    tap.lint = lambda _template, _regions: [FOUND]
    return tap


@pytest.mark.parametrize("command", [("plan", "dev"), ("deploy", "dev", "--yes")])
@pytest.mark.usefixtures("stack")
def test_what_cfn_lint_refuses_is_neither_planned_nor_deployed(finding: Tap, command: tuple[str, ...]) -> None:
    assert finding(*command) == 2

    assert finding.err == f"tap: {FOUND}\n"
    assert finding.aws.executed == []
    assert finding.left() == []


@pytest.mark.parametrize("command", [("plan", "dev"), ("deploy", "dev", "--yes")])
@pytest.mark.usefixtures("stack")
def test_without_linting_nothing_is_linted(finding: Tap, command: tuple[str, ...]) -> None:
    assert finding(*command, "--no-lint") == 0


@pytest.mark.usefixtures("stack")
def test_without_linting_everything_else_is_checked(tap: Tap) -> None:
    tap.document = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "named"}}}}

    assert tap("deploy", "dev", "--yes", "--no-lint") == 2
    assert "create_change_set" not in tap.aws.calls


@pytest.mark.usefixtures("stack")
def test_what_cloudformation_and_cfn_lint_refuse_is_told_together(finding: Tap, aws: MemoryAws) -> None:
    aws.always["create_change_set"] = refusal("ValidationError", "Template format error")

    assert finding("deploy", "dev", "--yes") == 2
    assert finding.err.splitlines()[1:] == [
        "  - CloudFormation rejected Call (ValidationError): Template format error", f"  - {FOUND}"]


@pytest.mark.usefixtures("stack")
def test_a_template_is_linted_for_the_region_that_it_goes_to(tap: Tap) -> None:
    regions: list[list[str]] = []

    def lint(_template: Rendered, given: Collection[str]) -> list[str]:
        regions.append(sorted(given))
        return []

    tap.lint = lint
    tap("plan", "dev")
    tap("deploy", "dev", "--yes")

    assert regions == [["eu-west-1"], ["eu-west-1"]]


@pytest.mark.usefixtures("stack")
def test_the_change_set_is_created_while_the_template_is_linted(tap: Tap, aws: MemoryAws) -> None:
    created = threading.Event()
    aws.hooks["create_change_set"] = created.set
    tap.lint = lambda *_: [] if created.wait(HANG) else ["it waits for lint"]

    assert tap("plan", "dev") == 0


@pytest.mark.usefixtures("stack")
def test_an_update_without_changes_does_not_wait_for_cfn_lint(tap: Tap) -> None:
    tap("deploy", "dev", "--yes")
    forever = threading.Event()
    tap.lint = lambda *_: [] if forever.wait(HANG) else ["it waits for lint"]

    assert tap("deploy", "dev", "--yes") == 0
    forever.set()


def test_an_error_in_the_background_is_raised_where_the_result_is_asked_for() -> None:
    def fails() -> list[str]:
        raise ZeroDivisionError

    result: Callable[[], list[str]] = in_background(fails)

    with pytest.raises(ZeroDivisionError):
        result()


def test_a_template_that_passed_is_not_linted_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    template = Rendered({}, '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')

    assert lint_template(template, ["eu-west-1"]) == []
    verdict, = (tmp_path / "tap/lint").iterdir()
    read = verdict.stat().st_mtime_ns
    assert lint_template(template, ["eu-west-1"]) == []
    assert verdict.stat().st_mtime_ns > read


def test_every_module_of_ours_that_lints_is_in_the_key_of_a_verdict() -> None:
    lint_template(Rendered({}, "{}"), ["eu-west-1"])
    used = {Path(module.__file__) for name, module in list(sys.modules.items())
            if name.startswith(("tap.wiring", "tap.lint", "tap.template")) and module.__file__}
    root = Path(tap.__file__).parent.parent

    in_key = {root / package.replace(".", "/") / file for package in SOURCES for file in cache._sources(package)}
    assert {"resolve.py", "validators.py", "rule.py"} <= {file.name for file in used}
    assert used - in_key == set()


def test_what_is_wrong_is_found_with_the_rules_of_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    template = Rendered({}, '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Nonsense": 1}}}}')

    assert lint_template(template, ["eu-west-1"])[0].startswith("cfn-lint E3002 Topic.Properties.Nonsense: ")
    assert list(tmp_path.iterdir()) == []
