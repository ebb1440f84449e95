"""Render an architecture as SVG: light or dark by the reader's setting, without scripts or external resources."""

from collections.abc import Iterator
from html import escape

from tap.picture.boxes import lay_out
from tap.picture.layout import FACT_SIZE, MARGIN, TITLE_SIZE, WIDTH, Layout, Rect, wrapped
from tap.picture.model import Architecture, Item, Subnet
from tap.picture.routes import LABEL_SIZE, Route, routes

# Each colour in light and dark mode.
PALETTE = {
    "paper": ("#ffffff", "#14181f"), "ink": ("#16202c", "#e8edf3"), "soft": ("#55606e", "#a4b0bf"),
    "vpc": ("#f5f8fc", "#1a212b"), "zone": ("#7a8796", "#75839a"), "box": ("#ffffff", "#222b37"),
    "public": ("#eaf5e6", "#1e3226"), "private": ("#e7f0fa", "#1c2d42"), "isolated": ("#efeaf8", "#2b2640"),
    "side": ("#f7f7f8", "#1b2029"), "edge": ("#c3ccd6", "#43505f"),
    "traffic": ("#0b5fad", "#6db3f2"), "plain": ("#98a3b0", "#66748a"),
    "compute": ("#d86613", "#f29b54"), "data": ("#3b53c4", "#8ea2ff"), "storage": ("#4a7d1f", "#93c763"),
    "network": ("#7a3fc0", "#b98cf2"), "security": ("#c1272d", "#f2777c"), "operations": ("#b0206f", "#ee80bd"),
    "outside": ("#55606e", "#a4b0bf"),
    "added": ("#1a7f37", "#56d364"), "removed": ("#c1272d", "#f2777c"), "changed": ("#b06a00", "#f0b429"),
}
FAMILIES = ("compute", "data", "storage", "network", "security", "operations")
_MARKS = {"added": "+", "removed": "\N{MINUS SIGN}", "changed": "~"}


def to_svg(architecture: Architecture, theme: str = "auto", compared: str = "") -> str:
    """Return the picture as SVG text. The same architecture gives the same bytes.

    `theme` is light, dark, or auto, which follows the reader; `compared` is the environment that changes
    are marked against.
    """
    layout = lay_out(architecture)
    ways = routes(architecture, layout)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {layout.height:g}" width="{WIDTH}" '
        f'height="{layout.height:g}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(_heading(architecture, compared))}</title>',
        f'<desc id="desc">{escape(_description(architecture))}</desc>',
        f"<style>{style(theme)}</style>", _markers(),
        f'<rect class="paper" width="{WIDTH}" height="{layout.height:g}"/>',
        *_head(architecture, compared), *_boxes(architecture, layout),
        *(line for way in sorted(ways, key=_depth) for line in _line(way)),
        *(line for name in layout.items for line in _item(architecture.items[name], layout.items[name])),
        *(label for way in ways for label in _label(way)),
        *_legend(layout, compared), "</svg>"]
    return "\n".join(parts) + "\n"


def _depth(way: Route) -> tuple[bool, bool]:
    """Return the drawing order of an arrow: plain references, then removed ones, then traffic."""
    return way.arrow.is_traffic, way.arrow.change != "removed"


def style(theme: str) -> str:
    """Return the style sheet of one theme, or of both, selected by the reader's setting."""
    base = ("text{font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif}"
            ".t{font-weight:600}.h{font-weight:600;font-size:22px}.fn{fill:none}.dash{stroke-dasharray:6 5}"
            ".dots{stroke-dasharray:2 4}")
    if theme != "auto":
        return base + _rules(("light", "dark").index(theme))
    return f"{base}{_rules(0)}@media (prefers-color-scheme:dark){{{_rules(1)}}}"


def _rules(which: int) -> str:
    colours = {name: pair[which] for name, pair in PALETTE.items()}
    rules = [f".{name}{{fill:{colour}}}.l-{name}{{stroke:{colour}}}" for name, colour in colours.items()]
    return "".join(rules)


def _heading(architecture: Architecture, compared: str) -> str:
    against = f" against {compared}" if compared else ""
    return f"Architecture of {architecture.stack_name} ({architecture.name}){against}"


def _description(architecture: Architecture) -> str:
    traffic = [f"{arrow.source} to {arrow.target}{f' ({arrow.label})' if arrow.label else ''}"
               for arrow in architecture.arrows if arrow.is_traffic]
    region = architecture.region or "any region"
    return f"{len(architecture.covered)} resources in {region}. Traffic: {'; '.join(traffic)}."


def _markers() -> str:
    heads = "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="{size}" markerHeight="{size}" '
        f'orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path class="{colour}" d="M0 0 8 4 0 8z"/></marker>'
        for name, colour, size in (("head", "traffic", 11), ("tip", "plain", 8), ("head-added", "added", 11),
                                   ("head-removed", "removed", 11), ("head-changed", "changed", 11)))
    return f"<defs>{heads}</defs>"


def text_of(element: str, content: str, **attributes: object) -> str:
    """Return an element that holds text; an attribute's underscore at the end is dropped, others become hyphens."""
    pairs = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
                   for name, value in attributes.items())
    return f"<{element}{pairs}>{escape(content)}</{element}>"


def _text(x: float, y: float, text: str, size: float, classes: str, anchor: str = "start") -> str:
    attributes = {} if anchor == "start" else {"text_anchor": anchor}
    return text_of("text", text, x=f"{x:g}", y=f"{y:g}", font_size=f"{size:g}", class_=classes, **attributes)


