"""locate: the first wrong rule of a recorded graph, a changed input, or the engine."""

import numpy as np
import pytest

from autograd import Value, backward, checkpoint, detect_anomaly, no_grad, primitive
from autograd.check import check_grads, locate

X = np.array([[0.5, -1.0, 2.0], [0.25, -0.75, 3.0]])
tenth = primitive(lambda g, out, x: g * 3 * x**2 * (1 + 1e-4 * (x == 2.0)), name="tenth")(lambda x: x**3)
halved = primitive(lambda g, out, x: g * 0.5 * np.cos(x), name="halved")(np.sin)
times = primitive(
    lambda g, out, x, y: g * y, lambda g, out, x, y: g * y, broadcasts=True, name="times")(lambda x, y: x * y)  # fmt: skip


def test_the_element_the_argument_and_the_line():
    with detect_anomaly():
        y = np.sum(tenth(Value(X) * 1) * X)
    (found,) = locate(y)
    assert (found.kind, found.op, found.arg, found.index) == ("rule", "tenth", 0, (0, 2))
    assert "test_locate.py:" in found.line and "(2, 3)" in found.shapes
    (found,) = locate(np.sum(times(Value(X), Value([1.0, 2.0, 4.0]))))
    assert (found.op, found.arg, found.node) == ("times", 1, 1)


def test_one_wrong_element():
    (found,) = locate(tenth(Value(X)))
    assert found.index == (0, 2) and abs(found.analytic / found.numeric - 1.0001) < 1e-6


def test_output_first_or_input_first_and_how_many():
    y = np.sum(halved(tenth(Value(X))))
    assert [r.op for r in locate(y, limit=9)] == ["halved", "tenth"]
    assert [r.op for r in locate(y, order="input-first", limit=9)] == ["tenth", "halved"]
    assert [r.op for r in locate(y)] == ["halved"]
    with pytest.raises(ValueError, match="order='up'"):
        locate(y, order="up")


def test_all_right():
    x = Value(X)
    assert locate(np.sum(np.maximum(x @ X.T, 0) ** 2) + np.mean(x)) == []
    assert locate([np.sum(x), np.prod(x)]) == []


def test_an_input_that_changed():
    x = Value(X)
    y = np.sum(np.exp(x))
    with no_grad():
        x += 1
    (found,) = locate(y)
    assert (found.kind, found.op, found.arg) == ("changed", "exp", 0)
    x = Value(X)
    y = np.sum(np.exp(x))
    x.data[0, 0] = 9.0
    (found,) = locate(y)
    assert found.kind == "changed" and "an input changed since it was recorded" in str(found)


def test_an_operation_that_is_random():
    rng = np.random.default_rng(0)
    noisy = primitive(lambda g, out, x: g)(lambda x: x + rng.normal(size=x.shape))
    (found,) = locate(noisy(Value(X)))
    assert found.kind == "nondeterministic"


def test_the_engine(monkeypatch):
    def forgetful(seeds, **options):
        found = walk(seeds, **options)
        return {n: (v, g * 2) for n, (v, g) in found.items()}

    walk = backward.walk
    x = Value(X)
    y = np.sum(np.sin(x) * x)
    monkeypatch.setattr(backward, "walk", forgetful)
    (found,) = locate(y)
    assert found.kind == "engine" and "all 3 local rules are right, so the engine is at fault" in str(found)
    report = check_grads(lambda x: np.sum(np.sin(x) * x), X, raise_=False)
    assert "the engine is at fault" in str(report)


def test_rules_of_the_second_order():
    plain = lambda x: x.data if isinstance(x, Value) else x
    cube = primitive(lambda g, out, x: g * 3 * plain(x) ** 2, name="cube")(lambda x: x**3)
    y = np.sum(cube(Value(X)))
    assert locate(y) == [] and [r.op for r in locate(y, derivatives=2)] == ["cube"]


def test_a_rule_of_the_wrong_shape_or_that_raises():
    flat = primitive(lambda g, out, x: g.ravel(), name="flat")(lambda x: x * 2)
    (found,) = locate(flat(Value(X)))
    assert found.op == "flat" and "shape (6,)" in found.reason
    broken = primitive(lambda g, out, x: g @ np.ones(7), name="broken")(lambda x: x * 2)
    (found,) = locate(broken(Value(X)))
    assert found.op == "broken" and "ValueError" in found.reason


def test_operations_of_any_number_of_operands():
    x, y = Value(X), Value(X * 2)
    assert locate(np.sum(np.concatenate([x, y]) * np.stack([x, y]).reshape(4, 3))) == []


def test_a_checkpoint_is_one_operation():
    assert locate(checkpoint(lambda x: np.sin(x) * 2)(Value(X))) == []
    (found,) = locate(checkpoint(lambda x: tenth(x) * 2)(Value(X)))
    assert found.kind == "rule" and found.index == (0, 2)


def test_an_operand_without_a_rule():
    weighted = primitive(lambda g, out, x, w: g * w, None, name="weighted")(lambda x, w: x * w)
    (found,) = locate(weighted(Value(X), Value(3.0)))
    assert (found.op, found.arg, found.reason) == ("weighted", 1, "it has no rule for this input")


def test_an_operation_that_cannot_be_repeated_is_passed_over():
    calls = iter(range(100))

    def once(x):
        if next(calls):
            raise ValueError("only once")
        return x * 2

    odd = primitive(lambda g, out, x: g * 2, name="odd")(once)
    (found,) = locate(tenth(odd(Value(X / 2))), order="input-first")
    assert found.op == "tenth"


def test_what_was_not_recorded():
    with pytest.raises(TypeError, match="was not recorded"):
        locate(Value(1.0))


def test_a_checkpoint_over_another_value():
    outer = Value(np.array([1.0, 2.0]))
    assert locate(checkpoint(lambda x: np.sin(x) * outer)(Value(np.array([0.3, 0.5])))) == []
    assert outer.data.tolist() == [1.0, 2.0]


def test_a_released_graph_cannot_be_looked_at():
    y = Value(2.0) * 3
    y.backward(release=True)
    with pytest.raises(RuntimeError, match="locate: this graph was released"):
        locate(y)
