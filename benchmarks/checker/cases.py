"""Adversarial one-dimensional cases: a function, a point, gradients that are right and that are wrong.

`f(m, x)` is written for a namespace `m` with NumPy's names, so that every checker can run it.
What counts as right: the derivative; at a kink anything between the one-sided slopes; at the
edge of the domain the one-sided derivative, infinite where the slope is.  What counts as
wrong: everything else, however small.  Entries alternate between the tuning half and the
half that is run once; the set is not changed after that.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

INF, PI = math.inf, math.pi


class Entry(NamedTuple):
    """A function at a point, with the gradients to try."""

    name: str
    f: Callable[[Any, Any], Any]
    x: float
    right: tuple[float, ...]
    wrong: tuple[float, ...]
    dtype: str = "float64"


class Case(NamedTuple):
    """One gradient of one entry."""

    name: str
    f: Callable[[Any, Any], Any]
    x: float
    g: float
    right: bool
    dtype: str
    final: bool


def off(g: float, *factors: float) -> tuple[float, ...]:
    """Multiples of the right gradient."""
    return tuple(g * k for k in factors)


E = Entry
SMALL = (1 + 1e-4, 1 - 1e-4)
ENTRIES: list[Entry] = [
    # smooth, ordinary
    E("x**2 at 3", lambda m, x: x * x, 3.0, (6.0,), (6.0006, -6.0, 3.0)),
    E("x**3 at -2", lambda m, x: x**3, -2.0, (12.0,), off(12.0, *SMALL, -1)),
    E("sin at 1", lambda m, x: m.sin(x), 1.0, (math.cos(1),), off(math.cos(1), *SMALL, -1)),
    E("exp at 5", lambda m, x: m.exp(x), 5.0, (math.exp(5),), off(math.exp(5), *SMALL)),
    E("tanh at 0.3", lambda m, x: m.tanh(x), 0.3, (1 - math.tanh(0.3) ** 2,), off(1 - math.tanh(0.3) ** 2, *SMALL)),
    E("log at 0.01", lambda m, x: m.log(x), 0.01, (100.0,), (100.01, -100.0, 10.0)),
    E("1/x at 4", lambda m, x: 1 / x, 4.0, (-0.0625,), (0.0625, -0.25, -0.06251)),
    E("sqrt at 2", lambda m, x: m.sqrt(x), 2.0, (0.5 / math.sqrt(2),), off(0.5 / math.sqrt(2), *SMALL, 2)),
    # scale of the point
    E("log at 1e-7", lambda m, x: m.log(x), 1e-7, (1e7,), off(1e7, *SMALL, -1)),
    E("log at 1e-300", lambda m, x: m.log(x), 1e-300, (1e300,), off(1e300, *SMALL, 0)),
    E("sqrt at 1e-12", lambda m, x: m.sqrt(x), 1e-12, (5e5,), off(5e5, *SMALL, 2)),
    E("sqrt at 1e-300", lambda m, x: m.sqrt(x), 1e-300, (5e149,), off(5e149, *SMALL, 0)),
    E("x**2 at 1e-9", lambda m, x: x * x, 1e-9, (2e-9,), (0.0, 1e-9, 2.0002e-9)),
    E("x**2 at 1e150", lambda m, x: x * x, 1e150, (2e150,), off(2e150, *SMALL, 0.5)),
    E("1/x at 1e-8", lambda m, x: 1 / x, 1e-8, (-1e16,), off(-1e16, *SMALL, -1)),
    E("1/x at -1e-150", lambda m, x: 1 / x, -1e-150, (-1e300,), off(-1e300, *SMALL, 0)),
    E("1/x**2 at 1e-3", lambda m, x: 1 / (x * x), 1e-3, (-2e9,), off(-2e9, *SMALL, 0.5)),
    E("exp at -30", lambda m, x: m.exp(x), -30.0, (math.exp(-30),), (0.0, *off(math.exp(-30), *SMALL))),
    E("exp at 700", lambda m, x: m.exp(x), 700.0, (math.exp(700),), off(math.exp(700), *SMALL)),
    E("exp at -700", lambda m, x: m.exp(x), -700.0, (math.exp(-700),), (0.0, *off(math.exp(-700), 2.0, -1.0))),
    E("arctan at 1e8", lambda m, x: m.arctan(x), 1e8, (1e-16,), (1e-8, 1.0, -1e-12)),
    E("x at 1e12", lambda m, x: x * 1, 1e12, (1.0,), (0.0, 1.0001)),
    E("log at 1e200", lambda m, x: m.log(x), 1e200, (1e-200,), (1e-197, 1.0)),
    E("x**3 at 1e-100", lambda m, x: x * x * x, 1e-100, (3e-200,), (0.0, 1e-200)),
    E("x*exp(x) at 1e-15", lambda m, x: x * m.exp(x), 1e-15, (1.0,), (0.0, 1.0001, 2.0)),
    # scale of the function
    E("1e-12 x**2 at 1", lambda m, x: 1e-12 * x * x, 1.0, (2e-12,), (0.0, 1e-12, -2e-12)),
    E("1e-200 sin x at 1", lambda m, x: 1e-200 * m.sin(x), 1.0, off(math.cos(1), 1e-200), (0.0, 1e-200)),
    E("1e-300 x at 2", lambda m, x: 1e-300 * x, 2.0, (1e-300,), (0.0, 1.001e-300)),
    E("1e250 cos x at 0.1", lambda m, x: 1e250 * m.cos(x), 0.1, off(-math.sin(0.1), 1e250), (0.0, 1e250)),
    E("1e-6 x**2 at 1e-3", lambda m, x: 1e-6 * x * x, 1e-3, (2e-9,), (0.0, 2.001e-9, 1e-6)),
    E("x + 1e-8 x**2 at 1", lambda m, x: x + 1e-8 * x * x, 1.0, (1 + 2e-8,), (1 + 1e-4,)),
    E("1e6 + sin x at 1", lambda m, x: 1e6 + m.sin(x), 1.0, (math.cos(1),), off(math.cos(1), *SMALL)),
    E("1e10 + x at 1", lambda m, x: 1e10 + x, 1.0, (1.0,), (1.1, 0.0)),
    E("1 + 1e-9 x at 1", lambda m, x: 1 + 1e-9 * x, 1.0, (1e-9,), (0.0, 2e-9, 1e-6)),
    # slopes of zero
    E("x**2 at 0", lambda m, x: x * x, 0.0, (0.0,), (1e-9, 1e-6, 1.0)),
    E("cos at 0", lambda m, x: m.cos(x), 0.0, (0.0,), (1e-8, -1e-10, 1.0)),
    E("x**3 at 0", lambda m, x: x**3, 0.0, (0.0,), (1e-12, 1.0)),
    E("(x-1)**2 at 1", lambda m, x: (x - 1) * (x - 1), 1.0, (0.0,), (1e-9, 2.0)),
    E("cos at 1e-8", lambda m, x: m.cos(x), 1e-8, (-1e-8,), (0.0, 1e-8)),
    E("sin at pi/2", lambda m, x: m.sin(x), PI / 2, (6.123233995736766e-17,), (1e-7, 1e-10)),
    E("constant at 2", lambda m, x: 0 * x + 3, 2.0, (0.0,), (1e-8, 1.0)),
    E("zero times x at 0.7", lambda m, x: 0 * x, 0.7, (0.0,), (1e-12, 1.0)),
    E("x - x at 5", lambda m, x: x - x, 5.0, (0.0,), (1.0, 1e-10)),
    E("x / x at 3", lambda m, x: x / x, 3.0, (0.0,), (1 / 3, 1e-10)),
    # kinks at the point
    E("abs at 0", lambda m, x: m.abs(x), 0.0, (0.0, 1.0, -1.0, 0.5), (2.0, -1.001, math.nan)),
    E("relu at 0", lambda m, x: m.maximum(x, 0 * x), 0.0, (0.0, 0.5, 1.0), (-0.1, 1.01)),
    E("-abs at 0", lambda m, x: -m.abs(x), 0.0, (0.0, 1.0), (1.5,)),
    E("abs(x-1) at 1", lambda m, x: m.abs(x - 1), 1.0, (0.0, -1.0), (3.0, -1.01)),
    E("1e-10 abs at 0", lambda m, x: 1e-10 * m.abs(x), 0.0, (0.0, 1e-10), (2e-10, 1.0)),
    E("1e12 abs at 0", lambda m, x: 1e12 * m.abs(x), 0.0, (0.0, -1e12), (2e12,)),
    E("max(x, 2x) at 0", lambda m, x: m.maximum(x, 2 * x), 0.0, (1.0, 1.5, 2.0), (0.0, 2.5)),
    E("max(x**2, x) at 1", lambda m, x: m.maximum(x * x, x), 1.0, (1.0, 1.5, 2.0), (0.9, 3.0)),
    E("min(sin, cos) at pi/4", lambda m, x: m.minimum(m.sin(x), m.cos(x)), 0.7853981633974483,
      (0.70710678,), (1.0, -0.8)),
    E("x + 1e-3 abs at 0", lambda m, x: x + 1e-3 * m.abs(x), 0.0, (1.0, 0.9995), (1.01, 0.5)),
    E("leaky relu at 0", lambda m, x: m.where(x > 0, x, 0.01 * x), 0.0, (0.01, 1.0, 0.5), (0.0, 1.1)),
    E("relu sum at 0.5", lambda m, x: m.maximum(x - 0.5, 0 * x) + m.maximum(0.5 - x, 0 * x) + x, 0.5,
      (1.0, 0.0, 2.0), (2.5, -0.1)),
    E("x abs x at 0", lambda m, x: x * m.abs(x), 0.0, (0.0,), (1.0, 1e-6)),
    E("abs x**3 at 0", lambda m, x: m.abs(x * x * x), 0.0, (0.0,), (1e-9, 1.0)),
    E("relu(x)**2 at 0", lambda m, x: m.maximum(x, 0 * x) ** 2, 0.0, (0.0,), (1.0, 1e-7)),
    E("abs(sin) at pi", lambda m, x: m.abs(m.sin(x)), PI, (-1.0,), (1.2, -1.5)),
    # kinks near the point
    E("abs at 1e-9", lambda m, x: m.abs(x), 1e-9, (1.0,), (0.0, -1.0, 0.5)),
    E("abs at -1e-300", lambda m, x: m.abs(x), -1e-300, (-1.0,), (0.0, 1.0)),
    E("relu at -1e-6", lambda m, x: m.maximum(x, 0 * x), -1e-6, (0.0,), (1.0, 0.5)),
    E("relu at 1e-6", lambda m, x: m.maximum(x, 0 * x), 1e-6, (1.0,), (0.0, 0.5)),
    E("abs(x-1) at 1+1e-7", lambda m, x: m.abs(x - 1), 1 + 1e-7, (1.0,), (0.0, -1.0)),
    E("abs(x-1) at 1-1e-9", lambda m, x: m.abs(x - 1), 1 - 1e-9, (-1.0,), (0.0, 1.0)),
    E("abs(x-1) at 1+1e-13", lambda m, x: m.abs(x - 1), 1 + 1e-13, (1.0,), (0.0, -1.0)),
    E("kink at 1e-10, at 0", lambda m, x: m.where(x > 1e-10, 2 * x - 1e-10, x), 0.0, (1.0,), (2.0, 1.5)),
    E("kink at 1e-14, at 0", lambda m, x: m.where(x > 1e-14, 2 * x - 1e-14, x), 0.0, (1.0,), (2.0, 1.5)),
    E("kinks on both sides of 0", lambda m, x: m.maximum(m.minimum(x, 0 * x + 1e-8), 0 * x - 1e-8), 0.0,
      (1.0,), (0.0, 0.5)),
    E("clip at 1-1e-8", lambda m, x: m.minimum(x, 0 * x + 1), 1 - 1e-8, (1.0,), (0.0, 0.5)),
    E("huber joint 1+1e-6", lambda m, x: m.where(m.abs(x) < 1, 0.5 * x * x, m.abs(x) - 0.5), 1 + 1e-6,
      (1.0,), (0.0, 2.0)),
    E("huber joint at 1", lambda m, x: m.where(m.abs(x) < 1, 0.5 * x * x, m.abs(x) - 0.5), 1.0, (1.0,), (0.5, 1.001)),
    E("many relus at 0.3", lambda m, x: sum(m.maximum(x - k / 64, 0 * x) for k in range(64)), 0.3,
      (20.0,), (19.0, 21.0, 32.0)),
    E("triangle wave at 0.24999", lambda m, x: m.abs(4 * x - 4 * m.floor(x) - 2), 0.49999, (-4.0,), (4.0, 0.0)),
    # steps
    E("floor at 0.5", lambda m, x: m.floor(x), 0.5, (0.0,), (1.0, 0.1)),
    E("sign at 1e-9", lambda m, x: m.sign(x), 1e-9, (0.0,), (1.0, 1e9)),
    E("step at -1e-12", lambda m, x: m.where(x > 0, 0 * x + 1, 0 * x), -1e-12, (0.0,), (1.0,)),
    E("floor at 3+1e-9", lambda m, x: m.floor(x), 3 + 1e-9, (0.0,), (1.0, 1e8)),
    E("x + floor at 0.7", lambda m, x: x + m.floor(x), 0.7, (1.0,), (0.0, 2.0)),
    E("rounded to 1e-3 at 0.70025", lambda m, x: m.floor(x * 1000 + 0.5) / 1000, 0.70025, (0.0,), (1.0,)),
    E("sin + step at 1-1e-7", lambda m, x: m.sin(x) + m.where(x > 1, 0 * x + 1, 0 * x), 1 - 1e-7,
      (math.cos(1 - 1e-7),), (0.0, 1e6)),
    # edges of the domain
    E("sqrt at 0", lambda m, x: m.sqrt(x), 0.0, (INF,), (0.0, 1e8, -INF)),
    E("x sqrt x at 0", lambda m, x: x * m.sqrt(x), 0.0, (0.0,), (1.0, 1e-3)),
    E("x**2.5 at 0", lambda m, x: x**2.5, 0.0, (0.0,), (1.0, 1e-6)),
    E("arccos at 1", lambda m, x: m.arccos(x), 1.0, (-INF,), (0.0, INF, -1e6)),
    E("arcsin at 0.999999", lambda m, x: m.arcsin(x), 0.999999, (1 / math.sqrt(1 - 0.999999**2),),
      off(1 / math.sqrt(1 - 0.999999**2), *SMALL, 0)),
    E("sqrt(1-x**2) at 1", lambda m, x: m.sqrt(1 - x * x), 1.0, (-INF,), (0.0, INF)),
    E("log1p at -1+1e-12", lambda m, x: m.log1p(x), -1 + 2.0**-40, (2.0**40,), off(2.0**40, 1.01, 0.5)),
    E("x + x sqrt x at 0", lambda m, x: x + x * m.sqrt(x), 0.0, (1.0,), (0.0, 1.01)),
    E("exp(-sqrt x) at 1e-20", lambda m, x: m.exp(-m.sqrt(x)), 1e-20, (-5e9,), off(-5e9, 1.01, 0.0, -1.0)),
    E("sqrt(x-1) at 1", lambda m, x: m.sqrt(x - 1), 1.0, (INF,), (0.0, 1e8)),
    # powers
    E("abs x**1.5 at 0", lambda m, x: m.abs(x) ** 1.5, 0.0, (0.0,), (1e-3, 1.0)),
    E("abs x**1.1 at 0", lambda m, x: m.abs(x) ** 1.1, 0.0, (0.0,), (1.0, -1.1)),
    E("cbrt at 0", lambda m, x: m.sign(x) * m.abs(x) ** (1 / 3), 0.0, (INF,), (0.0, 1e6, -INF)),
    E("x**x at 0.5", lambda m, x: x**x, 0.5, (math.sqrt(0.5) * (math.log(0.5) + 1),),
      off(math.sqrt(0.5) * (math.log(0.5) + 1), *SMALL)),
    E("x**x at 1e-8", lambda m, x: x**x, 1e-8, (1e-8**1e-8 * (math.log(1e-8) + 1),),
      off(1e-8**1e-8 * (math.log(1e-8) + 1), *SMALL, 0.0)),
    E("x**7 at 1e-30", lambda m, x: x**7, 1e-30, (7e-180,), (0.0, 1e-180)),
    E("abs x**0.9 at 1e-5", lambda m, x: m.abs(x) ** 0.9, 1e-5, (0.9 * 1e-5**-0.1,), off(0.9 * 1e-5**-0.1, *SMALL)),
    E("x**1.5 at 1e-14", lambda m, x: x**1.5, 1e-14, (1.5e-7,), (0.0, 1.501e-7)),
    E("x**0.5 at 1e-14", lambda m, x: x**0.5, 1e-14, (5e6,), (5.001e6, 0.0)),
    E("x**10 at 0.01", lambda m, x: x**10, 0.01, (1e-17,), (0.0, 1e-19, 1.01e-17)),
    # cancellation
    E("(1+x)-1 at 1e-10", lambda m, x: (1 + x) - 1, 1e-10, (1.0,), (0.0, 1.5)),
    E("(1+x)-1 at 1e-20", lambda m, x: (1 + x) - 1, 1e-20, (1.0,), (0.0, 2.0)),
    E("(exp x-1)/x at 1e-10", lambda m, x: (m.exp(x) - 1) / x, 1e-10, (0.5,), (-1e10, 0.0, 1.0)),
    E("(exp x-1)/x at 1e-5", lambda m, x: (m.exp(x) - 1) / x, 1e-5, (0.5 + 1e-5 / 3,), (0.6, 0.0, -1.0)),
    E("(1-cos x)/x**2 at 1e-4", lambda m, x: (1 - m.cos(x)) / (x * x), 1e-4, (-1e-4 / 12,), (1.0, 0.1, -0.5)),
    E("(1-cos x)/x at 1e-7", lambda m, x: (1 - m.cos(x)) / x, 1e-7, (0.5,), (0.0, 0.6, -0.5)),
    E("sqrt(x+1)-sqrt x at 1e12", lambda m, x: m.sqrt(x + 1) - m.sqrt(x), 1e12, (-2.5e-19,), (0.0, 1e-6, 1.0)),
    E("log(1+x) at 1e-18", lambda m, x: m.log(1 + x), 1e-18, (1.0,), (0.0, 0.5)),
    E("(x+1e8)-1e8 at 1", lambda m, x: (x + 1e8) - 1e8, 1.0, (1.0,), (0.0, 1.01)),
    E("(x+1e15)-1e15 at 1", lambda m, x: (x + 1e15) - 1e15, 1.0, (1.0,), (0.0, 2.0, -1.0)),
    E("x**2-2x+1 at 1.00001", lambda m, x: x * x - 2 * x + 1, 1.00001, (2.0e-5,), (0.0, 2.1e-5, 1.0)),
    E("expanded (x-1)**7 at 1.01",
      lambda m, x: x**7 - 7 * x**6 + 21 * x**5 - 35 * x**4 + 35 * x**3 - 21 * x**2 + 7 * x - 1, 1.01,
      (7e-12,), (1.0, 1e-3, -1e-4)),
    E("exp(x)-exp(-x)-2x at 1e-3", lambda m, x: m.exp(x) - m.exp(-x) - 2 * x, 1e-3, (1e-6,), (0.0, 1.1e-6, 2.0)),
    E("log(exp x) at 30", lambda m, x: m.log(m.exp(x)), 30.0, (1.0,), (0.0, 1.0001)),
    E("sin**2+cos**2 at 0.4", lambda m, x: m.sin(x) ** 2 + m.cos(x) ** 2, 0.4, (0.0,), (1.0, 1e-3, 1e-6)),
    E("1e16+x-1e16 at 10", lambda m, x: (1e16 + x) - 1e16, 10.0, (1.0,), (2.0, -1.0)),
    # oscillation
    E("sin(1e6 x) at 1", lambda m, x: m.sin(1e6 * x), 1.0, (1e6 * math.cos(1e6),), off(1e6 * math.cos(1e6), *SMALL, -1)),
    E("sin at 1e6", lambda m, x: m.sin(x), 1e6, (math.cos(1e6),), off(math.cos(1e6), *SMALL, -1)),
    E("sin at 1e9", lambda m, x: m.sin(x), 1e9, (math.cos(1e9),), off(math.cos(1e9), 1.001, -1)),
    E("cos(1e4 x) at 0", lambda m, x: m.cos(1e4 * x), 0.0, (0.0,), (1.0, 1e4)),
    E("sin(1e8 x) at 0", lambda m, x: m.sin(1e8 * x), 0.0, (1e8,), off(1e8, *SMALL, 0)),
    E("sin(1e8 x) at 0.1", lambda m, x: m.sin(1e8 * x), 0.1, (1e8 * math.cos(1e7),), off(1e8 * math.cos(1e7), 1.01, -1)),
    E("x + 1e-6 sin(1e6 x) at 0", lambda m, x: x + 1e-6 * m.sin(1e6 * x), 0.0, (2.0,), (1.0, 1.5, 2.001)),
    E("x + 1e-9 sin(1e9 x) at 0", lambda m, x: x + 1e-9 * m.sin(1e9 * x), 0.0, (2.0,), (1.0, 1.5)),
    E("x sin(1/x) at 1e-2", lambda m, x: x * m.sin(1 / x), 1e-2, (math.sin(100) - 100 * math.cos(100),),
      off(math.sin(100) - 100 * math.cos(100), *SMALL, 0)),
    E("x sin(1/x) at 1e-4", lambda m, x: x * m.sin(1 / x), 1e-4, (math.sin(1e4) - 1e4 * math.cos(1e4),),
      off(math.sin(1e4) - 1e4 * math.cos(1e4), *SMALL, 0)),
    E("x**2 sin(1/x) at 0", lambda m, x: m.where(x == 0, 0 * x, x * x * m.sin(1 / m.where(x == 0, 0 * x + 1, x))), 0.0,
      (0.0,), (1.0, -1.0, 0.1)),
    E("x sin(1/x) at 0", lambda m, x: m.where(x == 0, 0 * x, x * m.sin(1 / m.where(x == 0, 0 * x + 1, x))), 0.0,
      (), (2.0, -3.0, 0.5)),
    E("x + 2 x**2 sin(1/x) at 0",
      lambda m, x: x + m.where(x == 0, 0 * x, 2 * x * x * m.sin(1 / m.where(x == 0, 0 * x + 1, x))), 0.0,
      (1.0,), (0.0, 3.0)),
    E("sin(1/x) at 0.01", lambda m, x: m.sin(1 / x), 0.01, (-1e4 * math.cos(100),), off(-1e4 * math.cos(100), *SMALL)),
    # poles near the point, stiff functions
    E("1/(x-1) at 1+1e-5", lambda m, x: 1 / (x - 1), 1 + 2.0**-17, (-(2.0**34),), off(-(2.0**34), *SMALL, -1)),
    E("tan at 1.57", lambda m, x: m.tan(x), 1.57, (1 / math.cos(1.57) ** 2,), off(1 / math.cos(1.57) ** 2, *SMALL)),
    E("1e-6/(x**2+1e-6) at 1e-3", lambda m, x: 1e-6 / (x * x + 1e-6), 1e-3, (-500.0,), (-500.05, 0.0, 500.0)),
    E("tanh(1e5 x) at 1e-6", lambda m, x: m.tanh(1e5 * x), 1e-6, (1e5 * (1 - math.tanh(0.1) ** 2),),
      off(1e5 * (1 - math.tanh(0.1) ** 2), *SMALL, 0)),
    E("tanh(1e12 x) at 0", lambda m, x: m.tanh(1e12 * x), 0.0, (1e12,), (0.0, 1.001e12)),
    E("spike exp(-(x/1e-7)**2) at 1e-8", lambda m, x: m.exp(-((x / 1e-7) ** 2)), 1e-8,
      (-2e6 * math.exp(-0.01),), off(-2e6 * math.exp(-0.01), *SMALL, 0)),
    E("spike at its top", lambda m, x: m.exp(-((x / 1e-7) ** 2)), 0.0, (0.0,), (1.0, 1e6)),
    E("x + spike beside 0", lambda m, x: x + 1e-3 * m.exp(-(((x - 0.01) / 1e-4) ** 2)), 0.0, (1.0,), (0.0, 1.001)),
    E("sqrt(x**2+1e-16) at 0", lambda m, x: m.sqrt(x * x + 1e-16), 0.0, (0.0,), (1.0, 0.5, -1.0)),
    E("sqrt(x**2+1e-16) at 1e-8", lambda m, x: m.sqrt(x * x + 1e-16), 1e-8, (math.sqrt(0.5),), (1.0, 0.0, 0.7)),
    # underflow and saturation
    E("(1e-200 x)**2 at 1", lambda m, x: (1e-200 * x) ** 2, 1.0, (0.0,), (1e-100, 1.0)),
    E("sqrt((1e-200 x)**2) at 1", lambda m, x: m.sqrt((1e-200 * x) ** 2), 1.0, (1e-200,), (0.0, 1.0)),
    E("exp(-800 x) at 1", lambda m, x: m.exp(-800 * x), 1.0, (0.0,), (1e-300, 1.0)),
    E("1e300 exp(-x) at 800", lambda m, x: 1e300 * m.exp(-x), 800.0, (-3.6727e-48,), (0.0, 1.0)),
    E("log(exp(-x)) at 740", lambda m, x: m.log(m.exp(-x)), 740.0, (-1.0,), (0.0, 1.0)),
    E("tanh at 20", lambda m, x: m.tanh(x), 20.0, (1.6993417021166355e-17,), (1.0, 1e-6)),
    E("sigmoid at 30", lambda m, x: 1 / (1 + m.exp(-x)), 30.0, (9.357622968839299e-14,), (1.0, 1e-9)),
    E("sigmoid at -30", lambda m, x: 1 / (1 + m.exp(-x)), -30.0, (9.357622968839299e-14,), (0.0, 1e-13)),
    E("softplus at -40", lambda m, x: m.log1p(m.exp(x)), -40.0, (4.248354255291589e-18,), (0.0, 4.2493e-18)),
    E("log(1+exp x) at -40", lambda m, x: m.log(1 + m.exp(x)), -40.0, (4.248354255291589e-18,), (1.0, 1e-6)),
    # piecewise, asymmetric
    E("smooth joint at 0", lambda m, x: m.where(x > 0, m.sin(x), x + x * x), 0.0, (1.0,), (0.0, 2.0, 1.001)),
    E("wrong side of a kink", lambda m, x: m.where(x > 2, 3 * x, x + 4), 2 - 1e-6, (1.0,), (3.0, 2.0)),
    E("where trap", lambda m, x: m.where(x > 0, m.log(m.where(x > 0, x, 0 * x + 1)), 0 * x), -1.0, (0.0,), (1.0, math.nan)),
    E("sinc at 1e-4", lambda m, x: m.sin(x) / x, 1e-4, (-1e-4 / 3,), (0.0, 1.0)),
    E("gelu-like at 1", lambda m, x: 0.5 * x * (1 + m.tanh(0.8 * x)), 1.0,
      (0.5 * (1 + math.tanh(0.8)) + 0.4 * (1 - math.tanh(0.8) ** 2),), off(1.0539, 1.0, 0.5)),
    E("abs kink between steps", lambda m, x: m.abs(x - 0.3) + m.abs(x - 0.300001), 0.3000005, (0.0,), (2.0, -2.0, 1e-3)),
    # float32
    E("float32 x**2 at 1.5", lambda m, x: x * x, 1.5, (3.0,), (3.003, -3.0, 1.5), "float32"),
    E("float32 sin at 0.7", lambda m, x: m.sin(x), 0.7, (0.76484219,), off(0.76484219, 1.01, 0.5), "float32"),
    E("float32 exp at -20", lambda m, x: m.exp(x), -20.0, (2.0611537e-09,), (0.0, 4e-9), "float32"),
    E("float32 log at 1e-5", lambda m, x: m.log(x), 1e-5, (99999.99747,), (1e4, 1.01e5), "float32"),
    E("float32 abs at 0", lambda m, x: m.abs(x), 0.0, (0.0, 1.0), (2.0,), "float32"),
    E("float32 1e-6 x**2 at 1", lambda m, x: 1e-6 * x * x, 1.0, (2e-6,), (0.0, 1e-6), "float32"),
    E("float32 sqrt at 1e-10", lambda m, x: m.sqrt(x), 1e-10, (50000.0,), (0.0, 1e5), "float32"),
    E("float32 tanh at 3", lambda m, x: m.tanh(x), 3.0, (0.00986604,), (0.0, 0.0099), "float32"),
]  # fmt: skip


def cases() -> list[Case]:
    """Every gradient of every entry; `final` marks the half that is run once."""
    return [
        Case(f"{e.name}: {g:.9g}", e.f, e.x, g, right, e.dtype, i % 2 == 1)
        for i, e in enumerate(ENTRIES)
        for right, gs in ((True, e.right), (False, e.wrong))
        for g in gs
    ]
