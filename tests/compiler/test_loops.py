"""compile with numba: elementwise steps and sums of columns as loops, with NumPy's bits."""

import numpy as np
import pytest

from autograd import value_and_grad
from autograd.compiler import compile

pytest.importorskip("numba")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(600, 7)), RNG.normal(size=(600, 7))
COLUMN, ROW = RNG.normal(size=(600, 1)), RNG.normal(size=(1, 7))
for a in (X, Y, COLUMN, ROW):
    a[RNG.random(a.shape) < 0.2] = 0.0
    a[RNG.random(a.shape) < 0.2] *= -0.0

PROGRAMS = {
    "a sum, and what is summed": lambda x, y: ((x * y + 1.0), np.sum(x * y + 1.0, axis=0)),
    "a sum alone": lambda x, y: np.sum(abs(x * y) - 1.0, axis=0),
    "two sums of one": lambda x, y: (
        np.sum(x * y - x, axis=0) * np.sum(x * y - x, axis=0),
        np.sum(-(x * y), axis=0),
    ),
    "a sum that goes on": lambda x, y: np.sum(x * y - x, axis=0) * (x * y - x) + y,
    "a sum of a sum": lambda x, y: np.sum(np.sum(x * y - x, axis=0) + y * x, axis=0),
    "of what is used later": lambda x, y: np.sum(x * y - x, axis=0) @ (x * y - x).T,
    "of negative zeros": lambda x, y: np.sum(-abs(x * 0.0) * 1.0, axis=0) + 0 * y,
    "of rows": lambda x, y: np.sum(x * y - x, axis=1),
    "kept": lambda x, y: np.sum(x * y - x, axis=0, keepdims=True) * y,
    "of a column": lambda x, y: np.sum(x[:, :1] * y[:, :1] - 1.0, axis=0),
    "of a transposed": lambda x, y: np.sum((x * y - x).T * 1.0 + 1.0, axis=0),
    "a mask": lambda x, y: np.sum(np.where(x > 0, y, 0.0) * (y != 0), axis=0),
}


def same_bits(x, y):
    for a, b in zip(*[v if isinstance(v, tuple) else (v,) for v in (x, y)], strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(np.signbit(a), np.signbit(b))
        assert a.dtype == b.dtype


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_sums_of_columns(f, kind):
    c = compile(f, backend="numba")
    x, y = X.astype(kind), Y.astype(kind)
    for _ in range(3):
        same_bits(c(x, y), f(x, y))
        same_bits(c(y, x), f(y, x))
    if f is PROGRAMS["a sum, and what is summed"]:
        assert "sum0[i1] = " in c.source and "add.reduce" not in c.source


@pytest.mark.parametrize(
    "f", [lambda c, r: c @ r, lambda c, r: np.sum((c @ r) * 2.0 - 1.0, axis=0), lambda c, r: -(c @ r)]
)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_the_product_of_a_column_and_a_row(f, kind):
    column, row = COLUMN.astype(kind), ROW.astype(kind)
    c = compile(f, backend="numba")
    for given in ((column, row), (column, np.array(row.T, order="C").T), (column * 0, -row)):
        same_bits(c(*given), f(*given))


def test_a_network():
    def loss(w1, b1, w2, x, t):
        h = np.maximum(x @ w1 + b1, 0.0)
        return np.mean(np.maximum(1.0 - t * (h @ w2), 0.0)) + 1e-3 * np.sum(w1 * w1)

    given = [RNG.normal(size=shape) for shape in ((7, 16), (16,), (16, 1), (600, 7), (600, 1))]
    eager = value_and_grad(loss, (0, 1, 2))
    c = compile(eager, backend="numba")
    for _ in range(3):
        (value, slopes), (found, found_slopes) = eager(*given), c(*given)
        same_bits(found, value)
        same_bits(found_slopes, slopes)
        given = [a + 0.1 for a in given]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_constant_array_of_one_number(backend):
    """It is used as the number that it is; zeros of two signs are two numbers."""
    zeros = np.array([0.0, -0.0] * 4)
    f = lambda x: (x * np.full(8, 2.0) + np.zeros((600, 8)), x * zeros, np.full((3, 8), np.nan) + x[:3])
    c = compile(f, backend=backend)
    x = RNG.normal(size=(600, 8))
    for _ in range(2):
        same_bits(c(x), f(x))
