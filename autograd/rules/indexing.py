"""Basic and advanced indexing, taking, choosing and sorting.

`x[index]` and `scatter_add` are each other's transpose, so indexing has
derivatives of every order.  Sorting is a stable argsort and a gather.
"""

from typing import Any

import numpy as np

from . import kernels
from .kernels import Index
from .table import PLAIN, Array, Op, axis_of, door, is_traced, plain, refuse

# fmt: off
GETITEM: Op = Op("getitem", kernels.getitem, lambda g, out, x, index: (kernels.scatter_add if type(g) in PLAIN else SCATTER_ADD)(g, index=index, shape=x.shape))
SCATTER_ADD: Op = Op("scatter_add", kernels.scatter_add, lambda g, out, x, index, shape: GETITEM(g, index=index))
# with indices that are computed, which a traced program has
GATHER: Op = Op("take_along_axis", lambda x, ids, axis: np.take_along_axis(x, ids, axis),
                lambda g, out, x, ids, axis: SCATTER_ALONG(g, ids, axis=axis, n=x.shape[axis]), None)
SCATTER_ALONG: Op = Op("scatter_along", kernels.scatter_along, lambda g, out, x, ids, axis, n: GATHER(g, ids, axis=axis), None)
SETITEM: Op = Op("setitem", kernels.setitem,
             lambda g, out, x, v, index: SETITEM(g, 0.0, index=index), lambda g, out, x, v, index: shrunk(GETITEM(g, index=index), v), broadcasts=True)
# fmt: on


def shrunk(g: Array, v: Array) -> Array:
    """The gradient of an assigned value, which NumPy may have stretched: leading 1s go too."""
    lead = v.ndim - g.ndim
    return g.reshape((1,) * lead + g.shape) if lead > 0 else g


def getitem(x: Array, index: Index) -> Array:
    """`x[index]`, also where a compiled function is given the index at each call."""
    for part in index.unknown.values():
        return part.looked_up(x, index)
    return GETITEM(x, index=index)


def gather(x: Array, ids: Any) -> Array:
    """`x[ids]` for an integer array."""
    return getitem(x, Index(ids))


def known(x: Array) -> Any:
    """The data, or what stands for it while a program is traced: for positions."""
    return x if is_traced(x) else plain(x)


def along(axis: int, ids: Any) -> Index:
    """The index that picks `ids` along `axis`, and everything along the others."""
    return Index((Ellipsis, ids, *(slice(None),) * (-1 - axis)))


@door(np.take)
def take(a: Array, indices: Any, axis: Any = None, out: None = None, mode: str = "raise") -> Array:
    refuse("take", out=out)
    a = a if hasattr(a, "ndim") else np.asarray(a)
    if axis is None:
        a, axis = a.reshape(-1), -1
    axis = axis_of(axis, a.ndim)
    if not is_traced(indices):
        indices = np.asarray(plain(indices), dtype=None if np.size(plain(indices)) else np.intp)  # take(x, [])
    n = a.shape[axis]
    if mode == "wrap":
        indices = indices % n
    elif mode == "clip":
        indices = np.clip(indices, 0, n - 1)
    return getitem(a, along(axis, indices))


@door(np.take_along_axis)
def take_along_axis(arr: Array, indices: Any, axis: Any = -1) -> Array:
    indices = indices if is_traced(indices) else np.asarray(plain(indices))
    if axis is None:
        arr, axis = arr.reshape(-1), -1
    axis = axis_of(axis, arr.ndim)
    if indices.ndim != arr.ndim:
        raise ValueError(
            f"np.take_along_axis: indices of shape {indices.shape} and an array of shape {arr.shape} "
            f"must have as many dimensions"
        )
    if is_traced(indices) and all([n == m for i, (n, m) in enumerate(zip(arr.shape, indices.shape, strict=True)) if i != axis % arr.ndim]):
        return GATHER(arr, indices, axis=axis)
    grid: list[Any] = [
        np.arange(n).reshape([-1 if j == i else 1 for j in range(arr.ndim)]) for i, n in enumerate(arr.shape)
    ]
    grid[axis] = indices
    return getitem(arr, Index(tuple(grid)))


@door(np.choose)
def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Array:
    refuse("choose", out=out)
    at = np.asarray(plain(a))
    n = len(choices)
    if mode == "wrap":
        at = at % n
    elif mode == "clip":
        at = np.clip(at, 0, n - 1)
    elif at.size and (at.min() < 0 or at.max() >= n):
        raise ValueError(f"np.choose: an entry of a is outside the {n} choices; see mode=")
    chosen = choices[0]
    for i in range(1, n):
        chosen = np.where(at == i, choices[i], chosen)
    return np.broadcast_to(chosen, np.broadcast_shapes(at.shape, chosen.shape))


@door(np.compress)
def compress(condition: Any, a: Array, axis: Any = None, out: None = None) -> Array:
    refuse("compress", out=out)
    return take(a, np.flatnonzero(plain(condition)), axis)


@door(np.extract)
def extract(condition: Any, arr: Array) -> Array:
    return take(arr, np.flatnonzero(np.ravel(plain(condition))))


@door(np.sort)
def sort(a: Array, axis: Any = -1, kind: Any = None, order: None = None, *, stable: Any = None) -> Array:
    if axis is None:
        a, axis = a.reshape(-1), -1
    axis = axis_of(axis, a.ndim)
    return take_along_axis(a, np.argsort(known(a), axis=axis, kind="stable"), axis)


@door(np.partition)
def partition(a: Array, kth: Any, axis: Any = -1, kind: Any = "introselect", order: None = None) -> Array:
    if axis is None:
        a, axis = a.reshape(-1), -1
    axis = axis_of(axis, a.ndim)
    return take_along_axis(a, np.argpartition(known(a), kth, axis=axis, kind=kind), axis)
