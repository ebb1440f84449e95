"""What holds of the validation whatever it is sent: tried a little in `make test` and at length in `make fuzz`."""

import base64
import calendar
import contextlib
import io
import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from memory_table import Table
from transactions import (
    NOW,
    amounts,
    complete,
    moment,
    record_key,
    requests,
    right_ids,
    transaction,
    transactions,
)

FOLDER = Path(__file__).parents[2] / "lambda" / "validation"


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


REQUEST = Draft202012Validator(schema("request"))
RESPONSE = Draft202012Validator(schema("response"))
BODY = Draft202012Validator({"$ref": "#/$defs/body", "$defs": schema("response")["$defs"]})


def answer(function: ModuleType, event: Any, table: Table | None = None) -> tuple[int, dict[str, Any], str]:
    """Status, body and log of an event, of which response and body are as the schema says."""
    with contextlib.redirect_stdout(io.StringIO()) as log:
        response = function.handler(event, None, table, lambda: NOW)
    RESPONSE.validate(response)
    body = json.loads(response["body"])
    BODY.validate(body)
    return response["statusCode"], body, log.getvalue()


def any_event_is_answered_by_the_schema_or_unsupported(function: ModuleType, event: Any) -> None:
    known = isinstance(event, dict) and event.keys() & {"transaction", "transactions", "requestContext"}
    try:
        status, _, log = answer(function, event)
    except function.UnsupportedEvent:
        assert event
        assert not known
        return
    assert known or not event
    assert status in (200, 400, 413)
    for line in log.splitlines():
        assert json.loads(line)["_aws"]["CloudWatchMetrics"]


def any_body_is_answered_by_the_schema(function: ModuleType, sent: tuple[Any, bool, bool]) -> None:
    body, encoded, many = sent
    if not isinstance(body, str):
        body = json.dumps(body)
    if encoded:
        body = base64.b64encode(body.encode("utf-8", "surrogatepass")).decode()
    event = {"requestContext": {}, "body": body, "isBase64Encoded": encoded}
    assert answer(function, event | ({"multiValueHeaders": {"a": ["b"]}} if many else {}))[0] in (200, 400, 413)


def what_is_accepted_is_by_the_schema_and_exact(function: ModuleType, sent: Any) -> None:
    status, body, _ = answer(function, {"transaction": sent})
    if status == 200:
        REQUEST.validate({"transaction": sent})
        units, most = {"JPY": (0, 150_000_000), "KWD": (3, 300_000)}.get(sent.get("currency"), (2, 1_000_000))
        assert 0 < Decimal(str(sent["amount"])) <= most
        assert Decimal(str(sent["amount"])).scaleb(units) % 1 == 0
        assert body["transaction_id"] == sent["transaction_id"]


def what_is_right_is_accepted(function: ModuleType, sent: dict[str, Any]) -> None:
    assert answer(function, {"transaction": sent})[:2] == (
        200, {"valid": True, "transaction_id": sent["transaction_id"], "code": "accepted"})


def an_amount_is_what_decimal_makes_of_it_or_refused(function: ModuleType, amount: Any) -> None:
    _, body, _ = answer(function, {"transaction": transaction(amount=amount)})
    if body["code"] in ("accepted", "amount_not_positive", "amount_too_large", "amount_precision"):
        value = Decimal(str(amount))
        assert (body["code"] == "amount_not_positive") == (value <= 0)
        assert (body["code"] == "amount_too_large") == (value > 1_000_000)
    else:
        assert body["code"] == "amount_format"


def what_is_accepted_holds_no_card_number(function: ModuleType, sent: tuple[dict[str, Any], str]) -> None:
    """Of ids, by another way of finding one: try all that begin and end where a group of digits does."""
    fields, identifier = sent
    groups = re.findall("[0-9]+|[A-Za-z]+", identifier)
    numbers = {"".join(groups[first:last]) for first in range(len(groups)) for last in range(first, len(groups) + 1)}
    has_card = any(number.isdigit() and 13 <= len(number) <= 19 and luhn(number) for number in numbers)
    for field in ("transaction_id", "account_id"):
        code = answer(function, {"transaction": transaction(**{field: identifier})})[1]["code"]
        assert code == ("card_number" if has_card else "accepted")
    log = answer(function, {"transaction": fields | {"transaction_id": identifier}})[2]
    assert not has_card or identifier not in log


def luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def a_timestamp_is_accepted_by_the_pattern_and_the_calendar(function: ModuleType, when: str) -> None:
    """As RFC 3339 defines it, without the help of a parser, so that it is the same in each version of Python."""
    code = answer(function, {"transaction": transaction(timestamp=when)})[1]["code"]
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|[+-](\d\d):(\d\d))", when, re.ASCII)
    is_right = False
    if match:
        year, month, day, hour, minute, second, hours, minutes = (int(part or 0) for part in match.groups())
        is_right = (year > 0 and 0 < month <= 12 and 0 < day <= calendar.monthrange(year, month)[1] and hour < 24
                    and minute < 60 and second < 60 and hours < 24 and minutes < 60)
    assert (code == "timestamp_format") == (not is_right)


