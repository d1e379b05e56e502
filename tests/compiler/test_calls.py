"""compile: a call and its gradients are of the same numbers; what scan and compiled functions refuse."""

import numpy as np
import pytest

import nn
from autograd import (
    Value,
    compile,
    detect_anomaly,
    grad,
    gradients,
    jvp,
    no_grad,
    primitive,
    value_and_grad,
)
from nn import functional as F  # noqa: N812
from tests.numeric import same


@compile
def cube(x):
    return x**3


# --- one call, its gradients: the same random numbers, the same constants ----------------------------


def dropped(x, w):
    """Draws that no result is made of count too, and each result has draws of its own."""
    F.dropout(x, 0.3)
    return np.sum(F.dropout(x * w, 0.5)), np.sum(F.dropout(np.tanh(x * w), 0.4) ** 2)


def of_each_order(how, w, x):
    """What a call and its gradients give, call after call, and the number drawn after all of them."""
    nn.manual_seed(4)
    f, found = how(lambda x: dropped(x, w)), []
    for _ in range(3):
        w.grad = None
        a, b = f(x)
        (a + b).backward()
        found += [a.item(), b.item(), w.grad]
        _, b = f(x)  # the first result's draws are not this one's
        (slope,) = gradients(b, [w], create_graph=True)
        found += [b.item(), slope.data, gradients(np.sum(slope**2), [w])[0]]
        found += [*value_and_grad(lambda x: f(x)[1])(x)]
        found += [*jvp(lambda x: f(x)[1], (x,), (x,))]
    return [getattr(y, "_array", y) for y in found], nn.init.generator().random()


