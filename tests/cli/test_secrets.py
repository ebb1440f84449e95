"""No command shows a value of a NoEcho parameter, wherever it comes back from."""

import itertools
import json
import sys
import traceback
from collections.abc import Iterator
from io import StringIO
from typing import Any

import click
import pytest
from deploy_fakes import DEV, changed
from memory_aws import NEW, NOON, TABLE, MemoryAws, Stack
from memory_logs import MemoryLogs
from memory_service import refusal
from memory_tap import Tap
from rich.text import Text

from tap.cli.answer import Answer
from tap.cli.app import App
from tap.cli.layout import table_of
from tap.cli.terminal import Report, complain, console, report

SECRET = "correct horse\"battery"
PIN = "e"


@pytest.fixture(autouse=True)
def secrets(tap: Tap) -> None:
    """Let the template have secret parameters, whose values are in the environment's file."""
    declared = {"Password": {"Type": "String", "NoEcho": True}, "Pin": {"Type": "String", "NoEcho": True},
                "Tokens": {"Type": "CommaDelimitedList", "NoEcho": True, "Default": ""}}
    tap.document = {**NEW, "Parameters": declared}
    (tap.root / "parameters/dev.json").write_text(json.dumps({"Parameters": {
        "Password": SECRET, "Pin": PIN, "Tokens": "token-one, token-two"}}))


def told(tap: Tap) -> str:
    """Return all that was printed, which holds no secret and no mangled word."""
    text = tap.out + tap.err
    assert SECRET not in text
    assert json.dumps(SECRET)[1:-1] not in text
    assert "token-one" not in text
    assert "pap****r" not in text
    return text


def say(stack: Stack, aws: MemoryAws, status: str = "UPDATE_FAILED") -> None:
    aws._event(stack, stack.name, "AWS::CloudFormation::Stack", "UPDATE_IN_PROGRESS")
    aws._event(stack, "Table", "AWS::DynamoDB::Table", status, f"on paper, {SECRET} (Pin {PIN}) token-one is bad")
    stack.events[-1]["PhysicalResourceId"] = f"id-{SECRET}"
    aws._event(stack, stack.name, "AWS::CloudFormation::Stack", "UPDATE_COMPLETE")


def test_a_traceback_shows_no_secret(tap: Tap) -> None:
    def lint(*_: Any) -> Any:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"no {SECRET}") from error

    tap.lint = lint

    with pytest.raises(ValueError, match=r"^no \*\*\*\*$") as raised:
        tap("plan", "dev")
    assert SECRET not in "".join(map(str, traceback.format_exception(raised.value)))
    assert repr(raised.value.__cause__) == "KeyError('****')"


@pytest.mark.parametrize("options", [[], ["--json"], ["--all"], ["--failed"]])
def test_events_show_no_secret(tap: Tap, aws: MemoryAws, stack: Stack, options: list[str]) -> None:
    say(stack, aws)

    assert tap("events", "dev", *options) == 0
    assert "on paper, **** (Pin ****) **** is bad" in told(tap)


