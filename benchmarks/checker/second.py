"""A second adversarial set, written by another hand than the checker, without a look at its verdict code.

`f(m, x)` as in cases.py.  The gradients are in second.json: the slopes from the left and from the right
with 900 digits (`python second.py` makes them again; it needs mpmath), or given here where the limit
has another meaning: at the edge of a domain, at a cusp, a jump (where every gradient is wrong), or at a
point that float64 cannot tell from a kink.  Wrong ones: the other sign, twice, half, nothing, a part in a
thousand and in ten thousand off, not finite, outside of the subdifferential, and what an entry adds.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

INF, NAN, PI = math.inf, math.nan, math.pi
FILE = Path(__file__).with_name("second.json")


class Entry(NamedTuple):
    """A function at a point; right, wrong: gradients to try instead of those worked out; more: wrong ones."""

    name: str
    f: Callable[[Any, Any], Any]
    x: float
    right: Sequence[float] | None = None
    wrong: Sequence[float] | None = None
    more: Sequence[float] = ()
    dtype: str = "float64"
    know: float = 1e-4  # the smallest relative error among the wrong ones
    scale: float = 1.0  # the size of the wrong ones where the right one is 0


class Case(NamedTuple):
    """One gradient of one entry."""

    name: str
    f: Callable[[Any, Any], Any]
    x: float
    g: float
    right: bool
    dtype: str
    final: bool = False


ENTRIES: list[Entry] = []


def add(name: str, f: Callable[[Any, Any], Any], x: float, **options: Any) -> None:
    """One more entry."""
    ENTRIES.append(Entry(name, f, x, **options))


# smooth, ordinary
S = [
    ("sin", lambda m, x: m.sin(x)),
    ("exp", lambda m, x: m.exp(x)),
    ("cube", lambda m, x: x**3 - 2 * x),
    ("tanh", lambda m, x: m.tanh(x)),
    ("rational", lambda m, x: 1 / (1 + x * x)),
    ("logsq", lambda m, x: m.log(2 + x * x)),
    ("arctan", lambda m, x: m.arctan(x)),
]
for nm, f in S:
    for x in (0.3, -1.7, 5.0):
        add(f"{nm} at {x}", f, x, know=3e-6)


# kinks
def relu(m, x):
    return m.where(x > 0, x, x * 0)


add("abs 0", lambda m, x: m.abs(x), 0.0)
add("abs -0", lambda m, x: m.abs(x), -0.0, right=[0.0, 1.0, -1.0], wrong=[1.01, -1.01, 2.0, NAN])
add("relu 0", relu, 0.0)
add("relu 1e-9", relu, 1e-9)
add("relu -1e-9", relu, -1e-9)
add("relu 1e-300", relu, 1e-300)
add("relu -1e-300", relu, -1e-300)
add("abs(x-1) at 1", lambda m, x: m.abs(x - 1), 1.0)
add("abs(x-1) at 1+1e-9", lambda m, x: m.abs(x - 1), 1 + 1e-9)
add("abs(x-1) at 1-1e-9", lambda m, x: m.abs(x - 1), 1 - 1e-9)
add("abs(x-1) at 1+2ulp", lambda m, x: m.abs(x - 1), 1 + 2**-51)
add("abs(x-1e6) 1e6+1e-9ish", lambda m, x: m.abs(x - 1e6), 1e6 + 2**-30)
add("2 kinks", lambda m, x: m.abs(x - 1) + m.abs(x - 1.0000001), 1.00000005)
add("3 kinks at mid one", lambda m, x: m.abs(x - 1) + m.abs(x - 1.001) + m.abs(x - 0.999), 1.0)
add("kinks dense below", lambda m, x: m.abs(x) + m.abs(x + 1e-6) + m.abs(x + 1e-7) + m.abs(x + 1e-8), 0.0)
add("kinks both sides", lambda m, x: m.abs(x - 1e-5) - 3 * m.abs(x + 1e-5), 0.0)
add("kinks both sides, 1e-9", lambda m, x: 2 * m.abs(x - 1e-9) + m.abs(x + 1e-9), 0.0)
add("kink + parabola", lambda m, x: m.abs(x) * 1e-3 + x * x, 0.0)
add("tiny kink on slope", lambda m, x: x + 1e-5 * m.abs(x), 0.0, wrong=[0.9, 1.1, 1 - 3e-5, 1 + 3e-5])
add(
    "tiny kink on slope at .5",
    lambda m, x: x + 1e-4 * m.abs(x - 0.5),
    0.5,
    wrong=[0.9, 1.1, 0.0, 2.0, 1 - 3e-4, 1 + 3e-4],
)
add("leaky 0", lambda m, x: m.where(x > 0, x, 0.01 * x), 0.0)
add("leaky -1e-9", lambda m, x: m.where(x > 0, x, 0.01 * x), -1e-9, more=[1.0, 0.505])
add("leaky 1e-9", lambda m, x: m.where(x > 0, x, 0.01 * x), 1e-9, more=[0.01, 0.505])
add("max(x,x^2) at 1", lambda m, x: m.where(x > x * x, x, x * x), 1.0)
add("max(x,x^2) at 1-1e-9", lambda m, x: m.where(x > x * x, x, x * x), 1 - 1e-9, more=[2.0])
add("max(x,x^2) at 1+1e-9", lambda m, x: m.where(x > x * x, x, x * x), 1 + 1e-9, more=[1.0])
add(
    "max chain",
    lambda m, x: m.where(
        m.where(x > 0.5 * x, x, 0.5 * x) > 0.25 * x, m.where(x > 0.5 * x, x, 0.5 * x), 0.25 * x
    ),
    0.0,
)
add("clip at bound", lambda m, x: m.where(x > 1, x * 0 + 1, m.where(x < -1, x * 0 - 1, x)), 1.0)
add("clip in", lambda m, x: m.where(x > 1, x * 0 + 1, m.where(x < -1, x * 0 - 1, x)), 1 - 1e-9)
add("clip out", lambda m, x: m.where(x > 1, x * 0 + 1, m.where(x < -1, x * 0 - 1, x)), 1 + 1e-9)
add("hardswish -3", lambda m, x: m.where(x > 3, x, m.where(x < -3, x * 0, x * (x + 3) / 6)), -3.0)
add("softshrink at .5", lambda m, x: m.where(x > 0.5, x - 0.5, m.where(x < -0.5, x + 0.5, x * 0)), 0.5)
add("huber at 1", lambda m, x: m.where(m.abs(x) <= 1, 0.5 * x * x, m.abs(x) - 0.5), 1.0)
add("elu 0", lambda m, x: m.where(x > 0, x, m.exp(x) - 1), 0.0)
add("selu 0", lambda m, x: 1.05 * m.where(x > 0, x, 1.67 * (m.exp(x) - 1)), 0.0)
add("unequal second derivative", lambda m, x: m.where(x > 0, x * x * 100, -x * x) + x, 0.0)
add("unequal 3rd derivative", lambda m, x: m.where(x > 1, (x - 1) ** 3, 5 * (x - 1) ** 3) + 3 * x, 1.0)
add("x|x|", lambda m, x: x * m.abs(x), 0.0)
add("x|x| tiny", lambda m, x: x * m.abs(x), 1e-100)
add("max(0,x)^2 0", lambda m, x: m.where(x > 0, x * x, x * 0), 0.0)
add("max(0,x)^3 at 1e-5", lambda m, x: m.where(x > 0, x * x * x, x * 0), 1e-5)
add("|sin| at pi", lambda m, x: m.abs(m.sin(x)), PI, right=[0.0, 1.0, -1.0], wrong=[2.0, -2.0, NAN])
add("abs of tiny cubic", lambda m, x: m.abs(x * x * x - x), 1.0)
add("sqrt(x^2) 0", lambda m, x: m.sqrt(x * x), 0.0)
add("sqrt(x^2+1e-20)", lambda m, x: m.sqrt(x * x + 1e-20), 0.0, scale=0.5, wrong=[1.0, -1.0, 0.5])
add("sqrt(x^2+1e-20) at 1e-10", lambda m, x: m.sqrt(x * x + 1e-20), 1e-10)
add("softplus steep", lambda m, x: m.log(1 + m.exp(1e4 * x)) / 1e4, 0.0, more=[1.0])
add("softplus steep beside", lambda m, x: m.log(1 + m.exp(1e4 * x)) / 1e4, 2e-4)
add("tanh steep", lambda m, x: m.tanh(1e6 * x), 0.0)
add("tanh steep beside", lambda m, x: m.tanh(1e6 * x), 1e-6)
add("abs^3 kink scaled", lambda m, x: 1e-200 * m.abs(x), 0.0)
add("abs scaled up", lambda m, x: 1e200 * m.abs(x), 0.0)
add("kink at 1e10", lambda m, x: m.abs(x - 1e10), 1e10)
add("kink at 1e-10", lambda m, x: m.abs(x - 1e-10), 1e-10)
add("kink near far tail", lambda m, x: m.where(x < 1, x, 2 * x - 1), 0.875)
add("kink one ulp above", lambda m, x: m.where(x < 1, x, 2 * x - 1), 1 - 2**-53, wrong=[0.0, -1.0, 3.0, 0.5])
add(
    "kink small asym", lambda m, x: m.where(x > 0, 3 * x, 2.999 * x), 0.0, wrong=[3.1, 2.9, 0.0, 3.002, 2.997]
)
# scales
for e in (-300, -200, -100, -20, 20, 100, 200, 300):
    s = 10.0**e
    add(f"scale out {s}", lambda m, x, s=s: s * m.sin(x), 0.7)
    if abs(e) < 300:
        add(
            f"x = {s} square" if abs(e) <= 100 else f"x = {s} linear",
            (lambda m, x: x * x) if abs(e) <= 100 else (lambda m, x: 3 * x),
            s,
        )
    add(f"x/s sin {s}", lambda m, x, s=s: m.sin(x / s), 0.7 * s)
add("log 1e-300", lambda m, x: m.log(x), 1e-300)
add("log 1e300", lambda m, x: m.log(x), 1e300)
add("1/x 1e-150", lambda m, x: 1 / x, 1e-150)
add("1/x 1e150", lambda m, x: 1 / x, 1e150)
add("sqrt 1e-300", lambda m, x: m.sqrt(x), 1e-300)
add("sqrt 1e300", lambda m, x: m.sqrt(x), 1e300)
add("huge offset tiny slope", lambda m, x: 1e10 + 1e-3 * x, 1.0)
add("huge offset 1e15", lambda m, x: 1e15 + x, 1.0)
add("huge offset 1e16 lost", lambda m, x: 1e16 + 1e-3 * x, 1.0)
add("tiny slope huge curvature", lambda m, x: 1e-8 * x + 1e8 * x * x, 0.0)
add("tiny slope huge curvature 2", lambda m, x: 1e-6 * x + 1e6 * (x - 1) ** 2, 1.0)
add(
    "slope 1e-6, off 1e-8",
    lambda m, x: 1e-6 * m.sin(x),
    0.5,
    more=[1e-6 * math.cos(0.5) + 1e-8, 1e-6 * math.cos(0.5) - 1e-8],
)
add("slope 1e-9, zero", lambda m, x: 1e-9 * m.exp(x), 0.5)
add("sin at 1e9", lambda m, x: m.sin(x), 1e9)
add("exp 700", lambda m, x: m.exp(x), 700.0)
add("exp -700", lambda m, x: m.exp(x), -700.0)
add("exp 709.7", lambda m, x: m.exp(x), 709.7)
add("subnormal x", lambda m, x: 3 * x, 5e-320, right=[3.0], wrong=[-3.0, 6.0, 0.0, 3.5])
add("subnormal out", lambda m, x: 1e-310 * x, 1.0, right=[1e-310], wrong=[-1e-310, 2e-310, 0.0])
add("x^10 at 1e-20", lambda m, x: x**10, 1e-20)
add("x^40 at 1e-10 (underflow)", lambda m, x: x**40, 1e-10, wrong=[1.0, -1.0, 1e-100])
add("exp(-x^2) at 30", lambda m, x: m.exp(-x * x), 26.0)
add("exp(-x^2) underflow", lambda m, x: m.exp(-x * x), 30.0, right=[0.0, -60 * 0.0], wrong=[1.0, 1e-3, -1e-9])
add("2**53 linear", lambda m, x: 3 * x, 2.0**53)
add("2**53 square", lambda m, x: x * x, 2.0**53)
add("integer valued", lambda m, x: x * x * x, 7.0)
add("1e15 sin scaled", lambda m, x: m.sin(1e-15 * x), 1e15)
add("sum of scales", lambda m, x: 1e8 * x + 1e-8 * x * x * x, 1.0)
add("dropped small term", lambda m, x: x * x + 1e-3 * m.sin(x), 1.0, more=[2.0])
add("dropped small term 1e-4", lambda m, x: m.exp(x) + 1e-4 * x, 0.0, more=[1.0])
add("big minus", lambda m, x: (x + 1e8) - 1e8, 0.5)
add("big minus 1e12", lambda m, x: (x + 1e12) - 1e12, 0.5)
add("big minus 1e15", lambda m, x: (x + 1e15) - 1e15, 0.5)
add("big minus 1e17", lambda m, x: (x + 1e17) - 1e17, 0.5)
# cancellation
for x in (1.0, 1e-2, 1e-4, 1e-6, 1e-8):
    add(f"(1-cos)/x^2 {x}", lambda m, x: (1 - m.cos(x)) / (x * x), x)
    add(f"exp-1 {x}", lambda m, x: m.exp(x) - 1, x)
    add(f"(exp-1)/x {x}", lambda m, x: (m.exp(x) - 1) / x, x)
    add(f"log(1+x) {x}", lambda m, x: m.log(1 + x), x)
for x in (1.0, 1e4, 1e8, 1e12):
    add(f"sqrt(x+1)-sqrt(x) {x}", lambda m, x: m.sqrt(x + 1) - m.sqrt(x), x)
    add(f"1/x-1/(x+1) {x}", lambda m, x: 1 / x - 1 / (x + 1), x)
    add(f"log(x+1)-log(x) {x}", lambda m, x: m.log(x + 1) - m.log(x), x)
add("log1p 1e-18", lambda m, x: m.log(1 + x), 1e-18)
add("expm1 good 1e-18", lambda m, x: m.expm1(x), 1e-18)
add("log1p good 1e-18", lambda m, x: m.log1p(x), 1e-18)
add("logsumexp naive 30", lambda m, x: m.log(1 + m.exp(x)), 30.0)
add("logsumexp naive -30", lambda m, x: m.log(1 + m.exp(x)), -30.0)
add("logsumexp naive -38", lambda m, x: m.log(1 + m.exp(x)), -38.0)
add("(x-1)^5 expanded", lambda m, x: x**5 - 5 * x**4 + 10 * x**3 - 10 * x * x + 5 * x - 1, 1.01)
add("tanh naive", lambda m, x: (m.exp(x) - m.exp(-x)) / (m.exp(x) + m.exp(-x)), 1e-5)
add("sinh naive small", lambda m, x: (m.exp(x) - m.exp(-x)) / 2, 1e-7)
add("x - sin x", lambda m, x: x - m.sin(x), 1e-3)
add("x - sin x 1e-6", lambda m, x: x - m.sin(x), 1e-6)
add("cosh-1", lambda m, x: m.cosh(x) - 1, 1e-6)
add("variance naive", lambda m, x: ((x + 1e6) ** 2 + 1e12) / 2 - ((x + 2e6) / 2) ** 2, 1.0)
add("(x+1)^2-x^2-2x-1 zero", lambda m, x: (x + 1) ** 2 - x * x - 2 * x - 1, 0.3, wrong=[1.0, -1.0, 1e-3])
add("sin^2+cos^2", lambda m, x: m.sin(x) ** 2 + m.cos(x) ** 2, 0.3, wrong=[1.0, -1.0, 1e-3, 1e-6])
add("log(exp)", lambda m, x: m.log(m.exp(x)), 0.3)
add("x*1e-17+1", lambda m, x: x * 1e-17 + 1, 1.0)
# edges
add("sqrt 0", lambda m, x: m.sqrt(x), 0.0, right=[INF])
add("sqrt 1e-12", lambda m, x: m.sqrt(x), 1e-12)
add("x^1.5 at 0", lambda m, x: x * m.sqrt(x), 0.0, right=[0.0])
add("arcsin 1", lambda m, x: m.arcsin(x), 1.0, right=[INF])
add("arcsin -1", lambda m, x: m.arcsin(x), -1.0, right=[INF])
add("arccos 1", lambda m, x: m.arccos(x), 1.0, right=[-INF])
add("arcsin .999999", lambda m, x: m.arcsin(x), 0.999999)
add("arcsin 1-1e-12", lambda m, x: m.arcsin(x), 1 - 1e-12)
add("log beside 0", lambda m, x: m.log(x - 1), 1 + 1e-8)
add("xlogx 1e-10", lambda m, x: x * m.log(x), 1e-10)
add("x**x 1e-3", lambda m, x: x**x, 1e-3)
add("x**x 1", lambda m, x: x**x, 1.0)
add("1/(x-1) beside", lambda m, x: 1 / (x - 1), 1 + 1e-6)
add("1/(x-1) 0.999", lambda m, x: 1 / (x - 1), 0.999)
add("pole 1e-9 beside", lambda m, x: 1 / (x - 1.000000001), 1.0)
add("pole + slope", lambda m, x: x + 1e-20 / (x - 1.0001), 1.0)
add("tan near pi/2", lambda m, x: m.tan(x), 1.5707)
add("tan across", lambda m, x: m.tan(x), 1.6)
add("(1-x)^2.5 at 1", lambda m, x: (1 - x) ** 2 * m.sqrt(1 - x), 1.0, right=[0.0])
add("(1-x)log(1-x) 1-1e-5", lambda m, x: (1 - x) * m.log(1 - x), 1 - 1e-5)
add("entropy 0.5", lambda m, x: -x * m.log(x) - (1 - x) * m.log(1 - x), 0.5, wrong=[1.0, -1.0, 1e-3, 1e-6])
add("logit 1e-6", lambda m, x: m.log(x / (1 - x)), 1e-6)
add("sqrt(1-x^2) 1", lambda m, x: m.sqrt(1 - x * x), 1.0, right=[-INF])
add("sqrt(1-x^2) .9999", lambda m, x: m.sqrt(1 - x * x), 0.9999)
add("2x + edge at 1", lambda m, x: 2 * x + m.sqrt(1 - x) ** 3, 1.0, right=[2.0])
add("one-sided linear", lambda m, x: 3 * x + 0 * m.sqrt(x), 0.0, right=[3.0])
add("arccosh 1", lambda m, x: m.arccosh(x), 1.0, right=[INF])
add("arctanh .99999", lambda m, x: m.log((1 + x) / (1 - x)) / 2, 0.99999)
# powers at 0
for p in (0.5, 0.6, 0.75, 1.2, 1.25, 1.3, 1.4, 1.5, 1.6, 1.75, 2.0, 2.2, 2.5, 3.5):
    if p > 1:
        add(f"|x|^{p} 0", lambda m, x, p=p: m.abs(x) ** p, 0.0, right=[0.0], wrong=[1.0, -1.0, 1e-2, -0.1])
        add(f"|x|^{p}+2x 0", lambda m, x, p=p: m.abs(x) ** p + 2 * x, 0.0, right=[2.0])
        add(
            f"sign |x|^{p} 0",
            lambda m, x, p=p: m.where(x > 0, 1, -1) * m.abs(x) ** p,
            0.0,
            right=[0.0],
            wrong=[1.0, -1.0, 1e-2, -0.1],
        )
    else:
        add(f"sgn|x|^{p} 0", lambda m, x, p=p: m.where(x > 0, 1, -1) * m.abs(x) ** p, 0.0, right=[INF])
        add(f"|x|^{p} cusp 0", lambda m, x, p=p: m.abs(x) ** p, 0.0, right=[], wrong=[5.0, -3.0, 1.0])
    add(f"|x|^{p} 1e-6", lambda m, x, p=p: m.abs(x) ** p, 1e-6)
add("cbrt 0", lambda m, x: m.where(x > 0, 1, -1) * m.abs(x) ** (1 / 3), 0.0, right=[INF])
add("x^2/3 1e-9", lambda m, x: m.abs(x) ** (2 / 3), -1e-9)
# oscillation
add("sin 1e6x", lambda m, x: m.sin(1e6 * x), 0.3)
add("sin 1e6x at 0", lambda m, x: m.sin(1e6 * x), 0.0)
add("sin 1e8x at 1", lambda m, x: m.sin(1e8 * x), 1.0)
add("x + 1e-6 sin 1e6x", lambda m, x: x + 1e-6 * m.sin(1e6 * x), 0.0, more=[1.0])
add("x + 1e-6 sin 1e6x .3", lambda m, x: x + 1e-6 * m.sin(1e6 * x), 0.3, more=[1.0])
add("x + 1e-9 sin 1e9x", lambda m, x: x + 1e-9 * m.sin(1e9 * x), 0.0, more=[1.0])
add("x^2 sin 1/x 0.001", lambda m, x: x * x * m.sin(1 / x), 1e-3)
add("x sin 1/x 0.01", lambda m, x: x * m.sin(1 / x), 1e-2)
add("sin 1/x 1e-3", lambda m, x: m.sin(1 / x), 1e-3)
add(
    "x^2 sin(1/x) at 0 (f(0)=0)",
    lambda m, x: m.where(m.abs(x) > 0, x * x * m.sin(1 / m.where(m.abs(x) > 0, x, x * 0 + 1)), x * 0),
    0.0,
    right=[0.0],
    wrong=[1.0, -1.0, 0.1],
)
add(
    "x sin(1/x) at 0 no deriv",
    lambda m, x: m.where(m.abs(x) > 0, x * m.sin(1 / m.where(m.abs(x) > 0, x, x * 0 + 1)), x * 0),
    0.0,
    right=[],
    wrong=[5.0, -3.0, 1.7],
)
add("sin exp 5", lambda m, x: m.sin(m.exp(x)), 5.0)
add("sin exp 15", lambda m, x: m.sin(m.exp(x)), 15.0)
add("cos 100x at 0", lambda m, x: m.cos(100 * x), 0.0, wrong=[100.0, -1.0, 1e-3])
add(
    "weierstrass-ish",
    lambda m, x: m.sin(x) + m.sin(25 * x) / 4 + m.sin(625 * x) / 16 + m.sin(15625 * x) / 64,
    0.4,
)
add("period = 1/8", lambda m, x: m.sin(16 * PI * x), 1.0)
add("period = step/2^k", lambda m, x: x + 0.01 * m.sin(2 * PI * 1024 * x), 0.0, more=[1.0])
add("periodic powers", lambda m, x: m.sin(6.283185307179586 * 64 * x) + 3 * x, 1.0, more=[3.0])
# steps
add("floor 0.5", lambda m, x: m.floor(x), 0.5, wrong=[1.0, -1.0, 0.1])
add("floor 2", lambda m, x: m.floor(x), 2.0, right=[], wrong=[1.0, 5.0, -2.0])
add("floor 2+1e-9", lambda m, x: m.floor(x), 2 + 1e-9, wrong=[1.0, -1.0, 0.1, 1e9])
add("floor 2-1e-9", lambda m, x: m.floor(x), 2 - 1e-9, wrong=[1.0, -1.0, 0.1, 1e9])
add("x - floor x", lambda m, x: x - m.floor(x), 0.7)
add("x - floor x, 3+1e-6", lambda m, x: x - m.floor(x), 3 + 1e-6)
add("round .3", lambda m, x: m.round(x), 0.3, wrong=[1.0, -1.0, 0.1])
add("quantised 1e-3", lambda m, x: m.floor(x * 1000) / 1000, 0.5005, wrong=[1.0, 0.5, -1.0])
add("quantised 1e-6", lambda m, x: m.floor(x * 1e6) / 1e6, 0.5000005, wrong=[1.0, 0.5, -1.0])
add("quantised 1e-10", lambda m, x: m.floor(x * 1e10) / 1e10, 0.50000000005, wrong=[1.0, 0.5, -1.0])
add("x + round", lambda m, x: 2 * x + m.round(x), 1.2, more=[3.0])
add("sign 1e-12", lambda m, x: m.sign(x), 1e-12, wrong=[1.0, -1.0, 1e12])
add("heaviside 1e-3", lambda m, x: m.where(x > 0, x * 0 + 1, x * 0), 1e-3, wrong=[1.0, -1.0, 1e3])
add(
    "jump at point, slopes 1",
    lambda m, x: m.where(x >= 1, x + 1, x),
    1.0,
    right=[],
    wrong=[2.0, -1.0, 0.0, 0.5],
)
add("tiny jump 1e-7", lambda m, x: m.where(x >= 1, x + 1e-7, x), 1.0, right=[], wrong=[2.0, -1.0, 0.0, 0.5])
add("tiny jump beside", lambda m, x: m.where(x >= 1, x + 1e-7, x), 1 + 1e-6)
add("stair + slope noise", lambda m, x: x + m.floor(x * 1e7) * 0, 0.3)
add(
    "gap: removable",
    lambda m, x: m.where(m.abs(x) > 0, m.sin(x) / m.where(m.abs(x) > 0, x, x * 0 + 1), x * 0 + 1),
    0.0,
    right=[0.0],
)
add(
    "isolated value",
    lambda m, x: m.where(m.abs(x - 1) > 0, 2 * x, x * 0 + 7),
    1.0,
    right=[],
    wrong=[1.0, -1.0, 3.0],
)


# saturation
def sigmoid(m, x):
    return 1 / (1 + m.exp(-x))


for x in (20.0, 40.0, -40.0, -300.0, -700.0):
    add(f"sigmoid {x}", sigmoid, x)
add("sigmoid 800", sigmoid, 800.0, right=[0.0], wrong=[1.0, -1.0, 0.25, 1e-3])
add("sigmoid -800", sigmoid, -800.0, right=[0.0], wrong=[1.0, -1.0, 0.25, 1e-3])
for x in (5.0, 15.0, 19.0, 40.0, -40.0):
    add(f"tanh {x}", lambda m, x: m.tanh(x), x)
add("1-tanh^2 20", lambda m, x: 1 - m.tanh(x) ** 2, 15.0)
add("gauss 8", lambda m, x: m.exp(-0.5 * x * x), 8.0)
add("gelu tanh -10", lambda m, x: 0.5 * x * (1 + m.tanh(0.7978845608 * (x + 0.044715 * x**3))), -5.0)
add("silu -30", lambda m, x: x / (1 + m.exp(-x)), -30.0)
add("silu 2", lambda m, x: x / (1 + m.exp(-x)), 2.0)
add("arctan 1e10", lambda m, x: m.arctan(x), 1e10)
add("softsign 1e8", lambda m, x: x / (1 + m.abs(x)), 1e8)
add(
    "logsigmoid stable",
    lambda m, x: m.where(x > 0, -m.log1p(m.exp(-m.abs(x))), x - m.log1p(m.exp(-m.abs(x)))),
    -50.0,
)
add(
    "logsigmoid stable +",
    lambda m, x: m.where(x > 0, -m.log1p(m.exp(-m.abs(x))), x - m.log1p(m.exp(-m.abs(x)))),
    50.0,
)
add("x/sqrt(1+x^2) 1e6", lambda m, x: x / m.sqrt(1 + x * x), 1e6)
# where, dead branches, overflow
add(
    "where nan dead",
    lambda m, x: m.where(x > 0, m.sqrt(m.abs(x) + 1), m.log(m.where(x > 0, x * 0 + 1, x * x + 1))),
    0.5,
)
add("where log dead", lambda m, x: m.where(x > 0.0, x * x, m.log(-x)), 0.5)
add("overflow beside", lambda m, x: m.exp(x) * 1e-300, 709.0)
add("overflow square", lambda m, x: m.sqrt(x * x + 1), 1e153)
add("exp(exp) 6", lambda m, x: m.exp(m.exp(x)), 6.0)
add("1e308 near max", lambda m, x: x * 1.0, 1e308)
add("max float half", lambda m, x: x / 3, 1.7e308)
# neighbouring value planted
add(
    "neighbour",
    lambda m, x: m.sin(x) * m.exp(x),
    1.0,
    more=[
        math.exp(1.001) * (math.sin(1.001) + math.cos(1.001)),
        math.exp(1.0001) * (math.sin(1.0001) + math.cos(1.0001)),
    ],
)
# noise
add(
    "noise 1e-10",
    lambda m, x: m.sin(x) + 1e-10 * m.sin(1e13 * x) * 0 + 1e-12 * (m.floor(m.sin(x * 1e9) * 1000) / 1000),
    0.5,
    right=[math.cos(0.5)],
    wrong=[2 * math.cos(0.5), -math.cos(0.5), 0.0, math.cos(0.5) * 1.001],
)
add("noise quantised f", lambda m, x: m.round(m.sin(x) * 1e12) / 1e12, 0.5, right=[], wrong=[-0.8, 1.7, 5.0])
add("noise float32 inside", lambda m, x: m.sin(x) + (x + 1e8 - 1e8 - x), 0.5, know=1e-3)
# dtypes
for d in ("float32", "float16"):
    for x in (0.3125, -1.75, 2.0):  # the same in all dtypes
        add(f"{d} sin {x}", lambda m, x: m.sin(x), x, dtype=d, know=1e-3)
        add(f"{d} x^3 {x}", lambda m, x: x * x * x, x, dtype=d, know=1e-3)
        add(f"{d} exp {x}", lambda m, x: m.exp(x), x, dtype=d, know=1e-3)
    add(f"{d} abs 0", lambda m, x: m.abs(x), 0.0, dtype=d)
    add(f"{d} relu 1", lambda m, x: m.where(x > 0, x, x * 0), 1.0, dtype=d, know=1e-3)
    add(f"{d} sqrt 0", lambda m, x: m.sqrt(x), 0.0, right=[INF], dtype=d)
    add(f"{d} tanh 3", lambda m, x: m.tanh(x), 3.0, dtype=d, know=1e-2)
    add(f"{d} floor", lambda m, x: m.floor(x), 0.5, dtype=d, wrong=[1.0, -1.0, 0.1])
add("float32 1e-20", lambda m, x: x * x, 2.0**-50, dtype="float32", know=1e-3)
add("float32 1e30", lambda m, x: 3 * x, 2.0**100, dtype="float32", know=1e-3)
add("float32 log 1e-30", lambda m, x: m.log(x), 2.0**-100, dtype="float32", know=1e-3)
# even functions/zero slopes/inflection
add("x^2 0", lambda m, x: x * x, 0.0)
add("x^3 0", lambda m, x: x * x * x, 0.0)
add("x^4 0", lambda m, x: x**4, 0.0)
add("cos 0", lambda m, x: m.cos(x), 0.0, wrong=[1.0, -1.0, 1e-3, 1e-6])
add("(x-1)^2 at 1", lambda m, x: (x - 1) ** 2, 1.0)
add("(x-1e3)^2 +5", lambda m, x: (x - 1e3) ** 2 + 5, 1e3, wrong=[1.0, -1.0, 1e-3])
add("const", lambda m, x: x * 0 + 3, 0.5, wrong=[1.0, -1.0, 1e-3, 1e-9])
add("exp(-1/x^2) 0.05", lambda m, x: m.exp(-1 / (x * x)), 0.05)
add("exp(-1/x^2) 0.1", lambda m, x: m.exp(-1 / (x * x)), 0.1)
add("cos local max", lambda m, x: m.cos(x - 2) * 1e3, 2.0, wrong=[1.0, -1.0, 1e3])
add("rosenbrock slice min", lambda m, x: (1 - x) ** 2 + 100 * (1 - x * x) ** 2, 1.0, wrong=[1.0, -1.0, 1e-3])
add("slope 1e-9 beside min", lambda m, x: (x - 1) ** 2, 1 + 5e-10)
# complex hostile
add("conj-like", lambda m, x: x * m.abs(x) + m.where(x > 1, x * x, x), 0.5)
add("sqrt of square", lambda m, x: m.sqrt((x - 2) ** 2), 0.5)
add("abs composite", lambda m, x: m.abs(m.sin(x)) * m.abs(x), -2.0)
add("log1p(exp(-40))", lambda m, x: m.log1p(m.exp(x)), -40.0)
add("power neg base", lambda m, x: x**3, -2.0)
add("abs log", lambda m, x: m.log(m.abs(x)), -1e-5)


def cases() -> list[Case]:
    """Every gradient of every entry."""
    gradients = json.loads(FILE.read_text())
    return [
        Case(f"{e.name}: {g}", e.f, e.x, float(g), right, e.dtype)
        for e in ENTRIES
        for right, key in ((True, "right"), (False, "wrong"))
        for g in gradients[e.name][key]
    ]


def names() -> Any:
    """NumPy's names in mpmath."""
    import mpmath as mp

    class Names:
        float32 = float64 = None

        def __getattr__(self, name: str) -> Any:
            return getattr(mp, {"round": "nint"}.get(name, name.replace("arc", "a")))

        def abs(self, x: Any) -> Any:
            return abs(x)

        def asarray(self, x: Any, dtype: Any = None) -> Any:
            return x

        def where(self, c: Any, a: Any, b: Any) -> Any:
            return a if c else b

        def log1p(self, x: Any) -> Any:
            return mp.log(1 + x)

        def expm1(self, x: Any) -> Any:
            return mp.exp(x) - 1

    return Names()


