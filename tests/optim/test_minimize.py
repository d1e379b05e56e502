"""minimize and the bridge to SciPy."""

import importlib
import math
import sys

import numpy as np
import pytest

import optim
from autograd import Value
from optim.lbfgs import LBFGS
from optim.minimize import minimize, scipy_least_squares, scipy_minimize
from optim.sgd import SGD

importlib.import_module("scipy.optimize")  # the tests of the bridge need it: no silent skip


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_the_whole_path():
    found = minimize(lambda x: (x - 3.0) ** 2, 1.0, lambda p: SGD(p, lr=0.25), steps=4)
    np.testing.assert_array_equal(found.path, [1.0, 2.0, 2.5, 2.75, 2.875])
    np.testing.assert_array_equal(found.losses, (found.path - 3) ** 2)
    assert found.x == 2.875 and found.fun == found.losses[-1]
    assert (found.steps, found.converged) == (4, False)
    assert isinstance(found.x, np.float64) and "steps=4" in repr(found)


def test_converged_where_the_gradient_is_small():
    found = minimize(lambda x: np.sum((x - [[1.0, 2.0]]) ** 2), np.zeros((1, 2)), steps=2000, tol=1e-5)
    assert found.converged and found.steps < 2000
    assert np.max(np.abs(2 * (found.x - [[1.0, 2.0]]))) <= 1e-5
    assert found.path.shape == (found.steps + 1, 1, 2) and found.losses.shape == (found.steps + 1,)


@pytest.mark.parametrize("tolerance", [0.0, 1e-9])
def test_lbfgs_evaluates_by_itself(tolerance):
    def make(params):
        return LBFGS(params, line_search_fn="strong_wolfe", tolerance_change=tolerance)

    found = minimize(rosenbrock, [-1.2, 1.0, 0.5], make)
    assert found.converged == (tolerance == 0) and found.steps < 10  # or it stays, and that ends it
    np.testing.assert_allclose(found.x, 1.0, atol=1e-5)
    np.testing.assert_allclose(found.losses, [rosenbrock(x) for x in found.path], rtol=1e-12)


def test_it_stops_where_the_loss_is_lost():
    with np.errstate(all="ignore"):
        found = minimize(lambda x: x**4, 10.0, lambda p: SGD(p, lr=10.0), steps=100)
    assert found.steps < 100 and not found.converged and not math.isfinite(found.fun)


def test_a_start_at_the_minimum_and_a_function_that_does_not_depend_on_it():
    assert minimize(lambda x: x**2, 0.0).steps == 0
    found = minimize(lambda x: 7.0, 1.0)
    assert (found.fun, found.steps, found.converged) == (7.0, 0, True)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: minimize(lambda x: x**2, [1.0, 2.0]), ValueError, r"shape \(2,\)"),
        (lambda: minimize(lambda x: x**2, 1.0, steps=-1), ValueError, "steps=-1"),
        (lambda: minimize(lambda x: x**2, 1.0, tol=math.nan), ValueError, "tol=nan"),
        (lambda: minimize(lambda x: x**2, 1.0, lambda p: 0.1), TypeError, "made a float"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- compiled -------------------------------------------------------------------------------------

WAYS = {
    "SGD": lambda p: optim.SGD(p, lr=1e-3),
    "climbing": lambda p: optim.SGD(p, lr=1e-6, maximize=True),
    "momentum": lambda p: optim.SGD(p, lr=1e-3, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.05),
    "amsgrad": lambda p: optim.Adam(p, lr=0.05, amsgrad=True, weight_decay=0.1),
    "epsilon_hat": lambda p: optim.Adam(p, lr=0.05, epsilon_hat=True),
    "AdamW": optim.AdamW,
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.1),
    "Adadelta": optim.Adadelta,
    "Adamax": lambda p: optim.Adamax(p, lr=0.05),
    "NAdam": lambda p: optim.NAdam(p, lr=0.05),
    "RMSprop": lambda p: optim.RMSprop(p, centered=True, momentum=0.5),
    "Rprop": optim.Rprop,
    "Lion": optim.Lion,
    "ASGD": lambda p: optim.ASGD(p, lr=1e-4),  # from here on the update stays outside
    "RAdam": optim.RAdam,
    "Adafactor": optim.Adafactor,
    "LBFGS": lambda p: optim.LBFGS(p, line_search_fn="strong_wolfe"),
}


def curve(x):
    return (x * x - 2) ** 2 + np.exp(-x)


@pytest.mark.parametrize("way", WAYS)
def test_the_compiled_path(way):
    for f, start in ((rosenbrock, [-1.2, 1.0, 0.5]), (curve, 1.9)):
        plain = minimize(f, start, WAYS[way], steps=40)
        same = minimize(f, start, WAYS[way], steps=40, compile="numpy")
        np.testing.assert_array_equal(same.path, plain.path)
        np.testing.assert_array_equal(same.losses, plain.losses)
        assert (same.steps, same.converged) == (plain.steps, plain.converged)
        assert type(same.x) is type(plain.x) and type(same.fun) is float
    near = minimize(curve, 1.9, WAYS[way], steps=40, compile=True)
    assert near.steps == plain.steps
    np.testing.assert_allclose(near.path, plain.path, rtol=1e-11)


