"""Reductions, order statistics, indexing and elementwise functions, in each way that they can be called."""

import numpy as np
import pytest

from autograd import Value, vjp, windows
from autograd.rules.indexing import SETITEM
from autograd.rules.kernels import Index
from tests import numeric
from tests.ways import agrees, calls, numbers

AXES = [None, 0, 1, -1, (0, 2), (2, 0), (0, 1, 2)]


# --- reductions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("f", [np.sum, np.mean, np.prod, np.max, np.min, np.ptp, np.median, np.average])
def test_reductions(f, axis, keepdims):
    agrees(lambda x: f(x, axis=axis, keepdims=keepdims), (2, 3, 2))
    agrees(lambda x: f(x, axis), (2, 3, 2))


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("f", [np.var, np.std, np.nanvar, np.nanstd])
def test_deviations(f, axis, ddof):
    agrees(lambda x: f(x, axis, ddof=ddof), (2, 3, 2))
    agrees(lambda x: f(x, axis, ddof=ddof, keepdims=True), (2, 3, 2))
    agrees(lambda x: f(x, axis, correction=ddof), (2, 3, 2))
    mask = np.array([True, False, True])[:, None] | np.array([True, False])
    if axis in (None, 1, (0, 1, 2)):
        agrees(lambda x: f(x, axis, ddof=ddof, where=mask), (2, 3, 2))
        agrees(lambda x: f(x, axis, correction=ddof, where=mask, keepdims=True), (2, 3, 2))


