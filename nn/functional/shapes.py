"""What the functions share about arguments: inputs as arrays, one number for every axis."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = Any  # an array or a Value
Sizes = int | Sequence[int]  # one number for all axes, or one each


def array(x: Any) -> Array:
    """A Value or an array as it is; a list of numbers as an array; TypeError for what is neither."""
    if hasattr(x, "shape"):
        return x
    found = np.asarray(x)
    if found.dtype.kind in "fiub" or (found.dtype.kind == "O" and isinstance(x, list | tuple)):
        return found
    raise TypeError(
        f"got a {type(x).__name__} where numbers are needed; pass an array, a list of numbers or a Value"
    )


def is_traced(x: Array) -> bool:
    """Whether `x` stands for numbers that are not known yet (autograd.compile)."""
    return getattr(type(x), "__traced__", False)


def per_axis(given: Any, n: int, what: str, least: int = 1) -> tuple[int, ...]:
    """`given` for each of `n` axes; TypeError for what is no integer, ValueError for a wrong number."""
    each: Sequence[Any] = given if isinstance(given, Sequence) else (given,) * n
    if isinstance(given, str) or not all([hasattr(k, "__index__") for k in each]):
        raise TypeError(f"{what}={given!r}: an integer, or {n} of them, is needed")
    if len(each) != n or any([k < least for k in each]):
        raise ValueError(f"{what}={given}: one integer, or {n} of them, each at least {least}, is needed")
    return tuple([k.__index__() for k in each])
