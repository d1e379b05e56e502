"""compile: the same arithmetic on several small arrays is one call, with the same bits.  Some 5 seconds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import compile, grad
from autograd.compiler import side
from nn import functional
from tests.numeric import same_bits

RNG = np.random.default_rng(9)
SHAPES = [(2, 3), (3,), (3, 4), (4,), (4, 1)]
ODD = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 1e300, 5e-324]


def parameters(dtype="f8", odd=False):
    found = [RNG.normal(size=s).astype(dtype) for s in SHAPES]
    for p in found if odd else []:
        p.flat[::2] = RNG.choice(ODD, p.size)[::2]
    return found


def slopes(x, w):
    def loss(w1, b1, w2, b2, w3):
        h = np.maximum(np.maximum(x @ w1 + b1, 0.0) @ w2 + b2, 0.0)
        return ((h @ w3) ** 2).mean() + 0.01 * sum([(p * p).sum() for p in (w1, b1, w2, b2, w3)])

    return grad(loss, argnums=(0, 1, 2, 3, 4))(*w)


def sgd(x, *w):
    return tuple([p - 0.1 * g for p, g in zip(w, slopes(x, w), strict=True)])


def adam(x, w, m, v, rate):
    g = slopes(x, w)
    m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
    v = [0.99 * a + 0.01 * b * b for a, b in zip(v, g, strict=True)]
    rate = rate * 0.5
    w = [p - rate * a / (np.sqrt(b) + 1e-8) for p, a, b in zip(w, m, v, strict=True)]
    return w, m, v, rate


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_an_update_of_several_parameters(dtype, odd):
    """The state of each step is what the last one returned, which stays as it is."""
    with np.errstate(all="ignore"):
        x = RNG.normal(size=(6, 2)).astype(dtype)
        step, mine = compile(sgd), parameters(dtype, odd)
        before = theirs = tuple(mine)
        for _ in range(4):
            last, before = before, mine
            mine, theirs = step(x, *mine), sgd(x, *theirs)
            same_bits(mine, theirs)
        same_bits(step(x, *last), before)
        assert ".fill(0)" in step.source

        step = compile(adam)
        state = (
            parameters(dtype, odd),
            parameters(dtype),
            [p * p for p in parameters(dtype)],
            np.dtype(dtype).type(0.5),
        )
        expected = state
        for _ in range(4):
            state, expected = step(x, *state), adam(x, *expected)
            same_bits(state, expected)
        assert ".fill(0)" in step.source


def test_fewer_calls():
    x, w = RNG.normal(size=(6, 2)), parameters()
    step = compile(sgd)
    step(x, *w)
    text = step.source
    assert len([line for line in text.split("\n") if line.strip().startswith("multiply(c")]) == 1
    assert text.count("add(buffer") >= 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(4, 25))
def test_random_programs(seed, size):
    """Steps of one kind that depend on each other, are returned, take the same operand, in other orders."""
    rng = np.random.default_rng(seed)
    shapes = [(2, 3), (3,), (1,), (4, 4)]
    plan = [(rng.integers(6), *rng.integers(0, 1000, 3)) for _ in range(size)]
    kept = rng.random(size) < 0.3

    def f(*xs):
        known = {s: [x for x in xs if x.shape == s] for s in shapes}
        found = []
        for (kind, i, j, k), keep in zip(plan, kept, strict=True):
            mine = known[shapes[k % len(shapes)]]
            x, y = mine[i % len(mine)], mine[j % len(mine)]
            if kind == 0:
                z = x * 0.5
            elif kind == 1:
                z = x + y
            elif kind == 2:
                z = y - x
            elif kind == 3:
                z = -x * y
            elif kind == 4:
                z = np.sqrt(abs(x)) / 3.0
            else:
                z = np.sum(np.tanh(x)) * y
            mine.append(z)
            if keep:
                found.append(z)
        return [*found, *[mine[-1] for mine in known.values()]]

    args = [rng.normal(size=s) for s in shapes for _ in range(3)]
    least, side.LEAST = side.LEAST, 1
    try:
        g = compile(f, backend="numpy")
        for _ in range(2):
            same_bits(g(*args), f(*args))
            args = [x + 1.0 for x in args]
    finally:
        side.LEAST = least


def test_draws_keep_their_order():
    """Programs that draw are left alone."""

    def f(p, q):
        noise = functional.dropout(p, 0.5, training=True)
        return p - (0.1 * (0.3 * np.tanh(q))), q - (0.1 * (0.3 * np.tanh(p))), noise * 1.0

    p, q = RNG.normal(size=5), RNG.normal(size=5)
    assert ".fill(0)" not in source_of(f, p, q)


def source_of(f, *args):
    compiled = compile(f, backend="numpy")
    compiled(*args)
    return compiled.source
