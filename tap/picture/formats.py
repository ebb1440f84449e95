"""Render an architecture in each format of `tap diagram`."""

from collections.abc import Callable, Mapping
from html import escape

from tap.deploy.models import InputError
from tap.picture.mermaid import to_mermaid
from tap.picture.model import Architecture
from tap.picture.svg import to_svg

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
body{{margin:0 auto;max-width:1600px;font:15px/1.5 system-ui,sans-serif;background:#fff;color:#16202c}}
svg{{width:100%;height:auto}}main{{padding:0 24px 40px}}table{{border-collapse:collapse}}
td,th{{overflow-wrap:anywhere;text-align:left;
vertical-align:top;padding:4px 16px 4px 0;border-bottom:1px solid #c3ccd6}}
@media {dark}{{body{{background:#14181f;color:#e8edf3}}td,th{{border-color:#43505f}}}}
</style></head><body>
{svg}<main><details><summary>Every box and its resources</summary><table>
<tr><th scope="col">Box</th><th scope="col">Resources</th></tr>
{rows}</table></details></main></body></html>
"""


def to_html(architecture: Architecture, theme: str, compared: str) -> str:
    """Return a self-contained HTML page with the picture and a table of what each box covers."""
    boxes = [(item.title, item.covers) for item in architecture.items.values() if item.covers]
    boxes += [(subnet.id, subnet.covers) for subnet in architecture.subnets]
    boxes += [(architecture.vpc.title, architecture.vpc.covers)] if architecture.vpc else []
    rows = "".join(f"<tr><td>{escape(title)}</td><td>{escape(', '.join(covers))}</td></tr>\n"
                   for title, covers in boxes)
    title = escape(f"Architecture of {architecture.stack_name}")
    dark = {"auto": "(prefers-color-scheme:dark)", "light": "not all", "dark": "all"}[theme]
    return _PAGE.format(title=title, svg=to_svg(architecture, theme, compared), rows=rows, dark=dark)


def to_png(architecture: Architecture, theme: str, compared: str) -> bytes:
    """Return the picture as a PNG, 1,600 pixels wide. Raises InputError if the PNG library is not installed."""
    return png(to_svg(architecture, "light" if theme == "auto" else theme, compared))


def png(svg: str) -> bytes:
    """Return an SVG as PNG. Raises InputError if the PNG library is not installed.

    Its bytes follow the fonts of the machine, unlike those of the other formats.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise InputError("PNG output requires resvg: install it with pip install -e '.[picture]', or write .svg, .html "
                         "or .mmd") from None
    return bytes(svg_to_bytes(svg_string=svg, sans_serif_family="Arial"))


FORMATS: Mapping[str, Callable[[Architecture, str, str], str | bytes]] = {
    ".svg": to_svg, ".html": to_html, ".png": to_png,
    ".mmd": lambda architecture, _theme, _compared: to_mermaid(architecture)}
