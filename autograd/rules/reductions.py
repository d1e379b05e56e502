"""Sums, means, extremes, running sums and order statistics.

`axis` reaches the rules as a sorted tuple counted from the end.  Equal extremes
share the gradient; a NaN extreme hands it to the NaN elements.
"""

import math
from typing import Any

import numpy as np

from .kernels import expand, scan
from .shaping import BROADCAST_TO
from .table import PLAIN, Array, Op, axes_of, axis_of, door, inverse, maybe, refuse

NO_VALUE = np._NoValue


def kept(g: Array, x: Array, axis: tuple[int, ...]) -> Array:
    """`g` with the reduced axes of `x` back as 1, ready to broadcast against `x`."""
    return g.reshape([1 if a in axis else n for a, n in enumerate(x.shape, -x.ndim)])


def spread(g: Array, x: Array, axis: tuple[int, ...]) -> Array:
    """`g` repeated over the reduced axes of `x`."""
    g = g if len(axis) == x.ndim and not g.ndim else kept(g, x, axis)
    return (expand if type(g) in PLAIN else BROADCAST_TO)(g, shape=x.shape)


def count(x: Array, axis: tuple[int, ...]) -> int:
    return x.size if len(axis) == x.ndim else math.prod([x.shape[a] for a in axis])


def shared_out(g: Array, n: int) -> Array:
    """g / n; above the largest float16 by its reciprocal, as n would become inf there."""
    return g / max(n, 1) if n < 65504 else g * (1.0 / n)


def mean_of(x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    """np.mean, to the bit, without its checks where none is needed: they take as long as a small sum."""
    n = count(x, axis)
    if type(x) is np.ndarray and x.dtype.char in "fd" and n:
        return SUM.forward(x, axis, keepdims) / n
    return np.mean(x, axis=axis, keepdims=keepdims)


def extreme_share(out: Array, x: Array, axis: tuple[int, ...]) -> Array:
    """1 / (number of ties) where `x` is the extreme `out`, else 0; counted as integers."""
    hit = x == out if not maybe(np.isnan(out)) else (x == out) | (np.isnan(x) & np.isnan(out))
    return hit / hit.sum(axis=axis, keepdims=True)


def centred(x: Array, axis: tuple[int, ...]) -> Array:
    return x - x.mean(axis=axis, keepdims=True)


# The forwards are NumPy's own reductions, called with a normalized axis.
# fmt: off
SUM = Op("sum", lambda x, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
         lambda g, out, x, axis, keepdims: spread(g, x, axis))
PROD = Op("prod", lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims),
          lambda g, out, x, axis, keepdims: kept(g, x, axis) * others(x, axis))
MEAN = Op("mean", lambda x, axis, keepdims: mean_of(x, axis, keepdims),
          lambda g, out, x, axis, keepdims: spread(shared_out(g, count(x, axis)), x, axis))
VAR = Op("var", lambda x, axis, keepdims, ddof: np.var(x, axis=axis, keepdims=keepdims, ddof=ddof),
         lambda g, out, x, axis, keepdims, ddof: kept(g, x, axis) * (2 * centred(x, axis) / max(count(x, axis) - ddof, 0)))
STD = Op("std", lambda x, axis, keepdims, ddof: np.std(x, axis=axis, keepdims=keepdims, ddof=ddof),
         lambda g, out, x, axis, keepdims, ddof: kept(g, x, axis) * (centred(x, axis) / max(count(x, axis) - ddof, 0) / np.where(kept(out, x, axis) == 0, 1.0, kept(out, x, axis))))
MAX, MIN, NANMAX, NANMIN = (
    Op(f.__name__.replace("amax", "max").replace("amin", "min"), lambda x, axis, keepdims, f=f: f(x, axis=axis, keepdims=keepdims),
       lambda g, out, x, axis, keepdims: kept(g, x, axis) * extreme_share(kept(out, x, axis), x, axis))
    for f in (np.max, np.min, np.nanmax, np.nanmin))
CUMSUM = Op("cumsum", lambda x, axis: np.add.accumulate(x, axis=axis),
            lambda g, out, x, axis: np.flip(np.cumsum(np.flip(g, axis), axis), axis))
