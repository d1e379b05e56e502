"""Arrays made of a few numbers: ranges, grids, blocks, filled arrays; and NumPy's makers given like=.

NumPy asks a Value only if it is an argument, or `like=` one: `np.array([v, w], like=v)`.
"""

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from .elementwise import COPY
from .indexing import known
from .shaping import array, broadcast_arrays, broadcast_to, concatenate, moveaxis, reshape, size_of, stack
from .table import Array, door, is_traced, maybe, plain


def joined(x: Any) -> Array:
    """A Value or an array; a nested list with Values in it is stacked row by row."""
    if isinstance(x, list | tuple):
        parts = [joined(part) for part in x]
        if any([getattr(type(part), "__record__", None) for part in parts]):
            return stack(parts)
    return array(x)


def cast(x: Array, dtype: Any) -> Array:
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


# --- like= ----------------------------------------------------------------------------------


@door(np.array)
def array_(object: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", subok: bool = False,
           ndmin: int = 0, **options: Any) -> Array:  # fmt: skip
    x = cast(joined(object), dtype)
    x = x if x.ndim >= ndmin else reshape(x, (1,) * (ndmin - x.ndim) + x.shape)
    return COPY(x) if copy and x is object else x


@door(np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
def asarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Array:
    return cast(joined(a), dtype)


@door(np.fromiter)
def fromiter(iter: Iterable[Any], dtype: Any, count: int = -1) -> Array:
    items = [x for _, x in zip(range(count), iter, strict=False)] if count >= 0 else list(iter)
    if len(items) < count:
        raise ValueError(f"np.fromiter: the iterator gave {len(items)} numbers, count={count} are needed")
    if any([np.ndim(x) for x in items]):
        raise ValueError("np.fromiter: the iterator gives arrays, not numbers; np.stack joins a list of them")
    return cast(joined(items), dtype)


@door(np.full)
def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Array:
    return COPY(broadcast_to(cast(joined(fill_value), dtype), size_of(shape)))


@door(np.full_like)
def full_like(a: Array, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True,
              shape: Any = None, *, device: Any = None) -> Array:  # fmt: skip
    return full(a.shape if shape is None else shape, fill_value, a.dtype if dtype is None else dtype)


@door(np.arange)
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, *, device: Any = None) -> Array:
    if stop is None:
        start, stop = 0.0, start
    n = len(np.arange(plain(start), plain(stop), plain(step)))
    return cast(array(start) + np.arange(n) * step, dtype)


# --- from start to stop ---------------------------------------------------------------------


@door(np.linspace)
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
             dtype: Any = None, axis: int = 0, *, device: Any = None) -> Any:  # fmt: skip
    n = operator.index(num)
    if n < 0:
        raise ValueError(f"np.linspace: num={n} must not be negative")
    inexact = np.result_type(start, stop, 1.0)  # Python's numbers are weak here, too
    start, stop = array(start), array(stop)
    delta = cast(stop, inexact) - cast(start, inexact)
    at = np.arange(n, dtype=inexact).reshape((-1,) + (1,) * delta.ndim)
    parts = n - 1 if endpoint else n
    step = delta / parts if parts > 0 else np.nan
    y = at * step if parts > 0 else at * delta
    still = np.any(step == 0)
    if maybe(still):  # a delta so small that the step is 0
        y = np.where(still, at / max(parts, 1) * delta, y)
    y = cast(y + start, inexact)
    if endpoint and n > 1:
        y = concatenate([y[:-1], broadcast_to(cast(stop, inexact), delta.shape)[None]])
    y = cast(y if axis == 0 else moveaxis(y, 0, axis), dtype)
    return (y, step) if retstep else y


@door(np.logspace)
def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0,
             dtype: Any = None, axis: int = 0) -> Array:  # fmt: skip
    if np.ndim(base):
        start, stop, base = (array(x) for x in (start, stop, base))
        n = max(start.ndim, stop.ndim, base.ndim)
        start, stop, base = (reshape(x, (1,) * (n - x.ndim) + x.shape) for x in (start, stop, base))
        base = np.expand_dims(base, axis)
    return cast(np.power(base, linspace(start, stop, num, endpoint, axis=axis)), dtype)


