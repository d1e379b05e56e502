"""np.linalg: eigenvalues, singular values, and what is made of them: norms, pinv, lstsq, cond.

Sources: Giles (2008), "Collected matrix derivative results", 3.1; Townsend (2016), "Differentiating the
singular value decomposition"; Golub & Pereyra (1973) for the pseudo-inverse.

Vectors that belong to equal eigenvalues (singular values) are not unique, so they have no gradient: a
LinAlgError.  The values alone have one.  Whether gradient came through the vectors cannot be told by its
numbers, which may be zero by chance (in V diag(log w) V.T at the identity): so the parts of a decomposition
are operations of their own, and the last decomposition is remembered, that it need not be computed for each.

>>> from autograd import grad
>>> grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 3))(np.diag([1.0, 1.0, 2.0]))
array([[ 3.,  0.,  0.],
       [ 0.,  3.,  0.],
       [ 0.,  0., 12.]])
"""

import math
from typing import Any

import numpy as np

from .elementwise import flat, nonzero
from .linalg import RESOLVED, LinAlgError, attempt, inv, matrices, symmetric
from .reductions import NO_VALUE, kept
from .shaping import array
from .table import CONSTANT, Array, Op, axes_of, axis_of, door, refuse

EighResult: Any = type(np.linalg.eigh(np.eye(1)))
SVDResult: Any = type(np.linalg.svd(np.eye(1)))
CONSTANT.add(np.linalg.matrix_rank)  # an integer


def diagonal_of_ones(x: Array) -> Array:
    return np.eye(x.shape[-1], dtype=x.dtype)


# --- eigenvalues and singular values --------------------------------------------------------

last: tuple[Any, Any] = (None, None)  # what was decomposed last, by its bytes, and the parts


def part(x: Array, i: int, function: Any, *options: Any) -> Array:
    """Part `i` of the decomposition of `x`; a copy, as results may be written into."""
    global last
    key = (function, options, x.shape, x.dtype, x.tobytes())
    known, parts = last
    if known != key:
        parts = function(x, *options)
        last = key, parts
    return parts[i].copy()


def eigh_parts(x: Array, uplo: Any) -> Any:
    return attempt("eigh", np.linalg.eigh, symmetric("eigh", x), uplo)


def svd_parts(x: Array) -> Any:
    if not np.isfinite(x).all():  # some LAPACKs never return then
        raise LinAlgError("np.linalg.svd: the matrix holds a NaN or an infinity; look where it came from")
    return attempt("svd", np.linalg.svd, x, full_matrices=False)


def gaps(w: Array, *, function: str) -> Array:
    """w[j] - w[i] at (i, j), 1 on the diagonal; LinAlgError if two are equal to working precision."""
    gap, one = w[..., None, :] - w[..., :, None], np.eye(w.shape[-1], dtype=bool)
    limit = np.finfo(w.dtype).eps * w.shape[-1] * abs(w).max(axis=-1, initial=0.0)[..., None, None]
    if ((abs(gap) <= limit) & ~one).any():
        what, alone = ("eigen", "eigvalsh") if function == "eigh" else ("singular ", "svdvals")
        raise LinAlgError(
            f"np.linalg.{function}: two {what}values are equal to working precision, so their vectors are not unique and "
            f"have no gradient (nor have the {what}values a second derivative this way); np.linalg.{alone} gives the "
            f"values alone"
        )
    return np.where(one, w.dtype.type(1), gap)


def gaps_w(g: Array, out: Array, w: Array, function: str) -> Array:
    return g.sum(axis=-2) - g.sum(axis=-1)  # the diagonal is in both


def eigenvalues_x(g: Array, out: Array, x: Array, uplo: Any) -> Array:
    """V diag(g) V.T (Giles 3.1)."""
    v = EIGENVECTORS(x, uplo=uplo)
    return (v * g[..., None, :]) @ v.mT


