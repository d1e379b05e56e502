"""Reshape, move, repeat, join, split and pad: linear, each with its transpose.

Anything that only moves elements about, and has no simpler rule, is one gather:
`rearranged` runs the NumPy function on element numbers and takes those elements.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .elementwise import IDENTITY
from .indexing import gather
from .kernels import expand
from .table import Array, Op, axis_of, door, inverse, refuse

Shape = tuple[int, ...]


def piece(g: Array, i: int, axis: int, sizes: Sequence[int]) -> Array:
    """The part of a concatenation's gradient that belongs to input `i`."""
    start = sum(sizes[:i])
    return g[(Ellipsis, slice(start, start + sizes[i]), *(slice(None),) * (-1 - axis))]


def pad_zero(x: Array, *, widths: tuple[tuple[int, int], ...]) -> Array:
    return np.pad(x, widths)


def inside(g: Array, widths: tuple[tuple[int, int], ...]) -> Array:
    return g[tuple([slice(b, n - a) for (b, a), n in zip(widths, g.shape, strict=True)])]


# fmt: off
RESHAPE = Op("reshape", lambda x, shape: x.reshape(shape), lambda g, out, x, shape: g.reshape(x.shape))
TRANSPOSE = Op("transpose", lambda x, axes: x.transpose(axes), lambda g, out, x, axes: g.transpose(inverse(axes)))
BROADCAST_TO = Op("broadcast_to", expand, lambda g, out, x, shape: g, broadcasts=True)
FLIP = Op("flip", lambda x, axis: np.flip(x, axis), lambda g, out, x, axis: np.flip(g, axis))
ROLL = Op("roll", lambda x, shift, axis: np.roll(x, shift, axis), lambda g, out, x, shift, axis: np.roll(g, tuple([-s for s in shift]), axis))
TRIL = Op("tril", lambda x, k: np.tril(x, k), lambda g, out, x, k: np.tril(g, k))
TRIU = Op("triu", lambda x, k: np.triu(x, k), lambda g, out, x, k: np.triu(g, k))
PAD = Op("pad", pad_zero, lambda g, out, x, widths: inside(g, widths))
CONCATENATE = Op("concatenate", lambda *xs, axis: np.concatenate(xs, axis), lambda g, out, *xs, i, axis: piece(g, i, axis, [x.shape[axis] for x in xs]), variadic=True)
STACK = Op("stack", lambda *xs, axis: np.stack(xs, axis), lambda g, out, *xs, i, axis: g[(Ellipsis, i, *(slice(None),) * (-1 - axis))], variadic=True)
# fmt: on


def array(x: Any) -> Array:
    """A Value or an array; a list of numbers becomes an array."""
    return x if hasattr(x, "ndim") else np.asarray(x)


# --- shape ----------------------------------------------------------------------------------


def size_of(shape: Any) -> Shape:
    try:
        return (shape.__index__(),)
    except AttributeError:
        return tuple([n.__index__() for n in shape])


@door(np.reshape)
def reshape(a: Array, /, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None) -> Array:
    size = size_of(newshape if shape is None else shape)
    if order == "C" or (order == "A" and a.ndim < 2):
        return RESHAPE(a, shape=size)
    if order == "F":  # Fortran order reads and fills the transpose
        return RESHAPE(a.transpose(), shape=size[::-1]).transpose()
    raise ValueError(f"np.reshape: order={order!r} depends on memory layout; use 'C' or 'F'")


@door(np.ravel)
def ravel(a: Array, order: str = "C") -> Array:
    return reshape(a, -1, "C" if order == "K" else order)


@door(np.transpose, getattr(np, "permute_dims", None))
def transpose(a: Array, axes: Any = None) -> Array:
    if axes is None:
        order = tuple(range(a.ndim))[::-1]
    else:
        order = tuple([axis_of(x, a.ndim) + a.ndim for x in axes])
        if sorted(order) != list(range(a.ndim)):
            raise ValueError(f"np.transpose: axes {tuple(axes)} are not a permutation of the {a.ndim} axes")
    return TRANSPOSE(a, axes=order)


