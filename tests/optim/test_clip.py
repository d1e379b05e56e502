"""Clipping: norms and values by hand, shared gradients, numbers that are not finite."""

import math

import numpy as np
import pytest

from autograd import Value
from optim.clip import clip_grad_norm_, clip_grad_value_


def with_grads(*grads):
    values = [Value(np.zeros_like(g)) for g in grads]
    for v, g in zip(values, grads, strict=True):
        v.grad = g
    return values


GRADS = np.array([[3.0, -4.0]]), np.float64(-12.0)


@pytest.mark.parametrize(
    ("norm_type", "norm"), [(2.0, 13.0), (1, 19.0), (math.inf, 12.0), (3.0, (27 + 64 + 1728) ** (1 / 3))]
)
def test_norm(norm_type, norm):
    values = with_grads(*GRADS)
    assert clip_grad_norm_(values, 2.0, norm_type) == pytest.approx(norm, rel=1e-14)
    for v, g in zip(values, GRADS, strict=True):
        np.testing.assert_allclose(v.grad, g * 2.0 / (norm + 1e-6), rtol=1e-14)
    assert clip_grad_norm_(values, 2.0, norm_type) == pytest.approx(2.0, rel=1e-6)


def test_a_small_gradient_stays_as_it_is():
    values = with_grads(*GRADS)
    clip_grad_norm_(values, 14.0)
    assert all(v.grad is g or v.grad == g for v, g in zip(values, GRADS, strict=True))


def test_one_value_none_and_no_gradient():
    (v,) = with_grads(np.array([3.0, 4.0]))
    assert clip_grad_norm_(v, 10.0) == 5.0
    assert clip_grad_norm_([], 1.0) == 0.0
    idle = Value([1.0])
    assert clip_grad_norm_([idle], 1.0) == 0.0 and idle.grad is None
    clip_grad_value_([idle], 1.0)
    assert idle.grad is None


def test_an_array_that_is_the_gradient_of_two_is_clipped_once_each():
    g = np.array([3.0, 4.0])
    a, b = with_grads(g, g)
    clip_grad_norm_([a, b], math.sqrt(50) / 2)
    np.testing.assert_allclose(a.grad, g / 2, rtol=1e-6)
    np.testing.assert_allclose(b.grad, g / 2, rtol=1e-6)
    np.testing.assert_array_equal(g, [3.0, 4.0])


def test_float32_keeps_its_dtype_and_does_not_overflow():
    (v,) = with_grads(np.full(4, 1e30, dtype=np.float32))
    assert clip_grad_norm_([v], 1.0) == pytest.approx(2e30)
    assert v.grad.dtype == np.float32
    np.testing.assert_allclose(v.grad, 0.5, rtol=1e-6)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_not_finite(bad):
    values = with_grads(np.array([1.0, bad]), np.array([1.0]))
    with pytest.raises(RuntimeError, match=f"norm of the gradients is {bad}"):
        clip_grad_norm_(values, 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(values[0].grad, [1.0, bad])
    clip_grad_norm_(values, 1.0)
    np.testing.assert_array_equal(values[1].grad, [0.0] if bad == math.inf else [math.nan])


def test_value():
    values = with_grads(*GRADS)
    clip_grad_value_(values, 3.5)
    np.testing.assert_array_equal(values[0].grad, [[3.0, -3.5]])
    assert values[1].grad == -3.5


def test_a_recorded_gradient_is_clipped_as_numbers():
    x = Value([3.0, 4.0])
    (x**2 / 2).sum().backward(create_graph=True)
    assert clip_grad_norm_([x], 1.0) == 5.0
    np.testing.assert_allclose(x.grad, [0.6, 0.8], rtol=1e-6)


def test_refusals():
    (v,) = with_grads(np.array([1.0]))
    with pytest.raises(ValueError, match="max_norm=-1"):
        clip_grad_norm_([v], -1)
    with pytest.raises(ValueError, match="clip_value=nan"):
        clip_grad_value_([v], math.nan)
    with pytest.raises(TypeError, match="parameter 0 is a float"):
        clip_grad_norm_([1.0], 1.0)