def eigenvectors_x(g: Array, out: Array, x: Array, uplo: Any) -> Array:
    """V (V.T g / (w[j] - w[i])) V.T, symmetrized (Giles 3.1)."""
    turn = out.mT @ g * (1 - diagonal_of_ones(out)) / GAPS(EIGENVALUES(x, uplo=uplo), function="eigh")
    return out @ ((turn + turn.mT) * 0.5) @ out.mT


def singular_values_x(g: Array, out: Array, x: Array) -> Array:
    """U diag(g) V.T; a value that is 0 has the subgradient 0."""
    return (LEFT(x) * (g * (out > 0))[..., None, :]) @ RIGHT(x)


def left_x(g: Array, out: Array, x: Array) -> Array:
    """U (a / (s[j] - s[i]) + a / (s[j] + s[i])) / 2 V.T, a = U.T g - g.T U, and what leaves the column space, over s
    (Townsend 2016, his F split in two fractions).
    """
    vh, s = RIGHT(x), SINGULAR_VALUES(x)
    inner = out.mT @ g
    a = (inner - inner.mT) * 0.5
    gx = out @ (a / GAPS(s, function="svd") + a / nonzero(s[..., None, :] + s[..., :, None])) @ vh
    if x.shape[-2] <= x.shape[-1]:
        return gx
    return gx + ((g - out @ inner) / RESOLVED(s, function="svd")[..., None, :]) @ vh


def right_x(g: Array, out: Array, x: Array) -> Array:
    """U (b / (s[j] - s[i]) - b / (s[j] + s[i])) / 2 V.T, b = V.T g.T - g V, and what leaves the row space, over s."""
    u, s = LEFT(x), SINGULAR_VALUES(x)
    inner = out @ g.mT
    b = (inner - inner.mT) * 0.5
    gx = u @ (b / GAPS(s, function="svd") - b / nonzero(s[..., None, :] + s[..., :, None])) @ out
    if x.shape[-2] >= x.shape[-1]:
        return gx
    return gx + (u / RESOLVED(s, function="svd")[..., None, :]) @ (g - inner.mT @ out)


def svdvals_x(g: Array, out: Array, x: Array, norm: bool) -> Array:
    """U diag(g) V.T; a value that is 0 has the subgradient 0, and in a norm one that is 0 to working precision too."""
    share = float(np.finfo(x.dtype).eps) * max(x.shape[-2:]) if norm else 0.0
    limit = share * np.max(out, axis=-1, keepdims=True, initial=0.0)
    return (LEFT(x) * (g * (out > limit))[..., None, :]) @ RIGHT(x)


# --- norms ----------------------------------------------------------------------------------


def unit(x: Array, *, axis: tuple[int, ...]) -> Array:
    """`x` over its Euclidean norm, scaled so that nothing overflows; 0 for 0."""
    y = x / nonzero(abs(x).max(axis=axis, keepdims=True, initial=0.0))
    return y / nonzero(np.sqrt((y * y).sum(axis=axis, keepdims=True)))


def unit_x(g: Array, out: Array, x: Array, axis: tuple[int, ...]) -> Array:
    size = NORM(x, axis=axis if len(axis) in (1, 2) else None, keepdims=True)
    return np.where(size == 0, 0.0, (g - out * (g * out).sum(axis=axis, keepdims=True)) / nonzero(size))


def norm_x(g: Array, out: Array, x: Array, axis: Any, keepdims: bool) -> Array:
    axes = axes_of(axis, x.ndim)
    return kept(g, x, axes) * UNIT(x, axis=axes)


def power_norm_x(g: Array, out: Array, x: Array, p: float, axis: tuple[int, ...], keepdims: bool) -> Array:
    """sign(x) (|x| / norm)^(p - 1); 0 where x is 0, the subgradient of least norm (for p < 1 there is a cusp), and
    where the norm is: for p < 0 that of a vector with a 0 in it is 0, whatever else there is.
    """
    size = kept(out, x, axis)
    share = np.where(x == 0, 1.0, abs(x)) / nonzero(size)
    return kept(g, x, axis) * np.where(size == 0, 0.0, np.sign(x) * share ** (p - 1))


