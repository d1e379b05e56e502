"""Functions that misbehave while they are checked: each a readable verdict, never a crash."""

import numpy as np

from autograd.check import Verdict, check_grads


def test_a_cotangent_that_is_overwritten_is_said_as_that():
    def vjp(v, x):
        g = 2 * x * v
        v *= 0
        return g

    report = check_grads(lambda x: x * x, np.array([0.3, 0.5]), vjp=vjp, raise_=False)
    failed = [f for f in report.findings if f.verdict is Verdict.FAIL]
    assert [f.reason for f in failed] == ["the gradient changes the cotangent in place"]


def test_a_function_that_raises_late():
    calls = []

    def late(x):
        calls.append(1)
        if len(calls) > 40:
            raise ValueError("late")
        return x * 2

    report = check_grads(late, np.array([0.3, 0.5]), raise_=False)
    assert not report.ok and report.findings


def test_a_vertical_side_beside_one_that_never_settles():
    def f(x):
        v = x.item()
        return np.sqrt(v) if v > 0 else v * np.sin(1 / v) if v < 0 else 0.0

    for g in (0.0, 5.0):
        report = check_grads(f, 0.0, grad=lambda x, g=g: g, raise_=False)
        assert [r.verdict for r in report.findings] == [Verdict.UNVERIFIED]


def test_a_value_that_belongs_to_neither_side():
    def f(x):  # the sign of a factor turns at the point alone
        return x * 3.0 + 1.0 if x.item() != 0 else -x * 3.0 - 1.0

    report = check_grads(f, 0.0, raise_=False)
    assert [r.verdict for r in report.findings] == [Verdict.UNDEFINED]
