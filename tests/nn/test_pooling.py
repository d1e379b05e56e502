"""Pooling: windows written out, ties, bins, finite differences to third order."""

import numpy as np
import pytest

from autograd import Value
from nn import pooling
from nn.functional import window as fn
from tests import numeric

RNG = np.random.default_rng(13)


def distinct(*shape):
    n = int(np.prod(shape))
    return (RNG.permutation(n) - n // 2).reshape(shape) / 16


def bounds(n, k, s, p, ceil_mode):
    """(begin, end) of each window in the padded axis, by PyTorch's rule."""
    count = (n + 2 * p - k) / s
    count = int(np.ceil(count) if ceil_mode else np.floor(count)) + 1
    return [(i * s - p, i * s - p + k) for i in range(count) if i * s < n + p or not ceil_mode]


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("k", "s", "p"), [(2, None, 0), (3, 2, 1), (2, 3, 1), (4, 3, 2), (5, 1, 0)])
def test_pools_are_their_formulas(k, s, p, ceil_mode):
    x = distinct(2, 3, 7, 10)
    rows, columns = (bounds(n, k, s or k, p, ceil_mode) for n in (7, 10))
    most, mean, inside = (np.zeros((2, 3, len(rows), len(columns))) for _ in range(3))
    for i, (a, b) in enumerate(rows):
        for j, (c, d) in enumerate(columns):
            seen = x[..., max(a, 0) : b, max(c, 0) : d]
            most[..., i, j] = seen.max((-1, -2))
            mean[..., i, j] = seen.sum((-1, -2)) / ((min(b, 7 + p) - a) * (min(d, 10 + p) - c))
            inside[..., i, j] = seen.mean((-1, -2))
    assert np.array_equal(pooling.MaxPool2d(k, s, p, ceil_mode=ceil_mode)(x), most)
    np.testing.assert_allclose(pooling.AvgPool2d(k, s, p, ceil_mode)(x), mean, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(
        pooling.AvgPool2d(k, s, p, ceil_mode, False)(x), inside, rtol=1e-13, atol=1e-15
    )
    one = x[:, :, 3]
    assert np.array_equal(
        pooling.MaxPool1d(k, s, p, ceil_mode=ceil_mode)(one),
        fn.max_pool2d(one[:, :, None], (1, k), (1, s or k), (0, p), 1, ceil_mode)[:, :, 0],
    )
    assert np.array_equal(pooling.MaxPool2d(k, s, p, 1, False, ceil_mode)(x[0]), most[0])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 11])
