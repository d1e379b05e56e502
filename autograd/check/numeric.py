"""What a function's own values say about its slope at a point: limits of difference quotients.

A ladder of steps h, each a fixed fraction of the one before, gives quotients from the left,
from the right and central ones.  Every three consecutive quotients give an extrapolated
value with an error (Richardson, 1911; Aitken, 1926, where the order is not the expected one).
The estimates are read from the finest step to coarser ones, and reading stops at the first
that contradicts a finer one: there is a kink, a pole or an oscillation inside that step.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

EPS = 2.0**-52
CONVERGES = 0.8  # ratio of consecutive differences below which a limit is believed
AGREE = 3  # so many estimates in a row are no chance
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
    beyond: tuple[float, float] | None = None  # of a jump: the slope of what comes after it, low and high

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
    scale: float  # the largest one-sided quotient of coarse steps: how steep the function is around here
    size: float  # of phi's terms
    points: int
    quotients: Sequence[tuple[Sequence[Any], Sequence[Any]]] = ()  # one-sided ones, and their noise

    @property
    def clean(self) -> bool:
        """Whether no coarser step contradicted a finer one."""
        return self.left.clean and self.right.clean and self.center.clean

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest one-sided quotient, if those from both sides stay bounded."""
        if len(self.quotients) < 2:
            return -math.inf, math.inf
        lows, highs = zip(*[_reach(q, noise) for q, noise in self.quotients], strict=True)
        return min(lows), max(highs)

    @property
    def kinked(self) -> bool:
        """Whether the slopes from the left and from the right are known to differ."""
        left, right = self.left, self.right
        return left.kind == right.kind == "limit" and (left.high < right.low or right.high < left.low)


def step_for(x: float) -> float:
    """The coarsest step of the ladder: the power of two at |x| / 8, so that x ± h is exact; 1/8 at 0."""
    if not x or not math.isfinite(x):
        return 0.125
    return max(math.ldexp(1.0, math.frexp(abs(x))[1] - 4), 2.0**-1000)


def ladder(x: float, coarsest: float, finest: float = 2.0**-49, ratio: float = 4.0) -> list[float]:
    """Steps from `coarsest` down to `finest` times |x|: a few units in the last place of x."""
    stop = max(finest * (abs(x) if x else coarsest), 1e-307)
    steps = []
    h = coarsest
    while h >= stop:
        steps.append(h)
        h /= ratio
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
    """Slopes of phi at 0, from its values at ± every step (a geometric sequence).

    at: phi(0).  x: the magnitude of the point, whose rounding adds to phi's.
    roundoff: a measured error of phi at t, which then takes the place of that.
    """
    f0, size0 = at
    ups = [phi(h) for h in steps]
    downs = [phi(-h) for h in steps]
    points = 2 * len(steps) + 1
    ratio = steps[0] / steps[1]

    def noise(pairs: Sequence[tuple[float, Any]], slope: Any) -> Any:
        """The rounding error of a difference of phi at these two places."""
        size = max(pairs[0][1], pairs[1][1])
        if roundoff is None:
            return 2 * eps * (size + x * abs(slope))
        return eps * size + roundoff(pairs[0][0]) + roundoff(pairs[1][0])

    sides, scale, far, quotients = [], 0.0, 0.0, []
    for sign, values in ((1.0, ups), (-1.0, downs)):
        inside = _finite_tail(values)
        h = steps[inside:]
        if len(h) < 4:
            sides.append(Slope("outside", points=points))
            continue
        q = [(v[0] - f0) / (sign * t) for v, t in zip(values[inside:], h, strict=True)]
        e = [
            noise(((0.0, size0), (sign * t, v[1])), slope) / t
            for v, t, slope in zip(values[inside:], h, q, strict=True)
        ]
        steep = [(float(abs(d)), t) for d, t, lost in zip(q, h, e, strict=True) if abs(d) > 8 * lost]
        near = [d for d, t in steep if not x or t <= x]
        scale, far = max([scale, *near[:3]]), max([far, *(d for d, _ in steep[:3])])
        side = _side(q, e, h, ratio, points)
        if side.kind == "jump" and abs(values[-1][0] - f0) > 2.0**-20 * size0:  # more than rounding makes
            side = side._replace(
                beyond=_beyond([v[0] for v in values[inside:]], e, [sign * t for t in h], ratio)
            )
        sides.append(side)
        quotients.append((q, e))
    right, left = sides
    center = Slope("none", points=points)
    if right.kind not in ("outside", "jump") and left.kind not in ("outside", "jump"):
        inside = max(_finite_tail(ups), _finite_tail(downs))
        h, pairs = steps[inside:], list(zip(ups[inside:], downs[inside:], strict=True))
        q = [(u[0] - d[0]) / (2 * t) for (u, d), t in zip(pairs, h, strict=True)]
        e = [
            noise(((t, u[1]), (-t, d[1])), slope) / (2 * t)
            for (u, d), t, slope in zip(pairs, h, q, strict=True)
        ]
        center = _limit(q, e, h, ratio**2, points)
    flat = all(v[0] == f0 for v in ups) and all(v[0] == f0 for v in downs)
    return Evidence(left, right, center, flat, scale or far, float(size0), points, quotients)


