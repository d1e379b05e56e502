"""The rules of SciPy's special functions: finite differences, complex steps, mpmath, limits, messages."""

import subprocess
import sys

import mpmath as mp
import numpy as np
import pytest
import scipy.special as s

from autograd import Value, compile, grad, hessian, jacobian, jvp, vjp
from autograd.check import GradientError, check_grads
from autograd.rules import scipy_special
from autograd.rules.table import UFUNCS, Op

ANY = np.array([[-1.3, 0.7, 2.1], [0.4, -0.6, 1.9]])
POSITIVE = np.array([[0.3, 1.7, 2.6], [0.9, 4.2, 0.55]])
UNIT = np.array([[0.15, 0.7, 0.42], [0.9, 0.33, 0.61]])

ONE = {
    **dict.fromkeys(("erf", "erfc", "erfcx", "erfi", "ndtr", "log_ndtr", "expit", "log_expit"), ANY),
    **dict.fromkeys(("exp2", "exp10", "expm1", "cosm1", "sindg", "cosdg", "cbrt", "gammasgn", "round"), ANY),
    **dict.fromkeys(("gamma", "rgamma", "psi", "j0", "j1", "i0", "i1", "i0e", "i1e"), ANY),
    **dict.fromkeys(("log1p", "gammaln", "loggamma", "entr", "exp1", "expi"), POSITIVE),
    **dict.fromkeys(("y0", "y1", "k0", "k1", "k0e", "k1e"), POSITIVE),
    **dict.fromkeys(("erfinv", "erfcinv", "ndtri", "logit"), UNIT),
    "ndtri_exp": -POSITIVE,
}
BOTH = {  # of different shapes, so that gradients are summed back
    "beta": (POSITIVE[:, :1], POSITIVE[0] + 0.3),
    "betaln": (POSITIVE * 8, POSITIVE[0] + 0.3),
    "xlogy": (ANY, POSITIVE[0]),
    "xlog1py": (ANY[:, :1], POSITIVE),
    "rel_entr": (POSITIVE, POSITIVE[0] + 0.1),
    "kl_div": (POSITIVE[0], POSITIVE + 0.1),
    "huber": (POSITIVE[0], ANY * 2.3 + 0.01),
    "pseudo_huber": (POSITIVE[0], ANY),
}
LAST = {  # in the last argument alone
    "jv": (1.5, POSITIVE),
    "yv": (0, POSITIVE),
    "iv": (2, POSITIVE),
    "kv": (0.5, POSITIVE),
    "ive": (1, POSITIVE),
    "kve": (np.array([0, 1, 2], np.uint8), POSITIVE),
    "gammainc": (np.array([1.0, 2.5, 3.0]), POSITIVE),
    "gammaincc": (0.7, POSITIVE),
    "gammaincinv": (2.5, UNIT),
    "gammainccinv": (1.5, UNIT),
    "betainc": (1.5, np.array([1.0, 2.0, 3.5]), UNIT),
    "betaincc": (0.7, 3.0, UNIT),
    "betaincinv": (1.5, 2.5, UNIT),
    "zeta": (3.0, POSITIVE),
}


def last_of(name):
    *fixed, x = LAST[name]
    return lambda x: getattr(s, name)(*fixed, x), x


def derivative(f, order):
    for _ in range(order):
        f = grad(f)
    return f


def of_last(name, order, *args):
    return derivative(lambda x: getattr(s, name)(*args[:-1], x), order)(np.float64(args[-1]))


# --- every rule -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ONE)
def test_a_rule_of_one_argument_to_third_order(name):
    assert check_grads(getattr(s, name), ONE[name], order=3, elements=3).ok


@pytest.mark.parametrize("name", BOTH)
def test_the_rules_of_both_arguments_to_third_order(name):
    assert check_grads(getattr(s, name), *BOTH[name], order=3, elements=2).ok


@pytest.mark.parametrize("name", LAST)
def test_a_rule_of_the_last_argument_to_third_order(name):
    f, x = last_of(name)
    assert check_grads(f, x, order=3, elements=3).ok
    assert check_grads(f, np.float64(x[0, 1]) * np.ones(3), order=1, elements=2).ok  # another shape


