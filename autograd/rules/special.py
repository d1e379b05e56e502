"""Stable functions NumPy lacks; public as ``autograd.special``.

They take arrays or Values.  Each is one primitive, accurate over the whole range,
so that a loss of 1000 or a probability of exp(-1000) is exact, and so is its gradient.
"""

from typing import Any

import numpy as np

from .elementwise import SIGMOID
from .reductions import kept
from .table import Array, Op, axes_of, axis_of, maybe

__all__ = [
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "xlogy",
]


ZERO = np.float64(0)


def _relu(x: Array) -> Array:
    if type(x) is np.float64:  # several times quicker than the ufunc on a scalar
        return ZERO if x <= 0 else x
    return np.maximum(x, 0.0)


def _relu_x(g: Array, out: Array, x: Array) -> Array:
    if type(out) is np.float64 and type(g) is np.float64:
        return g if out != 0 else g * 0.0
    passes = out != 0
    return g * (passes.astype(g.dtype) if type(passes) is np.ndarray else passes)  # quicker than a cast in the product


def _softmax(x: Array, *, axis: int) -> Array:
    if x.shape[axis] == 0:
        return x.copy()
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _log_softmax(x: Array, *, axis: int) -> Array:
    if x.shape[axis] == 0:
        return x.copy()
    y = x - x.max(axis=axis, keepdims=True)
    return y - np.log(np.exp(y).sum(axis=axis, keepdims=True))


def _logsumexp(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    m = x.max(axis=axis, keepdims=True, initial=-np.inf)
    m = np.where(np.isfinite(m), m, 0.0).astype(x.dtype)
    with np.errstate(divide="ignore"):  # the log of an empty or all -inf sum is -inf
        out = m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True))
    return out if keepdims else out.reshape([n for a, n in enumerate(x.shape, -x.ndim) if a not in axis])


def _logsumexp_x(g: Array, out: Array, x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    """Gradient times each element's share of its sum; equal shares where that is infinite."""
    g, out = kept(g, x, axis), kept(out, x, axis)
    hit = np.isinf(out)
    if not maybe(hit):
        return g * np.exp(x - out)
    ties = x == out
    shares = ties / np.maximum(ties.sum(axis=axis, keepdims=True), 1)
    return g * np.where(hit, shares, np.exp(np.where(hit, 0.0, x) - np.where(hit, 0.0, out)))


# fmt: off
RELU = Op("relu", _relu, _relu_x)
SOFTPLUS = Op("softplus", lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-abs(x))), lambda g, out, x: g * SIGMOID(x))
LOG_SIGMOID = Op("log_sigmoid", lambda x: np.minimum(x, 0.0) - np.log1p(np.exp(-abs(x))), lambda g, out, x: g * SIGMOID(-x))
SOFTMAX = Op("softmax", _softmax, lambda g, out, x, axis: out * (g - (g * out).sum(axis=axis, keepdims=True)))
LOG_SOFTMAX = Op("log_softmax", _log_softmax, lambda g, out, x, axis: g - np.exp(out) * g.sum(axis=axis, keepdims=True))
LOGSUMEXP = Op("logsumexp", _logsumexp, _logsumexp_x)
XLOGY = Op("xlogy", lambda x, y: x * np.log(np.where(x == 0, 1.0, y)),
           lambda g, out, x, y: g * np.log(y), lambda g, out, x, y: g * (x / np.where((x == 0) & (y == 0), 1.0, y)), broadcasts=True)
# fmt: on


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), elementwise; never overflows.

    >>> float(sigmoid(7.0))
    0.9990889488055994
    """
    return SIGMOID(x)


def relu(x: Array) -> Array:
    """max(x, 0), elementwise; the gradient at 0 is 0."""
    return RELU(x)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), elementwise; x itself for large x."""
    return SOFTPLUS(x)


def log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + exp(-x))), elementwise; x itself for very negative x."""
    return LOG_SIGMOID(x)


def softmax(x: Array, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)) along `axis`, shifted by the maximum so that it never overflows."""
    return SOFTMAX(x, axis=axis_of(axis, np.ndim(x)))


def log_softmax(x: Array, axis: int = -1) -> Array:
    """x - log(sum(exp(x))) along `axis`; exact where softmax would round to 0."""
    return LOG_SOFTMAX(x, axis=axis_of(axis, np.ndim(x)))


def logsumexp(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """log(sum(exp(x))) over `axis` (None: all); -inf for an empty sum.

    Where the result is infinite the elements that are equal to it share the gradient.
    """
    return LOGSUMEXP(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


def xlogy(x: Array, y: Array) -> Array:
    """x * log(y), and 0 where x is 0 whatever y is: the entropy term without its NaN."""
    return XLOGY(x, y)
