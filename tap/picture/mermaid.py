"""Render an architecture as Mermaid text, which a browser or GitHub turns into a picture.

https://mermaid.js.org/syntax/flowchart.html
"""

from collections.abc import Iterator

from tap.picture.model import KINDS_OF_SUBNET, Architecture, Item

_CLASSES = {
    "compute": "#d86613", "data": "#3b53c4", "storage": "#4a7d1f", "network": "#7a3fc0", "security": "#c1272d",
    "operations": "#b0206f", "outside": "#55606e"}
_CHANGES = {"added": "#1a7f37", "removed": "#c1272d", "changed": "#b06a00"}


def to_mermaid(architecture: Architecture) -> str:
    """Return the architecture as a Mermaid flowchart. The same architecture gives the same text."""
    ids = {name: f"n{index}" for index, name in enumerate(architecture.items)}
    lines = ["flowchart LR", *(f"  {line}" for line in _nodes(architecture, ids))]
    for arrow in architecture.arrows:
        if arrow.source in ids and arrow.target in ids:
            line = "-->" if arrow.is_traffic else "-.->"
            label = f'|"{_text(arrow.label)}"|' if arrow.label else ""
            lines.append(f"  {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    for colour, code in _CLASSES.items():
        lines.append(f"  classDef {colour} stroke:{code},stroke-width:2px")
    for change, code in _CHANGES.items():
        lines.append(f"  classDef {change} stroke:{code},stroke-width:4px,color:{code}")
    lines.append("  classDef empty fill:none,stroke:none")
    lines += [f"  class {ids[name]} {item.change or item.colour}" for name, item in architecture.items.items()]
    return "\n".join(lines) + "\n"


def _nodes(architecture: Architecture, ids: dict[str, str]) -> Iterator[str]:
    yield from (_node(ids[name], architecture.items[name]) for name in architecture.loose)
    if architecture.vpc:
        yield f'subgraph vpc["VPC {" ".join(map(_text, architecture.vpc.facts))}"]'
        yield from (f"  {_node(ids[name], architecture.items[name])}" for name in architecture.gateways)
        for kind in KINDS_OF_SUBNET:
            yield from (f"  {line}" for line in _row(architecture, ids, kind))
        yield "end"
    for index, (group, members) in enumerate(architecture.groups.items()):
        yield f'subgraph g{index}["{_text(group)}"]'
        yield from (f"  {_node(ids[name], architecture.items[name])}" for name in members)
        yield "end"


def _row(architecture: Architecture, ids: dict[str, str], kind: str) -> Iterator[str]:
    """Yield one kind of subnet: items that span zones beside the zones, items of a single zone inside it."""
    row = {subnet.id: subnet for subnet in architecture.subnets if subnet.kind == kind}
    if not row:
        return
    here = {item: [name for name in spans if name in row] for item, spans in architecture.spans.items()}
    yield f'subgraph {kind}["{kind} subnets"]'
    for item, names in here.items():
        if len(names) > 1:
            parts = [part for part, of in architecture.inside.items() if of == item]
            yield f"  {_node(ids[item], architecture.items[item])}"
            yield from (f"  {_node(ids[part], architecture.items[part])}" for part in parts)
    for name, subnet in row.items():
        box = name.replace("-", "_")  # existing subnet ids contain hyphens
        yield f'  subgraph s{box}["{_text(subnet.zone)} {_text(subnet.cidr)}"]'
        singles = [item for item, names in here.items() if names == [name]]
        yield from (f"    {_node(ids[item], architecture.items[item])}" for item in singles)
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
