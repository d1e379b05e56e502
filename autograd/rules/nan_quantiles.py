"""Order statistics of what is not NaN: sorted, NaNs stand last, so each row knows how many it has."""

from typing import Any

import numpy as np

from .reductions import present, restored, rows_of
from .table import Array, door, is_traced, plain, refuse


def elements(ordered: Array, at: Array) -> Array:
    """Of each row the elements `at`, one row of places for each."""
    return np.take_along_axis(ordered, at, -1)


def sorted_rows(a: Array, axis: Any) -> tuple[Array, tuple[int, ...], Array]:
    """The rows in order, the axes, and how many numbers each row has."""
    rows, axes = rows_of(a, axis)
    count = present(rows, True).sum(axis=-1, keepdims=True)
    if not is_traced(count) and not np.all(count):
        np.nanmedian(np.nan)  # warns
    return np.sort(rows, -1), axes, count


@door(np.nanmedian)
def nanmedian(a: Array, axis: Any = None, out: None = None, overwrite_input: bool = False,
              keepdims: Any = np._NoValue) -> Array:  # fmt: skip
    refuse("nanmedian", out=out, overwrite_input=overwrite_input)
    if not a.size:
        return np.nanmean(a, axis, keepdims=keepdims)  # NaN, with a warning, as NumPy's
    ordered, axes, n = sorted_rows(a, axis)
    low, high = (elements(ordered, np.maximum(i, 0)) for i in ((n - 1) // 2, n // 2))
    return restored((low / 2 + high / 2)[..., 0], a, axes, keepdims)


@door(np.nanquantile)
def nanquantile(a: Array, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
                method: Any = "linear", keepdims: Any = np._NoValue, *, weights: None = None) -> Array:  # fmt: skip
    """Between two order statistics; NumPy says where, by the quantile of 0, 1, ... for each number of them."""
    refuse("nanquantile", out=out, overwrite_input=overwrite_input, weights=weights)
    return between("nanquantile", a, q, axis, method, keepdims)


@door(np.nanpercentile)
def nanpercentile(a: Array, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
                  method: Any = "linear", keepdims: Any = np._NoValue, *, weights: None = None) -> Array:  # fmt: skip
    refuse("nanpercentile", out=out, overwrite_input=overwrite_input, weights=weights)
    return between("nanpercentile", a, q, axis, method, keepdims)


def between(function: str, a: Array, q: Any, axis: Any, method: Any, keepdims: Any) -> Array:
    if getattr(type(q), "__record__", None) is not None:
        raise TypeError(f"np.{function}: q is a Value; it carries no gradient: pass a plain number (.data)")
    if not a.size:
        return np.nanmean(a, axis, keepdims=keepdims)  # whatever the shape of q, as NumPy's
    share = np.true_divide(q, 100) if function == "nanpercentile" else q
    ordered, axes, count = sorted_rows(a, axis)
    counts, which = np.unique(plain(count)[..., 0], return_inverse=True)
    places = [np.ravel(np.quantile(np.arange(max(n, 1)), share, method=method)) for n in counts]
    at = np.stack(places)[which.reshape(count.shape[:-1])]
    low = np.floor(at).astype(np.intp)
    value = elements(ordered, low)
    like: Any = getattr(np, function)(np.zeros((1,) * a.ndim, a.dtype), q, axis, method=method)  # for the dtype
    t = (at - low).astype(like.dtype)
    if at.dtype.kind != "i":  # else it is always an element
        gap = elements(ordered, np.minimum(low + 1, np.maximum(plain(count) - 1, 0))) - value
        value = np.where(t >= 0.5, value + gap - gap * (1 - t), value + gap * t)
    value = np.moveaxis(value, -1, 0)
    shape = value.shape[1:] if not (keepdims is not np._NoValue and keepdims) else restored(value[0], a, axes, True).shape
    return value.reshape(np.shape(q) + shape)
