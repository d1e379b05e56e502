"""A third adversarial set: the kinds of mistakes and of points that the other two have few of.

`f(m, x)` as in cases.py; the gradients are in third.json, worked out as those of second.py
(`python third.py` makes them again; it needs mpmath).  Written before the checker was run on it.

Right: the derivative of what the function means, also where float64 computes it with noise; at a kink
anything between the one-sided slopes; at the edge of a domain the one-sided one.  Wrong: the other sign,
twice, half, nothing, a part in 1e3 and in 1e5 off, rounded to float16, that of a point nearby, of the
neighbouring branch, with a term or a factor missing, not finite, outside of the subdifferential.
"""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from second import Case, slopes

INF, NAN, PI, E = math.inf, math.nan, math.pi, math.e
DIGITS = 2500  # of the slopes
FILE = Path(__file__).with_name("third.json")


class Entry(NamedTuple):
    """A function at a point; right, wrong: gradients to try instead of those worked out; more: wrong ones."""

    name: str
    f: Any
    x: float
    right: Sequence[float] | None = None
    wrong: Sequence[float] | None = None
    more: Sequence[float] = ()
    dtype: str = "float64"
    know: float = 1e-5  # the smallest relative error among the wrong ones
    scale: float = 1.0  # the size of the wrong ones where the right one is 0


ENTRIES: list[Entry] = []


def add(name: str, f: Any, x: float, **options: Any) -> None:
    """One more entry."""
    ENTRIES.append(Entry(name, f, x, **options))


def relu(m, x):
    return m.where(x > 0, x, x * 0)


def least(m, a, b):
    return m.where(a < b, a, b)


def most(m, a, b):
    return m.where(a > b, a, b)


def sigmoid(m, x):
    return 1 / (1 + m.exp(-x))


def low(m, x):
    """Through float32, whatever comes in."""
    return m.asarray(m.asarray(x, dtype=m.float32), dtype=m.float64)


def plain(m, x):
    """Through float64: no wider arithmetic helps."""
    return m.asarray(x, dtype=m.float64)


# ordinary, at ordinary points
for name, f, *points in [
    ("x sin exp", lambda m, x: x * m.sin(x) * m.exp(-x), 0.4, -2.3),
    ("polynomial", lambda m, x: x**6 - 4 * x**4 + 3 * x - 2, 1.3, -0.7),
    ("x**x", lambda m, x: x**x, 0.25, 3.7),
    ("2**x", lambda m, x: 2.0**x, 9.5),
    ("x**pi", lambda m, x: x**PI, 2.5, 1e-3),
    ("exp sin", lambda m, x: m.exp(m.sin(x)), 2.0),
    ("log log", lambda m, x: m.log(m.log(x)), 3.0, 1.001),
    ("mish", lambda m, x: x * m.tanh(m.log1p(m.exp(x))), -1.5, 4.0),
    ("gelu", lambda m, x: 0.5 * x * (1 + m.tanh(0.7978845608 * (x + 0.044715 * x**3))), 0.8, -3.0),
    ("cosh", lambda m, x: m.cosh(x), 12.0, -0.01),
    ("cos x**2", lambda m, x: m.cos(x * x), 10.0),
    ("quotient", lambda m, x: (x * x - 1) / (x * x + 1), 0.6, -40.0),
    ("arctan 1/x", lambda m, x: m.arctan(1 / x), 0.1, -500.0),
    ("arcsinh", lambda m, x: m.arcsinh(x), 1e3),
    ("sqrt of sqrt", lambda m, x: m.sqrt(1 + m.sqrt(x)), 1.7, 1e-9),
    ("softmax of two", lambda m, x: m.exp(x) / (m.exp(x) + m.exp(0.3 * x)), 1.2),
    ("three layers", lambda m, x: m.tanh(2 * m.tanh(3 * m.tanh(x) - 1) + 0.5), 0.2),
]:
    for x in points:
        add(f"{name} at {x}", f, x)

# a term or a factor forgotten
add("product rule", lambda m, x: x * m.sin(x), 2.0, more=[math.sin(2), 2 * math.cos(2)])
add("chain rule", lambda m, x: m.sin(3 * x), 0.5, more=[math.cos(1.5)])
add("quotient rule", lambda m, x: m.sin(x) / x, 1.5, more=[math.cos(1.5) / 1.5, math.cos(1.5) / 2.25])
add("power rule off by one", lambda m, x: x**5, 1.1, more=[5 * 1.1**5, 4 * 1.1**4, 5 * 1.1**3])
add("small term 1e-4", lambda m, x: m.sin(x) + 1e-4 * m.cos(9 * x), 1.0, more=[math.cos(1)])
add("small term 1e-5 at 1e6", lambda m, x: 1e6 * x + 10 * x * x, 1.0, more=[1e6, 1e6 + 10.0])
add("small term beside a huge constant", lambda m, x: 1e7 + x + 1e-3 * x * x, 1.0, more=[1.0], know=1e-3)
add("degrees for radians", lambda m, x: m.sin(x * PI / 180), 30.0, more=[math.cos(PI / 6)])
add("log10 for log", lambda m, x: m.log10(x), 7.0, more=[1 / 7])
add("mean for sum", lambda m, x: sum(m.sin(k * x) for k in (1, 2, 3)) / 3, 0.4)
add("reciprocal", lambda m, x: 1 / x, 0.3, more=[-1 / 0.3, 1 / 0.3, -0.3])
add("sqrt as 1/sqrt", lambda m, x: m.sqrt(x), 5.0, more=[1 / math.sqrt(5), 0.5 * math.sqrt(5)])
add("tanh as 1 - t", lambda m, x: m.tanh(x), 0.7, more=[1 - math.tanh(0.7), 1 + math.tanh(0.7) ** 2])
add("sigmoid as s", sigmoid, 0.7, more=[1 / (1 + math.exp(-0.7)), 1 / (1 + math.exp(0.7))])

