"""check_grads: inputs and results of every kind, orders, directions, bad input, the report."""

import gc
import json
import math
import random
import subprocess
import sys
import time

import numpy as np
import pytest

from autograd import Value, primitive, stop_gradient, value_and_grad
from autograd.check import GradientError, Verdict, check_grads

W = np.array([[0.5, -1.0, 2.0], [0.25, -0.75, 3.0]])
X = np.array([1.0, 2.0, 3.0])
wrong_square = primitive(lambda g, out, x: -g * 2 * x, name="wrong_square")(lambda x: x**2)


def loss(w):
    return np.sum(wrong_square(np.tanh(w)) * 3)


# --- inputs -----------------------------------------------------------------------------------


def test_containers_keywords_and_constants():
    tree = {"a": W, "b": [2.0, 3, X]}
    assert check_grads(lambda d, n: np.sum(d["a"] * d["b"][2] * d["b"][0]) * n, tree, 4).ok
    report = check_grads(lambda x, k=None: np.sum(x * k), W, kwargs={"k": W * 2})
    assert {f.arg for f in report.findings} == {"argument 0", "k"} and len(report.findings) == 12
    report = check_grads(lambda x, k=None: np.sum(x * k), W, kwargs={"k": W * 2}, wrt="k")
    assert {f.arg for f in report.findings} == {"k"}


def test_values_closed_over_are_put_back():
    w = Value(W, name="w")
    before, number = w.data, w._number
    y = np.sum(w * w)
    report = check_grads(lambda x: np.sum(np.sin(w) @ x), X, wrt=[w, 0])
    assert report.ok and len(report.findings) == 9
    assert w.data is before and w._number == number and w.grad is None
    y.backward()  # what was recorded before still stands
    np.testing.assert_array_equal(w.grad, 2 * W)


def test_values_are_put_back_if_f_raises():
    w = Value(2.0)

    def f():
        if w.item() != 2.0:
            raise KeyError("elsewhere")
        return w * w

    with pytest.raises(KeyError):
        check_grads(f, wrt=[w])
    assert w.item() == 2.0


def test_methods_of_values_are_called_on_values():
    assert check_grads(lambda x: x.relu().sum() + x.sigmoid().sum(), W).ok


def test_large_inputs_by_directions_and_samples():
    big = np.random.default_rng(0).normal(size=(40, 50))
    report = check_grads(lambda x: np.sum(np.maximum(x, 0) ** 2), big)
    assert report.ok and 20 < len(report.findings) < 50
    assert any(f.index is None for f in report.findings)
    bad = primitive(lambda g, out, x: g * np.where(np.arange(50) == 17, 2.001, 2.0) * x)(lambda x: x**2)
    with pytest.raises(GradientError, match="a random direction"):  # one column in fifty
        check_grads(lambda x: np.sum(bad(x)), big)
    assert len(check_grads(lambda x: np.sum(x * x), big[:3], directions="all").findings) == 150
    assert sum(f.index is None for f in check_grads(np.sum, big, directions=3).findings) == 3


@pytest.mark.parametrize("dtype", [np.longdouble, ">f8", "<f4", np.float16])
def test_any_floating_dtype(dtype):
    assert check_grads(lambda x: np.sum(x**2), W.astype(dtype)).verified


def test_results_that_come_and_go_are_random():
    calls = iter(range(10**6))
    report = check_grads(lambda x: (x, x) if next(calls) % 2 else x, X, raise_=False)
    assert set(report.counts) == {Verdict.NONDETERMINISTIC}


def test_empty_inputs_have_nothing_to_check():
    report = check_grads(lambda x: np.sum(x), np.zeros((0, 3)))
    assert report.ok and not report.findings


# --- results ------------------------------------------------------------------------------------


def test_array_and_tuple_results():
    assert check_grads(lambda x: np.cumsum(x * x), W).ok
    assert check_grads(lambda x: (np.sin(x), {"more": x.sum()}, 3), W).ok
    roll = primitive(lambda g, out, x: np.roll(g, 1))(lambda x: np.roll(x, 1))
    assert check_grads(roll, X, raise_=False).counts[Verdict.FAIL] == 3  # a cotangent of ones sees nothing


