"""The verdict on single numbers: facts that a checker must get right."""

import math

import numpy as np
import pytest

from autograd.check import GradientError, Verdict, check_grads
from autograd.check.numeric import ladder, step_for

PASS, KINK, EDGE, FAIL = Verdict.PASS, Verdict.PASS_KINK, Verdict.PASS_EDGE, Verdict.FAIL
UNVERIFIED, UNDEFINED = Verdict.UNVERIFIED, Verdict.UNDEFINED


def verdict(f, x, g, **options):
    report = check_grads(f, x, grad=lambda x: np.asarray(g, np.asarray(x).dtype)[()], raise_=False, **options)
    return report.findings[0].verdict


@pytest.mark.parametrize(
    ("f", "x", "g"),
    [
        (np.log, 1e-7, 1e7),
        (np.log, 1e-300, 1e300),
        (np.sqrt, 1e-12, 5e5),
        (np.sin, 1e9, math.cos(1e9)),
        (lambda x: 1e-6 * x * x, 1.0, 2e-6),
        (lambda x: np.sin(1e6 * x), 1.0, 1e6 * math.cos(1e6)),
        (lambda x: 1e-300 * x, 2.0, 1e-300),
        (lambda x: x**3, 1e-9, 3e-18),
        (lambda x: (np.exp(x) - 1) / x, 1e-10, 0.5),
        (lambda x: np.log(1 + x), 1e-20, 1.0),
        (lambda x: np.log(1 + np.exp(x)), -85.0, math.exp(-85)),
        (lambda x: (1 - np.cos(x)) / (x * x), 1e-4, -1e-4 / 12),
    ],
)
def test_the_slope_and_nothing_beside_it(f, x, g):
    assert verdict(f, x, g) is PASS
    for wrong in (g * (1 + 1e-4), g * (1 - 1e-4), -g, 0.0):
        assert verdict(f, x, wrong) in (FAIL, UNVERIFIED)
    assert verdict(f, x, -2 * g) is FAIL and verdict(f, x, math.nan) is FAIL


@pytest.mark.parametrize(
    ("f", "x", "right", "wrong"),
    [
        (np.abs, 0.0, (-1.0, -0.3, 0.0, 1.0), (1.001, -2.0, math.nan, math.inf)),
        (lambda x: np.maximum(x, 2 * x), 0.0, (1.0, 1.5, 2.0), (0.0, 2.1)),
        (lambda x: -1e-9 * np.abs(x - 1), 1.0, (0.0, 1e-9), (2e-9, 1.0)),
        (lambda x: np.where(x > 0, np.sqrt(np.abs(x)), 0 * x), 0.0, (0.0, math.inf), (-1.0, -math.inf)),
    ],
)
def test_at_a_kink_the_subdifferential(f, x, right, wrong):
    assert {verdict(f, x, g) for g in right} == {KINK}
    assert {verdict(f, x, g) for g in wrong} == {FAIL}


def test_how_kinks_are_judged_can_be_chosen():
    assert verdict(np.abs, 0.0, 0.0, kinks="min-norm") is KINK
    assert verdict(np.abs, 0.0, 0.5, kinks="min-norm") is FAIL
    assert verdict(np.abs, 0.0, 0.0, kinks="skip") is UNVERIFIED
    assert verdict(np.abs, 0.0, 0.0, kinks="fail") is FAIL
    with pytest.raises(ValueError, match="kinks='all'"):
        verdict(np.abs, 0.0, 0.0, kinks="all")


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_kink_beside_the_point_is_not_at_it(distance):
    assert verdict(lambda x: np.abs(x - 1), 1 + distance, 1.0) is PASS
    assert {verdict(lambda x: np.abs(x - 1), 1 + distance, g) for g in (0.0, -1.0)} == {FAIL}
    assert verdict(lambda x: np.maximum(x, 0 * x), -distance, 0.0) is PASS
    assert {verdict(lambda x: np.maximum(x, 0 * x), -distance, g) for g in (1.0, 0.5)} == {FAIL}


@pytest.mark.parametrize(
    ("f", "x", "right", "wrong"),
    [
        (np.sqrt, 0.0, math.inf, (0.0, -math.inf, 1e8)),
        (np.arccos, 1.0, -math.inf, (0.0, math.inf)),
        (lambda x: x * np.sqrt(x), 0.0, 0.0, (1.0, 1e-6)),
        (lambda x: x**2.5 + x, 0.0, 1.0, (0.0, 1.01)),
    ],
)
def test_at_the_edge_of_the_domain_one_side(f, x, right, wrong):
    assert verdict(f, x, right) is EDGE
    assert {verdict(f, x, g) for g in wrong} == {FAIL}


