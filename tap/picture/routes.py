"""Route every arrow between the boxes: straight if the way is clear, otherwise through the gutter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tap.picture.layout import LABEL, MARGIN, SIDE, TIP, VPC_WIDTH, Layout, Rect
from tap.picture.model import Architecture, Arrow

Point = tuple[float, float]
LABEL_SIZE = 12
_PAST = 6  # distance between a box and a line that passes it
_LANE, _LANES = 9, 100  # width of one lane and of all lanes; labels are on their right


@dataclass(frozen=True)
class Route:
    """An arrow with its points and the position of its label."""

    arrow: Arrow
    points: tuple[Point, ...]
    label: Point
    anchor: str = "end"  # SVG's text-anchor

    @property
    def plate(self) -> Rect:
        """The rectangle of the label, with padding."""
        x, y = self.label
        width = len(self.arrow.label) * LABEL_SIZE * 0.6 + 4
        return Rect(x - 2 if self.anchor == "start" else x + 2 - width, y - 11, width, 14)


def routes(architecture: Architecture, layout: Layout) -> list[Route]:
    """Return the route of every arrow whose ends are in the picture."""
    arrows = [arrow for arrow in architecture.arrows if arrow.source in layout.items and arrow.target in layout.items]
    drawn: list[Route] = []
    through_gutter: list[Arrow] = []
    used: list[tuple[float, float, float]] = []
    for arrow in arrows:
        route = (_across(arrow, layout) or _by_bus(arrow, architecture, layout)
                 or _straight(arrow, architecture, layout, used))
        if route:
            drawn.append(route)
        else:
            through_gutter.append(arrow)
    taken = {way.arrow.target: way.points[-1][1] for way in drawn if way.points[0][1] == way.points[-1][1]}
    return _apart(drawn + _gutter(through_gutter, architecture, layout, taken))


def _apart(ways: Sequence[Route]) -> list[Route]:
    """Return routes with labels that do not overlap: a label that would moves below its line, or further above."""
    apart: list[Route] = []
    for way in ways:
        x, y = way.label
        places = [replace(way, label=(x, y + by)) for by in (0, 19, -15, 34)]
        others = [other.plate for other in apart if other.arrow.label]
        apart.append(next((placed for placed in places if not way.arrow.label or not any(
            placed.plate.overlaps(other) for other in others)), way))
    return apart


def _across(arrow: Arrow, layout: Layout) -> Route | None:
    """Return a horizontal line between two boxes side by side above the VPC; None if there is none."""
    source, target = layout.items[arrow.source], layout.items[arrow.target]
    if not layout.vpc or max(source.bottom, target.y) > layout.vpc.y or target.x < source.right:
        return None
    top, bottom = max(source.y, target.y), min(source.bottom, target.bottom)
    if bottom - top < 16:
        return None
    y = top + (bottom - top) * 0.3
    return Route(arrow, ((source.right, y), (target.x, y)), (target.x - 14, y - 6))


def _by_bus(arrow: Arrow, architecture: Architecture, layout: Layout) -> Route | None:
    """Return the route from an item of one subnet to a gateway, along the shared line up the left channel; or None."""
    spans = architecture.spans.get(arrow.source, ())
    if arrow.target not in architecture.gateways or len(spans) != 1 or not arrow.is_traffic:
        return None
    source, target = layout.items[arrow.source], layout.items[arrow.target]
    x, y = source.x + source.width * 0.25, source.y - 11
    lane = MARGIN + 26
    return Route(arrow, ((x, source.y), (x, y), (lane, y), (lane, target.bottom)), (lane, y))


def _straight(arrow: Arrow, architecture: Architecture, layout: Layout,
              used: list[tuple[float, float, float]]) -> Route | None:
    """Return a vertical line between two boxes if no other box or line is in the way; otherwise None."""
    source, target = layout.items[arrow.source], layout.items[arrow.target]
    left, right = max(source.x, target.x) + 12, min(source.right, target.right) - 12
    down = source.bottom <= target.y
    top, bottom = (source.bottom, target.y) if down else (target.bottom, source.y)
    if right < left or bottom - top < 22 or (not arrow.is_traffic and min(source.x, target.x) > VPC_WIDTH):
        return None
    others = [rect for name, rect in layout.items.items()
              if name not in (arrow.source, arrow.target, *_parts(arrow, architecture))]
    for x in _columns(left, right, layout):
        if any(rect.crosses(x, top, bottom) for rect in others):
            continue
        if any(abs(x - other) < 16 and top < low and bottom > high for other, high, low in used):
            continue
        used.append((x, top, bottom))
        ends = ((x, top), (x, bottom))
        label_y = bottom - 14 if down else top + 24
        return Route(arrow, ends if down else ends[::-1], (x + 7, label_y), "start")
    return None


def _columns(left: float, right: float, layout: Layout) -> list[float]:
    """Return where a vertical line may run: right in a zone, clear of what is written on the left; the middle first."""
    zones = sorted(layout.zones.values(), key=lambda zone: abs(zone.x + zone.width / 2 - (left + right) / 2))
    places = [zone.x + share * zone.width for zone in zones for share in (0.8, 0.9, 0.7)]
    inside = [x for x in places if left <= x <= right]
    return [*inside, *(left + share * (right - left) for share in (0.8, 0.62, 0.5, 0.2))]


def _parts(arrow: Arrow, architecture: Architecture) -> list[str]:
    return [name for name, of in architecture.inside.items() if of in (arrow.source, arrow.target)]


def _gutter(arrows: Sequence[Arrow], architecture: Architecture, layout: Layout,
            taken: Mapping[str, float]) -> list[Route]:
    """Through the space between VPC and what is outside: one lane a source and kind, branching to the targets.

    A line that would run behind another box, and look as if it ended there, goes above or below the boxes instead.
    """
    lanes: dict[tuple[str, bool], float] = {}
    order = sorted({(arrow.source, arrow.is_traffic) for arrow in arrows},
                   key=lambda trunk: (trunk[1], layout.items[trunk[0]].y))
    lane = min(_LANE, _LANES / max(1, len(order)))
    for index, trunk in enumerate(order):
        lanes[trunk] = round(MARGIN + VPC_WIDTH + 14 + index * lane, 1)
    ports = _ports(arrows, layout, taken)
    result = []
    for arrow in arrows:
        source, target = layout.items[arrow.source], layout.items[arrow.target]
        x = lanes[arrow.source, arrow.is_traffic]
        others = [rect for name, rect in layout.items.items()
                  if name not in (
                      arrow.source, arrow.target, *_parts(arrow, architecture), *_wholes(arrow, architecture))]
        start = _branch(source, x, ports[arrow.source, "out", arrow.is_traffic], others)
        end = _branch(target, x, ports[arrow.target, arrow.source, arrow.is_traffic], others)
        bend, y = end[-1] if len(end) == 1 else end[-2]
        on_left = bend < x
        result.append(Route(arrow, (*reversed(start), (x, start[0][1]), (x, end[0][1]), *end),
                          (bend + 14, y - 5) if on_left else (SIDE - 12, y - 5), "start" if on_left else "end"))
    return result


def _branch(rect: Rect, lane: float, port: float, others: Sequence[Rect]) -> tuple[Point, ...]:
    """Return the points from a lane to a box: its side, or the edge that can be reached past all other boxes."""
    x = rect.right - 14 if rect.right < lane else rect.x + 14
    ways: list[tuple[Point, ...]] = [
        ((_side(rect), port),), ((x, rect.y - _PAST), (x, rect.y)), ((x, rect.bottom + _PAST), (x, rect.bottom))]
    return next((way for way in ways if not any(
        other.is_crossed(min(lane, way[0][0]), max(lane, way[0][0]), way[0][1]) for other in others)), ways[0])


def _wholes(arrow: Arrow, architecture: Architecture) -> list[str]:
    return [architecture.inside[end] for end in (arrow.source, arrow.target) if end in architecture.inside]


def _side(rect: Rect) -> float:
    return rect.x if rect.x > VPC_WIDTH else rect.right


def _ports(arrows: Sequence[Arrow], layout: Layout,
           taken: Mapping[str, float]) -> Mapping[tuple[str, str, bool], float]:
    """Return at which height each arrow meets the edge of its boxes: in order of the other ends, spread by room.

    `taken` is where another arrow meets a box already: all others come below.
    """
    wanted: dict[str, set[tuple[float, str, bool]]] = {}
    for arrow in arrows:
        wanted.setdefault(arrow.source, set()).add((1e9, "out", arrow.is_traffic))
        wanted.setdefault(arrow.target, set()).add((layout.items[arrow.source].y, arrow.source, arrow.is_traffic))
    heights = {}
    for name, ends in wanted.items():
        rect = layout.items[name]
        y = max(rect.y, taken.get(name, 0) + LABEL / 2)
        room = (rect.bottom - y) / sum(LABEL if traffic else TIP for _, _, traffic in ends)
        for _, other, traffic in sorted(ends):
            half = room * (LABEL if traffic else TIP) / 2
            heights[name, other, traffic] = round(y + half, 1)
            y += 2 * half
    return heights
