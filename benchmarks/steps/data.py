"""What every library starts from: the same numbers, drawn once from fixed seeds."""

from itertools import pairwise
from typing import Any

import numpy as np

Array = Any
Arrays = list[Any]

PEOPLE = [(-2.0, -1.0, 1.0), (25.0, 6.0, 0.0), (17.0, 4.0, 0.0), (-15.0, -6.0, 1.0)]  # weight, height, answer
NET = [0.5, -0.3, 0.8, 0.1, -0.6, 0.9, 0.05, -0.1, 0.2]  # w1 ... w6, b1, b2, b3 of the 2-2-1 network

CELSIUS = [-40.0, -10.0, 0.0, 8.0, 15.0, 22.0, 38.0]
FAHRENHEIT = [-40.0, 14.0, 32.0, 46.0, 59.0, 72.0, 100.0]


def curve() -> tuple[Array, Array]:
    """20 noisy points of 3 x^2 + 2 x + 1.5."""
    x = np.linspace(-2.0, 2.0, 20)
    return x, 3 * x**2 + 2 * x + 1.5 + 0.15 * np.random.default_rng(42).standard_normal(20)


def people() -> tuple[Array, Array]:
    """The four people as arrays: (4, 2) and (4,)."""
    table = np.array(PEOPLE)
    return np.ascontiguousarray(table[:, :2]), np.ascontiguousarray(table[:, 2])


def net() -> Arrays:
    """The weights of the 2-2-1 network as matrices: (2, 2), (2,), (2, 1), (1,), one column for each neuron."""
    w = NET
    return [np.array(x) for x in ([[w[0], w[2]], [w[1], w[3]]], [w[6], w[7]], [[w[4]], [w[5]]], [w[8]])]


def moons() -> tuple[Array, Array]:
    """Two half circles of 50 points each, with noise: (100, 2) and labels -1 or 1."""
    t = np.linspace(0.0, np.pi, 50)
    outer, inner = np.stack([np.cos(t), np.sin(t)], 1), np.stack([1 - np.cos(t), 0.5 - np.sin(t)], 1)
    x = np.concatenate([outer, inner]) + 0.1 * np.random.default_rng(1337).standard_normal((100, 2))
    return x, np.repeat([-1.0, 1.0], 50)


def layers(sizes: list[int], dtype: Any = np.float64, scale: float | None = None) -> Arrays:
    """Weights (in, out) and biases (out,) of fully connected layers, one after the other."""
    rng = np.random.default_rng(7)
    found: Arrays = []
    for m, n in pairwise(sizes):
        bound = m**-0.5 if scale is None else scale
        found += [
            rng.uniform(-bound, bound, (m, n)).astype(dtype),
            rng.uniform(-bound, bound, n).astype(dtype),
        ]
    return found


def digits(batches: int, size: int, dtype: Any) -> list[tuple[Array, Array]]:
    """Random batches of MNIST's shape: pixels (size, 784) in [0, 1), four fifths of them 0, and classes (size,)."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(batches):
        x = rng.uniform(-4.0, 1.0, (size, 784)).clip(0.0)
        found.append((x.astype(dtype), rng.integers(0, 10, size)))
    return found