# scales of the point and of the value
for e in (-290, -155, -60, -15, 15, 60, 155, 290):
    s = 10.0**e
    add(f"{s:g} tanh", lambda m, x, s=s: s * m.tanh(x), 0.6)
    add(f"log at {s:g}", lambda m, x: m.log(x), 3 * s)
    add(f"cos(x / {s:g})", lambda m, x, s=s: m.cos(x / s), 1.1 * s)
    add(f"{s:g} x / (x + {s:g})", lambda m, x, s=s: s * (x / (x + s)), 2 * s)
for e in (-100, -40, 40, 100):
    s = 10.0**e
    add(f"x**3 at {s:g}", lambda m, x: x * x * x, -s)
    add(f"1 / x**2 at {s:g}", lambda m, x: 1 / (x * x), s)
    add(f"relu beside {s:g}", lambda m, x, s=s: relu(m, x - s), s * (1 + 1e-9), know=1e-3)
    add(f"abs at its kink, {s:g}", lambda m, x, s=s: m.abs(x - s), s)
add("x + 1e-200 x**2", lambda m, x: x + 1e-200 * x * x, 1e150)
add("1e-8 x beside 1", lambda m, x: 1 + 1e-8 * m.sin(x), 0.5, know=1e-3)
add("1e-12 x beside 1", lambda m, x: 1 + 1e-12 * x, 0.5, know=0.1)
add("1e300 exp(-x)", lambda m, x: 1e300 * m.exp(-x), 500.0)
add("exp(x) / 1e300", lambda m, x: m.exp(x) / 1e300, 650.0)
add("sqrt of 1e-310", lambda m, x: m.sqrt(x), 1e-300)
add("slope 1e-20", lambda m, x: 1e-20 * x**3, 1.0)
add("slope 1e20 beside slope 1", lambda m, x: 1e20 * x + m.sin(x), 1.0)
add("-0.0 of a parabola", lambda m, x: x * x + x, -0.0)
add("beside the largest number", lambda m, x: x * 0.5, -1.6e308)
add("largest power", lambda m, x: x**300, 10.0)
add("small base of a large power", lambda m, x: x**300, 0.1)

# kinks at the point
for c in (0.0, 1.0, -3.5, 1e-7, 1e7):
    add(f"abs at {c:g}", lambda m, x, c=c: m.abs(x - c), c)
    add(f"leaky at {c:g}", lambda m, x, c=c: m.where(x > c, x - c, 0.2 * (x - c)), c)
    add(f"steeper on both sides of {c:g}", lambda m, x, c=c: most(m, 3 * (x - c), 2 * (x - c)) + x, c)
add("abs of sin at 0", lambda m, x: m.abs(m.sin(x)), 0.0)
add("abs of expm1", lambda m, x: m.abs(m.exp(x) - 1), 0.0)
add("min of two parabolas", lambda m, x: least(m, (x - 1) ** 2, (x + 1) ** 2), 0.0)
add("max of three, all tied", lambda m, x: most(m, most(m, x, 0.5 * x), -x), 0.0)
add("max of three, one tied", lambda m, x: most(m, most(m, x, x * x), x * 0 + 0.3), 1.0)
add(
    "median of three, all tied",
    lambda m, x: most(m, least(m, x, 2 * x), least(m, most(m, x, 2 * x), -x)),
    0.0,
    more=[1.5],
)
add(
    "median of three, two tied",
    lambda m, x: most(m, least(m, x, x * 0 + 1), least(m, most(m, x, x * 0 + 1), x * 0 + 5)),
    1.0,
)
add("tied with itself", lambda m, x: most(m, x, x), 2.0)
add("relu - relu", lambda m, x: relu(m, x) - relu(m, -x), 0.0, more=[0.0])
add("abs - abs", lambda m, x: m.abs(x) - m.abs(2 * x) + m.abs(3 * x), 0.0)
add("relu of a square", lambda m, x: relu(m, x * x), 0.0)
add("abs cubed", lambda m, x: m.abs(x) ** 3, 0.0)
add("kink of 1e-3 on 1", lambda m, x: x + 1e-3 * m.abs(x - 2), 2.0)
add("kink of 1e-5 on 1", lambda m, x: x + 1e-5 * m.abs(x - 2), 2.0)
add("kink of 1 on 1e5", lambda m, x: 1e5 * x + m.abs(x), 0.0)
add("kink with curvature", lambda m, x: m.exp(x) + m.abs(x - 0.5) * m.cos(x), 0.5)
add("kink, large curvature", lambda m, x: m.abs(x) + 1e6 * x * x, 0.0)
add("kink, singular curvature", lambda m, x: m.abs(x) + m.abs(x) ** 1.5, 0.0, right=[1.0, -1.0, 0.0],
    wrong=[1.01, -1.01, 2.0, NAN, INF])  # fmt: skip
