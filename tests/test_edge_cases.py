"""Reuse, powers, kinks, singular points, sizes, dtypes, indexing, backward: one row each.

A row's number is its test id (`pytest -k "row and 45"`).  What is decided where
libraries differ is written down in docs/decisions.md.
"""

import gc
import threading
import warnings
import weakref
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np
import pytest

from autograd import Value, detect_anomaly, enable_grad, grad, gradients, is_grad_enabled, no_grad, special

INF, NAN = np.inf, np.nan
ROWS: dict[int, list[Callable[[], None]]] = {}
NOT_HERE = {  # rows of the list that are tested with the module they belong to
    69: "np.linalg.norm",
    70: "np.linalg.norm",
    81: "nn losses",
    82: "nn losses",
    83: "nn losses",
    84: "nn activations",
    85: "nn layers",
    143: "there are no hooks",
}


def row(number):
    """Enter a free-form check under its row number."""

    def enter(check):
        ROWS.setdefault(number, []).append(check)
        return check

    return enter


def case(number, f, inputs, value, *gradients_):
    """Enter `f(*inputs) == value`, and the gradients of the sum of the result."""
    ROWS.setdefault(number, []).append(lambda: check(f, inputs, value, gradients_))


def check(f, inputs, value, expected):
    """By backward(), by grad(), and by a recorded backward (the rules run on Values)."""
    assert len(expected) == len(inputs)
    inputs = [np.asarray(x, float)[()] for x in inputs]
    with np.errstate(all="ignore"):
        xs = [Value(x) for x in inputs]
        y = f(*xs)
        same(y.data, value)
        np.sum(y).backward()
        for x, g in zip(xs, expected, strict=True):
            same(x.grad, g)
            assert x.grad.dtype == x.dtype
        found = grad(lambda *args: np.sum(f(*args)), tuple(range(len(inputs))))(*inputs)
        for one, g in zip(found, expected, strict=True):
            same(one, g)
        xs = [Value(x) for x in inputs]
        for one, g in zip(gradients(np.sum(f(*xs)), xs, create_graph=True), expected, strict=True):
            same(one.data, g)


def same(actual, expected):
    assert np.shape(actual) == np.shape(expected), (actual, expected)
    np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=0)


@contextmanager
def raises(kind, *words):
    """The error is of this kind and its message contains all of these words."""
    with pytest.raises(kind) as caught:
        yield
    for word in words:
        assert str(word) in str(caught.value), f"{word!r} is missing in: {caught.value}"


# --- A. reuse and arithmetic ----------------------------------------------------------------

case(1, lambda x: x + x, [3.0], 6.0, 2.0)
case(2, lambda x: x * x, [3.0], 9.0, 6.0)
case(3, lambda x: x - x, [3.0], 0.0, 0.0)
case(4, lambda x: x / x, [3.0], 1.0, 0.0)
case(5, lambda x: x / x, [0.0], NAN, NAN)
case(6, lambda x: 2 - x, [3.0], -1.0, -1.0)
case(7, lambda x: 2 / x, [4.0], 0.5, -0.125)
case(8, lambda x: 1 / x, [0.0], INF, -INF)
case(8, lambda x: 1 / x, [-0.0], -INF, -INF)
case(9, lambda x: INF * x, [0.0], NAN, INF)
case(10, lambda x: 0 * x, [INF], NAN, 0.0)
case(11, lambda a, b: a / b, [0.0, 0.0], NAN, INF, NAN)


def diamond(x):
    y = 3 * x
    return 2 * y + 5 * y


case(12, diamond, [2.0], 42.0, 21.0)
case(13, lambda a, b: sum([a, b]), [2.0, 5.0], 7.0, 1.0, 1.0)


@row(14)
def augmented_assignment_rebinds():
    a = Value(3.0)
    b = a
    b += 1
    assert (a.data, b.data) == (3.0, 4.0)
    b.backward()
    assert a.grad == 1.0


