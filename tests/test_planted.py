"""Wrong rules, planted on purpose: the shipped checker and tests/numeric.py must find every one of them."""

import operator

import numpy as np
import pytest

from autograd import Value, primitive, vjp
from autograd.check import Verdict, check_grads
from tests import numeric

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.375], [-2.0, 1.0, 0.25]])
Y = np.array([[1.0, 0.5, -0.25], [2.0, -1.5, 0.75], [0.125, 1.0, -1.0]])
SEED = 3


def plain(x):
    """Leaves the graph, as a rule must not."""
    return getattr(x, "data", x) if isinstance(x, Value) else x


def op(forward, *rules, **flags):
    return primitive(*rules, name="planted", **flags)(forward)


# right rules, and one line of each with a mistake
cube = (lambda x: x**3, lambda g, out, x: g * 3 * x**2)
right = {
    "cube": (op(*cube), [X]),
    "matmul": (op(operator.matmul, lambda g, out, x, y: g @ y.T, lambda g, out, x, y: x.T @ g), [X, Y]),
    "times": (
        op(operator.mul, lambda g, out, x, y: g * y, lambda g, out, x, y: g * x, broadcasts=True),
        [X, Y[0]],
    ),
    "roll": (op(lambda x: np.roll(x, 1, 0), lambda g, out, x: np.roll(g, -1, 0)), [X]),
    "cumsum": (op(lambda x: np.cumsum(x, 0), lambda g, out, x: np.flip(np.cumsum(np.flip(g, 0), 0), 0)), [X]),
}

first_order = {
    "a factor of 1.001": (op(cube[0], lambda g, out, x: g * 3.003 * x**2), [X]),
    "the wrong sign": (op(np.cos, lambda g, out, x: g * np.sin(x)), [X]),
    "the wrong power": (op(cube[0], lambda g, out, x: g * 3 * x), [X]),
    "one wrong element": (op(np.negative, lambda g, out, x: g * np.where(x == 0.25, 1.0, -1.0)), [X]),
    "the wrong axis": (op(lambda x: np.cumsum(x, 0), lambda g, out, x: np.flip(np.cumsum(np.flip(g, 1), 1), 1)), [X]),
    "no flip": (op(lambda x: np.cumsum(x, 0), lambda g, out, x: np.cumsum(g, 0)), [X]),
    "a missing transpose": (op(operator.matmul, lambda g, out, x, y: g @ y, lambda g, out, x, y: x.T @ g), [X, Y]),
    "the operands swapped": (op(operator.mul, lambda g, out, x, y: g * x, lambda g, out, x, y: g * y), [X, Y]),
    "an operand left out": (op(operator.mul, lambda g, out, x, y: g * y, lambda g, out, x, y: g * 0), [X, Y]),
    "a repeated axis counted once": (
        op(lambda x: np.broadcast_to(x, (4, 3)), lambda g, out, x: g[:1]), [X[:1]],
    ),
    "a mean of rows instead of all": (op(lambda x: x - x.mean(), lambda g, out, x: g - g.mean(axis=0)), [X]),
    "the other triangle": (op(lambda x: np.tril(x), lambda g, out, x: np.triu(g)), [X]),
}  # fmt: skip

# wrong, yet a cotangent of ones finds nothing
ones_miss = {
    "nonlinear in the cotangent": (op(np.negative, lambda g, out, x: -g * g), [X]),
    "the roll not undone": (op(lambda x: np.roll(x, 1, 0), lambda g, out, x: np.roll(g, 1, 0)), [X]),
    "the transpose not undone": (op(np.transpose, lambda g, out, x: g), [X]),
    "the mean of the cotangent": (op(np.negative, lambda g, out, x: -g.mean() + 0 * x), [X]),
    "the largest cotangent": (op(np.positive, lambda g, out, x: g.max() + 0 * x), [X]),
}

