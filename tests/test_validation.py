"""The validation tier: the function, as the template deploys it. What it answers is tested with its source."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]


def title_of(stack: StackView) -> str:
    (alias,) = stack.all("AWS::Lambda::Alias").values()
    return str(alias["FunctionName"].logical_id)


def function_of(stack: StackView) -> dict[str, Any]:
    return stack.properties(title_of(stack))


def test_it_has_256_mib_and_30_seconds(stack: StackView) -> None:
    function = function_of(stack)
    assert (function["MemorySize"], function["Timeout"]) == (256, 30)
    assert function["Runtime"].startswith("python3.")
    assert function["Handler"] == "index.handler"


def test_its_source_is_small_enough_to_be_carried_inline(stack: StackView) -> None:
    code = function_of(stack)["Code"]["ZipFile"]
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    assert len(code.encode()) <= 4 * 1024 * 1024


@pytest.mark.parametrize(("number", "reserved"), [("10", "10"), ("0", None)])
def test_reserved_concurrency_is_a_parameter_and_0_reserves_none(
        deployed: Deployed, number: str, reserved: str | None) -> None:
    function = function_of(deployed(ValidationReservedConcurrency=number))
    assert function.get("ReservedConcurrentExecutions") == reserved


def test_by_default_10_executions_are_reserved(deployed: Deployed) -> None:
    assert function_of(deployed())["ReservedConcurrentExecutions"] == "10"


def test_it_writes_to_a_log_group_of_its_own(stack: StackView) -> None:
    group = function_of(stack)["LoggingConfig"]["LogGroup"]
    others = [f for title, f in stack.all("AWS::Lambda::Function").items() if title != title_of(stack)]
    assert stack.type_of(group.logical_id) == "AWS::Logs::LogGroup"
    assert stack.properties(group.logical_id)["RetentionInDays"] == stack.parameter("LogRetentionDays")
    assert all(other["LoggingConfig"]["LogGroup"] != group for other in others)


def test_it_is_told_the_table_the_environment_and_what_to_accept(stack: StackView) -> None:
    assert function_of(stack)["Environment"]["Variables"] == {
        "DYNAMODB_TABLE": Reference(stack.title("AWS::DynamoDB::Table")),
        "ENVIRONMENT": stack.parameter("Environment"),
        "CURRENCIES": stack.parameter("ValidationCurrencies"), "TYPES": stack.parameter("ValidationTypes"),
        "TTL_DAYS": stack.parameter("ValidationMemoryDays")}


def test_without_being_told_it_accepts_what_the_parameters_default_to(template: dict[str, Any], root: Path) -> None:
    function: dict[str, Any] = {}
    exec(compile((root / "lambda/validation/index.py").read_text(), "index.py", "exec"), function)
    for variable, parameter in (("CURRENCIES", "Currencies"), ("TYPES", "Types"), ("TTL_DAYS", "MemoryDays")):
        default = template["Parameters"][f"Validation{parameter}"]["Default"]
        assert function["DEFAULTS"][variable] == str(default)


@pytest.mark.parametrize(("currencies", "accepted"), [
    ("USD:2:1000", True), ("USD:2:1,JPY:0:999999999999", True), ("USD:2", False), ("usd:2:1", False),
    ("USD:2:1,", False), ("USD:9:1", False), ("USD:2:0", False), ("USD:2:1000000000000", False)])
def test_currencies_come_with_their_minor_units_and_their_maximum(
        accepts: Callable[..., bool], currencies: str, accepted: bool) -> None:
    assert accepts("ValidationCurrencies", currencies) is accepted


def test_callers_call_an_alias_of_a_version_so_that_a_bad_one_can_be_rolled_back(stack: StackView) -> None:
    alias = stack.only("AWS::Lambda::Alias")
    version = stack.title("AWS::Lambda::Version")
    assert (alias["Name"], alias["FunctionName"]) == ("live", Reference(title_of(stack)))
    assert alias["FunctionVersion"] == Reference(version, "Version")
    # The version before stays, to go back to.
    assert stack.attributes(version)["UpdateReplacePolicy"] == "Retain"


def test_other_settings_are_another_version_as_other_code_is(deployed: Deployed) -> None:
    # Lambda publishes anew when a property of the version changes, and a description is all there is to change.
    one, other = (str(deployed(ValidationMemoryDays=days).only("AWS::Lambda::Version")["Description"])
                  for days in ("1", "2"))
    assert one != other
    # A hash of the function as the template has it, code included.
    assert re.match("[0-9a-f]{8} ", one)


def test_another_key_is_another_version(deployed: Deployed) -> None:
    one, other = (deployed(CustomerKeys=switch).only("AWS::Lambda::Version")["Description"]
                  for switch in ("true", "false"))
    assert one != other


def test_the_longest_settings_fit_into_the_description_of_a_version(
        deployed: Deployed, accepts: Callable[..., bool]) -> None:
    longest = {
        "ValidationCurrencies": ",".join(["USD:2:" + "9" * 12] * 8 + ["USD:2:99"]), "ValidationTypes": "x" * 90,
        "ValidationMemoryDays": "3650", "CustomerKeys": "false"}
    assert len(longest["ValidationCurrencies"]) == 160
    description = str(deployed(**longest).only("AWS::Lambda::Version")["Description"])
    # https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    assert len(description) <= 256
    assert all(accepts(name, value) for name, value in longest.items())
    assert not accepts("ValidationCurrencies", longest["ValidationCurrencies"] + "9")
    assert not accepts("ValidationTypes", longest["ValidationTypes"] + "x")


@pytest.mark.parametrize("currencies", ["USD:2:1,EUR:2:1", "USD:2:1,JPY:0:1,EUR:2:1", "USD:3:1", "EUR:2:1", "USD:2:2"])
def test_other_currencies_are_another_version(deployed: Deployed, currencies: str) -> None:
    descriptions = {str(deployed(ValidationCurrencies=each).only("AWS::Lambda::Version")["Description"])
                    for each in ("USD:2:1", currencies)}
    assert len(descriptions) == 2


def test_what_fails_without_a_caller_to_tell_waits_in_a_queue(stack: StackView) -> None:
    settings = stack.only("AWS::Lambda::EventInvokeConfig")
    queue = settings["DestinationConfig"]["OnFailure"]["Destination"]
    assert (settings["FunctionName"], settings["Qualifier"]) == (Reference(title_of(stack)), "live")
    assert stack.type_of(queue.logical_id) == "AWS::SQS::Queue"
    assert int(stack.properties(queue.logical_id)["MessageRetentionPeriod"]) == 14 * 24 * 3600


def test_it_is_traced_and_runs_on_arm(stack: StackView) -> None:
    function = function_of(stack)
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Architectures"] == ["arm64"]


def test_the_arn_of_its_live_version_is_an_output_that_each_environment_exports_under_its_own_name(
        stack: StackView) -> None:
    output = dict(stack.outputs()["ValidationLambdaArn"])
    assert output.pop("Description")
    assert output == {
        "Value": Reference("ValidationAlias"),
        "Export": {"Name": f"validation-lambda-arn-{stack.parameter('Environment')}"}}
