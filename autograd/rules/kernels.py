"""Forwards that NumPy lacks: plain functions of plain arrays.

The rule files may not write into arrays (their results could be Values), so the
few primitives that need to do so live here.
"""

import math
from typing import Any

import numpy as np

SIMPLE = frozenset((int, slice, type(None), type(Ellipsis)))  # parts of an index that are certainly known


class Index:
    """What stands between the brackets of ``x[...]``: hashable, and ours (arrays are copied).

    ``parts`` is the tuple NumPy is given; ``basic`` says that it is a view without
    integer arrays or masks, so that no element is named twice; ``unknown`` are those parts that
    a compiled function is given at each call (``parts`` has those of the call that is traced).
    """

    __slots__ = ("_key", "basic", "parts", "unknown")
    parts: tuple[Any, ...]

    def __init__(self, index: Any) -> None:
        self._key: Any = None
        self.unknown: dict[int, Any] = {}
        if type(index) is int:  # the common case first
            self.parts, self.basic = (index,), True
            return
        given = index if isinstance(index, tuple) else (index,)
        if not SIMPLE.issuperset(map(type, given)):
            given = tuple([_position(p) for p in given])
            self.unknown = {i: p for i, p in enumerate(given) if getattr(type(p), "__traced__", False)}
        self.parts = tuple([_part(p) for p in given])
        self.basic = not self.unknown and not any([isinstance(p, np.ndarray) for p in self.parts])

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


def _position(p: Any) -> Any:
    """A part of an index; a constant Value becomes one that a traced program knows of."""
    kind = type(p)
    if getattr(kind, "__record__", None) is None or getattr(kind, "__traced__", False):
        return p
    if p.requires_grad or p.dtype.kind not in "iub":
        raise IndexError(
            f"an index is a Value of dtype {p.dtype}; indices are integers or booleans: use "
            f"stop_gradient(v).astype(int), .data, or the plain result of argmax or a comparison"
        )
    return p.detach()


def _part(p: Any) -> Any:
    kind = type(p)
    if p is None or p is Ellipsis or kind is int or kind is bool:
        return np.asarray(p) if kind is bool else p
    if kind is slice:
        return slice(_bound(p.start), _bound(p.stop), _bound(p.step))
    if getattr(kind, "__traced__", False):
        return p.as_index()
    if getattr(kind, "__record__", None) is not None:  # a constant, see _position
        p = p._array
        kind = type(p)
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
    out = np.array(x)
    out[index.parts] = v
    return out


def scatter_along(g: Any, ids: Any, *, axis: int, n: int) -> Any:
    """Zeros with ``n`` elements along ``axis``, `g` added where ``np.take_along_axis`` reads: its transpose."""
    shape = list(ids.shape)
    shape[axis] = n
    lead = [max(a, b) for a, b in zip(shape, g.shape, strict=True)]
    lead[axis] = n
    out = np.zeros(lead, dtype=g.dtype)
    grid: list[Any] = [
        np.arange(m).reshape([-1 if j == i else 1 for j in range(out.ndim)]) for i, m in enumerate(out.shape)
    ]
    grid[axis] = ids
    np.add.at(out, tuple(grid), g)
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


# --- windows: the array seen through a kernel that slides over its last axes ---------------------


def window_count(n: int, kernel: int, stride: int, dilation: int) -> int:
    """How many windows fit into `n` elements; below 1 if not even one does."""
    return (n - dilation * (kernel - 1) - 1) // stride + 1


def window_counts(size: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[int, ...]:
    """``window_count`` for each of several axes."""
    each = zip(size, kernel, stride, dilation, strict=True)
    return tuple([window_count(n, k, s, d) for n, k, s, d in each])


def offsets(kernel: Any, counts: Any, stride: Any, dilation: Any) -> Any:
    """Each place in a kernel, with the slice of the array it sees through all windows."""
    for place in np.ndindex(*kernel):
        each = zip(place, counts, stride, dilation, strict=True)
        yield place, (Ellipsis, *[slice(i * d, i * d + s * (m - 1) + 1, s) for i, m, s, d in each])


def windows(x: Any, *, kernel: Any, stride: Any, dilation: Any) -> Any:
    """(..., *size) -> (..., *counts, *kernel): a read-only view, no copy."""
    n = len(kernel)
    counts = window_counts(x.shape[-n:], kernel, stride, dilation)
    strides = x.strides[-n:]
    return np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:-n], *counts, *kernel),
        (
            *x.strides[:-n],
            *[a * s for a, s in zip(strides, stride, strict=True)],
            *[a * d for a, d in zip(strides, dilation, strict=True)],
        ),
        writeable=False,
    )


def fold(g: Any, *, size: Any, stride: Any, dilation: Any) -> Any:
    """(..., *counts, *kernel) -> (..., *size): each window added where it was read."""
    n = len(size)
    lead, counts, kernel = g.shape[: -2 * n], g.shape[-2 * n : -n], g.shape[-n:]
    out = np.zeros((*lead, *size), dtype=g.dtype)
    for place, seen in offsets(kernel, counts, stride, dilation):
        out[seen] += g[(Ellipsis, *place)]
    return out


