"""compile: long NumPy code is several functions.  Some 2 seconds."""

import threading

import numpy as np
import pytest

import nn
from autograd import compile, grad, value_and_grad
from autograd.compiler import parts

RNG = np.random.default_rng(8)


def network(x, w1, b1, w2, b2):
    h = np.maximum(x @ w1 + b1, 0.0)
    p = nn.functional.softmax(h @ w2 + b2, dim=-1)
    return (np.where(p > 0.5, p, -np.log(p)) ** 2).mean(), h.max(axis=1), p[:, 0]


def arguments():
    return [RNG.normal(size=s) for s in ((6, 3), (3, 4), (4,), (4, 5), (5,))]


@pytest.mark.parametrize("lines", [1, 2, 3, 7])
def test_the_same_bits_in_several_functions(lines, monkeypatch):
    """Cut anywhere: buffers, views, conditions and results on both sides."""
    monkeypatch.setattr(parts, "PART", lines)

    def f(*args):
        value, slopes = value_and_grad(lambda *w: network(args[0], *w)[0], argnums=(0, 1, 2, 3))(*args[1:])
        return value, slopes, network(*args)[1:], args[2] * 2.0

    g = compile(f)
    for _ in range(3):
        args = arguments()
        np.testing.assert_equal(g(*args), f(*args))
    assert g.source.count("def part") > 2
    first = g(*args)
    g(*arguments())
    np.testing.assert_equal(first, f(*args))  # no buffer was returned


def test_a_long_program_is_cut_and_each_thread_has_its_buffers():
    def f(x, y):
        for _ in range(600):
            x = np.sin(x * y) * 0.5 + y
        return x.sum()

    slope = compile(grad(f, argnums=(0, 1)))
    args = [RNG.normal(size=(2, 50)) for _ in range(3)]
    expected = [grad(f, argnums=(0, 1))(*a) for a in args]
    np.testing.assert_equal(slope(*args[0]), expected[0])
    assert "def part1(" in slope.source and "def make(" in slope.source
    wrong = []

    def run(a, e):
        for _ in range(5):
            if not all([np.array_equal(x, y) for x, y in zip(slope(*a), e, strict=True)]):
                wrong.append(a)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(args, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_stands_under_a_condition_is_not_cut(monkeypatch):
    monkeypatch.setattr(parts, "PART", 1)
    texts, made, rest = parts.parted(
        ["a = x", "if not a.all():", "    copyto(b1, a)", "c = b1 + a"], ["x"], "(c,)", ["b1"]
    )
    assert made == ["part0 = make0()", "part1 = make1(b1)", "part2 = make2(b1)"]
    assert rest == ["(a,) = part0(x)", "() = part1(a)", "(c,) = part2(a)"]
    assert "        if not a.all():\n            copyto(b1, a)\n        return ()" in texts[1]
