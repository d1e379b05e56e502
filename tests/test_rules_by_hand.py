"""Rules at the points that the drawn cases keep off: kinks, zeros, bounds; mixed second derivatives; defaults."""

import numpy as np
import pytest

from autograd import Value, gradients, special, vjp, windows

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
    [((2, 3), (3, 3), 1), ((1, 2, 5), (2, 2), 1), ((1, 2), (2, 2, 3), 1), ((1, 2, 5), (2, 2, 3), 0), ((1, 4, 5), (4, 2, 3), -2)],
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
