"""Normalization: formulas written out, running statistics, finite differences to third order."""

import numpy as np
import pytest

from autograd import Value
from nn import normalization
from nn.functional import normalization as fn
from tests import numeric

RNG = np.random.default_rng(17)


def standardized(x, axis, eps):
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)


@pytest.mark.parametrize("shape", [(5, 4), (3, 4, 5), (2, 4, 3, 2)])
def test_functions_are_their_formulas(shape):
    x, w, b = RNG.normal(size=shape), RNG.normal(size=4), RNG.normal(size=4)
    channels = (4, *(1,) * (len(shape) - 2))
    weight, bias = w.reshape(channels), b.reshape(channels)
    spatial = tuple(range(2, len(shape)))
    np.testing.assert_allclose(
        fn.batch_norm(x, None, None, w, b, True, eps=0.1),
        standardized(x, (0, *spatial), 0.1) * weight + bias,
        rtol=1e-12,
    )
    groups = standardized(x.reshape(shape[0], 2, -1), -1, 0.1).reshape(shape)
    np.testing.assert_allclose(fn.group_norm(x, 2, w, b, 0.1), groups * weight + bias, rtol=1e-11, atol=1e-13)
    if spatial:
        expected = standardized(x, spatial, 0.1) * weight + bias
        np.testing.assert_allclose(
            fn.instance_norm(x, weight=w, bias=b, eps=0.1), expected, rtol=1e-11, atol=1e-13
        )
    last = shape[-2:]
    w, b = RNG.normal(size=last), RNG.normal(size=last)
    np.testing.assert_allclose(
        fn.layer_norm(x, last, w, b, 0.1), standardized(x, (-1, -2), 0.1) * w + b, rtol=1e-11, atol=1e-13
    )
    np.testing.assert_allclose(
        fn.rms_norm(x, last, w, 0.1),
        x / np.sqrt(np.mean(x**2, (-1, -2), keepdims=True) + 0.1) * w,
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        fn.normalize(x, 3.0, -1), x / np.linalg.norm(x, 3, axis=-1, keepdims=True), rtol=1e-12
    )


CASES = {
    "batch": (lambda x, w, b: fn.batch_norm(x, None, None, w, b, True), [(3, 2, 2), (2,), (2,)]),
    "batch, running": (
        lambda x, w, b: fn.batch_norm(x, np.array([0.5, -1.0]), np.array([0.5, 2.0]), w, b),
        [(3, 2, 2), (2,), (2,)],
    ),
    "instance": (lambda x, w: fn.instance_norm(x, weight=w), [(2, 2, 3), (2,)]),
    "group": (lambda x, w, b: fn.group_norm(x, 2, w, b), [(2, 4, 2), (4,), (4,)]),
    "layer": (lambda x, w, b: fn.layer_norm(x, (2, 3), w, b), [(2, 2, 3), (2, 3), (2, 3)]),
    "rms": (lambda x, w: fn.rms_norm(x, 3, w), [(2, 3), (3,)]),
    "normalize": (lambda x: fn.normalize(x), [(3, 4)]),
    "normalize 3": (lambda x: fn.normalize(x, 3.0, 0), [(3, 4)]),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives_to_third_order(name):
    f, shapes = CASES[name]
    leaves = [numeric.random_like(np.zeros(s), RNG) for s in shapes]
    numeric.check_first_order(f, leaves, 1)
    numeric.check_higher_orders(f, leaves, 2)
    cotangent = numeric.random_like(f(*leaves), RNG)
    numeric.check_nothing_changed(f, leaves, cotangent)
    numeric.check_freed(f, leaves, cotangent)


@pytest.mark.parametrize("momentum", [0.3, None])
def test_running_statistics_follow_the_batches(momentum):
    layer = normalization.BatchNorm2d(3, momentum=momentum)
    mean, var = np.zeros(3), np.ones(3)
    for step in range(1, 4):
        x = RNG.normal(2.0, 3.0, size=(4, 3, 2, 5))
        np.testing.assert_allclose(
            layer(Value(x)).data, standardized(x, (0, 2, 3), 1e-5), rtol=1e-9, atol=1e-12
        )
        share = 1 / step if momentum is None else momentum
        mean = (1 - share) * mean + share * x.mean((0, 2, 3))
        var = (1 - share) * var + share * x.var((0, 2, 3), ddof=1)
        np.testing.assert_allclose(layer.running_mean.data, mean, rtol=1e-13)
        np.testing.assert_allclose(layer.running_var.data, var, rtol=1e-13)
        assert layer.num_batches_tracked.item() == step
    layer.eval()
    before = layer.state_dict()
    expected = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-11, atol=1e-13)
    assert all(np.array_equal(a, before[k]) for k, a in layer.state_dict().items())
    layer.reset_running_stats()
    assert not layer.running_mean.data.any() and (layer.running_var.data == 1).all()
    assert layer.num_batches_tracked.item() == 0


@pytest.mark.parametrize("function", [fn.batch_norm, fn.instance_norm])
def test_statistics_in_plain_arrays_are_updated_in_place(function):
    x = RNG.normal(2.0, 3.0, size=(4, 3, 5))
    mean, var = np.zeros(3), np.ones(3)
    options = {"training": True} if function is fn.batch_norm else {}
    for running_mean, running_var in ((mean, var), (mean, None), (None, var)):
        function(Value(x), running_mean, running_var, momentum=0.25, **options)
    axes = (0, 2) if function is fn.batch_norm else 2
    means, variances = x.mean(axes), x.var(axes, ddof=1)
    if function is fn.instance_norm:
        means, variances = means.mean(0), variances.mean(0)
    np.testing.assert_allclose(mean, (1 - 0.75**2) * means, rtol=1e-12)  # moved twice
    np.testing.assert_allclose(var, 0.75**2 + (1 - 0.75**2) * variances, rtol=1e-12)


