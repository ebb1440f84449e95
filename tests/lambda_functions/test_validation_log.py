"""The validation's log: a line of JSON a request, with metrics in CloudWatch's embedded format, and nobody's data.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError
from loading import load
from memory_table import Table
from transactions import transaction

TOTALS = {"Accepted", "Duplicate", "Unavailable", "Rejected"}


class Context:
    """What Lambda says of an invocation."""

    aws_request_id = "6f1c2b9e-8f1e-4c8e-9c1d-2b7a3e5d9f10"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


Lines = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What a function prints for an event."""
    def run(function: ModuleType, event: Any, context: Any = None, client: Any = None) -> list[dict[str, Any]]:
        function.handler(event, context, client)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def metrics(line: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The values that CloudWatch takes from a line, by their dimensions."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == "TransactionValidation"
        [dimensions] = directive["Dimensions"]
        assert all(isinstance(line[name], str) and line[name] for name in dimensions)
        values = {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}
        found[tuple(dimensions)] = values
    return found


def test_a_request_of_one_transaction_is_one_line(validation: ModuleType, lines: Lines) -> None:
    before = time.time() * 1000 - 1
    [line] = lines(validation, {"transaction": transaction()}, Context())
    assert before <= line["_aws"].pop("Timestamp") <= time.time() * 1000
    assert line["requestId"] == Context.aws_request_id
    assert (line["Code"], line["transactionId"]) == ("accepted", "t-1")
    [(dimensions, values)] = metrics(line).items()
    assert dimensions == ("FunctionName",)
    assert 0 < values.pop("Latency") < 1_000
    assert values == dict.fromkeys(TOTALS, 0) | {"Accepted": 1}


def test_the_latency_is_in_milliseconds(validation: ModuleType, lines: Lines) -> None:
    [line] = lines(validation, {"transaction": transaction()})
    units = {metric["Name"]: metric.get("Unit") for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert units == dict.fromkeys(TOTALS) | {"Latency": "Milliseconds"}


def test_a_refusal_is_counted_under_its_code_too(validation: ModuleType, lines: Lines) -> None:
    [line] = lines(validation, {"transaction": transaction(amount="abc")})
    assert line["Code"] == "amount_format"
    found = metrics(line)
    assert found["FunctionName",]["Rejected"] == 1
    assert found["FunctionName", "Code"] == {"Rejected": 1}


@pytest.mark.parametrize(("sent", "shown"), [
    (transaction(amount="abc"), "t-1"), (transaction(type="abc"), "t-1"), (transaction(transaction_id="a b"), None),
    (transaction(transaction_id="t-a-1"), None), (transaction(account_id="a b"), None), ({}, None),
    # The account with other separators, or none, or in other letters.
    (transaction(transaction_id="t-a_1"), None), (transaction(transaction_id="ta1"), None),
    (transaction(transaction_id="T.A:1"), None), (transaction(account_id="t1"), None),
    # Refused as they are, they would be logged if only the check of an accepted one looked at card numbers.
    (transaction(transaction_id="4111111111111111"), None), (transaction(transaction_id="4111-1111-1111-1111"), None),
    (transaction(transaction_id="x4111.1111.1111.1111", amount="abc"), None), ({"transaction_id": "t-1"}, None)])
def test_what_is_refused_is_logged_under_its_id_too_where_that_is_one(
        validation: ModuleType, lines: Lines, sent: dict[str, Any], shown: str | None) -> None:
    [line] = lines(validation, {"transaction": sent})
    assert line.get("transactionId") == shown


@pytest.mark.parametrize("event", [{}, {"transactions": []}, {"requestContext": {}, "body": "{"}])
def test_what_cannot_be_read_is_a_line_too(validation: ModuleType, lines: Lines, event: Any) -> None:
    [line] = lines(validation, event)
    assert metrics(line)["FunctionName",]["Rejected"] == 1


def test_a_batch_has_a_line_for_each_code(validation: ModuleType, lines: Lines) -> None:
    batch = [transaction(), {}, transaction(amount="abc"), transaction(), {}]
    found = [metrics(line) for line in lines(validation, {"transactions": batch}, Context())]
    totals = {name: sum(values["FunctionName",][name] for values in found) for name in TOTALS}
    assert totals == {"Accepted": 2, "Rejected": 3, "Duplicate": 0, "Unavailable": 0}
    assert [values.get(("FunctionName", "Code")) for values in found] == [None, {"Rejected": 2}, {"Rejected": 1}]


def test_a_batch_logs_the_ids_of_each_code_that_may_be_logged(validation: ModuleType, lines: Lines) -> None:
    batch = [transaction(), {}, transaction(transaction_id="t-2", amount="abc"), transaction(transaction_id="t-3"),
             transaction(transaction_id="t-a-1"), "t-4"]
    found = {line["Code"]: line["transactionIds"] for line in lines(validation, {"transactions": batch}, Context())}
    assert found == {"accepted": ["t-1", "t-3"], "missing_field": [], "amount_format": ["t-2"]}


def test_the_function_is_named_as_lambda_names_it(lines: Lines) -> None:
    function = load("validation", AWS_LAMBDA_FUNCTION_NAME="tap-dev-validation")
    [line] = lines(function, {"transaction": transaction()})
    assert line["FunctionName"] == "tap-dev-validation"


def test_a_line_has_the_trace_of_its_invocation(
        validation: ModuleType, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1"
    # Lambda's runtime sets it before each invocation.
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    [line] = lines(validation, {"transaction": transaction()})
    assert line["traceId"] == trace
    monkeypatch.delenv("_X_AMZN_TRACE_ID")
    [line] = lines(validation, {"transaction": transaction()})
    assert "traceId" not in line


@pytest.mark.parametrize(("failure", "name"), [
    (ConnectionError("DE89370400440532013000"), "ConnectionError"),
    (ClientError({"Error": {"Code": "ThrottlingException", "Message": "DE89370400440532013000"}}, "PutItem"),
     "ThrottlingException"),
    (ClientError({}, "PutItem"), "ClientError")])
def test_why_nothing_was_decided_is_named_by_the_errors_code_without_its_words(
        remembering: ModuleType, lines: Lines, failure: Exception, name: str) -> None:
    table = Table()
    table.failures = [failure]
    event = {"transaction": transaction(account_id="DE89370400440532013000"), "synchronous": True}
    [line] = lines(remembering, event, Context(), table)
    assert line["error"] == name
    assert metrics(line)["FunctionName",] | {"Latency": 0} == {
        "Accepted": 0, "Duplicate": 0, "Unavailable": 1, "Rejected": 0, "Latency": 0}
    assert "DE89" not in json.dumps(line)


def test_what_raises_is_logged_before(
        remembering: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.failures = [TimeoutError()]
    with pytest.raises(remembering.Undecided):
        remembering.handler({"transactions": [transaction()]}, Context(), table)
    line = json.loads(capsys.readouterr().out)
    assert (line["Code"], line["Unavailable"], line["transactionIds"]) == ("unavailable", 1, ["t-1"])


SECRET = {"account_id": "DE89370400440532013000", "amount": "48151.62"}


@pytest.mark.parametrize("more", [
    {}, {"amount": "48151.623"}, {"amount": "x48151.62"}, {"account_id": "DE89370400440532013000 "},
    {"type": "DE89370400440532013000"}, {"transaction_id": "t-DE89370400440532013000"}, {"currency": "48151.62"},
    {"note": "DE89370400440532013000"}, {"note": "48151.62" * 2_000}, {"timestamp": "DE89370400440532013000"},
    {"transaction_id": "t-de89-3704-0044-0532-0130-00"}])
def test_neither_account_nor_amount_is_logged(
        validation: ModuleType, lines: Lines, more: dict[str, Any]) -> None:
    sent = transaction(**SECRET) | more
    body = json.dumps({"transaction": sent})
    for event in ({"transaction": sent}, {"transactions": [sent]}, {"requestContext": {}, "body": body},
                  {"requestContext": {}, "body": body[1:]}):
        logged = json.dumps(lines(validation, event, Context()))
        assert "de89" not in logged.lower()
        assert "48151" not in logged
