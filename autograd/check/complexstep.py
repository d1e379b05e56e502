"""The complex step: Im f(x + ih) / h, without cancellation, where f is analytic NumPy.

Squire & Trapp (1998), "Using complex variables to estimate derivatives of real functions".
Used only where every function that f calls is known to be analytic.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.check.subject import Subject

ANALYTIC = frozenset(
    [
        "add", "subtract", "multiply", "divide", "true_divide", "negative", "positive", "reciprocal",
        "square", "sqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
        "sinh", "cosh", "tanh", "arctan", "arcsinh", "power", "matmul", "sum", "mean", "dot", "einsum",
        "reshape", "transpose", "concatenate", "stack", "broadcast_to", "squeeze", "expand_dims", "ravel",
        "moveaxis", "swapaxes", "take",
    ]
)  # fmt: skip
WIDE = np.clongdouble


class NotAnalyticError(TypeError):
    """f used something that is no analytic function."""


class Traced(np.ndarray[Any, Any]):
    """An array that refuses what is not analytic."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc.__name__ not in ANALYTIC or method not in ("__call__", "reduce"):
            raise NotAnalyticError(ufunc.__name__)
        return wrapped(getattr(ufunc, method)(*[bare(x) for x in inputs], **options))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func.__name__ not in ANALYTIC:
            raise NotAnalyticError(func.__name__)
        args = [[bare(y) for y in x] if isinstance(x, list | tuple) else bare(x) for x in args]
        return wrapped(func(*args, **{k: bare(v) for k, v in kwargs.items()}))

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        """A cast could drop the imaginary part."""
        raise NotAnalyticError("astype")

    def __float__(self) -> float:
        raise NotAnalyticError("float")

    def __abs__(self) -> Any:
        raise NotAnalyticError("abs")


def bare(x: Any) -> Any:
    """The plain array of a traced one."""
    return x.view(np.ndarray) if isinstance(x, Traced) else x


def wrapped(x: Any) -> Any:
    """A traced array."""
    return np.asarray(x).view(Traced)


def complex_step(
    subject: Subject,
    inputs: Sequence[Any],
    direction: Sequence[Any],
    cotangents: Sequence[Any],
    x: float,
) -> tuple[float, float] | None:
    """The derivative of <cotangents, f> along `direction`, and its error; None where f is not known
    to be analytic.  The error is what complex128 differs from the wider complex type, carried over."""
    h = math.ldexp(1.0, -300) * (x or 1.0)
    found = []
    kinds: tuple[Any, ...] = (np.complex128, WIDE)
    for dtype in kinds:
        moved = [
            wrapped(np.asarray(v, dtype) + np.asarray(d, dtype) * dtype(1j * h))
            for v, d in zip(inputs, direction, strict=True)
        ]
        total = WIDE(0)
        try:
            for y, c in zip(subject.called(moved), cotangents, strict=True):
                if not isinstance(y, Traced) or y.dtype != dtype:
                    return None
                total = total + (bare(y).imag / np.longdouble(h) * c).sum()
        except Exception:  # not analytic, or not for complex numbers at all
            return None
        found.append(total.real)
    narrow, wide = found
    if not np.isfinite(wide) or not np.isfinite(narrow):
        return None
    return float(wide), float(abs(narrow - wide)) / 64 + 1e-15 * abs(float(wide))
