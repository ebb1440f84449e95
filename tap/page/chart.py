"""Render the timeline as SVG: a bar for each expected duration, the critical path, and the actual durations below."""

from collections.abc import Mapping, Sequence

from tap.deploy.wording import duration
from tap.page.html import Markup, joined, tag
from tap.page.timeline import Actual, Bar

_WIDTH, _LEFT, _ROW, _TOP = 1130, 250, 20, 24
MOST_ROWS = 60


def chosen(bars: Sequence[Bar], resources: Mapping[str, Actual]) -> list[Bar]:
    """Return the bars to draw: the critical path, failed resources, and the longest ones."""
    first = sorted(bars, key=lambda bar: (
        not bar.critical, not _failed(resources.get(bar.logical_id)), -bar.seconds, bar.logical_id))[:MOST_ROWS]
    names = {bar.logical_id for bar in first}
    return [bar for bar in bars if bar.logical_id in names]


def chart(bars: Sequence[Bar], resources: Mapping[str, Actual]) -> Markup:
    """Return the chart of some bars; each row shows the resource's name and what it waits for."""
    ends = [bar.end for bar in bars] + [resource.start + (resource.seconds or 0) for resource in resources.values()]
    whole = max(max(ends, default=0.0), 1.0)
    scale = (_WIDTH - _LEFT - (210 if resources else 110)) / whole  # room for the last label
    row = _ROW + (8 if resources else 0)
    places = {bar.logical_id: _TOP + index * row for index, bar in enumerate(bars)}
    height = _TOP + len(bars) * row + 8
    known = {bar.logical_id: bar for bar in bars}
    parts = [_axis(whole, scale, height)]
    parts += [_way(known[bar.last], bar, places, scale) for bar in bars if bar.last in known]
    parts += [_bar(bar, places[bar.logical_id], scale, resources.get(bar.logical_id)) for bar in bars]
    return tag("svg", *parts, class_="time", viewBox=f"0 0 {_WIDTH} {height}", role="img",
               aria_label=f"Timeline: {len(bars)} resources in {duration(whole)}")


def _x(seconds: float, scale: float) -> float:
    return round(_LEFT + seconds * scale, 1)


def _axis(whole: float, scale: float, height: float) -> Markup:
    step = next((unit for unit in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800) if whole / unit <= 9), 3600)
    marks = []
    for index in range(int(whole // step) + 1):
        x = _x(index * step, scale)
        marks += [tag("line", x1=x, x2=x, y1=_TOP - 6, y2=height),
                  tag("text", duration(index * step) if index else "0", x=x + 3, y=12, class_="soft")]
    return joined(marks)


def _way(source: Bar, target: Bar, places: Mapping[str, float], scale: float) -> Markup:
    x, y = _x(source.end, scale), places[source.logical_id] + 8
    critical = source.critical and target.critical
    return tag("path", d=f"M{x} {y}h3V{places[target.logical_id] + 8}h2", class_="way" if critical else None)


def _bar(bar: Bar, y: float, scale: float, went: Actual | None) -> Markup:
    waits = f", waits for {', '.join(bar.waits_for)}" if bar.waits_for else ""
    title = f"{bar.logical_id}: expected {duration(bar.seconds)}, from {duration(bar.start)}{waits}"
    name = bar.logical_id if len(bar.logical_id) <= 36 else f"{bar.logical_id[:35]}…"
    parts = [tag("text", name, x=_LEFT - 8, y=y + 13, text_anchor="end"),
             tag("rect", x=_x(bar.start, scale), y=y + 3, width=round(max(bar.seconds * scale, 2), 1), height=11,
                 rx=2, class_="bar critical" if bar.critical else "bar")]
    label_end, label = bar.end, duration(bar.seconds)
    if went:
        seconds = went.seconds or 0.0
        title += f"; actual {duration(seconds)}, {went.status}{f': {went.reason}' if went.reason else ''}"
        parts.append(tag("rect", x=_x(went.start, scale), y=y + 15, width=round(max(seconds * scale, 2), 1), height=6,
                         rx=2, class_="failed" if _failed(went) else "actual"))
        label_end, label = max(bar.end, went.start + seconds), f"{label}, actual {duration(seconds)}"
    parts.append(tag("text", label, x=_x(label_end, scale) + 7, y=y + 13, class_="soft"))
    return tag("g", tag("title", title), *parts)


def _failed(went: Actual | None) -> bool:
    return bool(went and went.status.endswith("FAILED"))