def test_every_rule_that_is_entered_is_checked():
    s.erf(Value(0.5))
    entered = {f for f in UFUNCS if scipy_special.belongs(f, s)}
    checked = {getattr(s, name) for name in {*ONE, *BOTH, *LAST} - {"zeta"}} | {s._ufuncs._zeta}
    assert entered == checked


@pytest.mark.parametrize(
    "name",
    [
        *("erf", "erfc", "erfcx", "erfi", "ndtr", "psi", "gamma", "rgamma", "loggamma"),
        *("expm1", "log1p"),
    ],
)
def test_a_complex_step_says_the_same(name):
    x = POSITIVE
    want = getattr(s, name)(x + 1e-20j).imag / 1e-20
    np.testing.assert_allclose(vjp(getattr(s, name), x)[1](np.ones_like(x))[0], want, rtol=4e-14)


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "kv", "kve", "exp1", "expi", "log_ndtr"])
def test_a_complex_step_where_tiny_imaginary_parts_are_lost(name):
    f, x = last_of(name) if name in LAST else (getattr(s, name), POSITIVE)
    first = LAST[name][:-1] if name in LAST else ()
    steps = [getattr(s, name)(*first, x + 1j * h).imag / h for h in (2e-4, 1e-4)]
    want = (4 * steps[1] - steps[0]) / 3  # Richardson: error O(h^4)
    np.testing.assert_allclose(vjp(f, x)[1](np.ones_like(x))[0], want, rtol=1e-10)


def test_the_parameters_receive_gradient_of_the_density():
    def density(a, b):
        return grad(lambda x: s.betainc(a, b, x))(0.3)

    want = density(2.0, 3.0) * (np.log(0.3) - s.psi(2.0) + s.psi(5.0))
    assert grad(density)(2.0, 3.0) == pytest.approx(want, rel=1e-13)
    check_grads(lambda a: grad(lambda x: s.gammainc(a, x))(1.3), 2.5)


# --- against mpmath -------------------------------------------------------------------------


def hazard_log(x):
    return mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)


def gamma_term(a, x):
    return mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))


def beta_term(a, b, x):
    return mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log(1 - x) - mp.log(mp.beta(a, b)))


HARD = [  # name, the function (or its slope: order 1), arguments, tolerance of orders 1, 2, 3
    ("erf", mp.erf, 0, (5.0,), 1e-13),
    ("erfc", mp.erfc, 0, (26.0,), 1e-12),
    *[("erfcx", lambda x: mp.exp(x * x) * mp.erfc(x), 0, (x,), 1e-10) for x in (-5.0, 9.9, 10.1, 1e3, 1e12)],
    *[("log_ndtr", hazard_log, 0, (x,), 3e-9) for x in (5.0, 0.0, -14.9, -15.1, -1e3, -1e10)],
    ("ndtr", mp.ncdf, 0, (-30.0,), 1e-12),
    ("ndtri", lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), 0, (1e-12,), 1e-12),
    *[("gammaln", mp.loggamma, 0, (x,), 1e-12) for x in (1e-10, 0.5, 171.0, 1e10)],
    *[("rgamma", mp.rgamma, 0, (x,), 1e-12) for x in (0.0, -1.0, -20.0, -50.3, 0.49, 0.51, 160.0)],
    *[("psi", mp.digamma, 0, (x,), 1e-12) for x in (1e10, -3.7, 1e-5)],
    *[("betaln", lambda a, b: mp.log(mp.beta(a, b)), 0, a, 1e-12) for a in ((1e10, 2.0), (2.0, 1e10), (16.1, 16.1))],
    *[("betaln", lambda b, a: mp.log(mp.beta(a, b)), 0, a, 1e-12) for a in ((2.0, 1e10), (1e-8, 20.0))],
    ("kl_div", lambda y, x: x * mp.log(x / y) - x + y, -1, (1.0, 1.0 + 1e-9), 1e-12),
    ("log_expit", lambda x: -mp.log(1 + mp.exp(-x)), 0, (40.0,), 1e-12),
    ("expit", lambda x: 1 / (1 + mp.exp(-x)), 0, (-700.0,), 1e-12),
    ("expm1", mp.expm1, 0, (-40.0,), 1e-12),
    ("gammainc", gamma_term, 1, (1e5, 1e5), 1e-10),
    ("gammainc", gamma_term, 1, (0.5, 600.0), 1e-12),
    ("betainc", beta_term, 1, (1e3, 2e3, 0.34), 1e-11),
    ("betainc", beta_term, 1, (0.5, 0.5, 1e-10), 1e-12),
    ("pseudo_huber", lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1), 0, (1.0, 1e-9), 1e-12),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "f", "given", "args", "rtol"), HARD, ids=lambda x: x if isinstance(x, str) else None
)
def test_hard_arguments_against_mpmath(name, f, given, args, rtol):
    with mp.workdps(60):
        *fixed, at = [mp.mpf(x) for x in args]
        for order in (1, 2, 3):
            want = mp.diff(lambda x: f(*fixed, x), at, order - max(given, 0))
            if given < 0:  # in the other argument
                got = derivative(lambda x: getattr(s, name)(x, args[0]), order)(args[1])
            else:
                got = of_last(name, order, *args)
            assert abs(mp.mpf(float(got)) - want) <= rtol * abs(want), (
                f"order {order}: {got}, {mp.nstr(want)}"
            )


