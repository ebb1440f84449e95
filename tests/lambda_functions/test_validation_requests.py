"""The validation behind HTTP and in batches.

The events are those of https://docs.aws.amazon.com/lambda/latest/dg/services-alb.html (with several values a header:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#multi-value-headers),
services-apigateway.html#apigateway-example-event, apigateway's http-api-develop-integrations-lambda.html and
urls-invocation.html, cut to what matters.
"""

import base64
import json
from types import ModuleType
from typing import Any

import pytest
from transactions import accepted, refused, transaction

BALANCER = {
    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1"}},
    "httpMethod": "POST", "path": "/", "queryStringParameters": {}, "headers": {"content-type": "application/json"},
    "isBase64Encoded": False}
BALANCER_OF_MANY = {name: BALANCER[name] for name in ("requestContext", "httpMethod", "path", "isBase64Encoded")} | {
    "multiValueHeaders": {"content-type": ["application/json"]}, "multiValueQueryStringParameters": {}}
REST_API = {
    "resource": "/", "path": "/", "httpMethod": "POST", "headers": {"Accept": "*/*"},
    "multiValueHeaders": {"Accept": ["*/*"]}, "requestContext": {"stage": "live", "resourcePath": "/"},
    "isBase64Encoded": False}
HTTP_API = {
    "version": "2.0", "routeKey": "$default", "rawPath": "/", "headers": {"accept": "*/*"},
    "requestContext": {"http": {"method": "POST", "path": "/"}}, "isBase64Encoded": False}
FUNCTION_URL = HTTP_API | {"requestContext": {"domainName": "abc.lambda-url.eu-west-1.on.aws", "http": {}}}
KINDS = {"balancer": BALANCER, "balancer of many": BALANCER_OF_MANY, "REST API": REST_API, "HTTP API": HTTP_API,
         "function URL": FUNCTION_URL}


def post(function: ModuleType, body: Any, kind: dict[str, Any] = BALANCER, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = function.handler(kind | {"body": body} | more, None)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("event", [
    {"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": json.dumps({"transaction": transaction()})}]},
    {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "{}"}}]},
    {"detail-type": "Scheduled Event", "detail": {}},
    [{"messageId": "1"}], {"Transaction": transaction()}, "transaction", 7, True],
    ids=["queue", "topic", "schedule", "pipe", "another key", "string", "number", "true"])
def test_an_event_that_is_no_request_is_an_error_so_that_its_source_keeps_it(
        validation: ModuleType, event: Any) -> None:
    with pytest.raises(validation.UnsupportedEvent, match=r"^expected a transaction, transactions, or an HTTP event"):
        validation.handler(event, None)


