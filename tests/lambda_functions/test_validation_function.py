"""What the validation answers of one transaction; README.md beside the function is the contract."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from loading import load
from transactions import NOW, accepted, moment, refused, transaction, without

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


@pytest.mark.parametrize("sent", [None, True, 0, 1.5, "", "transaction", [], [{}], {}, {"Transaction": transaction()}])
def test_what_is_no_transaction_lacks_its_first_field(validation: ModuleType, ask: Ask, sent: Any) -> None:
    assert ask(validation, sent) == refused("missing_field", "transaction_id")


@pytest.mark.parametrize("event", [None, False, 0, "", [], {}])
def test_an_event_with_nothing_in_it_lacks_the_first_field(validation: ModuleType, event: Any) -> None:
    assert validation.handler(event, None) == validation.handler({"transaction": {}}, None)


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


@pytest.mark.parametrize(("currency", "amount", "fits"), [
    ("USD", "1000000", True), ("USD", "1000000.00", True), ("USD", 1e6, True), ("USD", "1000000.01", False),
    ("USD", 10**20, False), ("USD", "1e999", False), ("JPY", "1500000", True), ("JPY", "150000001", False),
    ("KWD", "300000.000", True), ("KWD", "1000000", False)])
def test_each_currency_has_its_maximum(
        validation: ModuleType, ask: Ask, currency: str, amount: Any, fits: bool) -> None:
    answer = ask(validation, transaction(amount=amount, currency=currency))
    assert answer == (accepted() if fits else refused("amount_too_large"))


def test_the_currencies_their_minor_units_and_their_maxima_are_a_setting(ask: Ask) -> None:
    function = load("validation", CURRENCIES="CHF:2:99,CLF:4:1")
    assert ask(function, transaction(currency="CLF", amount="0.0001")) == accepted()
    assert ask(function, transaction(currency="CHF", amount="99")) == accepted()
    assert ask(function, transaction(currency="CHF", amount="99.01")) == refused("amount_too_large")
    assert ask(function, transaction(currency="EUR")) == refused("currency_unknown")
    assert ask(function, transaction()) == refused("currency_unknown")


@pytest.mark.parametrize("currency", ["usd", "XXX", "", None, 840, ["USD"], {}, True])
def test_a_currency_is_one_of_those_configured(validation: ModuleType, ask: Ask, currency: Any) -> None:
    assert ask(validation, transaction(currency=currency)) == refused("currency_unknown")


GOOD_IDS = ["t", "7", "a" * 64, "6f1c2b9e-8f1e-4c8e-9c1d-2b7a3e5d9f10", "ACC_1.2:3"]
BAD_IDS: list[object] = [
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


@pytest.mark.parametrize(("name", "value", "expected"), [
    ("CURRENCIES", "USD:2", "each currency once"), ("CURRENCIES", "USD:2:0", "each currency once"),
    ("CURRENCIES", "USD:5:1", "each currency once"), ("CURRENCIES", "USD:2:9999999999999", "each currency once"),
    ("CURRENCIES", "USD:2:1,USD:2:2", "each currency once"), ("CURRENCIES", "", "each currency once"),
    ("TYPES", "debit,", "lower-case words"), ("TYPES", "Debit", "lower-case words"),
    ("TTL_DAYS", "a month", "a number of days"), ("TTL_DAYS", "0", "a number of days"),
    ("TTL_DAYS", "nan", "a number of days"), ("TTL_DAYS", "-1", "a number of days"),
    ("TTL_DAYS", "3651", "a number of days")])
def test_a_wrong_setting_ends_the_start_with_its_name(name: str, value: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^environment variable {name} is '{value}'; expected {expected}"):
        load("validation", **{name: value})


@pytest.mark.parametrize("when", [
    "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+01:00", "2026-01-04T00:00:00+23:59", "2026-01-02t03:04:05z",
    "2026-01-02 03:04:05-00:00", "2026-01-02T03:04:05.123456789Z", "2026-01-02T23:59:59-00:59"])
def test_a_timestamp_is_a_recent_moment_with_an_offset(validation: ModuleType, ask: Ask, when: str) -> None:
    assert ask(validation, transaction(timestamp=when)) == accepted()


@pytest.mark.parametrize("when", [
    "2026-01-02T03:04:05", "2026-01-02", "now", "", "2026-02-30T00:00:00Z", "2026-01-02T03:04:05Z ", "\ud800",
    "20260102T030405Z", "2026-W01-5T03:04:05Z", "2026-01-02T03Z", "2026-01-02T03:04Z", "2026-01-02T03:04:05,5Z",
    "2026-01-02\u00e903:04:05Z", "2026-01-02T03:04:05+01", "2026-01-02T03:04:05+00:00:01", "2026-01-02T24:00:00Z",
    "2026-01-02T12345678Z", "2026-01-02T03:04:05+05:99", "2026-01-02T03:04:05+24:00", "2026-01-02T03:60:00Z",
    "2026-13-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-02T03:04:05+01:00:00", "2026-01-02T03:04:05.Z",
    "2026-01-02T03:04:05.1234567890Z", "0000-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z", "\u0662026-01-02T03:04:05Z", 1767323045, 1.5, None, True, [], {}, "2" * 100_000])
def test_what_is_no_moment_is_no_timestamp(validation: ModuleType, ask: Ask, when: Any) -> None:
    assert ask(validation, transaction(timestamp=when)) == refused("timestamp_format")


@pytest.mark.parametrize(("when", "code"), [
    (moment(seconds=60), None), (moment(seconds=61), "timestamp_future"),
    ("9999-12-31T23:59:59-14:00", "timestamp_future"),
    (moment(days=-30), None), (moment(days=-30, seconds=-1), "timestamp_too_old"),
    ("0001-01-01T00:00:00+14:00", "timestamp_too_old")])
def test_a_timestamp_is_at_most_a_minute_ahead_and_no_older_than_the_memory_of_ids(
        validation: ModuleType, ask: Ask, when: str, code: str | None) -> None:
    assert ask(validation, transaction(timestamp=when)) == (refused(code) if code else accepted())


def test_how_old_a_timestamp_may_be_follows_the_memory_even_by_fractions_of_days(ask: Ask) -> None:
    function = load("validation", TTL_DAYS="1.5")
    assert ask(function, transaction(timestamp=moment(hours=-36))) == accepted()
    assert ask(function, transaction(timestamp=moment(hours=-36, seconds=-1))) == refused("timestamp_too_old")


def test_the_time_is_the_clocks(validation: ModuleType) -> None:
    event = {"transaction": transaction(timestamp=moment())}
    assert validation.handler(event, None, clock=lambda: NOW)["statusCode"] == 200
    assert validation.handler(event, None, clock=lambda: NOW - 3600)["statusCode"] == 400


# Test numbers of Visa, Mastercard, American Express, Maestro and UnionPay; thirteen and nineteen digits among them.
CARDS = ["4111111111111111", "4222222222222", "5555555555554444", "378282246310005", "6304000000000000000",
         "6200000000000000000"]


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize("field", ["transaction_id", "account_id"])
def test_a_card_number_is_no_id(validation: ModuleType, ask: Ask, field: str, number: str) -> None:
    for written in (number, f"order-{number}", f"tx{number}x", f"{number}-1", ":".join([number[:4], number[4:]])):
        assert ask(validation, transaction(**{field: written})) == refused("card_number"), written


@pytest.mark.parametrize("written", [
    "4111-1111-1111-1111", "4111_1111_1111_1111", "4111.1111:1111-1111", "2026-4111-1111-1111-1111-01"])
def test_separators_do_not_hide_a_card_number(validation: ModuleType, ask: Ask, written: str) -> None:
    assert ask(validation, transaction(transaction_id=written)) == refused("card_number")


@pytest.mark.parametrize("more", [
    {"note": "card 4111 1111 1111 1111"}, {"pan": 4111111111111111}, {"4111-1111-1111-1111": 1},
    {"deep": [{"er": ["4111111111111111"]}]}, {"amount": 4111111111111111}, {"amount": "4111111111111111"},
    {"type": "4111111111111111"}, {"currency": "4111111111111111"}, {"timestamp": "4111111111111111"},
    {"timestamp": "2026-01-02T03:04:05.4111111111111111Z"}])
def test_no_field_may_hold_a_card_number(validation: ModuleType, ask: Ask, more: dict[str, Any]) -> None:
    assert ask(validation, transaction() | more)[0] == 400


@pytest.mark.parametrize("more", [
    # The first five pass Luhn, but are UUIDs, a SHA-256, a date with its time, and a coordinate.
    {"transaction_id": "12345674-1234-4123-8123-10000000000a"},
    {"transaction_id": "order-26dd0dbc6e3f4c8043749885523d6a25"},
    {"transaction_id": "5d8f6cce532a7aeb57196be62344095936793400b3aeb3580d248b17d5518a86"},
    {"created": "2026-01-02 03:04:06"}, {"latitude": 52.52000659999999},
    # These have another check digit, or too few digits, or too many.
    {"transaction_id": "4111111111111112"}, {"account_id": "411111111114"}, {"account_id": "4" * 20}])
def test_other_long_numbers_are_no_card_numbers(validation: ModuleType, ask: Ask, more: dict[str, Any]) -> None:
    assert ask(validation, transaction() | more)[0] == 200


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