@door(np.swapaxes)
def swapaxes(a: Array, axis1: int, axis2: int) -> Array:
    order = list(range(a.ndim))
    i, j = axis_of(axis1, a.ndim), axis_of(axis2, a.ndim)
    order[i], order[j] = order[j], order[i]
    return TRANSPOSE(a, axes=tuple(order))


@door(getattr(np, "matrix_transpose", None))
def matrix_transpose(x: Array, /) -> Array:
    return swapaxes(x, -1, -2)


@door(np.moveaxis)
def moveaxis(a: Array, source: Any, destination: Any) -> Array:
    return TRANSPOSE(a, axes=moved(np.moveaxis, a.ndim, source, destination))


@door(np.rollaxis)
def rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    return TRANSPOSE(a, axes=moved(np.rollaxis, a.ndim, axis, start))


def moved(function: Any, ndim: int, *arguments: Any) -> Shape:
    """The permutation a NumPy function makes, read off an array whose sizes tell its axes."""
    probe = expand(np.False_, shape=tuple(range(1, ndim + 1)))
    return tuple([n - 1 for n in function(np.asarray(probe), *arguments).shape])


@door(np.squeeze)
def squeeze(a: Array, axis: Any = None) -> Array:
    return RESHAPE(a, shape=np.squeeze(expand(np.False_, shape=a.shape), axis).shape)


@door(np.expand_dims)
def expand_dims(a: Array, axis: Any) -> Array:
    return RESHAPE(a, shape=np.expand_dims(expand(np.False_, shape=a.shape), axis).shape)


def at_least(function: Any) -> Any:
    def enter(*arys: Array) -> Any:
        results = []
        for a in arys:
            a = array(a)
            shape = function(np.asarray(expand(np.False_, shape=a.shape))).shape
            results.append(a if shape == a.shape else reshape(a, shape))
        return results[0] if len(results) == 1 else tuple(results)

    return enter


for _f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    door(_f)(at_least(_f))


@door(np.broadcast_to)
def broadcast_to(array: Array, shape: Any, subok: bool = False) -> Array:
    return BROADCAST_TO(array, shape=size_of(shape))


@door(np.broadcast_arrays)
def broadcast_arrays(*args: Array, subok: bool = False) -> tuple[Array, ...]:
    arrays = [array(a) for a in args]
    shape = np.broadcast_shapes(*[a.shape for a in arrays])
    return tuple([a if a.shape == shape else np.broadcast_to(a, shape) for a in arrays])


# --- order ----------------------------------------------------------------------------------


