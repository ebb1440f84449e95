"""Writing HTML that cannot be broken by what is in it: text goes through `text`, and markup is made by `tag` alone."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files

VOID = frozenset({"br", "col", "input", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as text in HTML; what is markup already stays so."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def tag(element: str, /, *content: object, **attributes: object) -> Markup:
    """Return an element. A trailing underscore in an attribute's name is dropped; None and False leave it out."""
    parts = [f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
             for key, value in attributes.items() if value is not None and value is not False]
    inside = joined(content)
    opening = f"<{element}{''.join(parts)}>"
    return Markup(opening if element in VOID else f"{opening}{inside}</{element}>")


def joined(content: Iterable[object], between: str = "") -> Markup:
    """Return values one after the other."""
    return Markup(between.join(text(each) for each in content))


def table(head: Iterable[str], rows: Iterable[Iterable[object]], numbers: Iterable[int] = (),
          classes: str | None = None) -> Markup:
    """Return a table; the columns in `numbers` are set right."""
    right = set(numbers)

    def cells(name: str, values: Iterable[object]) -> Markup:
        return joined(value if isinstance(value, Markup) and value.startswith("<td") else tag(
            name, value, class_="n" if place in right else None, scope="col" if name == "th" else None)
            for place, value in enumerate(values))

    body = joined((tag("tr", cells("td", row)) for row in rows), "\n")
    made = tag("table", tag("thead", tag("tr", cells("th", head))), tag("tbody", body), class_=classes)
    return tag("div", made, class_="scroll")


def document(title: str, body: Markup, *, scripted: bool = True) -> str:
    """Return a whole page with style and script in it; it may fetch nothing and run nothing else.

    Without `scripted` it runs nothing at all.
    """
    style, script = (files("tap.page").joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # https://www.w3.org/TR/CSP3/: even text that slipped through as a script would not run.
    scripts = f"script-src 'sha256-{allowed}'; " if scripted else ""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; {scripts}base-uri 'none'"
    head = tag("head", tag("meta", charset="utf-8"),
               tag("meta", http_equiv="Content-Security-Policy", content=policy),
               tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
               tag("title", title), tag("style", Markup(style)))
    page = tag("html", head, tag("body", body, tag("script", Markup(script)) if scripted else ""), lang="en")
    return f"<!doctype html>\n{page}\n"