add("hinge", lambda m, x: relu(m, 1 - x), 1.0)
add("squared hinge", lambda m, x: relu(m, 1 - x) ** 2, 1.0)
add("soft threshold", lambda m, x: m.sign(x) * relu(m, m.abs(x) - 0.25), -0.25)
add("hard sigmoid", lambda m, x: most(m, x * 0, least(m, x * 0 + 1, x / 6 + 0.5)), 3.0)
add("relu6", lambda m, x: least(m, relu(m, x), x * 0 + 6), 6.0)
add("elu, alpha 2", lambda m, x: m.where(x > 0, x, 2 * (m.exp(x) - 1)), 0.0)
add("celu, smooth", lambda m, x: m.where(x > 0, x, 2 * (m.exp(x / 2) - 1)), 0.0)
add("quantile loss", lambda m, x: most(m, 0.9 * (1 - x), -0.1 * (1 - x)), 1.0)
add("triangle wave top", lambda m, x: m.abs(x - 2 * m.floor(x / 2 + 0.5)), 1.0)
add("sawtooth slope", lambda m, x: x - m.floor(x), 2.5)
add("sqrt(x**2) at 0", lambda m, x: m.sqrt(x * x), 0.0, right=[0.0, 1.0, -1.0], wrong=[1.01, -2.0, NAN, INF])
add("norm with eps 1e-12", lambda m, x: m.sqrt(x * x + 1e-24), 0.0, wrong=[1.0, -1.0, 0.3])
add("norm with eps, beside", lambda m, x: m.sqrt(x * x + 1e-24), 1e-12, more=[1.0, 0.0])
add("1e-150 abs", lambda m, x: 1e-150 * m.abs(x + 2), -2.0)

# kinks beside the point: the slope is that of the branch, and no other's
for c in (0.0, 1.0, -2.75):
    for d in (1e-2, -1e-4, 1e-7, -1e-10, 1e-13):
        right, wrong = (1.0, -0.5) if d > 0 else (-0.5, 1.0)
        f = lambda m, x, c=c: most(m, x - c, -0.5 * (x - c))
        add(f"branch {d:g} beside {c:g}", f, c + d, more=[wrong, 0.25], know=1e-5 if abs(d) > 1e-11 else 1e-2)
add("clip 1e-12 inside", lambda m, x: least(m, x, x * 0 + 1), 1 - 1e-12, more=[0.5], know=1e-3)
add("clip 1e-12 outside", lambda m, x: least(m, x, x * 0 + 1), 1 + 1e-12, scale=1.0, wrong=[1.0, 0.5])
add(
    "between kinks 1e-9 apart",
    lambda m, x: m.abs(x) + m.abs(x - 1e-9),
    5e-10,
    right=[0.0],
    wrong=[2.0, -2.0, 1.0],
)
add("kinks at 1e-5 and -1e-12", lambda m, x: relu(m, x - 1e-5) + relu(m, x + 1e-12), 0.0, more=[2.0, 0.5])
add("100 kinks around", lambda m, x: sum(m.abs(x - k / 37) for k in range(-50, 50)), 0.01, more=[0.0])
add(
    "huber joint, beside",
    lambda m, x: m.where(m.abs(x) < 1, 0.5 * x * x, m.abs(x) - 0.5),
    1 - 1e-8,
    more=[0.5],
)
add("steep branch 1e-6 away", lambda m, x: m.where(x > 1, 1e6 * (x - 1) + 1, x), 1 - 1e-6, more=[1e6, 5e5])
add("flat branch 1e-6 away", lambda m, x: m.where(x > 1, x * 0 + 1, x), 1 - 1e-6, more=[0.5])
add("kink in the curvature alone", lambda m, x: m.where(x > 1, x + 5 * (x - 1) ** 2, x), 1.0)
add("kink in the curvature, 1e6", lambda m, x: m.where(x > 1, x + 1e6 * (x - 1) ** 2, x), 1.0)
add("kink in the third derivative", lambda m, x: x + m.abs(x) ** 3 * 10, 0.0)
add(
    "quarter of a unit beside",
    lambda m, x: m.abs(m.exp(x) - m.exp(0.7)),
    0.7,
    right=[0.0, 2.0, -2.0],
    wrong=[2.1, -2.1, 4.0],
)

# edges of the domain
add("sqrt", lambda m, x: m.sqrt(x), 0.0, right=[INF], wrong=[0.0, 1.0, -INF, NAN, 1e8, 1e154])
add("sqrt(1 - x)", lambda m, x: m.sqrt(1 - x), 1.0, right=[-INF], wrong=[0.0, INF, -1e8, NAN])
add("x**1.5", lambda m, x: x**1.5, 0.0, right=[0.0], wrong=[1.0, 1.5, -1e-3, NAN, INF])
add("x**1.5 + 3 x", lambda m, x: x**1.5 + 3 * x, 0.0, right=[3.0], wrong=[0.0, 3.001, 4.5, INF])
add("x**2.5", lambda m, x: x**2.5, 0.0, right=[0.0], wrong=[1.0, 1e-6])
add("x**0.5", lambda m, x: x**0.5, 0.0, right=[INF], wrong=[0.0, 0.5, NAN])
add("x**0.25", lambda m, x: x**0.25, 0.0, right=[INF], wrong=[0.0, 1e12])
add("x**0.9", lambda m, x: x**0.9, 0.0, right=[INF], wrong=[0.9, 0.0])
add("x**1.1", lambda m, x: x**1.1, 0.0, right=[0.0], wrong=[1.1, -1.0])
for name, sign in (("arcsin", 1.0), ("arccos", -1.0)):
    for x in (1.0, -1.0):
        f = lambda m, x, name=name: getattr(m, name)(x)
        add(f"{name} at {x}", f, x, right=[sign * INF], wrong=[0.0, -sign * INF, NAN, sign * 1e8])
        add(f"{name} beside {x}", f, x * (1 - 1e-7))