def _reach(q: Sequence[Any], noise: Sequence[Any]) -> tuple[float, float]:
    """The lowest and the highest quotient; unbounded where the finest steps have the largest, for then finer
    ones may have larger ones still."""
    sizes = [float(abs(v)) + float(e) for v, e in zip(q, noise, strict=True)]
    fine = len(q) - len(q) // 4
    if len(q) < 12 or not max(sizes[fine:]) <= max(sizes[:fine]):
        return -math.inf, math.inf
    return float(min(q)), float(max(q))


def _beyond(
    f: Sequence[Any], noise: Sequence[Any], t: Sequence[float], ratio: float
) -> tuple[float, float] | None:
    """The slope beside a jump, low and high, from the differences of phi at one step and the next finer one;
    None if they do not settle."""
    gaps = [a - b for a, b in pairwise(t)]
    d = [(a - b) / g for (a, b), g in zip(pairwise(f), gaps, strict=True)]
    lost = [2 * e * abs(a / g) for e, a, g in zip(noise, t, gaps, strict=False)]
    slope = _limit(d, lost, [abs(g) for g in gaps], ratio, 0)
    return (slope.low, slope.high) if slope.kind == "limit" else None


def _finite_tail(values: Sequence[Point]) -> int:
    """From which index on all values are finite."""
    for i in range(len(values) - 1, -1, -1):
        v = values[i][0]
        if v - v != 0:
            return i + 1
    return 0


def _side(q: Sequence[Any], noise: Sequence[Any], h: Sequence[float], ratio: float, points: int) -> Slope:
    """The limit of one-sided quotients, or how they grow."""
    power, seen = _growth(q, noise, ratio)
    if power > 0.85:
        return Slope("jump", math.copysign(math.inf, seen), points=points)
    if power > 0.15:
        return Slope("infinite", math.copysign(math.inf, seen), 0.0, points=points)
    if power > 0.004:
        return Slope("slow", points=points)
    return _limit(q, noise, h, ratio, points)


def _growth(q: Sequence[Any], noise: Sequence[Any], ratio: float) -> tuple[float, Any]:
    """p, if the quotients grow like h**-p down to the finest step that rounding lets us see, and the quotient
    there; else p = 0."""
    powers: list[float] = []
    last = len(q) - 1
    while last > 3 and not abs(q[last]) > 8 * noise[last]:
        last -= 1
    for i in range(last, 0, -1):
        if not abs(q[i]) > 8 * noise[i] or not q[i - 1] or (q[i] > 0) != (q[i - 1] > 0):
            break
        grown = float(abs(q[i] / q[i - 1]))
        powers.append(math.log(grown, ratio) if 0 < grown < math.inf else 2.0)
        if len(powers) == 8:
            break
    if len(powers) < 4 or max(powers) - min(powers) > 0.1:
        return 0.0, 0.0
    p = sum(powers) / len(powers)
    for i in range(last + 1, len(q)):  # would growth have been seen there?
        if abs(q[last]) * ratio ** (p * (i - last)) > 12 * noise[i]:
            return 0.0, 0.0
    return p, q[last]


