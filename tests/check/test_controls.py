"""Negative controls: every known wrong gradient, planted, is caught and named; the right one passes.

The numbers are those of tests/test_wrong_gradients.py.  Where the fault was a rule, the rule is
planted and `locate` must name it; where it was an engine, its wrong answer is handed in as a
gradient from elsewhere.
"""

import math

import numpy as np
import pytest

from autograd import Value, grad, primitive
from autograd.check import GradientError, Verdict, check_grads, locate

FAIL, UNDEFINED = Verdict.FAIL, Verdict.UNDEFINED
X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.375]])
RULES, ANSWERS = {}, {}


def rule(
    n, forward, wrong, right, *args, verdict=FAIL, reason="", name="planted", located=True, order=1, f=None
):
    """A planted rule (or several, one per argument) and the right one."""
    as_rules = lambda r: r if isinstance(r, tuple) else (r,)
    RULES[n] = (forward, as_rules(wrong), as_rules(right), args, verdict, reason, name, located, order, f)


def answer(n, f, wrong, right, *args):
    """A wrong answer of an engine, and the right one."""
    ANSWERS[n] = (f, wrong, right, args)


# --- engines ------------------------------------------------------------------------------------

answer(1, lambda x: 2 * (3 * x) + 5 * (3 * x), lambda x: 27.0, lambda x: 21.0, 2.0)
answer(2, lambda x: 2 * (3 * x) + 5 * (3 * x), lambda x: 6.0, lambda x: 21.0, 2.0)
answer(3, lambda a: 2 * (2 * a) * (2 * a), lambda a: 72.0, lambda a: 48.0, 3.0)
answer(
    4,
    lambda a, b: np.sum(a * b),
    lambda a, b: (b, a),
    lambda a, b: (b + 0 * a, a.sum()),
    np.array([1.0, 2.0]),
    3.0,
)
answer(5, lambda x: x * x, lambda x: 20.0, lambda x: 6.0, 3.0)
answer(6, lambda a, b: a + b, lambda a, b: (2.0, 2.0), lambda a, b: (1.0, 1.0), 3.0, 3.0)
answer(
    29, lambda x: x[0] + 10 * x[1] + x[2], lambda x: np.ones(3), lambda x: np.array([1.0, 10, 1]), np.ones(3)
)
answer(36, lambda x: np.sum(5 * x), lambda x: np.full(2, 10.0), lambda x: np.full(2, 5.0), np.ones(2))
answer(
    37, lambda x: np.sum(x[:1] * 10) + x[1], lambda x: np.ones(2), lambda x: np.array([10.0, 1]), np.ones(2)
)
answer(42, lambda x, y: np.sum(x + y) + np.sum(x), lambda x, y: (2 + 0 * x, 2 + 0 * y),
       lambda x, y: (2 + 0 * x, 1 + 0 * y), np.ones(2), np.ones(2))  # fmt: skip
answer(43, lambda x: np.sum(x * x), lambda x: 20 * x, lambda x: 2 * x, np.array([1.0, 2.0]))


@pytest.mark.parametrize("n", sorted(ANSWERS))
def test_an_engines_wrong_answer(n):
    f, wrong, right, args = ANSWERS[n]
    report = check_grads(f, *args, grad=wrong, raise_=False)
    assert FAIL in report.counts, str(report)
    assert check_grads(f, *args, grad=right).ok


# --- rules --------------------------------------------------------------------------------------

