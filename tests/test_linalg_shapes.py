"""np.linalg on every shape and with every option: NumPy's value, two derivatives against differences. 3 s."""

import numpy as np
import pytest

from tests import numeric
from tests.cases_linalg import (
    CHAINS,
    LSTSQ,
    MATRIX_NORMS,
    VECTOR_NORMS,
    apart,
    dominant,
    eigh,
    svd,
    symmetric,
)

la = np.linalg
SQUARE = [(1, 1), (3, 3), (2, 1, 3, 3), (3, 2, 2)]
WIDE = [(1, 3), (2, 3), (3, 1, 2)]
TALL = [(3, 1), (3, 2), (2, 3, 2)]
ANY = SQUARE + WIDE + TALL


def each(f, shapes, *options):
    """(what it is, the function, the shapes of its inputs) for each shape and each set of options."""
    shapes = [shape if isinstance(shape[0], tuple) else (shape,) for shape in shapes]
    return [(lambda *xs, o=o: f(*xs, *o), shape) for shape in shapes for o in options or [()]]


def thin(x):
    return svd(x, full_matrices=False)


CALLS = {
    "inv": each(lambda x: la.inv(dominant(x)), SQUARE),
    "det": each(lambda x: la.det(dominant(x)), SQUARE),
    "slogdet": each(lambda x: la.slogdet(-dominant(x)), SQUARE),
    "matrix_power": each(lambda x, n: la.matrix_power(dominant(x) / 3, n), SQUARE, *[(n,) for n in range(-3, 6)]),
    "cholesky": each(lambda x, upper: la.cholesky(symmetric(x), upper=upper), SQUARE, (False,), (True,)),
    "qr": each(lambda x: la.qr(apart(x)), ANY),
    "qr, r": each(lambda x: la.qr(apart(x), "r"), ANY),
    "qr, complete": each(lambda x: la.qr(apart(x), "complete"), SQUARE + WIDE),
    "eigh": each(eigh, SQUARE, ("L",), ("U",)),
    "eigvalsh": each(lambda x, uplo: la.eigvalsh(symmetric(x), uplo), SQUARE, ("L",), ("U",)),
    "svd": each(thin, ANY),
    "svd, full": each(lambda x: svd(x, full_matrices=True), SQUARE),
    "svdvals": each(lambda x: la.svdvals(apart(x)), ANY),
    "pinv": each(lambda x: la.pinv(apart(x)), ANY),
    "lstsq": each(lambda a, b: la.lstsq(apart(a), b)[0], LSTSQ),
    "norm of vectors": each(la.norm, [(2, 3), (3, 1, 2)], *[(p, axis) for p in VECTOR_NORMS for axis in (0, -1)]),
    "norm of matrices": each(
        lambda x, p, axis, keepdims: la.norm(apart(x), p, axis, keepdims),
        [(2, 3, 4)],
        *[
            (p, axis, keepdims)
            for p in MATRIX_NORMS
            for axis, keepdims in (((1, 2), False), ((-1, 1), True), ((0, 1), False), ((2, 0), True), ((0, -1), False))
        ],
    ),
    "norm of a matrix": each(lambda x, p: la.norm(apart(x), p), [(3, 3), *WIDE[:2], *TALL[:2]], *zip(MATRIX_NORMS)),
    "cond": each(lambda x, p: la.cond(apart(x), p), ANY, (None,), (2,), (-2,)),
    "vector_norm": each(lambda x, p: la.vector_norm(x, ord=p, axis=(2, 0)), [(2, 3, 4)], *zip(VECTOR_NORMS)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_every_shape(name):
    for i, (f, shapes) in enumerate(CALLS[name]):
        rng = np.random.default_rng(i)
        leaves = [rng.permutation(np.linspace(-0.9, 0.95, max(1, np.prod(s)))).reshape(s) for s in shapes]
        numeric.check_value(f, leaves)
        numeric.check_first_order(f, leaves, i)
        numeric.check_higher_orders(f, leaves, i, 2)


@pytest.mark.parametrize("shapes", CHAINS, ids=str)
def test_multi_dot(shapes):
    rng = np.random.default_rng(0)
    numeric.check_first_order(lambda *xs: la.multi_dot(xs), [rng.normal(size=s) for s in shapes], 0)
