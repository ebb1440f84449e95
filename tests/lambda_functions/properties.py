"""What holds of the validation whatever it is sent: tried a little in `make test` and at length in `make fuzz`."""

import base64
import contextlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from memory_table import Table
from transactions import amounts, complete, json_values, requests, right_ids, transaction, transactions

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
        response = function.handler(event, None, table)
    RESPONSE.validate(response)
    body = json.loads(response["body"])
    BODY.validate(body)
    return response["statusCode"], body, log.getvalue()


def any_event_is_answered_by_the_schema(function: ModuleType, event: Any) -> None:
    status, _, log = answer(function, event)
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
        units = {"JPY": 0, "KWD": 3}.get(sent.get("currency"), 2)
        assert 0 < Decimal(str(sent["amount"])) <= 1_000_000
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


def a_batch_is_answered_as_each_of_it_alone(function: ModuleType, batch: list[Any]) -> None:
    _, body, _ = answer(function, {"transactions": batch})
    alone = [answer(function, {"transaction": one})[:2] for one in batch]
    assert body == {"results": [{"statusCode": status} | one for status, one in alone]}


def no_account_and_no_amount_is_logged(function: ModuleType, sent: tuple[dict[str, Any], str, str]) -> None:
    fields, account, amount = sent
    given_away = fields | {"account_id": account, "amount": amount, "transaction_id": f"t-{account}"}
    for event in ({"transaction": given_away}, {"transactions": [given_away, fields]}):
        log = answer(function, event)[2]
        assert account not in log
        assert amount not in log


def an_id_stands_for_one_content(function: ModuleType, sent: list[tuple[str, int, int]]) -> None:
    table = Table()
    known: dict[str, int] = {}
    for name, cents, zeros in sent:
        amount = f"{cents / 100:.2f}" + "0" * zeros
        status, body, _ = answer(function, {"transaction": transaction(transaction_id=name, amount=amount)}, table)
        expected = (409, False) if known.get(name, cents) != cents else (200, name in known)
        assert (status, body.get("duplicate", False)) == expected
        known.setdefault(name, cents)
    assert table.items.keys() == {f"transaction#{name}" for name in known}


class Property(NamedTuple):
    """What is drawn, and what holds of it; weight is its share of the examples."""

    drawn: st.SearchStrategy[Any]
    check: Callable[[ModuleType, Any], None]
    weight: int = 1


right = st.fixed_dictionaries(
    {"transaction_id": right_ids,
     "amount": st.decimals("0.01", 1_000_000, places=2).map(str) | st.integers(1, 1_000_000),
     "account_id": right_ids,
     "type": st.sampled_from(["debit", "credit", "transfer", "payment", "refund", "deposit", "withdrawal", "fee"])},
    optional={"currency": st.sampled_from(["USD", "EUR", "GBP", "KWD"]), "note": json_values,
              # In RFC 3339 an offset is of whole minutes; before there were time zones, some were not.
              "timestamp": st.datetimes(timezones=st.timezones()).filter(
                  lambda at: at.year < 2026 and not (at.utcoffset() or timedelta()).seconds % 60).map(
                  lambda at: at.isoformat())})

PROPERTIES = [
    Property(requests, any_event_is_answered_by_the_schema, 2),
    Property(st.tuples(requests | st.text(), st.booleans(), st.booleans()), any_body_is_answered_by_the_schema, 2),
    Property(complete | transactions, what_is_accepted_is_by_the_schema_and_exact, 2),
    Property(right, what_is_right_is_accepted),
    Property(amounts, an_amount_is_what_decimal_makes_of_it_or_refused, 6),
    Property(st.lists(transactions, min_size=1, max_size=4), a_batch_is_answered_as_each_of_it_alone),
    Property(st.tuples(complete, st.integers(10**12, 10**20).map(lambda number: f"DE{number}"),
                       st.decimals(100_000, 10**10, places=4).map(str)),
             no_account_and_no_amount_is_logged),
]

# Holds where there is a table.
MEMORY = Property(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.integers(0, 2)), max_size=12),
    an_id_stands_for_one_content)


def name_of(one: Property) -> str:
    return one.check.__name__


def hold(one: Property, function: ModuleType, examples: int) -> None:
    """Try a property on so many examples; raises what hypothesis does of the smallest that fails."""
    # Large JSON is what is asked for.
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[
        HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])
    @given(one.drawn)
    def tried(value: Any) -> None:
        one.check(function, value)

    tried()
