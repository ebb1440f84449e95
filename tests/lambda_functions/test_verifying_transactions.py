"""The transactions that `tap verify` sends leave nothing in the table."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from memory_table import Table

from tap.rehearsal.deployed import Stack
from tap.rehearsal.verification import OUTDATED, refused_transactions
from tap.stack import build

DEFAULTS = {name: str(entry.get("Default", "")) for name, entry in build().to_dict()["Parameters"].items()}
SENT = {name: (event, reason) for name, event, reason in refused_transactions(Stack({}, DEFAULTS, {}))}


def test_they_are_refused_before_the_table_is_asked(remembering: ModuleType, ask: Callable[..., Any]) -> None:
    table = Table()
    for event, reason in SENT.values():
        status, body = ask(remembering, event, client=table)
        assert (status, body["reason"]) == (400, reason)
    assert table.calls == 0


def test_the_outdated_one_is_good_in_all_but_its_age(remembering: ModuleType, ask: Callable[..., Any]) -> None:
    event, _ = SENT["Good but outdated transaction"]
    assert event["timestamp"] == OUTDATED
    del event["timestamp"]
    assert ask(remembering, event, client=Table())[0] == 200