add("arccosh at 1", lambda m, x: m.arccosh(x), 1.0, right=[INF], wrong=[0.0, 1.0, -INF])
add("arccosh beside 1", lambda m, x: m.arccosh(x), 1 + 1e-9)
add("arctanh beside 1", lambda m, x: m.log1p(x) / 2 - m.log1p(-x) / 2, 1 - 1e-9, know=1e-4)
add("log near 0", lambda m, x: m.log(x), 1e-12)
add("log(1 - x) near 1", lambda m, x: m.log(1 - x), 1 - 2.0**-30)
add("x log x near 0", lambda m, x: x * m.log(x), 1e-200)
add("x log x at its minimum", lambda m, x: x * m.log(x), 1 / E, wrong=[1.0, -1.0, 1e-3])
add("entropy near 0", lambda m, x: -x * m.log(x) - (1 - x) * m.log1p(-x), 1e-9)
add("sqrt(x) - 1/sqrt(x)", lambda m, x: m.sqrt(x) - 1 / m.sqrt(x), 1e-6)
add("semicircle at its end", lambda m, x: m.sqrt(4 - x * x), 2.0, right=[-INF], wrong=[0.0, INF, 1.0])
add("semicircle beside its end", lambda m, x: m.sqrt(4 - x * x), 2 - 1e-8)
add("sqrt(x**3)", lambda m, x: m.sqrt(x * x * x), 0.0, right=[0.0], wrong=[1.0, 1.5, NAN, INF])
add(
    "sqrt(x) sin(sqrt(x))",
    lambda m, x: m.sqrt(x) * m.sin(m.sqrt(x)),
    0.0,
    right=[1.0],
    wrong=[0.0, 0.5, INF, NAN],
)
add("cos(sqrt(x))", lambda m, x: m.cos(m.sqrt(x)), 0.0, right=[-0.5], wrong=[0.0, 0.5, -1.0, INF, NAN])
add("1 / (1 + sqrt(x))", lambda m, x: 1 / (1 + m.sqrt(x)), 0.0, right=[-INF], wrong=[0.0, INF, -0.5])
add(
    "edge with a finite slope",
    lambda m, x: m.sqrt((1 - x) ** 3) + 4 * x,
    1.0,
    right=[4.0],
    wrong=[0.0, 4.01, -4.0],
)
add("1/x beside its pole", lambda m, x: 1 / (x - 3), 3 + 2.0**-35, know=1e-3)
add("tan beside its pole", lambda m, x: m.tan(x), PI / 2 - 1e-4)
add("1 / log at 1 + 1e-6", lambda m, x: 1 / m.log(x), 1 + 2.0**-20)
add("pole beside a smooth value", lambda m, x: m.cos(x) + 1e-12 / (x - 1.000001), 1.0, know=1e-3)

# cancellation
for x in (1e-3, 1e-5, 1e-7):
    add(
        f"(x - sin x) / x**3 at {x:g}", lambda m, x: (x - m.sin(x)) / x**3, x, wrong=[1.0, -1.0, 1.0 / 6, 0.5]
    )
    add(f"(cosh x - 1) / x at {x:g}", lambda m, x: (m.cosh(x) - 1) / x, x, know=1e-2)
    add(f"log(1 + x) / x at {x:g}", lambda m, x: m.log(1 + x) / x, x, know=1e-1)
    add(f"(sqrt(1 + x) - 1) / x at {x:g}", lambda m, x: (m.sqrt(1 + x) - 1) / x, x, know=1e-1)
    add(f"1/x - 1/sin x at {x:g}", lambda m, x: 1 / x - 1 / m.sin(x), x, know=1e-1)
for x in (1e3, 1e6, 1e9):
    add(f"sqrt(x**2 + x) - x at {x:g}", lambda m, x: m.sqrt(x * x + x) - x, x, know=1e-1)
    add(f"arctan(x + 1) - arctan(x) at {x:g}", lambda m, x: m.arctan(x + 1) - m.arctan(x), x, know=1e-1)
    add(f"log(x**2 + 1) - 2 log(x) at {x:g}", lambda m, x: m.log(x * x + 1) - 2 * m.log(x), x, know=1e-1)
