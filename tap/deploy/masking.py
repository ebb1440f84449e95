"""Mask secret values in everything that `tap` prints or writes.

A value of LONG characters or more is masked wherever it occurs. A shorter one is masked only as a separate word: it
could be part of any other word, and reveals nothing there. Values are found as is, with other spacing, line by line,
and as JSON, HTML and URLs write them.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from tap.template.resolve import MASK

LONG = 8
_LETTERS_OF_WORDS = 3  # up to this length, a value next to a hyphen is part of a word, like the e in e-commerce
_ESCAPE = re.compile("%[0-9A-F]{2}")


class Mask:
    """Masks a set of values in text."""

    def __init__(self, values: Iterable[str], shortest: int = 1) -> None:
        """Create a mask for these values; forms shorter than `shortest` are not masked."""
        forms = {form for value in values for form in _forms(value)}
        self._patterns = [_pattern(form) for form in sorted(forms)
                          if len(form) >= shortest and not is_masked(form)]

    def __call__(self, text: str) -> str:
        """Return text with all values masked."""
        parts, position = [], 0
        for start, end in self.spans(text):
            parts += [text[position:start], MASK]
            position = end
        return "".join([*parts, text[position:]])

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of values in text, in order; overlapping ones are merged."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted(match.span(1) for pattern in self._patterns for match in pattern.finditer(text)):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged


def is_masked(value: str) -> bool:
    """Return whether a value is AWS's replacement for a secret: four asterisks or more."""
    return re.fullmatch(r"\*{4,}", value) is not None


def _forms(value: str) -> Iterator[str]:
    """Yield the forms in which a value may be written."""
    lines = [line for line in value.splitlines() if len(line.strip()) >= LONG]
    for text in {value, value.strip(), " ".join(value.split()), *map(str.strip, lines)} - {""}:
        yield text
        yield html.escape(text)
        escaped = json.dumps(text)[1:-1]
        yield from (escaped, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(escaped)[1:-1])
        for encoded in (quote(text), quote(text, safe=""), quote_plus(text)):
            yield from (encoded, _ESCAPE.sub(lambda match: match[0].lower(), encoded))


def _pattern(form: str) -> re.Pattern[str]:
    """Return a pattern for a form, which also finds overlapping ones because a lookahead consumes nothing."""
    text = re.escape(form)
    if len(form) >= LONG:
        return re.compile(f"(?=({text}))")
    joins = "['-]" if len(form) <= _LETTERS_OF_WORDS else "'"
    word_before, word_after = rf"(?<!\w)(?<!\w{joins})", rf"(?!\w)(?!{joins}\w)"
    # A value that is a symbol, such as a hyphen, must be between spaces, quotes or the like.
    sign_before, sign_after = r"""(?<![^\s"'`=,:;()\[\]{}<>])""", r"""(?![^\s"'`=,:;()\[\]{}<>])"""
    before = word_before if re.match(r"\w", form) else sign_before
    after = word_after if re.search(r"\w\Z", form) else sign_after
    return re.compile(f"{before}(?=({text}){after})")