def _limit(q: Sequence[Any], noise: Sequence[Any], h: Sequence[float], r: float, points: int) -> Slope:
    """The limit of quotients whose error falls by `r` per step, read from the finest on."""
    low, high, best, clean = -math.inf, math.inf, None, True
    carried = 0.0  # scatter in phi seen at finer steps
    agreed = 0  # estimates so far
    drifts = 0  # coarser estimates in a row that do not converge, but move steadily
    expected = False  # whether the finer estimate was of the expected order, or at the rounding
    for i in range(len(q) - 3, -1, -1):
        d1, d2 = q[i + 1] - q[i], q[i + 2] - q[i + 1]
        base = max(noise[i + 2], carried / h[i + 2])
        value, error, expected = _estimate(q, i, d1, d2, base, r, expected)
        if error == math.inf:
            carried = max(carried, 0.5 * max(abs(d1) * h[i + 1], abs(d2) * h[i + 2]))
            clean = clean and best is None
            drifts = drifts + 1 if best is not None and 0.8 * d1 * d1 < d1 * d2 < 1.3 * d1 * d1 else 0
            if drifts == 2:  # like a logarithm, down to where rounding hides it
                return Slope("slow", points=points)
            continue
        if value - error > high or value + error < low:
            if agreed < AGREE:  # by chance
                return Slope("oscillates", clean=False, points=points)
            clean = False
            break
        agreed += 1
        low, high = max(low, value - error), min(high, value + error)
        if best is None or error < best[1]:
            best = value, error
    if best is None:
        return Slope("none", points=points)
    return Slope("limit", float(best[0]), float(best[1]), clean, points)


def _estimate(
    q: Sequence[Any], i: int, d1: Any, d2: Any, base: Any, r: float, expected: bool
) -> tuple[Any, Any, bool]:
    """The limit as the three quotients from `i` on see it, its error (inf: they see none), and whether
    they fall as expected; `expected`: whether the finer ones did."""
    if abs(d2) <= 4 * base:
        return q[i + 2], 2 * base + abs(d2), True
    falls = d2 / d1 if d1 else math.inf
    d0 = q[i] - q[i - 1] if i else 0.0
    before = d1 / d0 if d0 else math.inf
    if 0.6 < falls * r < 1.6 and 0.4 < before * r < 2.5:  # the expected order, twice
        once_a, once_b = q[i + 1] + d1 / (r - 1), q[i + 2] + d2 / (r - 1)
        twice = once_b + (once_b - once_a) / (r * r - 1)
        other = q[i + 2] + d2 * falls / (1 - falls)  # as if of the order that is seen
        error = (
            max(abs(twice - once_b), abs(twice - other)) if expected else 4 * abs(d2)
        )  # by chance, if only here
        return twice, error + 3 * base, True
    if abs(falls) * r <= 0.6 and abs(before) * r <= 2.5:  # faster
        error = max(abs(d2), abs(d1) / r) / (r - 1) if expected else 2 * max(abs(d1), abs(d2))
        return q[i + 2], 2 * error + 3 * base, expected
    if 0 < falls < CONVERGES and 0 < before < CONVERGES:  # another order
        limit = q[i + 2] + d2 * falls / (1 - falls)
        coarser = q[i + 1] + d1 * before / (1 - before)
        return limit, 4 * abs(limit - coarser) + 3 * base / (1 - falls) ** 2, False
    if abs(falls) < 0.6:
        return q[i + 2], 4 * max(abs(d1), abs(d2)) + 3 * base, False
    return math.nan, math.inf, False


def magnitude(x: Any) -> float:
    """The largest finite magnitude in an array; 0 for none."""
    a = np.abs(np.asarray(x, dtype=np.float64)).ravel()
    a = a[np.isfinite(a)]
    return float(a.max()) if a.size else 0.0
