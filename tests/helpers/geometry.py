"""How boxes lie to each other."""

from tap.picture.layout import Rect


def holds(outer: Rect, inner: Rect) -> bool:
    return (outer.x <= inner.x and outer.y <= inner.y
            and inner.right <= outer.right + 0.1 and inner.bottom <= outer.bottom + 0.1)
