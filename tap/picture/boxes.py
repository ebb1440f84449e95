"""The picture as boxes in boxes, each with a style in CSS: zones as columns, kinds of subnet as rows.

The place of a box is its meaning here, which a layout of graphs would not keep; CSS says it, and Taffy computes it.
"""

import logging
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from math import floor, isnan

from tap.picture.layout import BAND, LABEL, MARGIN, SIDE, TIP, VPC_WIDTH, WIDTH, Layout, Rect, item_height
from tap.picture.model import INTERNET, KINDS_OF_SUBNET, Architecture, Item, Subnet

# On import, stretchable configures the root logger unless it has a handler.
_quiet = logging.NullHandler()
logging.root.addHandler(_quiet)
try:
    from stretchable import Node, Style
    from stretchable.style.geometry.size import SizeAvailableSpace, SizePoints
finally:
    logging.root.removeHandler(_quiet)

_STACK = "flex-direction: column; gap: 12px"
_EDGE = "width: 280px; min-height: 52px"


def lay_out(architecture: Architecture) -> Layout:
    """Return the position of each box of an architecture."""
    page = _Page(architecture)
    vpc = page.vpc() if architecture.vpc else None
    left = _box(f"flex-direction: column; gap: 34px; width: {VPC_WIDTH}px", page.band(), *([vpc] if vpc else []))
    root = _box("justify-content: space-between; align-items: start; "
                f"width: {WIDTH}px; padding: {BAND}px {MARGIN}px 64px", left, page.side())
    root.compute_layout(use_rounding=True)
    return Layout(_rects(page.items), _rects(page.subnets), _rects(page.zones), _rects(page.groups),
                  _rect(vpc) if vpc else None, _rect(root).height)


def _box(css: str, *children: Node) -> Node:
    # What could shrink would make a column too high: https://github.com/DioxusLabs/taffy/pull/1165
    return Node(*children, style=Style.from_inline(f"flex-shrink: 0; {css}"))


def _text(item: Item) -> Node:
    """Return a node as wide as it may be, and as high as its text then is."""

    def measure(_node: Node, known: SizePoints, _available: SizeAvailableSpace) -> SizePoints:
        width = 0 if isnan(known.width.value) else known.width.value
        # Layout rounds to whole pixels, so round down here, too.
        height = item_height(item, floor(width))
        return SizePoints(width, height)  # type: ignore[arg-type]  # its annotation leaves out the numbers it takes

    return Node(measure=measure)


def _rect(node: Node) -> Rect:
    box = node.get_box(relative=False)
    return Rect(box.x, box.y, box.width, box.height)


def _rects(nodes: Mapping[str, Node]) -> dict[str, Rect]:
    return {name: _rect(node) for name, node in nodes.items()}


