"""What the rules do while a program is traced for compilation, where indices and masks are not known yet."""

import numpy as np
import pytest

from autograd import value_and_grad, windows
from autograd.compiler import compile

X = np.array([[[3.0, 1.0, 2.0, 7.0], [5.0, 0.5, 4.0, 6.0], [2.5, 8.0, 1.5, 0.25]]] * 2) * [[[1.0]], [[-1.0]]]
WEIGHT = np.arange(1.0, 1.0 + X.size).reshape(X.shape) ** 2 / 8


def same_when_traced(f):
    """The same value and gradient, at other numbers than those it was traced with."""

    def loss(x):
        y = f(x)
        return np.sum(y * WEIGHT.reshape(-1)[: y.size].reshape(y.shape))

    eager = value_and_grad(loss)
    compiled = compile(eager, backend="numpy")
    for x in (X, X[:, ::-1, ::-1].copy(), -X):
        for found, expected in zip(compiled(x), eager(x), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert compiled.traces == 1


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3, None])
def test_sorting(axis):
    same_when_traced(lambda x: np.sort(x, axis))
    same_when_traced(lambda x: np.partition(x, 1, axis))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_gathering_fewer_along_the_axis(axis):
    def smallest(x):
        order = np.argsort(x, axis=axis, kind="stable")
        first = tuple([slice(0, 1) if a == axis % 3 else slice(None) for a in range(3)])
        return np.take_along_axis(x, order[first], axis)

    same_when_traced(smallest)


def test_indices_that_are_stretched():
    same_when_traced(lambda x: np.take_along_axis(x, np.argsort(x, axis=-1)[:1], -1))


def test_masks_and_ties():
    same_when_traced(lambda x: np.where(x > 2.0, x * x, -x))
    same_when_traced(lambda x: np.where(x > 2.0, 1.0, x))
    same_when_traced(lambda x: np.max(np.round(x), axis=-1))
    same_when_traced(lambda x: windows.max_pool(np.maximum(x, 1.0), (2,)))
    same_when_traced(lambda x: x ** np.round(x * x - 4.0))
