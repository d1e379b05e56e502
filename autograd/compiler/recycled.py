"""Large results in memory that was used before: fresh pages of it cost as much as the arithmetic."""

import sys
from sys import getrefcount
from typing import Any

import numpy as np


def references(xs: list[Any]) -> int:
    """How many references there are to the only element of a list, as they are counted in a loop over it."""
    for x in xs:
        return getrefcount(x)
    return 0


# of what only a list holds; where threads run at once, nothing is known of other references
NOBODYS = references([object()]) if getattr(sys, "_is_gil_enabled", lambda: True)() else -1


class Recycled:
    """Makes arrays that belong to the caller for as long as anyone holds them, or a view of them.

    >>> result = Recycled(np.zeros(3))
    >>> a, b = result(), result()
    >>> a is b
    False
    >>> old = id(a)
    >>> del a
    >>> id(result()) == old
    True
    """

    __slots__ = ("given", "like")

    def __init__(self, like: Any) -> None:
        self.like = like
        self.given: list[Any] = []

    def __call__(self) -> Any:
        for x in self.given:
            if getrefcount(x) == NOBODYS:
                return x
        fresh = np.empty_like(self.like)
        if len(self.given) < 2:  # that of the last call is often held until this one has ended
            self.given.append(fresh)
        return fresh
