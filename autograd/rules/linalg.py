"""np.linalg: products, inverses, determinants, triangular factors; spectral.py has the rest.

All functions take stacks of matrices.  Sources: Giles (2008), "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation"; Murray (2016), "Differentiation of the Cholesky
decomposition"; Roberts & Roberts (2020), "QR and LQ decomposition matrix backpropagation algorithms".

QR is one operation whose result holds both factors, one above the other (an operation has one result).
A function of symmetric matrices (cholesky, eigh, eigvalsh) is taken as one of (x + x.T) / 2, so its gradient
is symmetric; other matrices are refused.

>>> from autograd import grad
>>> a = np.array([[2.0, 1.0], [1.0, 1.0]])
>>> grad(lambda a: np.linalg.slogdet(a).logabsdet)(a).round(12)  # the inverse
array([[ 1., -1.],
       [-1.,  2.]])
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import contraction, shaping
from .reductions import others
from .shaping import array
from .table import REFUSED, Array, Op, axis_of, door, refuse

LinAlgError = np.linalg.LinAlgError
SlogdetResult = type(np.linalg.slogdet(np.eye(1)))
QRResult: Any = type(np.linalg.qr(np.eye(1)))
REASONS = {
    "Singular": "a matrix is singular; add a small multiple of the identity, or use np.linalg.pinv",
    "Almost": "a matrix is so near to singular that few digits would be right; add a small multiple of the identity",
    "positive": "a matrix is not positive definite; add a small multiple of the identity",
    "converge": "the iteration did not converge; look for NaN and infinity in the matrix",
}
EXACT = "for eigenvalues of a symmetric matrix use np.linalg.eigh or eigvalsh, else leave the graph with .data"
REFUSED.update({
    np.linalg.eig: f"np.linalg.eig: the result is complex for a general matrix, and Values are real: {EXACT}",
    np.linalg.eigvals: f"np.linalg.eigvals: the result is complex for a general matrix, and Values are real: {EXACT}",
})


def attempt(name: str, function: Callable[..., Any], *args: Array, **options: Any) -> Any:
    """`function(*args)`, its LinAlgError reworded to name `np.linalg.<name>` and the mend."""
    try:
        return function(*args, **options)
    except LinAlgError as error:
        reason = next((text for word, text in REASONS.items() if word in str(error)), str(error))
        raise LinAlgError(f"np.linalg.{name}: {reason}") from None


def matrices(name: str, a: Any, square: bool = True) -> Array:
    """`a` as a stack of (square) matrices, or LinAlgError."""
    a = array(a)
    if a.ndim < 2:
        raise LinAlgError(f"np.linalg.{name}: needs a matrix or a stack of them, got shape {a.shape}; reshape it")
    if square and a.shape[-1] != a.shape[-2]:
        raise LinAlgError(f"np.linalg.{name}: needs square matrices in the last two axes, got shape {a.shape}")
    return a


def symmetric(name: str, x: Array) -> Array:
    """(x + x.T) / 2, the same bits if `x` is symmetric; LinAlgError if it is not so even to half the digits."""
    mirrored = x.mT
    limit = np.sqrt(np.finfo(x.dtype).eps) * abs(x).max(axis=(-2, -1), keepdims=True, initial=0.0)
    if (abs(x - mirrored) > limit).any():
        raise LinAlgError(
            f"np.linalg.{name}: a matrix is not symmetric, and its gradient is that of a symmetric one; "
            f"use (a + a.mT) / 2, or np.tril(a) + np.tril(a, -1).mT where one triangle is filled"
        )
    return (x + mirrored) * x.dtype.type(0.5)


def resolved(d: Array, *, function: str) -> Array:
    """`d` (diagonals or singular values), or LinAlgError if one is zero to working precision."""
    size = abs(d)
    limit = np.finfo(d.dtype).eps * d.shape[-1] * size.max(axis=-1, keepdims=True, initial=0.0)
    if (size <= limit).any():
        raise LinAlgError(
            f"np.linalg.{function}: a matrix of rank less than {d.shape[-1]} has factors that are not unique, "
            f"so they have no gradient; add a small multiple of the identity, or use np.linalg.pinv"
        )
    return d


def log_determinant(x: Array) -> Array:
    """(..., n, n) -> (..., 2): sign and logarithm."""
    return np.stack(attempt("slogdet", np.linalg.slogdet, x), axis=-1)


def slogdet_x(g: Array, out: Array, x: Array) -> Array:
    try:
        inverse = np.linalg.inv(x)
    except LinAlgError:
        raise LinAlgError(
            "np.linalg.slogdet: the logarithm of the determinant of a singular matrix is -inf and has no gradient; "
            "np.linalg.det has one"
        ) from None
    return g[..., 1, None, None] * inverse.mT


def accurate_inverse(x: Array) -> Array:
    """inv(x), or LinAlgError if `x` is so near to singular that products of it lose half their digits."""
    inverse = np.linalg.inv(x)
    size, other = (abs(y).sum(axis=-2).max(axis=-1, initial=0.0) for y in (x, inverse))
    if (size * other >= np.finfo(x.dtype).eps ** -0.3).any():  # the condition
        raise LinAlgError("Almost singular")
    return inverse


def cofactors(x: Array) -> Array:
    """det(x) inv(x).T; by singular vectors, where each is a product of the other values, if `x` is near-singular."""
    try:
        return np.linalg.det(x)[..., None, None] * accurate_inverse(x).mT
    except LinAlgError:
        pass
    u, s, vh = attempt("det", np.linalg.svd, x)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(vh))[..., None]
    return (u * (sign * others(s, (-1,)))[..., None, :]) @ vh


def cofactors_along(x: Array, h: Array) -> Array:
    """The derivative of the cofactors along `h`: in the same basis products of all values but two."""
    u, s, vh = attempt("det", np.linalg.svd, x)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    one = np.eye(x.shape[-1], dtype=x.dtype)
    but_two = others(np.where(one, one, s[..., None, :]), (-1,)) * (1 - one)
    inner = u.mT @ h @ vh.mT
    diagonal = np.diagonal(inner, 0, -2, -1)[..., None, :]
    turned = (but_two * diagonal).sum(axis=-1)[..., None] * one - but_two * inner.mT
    return sign * (u @ turned @ vh)


def cofactors_along_x(g: Array, out: Array, x: Array, h: Array) -> Array:
    """The third derivative of det: with B = inv(x).T of det ((<h,B><g,B> - <g, B h.T B>) differentiated."""
    b, d = ACCURATE_INVERSE(x).mT, np.linalg.det(x)[..., None, None]
    bh, bg = b @ h.mT @ b, b @ g.mT @ b
    along_h, along_g = ((b * y).sum(axis=(-2, -1), keepdims=True) for y in (h, g))
    both = along_h * along_g - (g * bh).sum(axis=(-2, -1), keepdims=True)
    return d * (both * b - along_g * bh - along_h * bg + bh @ g.mT @ b + bg @ h.mT @ b)


def cholesky_x(g: Array, out: Array, x: Array, upper: bool) -> Array:
    """inv(L).T phi(L.T g) inv(L), symmetrized; phi: the lower triangle, half the diagonal (Murray 2016, eq. 10)."""
    lower, g = (out.mT, g.mT) if upper else (out, g)
    one = np.eye(lower.shape[-1], dtype=lower.dtype)
    phi = np.tril(lower.mT @ g) * (1 - 0.5 * one)
    s = np.linalg.solve(lower.mT, np.linalg.solve(lower.mT, phi.mT).mT)
    return (s + s.mT) * 0.5


def qr_forward(x: Array) -> Array:
    """(..., m, n) -> (..., m + n, k): Q above R.T, k = min(m, n)."""
    q, r = attempt("qr", np.linalg.qr, x)
    return np.concatenate([q, r.mT], axis=-2)


def qr_x(g: Array, out: Array, x: Array) -> Array:
    """x = Q [U V] with U square: (gQ + V's share + Q copyltu(U gU.T - gQ.T Q)) inv(U).T beside Q gV (Roberts 2020)."""
    m, k = x.shape[-2], out.shape[-1]
    q, r, gq, gr = out[..., :m, :], out[..., m:, :].mT, g[..., :m, :], g[..., m:, :].mT
    u, gv = r[..., :k], gr[..., k:]
    gq = gq + q @ (r[..., k:] @ gv.mT)
    inner = u @ gr[..., :k].mT - gq.mT @ q
    left = gq + q @ (np.tril(inner) + np.tril(inner, -1).mT)
    d = RESOLVED(np.diagonal(u, 0, -2, -1), function="qr")[..., None]
    gx = np.linalg.solve(u / d, left.mT / d).mT
    return gx if x.shape[-1] == k else np.concatenate([gx, q @ gv], axis=-1)


# fmt: off
RESOLVED = Op("full_rank", resolved, lambda g, out, d, function: g)
INV = Op("inv", lambda x: attempt("inv", np.linalg.inv, x), lambda g, out, x: -(out.mT @ g @ out.mT))
ACCURATE_INVERSE = Op("accurate_inverse", lambda x: attempt("det, third derivative", accurate_inverse, x), *INV.rules)
SOLVE = Op("solve", lambda a, b: attempt("solve", np.linalg.solve, a, b),
           lambda g, out, a, b: -(np.linalg.solve(a.mT, g) @ out.mT),
           lambda g, out, a, b: np.linalg.solve(a.mT, g), broadcasts=True)
DET = Op("det", lambda x: attempt("det", np.linalg.det, x), lambda g, out, x: g[..., None, None] * COFACTORS(x))
COFACTORS: Op = Op("cofactors", cofactors, lambda g, out, x: COFACTORS_ALONG(x, g))
COFACTORS_ALONG: Op = Op("cofactors_along", cofactors_along, cofactors_along_x, lambda g, out, x, h: COFACTORS_ALONG(x, g))
SLOGDET = Op("slogdet", log_determinant, slogdet_x)
CHOLESKY = Op("cholesky", lambda x, upper: attempt("cholesky", np.linalg.cholesky, symmetric("cholesky", x), upper=upper), cholesky_x)
QR = Op("qr", qr_forward, qr_x)
# fmt: on


# --- inverses and determinants --------------------------------------------------------------


@door(np.linalg.inv)
def inv(a: Array) -> Array:
    return INV(matrices("inv", a))


@door(np.linalg.solve)
def solve(a: Array, b: Array) -> Array:
    """NumPy 2: `b` is a vector only if it has one axis, else a stack of matrices."""
    a, b = matrices("solve", a), array(b)
    if b.ndim == 0 or b.shape[-min(b.ndim, 2)] != a.shape[-1]:
        raise ValueError(
            f"np.linalg.solve: a has shape {a.shape}, b has shape {b.shape}; b must have {a.shape[-1]} rows: "
            f"a stack of vectors is b[..., None]"
        )
    return SOLVE(a, b[:, None])[..., 0] if b.ndim == 1 else SOLVE(a, b)


@door(np.linalg.det)
def det(a: Array) -> Array:
    return DET(matrices("det", a))


@door(np.linalg.slogdet)
def slogdet(a: Array) -> Any:
    both = SLOGDET(matrices("slogdet", a))
    return SlogdetResult(both[..., 0], both[..., 1])


@door(np.linalg.matrix_power)
def matrix_power(a: Array, n: Any) -> Array:
    """By repeated squaring, in NumPy's order."""
    a, n = matrices("matrix_power", a), operator.index(n)
    if n == 0:
        return np.where(np.zeros(a.shape, dtype=bool), a, np.eye(a.shape[-1], dtype=a.dtype))
    a, n = (a, n) if n > 0 else (inv(a), -n)
    if n == 3:
        return (a @ a) @ a
    result = None
    while True:
        n, bit = divmod(n, 2)
        if bit:
            result = a if result is None else result @ a
        if not n:
            return result
        a = a @ a


@door(np.linalg.tensorinv)
def tensorinv(a: Array, ind: int = 2) -> Array:
    a = array(a)
    if ind <= 0:
        raise ValueError(f"np.linalg.tensorinv: ind={ind} must be positive: the number of axes that are rows")
    n = math.prod(a.shape[ind:])
    return inv(a.reshape(n, -1)).reshape(a.shape[ind:] + a.shape[:ind])


@door(np.linalg.tensorsolve)
def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    a, b = array(a), array(b)
    if axes is not None:
        last = [axis_of(x, a.ndim) % a.ndim for x in axes]
        a = a.transpose([x for x in range(a.ndim) if x not in last] + last)
    shape = a.shape[b.ndim :]
    n = math.prod(shape)
    if a.size != n * n or b.size != n:
        raise LinAlgError(
            f"np.linalg.tensorsolve: a of shape {a.shape} and b of shape {b.shape} do not make a square system: "
            f"prod(a.shape[b.ndim:]) must equal b.size"
        )
    return solve(a.reshape(n, n), b.reshape(-1)).reshape(shape)


# --- triangular factors ---------------------------------------------------------------------


@door(np.linalg.cholesky)
def cholesky(a: Array, /, *, upper: bool = False) -> Array:
    return CHOLESKY(matrices("cholesky", a), upper=bool(upper))


@door(np.linalg.qr)
def qr(a: Array, mode: str = "reduced") -> Any:
    a = matrices("qr", a, square=False)
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r", "complete"):
        raise ValueError(f"np.linalg.qr: mode={mode!r} has no gradient; use mode='reduced' or 'r'")
    if mode == "complete" and m > n:
        raise ValueError(
            f"np.linalg.qr: mode='complete' of shape {a.shape} has {m - n} columns in Q that are not unique, "
            f"so they have no gradient; use mode='reduced'"
        )
    both = QR(a)
    q, r = both[..., :m, :], both[..., m:, :].mT
    return r if mode == "r" else QRResult(q, r)


# --- products: NumPy 2 has them here too ----------------------------------------------------


@door(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Array], *, out: None = None) -> Array:
    """The product in the order that multiplies fewest numbers (matrix chain, dynamic programming)."""
    refuse("linalg.multi_dot", out=out)
    factors = [array(a) for a in arrays]
    if len(factors) < 2:
        raise ValueError(f"np.linalg.multi_dot: needs at least two arrays, got {len(factors)}")
    first, last = factors[0].ndim, factors[-1].ndim
    factors = [x.reshape(1, -1) if i == 0 and x.ndim == 1 else x for i, x in enumerate(factors)]
    factors = [x.reshape(-1, 1) if i == len(factors) - 1 and x.ndim == 1 else x for i, x in enumerate(factors)]
    if any([x.ndim != 2 for x in factors]):
        raise LinAlgError(
            f"np.linalg.multi_dot: needs matrices (the first and the last may be vectors), got shapes "
            f"{[np.shape(a) for a in arrays]}"
        )
    result = chain(factors, cheapest([x.shape[0] for x in factors] + [factors[-1].shape[1]]), 0, len(factors) - 1)
    return result.reshape(result.shape[first == 1 : 2 - (last == 1)])


def cheapest(sizes: list[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """(from, to) -> the cost of that product of matrices, and behind which matrix to split it."""
    best = {(i, i): (0, i) for i in range(len(sizes) - 1)}
    for length in range(1, len(sizes) - 1):
        best = best | {
            (i, i + length): min(
                (best[i, k][0] + best[k + 1, i + length][0] + sizes[i] * sizes[k + 1] * sizes[i + length + 1], k)
                for k in range(i, i + length)
            )
            for i in range(len(sizes) - 1 - length)
        }
    return best


def chain(factors: list[Array], best: dict[tuple[int, int], tuple[int, int]], i: int, j: int) -> Array:
    k = best[i, j][1]
    return factors[i] if i == j else chain(factors, best, i, k) @ chain(factors, best, k + 1, j)


@door(np.linalg.matmul)
def matmul(x1: Array, x2: Array, /) -> Array:
    return contraction.MATMUL(array(x1), array(x2))


@door(np.linalg.outer)
def outer(x1: Array, x2: Array, /) -> Array:
    x1, x2 = array(x1), array(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"np.linalg.outer: needs two vectors, got shapes {x1.shape} and {x2.shape}; np.outer flattens")
    return contraction.outer(x1, x2)


@door(np.linalg.cross)
def cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    return contraction.cross(x1, x2, axis=axis)


@door(np.linalg.vecdot)
def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    x1, x2 = array(x1), array(x2)
    if x1.shape[axis_of(axis, x1.ndim)] != x2.shape[axis_of(axis, x2.ndim)]:
        raise ValueError(
            f"np.linalg.vecdot: axis {axis} has different lengths in shapes {x1.shape} and {x2.shape}; give it one length"
        )
    return (np.moveaxis(x1, axis, -1) * np.moveaxis(x2, axis, -1)).sum(axis=-1)


@door(np.linalg.tensordot)
def tensordot(x1: Array, x2: Array, /, *, axes: Any = 2) -> Array:
    return contraction.tensordot(x1, x2, axes)


@door(np.linalg.matrix_transpose)
def matrix_transpose(x: Array, /) -> Array:
    return shaping.swapaxes(matrices("matrix_transpose", x, square=False), -1, -2)


@door(np.linalg.diagonal)
def diagonal(x: Array, /, *, offset: int = 0) -> Array:
    return shaping.diagonal(x, offset, -2, -1)


@door(np.linalg.trace)
def trace(x: Array, /, *, offset: int = 0, dtype: Any = None) -> Array:
    return shaping.trace(x, offset, -2, -1, dtype)