add("exp(x) - exp(x - 1e-9)", lambda m, x: (m.exp(x) - m.exp(x - 1e-9)) * 1e9, 1.0, know=1e-3)
add("(1 + x)**3 - 1 at 1e-9", lambda m, x: (1 + x) ** 3 - 1, 1e-9)
add("expanded square", lambda m, x: x * x - 2e3 * x + 1e6, 1e3 + 1e-3, know=1e-2)
add("expanded cube", lambda m, x: x**3 - 3 * x * x + 3 * x - 1, 1.001, know=1e-2)
add("variance of two", lambda m, x: (x * x + 9) / 2 - ((x + 3) / 2) ** 2, 3.0001, know=1e-3)
add("variance of two, far", lambda m, x: ((x + 1e4) ** 2 + 1e8) / 2 - (x / 2 + 1e4) ** 2, 0.5, know=1e-3)
add("naive log cosh", lambda m, x: m.log((m.exp(x) + m.exp(-x)) / 2), 1e-5, know=1e-2)
add("naive softplus minus relu", lambda m, x: m.log(1 + m.exp(x)) - x, 25.0, know=1e-2)
add("1 - sigmoid", lambda m, x: 1 - sigmoid(m, x), 22.0, know=1e-2)
add("big plus x minus big, 1e11", lambda m, x: (1e11 + m.sin(x)) - 1e11, 1.0, know=1e-2)
add("large sum of squares", lambda m, x: (1e6 + x) ** 2 - 1e12, 0.1)
add("telescoped", lambda m, x: sum(m.sin(x + k) - m.sin(x + k + 1) for k in range(20)), 0.3)
add("identity in disguise", lambda m, x: m.exp(m.log(x) * 2) / x, 3.0)
add("zero in disguise", lambda m, x: m.exp(2 * x) - m.exp(x) ** 2, 0.5, right=[0.0], wrong=[1.0, -1.0, 1e-2])
add(
    "cubic of a sum",
    lambda m, x: (x + 1) ** 3 - x**3 - 3 * x * x - 3 * x - 1,
    0.4,
    right=[0.0],
    wrong=[1.0, 0.1],
)

# oscillation
add("sin(1e5 x)", lambda m, x: m.sin(1e5 * x), 0.7)
add("sin(1e7 x**2)", lambda m, x: m.sin(1e7 * x * x), 0.2)
add("x + ripples 1e-4", lambda m, x: x + 1e-4 * m.sin(1e4 * x), 0.25, more=[1.0])
add("x + ripples 1e-7", lambda m, x: x + 1e-7 * m.cos(1e7 * x), 0.1, more=[1.0])
add("x + ripples whose slope is 1e-3", lambda m, x: x + 1e-10 * m.sin(1e7 * x), 0.0, more=[1.0])
add("ripples in step with the ladder", lambda m, x: x + m.sin(2 * PI * 4096 * x) / 4096, 0.0, more=[1.0])
add("sin(1/x) at 1e-2", lambda m, x: m.sin(1 / x), -0.01)
add("x**2 sin(1/x) at 1e-5", lambda m, x: x * x * m.sin(1 / x), 1e-5)
add("x**3 sin(1/x) at 0", lambda m, x: m.where(x == 0, x * 0, x**3 * m.sin(1 / m.where(x == 0, x * 0 + 1, x))), 0.0,
    right=[0.0], wrong=[1.0, -0.5, 1e-2])  # fmt: skip
add("2 x + x**2 cos(1/x**2) at 0",
    lambda m, x: 2 * x + m.where(x == 0, x * 0, x * x * m.cos(1 / m.where(x == 0, x * 0 + 1, x * x))), 0.0,
    right=[2.0], wrong=[0.0, 3.0, 1.0])  # fmt: skip
add("cos(log x)", lambda m, x: m.cos(m.log(x)), 1e-30)
add("chirp", lambda m, x: m.sin(m.exp(2 * x)), 4.0)
add("nearly resonant", lambda m, x: m.sin(1000 * x) * m.sin(1001 * x), 3.0)

# flat functions
guarded = lambda m, x: m.where(x == 0, x * 0, m.exp(-1 / m.where(x == 0, x * 0 + 1, x * x)))
add("exp(-1/x**2) at 0", guarded, 0.0, right=[0.0], wrong=[1.0, -1.0, 1e-3])
add("exp(-1/x**2) at 0.2", guarded, 0.2)
add("exp(-1/x**2) at 0.04", guarded, 0.04)
add("exp(-1/x**2) + x at 0", lambda m, x: guarded(m, x) + x, 0.0)
add("exp(-1/x) for x > 0", lambda m, x: m.where(x > 0, m.exp(-1 / m.where(x > 0, x, x * 0 + 1)), x * 0), 0.0,
    right=[0.0], wrong=[1.0, 1e-2])  # fmt: skip
add(
    "bump",
    lambda m, x: m.where(m.abs(x) < 1, m.exp(-1 / (1 - m.where(m.abs(x) < 1, x, x * 0) ** 2)), x * 0),
    0.9,
)
add("x**8 at 0", lambda m, x: x**8, 0.0)
add("x**9 at 1e-3", lambda m, x: x**9, 1e-3)
add("plateau of a tanh", lambda m, x: m.tanh(x) ** 9, 0.02)
add("constant", lambda m, x: x * 0 - 7.25, 3.0, wrong=[1.0, 1e-6, -1e-12])
add("dead relu", lambda m, x: relu(m, x) * m.exp(x), -4.0, wrong=[1.0, math.exp(-4), 1e-9])
add("dead product", lambda m, x: relu(m, x - 5) * relu(m, 4 - x), 4.5, wrong=[1.0, -1.0, 1e-5])
add("saturated sigmoid", sigmoid, 38.0, know=0.5, wrong=[1.0, 0.25, 1e-3, -1e-6])
add("underflowed gaussian", lambda m, x: m.exp(-x * x), 40.0, right=[0.0], wrong=[1.0, -80.0, 1e-6])

# steps
for name, f in (("floor", lambda m, x: m.floor(x)), ("round", lambda m, x: m.round(x))):
    for x in (1.25, -6.7, 1e6 + 0.25):
        add(f"{name} at {x}", f, x, right=[0.0], wrong=[1.0, -1.0, 1e-6])
