"""grad and its relatives, to any order, nested, on containers, with closures."""

from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import (
    Value,
    checkpoint,
    detect_anomaly,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    primitive,
    stop_gradient,
    value_and_grad,
    vjp,
)
from tests import numeric
from tests.cases import CASES, F32_TOO

RNG = np.random.default_rng(20)


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


class Pair(NamedTuple):
    w: Any
    b: Any


def test_named_tuples_stay_so():
    f = lambda p: np.sum(p.w * 2) + p.b["deep"] ** 2
    found = grad(f)(Pair(np.ones(2), {"deep": 3.0}))
    assert type(found) is Pair and found.w.tolist() == [2.0, 2.0] and found.b == {"deep": 6.0}
    _, pullback = vjp(f, Pair(np.ones(2), {"deep": 3.0}))
    assert type(pullback(1.0)[0]) is Pair


@pytest.mark.parametrize("x0", [0.7, -1.3, 2.1])
def test_order_five_agrees_with_mpmath(x0):
    f = lambda x: np.exp(np.sin(x) * x) + np.tanh(x)
    with mpmath.workdps(60):
        exact = [
            mpmath.diff(lambda x: mpmath.exp(mpmath.sin(x) * x) + mpmath.tanh(x), mpmath.mpf(x0), k)
            for k in range(6)
        ]
        exact = [float(d) for d in exact]
    g = f
    for k in range(1, 6):
        g = grad(g)
        assert g(x0) == pytest.approx(exact[k], rel=1e-12)


def test_hessian_of_rosenbrock():
    x = np.array([1.2, -0.3])
    expected = [[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200.0]]
    np.testing.assert_allclose(hessian(rosenbrock)(x), expected, rtol=1e-14)


def test_hvp_is_hessian_times_vector():
    x, v = RNG.normal(size=2), RNG.normal(size=2)
    np.testing.assert_allclose(hvp(rosenbrock)(x, v), hessian(rosenbrock)(x) @ v, rtol=1e-12)
    f = lambda a, b: np.sum(np.sin(a) * b**2)
    a, b = RNG.normal(size=3), RNG.normal(size=3)
    np.testing.assert_allclose(hvp(f, 1)(a, b, v := RNG.normal(size=3)), hessian(f, 1)(a, b) @ v, rtol=1e-12)


def test_jvp_and_vjp_are_each_others_transpose():
    w = RNG.normal(size=(3, 4))
    f = lambda x: np.tanh(x @ w) * np.sum(x**2)
    x, t, v = RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=4)
    y, pushed = jvp(f, (x,), (t,))
    y2, pullback = vjp(f, x)
    np.testing.assert_array_equal(y, f(x))
    np.testing.assert_array_equal(y2, f(x))
    assert v @ pushed == pytest.approx(pullback(v)[0] @ t, rel=1e-12)
    np.testing.assert_allclose(jacobian(f)(x) @ t, pushed, rtol=1e-12)


@settings(max_examples=400)
@given(case=st.sampled_from(CASES), data=st.data(), seed=st.integers(0, 2**16))
def test_tangents_forward_as_by_two_pullbacks(case, data, seed):
    """Every rule handed forward; with tangents that are Values, jvp differentiates the pullback (12 s)."""
    example = data.draw(case.inputs(F32_TOO), label="inputs")
    f = lambda *leaves: numeric.flat(example.call(case.function, leaves))
    rng = np.random.default_rng(seed)
    primals = tuple(example.leaves)
    tangents = tuple([numeric.random_like(np.asarray(x)[()], rng) for x in primals])
    with np.errstate(all="ignore"):
        y, pushed = jvp(f, primals, tangents)
        _, twice = jvp(f, primals, tuple([Value(t, requires_grad=False) for t in tangents]))
    assert type(pushed) is type(y) and pushed.dtype == y.dtype and pushed.shape == y.shape
    coarse = np.float32 in [y.dtype, *[np.asarray(x).dtype for x in primals]]
    tolerance = 1e-4 if coarse else 1e-11
    twice = twice.data if isinstance(twice, Value) else twice
    np.testing.assert_allclose(pushed, twice, rtol=tolerance, atol=tolerance)