@pytest.mark.parametrize(
    ("f", "x", "message"),
    [
        (lambda x: None, X, "returned None; is a return missing"),
        (lambda x: "text", X, "returned str"),
        (lambda x: np.argmax(x), X, "no floating number"),
        (lambda x: x + 1j, X, "complex"),
        (lambda x: x, np.arange(3), "int64; only floating point"),
        (lambda x: x, 1j, "complex; gradients are of real numbers: pass the real and the imaginary part"),
        (3.0, X, "f is of type float; pass a function"),
        (lambda: 1.0, None, "no floating input"),
    ],
)
def test_what_cannot_be_checked_says_why(f, x, message):
    with pytest.raises(TypeError, match=message):
        check_grads(f, *([] if x is None else [x]))


@pytest.mark.parametrize(
    ("f", "options", "message"),
    [
        (np.sum, {"grad": X}, r"grad is an array of shape \(3,\); pass a function, called as f is"),
        (np.sum, {"vjp": 1.0}, "vjp is of type float; pass a function, called as f is with the cotangent"),
        (
            np.sin,
            {"grad": np.cos},
            r"grad= is for a function that returns one number: let f return its sum, or pass vjp=",
        ),
        (
            np.sum,
            {"grad": lambda x: None},
            "of dtype object; return a float array of shape .3,. .is a return missing",
        ),
        (
            np.sum,
            {"grad": lambda x: [1.0, 1.0, 1.0]},
            "has 3 parts for 1 inputs; return one array for each input",
        ),
    ],
)
def test_a_gradient_that_is_none_says_what_to_pass(f, options, message):
    with pytest.raises(TypeError, match=message):
        check_grads(f, X, **options)


def test_an_integer_asked_for_and_a_constant_among_the_arguments():
    f = lambda x, n, v: np.sum(x * n) * v
    with pytest.raises(TypeError, match=r"argument 1 has dtype int64; only floating point"):
        check_grads(f, X, np.arange(3), 2.0, wrt=1)
    report = check_grads(f, X, np.arange(3), Value(2.0, requires_grad=False))
    assert {finding.arg for finding in report.findings} == {"argument 0"}
    chosen = lambda x, how, flag: np.sum(np.sin(x) if how == "sin" and flag else x)
    assert check_grads(chosen, X, "sin", True).ok


def test_an_error_of_a_function_with_a_gradient_of_its_own_is_told():
    with pytest.raises(AttributeError, match="total"):
        check_grads(lambda x: x.total(), X, grad=lambda x: x)


def test_a_second_derivative_that_is_not_finite_is_undefined():
    report = check_grads(np.sqrt, 0.0, order=2, raise_=False)  # inf there
    (second,) = [f for f in report.findings if f.reason.startswith("order 2: ")]
    assert second.verdict is Verdict.UNDEFINED and "not finite at this point" in second.reason


def test_a_verified_report_says_so():
    text = str(check_grads(lambda p: np.sin(p[0]), (X,), name="sine"))
    assert text.splitlines()[0] == "sine: gradients verified"
    assert text.splitlines()[-1] == f"  repeat:  check_grads(sine, (np.array({X.tolist()}),), seed=0)"
    assert str(check_grads(np.sum, np.zeros((0, 3)))).startswith("sum: nothing to check")
    edge = check_grads(lambda x: x**2.5 + x, np.array([0.0, 1.0]))
    assert "1 at edges" in str(edge)


def test_a_small_mistake_is_shown_with_all_digits():
    slightly = primitive(lambda g, out, x: g * 2 * x * (1 + 1e-5), name="slightly")(lambda x: x**2)
    with pytest.raises(GradientError, match=r"analytic  6\.00006\d*    numeric  (6\.0|5\.9999999)\d* ± "):
        check_grads(slightly, 3.0)


