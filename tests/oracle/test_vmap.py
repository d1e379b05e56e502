"""vmap beside jax.vmap: axes in and out, containers, nested with derivatives (15 s)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import autograd

jax.config.update("jax_enable_x64", True)
pytestmark = pytest.mark.oracle

RNG = np.random.default_rng(40)
A, B, C = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=4)


def loss(w, x):
    return (w[0] * x[1] - w[2]) ** 2 * x[0]


def pair(p, x):
    return {"s": p["u"] * x, "t": [p["v"][0] + x * 0.5]}


CASES = {
    "one axis": lambda lib, np: lib.vmap(lambda x: np.sin(x) * x[0])(A),
    "axes": lambda lib, np: lib.vmap(lambda x, y: x * y, (0, 1))(A, B),
    "from the end": lambda lib, np: lib.vmap(lambda x: np.cos(x), -1, -1)(A),
    "out": lambda lib, np: lib.vmap(lambda x: np.outer(x, x), 1, 2)(A),
    "None": lambda lib, np: lib.vmap(lambda x, y: x @ y, (None, 0))(B, B[::-1]),
    "containers": lambda lib, np: lib.vmap(pair, ({"u": 0, "v": (1,)}, None))({"u": A, "v": (B,)}, 2.0),
    "prefixes": lambda lib, np: lib.vmap(pair, (0, None), {"s": 1, "t": 0})({"u": A, "v": (C,)}, C[0]),
    "keywords": lambda lib, np: lib.vmap(lambda x, *, y: x * y)(A, y=C),
    "nested": lambda lib, np: lib.vmap(lib.vmap(lambda x, y: x - y, (0, None)), (None, 0), 1)(C, A[0]),
    "a gradient for each": lambda lib, np: lib.vmap(lib.grad(loss), (None, 0))(B[:, 0], A),
    "value and gradient": lambda lib, np: lib.vmap(lib.value_and_grad(loss), (None, 0))(B[:, 0], A),
    "hessians": lambda lib, np: lib.vmap(lib.hessian(loss), (None, 0))(B[:, 0], A),
    "jvp": lambda lib, np: lib.vmap(lambda x, t: lib.jvp(np.tanh, (x,), (t,)))(A, B.T),
    "vjp": lambda lib, np: lib.vmap(lambda x, t: lib.vjp(np.tanh, x)[1](t))(A, B.T),
    "gradient": lambda lib, np: lib.grad(
        lambda w: np.sum(lib.vmap(loss, (None, 0))(w, A) ** 2) + np.sum(lib.vmap(np.sin)(w))
    )(B[:, 1]),
}


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_jax(name):
    ours, theirs = CASES[name](autograd, np), CASES[name](jax, jnp)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert np.shape(a) == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("f", "axes", "args"),
    [
        (lambda x, y: x, 0, (A, B)),
        (lambda x, y: x, (0, 2), (A, A)),
        (lambda x, y: x, None, (A, A)),
        (lambda x, y: x, (0,), (A, A)),
        (lambda x, y: x, {"x": 0}, (A, A)),
        (lambda x, y: x, (0, 0), (A, 2.0)),
        (lambda x, y: "a", 0, (A, A)),
    ],
)
def test_what_jax_refuses_is_refused(f, axes, args):
    with pytest.raises((TypeError, ValueError)):
        jax.vmap(f, axes)(*args)
    with pytest.raises((TypeError, ValueError), match="vmap"):
        autograd.vmap(f, axes)(*args)
