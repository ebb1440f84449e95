"""The wiring rules, run on a good template with small changes, or on any other one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wiring_template import PlainTemplate

from tap.deploy.template import parsed
from tap.wiring import all_rules, examples

GOOD = (Path(__file__).parent / "good.yaml").read_text("utf-8")
Changes = tuple[tuple[str, str], ...]
Found = Callable[..., list[str]]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Replace what is there exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the template"
        text = text.replace(old, new)
    return text


def findings(text: str, *parameter_sets: dict[str, Any]) -> list[str]:
    """What all the rules find in a template: id and message."""
    template = PlainTemplate(parsed(text), *parameter_sets)
    return [f"{rule.id} {match.message}" for rule in all_rules() for match in rule().match(template)]


@pytest.fixture(scope="session")
def found() -> Found:
    """Return a function from changes of the good template to what all the rules find, and its addition."""

    def messages(*changes: tuple[str, str], add: str = "", parameters: tuple[dict[str, Any], ...] = ()) -> list[str]:
        return findings(changed(GOOD, *changes) + add, *parameters)

    return messages


@pytest.fixture(scope="session")
def found_in() -> Found:
    """Return a function from a template to what all the rules find in it."""
    return findings


@pytest.fixture(scope="session")
def found_in_example() -> Found:
    """Return a function from a rule and changes of its broken example, and an addition, to what all the rules find."""

    def messages(rule: str, *changes: tuple[str, str], add: str = "") -> list[str]:
        return findings(changed(examples.broken(examples.example(rule)), *changes) + add)

    return messages