@door(np.flip)
def flip(m: Array, axis: Any = None) -> Array:
    given = range(m.ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    return FLIP(m, axis=tuple([axis_of(a, m.ndim) for a in given]))


@door(np.fliplr)
def fliplr(m: Array) -> Array:
    if m.ndim < 2:
        raise ValueError(f"np.fliplr: needs at least 2 dimensions, got shape {m.shape}")
    return flip(m, 1)


@door(np.flipud)
def flipud(m: Array) -> Array:
    if m.ndim < 1:
        raise ValueError(f"np.flipud: needs at least 1 dimension, got shape {m.shape}")
    return flip(m, 0)


@door(np.rot90)
def rot90(m: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    i, j = axis_of(axes[0], m.ndim), axis_of(axes[1], m.ndim)
    if len(axes) != 2 or i == j:
        raise ValueError(f"np.rot90: axes={axes} must be two different axes")
    k %= 4
    if k == 0:
        return IDENTITY(m)
    if k == 2:
        return flip(m, (i, j))
    return swapaxes(flip(m, j), i, j) if k == 1 else flip(swapaxes(m, i, j), j)


@door(np.roll)
def roll(a: Array, shift: Any, axis: Any = None) -> Array:
    if axis is None:
        return reshape(roll(reshape(a, -1), shift, -1), a.shape)
    shifts, axes = np.broadcast_arrays(np.atleast_1d(shift), np.atleast_1d(axis))
    order = tuple([axis_of(x, a.ndim) for x in axes.tolist()])
    return ROLL(a, shift=tuple([int(s) for s in shifts]), axis=order)


@door(np.repeat)
def repeat(a: Array, repeats: Any, axis: Any = None) -> Array:
    a, axis = (reshape(a, -1), -1) if axis is None else (a, axis_of(axis, a.ndim))
    return a[(Ellipsis, np.repeat(np.arange(a.shape[axis]), repeats), *(slice(None),) * (-1 - axis))]


@door(np.tile)
def tile(A: Array, reps: Any) -> Array:
    times = size_of(reps)
    times = (1,) * (A.ndim - len(times)) + times
    shape = (1,) * (len(times) - A.ndim) + A.shape
    pairs = [(r, n) for r, n in zip(times, shape, strict=True)]
    a = reshape(A, [m for r, n in pairs for m in (1, n)])
    return reshape(broadcast_to(a, [m for pair in pairs for m in pair]), [r * n for r, n in pairs])


@door(np.resize)
def resize(a: Array, new_shape: Any) -> Array:
    return rearranged(lambda x: np.resize(x, new_shape), a)


def rearranged(function: Any, *arrays: Array) -> Array:
    """What `function`, which only moves elements, makes of `arrays`: by element number."""
    ids, start = [], 0
    for a in arrays:
        ids.append(np.arange(start, start + a.size).reshape(a.shape))
        start += a.size
    flat = [reshape(a, -1) for a in arrays]
    return gather(flat[0] if len(flat) == 1 else concatenate(flat), function(*ids))


# --- joining and splitting ------------------------------------------------------------------


@door(np.concatenate, getattr(np, "concat", None))
def concatenate(arrays: Sequence[Array], axis: Any = 0, out: None = None, dtype: Any = None, casting: str = "same_kind") -> Array:
    refuse("concatenate", out=out, dtype=dtype)
    parts = [array(a) for a in arrays]
    if axis is None:
        parts, axis = [reshape(a, -1) if a.ndim != 1 else a for a in parts], 0
    if parts and parts[0].ndim == 0:
        raise ValueError("np.concatenate: a scalar has no axis to join along; use np.stack")
    return CONCATENATE(*parts, axis=axis_of(axis, parts[0].ndim))


@door(np.stack)
def stack(arrays: Sequence[Array], axis: int = 0, out: None = None, *, dtype: Any = None, casting: str = "same_kind") -> Array:
    refuse("stack", out=out, dtype=dtype)
    parts = [array(a) for a in arrays]
    return STACK(*parts, axis=axis_of(axis, parts[0].ndim + 1))


@door(np.vstack)
def vstack(tup: Sequence[Array], *, dtype: Any = None, casting: str = "same_kind") -> Array:
    return concatenate([np.atleast_2d(a) for a in tup], 0, None, dtype)


@door(np.hstack)
def hstack(tup: Sequence[Array], *, dtype: Any = None, casting: str = "same_kind") -> Array:
    parts = [np.atleast_1d(a) for a in tup]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1, None, dtype)


@door(np.dstack)
def dstack(tup: Sequence[Array]) -> Array:
    return concatenate([np.atleast_3d(a) for a in tup], 2)


@door(np.column_stack)
def column_stack(tup: Sequence[Array]) -> Array:
    parts = [array(a) for a in tup]
    return concatenate([a.reshape(-1, 1) if a.ndim < 2 else a for a in parts], 1)


@door(np.append)
def append(arr: Array, values: Array, axis: Any = None) -> Array:
    return concatenate([arr, values], axis)


@door(np.array_split)
def array_split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    ary = array(ary)
    axis = axis_of(axis, ary.ndim)
    rows = np.array_split(np.arange(ary.shape[axis]), indices_or_sections)
    bounds = cuts(ary.shape[axis], indices_or_sections, len(rows))
    return [ary[(Ellipsis, slice(i, j), *(slice(None),) * (-1 - axis))] for i, j in bounds]


def cuts(n: int, given: Any, parts: int) -> list[tuple[Any, Any]]:
    if np.ndim(given):
        ends = [int(i) for i in given]
        return list(itertools.pairwise([0, *ends, n]))
    sizes = [n // parts + (i < n % parts) for i in range(parts)]
    return list(itertools.pairwise([0, *itertools.accumulate(sizes)]))


@door(np.split)
def split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    ary = array(ary)
    if not np.ndim(indices_or_sections) and ary.shape[axis] % indices_or_sections:
        raise ValueError(
            f"np.split: {ary.shape[axis]} elements along axis {axis} do not divide into "
            f"{indices_or_sections} equal parts; np.array_split makes unequal ones"
        )
    return array_split(ary, indices_or_sections, axis)


@door(np.hsplit)
def hsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@door(np.vsplit)
def vsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    if ary.ndim < 2:
        raise ValueError(f"np.vsplit: needs at least 2 dimensions, got shape {ary.shape}")
    return split(ary, indices_or_sections, 0)


@door(np.dsplit)
def dsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    if ary.ndim < 3:
        raise ValueError(f"np.dsplit: needs at least 3 dimensions, got shape {ary.shape}")
    return split(ary, indices_or_sections, 2)


@door(getattr(np, "unstack", None))
def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    return tuple(moveaxis(x, axis, 0))


def plain_index(function: str, obj: Any) -> None:
    if getattr(type(obj), "__record__", None) is not None:
        raise IndexError(f"np.{function}: obj is a Value; positions are integers: pass plain ones (.data.astype(int))")


@door(np.insert)
def insert(arr: Array, obj: Any, values: Array, axis: Any = None) -> Array:
    plain_index("insert", obj)
    arr, values = array(arr), array(values)
    values = values if values.dtype == arr.dtype else values.astype(arr.dtype)
    if axis is None:
        arr, axis = (arr if arr.ndim == 1 else reshape(arr, -1)), 0
    return rearranged(lambda a, v: np.insert(a, obj, v, axis), arr, values)


@door(np.delete)
def delete(arr: Array, obj: Any, axis: Any = None) -> Array:
    plain_index("delete", obj)
    arr = array(arr)
    arr, axis = (reshape(arr, -1), 0) if axis is None else (arr, axis)
    axis = axis_of(axis, arr.ndim)
    rows = np.delete(np.arange(arr.shape[axis]), obj)
    return arr[(Ellipsis, rows, *(slice(None),) * (-1 - axis))]


# --- padding --------------------------------------------------------------------------------


@door(np.pad)
def pad(array: Array, pad_width: Any, mode: Any = "constant", **options: Any) -> Array:
    """All of NumPy's modes but 'empty'; `constant_values` and `end_values` are plain numbers."""
    x = array
    widths = pairs_of(pad_width, x.ndim, "pad_width")
    if mode == "constant":
        padded = PAD(x, widths=widths)
        if np.any(options.get("constant_values", 0)):
            padded = padded + np.pad(np.zeros(x.shape, x.dtype), widths, **options)
        return padded
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        if options.get("reflect_type", "even") == "odd":
            return odd_reflection(x, widths, mode)
        return rearranged(lambda a: np.pad(a, widths, mode, **options), x)
    if mode in ("maximum", "minimum", "mean", "median", "linear_ramp"):
        for axis, width in enumerate(widths):
            x = pad_axis(x, axis, width, mode, options)
        return x
    raise ValueError(
        f"np.pad: mode={mode!r} has no gradient; use constant, edge, reflect, symmetric, wrap, "
        f"maximum, minimum, mean, median or linear_ramp"
    )


def pairs_of(given: Any, ndim: int, name: str) -> tuple[tuple[Any, Any], ...]:
    """NumPy's (before, after) for every axis, from any of the forms it accepts."""
    if isinstance(given, dict):
        given = [given.get(a, given.get(a - ndim, 0)) for a in range(ndim)]
        given = [w if np.ndim(w) else (w, w) for w in given]
    try:
        pairs = np.broadcast_to(np.asarray(given), (ndim, 2)).tolist()
    except ValueError as error:
        raise ValueError(f"np.pad: {name}={given} does not give (before, after) for {ndim} axes") from error
    return tuple([(b, a) for b, a in pairs])


def pad_axis(x: Array, axis: int, width: tuple[int, int], mode: str, options: dict[str, Any]) -> Array:
    """One axis padded by a statistic of its ends, or by a ramp to an end value."""
    n = x.shape[axis]
    x = moveaxis(x, axis, -1)
    ends: list[Array] = []
    for side, size in enumerate(width):
        if mode == "linear_ramp":
            goal = pairs_of(options.get("end_values", 0), x.ndim, "end_values")[axis][side]
            edge = x[..., :1] if side == 0 else x[..., -1:]
            t = np.linspace(0.0, 1.0, size, endpoint=False, dtype=x.dtype)
            t = t if side == 0 else t[::-1]
            ends.append(goal * (1 - t) + edge * t)
        else:
            given = options.get("stat_length")
            length = n if given is None else pairs_of(given, x.ndim, "stat_length")[axis][side]
            length = min(length, n)
            part = x[..., :length] if side == 0 else x[..., n - length :]
            stat: Any = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}[mode]
            value = stat(part, axis=-1, keepdims=True)
            ends.append(np.broadcast_to(value, (*value.shape[:-1], size)))
    return moveaxis(concatenate([ends[0], x, ends[1]], -1), -1, axis)


def odd_reflection(x: Array, widths: tuple[tuple[int, int], ...], mode: Any) -> Array:
    """Twice the edge minus the reflection, axis by axis, for pads shorter than the axis."""
    for axis, (b, a) in enumerate(widths):
        one = [(b, a) if i == axis else (0, 0) for i in range(x.ndim)]
        if max(b, a) >= x.shape[axis]:
            raise ValueError(
                f"np.pad: reflect_type='odd' with pad {max(b, a)} along axis {axis} of size "
                f"{x.shape[axis]} is not supported for a Value; pad less than the size"
            )
        even = rearranged(lambda v, one=one: np.pad(v, one, mode), x)
        edge = rearranged(lambda v, one=one: np.pad(v, one, "edge"), x)
        at = np.arange(b + x.shape[axis] + a)
        outside = (at < b) | (at >= b + x.shape[axis])
        outside = outside.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        x = np.where(outside, 2 * edge - even, even)
    return x


# --- diagonals ------------------------------------------------------------------------------


@door(np.tril)
def tril(m: Array, k: int = 0) -> Array:
    return TRIL(m, k=k)


@door(np.triu)
def triu(m: Array, k: int = 0) -> Array:
    return TRIU(m, k=k)


@door(np.diagonal)
def diagonal(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    if a.ndim < 2:
        raise ValueError(f"np.diagonal: needs at least 2 dimensions, got shape {a.shape}")
    a = moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = a.shape[-2:]
    i = np.arange(max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)))
    return a[..., i - min(offset, 0), i + max(offset, 0)]


@door(np.trace)
def trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Array:
    refuse("trace", dtype=dtype, out=out)
    return diagonal(a, offset, axis1, axis2).sum(axis=-1)


@door(np.diag)
def diag(v: Array, k: int = 0) -> Array:
    if v.ndim == 1:
        return diagflat(v, k)
    if v.ndim != 2:
        raise ValueError(f"np.diag: needs 1 or 2 dimensions, got shape {v.shape}")
    return diagonal(v, k)


@door(np.diagflat)
def diagflat(v: Array, k: int = 0) -> Array:
    n = v.size + abs(k)
    if not v.size:
        return PAD(reshape(v, (0, 0)), widths=((0, n), (0, n)))
    on = np.diag(np.ones(v.size, dtype=bool), k)
    row = np.clip(np.arange(n) - max(-k, 0), 0, v.size - 1)
    return np.where(on, reshape(v, -1)[row][:, None], 0.0)