def test_steps_have_slope_zero_beside_their_jumps_and_none_at_them():
    assert verdict(np.floor, 3 + 1e-9, 0.0) is PASS and verdict(np.floor, 3 + 1e-9, 1e9) is FAIL
    assert verdict(np.sign, 1e-9, 0.0) is PASS and verdict(np.floor, 0.5, 1.0) is FAIL
    assert verdict(np.floor, 3.0, 0.0) is UNDEFINED and verdict(np.sign, 0.0, 0.0) is UNDEFINED


def test_other_slopes():
    assert verdict(np.cbrt, 0.0, math.inf) is PASS and verdict(np.cbrt, 0.0, 1e9) is FAIL
    assert verdict(lambda x: np.abs(x) ** 1.5, 0.0, 0.0) is PASS
    assert verdict(lambda x: np.abs(x) ** 1.5, 0.0, 1e-6) is FAIL
    assert verdict(lambda x: np.sqrt(np.abs(x)), 0.0, 3.0) is UNDEFINED
    assert verdict(np.log, 0.0, 5.0) is UNDEFINED and verdict(np.log, -1.0, -1.0) is UNDEFINED
    oscillating = lambda x: 0 * x if not x else x * np.sin(1 / x)
    assert verdict(oscillating, 0.0, 0.5) is UNVERIFIED
    assert verdict(lambda x: x * oscillating(x), 0.0, 0.0) is PASS


def test_at_a_point_where_neither_side_or_one_alone_is_defined():
    alone = lambda x: np.where(np.asarray(x) == 1.0, x, np.nan)[()]
    assert verdict(alone, 1.0, 1.0) is UNDEFINED
    step = lambda x: np.nan * x if x < 0 else x + 5.0 * (x > 0)
    assert {verdict(step, 0.0, g) for g in (0.0, 1.0)} == {UNDEFINED}


def test_infinite_on_one_side_and_unsettled_on_the_other():
    f = lambda x: np.sqrt(x) if x > 0 else x / np.log(-x) if x else 0 * x
    assert {verdict(f, 0.0, g) for g in (0.0, 1.0, math.inf)} == {UNVERIFIED}


def test_noise_is_no_slope():
    noisy = lambda x: x + 1e-3 * np.float64(hash(float(x)) % 1000 / 1000)
    assert verdict(noisy, 0.7, 1.0) in (UNVERIFIED, UNDEFINED)
    assert verdict(noisy, 0.7, 5.0) in (UNVERIFIED, UNDEFINED, FAIL)


@pytest.mark.parametrize("g", [1e-9, 1e-6, -1e-3, 1.0])
def test_a_slope_of_zero_is_zero(g):
    for f, x in (
        (np.cos, 0.0),
        (lambda x: x * x, 0.0),
        (lambda x: (x - 1) ** 2, 1.0),
        (lambda x: 0 * x + 3, 2.0),
    ):
        assert verdict(f, x, 0.0) is PASS and verdict(f, x, g) is FAIL


def test_float32_and_float16_against_float64():
    for kind in (np.float32, np.float16):
        x = kind(0.7)
        assert verdict(np.sin, x, math.cos(float(x))) is PASS
        assert verdict(np.sin, x, 1.01 * math.cos(float(x))) is FAIL


def test_steps_are_exact():
    for x in (1.0, 0.3, 1e-300, 12345.678, 1e15):
        for h in ladder(x, step_for(x)):
            assert (x + h) - x == h and x - (x - h) == h
    assert step_for(0.0) == 0.125


def test_nothing_verified_is_an_error():
    with pytest.raises(GradientError, match="UNDEFINED"):
        check_grads(np.log, 0.0)
    assert not check_grads(np.log, 0.0, raise_=False).ok


def test_a_saturated_slope_loses_digits_and_is_no_failure():
    x = 13.0
    assert verdict(np.tanh, x, 1 - math.tanh(x) ** 2) in (PASS, UNVERIFIED)
    assert verdict(np.tanh, x, 1.01 * (1 - math.tanh(x) ** 2)) in (FAIL, UNVERIFIED)
    assert verdict(np.tanh, 20.0, 0.0) is UNVERIFIED and verdict(np.tanh, 20.0, 1e-9) is FAIL


low = lambda x: np.asarray(x, np.float32).astype(np.float64)
plain = lambda x: np.asarray(x, np.float64)


