"""Functions of the user's own, applied to parts of an array."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .indexing import SETITEM
from .kernels import Index
from .shaping import array, moveaxis, reshape, size_of
from .table import Array, axis_of, door, plain


@door(np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Array:
    """`func1d` of each row along `axis`; what it returns stands where the row stood."""
    arr = array(arr)
    axis = axis_of(axis, arr.ndim) + arr.ndim
    rows = moveaxis(arr, axis, -1)
    lead = rows.shape[:-1]
    results = [array(func1d(rows[i], *args, **kwargs)) for i in np.ndindex(*lead)]
    if not results:
        raise ValueError(f"np.apply_along_axis: an array of shape {arr.shape} has no row along axis {axis}")
    made = reshape(np.stack(results), lead + results[0].shape)
    back = range(len(lead), made.ndim)
    return moveaxis(made, tuple(back), tuple([axis + i for i, _ in enumerate(back)]))


@door(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Array:
    """`func(a, axis)` for one axis after the other, each kept as a 1 if `func` leaves it out."""
    a = array(a)
    for axis in size_of(axes):
        at = axis_of(axis, a.ndim) + a.ndim
        result = array(func(a, at))
        result = result if result.ndim == a.ndim else np.expand_dims(result, at)
        if result.ndim != a.ndim:
            raise ValueError(f"np.apply_over_axes: the function made shape {result.shape} of shape {a.shape}")
        a = result
    return a


@door(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Array:
    """Each function is given the elements for which its condition holds, and no others."""
    x = array(x)
    conditions = [np.asarray(c, bool) for c in conditions_of(condlist, x.ndim)]
    for c in conditions:
        if c.shape not in ((), x.shape):
            raise ValueError(f"np.piecewise: a condition has shape {c.shape}, x has shape {x.shape}; give a list of conditions")
    conditions = [np.broadcast_to(c, x.shape).reshape(-1) for c in conditions]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    elif len(funclist) != len(conditions):
        n = len(conditions)
        raise ValueError(f"np.piecewise: {len(funclist)} functions for {n} conditions; give {n}, or {n + 1} with a default")
    flat, y = reshape(x, -1), np.zeros(x.size, x.dtype)
    for condition, function in zip(conditions, funclist, strict=True):
        piece = array(function(flat[condition], *args, **kw) if callable(function) else function)
        y = SETITEM(y, piece if piece.dtype == x.dtype else piece.astype(x.dtype), index=Index(condition))
    return reshape(y, x.shape)


def conditions_of(condlist: Any, ndim: int) -> list[Any]:
    """One condition may stand without its list."""
    condlist = [plain(c) for c in condlist] if isinstance(condlist, list | tuple) else plain(condlist)
    single = np.isscalar(condlist) or (not isinstance(condlist[0], list | np.ndarray) and ndim != 0)
    return [condlist] if single else list(condlist)
