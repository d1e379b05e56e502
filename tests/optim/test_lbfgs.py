"""L-BFGS: the Wolfe conditions, Newton's direction, and finding minima."""

import numpy as np
import pytest

from autograd import Value
from optim.lbfgs import LBFGS, cubic_minimum, strong_wolfe


def closure_of(optimizer, params, f):
    def closure():
        closure.calls += 1
        optimizer.zero_grad()
        loss = f(*params)
        loss.backward()
        return loss

    closure.calls = 0
    return closure


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def test_rosenbrock():
    x = Value([-1.2, 1.0, -0.5, 0.8])
    optimizer = LBFGS([x], line_search_fn="strong_wolfe", max_iter=100, tolerance_change=0.0)
    closure = closure_of(optimizer, [x], rosenbrock)
    first = optimizer.step(closure)
    assert first.item() == pytest.approx(float(rosenbrock(np.array([-1.2, 1.0, -0.5, 0.8]))))
    np.testing.assert_allclose(x.data, 1.0, atol=1e-7)
    assert optimizer.state[0]["func_evals"] == closure.calls <= 125


def test_a_parabola_in_n_dimensions_takes_about_n_steps():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 5))
    a = a @ a.T + np.eye(5)
    w, s = Value(rng.normal(size=(2, 2))), Value(0.3)  # several parameters, one a scalar

    def f(w, s):
        x = np.concatenate([w.reshape(4), s.reshape(1)]) - 1.0
        return 0.5 * (x @ (a @ x))

    optimizer = LBFGS([w, s], line_search_fn="strong_wolfe", max_iter=40, tolerance_change=0.0)
    optimizer.step(closure_of(optimizer, [w, s], f))
    np.testing.assert_allclose(w.data, np.ones((2, 2)), atol=1e-6)
    assert s.item() == pytest.approx(1.0, abs=1e-6)
    assert isinstance(s.data, np.float64)
    assert optimizer.state[0]["n_iter"] < 20


def test_the_first_step_without_search_is_scaled_down():
    x = Value([3.0, 4.0])
    optimizer = LBFGS([x], lr=0.5, max_iter=1)
    optimizer.step(closure_of(optimizer, [x], lambda x: (x * x).sum()))
    g = np.array([6.0, 8.0])
    np.testing.assert_allclose(x.data, [3.0, 4.0] - 0.5 / 14 * g, rtol=1e-15)


def test_the_second_direction_uses_the_measured_curvature():
    # one dimension, f = 2 x^2: the secant is exact, so the second step (lr = 1) ends at the minimum
    x = Value([3.0])
    optimizer = LBFGS([x], max_iter=2, max_eval=5)
    optimizer.step(closure_of(optimizer, [x], lambda x: (2 * x * x).sum()))
    assert abs(x.data[0]) < 1e-15


@pytest.mark.parametrize("start", [1e-3, 0.1, 1.0, 30.0])
def test_the_search_ends_with_the_strong_wolfe_conditions(start):
    def f(t):
        return -t / (t * t + 2) + 0.01 * t  # More and Thuente's first function, tilted

    def d(t):
        return (t * t - 2) / (t * t + 2) ** 2 + 0.01

    calls = []

    def at(t):
        calls.append(t)
        return np.float64(f(t)), np.array([d(t)]), np.float64(d(t))

    value, g, t, evaluations = strong_wolfe(at, start, 1.0, f(0.0), np.array([d(0.0)]), d(0.0), 25)
    assert value == f(t) <= f(0) + 1e-4 * t * d(0)
    assert abs(d(t)) <= 0.9 * abs(d(0)) and g[0] == d(t)
    assert evaluations == len(calls)


