"""Write HTML safely: `text` escapes all text, and only `tag` creates markup."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files

VOID = frozenset({"br", "col", "input", "meta"})


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as escaped HTML text; return markup unchanged."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def tag(element: str, /, *content: object, **attributes: object) -> Markup:
    """Return an element. Drop a trailing underscore from attribute names; omit attributes that are None or False."""
    parts = [f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
             for key, value in attributes.items() if value is not None and value is not False]
    inside = joined(content)
    opening = f"<{element}{''.join(parts)}>"
    return Markup(opening if element in VOID else f"{opening}{inside}</{element}>")


def joined(content: Iterable[object], between: str = "") -> Markup:
    """Return the values as one piece of markup, with a separator between them."""
    return Markup(between.join(text(value) for value in content))


def table(head: Iterable[str], rows: Iterable[Iterable[object]], numbers: Iterable[int] = (),
          classes: str | None = None) -> Markup:
    """Return a table. The columns in `numbers` are right-aligned."""
    right = set(numbers)

    def cells(name: str, values: Iterable[object]) -> Markup:
        return joined(value if isinstance(value, Markup) and value.startswith("<td") else tag(
            name, value, class_="n" if index in right else None, scope="col" if name == "th" else None)
            for index, value in enumerate(values))

    body = joined((tag("tr", cells("td", row)) for row in rows), "\n")
    element = tag("table", tag("thead", tag("tr", cells("th", head))), tag("tbody", body), class_=classes)
    return tag("div", element, class_="scroll")


def document(title: str, body: Markup, *, scripted: bool = True) -> str:
    """Return a complete page with inline style and script, which may load and run nothing else.

    Without `scripted` it runs nothing at all.
    """
    style, script = (files("tap.page").joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # https://www.w3.org/TR/CSP3/: a script that was injected despite the escaping would not run.
    scripts = f"script-src 'sha256-{allowed}'; " if scripted else ""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; {scripts}base-uri 'none'"
    head = tag("head", tag("meta", charset="utf-8"),
               tag("meta", http_equiv="Content-Security-Policy", content=policy),
               tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
               tag("title", title), tag("style", Markup(style)))
    page = tag("html", head, tag("body", body, tag("script", Markup(script)) if scripted else ""), lang="en")
    return f"<!doctype html>\n{page}\n"