case(15, lambda x, y: x // y, [5.0, 2.0], 2.0, 0.0, 0.0)
case(15, lambda x, y: x % y, [5.0, 3.0], 2.0, 1.0, -1.0)
case(15, lambda x, y: x % y, [-5.0, 3.0], 1.0, 1.0, 2.0)
case(15, lambda x, y: divmod(x, y)[0], [-5.0, 3.0], -2.0, 0.0, 0.0)
case(15, lambda x, y: divmod(x, y)[1], [-5.0, 3.0], 1.0, 1.0, 2.0)
case(15, lambda x: divmod(7, x)[1], [3.0], 1.0, -2.0)
case(16, lambda x: x @ x, [[1.0, 2.0, 3.0]], 14.0, [2.0, 4.0, 6.0])
case(17, lambda a: a @ a, [[[1.0, 2.0], [3.0, 4.0]]], [[7.0, 10.0], [15.0, 22.0]], [[7.0, 11.0], [9.0, 13.0]])
case(
    18, lambda a: a @ a.T, [[[1.0, 2.0], [3.0, 4.0]]], [[5.0, 11.0], [11.0, 25.0]], [[8.0, 12.0], [8.0, 12.0]]
)
case(19, lambda x: np.concatenate([x, x]), [[1.0, 2.0]], [1.0, 2.0, 1.0, 2.0], [2.0, 2.0])

# --- B. powers ------------------------------------------------------------------------------

case(20, lambda x: x**x, [2.0], 4.0, 6.772588722239782)
case(20, lambda x: x**x, [0.0], 1.0, 0.0)
case(21, lambda x: x**0, [0.0], 1.0, 0.0)
case(21, lambda x: x**0.0, [0.0], 1.0, 0.0)
case(21, lambda x: np.power(x, 0.0), [0.0], 1.0, 0.0)
case(22, lambda x: x**1, [0.0], 0.0, 1.0)
case(23, lambda x: x**2, [0.0], 0.0, 0.0)
case(23, lambda x: x**2, [-3.0], 9.0, -6.0)
case(24, lambda x: x**3.0, [-2.0], -8.0, 12.0)
case(25, lambda x: x**0.5, [0.0], 0.0, INF)
case(26, lambda x: x**-1, [0.0], INF, -INF)
case(27, lambda x: x**0.5, [-1.0], NAN, NAN)
case(28, lambda x: x ** (1 / 3), [-8.0], NAN, NAN)
case(29, lambda x, y: x**y, [-2.0, 3.0], -8.0, 12.0, NAN)
case(30, lambda x, y: x**y, [0.0, 0.0], 1.0, 0.0, 0.0)
case(31, lambda x, y: x**y, [0.0, 2.0], 0.0, 0.0, 0.0)
case(32, lambda x, y: x**y, [0.0, 1.0], 0.0, 1.0, 0.0)
case(33, lambda x, y: x**y, [0.0, -1.0], INF, -INF, -INF)
case(34, lambda x: 2**x, [3.0], 8.0, 5.545177444479562)
case(35, lambda x: 0**x, [0.0], 1.0, 0.0)
case(35, lambda x: 0**x, [2.0], 0.0, 0.0)
case(36, lambda x: (-2) ** x, [2.0], 4.0, NAN)


@row(37)
def integers_to_negative_powers():
    with raises(ValueError, "Integers to negative integer powers are not allowed", "power", "int64 (2,)"):
        Value(np.array([1, 2]), requires_grad=False) ** -1


# --- C. kinks and ties ----------------------------------------------------------------------

for zero in (0.0, -0.0):
    for absolute in (abs, np.abs, np.absolute, np.fabs, Value.abs):
        case(38, absolute, [zero], 0.0, 0.0)
    for relu in (special.relu, Value.relu, lambda x: np.maximum(x, 0.0), lambda x: np.clip(x, 0.0, None)):
        case(39, relu, [zero], 0.0, 0.0)


@row(38)
def absolute_of_minus_zero_is_plus_zero():
    assert not np.signbit(abs(Value(-0.0)).data)


case(40, special.relu, [NAN], NAN, 1.0)
case(40, lambda x: np.maximum(x, 0.0), [NAN], NAN, 1.0)
case(41, special.relu, [-INF], 0.0, 0.0)
case(41, special.relu, [INF], INF, 1.0)
for f in (np.maximum, np.minimum, np.fmax, np.fmin):
    case(42, f, [2.0, 2.0], 2.0, 0.5, 0.5)
    case(42, lambda x, f=f: f(x, 2.0), [2.0], 2.0, 0.0)
    case(42, lambda x, f=f: f(2.0, x), [2.0], 2.0, 0.0)
    case(43, lambda x, f=f: f(x, x), [2.0], 2.0, 1.0)
for f in (np.maximum, np.minimum):
    case(44, f, [NAN, 1.0], NAN, 1.0, 0.0)
    case(44, f, [1.0, NAN], NAN, 0.0, 1.0)
    case(44, lambda x, f=f: f(x, NAN), [1.0], NAN, 0.0)
case(44, np.fmax, [NAN, 1.0], 1.0, 0.0, 1.0)
case(44, np.fmin, [NAN, 1.0], 1.0, 0.0, 1.0)
case(45, np.max, [[1.0, 3.0, 3.0]], 3.0, [0.0, 0.5, 0.5])
case(45, lambda x: x.max(axis=0), [[1.0, 3.0, 3.0]], 3.0, [0.0, 0.5, 0.5])
case(46, np.min, [[1.0, 1.0, 3.0]], 1.0, [0.5, 0.5, 0.0])
case(47, np.max, [[-0.0, 0.0]], 0.0, [0.5, 0.5])
case(48, np.max, [[1.0, NAN, 3.0]], NAN, [0.0, 1.0, 0.0])
case(48, np.min, [[1.0, NAN, 3.0]], NAN, [0.0, 1.0, 0.0])
case(48, np.max, [[NAN, NAN]], NAN, [0.5, 0.5])
case(48, lambda x: np.max(x, axis=1), [[[1.0, NAN], [3.0, 2.0]]], [NAN, 3.0], [[0.0, 1.0], [1.0, 0.0]])
case(49, lambda x: np.clip(x, 0.0, 1.0), [[0.0, 0.5, 1.0]], [0.0, 0.5, 1.0], [0.0, 1.0, 0.0])
case(49, lambda x: np.minimum(np.maximum(x, 0.0), 1.0), [[0.0, 0.5, 1.0]], [0.0, 0.5, 1.0], [0.0, 1.0, 0.0])
case(50, lambda x: np.clip(x, 0.0, 1.0), [[-1.0, 2.0, NAN]], [0.0, 1.0, NAN], [0.0, 0.0, 1.0])
case(51, lambda x: np.clip(x, 2.0, 1.0), [[0.0, 1.5, 3.0]], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0])
for f in (np.sign, np.floor, np.ceil, np.round, np.rint, np.trunc, round):
    case(52, lambda x, f=f: 0.0 * x + f(x), [1.7], f(1.7), 0.0)
    case(52, f, [1.7], f(1.7), 0.0)
