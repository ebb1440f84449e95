"""Hide secret values in text: the one mask for everything that `tap` prints or writes.

A value of LONG characters or more is hidden wherever it occurs. A shorter one is hidden only as a word of its own: it
could be part of any other word, and says nothing there. Values are found as they are, with other spacing, line by line,
and as JSON, HTML and URLs write them.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from tap.template.resolve import MASK

LONG = 8
_LETTERS_OF_WORDS = 3  # up to this length, a value between hyphens is part of a word, as the e of e-commerce
_ESCAPE = re.compile("%[0-9A-F]{2}")


class Mask:
    """Finds the values that it is made of in text, and replaces them."""

    def __init__(self, values: Iterable[str], shortest: int = 1) -> None:
        """Take what to hide; forms of it that are shorter than `shortest` are left alone."""
        forms = {form for value in values for form in _forms(value)}
        self._patterns = [_pattern(form) for form in sorted(forms)
                          if len(form) >= shortest and not is_masked(form)]

    def __call__(self, text: str) -> str:
        """Return a text in which no value is legible."""
        parts, position = [], 0
        for start, end in self.spans(text):
            parts += [text[position:start], MASK]
            position = end
        return "".join([*parts, text[position:]])

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where values are in a text, in order; values that overlap are one."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted(match.span(1) for pattern in self._patterns for match in pattern.finditer(text)):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged


def is_masked(value: str) -> bool:
    """Whether a value is what AWS shows instead of a secret: four asterisks or more."""
    return re.fullmatch(r"\*{4,}", value) is not None


def _forms(value: str) -> Iterator[str]:
    """Yield how a value may be written."""
    lines = [line for line in value.splitlines() if len(line.strip()) >= LONG]
    for text in {value, value.strip(), " ".join(value.split()), *map(str.strip, lines)} - {""}:
        yield text
        yield html.escape(text)
        escaped = json.dumps(text)[1:-1]
        yield from (escaped, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(escaped)[1:-1])
        for encoded in (quote(text), quote(text, safe=""), quote_plus(text)):
            yield from (encoded, _ESCAPE.sub(lambda match: match[0].lower(), encoded))


def _pattern(form: str) -> re.Pattern[str]:
    """Return what finds a form, overlapping ones too: the lookahead consumes nothing."""
    text = re.escape(form)
    if len(form) >= LONG:
        return re.compile(f"(?=({text}))")
    joins = "['-]" if len(form) <= _LETTERS_OF_WORDS else "'"
    word_before, word_after = rf"(?<!\w)(?<!\w{joins})", rf"(?!\w)(?!{joins}\w)"
    # A sign of its own, such as a hyphen, stands between spaces, quotes and the like.
    sign_before, sign_after = r"""(?<![^\s"'`=,:;()\[\]{}<>])""", r"""(?![^\s"'`=,:;()\[\]{}<>])"""
    before = word_before if re.match(r"\w", form) else sign_before
    after = word_after if re.search(r"\w\Z", form) else sign_after
    return re.compile(f"{before}(?=({text}){after})")
