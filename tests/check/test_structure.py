"""Good manners: what a gradient must not do, planted one by one."""

import numpy as np
import pytest

from autograd import Value, primitive
from autograd.check import Verdict, check_grads, structure
from autograd.check.structure import near, structural_findings
from autograd.check.subject import Subject

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.375]])
KEPT = []


def writes_into(what):
    def rule(g, out, x):
        kept = {"input": x, "cotangent": g, "result": out}[what]
        result = g * 2 * x
        kept *= 1.5
        return result

    return primitive(rule)(lambda x: x**2)


def keeps(x):
    y = x * x
    if isinstance(y, Value):
        KEPT.append(y)
    return np.sum(y)


def changes(x):
    if not isinstance(x, Value):
        x += 1.0
        return np.sum((x - 1) ** 2)
    return np.sum(x**2)


alternating = iter(range(10**6))
layout = lambda g, out, x: g * 2 * (x if not isinstance(x, np.ndarray) or x.flags.c_contiguous else x + 1)
PLANTED = {
    "not zero for a zero cotangent": lambda x: np.sum(primitive(lambda g, out, x: g * 2 * x + (g == 0))(lambda x: x**2)(x)),
    "not linear in the cotangent": lambda x: np.sum(primitive(lambda g, out, x: abs(g) * 2 * x)(lambda x: x**2)(x)),
    r"g\(v \+ w\) is not": primitive(lambda g, out, x: g * np.abs(g) / np.abs(g).max() * 0 + g * 2 * x * (np.ptp(g) > 0.001)
                                      + 1e-6 * g * np.abs(g).max() / np.abs(g).mean())(lambda x: x**2),
    "differs between two calls": primitive(lambda g, out, x: g * 2 * x * (1 + 1e-9 * next(alternating)))(lambda x: x**2),
    "changes an input": writes_into("input"),
    "changes the cotangent": writes_into("cotangent"),
    "changes a result": writes_into("result"),
    "f changes its input in place": changes,
    "another for a Fortran": primitive(layout)(lambda x: x**2),
    "stay alive": keeps,
    "something else for Values": lambda x: np.sum(x * x) if isinstance(x, Value) else np.sum(x * x) + 1e-3,
}  # fmt: skip


@pytest.mark.parametrize("reason", PLANTED)
def test_bad_manners_are_named(reason):
    report = check_grads(PLANTED[reason], X, raise_=False, rtol=1e-4)
    KEPT.clear()
    assert not report.ok
    reasons = [f.reason for f in report.findings if f.arg == "structure"]
    import re

    assert any(re.search(reason, r) for r in reasons), reasons or str(report)


def test_good_manners_are_not_accused():
    for f in (
        np.sum,
        lambda x: x * 1,
        lambda x: x,
        np.transpose,
        lambda x: np.concatenate([x, x]),
        lambda x: x[::-1, ::2],
    ):
        report = check_grads(f, X)
        assert not [g for g in report.findings if g.arg == "structure"]
    assert check_grads(lambda x: x * 2, X.astype(np.float32)).ok


def test_a_gradient_by_hand_has_manners_too():
    def gradient(x):
        result = 2 * x
        x[0, 0] = 9.0
        return result

    report = check_grads(lambda x: np.sum(x * x), X, grad=gradient, raise_=False)
    assert "the gradient changes an input in place" in str(report)
    report = check_grads(
        lambda x: np.sum(x * x), X, grad=lambda x: (2 * x).astype(np.float32), raise_=False, rtol=1e-3
    )
    assert "float32" in str(report) and report.counts[Verdict.FAIL] == 1


def test_a_function_with_a_gradient_by_hand_that_changes_its_input():
    def f(x):
        x *= 2.0
        return np.sum(x * x) / 4

    report = check_grads(f, X, grad=lambda x: 2 * x, raise_=False)
    assert [g.reason for g in report.findings if g.arg == "structure"] == ["f changes its input in place"]


def test_a_gradient_by_hand_that_changes_the_cotangent():
    def vjp(c, x):
        g = c * 2 * x
        c *= 2.0
        return g

    report = check_grads(np.square, X, vjp=vjp, raise_=False)
    assert "the gradient changes the cotangent in place" in str(report.findings)


def test_a_gradient_that_is_memory_of_its_input_is_named(monkeypatch):
    """The engine hands out copies; if it did not, this would be seen."""
    right = structure.gradients

    def sharing(outputs, values, *args, **options):
        right(outputs, values, *args, **options)
        return [v.data for v in values]  # 1/2 x**2 has the gradient x

    monkeypatch.setattr(structure, "gradients", sharing)
    reasons = structural_findings(Subject(lambda x: np.sum(x * x) / 2, [X], {}), [X], [np.float64(1)], None)
    assert "the gradient of argument 0 shares memory with the input argument 0" in [r.reason for r in reasons]


def test_a_gradient_for_one_dtype_only_is_judged_by_that():
    def vjp(c, x):
        if x.dtype != np.float64:
            raise TypeError("float64 alone")
        return np.abs(c) * 2 * x

    report = check_grads(np.square, X, vjp=vjp, raise_=False)
    reasons = " ".join(g.reason for g in report.findings if g.arg == "structure")
    assert "linear in the cotangent: g(-2 v) is not -2 g(v)" in reasons


def test_near_tells_a_number_from_nan_and_infinity():
    assert not near([np.array([1.0, np.nan])], [np.array([1.0, 2.0])])
    with np.errstate(invalid="ignore"):
        assert not near([np.inf], [-np.inf])
        assert near([np.inf, np.nan], [np.inf, np.nan])


def test_structural_checks_can_be_left_out():
    assert check_grads(keeps, X, structural=False).ok
    KEPT.clear()


@pytest.mark.parametrize("f", [lambda x: 3.0, lambda x: np.ones(2), lambda x: (np.zeros(x.shape), 1.5)])
@pytest.mark.parametrize("x", [np.array([0.5, -2.0]), np.float32(0), np.zeros((0, 2))])
def test_a_constant_function_has_the_gradient_0(f, x):
    assert check_grads(f, x, order=2).verified
    wrong = check_grads(lambda x: 3.0, np.array([0.5, -2.0]), grad=np.ones_like, raise_=False)
    assert [f.verdict for f in wrong.failures] == [Verdict.FAIL] * 2


@pytest.mark.parametrize(
    ("f", "x"), [(lambda x: x**2, 0.0), (lambda x: (x[0] - x[1]) ** 2, np.ones(2)), (lambda x: 1 / x, np.inf)]
)
def test_a_slope_of_0_by_chance_hides_nothing(f, x):
    """The gradient 0 is right there, but f leaves the graph."""
    report = check_grads(lambda x: f(x.data if isinstance(x, Value) else x), x, raise_=False)
    assert not report.ok
