"""compile: what is taken into constants, and sums that are made together, have the same bits."""

import numpy as np
import pytest

from autograd import compile, grad

RNG = np.random.default_rng(3)
ODD = np.array([-0.0, 0.0, 1.0, -1.0, 5e-324, -3e-310, np.inf, -np.inf, np.nan, 0.7])


def bits(x):
    x = np.asarray(x)
    return np.where(np.isnan(x), 0, x.view(f"i{x.itemsize}")), np.isnan(x)


def same(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    for a, b in zip(bits(found), bits(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("f", "calls"),
    [
        (lambda x: -(0.3 * x), 1),
        (lambda x: -(x * -0.3), 1),
        (lambda x: -(0.3 / x), 1),
        (lambda x: -(x / 0.3), 1),
        (lambda x: (0.3 * (x > 0)) * ODD[:6], 2),
        (lambda x: -((x != 0) * 0.3) * ODD[0], 2),
        (lambda x: (1e200 * (x > 0)) * 1e200, 3),  # 0 * inf would be nan
        (lambda x: (0.3 * (x > 0)) * ODD, 3),
        (lambda x: -(3 * x), 2),
    ],
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_what_is_taken_into_a_constant(f, calls, dtype):
    with np.errstate(all="ignore"):
        x = np.resize(ODD, 6 if calls == 2 else 10).astype(dtype)
        g = compile(f)
        expected = f(x)
        for _ in range(2):
            same(g(x), expected)
    assert len([s for s in g.program.steps if s.op.name != "astype"]) == calls, g.source


def test_what_is_read_twice_or_named_stays():
    def f(x):
        y = 0.3 * x
        return -y, y + 1.0

    g, x = compile(f), RNG.normal(size=8)
    for found, expected in zip(g(x), f(x), strict=True):
        same(found, expected)
    assert len(g.program) == 3


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 20, 127, 128, 129, 1000, 9000])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_sums_that_are_made_together(n, dtype):
    """The gradient of numbers that an array holds."""
    x, y = RNG.normal(size=(2, n)).astype(dtype)

    def loss(w):
        a, b, c = w
        return abs(a * x**2 + b * x + c - y).mean()

    slope = compile(grad(loss))
    for _ in range(3):
        w = RNG.normal(size=3).astype(dtype)
        same(slope(w), grad(loss)(w))
    assert "sums" in [s.op.name for s in slope.program.steps]


def test_rows_that_are_something_else_too():
    """An argument, a result, one row for two sums, a row that is read after the sums."""
    x = RNG.normal(size=16)

    def f(w, z):
        a, b, c, d = w
        y = a * x
        slope = grad(
            lambda v: np.sum(v[0] * y) + np.sum(v[1] * z) + np.sum(v[2] * y) + np.sum(v[3] * (z + y))
        )
        return slope(w), y, z + y, b + c + d

    g = compile(f)
    for _ in range(3):
        w, z = RNG.normal(size=4), RNG.normal(size=16)
        for found, expected in zip(g(w, z), f(w, z), strict=True):
            same(found, expected)
    first, _ = g(w, z), g(w + 1.0, z)
    for found, expected in zip(first, f(w, z), strict=True):
        same(found, expected)  # no buffer


def test_sums_of_few_entries_and_of_arrays_of_several_shapes_stay():
    x, y = RNG.normal(size=5), RNG.normal(size=6)
    for f in (
        lambda w: np.sum(w[0] * x) + np.sum(w[2] * x),  # w[1] is not there
        lambda w: np.sum(w[0] * x) + np.sum(w[1] * y) + np.sum(w[2] * x),
        lambda w: np.sum(w[0] * x.reshape(5, 1)) + np.sum(w[1] * x) + w[2],
    ):
        g, w = compile(grad(f)), RNG.normal(size=3)
        for _ in range(2):
            same(g(w), grad(f)(w))
        assert "sums" not in [s.op.name for s in g.program.steps]
