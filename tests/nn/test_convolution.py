"""Convolutions and padding: formulas written out with loops, finite differences to third order, refusals."""

import itertools

import numpy as np
import pytest

from autograd import Value
from nn.convolution import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from nn.functional import window as fn
from tests import numeric

RNG = np.random.default_rng(11)


def padded(x, widths, mode):
    kinds = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    return np.pad(x, [(0, 0), (0, 0), *widths], kinds[mode])


def conv2d_by_loops(x, w, b, stride, dilation, groups):
    out_channels, per_group, kh, kw = w.shape
    h = (x.shape[2] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    v = (x.shape[3] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    out = np.zeros((x.shape[0], out_channels, h, v))
    for n, o, i, j in itertools.product(*map(range, out.shape)):
        total = b[o]
        for c, p, q in itertools.product(range(per_group), range(kh), range(kw)):
            channel = o // (out_channels // groups) * per_group + c
            total += (
                w[o, c, p, q]
                * x[n, channel, i * stride[0] + p * dilation[0], j * stride[1] + q * dilation[1]]
            )
        out[n, o, i, j] = total
    return out


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("options", "widths"),
    [
        ({}, [(0, 0), (0, 0)]),
        ({"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}, [(1, 1), (2, 2)]),
        ({"padding": "same"}, [(1, 1), (0, 1)]),
        ({"padding": "same", "dilation": (1, 3)}, [(1, 1), (1, 2)]),
        ({"padding": "valid", "groups": 2}, [(0, 0), (0, 0)]),
    ],
)
def test_conv2d_is_its_formula(options, widths, mode):
    layer = Conv2d(4, 6, (3, 2), padding_mode=mode, rng=2, **options)
    x = RNG.normal(size=(2, 4, 6, 5))
    expected = conv2d_by_loops(
        padded(x, widths, mode),
        layer.weight.data,
        layer.bias.data,
        layer.stride,
        layer.dilation,
        layer.groups,
    )
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(layer(x[0]).data, expected[0], rtol=1e-12, atol=1e-13)
    if options.get("padding") == "same":
        assert layer(x).shape == (2, 6, 6, 5)


def test_conv1d_is_conv2d_with_one_row():
    x, w, b = RNG.normal(size=(2, 4, 9)), RNG.normal(size=(6, 2, 3)), RNG.normal(size=6)
    one = fn.conv1d(x, w, b, 2, 1, 2, 2)
    two = fn.conv2d(x[:, :, None], w[:, :, None], b, (1, 2), (0, 1), (1, 2), 2)
    np.testing.assert_allclose(one, two[:, :, 0], rtol=1e-13, atol=1e-14)
    assert np.array_equal(fn.conv1d(x, w, b, 2, 1, 2, 2)[1], fn.conv1d(x[1], w, b, 2, 1, 2, 2))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stride": 2, "padding": 1, "output_padding": 1},
        {"groups": 2, "dilation": (2, 1), "padding": (0, 1)},
    ],
)
def test_a_transposed_convolution_is_the_gradient_of_a_convolution(options):
    layer = ConvTranspose2d(4, 6, (3, 2), bias=False, rng=1, **options)
    y = RNG.normal(size=(2, 4, 4, 3))
    out = layer(y)
    x = Value(RNG.normal(size=out.shape))
    back = fn.conv2d(x, layer.weight.data, None, layer.stride, layer.padding, layer.dilation, layer.groups)
    assert back.shape == y.shape
    back.backward(y)
    np.testing.assert_allclose(out.data, x.grad, rtol=1e-12, atol=1e-13)


def test_output_size_chooses_the_output_padding():
    layer = ConvTranspose1d(2, 3, 3, stride=3, padding=1)
    x = RNG.normal(size=(2, 2, 4))
    assert [layer(x, [n]).shape[-1] for n in (10, 11, 12)] == [10, 11, 12]
    assert layer(x, (2, 3, 11)).shape == (2, 3, 11)
    with pytest.raises(ValueError, match=r"output_size=\(13,\).*from \(10,\) to \(12,\)"):
        layer(x, (13,))


CASES = {
    "conv1d": (lambda x, w, b: fn.conv1d(x, w, b, 2, 1, 2, 2), [(2, 4, 7), (2, 2, 2), (2,)]),
    "conv2d": (
        lambda x, w, b: fn.conv2d(x, w, b, (2, 1), (1, 0), (1, 2)),
        [(2, 2, 4, 5), (3, 2, 3, 2), (3,)],
    ),
    "conv2d same": (lambda x, w: fn.conv2d(x, w, padding="same"), [(2, 3, 4), (3, 2, 2, 3)]),
    "transpose 1d": (lambda x, w, b: fn.conv_transpose1d(x, w, b, 2, 1, 1), [(2, 2, 3), (2, 3, 3), (3,)]),
    "transpose 2d": (
        lambda x, w, b: fn.conv_transpose2d(x, w, b, (1, 2), 1, (0, 1), 2),
        [(1, 2, 3, 3), (2, 1, 3, 2), (2,)],
    ),
    "circular": (lambda x: fn.pad(x, (2, -1, 1, 1), "circular") ** 3, [(2, 3, 4)]),
    "reflect": (lambda x: fn.pad(x, (2, 1), "reflect") ** 3, [(2, 3)]),
    "replicate": (lambda x: fn.pad(x, (0, 3), "replicate") ** 3, [(2, 3)]),
    "constant": (lambda x: fn.pad(x, (-1, 3), value=2.0) ** 3, [(2, 3)]),
    "unfold": (lambda x: fn.unfold(x, 2, padding=1) ** 3, [(2, 3, 3)]),
    "fold": (lambda x: fn.fold(x, 3, 2) ** 3, [(2, 8, 4)]),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives_to_third_order(name):
    f, shapes = CASES[name]
    leaves = [numeric.random_like(np.zeros(s), RNG) for s in shapes]
    numeric.check_first_order(f, leaves, 1)
    numeric.check_higher_orders(lambda *xs: np.tanh(f(*xs)), leaves, 2)
    cotangent = numeric.random_like(f(*leaves), RNG)
    numeric.check_nothing_changed(f, leaves, cotangent)
    numeric.check_freed(f, leaves, cotangent)


def test_fold_adds_up_what_unfold_read():
    x = RNG.normal(size=(2, 3, 6, 5))
    times = fn.fold(fn.unfold(np.ones_like(x), 3, padding=1), (6, 5), 3, padding=1)
    np.testing.assert_allclose(
        fn.fold(fn.unfold(x, 3, padding=1), (6, 5), 3, padding=1), times * x, rtol=1e-13
    )
    assert times[0, 0].tolist()[0] == [4, 6, 6, 6, 4]
    w = RNG.normal(size=(4, 3, 3, 3))
    np.testing.assert_allclose(
        (w.reshape(4, -1) @ fn.unfold(x, 3)).reshape(2, 4, 4, 3), fn.conv2d(x, w), rtol=1e-12, atol=1e-13
    )


def test_dtypes_and_empty_batches():
    for layer in (Conv2d(2, 3, 2, dtype=np.float32), ConvTranspose2d(2, 3, 2, dtype=np.float32)):
        x = Value(RNG.normal(size=(2, 2, 4, 4)).astype(np.float32))
        y = layer(x)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == layer.weight.grad.dtype == layer.bias.grad.dtype == np.float32
        assert layer(np.zeros((0, 2, 4, 4), np.float32)).shape[:2] == (0, 3)
    assert Conv2d(1, 1, 2)(np.zeros((1, 1, 3, 3), np.uint8)).dtype == np.float64


def test_parameters_begin_as_pytorchs():
    for layer, fan_in in (
        (Conv2d(20, 40, 5, groups=2, rng=1), 250),
        (ConvTranspose1d(30, 50, 9, rng=1), 450),
    ):
        for p in (layer.weight, layer.bias):
            assert 0.9 < np.abs(p.data).max() * np.sqrt(fan_in) <= 1
    assert Conv1d(4, 6, 3, groups=2).weight.shape == (6, 2, 3)
    assert ConvTranspose1d(4, 6, 3, groups=2).weight.shape == (4, 3, 3)
    assert np.array_equal(Conv1d(4, 6, 3, rng=5).weight.data, Conv1d(4, 6, 3, rng=5).weight.data)
    assert repr(Conv2d(1, 2, 3, padding="same", bias=False, padding_mode="reflect")) == (
        "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding='same', bias=False, padding_mode='reflect')"
    )


X = np.ones((2, 4, 5, 6))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: Conv2d(3, 2, 3)(X),
            ValueError,
            r"Conv2d\(3, 2.*input of shape \(2, 4, 5, 6\); \(N, 3, H, W\)",
        ),
        (lambda: Conv1d(4, 2, 3)(X), ValueError, r"Conv1d.*\(N, 4, L\) or \(4, L\)"),
        (lambda: Conv2d(4, 2, 7)(X), ValueError, r"kernel of size \(7, 7\).*does not fit"),
        (lambda: Conv2d(4, 2, 3, groups=3), ValueError, "in_channels=4 and out_channels=2 .* groups=3"),
        (lambda: Conv2d(4, 2, (3, 3, 3)), ValueError, r"Conv2d: kernel_size=\(3, 3, 3\)"),
        (lambda: Conv2d(4, 2, 3, stride=0), ValueError, "Conv2d: stride=0"),
        (lambda: Conv2d(4, 2, 3.0), TypeError, "Conv2d: kernel_size=3.0"),
        (lambda: Conv2d(4, 2, 3, padding=-1), ValueError, "Conv2d: padding=-1"),
        (lambda: Conv2d(4, 2, 3, padding="full"), ValueError, "padding='full'.*'same', 'valid'"),
        (lambda: Conv2d(4, 2, 3, padding="same", stride=2), ValueError, "it needs stride 1"),
        (lambda: Conv2d(4, 2, 3, padding_mode="zero"), ValueError, "padding_mode='zero'"),
        (lambda: Conv2d(4, 2, 3, padding=5, padding_mode="reflect")(X), ValueError, "cannot take"),
        (lambda: ConvTranspose2d(4, 2, 3, padding_mode="reflect"), ValueError, "padding_mode='reflect'"),
        (
            lambda: ConvTranspose2d(4, 2, 3, output_padding=1)(X),
            ValueError,
            "output_padding=.*smaller than stride",
        ),
        (lambda: ConvTranspose2d(3, 2, 3)(X), ValueError, "ConvTranspose2d.*is needed"),
        (lambda: fn.conv2d(X, np.ones((2, 3, 1, 1))), ValueError, r"\(2, 3, 1, 1\) with groups=1 do not fit"),
        (lambda: fn.conv2d(X, np.ones((2, 4, 1, 1)), np.ones(3)), ValueError, r"bias of shape \(3,\)"),
        (
            lambda: fn.conv2d(np.ones((3, 3)), np.ones((2, 4, 1, 1))),
            ValueError,
            r"input of shape \(3, 3\); 4 axes",
        ),
        (lambda: fn.pad(X, (1,)), ValueError, r"pad=\(1,\)"),
        (lambda: fn.pad(X, (1, 1), "mirror"), ValueError, "mode='mirror'"),
        (lambda: fn.pad(X, (-4, -3)), ValueError, "too much"),
        (lambda: fn.fold(np.ones((2, 8, 5)), 3, 2), ValueError, r"\(N, C \* 4, 4\)"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
