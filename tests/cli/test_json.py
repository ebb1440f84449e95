"""With --json, standard output has exactly one document, as its schema says, however the command ends."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from documents import SCHEMAS, document, validator
from jsonschema import Draft202012Validator
from memory_aws import NEW, OLD, MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap
from stack_view import ROOT

from tap.cli.answer import OUTCOMES
from tap.cli.app import EXIT_CODES


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("*.json")), ids=lambda file: file.stem)
def test_a_schema_is_one_and_has_a_versioned_id(file: Path) -> None:
    schema = json.loads(file.read_text())

    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:tap:json:1:{file.stem}"


def test_every_command_that_prints_json_has_a_schema() -> None:
    from tap.cli.main import tap

    commands = [*tap.commands.items()]
    commands += [(f"{name}-{child}", command) for name, group in tap.commands.items()
                 for child, command in getattr(group, "commands", {}).items()]
    printing = {name for name, command in commands if any("--json" in each.opts for each in command.params)}
    assert printing == {file.stem for file in SCHEMAS.glob("*.json")} - {"common"}


@pytest.mark.parametrize("name", sorted({file.stem for file in SCHEMAS.glob("*.json")} - {"common"}))
def test_every_command_that_prints_json_answers_a_wrong_option_with_a_document(tap: Tap, name: str) -> None:
    assert tap(*name.split("-"), "--json", "--bogus") == 2
    told = document(tap.out, name)
    assert told["outcome"] == "invalid"
    assert told["error"]["message"].startswith("No such option '--bogus'.")


def test_a_fault_of_tap_itself_is_a_document_beside_its_traceback(
        tap: Tap, capsys: pytest.CaptureFixture[str]) -> None:
    tap.services["cloudformation"] = None

    with pytest.raises(AttributeError):
        tap("status", "dev", "--json")
    told = document(capsys.readouterr().out, "status")
    assert (told["environment"], told["outcome"]) == ("dev", "failed")
    assert told["error"]["message"].startswith("unexpected AttributeError: ")


def test_every_exit_code_has_an_outcome() -> None:
    documented = {int(line.split()[0]) for line in EXIT_CODES.splitlines() if line.strip()[:1].isdigit()}

    assert OUTCOMES.keys() == documented


# -- deploy


def deployed(tap: Tap, *arguments: str) -> Any:
    tap("deploy", "dev", "--json", *arguments)
    return document(tap.out, "deploy")


def test_a_deployment_says_that_it_was_applied_where_and_with_which_outputs(
        tap: Tap, stack: Stack) -> None:
    stack.outputs = {"Url": "https://x"}
    told = deployed(tap, "--yes")

    assert (told["outcome"], told["error"], told["region"], told["stack"], told["outputs"]) == (
        "applied", None, "eu-west-1", "tap-dev", {"Url": "https://x"})


@pytest.mark.usefixtures("stack")
def test_a_deployment_with_nothing_to_do_says_so(tap: Tap) -> None:
    tap.document = OLD
    (tap.root / "parameters/dev.json").write_text("{}")

    assert deployed(tap)["outcome"] == "no changes"


@pytest.mark.usefixtures("stack")
def test_a_deployment_that_only_changes_protection_says_so(tap: Tap) -> None:
    tap.document = OLD

    assert deployed(tap)["outcome"] == "protection changed"


@pytest.mark.usefixtures("stack")
def test_a_failed_deployment_says_what_it_would_have_changed_and_why_it_failed(tap: Tap, aws: MemoryAws) -> None:
    aws.failing.add("Topic")
    told = deployed(tap, "--yes")

    assert (told["outcome"], [change["logical_id"] for change in told["changes"]]) == ("failed", ["Topic"])
    assert "Topic (AWS::SNS::Topic) UPDATE_FAILED: no capacity" in told["error"]["message"]


@pytest.mark.usefixtures("stack")
def test_a_refused_deployment_names_what_needs_approval(tap: Tap) -> None:
    tap.document = {"Resources": {"Topic": NEW["Resources"]["Topic"]}}
    told = deployed(tap, "--yes")

    assert (told["outcome"], told["needs_approval"], told["region"]) == ("refused", ["Table"], "eu-west-1")


@pytest.mark.usefixtures("stack")
def test_a_declined_deployment_asks_on_standard_error(tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("n\n"))

    assert deployed(tap)["outcome"] == "declined"
    assert "Apply this change to stack tap-dev?" in tap.err


@pytest.mark.usefixtures("stack")
def test_a_deployment_that_is_left_running_says_so(tap: Tap, aws: MemoryAws) -> None:
    aws.hooks["execute_change_set"] = lambda: aws.faults.update(
        describe_stack_events=[("before", KeyboardInterrupt())])

    assert deployed(tap, "--yes")["outcome"] == "left running"


def test_a_stuck_stack_is_said_to_be_stuck(tap: Tap, stack: Stack) -> None:
    stack.status = "UPDATE_ROLLBACK_FAILED"

    assert deployed(tap, "--yes")["outcome"] == "stuck"


@pytest.mark.usefixtures("stack")
def test_what_is_left_behind_is_a_detail_of_the_error(tap: Tap, aws: MemoryAws) -> None:
    aws.always["execute_change_set"] = aws.always["delete_change_set"] = refusal("AccessDenied")
    told = deployed(tap, "--yes")

    assert told["outcome"] == "failed"
    assert "may still exist" in told["error"]["details"][0]


@pytest.mark.parametrize("arguments", [["--bogus"], ["--parameter", "x"], ["--region", "nowhere"], ["extra"]])
def test_a_usage_error_is_a_document_too(tap: Tap, arguments: list[str]) -> None:
    told = deployed(tap, *arguments)

    assert told["outcome"] == "invalid"
    assert told["error"]["message"]


def test_an_unknown_environment_is_a_document_too(tap: Tap) -> None:
    assert tap("deploy", "nowhere", "--json") == 2
    assert "environment nowhere does not exist" in document(tap.out, "deploy")["error"]["message"]


def test_an_interruption_is_a_document_too(tap: Tap, aws: MemoryAws) -> None:
    aws.always["describe_stacks"] = KeyboardInterrupt()

    assert tap("status", "dev", "--json") == 130
    assert document(tap.out, "status")["outcome"] == "interrupted"


def test_help_is_no_document(tap: Tap) -> None:
    assert tap("plan", "--help", "--json") == 0
    assert tap.out.startswith("Usage: tap plan")


def test_json_after_two_hyphens_is_no_option(tap: Tap) -> None:
    assert tap("run", "nowhere", "--region", "eu-west-1", "--", "print", "--json") == 2
    assert tap.out == ""


# -- plan


def planned(tap: Tap, *arguments: str) -> Any:
    tap("plan", *arguments, "--json")
    return document(tap.out, "plan")


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(("content", "outcome"), [(OLD, "no changes"), (NEW, "changes")])
def test_a_plan_says_whether_there_are_changes_and_in_which_region(tap: Tap, content: Any, outcome: str) -> None:
    tap.document = content
    told = planned(tap, "dev")

    assert (told["outcome"], told["region"], told["error"]) == (outcome, "eu-west-1", None)


def test_a_plan_of_one_environment_that_fails_is_an_object(tap: Tap, stack: Stack) -> None:
    stack.status = "ROLLBACK_FAILED"
    told = planned(tap, "dev")

    assert (told["environment"], told["outcome"]) == ("dev", "stuck")


def test_plans_of_several_environments_are_a_list_with_those_that_failed(tap: Tap, aws: MemoryAws) -> None:
    (tap.root / "parameters/prod.json").write_text("{}")
    aws.add("tap-prod", "ROLLBACK_FAILED")

    assert [(each["environment"], each["outcome"], each["region"]) for each in planned(tap, "dev", "prod")] == [
        ("dev", "changes", "eu-west-1"), ("prod", "stuck", "eu-west-1")]


def test_where_all_of_several_environments_fail_each_says_why(tap: Tap) -> None:
    (tap.root / "parameters/dev.json").write_text("{")
    told = planned(tap, "dev", "nowhere")

    assert [each["outcome"] for each in told] == ["invalid", "invalid"]
    assert "parameters/dev.json" in told[0]["error"]["message"]
    assert "environment nowhere does not exist" in told[1]["error"]["message"]


def test_what_keeps_every_environment_from_being_planned_is_said_of_each(tap: Tap) -> None:
    (tap.root / "parameters/prod.json").write_text("{}")
    tap.broken = True

    assert [each["error"]["message"] for each in planned(tap, "dev", "prod")] == ["the template cannot be built"] * 2


def test_a_choice_of_options_that_do_not_go_together_is_a_list_of_several_environments(tap: Tap) -> None:
    assert [each["outcome"] for each in planned(tap, "dev", "prod", "--markdown")] == ["invalid", "invalid"]


@pytest.mark.parametrize("arguments", [
    ["nowhere"], ["dev", "--json", "--markdown"], ["dev", "--parameter", "x=y"], ["dev", "--bogus"],
    ["dev", "--region", "nowhere"], ["--root", "nowhere"], ["dev", "--parameter", "x"]])
def test_with_detailed_exit_codes_every_error_is_1_usage_errors_too(tap: Tap, arguments: list[str]) -> None:
    assert tap("plan", "--detailed-exitcode", *arguments) == 1


# -- the commands that only look


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("command", ["status", "outputs", "events"])
def test_commands_that_look_name_the_environment_its_stack_and_its_region(tap: Tap, command: str) -> None:
    assert tap(command, "dev", "--json") == 0
    told = document(tap.out, command)
    assert (told["environment"], told["stack"], told["region"], told["outcome"]) == (
        "dev", "tap-dev", "eu-west-1", "ok")


@pytest.mark.parametrize("command", ["outputs", "events", "drift"])
def test_commands_that_look_fail_without_a_stack(tap: Tap, command: str) -> None:
    assert tap(command, "dev", "--json") == 2
    told = document(tap.out, command)
    assert (told["outcome"], told["region"]) == ("invalid", "eu-west-1")
    assert "stack tap-dev does not exist" in told["error"]["message"]


def test_the_status_of_several_environments_is_a_list_even_where_one_is_unknown(tap: Tap) -> None:
    assert tap("status", "dev", "nowhere", "--json") == 2
    assert [each["environment"] for each in document(tap.out, "status")] == ["dev", "nowhere"]


@pytest.mark.usefixtures("stack")
def test_drift_is_an_error_with_what_differs(tap: Tap, aws: MemoryAws) -> None:
    aws.__dict__.update(
        do_detect_stack_drift=lambda **_request: {"StackDriftDetectionId": "1"},
        do_describe_stack_drift_detection_status=lambda **_request: {"DetectionStatus": "DETECTION_COMPLETE"},
        do_describe_stack_resource_drifts=lambda **_request: {"StackResourceDrifts": [{
            "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table",
            "StackResourceDriftStatus": "DELETED"}]})

    assert tap("drift", "dev", "--json") == 1
    assert document(tap.out, "drift")["drift"][0]["status"] == "DELETED"


def test_the_difference_of_two_environments_is_a_document(tap: Tap) -> None:
    (tap.root / "parameters/prod.json").write_text("{}")

    assert tap("diff", "dev", "prod", "--json") == 0
    assert document(tap.out, "diff")["environments"] == ["dev", "prod"]


def test_the_doctor_prints_a_document(tap: Tap, aws: MemoryAws) -> None:
    def missing(**_request: Any) -> Any:
        raise refusal("NoSuchEntity")

    aws.meta.partition = "aws"
    aws.__dict__.update(do_describe_account_limits=missing, do_get_role=missing, do_get_service_quota=missing)

    assert tap("doctor", "dev", "--json") == 1
    assert document(tap.out, "doctor")["outcome"] == "failed"


def test_costs_are_a_document() -> None:
    ran = subprocess.run([sys.executable, "-m", "tap", "cost", "dev", "--vs", "prod", "--json"], cwd=ROOT,
                         capture_output=True, text=True, check=True)

    assert document(ran.stdout, "cost")["currency"] == "USD"


def test_a_schema_refuses_what_it_does_not_know() -> None:
    told: dict[str, Any] = {"environment": "dev", "stack": "tap-dev", "region": None, "outcome": "ok", "error": None,
                            "outputs": {}}

    assert validator("outputs").is_valid(told)
    assert not validator("outputs").is_valid({**told, "more": 1})
    assert not validator("outputs").is_valid({**told, "outcome": "fine"})