case(53, lambda x: np.sort(x)[0], [[2.0, 2.0, 1.0]], 1.0, [0.0, 0.0, 1.0])
case(53, lambda x: np.sort(x)[1], [[2.0, 2.0, 1.0]], 2.0, [1.0, 0.0, 0.0])
case(54, np.median, [[1.0, 2.0, 3.0, 4.0]], 2.5, [0.0, 0.5, 0.5, 0.0])


@row(55)
def positions_and_comparisons_are_plain():
    x = Value([1.0, 3.0, 3.0, 1.0])
    for f, first in ((np.argmax, 1), (np.argmin, 0)):
        assert f(x) == first and isinstance(f(x), np.integer)
    assert x.argmax() == 1 and x.argmin() == 0
    for result in (x > 1, x >= 1, x < 1, x <= 1, x == 1, x != 1, np.greater(x, 1), np.isnan(x)):
        assert type(result) is np.ndarray and result.dtype == bool
    assert (x > 1).tolist() == [False, True, True, False]


# --- D. roots, logs, singular points --------------------------------------------------------

case(56, np.sqrt, [0.0], 0.0, INF)
case(56, np.sqrt, [-1.0], NAN, NAN)
case(57, lambda x: np.sqrt(x * x), [0.0], 0.0, NAN)
case(58, np.log, [0.0], -INF, INF)
case(58, np.log, [-0.0], -INF, -INF)
case(58, np.log, [-1.0], NAN, -1.0)
case(59, np.log1p, [-1.0], -INF, INF)
case(59, np.log1p, [1e-20], 1e-20, 1.0)
case(60, np.expm1, [1e-20], 1e-20, 1.0)
case(61, lambda x: x * np.log(x), [0.0], NAN, NAN)
case(61, lambda x: special.xlogy(x, x), [0.0], 0.0, -INF)
case(61, lambda x: special.xlogy(x, x), [2.0], 2 * np.log(2.0), np.log(2.0) + 1)
case(62, lambda x: np.where(x > 0, np.log(x), 0.0), [[0.0, -1.0]], [0.0, 0.0], [NAN, -0.0])
case(62, lambda x: np.log(np.where(x > 0, x, 1.0)), [[0.0, 2.0]], [0.0, np.log(2.0)], [0.0, 0.5])
case(63, lambda x: np.where(x > 0, np.sqrt(x), 0.0), [[0.0, 4.0]], [0.0, 2.0], [NAN, 0.25])


@row(62)
@row(63)
def anomaly_mode_explains_the_where_trap():
    for f in (np.log, np.sqrt):
        x = Value([0.0, 4.0])
        with (
            detect_anomaly(),
            np.errstate(all="ignore"),
            raises(FloatingPointError, f.__name__, "element [0]", "0 * inf", "np.where", __file__),
        ):
            np.sum(np.where(x > 0, f(x), 0.0)).backward()


case(64, np.sinc, [0.0], 1.0, 0.0)
case(64, np.sinc, [1e-10], 1.0, -(np.pi**2) / 3 * 1e-10)
case(64, np.sinc, [1e-170], 1.0, -(np.pi**2) / 3 * 1e-170)
case(65, np.arccos, [1.0], 0.0, -INF)
case(65, np.arcsin, [1.0], np.pi / 2, INF)
case(66, np.arctanh, [1.0], INF, INF)
case(67, np.arctan2, [0.0, 0.0], 0.0, 0.0, 0.0)
case(67, np.arctan2, [3.0, 4.0], np.arctan2(3.0, 4.0), 0.16, -0.12)
case(68, np.hypot, [0.0, 0.0], 0.0, 0.0, 0.0)
case(68, np.hypot, [3.0, 4.0], 5.0, 0.6, 0.8)
case(71, np.std, [[2.0, 2.0, 2.0]], 0.0, [0.0, 0.0, 0.0])
case(71, lambda x: np.std(x, axis=0), [[[2.0, 1.0], [2.0, 3.0]]], [0.0, 1.0], [[0.0, -0.5], [0.0, 0.5]])


