"""An architecture as Mermaid text, which needs nothing but a browser, or a page of GitHub's, to become a picture.

https://mermaid.js.org/syntax/flowchart.html
"""

from collections.abc import Iterator

from tap.picture.model import KINDS_OF_SUBNET, Architecture, Item

_CLASSES = {
    "compute": "#d86613", "data": "#3b53c4", "storage": "#4a7d1f", "network": "#7a3fc0", "security": "#c1272d",
    "operations": "#b0206f", "outside": "#55606e"}
_CHANGES = {"added": "#1a7f37", "removed": "#c1272d", "changed": "#b06a00"}


def to_mermaid(found: Architecture) -> str:
    """Return the picture as a Mermaid flowchart, the same text for the same architecture."""
    ids = {name: f"n{place}" for place, name in enumerate(found.items)}
    lines = ["flowchart LR", *(f"  {line}" for line in _nodes(found, ids))]
    for arrow in found.arrows:
        if arrow.source in ids and arrow.target in ids:
            line = "-->" if arrow.is_traffic else "-.->"
            label = f'|"{_text(arrow.label)}"|' if arrow.label else ""
            lines.append(f"  {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    for colour, code in _CLASSES.items():
        lines.append(f"  classDef {colour} stroke:{code},stroke-width:2px")
    for change, code in _CHANGES.items():
        lines.append(f"  classDef {change} stroke:{code},stroke-width:4px,color:{code}")
    lines.append("  classDef empty fill:none,stroke:none")
    lines += [f"  class {ids[name]} {item.change or item.colour}" for name, item in found.items.items()]
    return "\n".join(lines) + "\n"


def _nodes(found: Architecture, ids: dict[str, str]) -> Iterator[str]:
    yield from (_node(ids[each], found.items[each]) for each in found.loose)
    if found.vpc:
        yield f'subgraph vpc["VPC {" ".join(map(_text, found.vpc.facts))}"]'
        yield from (f"  {_node(ids[each], found.items[each])}" for each in found.gateways)
        for kind in KINDS_OF_SUBNET:
            yield from (f"  {line}" for line in _row(found, ids, kind))
        yield "end"
    for place, (group, members) in enumerate(found.groups.items()):
        yield f'subgraph g{place}["{_text(group)}"]'
        yield from (f"  {_node(ids[each], found.items[each])}" for each in members)
        yield "end"


def _row(found: Architecture, ids: dict[str, str], kind: str) -> Iterator[str]:
    """A kind of subnet: what spans zones beside the zones, what is in one of them inside it."""
    row = {each.id: each for each in found.subnets if each.kind == kind}
    if not row:
        return
    here = {each: [name for name in spans if name in row] for each, spans in found.spans.items()}
    yield f'subgraph {kind}["{kind} subnets"]'
    for each, names in here.items():
        if len(names) > 1:
            parts = [part for part, of in found.inside.items() if of == each]
            yield f"  {_node(ids[each], found.items[each])}"
            yield from (f"  {_node(ids[part], found.items[part])}" for part in parts)
    for name, subnet in row.items():
        box = name.replace("-", "_")  # of an existing subnet's id
        yield f'  subgraph s{box}["{_text(subnet.zone)} {_text(subnet.cidr)}"]'
        singles = [each for each, names in here.items() if names == [name]]
        yield from (f"    {_node(ids[each], found.items[each])}" for each in singles)
        if not singles:
            yield f"    e{box}[ ]:::empty"
        yield "  end"
    yield "end"


def _node(node: str, item: Item) -> str:
    return f'{node}["{"<br/>".join([f"<b>{_text(item.title)}</b>", *map(_text, item.facts)])}"]'


def _text(text: str) -> str:
    """Return text with what Mermaid takes for syntax as entities.

    https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
    """
    for character, code in (("&", "#amp;"), ("<", "#lt;"), (">", "#gt;"), ('"', "#quot;"), ("\n", " ")):
        text = text.replace(character, code)
    return text