@pytest.mark.parametrize(
    ("start", "tries"),
    [
        (
            0.001,
            [
                0.001,
                0.005505,
                0.030300025,
                0.16677411262500003,
                0.9179399898756251,
                0.9254516486481313,
                2.699359024118282,
                1.7090408663454226,
                1.5741372450131528,
                1.5961365899171938,
            ],
        ),
        (1.0, [1.0, 1.01, 2.070132947609051, 1.5853611805972263, 1.597827415712476, 1.5959998999356124]),
        (
            30.0,
            [
                30.0,
                13.486916763914351,
                6.1571623907472794,
                2.9242502439114353,
                1.5705751756008197,
                1.7293172829251449,
                1.596223121326071,
                1.5959999169067465,
            ],
        ),
    ],
)
def test_the_search_tries_the_steps_that_pytorch_tries(start, tries):
    # More and Thuente's second function, whose slope at 0 is tiny: the search must not end early
    calls = []

    def at(t):
        calls.append(t)
        f, d = (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4, 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3
        return np.float64(f), np.array([d]), np.float64(d)

    f, g, d = at(0.0)
    calls.clear()
    strong_wolfe(at, start, 1.0, f, g, d, 25)
    np.testing.assert_allclose(calls[: len(tries)], tries, rtol=1e-9)


@pytest.mark.parametrize(
    ("start", "tries"),
    [
        (
            1.7,
            [
                1.7,
                17.0,
                3.65887142603637,
                2.269305424930896,
                1.8579630954621433,
                1.9074530455298098,
                1.9191725716026626,
                1.954185856935486,
                1.921776894251203,
            ],
        ),
        (
            5.0,
            [
                5.0,
                3.360852742558747,
                2.72563231858335,
                2.179294970608895,
                2.6227983181806467,
                2.602858739196299,
                2.604852697094734,
                2.603058603656407,
            ],
        ),
    ],
)
def test_a_try_close_to_an_end_twice_is_moved_inwards(start, tries):
    calls = []

    def at(t):
        calls.append(t)
        f, d = (t - 2) ** 2 / 9 + np.sin(9 * t) / 9, 2 * (t - 2) / 9 + np.cos(9 * t)
        return np.float64(f), np.array([d]), np.float64(d)

    f, g, d = at(0.0)
    calls.clear()
    strong_wolfe(at, start, 1.0, f, g, d, 25)
    np.testing.assert_allclose(calls[: len(tries)], tries, rtol=1e-9)  # PyTorch's tries


def test_cubic_minimum_of_a_cubic_is_exact():
    f, d = lambda x: x**3 - 3 * x, lambda x: 3 * x**2 - 3
    ends = [(x, np.float64(f(x)), None, np.float64(d(x))) for x in (0.0, 3.0)]
    assert cubic_minimum(*ends) == pytest.approx(1.0)
    assert cubic_minimum(*ends[::-1]) == pytest.approx(1.0)
    assert cubic_minimum(*ends, (1.5, 2.0)) == 1.5


def test_it_stops_where_the_gradient_vanishes():
    x = Value([0.0])
    optimizer = LBFGS([x])
    closure = closure_of(optimizer, [x], lambda x: (x * x).sum())
    optimizer.step(closure)
    assert closure.calls == 1 and x.data[0] == 0.0


def test_a_parameter_that_is_not_used_stays():
    x, y = Value([2.0]), Value([5.0])
    optimizer = LBFGS([x, y], line_search_fn="strong_wolfe")
    optimizer.step(closure_of(optimizer, [x, y], lambda x, y: (x * x).sum()))
    assert abs(x.data[0]) < 1e-6 and y.data[0] == 5.0


def test_refusals():
    x, y = Value([1.0]), Value([1.0])
    with pytest.raises(ValueError, match="one group"):
        LBFGS([{"params": [x]}, {"params": [y]}])
    with pytest.raises(ValueError, match="strong_wolfe"):
        LBFGS([x], line_search_fn="armijo")
    with pytest.raises(ValueError, match="history_size"):
        LBFGS([x], history_size=0)
    with pytest.raises(ValueError, match="lr=-1"):
        LBFGS([x], lr=-1.0)
    with pytest.raises(TypeError, match="closure"):
        LBFGS([x]).step()


def test_without_search_every_step_but_the_last_is_evaluated():
    x = Value([5.0])
    optimizer = LBFGS([x], lr=0.01, max_iter=4)
    closure = closure_of(optimizer, [x], lambda x: (x * x).sum())
    points = [x.item()]
    for n in (1, 2):
        assert optimizer.step(closure).item() == points[-1] ** 2
        points.append(x.item())
        assert closure.calls == optimizer.state[0]["func_evals"] == 4 * n
        assert optimizer.state[0]["n_iter"] == 4 * n
    assert 5.0 > points[1] > points[2] > 0.0


def test_a_search_has_as_many_steps_as_are_asked_for():
    x = Value([-1.2, 1.0, 0.5])
    optimizer = LBFGS([x], max_iter=2, max_eval=100, line_search_fn="strong_wolfe")
    closure = closure_of(optimizer, [x], rosenbrock)
    first = optimizer.step(closure).item()
    assert optimizer.state[0]["n_iter"] == 2 and optimizer.state[0]["func_evals"] == closure.calls
    assert optimizer.step(closure).item() < first
    assert optimizer.state[0]["n_iter"] == 4


def test_the_state_of_one_that_never_moved_is_loaded():
    x = Value([0.0])
    still = LBFGS([x])
    still.step(closure_of(still, [x], lambda x: (x * x).sum()))
    y = Value([3.0])
    other = LBFGS([y])
    other.load_state_dict(still.state_dict())
    assert other.state[0]["d"] is None and other.state[0]["func_evals"] == 1
    other.step(closure_of(other, [y], lambda y: (y * y).sum()))
    assert abs(y.item()) < 1e-6
