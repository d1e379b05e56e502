"""Dropout: elements or whole channels set to zero at random."""

from typing import Any

import numpy as np

from nn.functional.draw import draw
from nn.functional.shapes import Array, array

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d"]

ALPHA = -1.7580993408473766  # what SELU gives far to the left: -scale * alpha


def _kept(f: str, shape: tuple[int, ...], p: float, training: bool, rng: Any) -> Any:
    """Random booleans, False with probability p; None where nothing is dropped."""
    if not 0 <= p <= 1:
        raise ValueError(f"{f}: p={p}; a probability between 0 and 1 is needed")
    if not training or not p:
        return None
    return draw("random", shape=shape, rng=rng) >= p


def _dropped(f: str, x: Array, shape: tuple[int, ...], p: float, training: bool, rng: Any) -> Array:
    kept = _kept(f, shape, p, training, rng)
    if kept is None:
        return x
    scale = 1 / (1 - p) if p < 1 else 0.0
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    return x * (kept * dtype.type(scale))


def dropout(input: Array, p: float = 0.5, training: bool = True, *, rng: Any = None) -> Array:
    """Each element 0 with probability p, else divided by 1 - p, so that the mean stays; training only.

    rng: a NumPy Generator or a seed; by default the one that nn.manual_seed sets.
    Raises ValueError for p outside [0, 1].  Source: Srivastava et al. (2014), JMLR 15.
    """
    x = array(input)
    return _dropped("dropout", x, x.shape, p, training, rng)


def dropout1d(input: Array, p: float = 0.5, training: bool = True, *, rng: Any = None) -> Array:
    """dropout of whole channels: (N, C, L) or (C, L).  Raises ValueError for another number of axes."""
    return _channel_dropout("dropout1d", 1, input, p, training, rng)


def dropout2d(input: Array, p: float = 0.5, training: bool = True, *, rng: Any = None) -> Array:
    """dropout of whole channels: (N, C, H, W) or (C, H, W).  Raises ValueError for another number of axes.

    Source: Tompson et al. (2015), arXiv:1411.4280.
    """
    return _channel_dropout("dropout2d", 2, input, p, training, rng)


def _channel_dropout(f: str, n: int, input: Array, p: float, training: bool, rng: Any) -> Array:
    x = array(input)
    if x.ndim not in (n + 1, n + 2):
        raise ValueError(
            f"{f}: input of shape {x.shape}; {n + 2} axes are needed, or {n + 1} without the batch"
        )
    return _dropped(f, x, x.shape[:-n] + (1,) * n, p, training, rng)


def alpha_dropout(input: Array, p: float = 0.5, training: bool = False, *, rng: Any = None) -> Array:
    """Dropout for SELU: dropped elements become its lower limit, then mean and variance are restored.

    Raises ValueError for p outside [0, 1].
    Source: Klambauer et al. (2017), arXiv:1706.02515; torch.nn.functional.alpha_dropout.
    """
    x = array(input)
    kept = _kept("alpha_dropout", x.shape, p, training, rng)
    if kept is None:
        return x
    if p == 1:
        return x * 0.0
    a = ((1 - p) * (1 + p * ALPHA**2)) ** -0.5
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    return x * (kept * dtype.type(a)) + (~kept * dtype.type(a * ALPHA) - dtype.type(a * ALPHA * p))
