"""The validation function answers as the reference's inline code does, and 400 where that raises."""

import json
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

MISSING_ID = '{"valid": false, "reason": "Missing required field: transaction_id"}'
MISSING_AMOUNT = '{"valid": false, "reason": "Missing required field: amount"}'
MISSING_ACCOUNT = '{"valid": false, "reason": "Missing required field: account_id"}'
MISSING_TYPE = '{"valid": false, "reason": "Missing required field: type"}'
NOT_POSITIVE = '{"valid": false, "reason": "Amount must be positive"}'
NOT_A_NUMBER = '{"valid": false, "reason": "Invalid amount format"}'
VALID = '{"valid": true, "transaction_id": "t-1"}'

# What the reference answers, retyped from running its code.
REFERENCE_AMOUNTS = [
    (1, 200, VALID),
    (0.01, 200, VALID),
    (1e-7, 200, VALID),
    (10**30, 200, VALID),
    ("1", 200, VALID),
    ("100.50", 200, VALID),
    ("+5", 200, VALID),
    (" 5 ", 200, VALID),
    ("1_000", 200, VALID),
    ("1e3", 200, VALID),
    ("1e999999", 200, VALID),
    ("\u0663", 200, VALID),
    (0, 400, NOT_POSITIVE),
    (0.0, 400, NOT_POSITIVE),
    (-0.0, 400, NOT_POSITIVE),
    (-1, 400, NOT_POSITIVE),
    ("0", 400, NOT_POSITIVE),
    ("0.00", 400, NOT_POSITIVE),
    ("-0.01", 400, NOT_POSITIVE),
    ("0e999999", 400, NOT_POSITIVE),
]

# The reference raises for these, but for infinities: valid to it, or not positive.
NO_AMOUNTS = [
    "abc",
    "",
    " ",
    "1,000",
    "12.50 EUR",
    "0x10",
    "NaN",
    "-nan",
    "sNaN",
    "NaN123",
    "Infinity",
    "-Infinity",
    "inf",
    float("nan"),
    float("inf"),
    float("-inf"),
    True,
    False,
    None,
    [],
    [5],
    {},
    {"amount": 5},
    "1e99999999999999999999999999",
    "1e-99999999999999999999999999",
    "\x00",
    "\ud800",
    pytest.param(10**5000, id="more digits than str() takes"),
]


def transaction(**fields: Any) -> dict[str, Any]:
    return {"transaction_id": "t-1", "amount": "100.50", "account_id": "a-1", "type": "debit"} | fields


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in transaction().items() if name not in names}


def answer(function: ModuleType, event: Any) -> tuple[int, str]:
    response = function.handler(event, None)
    assert list(response) == ["statusCode", "body"]
    return response["statusCode"], response["body"]


@pytest.mark.parametrize(("amount", "status", "body"), REFERENCE_AMOUNTS)
def test_an_amount_is_answered_as_the_reference_does(
    validation: ModuleType, amount: Any, status: int, body: str
) -> None:
    assert answer(validation, {"transaction": transaction(amount=amount)}) == (status, body)


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_finite_number_is_an_invalid_amount(validation: ModuleType, amount: Any) -> None:
    assert answer(validation, {"transaction": transaction(amount=amount)}) == (400, NOT_A_NUMBER)


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ({"transaction": {}}, MISSING_ID),
        ({"transaction": without("transaction_id")}, MISSING_ID),
        ({"transaction": without("transaction_id", "type")}, MISSING_ID),
        ({"transaction": without("amount")}, MISSING_AMOUNT),
        ({"transaction": without("amount", "account_id", "type")}, MISSING_AMOUNT),
        ({"transaction": without("account_id")}, MISSING_ACCOUNT),
        ({"transaction": without("type")}, MISSING_TYPE),
        ({"transaction": without("type") | {"amount": "abc"}}, MISSING_TYPE),
        ({}, MISSING_ID),
        ({"Transaction": transaction()}, MISSING_ID),
    ],
)
def test_the_first_missing_field_is_named(validation: ModuleType, event: Any, body: str) -> None:
    assert answer(validation, event) == (400, body)


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "", "transaction_id", [], ["transaction_id"], [{}]])
def test_an_event_or_transaction_that_is_no_object_lacks_its_first_field(
    validation: ModuleType, value: Any
) -> None:
    assert answer(validation, value) == (400, MISSING_ID)
    assert answer(validation, {"transaction": value}) == (400, MISSING_ID)


@pytest.mark.parametrize(
    ("identifier", "body"),
    [
        ("", '{"valid": true, "transaction_id": ""}'),
        (None, '{"valid": true, "transaction_id": null}'),
        (7, '{"valid": true, "transaction_id": 7}'),
        (["a"], '{"valid": true, "transaction_id": ["a"]}'),
        ({"b": 1, "a": 2}, '{"valid": true, "transaction_id": {"b": 1, "a": 2}}'),
        ("\u00e9\U0001f600", '{"valid": true, "transaction_id": "\\u00e9\\ud83d\\ude00"}'),
    ],
)
def test_the_transaction_id_is_echoed_whatever_it_is(
    validation: ModuleType, identifier: Any, body: str
) -> None:
    assert answer(validation, {"transaction": transaction(transaction_id=identifier)}) == (200, body)


def test_empty_values_of_the_other_fields_pass_as_they_do_in_the_reference(validation: ModuleType) -> None:
    assert answer(validation, {"transaction": transaction(account_id=None, type="")}) == (200, VALID)


def test_unknown_fields_are_ignored(validation: ModuleType) -> None:
    assert answer(validation, {"transaction": transaction(note="x"), "other": 1}) == (200, VALID)


@pytest.mark.parametrize("field", ["transaction_id", "amount", "account_id"])
def test_a_value_nested_too_deeply_raises_nothing(validation: ModuleType, field: str) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    status, body = answer(validation, {"transaction": transaction(**{field: deep})})
    expected = {
        "transaction_id": (400, '{"valid": false, "reason": "Invalid transaction_id format"}'),
        "amount": (400, NOT_A_NUMBER),
        "account_id": (200, VALID),
    }
    assert (status, body) == expected[field]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)
fields = dict.fromkeys(transaction(), json_values)
events = json_values | st.fixed_dictionaries(
    {}, optional={"transaction": json_values | st.fixed_dictionaries({}, optional=fields)}
)


@settings(max_examples=200, deadline=None)
@given(event=events)
def test_any_json_value_is_answered_200_or_400_with_a_json_body(validation: ModuleType, event: Any) -> None:
    status, body = answer(validation, event)
    assert (status, json.loads(body)["valid"]) in [(200, True), (400, False)]


@settings(max_examples=200, deadline=None)
@given(amount=st.decimals(allow_nan=False, allow_infinity=False).filter(lambda d: d > 0).map(str))
@example(amount="1E+999999999999999999")
@example(amount="1E-999999999999999999")
def test_any_finite_positive_decimal_is_valid(validation: ModuleType, amount: str) -> None:
    assert answer(validation, {"transaction": transaction(amount=amount)}) == (200, VALID)


@settings(max_examples=200, deadline=None)
@given(amount=st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_json_number_is_valid_exactly_where_it_is_positive(validation: ModuleType, amount: float) -> None:
    expected = (200, VALID) if Decimal(str(amount)) > 0 else (400, NOT_POSITIVE)
    assert answer(validation, {"transaction": transaction(amount=amount)}) == expected
