"""The complex step: Im f(x + ih) / h, without cancellation, where f is analytic NumPy.

Squire & Trapp (1998), "Using complex variables to estimate derivatives of real functions".
Used only where every function that f calls is known to be analytic.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.check.rounding import WIDE_EPS
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
BESIDE = (
    -997,
    -421,
    -43,
    0,
    59,
    367,
    1021,
)  # units in the last place: the slope hardly moves, its rounding does


class NotAnalyticError(TypeError):
    """f used something that is no analytic function."""


METHODS = frozenset(["sum", "mean", "dot", "reshape", "transpose", "squeeze", "ravel", "swapaxes", "take"])
FACTS = frozenset(["shape", "ndim", "size", "dtype"])


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A complex array that refuses what is not analytic.

    It is no ndarray: np.asarray of one would carry the numbers past the watch.
    """

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc.__name__ not in ANALYTIC or method not in ("__call__", "reduce") or "out" in options:
            raise NotAnalyticError(ufunc.__name__)
        return Traced(getattr(ufunc, method)(*[bare(x) for x in inputs], **options))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func.__name__ not in ANALYTIC or "out" in kwargs:
            raise NotAnalyticError(func.__name__)
        args = [[bare(y) for y in x] if isinstance(x, list | tuple) else bare(x) for x in args]
        return Traced(func(*args, **{k: bare(v) for k, v in kwargs.items()}))

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise NotAnalyticError("asarray")

    def __getitem__(self, key: Any) -> "Traced":
        return Traced(self.array[key])

    def __len__(self) -> int:
        return len(self.array)

    def __getattr__(self, name: str) -> Any:
        if name in FACTS:
            return getattr(self.array, name)
        if name == "T":
            return Traced(self.array.T)
        if name not in METHODS:
            raise NotAnalyticError(name)
        return lambda *args, **options: Traced(getattr(self.array, name)(*map(bare, args), **options))


def bare(x: Any) -> Any:
    """The plain array of a traced one."""
    return x.array if isinstance(x, Traced) else x


def complex_step(
    subject: Subject,
    inputs: Sequence[Any],
    direction: Sequence[Any],
    cotangents: Sequence[Any],
    x: float,
) -> tuple[float, float] | None:
    """The derivative of <cotangents, f> along `direction`, and its error; None where f is not known
    to be analytic.  The error is what complex128 differs from the wider complex type, carried over, or how
    far the results a few units of that type beside the point scatter.

    What vanishes as h does (x**3 at 0 gives -h**2) is no slope, and what grows is none: two steps tell.
    """
    step = math.ldexp(1.0, -300) * (x or 1.0)
    unit = math.ldexp(WIDE_EPS, math.frexp(x)[1] - 1) if x else 0.0  # of the wider type, in the last place

    def slope(dtype: Any, h: float, units: int = 0) -> Any:
        aside = dtype(units * unit)
        moved = [
            Traced(np.asarray(v, dtype) + np.asarray(d, dtype) * (aside + dtype(1j * h)))
            for v, d in zip(inputs, direction, strict=True)
        ]
        total = WIDE(0)
        for y, c in zip(subject.called(moved), cotangents, strict=True):
            if not isinstance(y, Traced) or y.dtype != dtype:
                raise NotAnalyticError(type(y).__name__)
            total = total + (bare(y).imag / np.longdouble(h) * c).sum()
        return total.real

    try:
        narrow, wide, finer = slope(np.complex128, step), slope(WIDE, step), slope(WIDE, step / 256)
        beside = [float(slope(WIDE, step, k) - wide) for k in BESIDE]
    except Exception:  # not analytic, or not for complex numbers at all
        return None
    if not np.isfinite(wide) or not np.isfinite(narrow):
        return None
    if wide and abs(finer) <= abs(wide) / 2**15:
        return 0.0, float(abs(finer))
    if not np.isfinite(beside).all():
        return None
    steady = np.polyval(np.polyfit(BESIDE, beside, 1), BESIDE)
    error = max(float(abs(narrow - wide)) / 64, 4 * float(np.max(np.abs(beside - steady)))) + 1e-15 * abs(
        float(wide)
    )
    if abs(finer - wide) > error:  # at the end of a branch, as of x**0.9 at 0
        return None
    return float(wide), error