def test_watch_shows_no_secret(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.status = "UPDATE_IN_PROGRESS"
    aws._event(stack, stack.name, "AWS::CloudFormation::Stack", stack.status)
    stack.script = [("Table", "AWS::DynamoDB::Table", "UPDATE_FAILED", f"on paper, {SECRET} (Pin {PIN}) is bad"),
                    (stack.name, "AWS::CloudFormation::Stack", "UPDATE_COMPLETE", "")]

    assert tap("watch", "dev") == 0
    assert "on paper, **** (Pin ****)" in told(tap)


def test_recover_shows_no_secret(tap: Tap, aws: MemoryAws, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("n\n"))
    stack.status = "UPDATE_ROLLBACK_FAILED"
    reason = f"on paper, {SECRET} is bad"
    aws.__dict__["do_list_stack_resources"] = lambda **_request: {"StackResourceSummaries": [
        {"LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table", "ResourceStatus": "UPDATE_FAILED",
         "ResourceStatusReason": reason}]}

    assert tap("recover", "dev") == 3
    assert "on paper, **** is bad" in told(tap)


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_drift_shows_no_secret(tap: Tap, aws: MemoryAws, options: list[str]) -> None:
    difference = {"PropertyPath": "/Name", "ExpectedValue": f"paper {PIN}", "ActualValue": json.dumps({"P": SECRET}),
                  "DifferenceType": "NOT_EQUAL"}
    aws.__dict__.update(
        do_detect_stack_drift=lambda **_request: {"StackDriftDetectionId": "1"},
        do_describe_stack_drift_detection_status=lambda **_request: {"DetectionStatus": "DETECTION_COMPLETE"},
        do_describe_stack_resource_drifts=lambda **_request: {"StackResourceDrifts": [{
            "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table",
            "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [difference]}]})

    assert tap("drift", "dev", *options) == 1
    assert "paper ****" in told(tap)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_outputs_show_no_secret(tap: Tap, stack: Stack, options: list[str]) -> None:
    stack.outputs = {"Url": f"https://user:{SECRET}@paper", "Pin": PIN}

    assert tap("outputs", "dev", *options) == 0
    assert "https://user:****@paper" in told(tap)
    assert "e" not in [line.split()[-1].strip('"') for line in tap.out.splitlines()]


@pytest.mark.parametrize("options", [[], ["--json"], ["--markdown"], ["--html"]])
def test_a_plan_shows_no_secret(tap: Tap, aws: MemoryAws, stack: Stack, options: list[str]) -> None:
    page = tap.root / "plan.html"
    aws.changed["Table"] = {"PhysicalResourceId": f"id-{SECRET}", "Details": [{
        "Target": {"Attribute": "Properties", "Name": "Name", "Path": "/Properties/Name",
                   "BeforeValue": f"paper {PIN}", "AfterValue": SECRET}}]}
    tap.document["Resources"] = {"Table": {**TABLE, "Properties": {"Name": {"Ref": "Password"}}}}
    stack.parameters = [{"ParameterKey": name, "ParameterValue": "****"} for name in ("Password", "Pin", "Tokens")]

    assert tap("plan", "dev", *([*options, str(page)] if options == ["--html"] else options)) == 0
    text = told(tap) + (page.read_text() if page.exists() else "")
    assert SECRET not in text
    assert "correct horse" not in text
    assert "paper ****" in text


def test_a_refused_request_shows_no_secret(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.always["create_change_set"] = refusal("ValidationError", f"on paper, {SECRET} is bad, {stack.name} too")

    assert tap("deploy", "dev", "--yes") == 2
    assert "on paper, **** is bad, tap-dev too" in told(tap)


def test_a_failed_deployment_shows_no_secret_on_its_page(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.failing.add("Topic")
    aws.reason = f"on paper, {SECRET} is bad"
    page = tap.root / "page.html"

    assert tap("deploy", "dev", "--yes", "--html", str(page)) == 1
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "on paper, **** is bad" in told(tap)
    assert "correct horse" not in page.read_text()


def test_a_value_given_on_the_command_line_is_hidden_too(tap: Tap, aws: MemoryAws) -> None:
    aws.always["create_change_set"] = refusal("ValidationError", "swordfish! is bad")

    assert tap("plan", "dev", "--parameter", "Password=swordfish!") == 2
    assert "**** is bad" in told(tap)


def test_where_the_template_cannot_be_built_every_value_of_the_file_counts_as_secret(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    say(stack, aws)
    tap.broken = True

    assert tap("events", "dev") == 0
    assert "on paper, **** (Pin ****)" in told(tap)


def test_a_parameter_file_that_cannot_be_read_does_not_keep_events_from_being_read(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws._event(stack, "Table", "AWS::DynamoDB::Table", "UPDATE_FAILED", "no capacity")
    (tap.root / "parameters/dev.json").write_text("{")

    assert tap("events", "dev", "--all") == 0
    assert "no capacity" in tap.out


@pytest.mark.parametrize("name", ["Password", "Tokens"])
@pytest.mark.parametrize("value", ["****", "*****"])
def test_what_stands_for_a_secret_is_refused_as_its_value(tap: Tap, aws: MemoryAws, name: str, value: str) -> None:
    assert tap("deploy", "dev", "--yes", "--parameter", f"{name}={value}") == 2
    assert tap.err == (f"tap: parameters/dev.json: {name} is {value}, a mask for a secret: set the actual value in "
                       "parameters/dev.json (given with --parameter)\n")
    assert "create_change_set" not in aws.calls


def selected(index: int) -> dict[str, Any]:
    return {**TABLE, "Properties": {"Name": {"Fn::Select": [index, {"Ref": "Tokens"}]}}}


@pytest.mark.parametrize("kept", [False, True], ids=["given", "kept"])
def test_a_list_of_secrets_is_planned(tap: Tap, stack: Stack, *, kept: bool) -> None:
    stack.parameters = [{"ParameterKey": name, "ParameterValue": "****"} for name in ("Password", "Pin", "Tokens")]
    stack.template = json.dumps({**tap.document, "Resources": {"Table": selected(1)}})
    tap.document["Resources"] = {"Table": selected(0)}
    if kept:
        (tap.root / "parameters/targets.toml").write_text('[dev]\nkeep = ["Tokens"]\n')

    assert tap("plan", "dev") == 0
    assert "was not compared" not in told(tap)


def test_logs_show_no_secret(tap: Tap, aws: MemoryAws) -> None:
    aws.add(resources={"ServiceLogGroup": ("AWS::Logs::LogGroup", "CREATE_COMPLETE")})
    line = f"on paper, {SECRET} (Pin {PIN})"
    tap.services["logs"] = MemoryLogs(**{"ServiceLogGroup-1": [(int(NOON.timestamp() * 1000), line)]})

    assert tap("logs", "dev") == 0
    assert "on paper, **** (Pin ****)" in told(tap)


def test_a_secret_is_hidden_before_a_table_breaks_it(tap: Tap, stack: Stack) -> None:
    stack.attributes = {"StackStatusReason": f"on paper, {SECRET}"}

    assert tap("status", "dev") == 0
    assert "on paper, ****" in told(tap)


def test_a_request_that_aws_refuses_for_another_reason_shows_no_secret(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.always["execute_change_set"] = refusal("AccessDenied", f"on paper, {SECRET} (Pin {PIN}) is denied")

    assert tap("deploy", "dev", "--yes") == 1
    assert "on paper, **** (Pin ****) is denied" in told(tap)
    assert stack.status == "CREATE_COMPLETE"


# -- the last line: whatever is printed, long secrets are not in it


@pytest.fixture
def app() -> Iterator[App]:
    """Return the application of a running command, which knows a secret."""
    app = App(answer=Answer(wanted=True))
    app.secrets.learn(changed(DEV, hidden=(SECRET, PIN)))
    with click.Context(click.Command("tap"), obj=app):
        yield app


@pytest.mark.usefixtures("app")
def test_no_text_and_no_table_is_printed_with_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    table = table_of(("Why",), [(f"a paper, e: {SECRET}",)])
    for printer, printed in itertools.product((report(), console(), console(stderr=True)), (f"a: {SECRET}", table)):
        printer.print(printed)
    complain(f"a: {SECRET}")

    out, err = capsys.readouterr()
    assert "correct horse" not in out + err
    assert (out + err).count("****") == 7
    assert "a paper, e: ****" in out


@pytest.mark.usefixtures("app")
def test_a_secret_is_hidden_before_a_narrow_screen_parts_it() -> None:
    narrow = Report(file=StringIO(), width=20)
    narrow.print(table_of(("Why",), [(f"a paper: {SECRET}",)]))
    narrow.print(Text.assemble(("a paper: ", "bold"), (SECRET[:9], "red"), SECRET[9:]))

    assert isinstance(narrow.file, StringIO)
    assert narrow.file.getvalue() == "Why\na paper: ****\na paper: ****\n"


def test_no_document_has_a_secret(app: App) -> None:
    app.answer.add(facts=[{SECRET: f"a: {SECRET}", "pin": "paper"}])
    app.answer.fail(1, f"b: {SECRET}", [SECRET])

    told = json.loads(app.answer.text(1))
    assert told["facts"] == [{"****": "a: ****", "pin": "paper"}]
    assert told["error"] == {"message": "b: ****", "details": ["****"]}


def test_no_page_has_a_secret_whatever_it_is_made_of(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    page = tap.root / "plan.html"
    aws.extra_changes = [{"Type": "Resource", "ResourceChange": {
        "Action": "Add", "LogicalResourceId": SECRET, "ResourceType": "AWS::SNS::Topic"}}]

    assert tap("plan", "dev", "--html", str(page)) == 0
    assert "correct horse" not in page.read_text()
    assert stack.status == "CREATE_COMPLETE"
