"""The cases of np.linalg, in the table of tests/cases.py.

Matrices are made well-conditioned, eigenvalues and singular values kept apart.  Of vectors only what does
not depend on their sign is looked at: V diag(c) V.T with a different c for each.
"""

from typing import Any

import hypothesis.strategies as st
import numpy as np

from tests.cases import case
from tests.strategies import DISTINCT, ODD, OPEN_UNIT, REAL, Arrays, alike, axes_of, broadcastable, of, one

la = np.linalg
SQUARE = [(3, 3), (2, 2, 2), (1, 1), (2, 1, 3, 3)]
ANY = [*SQUARE, (4, 2), (2, 3), (2, 3, 2), (1, 3), (3, 1)]


def stacks(shapes: list[tuple[int, ...]], domain: Any = OPEN_UNIT) -> st.SearchStrategy[Arrays]:
    return st.sampled_from(shapes).flatmap(lambda shape: of(shape, domain=domain))


def pairs(shapes: list[tuple[tuple[int, ...], ...]]) -> st.SearchStrategy[Arrays]:
    return st.sampled_from(shapes).flatmap(lambda both: of(*both, domain=OPEN_UNIT))


def diagonal(x: Any, *numbers: float) -> np.ndarray:
    """The numbers on the diagonal of a matrix like `x`, the last of them repeated."""
    n = x.shape[-1]
    return np.eye(*x.shape[-2:], dtype=x.dtype) * np.array((*numbers, *numbers[-1:] * n)[:n], x.dtype)


def dominant(x: Any) -> Any:
    return x + diagonal(x, 3.0)


def apart(x: Any) -> Any:
    return x / 4 + diagonal(x, 2.0, 4.0, 6.0, 8.0)


def symmetric(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) / 8 + diagonal(x, 2.0, 4.0, 6.0, 8.0)


def unsigned(v: Any) -> Any:
    """V diag(1, 2, ...) V.T"""
    return (v * np.arange(1, v.shape[-1] + 1, dtype=v.dtype)) @ np.swapaxes(v, -1, -2)


def of_matrix(made: Any) -> Any:
    """A function on matrices made fit by `made`."""

    def applied(f: Any) -> Any:
        return lambda x, **options: f(made(x), **options)

    return applied


# fmt: off
# --- inverses and determinants --------------------------------------------------------------

SYSTEMS = [((3, 3), (3,)), ((2, 2), (2, 4)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 1)), ((2, 2), (3, 2, 1)),
           ((2, 1, 2, 2), (3, 2, 2)), ((1, 1), (1,))]
case(la.inv, stacks([*SQUARE, (0, 0), (0, 2, 2)]), call=of_matrix(dominant)(la.inv))
case(la.solve, pairs(SYSTEMS), call=lambda a, b: la.solve(dominant(a), b))
case(la.solve, of((3, 3), domain=OPEN_UNIT), name="one array", call=lambda a: la.solve(dominant(a), a))
case(la.det, stacks([*SQUARE, (0, 0), (4, 4)]), call=of_matrix(dominant)(la.det))
case(la.slogdet, stacks([*SQUARE, (0, 0)]), call=lambda x: la.slogdet(-dominant(x)))
case(la.matrix_power, stacks(SQUARE), {"n": st.integers(-3, 5)}, call=lambda x, n: la.matrix_power(dominant(x) / 3, n))
case(la.tensorinv, of((4, 4), domain=OPEN_UNIT), {"shape": st.sampled_from([(2, 2, 4), (4, 2, 2), (2, 2, 2, 2)])},
     call=lambda x, shape: la.tensorinv(dominant(x).reshape(shape), ind=1 if shape[0] == 4 else 2))
case(la.tensorsolve, pairs([((4, 4), (2, 2)), ((4, 4), (4,))]),
     call=lambda a, b: la.tensorsolve(dominant(a).reshape(*b.shape, 2, 2), b))
case(la.tensorsolve, pairs([((2, 4, 2), (4,))]), {"axes": (0,)}, "axes",
     call=lambda a, b, axes: la.tensorsolve(a + 3 * np.eye(4, dtype=a.dtype).reshape(4, 2, 2).swapaxes(0, 1), b, axes))

# --- factors --------------------------------------------------------------------------------

case(la.cholesky, stacks([*SQUARE, (0, 0)]), {"upper": st.booleans()}, call=of_matrix(symmetric)(la.cholesky))
case(la.qr, stacks(ANY), call=of_matrix(apart)(la.qr))
case(la.qr, stacks(ANY), {"mode": "r"}, "r", call=of_matrix(apart)(la.qr))
case(la.qr, stacks([(2, 2), (2, 3), (2, 1, 2)]), {"mode": "complete"}, "complete", call=of_matrix(apart)(la.qr))


def eigh(x: Any, UPLO: str) -> Any:  # noqa: N803
    w, v = la.eigh(symmetric(x), UPLO)
    return [w, unsigned(v)]


def svd(x: Any, full_matrices: bool) -> Any:
    u, s, vh = la.svd(apart(x), full_matrices=full_matrices)
    return [s, unsigned(u), unsigned(np.swapaxes(vh, -1, -2)), u @ vh]


