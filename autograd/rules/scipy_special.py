"""The rules of SciPy's special functions, entered when the first of them meets a Value.

They are NumPy ufuncs, so NumPy hands them over by itself; SciPy is never imported here.
Formulas: NIST Digital Library of Mathematical Functions, chapters 5, 7, 8, 10 and 25.
"""

import math
from typing import Any

import numpy as np

from .elementwise import DEGREE, LN2, LN10, SIGMOID, SIGMOID_SLOPE, flat
from .table import UFUNCS, Array, Op, door, ufunc

ROOT_HALF, ROOT_PI = math.sqrt(0.5), math.sqrt(math.pi)


def belongs(function: np.ufunc, special: Any) -> bool:
    """Whether a ufunc is one of scipy.special, which is None where nobody has imported it."""
    homes = (special, getattr(special, "_ufuncs", None))  # zeta hands on to a private one
    return special is not None and any(getattr(home, function.__name__, None) is function for home in homes)


def learn(function: np.ufunc, special: Any) -> bool:
    """Enter the rules of scipy.special if `function` is one of it; whether it has a rule now."""
    if belongs(function, special) and special.erf not in UFUNCS:
        enter(special)
    return function in UFUNCS


def finite(x: Array) -> Array:
    """`x`, and 0 for an infinite one: a factor of what is 0 there."""
    return np.where(np.isinf(x), 0.0, x)


def within(x: Array, end: float) -> Array:
    """`x`, and one half at the ends 0 and `end`: for what is evaluated there and not used."""
    return np.where((x == 0) | (x == end), 0.5, x)


def tail(t: Array, first: float) -> Array:
    """1 - first t (1 - (first + 1) t (1 - ...)): DLMF 7.12.1, to 1e-16 for t < 0.01."""
    total: Array = 1.0
    for n in range(15, -1, -1):
        total = 1.0 - (first + n) * t * total
    return total


def erfcx_slope(out: Array, x: Array) -> Array:
    """2 x erfcx(x) - 2 / sqrt(pi), and its asymptotic series where that cancels."""
    far = x > 10
    u = 1.0 / np.where(far, x, 10.0)
    return np.where(far, -u * u * tail(u * u, 1.5) / ROOT_PI, 2 * np.where(far, 0.0, x) * out - 2 / ROOT_PI)


def hazard_slope(out: Array, x: Array) -> Array:
    """The slope -h (x + h) of the hazard h, and its asymptotic series where that cancels."""
    far = x < -15
    u = 1.0 / np.where(far, ROOT_HALF * x, -ROOT_HALF * 15)
    h, t = np.where(far, 0.0, out), u * u
    return np.where(far, -tail(t, 1.5) / tail(t, 0.5) ** 2, -h * (np.where(far, 0.0, finite(x)) + h))


def psi_gap(psi: Any, a: Array, b: Array) -> Array:
    """psi(a) - psi(a + b), by Stirling's series (DLMF 5.11.2) where the difference cancels."""
    far = (a > 16) & (a + b > 16)
    u, w, b_far = 1.0 / np.where(far, a, 16.0), 1.0 / np.where(far, a + b, 16.0), np.where(far, b, 0.0)
    powers: Array = 1.0  # (u**2k - w**2k) / (u**2 - w**2)
    series: Array = 0.0
    for k, c in enumerate((1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12), 1):
        series = series + c * powers
        powers = powers * (u * u) + w ** (2 * k)
    near = psi(np.where(far, 1.0, a)) - psi(np.where(far, 1.0, a + b))
    return np.where(far, -np.log1p(b_far * u) - b_far * u * w * (0.5 + (u + w) * series), near)


def rgamma_slope(s: Any, out: Array, x: Array) -> Array:
    """-psi(x) / gamma(x), reflected left of 1/2 (DLMF 5.5.3), where it goes through the poles of both."""
    low = x < 0.5
    left, right = np.where(low, x, 0.0), np.where(low | (x == math.inf), 1.0, x)
    n = np.rint(left)
    angle = math.pi * (left - n)
    reflected = np.cos(math.pi * n) * (np.cos(angle) - s.psi(1 - left) * np.sin(angle) / math.pi)
    return np.where(low, s.gamma(1 - left) * reflected, -out * s.psi(right))


def ratio(x: Array, y: Array) -> Array:
    """x / y, and 1 at 0 / 0: the limit along equal arguments."""
    both = (x == 0) & (y == 0)
    return np.where(both, 1.0, x) / np.where(both, 1.0, y)


def log_ratio(x: Array, y: Array) -> Array:
    """log(x / y) without overflow, exact near x = y, and 0 at 0 / 0."""
    both = (x == 0) & (y == 0)
    near = both | (abs(x - y) < 0.5 * y)
    divisor = np.where(near & ~both, y, 1.0)
    return np.where(
        near,
        np.log1p(np.where(near, x - y, 0.0) / divisor),
        np.log(np.where(near, 1.0, x)) - np.log(np.where(near, 1.0, y)),
    )


