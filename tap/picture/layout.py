"""Where everything stands: zones as columns, kinds of subnet as rows, what is outside the VPC on the right.

The place of a box is its meaning here, so the grid is computed; a general graph layout would not keep it.
All lengths are pixels; the picture is as wide as `WIDTH`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tap.picture.model import INTERNET, KINDS_OF_SUBNET, Architecture, Item, Subnet

WIDTH = 1600
MARGIN, BAND, VPC_WIDTH, SIDE = 24, 76, 1040, 1252
TITLE_SIZE, FACT_SIZE = 15, 13
LABEL, TIP = 15, 5  # what an arrow with a label takes of its box's edge, and one without
_CHANNEL, _PAD, _GAP, _GATEWAY = 44, 10, 12, 236
_SINGLE = 0.62  # of a subnet's width: what is in one alone leaves room for lines beside it
_ADVANCE = 0.57  # of the size: an average letter of a sans-serif face, rounded up


@dataclass(frozen=True)
class Rect:
    """A box on the picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def crosses(self, x: float, top: float, bottom: float, space: float = 4) -> bool:
        """Whether a vertical line runs through it or close by."""
        return self.x - space < x < self.right + space and self.y < bottom - 1 and self.bottom > top + 1


@dataclass
class Layout:
    """Everything with its place. Filled by `lay_out`."""

    items: dict[str, Rect] = field(default_factory=dict)
    subnets: dict[str, Rect] = field(default_factory=dict)
    zones: dict[str, Rect] = field(default_factory=dict)
    groups: dict[str, Rect] = field(default_factory=dict)
    vpc: Rect | None = None
    height: float = 0


def wrapped(facts: Iterable[str], width: float, size: float = FACT_SIZE) -> list[str]:
    """Return facts as lines that fit into a width, separated by middle dots."""
    most = max(8, int((width - 2 * _PAD) / (size * _ADVANCE)))
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + 3 + len(fact) <= most:
            lines[-1] += f" · {fact}"
        else:
            lines.append(fact if len(fact) <= most else f"{fact[:most - 1]}…")
    return lines


def item_height(item: Item, width: float) -> float:
    """Return how high an item's box is."""
    return 31 + 17 * len(wrapped(item.facts, width)) + (2 if item.facts else 0)


def lay_out(found: Architecture) -> Layout:
    """Return the place of everything in an architecture."""
    layout = Layout()
    _band(found, layout)
    top = max((rect.bottom for rect in layout.items.values()), default=BAND) + 34
    _vpc(found, layout, top)
    _side(found, layout)
    layout.height = max([rect.bottom for rect in (*layout.items.values(), *layout.groups.values())]
                        + [layout.vpc.bottom if layout.vpc else 0]) + 64
    return layout


def _band(found: Architecture, layout: Layout) -> None:
    """The Internet, and what stands between it and the stack outside the VPC, above everything.

    A web ACL stands below the Internet, on the way to the load balancer; the Internet gateway's way is beside it.
    """
    walls = [each for each in found.loose if found.items[each].tag == "WAF"]
    edge = [each for each in found.loose if each not in (INTERNET, *walls)]
    if INTERNET in found.items:
        layout.items[INTERNET] = Rect(MARGIN, BAND + 18, 580 if walls else 340, 52)
    for place, each in enumerate(walls):
        layout.items[each] = Rect(MARGIN + 280 + place * 300, BAND + 104, 280, _tall(found, each))
    for place, each in enumerate(edge):
        layout.items[each] = Rect(720 - place * 300, BAND + 18, 280, _tall(found, each))


def _tall(found: Architecture, each: str) -> float:
    return max(52, item_height(found.items[each], 280))


def _vpc(found: Architecture, layout: Layout, top: float) -> None:
    if not found.vpc:
        return
    zones = found.zones
    y = top + 34
    y = _gateways(found, layout, top + 30)
    left = MARGIN + _CHANNEL
    width = (VPC_WIDTH - _CHANNEL - 2 * _PAD - (len(zones) - 1) * _GAP) / max(1, len(zones))
    columns = {zone: left + place * (width + _GAP) for place, zone in enumerate(zones)}
    zone_top = y
    y += 28
    for kind in KINDS_OF_SUBNET:
        row = [subnet for subnet in found.subnets if subnet.kind == kind]
        if row:
            y = _row(found, layout, row, columns, width, y) + _GAP
    for zone, x in columns.items():
        layout.zones[zone] = Rect(x, zone_top, width, y - zone_top)
    layout.vpc = Rect(MARGIN, top, VPC_WIDTH, y + _PAD - top)