add("floor at a step", lambda m, x: m.floor(x), 4.0, right=[], wrong=[1.0, -1.0, 1e9])
add("sign at 0", lambda m, x: m.sign(x), 0.0, right=[], wrong=[1.0, -1.0])
add("sign beside 0", lambda m, x: m.sign(x), -1e-200, right=[0.0], wrong=[1.0, 2.0, 1e200])
add(
    "step + slope, at the step",
    lambda m, x: 3 * x + m.where(x > 2, x * 0 + 1, x * 0),
    2.0,
    right=[],
    wrong=[-3.0, 0.0, 1.0],
)
add("step + slope, 1e-5 beside", lambda m, x: 3 * x + m.where(x > 2, x * 0 + 1, x * 0), 2 - 1e-5, more=[1e5])
add("x floor(x)", lambda m, x: x * m.floor(x), 3.4, more=[3.4, 6.4])
add("x % 1 times x", lambda m, x: x * (x - m.floor(x)), 7.2)
add(
    "a jump of 1e-9 at the point",
    lambda m, x: x + m.where(x > 1, x * 0 + 1e-9, x * 0),
    1.0,
    right=[],
    wrong=[2.0, 0.0, -1.0],
)
add("stairs of 1/64", lambda m, x: m.floor(64 * x) / 64, 0.33, right=[0.0], wrong=[1.0, 64.0, 0.5])
add("stairs on a slope", lambda m, x: 0.5 * x + m.floor(256 * x) / 256, 0.7, more=[1.5])

# removable singularities and guards
safe = lambda m, x: m.where(x == 0, x * 0 + 1, x)
add("sinc at 0", lambda m, x: m.where(x == 0, x * 0 + 1, m.sin(safe(m, x)) / safe(m, x)), 0.0)
add("sinc at 1e-3", lambda m, x: m.where(x == 0, x * 0 + 1, m.sin(safe(m, x)) / safe(m, x)), 1e-3, know=1e-4)
add("expm1(x)/x at 0", lambda m, x: m.where(x == 0, x * 0 + 1, m.expm1(safe(m, x)) / safe(m, x)), 0.0)
add("log1p(x)/x at 0", lambda m, x: m.where(x == 0, x * 0 + 1, m.log1p(safe(m, x)) / safe(m, x)), 0.0)
add("x / tanh at 0", lambda m, x: m.where(x == 0, x * 0 + 1, x / m.tanh(safe(m, x))), 0.0)
add(
    "wrong value at the gap",
    lambda m, x: m.where(x == 0, x * 0, m.cos(x)),
    0.0,
    right=[],
    wrong=[0.5, -1.0, 1.0],
)
add(
    "wrong by 1e-6 at the gap",
    lambda m, x: m.where(x == 0, x * 0 + 1e-6, m.sin(x)),
    0.0,
    right=[],
    wrong=[0.5, -1.0, 2.0],
)
add(
    "guard of 1e-6, inside",
    lambda m, x: m.where(m.abs(x) < 1e-6, 1 - x * x / 6, m.sin(x) / x),
    1e-7,
    know=0.1,
)
add("guard that is too coarse, inside", lambda m, x: m.where(m.abs(x) < 1e-2, x * 0 + 1, m.sin(x) / x), 1e-3,
    right=[0.0], wrong=[-1e-3 / 3, 1.0, 1e-3])  # fmt: skip
add(
    "where with a nan branch",
    lambda m, x: m.where(x > 0, m.log(x), x * x),
    -0.5,
    right=[-1.0],
    wrong=[NAN, 0.0, 1.0, -2.0],
)
add(
    "where with an infinite branch",
    lambda m, x: m.where(x > 1, 1 / (x - 1), 2 * x),
    1.0,
    right=[],
    wrong=[-3.0, 5.0],
)
add("double where, sqrt", lambda m, x: m.where(x > 0, m.sqrt(m.where(x > 0, x, x * 0 + 1)), x * 0), -0.3,
    right=[0.0], wrong=[NAN, 0.5, 1.0])  # fmt: skip
add(
    "overflow in the dead branch",
    lambda m, x: m.where(x > 0, x, m.exp(x) - 1),
    900.0,
    wrong=[NAN, 0.0, INF, 2.0, 1.001],
)
add("x * 0 with inf", lambda m, x: m.sin(x) + 0 * m.exp(x), 2.0, more=[math.cos(2) + math.exp(2)])
add("normalised", lambda m, x: x / m.sqrt(x * x + 1e-30), 1e-3, wrong=[1.0, 1e3, 1e-3])
add(
    "eps beside a norm",
    lambda m, x: 1 / (m.abs(x) + 1e-6),
    0.0,
    right=[0.0, 1e12, -1e12],
    wrong=[2e12, -1.1e12, NAN],
)

