"""Draw a dashboard's layout as SVG: each widget at its position, with the names of its content."""

from collections.abc import Iterator

from tap.picture.dashboard import COLUMNS, Dashboard, Widget
from tap.picture.layout import FACT_SIZE, MARGIN, WIDTH, Rect, wrapped
from tap.picture.svg import rect_of, style, text_of

_TOP, _ROW, _LINE = 76, 44, 18
_SERIES = ("data", "compute", "storage", "security", "network", "operations")


def to_svg(dashboard: Dashboard, theme: str = "auto") -> str:
    """Return the layout as SVG text. The same dashboard gives the same bytes."""
    height = _TOP + max((widget.y + widget.height for widget in dashboard.widgets), default=1) * _ROW + MARGIN
    metrics = sum(len(widget.metrics) for widget in dashboard.widgets)
    counts = f"{len(dashboard.widgets)} widgets · {metrics} metrics · {len(dashboard.problems)} problems"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" aria-labelledby="title">', text_of("title", f"Layout of dashboard {dashboard.name}", id="title"),
        f"<style>{style(theme)}</style>", f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        text_of("text", dashboard.name, x=MARGIN, y=40, font_size=22, class_="ink h"),
        text_of("text", f"{counts} · layout only, without values", x=MARGIN, y=60, font_size=13, class_="soft"),
        *(line for widget in dashboard.widgets for line in _widget(widget)), "</svg>"]
    return "\n".join(parts) + "\n"


def _widget(widget: Widget) -> Iterator[str]:
    column = (WIDTH - 2 * MARGIN) / COLUMNS
    rect = Rect(round(MARGIN + widget.x * column + 4, 1), _TOP + widget.y * _ROW + 4,
                round(widget.width * column - 8, 1), widget.height * _ROW - 8)
    yield rect_of(rect, f"box l-{'removed' if widget.problems else 'edge'}")
    yield text_of("text", widget.title, x=rect.x + 14, y=rect.y + 24, font_size=15, class_="ink t")
    y = rect.y + 48
    lines = list(_lines(widget, rect.width))
    room = int((rect.bottom - y) // _LINE) + 1
    if len(lines) > room:
        lines = [*lines[:room - 1], (f"and {len(lines) - room + 1} more", "soft")]
    for line, colour in lines:
        if colour != "soft" and not line.startswith(" "):
            yield rect_of(Rect(rect.x + 14, y - 9, 12, 10), colour, 2)
        yield text_of("text", line.strip(), x=rect.x + 34, y=y, font_size=FACT_SIZE,
                      class_="removed t" if colour == "removed" else "ink")
        y += _LINE
    if widget.metrics and rect.bottom - y > 3 * _LINE:
        yield from _axes(Rect(rect.x + 34, y, rect.width - 52, rect.bottom - 16 - y))


def _axes(rect: Rect) -> Iterator[str]:
    yield f'<path class="fn l-edge" d="M{rect.x:g} {rect.y:g}v{rect.height:g}h{rect.width:g}"/>'
    for index in range(3):
        y = round(rect.y + index * rect.height / 3, 1)
        yield f'<path class="fn dots l-edge" d="M{rect.x:g} {y:g}h{rect.width:g}"/>'


def _lines(widget: Widget, width: float) -> Iterator[tuple[str, str]]:
    """Yield each line with its colour. Continuation lines begin with a space."""
    for problem in widget.problems:
        yield from _wrapped(problem, width, "removed")
    for index, metric in enumerate(widget.metrics):
        of = " / ".join(value.strip("${}").split(".")[0] for value in metric.dimensions.values())
        named = f"{metric.label}: " if metric.label else ""
        yield from _wrapped(f"{named}{metric.name} · {metric.statistic} · {of}", width, _SERIES[index % len(_SERIES)])
    if widget.alarms:
        yield from _wrapped(" · ".join(widget.alarms), width, "outside")
    for line in widget.lines:
        yield from _wrapped(" ".join(line.split()), width, "outside")


def _wrapped(line: str, width: float, colour: str) -> Iterator[tuple[str, str]]:
    for index, part in enumerate(wrapped(line.split(" · "), width - 30)):
        yield (f" {part}" if index else part), colour