CUMPROD = Op("cumprod", lambda x, axis: np.multiply.accumulate(x, axis=axis),
             lambda g, out, x, axis: cumprod_x(g, x, axis))
SCAN: Op = Op("scan", scan, lambda g, out, a, b: before(out, 0.0) * SCAN(after(a), g[..., ::-1])[..., ::-1],
          lambda g, out, a, b: SCAN(after(a), g[..., ::-1])[..., ::-1])
# fmt: on


def before(x: Array, first: float) -> Array:
    """`x` moved one step up the last axis, `first` in front."""
    return np.concatenate([np.full((*x.shape[:-1], 1), first, x.dtype), x[..., :-1]], axis=-1)


def after(a: Array) -> Array:
    """The factors of a reversed recurrence: a[n-1] ... a[1] behind a dummy."""
    return before(a[..., ::-1], 1.0)


def others(x: Array, axis: tuple[int, ...]) -> Array:
    """For each element the product of the others along `axis`, without dividing."""
    rest = tuple(a for a in range(-x.ndim, 0) if a not in axis)
    order = tuple(a % x.ndim for a in rest + axis)
    rows = x.transpose(order).reshape([x.shape[a] for a in rest] + [count(x, axis)])
    if rows.shape[-1] == 0:
        return x
    left = before(np.cumprod(rows, -1), 1.0)
    right = before(np.cumprod(rows[..., ::-1], -1), 1.0)[..., ::-1]
    moved = [x.shape[a] for a in rest + axis]
    return (left * right).reshape(moved).transpose(inverse(order))


def cumprod_x(g: Array, x: Array, axis: int) -> Array:
    """Product of the elements before, times the recurrence s[i] = g[i] + x[i+1] s[i+1]."""
    if x.shape[axis] == 0:
        return g
    g, x = g.swapaxes(axis, -1), x.swapaxes(axis, -1)
    s = SCAN(after(x), g[..., ::-1])[..., ::-1]
    return (before(np.cumprod(x, -1), 1.0) * s).swapaxes(axis, -1)


# --- NumPy's functions ------------------------------------------------------------------


def keeps(keepdims: Any) -> bool:
    """NumPy takes anything true for keepdims=."""
    return keepdims is not NO_VALUE and bool(keepdims)


def masked(a: Array, where: Any, fill: float) -> Array:
    return a if where is True or where is NO_VALUE else np.where(where, a, fill)


@door(np.sum)
def sum(a: Array, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False,
        initial: Any = NO_VALUE, where: Any = True) -> Array:  # fmt: skip
    refuse("sum", dtype=dtype, out=out)
    a = masked(a, where, 0.0)
    total = SUM(a, axis=axes_of(axis, a.ndim), keepdims=keeps(keepdims))
    return total if initial is NO_VALUE else total + initial


@door(np.prod)
def prod(a: Array, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False,
         initial: Any = NO_VALUE, where: Any = True) -> Array:  # fmt: skip
    refuse("prod", dtype=dtype, out=out)
    a = masked(a, where, 1.0)
    product = PROD(a, axis=axes_of(axis, a.ndim), keepdims=keeps(keepdims))
    return product if initial is NO_VALUE else product * initial