def test_adaptive_pools_are_their_formulas(size):
    x = distinct(2, 3, 7)
    bins = [x[..., i * 7 // size : -(-(i + 1) * 7 // size)] for i in range(size)]
    assert np.array_equal(pooling.AdaptiveMaxPool1d(size)(x), np.stack([b.max(-1) for b in bins], -1))
    np.testing.assert_allclose(
        pooling.AdaptiveAvgPool1d(size)(x), np.stack([b.mean(-1) for b in bins], -1), rtol=1e-13, atol=1e-15
    )
    y = distinct(2, 3, 5, 7)
    assert pooling.AdaptiveAvgPool2d((None, size))(y).shape == (2, 3, 5, size)
    np.testing.assert_allclose(
        fn.adaptive_avg_pool2d(y, (1, size)),
        fn.adaptive_avg_pool1d(y.mean(2), size)[:, :, None],
        rtol=1e-12,
        atol=1e-15,
    )
    assert np.array_equal(
        fn.adaptive_max_pool2d(y, (1, size)), fn.adaptive_max_pool1d(y.max(2), size)[:, :, None]
    )


def test_an_infinity_stays_in_its_bin():
    x = np.array([[1.0, 2.0, 3.0, np.inf, 5.0]])
    assert fn.adaptive_avg_pool1d(x, 2).tolist() == [[2.0, np.inf]]
    assert fn.adaptive_avg_pool1d(x, 5).tolist() == x.tolist()


CASES = {
    "max 1d": (lambda x: fn.max_pool1d(x, 3, 2, 1), (2, 2, 6)),
    "max 2d": (lambda x: fn.max_pool2d(x, (2, 3), 2, (1, 0), ceil_mode=True), (2, 5, 6)),
    "avg 1d": (lambda x: fn.avg_pool1d(x, 3, 2, 1, True, False), (2, 2, 6)),
    "avg 2d": (lambda x: fn.avg_pool2d(x, (2, 3), 2, (1, 0), divisor_override=4), (2, 5, 6)),
    "adaptive avg": (lambda x: fn.adaptive_avg_pool2d(x, (2, 3)), (2, 3, 5)),
    "adaptive max": (lambda x: fn.adaptive_max_pool2d(x, (2, 3)), (2, 3, 5)),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives_to_third_order(name):
    f, shape = CASES[name]
    x = distinct(*shape)
    numeric.check_first_order(f, [x], 1)
    numeric.check_higher_orders(lambda x: np.sin(f(x) * 0.5), [x], 2)
    cotangent = numeric.random_like(f(x), RNG)
    numeric.check_nothing_changed(f, [x], cotangent)
    numeric.check_freed(f, [x], cotangent)


@pytest.mark.parametrize("pool", [fn.max_pool2d, fn.adaptive_max_pool2d])
def test_ties_share_and_padding_never_wins(pool):
    x = Value(np.array([[[-1.0, -1.0], [-3.0, -2.0]]]))
    y = pool(x, *((2, 2, 1) if pool is fn.max_pool2d else (1,)))
    y.sum().backward()
    if pool is fn.max_pool2d:
        assert y.data.tolist() == [[[-1.0, -1.0], [-3.0, -2.0]]]
        assert x.grad.tolist() == [[[1.0, 1.0], [1.0, 1.0]]]
    else:
        assert x.grad.tolist() == [[[0.5, 0.5], [0.0, 0.0]]]


def test_indices_name_the_first_maximum():
    x = np.array([[[1.0, 5.0, 5.0], [5.0, 2.0, 0.0], [0.0, 7.0, 7.0]]])
    out, at = pooling.MaxPool2d(2, 1, return_indices=True)(Value(x))
    assert out.data.tolist() == [[[5, 5], [7, 7]]]
    assert at.tolist() == [[[1, 1], [7, 7]]]
    assert np.array_equal(x.ravel()[at], out.data)


def test_float32_stays():
    x = Value(distinct(1, 2, 6, 6).astype(np.float32))
    for layer in (
        pooling.MaxPool2d(3, 2, 1),
        pooling.AvgPool2d(3, 2, 1, count_include_pad=False),
        pooling.AdaptiveAvgPool2d(4),
        pooling.AdaptiveMaxPool2d(4),
    ):
        x.zero_grad()
        y = layer(x)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == np.float32


def test_integers_become_floating():
    x = np.arange(12).reshape(1, 3, 4)
    for layer in (
        pooling.MaxPool2d(2, padding=1),
        pooling.AvgPool2d(3, padding=1),
        pooling.AdaptiveMaxPool2d(2),
    ):
        assert layer(x).dtype == np.float64
        assert np.array_equal(layer(x), layer(x.astype(float)))


X = np.ones((2, 3, 4, 5))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pooling.MaxPool2d(6)(X), ValueError, r"max_pool2d: kernel_size=\(6, 6\).*\(2, 3, 4, 5\)"),
        (lambda: pooling.MaxPool2d(2, padding=2)(X), ValueError, "padding=.*half of kernel_size"),
        (lambda: pooling.MaxPool1d(2)(X), ValueError, r"max_pool1d: input of shape \(2, 3, 4, 5\)"),
        (lambda: pooling.AvgPool1d(2)(np.ones(4)), ValueError, "avg_pool1d: input of shape"),
        (lambda: pooling.AvgPool2d(2, 0)(X), ValueError, "avg_pool2d: stride=0"),
        (lambda: pooling.AvgPool2d(2.5)(X), TypeError, "avg_pool2d: kernel_size=2.5"),
        (lambda: pooling.AvgPool2d(2, divisor_override=0)(X), ValueError, "divisor_override=0"),
        (lambda: pooling.AdaptiveAvgPool2d(0)(X), ValueError, "adaptive_avg_pool2d: output_size"),
        (lambda: pooling.AdaptiveMaxPool2d((1, 2, 3))(X), ValueError, "output_size"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
