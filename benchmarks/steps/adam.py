"""Adam for the libraries that have none: on Python numbers, on NumPy arrays in place, and as a pure function.

p <- p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps), as everywhere.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

B1, B2, EPS = 0.9, 0.999, 1e-8


class Scalars:
    """For a list of Python numbers: `update` returns the new ones."""

    def __init__(self, n: int, lr: float) -> None:
        self.lr, self.t = lr, 0
        self.m, self.v = [0.0] * n, [0.0] * n

    def update(self, params: Sequence[float], grads: Sequence[float]) -> list[float]:
        self.t += 1
        rate, spread = self.lr / (1 - B1**self.t), math.sqrt(1 - B2**self.t)
        new = []
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            m = self.m[i] = B1 * self.m[i] + (1 - B1) * g
            v = self.v[i] = B2 * self.v[i] + (1 - B2) * g * g
            new.append(p - rate * m / (math.sqrt(v) / spread + EPS))
        return new


class Arrays:
    """For NumPy arrays, in place, with room for what comes between."""

    def __init__(self, params: Sequence[Any], lr: float) -> None:
        self.params, self.lr, self.t = params, lr, 0
        self.m, self.v, self.room = ([np.zeros_like(p) for p in params] for _ in range(3))

    def update(self, grads: Sequence[Any]) -> None:
        self.t += 1
        rate, spread = self.lr / (1 - B1**self.t), math.sqrt(1 - B2**self.t)
        for p, g, m, v, room in zip(self.params, grads, self.m, self.v, self.room, strict=True):
            np.subtract(g, m, out=room)
            room *= 1 - B1
            m += room
            np.multiply(g, g, out=room)
            room *= 1 - B2
            v *= B2
            v += room
            np.sqrt(v, out=room)
            room /= spread
            room += EPS
            np.divide(m, room, out=room)
            room *= rate
            p -= room


def pure(p: Any, g: Any, m: Any, v: Any, rate: Any, spread: Any, sqrt: Any) -> tuple[Any, Any, Any]:
    """(new p, new m, new v) of one number or array; rate is lr / (1 - beta1^t), spread 1 / (1 - beta2^t)."""
    m = B1 * m + (1 - B1) * g
    v = B2 * v + (1 - B2) * g * g
    return p - rate * m / (sqrt(v * spread) + EPS), m, v