@pytest.mark.parametrize("backend", [None, "numba"])
def test_the_gradients_of_a_call_are_of_the_numbers_it_drew(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    x, w = np.linspace(0.5, 2.0, 40), Value(np.linspace(1.0, 0.2, 40))
    found, after = of_each_order(lambda f: compile(f, backend=backend), w, x)
    expected, then = of_each_order(lambda f: f, w, x)
    assert after == then
    for y, z in zip(found, expected, strict=True):
        np.testing.assert_allclose(y, z, rtol=1e-13)


def test_random_numbers_from_anywhere_are_drawn_once():
    rng = np.random.default_rng(0)

    @primitive(None, random=True)
    def noise(x):
        return rng.normal(size=np.shape(x))

    w = Value(np.ones(4))
    c = compile(lambda x: np.sum(w * w * noise(x.detach() if isinstance(x, Value) else x)))
    for _ in range(3):
        w.grad = None
        y = c(np.ones(4))
        y.backward(create_graph=True)
        np.testing.assert_allclose(np.sum(w.grad.data), 2 * y.item(), rtol=1e-13)
        np.testing.assert_allclose(np.sum(gradients(np.sum(w.grad), [w])[0]), 2 * y.item(), rtol=1e-13)


def test_what_is_detached_stays_so_at_every_order(x):
    def f(a):
        with no_grad():
            scale = np.exp(a)
        return np.sum(a**3 * scale * np.sin(a).detach() * (a > 0))

    same(grad(grad(lambda s: compile(f)(x * s)))(1.5), grad(grad(lambda s: f(x * s)))(1.5))


def test_a_pass_back_under_no_grad(x):
    w = Value(x)
    loss = compile(lambda a: np.sum(a * w))(x)
    with no_grad():
        loss.backward()
    same(w.grad, x)


@pytest.mark.parametrize("of", [lambda a: a, lambda a: a[::-1], lambda a: a[:, ::2], lambda a: a.T])
def test_arrays_that_are_closed_over_are_constants(of):
    a = np.random.default_rng(0).normal(size=(6, 6))
    k = of(a)
    x = np.random.default_rng(1).normal(size=k.shape)
    w = Value(x)
    f = lambda x: np.sum(np.sin(x * k)) + np.sum(x.T @ k)
    value, slope = value_and_grad(f)(x)
    c = compile(f)
    c.value_and_grad(x)
    linked = c(w)
    a[:] = 10.0
    for y, z in zip(c.value_and_grad(x), (value, slope), strict=True):
        same(y, z)
    (first,) = gradients(linked, [w], create_graph=True)
    same(first.data, slope)
    again = c(w)
    again.backward()  # it is traced after the write
    same(again.data, value)
    same(w.grad, slope)


def counted(w):
    t, s = np.zeros(3), 0.0
    for _ in range(3):
        t += 1
        s = s + np.sum(w * t)
    return s


def basis(w):
    e, s = np.zeros(3), 0.0
    for i in range(3):
        e[i] = 1
        s = s + (i + 1) * (e @ w) ** 2
        e[i] = 0
    return s


def masked(w):
    m = np.array([True, False, True])
    s = np.where(m, w, w * w).sum()
    m[:] = False
    return s * np.where(m, w, 2 * w).sum()


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(
    ("f", "slope"),
    [(counted, [6.0, 6.0, 6.0]), (basis, [2.0, 8.0, 18.0]), (masked, [28.0, 64.0, 28.0])],
)
def test_an_array_that_is_written_into_while_traced_counts_as_it_was_at_each_use(f, slope, backend):
    x = np.array([1.0, 2.0, 3.0])
    c = compile(f, backend=backend)
    for _ in range(2):
        assert c(x) == f(x)
        same(c.value_and_grad(x)[1], np.array(slope))
    w = Value(x)
    c(w).backward()
    same(w.grad, np.array(slope))


def test_arrays_that_are_overwritten_before_the_pass_back_are_noticed(x):
    w, given = Value(np.ones(5)), x.copy()
    constant = Value(x, requires_grad=False)
    c = compile(lambda a: np.sum(a * w))
    for k in range(2):
        w.grad = None
        with detect_anomaly():
            loss, other = c(given), c(constant)
            given[:] = 100.0 + k
            with pytest.raises(RuntimeError, match="was overwritten through NumPy since"):
                loss.backward()
            other.backward()
        same(w.grad, x)
    other = c(constant)
    constant.data = 2 * x
    with pytest.raises(RuntimeError, match="changed in place"):
        other.backward()


def test_what_changes_outside_after_the_call_is_in_none_of_its_gradients(x):
    class Config:
        rate = 2.0

    w = Value(x)
    loss = compile(lambda a: np.sum(a * w * w * Config.rate))(np.ones(5))
    Config.rate = 5.0
    (slope,) = gradients(loss, [w], create_graph=True)
    loss.backward()
    same(w.grad, 4 * x)
    same(slope.data, 4 * x)


def test_what_was_traced_under_no_grad_is_traced_again():
    w = Value(3.0)
    c = compile(lambda a: a * w * w)
    with no_grad():
        assert c(2.0) == 18.0
    c(2.0).backward()
    assert w.grad == 12.0 and c.traces == 2
    with no_grad():
        assert c(2.0) == 18.0 and c.traces == 2


def test_a_matrix_product_of_a_stretched_operand():
    """What NumPy would stretch between elements it does not between matrices."""
    k, w = np.random.default_rng(0).normal(size=(2, 3, 3))
    w = Value(w)
    f = lambda row: np.sum(np.broadcast_to(row, (3, 3)) @ (w * k))
    row = Value(np.array([[1.0, 2.0, 3.0]]))
    for how in (f, compile(f)):
        found = gradients(how(row), [row, w])
        same(found[0], np.sum(w.data * k, axis=1)[None] * 3)
    same(gradients(compile(lambda a: np.sum(a @ k))(w), [w])[0], np.ones((3, 3)) @ k.T)


# --- what scan and compiled functions are not ---------------------------------------------------------

two, w = np.ones(2), Value(2.0, name="w")


@pytest.mark.parametrize(
    ("f", "carry", "n", "error", "words"),
    [
        (lambda x: x * 2, (1.0,), 5, TypeError, r"returned one float; return \(stop, row, carry\)"),
        (lambda x: (x, x), (1.0,), 5, TypeError, r"returned 2 results; return \(stop, row, carry\)"),
        (lambda x: (x < 0, x, (x,)), (1.0,), 5, TypeError, "the row that <lambda> returned is a float, no tuple"),
        (lambda x: (x < 0, (x,), x), (1.0,), 5, TypeError, "the carry that <lambda> returned is a float, no tuple"),
        (lambda x: (x < 0, (x,), (x, x)), (1.0,), 5, ValueError, "takes 1 arguments and returned a carry of 2"),
        (lambda x: (x < 0, (x,), (x,)), 1.0, 5, TypeError, "the carry is a float; pass a tuple"),
        (lambda x: (x < 0, (x,), (x,)), (1.0,), -1, ValueError, "n=-1 runs; pass 0 or more"),
        (lambda x: (x < 0, (x,), (x,)), (two,), 5, ValueError, r"stop that <lambda> returned has shape \(2,\)"),
        (
            lambda x: (x[0] < 0, (x,), (np.concatenate([x, x]),)), (two,), 5, ValueError,
            r"entry 0 of the carry has shape \(2,\) and became \(4,\)",
        ),
        (lambda x: (x < 0, (x,), (x * w,)), (1.0,), 5, TypeError, r"requires grad, .*under no_grad\(\)"),
        (lambda x: (x < 0, (x,), (x * 2,)), (w,), 5, TypeError, r"requires grad, .*under no_grad\(\)"),
    ],
)  # fmt: skip
def test_scan_says_what_is_wrong(f, carry, n, error, words):
    with pytest.raises(error, match=f"scan: .*{words}"):
        compile(f).scan(carry, n)


def test_scan_under_no_grad():
    with no_grad():
        (rows,), _ = compile(lambda x: (x > 9, (x,), (x * w,))).scan((1.0,), 3)
    same(rows, np.array([1.0, 2.0, 4.0]))


def test_there_is_no_grad_of_a_compiled_function():
    assert not hasattr(cube, "grad")
    with pytest.raises(AttributeError, match=r"compile\(grad\(f\)\)"):
        cube.grad(2.0)