tie_share = lambda g, out, x: g * (x == out) / np.sum(x == out)
halves = np.ones(70, np.float16)
rule(7, np.max, lambda g, out, x: g * (x == out) * np.float16(0), tie_share, halves)
rule(
    8,
    np.prod,
    lambda g, out, x: g * out / x,
    lambda g, out, x: g * np.array([0.0, 6.0, 0.0]),
    np.array([2.0, 0, 3]),
)
rule(9, lambda x: x**2, lambda g, out, x: g * out * 2 / x, lambda g, out, x: g * 2 * x, 0.0)
rule(10, lambda x: x**2, lambda g, out, x: 2 * x, lambda g, out, x: g * 2 * x, X)
rule(
    12,
    lambda w: w * np.array([1.0, 2, 3]),
    lambda g, out, w: g * np.array([1.0, 2, 3]),
    lambda g, out, w: np.sum(g * np.array([1.0, 2, 3])),
    2.0,
    reason="shape",
)
rule(
    13,
    lambda w: w * np.ones((5, 4)),
    lambda g, out, w: g,
    lambda g, out, w: np.sum(g, keepdims=True)[0],
    np.ones(1),
    reason="shape",
)
mask = np.array([True, False, True])
rule(
    14,
    lambda x: np.where(mask, x, 2 * x),
    lambda g, out, x: g * np.where(mask, 1, 2),
    lambda g, out, x: np.sum(g * np.where(mask, 1, 2)),
    1.0,
    reason="shape",
)
rule(
    15,
    lambda x: np.tile(x, (2, 1)),
    lambda g, out, x: np.sum(g, axis=0).reshape(2, 1, 2),
    lambda g, out, x: np.sum(g, axis=1, keepdims=True),
    np.arange(4.0).reshape(2, 1, 2),
)
norm = lambda x: np.sqrt(np.sum(x * x, axis=-1, keepdims=True))
rule(
    16,
    norm,
    lambda g, out, x: g[..., None] * x / out[..., None],
    lambda g, out, x: g * x / out,
    np.array([[3.0, 4], [6, 8]]),
    reason="shape",
)
rule(
    17,
    np.diag,
    lambda g, out, x: np.diag(g),
    lambda g, out, x: np.eye(2, 3) * g[:, None],
    np.ones((2, 3)),
    reason="shape",
)
rule(
    19,
    lambda a: np.tensordot(a, np.array([[1.0, 2], [3, 4]]), axes=[0, 1]),
    lambda g, out, a: np.array([[1.0, 2], [3, 4]]) @ g,
    lambda g, out, a: g @ np.array([[1.0, 2], [3, 4]]),
    np.array([1.0, 2]),
)
rule(
    20,
    lambda x: np.pad(x, (0, 1)),
    lambda g, out, x: g[0:-0],
    lambda g, out, x: g[:-1],
    np.ones(2),
    reason="shape",
)
logpdf = lambda c: -0.5 * (np.log(c) + 4.0 / c)
slope = lambda c: -0.5 * (1 / c - 4.0 / c**2)
rule(21, logpdf, lambda g, out, c: -g * slope(c), lambda g, out, c: g * slope(c), 1.5, reason="wrong sign")
cdf = lambda x: np.vectorize(lambda t: 0.5 * (1 + math.erf(t / math.sqrt(2))))(x)[()]
density = lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
rule(22, cdf, lambda g, out, x: g * density(x + 1), lambda g, out, x: g * density(x), 0.0)
rule(
    23, np.abs, lambda g, out, x: g * x / out, lambda g, out, x: g * np.sign(x), 0.0, reason="subdifferential"
)
rule(
    24,
    np.sinc,
    lambda g, out, x: g * (np.cos(math.pi * x) - out) / x,
    lambda g, out, x: g * 0.0,
    0.0,
    reason="not finite",
)
rule(
    25,
    np.std,
    lambda g, out, x: g * (x - np.mean(x)) / (out * x.size),
    lambda g, out, x: g * 0 * x,
    np.full(3, 2.0),
)
rule(
    26,
    lambda x: np.sqrt(np.sum(x * x, axis=(0, 1))),
    lambda g, out, x: g * x / out,
    lambda g, out, x: g * 0 * x,
    np.zeros((2, 2)),
)
rule(
    27,
    np.maximum,
    (lambda g, out, x, y: g * (x > y), lambda g, out, x, y: g * (y > x)),
    (
        lambda g, out, x, y: g * ((x > y) + 0.5 * (x == y)),
        lambda g, out, x, y: g * ((y > x) + 0.5 * (x == y)),
    ),
    2.0,
    f=lambda op: lambda x: op(x, x),
)
rule(
    28,
    np.arccos,
    lambda g, out, x: g * 0.0,
    lambda g, out, x: -g / np.sqrt(1 - x * x),
    1.0,
    reason="infinite",
)
rule(
    30,
    lambda b: b[0] * 1.0,
    lambda g, out, b: g,
    lambda g, out, b: g[None],
    np.ones((1, 1, 3)),
    reason="shape",
)
rule(32, np.max, lambda g, out, x: g * (x == out), tie_share, np.array([1.0, 3, 3]))


def overwritten(g, out, y):
    back = np.zeros(y.shape)
    back[[0, 0]] = g
    return back


