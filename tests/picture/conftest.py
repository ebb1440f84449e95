"""Architectures of the committed environments and of any parameters, and the commands as they are typed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from stack_view import ROOT, StackView

from tap.cli.app import App
from tap.deploy.models import TapError
from tap.deploy.template import Rendered
from tap.picture.architecture import architecture
from tap.picture.model import Architecture
from tap.template.resolve import resolve


@pytest.fixture(scope="session")
def architectures(environments: dict[str, StackView]) -> dict[str, Architecture]:
    return {name: architecture(view.resolved, name, f"tap-{name}") for name, view in environments.items()}


@pytest.fixture(scope="session")
def drawn_of(template: dict[str, Any]) -> Callable[..., Architecture]:
    """Return a function from parameters, and a change to the template, to the architecture."""

    def draw(change: Callable[[dict[str, Any]], None] = lambda _: None, **parameters: str) -> Architecture:
        resources = {name: dict(entry) for name, entry in template["Resources"].items()}
        change(resources)
        resolved = resolve({**template, "Resources": resources}, {"Environment": "test", **parameters})
        return architecture(resolved, "test", "tap-test")

    return draw


@pytest.fixture
def run(template: dict[str, Any]) -> Callable[..., int | str]:
    """Return a function that runs a command and answers its exit code, or what it says is wrong."""

    def typed(command: click.Command, *arguments: str, root: Path = ROOT, **wiring: Any) -> int | str:
        outside = App(template=lambda: Rendered(template, ""), **wiring)
        try:
            return int(command.main([*arguments, "--root", str(root)], standalone_mode=False, obj=outside))
        except (TapError, click.ClickException) as error:
            return str(error) or error.format_message()  # type: ignore[union-attr]

    return typed
