"""vmap: a loop over an axis, whose results are stacked, against the loop written out (1 s)."""

import re
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd import Value, compile, grad, hessian, jacobian, jvp, value_and_grad, vjp, vmap

RNG = np.random.default_rng(30)
X, W, T = RNG.normal(size=(5, 3)), RNG.normal(size=3), RNG.normal(size=5)


def loss(w, x, t):
    return (np.tanh(w @ x) - t) ** 2


class Pair(NamedTuple):
    w: Any
    b: Any


def test_a_gradient_for_each_example():
    each = vmap(grad(loss), in_axes=(None, 0, 0))(W, X, T)
    assert type(each) is np.ndarray and each.shape == (5, 3)
    np.testing.assert_array_equal(each, [grad(loss)(W, x, t) for x, t in zip(X, T, strict=True)])
    values, gradients = vmap(value_and_grad(loss), (None, 0, 0))(W, X, T)
    np.testing.assert_array_equal(gradients, each)
    np.testing.assert_allclose(values, (np.tanh(X @ W) - T) ** 2, rtol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 16, 17])
def test_it_is_differentiated_like_the_batch_written_out(n):
    x, t = RNG.normal(size=(n, 3)), RNG.normal(size=n)
    looped = lambda w, x, t: np.sum(vmap(loss, (None, 0, 0))(w, x, t) ** 2)
    batched = lambda w, x, t: np.sum((np.tanh(x @ w) - t) ** 4)
    for a, b in zip(grad(looped, (0, 1, 2))(W, x, t), grad(batched, (0, 1, 2))(W, x, t), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    for k in range(2):
        np.testing.assert_allclose(
            hessian(looped, k)(W, x, t), hessian(batched, k)(W, x, t), rtol=1e-10, atol=1e-12
        )
    f, tangent = lambda x: vmap(lambda row: np.sin(row) * row[0])(x), RNG.normal(size=(n, 3))
    np.testing.assert_allclose(
        jvp(f, (x,), (tangent,))[1],
        jvp(lambda x: np.sin(x) * x[:, :1], (x,), (tangent,))[1],
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        vjp(f, x)[1](tangent)[0], vjp(lambda x: np.sin(x) * x[:, :1], x)[1](tangent)[0], rtol=1e-12
    )


@pytest.mark.parametrize(("axis", "out"), [(0, 0), (1, 0), (2, -1), (-1, 1), (-3, -2), (-2, 2)])
@pytest.mark.parametrize("wrap", [lambda a: a, Value], ids=["arrays", "Values"])
def test_axes_in_and_out(axis, out, wrap):
    a = RNG.normal(size=(2, 3, 4))
    found = vmap(lambda m: m.T * 2.0, axis, out)(wrap(a))
    expected = np.stack([m.T * 2.0 for m in np.moveaxis(a, axis, 0)], out)
    assert type(found) is type(wrap(a))
    np.testing.assert_array_equal(found if wrap is not Value else found.data, expected)


def test_containers_in_and_out():
    p = {"w": X, "b": (T, Pair(1.0, [X.T]))}
    axes = {"w": 0, "b": (0, Pair(None, 1))}
    f = lambda p, k: {"s": p["b"][1].w * p["w"] @ p["b"][1].b[0] * k, "t": Pair(p["b"][0], [p["w"]])}
    found = vmap(f, (axes, None), {"s": 0, "t": Pair(0, 1)})(p, 2.0)
    np.testing.assert_allclose(found["s"], 2.0 * np.sum(X * X, axis=1))
    assert type(found["t"]) is Pair and type(found["t"].b) is list
    np.testing.assert_array_equal(found["t"].w, T)
    np.testing.assert_array_equal(found["t"].b[0], X.T)
    g = grad(lambda p: np.sum(vmap(lambda p: p["w"] * p["k"][0])(p)))({"w": T, "k": [T * 2.0]})
    np.testing.assert_array_equal(g["w"], 2.0 * T)
    np.testing.assert_array_equal(g["k"][0], T)


def test_it_nests_and_takes_keywords_along_axis_0():
    products = vmap(vmap(np.multiply, (0, None)), (None, 0), 1)
    np.testing.assert_array_equal(products(T, W), np.multiply.outer(T, W))
    np.testing.assert_array_equal(vmap(lambda x, *, t: x * t)(X, t=T), X * T[:, None])
    np.testing.assert_allclose(jacobian(vmap(np.sin))(T), np.diag(np.cos(T)), rtol=1e-14)
    second = vmap(grad(lambda v: vmap(grad(np.sin))(v).sum()))(T.reshape(5, 1))
    np.testing.assert_allclose(second, -np.sin(T)[:, None], rtol=1e-14)


def test_numbers_lists_of_numbers_and_integers_are_stacked():
    assert vmap(lambda x: 1)(T).tolist() == [1] * 5
    assert vmap(lambda x: bool(x > 9.0))(T).dtype == bool
    assert vmap(lambda i: T[i])(np.array([2, 0])).tolist() == [T[2], T[0]]
    assert vmap(np.sum)(X.astype(np.float32)).dtype == np.float32
    assert vmap(lambda x: x * 2.0).__name__ == "<lambda>"


def test_what_it_depends_on_from_outside_gets_its_gradient():
    w = Value(W)
    found = vmap(lambda x: w @ x)(X)
    assert isinstance(found, Value)
    found.sum().backward()
    np.testing.assert_allclose(w.grad, X.sum(axis=0), rtol=1e-14)


def test_compiled_it_is_unrolled():
    f = compile(lambda w: np.sum(vmap(grad(loss), (None, 0, 0))(w, X, T)))
    assert f(W) == pytest.approx(np.sum(vmap(grad(loss), (None, 0, 0))(W, X, T)), rel=1e-12)
    both = compile(lambda x: vmap(np.sin)(x).sum()).value_and_grad
    np.testing.assert_allclose(both(T)[1], np.cos(T), rtol=1e-14)


def test_an_element_costs_less_than_the_whole():
    """The gradients of n elements are pieces of the whole: fewer than n² numbers in all."""
    v = Value(np.zeros(400))
    y = vmap(lambda x: x)(v)
    sizes = [x.size for part in y.inputs for x in part.inputs]
    assert len(sizes) == 400 and set(sizes) == {20}


def said(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert re.search(re.escape(word), str(caught.value)), (word, str(caught.value))


def named(x, y):
    return x * y


CALL = "vmap of named()"


def test_lengths_and_axes_that_do_not_fit():
    said(
        ValueError,
        lambda: vmap(named)(X, X.T),
        CALL,
        "argument 0 has 5 along axis 0 of (5, 3)",
        "argument 1 has 3",
    )
    said(
        ValueError,
        lambda: vmap(named, (0, 1))({"a": [X]}, X),
        "argument 0['a'][0] has 5",
        "argument 1 has 3 along",
    )
    said(
        ValueError,
        lambda: vmap(named)(X, 2.0),
        CALL,
        "argument 1 has shape ()",
        "no axis 0",
        "None in in_axes",
    )
    said(ValueError, lambda: vmap(named, (0, -3))(X, X), "argument 1 has shape (5, 3)", "no axis -3")
    said(ValueError, lambda: vmap(named)(X, y=2.0), "keyword argument y has shape ()", "lambda")
    said(ValueError, lambda: vmap(named, None)(X, X), CALL, "in_axes=None", "maps no array")
    said(ValueError, lambda: vmap(named)(), "maps no array")
    said(
        ValueError,
        lambda: vmap(named)(X[:0], X[:0]),
        CALL,
        "argument 0 has 0 along axis 0 of (0, 3)",
        "empty",
    )
    said(TypeError, lambda: vmap(named, (0,))(X, X), CALL, "in_axes=(0,)", "1 entries for 2 arguments")
    said(TypeError, lambda: vmap(named, (0, {"a": 0}))(X, {"b": X}), "{'a': 0}", "argument 1, a dict")
    said(TypeError, lambda: vmap(named, (0, (0, 0)))(X, X), "(0, 0)", "argument 1, a ndarray")
    said(TypeError, lambda: vmap(named, {"x": 0}), "in_axes={'x': 0}", "int, None, or a tuple")
    said(TypeError, lambda: vmap(named, (0, 1.5))(X, X), "1.5", "argument 1")
    said(TypeError, lambda: vmap(Value(3.0)), "vmap(f)", "Value")


def test_results_that_do_not_stack():
    def uneven(i):
        return np.zeros(int(i) + 1)

    two = np.arange(2)
    said(
        ValueError,
        lambda: vmap(uneven)(two),
        "vmap of uneven()",
        "the result has shape (1,)",
        "(2,) for element 1",
    )
    said(
        ValueError,
        lambda: vmap(lambda i: [1.0] * (int(i) + 1))(two),
        "element 1 has another result",
        "list of 1",
    )
    said(
        ValueError,
        lambda: vmap(lambda i: {str(i): 1.0})(two),
        "element 1 has another result",
        "['0']",
        "['1']",
    )
    said(TypeError, lambda: vmap(lambda i: None)(two), "the result is a NoneType", "return numbers, arrays")
    said(TypeError, lambda: vmap(lambda i: (i, "a"))(two), "the result[1] is a str")
    said(ValueError, lambda: vmap(np.sin, 0, 1)(T), "vmap of sin()", "out_axes=1", "shape ()", "from -1 to 0")
    said(ValueError, lambda: vmap(np.sin, 0, None)(T), "out_axes=None")
    said(TypeError, lambda: vmap(np.sin, 0, (0, 1))(T), "(0, 1)", "the result")