case(la.eigh, stacks(SQUARE), {"UPLO": st.sampled_from("LU")}, call=eigh)
case(la.eigvalsh, stacks([*SQUARE, (0, 0)]), {"UPLO": st.sampled_from("LUlu")}, call=of_matrix(symmetric)(la.eigvalsh))
case(la.svd, stacks(ANY), {"full_matrices": False}, call=svd)
case(la.svd, stacks(SQUARE), {"full_matrices": True}, "full", call=svd)
case(la.svd, stacks(ANY), {"compute_uv": False}, "values", call=of_matrix(apart)(la.svd))
case(la.svdvals, stacks(ANY), call=of_matrix(apart)(la.svdvals))
case(la.pinv, stacks(ANY), call=of_matrix(apart)(la.pinv))
case(la.pinv, pairs([((4, 2), (2, 3)), ((2, 3, 1), (2, 1, 3))]), name="of rank less than full",
     params={"options": st.sampled_from([{"rtol": None}, {"rtol": 1e-5}, {"rcond": 1e-4}])},
     call=lambda x, y, options: la.pinv(apart(x) @ apart(y), **options))
LSTSQ = [((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 3), (2,)), ((2, 3), (2, 2)), ((3, 3), (3, 1))]
case(la.lstsq, pairs(LSTSQ), call=lambda a, b: la.lstsq(apart(a), b)[0])
case(la.lstsq, pairs(LSTSQ), name="residuals, singular values", call=lambda a, b: [*la.lstsq(apart(a), b)[1::2]],
     approximate=True)

# --- norms ----------------------------------------------------------------------------------

MATRIX_NORMS = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]
VECTOR_NORMS = [2, 1, 0, np.inf, -np.inf, 3, 2.5, 0.5, -1, -2]


def axes(x: np.ndarray, n: int) -> st.SearchStrategy[Any]:
    return st.permutations(range(-x.ndim, x.ndim)).map(lambda p: tuple(p[:n])).filter(
        lambda p: len({a % x.ndim for a in p}) == n)


case(la.norm, one(ODD), {"keepdims": st.booleans()}, "all")
case(la.norm, one(DISTINCT, dims=(1, 3), sides=(1, 3)), lambda x: {
    "ord": st.sampled_from([None, *VECTOR_NORMS]), "axis": axes(x, 1) | st.integers(-x.ndim, x.ndim - 1),
    "keepdims": st.booleans()})
case(la.norm, of((4,), domain=DISTINCT), {"ord": st.sampled_from([None, *VECTOR_NORMS])}, "vector")
case(la.norm, stacks([(3, 3), (2, 3)]), {"ord": st.sampled_from(MATRIX_NORMS), "keepdims": st.booleans()}, "matrix",
     call=of_matrix(apart)(la.norm))
case(la.norm, stacks([(2, 3, 3), (2, 3, 2)], DISTINCT),
     {"ord": st.sampled_from(MATRIX_NORMS), "axis": st.sampled_from([(1, 2), (-1, 1), (2, -2)]),
      "keepdims": st.booleans()}, "matrices", call=lambda x, ord, axis, keepdims: la.norm(apart(x / 3), ord, axis, keepdims))
case(la.vector_norm, one(DISTINCT, dims=(1, 3), sides=(1, 3)), lambda x: {
    "ord": st.sampled_from(VECTOR_NORMS), "axis": axes_of(x).filter(lambda a: a != ()), "keepdims": st.booleans()})
case(la.matrix_norm, stacks(ANY), {"ord": st.sampled_from(MATRIX_NORMS[1:]), "keepdims": st.booleans()},
     call=of_matrix(apart)(la.matrix_norm))
case(la.cond, stacks(ANY), {"p": st.sampled_from([None, 2, -2])}, call=of_matrix(apart)(la.cond))
case(la.cond, stacks([(3, 3), (2, 2, 2)]), {"p": st.sampled_from(["fro", "nuc", 1, -1, np.inf, -np.inf])},
     "by the inverse", call=of_matrix(apart)(la.cond), approximate=True)

# --- products -------------------------------------------------------------------------------

CHAINS = [((2, 3), (3, 2)), ((2,), (2, 3), (3,)), ((2, 3), (3, 1), (1, 4)), ((3,), (3, 2), (2, 4), (4, 2)),
          ((2, 4), (4, 1), (1, 3), (3,)), ((3, 2), (2, 3), (3, 2), (2, 3), (3, 1))]
case(la.multi_dot, pairs(CHAINS), call=lambda *xs: la.multi_dot(xs), may_alias=True, approximate=True)
case(la.matmul, broadcastable(REAL, REAL, signature=np.matmul.signature), name="linalg", may_alias=True)
case(la.outer, pairs([((2,), (3,)), ((3,), (3,)), ((0,), (2,))]), name="linalg", may_alias=True)
case(la.cross, pairs([((3,), (3,)), ((2, 3), (3,))]), name="linalg", may_alias=True)
case(la.cross, pairs([((3, 2), (3, 2))]), {"axis": 0}, "linalg, axis")
case(la.vecdot, alike(REAL, REAL, dims=(1, 3)), lambda x, y=None: {"axis": st.integers(-x.ndim, x.ndim - 1)}, "linalg",
     may_alias=True, approximate=True)
case(la.tensordot, pairs([((2, 3), (3, 2))]), {"axes": st.sampled_from([0, 1, ([0, 1], [1, 0])])}, "linalg",
     approximate=True)
case(la.matrix_transpose, one(REAL, dims=(2, 3)), name="linalg")
case(la.diagonal, one(REAL, dims=(2, 3)), {"offset": st.integers(-2, 2)}, "linalg")
case(la.trace, one(REAL, dims=(2, 3)), {"offset": st.integers(-2, 2)}, "linalg")