# fmt: off
GAPS = Op("gaps", gaps, gaps_w)
EIGENVALUES: Op = Op("eigenvalues", lambda x, uplo: part(x, 0, eigh_parts, uplo), eigenvalues_x)
EIGENVECTORS: Op = Op("eigenvectors", lambda x, uplo: part(x, 1, eigh_parts, uplo), eigenvectors_x)
EIGVALSH = Op("eigvalsh", lambda x, uplo: attempt("eigvalsh", np.linalg.eigvalsh, symmetric("eigvalsh", x), uplo), eigenvalues_x)
LEFT: Op = Op("left_singular_vectors", lambda x: part(x, 0, svd_parts), left_x)
SINGULAR_VALUES: Op = Op("singular_values", lambda x: part(x, 1, svd_parts), singular_values_x)
RIGHT: Op = Op("right_singular_vectors", lambda x: part(x, 2, svd_parts), right_x)
SVDVALS = Op("svdvals", lambda x, norm: attempt("svdvals", np.linalg.svd, x, compute_uv=False), svdvals_x)
UNIT: Op = Op("unit_vector", unit, unit_x)
NORM = Op("norm", lambda x, axis, keepdims: np.linalg.norm(x, None, axis, keepdims), norm_x)
POWER_NORM = Op("power_norm", lambda x, p, axis, keepdims: np.linalg.norm(x, p, axis, keepdims), power_norm_x)
COUNT = Op("norm_of_order_0", lambda x, axis, keepdims: np.linalg.norm(x, 0, axis, keepdims),
           lambda g, out, x, axis, keepdims: flat(g, out, x))
PINV = Op("pinv", lambda x, rcond: pseudo_inverse(x, rcond), lambda g, out, x, rcond: pinv_x(g, out, x))
LSTSQ = Op("lstsq", lambda a, b, rcond: least_squares(a, b, rcond),
           lambda g, out, a, b, rcond: lstsq_a(g, out, a, b), lambda g, out, a, b, rcond: np.linalg.pinv(a).mT @ g)
# fmt: on


@door(np.linalg.eigh)
def eigh(a: Array, UPLO: str = "L") -> Any:
    a, uplo = matrices("eigh", a), triangle("eigh", UPLO)
    return EighResult(EIGENVALUES(a, uplo=uplo), EIGENVECTORS(a, uplo=uplo))


@door(np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str = "L") -> Array:
    return EIGVALSH(matrices("eigvalsh", a), uplo=triangle("eigvalsh", UPLO))


def triangle(function: str, uplo: str) -> str:
    if uplo.upper() not in ("L", "U"):
        raise ValueError(f"np.linalg.{function}: UPLO={uplo!r} must be 'L' or 'U', the triangle that is read")
    return uplo.upper()


@door(np.linalg.svd)
def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    refuse("linalg.svd", hermitian=hermitian)
    a = matrices("svd", a, square=False)
    m, n = a.shape[-2:]
    if not compute_uv:
        return SVDVALS(a, norm=False)
    if full_matrices and m != n:
        raise ValueError(
            f"np.linalg.svd: the full matrices of shape {a.shape} hold {abs(m - n)} vectors that are not unique, "
            f"so they have no gradient; pass full_matrices=False"
        )
    return SVDResult(LEFT(a), SINGULAR_VALUES(a), RIGHT(a))


@door(np.linalg.svdvals)
def svdvals(x: Array, /) -> Array:
    return SVDVALS(matrices("svdvals", x, square=False), norm=False)


@door(np.linalg.norm)
def norm(x: Array, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Array:
    x, keepdims = array(x), bool(keepdims)
    if getattr(type(ord), "__record__", None):
        raise TypeError("np.linalg.norm: ord is a Value; it carries no gradient: pass a plain number (.data)")
    if axis is None:
        if ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1):
            return NORM(x, axis=None, keepdims=keepdims)
        axis = tuple(range(x.ndim))
    axes = tuple([axis_of(a, x.ndim) for a in (axis if isinstance(axis, tuple) else (axis,))])
    if len(axes) == 1:
        return norm_of_vectors(x, ord, axes, keepdims)
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(
            f"np.linalg.norm: ord={ord} over axes {axis} of shape {x.shape}: a norm goes over one axis or two "
            f"different ones; np.linalg.vector_norm takes any number of them"
        )
    return norm_of_matrices(x, ord, axes, keepdims)