def ignoring_degrees_of_freedom(f):
    """NumPy warns of a sample too small for its ddof; that is the point of the row."""

    def quiet(x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return f(x)

    return quiet


for f in (np.std, np.var):
    case(72, f, [[2.0]], 0.0, [0.0])
    case(72, ignoring_degrees_of_freedom(lambda x, f=f: f(x, ddof=1)), [[2.0]], NAN, [NAN])

# --- E. exponentials at +-1000 --------------------------------------------------------------

case(73, np.exp, [1000.0], INF, INF)
case(73, np.exp, [-1000.0], 0.0, 0.0)
case(74, np.tanh, [[-1000.0, 1000.0]], [-1.0, 1.0], [0.0, 0.0])
case(75, special.sigmoid, [[-1000.0, 0.0, 1000.0]], [0.0, 0.5, 1.0], [0.0, 0.25, 0.0])
case(75, lambda x: 1 / (1 + np.exp(-x)), [-1000.0], 0.0, NAN)
case(76, special.softplus, [[-1000.0, 0.0, 1000.0]], [0.0, 0.6931471805599453, 1000.0], [0.0, 0.5, 1.0])
case(76, lambda x: np.log(1 + np.exp(x)), [1000.0], INF, NAN)
case(77, np.logaddexp, [1000.0, 1000.0], 1000.6931471805599, 0.5, 0.5)
case(77, np.logaddexp, [-INF, -INF], -INF, 0.5, 0.5)
case(77, np.logaddexp, [INF, INF], INF, 0.5, 0.5)
case(77, np.logaddexp, [-INF, 0.0], 0.0, 0.0, 1.0)
case(77, np.logaddexp, [INF, 0.0], INF, 1.0, 0.0)
case(77, np.logaddexp2, [-INF, -INF], -INF, 0.5, 0.5)
case(78, special.logsumexp, [[1000.0, 1000.0]], 1000.6931471805599, [0.5, 0.5])
case(78, special.logsumexp, [[-INF, 0.0]], 0.0, [0.0, 1.0])
case(78, special.logsumexp, [[-INF, -INF]], -INF, [0.5, 0.5])
case(78, special.logsumexp, [[INF, 0.0]], INF, [1.0, 0.0])
case(78, special.logsumexp, [[INF, INF]], INF, [0.5, 0.5])
case(78, special.logsumexp, [np.zeros(0)], -INF, np.zeros(0))
case(79, special.softmax, [[1000.0, 0.0, -1000.0]], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0])
case(79, special.softmax, [[-INF, -INF]], [NAN, NAN], [NAN, NAN])
case(80, lambda x: special.log_softmax(x)[1], [[1e4, -1e4]], -20000.0, [-1.0, 1.0])
case(80, lambda x: special.log_softmax(x)[1], [[-INF, 0.0]], 0.0, [0.0, 0.0])

# --- F. reductions and sizes ----------------------------------------------------------------

case(86, np.sum, [np.zeros((0, 3))], 0.0, np.zeros((0, 3)))
case(86, lambda x: np.sum(x, axis=0), [np.zeros((0, 3))], [0.0, 0.0, 0.0], np.zeros((0, 3)))
case(87, np.prod, [np.zeros(0)], 1.0, np.zeros(0))
case(88, ignoring_degrees_of_freedom(np.mean), [np.zeros(0)], NAN, np.zeros(0))


@row(88)
def mean_of_nothing_warns_as_numpy_does():
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"), np.errstate(all="ignore"):
        np.mean(Value(np.zeros(0)))


@row(89)
def maximum_of_nothing():
    with raises(ValueError, "zero-size array", "max", "(0,)"):
        np.max(Value(np.zeros(0)))


case(89, lambda x: np.max(x, axis=1), [np.zeros((0, 3))], np.zeros(0), np.zeros((0, 3)))
case(90, np.prod, [[2.0, 0.0, 3.0]], 0.0, [0.0, 6.0, 0.0])
case(90, np.prod, [[0.0, 0.0, 3.0]], 0.0, [0.0, 0.0, 0.0])
case(90, np.prod, [[2.0, 3.0, 4.0]], 24.0, [12.0, 8.0, 6.0])
case(91, np.cumprod, [[2.0, 0.0, 3.0]], [2.0, 0.0, 0.0], [1.0, 8.0, 0.0])
case(92, lambda x: np.var(x, ddof=1), [[1.0, 3.0]], 2.0, [-2.0, 2.0])
case(92, np.std, [[1.0, 3.0]], 1.0, [-0.5, 0.5])


@row(93)
def axes_and_keepdims():
    x = np.arange(24.0).reshape(2, 3, 4)
    for f in (np.sum, np.mean, np.max, np.prod, np.var):
        for axis in (-1, 0, (0, 2), (-1, 0), None, ()):
            v = Value(x)
            y = f(v, axis=axis, keepdims=True)
            np.testing.assert_array_equal(y.data, f(x, axis=axis, keepdims=True))
            np.sum(y).backward()
            assert v.grad.shape == x.shape
        with raises(ValueError, "axis (0, -3) names an axis twice"):
            f(Value(x), axis=(0, -3))
        with raises(np.exceptions.AxisError, "axis 3 is out of bounds for array of dimension 3"):
            f(Value(x), axis=3)


@row(94)
def mean_of_an_integer_constant_is_numpys():
    y = np.mean(Value(np.array([1, 2]), requires_grad=False))
    assert y.data == 1.5 and y.dtype == np.float64 and not y.requires_grad