def test_complex_numbers_are_two_real_ones():
    f = lambda re, im: np.sum(re * re + im * im)
    assert check_grads(f, X, X + 1).ok
    with pytest.raises(TypeError, match="pass the real and the imaginary part as two float arrays"):
        value_and_grad(lambda z: np.sum(np.abs(z)))(X + 1j)
    with pytest.raises(TypeError, match="return real ones"):
        check_grads(lambda x: np.fft.fft(x), X)


def test_what_is_not_verified_is_said_first():
    f = lambda x: 1e12 * np.abs(x[0]) + 1e-12 * np.abs(x[1])
    report = check_grads(f, X)
    assert report.ok and not report.verified and report.to_dict()["verified"] is False
    assert str(report).startswith("<lambda>: nothing wrong found, but 1 of 3 could not be verified")
    assert "1 of 3 could not be verified" in repr(report) and check_grads(np.sin, X).verified
    with pytest.raises(GradientError, match="UNVERIFIED"):
        check_grads(f, X, strict=True)
    strict = check_grads(f, X, strict=True, raise_=False)
    assert not strict.ok and len(strict.failures) == 1 and "strict=True" in strict.repro()
    assert check_grads(np.sin, X, strict=True).ok


def test_leaving_the_graph_is_found():
    for f in (lambda x: np.sum(getattr(x, "data", x)) if isinstance(x, Value) else np.sum(x),
              lambda x: np.sum(stop_gradient(x) * 2)):  # fmt: skip
        report = check_grads(f, W, raise_=False)
        assert report.counts[Verdict.FAIL] >= 6 and "no result is a Value" in str(
            [x.reason for x in report.failures]
        )


def test_a_random_function_is_named_as_such():
    rng = np.random.default_rng()
    report = check_grads(lambda x: np.sum(x) * rng.normal(), W, raise_=False)
    assert set(report.counts) == {Verdict.NONDETERMINISTIC} and "seed it" in str(report) and not report.ok


