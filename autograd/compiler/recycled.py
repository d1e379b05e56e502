"""Memory: buffers where the processor reads them quickest, large results where older ones were."""

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


LINE = 64  # bytes of a cache line: what begins with one takes up to a third less than what does not


def buffer_like(x: Any) -> Any:
    """An array like `x`, without its numbers, that begins with a cache line."""
    like = np.empty_like(x)
    room = np.empty(like.nbytes + LINE, np.uint8)
    return np.ndarray(like.shape, like.dtype, room, -room.ctypes.data % LINE, like.strides)


class Recycled:
    """Makes arrays that belong to the caller for as long as anyone holds them, or a view of them.

    Fresh pages of memory cost as much as the arithmetic: these were used before.

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