# smooth, zero slopes
add("bottom of a parabola", lambda m, x: (x - 4) ** 2 + 1, 4.0, wrong=[1.0, -1e-2, 1e-4])
add("bottom of log cosh", lambda m, x: m.log(m.cosh(x)), 0.0)
add("top of a gaussian", lambda m, x: 1e5 * m.exp(-x * x), 0.0, wrong=[1.0, 1e5, -1e-3])
add("inflection with slope 0", lambda m, x: (x + 1) ** 3, -1.0)
add("saddle of a quartic", lambda m, x: x**4 - 2 * x * x, 1.0, wrong=[1.0, 1e-3, -4.0])
add("beside the bottom", lambda m, x: (x - 4) ** 2 + 1, 4 + 1e-6, know=1e-3)
add("x**1.2 on both sides", lambda m, x: m.abs(x) ** 1.2, 0.0, right=[0.0], wrong=[1.0, -1.2, 0.2])
add("x**1.5 on both sides", lambda m, x: m.abs(x) ** 1.5 - x, 0.0, right=[-1.0], wrong=[0.0, 1.0, -1.01])
add("x**(4/3)", lambda m, x: m.abs(x) ** (4 / 3), 0.0, right=[0.0], wrong=[1.0, 1e-2])
add("x**(5/3), signed", lambda m, x: m.sign(x) * m.abs(x) ** (5 / 3), 0.0, right=[0.0], wrong=[1.0, 1e-2])
add("cube root", lambda m, x: m.sign(x) * m.abs(x) ** (1 / 3), 0.0, right=[INF], wrong=[0.0, -INF, 1e9])
add("cube root beside 0", lambda m, x: m.sign(x) * m.abs(x) ** (1 / 3), -1e-15)
add("cusp", lambda m, x: m.abs(x) ** 0.5, 0.0, right=[], wrong=[1.0, -7.0])
add(
    "x log|x|",
    lambda m, x: m.where(x == 0, x * 0, x * m.log(m.abs(safe(m, x)))),
    0.0,
    right=[],
    wrong=[1.0, 0.0],
)
add(
    "x**2 log|x|",
    lambda m, x: m.where(x == 0, x * 0, x * x * m.log(m.abs(safe(m, x)))),
    0.0,
    right=[0.0],
    wrong=[1.0, 1e-2],
)
add(
    "half vertical, half flat",
    lambda m, x: m.where(x > 0, m.abs(x) ** 0.5, x * 0),
    0.0,
    right=[0.0, 1.0, INF],
    wrong=[-1.0, -INF, NAN],
)

# noise: what the function means is smooth, what it returns is not
add("sin through float32", lambda m, x: m.sin(low(m, x)), 0.8, right=[math.cos(0.8)], wrong=[-0.7, 1.4, 0.35])
add("square through float32", lambda m, x: low(m, x) ** 2, 3.1, right=[6.2], wrong=[-6.2, 3.1, 12.4])
add(
    "result rounded to float32",
    lambda m, x: low(m, m.exp(x)),
    1.3,
    right=[math.exp(1.3)],
    wrong=[-3.7, 7.3, 1.8],
)
add("noise of 1e-8", lambda m, x: m.cos(x) + 1e-8 * m.sin(1e15 * x), 0.9, right=[], wrong=[2.0, 5.0])
add("rounded to 8 digits", lambda m, x: m.round(m.exp(x) * 1e8) / 1e8, 0.4, right=[math.exp(0.4)],
    wrong=[-1.5, 3.0, 0.75])  # fmt: skip
add("rounded to 13 digits", lambda m, x: m.round(m.exp(x) * 1e13) / 1e13, 0.4, right=[math.exp(0.4)],
    wrong=[-1.5, 3.0, 0.75])  # fmt: skip
add("float64 inside", lambda m, x: m.sin(plain(m, x)), 0.8)
add(
    "float64 inside, cancelling",
    lambda m, x: (m.exp(plain(m, x)) - 1) / x,
    1e-6,
    right=[0.5],
    wrong=[0.0, 1.0, -0.5],
)
add("float64 inside, at 1e-3", lambda m, x: 1 - m.cos(plain(m, x)), 1e-3, know=1e-2)
add("float64 inside, kink", lambda m, x: m.abs(plain(m, x) - 0.3), 0.3)
add("float64 inside, softplus", lambda m, x: m.log(1 + m.exp(plain(m, x))), -30.0, know=0.5)


# solvers
def newton(m, x):
    y = x * 0 + 1
    for _ in range(30):
        y = (y + x / y) / 2
    return y


def fixed_point(m, x):
    y = x * 0
    for _ in range(80):
        y = m.cos(y * x) / 2
    return y


def bisection(m, x, n=26):
    a, b = x * 0, x * 0 + 2
    for _ in range(n):
        c = (a + b) / 2
        a, b = m.where(c**3 < x, c, a), m.where(c**3 < x, b, c)
    return (a + b) / 2


def kepler(m, x):
    y = x
    for _ in range(20):
        y = y - (y - 0.6 * m.sin(y) - x) / (1 - 0.6 * m.cos(y))
    return y


def euler(m, x):
    y = x
    for _ in range(50):
        y = y + 0.02 * m.sin(3 * y)
    return y


def series(m, x):
    term, total = x * 0 + 1, x * 0 + 1
    for k in range(1, 60):
        term = term * x / k
        total = total + term
    return total


def trapezoid(m, x):
    return sum(m.exp(-((x * k / 64) ** 2)) for k in range(65)) * x / 64


add("Newton's square root", newton, 7.0)
add("Newton's square root, small", newton, 1e-6)
add("a fixed point", fixed_point, 0.9)
add("bisection of 26 steps", bisection, 2.0, right=[2 ** (-2 / 3) / 3], wrong=[-0.2, 0.4, 0.1])
add(
    "bisection of 60 steps",
    lambda m, x: bisection(m, x, 60),
    2.0,
    right=[2 ** (-2 / 3) / 3],
    wrong=[-0.2, 0.4, 0.1],
)
add("Kepler's equation", kepler, 1.1)
add("Euler's method", euler, 0.5)
add("a Taylor series", series, 2.0, more=[math.exp(2) - 1])
add("a Taylor series that cancels", series, -12.0, know=1e-1)
add("the trapezoid rule", trapezoid, 1.5)
add("continued fraction", lambda m, x: 1 + x / (2 + x / (3 + x / (4 + x / 5))), 0.8)
add("Horner", lambda m, x: ((((x - 3) * x + 2) * x - 7) * x + 1) * x, 2.2)

