"""The price table, estimates of the committed environments, and the command as it is typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stack_view import ROOT, StackView

from tap.cli.answer import Answer
from tap.cli.app import App
from tap.cli.cost import cost_command
from tap.cost.estimate import Estimate, estimate
from tap.cost.month import Month
from tap.cost.prices import REFERENCE, Prices, packaged, read_prices
from tap.cost.use import figures_of, use_of
from tap.deploy.models import Environment, TapError, Target
from tap.deploy.template import Rendered
from tap.template.resolve import resolve


@pytest.fixture(scope="session")
def prices() -> Prices:
    return read_prices()


@pytest.fixture(scope="session")
def month(prices: Prices) -> Callable[..., Month]:
    """Return a function from resources and assumptions to a month of them."""
    def of(resources: dict[str, Any] | None = None, **assumed: float) -> Month:
        return Month(resolve({"Resources": resources or {}}, {}), prices, {**figures_of("default"), **assumed})

    return of


@pytest.fixture(scope="session")
def cost_of(prices: Prices) -> Callable[..., Estimate]:
    """Return a function from resources and assumptions to what they cost."""
    def of(resources: dict[str, Any], **assumed: float) -> Estimate:
        return estimate(resolve({"Resources": resources}, {}), prices, {**figures_of("default"), **assumed}, "test")

    return of


@pytest.fixture(scope="session")
def beside_reference(prices: Prices, environments: dict[str, StackView]) -> Callable[[str], tuple[Estimate, Estimate]]:
    """Return a function from an environment to its cost, and the reference's for the same use."""
    def of(name: str) -> tuple[Estimate, Estimate]:
        assumed = use_of(Environment(name, Target("s")), environments[name].resolved.parameters).figures
        reference = resolve(json.loads(packaged(REFERENCE)), {})
        return (estimate(environments[name].resolved, prices, assumed, name),
                estimate(reference, prices, assumed, "reference"))

    return of


@pytest.fixture
def run(template: dict[str, Any]) -> Callable[..., int | str]:
    """Return a function that runs `tap cost` and answers its exit code, or what it says is wrong."""
    def typed(*arguments: str, root: Path = ROOT, **wiring: Any) -> int | str:
        outside = App(template=lambda: Rendered(template, ""), answer=Answer(wanted="--json" in arguments), **wiring)
        try:
            code = int(cost_command.main([*arguments, "--root", str(root)], standalone_mode=False, obj=outside))
            print(outside.answer.text(code), end="")  # as tap.cli.main does
            return code
        except TapError as error:
            return error.message
        except Exception as error:
            return str(error)

    return typed
