"""Functions that move in steps: what rounding, a cast to float32 or a solver's tolerance makes of a smooth one.

On a step their slope is that of the step, mostly 0; what they mean is the slope across the steps.  Seen from
the values alone both are slopes of f, so a gradient is only judged where both readings agree.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.check.numeric import EPS, Evidence, Point, examine, step_for

POINTS = 24  # of a sample, in which the fourth differences of a smooth function vanish
SPREAD = 5.6  # the median of the fourth differences of noise, in its standard deviations
COARSEST = {True: 2.0**-21, False: 2.0**-6}  # what moves in wider steps, of x or 1, means them


class Grain(NamedTuple):
    """Steps of height `high` in f, seen in a sample as wide as `wide`."""

    high: float
    wide: float


def grain(phi: Callable[[float], Point], x: float, *, wide: bool) -> Grain | None:
    """The steps in which f moves around the point, if they are larger than the rounding of its value; `wide`:
    whether phi computes in longdouble, so that what is left is no rounding.  A few kinks or jumps are no
    steps, nor is an oscillation: it is continuous between neighbouring numbers."""
    t = 2.0**-46 * (x or 1.0)
    while t <= COARSEST[wide] * (x if wide and x else max(x, 1.0)):
        places = [t * (2 * j - POINTS + 1) / POINTS for j in range(POINTS)]
        values = [phi(p)[0] for p in places]
        if not all(math.isfinite(v) for v in values):
            return None
        steep = float(np.max(np.abs(np.diff(values)))) / (places[1] - places[0])
        own = 8 * EPS * (float(max(abs(v) for v in values)) + x * steep)
        noise = float(np.median(np.abs(np.diff(values, 4)))) / SPREAD
        if noise > own:
            high = jump(phi, places, values, math.ulp(x) / (2048 if wide else 1))
            return Grain(max(high, noise), t) if high > max(own, noise / 4) else None
        t *= 4
    return None


def jump(phi: Callable[[float], Point], places: Sequence[float], values: Sequence[Any], unit: float) -> float:
    """By how much phi moves within a unit of x, where it moves most in this sample."""
    moves = np.diff(values)
    i = int(np.argmax(np.abs(moves - np.median(moves))))
    (a, fa), (b, fb) = (places[i], values[i]), (places[i + 1], values[i + 1])
    while b - a > unit:
        middle = (a + b) / 2
        if not a < middle < b:
            break
        fm = phi(middle)[0]
        if abs(fm - fa) > abs(fb - fm):
            b, fb = middle, fm
        else:
            a, fa = middle, fm
    return float(abs(fb - fa))


def across(phi: Callable[[float], Point], at: Point, x: float, g: Grain) -> Evidence:
    """What differences over many of the steps say about the slope."""
    steps = [max(step_for(x), 0.125, 256 * g.wide)]
    while steps[-1] > g.wide or len(steps) < 4:
        steps.append(steps[-1] / 2)
    return examine(phi, at, x, steps, roundoff=lambda t: 2 * g.high)
