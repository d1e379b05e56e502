"""checkpoint: what is computed again in the backward pass must be what was computed before (1 s)."""

import itertools

import numpy as np
import pytest

import nn
from autograd import Value, checkpoint, grad, special
from autograd.primitives import differs


@pytest.mark.parametrize("create_graph", [False, True])
def test_another_mask_is_an_error(create_graph):
    nn.manual_seed(0)
    x = Value(np.ones(100))
    y = checkpoint(nn.Dropout(0.5))(x).sum()
    with pytest.raises(
        RuntimeError, match="checkpoint: Dropout gave another result when it was computed again"
    ):
        y.backward(create_graph=create_graph)
    assert x.grad is None


def test_a_counter_is_an_error():
    calls = itertools.count(1)
    with pytest.raises(RuntimeError, match="it keeps state; do that outside of it"):
        grad(checkpoint(lambda x: x**2 * next(calls)))(3.0)


def test_a_mask_drawn_outside_is_none():
    nn.manual_seed(0)
    mask = (np.random.default_rng(0).random(100) < 0.5) * 2.0
    x = Value(np.ones(100))
    checkpoint(lambda v: np.sum(v * mask))(x).backward()
    np.testing.assert_array_equal(x.grad, mask)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_what_is_the_same_passes(dtype):
    x = np.array([-1.0, 0.0, 2.0, np.inf], dtype)
    f = lambda v: np.sum(special.softplus(v[:3]) * np.log(np.abs(v[:3]) + 1)) + np.sum(v) * 0.0
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(grad(checkpoint(f))(x), grad(f)(x))  # nan is nan again


def test_how_far_rounding_goes():
    one = np.array([1.0, 1e-12, 0.0, np.nan, np.inf])
    assert not differs(one, one) and not differs(one * (1 + 1e-15), one) and differs(one[:4], one)
    for other in ([1.0001, 1e-12, 0, np.nan, np.inf], [1, 1e-12, 0, 0, np.inf], [1, 1e-12, 0, np.nan, -np.inf],
                  [1, 1e-12, np.inf, np.nan, np.inf], [1, 1e-12, np.nan, np.nan, np.inf]):  # fmt: skip
        assert differs(np.array(other), one)
    assert not differs(np.float64(2.0), np.float64(2.0)) and differs(np.float64(2.0), np.float64(0.0))
