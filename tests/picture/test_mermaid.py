"""The picture as Mermaid text."""

import re

import pytest
from stack_view import ENVIRONMENTS

from tap.picture.mermaid import to_mermaid
from tap.picture.model import Architecture, Arrow, Item


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_item_and_arrow_is_there_once(name: str, architectures: dict[str, Architecture]) -> None:
    found = architectures[name]
    lines = [line.strip() for line in to_mermaid(found).splitlines()]
    assert sum(bool(re.match(r'n\d+\["', line)) for line in lines) == len(found.items)
    assert sum("-->" in line for line in lines) == sum(each.is_traffic for each in found.arrows)
    assert sum("-.->" in line for line in lines) == sum(not each.is_traffic for each in found.arrows)


def test_subgraphs_are_nested_and_closed(architectures: dict[str, Architecture]) -> None:
    depth, deepest = 0, 0
    for line in to_mermaid(architectures["prod"]).splitlines():
        depth += line.strip().startswith("subgraph ") - (line.strip() == "end")
        deepest = max(deepest, depth)
        assert depth >= 0
    assert (depth, deepest) == (0, 3)


def test_what_mermaid_takes_for_syntax_is_written_as_entities() -> None:
    items = {"a": Item("a", "", "data", 'x"]; <b>&'), "b": Item("b", "", "data", "b")}
    drawn = to_mermaid(Architecture("e", "s", "r", None, (), items, (Arrow("a", "b", '"|"'),)))
    assert 'n0["<b>x#quot;]; #lt;b#gt;#amp;</b>"]' in drawn
    assert 'n0 -->|"#quot;|#quot;"| n1' in drawn
