"""Dropout: the share that is dropped, what stays, and where the randomness comes from."""

import numpy as np
import pytest

import nn.functional as fn
from autograd import Value
from nn import dropout, init

LAYERS = (dropout.Dropout, dropout.Dropout1d, dropout.Dropout2d, dropout.AlphaDropout)
SHAPES = {
    dropout.Dropout: (40, 50),
    dropout.Dropout1d: (40, 50, 2),
    dropout.Dropout2d: (40, 50, 2, 3),
    dropout.AlphaDropout: (40, 50),
}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_what_stays_is_scaled_so_that_the_mean_stays(p):
    x = Value(np.full((200, 100), 3.0))
    y = fn.dropout(x, p, rng=1)
    kept = y.data != 0
    assert abs(kept.mean() - (1 - p)) < 5 * np.sqrt(p * (1 - p) / kept.size)
    np.testing.assert_allclose(y.data[kept], 3 / (1 - p), rtol=1e-15)
    y.backward(np.ones(x.shape))
    np.testing.assert_allclose(x.grad, kept / (1 - p), rtol=1e-15)


@pytest.mark.parametrize("f", [fn.dropout1d, fn.dropout2d])
def test_whole_channels_are_dropped(f):
    shape = (30, 20, 4) if f is fn.dropout1d else (30, 20, 4, 3)
    for x in (np.ones(shape), np.ones(shape[1:])):
        y = f(x, 0.4, rng=2).reshape(*x.shape[: x.ndim - len(shape) + 2], -1)
        assert set(np.unique(y)) == {0.0, 1 / 0.6}
        assert (y == y[..., :1]).all()
    assert abs((f(np.ones(shape), 0.4, rng=2) != 0).mean() - 0.6) < 0.1


@pytest.mark.parametrize("p", [0.2, 0.6])
def test_alpha_dropout_keeps_mean_and_variance(p):
    x = np.random.default_rng(0).normal(size=(400, 400))
    y = fn.alpha_dropout(x, p, True, rng=3)
    assert abs(y.mean()) < 0.02 and abs(y.std() - 1) < 0.02
    alpha = -1.7580993408473766
    a = 1 / np.sqrt((1 - p) * (1 + p * alpha**2))
    dropped = np.isclose(y, a * alpha * (1 - p), rtol=1e-12)
    assert abs(dropped.mean() - p) < 0.01
    np.testing.assert_allclose(y[~dropped], a * x[~dropped] - a * alpha * p, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", LAYERS)
def test_nothing_and_everything_are_exact(kind):
    x = Value(np.random.default_rng(0).normal(size=SHAPES[kind]))
    assert kind(0.0)(x) is x
    assert kind(0.7).eval()(x) is x
    y = kind(1.0)(x)
    assert not y.data.any()
    y.backward(np.ones(x.shape))
    assert not x.grad.any()


@pytest.mark.parametrize("kind", LAYERS)
def test_randomness_comes_from_the_generator(kind):
    x = np.ones(SHAPES[kind])
    layer = kind(0.5)
    init.manual_seed(1)
    first, second = layer(x), layer(x)
    init.manual_seed(1)
    assert np.array_equal(layer(x), first) and not np.array_equal(first, second)
    own, same = kind(0.5, rng=4), kind(0.5, rng=np.random.default_rng(4))
    assert np.array_equal(own(x), same(x)) and np.array_equal(own(x), same(x))
    init.manual_seed(1)
    own(x)
    assert np.array_equal(layer(x), first)  # a generator of its own leaves the common one alone
    assert kind(0.3).state_dict() == {} and repr(kind(0.3)) == f"{kind.__name__}(p=0.3)"


@pytest.mark.parametrize("kind", LAYERS)
def test_float32_stays(kind):
    x = Value(np.ones(SHAPES[kind], np.float32))
    y = kind(0.5)(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("kind", LAYERS)
def test_bad_probabilities_are_refused(kind, p):
    with pytest.raises(ValueError, match=f"{kind.__name__}: p="):
        kind(p)
    with pytest.raises(ValueError, match=r"p=.* between 0 and 1"):
        kind.function(np.ones(SHAPES[kind]), p, False)


def test_channels_need_their_axes():
    with pytest.raises(ValueError, match=r"dropout2d: input of shape \(3, 4\)"):
        fn.dropout2d(np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"dropout1d: input of shape \(3,\)"):
        fn.dropout1d(np.ones(3))
