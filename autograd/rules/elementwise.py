"""Elementwise functions: every differentiable ufunc, one line each; where, clip, select.

At a kink the gradient is the subgradient of least norm: 0 for abs and relu at 0,
equal shares at a tie of two Values, 0 at a tie with a constant and at a clip bound.
A NaN result hands its gradient to the input that is NaN.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .table import UNNAMED, Array, Op, door, is_traced, maybe, plain, primitive, refuse, ufunc, whole

LN2, LN10, DEGREE = math.log(2), math.log(10), math.pi / 180


def nonzero(x: Array) -> Array:
    """`x` with 1 in place of 0: a harmless divisor where the numerator is 0 too."""
    return np.where(x == 0, 1.0, x)


def same(x: Array, out: Array) -> Array:
    """Whether `out` came from `x`: equal, or both NaN."""
    return (x == out) | ((x != x) & (out != out))


def share(x: Array, y: Array, out: Array) -> Array:
    """The share of `x` in maximum(x, y) and its like: 1, 0, or one half at a tie."""
    return same(x, out) / (1.0 * same(x, out) + same(y, out))


def flat(g: Array, out: Array, x: Array, *rest: Array) -> Array:
    """The gradient of a step function."""
    return np.zeros(x.shape, dtype=x.dtype)[()]


def exponent_less_one(x: Array, y: Array) -> Array:
    """y - 1, but 0 where x and y are 0, so that y * x**(y - 1) is 0 there."""
    if getattr(getattr(y, "dtype", None), "kind", "f") in "iub":
        y = y * 1.0  # small integers would overflow
    zero = y == 0
    if not maybe(zero):
        return y - 1
    return y - ~(zero & (x == 0))


# fmt: off
ADD = ufunc(np.add, whole, whole, forward=operator.add)
SUBTRACT = ufunc(np.subtract, whole, lambda g, out, x, y: -g, forward=operator.sub)
MULTIPLY = ufunc(np.multiply, lambda g, out, x, y: g * y, lambda g, out, x, y: g * x, forward=operator.mul)
DIVIDE = ufunc(np.divide, lambda g, out, x, y: g / y, lambda g, out, x, y: -g * out / y, forward=operator.truediv)
FLOOR_DIVIDE = ufunc(np.floor_divide, flat, lambda g, out, x, y: flat(g, out, y), forward=operator.floordiv)
REMAINDER = ufunc(np.remainder, lambda g, out, x, y: g, lambda g, out, x, y: -g * np.floor_divide(x, y), forward=operator.mod)
ufunc(np.fmod, lambda g, out, x, y: g, lambda g, out, x, y: -g * np.rint((x - out) / y))
POWER_RULES = (
    lambda g, out, x, y: g * (2 * x if type(y) is int and y == 2 else y * x ** exponent_less_one(x, y)),
    lambda g, out, x, y: g * (out * np.log(np.where((x == 0) & (y >= 0), 1.0, x))),
)
POWER = Op("power", operator.pow, *POWER_RULES, broadcasts=True)
ufunc(np.power, *POWER_RULES)
ufunc(np.float_power, lambda g, out, x, y: g * (y * np.float_power(x, exponent_less_one(x, y))), POWER_RULES[1])
NEGATIVE = ufunc(np.negative, lambda g, out, x: -g, forward=operator.neg)
POSITIVE = ufunc(np.positive, lambda g, out, x: g, forward=operator.pos)
ABSOLUTE = ufunc(np.absolute, lambda g, out, x: g * np.sign(x), forward=operator.abs)
ufunc(np.fabs, lambda g, out, x: g * np.sign(x))
ufunc(np.conjugate, lambda g, out, x: g)
SQRT = ufunc(np.sqrt, lambda g, out, x: g * 0.5 / out)
ufunc(np.cbrt, lambda g, out, x: g / (3 * out * out))
ufunc(np.square, lambda g, out, x: g * (2 * x))
ufunc(np.reciprocal, lambda g, out, x: -g * out * out)
EXP = ufunc(np.exp, lambda g, out, x: g * out)
ufunc(np.exp2, lambda g, out, x: g * out * LN2)
ufunc(np.expm1, lambda g, out, x: g * np.exp(x))
LOG = ufunc(np.log, lambda g, out, x: g / x)
ufunc(np.log2, lambda g, out, x: g / (x * LN2))
ufunc(np.log10, lambda g, out, x: g / (x * LN10))
ufunc(np.log1p, lambda g, out, x: g / (x + 1))
ufunc(np.logaddexp, lambda g, out, x, y: g * weight(x, y, 1.0), lambda g, out, x, y: g * weight(y, x, 1.0))
ufunc(np.logaddexp2, lambda g, out, x, y: g * weight(x, y, LN2), lambda g, out, x, y: g * weight(y, x, LN2))
ufunc(np.sin, lambda g, out, x: g * np.cos(x))
ufunc(np.cos, lambda g, out, x: -g * np.sin(x))
ufunc(np.tan, lambda g, out, x: g * (1 + out * out))
ufunc(np.arcsin, lambda g, out, x: g / np.sqrt((1 - x) * (1 + x)))
ufunc(np.arccos, lambda g, out, x: -g / np.sqrt((1 - x) * (1 + x)))
ufunc(np.arctan, lambda g, out, x: g / (1 + x * x))
ufunc(np.arctan2,
      lambda g, out, y, x: g * x / nonzero(np.hypot(x, y)) / nonzero(np.hypot(x, y)),
      lambda g, out, y, x: -g * y / nonzero(np.hypot(x, y)) / nonzero(np.hypot(x, y)))
ufunc(np.sinh, lambda g, out, x: g * np.cosh(x))
ufunc(np.cosh, lambda g, out, x: g * np.sinh(x))
TANH = ufunc(np.tanh, lambda g, out, x: g * (1 - out * out))
ufunc(np.arcsinh, lambda g, out, x: g / np.hypot(x, 1.0))
ufunc(np.arccosh, lambda g, out, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))
ufunc(np.arctanh, lambda g, out, x: g / ((1 - x) * (1 + x)))
for _degrees in (np.degrees, np.rad2deg): ufunc(_degrees, lambda g, out, x: g / DEGREE)
for _radians in (np.radians, np.deg2rad): ufunc(_radians, lambda g, out, x: g * DEGREE)
ufunc(np.hypot, lambda g, out, x, y: g * x / nonzero(out), lambda g, out, x, y: g * y / nonzero(out))
ufunc(np.copysign, lambda g, out, x, y: g * np.sign(x) * np.copysign(1.0, y), lambda g, out, x, y: flat(g, out, y))
ufunc(np.heaviside, flat, lambda g, out, x, y: g * (x == 0))
ufunc(np.ldexp, lambda g, out, x, n: np.ldexp(g, n), None)
ufunc(np.nextafter, whole, lambda g, out, x, y: flat(g, out, y))
for _step in (np.sign, np.floor, np.ceil, np.trunc, np.rint, np.spacing): ufunc(_step, flat)
EXTREMES = {  # ties shared; the second of each pair is for a constant operand, whose tie gives 0
    f: (Op(f.__name__, f, lambda g, out, x, y: g * share(x, y, out), lambda g, out, x, y: g * share(y, x, out), broadcasts=True),
        Op(f.__name__, f, lambda g, out, x, y: g * (same(x, out) & ~same(y, out)), lambda g, out, x, y: g * (same(y, out) & ~same(x, out)), broadcasts=True))
    for f in (np.maximum, np.minimum, np.fmax, np.fmin)
}
WHERE = Op("where", np.where, None,
           lambda g, out, c, x, y: np.where(c, g, 0.0), lambda g, out, c, x, y: np.where(c, 0.0, g), broadcasts=True)
CLIP = Op("clip", np.clip,
          lambda g, out, x, lo, hi: g * ~((x <= lo) | (x >= hi)),
          lambda g, out, x, lo, hi: g * ((x <= lo) & (lo < hi)),
          lambda g, out, x, lo, hi: g * ((x >= hi) | (lo >= hi)), broadcasts=True)
SINC = primitive(np.sinc, lambda g, out, x: g * sinc_slope(x))
NAN_TO_NUM = primitive(np.nan_to_num, lambda g, out, x, nan, posinf, neginf: g * np.isfinite(x))
ROUND = primitive(np.round, lambda g, out, x, decimals: flat(g, out, x))
IDENTITY = Op("identity", lambda x: x, lambda g, out, x: g)
COPY = Op("copy", lambda x: x.copy(), lambda g, out, x: g)
ASTYPE = Op("astype", lambda x, dtype: x.astype(dtype), lambda g, out, x, dtype: g)
SIGMOID = Op("sigmoid", lambda x: sigmoid_of(x), lambda g, out, x: g * (slope_of_sigmoid(x) if type(x) is np.float64 else SIGMOID_SLOPE(x)))
SIGMOID_SLOPE: Op = Op("sigmoid_slope", lambda x: slope_of_sigmoid(x), lambda g, out, x: g * (-out * np.tanh(0.5 * x)))
# fmt: on


def sigmoid_of(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow; the same bits as that formula for x >= 0."""
    if type(x) is np.float64:  # ufuncs take several times as long on a scalar
        e = math.exp(-abs(x))
        return np.float64((1.0 if x >= 0 else e) / (1.0 + e))
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def slope_of_sigmoid(x: Array) -> Array:
    """sigmoid(x) * sigmoid(-x): unlike sigmoid * (1 - sigmoid) it is not 0 from x = 37 on."""
    if type(x) is np.float64:
        e = math.exp(-abs(x))
        return np.float64(e / (1.0 + e) / (1.0 + e))
    e = np.exp(-abs(x))
    return e / (1.0 + e) / (1.0 + e)


