"""The validation remembers what it accepted: against a table in memory, for what no emulator does on demand."""

import itertools
import json
import re
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from loading import TABLE, load
from memory_table import Table
from transactions import NOW, accepted, moment, record_key, refused, transaction

Ask = Callable[..., tuple[int, dict[str, Any]]]
DAY = 86_400


class Context:
    """Lambda's context: a second passes at each look at the clock."""

    aws_request_id = "6f1c2b9e"

    def __init__(self, left: int) -> None:
        self.left = left

    def get_remaining_time_in_millis(self) -> int:
        self.left -= 1_000
        return self.left


@pytest.fixture
def table() -> Table:
    return Table()


def test_the_same_again_is_answered_the_same_and_called_a_duplicate(
        remembering: ModuleType, ask: Ask, table: Table) -> None:
    assert ask(remembering, transaction(), None, table) == accepted()
    assert ask(remembering, transaction(), None, table) == accepted(duplicate=True)
    assert ask(remembering, transaction(), None, table) == accepted(duplicate=True)
    assert len(table.items) == 1


@pytest.mark.parametrize("other", [
    {"amount": "100.51"}, {"type": "credit"}, {"currency": "EUR"}])
def test_other_content_under_the_same_id_is_a_conflict(
        remembering: ModuleType, ask: Ask, table: Table, other: dict[str, Any]) -> None:
    ask(remembering, transaction(), None, table)
    assert ask(remembering, transaction(**other), None, table) == refused("conflict")
    assert ask(remembering, transaction(), None, table) == accepted(duplicate=True)


@pytest.mark.parametrize(("first", "second"), [
    ({"amount": "100.5"}, {"amount": "100.50"}), ({"amount": "1e2"}, {"amount": 100}),
    ({"amount": "+1"}, {"amount": 1.0}),
    ({}, {"currency": "USD"}), ({}, {"note": "a retry"}), ({}, {"timestamp": moment()}),
    ({"timestamp": moment(minutes=-1)}, {"timestamp": moment()})])
def test_the_same_content_may_be_written_in_another_way_and_at_another_time(
        remembering: ModuleType, ask: Ask, table: Table, first: dict[str, Any], second: dict[str, Any]) -> None:
    ask(remembering, transaction(**first), None, table)
    assert ask(remembering, transaction(**second), None, table) == accepted(duplicate=True)


def test_the_same_id_of_another_account_is_another_transaction(
        remembering: ModuleType, ask: Ask, table: Table) -> None:
    assert ask(remembering, transaction(account_id="a-1"), None, table) == accepted()
    assert ask(remembering, transaction(account_id="a-2", amount="1"), None, table) == accepted()
    assert ask(remembering, transaction(account_id="a-2"), None, table) == refused("conflict")
    assert table.items.keys() == {record_key(account_id="a-1"), record_key(account_id="a-2")}


@pytest.mark.parametrize("amount", ["100", "1", "0.10"])
def test_a_replay_is_a_duplicate_after_the_minor_units_of_its_currency_have_changed(
        ask: Ask, table: Table, amount: str) -> None:
    before, after = (load("validation", **TABLE, CURRENCIES=f"USD:{units}:1000") for units in (2, 4))
    assert ask(before, transaction(amount=amount), None, table) == accepted()
    assert ask(after, transaction(amount=amount), None, table) == accepted(duplicate=True)


def test_what_is_refused_is_not_remembered_and_may_be_corrected(
        remembering: ModuleType, ask: Ask, table: Table) -> None:
    assert ask(remembering, transaction(amount="abc"), None, table) == refused("amount_format")
    assert table.calls == 0
    assert ask(remembering, transaction(), None, table) == accepted()


def test_a_record_that_has_expired_counts_for_nothing(remembering: ModuleType, ask: Ask, table: Table) -> None:
    ask(remembering, transaction(), None, table)
    record = table.items[record_key()]
    record["expiresAt"]["N"] = str(int(NOW) - 1)
    assert ask(remembering, transaction(amount="1"), None, table) == accepted()


@pytest.mark.parametrize(("variables", "days"), [({}, 30), ({"TTL_DAYS": "7"}, 7), ({"TTL_DAYS": "1.5"}, 1.5)])
def test_a_record_expires_after_30_days_or_as_configured(
        ask: Ask, table: Table, variables: dict[str, str], days: float) -> None:
    function = load("validation", **TABLE, **variables)
    ask(function, transaction(), None, table)
    # And a minute, by which the first may have been ahead.
    assert table.items[record_key()]["expiresAt"] == {"N": str(int(NOW + days * DAY) + 60)}


def test_a_replay_is_too_old_before_its_record_expires(remembering: ModuleType, table: Table) -> None:
    ahead = {"transaction": transaction(timestamp=moment(seconds=60))}
    remembering.handler(ahead, None, table, lambda: NOW)
    [record] = table.items.values()
    expires = int(record["expiresAt"]["N"])
    [last, gone] = (json.loads(remembering.handler(ahead, None, table, lambda at=at: at)["body"])
                    for at in (expires, expires + 1))
    assert (last["code"], last["duplicate"]) == ("accepted", True)
    assert gone["code"] == "timestamp_too_old"


def test_a_record_holds_neither_account_nor_amount(remembering: ModuleType, ask: Ask, table: Table) -> None:
    ask(remembering, transaction(account_id="DE89370400440532013000", amount="48151.62"), None, table)
    [record] = table.items.values()
    assert set(record) == {"sessionId", "content", "token", "expiresAt"}
    assert re.fullmatch("[0-9a-f]{64}", record["content"]["S"])
    assert not re.search("DE89|48151", json.dumps(record))


