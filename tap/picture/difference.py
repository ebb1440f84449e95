"""Mark the differences between two environments on one architecture."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tap.picture.model import Architecture, Arrow, Item, marked
from tap.template.resolve import Reference, Resolved, Text

_IGNORED = ("Tags",)  # they name the environment


def compare(first: Architecture, second: Architecture, resources: tuple[Resolved, Resolved]) -> Architecture:
    """Return the first architecture merged with the second; items that only the first has are marked as added.

    `resources` are the two resolved templates. A resource is the same where its properties are, tags and
    the names of environment and stack aside.
    """
    names = ((first.name, first.stack_name), (second.name, second.stack_name))

    def differs(covers: tuple[str, ...], others: tuple[str, ...]) -> bool:
        return set(covers) != set(others) or any(
            not _same(_entry(resources[0], name), _entry(resources[1], name), names) for name in covers)

    items: dict[str, Item] = {}
    for name in [*first.items, *(title for title in second.items if title not in first.items)]:
        here, there = first.items.get(name), second.items.get(name)
        if here and there:
            items[name] = _both(here, there, second.name) if differs(here.covers, there.covers) else here
        elif here:
            items[name] = marked(here, "added")
        elif there:
            items[name] = marked(there, "removed")
    known = {subnet.id: subnet for subnet in second.subnets}
    subnets = [replace(subnet, change="" if subnet.id in known and not differs(subnet.covers, known[subnet.id].covers)
                       else "changed" if subnet.id in known else "added") for subnet in first.subnets]
    here_ids = {subnet.id for subnet in first.subnets}
    subnets += [replace(subnet, change="removed") for subnet in second.subnets if subnet.id not in here_ids]
    return replace(
        first, subnets=tuple(subnets), items=items, arrows=_arrows(first.arrows, second.arrows),
        spans={**second.spans, **first.spans}, inside={**second.inside, **first.inside},
        gateways=tuple(dict.fromkeys((*first.gateways, *second.gateways))),
        groups={group: tuple(dict.fromkeys((*first.groups.get(group, ()), *second.groups.get(group, ()))))
                for group in dict.fromkeys((*first.groups, *second.groups))})


def _both(here: Item, there: Item, other: str) -> Item:
    gone = [fact for fact in there.facts if fact not in here.facts]
    facts = (*here.facts, f"{other}: {', '.join(gone)}") if gone else here.facts
    return marked(here, "changed", facts)


def _arrows(first: tuple[Arrow, ...], second: tuple[Arrow, ...]) -> tuple[Arrow, ...]:
    here = {(arrow.source, arrow.target): arrow for arrow in first}
    there = {(arrow.source, arrow.target): arrow for arrow in second}
    result = []
    for pair, arrow in {**there, **here}.items():
        change = "added" if pair not in there else "removed" if pair not in here else ""
        if not change and there[pair].label != arrow.label:
            change = "changed"
        result.append(replace(arrow, change=change))
    return tuple(result)


def _entry(resolved: Resolved, name: str) -> Any:
    properties = dict(resolved.properties(name))
    for ignored in _IGNORED:
        properties.pop(ignored, None)
    return properties


def _same(here: Any, there: Any, names: tuple[tuple[str, str], tuple[str, str]]) -> bool:
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        return here.keys() == there.keys() and all(_same(here[key], there[key], names) for key in here)
    if isinstance(here, list) and isinstance(there, list):
        return len(here) == len(there) and all(_same(*pair, names) for pair in zip(here, there, strict=True))
    if isinstance(here, str | Text) and isinstance(there, str | Text):
        return _nameless(str(here), names[0]) == _nameless(str(there), names[1])
    return bool(here == there) if not isinstance(here, Reference) else here == there


def _nameless(text: str, names: tuple[str, str]) -> str:
    # The stack's name contains the environment's name, so replace it first.
    for index, name in enumerate(reversed(names)):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", f"<{index}>", text)
    return text