NAN = np.array([[1.5, np.nan, -0.5, 2.0], [np.nan, 0.25, np.nan, 3.0]])
OF_NAN = [np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("f", OF_NAN)
def test_what_is_left_of_numbers_that_are_missing(f, keepdims):
    mask = np.array([[True, True, True, False], [False, True, True, True]])
    for given in ({"axis": 1, "keepdims": keepdims}, {"axis": None, "keepdims": keepdims}, {"axis": 1}, {}):
        agrees(lambda x, given=given: f(np.where(np.isnan(NAN), np.nan, x), **given), (2, 4))
        if f not in (np.nanmax, np.nanmin):
            agrees(lambda x, given=given: f(np.where(np.isnan(NAN), np.nan, x), where=mask, **given), (2, 4))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("ddof", [0, 1, 2, 3])
def test_too_few_numbers_have_no_variance(ddof, keepdims):
    rows = np.array([[1.0, np.nan, 4.0], [np.nan, 2.0, np.nan], [np.nan] * 3, [1.0, 2.0, 4.0]])
    for f in (np.nanvar, np.nanstd):
        expected = f(rows, 1, ddof=ddof, keepdims=keepdims)
        found = f(Value(rows), 1, ddof=ddof, keepdims=keepdims)
        np.testing.assert_allclose(found.data, expected, rtol=1e-14)
    for f in (np.nanvar, np.nanstd, np.var, np.std):
        for x in (rows[0], rows[3], np.array([2.0])):
            np.testing.assert_allclose(f(Value(x), ddof=ddof).data, f(x, ddof=ddof), rtol=1e-14)


def test_the_deviation_of_one_number_or_of_equal_numbers():
    for x in ([3.0], [0.0, 0.0], [-1.5, -1.5, -1.5]):
        for f in (np.std, np.nanstd, lambda v: np.std(v, where=np.full(np.shape(v), True))):
            y, pullback = vjp(f, np.array(x))
            assert y == 0.0
            np.testing.assert_array_equal(pullback(2.0)[0], np.zeros(len(x)))
    x = np.array([1.0, 3.0])
    np.testing.assert_array_equal(vjp(np.std, x)[1](2.0)[0], [-1.0, 1.0])
    np.testing.assert_array_equal(vjp(lambda v: np.std(v, ddof=1), 2 * x)[1](2**0.5)[0], [-1.0, 1.0])


SOME = np.array([[True, False, True], [False, False, True]])


def test_what_is_one_operation_is_recorded_as_one():
    x = Value([[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]])
    for f in (np.sum, np.prod, np.mean, np.var, np.std, np.max, np.min, np.nanmax, np.nanmin):
        for options in ({}, {"axis": 1}, {"axis": 1, "keepdims": True}):
            y = f(x, **options)
            assert y.op.name == f.__name__.replace("amax", "max").replace("amin", "min")
            assert y.inputs == (x,)


@pytest.mark.parametrize("f", [np.max, np.min, np.nanmax, np.nanmin])
def test_extremes_with_an_initial_value(f):
    for options in ({}, {"keepdims": True}, {"where": SOME}, {"where": SOME, "keepdims": True}):
        for axis in (None, 0, 1):
            agrees(lambda x, axis=axis, options=options: f(x, axis, initial=0.5, **options), (2, 3))
    with pytest.raises(ValueError, match=r"where= needs initial="):
        f(Value(np.ones((2, 3))), where=SOME)


@pytest.mark.parametrize("f", [np.sum, np.prod, np.nansum, np.nanprod])
def test_sums_and_products_with_an_initial_value(f):
    for axis in (None, 0, 1):
        agrees(lambda x, axis=axis: f(x, axis, initial=1.5), (2, 3))
        agrees(lambda x, axis=axis: f(x, axis, initial=1.5, where=SOME, keepdims=True), (2, 3))


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("f", [np.cumsum, np.cumprod, np.nancumsum, np.nancumprod])
def test_running(f, axis):
    agrees(lambda x: f(x, axis), (2, 3, 2))
    agrees(lambda x: f(x, axis), (3, 0))
    agrees(lambda x: f(x, axis), (1, 1))


@calls(
    of_all=(lambda a: np.average(a, returned=True), (2, 3)),
    of_rows=(lambda a: np.average(a, 1, returned=True), (2, 3)),
    of_rows_kept=(lambda a: np.average(a, 1, returned=True, keepdims=True), (2, 3)),
    of_two_axes=(lambda a: np.average(a, (0, 2), returned=True), (2, 3, 2)),
    weighted=(lambda a, w: np.average(a, 0, 2.0 + w * w, returned=True), (2, 3), (2, 3)),
    weights_of_one_axis=(lambda a, w: np.average(a, 0, 2.0 + w * w, returned=True), (2, 3), (2,)),
    weights_of_the_middle=(
        lambda a, w: np.average(a, 1, 2.0 + w * w, returned=True, keepdims=True),
        (2, 3, 2),
        (3,),
    ),
    weights_of_swapped_axes=(lambda a, w: np.average(a, (2, 0), 2.0 + w * w), (2, 3, 4), (4, 2)),
)
def test_average(f, shapes):
    leaves = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    found, expected = f(*[Value(x) for x in leaves]), f(*leaves)
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(numeric.data(a), b, rtol=1e-13)
    numeric.check_first_order(lambda *xs: part(f(*xs)), leaves, 0)


def part(y):
    return y[0] if isinstance(y, tuple) else y


@pytest.mark.filterwarnings("ignore")
def test_average_of_nothing():
    for shape, axis in (((0,), None), ((2, 0), 1), ((0, 3), 0)):
        found = np.average(Value(np.ones(shape)), axis, returned=True)
        expected = np.average(np.ones(shape), axis, returned=True)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(numeric.data(a), b)
    nothing, of_none = np.average(Value(np.ones((0, 2))), 1, returned=True)
    assert nothing.shape == of_none.shape == (0,)


def test_the_average_of_constants_with_weights_that_are_values():
    agrees(lambda w: np.average([1.0, 2.0, 4.0], weights=2.0 + w * w), (3,))
    agrees(lambda a: np.average(a, weights=[1.0, 2.0, 4.0]), (3,))
    agrees(lambda a: np.average(a, weights=np.array([[True, False], [True, True]])), (2, 2))


# --- order statistics -----------------------------------------------------------------------------


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("q", [0.5, [0.25, 1.0], [[0.0, 0.3, 0.75], [0.9, 0.1, 0.6]]], ids=str)
def test_quantiles_of_axes(q, axis):
    agrees(lambda x: np.quantile(x, q, axis), (2, 3, 2))
    agrees(lambda x: np.quantile(x, q, axis, keepdims=True), (2, 3, 2))
    agrees(lambda x: np.percentile(x, 50 * np.asarray(q), axis, keepdims=True), (2, 3, 2))


def test_quantiles_have_numpys_bits():
    """The number between two others is found from the nearer of them."""
    for x in np.random.default_rng(0).normal(size=(200, 5)):
        for q in (0.0625, 0.3125, 0.375, 0.4375, 0.9375):  # places that are exact
            assert np.quantile(Value(x), q).data == np.quantile(x, q)


def test_quantiles_of_infinite_numbers():
    """Between two numbers of which one is infinite NumPy's value is kept, at an element it is the element."""
    x = np.array([-np.inf, 1.0, 2.0, np.inf])
    for q in (0.0, 1 / 3, 0.5, 2 / 3, 1.0):
        for method in ("linear", "lower", "higher", "nearest", "midpoint"):
            with np.errstate(invalid="ignore"):
                np.testing.assert_array_equal(
                    np.quantile(Value(x), q, method=method).data,
                    np.quantile(x, q, method=method),
                    f"{q} {method}",
                )


def test_the_median_of_a_scalar_and_of_rows_with_nan():
    agrees(np.median, ())
    agrees(lambda x: np.quantile(x, 0.3), ())
    x = np.array([[1.0, np.nan, 2.0], [4.0, 3.0, 5.0]])
    np.testing.assert_array_equal(np.median(Value(x), 1).data, [np.nan, 4.0])
    np.testing.assert_array_equal(np.quantile(Value(x), [0.5, 0.0], 1).data, [[np.nan, 4.0], [np.nan, 3.0]])


@calls(
    steps=(lambda y: np.trapezoid(y, dx=0.25), (2, 3)),
    down=(lambda y: np.trapezoid(y, axis=0), (3, 2)),
    down_at=(lambda y, x: np.trapezoid(y, x, axis=0), (3, 2), (3,)),
    at_each=(lambda y, x: np.trapezoid(y, x, axis=1), (2, 3, 2), (2, 3, 2)),
    of_a_list=(lambda x: np.trapezoid([1.0, 2.0, 4.0], x), (3,)),
    at_a_list=(lambda y: np.trapezoid(y, [1.0, 2.0, 4.0]), (2, 3)),
)
def test_trapezoid(f, shapes):
    leaves = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    if f.__code__.co_varnames[:1] == ("y",) and len(shapes) == 2 and len(shapes[0]) != len(shapes[1]):
        expected = np.trapezoid(leaves[0].T, leaves[1])
        np.testing.assert_allclose(f(Value(leaves[0]), Value(leaves[1])).data, expected, rtol=1e-14)
    else:
        numeric.check_value(f, leaves, 1e-13)
    numeric.check_first_order(f, leaves, 0)


# --- indexing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_take_and_choose_in_each_mode(mode):
    at = np.array([[0, 1, 2], [2, 0, 1]]) if mode == "raise" else np.array([[-1, 1, 5], [3, 0, -4]])
    for axis in (None, 0, 1, 2):
        if not (mode == "raise" and axis == 0):
            agrees(lambda x, axis=axis: np.take(x, at, axis, mode=mode), (2, 3, 3))
    agrees(lambda x, y, z: np.choose(at, [x, y, z], mode=mode), (2, 3), (3,), ())
    agrees(lambda x: np.choose(at[:1], list(x), mode=mode), (3, 2, 3))


@pytest.mark.parametrize("bad", [-1, 3, 4])
def test_choose_refuses_what_is_not_among_the_choices(bad):
    with pytest.raises(ValueError, match="an entry of a is outside the 3 choices"):
        np.choose([0, bad], list(Value(np.ones((3, 2)))))


def test_choose_for_no_place():
    assert np.choose(np.zeros((0,), int), [Value(1.0), 2.0]).shape == (0,)


@calls(
    flat=(lambda x: np.take_along_axis(x, np.array([5, 0, 0]), None), (2, 3)),
    stretched=(lambda x: np.take_along_axis(x, np.array([[2, 0]]), 1), (3, 4)),
    first_axis=(lambda x: np.take_along_axis(x, np.array([[[1], [0]]]), 0), (2, 2, 3)),
    partition_flat=(lambda x: np.sort(np.partition(x, 2, None)[:2]), (2, 3)),
    partition_rows=(lambda x: np.partition(x, 1), (2, 2, 3)),
    partition_down=(lambda x: np.partition(x, 1, 0), (3, 2)),
    sort_flat=(lambda x: np.sort(x, None), (2, 3)),
    sort_middle=(lambda x: np.sort(x, 1), (2, 3, 2)),
    extract=(lambda x: np.extract([[True, False], [False, True]], x), (2, 2)),
    compress_flat=(lambda x: np.compress([True, False, True], x), (2, 3)),
    compress_down=(lambda x: np.compress([False, True], x, 0), (2, 3)),
)
def test_selecting(f, shapes):
    agrees(f, *shapes)


def test_selecting_from_a_list_by_values():
    for f in (np.compress, np.extract):
        np.testing.assert_array_equal(f(Value([1.0, 0.0, 2.0]), [5.0, 6.0, 7.0]), [5.0, 7.0])


@pytest.mark.parametrize("lead", [0, 1, 2])
def test_assigning_a_value_that_is_stretched_or_has_axes_too_many(lead):
    """v of shape (1, ..., 1, n) is assigned to n elements: its gradient has its shape."""
    x, v = numbers(3, 4), numbers(*(1,) * lead, 2, seed=1)
    index = Index((1, slice(0, 2)))
    expected = x.copy()
    expected[1, :2] = v
    y, pullback = vjp(lambda a, b: SETITEM(a, b, index=index), x, v)
    np.testing.assert_array_equal(y, expected)
    g = numbers(3, 4, seed=2)
    dx, dv = pullback(g)
    np.testing.assert_array_equal(dv, g[1, :2].reshape(v.shape))
    g[1, :2] = 0.0
    np.testing.assert_array_equal(dx, g)


def test_assigning_one_number_to_many():
    y, pullback = vjp(lambda a, b: SETITEM(a, b, index=Index(slice(1, 3))), numbers(4), np.float64(9.5))
    np.testing.assert_array_equal(y[1:3], [9.5, 9.5])
    assert pullback(np.arange(1.0, 5.0))[1] == 5.0
    y, pullback = vjp(lambda a, b: SETITEM(a, b, index=Index(())), np.float64(2.0), np.float64(9.5))
    assert (y, *pullback(3.0)) == (9.5, 0.0, 3.0)


def test_two_equal_numbers_in_a_window_share_its_gradient():
    x = np.array([[1.0, 1.0, 0.0, 0.5], [2.0, -1.0, 3.0, 3.0]])
    _, pullback = vjp(lambda v: windows.max_pool(v, (2,), 2), x)
    np.testing.assert_array_equal(
        pullback([[4.0, 2.0], [3.0, 8.0]])[0], [[2.0, 2.0, 0.0, 2.0], [3.0, 0.0, 4.0, 4.0]]
    )


# --- elementwise ----------------------------------------------------------------------------------


def test_heaviside_in_both_arguments():
    x, y = np.array([0.0, 0.0, -1.0, 2.0]), np.array([0.25, -3.0, 1.0, 1.0])
    _, pullback = vjp(np.heaviside, x, y)
    np.testing.assert_array_equal(pullback([2.0, 3.0, 5.0, 7.0])[1], [2.0, 3.0, 0.0, 0.0])


@pytest.mark.parametrize("f", [np.power, np.float_power, lambda x, y: x**y])
def test_the_derivative_of_a_power_by_its_exponent(f):
    x, y = np.array([2.0, 0.5, 3.0, 0.0, 0.0, 4.0, 1.0]), np.array([0.0, 0.0, 2.0, 0.0, 3.0, -0.5, 0.0])
    _, pullback = vjp(f, x, y)
    g = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 0.0])
    expected = [2 * np.log(2), 3 * np.log(0.5), 45 * np.log(3), 0.0, 0.0, 6.5 * np.log(4), 0.0]
    np.testing.assert_allclose(pullback(g)[1], expected, rtol=1e-15)
    assert np.isnan(vjp(f, np.float64(-1.0), np.float64(0.0))[1](1.0)[1])


