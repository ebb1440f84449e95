"""Loops whose body is what a test asserts."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def some(things: Iterable[T]) -> list[T]:
    """Return things as a list, of which one at least must be there: over none, a loop of assertions cannot fail."""
    found = list(things)
    assert found, "nothing to look at"
    return found
