"""Terms that the rules of several optimizers share."""

import math
from typing import Any

import numpy as np

from optim.kernel import Array
from optim.optimizer import Group


def sqrt(x: Any) -> Any:
    """The square root of a Python number, or of a Value that stands for one."""
    return math.sqrt(x) if type(x) is float else np.sqrt(x)


def lerp(x: Array, y: Array, w: Any, late: bool) -> Array:
    """x + w * (y - x), or if `late` (w >= 0.5) y - (y - x) * (1 - w), which is exact at w = 1."""
    return y - (y - x) * (1 - w) if late else x + w * (y - x)


def moved(x: Array, y: Array, w: float) -> Array:
    """lerp(x, y, w) in the array `x`; anew for a NumPy scalar, which cannot be changed."""
    late = w >= 0.5
    d = y - x
    d *= 1 - w if late else w
    if late:
        return np.subtract(y, d, out=x if x.ndim else None)
    x += d
    return x


def decayed(g: Array, p: Array, weight_decay: float | None) -> Array:
    """g + weight_decay * p, the gradient with that of weight_decay / 2 * |p|^2."""
    return g if weight_decay is None else g + weight_decay * p


def shrunk(p: Array, shrink: float | None) -> Array:
    """p * shrink, for weight decay that leaves the gradient alone."""
    return p if shrink is None else p * shrink


def decays(group: Group) -> tuple[float | None, float | None]:
    """The options `weight_decay` of the gradient and `shrink` of the parameter: one of them, or both None."""
    decay = group["weight_decay"]
    if not decay:
        return None, None
    return (None, 1 - group["lr"] * decay) if group["decoupled_weight_decay"] else (decay, None)