@row(95)
def mean_of_many_halves():
    x = Value(np.ones(70000, np.float16))
    y = np.mean(x)
    y.backward()
    assert y.data == 1.0 and y.dtype == np.float16
    assert x.grad.dtype == np.float16 and (x.grad == np.float16(1 / 70000)).all() and x.grad[0] > 0


@row(96)
def maximum_of_many_tied_halves():
    x = Value(np.ones(70000, np.float16))
    np.max(x).backward()
    assert x.grad.dtype == np.float16 and (x.grad == np.float16(1 / 70000)).all() and x.grad[0] > 0


@row(97)
def single_precision_rounds():
    x = Value(np.array([2**24, 1], np.float32))
    y = np.sum(x)
    assert y.data == 16777216 and y.dtype == np.float32


# --- G. broadcasting, shapes, dtypes --------------------------------------------------------

THREE, FOUR = np.arange(3.0).reshape(3, 1), np.arange(4.0)
case(98, lambda x, y: x + y, [THREE, FOUR], THREE + FOUR, [[4.0]] * 3, [3.0] * 4)
case(99, lambda x, y: x * y, [THREE, FOUR], THREE * FOUR, [[6.0]] * 3, [3.0] * 4)
case(100, lambda x, y: x * y, [2.0, np.zeros((2, 0))], np.zeros((2, 0)), 0.0, np.zeros((2, 0)))
case(101, lambda x, y: x + y, [[1.0], 2.0], [3.0], [1.0], 1.0)
case(102, lambda x, y: x + y, [np.zeros(0), [1.0]], np.zeros(0), np.zeros(0), [0.0])


@row(103)
def shapes_that_do_not_broadcast():
    with raises(ValueError, "(2, 3)", "(2,)", "subtract"):
        Value(np.zeros((2, 3))) - Value(np.zeros(2))


