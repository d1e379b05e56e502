"""What rounding does to a rule is no mistake in it, in whichever dtype; what a rule does in one dtype is."""

import numpy as np
import pytest

from autograd import primitive
from autograd.check import Verdict, check_grads
from nn import functional


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_softmax_of_large_logits_is_no_failure(dtype):
    for x in ([1000, 990, 3], [853, 720, 442, 836], [-63.75, -49.03125, -49.90625, -12.8984375, -84.8125]):
        for f in (lambda x: functional.softmax(x, -1), lambda x: functional.softmax(x, -1) ** 2):
            assert not check_grads(f, np.array(x, dtype), raise_=False).failures


def squared(factor, dtype):
    """x**2 with a rule that is off in one dtype only."""
    return primitive(lambda g, out, x: (g * 2 * x * (factor if x.dtype == dtype else 1)).astype(x.dtype))(
        lambda x: x**2
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_rule_that_is_wrong_in_one_dtype_only(dtype):
    x = np.array([0.75, 1.3, -100.3, 1000.1], dtype)
    for factor in (0, -1, 1.1):
        assert check_grads(squared(factor, dtype), x, raise_=False).counts[Verdict.FAIL] == 4
    for factor in (1.001, 1.0001):
        assert not any(
            f.verdict.passed for f in check_grads(squared(factor, dtype), x, raise_=False).findings
        )


def test_a_gradient_by_hand_for_float32_alone():
    """Where it cannot be asked in wider arithmetic, its own rounding is not known, and it is not passed."""

    def gradient(x):
        if x.dtype != np.float32:
            raise TypeError("float32 alone")
        return 2 * x * np.float32(1.0 + 3e-3)

    x = np.array([0.75, 1.3], np.float32)
    report = check_grads(lambda x: np.sum(x * x), x, grad=gradient, raise_=False)
    assert not report.counts[Verdict.PASS] and len(report.findings) >= 2


def test_a_rule_that_loses_digits_is_not_passed():
    rough = primitive(lambda g, out, x: (g * 2 * x).astype(np.float16).astype(x.dtype) if x.dtype == np.float32
                      else g * 2 * x)(lambda x: x**2)  # fmt: skip
    report = check_grads(rough, np.array([0.7, 1.3, 3.3], np.float32), raise_=False)
    assert report.counts[Verdict.UNVERIFIED] == 3 and "float32 loses digits" in str(report)


def test_a_function_that_casts_on_its_way():
    """Wider arithmetic that does not reach through f is not believed, nor complex numbers that are cast."""
    for dtype in ("float16", "float64"):
        for x in ([0.25, 2.875, -0.75, 0.75], [2.875, -0.75, -0.75, -0.625]):
            assert not check_grads(functional.gelu, np.array(x, dtype)).unverified_share
    real = lambda x: np.sum(np.asarray(x).real ** 2 * np.abs(np.asarray(x)))
    report = check_grads(real, np.array([1e-3, 2.0]), grad=lambda x: 3 * x * np.abs(x))
    assert all(f.verdict is Verdict.PASS for f in report.findings)


@pytest.mark.parametrize("f", [lambda x: np.sum(x**3), lambda x: np.sum(x**5 - x**3)])
def test_what_vanishes_with_the_step_is_no_slope(f):
    x = np.array([0.0, 0.5])
    assert check_grads(f, x).counts[Verdict.PASS] == 2
    wrong = check_grads(f, x, grad=lambda x: np.array([1e-9, 0.0]), raise_=False)
    assert wrong.findings[0].verdict is Verdict.FAIL


@pytest.mark.parametrize("dtype, errors", [("float32", (1e-4, 1e-3, 1e-2, 0.3)), ("float16", (0.05, 0.1))])
def test_a_gradient_that_is_wrong_in_one_dtype_fails_there(dtype, errors):
    """2 * x is exact in every dtype: no rounding explains an error of it."""
    for error in errors:
        for x in (np.array([1.0, 2.0], dtype), np.random.default_rng(0).normal(size=4).astype(dtype)):
            bad = lambda x, e=error: (2 * x * (1 + e * (x.dtype == dtype))).astype(x.dtype)
            report = check_grads(lambda x: np.sum(x**2), x, grad=bad, raise_=False)
            assert report.counts[Verdict.FAIL] == x.size and f"wrong in {dtype}: off by" in str(report)
    norm = lambda x: (x / np.sqrt(np.sum(x * x) + 0.05 * (x.dtype == dtype))).astype(x.dtype)
    report = check_grads(
        lambda x: np.sqrt(np.sum(x * x)), np.array([0.3, -0.5], dtype), grad=norm, raise_=False
    )
    assert report.counts[Verdict.FAIL] == 2


def test_an_argument_in_float32_is_not_hidden_by_others_in_float64():
    f = lambda x, w: np.sum(x**2) * np.sum(w)
    off = lambda x: np.float32(1.005) if x.dtype == np.float32 else 1
    bad = lambda x, w: (
        (2 * x * np.sum(w) * off(x)).astype(x.dtype),
        np.sum(x.astype(w.dtype) ** 2) * np.ones(9),
    )
    report = check_grads(f, np.array([1.0], np.float32), np.arange(1.0, 10.0), grad=bad, raise_=False)
    assert report.counts[Verdict.FAIL] == 1 and report.findings[0].verdict is Verdict.FAIL


LOSING = [  # functions whose gradients lose digits, or whose constants are rounded, in float32 and float16
    lambda x: np.sin(100.1 * x),
    lambda x: 1 - np.tanh(x) ** 2,
    lambda x: ((1 + x) - 1) ** 2,
    lambda x: (1 - np.cos(x)) / (x * x + 1e-3),
    lambda x: np.exp(3.3 * x),
    lambda x: np.mean((x - 0.3) ** 2),
    lambda x: (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5),
    functional.gelu,
]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_digits_that_are_lost_are_no_mistake(dtype):
    rng = np.random.default_rng(5)
    for f in LOSING:
        for x in ([0.25, -1.5, 2.875], [8.453125, -9.703125, 2.052734375, 5.8125], rng.normal(size=3) / 100):
            x = np.array(x, dtype) if f is not LOSING[4] else np.array(x, dtype) / 4
            assert not check_grads(f, x, raise_=False, structural=False).failures