def _gateways(found: Architecture, layout: Layout, y: float) -> float:
    """The gateways of the VPC on a strip: those of the Internet on the left, endpoints on the right."""
    left, right = MARGIN + 14.0, MARGIN + VPC_WIDTH - 2 * _PAD
    height = max((item_height(found.items[each], _GATEWAY) for each in found.gateways), default=0)
    for each in found.gateways:
        if found.items[each].tag == "IGW":
            layout.items[each] = Rect(left, y, _GATEWAY - 10, height)
            left += _GATEWAY
        else:
            layout.items[each] = Rect(right - _GATEWAY, y, _GATEWAY, height)
            right -= _GATEWAY + _GAP
    return y + height + (_GAP if height else 0)


def _row(found: Architecture, layout: Layout, row: Sequence[Subnet], columns: Mapping[str, float], width: float,
         top: float) -> float:
    """One kind of subnet: a box a zone, then what spans several of them, then what is in one of them."""
    names = {subnet.id: subnet for subnet in row}
    here = {each: [names[name] for name in spans if name in names] for each, spans in found.spans.items()}
    y = top + 26
    bars = sorted((each for each, subnets in here.items() if len(subnets) > 1),
                  key=lambda each: found.items[each].tag == "Endpoint")
    for place, each in enumerate(bars):
        # What stands below another one ends early: lines to the next row go past it on the right.
        early = width * (1 - _SINGLE) if place else 0
        y = _bar(found, layout, each, [columns[subnet.zone] for subnet in here[each]], width, y, early) + _GAP
    singles = {each: subnets[0] for each, subnets in here.items() if len(subnets) == 1}
    if singles:
        y += 10
        bottoms = {subnet.id: y for subnet in row}
        for each, subnet in singles.items():
            box = width * _SINGLE
            height = item_height(found.items[each], box)
            layout.items[each] = Rect(columns[subnet.zone] + 2 * _PAD, bottoms[subnet.id], box, height)
            bottoms[subnet.id] += height + _GAP
        y = max(bottoms.values())
    y = max(y, top + 40)
    for subnet in row:
        layout.subnets[subnet.id] = Rect(columns[subnet.zone] + 6, top, width - 12, y - top)
    return y


def _bar(found: Architecture, layout: Layout, each: str, lefts: Sequence[float], width: float, y: float,
         early: float) -> float:
    x = min(lefts) + 2 * _PAD
    full = max(lefts) + width - 2 * _PAD - early - x
    height = item_height(found.items[each], full)
    parts = [name for name, of in found.inside.items() if of == each]
    layout.items[each] = Rect(x, y, full, height)  # before its parts, which are drawn on it
    if parts:
        part = min(300, (full - _PAD * (len(parts) + 1)) / len(parts))
        tallest = max(item_height(found.items[name], part) for name in parts)
        for place, name in enumerate(parts):
            layout.items[name] = Rect(x + _PAD + place * (part + _PAD), y + height, part, tallest)
        height += tallest + _PAD
    layout.items[each] = Rect(x, y, full, height)
    return y + height


def _side(found: Architecture, layout: Layout) -> None:
    """What is outside the VPC, under headings, on the right."""
    y = float(BAND)
    width = WIDTH - MARGIN - SIDE
    for group, members in found.groups.items():
        top = y
        y += 30
        for each in members:
            ends = [arrow.is_traffic for arrow in found.arrows if each in (arrow.source, arrow.target)]
            height = max(item_height(found.items[each], width - 2 * _PAD),
                         LABEL * sum(ends) + TIP * (len(ends) - sum(ends)) + 8)
            layout.items[each] = Rect(SIDE + _PAD, y, width - 2 * _PAD, height)
            y += height + _GAP
        layout.groups[group] = Rect(SIDE, top, width, y + 2 - top)
        y += 2 + _GAP
