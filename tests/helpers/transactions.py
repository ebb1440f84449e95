"""A transaction, and what the properties and the burst are made of."""

import string
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

# What the function is told that the time is.
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()


def moment(**since: float) -> str:
    """The moment that is so long after NOW, as RFC 3339 writes it."""
    return (datetime.fromtimestamp(NOW, UTC) + timedelta(**since)).isoformat()


REASONS = {
    "missing_field": "Missing required field: ",
    "amount_format": "Invalid amount format",
    "amount_not_positive": "Amount must be positive",
    "amount_too_large": "Amount exceeds the maximum",
    "currency_unknown": "Currency is not accepted",
    "amount_precision": "Amount has too many decimals for ",
    "transaction_id_format": "Invalid transaction_id format",
    "account_id_format": "Invalid account_id format",
    "type_unknown": "Type is not accepted",
    "timestamp_format": "Invalid timestamp format",
    "timestamp_future": "Timestamp is in the future",
    "timestamp_too_old": "Timestamp is too old",
    "card_number": "A field holds a card number",
    "too_large": "Transaction is too large",
    "conflict": "Transaction id was used with other content",
    "unavailable": "Try again",
    "batch_size": "A batch has 1 to 100 transactions",
    "malformed_json": "Body is not JSON",
    "duplicate_key": "Body has the same key twice in an object",
}
STATUS = {"accepted": 200, "conflict": 409, "too_large": 413, "unavailable": 503} | dict.fromkeys(
    REASONS.keys() - {"conflict", "too_large", "unavailable"}, 400)


def record_key(transaction_id: str = "t-1", account_id: str = "a-1") -> str:
    """The key of the record of an accepted transaction."""
    digest = sha256(f"{transaction_id}\n{account_id}".encode()).hexdigest()
    return f"transaction#{transaction_id}#{digest}"


def transaction(**fields: Any) -> dict[str, Any]:
    return {"transaction_id": "t-1", "amount": "100.50", "account_id": "a-1", "type": "debit"} | fields


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in transaction().items() if name not in names}


def refused(code: str, more: str = "") -> tuple[int, dict[str, Any]]:
    return STATUS[code], {"valid": False, "reason": REASONS[code] + more, "code": code}


def accepted(identifier: str = "t-1", **more: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"valid": True, "transaction_id": identifier, "code": "accepted"} | more


LETTERS = string.ascii_letters + string.digits + "_.:-"

# JSON, with what is close to being right more often than chance has it.
scalars = (
    st.none() | st.booleans() | st.integers() | st.integers(-(10**40), 10**40) | st.floats() | st.text()
    | st.text(st.characters(categories=["Cs", "Nd", "Lu", "Po"]), max_size=70))
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8)
amounts = st.one_of(
    st.decimals(0, 2_000_000, places=2).map(str), st.decimals(-10, 10**9, places=4).map(str), st.integers(-5, 10**7),
    st.floats(-1, 10**7), st.text("0123456789", max_size=30), st.text("0123456789.eE+-_ ", max_size=12),
    st.sampled_from(["NaN", "Infinity", "1e999999999", "1_0", "\u0661", "0x1", " 1", True, None]), json_values)
right_ids = st.text(LETTERS, min_size=1, max_size=64).map(lambda name: name.lstrip("_.:-") or "0")
ids = right_ids | right_ids | st.text(LETTERS, max_size=70) | st.text(max_size=9) | json_values
types = st.sampled_from(["debit", "credit", "fee", "Debit", ""]) | json_values
currencies = st.sampled_from(["USD", "JPY", "KWD", "usd", "XXX"]) | json_values
timestamps = (
    st.floats(-31, 1).map(lambda days: moment(days=days)) | st.datetimes().map(lambda when: when.isoformat() + "Z")
    | st.datetimes().map(str) | json_values)
fields = {"transaction_id": ids, "amount": amounts, "account_id": ids, "type": types}
optional = {"currency": currencies, "timestamp": timestamps, "note": json_values}
complete = st.fixed_dictionaries(fields, optional=optional)
transactions = complete | st.fixed_dictionaries({}, optional=fields | optional) | json_values
requests = st.one_of(
    st.fixed_dictionaries({"transaction": transactions}),
    st.fixed_dictionaries({"transactions": st.lists(transactions, max_size=5) | json_values}),
    json_values)
