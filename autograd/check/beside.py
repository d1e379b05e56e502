"""Slopes at points beside the one under test: what a gradient may be where several elements tie.

At a tie, the slopes along one direction bound the gradient of a convex function only.  sort, median
and max(min(a, b)) are none: there the gradient may be any between the slopes of neighbouring points,
where the function is smooth (Clarke, 1975, "Generalized gradients and applications").
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.check.numeric import Point
from autograd.check.subject import Arrays

FEW, SOME, MANY = 16, 48, 96  # so many; SOME where a kink is seen; MANY if the slopes there differ
FAR, MIDDLE = (2.0**-20, 2.0**-30), (2.0**-40, 2.0**-47)  # distance, and step there, relative to x
NARROW_MIDDLE = (2.0**-30, 2.0**-38)  # without longdouble
NEAR = (2.0**-54, 2.0**-57)
SLACK = 1e-6  # curvature between here and FAR


def between_neighbours(
    a: float,
    inputs: Arrays,
    direction: Arrays,
    derivative: Callable[[Arrays], Point],
    rng: np.random.Generator,
    *,
    wide: bool,
    least: int = FEW,
) -> tuple[float, float, bool] | None:
    """The lowest and highest slope along `direction` beside the inputs, if `a` is among them and the
    slopes there differ, and whether that is sure; else None.

    Three distances: the far one says it to many digits; in the middle one, what was curvature is gone;
    the near one, below a unit in the last place, rejects, as well as rounding lets it, what belongs to a
    kink elsewhere.
    derivative: of the function, at any inputs; wide: whether it is computed in longdouble.
    """
    scales = [scale_of(x) for x in inputs]
    moves = zip(scales, direction, strict=True)
    moved = max(float(np.max(s * (np.asarray(d) != 0), initial=0.0)) for s, d in moves)
    low = high = width = 0.0
    for distance, step in (FAR, MIDDLE if wide else NARROW_MIDDLE):
        slopes: list[float] = []
        changes: list[float] = []
        while True:
            once, again = slopes_at(inputs, scales, direction, derivative, distance, step * moved, rng)
            slopes.append(once)
            changes.append(abs(once - again))
            if len(slopes) < least:
                continue
            bottom, top, noise = min(slopes), max(slopes), 4 * sorted(changes)[len(changes) // 2]
            slack = noise + SLACK * max(abs(bottom), abs(top))
            inside, differ = bottom - slack <= a <= top + slack, top - bottom > 4 * slack
            if inside or not differ or len(slopes) >= MANY:
                break
        if not inside or not math.isfinite(bottom + top + slack):
            return None
        if not differ or top - bottom < width / 4:
            return (low, high, False) if width and noise > width / 8 else None
        if not width:
            low, high, width = bottom, top, top - bottom
    if not wide:
        return low, high, False
    pairs = [
        slopes_at(inputs, scales, direction, derivative, NEAR[0], NEAR[1] * moved, rng) for _ in range(MANY)
    ]
    noise = sorted(abs(once - again) for once, again in pairs)[MANY // 2]
    slack = noise + width / 4
    if not min(pairs)[0] - slack <= a <= max(pairs)[0] + slack:
        return None
    return low, high, noise < width / 2


def slopes_at(
    inputs: Arrays,
    scales: Arrays,
    direction: Arrays,
    derivative: Callable[[Arrays], Point],
    distance: float,
    h: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """The slope along a direction at a random point so far away, with steps h and h / 2."""
    at = [x + s * distance * around(x, rng) for x, s in zip(inputs, scales, strict=True)]
    return quotient(derivative, at, direction, h), quotient(derivative, at, direction, h / 2)


def quotient(derivative: Callable[[Arrays], Point], at: Arrays, direction: Arrays, h: float) -> float:
    """The central difference quotient along a direction."""
    up, down = (derivative([x + t * d for x, d in zip(at, direction, strict=True)])[0] for t in (h, -h))
    return float((up - down) / (2 * h))


def scale_of(x: Any) -> Any:
    """The size of each element; of those that are 0, the largest (1 if all are)."""
    size = np.abs(np.asarray(x, np.float64))
    largest = float(size.max(initial=0.0)) or 1.0
    return np.where(size > 0, size, largest)


def around(x: Any, rng: np.random.Generator) -> Any:
    """Numbers in [-1, 1], hardly two of them equal."""
    return rng.integers(-(2**20), 2**20, size=np.shape(x)) / 2**20
