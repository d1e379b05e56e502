"""What a function's own values say about its slope at a point: limits of difference quotients.

A ladder of steps h, each a quarter of the one before, gives quotients from the left,
from the right and central ones.  Every three consecutive quotients give an extrapolated
value with an error (Richardson, 1911; Aitken, 1926, where the order is not the expected one).
The estimates are read from the finest step to coarser ones, and reading stops at the first
that contradicts a finer one: there is a kink, a pole or an oscillation inside that step.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

RATIO = 4.0
EPS = 2.0**-52
CONVERGES = 0.8  # ratio of consecutive differences below which a limit is believed
Point = tuple[Any, Any]  # phi(t), and the size of the terms it was summed from
Phi = Callable[[float], Point]


class Slope(NamedTuple):
    """What one kind of quotient tends to: kind "limit" (value ± error), "infinite" (value ±inf),
    "jump", "slow" (grows like a logarithm, or not clearly), "oscillates", "none", "outside"."""

    kind: str
    value: float = math.nan
    error: float = math.inf
    clean: bool = True  # no coarser step contradicted it
    points: int = 0

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - self.error

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.value + self.error


class Evidence(NamedTuple):
    """Slopes from the left, from the right, and of central quotients."""

    left: Slope
    right: Slope
    center: Slope
    flat: bool  # every value on the ladder is the same
    scale: float  # the largest one-sided quotient: how steep the function is around here
    size: float  # of phi's terms
    points: int


def step_for(x: float) -> float:
    """The coarsest step of the ladder: the power of two at |x| / 8, so that x ± h is exact; 1/8 at 0."""
    if not x or not math.isfinite(x):
        return 0.125
    return max(math.ldexp(1.0, math.frexp(abs(x))[1] - 4), 1e-300)


def ladder(x: float, coarsest: float, finest: float = 2.0**-49) -> list[float]:
    """Steps from `coarsest` down to a few units in the last place of x (or 2^-49 of it, at 0)."""
    stop = max(finest * (abs(x) if x else coarsest), 1e-307)
    steps = []
    h = coarsest
    while h >= stop:
        steps.append(h)
        h /= RATIO
    return steps


def examine(
    phi: Phi,
    at: Point,
    x: float,
    steps: Sequence[float],
    *,
    eps: float = EPS,
    roundoff: Callable[[float], float] | None = None,
) -> Evidence:
    """Slopes of phi at 0, from its values at ± every step.

    at: phi(0).  x: the magnitude of the point, whose rounding adds to phi's.
    roundoff: a measured error of phi at t, where there is one.
    """
    f0, size0 = at
    ups = [phi(h) for h in steps]
    downs = [phi(-h) for h in steps]
    points = 2 * len(steps) + 1
    rounding0 = roundoff(0.0) if roundoff else 0.0
    sides = []
    for sign, values in ((1.0, ups), (-1.0, downs)):
        inside = _finite_tail(values)
        h = list(steps[inside:])
        if len(h) < 4:
            sides.append((Slope("outside", points=points), h, [], []))
            continue
        q = [(v[0] - f0) / (sign * t) for v, t in zip(values[inside:], h, strict=True)]
        noise = []
        for v, t, slope in zip(values[inside:], h, q, strict=True):
            e = 2 * eps * (max(size0, v[1]) + x * abs(slope))
            if roundoff:
                e += rounding0 + roundoff(sign * t)
            noise.append(e / t)
        sides.append((_side(q, noise, h, points), h, q, noise))
    (right, hr, qr, _), (left, hl, ql, _) = sides
    center = Slope("none", points=points)
    m = min(len(hr), len(hl))
    if right.kind not in ("outside", "jump") and left.kind not in ("outside", "jump"):
        h = list(steps[len(steps) - m :])
        up, down = ups[-m:], downs[-m:]
        q = [(u[0] - d[0]) / (2 * t) for u, d, t in zip(up, down, h, strict=True)]
        noise = []
        for u, d, t, slope in zip(up, down, h, q, strict=True):
            e = 2 * eps * (max(u[1], d[1]) + x * abs(slope))
            if roundoff:
                e += roundoff(t) + roundoff(-t)
            noise.append(e / t)
        center = _limit(q, noise, h, 16.0, points)
    flat = all(v[0] == f0 for v in ups) and all(v[0] == f0 for v in downs)
    scale = max([abs(s) for s in qr + ql], default=0.0)
    return Evidence(left, right, center, flat, float(scale), float(size0), points)


def _finite_tail(values: Sequence[Point]) -> int:
    """From which index on all values are finite."""
    for i in range(len(values) - 1, -1, -1):
        v = values[i][0]
        if not v - v == 0:
            return i + 1
    return 0


def _side(q: Sequence[Any], noise: Sequence[float], h: Sequence[float], points: int) -> Slope:
    """The limit of one-sided quotients, or how they grow."""
    powers = []
    for i in range(len(q) - 1, 0, -1):  # from the finest
        if abs(q[i]) > 8 * noise[i] and q[i - 1]:
            powers.append((math.log(abs(q[i] / q[i - 1]), RATIO), q[i] > 0, q[i - 1] > 0))
            if len(powers) == 8:
                break
    if len(powers) >= 4:
        p = [power for power, _, _ in powers]
        one_sign = len({s for _, a, b in powers for s in (a, b)}) == 1
        mean = sum(p) / len(p)
        spread = max(p) - min(p)
        if one_sign and spread < 0.1:
            if mean > 0.85:
                return Slope("jump", math.copysign(math.inf, q[-1]), points=points)
            if mean > 0.15:
                return Slope("infinite", math.copysign(math.inf, q[-1]), 0.0, points=points)
            if mean > 0.004:
                return Slope("slow", points=points)
    return _limit(q, noise, h, RATIO, points)


def _limit(q: Sequence[Any], noise: Sequence[float], h: Sequence[float], r: float, points: int) -> Slope:
    """The limit of quotients whose error falls by `r` per step, read from the finest on."""
    low, high, best, clean = -math.inf, math.inf, None, True
    carried = 0.0  # scatter in phi seen at finer steps
    for i in range(len(q) - 3, -1, -1):
        d1, d2 = q[i + 1] - q[i], q[i + 2] - q[i + 1]
        base = max(noise[i + 2], carried / h[i + 2])
        value, error = _estimate(q, i, d1, d2, base, r)
        if error == math.inf:
            carried = max(carried, 0.5 * float(max(abs(d1) * h[i + 1], abs(d2) * h[i + 2])))
            continue
        if value - error > high or value + error < low:
            clean = False
            break
        low, high = max(low, value - error), min(high, value + error)
        if best is None or error < best[1]:
            best = value, error
    if best is None:
        return Slope("none", points=points)
    return Slope("limit", float(best[0]), float(best[1]), clean, points)


def _estimate(q: Sequence[Any], i: int, d1: Any, d2: Any, base: float, r: float) -> tuple[Any, Any]:
    """The limit as the three quotients from `i` on see it, and its error (inf: they see none)."""
    if abs(d2) <= 4 * base:
        return q[i + 2], 2 * base + abs(d2)
    ratio = d2 / d1 if d1 else math.inf
    if -0.5 < ratio * r < 1.6:
        once_a, once_b = q[i + 1] + d1 / (r - 1), q[i + 2] + d2 / (r - 1)
        square = r * RATIO if r == RATIO else r * r
        twice = once_b + (once_b - once_a) / (square - 1)
        return twice, abs(twice - once_b) + 3 * base
    if 0 < ratio < CONVERGES and i > 0:
        limit = q[i + 2] + d2 * ratio / (1 - ratio)
        d0 = q[i] - q[i - 1]
        before = d1 / d0 if d0 else math.inf
        if 0 < before < CONVERGES:
            coarser = q[i + 1] + d1 * before / (1 - before)
            return limit, 4 * abs(limit - coarser) + 3 * base / (1 - ratio) ** 2
    if abs(ratio) < 0.6:
        return q[i + 2], 4 * max(abs(d1), abs(d2)) + 3 * base
    return math.nan, math.inf


def magnitude(x: Any) -> float:
    """The largest finite magnitude in an array; 0 for none."""
    a = np.abs(np.asarray(x, dtype=np.float64)).ravel()
    a = a[np.isfinite(a)]
    return float(a.max()) if a.size else 0.0