@pytest.mark.parametrize("way", ["momentum", "Adam"])
def test_the_loop_as_machine_code(way):
    pytest.importorskip("numba")
    for steps, tol in ((2000, 1e-6), (3, 0.0)):
        plain = minimize(curve, 1.9, WAYS[way], steps=steps, tol=tol)
        found = minimize(curve, 1.9, WAYS[way], steps=steps, tol=tol, compile="numba")
        assert abs(found.steps - plain.steps) <= 1 and found.converged == plain.converged
        n = min(found.steps, plain.steps) + 1
        np.testing.assert_allclose(found.path[:n], plain.path[:n], rtol=1e-9)
        np.testing.assert_allclose(found.losses[:n], plain.losses[:n], rtol=1e-9)
    wild = minimize(lambda x: x**4, 10.0, lambda p: SGD(p, lr=10.0), steps=100, compile="numba")
    assert wild.steps < 100 and not wild.converged and not math.isfinite(wild.fun)


def test_the_optimizer_is_left_where_the_walk_ended():
    kept = {}

    def make(how):
        def optimizer(params):
            kept[how] = optim.Adam(params, lr=0.1)
            return kept[how]

        return optimizer

    for how in (False, "numpy", True):
        minimize(curve, 1.9, make(how), steps=30, compile=how)
    for how in ("numpy", True):
        state, expected = kept[how].state[0], kept[False].state[0]
        assert state["step"] == expected["step"] == 30 and type(state["step"]) is int
        np.testing.assert_allclose(state["exp_avg_sq"], expected["exp_avg_sq"], rtol=1e-12)
        assert kept[how].parameters()[0].item() == pytest.approx(
            kept[False].parameters()[0].item(), rel=1e-12
        )


def test_errors_of_a_compiled_function_are_its_own():
    with pytest.raises(TypeError, match=r"np\.where"):
        minimize(lambda x: x * x if x > 0 else x, 1.0, compile=True)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        minimize(lambda x: x**2, [1.0, 2.0], compile=True)


def test_a_compiled_path_in_float32():
    start = np.array([1.5, 0.5], np.float32)
    plain, same = (minimize(lambda x: np.sum(curve(x)), start, steps=20, compile=c) for c in (False, "numpy"))
    assert same.path.dtype == np.float32
    np.testing.assert_array_equal(same.path, plain.path)


def test_a_compiled_path_whose_state_grows_on_the_way():
    class Late(optim.Optimizer):
        """Descent with a memory that begins at the first step and one that begins at the second."""

        def __init__(self, params):
            super().__init__(params, {"lr": 0.01})

        def new_state(self, p, group):
            return {"first": None, "second": None}

        def update(self, p, g, state, group):
            begun = "first" if state["first"] is None else "second"
            state[begun] = g if state[begun] is None else state[begun] + g
            return p - group["lr"] * (g + state["first"])

    plain, same = (minimize(curve, 1.9, Late, steps=20, compile=c) for c in (False, "numpy"))
    np.testing.assert_array_equal(same.path, plain.path)
    assert plain.steps == 20


# --- SciPy ----------------------------------------------------------------------------------------

START = np.array([-1.2, 1.0, 0.7])


@pytest.mark.parametrize(
    "method",
    [
        "BFGS",
        "L-BFGS-B",
        "CG",
        "SLSQP",
        "Newton-CG",
        "trust-ncg",
        "trust-krylov",
        "trust-exact",
        "dogleg",
    ],
)
def test_methods_get_the_derivatives_they_use(method):
    start = np.array([1.05, 1.1, 1.2]) if method == "dogleg" else START  # wants a convex neighbourhood
    result = scipy_minimize(rosenbrock, start, method, tol=1e-9)
    np.testing.assert_allclose(result.x, 1.0, atol=1e-4)
    # one call gives value and gradient: no differences are taken
    assert result.nfev < 200


def test_methods_without_gradient():
    result = scipy_minimize(rosenbrock, [0.8, 0.8], "Nelder-Mead", tol=1e-8)
    np.testing.assert_allclose(result.x, 1.0, atol=1e-4)


def test_constraints_and_any_shape():
    def f(w):
        assert w.shape == (2, 2)
        return np.sum((w - 2.0) ** 2)

    result = scipy_minimize(f, np.zeros((2, 2)), "SLSQP", bounds=[(0, 1)] * 4)
    np.testing.assert_allclose(result.x, np.ones((2, 2)))
    scalar = scipy_minimize(lambda x: (x - 3.0) ** 2, 0.0)
    assert scalar.x.shape == () and scalar.x == pytest.approx(3.0)


def test_least_squares_with_the_exact_jacobian():
    t = np.linspace(0, 3, 20).reshape(4, 5)
    y = 2.5 * np.exp(-1.3 * t) + 0.5
    seen = []

    def residuals(w):
        seen.append(isinstance(w, Value))
        return w[0, 0] * np.exp(w[0, 1] * t) + w[1, 0] - y + 0 * w[1, 1]

    result = scipy_least_squares(residuals, np.array([[1.0, -0.5], [0.0, 0.0]]), method="trf")
    np.testing.assert_allclose(result.x[0], [2.5, -1.3], rtol=1e-6)
    assert result.x.shape == (2, 2) and result.x[1, 0] == pytest.approx(0.5)
    assert any(seen) and result.njev > 1


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)  # Python's way to say: not there
    for call in (scipy_minimize, scipy_least_squares):
        with pytest.raises(ImportError, match="pip install scipy"):
            call(rosenbrock, START)


@pytest.mark.parametrize("wrong", ["adam", optim.Adam([Value(1.0)])])
def test_an_optimizer_that_makes_none_is_named(wrong):
    with pytest.raises(TypeError, match="pass what makes one: an optimizer class"):
        optim.minimize(lambda x: x * x, 1.0, wrong)


def test_integers_and_texts_are_named():
    with pytest.raises(TypeError, match="minimize: x0 cannot be differentiated"):
        optim.minimize(lambda x: np.sum(x * x), [0, 0])
    with pytest.raises(TypeError, match=r"Adam: lr='0.1' must be a number"):
        optim.Adam([Value(1.0)], lr="0.1")
