"""The template, and its stack in each environment and with any other parameters."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from processes import restore_signals
from stack_view import ENVIRONMENTS, ROOT, StackView, committed
from tools import missing_tools

from tap.deploy.constraints import violation
from tap.stack import build
from tap.template.resolve import resolve

# No test depends on how fast the machine is.
settings.register_profile("tap", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tap")


def pytest_configure() -> None:
    restore_signals()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = missing_tools()
    for item in items:
        for marker in item.iter_markers("needs"):
            if set(marker.args) & missing:
                item.add_marker(pytest.mark.skip(f"{', '.join(marker.args)} is not installed"))


@pytest.fixture
def signals() -> Iterator[None]:
    """Take back what a command that runs in this process does on SIGTERM."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Return the template as a dictionary, which tests leave as it is."""
    document: dict[str, Any] = build().to_dict()
    return document


@pytest.fixture(scope="session")
def deployed(template: dict[str, Any]) -> Callable[..., StackView]:
    """Return a function from parameters to the stack that has them, and the template's defaults."""

    def view(**parameters: str) -> StackView:
        return StackView(resolve(template, {"Environment": "test", **parameters}, stack_name="tap-test"))

    return view


@pytest.fixture(scope="session")
def environments(template: dict[str, Any]) -> dict[str, StackView]:
    """Return the stacks of the committed environments, with stand-ins for their placeholders."""
    return {name: committed(template, name) for name in ENVIRONMENTS}


@pytest.fixture(params=ENVIRONMENTS, scope="session")
def stack(request: pytest.FixtureRequest, environments: dict[str, StackView]) -> StackView:
    """Return the stack of each committed environment in turn."""
    return environments[request.param]


@pytest.fixture(scope="session")
def dev(environments: dict[str, StackView]) -> StackView:
    return environments["dev"]


@pytest.fixture(scope="session")
def prod(environments: dict[str, StackView]) -> StackView:
    return environments["prod"]


@pytest.fixture(scope="session")
def accepts(template: dict[str, Any]) -> Callable[[str, str], bool]:
    """Return a function that says whether a parameter takes a value, by the template's own constraints."""
    return lambda name, value: violation(name, value, template["Parameters"][name], "a file") is None
