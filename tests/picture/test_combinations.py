"""Every combination of the switches that change the network has a picture without faults, and a price."""

import itertools
from collections import Counter
from typing import Any

import pytest
from geometry import overlap

from tap.cost.estimate import estimate
from tap.cost.prices import read_assumptions, read_prices
from tap.picture.architecture import architecture
from tap.picture.layout import lay_out
from tap.picture.routes import routes
from tap.resolve import resolve

SWITCHES = {
    "NatGateways": ("none", "single", "one-per-az"), "InterfaceEndpoints": ("true", "false"),
    "DatabaseReaderInstance": ("true", "false"), "CertificateArn": (
        "", "arn:aws:acm:us-east-1:000000000000:certificate/stand-in")}
COMBINATIONS = list(itertools.product(*SWITCHES.values()))


@pytest.mark.parametrize("values", COMBINATIONS, ids=[" ".join(filter(None, each)) for each in COMBINATIONS])
def test_a_combination_is_drawn_whole_and_priced_whole(template: dict[str, Any], values: tuple[str, ...]) -> None:
    resolved = resolve(template, {"Environment": "test", **dict(zip(SWITCHES, values, strict=True))})
    found = architecture(resolved, "test", "tap-test")
    layout = lay_out(found)
    assert Counter(found.covered) == Counter(list(resolved.resources))
    assert len(routes(found, layout)) == len(found.arrows)
    outer = [name for name in layout.items if name not in found.inside]
    assert [(one, other) for one, other in itertools.combinations(outer, 2)
            if overlap(layout.items[one], layout.items[other])] == []
    assert estimate(resolved, read_prices(), read_assumptions("test"), "test").unpriced == ()