# fmt: off
def enter(s: Any) -> None:
    """Enter the rules; `s` is the module scipy.special."""
    gaussian: Op = Op("gaussian", lambda x, a: np.exp(-a * x * x), lambda g, out, x, a: g * (-2 * a * out * finite(x)))
    hazard: Op = Op("hazard", lambda x: 2 * ROOT_HALF / ROOT_PI / s.erfcx(-ROOT_HALF * x), lambda g, out, x: g * hazard_slope(out, x))

    # the error function and the normal distribution
    ufunc(s.erf, lambda g, out, x: g * (2 / ROOT_PI * gaussian(x, a=1.0)))
    ufunc(s.erfc, lambda g, out, x: g * (-2 / ROOT_PI * gaussian(x, a=1.0)))
    ufunc(s.erfcx, lambda g, out, x: g * erfcx_slope(out, x))
    ufunc(s.erfi, lambda g, out, x: g * (2 / ROOT_PI * np.exp(x * x)))
    ufunc(s.erfinv, lambda g, out, x: g * (ROOT_PI / 2 * np.exp(out * out)))
    ufunc(s.erfcinv, lambda g, out, x: g * (-ROOT_PI / 2 * np.exp(out * out)))
    ufunc(s.ndtr, lambda g, out, x: g * (ROOT_HALF / ROOT_PI * gaussian(x, a=0.5)))
    ufunc(s.log_ndtr, lambda g, out, x: g * hazard(x))
    ufunc(s.ndtri, lambda g, out, x: g * (ROOT_PI / ROOT_HALF * np.exp(0.5 * out * out)))
    ufunc(s.ndtri_exp, lambda g, out, x: g / hazard(out))
    ufunc(s.expit, lambda g, out, x: g * SIGMOID_SLOPE(x))
    ufunc(s.log_expit, lambda g, out, x: g * SIGMOID(-x))
    ufunc(s.logit, lambda g, out, x: g / (x * (1 - x)))

    # powers, exponentials, degrees, steps
    ufunc(s.exp2, lambda g, out, x: g * (out * LN2))
    ufunc(s.exp10, lambda g, out, x: g * (out * LN10))
    ufunc(s.expm1, lambda g, out, x: g * np.exp(x))
    ufunc(s.log1p, lambda g, out, x: g / (x + 1))
    ufunc(s.cbrt, lambda g, out, x: g / (3 * out * out))
    ufunc(s.cosm1, lambda g, out, x: -g * np.sin(x))
    ufunc(s.sindg, lambda g, out, x: g * (DEGREE * s.cosdg(x)))
    ufunc(s.cosdg, lambda g, out, x: -g * (DEGREE * s.sindg(x)))
    ufunc(s.exp1, lambda g, out, x: -g * (np.exp(-x) / x))
    ufunc(s.expi, lambda g, out, x: g * (np.exp(x) / x))
    for step in (s.round, s.gammasgn): ufunc(step, flat)

    # gamma, beta, zeta
    zeta: Op = Op("zeta", getattr(getattr(s, "_ufuncs", None), "_zeta", s.zeta), None, lambda g, out, x, q: g * (-x * zeta(x + 1, q)), broadcasts=True)
    door(zeta.forward)(zeta)
    ufunc(s.psi, lambda g, out, x: g * zeta(2.0, x))
    for log_gamma in (s.gammaln, s.loggamma): ufunc(log_gamma, lambda g, out, x: g * s.psi(x))
    ufunc(s.gamma, lambda g, out, x: g * (out * s.psi(x)))
    ufunc(s.rgamma, lambda g, out, x: g * rgamma_slope(s, out, x))
    ufunc(s.beta, lambda g, out, a, b: g * (out * psi_gap(s.psi, a, b)), lambda g, out, a, b: g * (out * psi_gap(s.psi, b, a)))
    ufunc(s.betaln, lambda g, out, a, b: g * psi_gap(s.psi, a, b), lambda g, out, a, b: g * psi_gap(s.psi, b, a))

    # their incomplete kin: no closed form in a and b
    gamma_term: Op = Op("gamma_term",  # x^p exp(-x - c)
        lambda p, c, x: np.exp(s.xlogy(p, np.where(x == math.inf, 1.0, x)) - x - c),
        lambda g, out, p, c, x: g * s.xlogy(out, x), lambda g, out, p, c, x: -g * out,
        lambda g, out, p, c, x: g * np.where((x == 0) | (x == math.inf),
            p * gamma_term(p - 1, c, np.where((p == 0) & (x == 0), 1.0, x)) - out,
            out * (p - within(x, math.inf)) / within(x, math.inf)), broadcasts=True)
    beta_term: Op = Op("beta_term",  # x^p (1 - x)^q exp(-c)
        lambda p, q, c, x: np.exp(s.xlogy(p, x) + s.xlog1py(q, -x) - c),
        lambda g, out, p, q, c, x: g * s.xlogy(out, x), lambda g, out, p, q, c, x: g * s.xlog1py(out, -x), lambda g, out, p, q, c, x: -g * out,
        lambda g, out, p, q, c, x: g * np.where((x == 0) | (x == 1),
            p * beta_term(p - 1, q, c, np.where((p == 0) & (x == 0), 0.5, x)) - q * beta_term(p, q - 1, c, np.where((q == 0) & (x == 1), 0.5, x)),
            out * (p - (p + q) * within(x, 1)) / (within(x, 1) * (1 - within(x, 1)))), broadcasts=True)
    def gamma_density(a: Array, x: Array) -> Array: return gamma_term(a - 1.0, s.gammaln(a), x)
    def beta_density(a: Array, b: Array, x: Array) -> Array: return beta_term(a - 1.0, b - 1.0, s.betaln(a, b), x)
    ufunc(s.gammainc, None, lambda g, out, a, x: g * gamma_density(a, x))
    ufunc(s.gammaincc, None, lambda g, out, a, x: -g * gamma_density(a, x))
    ufunc(s.gammaincinv, None, lambda g, out, a, y: g / gamma_density(a, out))
    ufunc(s.gammainccinv, None, lambda g, out, a, y: -g / gamma_density(a, out))
    betainc = Op("betainc", s.betainc, None, None, lambda g, out, a, b, x: g * beta_density(a, b, x), broadcasts=True)
    betaincc = Op("betaincc", s.betaincc, None, None, lambda g, out, a, b, x: -g * beta_density(a, b, x), broadcasts=True)
    betaincinv = Op("betaincinv", s.betaincinv, None, None, lambda g, out, a, b, y: g / beta_density(a, b, out), broadcasts=True)
    for three in (betainc, betaincc, betaincinv): door(three.forward)(three.__call__)  # the engine's short way takes two

    # entropies and losses
    ufunc(s.xlogy, lambda g, out, x, y: g * np.log(y), lambda g, out, x, y: g * (x / np.where((x == 0) & (y == 0), 1.0, y)))
    ufunc(s.xlog1py, lambda g, out, x, y: g * np.log1p(y), lambda g, out, x, y: g * (x / np.where((x == 0) & (y == -1), 1.0, 1 + y)))
    ufunc(s.entr, lambda g, out, x: -g * (np.log(x) + 1))
    ufunc(s.rel_entr, lambda g, out, x, y: g * (log_ratio(x, y) + 1), lambda g, out, x, y: -g * ratio(x, y))
    ufunc(s.kl_div, lambda g, out, x, y: g * log_ratio(x, y), lambda g, out, x, y: g * (1 - ratio(x, y)))
    ufunc(s.huber, lambda g, out, d, r: g * np.where(abs(r) < d, 0.0, abs(r) - d), lambda g, out, d, r: g * np.where(abs(r) < d, r, d * np.sign(r)))
    ufunc(s.pseudo_huber,  # by the angle of (delta, r), which is finite at infinity
          lambda g, out, d, r: g * (r * np.sin(np.arctan2(r, d)) * np.tan(0.5 * np.arctan2(r, d)) ** 2),
          lambda g, out, d, r: g * (d * np.sin(np.arctan2(r, d))))

    # Bessel functions, in x
    ufunc(s.j0, lambda g, out, x: -g * s.j1(x))
    ufunc(s.j1, lambda g, out, x: g * (0.5 * (s.j0(x) - s.jv(2, x))))
    ufunc(s.jv, None, lambda g, out, v, x: g * (0.5 * (s.jv(v - 1.0, x) - s.jv(v + 1.0, x))))
    ufunc(s.y0, lambda g, out, x: -g * s.y1(x))
    ufunc(s.y1, lambda g, out, x: g * (0.5 * (s.y0(x) - s.yv(2, x))))
    ufunc(s.yv, None, lambda g, out, v, x: g * (0.5 * (s.yv(v - 1.0, x) - s.yv(v + 1.0, x))))
    ufunc(s.i0, lambda g, out, x: g * s.i1(x))
    ufunc(s.i1, lambda g, out, x: g * (0.5 * (s.i0(x) + s.iv(2, x))))
    ufunc(s.iv, None, lambda g, out, v, x: g * (0.5 * (s.iv(v - 1.0, x) + s.iv(v + 1.0, x))))
    ufunc(s.i0e, lambda g, out, x: g * (s.i1e(x) - np.sign(x) * out))
    ufunc(s.i1e, lambda g, out, x: g * (0.5 * (s.i0e(x) + s.ive(2, x)) - np.sign(x) * out))
    ufunc(s.ive, None, lambda g, out, v, x: g * (0.5 * (s.ive(v - 1.0, x) + s.ive(v + 1.0, x)) - np.sign(x) * out))
    ufunc(s.k0, lambda g, out, x: -g * s.k1(x))
    ufunc(s.k1, lambda g, out, x: -g * (0.5 * (s.k0(x) + s.kv(2, x))))
    ufunc(s.kv, None, lambda g, out, v, x: -g * (0.5 * (s.kv(v - 1.0, x) + s.kv(v + 1.0, x))))
    ufunc(s.k0e, lambda g, out, x: g * (out - s.k1e(x)))
    ufunc(s.k1e, lambda g, out, x: g * (out - 0.5 * (s.k0e(x) + s.kve(2, x))))
    ufunc(s.kve, None, lambda g, out, v, x: g * (out - 0.5 * (s.kve(v - 1.0, x) + s.kve(v + 1.0, x))))
# fmt: on
