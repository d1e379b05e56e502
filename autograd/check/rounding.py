"""Rounding, measured: what float64 loses is seen in wider arithmetic."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.check.numeric import EPS, Evidence, Point

WIDE = np.longdouble
HAS_WIDE = float(np.finfo(WIDE).eps) < EPS / 100
WIDE_EPS = float(np.finfo(WIDE).eps)
SAFETY = 4.0  # of the measured rounding errors


def kinks_here(phi: Callable[[float], Point], at: Point, e: Evidence, x: float, eps: float) -> bool:
    """Whether the kink is at the point itself, to a unit in the last place: there the quotients of
    four units, d units beside the kink, are off by d/4 of the difference between the slopes.  Where
    rounding hides that (`eps`: phi's precision) they are taken as far out as needed."""
    bend = abs(e.right.value - e.left.value)
    if not finite(bend):
        return True  # one slope is infinite
    h = max(4 * math.ulp(x) if x else 2.0**-54, 32 * eps * e.size / bend)
    h = math.ldexp(0.5, math.frexp(h)[1])  # a power of two, so that x ± h is exact
    return all(
        abs((phi(t)[0] - at[0]) / t - side.value) <= bend / 6 + side.error
        for t, side in ((h, e.right), (-h, e.left))
    )


def is_wide(wide: Callable[[float], Point], narrow: Callable[[float], Point], x: float) -> bool:
    """Whether wider arithmetic reaches through f.  Where f casts to float64 on its way, a part of it stays
    still between the units in the last place of x and jumps about once per unit, by as much as the
    rounding of the narrow values; else that would be 2000 times as large."""
    if not x:
        return True
    unit = math.ulp(x)
    steps = [wide(j * unit / 4) for j in range(-12, 13)]
    far = float((wide(16 * unit)[0] - steps[12][0]) / 64)
    moves = [float(b[0] - a[0]) - far for a, b in pairwise(steps)]
    still = sorted(moves)[len(moves) // 2]  # in most quarters of a unit
    if 4 * abs(still) < 4 * WIDE_EPS * (steps[12][1] + 4 * x / unit * abs(far)):
        return True
    jumps = [abs(m - still) for m in moves if abs(m - still) > abs(still)]
    lost = max(gap(wide(t)[0], narrow(t)[0]) for j in range(3, 12) for t in (x / 2**j, -x / 2**j))
    return not (4 <= len(jumps) <= 8 and lost < 64 * max(jumps))


def gap(wide: Any, narrow: Any) -> float:
    """How far float64 is from the wider arithmetic; 0 where either is not finite."""
    difference = abs(float(wide - narrow))
    return difference if finite(difference) else 0.0


def rounding(
    steps: Sequence[float], seen: dict[float, Point], gaps: dict[float, float], careful: bool
) -> dict[float, float]:
    """The rounding error of the wide values, from how far those of float64 are off.

    Rounding can vanish by chance (on a stair of a staircase), so a place has at least the error
    of the coarser steps: in proportion to the size of the values where it is a few units in the
    last place of them; as it is where digits cancelled.  `careful`: where float64 lost all
    digits, the wider arithmetic is not believed to be better.
    """
    scale = SAFETY * WIDE_EPS / EPS
    lost: dict[float, float] = {}
    usual, cancelled, size = 0.0, 0.0, 0.0
    for h in [*steps, 0.0]:
        here = float(max(seen[h][1], seen[-h][1]))
        own = max(gaps[h], gaps[-h])
        if size > 0:
            usual *= min(1.0, here / size)
        size = here
        error = own if careful and own > 0.01 * here else scale * own
        if own > 1e3 * EPS * here:
            cancelled = max(cancelled, error)
        usual = max(usual, error)
        lost[h] = lost[-h] = max(usual, cancelled)
    return lost


def finite(x: Any) -> bool:
    """Whether a number is neither nan nor infinite."""
    return bool(x - x == 0)
