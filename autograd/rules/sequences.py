"""Differences, interpolation, convolution, covariance and polynomials, by composition."""

from typing import Any

import numpy as np

from .reductions import as_dtype_of
from .shaping import array, concatenate
from .table import Array, Op, axis_of, door, plain, refuse

# fmt: off
CONVOLVE = Op("convolve", np.convolve,
              lambda g, out, a, v: np.convolve(g, v[::-1])[v.size - 1 : v.size - 1 + a.size],
              lambda g, out, a, v: np.convolve(g, a[::-1])[a.size - 1 : a.size - 1 + v.size])
UNWRAP = Op("unwrap", lambda p, discont, axis, period: np.unwrap(p, discont, axis, period=period),
            lambda g, out, p, discont, axis, period: g)
# fmt: on


def double(x: Any) -> Array:
    """`x` in float64, as NumPy's interp, cov and vander compute whatever they are given."""
    return array(x) * np.float64(1.0)


@door(np.diff)
def diff(a: Array, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Array:
    if n < 0:
        raise ValueError(f"np.diff: n={n} must not be negative")
    a = array(a)
    if a.ndim == 0:
        raise ValueError("np.diff: needs at least one dimension, got a scalar")
    axis = axis_of(axis, a.ndim)
    ends = [prepend, append]
    for i, end in enumerate(ends):
        if end is not np._NoValue:
            end = array(end)
            ends[i] = np.broadcast_to(end, [1 if x == axis else s for x, s in enumerate(a.shape, -a.ndim)]) if end.ndim == 0 else end
    parts = [x for x in (ends[0], a, ends[1]) if x is not np._NoValue]
    x = concatenate(parts, axis) if len(parts) > 1 else a
    tail = (slice(None),) * (-1 - axis)
    for _ in range(n):
        x = x[(Ellipsis, slice(1, None), *tail)] - x[(Ellipsis, slice(None, -1), *tail)]
    return x


@door(np.ediff1d)
def ediff1d(ary: Array, to_end: Any = None, to_begin: Any = None) -> Array:
    ary = array(ary).reshape(-1)
    steps = ary[1:] - ary[:-1]
    ends = [x if x is None else array(x).astype(ary.dtype).reshape(-1) for x in (to_begin, to_end)]
    parts = [x for x in (ends[0], steps, ends[1]) if x is not None]
    return concatenate(parts) if len(parts) > 1 else steps


@door(np.gradient)
def gradient(f: Array, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = array(f)
    axes = range(-f.ndim, 0) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    axes = [axis_of(a, f.ndim) for a in axes]
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError(f"np.gradient: got {len(varargs)} spacings for {len(axes)} axes")
    spacings = list(varargs) if len(varargs) == len(axes) else [varargs[0] if varargs else 1.0] * len(axes)
    results = [slope(f.swapaxes(a, -1), array(h), edge_order).swapaxes(a, -1) for a, h in zip(axes, spacings, strict=True)]
    return results[0] if len(results) == 1 else tuple(results)


def slope(f: Array, h: Array, edge_order: int) -> Array:
    """Second-order differences inside, first or second order at the two ends (last axis)."""
    n = f.shape[-1]
    if edge_order not in (1, 2):
        raise ValueError(f"np.gradient: edge_order={edge_order} must be 1 or 2")
    if n < edge_order + 1:
        raise ValueError(f"np.gradient: {n} elements along an axis are too few for edge_order={edge_order}")
    if h.ndim and h.shape != (n,):
        raise ValueError(f"np.gradient: coordinates of shape {h.shape} do not fit an axis of {n} elements")
    if h.ndim == 0:
        inside = (f[..., 2:] - f[..., :-2]) / (2.0 * h)
        step = np.ones(n - 1) * h
    else:
        step = np.diff(h)
        a, b = step[:-1], step[1:]
        inside = -b / (a * (a + b)) * f[..., :-2] + (b - a) / (a * b) * f[..., 1:-1] + a / (b * (a + b)) * f[..., 2:]
    if edge_order == 1:
        first = (f[..., 1:2] - f[..., :1]) / step[:1]
        last = (f[..., -1:] - f[..., -2:-1]) / step[-1:]
    else:
        a, b = step[:1], step[1:2]
        first = -(2.0 * a + b) / (a * (a + b)) * f[..., :1] + (a + b) / (a * b) * f[..., 1:2] - a / (b * (a + b)) * f[..., 2:3]
        a, b = step[-2:-1], step[-1:]
        last = b / (a * (a + b)) * f[..., -3:-2] - (b + a) / (a * b) * f[..., -2:-1] + (2.0 * b + a) / (b * (a + b)) * f[..., -1:]
    return as_dtype_of(f, concatenate([first, inside, last], -1))


@door(np.interp)
def interp(x: Array, xp: Array, fp: Array, left: Any = None, right: Any = None, period: Any = None) -> Array:
    x, xp, fp = double(x), double(xp), double(fp)
    if xp.ndim != 1 or xp.shape != fp.shape or xp.size == 0:
        raise ValueError(f"np.interp: xp and fp must be 1-D of the same length, got {xp.shape} and {fp.shape}")
    if period is not None:
        period = np.abs(period)
        left = right = None
        x, xp = x % period, xp % period
        order = np.argsort(xp, kind="stable")
        xp, fp = xp[order], fp[order]
        xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = concatenate([fp[-1:], fp, fp[:1]])
    at, n = np.asarray(plain(x)), xp.size
    i = np.clip(np.searchsorted(plain(xp), at, side="right") - 1, 0, max(n - 2, 0))
    if n > 1:
        rise = (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i])
        y = rise * (x - xp[i]) + fp[i]
    else:
        y = fp[i] + 0.0 * x
    below, above = at < plain(xp)[0], at > plain(xp)[-1]
    y = np.where(at == plain(xp)[-1], fp[-1], y)
    y = np.where(below, fp[0] if left is None else left, y)
    return np.where(above, fp[-1] if right is None else right, y)


def signals(function: str, a: Array, v: Array) -> tuple[Array, Array]:
    a, v = (np.atleast_1d(x) for x in (a, v))
    if a.ndim != 1 or v.ndim != 1 or a.size == 0 or v.size == 0:
        raise ValueError(f"np.{function}: needs two non-empty 1-D arrays, got shapes {a.shape} and {v.shape}")
    return a, v


@door(np.convolve)
def convolve(a: Array, v: Array, mode: str = "full") -> Array:
    a, v = signals("convolve", a, v)
    return window(CONVOLVE(a, v), a.size, v.size, mode)


def window(full: Array, n: int, m: int, mode: str) -> Array:
    short, long = min(n, m), max(n, m)
    if mode == "full":
        return full
    if mode == "same":
        return full[(short - 1) // 2 :][:long]
    if mode == "valid":
        return full[short - 1 : long]
    raise ValueError(f"mode={mode!r} must be 'full', 'same' or 'valid'")


@door(np.correlate)
def correlate(a: Array, v: Array, mode: str = "valid") -> Array:
    a, v = signals("correlate", a, v)
    full = CONVOLVE(a, v[::-1])
    if mode == "same" and v.size > a.size:  # NumPy swaps the two, then turns the result round
        return full[v.size + a.size - 1 - (a.size - 1) // 2 - v.size :][: v.size]
    return window(full, a.size, v.size, mode)


@door(np.cov)
def cov(m: Array, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
        fweights: Any = None, aweights: Any = None, *, dtype: Any = None) -> Array:  # fmt: skip
    refuse("cov", dtype=dtype)
    if getattr(fweights, "requires_grad", False):
        raise TypeError("np.cov: fweights are counts and carry no gradient: pass plain integers (.data), or aweights")
    x = rows(m, rowvar, TURNS_A_ROW)
    if y is not None:
        x = concatenate([x, rows(y, rowvar)], 0)
    free = (0 if bias else 1) if ddof is None else ddof
    w = None if fweights is None else np.asarray(plain(fweights), dtype=float)
    if aweights is not None:
        w = double(aweights) if w is None else w * double(aweights)
    if w is None:
        x = x - x.mean(axis=1, keepdims=True)
        scale: Any = x.shape[1] - free
        weighted = x
    else:
        total = w.sum()
        x = x - (x * w).sum(axis=1, keepdims=True) / total
        scale = total - free if aweights is None or free == 0 else total - free * (w * double(aweights)).sum() / total
        weighted = x * w
    return squeezed((x @ weighted.T) * (1.0 / scale) if plain(scale) > 0 else (x @ weighted.T) * np.float64(np.inf))


TURNS_A_ROW = np.lib.NumpyVersion(np.__version__) >= "2.2.0"  # before, cov left a single row as it was


def rows(m: Any, rowvar: bool, turns_a_row: bool = False) -> Array:
    """Observations as NumPy's cov reads them: one variable a row."""
    m = double(m)
    if m.ndim > 2:
        raise ValueError(f"np.cov: needs at most 2 dimensions, got shape {m.shape}")
    if m.ndim < 2:
        return m.reshape(1, -1)
    return m.T if not rowvar and (turns_a_row or m.shape[0] != 1) else m


def squeezed(c: Array) -> Array:
    return c.reshape(()) if c.shape == (1, 1) else c


@door(np.corrcoef)
def corrcoef(x: Array, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    refuse("corrcoef", dtype=dtype)
    c = cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    spread = np.sqrt(np.diagonal(c))
    return np.clip(c / spread[:, None] / spread[None, :], -1.0, 1.0)


@door(np.unwrap)
def unwrap(p: Array, discont: Any = None, axis: int = -1, *, period: float = 6.283185307179586) -> Array:
    return UNWRAP(p, discont=discont, axis=axis, period=period)


@door(np.vander)
def vander(x: Array, N: Any = None, increasing: bool = False) -> Array:
    if x.ndim != 1:
        raise ValueError(f"np.vander: needs a 1-D array, got shape {x.shape}")
    n = x.size if N is None else N
    x = double(x)
    columns = [x**0]
    for _ in range(1, n):
        columns.append(columns[-1] * x)
    return np.stack(columns[:n] if increasing else columns[:n][::-1], axis=-1) if n else x[:, None][:, :0]


@door(np.polyval)
def polyval(p: Any, x: Any) -> Array:
    """Horner's scheme."""
    y: Array = np.zeros_like(array(x))[()]
    for coefficient in p:
        y = y * x + coefficient
    return y