def test_however_it_draws():
    rng, calls = np.random.default_rng(0), iter(range(10**6))
    for f, x in (
        (lambda x: x * rng.random(), X),
        (lambda x: x * rng.random(), np.zeros(3)),  # 0 each time, at the point itself
        (lambda x: x * np.random.rand(), 0.0),
        (lambda x: x * (1 + next(calls) // 20), X),  # not at once
    ):
        report = check_grads(f, x, raise_=False)
        assert set(report.counts) == {Verdict.NONDETERMINISTIC} and not report.ok
    assert "it draws from rng" in str(check_grads(lambda x: x * rng.random(), X, raise_=False))
    report = check_grads(lambda x: np.where(rng.random() < 2, x, 2 * x), X, raise_=False)
    assert "draws random numbers from rng" in str(report) and not report.failures and report.unverified_share
    assert not check_grads(lambda x: x * np.random.default_rng(0).random(3), X).unverified_share


def test_generators_of_other_kinds_are_named():
    numbers, old = random.Random(0), np.random.RandomState(0)
    for f, name in ((lambda x: x * numbers.random(), "numbers"), (lambda x: x * old.rand(), "old")):
        assert f"it draws from {name}" in str(check_grads(f, X, raise_=False))


def test_a_name_that_is_not_assigned_yet_is_no_generator():
    def f(x):
        return np.sum(x * x) if len(x) else later

    report = check_grads(f, X)
    later = 1.0
    assert report.ok and f(X[:0]) == later


def test_a_function_that_raises_at_the_end_is_nondeterministic():
    calls = iter(range(10**6))

    def f(x):
        if next(calls) > 40:
            raise ValueError("worn out")
        return np.sum(np.sin(x))

    report = check_grads(f, X, raise_=False, structural=False)
    assert set(report.counts) == {Verdict.NONDETERMINISTIC}
    assert "another result at the end of the check than at the start" in str(report)


def test_directions_alone():
    big = np.linspace(-2, 2, 10_000)
    report = check_grads(lambda x: np.sum(np.sin(x)), big, elements=0)
    assert report.ok and len(report.findings) == 6 and "elements=0" in report.repro()
    assert len(check_grads(np.sin, X, elements=0, directions=2).findings) == 2
    assert len(check_grads(lambda x: np.sum(np.sin(x)), big, elements=3, directions=1).findings) < 10
    for elements, directions in ((0, 0), ("some", 3), (-1, 3), ("auto", 2.5), (True, 1)):
        with pytest.raises(ValueError, match=r"elements|directions"):
            check_grads(np.sin, X, elements=elements, directions=directions)


def test_a_function_that_raises_nearby_has_an_edge():
    def f(x):
        if np.max(x.data if isinstance(x, Value) else x) > 3:
            raise ValueError("too large")
        return np.sum(x**2)

    assert check_grads(f, W).counts[Verdict.PASS_EDGE] == 1
    report = check_grads(f, W + 1, raise_=False)
    assert not report.ok and "f raises at this point: ValueError: too large" in str(report)


def test_nan_inputs_and_printing(capsys):
    report = check_grads(lambda x: np.sum(x), np.array([math.nan, 1.0]), raise_=False)
    assert not report.ok and report.counts[Verdict.UNDEFINED] == 1
    check_grads(lambda x: (sys.stdout.write("called"), np.sum(x))[1], X)
    assert capsys.readouterr().out == ""


# --- orders ---------------------------------------------------------------------------------------


def test_higher_orders():
    assert len(check_grads(lambda x: np.sum(np.sin(x) * x[0]), X, order=3).findings) == 9
    plain = lambda x: x.data if isinstance(x, Value) else x
    detached = primitive(lambda g, out, x: g * 3 * plain(x) ** 2)(lambda x: x**3)
    assert check_grads(detached, X).ok
    report = check_grads(detached, X, order=2, raise_=False)
    assert "order 2" in str(report) and len(report.failures) == 3
    with pytest.raises(ValueError, match="order=0"):
        check_grads(np.sin, 1.0, order=0)


# --- other people's gradients -----------------------------------------------------------------------


def test_a_gradient_by_hand():
    f, g = lambda a, b: np.sum(a * b), lambda a, b: (b, a)
    assert check_grads(f, X, X + 1, grad=g).ok
    report = check_grads(f, X, X + 1, grad=lambda a, b: (a, b), raise_=False)
    assert len(report.failures) == 6 and "grad=" in report.repro()
    assert check_grads(np.cumsum, X, vjp=lambda v, x: np.cumsum(v[::-1])[::-1]).ok
    assert not check_grads(np.cumsum, X, vjp=lambda v, x: np.cumsum(v), raise_=False).ok


# --- the report -----------------------------------------------------------------------------------


def test_a_failure_says_everything():
    with pytest.raises(GradientError) as raised:
        check_grads(loss, W, seed=3)
    text, report = str(raised.value), raised.value.report
    assert "loss  d/darg0[" in text and "FAIL" in text and "wrong sign" in text and "±" in text
    assert "first wrong local gradient: node 2  wrong_square(float64 (2, 3))   arg 0, element [0, 0]" in text
    assert "test_grads.py:" in text and "0 of 6 pass; 6 fail" in text
    line = text.splitlines()[-1]
    assert line == f"  repeat:  {report.repro()}"
    names = {"check_grads": check_grads, "loss": loss, "np": np}
    again = eval(report.repro()[:-1] + ", raise_=False)", names)
    assert str(again) == text
    data = json.loads(json.dumps(report.to_dict()))
    assert data["counts"] == {"FAIL": 6} and data["ok"] is False and "wrong_square" in json.dumps(data)
    assert report.worst.verdict is Verdict.FAIL and report.worst.node is not None


def test_the_same_seed_gives_the_same_report():
    f = lambda x: np.cumsum(np.sin(x))
    one, two = check_grads(f, W, seed=5), check_grads(f, W, seed=5)
    assert one.to_dict() == two.to_dict() and one.to_dict() != check_grads(f, W, seed=6).to_dict()


def test_importing_the_checker_imports_no_test_tools():
    code = "import sys, autograd.check; assert not {'hypothesis', 'pytest', 'nn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_garbage_is_left():
    gc.collect()
    gc.disable()
    try:
        check_grads(lambda x: np.sum(np.exp(x)), W)
        left = [o for o in gc.get_objects() if type(o) is Value and o.op is not None and o.op.name == "exp"]
        assert not left
    finally:
        gc.enable()


def test_a_kink_just_beside_the_point_is_not_at_it():
    for x in (1 + 2**-51, 1 - 2**-51, 1 + 2**-45):
        right = 1.0 if x > 1 else -1.0
        for g in (right, -right, 0.0, 0.5):
            report = check_grads(lambda x: np.abs(x - 1), x, grad=lambda x, g=g: np.float64(g), raise_=False)
            assert not (report.ok and g != right) and not (report.failures and g == right), (x, g)


def test_a_float16_gradient_rounded_to_float16_is_right():
    x, slope = np.float16(0.3125), 3 * 0.3125**2
    right = np.float16(slope)
    assert check_grads(lambda x: x**3, x, grad=lambda x: right).ok
    for wrong in (np.float16(slope * 1.01), np.float16(0), -right):
        assert not check_grads(lambda x: x**3, x, grad=lambda x, g=wrong: g, raise_=False).ok


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_digits_lost_in_the_own_dtype_are_no_mistake(dtype):
    assert check_grads(np.tanh, np.dtype(dtype).type(6)).ok


def test_the_smallest_gradient_of_many_is_looked_at():
    x = np.linspace(1.0, 2.0, 1000)
    x[577] = 1e-6
    keep = np.where(np.arange(1000) == 577, 0.0, 1.0)
    report = check_grads(lambda x: np.sum(x**2), x, grad=lambda x: 2 * x * keep, raise_=False)
    assert (577,) in [f.index for f in report.failures]


def test_a_slow_function_is_left_when_the_time_is_up():
    def slow(x):
        time.sleep(0.01)
        return np.sum(x**2)

    report = check_grads(slow, np.ones(50), seconds=0.5, raise_=False)
    assert report.counts[Verdict.UNVERIFIED] > 40 and "limit of 0.5 s" in str(report)
    assert "seconds=0.5" in report.repro()


def test_norm_at_zero_says_why_it_is_nan():
    report = check_grads(lambda x: np.sqrt(np.sum(x * x)), np.zeros(2), raise_=False)
    assert "outside the subdifferential [-1, 1]" in str(report) and "0 * inf" in str(report)


@pytest.mark.parametrize("factor", [-1.0, 0.0, 1.001])
def test_one_wrong_element_among_many(factor):
    """Also one whose gradient is small beside the others."""
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=400), rng.normal(size=400) * 10.0 ** rng.uniform(-8, 0, 400)
    f = lambda x: np.sum(np.tanh(x) * w)
    for i in np.argsort(np.abs(w))[[100, 200, 350]]:
        wrong = np.where(np.arange(400) == i, factor, 1.0)
        report = check_grads(f, x, grad=lambda x, k=wrong: (1 - np.tanh(x) ** 2) * w * k, raise_=False)
        assert any(f.index is None for f in report.failures)
    missing = np.arange(400) != 7
    assert check_grads(f, x, grad=lambda x: (1 - np.tanh(x) ** 2) * w * missing, raise_=False).failures


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rtol": math.nan}, "rtol=nan"),
        ({"rtol": 1.0}, "with which 0 would pass"),
        ({"seconds": "a"}, "seconds='a'"),
        ({"seed": -1}, "seed=-1"),
        ({"order": 1.5}, "order=1.5"),
        ({"wrt": 1.5}, "wrt=1.5"),
        ({"kwargs": [1]}, "kwargs is a list"),
        ({"grad": np.cos, "vjp": np.cos}, "two gradients"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        check_grads(np.sin, 0.5, **options)


def test_what_f_raises_says_that_it_was_checked():
    def f(x):
        raise LookupError("no such table")

    with pytest.raises(LookupError) as raised:
        check_grads(f, 0.5)
    assert "while f was checked" in raised.value.__notes__[0]