@pytest.mark.parametrize(
    ("f", "x", "g"),
    [
        (lambda x: np.sin(low(x)), 0.8, math.cos(0.8)),
        (lambda x: np.round(np.exp(x) * 1e8) / 1e8, 0.4, math.exp(0.4)),
        (lambda x: np.round(np.exp(x) * 1e13) / 1e13, 0.4, math.exp(0.4)),
        (lambda x: np.log(1 + np.exp(plain(x))), -30.0, math.exp(-30)),
        (lambda x: 1 - np.cos(plain(x)), 1e-3, math.sin(1e-3)),
    ],
)
def test_of_a_function_that_moves_in_steps_two_slopes_are_none(f, x, g):
    """On a step it is 0, across them it is g: neither is called wrong, nor right; all else is wrong."""
    report = check_grads(f, x, grad=lambda x: np.float64(g), raise_=False)
    assert report.findings[0].verdict is UNVERIFIED and "moves in steps" in report.findings[0].reason
    assert verdict(f, x, 0.0) is UNVERIFIED
    assert {verdict(f, x, k * g) for k in (-1, 2, 0.5)} == {FAIL}


def test_wide_steps_are_meant():
    assert verdict(lambda x: np.floor(x * 1e3) / 1e3, 0.5005, 0.0) is PASS
    assert verdict(lambda x: np.floor(x * 1e3) / 1e3, 0.5005, 1.0) is FAIL
    assert verdict(lambda x: x + 1e-6 * np.sin(1e6 * x), 0.25, 1 + math.cos(0.25e6)) is PASS


def test_at_a_jump_other_slopes_than_those_beside_it_are_wrong():
    stepped = lambda x: np.where(x > 2, 3 * x + 1, 3 * x)
    assert verdict(stepped, 2.0, 3.0) is UNDEFINED and verdict(stepped, 2.0, math.inf) is UNDEFINED
    assert {verdict(stepped, 2.0, g) for g in (0.0, -3.0, 3.1)} == {FAIL}
    assert verdict(np.floor, 4.0, 1.0) is FAIL


def test_the_sign_of_an_infinite_slope():
    f = lambda x: 1 / (1 + np.sqrt(x))
    assert verdict(f, 0.0, -math.inf) is EDGE and verdict(f, 0.0, math.inf) is FAIL


def test_the_complex_step_is_not_believed_where_it_rounds():
    f = lambda x: np.sqrt(x * x + x) - x
    assert verdict(f, 1e9, 1.25e-19) is UNVERIFIED and verdict(f, 1e9, 1.0) is FAIL
    for power in (0.9, 1.1):  # neither is analytic at 0
        assert verdict(lambda x, p=power: x**p, 0.0, math.inf if power < 1 else 0.0) is UNVERIFIED
    assert verdict(lambda x: np.where(x > 0, np.exp(-1 / np.where(x > 0, x, 1)), 0 * x), 0.0, 0.01) is FAIL


def test_a_gradient_hardly_different_from_0_is_not_certified():
    f = lambda x: 1 + 1e-17 * np.abs(x)
    assert verdict(f, 1.0, -1e-17) is UNVERIFIED and verdict(f, 1.0, 1e-9) is FAIL
    bent = lambda x: np.sum(np.maximum(x, 0.5 * x)) - np.sum(np.sort(np.maximum(x, 0.5 * x)))
    assert check_grads(bent, np.array([0.3, 1.0, -2.0])).verified  # 0, not analytic


# --- what the report says -------------------------------------------------------------------


def test_a_factor_near_1_is_told_from_1():
    x = np.array([1.5])
    report = check_grads(lambda x: np.sum(x**2), x, grad=lambda x: 2 * x * (1 + 2e-6), raise_=False)
    assert "off by a factor of 1.000002" in str(report) and report.counts[Verdict.FAIL] == 1


def test_one_wrong_element_of_many_is_named():
    def bad(x):
        g = 2 * x
        g[123] *= 1.5
        return g

    x = np.random.default_rng(0).normal(size=500)
    report = check_grads(lambda x: np.sum(x**2), x, grad=bad, raise_=False)
    assert any(f.verdict is Verdict.FAIL and f.index == (123,) for f in report.findings)


def test_a_gradient_that_reads_what_f_left_behind():
    seen = {}

    def f(x):
        seen["x"] = x
        return np.sum(x**2)

    report = check_grads(f, np.array([1.0, 2.0]), grad=lambda x: 2 * seen["x"], raise_=False)
    assert report.counts[Verdict.FAIL] and "depends on the last call of f" in str(report)


def test_what_was_not_verified_is_said_alike_by_text_and_repr():
    def f(x):
        raise ValueError("no such thing")

    report = check_grads(f, np.ones(2), raise_=False)
    assert not report.ok and "NOT OK, nothing could be verified" in repr(report)
    assert "NOT OK, nothing could be verified" in str(report) and "no such thing" in str(report)