# --- limits, edges and ties -----------------------------------------------------------------

INF = np.inf
LIMITS = [
    ("erf", (INF,), (0, 0, 0)),
    ("ndtr", (-INF,), (0, 0, 0)),
    ("erfcx", (INF,), (0, 0, 0)),
    ("erfinv", (1.0,), (INF,)),
    ("ndtri", (0.0,), (INF,)),
    ("log_ndtr", (INF,), (0, 0, 0)),
    ("log_ndtr", (40.0,), (0, 0)),
    ("log_ndtr", (-1e200,), (1e200, -1, 0)),
    ("log_ndtr", (-INF,), (INF, -1, 0)),
    ("expit", (1000.0,), (0, 0, 0)),
    ("expit", (-1000.0,), (0, 0, 0)),
    ("expit", (INF,), (0, 0, 0)),
    ("log_expit", (-INF,), (1, 0, 0)),
    ("log_expit", (-1000.0,), (1, 0, 0)),
    ("gammaln", (INF,), (INF, 0, 0)),
    ("psi", (INF,), (0, 0)),
    ("rgamma", (INF,), (0, 0)),
    ("rgamma", (-3.0,), (-6,)),  # (-1)^n n! at the pole -n
    ("gammainc", (2.0, 0.0), (0, 1, -2)),
    ("gammainc", (1.0, 0.0), (1, -1, 1)),
    ("gammainc", (2.0, INF), (0, 0, 0)),
    ("betainc", (1.0, 2.0, 0.0), (2, -2, 0)),
    ("betainc", (2.0, 1.0, 1.0), (2, 2, 0)),
    ("betainc", (2.0, 2.0, 0.0), (0, 6, -12)),
    ("entr", (0.0,), (INF,)),
    ("xlogy", (0.0, 0.0), (0,)),
    ("xlog1py", (0.0, -1.0), (0,)),
    ("rel_entr", (0.0, 0.0), (-1,)),
    ("kl_div", (0.0, 0.0), (0,)),
    ("kl_div", (0.0, 2.0), (1, 0)),
    ("huber", (1.0, 1.0), (1, 0)),
    ("huber", (1.0, -1.0), (-1, 0)),
    ("huber", (1.0, INF), (1, 0)),
    ("pseudo_huber", (1.0, 0.0), (0, 1)),
    ("pseudo_huber", (2.0, INF), (2, 0)),
    ("i0e", (0.0,), (0,)),  # a kink: least norm
    ("i1", (0.0,), (0.5, 0)),
    ("j1", (0.0,), (0.5, 0)),
]