def a_batch_is_answered_as_each_of_it_alone(function: ModuleType, batch: list[Any]) -> None:
    _, body, _ = answer(function, {"transactions": batch})
    alone = [answer(function, {"transaction": one})[:2] for one in batch]
    assert body == {"results": [{"statusCode": status} | one for status, one in alone]}


def no_account_and_no_amount_is_logged(function: ModuleType, sent: tuple[dict[str, Any], str, str]) -> None:
    fields, account, amount = sent
    name = f"t-{account[:9]}-{account[9:].lower()}"
    given_away = fields | {"account_id": account, "amount": amount, "transaction_id": name}
    for event in ({"transaction": given_away}, {"transactions": [given_away, fields]}):
        log = answer(function, event)[2]
        assert account not in log
        assert name not in log
        assert amount not in log


def an_id_stands_for_one_content_in_an_account(function: ModuleType, sent: list[tuple[str, str, int, int]]) -> None:
    table = Table()
    known: dict[tuple[str, str], int] = {}
    for name, account, cents, zeros in sent:
        amount = f"{cents / 100:.2f}" + "0" * zeros
        status, body, _ = answer(function, {"transaction": transaction(
            transaction_id=name, account_id=account, amount=amount, timestamp=moment(minutes=-zeros))}, table)
        expected = (409, False) if known.get((name, account), cents) != cents else (200, (name, account) in known)
        assert (status, body.get("duplicate", False)) == expected
        known.setdefault((name, account), cents)
    assert table.items.keys() == {record_key(*one) for one in known}


class Property(NamedTuple):
    """What is drawn, and what holds of it; weight is its share of the examples."""

    drawn: st.SearchStrategy[Any]
    check: Callable[[ModuleType, Any], None]
    weight: int = 1


no_cards = right_ids.filter(lambda identifier: len(re.findall("[0-9]", identifier)) < 13)
right = st.fixed_dictionaries(
    {"transaction_id": no_cards,
     "amount": st.decimals("0.01", 300_000, places=2).map(str) | st.integers(1, 300_000),
     "account_id": no_cards,
     "type": st.sampled_from(["debit", "credit", "transfer", "payment", "refund", "deposit", "withdrawal", "fee"])},
    optional={"currency": st.sampled_from(["USD", "EUR", "GBP", "KWD"]), "note": st.text("abcdef 123", max_size=12),
              "timestamp": st.tuples(st.integers(-30 * 86_400, 60), st.timezones()).map(
                  lambda at: datetime.fromtimestamp(NOW + at[0], at[1]).isoformat())})

PROPERTIES = [
    Property(requests, any_event_is_answered_by_the_schema_or_unsupported, 2),
    Property(st.tuples(requests | st.text(), st.booleans(), st.booleans()), any_body_is_answered_by_the_schema, 2),
    Property(complete | transactions, what_is_accepted_is_by_the_schema_and_exact, 2),
    Property(right, what_is_right_is_accepted),
    Property(amounts, an_amount_is_what_decimal_makes_of_it_or_refused, 6),
    Property(st.tuples(complete, st.text("0123456789_.:-x", min_size=13, max_size=30).map(lambda name: f"i{name}")),
             what_is_accepted_holds_no_card_number, 2),
    Property(st.from_regex(
        r"(202[56]|[0-9]{4})-[01][0-9]-[0-3][0-9]T[0-9]{2}[:5][0-9:]{2}[:5][0-9]{2}(Z|[+-][0-9]{2}:[0-9:]{2})",
        fullmatch=True), a_timestamp_is_accepted_by_the_pattern_and_the_calendar, 2),
    Property(st.lists(transactions, min_size=1, max_size=4), a_batch_is_answered_as_each_of_it_alone),
    Property(st.tuples(complete, st.integers(10**19, 10**20).map(lambda number: f"DE{number}"),
                       st.decimals(100_000, 10**10, places=4).map(str)),
             no_account_and_no_amount_is_logged),
]

# Holds where there is a table.
MEMORY = Property(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("de"), st.integers(1, 3), st.integers(0, 2)),
             max_size=12),
    an_id_stands_for_one_content_in_an_account)


def name_of(one: Property) -> str:
    return one.check.__name__


def hold(one: Property, function: ModuleType, examples: int) -> None:
    """Try a property on so many examples; raises what hypothesis does of the smallest that fails."""
    # Large JSON is what is asked for.
    @settings(max_examples=examples, database=None, suppress_health_check=[
        HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])
    @given(one.drawn)
    def tried(value: Any) -> None:
        one.check(function, value)

    tried()