def test_a_tangent_is_never_shared():
    t = np.array([1.0, 2.0])
    for f in (lambda x: x, lambda x: x + 1.0, lambda x: x.reshape(1, 2), lambda x: x[:]):
        _, pushed = jvp(f, (np.ones(2),), (t,))
        assert not np.shares_memory(pushed, t) and pushed.base is None
        pushed += 1.0
    _, pushed = jvp(lambda x: np.broadcast_to(x, (2,)) * 1.0, (1.0,), (np.array(3.0),))
    assert pushed.tolist() == [3.0, 3.0]
    assert type(jvp(lambda x: x, (1.0,), (np.array(3.0),))[1]) is np.float64


def test_jvp_of_what_has_no_rule_at_hand():
    """A rule of one's own, a checkpoint, several inputs at once; a constant beside them."""

    @primitive(lambda g, out, x, y: g * y[::-1], lambda g, out, x, y: (g * x)[::-1])
    def crossed(x, y):
        return x * y[::-1]

    x, y, t, u = RNG.normal(size=(4, 3))
    f = lambda x, y: np.stack([crossed(x, y), checkpoint(np.sin)(x) * np.ones(3)]) + np.floor(y) + np.ceil(x)
    found, pushed = jvp(f, (x, y), (t, u))
    expected = np.stack([x * y[::-1], np.sin(x)]) + np.floor(y) + np.ceil(x)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(pushed, [t * y[::-1] + x * u[::-1], np.cos(x) * t], rtol=1e-14)


def test_jvp_refuses_a_graph_that_is_spent_or_changed():
    def spent(x):
        y = x * x
        y.backward()
        return y + x

    with pytest.raises(RuntimeError, match="backward"):
        jvp(spent, (2.0,), (1.0,))

    def changed(x):
        w = Value(2.0)
        y = x * w
        w.data = 3.0
        return y

    with pytest.raises(RuntimeError, match="changed in place"):
        jvp(changed, (2.0,), (1.0,))


def test_jvp_under_detect_anomaly_and_no_grad():
    with detect_anomaly():
        assert jvp(lambda x: x**3, (2.0,), (1.0,)) == (8.0, 12.0)
    with no_grad():
        assert jvp(lambda x: x**3, (2.0,), (1.0,)) == (8.0, 12.0)
        assert hessian(rosenbrock)(np.ones(2)).tolist() == [[802.0, -400.0], [-400.0, 200.0]]
        assert hvp(lambda x: np.sum(x**3))(np.ones(2), np.ones(2)).tolist() == [6.0, 6.0]


