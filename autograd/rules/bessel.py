"""The modified Bessel function of order 0, which NumPy has for Kaiser's window, and all its derivatives."""

import math
from typing import Any

import numpy as np

from .table import Array, Op, door

COSINES = [math.cos((j + 0.5) * math.pi / 128) for j in range(64)]  # of the midpoints of a quarter turn


def slope_of_i0(x: Any, order: int) -> Any:
    """The derivative of that order, 1 or more: the mean of cos(t)**order * exp(x cos(t)) over a turn.

    The midpoint rule on a periodic function misses by about I_256(x), below 1e-20 of the result for all finite ones
    (Abramowitz & Stegun 9.6.16; Trefethen & Weideman, 2014).  Opposite points are taken together, without cancelling.
    """
    z = np.abs(x)
    total = 0.0 * z
    for c in COSINES:
        pair = -np.expm1(-2 * c * z) if order % 2 else 1 + np.exp(-2 * c * z)
        total = total + c**order * np.exp((c - 1) * z) * pair
    return np.exp(z) * total / (2 * len(COSINES)) * (np.sign(x) if order % 2 else 1.0)


# fmt: off
I0: Op = Op("i0", lambda x, order: slope_of_i0(x, order) if order else np.i0(x)[()],
            lambda g, out, x, order: g * I0(x, order=order + 1))
# fmt: on


@door(np.i0)
def i0(x: Array) -> Array:
    return I0(x, order=0)
