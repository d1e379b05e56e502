"""NumPy's polynomials: coefficients from the highest power down, by composition.

`np.poly1d` keeps the coefficients it is given, so it works with Values through these.
"""

from typing import Any

import numpy as np

from .sequences import vander
from .shaping import array, concatenate
from .table import Array, axes_of, door, plain


def coefficients(p: Any) -> Array:
    p = np.atleast_1d(array(p.coeffs if isinstance(p, np.poly1d) else p))
    if p.ndim > 1:
        raise ValueError(f"the coefficients of a polynomial have shape {p.shape}; give one row of them")
    return p


def as_given(result: Array, *given: Any) -> Any:
    """A poly1d if one was given."""
    return np.poly1d(result) if any([isinstance(p, np.poly1d) for p in given]) else result


def aligned(a1: Any, a2: Any) -> tuple[Array, Array]:
    """Two polynomials of one length: the shorter behind zeros."""
    a, b = coefficients(a1), coefficients(a2)
    n = max(a.size, b.size)
    a, b = (x if x.size == n else concatenate([np.zeros(n - x.size, x.dtype), x]) for x in (a, b))
    return a, b


@door(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    a, b = aligned(a1, a2)
    return as_given(a + b, a1, a2)


@door(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    a, b = aligned(a1, a2)
    return as_given(a - b, a1, a2)


@door(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """A convolution; as NumPy's, without leading zeros."""
    a, b = (np.poly1d(coefficients(p)).coeffs for p in (a1, a2))
    return as_given(np.convolve(a, b), a1, a2)


@door(np.polydiv)
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Quotient and remainder by long division."""
    rest, divisor = coefficients(u) + 0.0, coefficients(v) + 0.0
    n, steps = divisor.size, max(rest.size - divisor.size + 1, 0)
    rest = rest if rest.dtype == np.result_type(rest, divisor) else rest.astype(divisor.dtype)
    factor = 1.0 / divisor[0]
    quotient = []
    for k in range(steps):
        d = factor * rest[k]
        quotient.append(d)
        rest = concatenate([rest[:k], rest[k : k + n] - d * divisor, rest[k + n :]])
    none = np.zeros(1, rest.dtype)
    while rest.size > 1 and np.allclose(rest[0], 0, rtol=1e-14):
        rest = rest[1:]
    return as_given(np.stack(quotient) if quotient else none, u, v), as_given(rest, u, v)


@door(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    if m < 0:
        raise ValueError(f"np.polyder: m={m} must not be negative; np.polyint integrates")
    y = coefficients(p)
    for _ in range(m):
        y = y[:-1] * np.arange(y.size - 1, 0, -1)
    return as_given(y, p)


@door(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """k: what each of the `m` integrals is at 0, one number for all or one each."""
    if m < 0:
        raise ValueError(f"np.polyint: m={m} must not be negative; np.polyder differentiates")
    constants = np.zeros(m) if k is None else np.atleast_1d(array(k))
    if constants.size == 1 and m > 1:
        constants = np.broadcast_to(constants, (m,))
    if constants.size < m:
        raise ValueError(f"np.polyint: k has {constants.size} constants for {m} integrals; give one, or one each")
    y = coefficients(p)
    for i in range(m):
        y = concatenate([y / np.arange(y.size, 0, -1), constants[i : i + 1]])
    return as_given(y, p)


@door(np.poly)
def poly(seq_of_zeros: Array) -> Array:
    """The product of (x - zero); of a matrix, whose zeros may be complex, it is refused."""
    zeros = np.atleast_1d(array(seq_of_zeros))
    if zeros.ndim != 1:
        raise ValueError(
            f"np.poly: got a matrix of shape {zeros.shape}, whose eigenvalues are complex in general, and Values are real; "
            f"of a symmetric one write np.poly(np.linalg.eigvalsh(a))"
        )
    zeros = zeros.astype(np.mintypecode(zeros.dtype.char))
    product: Array = np.ones(1, zeros.dtype)
    for zero in zeros:
        product = np.convolve(product, np.stack([np.ones((), zeros.dtype), -zero]))
    return product if zeros.size else 1.0


@door(np.polyfit)
def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    """Least squares on the scaled columns of np.vander, as NumPy's."""
    x, y, order = array(x) + 0.0, array(y) + 0.0, int(deg) + 1
    if order < 1 or x.ndim != 1 or x.size == 0 or y.ndim not in (1, 2) or y.shape[0] != x.size:
        raise TypeError(
            f"np.polyfit: x of shape {x.shape}, y of shape {y.shape}, deg={deg}: needs (n,), then (n,) or (n, k), "
            f"and a degree that is not negative"
        )
    rcond = x.size * np.finfo(x.dtype).eps if rcond is None else rcond
    left, right = vander(x, order), y
    if w is not None:
        w = array(w) + 0.0
        if w.shape != x.shape:
            raise TypeError(f"np.polyfit: w has shape {w.shape}, x has shape {x.shape}; give one weight for each point")
        left, right = left * w[:, None], right * (w[:, None] if y.ndim == 2 else w)
    scale = np.sqrt((left * left).sum(axis=0))
    left = left / scale
    c, residuals, rank, s = np.linalg.lstsq(left, right, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    if not cov:
        return c
    base = np.linalg.inv(left.T @ left) / np.outer(scale, scale)
    if cov != "unscaled":
        if x.size <= order:
            raise ValueError(f"np.polyfit: {x.size} points are too few to scale the covariance of degree {deg}")
        base = (base if y.ndim == 1 else base[:, :, None]) * (residuals[0] if y.ndim == 1 else residuals) / (x.size - order)
    elif y.ndim == 2:
        base = base[:, :, None] * 1.0
    return c, base


@door(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Array:
    x, sides = array(filt), trim.lower()
    if sides not in ("fb", "bf", "f", "b"):
        raise ValueError(f"np.trim_zeros: trim={trim!r} must be 'fb', 'f' or 'b'")
    at = np.argwhere(plain(x) != 0)
    low, high = (at.min(axis=0), at.max(axis=0) + 1) if len(at) else (np.zeros(x.ndim, int),) * 2
    axes = [a % x.ndim for a in axes_of(axis, x.ndim)]
    front, back = not len(at) or "f" in sides, not len(at) or "b" in sides
    return x[tuple([slice(low[a] if front else None, high[a] if back else None) if a in axes else slice(None) for a in range(x.ndim)])]