def test_what_is_asked_for_is_not_all_there_is():
    """A leaf made inside the function, by the way that walks to the arguments alone."""

    @primitive(lambda g, out, x, y: g * y, None)
    def scaled(x, y):
        return x * y

    f = lambda x: np.sum(scaled(x, Value([2.0, 3.0])) * Value([1.0, 10.0]))
    assert grad(f)(np.ones(2)).tolist() == [2.0, 30.0]
    assert vjp(f, np.ones(2))[1](1.0)[0].tolist() == [2.0, 30.0]
    assert hessian(f)(np.ones(2)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    x, w = Value(3.0), Value(2.0)
    y = scaled(x, w) * x
    assert gradients(y, x) == 12.0


def test_results_depend_on_a_value_from_outside_wherever_it_comes_in():
    w = Value(3.0)
    outside = w * w
    for f in (
        lambda x: x * w,
        lambda x: x * outside,
        lambda x: np.sum(np.stack([x, outside]) * x),
        lambda x: outside + 0.0 * x,
    ):
        y, g = value_and_grad(f)(2.0)
        assert isinstance(y, Value) and isinstance(g, Value)
        assert isinstance(jvp(f, (2.0,), (1.0,))[0], Value)
    y, g = value_and_grad(lambda x: x * Value(3.0, requires_grad=False) * 2.0)(2.0)
    assert type(y) is type(g) is np.float64


def test_a_call_supposes_nothing_that_its_result_does_not_bear_out():
    """One transform called again and again, with a result from inside, from outside, of neither."""
    w, spent = Value(3.0), Value(2.0) * 2.0
    spent.backward()
    fixed = primitive(None)(lambda x: x * 1.0)(w)
    f = lambda x, y, other: x * x * y * other()
    g, both = grad(f, (0, 1)), value_and_grad(f)
    for other, number in [
        (lambda: 1.0, 1.0),
        (lambda: w, 3.0),
        (lambda: 2.0, 2.0),
        (lambda: 5.0, 5.0),
        (lambda: Value(4.0), 4.0),
        (lambda: 1.0, 1.0),
        (lambda: 2.0 * w, 6.0),
        (lambda: Value(1.0, requires_grad=False), 1.0),
    ]:
        gx, gy = g(5.0, 2.0, other)
        y, g0 = both(5.0, 2.0, other)
        expected = (20.0 * number, 25.0 * number, 50.0 * number)
        linked = number in (3.0, 6.0)
        assert (gx, gy, y) == expected and g0 == gx
        assert {type(z) for z in (gx, gy, y, g0)} == {Value if linked else np.float64}
        assert both(5.0, 2.0, lambda: 1.0)[1] == 20.0
    for other in (lambda: spent, lambda: fixed):  # not walked, as what is asked for is not there
        assert both(5.0, 2.0, lambda: 1.0)[1] == 20.0
        assert isinstance(both(5.0, 2.0, other)[1], Value)
    assert w.grad is None and both(5.0, 2.0, lambda: 1.0)[1] == 20.0
    assert grad(lambda x: both(x, 2.0, lambda: x)[1])(5.0) == 4 * 2 * 5.0


def test_no_perturbation_confusion():
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y)(x) * x)(3.0) == 6.0  # the inner x is not the outer y
    assert grad(lambda x: grad(lambda y: y**3 * x)(x))(2.0) == 3 * 3 * 2.0**2


def test_a_value_closed_over_keeps_its_gradient():
    w = Value(3.0)
    g = grad(lambda x: w * x**2)(2.0)
    assert isinstance(g, Value)
    g.backward()
    assert w.grad == 4.0


def test_arrays_in_arrays_out():
    g = grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    assert type(g) is np.ndarray
    y, g = value_and_grad(lambda x: x * x)(3.0)
    assert isinstance(y, float)
    assert (y, g) == (9.0, 6.0)


def test_several_arguments_and_containers():
    f = lambda a, b: np.sum(a * b["k"][0]) + b["c"]
    a, b = np.array([1.0, 2.0]), {"k": (np.array([3.0, 4.0]),), "c": 5.0}
    ga, gb = grad(f, argnums=(0, 1))(a, b)
    assert ga.tolist() == [3.0, 4.0]
    assert gb["k"][0].tolist() == [1.0, 2.0]
    assert gb["c"] == 1.0
    assert isinstance(gb["k"], tuple)


def test_has_aux():
    (y, extra), g = value_and_grad(lambda x: (x**2, "seen"), has_aux=True)(3.0)
    assert (y, extra, g) == (9.0, "seen", 6.0)
    assert grad(lambda x: (x**2, "seen"), has_aux=True)(3.0) == (6.0, "seen")


def test_gradients_of_results_and_of_several_outputs():
    x = Value(2.0)
    y = x * x
    z = y * y
    gy, gx = gradients(z, [y, x], retain_graph=True)
    assert (gy, gx) == (8.0, 32.0)
    assert x.grad is None
    assert gradients([z, y], x, [1.0, 10.0], retain_graph=True) == 72.0
    w = Value(1.0)
    assert gradients(z, [x, w], allow_unused=True, retain_graph=True) == (32.0, None)
    with pytest.raises(RuntimeError, match="allow_unused"):
        gradients(z, [x, w])