@pytest.mark.parametrize(("name", "args", "wanted"), LIMITS)
def test_limits_edges_and_ties(name, args, wanted):
    for order, want in enumerate(wanted, 1):
        assert of_last(name, order, *args) == pytest.approx(want, rel=1e-13, abs=0)


def test_the_first_argument_at_the_edges():
    first = {("rel_entr", 0.0, 0.0): 1, ("kl_div", 0.0, 0.0): 0, ("kl_div", 0.0, 1.0): -INF}
    first |= {("huber", 1.0, 1.0): 0, ("huber", 1.0, 3.0): 2, ("pseudo_huber", 1.0, INF): INF}
    for (name, x, y), want in first.items():
        f = getattr(s, name)
        assert grad(lambda x, f=f, y=y: f(x, y))(x) == want, name


def test_two_spellings_of_one_function_agree():
    from autograd import special

    for x, y in ((0.0, 0.0), (0.0, 2.0), (1.5, 2.0)):
        for n in (0, 1):
            assert grad(s.xlogy, n)(x, y) == grad(special.xlogy, n)(x, y)
    for theirs, ours in ((s.expit, special.sigmoid), (s.log_expit, special.log_sigmoid)):
        np.testing.assert_allclose(jacobian(theirs)(ANY), jacobian(ours)(ANY), rtol=1e-15)


# --- the rest of the house ------------------------------------------------------------------


def mixture(x):
    return np.sum(
        s.gammaln(x) * s.erf(x)
        + s.betainc(1.5, 2.0, x / 5)
        + s.huber(1.0, x)
        + s.log_ndtr(-x)
        + s.zeta(2.0, x)
    )


def test_compiled_it_is_the_same_call():
    compiled = compile(mixture)
    for x in (POSITIVE, POSITIVE + 0.2):
        value, slope = compiled.value_and_grad(x)
        assert value == mixture(x)
        np.testing.assert_array_equal(slope, grad(mixture)(x))
    assert compiled.value_and_grad.backend == "numpy"
    assert "gammaln(" in compiled.value_and_grad.source
    assert compile(lambda x: s.gammaln(x))(1.5) == s.gammaln(1.5)


def test_the_python_back_end_says_that_it_has_no_formula():
    with pytest.raises(ValueError, match="gammaln"):
        compile(lambda x: s.gammaln(x) + 1.0, backend="python")(1.5)


def test_forward_mode_and_the_hessian():
    out, tangent = jvp(mixture, (POSITIVE,), (ANY,))
    assert out == mixture(POSITIVE)
    assert tangent == pytest.approx(np.sum(grad(mixture)(POSITIVE) * ANY), rel=1e-13)
    x = np.array([1.2, 3.4])
    a, b = x
    gap = s.polygamma(1, a + b)
    want = [[s.polygamma(1, a) - gap, -gap], [-gap, s.polygamma(1, b) - gap]]
    np.testing.assert_allclose(hessian(lambda v: s.betaln(v[0], v[1]))(x), want, rtol=1e-13)


def test_float32_and_plain_arrays_stay_what_they_are():
    x = Value(POSITIVE.astype(np.float32))
    y = s.gammaln(x) + s.log_ndtr(x) + s.betaln(x, x) + s.rgamma(x) + s.jv(1, x)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    assert type(s.gammaln(POSITIVE)) is np.ndarray
    still = s.betainc(1.5, 2.5, Value(UNIT, requires_grad=False))
    np.testing.assert_array_equal(still.data, s.betainc(1.5, 2.5, UNIT))
    assert not still.requires_grad


WRONG = {
    "a factor": (s.erf, lambda g, out, x: g * (1.1284 * np.exp(-x * x))),
    "a sign": (s.erfc, lambda g, out, x: g * (2 / np.sqrt(np.pi) * np.exp(-x * x))),
    "the wrong function": (s.gammaln, lambda g, out, x: g * np.log(x)),
    "out of the graph": (s.psi, lambda g, out, x: g * s.zeta(2.0, getattr(x, "data", x))),
}