class _Page:
    """The named boxes in the order of their creation: containers first, because they are drawn below their contents."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.items: dict[str, Node] = {}
        self.subnets: dict[str, Node] = {}
        self.zones: dict[str, Node] = {}
        self.groups: dict[str, Node] = {}

    def item(self, name: str, css: str = "") -> Node:
        """Return the box of an item, with its parts below its own text."""
        self.items[name] = node = _box(f"flex-direction: column; {css}", _text(self.architecture.items[name]))
        parts = [part for part, of in self.architecture.inside.items() if of == name]
        if parts:
            node.add(_box("gap: 10px; padding: 0 10px 10px",
                          *(self.item(part, "flex: 1; max-width: 300px") for part in parts)))
        return node

    def band(self) -> Node:
        """Return the band above everything: the Internet, and what stands between it and the stack outside the VPC.

        A web ACL stands below the Internet, on the way to the load balancer; the Internet gateway's way is beside it.
        """
        walls = [name for name in self.architecture.loose if self.architecture.items[name].tag == "WAF"]
        edge = [name for name in self.architecture.loose if name not in (INTERNET, *walls)]
        left = _box("flex-direction: column; gap: 34px")
        if INTERNET in self.architecture.items:
            left.add(self.item(INTERNET, f"width: {580 if walls else 340}px; height: 52px"))
        if walls:
            left.add(_box("gap: 20px; padding: 0 0 0 280px", *(self.item(name, _EDGE) for name in walls)))
        return _box("justify-content: space-between; padding: 18px 64px 0 0", left,
                    _box("align-items: start; gap: 20px", *(self.item(name, _EDGE) for name in edge)))

    def vpc(self) -> Node:
        """Return the VPC: gateways on top, Internet gateways on the left; below them, the zones beside a channel."""
        sides = ([self.item(name, "width: 250px") for name in self.architecture.gateways
                  if (self.architecture.items[name].tag == "IGW") is left] for left in (True, False))
        strip = _box("justify-content: space-between; margin: 0 0 0 -30px",
                     *(_box("gap: 12px", *side) for side in sides))
        return _box(f"{_STACK}; padding: 30px 20px 10px 44px", strip, self.network())

    def network(self) -> Node:
        """Return zones as columns and kinds of subnet as rows; two rows if a zone has two subnets of a kind."""
        for column, zone in enumerate(self.architecture.zones, 1):
            self.zones[zone] = _box(f"grid-column: {column}; margin: 0 6px")
        cells = [[[subnet for subnet in self.architecture.subnets if (subnet.kind, subnet.zone) == (kind, zone)]
                  for zone in self.architecture.zones] for kind in KINDS_OF_SUBNET]
        rows = [filter(None, row) for of_kind in cells for row in zip_longest(*of_kind)]
        return _box("flex-direction: column; gap: 40px; padding: 28px 0 12px; margin: 0 -6px",
                    self.columns(*self.zones.values()), *(self.row(row) for row in rows))

    def columns(self, *boxes: Node) -> Node:
        """Return the background of one or all rows: one box per zone."""
        return _box(f"display: grid; grid-template-columns: repeat({len(self.architecture.zones)}, 1fr); "
                    "position: absolute; top: 0; width: 100%; height: 100%", *boxes)

    def row(self, row: Iterable[Subnet]) -> Node:
        """Return one row of subnets: a box per zone, items that span several zones, then items in a single zone.

        A zone is two columns here. What is in one subnet alone leaves the second to lines, as does what stands
        below another one: lines to the next row go past it on the right.
        """
        zones = {subnet.id: self.architecture.zones.index(subnet.zone) for subnet in row}
        for name, zone in zones.items():
            self.subnets[name] = _box(f"grid-column: {zone + 1}; margin: 0 12px")
        here = {name: [zones[subnet] for subnet in spans if subnet in zones]
                for name, spans in self.architecture.spans.items()}
        order = sorted((name for name in here if here[name]),
                       key=lambda name: (len(here[name]) == 1, self.architecture.items[name].tag == "Endpoint"))
        grid = _box(f"display: grid; grid-template-columns: repeat({len(self.architecture.zones)}, 3fr 1fr); "
                    "grid-auto-flow: row dense; padding: 26px 0 0; min-height: 40px",
                    self.columns(*(self.subnets[name] for name in zones)))
        for index, name in enumerate(order):
            early = index > 0 or len(here[name]) == 1
            grid.add(self.item(name, f"grid-column: {2 * min(here[name]) + 1} / {2 * max(here[name]) + 3 - early}; "
                                     f"margin: {10 * early}px 26px 12px"))
        return grid

    def side(self) -> Node:
        """Return the groups outside the VPC, on the right, each under its heading and as high as its arrows need."""
        for group, members in self.architecture.groups.items():
            ends = {member: [LABEL if arrow.is_traffic else TIP for arrow in self.architecture.arrows
                           if member in (arrow.source, arrow.target)] for member in members}
            self.groups[group] = _box(f"{_STACK}; padding: 30px 10px 14px", *(
                self.item(member, f"min-height: {sum(room) + 8}px") for member, room in ends.items()))
        return _box(f"{_STACK}; width: {WIDTH - MARGIN - SIDE}px", *self.groups.values())
