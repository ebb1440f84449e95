"""How large the template is, against what it should be and what it may be: `python -m bench.size`.

Exit code 1 where it is larger than it may be.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.models import TEMPLATE_BODY_LIMIT

BYTES_PER_RESOURCE = 600
"""The goal for the readable form; the reference template takes 652 without parameters, labels, tags and code."""
MOST_BYTES_PER_RESOURCE = 820
MOST_MINIFIED = 115_000
"""What the hardened stack takes, and a little; a template in a bucket may have 1,048,576 bytes.

Both goals were met before the stack was hardened, by 100 resources. What each resource brings since then (policies,
alarms, rules of the firewall) is longer than the subnets and routes it started with: four tags on whatever can be
tagged are 117 bytes a resource, and without them it would still be over 600.
"""


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
        """Whether the template is within what it may be."""
        return self.per_resource <= MOST_BYTES_PER_RESOURCE and self.minified <= MOST_MINIFIED


def sizes(template: Mapping[str, Any], readable: str, minified: str) -> Sizes:
    """Return the sizes of a template, given as a dictionary and as its two texts."""
    return Sizes(len(template["Resources"]), len(readable.encode()), len(minified.encode()))


def template_sizes() -> Sizes:
    """Return the sizes of the project's template."""
    from tap.stack import build
    from tap.template.render import to_text

    template = build()
    return sizes(template.to_dict(), to_text(template), to_text(template, minify=True))


def table(measured: Sizes) -> str:
    """Return the sizes as lines of text: what, how much, the goal, how much of the limit is used, and the limit."""
    rows = (
        ("bytes a resource", measured.per_resource, BYTES_PER_RESOURCE, MOST_BYTES_PER_RESOURCE),
        ("bytes minified", measured.minified, TEMPLATE_BODY_LIMIT, MOST_MINIFIED))
    lines = [f"{'resources':<18}{measured.resources:>8,}", f"{'bytes':<18}{measured.readable:>8,}"]
    for name, value, goal, limit in rows:
        verdict = "too large" if value > limit else "goal missed" if value > goal else "goal met"
        lines.append(f"{name:<18}{value:>8,.0f}  goal {goal:>6,}  limit {limit:>7,} {bar(value / limit)} {verdict}")
    if measured.minified > TEMPLATE_BODY_LIMIT:
        lines.append(f"Over {TEMPLATE_BODY_LIMIT:,} bytes a template goes through a bucket: "
                     "tap does it, aws cloudformation deploy wants --s3-bucket.")
    return "\n".join(lines)


def bar(share: float, width: int = 10) -> str:
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