def rect_of(rect: Rect, classes: str, radius: float = 6) -> str:
    """Return a rectangle with round corners."""
    return (f'<rect class="{classes}" x="{rect.x:g}" y="{rect.y:g}" width="{rect.width:g}" '
            f'height="{rect.height:g}" rx="{radius:g}"/>')


def _head(architecture: Architecture, compared: str) -> Iterator[str]:
    yield _text(MARGIN, 40, f"{architecture.stack_name}", 22, "ink h")
    summary = ' · '.join(filter(None, (f"{len(architecture.covered)} resources", architecture.region)))
    against = f", marked against {compared}" if compared else ""
    yield _text(MARGIN, 60, f"environment {architecture.name}{against} · {summary}", 13, "soft")


def _boxes(architecture: Architecture, layout: Layout) -> Iterator[str]:
    if layout.vpc and architecture.vpc:
        yield rect_of(layout.vpc, f"vpc l-{architecture.vpc.change or 'edge'}", 10)
        # On the right: the way of the Internet gateway passes on the left.
        heading = f"VPC  {' · '.join(architecture.vpc.facts)}"
        yield _text(layout.vpc.right - 14, layout.vpc.y + 22, heading, 14, "soft t", "end")
    for subnet in architecture.subnets:
        yield from _subnet(subnet, layout.subnets[subnet.id])
    for zone, rect in layout.zones.items():
        yield rect_of(rect, "fn dash l-zone", 8)
        yield _text(rect.x + rect.width / 2, rect.y + 19, zone, 13, "soft t", "middle")
    for group, rect in layout.groups.items():
        yield rect_of(rect, "side l-edge", 8)
        yield _text(rect.x + 12, rect.y + 20, group, 13, "soft t")


def _subnet(subnet: Subnet, rect: Rect) -> Iterator[str]:
    yield f'<g data-id="{escape(subnet.id)}"><title>{escape(", ".join(subnet.covers))}</title>'
    yield rect_of(rect, f"{subnet.kind}{f' l-{subnet.change}' if subnet.change else ''}", 5)
    yield _text(rect.x + 8, rect.y + 17, f"{subnet.kind}  {subnet.cidr}", FACT_SIZE, "soft") + "</g>"


def _item(item: Item, rect: Rect) -> Iterator[str]:
    yield f'<g data-id="{escape(item.id)}"><title>{escape(", ".join(item.covers) or item.title)}</title>'
    dashed = " dash" if item.change == "removed" else ""
    width = ' stroke-width="2.5"' if item.change else ""
    yield rect_of(rect, f"box l-{item.change or 'edge'}{dashed}").replace("/>", f"{width}/>")
    yield rect_of(Rect(rect.x, rect.y + 1, 5, rect.height - 2), item.colour, 2)
    title = f"{_MARKS[item.change]} {item.title}" if item.change else item.title
    yield _text(rect.x + 14, rect.y + 20, title, TITLE_SIZE, f"{item.change or 'ink'} t")
    if item.tag and (len(title) * TITLE_SIZE * 0.66 + len(item.tag) * 7 + 30) < rect.width:
        yield _text(rect.right - 9, rect.y + 19, item.tag, 11, item.colour, "end")
    for index, line in enumerate(wrapped(item.facts, rect.width)):
        yield _text(rect.x + 14, rect.y + 38 + 17 * index, line, FACT_SIZE, "soft")
    yield "</g>"


def _line(way: Route) -> Iterator[str]:
    arrow = way.arrow
    path = "M" + " ".join(f"{x:g} {y:g}" for x, y in way.points)
    names = f'data-from="{escape(arrow.source)}" data-to="{escape(arrow.target)}"'
    if arrow.is_traffic:
        colour, head = arrow.change or "traffic", f"head-{arrow.change}" if arrow.change else "head"
        yield (f'<path class="fn l-{colour}" stroke-width="2" marker-end="url(#{head})" {names} data-kind="traffic" '
               f'd="{path}"/>')
    else:
        yield (f'<path class="fn dots l-plain" stroke-width="1.2" marker-end="url(#tip)" {names} '
               f'data-kind="reference" d="{path}"/>')


def _label(way: Route) -> Iterator[str]:
    """Yield a label on a plate of its own: lines that run through the same place end beside it."""
    if way.arrow.label:
        yield rect_of(way.plate, "paper", 3)
        yield _text(*way.label, way.arrow.label, LABEL_SIZE, "traffic t", way.anchor)


def _legend(layout: Layout, compared: str) -> Iterator[str]:
    y = layout.height - 26
    yield f'<path class="fn l-traffic" stroke-width="2" marker-end="url(#head)" d="M{MARGIN} {y - 4:g}h44"/>'
    yield _text(MARGIN + 52, y, "traffic, with port or action", 12, "soft")
    yield f'<path class="fn dots l-plain" stroke-width="1.2" marker-end="url(#tip)" d="M330 {y - 4:g}h44"/>'
    yield _text(382, y, "plain reference", 12, "soft")
    x = 500.0
    for name in FAMILIES:
        yield f'<rect class="{name}" x="{x:g}" y="{y - 10:g}" width="5" height="12" rx="2"/>'
        yield _text(x + 11, y, name, 12, "soft")
        x += 27 + 7 * len(name)
    if compared:
        for change, meaning in (("added", f"not in {compared}"), ("changed", f"differs from {compared}"),
                             ("removed", f"only in {compared}")):
            yield _text(x + 10, y, f"{_MARKS[change]} {meaning}", 12, f"{change} t")
            x += 40 + 6.6 * len(meaning)