def test_nothing_to_begin_again_without_running_statistics():
    layer = normalization.BatchNorm1d(2, track_running_stats=False)
    layer.reset_running_stats()
    assert layer.running_mean is layer.running_var is layer.num_batches_tracked is None


def test_state():
    layer = normalization.BatchNorm1d(2, dtype=np.float32)
    names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(layer.state_dict()) == names
    assert [n for n, _ in layer.named_parameters()] == names[:2]
    assert layer.running_mean.dtype == np.float32 and layer.num_batches_tracked.dtype == np.int64
    layer(RNG.normal(size=(4, 2)).astype(np.float32))
    other = normalization.BatchNorm1d(2)
    other.load_state_dict(layer.state_dict())
    assert np.array_equal(other.running_mean.data, layer.running_mean.data)
    assert not normalization.BatchNorm1d(2, affine=False, track_running_stats=False).state_dict()
    assert not normalization.InstanceNorm1d(2).state_dict()


def test_without_running_statistics_evaluation_uses_the_batch():
    x = RNG.normal(size=(5, 2))
    layer = normalization.BatchNorm1d(2, track_running_stats=False).eval()
    np.testing.assert_allclose(layer(x).data, standardized(x, 0, 1e-5), rtol=1e-12, atol=1e-14)


def test_training_leaves_a_graph_that_can_be_walked():
    layer = normalization.BatchNorm1d(2)
    x = Value(RNG.normal(size=(5, 2)))
    first = layer(x)
    layer(x)  # updates the running statistics again
    (first**2).sum().backward()
    assert x.grad.shape == (5, 2) and layer.weight.grad.shape == (2,)


def test_instance_norm_without_a_batch():
    layer = normalization.InstanceNorm2d(3, affine=True, track_running_stats=True)
    x = RNG.normal(size=(3, 4, 2))
    np.testing.assert_allclose(layer(x).data, standardized(x, (1, 2), 1e-5), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(layer.running_mean.data, 0.1 * x.mean((1, 2)), rtol=1e-13)
    np.testing.assert_allclose(layer.running_var.data, 0.9 + 0.1 * x.var((1, 2), ddof=1), rtol=1e-13)


def test_a_vector_of_zeros_has_a_gradient():
    x = Value(np.array([[0.0, 0.0], [3.0, 4.0]]))
    y = fn.normalize(x, eps=0.5)
    y.backward(np.ones((2, 2)))
    np.testing.assert_allclose(y.data, [[0, 0], [0.6, 0.8]])
    np.testing.assert_allclose(x.grad, [[2, 2], [0.032, -0.024]], rtol=1e-12)


def test_large_offsets_do_not_cancel():
    x = 1e8 + np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(
        fn.layer_norm(x, 3), standardized(np.arange(6.0).reshape(2, 3), -1, 1e-5), rtol=1e-12
    )


@pytest.mark.parametrize(
    "layer",
    [
        normalization.BatchNorm1d(4, dtype=np.float32),
        normalization.InstanceNorm1d(4, affine=True, track_running_stats=True, dtype=np.float32),
        normalization.LayerNorm(5, dtype=np.float32),
        normalization.GroupNorm(2, 4, dtype=np.float32),
        normalization.RMSNorm(5, dtype=np.float32),
    ],
    ids=lambda layer: type(layer).__name__,
)
@pytest.mark.parametrize("training", [True, False])
def test_float32_stays_and_an_empty_batch_passes(layer, training):
    layer.train(training).zero_grad()
    x = Value(RNG.normal(size=(3, 4, 5)).astype(np.float32))
    y = layer(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == layer.weight.grad.dtype == np.float32
    assert layer(np.zeros((0, 4, 5), np.float32)).shape == (0, 4, 5)
    assert all(np.isfinite(a).all() for a in layer.state_dict().values())


X = np.ones((2, 3, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: normalization.BatchNorm1d(3)(np.ones((1, 3))),
            r"more than 1 value per channel .*\(1, 3\).*eval",
        ),
        (lambda: normalization.BatchNorm1d(4)(X), r"BatchNorm1d\(4.*input of shape \(2, 3, 4\)"),
        (lambda: normalization.BatchNorm2d(3)(X), "BatchNorm2d.*4 axes"),
        (lambda: normalization.InstanceNorm1d(3)(np.ones((2, 3, 1))), r"instance_norm: expected more than 1"),
        (lambda: normalization.InstanceNorm1d(4)(X), "InstanceNorm1d"),
        (lambda: normalization.LayerNorm((2, 4))(X), r"does not end in normalized_shape=\(2, 4\)"),
        (lambda: normalization.RMSNorm(3)(X), r"rms_norm: input of shape \(2, 3, 4\)"),
        (lambda: normalization.GroupNorm(2, 3), "GroupNorm: num_channels=3"),
        (lambda: normalization.GroupNorm(2, 4)(X), r"GroupNorm\(2, 4.*\(N, 4, ...\)"),
        (lambda: fn.group_norm(X, 2), "do not divide into num_groups=2"),
        (lambda: fn.batch_norm(X, None, None), "running_mean and running_var are needed"),
        (lambda: fn.instance_norm(X, use_input_stats=False), "are needed when use_input_stats=False"),
        (lambda: fn.batch_norm(X, np.zeros(4), np.ones(3)), r"running_mean has shape \(4,\)"),
        (lambda: fn.batch_norm(np.ones(3), None, None, training=True), r"input of shape \(3,\)"),
        (lambda: fn.layer_norm(X, 4, np.ones(3)), r"weight has shape \(3,\)"),
        (lambda: fn.normalize(X, p=0), "p=0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