@calls(
    from_below=(lambda x: np.clip(x, 0.25, None), (3, 4)),
    from_above=(lambda x: np.clip(x, None, 0.25), (3, 4)),
    between=(lambda x: np.clip(x, -0.5, 0.25), (3, 4)),
    by_values_from_below=(lambda x, lo: np.clip(x, lo, None), (3, 4), (4,)),
    by_values_from_above=(lambda x, hi: np.clip(x, None, hi), (3, 4), (4,)),
    a_constant=(lambda lo, hi: np.clip(np.array([0.3, -0.3]), lo - 2.0, hi + 2.0), (2,), (2,)),
    either=(lambda x, y: np.where([True, False, True], x, y), (2, 3), (3,)),
    either_or_a_number=(lambda x: np.where([True, False, True], 1.0, x), (2, 3)),
    selected=(lambda x, y: np.select([[True, False, False], [True, True, False]], [x, y], 9.0), (3,), (3,)),
    selected_or_0=(lambda x: np.select([[True, False, True]], [x]), (3,)),
)
def test_choosing_elementwise(f, shapes):
    agrees(f, *shapes)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, bool])
def test_powers_of_small_integers_and_truths(dtype):
    """An exponent of few bits is not overflown by y - 1."""
    y = np.array([0, 1, 1, 0]).astype(dtype)
    x = np.array([2.0, 3.0, 0.0, 0.0])
    _, pullback = vjp(lambda v: v**y, x)
    np.testing.assert_array_equal(pullback([2.0, 3.0, 5.0, 7.0])[0], [0.0, 3.0, 5.0, 0.0])
