"""Forwards that NumPy lacks: plain functions of plain arrays.

The rule files may not write into arrays (their results could be Values), so the
few primitives that need to do so live here.
"""

from typing import Any

import numpy as np


class Index:
    """What stands between the brackets of ``x[...]``: hashable, and ours (arrays are copied).

    ``parts`` is the tuple NumPy is given; ``basic`` says that it is a view without
    integer arrays or masks, so that no element is named twice.
    """

    __slots__ = ("_key", "basic", "parts")

    def __init__(self, index: Any) -> None:
        given = index if isinstance(index, tuple) else (index,)
        self.parts = tuple([_part(p) for p in given])
        self.basic = not any([isinstance(p, np.ndarray) for p in self.parts])
        self._key: Any = None

    def key(self) -> Any:
        if self._key is None:
            self._key = tuple([_part_key(p) for p in self.parts])
        return self._key

    def __hash__(self) -> int:
        return hash(self.key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.key() == other.key()

    def __repr__(self) -> str:
        return "[" + ", ".join([_part_text(p) for p in self.parts]) + "]"


def _part(p: Any) -> Any:
    kind = type(p)
    if p is None or p is Ellipsis or kind is int or kind is bool:
        return np.asarray(p) if kind is bool else p
    if kind is slice:
        return slice(_bound(p.start), _bound(p.stop), _bound(p.step))
    if getattr(kind, "__record__", None) is not None:
        raise IndexError(
            "an index is a Value; indices are integers or booleans: "
            "use .data, or the plain result of argmax or a comparison"
        )
    if hasattr(kind, "__index__") and not isinstance(p, np.ndarray):
        return p.__index__()
    array = np.array(p)  # a copy: the caller may go on to change the index
    if array.dtype.kind not in "iub":
        if array.size == 0 and not isinstance(p, np.ndarray):
            return array.astype(np.intp)  # x[[]]
        raise IndexError(
            f"an index has type {kind.__name__} and dtype {array.dtype}; only integers, slices, "
            f"..., None, and integer or boolean arrays are indices: convert with .astype(int)"
        )
    return array


def _bound(b: Any) -> int | None:
    return None if b is None else b.__index__()


def _part_key(p: Any) -> Any:
    if isinstance(p, slice):
        return ("slice", p.start, p.stop, p.step)
    if isinstance(p, np.ndarray):
        return (p.dtype.str, p.shape, p.tobytes())
    return p


def _part_text(p: Any) -> str:
    if isinstance(p, slice):
        text = f"{'' if p.start is None else p.start}:{'' if p.stop is None else p.stop}"
        return text if p.step is None else f"{text}:{p.step}"
    if p is Ellipsis:
        return "..."
    if isinstance(p, np.ndarray):
        return f"{p.dtype}{list(p.shape)}" if p.size > 8 else str(p.tolist())
    return str(p)


def getitem(x: Any, *, index: Index) -> Any:
    """``x[index]``, a copy where NumPy would return a view on a caller's array."""
    return x[index.parts]


def scatter_add(g: Any, *, index: Index, shape: tuple[int, ...]) -> Any:
    """Zeros of ``shape`` with ``g`` added at ``index``: the transpose of ``x[index]``."""
    out = np.zeros(shape, dtype=g.dtype)
    if index.basic:
        out[index.parts] = g
    else:
        np.add.at(out, index.parts, g)
    return out


def setitem(x: Any, v: Any, *, index: Index) -> Any:
    """A copy of ``x`` in which ``x[index]`` is ``v``; no element may be named twice."""
    if not index.basic:
        ids = np.arange(x.size).reshape(x.shape)[index.parts]
        if np.unique(ids).size < ids.size:
            raise IndexError(
                f"{index} names an element twice, so which value stays is undefined; "
                f"name each element once"
            )
    out = x.copy() if isinstance(x, np.ndarray) else np.array(x)
    out[index.parts] = v
    return out


def scan(a: Any, b: Any) -> Any:
    """The recurrence ``s[i] = b[i] + a[i] * s[i-1]`` along the last axis (``s[-1]`` is 0).

    By doubling: log2(n) vectorized passes, no division (Hillis & Steele, 1986).
    """
    a, b = np.array(a), np.array(b)
    k, n = 1, b.shape[-1]
    while k < n:
        b[..., k:] = b[..., k:] + a[..., k:] * b[..., :-k]
        a[..., k:] = a[..., k:] * a[..., :-k]
        k *= 2
    return b


def expand(g: Any, *, shape: tuple[int, ...]) -> Any:
    """``np.broadcast_to``, quick for a scalar: a read-only view of one element."""
    if isinstance(g, np.ndarray):
        return g if g.shape == shape else np.broadcast_to(g, shape)
    if not shape:
        return g
    return np.ndarray(shape, g.dtype, g, 0, (0,) * len(shape))
