"""autograd.special against the formulas, written out: its functions take arrays too, so NumPy is no judge of them."""

import inspect
import math

import numpy as np
import pytest

from autograd import Value, special, vjp

X = np.array([[[0.5, -1.25], [2.0, 0.75], [-0.5, 1.0]], [[1.5, 0.25], [-2.0, 3.0], [0.0, -0.75]]])
AXES = [None, 0, 1, 2, -1, (0, 2), (1, 2)]


def rowwise(f, x, axis, keepdims=False):
    """`f` of a list of numbers, along `axis`."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = sorted(a % x.ndim for a in axes)
    out = np.empty([1 if a in axes else n for a, n in enumerate(x.shape)])
    for place in np.ndindex(*out.shape):
        row = x[tuple([slice(None) if a in axes else i for a, i in enumerate(place)])]
        out[place] = f([float(v) for v in np.ravel(row)])
    return out if keepdims else out.reshape([n for a, n in enumerate(x.shape) if a not in axes])


ELEMENTWISE = {
    special.relu: lambda x: max(x, 0.0),
    special.sigmoid: lambda x: 1 / (1 + math.exp(-x)),
    special.softplus: lambda x: math.log(1 + math.exp(x)),
    special.log_sigmoid: lambda x: -math.log(1 + math.exp(-x)),
}


@pytest.mark.parametrize("f", ELEMENTWISE, ids=lambda f: f.__name__)
def test_elementwise(f):
    expected = [ELEMENTWISE[f](x) for x in X.ravel().tolist()]
    np.testing.assert_allclose(f(X).ravel(), expected, rtol=1e-14)
    np.testing.assert_allclose(f(Value(X)).data.ravel(), expected, rtol=1e-14)
    for x, y in zip(X.ravel(), expected, strict=True):
        np.testing.assert_allclose(f(x), y, rtol=1e-14)
        assert type(f(np.float32(x))) is np.float32


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
def test_logsumexp(axis, keepdims):
    expected = rowwise(lambda row: math.log(sum(map(math.exp, row))), X, axis, keepdims)
    got, pullback = vjp(lambda x: special.logsumexp(x, axis, keepdims), X)
    np.testing.assert_allclose(got, expected, rtol=1e-14)
    g = np.arange(1.0, 1.0 + expected.size).reshape(expected.shape)
    whole = rowwise(lambda row: math.log(sum(map(math.exp, row))), X, axis, True)
    shares = np.exp(X - whole)
    np.testing.assert_allclose(pullback(g[()])[0], g.reshape(whole.shape) * shares, rtol=1e-14)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_softmax(axis):
    whole = rowwise(lambda row: sum(map(math.exp, row)), X, axis, True)
    np.testing.assert_allclose(special.softmax(X, axis), np.exp(X) / whole, rtol=1e-14)
    np.testing.assert_allclose(special.log_softmax(X, axis), X - np.log(whole), rtol=1e-13)


def test_the_axis_is_the_last_if_none_is_given():
    for f in (special.softmax, special.log_softmax):
        np.testing.assert_array_equal(f(X), f(X, 2))
        np.testing.assert_array_equal(f(Value(X)).data, f(X, 2))
        assert inspect.signature(f).parameters["axis"].default == -1
    assert special.logsumexp(X).shape == ()
    assert special.logsumexp(X, 1).shape == (2, 2)


@pytest.mark.parametrize("f", [special.softmax, special.log_softmax])
def test_of_nothing(f):
    for shape, axis in (((2, 0), 1), ((0, 3), 1), ((0,), 0)):
        y = f(Value(np.zeros(shape)), axis)
        assert y.shape == shape
        y.backward(np.zeros(shape))


def test_logsumexp_of_rows_that_are_infinite_and_rows_that_are_not():
    x = np.array([[-np.inf, -np.inf, -np.inf], [0.5, 2.0, -np.inf], [np.inf, 1.0, np.inf], [0.0, 1.0, 2.0]])
    g = np.array([3.0, 4.0, 5.0, 6.0])
    with np.errstate(all="ignore"):
        y, pullback = vjp(lambda x: special.logsumexp(x, 1), x)
        (found,) = pullback(g)
    e = np.exp(x[[1, 3]])
    shares = e / e.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(y, [-np.inf, np.log(e[0].sum()), np.inf, np.log(e[1].sum())], rtol=1e-15)
    expected = np.array([[1, 1, 1], 4 * shares[0], [2.5, 0, 2.5], 6 * shares[1]])
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_xlogy():
    x, y = np.array([0.5, 2.0, 0.0, 0.0, 3.0]), np.array([4.0, 0.25, 0.0, 3.0, 1.0])
    value, pullback = vjp(special.xlogy, x, y)
    np.testing.assert_allclose(value, [0.5 * math.log(4.0), 2 * math.log(0.25), 0, 0, 0], rtol=1e-15)
    with np.errstate(divide="ignore"):
        dx, dy = pullback(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    np.testing.assert_allclose(
        dx, [math.log(4.0), 2 * math.log(0.25), -np.inf, 4 * math.log(3.0), 0.0], rtol=1e-15
    )
    np.testing.assert_allclose(dy, [0.125, 16.0, 0.0, 0.0, 15.0], rtol=1e-15)


def test_xlogy_where_only_y_is_zero():
    with np.errstate(divide="ignore"):
        value, pullback = vjp(special.xlogy, 2.0, 0.0)
        assert value == -np.inf
        assert pullback(1.0) == (-np.inf, np.inf)
    _, pullback = vjp(special.xlogy, 0.0, 0.0)
    with np.errstate(divide="ignore"):
        assert pullback(1.0)[1] == 0.0
