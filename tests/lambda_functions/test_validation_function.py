"""What the validation answers of one transaction; README.md beside the function is the contract."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from loading import load
from transactions import accepted, refused, transaction, without

Ask = Callable[..., tuple[int, dict[str, Any]]]

# Of these the reference answers the same, but for `code`; retyped from running its code.
REFERENCE = [
    (transaction(amount=1), accepted()),
    (transaction(amount=0.01), accepted()),
    (transaction(amount="1"), accepted()),
    (transaction(amount="+5"), accepted()),
    (transaction(amount="1e3"), accepted()),
    (transaction(note="x"), accepted()),
    (transaction(amount=0), refused("amount_not_positive")),
    (transaction(amount=-0.0), refused("amount_not_positive")),
    (transaction(amount="-0.01"), refused("amount_not_positive")),
    (transaction(amount="0.00"), refused("amount_not_positive")),
    ({}, refused("missing_field", "transaction_id")),
    (without("transaction_id", "type"), refused("missing_field", "transaction_id")),
    (without("amount", "account_id", "type"), refused("missing_field", "amount")),
    (without("account_id"), refused("missing_field", "account_id")),
    (without("type") | {"amount": "abc"}, refused("missing_field", "type")),
]

# Most of these make the reference raise.
NO_AMOUNTS = [
    "abc", "", " ", " 5 ", "1,000", "12.50 EUR", "0x10", "1_000", "\u0663", "\uff11", ".5", "5.", "--5", "1e", "e3",
    "NaN", "-nan", "sNaN", "NaN123", "Infinity", "-Infinity", "inf", float("nan"), float("inf"), float("-inf"),
    True, False, None, [], [5], {}, {"amount": 5}, "\x00", "5\n", "\ud800",
    "1e999999999", "1e-999999999", "1e99999999999999999999999999", "1" * 25, "0." + "1" * 25, "9" * 100_000,
    pytest.param(10**5000, id="more digits than str() takes"),
]


@pytest.mark.parametrize(("sent", "expected"), REFERENCE)
def test_a_caller_of_the_reference_is_answered_as_by_it(
        validation: ModuleType, ask: Ask, sent: Any, expected: Any) -> None:
    assert ask(validation, sent) == expected


@pytest.mark.parametrize("event", [None, True, 0, 1.5, "", "transaction", [], [{}], {}, {"Transaction": transaction()}])
def test_an_event_without_a_transaction_lacks_its_first_field(validation: ModuleType, ask: Ask, event: Any) -> None:
    assert ask(validation, event) == refused("missing_field", "transaction_id")
    assert validation.handler(event, None) == validation.handler({"transaction": event}, None)


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_decimal_number_of_few_digits_is_no_amount(validation: ModuleType, ask: Ask, amount: Any) -> None:
    assert ask(validation, transaction(amount=amount)) == refused("amount_format")


@pytest.mark.parametrize(
    ("currency", "amount", "fits"),
    [("USD", "0.01", True), ("USD", "0.010", True), ("USD", "0.001", False), ("USD", "1e-3", False),
     ("USD", 0.1 + 0.2, False), ("USD", "1.1e1", True), ("JPY", "10", True), ("JPY", 10.0, True),
     ("JPY", "10.5", False), ("KWD", "0.001", True), ("KWD", "0.0001", False), ("USD", "1e-999", False)])
def test_an_amount_is_a_multiple_of_the_currencys_minor_unit(
        validation: ModuleType, ask: Ask, currency: str, amount: Any, fits: bool) -> None:
    answer = ask(validation, transaction(amount=amount, currency=currency))
    assert answer == (accepted() if fits else refused("amount_precision", currency))


@pytest.mark.parametrize(("amount", "fits"), [
    ("1000000", True), ("1000000.00", True), (1e6, True), ("1000000.01", False), (10**20, False), ("1e999", False)])
def test_an_amount_is_a_million_at_the_most(validation: ModuleType, ask: Ask, amount: Any, fits: bool) -> None:
    assert ask(validation, transaction(amount=amount)) == (accepted() if fits else refused("amount_too_large"))


def test_the_most_is_a_setting(ask: Ask) -> None:
    function = load("validation", MAX_AMOUNT="99.99")
    assert ask(function, transaction(amount="99.99")) == accepted()
    assert ask(function, transaction(amount="100")) == refused("amount_too_large")


def test_the_currencies_and_their_minor_units_are_a_setting(ask: Ask) -> None:
    function = load("validation", CURRENCIES="CHF:2,CLF:4")
    assert ask(function, transaction(currency="CLF", amount="0.0001")) == accepted()
    assert ask(function, transaction(currency="EUR")) == refused("currency_unknown")
    assert ask(function, transaction()) == refused("currency_unknown")


@pytest.mark.parametrize("currency", ["usd", "XXX", "", None, 840, ["USD"], {}, True])
def test_a_currency_is_one_of_those_configured(validation: ModuleType, ask: Ask, currency: Any) -> None:
    assert ask(validation, transaction(currency=currency)) == refused("currency_unknown")


GOOD_IDS = ["t", "7", "a" * 64, "6f1c2b9e-8f1e-4c8e-9c1d-2b7a3e5d9f10", "ACC_1.2:3"]
BAD_IDS = [
    "", " ", "a" * 65, "-a", "a b", "a\n", "a/b", "\u00e9", "\u0661", "\ud800", "a\x00", None, 7, 1.5, True, [],
    ["a"], {}]


@pytest.mark.parametrize("identifier", GOOD_IDS)
def test_an_id_is_up_to_64_of_letters_digits_and_marks(validation: ModuleType, ask: Ask, identifier: str) -> None:
    assert ask(validation, transaction(transaction_id=identifier)) == accepted(identifier)
    assert ask(validation, transaction(account_id=identifier)) == accepted()


@pytest.mark.parametrize("field", ["transaction_id", "account_id"])
@pytest.mark.parametrize("identifier", BAD_IDS)
def test_what_is_no_id_is_refused(validation: ModuleType, ask: Ask, field: str, identifier: Any) -> None:
    assert ask(validation, transaction(**{field: identifier})) == refused(f"{field}_format")


@pytest.mark.parametrize("kind", [
    "debit", "credit", "transfer", "payment", "refund", "deposit", "withdrawal", "fee"])
def test_a_type_is_one_of_eight(validation: ModuleType, ask: Ask, kind: str) -> None:
    assert ask(validation, transaction(type=kind)) == accepted()


@pytest.mark.parametrize("kind", ["", "Debit", "debit ", "chargeback", None, 1, True, [], ["debit"], {}])
def test_another_type_is_refused(validation: ModuleType, ask: Ask, kind: Any) -> None:
    assert ask(validation, transaction(type=kind)) == refused("type_unknown")


def test_the_types_are_a_setting(ask: Ask) -> None:
    function = load("validation", TYPES="chargeback")
    assert ask(function, transaction(type="chargeback")) == accepted()
    assert ask(function, transaction(type="debit")) == refused("type_unknown")


def in_seconds(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize("when", [
    "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+01:00", "0001-01-01T00:00:00+14:00", "2026-01-02t03:04:05z",
    "2026-01-02 03:04:05-00:00", "2026-01-02T03:04:05.123456789Z"])
def test_a_timestamp_is_one_of_the_past_with_an_offset(validation: ModuleType, ask: Ask, when: str) -> None:
    assert ask(validation, transaction(timestamp=when)) == accepted()


@pytest.mark.parametrize("when", [
    "2026-01-02T03:04:05", "2026-01-02", "now", "", "2026-02-30T00:00:00Z", "2026-01-02T03:04:05Z ", "\ud800",
    "20260102T030405Z", "2026-W01-5T03:04:05Z", "2026-01-02T03Z", "2026-01-02T03:04Z", "2026-01-02T03:04:05,5Z",
    "2026-01-02\u00e903:04:05Z", "2026-01-02T03:04:05+01", "2026-01-02T03:04:05+00:00:01", "2026-01-02T24:00:00Z",
    "2016-12-31T23:59:60Z", "\u0662026-01-02T03:04:05Z", 1767323045, 1.5, None, True, [], {}, "2" * 100_000])
def test_what_is_no_moment_is_no_timestamp(validation: ModuleType, ask: Ask, when: Any) -> None:
    assert ask(validation, transaction(timestamp=when)) == refused("timestamp_format")


def test_a_timestamp_may_be_a_minute_ahead_for_clocks_that_differ(validation: ModuleType, ask: Ask) -> None:
    assert ask(validation, transaction(timestamp=in_seconds(30))) == accepted()
    assert ask(validation, transaction(timestamp=in_seconds(120))) == refused("timestamp_future")
    assert ask(validation, transaction(timestamp="9999-12-31T23:59:59-14:00")) == refused("timestamp_future")


def nested(depth: int) -> list[Any]:
    deep: list[Any] = []
    for _ in range(depth):
        deep = [deep]
    return deep


@pytest.mark.parametrize("unknown", [
    {"note": "x" * 8_000}, {"tags": ["x"] * 1_000}, {f"k{n}": n for n in range(500)}, {"deep": nested(500)},
    {"n": 10**500}])
def test_fields_of_any_name_are_allowed(validation: ModuleType, ask: Ask, unknown: dict[str, Any]) -> None:
    assert ask(validation, transaction() | unknown) == accepted()


@pytest.mark.parametrize("unknown", [
    {"note": "x" * 8_192}, {"x" * 8_192: 1}, {"tags": ["x"] * 2_000}, {f"k{n}": n for n in range(1_000)},
    pytest.param({"deep": nested(100_000)}, id="nested deeply"), pytest.param({"n": 10**5000}, id="a long number")])
def test_no_more_of_them_than_8192_characters(validation: ModuleType, ask: Ask, unknown: dict[str, Any]) -> None:
    assert ask(validation, transaction() | unknown) == refused("too_large")


@pytest.mark.parametrize(("field", "code"), [
    ("transaction_id", "transaction_id_format"), ("amount", "amount_format"), ("account_id", "account_id_format"),
    ("type", "type_unknown"), ("currency", "currency_unknown"), ("timestamp", "timestamp_format")])
def test_a_value_nested_too_deeply_raises_nothing(validation: ModuleType, ask: Ask, field: str, code: str) -> None:
    assert ask(validation, transaction(**{field: nested(100_000)})) == refused(code)