# right to first order
second_order = {
    "the input out of the graph": (op(cube[0], lambda g, out, x: g * 3 * plain(x) ** 2), [X]),
    "the result out of the graph": (op(np.exp, lambda g, out, x: g * plain(out)), [X]),
    "one factor out of the graph": (op(cube[0], lambda g, out, x: g * 3 * x * plain(x)), [X]),
    "one operand out of the graph": (
        op(operator.mul, lambda g, out, x, y: g * plain(y), lambda g, out, x, y: g * x),
        [X, Y],
    ),
}
slope = op(lambda x: 3 * x**2, lambda g, out, x: g * 6 * plain(x))
third_order = {"the slope's slope out of the graph": (op(cube[0], lambda g, out, x: g * slope(x)), [X])}


def named(table):
    return pytest.mark.parametrize(("f", "leaves"), table.values(), ids=table.keys())


def cotangent_of(f, leaves):
    return numeric.random_like(f(*leaves), np.random.default_rng(SEED))


def verdicts(f, leaves, **options):
    return check_grads(f, *leaves, raise_=False, seed=SEED, **options)


def found_in(report):
    """The operation that a failed report names."""
    assert report.failures and not report.ok
    return {f.node.op for f in report.failures if f.node is not None}


@named(right)
def test_right_rules_pass_every_check(f, leaves):
    assert verdicts(f, leaves, order=3).ok
    cotangent = cotangent_of(f, leaves)
    numeric.check_value(f, leaves)
    numeric.check_first_order(f, leaves, SEED)
    numeric.check_higher_orders(f, leaves, SEED)
    numeric.check_nothing_changed(f, leaves, cotangent)
    numeric.check_same_bits(f, leaves, cotangent)
    numeric.check_freed(f, leaves, cotangent)
    numeric.check_scalar_gradients(f, leaves, cotangent)


@named(first_order)
def test_a_wrong_first_derivative_is_found_and_named(f, leaves):
    assert found_in(verdicts(f, leaves)) == {"planted"}
    with pytest.raises(AssertionError, match=r"vjp|jvp"):
        numeric.check_first_order(f, leaves, SEED)


@named(ones_miss)
def test_what_a_cotangent_of_ones_would_miss_is_found(f, leaves):
    result, pullback = vjp(f, *leaves)
    (pulled,) = pullback(np.ones_like(result))
    ones, t = np.ones_like(result), np.ones_like(leaves[0])
    numeric_slope = numeric.derivative(lambda h: np.sum(ones * f(leaves[0] + h * t)))
    assert abs(np.sum(pulled * t) - numeric_slope) < 1e-8, "ones do find this one"
    assert found_in(verdicts(f, leaves)) == {"planted"}
    with pytest.raises(AssertionError, match=r"vjp|jvp"):
        numeric.check_first_order(f, leaves, SEED)


@named(second_order)
def test_a_wrong_second_derivative_is_found(f, leaves):
    assert verdicts(f, leaves).ok
    failures = verdicts(f, leaves, order=2).failures
    assert failures and all(finding.reason.startswith("order 2") for finding in failures)
    numeric.check_value(f, leaves)
    with pytest.raises(AssertionError, match="derivative of order 2"):
        numeric.check_higher_orders(f, leaves, SEED)


@named(third_order)
def test_a_wrong_third_derivative_is_found(f, leaves):
    assert verdicts(f, leaves, order=2).ok
    failures = verdicts(f, leaves, order=3).failures
    assert failures and all(finding.reason.startswith("order 3") for finding in failures)
    numeric.check_first_order(f, leaves, SEED)
    numeric.check_higher_orders(f, leaves, SEED, order=2)
    with pytest.raises(AssertionError, match="derivative of order 3"):
        numeric.check_higher_orders(f, leaves, SEED)