# float32 and float16
for dtype, know in (("float32", 1e-3), ("float16", 1e-2)):
    for name, f, x in [
        ("tanh", lambda m, x: m.tanh(x), 0.625),
        ("log", lambda m, x: m.log(x), 0.0625),
        ("1/x", lambda m, x: 1 / x, 3.0),
        ("sqrt", lambda m, x: m.sqrt(x), 1.5),
        ("sin(8 x)", lambda m, x: m.sin(8 * x), 1.25),
        ("x**3 - x", lambda m, x: x * x * x - x, -0.75),
        ("leaky, beside", lambda m, x: m.where(x > 1, x, 0.5 * x + 0.5), 1.0078125),
        ("sigmoid", sigmoid, -4.0),
        ("exp(-x**2)", lambda m, x: m.exp(-x * x), 1.0),
    ]:
        add(f"{dtype} {name}", f, x, dtype=dtype, know=know)
    add(f"{dtype} abs(x - 1) at 1", lambda m, x: m.abs(x - 1), 1.0, dtype=dtype)
    add(
        f"{dtype} arccos at 1",
        lambda m, x: m.arccos(x),
        1.0,
        right=[-INF],
        wrong=[0.0, INF, -100.0],
        dtype=dtype,
    )
    add(f"{dtype} x**2 at 0", lambda m, x: x * x, 0.0, wrong=[1.0, -0.125], dtype=dtype)
    add(f"{dtype} relu beside 0", relu, -0.0009765625, wrong=[1.0, 0.5], dtype=dtype)
    add(f"{dtype} x + 1000", lambda m, x: x + 1000, 0.5, wrong=[0.0, 2.0, -1.0], dtype=dtype)
    add(f"{dtype} floor", lambda m, x: m.floor(x), 2.75, right=[0.0], wrong=[1.0, -1.0], dtype=dtype)
add("float32 exp at -80", lambda m, x: m.exp(x), -80.0, dtype="float32", know=1e-3)
add("float32 softplus at 20", lambda m, x: m.log1p(m.exp(-x)), 20.0, dtype="float32", know=1e-3)
add("float32 at 2**90", lambda m, x: x / 3, 2.0**90, dtype="float32", know=1e-3)
add("float32 sinc", lambda m, x: m.sin(x) / x, 2.0**-9, dtype="float32", wrong=[1.0, -1.0, 0.1])


def cases() -> list[Case]:
    """Every gradient of every entry."""
    gradients = json.loads(FILE.read_text())
    return [
        Case(f"{e.name}: {g}", e.f, e.x, float(g), right, e.dtype)
        for e in ENTRIES
        for right, key in ((True, "right"), (False, "wrong"))
        for g in gradients[e.name][key]
    ]


def gradients_of(e: Entry) -> dict[str, list[str]]:
    """Right and wrong ones."""
    import numpy as np

    right, wrong = list(e.right or ()), e.wrong
    if e.right is None:
        a, b = sorted(slopes(e, e.x, DIGITS))
        right = [a] if a == b else [a, b, a / 2 + b / 2, a / 4 + b * 0.75]
        if a < b and wrong is None:
            w = b - a
            wrong = [a - w / 2, b + w / 2, a - w / 100, b + w / 100, b + 2 * w, a - w / 1000, NAN]
            near = e.know * max(abs(a), abs(b))
            wrong = [v for v in wrong if not min(abs(v - a), abs(v - b)) < near]
    if wrong is None:
        t, k = right[0], e.know
        if not t:
            wrong = [e.scale, -e.scale, e.scale * 1e-3, -e.scale * 1e-6, e.scale * 1e-9]
        else:
            wrong = [-t, 2 * t, t / 2, 0.0, 10 * t, t * 1.1]
            wrong += [t * (1 + s * d) for d in (1e-3, k) if d >= k for s in (1, -1)]
            wrong += [float(np.float16(t))] if 1e-4 < abs(t) < 6e4 and k < 1e-3 else []
            with suppress(TypeError, ValueError, ZeroDivisionError):  # beyond the domain
                wrong += [slopes(e, e.x + e.x * d, DIGITS)[0] for d in (1e-3, -1e-2)] if k < 1e-3 else []
            wrong = [w for w in wrong if abs(w - t) >= 0.9 * k * abs(t)]
            wrong.append(INF if len(e.name) % 2 else NAN)
    wrong = [w for w in (*wrong, *e.more) if w not in right]
    with np.errstate(over="ignore"):  # in float16 too, a wrong one is another number
        kept = [
            w for w in wrong if np.dtype(e.dtype).type(w) not in [np.dtype(e.dtype).type(r) for r in right]
        ]
    return {"right": [repr(g) for g in right], "wrong": [repr(w) for w in dict.fromkeys(kept)]}


if __name__ == "__main__":
    FILE.write_text(json.dumps({e.name: gradients_of(e) for e in ENTRIES}, indent=1) + "\n")