def weight(x: Array, y: Array, base: float) -> Array:
    """The share of `x` in log(exp(x) + exp(y)); one half if both are the same infinity."""
    return SIGMOID(base * np.where(np.isinf(x) & (x == y), 0.0, x - y))


def sinc_slope(x: Array) -> Array:
    """d sin(pi x)/(pi x) / dx: the quotient, and its Taylor series where that cancels."""
    z = x * math.pi
    near = abs(z) < 1
    s, z = np.where(near, z, 0.0), np.where(near, 1.0, z)
    series: Array = 0.0
    for k in range(10, 0, -1):  # sum of (-1)^k 2k s^(2k-1) / (2k+1)!, to 1e-18 for |s| < 1
        series = series * (s * s) + (-1) ** k * 2 * k / math.factorial(2 * k + 1)
    return math.pi * np.where(near, series * s, (np.cos(z) - np.sin(z) / z) / z)


def _extreme(both: Op, one: Op) -> Callable[[Array, Array], Array]:
    def enter(x: Array, y: Array) -> Array:
        tracked = getattr(x, "requires_grad", False) and getattr(y, "requires_grad", False)
        return (both if tracked else one)(x, y)

    return enter


for _f, _pair in EXTREMES.items():
    door(_f)(_extreme(*_pair))


