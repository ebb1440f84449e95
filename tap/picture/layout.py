"""Where everything stands, in whole pixels; the picture is as wide as `WIDTH`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tap.picture.model import Item

WIDTH = 1600
MARGIN, BAND, VPC_WIDTH, SIDE = 24, 76, 1040, 1252
TITLE_SIZE, FACT_SIZE = 15, 13
LABEL, TIP = 15, 5  # what an arrow with a label takes of its box's edge, and one without
_PAD = 10  # beside what is written
_ADVANCE = 0.57  # of the size: an average letter of a sans-serif face, rounded up


@dataclass(frozen=True)
class Rect:
    """A box on the picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def overlaps(self, other: "Rect") -> bool:
        """Whether they have room in common."""
        return (self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom)

    def is_crossed(self, left: float, right: float, y: float) -> bool:
        """Whether a horizontal line runs through it."""
        return self.x < right and self.right > left and self.y < y < self.bottom

    def crosses(self, x: float, top: float, bottom: float, space: float = 4) -> bool:
        """Whether a vertical line runs through it or close by."""
        return self.x - space < x < self.right + space and self.y < bottom - 1 and self.bottom > top + 1


@dataclass(frozen=True)
class Layout:
    """Everything with its place, in the order that it is drawn in."""

    items: Mapping[str, Rect]
    subnets: Mapping[str, Rect]
    zones: Mapping[str, Rect]
    groups: Mapping[str, Rect]
    vpc: Rect | None
    height: float


def wrapped(facts: Iterable[str], width: float, size: float = FACT_SIZE) -> list[str]:
    """Return facts as lines that fit into a width, separated by middle dots."""
    most = max(8, int((width - 2 * _PAD) / (size * _ADVANCE)))
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + 3 + len(fact) <= most:
            lines[-1] += f" · {fact}"
        else:
            lines.append(fact if len(fact) <= most else f"{fact[:most - 1]}…")
    return lines


def item_height(item: Item, width: float) -> float:
    """Return how high an item's box is."""
    return 31 + 17 * len(wrapped(item.facts, width)) + (2 if item.facts else 0)