case(
    104,
    lambda a, b: a @ b,
    [np.zeros((2, 0)), np.zeros((0, 3))],
    np.zeros((2, 3)),
    np.zeros((2, 0)),
    np.zeros((0, 3)),
)
MATRIX, VECTOR = [[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]
case(105, lambda a, b: a @ b, [MATRIX, VECTOR], [17.0, 39.0], [[5.0, 6.0], [5.0, 6.0]], [4.0, 6.0])
case(105, lambda b, a: b @ a, [VECTOR, MATRIX], [23.0, 34.0], [3.0, 7.0], [[5.0, 5.0], [6.0, 6.0]])
case(105, lambda a, b: np.dot(a, b), [MATRIX, VECTOR], [17.0, 39.0], [[5.0, 6.0], [5.0, 6.0]], [4.0, 6.0])
case(
    106,
    lambda a, b: a @ b,
    [np.ones((1, 2, 3)), np.ones((4, 3, 2))],
    np.full((4, 2, 2), 3.0),
    np.full((1, 2, 3), 8.0),
    np.full((4, 3, 2), 2.0),
)


@row(107)
def numbers_have_no_matrix_product():
    for x, y in ((Value(2.0), Value([1.0])), (Value([1.0]), 2.0), (2.0, Value([1.0]))):
        with raises(ValueError, "matmul", "2.0"):
            x @ y


case(108, lambda x, y: np.concatenate([x, y]), [np.zeros(0), [1.0, 2.0]], [1.0, 2.0], np.zeros(0), [1.0, 1.0])


@row(108)
def arrays_that_do_not_concatenate():
    with pytest.raises(ValueError, match="need at least one array to concatenate"):
        np.concatenate([])
    with raises(ValueError, "concatenate", "dimension 1", "(2, 3)", "(2, 4)"):
        np.concatenate([Value(np.zeros((2, 3))), Value(np.zeros((2, 4)))])


@row(109)
def impossible_reshapes():
    for shape in ((-1, -1), 3, (0, -1)):
        with raises(ValueError, "reshape", "(2,)"):
            np.reshape(Value([1.0, 2.0]), shape)
        with raises(ValueError, "reshape", "(2,)"):
            Value([1.0, 2.0]).reshape(shape)


case(110, lambda a: np.einsum("ii->", a), [MATRIX], 5.0, np.eye(2))
case(110, lambda a: np.einsum("ij,ij->", a, a), [MATRIX], 30.0, [[2.0, 4.0], [6.0, 8.0]])


@row(111)
def rearrangements_with_a_random_cotangent():
    x = np.random.default_rng(0).normal(size=(3, 4))
    c = np.random.default_rng(1).normal(size=(3, 4))
    order = np.argsort(x, axis=1)
    unsorted = np.empty_like(c)
    np.put_along_axis(unsorted, order, c, axis=1)
    for f, seed, expected in (
        (np.transpose, c.T, c),
        (lambda v: np.transpose(v[None], (2, 0, 1)), c.T[:, None], c),
        (np.flip, c, c[::-1, ::-1]),
        (lambda v: np.flip(v, 1), c, c[:, ::-1]),
        (lambda v: np.roll(v, 1, axis=0), c, np.roll(c, -1, axis=0)),
        (lambda v: np.roll(v, (1, -2), axis=(0, 1)), c, np.roll(c, (-1, 2), axis=(0, 1))),
        (lambda v: np.sort(v, axis=1), c, unsorted),
    ):
        v = Value(x)
        f(v).backward(seed)
        np.testing.assert_array_equal(v.grad, expected)


case(112, np.diag, [np.ones((2, 3))], [1.0, 1.0], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
case(112, np.diag, [[1.0, 2.0]], [[1.0, 0.0], [0.0, 2.0]], [1.0, 1.0])
W222 = np.arange(8.0).reshape(2, 2, 2)
case(
    113,
    lambda x: W222 * np.tile(x, (2, 1)),
    [np.arange(4.0).reshape(2, 1, 2)],
    W222 * np.tile(np.arange(4.0).reshape(2, 1, 2), (2, 1)),
    [[[2.0, 4.0]], [[10.0, 12.0]]],
)


@row(114)
def single_precision_in_single_precision_gradient_out():
    x, y = Value(np.ones(2, np.float32)), Value(np.ones(2))
    z = x * y
    np.sum(z).backward()
    assert (z.dtype, x.grad.dtype, y.grad.dtype) == (np.float64, np.float32, np.float64)


@row(115)
def promotion_is_numpy_2s():
    x = Value(np.ones(2, np.float32))
    assert (x * 2.0).dtype == (2 * x).dtype == np.float32
    for y in (x * np.float64(2), np.float64(2) * x):
        assert y.dtype == np.float64
        (g,) = gradients(np.sum(y), [x])
        assert g.dtype == np.float32 and g.tolist() == [2.0, 2.0]


@row(116)
def integers_meet_floats():
    x = Value([1.0, 2.0])
    y = x * np.array([3, 4])
    np.sum(y).backward()
    assert y.dtype == np.float64 and x.grad.tolist() == [3.0, 4.0]


@row(117)
def integers_carry_no_gradient():
    for data, dtype in ((np.array([1, 2]), "int64"), ([True], "bool"), (np.int32(3), "int32")):
        with raises(TypeError, "Value()", dtype, "only floating point", "requires_grad=False"):
            Value(data)
        constant = Value(data, requires_grad=False)
        assert constant.dtype == dtype
        with raises(TypeError, dtype, "only floating point"):
            constant.requires_grad_()


@row(118)
def seeds_are_cast_but_not_stretched():
    for seed in (np.array([1, 2]), np.array([1, 2], np.float32), [1, 2]):
        x = Value([1.0, 2.0])
        (x * 3).backward(seed)
        assert x.grad.dtype == np.float64 and x.grad.tolist() == [3.0, 6.0]
    for seed in (1.0, np.ones(1), np.ones((1, 2)), np.ones(3)):
        with raises(ValueError, "backward()", np.shape(seed), "(2,)"):
            (Value([1.0, 2.0]) * 3).backward(seed)


# --- H. indexing ----------------------------------------------------------------------------

XYZ = np.array([1.0, 2.0, 3.0])
case(119, lambda x: x[[0, 0, 1]], [XYZ], [1.0, 1.0, 2.0], [2.0, 1.0, 0.0])
case(120, lambda x: x[[-1, 2]], [XYZ], [3.0, 3.0], [0.0, 0.0, 2.0])
case(121, lambda x: x[x > 1], [XYZ], [2.0, 3.0], [0.0, 1.0, 1.0])
case(121, lambda x: x[x > 9], [XYZ], np.zeros(0), [0.0, 0.0, 0.0])


@row(121)
def masks_of_the_wrong_length():
    with raises(IndexError, "getitem", "(3,)", "2"):
        Value(XYZ)[np.array([True, False])]


case(122, lambda x: x[::-1][0], [XYZ], 3.0, [0.0, 0.0, 1.0])
case(123, lambda x: x[None, ..., 0], [np.ones((2, 3))], [[1.0, 1.0]], [[1.0, 0.0, 0.0]] * 2)
case(124, lambda x: x[[]], [XYZ], np.zeros(0), [0.0, 0.0, 0.0])
case(125, lambda x: x[[0, 0], [1, 1]], [MATRIX], [2.0, 2.0], [[0.0, 2.0], [0.0, 0.0]])
case(126, lambda x: x[()], [3.0], 3.0, 1.0)
case(126, lambda x: x[...], [3.0], 3.0, 1.0)


@row(126)
@row(127)
def indices_out_of_reach():
    with raises(IndexError, "getitem", "3.0"):
        Value(3.0)[0]
    with raises(IndexError, "getitem", "(3,)", "5"):
        Value(XYZ)[5]
    with raises(IndexError, "index", "float"):
        Value(XYZ)[1.0]


case(127, lambda x: x[True], [XYZ], [[1.0, 2.0, 3.0]], [1.0, 1.0, 1.0])


def written(x):
    y = x * 1
    y[0] = x[2] * 10
    return y


def written_through_views(x):
    z = x * 1
    z[1:][:1] *= 10
    return z


case(128, written, [XYZ], [30.0, 2.0, 3.0], [0.0, 1.0, 11.0])


@row(129)
def an_element_written_twice_is_refused():
    y, v = Value(XYZ) * 1, Value([5.0, 6.0])
    with raises(IndexError, "[0, 0]", "twice", "name each element once"):
        y[[0, 0]] = v
    np.testing.assert_array_equal(y.data, XYZ)


case(130, written_through_views, [XYZ], [1.0, 20.0, 3.0], [1.0, 10.0, 1.0])

# --- I. backward ----------------------------------------------------------------------------


@row(131)
def a_seed_is_implied_for_one_element_only():
    for shape in ((2,), (0,), (2, 2)):
        with raises(RuntimeError, "backward()", "single element", shape, "gradient="):
            (Value(np.ones(shape)) * 2).backward()
    for data in (3.0, [3.0], [[3.0]]):
        x = Value(data)
        (x * 2).backward()
        assert x.grad.shape == x.shape and (x.grad == 2).all()


@row(132)
def a_second_backward():
    x = Value(3.0)
    y = x * x
    y.backward()
    with raises(RuntimeError, "spent", "multiply", "retain_graph=True"):
        y.backward()
    assert x.grad == 6.0
    x = Value(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad == 12.0


@row(133)
def two_losses_on_one_subgraph():
    def losses(x):
        y = x * x
        return y * 2, y * 5

    x = Value(2.0)
    a, b = losses(x)
    a.backward()
    with raises(RuntimeError, "spent", "retain_graph=True"):
        b.backward()
    assert x.grad == 8.0
    x = Value(2.0)
    a, b = losses(x)
    a.backward(retain_graph=True)
    b.backward()
    assert x.grad == 28.0


@row(134)
def backward_on_a_leaf():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0 and type(x.grad) is np.float64


@row(135)
def backward_on_a_constant():
    for v in (Value(3.0, requires_grad=False), Value(3.0).detach(), Value(1.0, requires_grad=False) * 2):
        with raises(RuntimeError, "backward()", "does not require grad"):
            v.backward()


@row(136)
def unused_inputs():
    x, y = Value(2.0), Value([3.0, 4.0])
    z = x * x
    with raises(RuntimeError, "input 1 was not used", "allow_unused=True"):
        gradients(z, [x, y], retain_graph=True)
    assert gradients(z, [x, y], allow_unused=True) == (4.0, None)
    gx, gy = grad(lambda x, y: x * x, (0, 1))(2.0, np.array([3.0, 4.0], np.float32))
    assert gx == 4.0 and gy.tolist() == [0.0, 0.0] and gy.dtype == np.float32
    with pytest.warns(UserWarning, match="does not depend on argument 0"):
        assert grad(lambda x: 5.0)(2.0) == 0.0


@row(137)
def second_derivative():
    assert grad(grad(lambda x: x**3))(2.0) == 12.0
    x = Value(2.0)
    (x**3).backward(create_graph=True)
    first, x.grad = x.grad, None
    first.backward()
    assert x.grad == 12.0


@row(138)
@row(139)
def gradients_share_no_memory():
    x, y, seed = Value([1.0, 2.0]), Value([3.0, 4.0]), np.array([1.0, 1.0])
    z = x + y
    z.backward(seed)
    x.grad[:] += 100
    assert y.grad.tolist() == seed.tolist() == z.grad.tolist() == [1.0, 1.0]
    seed[:] = 7
    assert y.grad.tolist() == z.grad.tolist() == [1.0, 1.0]
    x.grad = None
    gx, gy = gradients(x + y, [x, y], np.array([1.0, 1.0]))
    gx += 100
    assert gy.tolist() == [1.0, 1.0]


@row(140)
def a_gradient_of_the_wrong_kind_cannot_be_set():
    x = Value([1.0, 2.0])
    with raises(ValueError, "grad", "(3,)", "(2,)"):
        x.grad = np.zeros(3)
    with raises(TypeError, "grad", "float32", "float64", "astype"):
        x.grad = np.zeros(2, np.float32)
    x.grad = np.zeros(2)
    x.grad = None


@row(141)
def modes_are_restored():
    x = Value(2.0)
    with no_grad():
        assert not (x * 2).requires_grad
        with enable_grad():
            assert (x * 2).requires_grad
        assert not is_grad_enabled()
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert is_grad_enabled() and (x * 2).requires_grad


@row(141)
def modes_are_per_thread():
    seen, inside, checked = [], threading.Event(), threading.Event()

    def other():
        inside.wait(10)
        seen.append((is_grad_enabled(), (Value(2.0) * 2).requires_grad))
        checked.set()

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        inside.set()
        assert checked.wait(10)
        assert not is_grad_enabled()
    thread.join(10)
    assert seen == [(True, True)]


@row(142)
def a_million_nodes():
    gc.collect()
    gc.disable()
    try:
        x = Value(0.0)
        y = x
        for _ in range(1_000_000):
            y = y + 1.0
        y.backward()
        assert y.data == 1e6 and x.grad == 1.0
        gone = weakref.ref(y)
        del y
        assert gone() is None
    finally:
        gc.enable()


# --- running the rows -----------------------------------------------------------------------


@pytest.mark.parametrize("number", sorted(ROWS))
def test_row(number):
    for one in ROWS[number]:
        one()


def test_no_row_is_missing():
    assert set(ROWS) | set(NOT_HERE) == set(range(1, 144)) and not set(ROWS) & set(NOT_HERE)


# --- the same edges, differentiated again ---------------------------------------------------

SECOND = [  # name, f, at, first, second and third derivative
    ("x**0", lambda x: x**0, 0.0, 0.0, 0.0, 0.0),
    ("x**1", lambda x: x**1, 0.0, 1.0, 0.0, 0.0),
    ("x**2", lambda x: x**2, 0.0, 0.0, 2.0, 0.0),
    ("x**3", lambda x: x**3, 0.0, 0.0, 0.0, 6.0),
    ("x**2.0", lambda x: x**2.0, -3.0, -6.0, 2.0, 0.0),
    ("x**x", lambda x: x**x, 1.0, 1.0, 2.0, 3.0),
    ("0**x", lambda x: 0**x, 2.0, 0.0, 0.0, 0.0),
    ("square", np.square, 0.0, 0.0, 2.0, 0.0),
    ("abs", abs, 0.0, 0.0, 0.0, 0.0),
    ("relu", special.relu, 0.0, 0.0, 0.0, 0.0),
    ("sigmoid", special.sigmoid, 1000.0, 0.0, 0.0, 0.0),
    ("softplus", special.softplus, 0.0, 0.5, 0.25, 0.0),
    ("tanh", np.tanh, -1000.0, 0.0, 0.0, 0.0),
    ("sinc", np.sinc, 0.0, 0.0, -(np.pi**2) / 3, 0.0),
    ("prod", lambda x: np.prod(np.stack([x, x, x])), 0.0, 0.0, 0.0, 6.0),
    ("cumprod", lambda x: np.sum(np.cumprod(np.stack([x, x, x]))), 0.0, 1.0, 2.0, 6.0),
    ("maximum", lambda x: np.maximum(x, x) ** 2, 1.0, 2.0, 2.0, 0.0),
    ("max tie", lambda x: np.max(np.stack([x, x * x])), 1.0, 1.5, 1.0, 0.0),
    ("std of equals", lambda x: np.std(np.stack([x, x])), 1.0, 0.0, 0.0, 0.0),
    ("logaddexp", lambda x: np.logaddexp(x, 2 * x), 0.0, 1.5, 0.25, 0.0),
    ("logsumexp", lambda x: special.logsumexp(np.stack([x, 2 * x])), 0.0, 1.5, 0.25, 0.0),
    ("xlogy", lambda x: special.xlogy(x, x), 2.0, 1 + np.log(2.0), 0.5, -0.25),
    ("hypot", lambda x: np.hypot(x, 1.0), 0.0, 0.0, 1.0, 0.0),
    ("arctan2", lambda x: np.arctan2(x, 1.0), 0.0, 1.0, 0.0, -2.0),
]


@pytest.mark.parametrize(("f", "at", "expected"), [pytest.param(f, at, d, id=n) for n, f, at, *d in SECOND])
def test_higher_derivatives(f, at, expected):
    with np.errstate(all="ignore"):
        for derivative in expected:
            f = grad(f)
            np.testing.assert_allclose(f(at), derivative, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("x", [-1.0, np.float32(-1.0), np.array(-1.0), np.array([-1.0, 0.3]), 0.3])
def test_relu_of_what_is_no_value(x):
    assert np.array_equal(special.relu(x), np.maximum(x, 0.0))


# --- exponents that are arrays of integers ----------------------------------------------------


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int64, np.uint8])
def test_an_exponent_of_integers(kind):
    """y * x**(y - 1) at every order, also where y - 1 is no number of y's dtype."""
    y = np.array([0, 1, 2, 3, 5, np.iinfo(np.int8).min if np.iinfo(kind).min else 0], kind)
    x, n = np.array([1.5, 0.5, -1.25, 2.0, -0.5, 1.0625]), y.astype(float)
    v = Value(x)
    (first,) = gradients((v**y).sum(), [v], create_graph=True)
    np.testing.assert_allclose(first.data, n * x ** (n - 1), rtol=1e-13)
    np.testing.assert_allclose(gradients(first.sum(), v), n * (n - 1) * x ** (n - 2), rtol=1e-12)


def test_an_exponent_of_integers_at_zero():
    y = np.array([0, 1, 2, 3], np.int8)
    v = Value(np.zeros(4))
    (first,) = gradients((v**y).sum(), [v], create_graph=True)
    same(first.data, [0.0, 1.0, 0.0, 0.0])
    same(gradients(first.sum(), v), [0.0, 0.0, 2.0, 0.0])


def test_zeros_among_exponents_that_carry_gradient():
    """The gradient of each element does not depend on the others being 0."""
    x, y = np.array([0.0, 0.0, 2.0, 0.5, 3.0]), np.array([0.0, 1.0, 0.0, -1.0, 2.0])
    dx, dy = grad(lambda x, y: np.sum(x**y), (0, 1))(x, y)
    np.testing.assert_allclose(dx, [0.0, 1.0, 0.0, -4.0, 6.0], rtol=1e-14)
    np.testing.assert_allclose(dy, [0.0, 0.0, np.log(2.0), 2 * np.log(0.5), 9 * np.log(3.0)], rtol=1e-14)