rule(33, lambda y: y[[0, 0]], overwritten, lambda g, out, y: np.array([np.sum(g), 0.0]), np.array([1.0, 2]))
fill = lambda v: np.concatenate([np.zeros(2), v[None] * 1.0])
rule(34, fill, lambda g, out, v: g[[2, 2]].sum(), lambda g, out, v: g[2], 5.0, reason="2 times too large")
rule(
    38,
    lambda x: np.maximum.reduceat(x, [0, 2]),
    lambda g, out, x: np.repeat(g, 2),
    lambda g, out, x: np.repeat(g, 2) * (x == np.repeat(out, 2)),
    np.array([1.0, 3, 5, 2]),
)
plainly = lambda x: getattr(x, "data", x) if isinstance(x, Value) else x
bce = lambda x: np.log1p(np.exp(x))
rule(
    39,
    bce,
    lambda g, out, x: g / (1 + np.exp(-plainly(x))),
    lambda g, out, x: g / (1 + np.exp(-x)),
    X,
    order=2,
)
rule(
    41,
    lambda b: np.where(mask, b, -1.0),
    lambda g, out, b: g * np.where(mask, 0.0, 1.0),
    lambda g, out, b: g * np.where(mask, 1.0, 0.0),
    np.ones(3),
)
A, B = np.array([[1.0, 2], [3, 4]]), np.array([5.0, 6])
rule(44, lambda a: a @ B, lambda g, out, a: g @ B.T, lambda g, out, a: g[:, None] * B, A, reason="shape")
batch = np.arange(24.0).reshape(4, 3, 2) - 10
rule(
    45,
    lambda a: a @ batch,
    lambda g, out, a: g @ np.swapaxes(batch, -1, -2),
    lambda g, out, a: np.sum(g @ np.swapaxes(batch, -1, -2), axis=0),
    X,
    reason="shape",
)
rule(
    46,
    lambda a, b: a * b,
    (lambda g, out, a, b: g * a, lambda g, out, a, b: g * b),
    (lambda g, out, a, b: g * b, lambda g, out, a, b: g * a),
    X,
    X[::-1] + 1,
)


@pytest.mark.parametrize("n", sorted(RULES))
def test_a_planted_rule(n):
    forward, wrong, right, args, verdict, reason, name, located, order, f = RULES[n]
    as_f = f or (lambda op: op)
    with np.errstate(all="ignore"):
        report = check_grads(as_f(primitive(*wrong, name=name)(forward)), *args, order=order, raise_=False)
    assert not report.ok and {x.verdict for x in report.failures} == {verdict}, str(report)
    assert reason in str(report)
    nodes = [x.node for x in report.findings if x.node is not None]
    assert located == bool(nodes)
    for node in nodes:
        assert (node.kind, node.op) == ("rule", name), str(node)
        assert "test_controls.py:" in node.line
    passed = check_grads(as_f(primitive(*right, name=name)(forward)), *args, order=order, raise_=False)
    assert passed.ok and not passed.failures, str(passed)


# --- rows that are no wrong gradient of a finite function -----------------------------------------


def test_11_a_mean_that_overflows_has_no_gradient_to_compare():
    def mean(x):
        return np.sum(x, dtype=x.dtype) / np.float16(x.size)

    wrong = primitive(lambda g, out, x: g / np.float16(70000.0) + 0 * x)(mean)
    with np.errstate(all="ignore"):
        report = check_grads(wrong, np.ones(70000, np.float16), raise_=False)
    assert not report.ok and set(report.counts) == {UNDEFINED}


def test_18_a_deviation_that_is_nan():
    wrong = primitive(lambda g, out, x: g * 0 * x)(
        lambda x: np.sqrt(np.sum((x - x.mean()) ** 2) / (x.size - 1))
    )
    with np.errstate(all="ignore"), pytest.raises(GradientError, match="not finite at this point"):
        check_grads(wrong, np.array([2.0]))


def test_31_integers_are_refused():
    with pytest.raises(TypeError, match="int64; only floating point carries gradient"):
        check_grads(np.sum, np.array([1, 2]))


def test_35_the_branch_that_was_not_taken():
    trap = lambda a: np.where(a <= 0, np.exp(a), 1 + a)
    report = check_grads(trap, np.float32(100), raise_=False)
    assert report.counts[FAIL] == 1 and "wrong in float32" in str(report)
    safe = lambda a: np.where(a <= 0, np.exp(np.where(a <= 0, a, 0.0)), 1 + a)
    assert check_grads(safe, np.float32(100)).ok


def test_40_a_clamp_is_as_steep_as_it_is():
    # the slope of x / max(|x|, 1e-12) at 0 is 1e12: what is wrong there is the function
    f = lambda x: x / np.maximum(np.abs(x), 1e-12)
    assert check_grads(f, 0.0, grad=lambda x: 1e12).ok
    assert not check_grads(f, 0.0, grad=lambda x: 0.0, raise_=False).ok


def test_no_row_is_missing():
    single = {11, 18, 31, 35, 40}
    assert set(RULES) | set(ANSWERS) | single == set(range(1, 47))


def test_our_own_answers_pass():
    for f, _, _, args in ANSWERS.values():
        assert check_grads(f, *args).ok
    assert grad(ANSWERS[1][0])(2.0) == 21.0
    assert locate(ANSWERS[1][0](Value(2.0))) == []
