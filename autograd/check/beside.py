"""Slopes at points beside the one under test: what a gradient may be where several elements tie.

At a tie, the slopes along one direction bound the gradient of a convex function only.  sort, median
and max(min(a, b)) are none: there the gradient may be any between the slopes of neighbouring points,
where the function is smooth (Clarke, 1975, "Generalized gradients and applications").
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd.check.numeric import Point
from autograd.check.subject import Arrays

FEW, SOME, MANY = 16, 48, 96  # so many; SOME where a kink is seen; MANY if the slopes there differ
FAR = (2.0**-20, 2.0**-30)  # distance, and step there, relative to x
MIDDLE = {True: (2.0**-40, 2.0**-47), False: (2.0**-30, 2.0**-38)}  # with longdouble, and without
NEAR = {True: (2.0**-54, 2.0**-57), False: (2.0**-49, 2.0**-51)}
SLACK = 1e-6  # curvature between here and FAR
CLOSE = 0.05  # of the width of the slopes: so near to them a gradient may be one of those not seen


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
    the near one, below a unit in the last place (without longdouble: of a few), rejects, as well as rounding
    lets it, what belongs to a kink elsewhere.
    derivative: of the function, at any inputs; wide: whether it is computed in longdouble.
    """
    scales = [scale_of(x) for x in inputs]
    moves = zip(scales, direction, strict=True)
    moved = max(float(np.max(s * (np.asarray(d) != 0), initial=0.0)) for s, d in moves)
    moved = math.ldexp(0.5, math.frexp(moved)[1])  # a power of two, so that steps are exact

    def pair(place: Arrays, distance: float, step: float) -> tuple[float, float]:
        """The slope along the direction so far away, with the step and with half of it."""
        at = [x + s * distance * u for x, s, u in zip(inputs, scales, place, strict=True)]
        once, again = (quotient(derivative, at, direction, h * moved) for h in (step, step / 2))
        return once, again

    low = high = width = 0.0
    near = True  # whether a is among slopes that were seen, and not only close to them
    for distance, step in (FAR, MIDDLE[wide]):
        slopes: list[float] = []
        changes: list[float] = []
        places: list[Arrays] = []
        while True:
            places.append([around(x, rng) for x in inputs])
            once, again = pair(places[-1], distance, step)
            slopes.append(once)
            changes.append(abs(once - again))
            if len(slopes) < least:
                continue
            bottom, top, noise = min(slopes), max(slopes), 4 * sorted(changes)[len(changes) // 2]
            slack = noise + SLACK * max(abs(bottom), abs(top))
            inside, differ = bottom - slack <= a <= top + slack, top - bottom > 4 * slack
            if inside or not differ or len(slopes) >= MANY:
                break
        if differ and not inside and math.isfinite(bottom + top + slack):
            best = min(range(len(slopes)), key=lambda i: abs(slopes[i] - a))
            at = partial(pair, distance=distance, step=step)
            found = toward(a, slopes[best], places[best], at, rng)
            alone = sum(abs(v - slopes[best]) <= slack for v in slopes) == 1
            bottom, top = min(bottom, found), max(top, found)
            inside = bottom - slack <= a <= top + slack
            if not inside and alone and abs(found - a) <= CLOSE * (top - bottom):
                inside, near = True, False
        if not inside or not math.isfinite(bottom + top + slack):
            return None
        if not differ or top - bottom < width / 4:
            return (low, high, False) if width and noise > width / 8 else None
        if not width:
            low, high, width = bottom, top, top - bottom
    distance, step = NEAR[wide]
    pairs = [pair([around(x, rng) for x in inputs], distance, step) for _ in range(MANY)]
    noise = sorted(abs(once - again) for once, again in pairs)[MANY // 2]
    slack = noise + width / 4
    if not min(pairs)[0] - slack <= a <= max(pairs)[0] + slack:
        return None
    return low, high, near and noise < width / 2


def toward(
    a: float,
    slope: float,
    place: Arrays,
    pair: Callable[[Arrays], tuple[float, float]],
    rng: np.random.Generator,
) -> float:
    """The slope nearest to `a` at places like this one: with some of its elements not moved (an extreme one
    is where eigenvectors are unit vectors), or moved by somewhat more or less."""
    sizes = [int(np.size(u)) for u in place]
    spots = [(k, i) for k, n in enumerate(sizes) for i in range(n)]
    order = rng.permutation(len(spots))[:MANY]
    tries: list[tuple[list[tuple[int, int]], float]] = [([spots[j]], 0.0) for j in order]
    tries += [(spots, 2.0 ** -(j / 4)) for j in range(SOME)]
    for chosen, width in tries:
        moved = [np.array(u, float) for u in place]
        for k, i in chosen:
            moved[k].flat[i] += width * rng.uniform(-1, 1) if width else -moved[k].flat[i]
        there = pair([u[()] for u in moved])[0]
        if abs(there - a) < abs(slope - a):
            slope, place = there, moved
    return slope


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