def window_sum(x: Any, *, kernel: Any, stride: Any, dilation: Any) -> Any:
    """The sum over each window, one strided slice per place in the kernel."""
    n = len(kernel)
    counts = window_counts(x.shape[-n:], kernel, stride, dilation)
    out = np.zeros((*x.shape[:-n], *counts), dtype=x.dtype)
    for _, seen in offsets(kernel, counts, stride, dilation):
        out += x[seen]
    return out


def window_spread(g: Any, *, size: Any, kernel: Any, stride: Any, dilation: Any) -> Any:
    """The transpose of ``window_sum``: each element added to all that its window sees."""
    n = len(size)
    out = np.zeros((*g.shape[:-n], *size), dtype=g.dtype)
    for _, seen in offsets(kernel, g.shape[-n:], stride, dilation):
        out[seen] += g
    return out


def window_max(x: Any, *, kernel: Any, stride: Any, dilation: Any) -> Any:
    """The maximum over each window; NaN if there is one in it."""
    n = len(kernel)
    counts = window_counts(x.shape[-n:], kernel, stride, dilation)
    first, *rest = [seen for _, seen in offsets(kernel, counts, stride, dilation)]
    out = np.array(x[first])
    for seen in rest:
        np.maximum(out, x[seen], out=out)
    return out


def window_max_shares(x: Any, out: Any, *, kernel: Any, stride: Any, dilation: Any) -> Any:
    """(..., *counts, *kernel): 1 / (number of ties) where a window's element is its maximum, else 0."""
    n = len(kernel)
    counts = out.shape[-n:]
    hits = np.empty((*kernel, *out.shape), dtype=bool)  # kernel first: whole slices are compared
    nan = np.isnan(out) if np.isnan(out).any() else None
    for place, seen in offsets(kernel, counts, stride, dilation):
        np.equal(x[seen], out, out=hits[place])
        if nan is not None:
            hits[place] |= np.isnan(x[seen]) & nan
    shares = hits.astype(x.dtype)
    ties = hits.sum(axis=tuple(range(n)))
    if (ties > 1).any():
        shares /= ties
    return shares.transpose(*range(n, shares.ndim), *range(n))


# A correlation and its two transposes, each a matrix product with the windows as columns.


def columns(x: Any, kernel: Any, stride: Any, dilation: Any) -> Any:
    """(N, C, *size) -> (N, C, *kernel, *counts), a view."""
    n = len(kernel)
    view = windows(x, kernel=kernel, stride=stride, dilation=dilation)
    return view.transpose(0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n))


def correlate(x: Any, w: Any, *, stride: Any, dilation: Any, groups: int) -> Any:
    """(N, C, *size), (O, C / groups, *kernel) -> (N, O, *counts)."""
    n, kernel = w.ndim - 2, w.shape[2:]
    cols = columns(x, kernel, stride, dilation)
    batch, counts = x.shape[0], cols.shape[2 + n :]
    rows, area = math.prod(w.shape[1:]), math.prod(counts)
    cols = cols.reshape(batch, groups, rows, area)
    out = w.reshape(groups, w.shape[0] // groups, rows) @ cols
    return out.reshape(batch, w.shape[0], *counts)


def correlate_input(g: Any, w: Any, *, size: Any, stride: Any, dilation: Any, groups: int) -> Any:
    """(N, O, *counts), (O, C / groups, *kernel) -> (N, C, *size)."""
    n, kernel, counts = w.ndim - 2, w.shape[2:], g.shape[2:]
    rows, area, out = math.prod(w.shape[1:]), math.prod(counts), w.shape[0] // groups
    matrices = w.reshape(groups, out, rows).swapaxes(1, 2)
    cols = matrices @ g.reshape(g.shape[0], groups, out, area)
    cols = cols.reshape(g.shape[0], groups * w.shape[1], *kernel, *counts)
    order = (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n))
    return fold(cols.transpose(order), size=size, stride=stride, dilation=dilation)


def correlate_weight(x: Any, g: Any, *, kernel: Any, stride: Any, dilation: Any, groups: int) -> Any:
    """(N, C, *size), (N, O, *counts) -> (O, C / groups, *kernel)."""
    batch, channels, out = x.shape[0], x.shape[1] // groups, g.shape[1]
    n, total = len(kernel), batch * math.prod(g.shape[2:])
    cols = columns(x, kernel, stride, dilation).transpose(*range(1, 2 + n), 0, *range(2 + n, 2 + 2 * n))
    cols = cols.reshape(groups, channels * math.prod(kernel), total)
    rows = g.swapaxes(0, 1).reshape(groups, out // groups, total)
    return (rows @ cols.swapaxes(1, 2)).reshape(out, channels, *kernel)
