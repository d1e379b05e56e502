"""Memory: buffers where the processor reads them quickest, large results where older ones were."""

import sys
from collections.abc import Sequence
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


LARGE = 1 << 16  # bytes: of such a result fresh memory costs more than a look whether an old one is free
LINE = 64  # bytes of a cache line: what begins with one takes up to a third less than what does not


def buffers_like(xs: Sequence[Any]) -> list[Any]:
    """Arrays like `xs`, without their numbers, each of which begins with a cache line; small ones side by side.

    >>> [x.shape for x in buffers_like([np.zeros(3), np.zeros((2, 2))])]
    [(3,), (2, 2)]
    """
    sizes = [max(x.nbytes + -x.nbytes % LINE, LINE) for x in xs]
    shared = room_for(sum([n for n in sizes if n < LARGE]))
    found, start = [], 0
    for x, n in zip(xs, sizes, strict=True):
        room, at = (shared, start) if n < LARGE else (room_for(n), 0)
        found.append(np.ndarray(x.shape, x.dtype, room, at, x.strides))
        start += n if n < LARGE else 0
    return found


def room_for(size: int) -> Any:
    """So many bytes that begin with a cache line."""
    room = np.empty(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + size]


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
