"""How large the template is, against what it may be: `python -m bench.size`; exit code 1 where it is larger."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.models import TEMPLATE_BODY_LIMIT

BYTES_PER_RESOURCE = 600
"""The project's own limit for the readable form; the reference template takes 652."""


@dataclass(frozen=True)
class Sizes:
    """A template's number of resources, and its bytes as people read it and minified."""

    resources: int
    readable: int
    minified: int

    @property
    def per_resource(self) -> float:
        """Bytes of the readable form for each resource, parameters and all else included."""
        return self.readable / self.resources

    @property
    def fits(self) -> bool:
        """Whether the template is within both limits."""
        return self.per_resource <= BYTES_PER_RESOURCE and self.minified <= TEMPLATE_BODY_LIMIT


def sizes(template: Mapping[str, Any], readable: str, minified: str) -> Sizes:
    """Return the sizes of a template, given as a dictionary and as its two texts."""
    return Sizes(len(template["Resources"]), len(readable.encode()), len(minified.encode()))


def template_sizes() -> Sizes:
    """Return the sizes of the project's template."""
    from tap.render import to_text
    from tap.stack import build

    template = build()
    return sizes(template.to_dict(), to_text(template), to_text(template, minify=True))


def table(measured: Sizes) -> str:
    """Return the sizes as lines of text: what, how much, the limit, and how much of it is used as a bar."""
    limited = (
        ("bytes a resource", measured.per_resource, BYTES_PER_RESOURCE),
        ("bytes minified", measured.minified, TEMPLATE_BODY_LIMIT))
    lines = [f"{'resources':<18}{measured.resources:>8,}", f"{'bytes':<18}{measured.readable:>8,}"]
    for name, value, limit in limited:
        share = value / limit
        verdict = "" if share <= 1 else "  too large"
        lines.append(f"{name:<18}{value:>8,.0f} of {limit:>6,}  {bar(share)} {share:>4.0%}{verdict}")
    return "\n".join(lines)


def bar(share: float, width: int = 20) -> str:
    """Return a bar that is full at a share of 1."""
    filled = min(round(share * width), width)
    return f"[{'#' * filled}{'.' * (width - filled)}]"


def main() -> int:
    """Print the table and return the exit code: 1 where a limit is broken."""
    measured = template_sizes()
    print(table(measured))
    return 0 if measured.fits else 1


if __name__ == "__main__":
    sys.exit(main())