@door(np.divmod)
def divmod_(x: Array, y: Array) -> tuple[Array, Array]:
    return FLOOR_DIVIDE(x, y), REMAINDER(x, y)


@door(np.modf)
def modf(x: Array) -> tuple[Array, Array]:
    return x - np.trunc(x), np.trunc(x)


@door(np.fix)
def fix(x: Array, out: None = None) -> Array:
    refuse("fix", out=out)
    return np.trunc(x)


@door(np.frexp)
def frexp(x: Array) -> tuple[Array, Array]:
    """x = m * 2**n; n is constant."""
    n = np.frexp(plain(x))[1]
    return np.ldexp(x, -n), n


@door(np.real, np.real_if_close)
def real(val: Array, tol: float = 100) -> Array:
    return val


@door(np.angle)
def angle(z: Array, deg: bool = False) -> Array:
    """0 or pi, the angle of a real number."""
    turn = np.arctan2(0.0, z)
    return turn * (180 / math.pi) if deg else turn


@door(np.where)
def where(condition: Array, x: Array = None, y: Array = None) -> Array:
    if is_traced(condition) and x is not None and y is not None:
        return WHERE(condition, x, y)
    condition = plain(condition)
    if x is None or y is None:
        return np.where(condition)
    return WHERE(np.asarray(condition, dtype=bool)[()], x, y)


@door(np.select)
def select(condlist: list[Array], choicelist: list[Array], default: Array = 0) -> Array:
    if len(condlist) != len(choicelist):
        raise ValueError("np.select: condlist and choicelist must have the same length")
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = np.where(condition, choice, chosen)
    return chosen


@door(np.clip, getattr(UNNAMED, "clip", None))
def clip(
    a: Array,
    a_min: Array = None,
    a_max: Array = None,
    out: None = None,
    *,
    min: Array = None,
    max: Array = None,
) -> Array:
    refuse("clip", out=out)
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    return CLIP(a, -math.inf if low is None else low, math.inf if high is None else high)


@door(np.sinc)
def sinc(x: Array) -> Array:
    return SINC(x)


@door(np.nan_to_num)
def nan_to_num(
    x: Array, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Array:
    return NAN_TO_NUM(x, nan=nan, posinf=posinf, neginf=neginf)


@door(np.round, np.around)
def round_(a: Array, decimals: int = 0, out: None = None) -> Array:
    refuse("round", out=out)
    return ROUND(a, decimals=decimals)


@door(np.copy)
def copy(a: Array, order: str = "K", subok: bool = False) -> Array:
    return COPY(a)


@door(getattr(np, "astype", None))
def astype(x: Array, dtype: Any, /, *, copy: bool = True) -> Array:
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype.kind != "f" and getattr(x, "requires_grad", False):
        raise TypeError(f"astype({dtype}): {dtype} carries no gradient; use stop_gradient(v).astype({dtype}), or .data.astype({dtype}) to leave the graph")
    return ASTYPE(x, dtype=dtype)