@door(np.geomspace)
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Array:
    """Through the logarithms; the ends are exact.  Negative numbers on both sides give negative ones."""
    inexact = np.result_type(start, stop, 1.0, np.zeros((), dtype))
    start, stop = broadcast_arrays(cast(array(start), inexact), cast(array(stop), inexact))
    sign, zero = np.sign(known(start)), (known(start) == 0) | (known(stop) == 0)
    if not is_traced(zero) and np.any(zero):
        raise ValueError("np.geomspace: start and stop must not be 0, which no geometric sequence reaches")
    first, last = start / sign, stop / sign
    y = logspace(np.log10(first), np.log10(last), num, endpoint, 10.0)
    ends = [first[None], y[1:-1], last[None]] if endpoint and num > 1 else [first[None], y[1:]]
    y = (concatenate(ends) if num > 0 else y) * sign
    return cast(y if axis == 0 else moveaxis(y, 0, axis), dtype)


# --- grids and blocks -----------------------------------------------------------------------


@door(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Array, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"np.meshgrid: indexing={indexing!r} must be 'xy' or 'ij'")
    n = len(xi)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else range(n)
    grids = tuple([array(x).reshape([-1 if a == axis else 1 for a in range(n)]) for x, axis in zip(xi, order, strict=True)])
    return tuple([np.copy(x) for x in (grids if sparse else broadcast_arrays(*grids))])


@door(np.ix_)
def ix_(*args: Any) -> tuple[Array, ...]:
    parts = [np.zeros(0, np.intp) if isinstance(x, list | tuple) and not x else array(x) for x in args]
    for x in parts:
        if x.ndim != 1:
            raise ValueError(f"np.ix_: needs one-dimensional arrays, got shape {x.shape}")
    parts = [np.nonzero(x)[0] if x.dtype.kind == "b" else x for x in parts]
    return tuple([x.reshape([-1 if a == i else 1 for a in range(len(parts))]) for i, x in enumerate(parts)])


@door(np.block)
def block(arrays: Any) -> Array:
    """Nested lists joined from the inside out: the innermost along the last axis."""
    depths, leaves = zip(*leaves_of(arrays, 0), strict=True)
    if len(set(depths)) > 1:
        raise ValueError(f"np.block: lists are nested to different depths, {sorted(set(depths))}; nest all alike")
    ndim = max([depths[0], *[x.ndim for x in leaves]])
    return inner_block(arrays, depths[0], ndim) if depths[0] else COPY(leaves[0])


def leaves_of(x: Any, depth: int) -> list[tuple[int, Array]]:
    """Every array in nested lists, with the number of lists around it."""
    if isinstance(x, tuple):
        raise TypeError("np.block: a tuple is no list of blocks; only lists can be nested")
    if not isinstance(x, list):
        return [(depth, array(x))]
    if not x:
        raise ValueError("np.block: a list of blocks is empty; leave it out")
    return [leaf for part in x for leaf in leaves_of(part, depth + 1)]


def inner_block(x: Any, depth: int, ndim: int) -> Array:
    if isinstance(x, list):
        return concatenate([inner_block(part, depth - 1, ndim) for part in x], -depth)
    x = array(x)
    return reshape(x, (1,) * (ndim - x.ndim) + x.shape)


@door(np.fft.fftshift)
def fftshift(x: Array, axes: Any = None) -> Array:
    return shifted(x, axes, 1)


@door(np.fft.ifftshift)
def ifftshift(x: Array, axes: Any = None) -> Array:
    return shifted(x, axes, -1)


def shifted(x: Array, axes: Any, sign: int) -> Array:
    x = array(x)
    axes = tuple(range(x.ndim)) if axes is None else size_of(axes)
    return np.roll(x, tuple([sign * (x.shape[a] // 2) for a in axes]), axes) if axes else x
