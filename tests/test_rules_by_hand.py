"""Rules at the points that the drawn cases keep off: kinks, zeros, bounds; mixed second derivatives; defaults."""

import numpy as np
import pytest

from autograd import Value, gradients, special, vjp, windows
from autograd.rules.indexing import GATHER, SCATTER_ALONG
from autograd.rules.kernels import Index
from autograd.rules.reductions import SCAN
from tests import numeric

G = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0])


def pulled(f, *inputs):
    arrays = [np.asarray(x, float) for x in inputs]
    with np.errstate(all="ignore"):
        return vjp(f, *arrays)[1](G[: np.size(f(*arrays))])


def test_heaviside_hands_its_gradient_to_the_value_at_zero():
    dx, dy = pulled(np.heaviside, [-1.0, 0.0, 2.0, 0.0], [0.5, 0.25, 0.0, 0.0])
    np.testing.assert_array_equal(dx, np.zeros(4))
    np.testing.assert_array_equal(dy, [0.0, 3.0, 0.0, 7.0])


def test_clip_between_values():
    #            below, inside, above, at lo, at hi, bounds crossed
    x = [-2.0, 0.25, 3.0, -1.0, 1.5, 0.5]
    lo = [-1.0, -0.5, -0.75, -1.0, -1.25, 2.0]
    hi = [1.0, 1.25, 0.75, 1.0, 1.5, -2.0]
    dx, dlo, dhi = pulled(np.clip, x, lo, hi)
    np.testing.assert_array_equal(dx, [0.0, 3.0, 0.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(dlo, [2.0, 0.0, 0.0, 7.0, 0.0, 0.0])
    np.testing.assert_array_equal(dhi, [0.0, 0.0, 5.0, 0.0, 11.0, 13.0])


def test_clip_between_equal_bounds_is_the_upper_one():
    dx, dlo, dhi = pulled(np.clip, [1.0, 2.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    assert not dx.any() and not dlo.any()
    np.testing.assert_array_equal(dhi, G[:3])


def test_copysign_at_zero():
    dx, dy = pulled(np.copysign, [0.0, -2.0, 0.5], [1.0, 3.0, -1.0])
    np.testing.assert_array_equal(dx, [0.0, -3.0, -5.0])
    assert not dy.any()


@pytest.mark.parametrize("f", [np.power, np.float_power, lambda x, y: x**y])
@pytest.mark.parametrize(("x", "y"), [(2.0, 0.0), (0.5, 0.0), (2.0, 1.0), (0.5, -1.5)])
def test_the_mixed_derivative_of_a_power(f, x, y):
    u, v = Value(x), Value(y)
    (du,) = gradients(f(u, v), [u], create_graph=True)
    expected = x ** (y - 1) * (1 + y * np.log(x))
    np.testing.assert_allclose(gradients(du, v), expected, rtol=1e-14)


@pytest.mark.parametrize("f", [np.power, np.float_power])
def test_powers_of_zero(f):
    dx, dy = pulled(f, [0.0, 0.0, 0.0], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(dx, [0.0, 3.0, 0.0])
    np.testing.assert_array_equal(dy, [0.0, 0.0, 0.0])


@pytest.mark.parametrize(("x", "y"), [(0.0, 2.0), (0.0, 0.25), (3.0, 0.5)])
def test_the_mixed_derivative_of_xlogy(x, y):
    u, v = Value(x), Value(y)
    (dv,) = gradients(special.xlogy(u, v), [v], create_graph=True)
    assert float(dv.data) == x / y
    np.testing.assert_allclose(gradients(dv, u), 1 / y, rtol=1e-15)


X, W = np.arange(24.0).reshape(1, 2, 12) % 7, np.arange(12.0).reshape(2, 2, 3) % 5


def test_windows_take_one_step_at_a_time_if_nothing_is_said():
    for f in (windows.windows, windows.sum_pool, windows.max_pool):
        np.testing.assert_array_equal(f(X, (3,)), f(X, (3,), 1, 1))
        assert f(X, (3,)).shape[2] == 10
    seen = windows.windows(X, (3,))
    np.testing.assert_array_equal(windows.fold(seen, (12,)), windows.fold(seen, (12,), 1, 1))
    np.testing.assert_array_equal(windows.correlate(X, W), windows.correlate(X, W, 1, 1, 1))
    back = windows.correlate_transpose(X, W)
    assert back.shape == (1, 2, 14)
    np.testing.assert_array_equal(back, windows.correlate_transpose(X, W, 1, 1, 1))


@pytest.mark.parametrize("f", [windows.correlate, windows.correlate_transpose])
@pytest.mark.parametrize(
    ("x", "w", "groups"),
    [
        ((2, 3), (3, 3), 1),
        ((1, 2, 5), (2, 2), 1),
        ((1, 2), (2, 2, 3), 1),
        ((1, 2, 5), (2, 2, 3), 0),
        ((1, 4, 5), (4, 2, 3), -2),
    ],
)
def test_correlations_of_the_wrong_number_of_axes_or_groups(f, x, w, groups):
    with pytest.raises(ValueError, match=r"do not fit with\s+groups="):
        f(np.ones(x), np.ones(w), groups=groups)


def test_a_window_needs_an_axis():
    with pytest.raises(ValueError, match="does not fit"):
        windows.windows(np.ones(3), ())
    with pytest.raises(ValueError, match="does not hold the windows"):
        windows.fold(np.ones(3), ())
    with pytest.raises(ValueError, match="does not hold the windows"):
        windows.fold(np.ones(3), (3,))


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_an_extreme_with_a_constant_on_either_side(f):
    """A tie with a constant gives 0; the constant may be the first operand or the second."""
    x, c = np.array([-1.0, 0.5, 2.0, 1.0]), np.array([1.0, 0.25, 3.0, 1.0])
    takes = f(x, c) == x
    expected = np.where(takes & (x != c), G[:4], 0.0)
    np.testing.assert_array_equal(pulled(lambda v: f(v, c), x)[0], expected)
    np.testing.assert_array_equal(pulled(lambda v: f(c, v), x)[0], expected)
    both = pulled(f, x, c)
    np.testing.assert_array_equal(both[0], np.where(x == c, G[:4] / 2, expected))
    np.testing.assert_array_equal(both[0] + both[1], G[:4])


@pytest.mark.parametrize("axis", [-1, -2])
def test_gathering_by_computed_positions_and_its_transpose(axis):
    """What a traced program uses in place of x[ids], and adds up where a place is named twice."""
    x = np.arange(12.0).reshape(3, 4) ** 2 / 8
    ids = np.array([[2, 0, 2, 1], [0, 0, 1, 2]]) if axis == -2 else np.array([[3, 3], [0, 1], [2, 0]])
    n = x.shape[axis]
    gathered = np.take_along_axis(x, ids, axis)
    np.testing.assert_array_equal(GATHER(Value(x), ids, axis=axis).data, gathered)
    g = np.arange(1.0, 1.0 + ids.size).reshape(ids.shape)
    spread = np.zeros_like(x)
    for place in np.ndindex(*ids.shape):
        at = (ids[place], place[1]) if axis == -2 else (place[0], ids[place])
        spread[at] += g[place]
    np.testing.assert_array_equal(vjp(lambda v: GATHER(v, ids, axis=axis), x)[1](g)[0], spread)
    np.testing.assert_array_equal(SCATTER_ALONG(Value(g), ids, axis=axis, n=n).data, spread)
    np.testing.assert_array_equal(vjp(lambda v: SCATTER_ALONG(v, ids, axis=axis, n=n), g)[1](x)[0], gathered)


def test_the_last_axis_is_meant_if_none_is_given():
    x = np.array([[[3.0, 1.0, 2.0], [0.5, -1.0, 4.0]], [[1.5, 7.0, -2.0], [0.25, 5.0, -4.0]]])
    v, ids = Value(x), np.argsort(x)
    for f in (np.sort, np.diff, lambda a: np.partition(a, 1), np.trapezoid, np.unwrap):
        np.testing.assert_allclose(f(v).data, f(x), rtol=1e-15)
    if np.lib.NumpyVersion(np.__version__) >= "2.3.0":
        np.testing.assert_array_equal(np.take_along_axis(v, ids).data, np.take_along_axis(x, ids))
    np.testing.assert_array_equal(np.cross(v, v[::-1]).data, np.cross(x, x[::-1]))
    v, x = v[0], x[0]
    np.testing.assert_array_equal(np.tensordot(v, v.T, 1).data, np.tensordot(x, x.T, 1))
    np.testing.assert_array_equal(np.tensordot(v, v).data, np.tensordot(x, x))


def test_numbers_that_are_left_out_are_numpys():
    x = np.array([1.5, np.nan, -0.5])
    v, m, a = Value(x), Value(np.ones((3, 4))), np.ones((3, 4))
    np.testing.assert_array_equal(np.nan_to_num(v).data, [1.5, 0.0, -0.5])
    np.testing.assert_array_equal(np.select([x > 1], [v]).data, [1.5, 0.0, 0.0])
    np.testing.assert_array_equal(np.stack([m, m]).data, np.stack([a, a]))
    np.testing.assert_array_equal(np.concatenate([m, m]).data, np.concatenate([a, a]))
    for f in (np.tril, np.triu, np.trace, np.diagonal, np.rot90, np.diagflat, np.diag, np.flip, np.trapezoid):
        b = np.arange(12.0).reshape(3, 4)
        np.testing.assert_array_equal(f(Value(b)).data, f(b))
    b = np.arange(9.0).reshape(3, 3) ** 2
    for f in (np.cov, np.corrcoef, np.var, np.std, np.diff, np.gradient):
        found = f(Value(b))
        found = [y.data for y in found] if isinstance(found, tuple) else found.data
        np.testing.assert_allclose(found, f(b), rtol=1e-13)
    np.testing.assert_array_equal(np.rollaxis(Value(np.ones((2, 3, 4))), 2).data.shape, (4, 2, 3))
    assert [p.shape for p in np.split(Value(np.ones((4, 3))), 2)] == [(2, 3), (2, 3)]
    assert [p.shape for p in np.array_split(Value(np.ones((3, 4))), 2)] == [(2, 4), (1, 4)]
    np.testing.assert_allclose(np.vander(Value(b[0])).data, np.vander(b[0]))
    np.testing.assert_array_equal(np.convolve(Value(b[0]), b[1]).data, np.convolve(b[0], b[1]))
    np.testing.assert_array_equal(np.correlate(Value(b[0]), b[1]).data, np.correlate(b[0], b[1]))


def test_indices_are_equal_if_they_name_the_same_places():
    i = Index((slice(1, 3), np.array([0, 2])))
    assert i == Index((slice(1, 3), np.array([0, 2]))) and hash(i) == hash(
        Index((slice(1, 3), np.array([0, 2])))
    )
    assert i != Index((slice(1, 3), np.array([0, 1]))) and i != "other"
    assert str(Index(np.arange(8))) == "[[0, 1, 2, 3, 4, 5, 6, 7]]"
    assert str(Index(np.arange(9))) == "[int64[9]]"


METHODS = [
    "linear",
    "hazen",
    "weibull",
    "lower",
    "higher",
    "nearest",
    "midpoint",
    "median_unbiased",
    "inverted_cdf",
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_quantiles_lie_between_two_elements(n, method):
    """NumPy's value for every q; the weights are those that make it: from 0 to 1, of sum 1, at most two."""
    x = np.array([3.0, -1.25, 0.5, 8.0, -4.0, 2.25])[:n]
    for q in np.linspace(0.0, 1.0, 21):
        y, pullback = vjp(lambda v, q=q: np.quantile(v, q, method=method), x)
        np.testing.assert_allclose(y, np.quantile(x, q, method=method), rtol=1e-13, atol=1e-15)
        (weights,) = pullback(1.0)
        assert np.all((weights >= 0) & (weights <= 1)) and np.count_nonzero(weights) <= 2
        np.testing.assert_allclose([weights.sum(), weights @ x], [1.0, y], rtol=1e-13, atol=1e-15)
    q = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(
        np.percentile(Value(x), 100 * q, method=method).data, np.quantile(x, q, method=method), rtol=1e-13
    )


def test_statistics_of_what_is_not_nan():
    x = np.array([[1.0, np.nan, 4.0, 2.0], [np.nan, 0.5, np.nan, np.nan], [np.nan, np.nan, np.nan, np.nan]])
    for ddof in (0, 1):
        with np.errstate(all="ignore"):
            found = [f(Value(x), 1, ddof=ddof).data for f in (np.nanvar, np.nanstd)]
        first, second = np.var([1.0, 4.0, 2.0], ddof=ddof), 0.0 if ddof == 0 else np.nan
        np.testing.assert_allclose(found[0], [first, second, np.nan], rtol=1e-14)
        np.testing.assert_allclose(found[1], [np.sqrt(first), second, np.nan], rtol=1e-14)
    (g,) = pulled(lambda v: np.nanvar(v, 1, ddof=1), x[:1])
    np.testing.assert_allclose(g, [[2 * (1 - 7 / 3), 0.0, 2 * (4 - 7 / 3), 2 * (2 - 7 / 3)]], rtol=1e-13)


def test_a_deviation_of_equal_numbers_has_gradient_0():
    x, where = np.array([2.0, 2.0, 5.0]), np.array([True, True, False])
    y, pullback = vjp(lambda v: np.std(v, where=where), x)
    assert y == 0.0
    np.testing.assert_array_equal(pullback(1.0)[0], np.zeros(3))
    y, pullback = vjp(lambda v: np.std(v, where=where), np.array([1.0, 3.0, 9.0]))
    assert y == 1.0
    np.testing.assert_allclose(pullback(3.0)[0], [-1.5, 1.5, 0.0], rtol=1e-14)
    np.testing.assert_array_equal(np.nanstd(Value([4.0, np.nan, 4.0])).data, 0.0)


def test_running_products_of_nothing_and_of_one():
    y, pullback = vjp(lambda v: np.cumprod(v, 1), np.zeros((2, 0)))
    assert pullback(np.zeros((2, 0)))[0].shape == y.shape == (2, 0)
    assert pulled(np.cumprod, [3.0])[0] == [2.0]


def test_extremes_of_a_selection_that_is_empty():
    v = Value(np.zeros((2, 0)))
    assert np.array_equal(np.max(v, axis=1, initial=3.0), [3.0, 3.0])
    assert np.max(v, axis=1, initial=3.0, keepdims=True).shape == (2, 1)
    assert np.max(Value([[1.0, 2.0]]), axis=0).shape == (2,)
    assert np.array_equal(np.max(Value([1.0, 5.0]), initial=3.0).data, 5.0)


def recurrence(a, b):
    s = np.zeros(b.shape)
    for i in range(b.shape[-1]):
        s[..., i] = b[..., i] + (a[..., i] * s[..., i - 1] if i else 0.0)
    return s


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 8])
def test_the_recurrence_of_running_products(n):
    """s[i] = b[i] + a[i] s[i-1], and its derivatives by a and by b."""
    rng = np.random.default_rng(n)
    a, b = numeric.random_like(np.zeros((2, n)), rng), numeric.random_like(np.zeros((2, n)), rng)
    np.testing.assert_allclose(SCAN(a, b), recurrence(a, b), rtol=1e-13)
    numeric.check_first_order(lambda x, y: SCAN(x, y), [a, b], 0)
    if n > 1:
        numeric.check_higher_orders(lambda x, y: SCAN(x, y), [a, b], 0)
