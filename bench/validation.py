"""What the validation function costs: `python -m bench.validation`; exit code 1 where a bar is missed.

CPU time, the least of several rounds in which what is compared takes turns, so that it shares the machine's moods.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Annotated, Any, Literal

from bench.run import best
from tap.inline import function_source

IMPORT_MILLISECONDS, TIMES_JSON, TIMES_SINGLE = 30, 2, 25
ROUNDS = 15
SETTINGS = ("CURRENCIES", "TYPES", "DYNAMODB_TABLE", "TTL_DAYS")

PLAIN = {"transaction_id": "6f1c2b9e-8f1e-4c8e-9c1d-2b7a3e5d9f10", "amount": "100.50", "account_id": "ACC-0012345678",
         "type": "payment"}
FULL = PLAIN | {"currency": "EUR", "timestamp": "2026-01-02T03:04:05Z"}
# What the function is told that the time is.
NOW = datetime(2026, 1, 3, tzinfo=UTC).timestamp()
TRANSACTIONS: dict[str, dict[str, Any]] = {
    "required fields": PLAIN, "all fields": FULL, "refused": PLAIN | {"amount": "100.505"},
    "unknown fields": FULL | {"note": "invoice 4711", "tags": ["a", "b"], "origin": {"channel": "web", "till": 7}}}
# Of https://docs.aws.amazon.com/lambda/latest/dg/services-alb.html.
HTTP: dict[str, Any] = {
    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/"
                                                 "validation/50dc6c495c0c9188"}},
    "httpMethod": "POST", "path": "/transactions", "queryStringParameters": {},
    "headers": {
        "accept": "application/json", "accept-encoding": "gzip", "accept-language": "en-US,en;q=0.9",
        "connection": "keep-alive", "content-type": "application/json", "host": "payments.example.com",
        "user-agent": "till/7.1 (linux; arm64)", "x-amzn-trace-id": "Root=1-5c536348-3d683b8b04734faae651f476",
        "x-forwarded-for": "192.0.2.7", "x-forwarded-port": "443", "x-forwarded-proto": "https"},
    "body": json.dumps({"transaction": FULL}), "isBase64Encoded": False}


def load() -> ModuleType:
    """Return the function as the template inlines it, without a table."""
    for name in SETTINGS:
        os.environ.pop(name, None)
    module = ModuleType("index")
    exec(function_source("validation"), module.__dict__)  # noqa: S102  (our own source)
    return module


def handle(index: ModuleType, event: Any) -> Callable[[], object]:
    """Return an action that has the function answer an event."""
    return partial(index.handler, event, None, None, lambda: NOW)


def microseconds(
        actions: Mapping[str, Callable[[], object]], loops: int = 200, rounds: int = 10 * ROUNDS) -> dict[str, float]:
    """Return the CPU time of each action: of short rounds, some find the machine undisturbed."""
    least = dict.fromkeys(actions, float("inf"))
    for _ in range(rounds):
        for name, action in actions.items():
            start = time.process_time_ns()
            for _ in range(loops):
                action()
            least[name] = min(least[name], (time.process_time_ns() - start) / loops / 1_000)
    return least


def milliseconds_to_import(*modules: str) -> list[float]:
    """Return the CPU time of importing each module over that of Python alone; `index` is the function."""
    with TemporaryDirectory() as folder:
        Path(folder, "index.py").write_text(function_source("validation"), encoding="ascii")
        programs = {name: (sys.executable, "-c", f"import {name}" if name else "") for name in ("", *modules)}
        costs = best(programs, ROUNDS, Path(folder))
    return [1_000 * (costs[name].cpu_seconds - costs[""].cpu_seconds) for name in modules]


def pydantic_check() -> Callable[[Any], object] | None:
    """Return the same checks of a transaction by pydantic, or None where it is not installed: nothing else needs it."""
    try:
        import pydantic
    except ImportError:
        return None
    units = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}

    def rest(one: Any) -> Any:
        if round(one.amount, units[one.currency]) != one.amount:
            raise ValueError("too many decimals")
        if one.timestamp and one.timestamp > datetime.now(UTC):
            raise ValueError("in the future")
        return one

    text = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$", strict=True)]
    model = pydantic.create_model(
        "Transaction", __validators__={"rest": pydantic.model_validator(mode="after")(rest)},
        transaction_id=(text, ...), account_id=(text, ...),
        amount=(Annotated[Decimal, pydantic.Field(gt=0, le=1_000_000)], ...),
        type=(Literal["debit", "credit", "transfer", "payment", "refund", "deposit", "withdrawal", "fee"], ...),
        currency=(Literal["USD", "EUR", "GBP", "JPY", "KWD"], "USD"), timestamp=(pydantic.AwareDatetime | None, None))

    def check(transaction: Any) -> object:
        try:
            return model.model_validate(transaction)
        except pydantic.ValidationError as error:
            return error.errors()[0]["type"]

    return check


def rows(index: ModuleType, pydantic: Callable[[Any], object] | None) -> dict[str, dict[str, float]]:
    """Return what each transaction costs in microseconds: to parse, check, answer and log, and by pydantic."""
    found = {}
    for name, one in TRANSACTIONS.items():
        event = {"transaction": one}
        actions: dict[str, Callable[[], object]] = {
            "json.loads": partial(json.loads, json.dumps(event)), "check": partial(index.check, one, NOW),
            "handler": handle(index, event)}
        if pydantic:
            actions["pydantic"] = partial(pydantic, one)
        found[name] = microseconds(actions)
    found["behind HTTP"] = microseconds({
        "json.loads": partial(json.loads, json.dumps(HTTP)), "handler": handle(index, HTTP)})
    return found


def times_single(index: ModuleType) -> float:
    """Return how many times a single transaction a batch of a hundred costs."""
    batch = {"transactions": [FULL | {"transaction_id": f"t-{number}"} for number in range(100)]}
    single = {"transaction": FULL}
    took = microseconds({"single": handle(index, single), "batch": handle(index, batch)}, 20)
    return took["batch"] / took["single"]


def verdict(name: str, value: float, limit: float) -> bool:
    """Print a figure beside its limit, and return whether it keeps it."""
    kept = value <= limit
    print(f"{name:<38}{value:>7.2f} of {limit:>3}  {value / limit:>5.0%}{'' if kept else '  missed'}")
    return kept


def main() -> int:
    """Print the figures and return the exit code."""
    index, pydantic = load(), pydantic_check()
    with contextlib.redirect_stdout(io.StringIO()):
        found, batch = rows(index, pydantic), times_single(index)
    columns = ["json.loads", "check", "handler", *(["pydantic"] if pydantic else [])]
    print(f"{'microseconds':<20}" + "".join(f"{column:>12}" for column in columns))
    for name, took in found.items():
        print(f"{name:<20}" + "".join(f"{took[column]:>12.2f}" if column in took else " " * 12 for column in columns))
    imported = milliseconds_to_import("index", *(["pydantic"] if pydantic else []))
    if pydantic:
        print(f"\nimport of pydantic {imported[1]:.0f} ms")
    print()
    kept = [verdict("import over bare Python, ms", imported[0], IMPORT_MILLISECONDS)]
    kept += [verdict(f"check / json.loads, {name}", took["check"] / took["json.loads"], TIMES_JSON)
             for name, took in found.items() if "check" in took]
    kept.append(verdict("batch of 100 / single", batch, TIMES_SINGLE))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