def norm_of_vectors(x: Array, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Array:
    if isinstance(ord, str):
        raise ValueError(f"np.linalg.norm: ord={ord!r} is a norm of matrices, but there is one axis; give two")
    if ord is None or ord == 2:
        return NORM(x, axis=axes, keepdims=keepdims)
    if ord == 0:
        return COUNT(x, axis=axes, keepdims=keepdims)
    if ord == 1:
        return np.sum(abs(x), axis=axes, keepdims=keepdims)
    if ord == math.inf:
        return largest(abs(x), axes[0], keepdims)
    if ord == -math.inf:
        return np.min(abs(x), axis=axes, keepdims=keepdims)
    return POWER_NORM(x, p=ord, axis=axes, keepdims=keepdims)


def largest(x: Array, axis: int, keepdims: bool = False) -> Array:
    """The maximum of magnitudes; 0 if there are none."""
    return (np.max if x.shape[axis] else np.sum)(x, axis=axis, keepdims=keepdims)


def norm_of_matrices(x: Array, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Array:
    row, column = axes
    if ord in (None, "fro", "f"):
        return NORM(x, axis=axes, keepdims=keepdims)
    if ord == "nuc" or (not isinstance(ord, str) and abs(ord) == 2):
        s = SVDVALS(x if axes == (-2, -1) else np.moveaxis(x, axes, (-2, -1)), norm=True)
        result = s.sum(axis=-1) if ord == "nuc" else largest(s, -1) if ord == 2 else s.min(axis=-1)
    elif not isinstance(ord, str) and abs(ord) in (1, math.inf):
        inner, outer = (row, column) if abs(ord) == 1 else (column, row)
        sums = np.sum(abs(x), axis=inner, keepdims=True)
        result = (largest if ord > 0 else np.min)(sums, axis=outer)
        result = result.reshape([n for a, n in enumerate(x.shape, -x.ndim) if a not in axes])
    else:
        raise ValueError(
            f"np.linalg.norm: ord={ord!r} is no norm of matrices; use 'fro', 'nuc', 1, -1, 2, -2, inf or -inf"
        )
    return kept(result, x, axes) if keepdims else result


@door(np.linalg.vector_norm)
def vector_norm(x: Array, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Array:
    x = array(x)
    axes = axes_of(axis, x.ndim)
    if axis is None:
        result = norm(x.reshape(-1), ord, 0)
    elif isinstance(axis, tuple):
        rest = [a for a in range(x.ndim) if a - x.ndim not in axes]
        first = [axis_of(a, x.ndim) % x.ndim for a in axis]
        n = math.prod([x.shape[a] for a in first])
        result = norm(x.transpose(first + rest).reshape([n] + [x.shape[a] for a in rest]), ord, 0)
    else:
        result = norm(x, ord, axis)
    return kept(result, x, axes) if keepdims else result


@door(np.linalg.matrix_norm)
def matrix_norm(x: Array, /, *, keepdims: Any = False, ord: Any = "fro") -> Array:
    return norm(matrices("matrix_norm", x, square=False), ord, (-2, -1), keepdims)


@door(np.linalg.cond)
def cond(x: Array, p: Any = None) -> Array:
    """The quotient of the extreme singular values, or norm(x, p) norm(inv(x), p)."""
    x = matrices("cond", x, square=False)
    if 0 in x.shape[-2:]:
        raise LinAlgError(f"np.linalg.cond: not defined for an empty array of shape {x.shape}; leave empty ones out")
    if p is None or p in (2, -2):
        s = SVDVALS(x, norm=False)
        high, low = (s[..., -1], s[..., 0]) if p == -2 else (s[..., 0], s[..., -1])
        with np.errstate(all="ignore"):  # of a singular matrix: inf, of zeros too, as NumPy says
            return np.where(low == 0, math.inf, high / low)
    x = matrices("cond", x)
    return norm(x, p, (-2, -1)) * norm(attempt("cond", inv, x), p, (-2, -1))


# --- the pseudo-inverse ---------------------------------------------------------------------


def pseudo_inverse(x: Array, rcond: float | None) -> Array:
    if rcond is not None and x.size:
        s = attempt("pinv", np.linalg.svd, x, compute_uv=False)
        top = s.max(axis=-1, keepdims=True)
        if ((s <= rcond * top) & (s > 1000 * max(x.shape[-2:]) * np.finfo(x.dtype).eps * top)).any():
            raise LinAlgError(
                f"np.linalg.pinv: the threshold {rcond:.3g} cuts off singular values that are not zero, which has no "
                f"rule; lower it, or compose the inverse from np.linalg.svd(a, full_matrices=False)"
            )
    return attempt("pinv", np.linalg.pinv, x, rcond)


def pinv_x(g: Array, out: Array, x: Array) -> Array:
    """-P.T g P.T + (1 - x P) g.T P P.T + P.T P g.T (1 - P x), which holds while the rank stays (Golub & Pereyra)."""
    rows, columns = g.mT - x @ (out @ g.mT), g.mT - (g.mT @ out) @ x
    return -(out.mT @ g @ out.mT) + rows @ out @ out.mT + out.mT @ out @ columns


def least_squares(a: Array, b: Array, rcond: Any) -> Array:
    x, _, rank, _ = attempt("lstsq", np.linalg.lstsq, a, b, rcond)
    if rank < min(a.shape):
        raise LinAlgError(
            f"np.linalg.lstsq: a of shape {a.shape} has rank {rank}, so its solution of least norm is not continuous "
            f"and has no gradient; leave out dependent columns, or add a row of small numbers for each (ridge)"
        )
    return x


def lstsq_a(g: Array, out: Array, a: Array, b: Array) -> Array:
    """That of pinv(a) @ b, with the residual in place of (1 - a P) b."""
    p = np.linalg.pinv(a)
    back, residual = p.mT @ g, b - a @ out
    return residual @ (p @ back).mT - back @ out.mT + (p.mT @ out) @ (g - a.mT @ back).mT


@door(np.linalg.pinv)
def pinv(a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = NO_VALUE) -> Array:
    refuse("linalg.pinv", hermitian=hermitian)
    a = matrices("pinv", a, square=False)
    if rtol is not NO_VALUE and rcond is not None:
        raise ValueError(f"np.linalg.pinv: rcond={rcond} and rtol={rtol} say the same; give one of them")
    share = rcond if rtol is NO_VALUE else max(a.shape[-2:]) * np.finfo(a.dtype).eps if rtol is None else rtol
    if np.ndim(share):
        raise TypeError("np.linalg.pinv: several thresholds are not supported for a Value; give one number")
    return PINV(a, rcond=None if share is None else float(share))


@door(np.linalg.lstsq)
def lstsq(a: Array, b: Array, rcond: Any = None) -> tuple[Array, Array, Any, Array]:
    """Solution, sums of squared residuals (empty unless m > n), rank, singular values; for full rank only."""
    a, b = matrices("lstsq", a, square=False), array(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or b.shape[0] != a.shape[0]:
        raise LinAlgError(
            f"np.linalg.lstsq: a has shape {a.shape}, b has shape {b.shape}; needs (m, n) and (m,) or (m, k)"
        )
    m, n = a.shape
    columns = b[:, None] if b.ndim == 1 else b
    x = LSTSQ(a, columns, rcond=rcond if rcond is None else float(rcond))
    residual = columns - a @ x
    squares = (residual * residual).sum(axis=0) if m > n else np.zeros(0, x.dtype)
    return (x[:, 0] if b.ndim == 1 else x), squares, np.int32(min(m, n)), SVDVALS(a, norm=False)
