"""The position of each box in whole pixels. The picture is `WIDTH` wide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tap.picture.model import Item

WIDTH = 1600
MARGIN, BAND, VPC_WIDTH, SIDE = 24, 76, 1040, 1252
TITLE_SIZE, FACT_SIZE = 15, 13
LABEL, TIP = 15, 5  # pixels of a box's edge that an arrow with and without a label needs
_PAD = 10  # pixels around text
_ADVANCE = 0.57  # average character width of a sans-serif font relative to its size, rounded up


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
        """Return whether two boxes overlap."""
        return (self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom)

    def is_crossed(self, left: float, right: float, y: float) -> bool:
        """Return whether a horizontal line crosses the box."""
        return self.x < right and self.right > left and self.y < y < self.bottom

    def crosses(self, x: float, top: float, bottom: float, space: float = 4) -> bool:
        """Return whether a vertical line crosses the box or runs close to it."""
        return self.x - space < x < self.right + space and self.y < bottom - 1 and self.bottom > top + 1


@dataclass(frozen=True)
class Layout:
    """The position of everything, in drawing order."""

    items: Mapping[str, Rect]
    subnets: Mapping[str, Rect]
    zones: Mapping[str, Rect]
    groups: Mapping[str, Rect]
    vpc: Rect | None
    height: float


def wrapped(facts: Iterable[str], width: float, size: float = FACT_SIZE) -> list[str]:
    """Return facts wrapped to a width and separated by middle dots."""
    most = max(8, int((width - 2 * _PAD) / (size * _ADVANCE)))
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + 3 + len(fact) <= most:
            lines[-1] += f" · {fact}"
        else:
            lines.append(fact if len(fact) <= most else f"{fact[:most - 1]}…")
    return lines


def item_height(item: Item, width: float) -> float:
    """Return the height of an item's box."""
    return 31 + 17 * len(wrapped(item.facts, width)) + (2 if item.facts else 0)