def test_two_transactions_of_the_same_content_have_records_that_do_not_show_it(
        remembering: ModuleType, ask: Ask, table: Table) -> None:
    ask(remembering, transaction(transaction_id="t-1"), None, table)
    ask(remembering, transaction(transaction_id="t-2"), None, table)
    assert len({record["content"]["S"] for record in table.items.values()}) == 2


def test_a_write_that_the_sdk_repeats_since_its_answer_was_lost_is_no_duplicate(
        remembering: ModuleType, ask: Ask, table: Table) -> None:
    table.repeats = True
    assert ask(remembering, transaction(), None, table) == accepted()


@pytest.mark.parametrize("failure", [
    ConnectionError("no route"), TimeoutError(), ValueError("throttled"), KeyError("Item")])
def test_a_table_out_of_reach_is_a_503_that_may_be_sent_again(
        remembering: ModuleType, ask: Ask, table: Table, failure: Exception) -> None:
    table.failures = [failure]
    assert ask(remembering, transaction(), None, table) == refused("unavailable")
    assert table.items == {}
    assert ask(remembering, transaction(), None, table) == accepted()


def results(remembering: ModuleType, batch: list[Any], context: Any, table: Table) -> list[tuple[int, Any]]:
    answer = remembering.handler({"transactions": batch, "synchronous": True}, context, table)
    assert answer["statusCode"] == 200
    return [(result.pop("statusCode"), result) for result in json.loads(answer["body"])["results"]]


@pytest.mark.parametrize(("event", "undecided"), [
    ({"transaction": transaction()}, "1 of 1 not decided, retry: [0]"),
    ({"transactions": [transaction(), {}, transaction(transaction_id="t-2")]},
     "2 of 3 not decided, retry: [0, 2]")])
def test_an_error_tells_lambda_to_retry_what_is_undecided_where_nobody_may_wait_for_the_answer(
        remembering: ModuleType, table: Table, event: Any, undecided: str) -> None:
    table.failures = [TimeoutError()]
    with pytest.raises(remembering.Undecided, match=f"^{re.escape(undecided)}$"):
        remembering.handler(event, None, table)
    assert remembering.handler(event, None, table)["statusCode"] == 200


@pytest.mark.parametrize("answered", [True, 1, "true", None])
def test_only_a_caller_that_says_that_it_waits_is_answered_503(
        remembering: ModuleType, table: Table, answered: Any) -> None:
    table.failures = [TimeoutError()]
    event = {"transaction": transaction(), "synchronous": answered}
    if answered is True:
        assert remembering.handler(event, None, table)["statusCode"] == 503
    else:
        with pytest.raises(remembering.Undecided):
            remembering.handler(event, None, table)


def test_behind_http_what_is_undecided_is_a_503(remembering: ModuleType, table: Table) -> None:
    table.failures = [TimeoutError()]
    event = {"requestContext": {}, "body": json.dumps({"transaction": transaction()})}
    assert remembering.handler(event, None, table)["statusCode"] == 503


def test_in_a_batch_a_second_of_the_same_id_is_a_duplicate_or_a_conflict(remembering: ModuleType, table: Table) -> None:
    batch = [transaction(), transaction(), transaction(amount="1"), transaction(transaction_id="t-2")]
    assert results(remembering, batch, None, table) == [
        accepted(), accepted(duplicate=True), refused("conflict"), accepted("t-2")]


def test_in_a_batch_the_table_is_asked_no_more_once_it_failed(remembering: ModuleType, table: Table) -> None:
    batch = [transaction(transaction_id=f"t-{n}") for n in range(4)] + [{}]
    table.failures = [TimeoutError()]
    assert results(remembering, batch, None, table) == [
        *[refused("unavailable")] * 4, refused("missing_field", "transaction_id")]
    assert table.calls == 1


def test_what_of_a_batch_does_not_fit_the_time_left_is_a_503(remembering: ModuleType, table: Table) -> None:
    batch = [transaction(transaction_id=f"t-{n}") for n in range(4)]
    assert results(remembering, batch, Context(11_000), table) == [
        *[accepted(f"t-{n}") for n in range(3)], refused("unavailable")]
    assert len(table.items) == 3


def test_of_two_at_once_one_wins(remembering: ModuleType, ask: Ask) -> None:
    class Locked(Table):
        lock = threading.Lock()

        def put_item(self, **request: Any) -> None:
            with self.lock:
                super().put_item(**request)

    table = Locked()
    answers: list[Any] = []
    start = threading.Barrier(8)

    def send(amount: str) -> None:
        start.wait()
        answers.append(ask(remembering, transaction(amount=amount), None, table))

    threads = [threading.Thread(target=send, args=(amount,)) for amount in ("1", "2") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = {kind: len(list(group)) for kind, group in itertools.groupby(
        sorted(answers, key=str), key=lambda answer: (answer[0], answer[1].get("duplicate", False)))}
    assert counted == {(200, False): 1, (200, True): 3, (409, False): 4}


def test_without_a_table_nothing_is_remembered(validation: ModuleType, ask: Ask, table: Table) -> None:
    assert ask(validation, transaction(), None, table) == accepted()
    assert ask(validation, transaction(amount="1"), None, table) == accepted()
    assert table.calls == 0