def test_jacobian_shapes():
    assert jacobian(np.sin)(1.0) == pytest.approx(np.cos(1.0))
    x = RNG.normal(size=(2, 3))
    j = jacobian(lambda a: a.sum(axis=0) ** 2)(x)
    assert j.shape == (3, 2, 3)
    assert jacobian(lambda a: a[:0])(np.ones(2)).shape == (0, 2)


def test_third_derivatives_through_jacobian_of_hessian():
    f = lambda x: np.sum(x**4)
    t = jacobian(hessian(f))(np.array([1.0, 2.0]))
    assert t.shape == (2, 2, 2)
    assert t[0, 0, 0] == 24.0
    assert t[1, 1, 1] == 48.0


def test_primitive_works_at_every_order():
    @primitive(lambda g, out, x: g * 3 * x**2)
    def cube(x):
        return x**3

    assert [grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)] == [12.0, 12.0, 6.0]
    assert cube(np.array([2.0])).tolist() == [8.0]  # plain NumPy for arrays


def test_primitive_with_parameters_and_broadcasting():
    @primitive(lambda g, out, x, y, k: g * k * y, lambda g, out, x, y, k: g * k * x, broadcasts=True)
    def scaled(x, y, *, k=2.0):
        return k * x * y

    x, y = Value(np.ones((3, 1))), Value(np.arange(4.0))
    scaled(x, y, k=5.0).sum().backward()
    assert x.grad.tolist() == [[30.0]] * 3
    assert y.grad.tolist() == [15.0] * 4


def test_checkpoint_is_one_node_with_the_same_gradients():
    p = Value(2.0)
    f = lambda v, w: np.sin(v) * p * v + w
    x, w = Value(1.5), Value(0.5)
    plain = gradients(f(x, w), [x, w, p])
    y = checkpoint(f)(x, w)
    assert {id(v) for v in y.inputs} == {id(x), id(w), id(p)}
    assert gradients(y, [x, w, p], retain_graph=True) == plain
    y.backward()
    assert (x.grad, w.grad, p.grad) == plain


def test_checkpoint_at_higher_order_and_with_a_captured_argument():
    f = lambda v: np.exp(np.sin(v)) * v
    assert grad(grad(grad(checkpoint(f))))(0.7) == pytest.approx(grad(grad(grad(f)))(0.7), rel=1e-13)
    x = Value(3.0)
    y = checkpoint(lambda v: v * x)(x)  # the argument is closed over as well
    y.backward()
    assert x.grad == 6.0


def test_checkpoint_of_plain_arrays():
    y = checkpoint(np.sin)(np.zeros(2))
    assert type(y) is np.ndarray and y.tolist() == [0.0, 0.0]


def test_checkpoint_counts_a_captured_chain_once():
    a = Value(2.0)
    b = a * a
    y = checkpoint(lambda v: v * a * b)(Value(1.0))
    y.backward()
    assert a.grad == 3 * 2.0**2


def test_stop_gradient():
    assert grad(lambda x: x * stop_gradient(x))(3.0) == 3.0
    assert stop_gradient(5.0) == 5.0


def test_second_order_by_backward_twice():
    x = Value(2.0)
    (x**3).backward(create_graph=True)
    first = x.grad
    assert isinstance(first, Value)
    x.zero_grad()
    first.backward()
    assert x.grad == 12.0


def test_a_checkpoint_keeps_nothing_of_a_plain_pass_for_a_recorded_one():
    a, b = Value(2.0), Value(3.0)
    y = checkpoint(lambda a, b: a * a * b * b)(a, b)
    assert gradients(y, a, retain_graph=True) == 36.0  # asked for one input only
    g = gradients(y, b, create_graph=True)
    assert g.item() == 24.0
    assert gradients(g, a) == 24.0


@pytest.mark.parametrize("forward", [lambda x: np.floor(x).astype(int), lambda x: x > 2, lambda x: x * 1j])
def test_a_primitive_with_a_rule_gives_floats(forward):
    x = Value([1.5, 2.5])
    with pytest.raises(TypeError, match="floating"):
        primitive(lambda g, out, x: g, name="f")(forward)(x)
    assert primitive(None)(np.argmax)(x).data == 1  # without a rule nothing is lost unsaid
