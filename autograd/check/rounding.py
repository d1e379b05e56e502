"""Rounding, measured: what float64 loses is seen in wider arithmetic."""

import math
from collections.abc import Callable, Sequence
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