def slopes(e: Any, x: float, digits: int = 900) -> tuple[float, float]:
    """From the left and from the right at `x`, in so many digits."""
    import mpmath as mp

    with mp.workdps(digits):
        at, h = mp.mpf(x), mp.mpf(2) ** -1500
        middle, up, down = (mp.mpf(e.f(names(), at + t)) for t in (0, h, -h))
        left, right = (middle - down) / h, (up - middle) / h
        if abs(left - right) <= mp.mpf(10) ** -20 * (abs(left) + abs(right)) or abs(left - right) < 1e-320:
            left = right
        return float(left), float(right)


def gradients_of(e: Entry) -> dict[str, list[str]]:
    """Right and wrong ones."""
    right, wrong = list(e.right or ()), e.wrong
    if e.right is None:
        low, high = sorted(slopes(e, e.x))
        right = [low] if low == high else [low, high, low / 2 + high / 2]
        if low < high and wrong is None:
            w = high - low
            wrong = [low - w / 2, high + w / 2, low - w / 100, high + w / 100, high + 2 * w]
    if wrong is None:
        t, k = right[0], e.know
        if not t:
            wrong = [e.scale, -e.scale, e.scale * 1e-3, -e.scale * 1e-6, e.scale * 1e-9]
        elif math.isinf(t):
            wrong = [-t, 0.0, math.copysign(1.0, t), NAN]
        else:
            wrong = [-t, 2 * t, t / 2, 0.0, *(t * (1 + d) for d in (10 * k, -10 * k, k, -k))]
            wrong.append(INF if len(e.name) % 2 else NAN)
    wrong = [w for w in (*wrong, *e.more) if w not in right]
    return {"right": [repr(g) for g in right], "wrong": [repr(w) for w in wrong]}


if __name__ == "__main__":
    FILE.write_text(json.dumps({e.name: gradients_of(e) for e in ENTRIES}, indent=1) + "\n")