def results(answer: tuple[int, dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    status, body = answer
    assert status == 200
    assert set(body) == {"results"}
    return [(result.pop("statusCode"), result) for result in body["results"]]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_body_is_answered_as_the_event_it_holds(validation: ModuleType, kind: dict[str, Any]) -> None:
    assert post(validation, json.dumps({"transaction": transaction()}), kind) == accepted()
    assert post(validation, json.dumps({"transaction": {}}), kind) == refused("missing_field", "transaction_id")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_body_in_base64_is_answered_as_any(validation: ModuleType, kind: dict[str, Any]) -> None:
    body = base64.b64encode(json.dumps({"transaction": transaction()}).encode()).decode()
    assert post(validation, body, kind, isBase64Encoded=True) == accepted()


@pytest.mark.parametrize(("kind", "name", "value"), [
    (BALANCER, "headers", "application/json"), (BALANCER_OF_MANY, "multiValueHeaders", ["application/json"]),
    (REST_API, "multiValueHeaders", ["application/json"]), (HTTP_API, "headers", "application/json")])
def test_headers_come_back_in_the_kind_they_came_in(
        validation: ModuleType, kind: dict[str, Any], name: str, value: Any) -> None:
    answer = validation.handler(kind | {"body": ""}, None)
    assert answer.pop("body")
    assert answer == {"statusCode": 400, name: {"Content-Type": value}, "isBase64Encoded": False}


@pytest.mark.parametrize("body", [
    "", " ", "{", "null x", "{'a': 1}", "\ud800", "[" * 19_000, None, 7, {"transaction": transaction()}, []])
def test_a_body_that_is_no_json_is_refused(validation: ModuleType, body: Any) -> None:
    assert post(validation, body) == refused("malformed_json")


@pytest.mark.parametrize("body", ["e30", "%%%%", "/w==", "e30=\n=", "\u00e9", None, 7, []])
def test_a_body_that_is_no_json_in_base64_is_refused(validation: ModuleType, body: Any) -> None:
    assert post(validation, body, isBase64Encoded=True) == refused("malformed_json")


def test_an_event_without_a_body_is_refused(validation: ModuleType) -> None:
    assert json.loads(validation.handler(BALANCER, None)["body"]) == refused("malformed_json")[1]


@pytest.mark.parametrize("body", [
    '{"transaction": {"amount": "1", "amount": "2"}}', '{"transaction": {}, "transaction": {}}',
    '{"transaction": {"note": [{"a": 1, "\\u0061": 2}]}}', '{"transactions": [{"type": "fee", "type": "fee"}]}'])
@pytest.mark.parametrize("encoded", [True, False])
def test_a_key_that_an_object_has_twice_is_refused(validation: ModuleType, body: str, encoded: bool) -> None:
    sent = base64.b64encode(body.encode()).decode() if encoded else body
    assert post(validation, sent, isBase64Encoded=encoded) == refused("duplicate_key")


MIB = 1024 * 1024


def padded(size: int) -> str:
    """A request of so many bytes."""
    body = json.dumps({"transaction": transaction(), "": ""})
    return body[:-2] + "x" * (size - len(body)) + '"}'


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_body_has_a_mebibyte_at_most_on_every_path(validation: ModuleType, kind: dict[str, Any]) -> None:
    for size, expected in ((MIB, accepted()), (MIB + 1, (413, {
            "valid": False, "reason": "Body is too large", "code": "too_large"}))):
        body = padded(size)
        assert len(body) == size
        assert post(validation, body, kind) == expected
        assert post(validation, base64.b64encode(body.encode()).decode(), kind, isBase64Encoded=True) == expected


def test_the_size_of_a_body_is_counted_in_bytes(validation: ModuleType) -> None:
    for size, status in ((MIB - 10, 200), (MIB - 9, 413)):
        assert post(validation, padded(size).replace("x" * 10, "\u00e9" * 10, 1))[0] == status


@pytest.mark.parametrize("item", ["0,", "[],", "{},", "[[]],", '{"a":0},'])
def test_a_body_of_many_small_items_is_refused_before_it_is_decoded(validation: ModuleType, item: str) -> None:
    body = f'{{"transactions": [{item * 20_000}0]'
    # It has no end: decoding would find that.
    assert post(validation, body)[1]["code"] == "too_large"
    assert post(validation, body.replace(item, "", 19_990))[1]["code"] == "malformed_json"


@pytest.mark.parametrize("body", ["null", "7", "[]", '"transaction"', "{}", '{"transaction": null}'])
def test_json_without_a_transaction_lacks_its_first_field(validation: ModuleType, body: str) -> None:
    assert post(validation, body) == refused("missing_field", "transaction_id")


@pytest.mark.parametrize(("amount", "expected"), [
    ("0.10", accepted()), ("1e2", accepted()), ("1E+2", accepted()),
    ("0.1000000000000000055511151231257827", refused("amount_format")),
    ("0.10000000000000000001", refused("amount_precision", "USD")),
    ("1000000.0000000000001", refused("amount_too_large")),
    ("NaN", refused("amount_format")), ("-Infinity", refused("amount_format")),
    ("1e999999999", refused("amount_format")), ("1e99999999999999999999999999", refused("amount_format")),
    pytest.param("1" * 100_000, refused("amount_format"), id="more digits than int() takes")])
def test_a_number_in_a_body_never_goes_through_float(validation: ModuleType, amount: str, expected: Any) -> None:
    body = json.dumps({"transaction": transaction(amount="AMOUNT")}).replace('"AMOUNT"', amount)
    assert post(validation, body) == expected


@pytest.mark.parametrize("field", ["transaction_id", "account_id"])
def test_a_number_in_a_body_is_no_id(validation: ModuleType, field: str) -> None:
    assert post(validation, json.dumps({"transaction": transaction(**{field: 7})})) == refused(f"{field}_format")


def test_each_of_a_batch_is_answered_in_its_place(validation: ModuleType) -> None:
    batch = [transaction(), None, transaction(amount="abc"), transaction(transaction_id="t-2"), {}]
    expected = [accepted(), refused("missing_field", "transaction_id"), refused("amount_format"), accepted("t-2"),
                refused("missing_field", "transaction_id")]
    assert results(post(validation, json.dumps({"transactions": batch}))) == expected
    answer = validation.handler({"transactions": batch}, None)
    assert set(answer) == {"statusCode", "body"}
    assert results((answer["statusCode"], json.loads(answer["body"]))) == expected


@pytest.mark.parametrize("size", [1, 100])
def test_a_batch_has_up_to_a_hundred(validation: ModuleType, size: int) -> None:
    batch = [transaction(transaction_id=f"t-{n}") for n in range(size)]
    assert results(post(validation, json.dumps({"transactions": batch}))) == [accepted(f"t-{n}") for n in range(size)]


@pytest.mark.parametrize("batch", [[], [transaction()] * 101, None, {}, "", 7, {"transaction": transaction()}])
def test_a_batch_of_another_size_is_refused_as_a_whole(validation: ModuleType, batch: Any) -> None:
    assert post(validation, json.dumps({"transactions": batch})) == refused("batch_size")