@pytest.mark.parametrize(("function", "rule"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_caught(monkeypatch, function, rule):
    s.erf(Value(0.5))
    assert check_grads(function, POSITIVE, order=2, elements=2).ok
    monkeypatch.setitem(UFUNCS, function, Op("planted", function, rule, broadcasts=True))
    with pytest.raises(GradientError):
        check_grads(function, POSITIVE, order=2, elements=2)


# --- messages, and where SciPy is not -------------------------------------------------------

V = Value(2.5)
REFUSED = {
    "no closed form in a": (lambda: s.gammainc(V, 1.0).backward(), "gammainc has no gradient .* input 0; pass"),
    "no closed form in v": (lambda: s.jv(V, 1.0).backward(), "jv has no gradient .* input 0"),
    "no closed form in b": (lambda: s.betainc(1.0, V, 0.5).backward(), "betainc has no gradient .* input 1"),
    "no closed form in v, forward": (lambda: jvp(lambda v: s.jv(v, 1.0), (V.data,), (1.0,)), "jv .* input 0"),
    "no rule": (lambda: s.ellipk(V), r"^scipy\.special\.ellipk has no gradient rule"),
    "a private ufunc": (lambda: s.lambertw(V), r"^scipy\.special\.lambertw has no gradient rule"),
    "out=": (lambda: s.gammaln(V, out=np.zeros(())), r"^scipy\.special\.gammaln: out= is not supported"),
    "a method": (lambda: s.xlogy.outer(V, V), r"^scipy\.special\.xlogy\.outer has no gradient rule"),
    "logsumexp": (lambda: s.logsumexp(V), r"scipy\.special\.logsumexp .*autograd\.special\.logsumexp"),
    "softmax": (lambda: s.softmax(V), r"scipy\.special\.softmax .*autograd\.special\.softmax"),
    "log_softmax": (lambda: s.log_softmax(V), r"scipy\.special\.log_softmax .*autograd\.special\.log_softmax"),
    "polygamma": (lambda: s.polygamma(1, V), r"scipy\.special\.polygamma .*scipy\.special\.zeta\(n \+ 1, v\)"),
    "multigammaln": (lambda: s.multigammaln(V, 2), r"multigammaln .*scipy\.special\.gammaln\(v - j / 2\)"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_gradient_says_so(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_what_the_messages_say_instead_is_right():
    import math

    for n in (1, 2):
        got = (-1) ** (n + 1) * math.factorial(n) * s.zeta(n + 1, V)
        assert got.data == pytest.approx(s.polygamma(n, 2.5), rel=1e-14)
    for d in (1, 2, 3):
        got = d * (d - 1) / 4 * math.log(math.pi) + sum(s.gammaln(V - j / 2) for j in range(d))
        assert got.data == pytest.approx(s.multigammaln(2.5, d), rel=1e-14)


def test_the_rules_are_entered_once():
    s.erf(V)
    before = dict(UFUNCS)
    assert scipy_special.learn(s.erf, s)
    assert not scipy_special.learn(s.ellipk, s)
    assert all(UFUNCS[f] is op for f, op in before.items()) and len(UFUNCS) == len(before)


def test_a_stranger_enters_nothing():
    stranger = np.frompyfunc(lambda x: x, 1, 1)
    for module in (None, s):
        assert not scipy_special.belongs(stranger, module)
        assert not scipy_special.learn(stranger, module)
    assert not scipy_special.belongs(s.erf, None)


LAZY = """
import sys
{before}
import numpy as np
from autograd import Value
from autograd.rules.table import UFUNCS
known = len(UFUNCS)
try:
    np.isnat(Value(0.5))
except TypeError as error:
    assert "np.isnat has no gradient rule" in str(error), error
assert len(UFUNCS) == known
{after}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sys.modules['scipy'] = None", "assert 'scipy.special' not in sys.modules"),
        ("", "assert 'scipy' not in sys.modules"),
        (
            "import scipy.special as s",
            "v = Value(0.5); s.erf(v).backward(); assert v.grad and len(UFUNCS) > known",
        ),
    ],
)
def test_scipy_is_neither_needed_nor_imported(before, after):
    code = LAZY.format(before=before, after=after)
    subprocess.run([sys.executable, "-c", code], check=True)