@pytest.mark.parametrize(
    "rule",
    [lambda g, out, x: g, lambda g, out, x: g.sum(axis=0), lambda g, out, x: g[0, 0], lambda g, out, x: 1.0],
    ids=["not summed back", "summed over the axis for good", "a scalar", "a Python number"],
)
def test_a_gradient_of_the_wrong_shape_is_refused(rule):
    f = op(lambda x: np.broadcast_to(x, (4, 3)), rule)
    message = r"the rule of planted for input 0 returned shape .*\(1, 3\)"
    with pytest.raises(RuntimeError, match=message):
        numeric.check_first_order(f, [X[:1]], SEED)
    with pytest.raises(AssertionError, match=message):
        check_grads(f, X[:1])


def test_a_rule_that_raises_says_where():
    f = op(np.negative, lambda g, out, x: g @ np.ones(7))
    with pytest.raises(ValueError, match="matmul") as raised:
        numeric.check_first_order(f, [X], SEED)
    assert any("planted" in note for note in raised.value.__notes__)


def test_a_value_that_is_not_numpys_is_found():
    other = lambda x: x + x if isinstance(x, Value) else x * 2.000001
    with pytest.raises(AssertionError, match="not the same bits"):
        numeric.check_value(other, [X])
    numeric.check_value(other, [X], rtol=1e-3)
    with pytest.raises(AssertionError):
        numeric.check_value(other, [X], rtol=1e-13)


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x * np.float64(1.0) if isinstance(x, Value) else x * 1.0, "dtype"),
        (lambda x: x.reshape(-1) if isinstance(x, Value) else x * 1.0, "shape"),
        (lambda x: x.data if isinstance(x, Value) else x * 1.0, "Value"),
        (lambda x: [x] if isinstance(x, Value) else x * 1.0, "list"),
        (lambda x: x * 1.0 if isinstance(x, Value) else [x, x], "list"),
    ],
    ids=["another dtype", "another shape", "out of the graph", "a list", "not a list"],
)
def test_a_result_of_another_kind_is_found(f, what):
    with pytest.raises(AssertionError, match=what):
        numeric.check_value(f, [X.astype(np.float32)])


def found_by_structure(f):
    """Whether the checker's look at the manners of a gradient finds something."""
    failures = verdicts(f, [X]).failures
    return any(finding.verdict is Verdict.FAIL and finding.index is None for finding in failures)


def test_a_rule_that_writes_into_its_input_is_found():
    def rule(g, out, x):
        x[0, 0] = 7.0
        return -g

    f = op(np.negative, rule)
    assert found_by_structure(f)
    with pytest.raises(AssertionError, match="an input was changed"):
        numeric.check_nothing_changed(f, [X], cotangent_of(f, [X]))


def test_a_rule_that_writes_into_its_result_is_found():
    def rule(g, out, x):
        out *= 2
        return -g

    f = op(np.negative, rule)
    assert found_by_structure(f)
    with pytest.raises(AssertionError, match="the result was changed"):
        numeric.check_nothing_changed(f, [X], cotangent_of(f, [X]))


def test_a_rule_that_tells_arrays_from_values_is_found():
    f = op(cube[0], lambda g, out, x: g * 3 * x**2 if isinstance(x, Value) else g * 3 * x * x * (1 + 1e-15))
    cotangent = cotangent_of(f, [X])
    with pytest.raises(AssertionError, match=r"arrays:(.|\n)*Values:"):
        numeric.check_same_bits(f, [X], cotangent)
    numeric.check_same_bits(f, [X], cotangent, rtol=1e-13)


def test_a_graph_kept_alive_is_found():
    kept = []

    def f(x):
        kept.append(np.exp(x))
        return kept[-1] * 2

    assert found_by_structure(f)
    with pytest.raises(AssertionError, match="still alive"):
        numeric.check_freed(f, [X], cotangent_of(f, [X]))


def test_a_gradient_that_is_not_a_scalar_is_found():
    class Leaf:
        data, grad = np.float64(1.0), np.ones(())

    with pytest.MonkeyPatch.context() as patch, pytest.raises(AssertionError, match="ndarray for float64"):
        patch.setattr(numeric, "backward", lambda *args: ([Leaf], None))
        numeric.check_scalar_gradients(np.sin, [1.0], 1.0)
