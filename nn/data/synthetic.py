"""Small made-up problems: the same numbers for the same seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.data.loader import at_least


def _start(owner: str, n_samples: int, seed: int, **spreads: float) -> tuple[int, np.random.Generator]:
    for name, spread in spreads.items():
        if not spread >= 0:
            raise ValueError(f"{owner}: {name}={spread} must be 0 or more")
    n = at_least(owner, "n_samples", n_samples, 1)
    return n, np.random.default_rng(at_least(owner, "seed", seed, 0))


def _finished(x: Any, y: Any, noise: float, shuffle: bool, rng: np.random.Generator) -> tuple[Any, Any]:
    x = x + noise * rng.standard_normal(x.shape)
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    return x[order], y[order]


def make_moons(
    n_samples: int = 100, *, shuffle: bool = True, noise: float = 0.0, seed: int = 0
) -> tuple[Any, Any]:
    """Two half circles of radius 1 that reach into each other: x (n, 2), labels (n,) 0 and 1.

    The first opens downwards around (0, 0), the second upwards around (1, 0.5).
    noise: standard deviation of what is added to x.

    >>> x, y = make_moons(4, shuffle=False)
    >>> x.round(3).tolist(), y.tolist()
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [0, 0, 1, 1])
    """
    n, rng = _start("make_moons", n_samples, seed, noise=noise)
    outer, inner = np.linspace(0, np.pi, n - n // 2), np.linspace(0, np.pi, n // 2)
    x = np.concatenate(
        [
            np.stack([np.cos(outer), np.sin(outer)], axis=1),
            np.stack([1 - np.cos(inner), 0.5 - np.sin(inner)], axis=1),
        ]
    )
    return _finished(x, np.repeat([0, 1], [len(outer), len(inner)]), noise, shuffle, rng)


def make_circles(
    n_samples: int = 100, *, shuffle: bool = True, noise: float = 0.0, factor: float = 0.8, seed: int = 0
) -> tuple[Any, Any]:
    """A circle of radius 1 (label 0) and one of radius `factor` (label 1): x (n, 2), labels (n,)."""
    n, rng = _start("make_circles", n_samples, seed, noise=noise)
    if not 0 <= factor < 1:
        raise ValueError(f"make_circles: factor={factor} must be in [0, 1): the inner radius over the outer")
    counts = [n - n // 2, n // 2]
    angle = np.concatenate([np.linspace(0, 2 * np.pi, k, endpoint=False) for k in counts])
    radius = np.repeat([1.0, factor], counts)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _finished(x, np.repeat([0, 1], counts), noise, shuffle, rng)


def make_blobs(
    n_samples: int = 100,
    n_features: int = 2,
    *,
    centers: int | Sequence[Sequence[float]] = 3,
    cluster_std: float = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    seed: int = 0,
) -> tuple[Any, Any]:
    """Round clouds around `centers`: x (n, features), labels (n,), as equal in number as n allows.

    centers: how many, drawn uniformly from `center_box`, or their coordinates.
    """
    n, rng = _start("make_blobs", n_samples, seed, cluster_std=cluster_std)
    if isinstance(centers, int | np.integer):
        count = at_least("make_blobs", "centers", centers, 1)
        middle = rng.uniform(*center_box, size=(count, at_least("make_blobs", "n_features", n_features, 1)))
    else:
        middle = np.asarray(centers, dtype=float)
        if middle.ndim != 2 or not len(middle):
            raise ValueError(
                f"make_blobs: centers has shape {middle.shape}; pass a number, or coordinates "
                f"of shape (centers, features)"
            )
    y = np.sort(np.arange(n) % len(middle))
    return _finished(middle[y], y, cluster_std, shuffle, rng)


def make_regression(
    n_samples: int = 100,
    n_features: int = 1,
    *,
    n_targets: int = 1,
    bias: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
) -> tuple[Any, Any, Any]:
    """A linear problem whose answer is known: x (n, features), y (n, targets), weights (features, targets).

    x and the weights are standard normal, y = x @ weights + bias + noise * a standard normal.
    """
    n, rng = _start("make_regression", n_samples, seed, noise=noise)
    features = at_least("make_regression", "n_features", n_features, 1)
    targets = at_least("make_regression", "n_targets", n_targets, 1)
    x = rng.standard_normal((n, features))
    weights = rng.standard_normal((features, targets))
    return x, x @ weights + bias + noise * rng.standard_normal((n, targets)), weights
