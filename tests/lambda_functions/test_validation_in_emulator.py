"""The validation as the template deploys it, invoked by its alias in the emulator, with the table of the template."""

import io
import json
import random
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from emulated import Clients, emulator
from processes import HANG
from transactions import accepted, record_key, refused, transaction

from tap.stack import build

# The emulator runs each execution in a process, and forgets the concurrency that is reserved for a version's.
CONCURRENCY = 6

Invoke = Callable[[Any], tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with emulator(LAMBDA_ACCOUNT_CONCURRENCY=str(CONCURRENCY)) as made:
        yield made


@pytest.fixture(scope="module")
def dynamodb(clients: Clients) -> Any:
    return clients("dynamodb")


def create_table(dynamodb: Any) -> str:
    properties = build().to_dict()["Resources"]["SessionsTable"]["Properties"]
    wanted = {name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")}
    dynamodb.create_table(TableName="sessions", **wanted)
    dynamodb.update_time_to_live(
        TableName="sessions", TimeToLiveSpecification=properties["TimeToLiveSpecification"])
    return "sessions"


@pytest.fixture(scope="module")
def invoke(clients: Clients, dynamodb: Any) -> Invoke:
    """Invokes the alias `live`, as often as it takes when all executions are busy; its status and body."""
    resource = build().to_dict()["Resources"]["ValidationFunction"]["Properties"]
    functions = clients("lambda", max_pool_connections=200, read_timeout=HANG, retries={"total_max_attempts": 1})
    functions.create_function(
        FunctionName="validation", Runtime=resource["Runtime"], Handler=resource["Handler"],
        MemorySize=resource["MemorySize"], Timeout=resource["Timeout"],
        Role="arn:aws:iam::000000000000:role/validation", Publish=True,
        Environment={"Variables": {"DYNAMODB_TABLE": create_table(dynamodb)}},
        Code={"ZipFile": zipped(resource["Code"]["ZipFile"])})
    functions.create_alias(FunctionName="validation", Name="live", FunctionVersion="1")

    def send(event: Any) -> tuple[int, dict[str, Any]]:
        give_up = time.monotonic() + HANG
        while True:
            try:
                result = functions.invoke(FunctionName="validation", Qualifier="live", Payload=json.dumps(event))
                break
            except functions.exceptions.TooManyRequestsException:
                assert time.monotonic() < give_up
                time.sleep(random.uniform(0.1, 0.5))
        payload = result["Payload"].read()
        assert "FunctionError" not in result, payload
        answer = json.loads(payload)
        return answer["statusCode"], json.loads(answer["body"])

    return send


def zipped(source: str) -> bytes:
    """The package that Lambda makes of a template's ZipFile."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", source)
    return package.getvalue()


def records(dynamodb: Any) -> list[str]:
    pages = dynamodb.get_paginator("scan").paginate(TableName="sessions")
    return sorted(item["sessionId"]["S"] for page in pages for item in page["Items"])


def test_a_transaction_sent_twice_is_answered_alike_and_recorded_once(invoke: Invoke, dynamodb: Any) -> None:
    event = {"transaction": transaction(transaction_id="twice")}
    assert [invoke(event), invoke(event)] == [accepted("twice"), accepted("twice", duplicate=True)]
    assert records(dynamodb).count(record_key("twice")) == 1


def test_other_content_under_its_id_is_a_conflict(invoke: Invoke) -> None:
    invoke({"transaction": transaction(transaction_id="other")})
    event = {"transaction": transaction(transaction_id="other", amount="1")}
    assert invoke(event) == refused("conflict")


def test_a_record_is_one_that_the_tables_time_to_live_deletes(invoke: Invoke, dynamodb: Any) -> None:
    invoke({"transaction": transaction(transaction_id="kept")})
    [attribute] = [dynamodb.describe_time_to_live(TableName="sessions")["TimeToLiveDescription"]["AttributeName"]]
    item = dynamodb.get_item(TableName="sessions", Key={"sessionId": {"S": record_key("kept")}})["Item"]
    assert item[attribute].keys() == {"N"}


def test_an_expired_record_that_is_still_there_counts_for_nothing(invoke: Invoke, dynamodb: Any) -> None:
    dynamodb.put_item(TableName="sessions", Item={
        "sessionId": {"S": record_key("expired")}, "content": {"S": "0"}, "token": {"S": "0"}, "expiresAt": {"N": "1"}})
    assert invoke({"transaction": transaction(transaction_id="expired")}) == accepted("expired")


def test_an_http_event_is_answered_too(invoke: Invoke) -> None:
    body = json.dumps({"transaction": transaction(transaction_id="http")})
    assert invoke({"requestContext": {"elb": {}}, "headers": {}, "body": body}) == accepted("http")


def test_of_a_burst_each_id_leaves_exactly_one_record(invoke: Invoke, dynamodb: Any) -> None:
    before = records(dynamodb)
    ids = [f"burst-{number}" for number in range(50)]
    sent = [transaction(transaction_id=name, amount=amount) for name in ids for amount in ("1", "1", "2", "2")]
    random.Random(6).shuffle(sent)

    def decided(one: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        # On a busy machine the emulator's table can be slower than the function waits.
        end = time.monotonic() + HANG
        while (answer := invoke({"transaction": one, "synchronous": True}))[0] == 503:
            assert time.monotonic() < end
        return answer

    with ThreadPoolExecutor(len(sent)) as pool:
        answers = list(pool.map(decided, sent))
    assert sorted(records(dynamodb)) == sorted(before + [record_key(name) for name in ids])
    for name in ids:
        of_this = [(one["amount"], status, body.get("duplicate", False))
                   for one, (status, body) in zip(sent, answers, strict=True) if one["transaction_id"] == name]
        [winner] = {amount for amount, status, _ in of_this if status == 200}
        assert Counter(status for amount, status, _ in of_this if amount == winner) == {200: 2}
        assert Counter(status for amount, status, _ in of_this if amount != winner) == {409: 2}
        # None, where its answer was a 503 and another followed.
        assert of_this.count((winner, 200, False)) <= 1


def test_without_its_table_it_answers_503_until_the_table_is_back(invoke: Invoke, dynamodb: Any) -> None:
    event = {"transaction": transaction(transaction_id="later"), "synchronous": True}
    dynamodb.delete_table(TableName="sessions")
    try:
        assert invoke(event) == refused("unavailable")
        batch = {"transactions": [transaction(transaction_id="later"), {}], "synchronous": True}
        assert [result["statusCode"] for result in invoke(batch)[1]["results"]] == [503, 400]
    finally:
        create_table(dynamodb)
    assert records(dynamodb) == []
    assert invoke(event) == accepted("later")
