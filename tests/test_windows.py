"""Sliding windows: values written out with loops, derivatives to third order, good manners."""

import itertools

import numpy as np
import pytest

from autograd import Value, grad, windows
from tests import numeric

RNG = np.random.default_rng(7)


def dyadic(*shape):
    """Different multiples of 1/64, so that no two are tied and sums are exact."""
    n = int(np.prod(shape))
    return (RNG.permutation(n) - n // 2).reshape(shape) / 64


GEOMETRIES = [  # size, kernel, stride, dilation
    ((7,), (3,), (1,), (1,)),
    ((8,), (3,), (2,), (1,)),
    ((9,), (2,), (3,), (2,)),
    ((4,), (4,), (1,), (1,)),
    ((5, 6), (2, 3), (1, 1), (1, 1)),
    ((6, 7), (3, 2), (2, 3), (1, 2)),
    ((4, 3, 5), (2, 1, 3), (1, 2, 2), (1, 1, 2)),
]
CONVOLUTIONS = [  # x, w, stride, dilation, groups
    ((2, 3, 6), (4, 3, 3), 1, 1, 1),
    ((2, 4, 7), (6, 2, 2), 2, 3, 2),
    ((2, 3, 5, 4), (2, 3, 2, 3), 1, 1, 1),
    ((1, 4, 6, 7), (4, 1, 3, 2), (2, 3), (1, 2), 4),
    ((2, 2, 3, 4, 3), (2, 1, 2, 2, 1), (1, 2, 1), 1, 2),
]


def seen_by(window, stride, place, dilation):
    return tuple(w * s + p * d for w, s, p, d in zip(window, stride, place, dilation, strict=True))


def counts_of(size, kernel, stride, dilation):
    return tuple(
        (n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
    )


def grid(shape):
    return itertools.product(*[range(n) for n in shape])


def windows_by_loops(x, kernel, stride, dilation):
    counts = counts_of(x.shape[-len(kernel) :], kernel, stride, dilation)
    out = np.zeros(x.shape[: -len(kernel)] + counts + kernel)
    for window in grid(counts):
        for place in grid(kernel):
            out[(..., *window, *place)] = x[(..., *seen_by(window, stride, place, dilation))]
    return out


def correlation_by_loops(x, w, stride, dilation, groups):
    n = w.ndim - 2
    stride, dilation = np.broadcast_to(stride, n), np.broadcast_to(dilation, n)
    counts = counts_of(x.shape[2:], w.shape[2:], stride, dilation)
    out = np.zeros((x.shape[0], w.shape[0], *counts))
    for b, o, c in grid((x.shape[0], *w.shape[:2])):
        channel = o // (w.shape[0] // groups) * w.shape[1] + c
        for window in grid(counts):
            for place in grid(w.shape[2:]):
                at = seen_by(window, stride, place, dilation)
                out[(b, o, *window)] += x[(b, channel, *at)] * w[(o, c, *place)]
    return out


geometries = pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
convolutions = pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)


@geometries
def test_windows_and_pools_are_what_loops_give(geometry):
    size, *moves = geometry
    x = dyadic(2, *size)
    expected = windows_by_loops(x, *moves)
    axes = tuple(range(-len(size), 0))
    assert np.array_equal(windows.windows(x, *moves), expected)
    assert np.array_equal(windows.sum_pool(x, *moves), expected.sum(axes))
    assert np.array_equal(windows.max_pool(x, *moves), expected.max(axes))


@geometries
def test_fold_is_the_transpose_of_windows(geometry):
    size, *moves = geometry
    x = dyadic(2, *size)
    seen = windows.windows(x, *moves)
    g = dyadic(*seen.shape)
    folded = windows.fold(g, size, *moves[1:])
    assert folded.shape == x.shape
    assert np.sum(folded * x) == np.sum(g * seen)


@convolutions
def test_correlate_is_what_loops_give(case):
    x, w, stride, dilation, groups = case
    x, w = dyadic(*x), dyadic(*w)
    expected = correlation_by_loops(x, w, stride, dilation, groups)
    assert np.array_equal(windows.correlate(x, w, stride, dilation, groups), expected)


@convolutions
def test_correlate_transpose_is_its_transpose(case):
    x, w, stride, dilation, groups = case
    x, w = dyadic(*x), dyadic(*w)
    y = windows.correlate(x, w, stride, dilation, groups)
    g = dyadic(*y.shape)
    back = windows.correlate_transpose(g, w, stride, dilation, groups)
    inside = x[tuple(slice(n) for n in back.shape)]  # what no window reaches at the end is left out
    assert np.sum(back * inside) == np.sum(y * g)


def check(f, leaves, seed=3):
    numeric.check_value(f, leaves)
    numeric.check_first_order(f, leaves, seed)
    numeric.check_higher_orders(f, leaves, seed)
    cotangent = numeric.random_like(np.asarray(f(*leaves)), np.random.default_rng(seed))
    numeric.check_nothing_changed(f, leaves, cotangent)
    numeric.check_same_bits(f, leaves, cotangent)
    numeric.check_freed(f, leaves, cotangent)


@pytest.mark.parametrize("function", [windows.windows, windows.sum_pool, windows.max_pool])
@geometries
def test_derivatives_to_third_order(function, geometry):
    size, *moves = geometry
    check(lambda x: function(x * x * x, *moves), [dyadic(2, *size)])


@geometries
def test_derivatives_of_fold_to_third_order(geometry):
    size, *moves = geometry
    shape = (2, *counts_of(size, *moves), *moves[0])
    check(lambda x: windows.fold(x * x * x, size, *moves[1:]), [dyadic(*shape)])


@convolutions
def test_derivatives_of_convolution_to_third_order(case):
    x, w, *rest = case
    check(lambda x, w: windows.correlate(x, w, *rest), [dyadic(*x), dyadic(*w)])
    y = windows.correlate(dyadic(*x), dyadic(*w), *rest)
    check(lambda y, w: windows.correlate_transpose(y, w, *rest), [dyadic(*y.shape), dyadic(*w)])


@convolutions
def test_third_order_through_a_nonlinear_function(case):
    x, w, *rest = case
    numeric.check_higher_orders(
        lambda x, w: np.sin(windows.correlate(x, np.tanh(w), *rest)), [dyadic(*x), dyadic(*w)], 5
    )


def test_every_layout_gives_the_same():
    x, w = dyadic(2, 3, 6, 5), dyadic(4, 3, 2, 2)
    expected = windows.correlate(x, w)
    for laid in (
        np.asfortranarray(x),
        x[::-1].copy()[::-1],
        np.ascontiguousarray(x.T).T,
        np.repeat(x, 2, 3)[..., ::2],
    ):
        assert np.array_equal(windows.correlate(laid, w), expected)
        assert np.array_equal(windows.max_pool(laid, (2, 2)), windows.max_pool(x, (2, 2)))


def test_ties_share_equally_and_a_nan_takes_all():
    x = np.array([1.0, 1.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0])
    assert grad(lambda x: np.sum(windows.max_pool(x, (4,), 4)))(x).tolist() == [
        1 / 3,
        1 / 3,
        0,
        1 / 3,
        *[0.25] * 4,
    ]
    y = np.array([1.0, np.nan, 3.0, 2.0])
    assert np.isnan(windows.max_pool(y, (2,), 2)[0])
    assert grad(lambda y: np.sum(windows.max_pool(y, (2,), 2)))(y).tolist() == [0, 1, 1, 0]


def test_overlapping_windows_add_up():
    x = np.array([0.0, 3.0, 1.0, 2.0])
    assert grad(lambda x: np.sum(windows.max_pool(x, (2,))))(x).tolist() == [0, 2, 0, 1]
    assert grad(lambda x: np.sum(windows.sum_pool(x, (3,))))(x).tolist() == [1, 2, 2, 1]


def test_windows_is_a_view_that_cannot_be_written_to():
    x = Value(np.arange(5.0))
    y = windows.windows(x, (2,))
    assert np.shares_memory(y.data, x.data)
    assert not y.data.flags.writeable


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    x, w = Value(dyadic(1, 2, 5).astype(dtype)), Value(dyadic(3, 2, 2).astype(dtype))
    y = windows.max_pool(windows.sum_pool(windows.correlate(x, w), (2,)), (2,))
    y.sum().backward()
    assert y.dtype == x.grad.dtype == w.grad.dtype == dtype


def test_an_empty_batch():
    x, w = Value(np.zeros((0, 2, 5))), Value(np.ones((3, 2, 2)))
    y = windows.correlate(x, w)
    assert y.shape == (0, 3, 4)
    y.sum().backward()
    assert x.grad.shape == (0, 2, 5)
    assert not w.grad.any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: windows.windows(x, (9,)),
            r"kernel of size \(9,\) .* does not fit into an array of shape \(2, 3, 8\)",
        ),
        (lambda x: windows.windows(x, ()), "does not fit"),
        (lambda x: windows.max_pool(x, (2,), 0), "stride=0"),
        (lambda x: windows.sum_pool(x, (2, 2), (1, 1, 1)), r"stride=\(1, 1, 1\)"),
        (lambda x: windows.fold(x, (7,)), "does not hold the windows"),
        (
            lambda x: windows.correlate(x, np.ones((2, 4, 2))),
            r"\(2, 3, 8\) and a weight of shape \(2, 4, 2\)",
        ),
        (lambda x: windows.correlate(x, np.ones((4, 1, 2)), groups=3), "groups=3"),
        (lambda x: windows.correlate_transpose(x, np.ones((4, 1, 2))), r"weight of shape \(4, 1, 2\)"),
    ],
)
def test_bad_input_is_refused(call, message):
    for x in (np.ones((2, 3, 8)), Value(np.ones((2, 3, 8)))):
        with pytest.raises(ValueError, match=message):
            call(x)
