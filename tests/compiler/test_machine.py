"""compile: programs of numbers as machine code, and as Python: the formulas, what is returned, loops."""

import math

import numpy as np
import pytest

from autograd import grad
from autograd.compiler import compile
from autograd.compiler.compiled import Compiled
from autograd.rules import special

numba = pytest.importorskip("numba")
BOTH = pytest.mark.parametrize("backend", ["python", "numba"])
EXTREME = [
    0.0,
    -0.0,
    5e-324,
    0.3,
    -1.5,
    40.0,
    -40.0,
    700.0,
    -750.0,
    1e308,
    -1e308,
    math.inf,
    -math.inf,
    math.nan,
]


def close(x, y, ulps=4):
    same = x == y and np.signbit(x) == np.signbit(y)
    return same or (x != x and y != y) or abs(x - y) <= ulps * np.spacing(abs(y))


@BOTH
@pytest.mark.parametrize(
    "f",
    [
        special.sigmoid, grad(special.sigmoid), special.softplus, grad(grad(special.softplus)), np.sign,
        lambda x: np.exp(-abs(x)), lambda x: x**3, lambda x: x**-1, lambda x: x**-2, lambda x: x**0.5, np.abs,
        lambda x: np.maximum(x, 0.5), lambda x: np.where(x > 1.0, np.log(x), x / 3), lambda x: (x > 0.0) * x,
        lambda x: np.tanh(x) + np.arctan(x), lambda x: special.sigmoid(x) / (1 + np.exp(-abs(x))),
    ],
)  # fmt: skip
def test_a_formula_at_the_edges(f, backend):
    c = compile(f, backend=backend)
    for x in EXTREME:
        with np.errstate(all="ignore"):
            expected = f(np.float64(x))
        assert close(float(c(x)), float(expected)), x
    assert c.backend == backend


@BOTH
def test_what_is_returned_has_its_kind(backend):
    c = compile(
        lambda x, y: (x * y, 3, True, x > y, (x > y) * 2, np.logical_and(x, y), np.logical_not(x)),
        backend=backend,
    )
    for x, y in ((3.0, 2.0), (0.0, 2.0), (-1.0, math.nan)):
        found = c(x, y)
        assert found[1:] == (3, True, x > y, 2 * (x > y), bool(x and y), not x)
        assert [type(v) for v in found] == [float, int, bool, bool, int, bool, bool]


def test_sums_of_truth_values_are_truth_values():
    c = compile(lambda x: ((x > 0) + (x < 5), (x > 0) * (x < 5)))
    assert c(1.0) == (True, True) and c(-1.0) == (True, False)
    assert all(v.dtype == bool for v in c(1.0))


def test_names_that_the_code_around_has_too():
    c = compile(lambda body, found, empty, run: (body * found + empty.sum(), empty + run), backend="numba")
    total, moved = c(2.0, 3.0, np.ones((2, 2)), 1.0)
    assert total == 10.0 and moved.tolist() == [[2.0, 2.0], [2.0, 2.0]]


@pytest.mark.parametrize("order", ["C", "F"])
def test_elements_of_arrays_in_any_order(order):
    x = np.array(np.arange(6.0).reshape(2, 3), order=order)
    mask = x > 2
    c = compile(lambda x, mask: (np.where(mask, x, -x), ~mask, x.T @ x, mask), backend="numba")
    for found, expected in zip(c(x, mask), (np.where(mask, x, -x), ~mask, x.T @ x, mask), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert c.backend == "numba" and "for " not in c.source


def path(x, v, hit):
    slope = 2 * x
    v = 0.9 * v - 0.1 * slope
    small = np.max(np.abs(slope)) < 1e-3
    return small, (x, np.sum(x * x), small), (x + v, v, hit + 1.0)


def test_a_loop_of_numbers_and_arrays():
    start = np.array([1.0, -2.0]), np.zeros(2), 0.0
    in_python, machine = (compile(path, backend=b) for b in ("numpy", "numba"))
    (points, sums, small), _ = in_python.scan(start, 1000)
    for n in (1000, 1000, 7):  # the first begins in Python
        (found, found_sums, found_small), found_last = machine.scan(start, n)
        np.testing.assert_allclose(found, points[:n], rtol=1e-12)
        np.testing.assert_allclose(found_sums, sums[:n], rtol=1e-12)
        assert found_small.dtype == bool and found_small.tolist() == small[:n].tolist()
        assert type(found_last[2]) is float and found_last[2] == len(found) - 1
    assert 7 < len(points) < 1000 and len(found) == 7
    assert isinstance(machine, Compiled) and machine.walk is not None and machine.traces == 1


def test_a_loop_is_good_for_its_kind_of_carry_alone():
    c = compile(lambda x, k: (np.max(x) > 1e6, (x,), (x * k, k)), backend="numba")
    (rows,), last = c.scan((1.0, 2.0), 4)
    assert rows.tolist() == [1.0, 2.0, 4.0, 8.0] and last == (8.0, 2.0)
    (rows,), last = c.scan((np.ones(2), 2.0), 1)  # another kind, once
    assert rows.tolist() == [[1.0, 1.0]]
    (rows,), last = c.scan((1.0, 3.0), 3)
    assert rows.tolist() == [1.0, 3.0, 9.0] and last == (9.0, 3.0)
    (rows,), last = c.scan((1.0, 1e7), 30)  # it stops
    assert rows.tolist() == [1.0, 1e7] and last == (1e7, 1e7)
    assert c.scan((1.0, 2.0), 0) == ([], (1.0, 2.0))


def test_programs_of_some_thousand_steps():
    """Machine code of so many in a second or two: what is written grows with their number, no more."""

    def f(x, y):
        for _ in range(200):
            x = np.maximum(x * y, 0.5) - y / 3
        return x

    c = compile(f, backend="numba")
    expected = f(np.float64(1.3), np.float64(0.9))
    assert len(c.value_and_grad(1.3, 0.9)) == 2 and c(1.3, 0.9) == pytest.approx(expected, rel=1e-12)


def test_what_numba_cannot_compile_runs_otherwise(monkeypatch):
    def fail(self, x):
        raise ValueError("not today")

    monkeypatch.setattr("autograd.compiler.machine.Writer.value", fail)
    for given, backend in ((3.25, "python"), (np.array([3.25, 1.0]), "numpy")):
        f = lambda x: special.sigmoid(x * 1.375) + grad(special.sigmoid)(x.sum() * 1.375)
        c = compile(f, backend="numba")
        with pytest.warns(
            UserWarning, match=f"numba cannot compile <lambda> .*not today.* using the {backend} back end"
        ):
            np.testing.assert_allclose(c(given), f(np.asarray(given)), rtol=1e-14)
        assert c.backend == backend