def counted(a: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    """How many elements `where` lets in, for each result."""
    return np.broadcast_to(where, a.shape).sum(axis=axis, keepdims=keeps(keepdims))


def as_dtype_of(a: Array, value: Array) -> Array:
    """`value` in the floating dtype of `a`: a division by a count of int64 has widened it."""
    return value.astype(a.dtype) if a.dtype.kind == "f" and value.dtype != a.dtype else value


@door(np.mean)
def mean(a: Array, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False,
         *, where: Any = True) -> Array:  # fmt: skip
    refuse("mean", dtype=dtype, out=out)
    if where is not True and where is not NO_VALUE:
        return as_dtype_of(a, sum(a, axis, keepdims=keepdims, where=where) / counted(a, axis, keepdims, where))
    return MEAN(a, axis=axes_of(axis, a.ndim), keepdims=keeps(keepdims))


@door(np.var)
def var(a: Array, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0,
        keepdims: Any = False, *, where: Any = True, mean: Any = None, correction: Any = NO_VALUE) -> Array:  # fmt: skip
    refuse("var", dtype=dtype, out=out, mean=mean)
    ddof = ddof if correction is NO_VALUE else correction
    if where is not True and where is not NO_VALUE:
        n = counted(a, axis, True, where)
        gap = np.where(where, a - sum(a, axis, keepdims=True, where=where) / n, 0.0)
        free = np.maximum(counted(a, axis, keepdims, where) - ddof, 0)
        return as_dtype_of(a, sum(gap * gap, axis, keepdims=keepdims) / free)
    return VAR(a, axis=axes_of(axis, a.ndim), keepdims=keeps(keepdims), ddof=ddof)


@door(np.std)
def std(a: Array, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0,
        keepdims: Any = False, *, where: Any = True, mean: Any = None, correction: Any = NO_VALUE) -> Array:  # fmt: skip
    refuse("std", dtype=dtype, out=out, mean=mean)
    ddof = ddof if correction is NO_VALUE else correction
    if where is not True and where is not NO_VALUE:
        return root(var(a, axis, ddof=ddof, keepdims=keepdims, where=where))
    return STD(a, axis=axes_of(axis, a.ndim), keepdims=keeps(keepdims), ddof=ddof)


def root(v: Array) -> Array:
    """A square root whose gradient at 0 is 0: a standard deviation has a kink there."""
    return np.sqrt(np.where(v == 0, 1.0, v)) * (v != 0)


def extreme(op: Op, both: np.ufunc, fill: float) -> Any:
    def reduce(a: Array, axis: Any = None, out: None = None, keepdims: Any = False,
               initial: Any = NO_VALUE, where: Any = True) -> Array:  # fmt: skip
        refuse(op.name, out=out)
        if where is not True and where is not NO_VALUE:
            if initial is NO_VALUE:
                raise ValueError(f"np.{op.name}: where= needs initial=, the result of an empty selection")
            a = np.where(where, a, fill)
        axes = axes_of(axis, a.ndim)
        if initial is NO_VALUE:
            return op(a, axis=axes, keepdims=keeps(keepdims))
        if count(a, axes) == 0:
            return np.full(np.empty(a.shape).sum(axis=axes, keepdims=keeps(keepdims)).shape, initial, a.dtype)[()]
        return both(op(a, axis=axes, keepdims=keeps(keepdims)), initial)

    return reduce


max_ = door(np.max, np.amax)(extreme(MAX, np.maximum, -math.inf))
min_ = door(np.min, np.amin)(extreme(MIN, np.minimum, math.inf))
door(np.nanmax)(extreme(NANMAX, np.fmax, -math.inf))
door(np.nanmin)(extreme(NANMIN, np.fmin, math.inf))


@door(np.ptp)
def ptp(a: Array, axis: Any = None, out: None = None, keepdims: Any = False) -> Array:
    refuse("ptp", out=out)
    return max_(a, axis, keepdims=keepdims) - min_(a, axis, keepdims=keepdims)


@door(np.nansum)
def nansum(a: Array, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False,
           initial: Any = NO_VALUE, where: Any = True) -> Array:  # fmt: skip
    a = np.where(np.isnan(a), 0.0, a)
    return sum(a, axis, dtype, out, keepdims, initial, where)


@door(np.nanprod)
def nanprod(a: Array, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False,
            initial: Any = NO_VALUE, where: Any = True) -> Array:  # fmt: skip
    a = np.where(np.isnan(a), 1.0, a)
    return prod(a, axis, dtype, out, keepdims, initial, where)


def present(a: Array, where: Any) -> Any:
    there = ~np.isnan(a)
    return there if where is True or where is NO_VALUE else there & where


@door(np.nanmean)
def nanmean(a: Array, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False,
            *, where: Any = True) -> Array:  # fmt: skip
    return mean(a, axis, dtype, out, keepdims, where=present(a, where))


@door(np.nanvar)
def nanvar(a: Array, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0,
           keepdims: Any = False, *, where: Any = True, mean: Any = None, correction: Any = NO_VALUE) -> Array:  # fmt: skip
    refuse("nanvar", dtype=dtype, out=out, mean=mean)
    there, ddof = present(a, where), ddof if correction is NO_VALUE else correction
    free = counted(a, axis, keepdims, there) - ddof
    value = var(np.where(there, a, 0.0), axis, ddof=ddof, keepdims=keepdims, where=there)
    return np.where(free > 0, value, np.nan) if maybe(free <= 0) else value


@door(np.nanstd)
def nanstd(a: Array, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0,
           keepdims: Any = False, *, where: Any = True, mean: Any = None, correction: Any = NO_VALUE) -> Array:  # fmt: skip
    return root(nanvar(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction))


def along(a: Array, axis: Any) -> tuple[Array, int]:
    """`a`, flattened if axis is None as NumPy's running functions do, and the axis from the end."""
    return (a.reshape(-1), -1) if axis is None else (a, axis_of(axis, a.ndim))


@door(np.cumsum)
def cumsum(a: Array, axis: Any = None, dtype: Any = None, out: None = None) -> Array:
    refuse("cumsum", dtype=dtype, out=out)
    a, axis = along(a, axis)
    return CUMSUM(a, axis=axis)


@door(np.cumprod)
def cumprod(a: Array, axis: Any = None, dtype: Any = None, out: None = None) -> Array:
    refuse("cumprod", dtype=dtype, out=out)
    a, axis = along(a, axis)
    return CUMPROD(a, axis=axis)


def cumulative(function: Any, first: float) -> Any:
    """The array API's running sums and products, which may begin with that of no element."""

    def enter(x: Array, /, *, axis: Any = None, dtype: Any = None, out: None = None, include_initial: bool = False) -> Array:
        if axis is None and x.ndim > 1:
            raise ValueError(f"np.cumulative_{function.__name__[3:]}: shape {x.shape} has several axes; name one, axis=")
        x = x if x.ndim else x.reshape(1)
        axis = axis_of(0 if axis is None else axis, x.ndim)
        total = function(x, axis, dtype, out)
        if not include_initial:
            return total
        shape = [1 if a == axis else n for a, n in enumerate(total.shape, -x.ndim)]
        return np.concatenate([np.full(shape, first, total.dtype), total], axis=axis)

    return enter


door(getattr(np, "cumulative_sum", None))(cumulative(cumsum, 0.0))
door(getattr(np, "cumulative_prod", None))(cumulative(cumprod, 1.0))


@door(np.nancumsum)
def nancumsum(a: Array, axis: Any = None, dtype: Any = None, out: None = None) -> Array:
    return cumsum(np.where(np.isnan(a), 0.0, a), axis, dtype, out)


@door(np.nancumprod)
def nancumprod(a: Array, axis: Any = None, dtype: Any = None, out: None = None) -> Array:
    return cumprod(np.where(np.isnan(a), 1.0, a), axis, dtype, out)


@door(np.average)
def average(a: Array, axis: Any = None, weights: Array = None, returned: bool = False, *,
            keepdims: Any = False) -> Any:  # fmt: skip
    a = a if hasattr(a, "ndim") else np.asarray(a)
    if weights is None:
        value = mean(a, axis, keepdims=keepdims)
        n = np.full(value.shape, a.size / max(math.prod(value.shape), 1))[()]
        return (value, n) if returned else value
    weights = weights if hasattr(weights, "ndim") else np.asarray(weights)
    if a.shape != weights.shape:
        if axis is None:
            raise TypeError("np.average: axis must be given when the shapes of a and weights differ")
        given = [axis_of(x, a.ndim) for x in (axis if isinstance(axis, tuple | list) else (axis,))]
        axes = axes_of(axis, a.ndim)
        if weights.shape != tuple(a.shape[x] for x in given):
            raise ValueError(
                f"np.average: weights of shape {weights.shape} do not fit a of shape {a.shape} along axis {axis}"
            )
        weights = weights.transpose(inverse(given))
        weights = kept(weights, a, tuple(x for x in range(-a.ndim, 0) if x not in axes))
    total = np.sum(weights * np.ones(a.shape, dtype=bool), axis=axis, keepdims=keeps(keepdims))
    value = np.sum(a * weights, axis=axis, keepdims=keeps(keepdims)) / total
    return (value, total) if returned else value


# --- order statistics: sort, then take ------------------------------------------------------


def rows_of(a: Array, axis: Any) -> tuple[Array, tuple[int, ...]]:
    """`a` with the reduced axes flattened into the last; and those axes."""
    axes = axes_of(axis, a.ndim)
    if a.ndim == 0:
        return a.reshape(1), axes
    rest = tuple(x for x in range(-a.ndim, 0) if x not in axes)
    shape = [a.shape[x] for x in rest] + [count(a, axes)]
    return a.transpose(tuple(x % a.ndim for x in rest + axes)).reshape(shape), axes


def restored(value: Array, a: Array, axes: tuple[int, ...], keepdims: Any) -> Array:
    return kept(value, a, axes) if keeps(keepdims) else value


@door(np.median)
def median(a: Array, axis: Any = None, out: None = None, overwrite_input: bool = False,
           keepdims: Any = False) -> Array:  # fmt: skip
    refuse("median", out=out, overwrite_input=overwrite_input)
    rows, axes = rows_of(a, axis)
    n = rows.shape[-1]
    middle = np.sort(rows, -1)[..., (n - 1) // 2 : n // 2 + 1]
    value = with_nan(np.mean(middle, -1), rows)
    return restored(value, a, axes, keepdims)


def with_nan(value: Array, rows: Array) -> Array:
    """NaN where a row has one, as NumPy's order statistics say."""
    bad = np.isnan(rows).any(axis=-1)
    return np.where(bad, np.nan, value) if maybe(bad) else value


@door(np.quantile)
def quantile(a: Array, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
             method: Any = "linear", keepdims: Any = False, *, weights: None = None) -> Array:  # fmt: skip
    """Between two order statistics; NumPy itself says where, by the quantile of 0, 1, 2, ..."""
    refuse("quantile", out=out, overwrite_input=overwrite_input, weights=weights)
    if getattr(type(q), "__record__", None) is not None:
        raise TypeError("np.quantile: q is a Value; it carries no gradient: pass a plain number (.data)")
    rows, axes = rows_of(a, axis)
    n = rows.shape[-1]
    ordered = np.sort(rows, -1)
    at = np.asarray(np.quantile(np.arange(n), q, method=method))
    if at.dtype.kind == "i":  # by this method it is always an element
        value = ordered[..., at]
    else:
        low = np.floor(at).astype(int)
        t = (at - low).astype(np.quantile(np.zeros(1, a.dtype), q, method=method).dtype)
        first, second = ordered[..., low], ordered[..., np.minimum(low + 1, n - 1)]
        gap = second - first
        value = np.where(t >= 0.5, second - gap * (1 - t), first + gap * t)
    value = np.moveaxis(value, tuple(range(-np.ndim(q), 0)), tuple(range(np.ndim(q))))
    value = with_nan(value, rows)
    if keeps(keepdims):
        value = value.reshape(np.shape(q) + tuple(1 if x in axes else m for x, m in enumerate(a.shape, -a.ndim)))
    return value


@door(np.percentile)
def percentile(a: Array, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False,
               method: Any = "linear", keepdims: Any = False, *, weights: None = None) -> Array:  # fmt: skip
    if getattr(type(q), "__record__", None) is not None:
        raise TypeError("np.percentile: q is a Value; it carries no gradient: pass a plain number (.data)")
    q = q / 100 if isinstance(q, float | int) else np.true_divide(q, 100)
    return quantile(a, q, axis, out, overwrite_input, method, keepdims, weights=weights)


@door(np.trapezoid)
def trapezoid(y: Array, x: Array = None, dx: float = 1.0, axis: int = -1) -> Array:
    y = y if hasattr(y, "ndim") else np.asarray(y)
    y = np.moveaxis(y, axis, -1)
    if x is not None:
        x = x if hasattr(x, "ndim") else np.asarray(x)
        dx = np.diff(x) if x.ndim == 1 else np.diff(np.moveaxis(x, axis, -1))
    return np.sum(dx * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)
