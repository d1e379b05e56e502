"""Checks of options and of saved state: what is out of range is refused by its name."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np


def a_number(name: str, **options: Any) -> None:
    """Raise TypeError for an option that is not one number."""
    for option, value in options.items():
        if not isinstance(value, Real) and not (isinstance(value, np.ndarray) and value.shape == ()):
            mend = "; pass its .item()" if hasattr(value, "item") else ""
            raise TypeError(f"{name}: {option}={value!r} must be a number{mend}")


def at_least_zero(name: str, **options: Any) -> None:
    """Raise ValueError for an option that is negative or not finite."""
    a_number(name, **options)
    for option, value in options.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name}: {option}={value} must be 0 or more and finite")


def above_zero(name: str, **options: Any) -> None:
    """Raise ValueError for an option that is not positive or not finite."""
    a_number(name, **options)
    for option, value in options.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name}: {option}={value} must be above 0 and finite")


def within(name: str, low: float, high: float, **options: Any) -> None:
    """Raise ValueError for an option outside [low, high]."""
    a_number(name, **options)
    for option, value in options.items():
        if not low <= value <= high:
            raise ValueError(f"{name}: {option}={value} must be in [{low:g}, {high:g}]")


def whole(name: str, least: int, **options: Any) -> None:
    """Raise ValueError for an option that is no whole number from `least` on."""
    for option, value in options.items():
        if not hasattr(value, "__index__") or isinstance(value, bool) or value < least:
            raise ValueError(f"{name}: {option}={value!r} must be an int of {least} or more")


def several(name: str, count: int, **options: Any) -> None:
    """Raise ValueError for an option that is not so many numbers (None is left to the caller)."""
    for option, values in options.items():
        if not isinstance(values, tuple | list) or len(values) != count:
            raise ValueError(f"{name}: {option}={values!r} must be {count} numbers")
        a_number(name, **{f"{option}[{i}]": x for i, x in enumerate(values) if x is not None})


def decay_rates(name: str, betas: tuple[float, float]) -> None:
    """Raise ValueError for `betas` outside [0, 1)."""
    several(name, 2, betas=betas)
    if not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"{name}: betas={betas} must both be in [0, 1)")


def same_names(where: str, given: Iterable[str], needed: Iterable[str]) -> None:
    """Raise KeyError unless both hold the same names."""
    missing, unexpected = set(needed) - set(given), set(given) - set(needed)
    if missing or unexpected:
        raise KeyError(
            f"{where}: missing {sorted(missing)}, unexpected {sorted(map(str, unexpected))}; "
            f"was it saved by the same class with the same options?"
        )


def like(where: str, new: Any, expected: Any, p: Any) -> Any:
    """A copy of `new`, if it can stand for `expected`: a number, a buffer, or None (a buffer like `p`)."""
    if expected is None:
        if new is None:
            return None
        expected = p
    if not isinstance(expected, np.ndarray | np.generic):
        if isinstance(new, bool | int | float | np.number) and np.ndim(new) == 0:
            return type(expected)(new)
        raise ValueError(f"{where} is a {type(new).__name__}; a number is needed")
    array = np.asarray(new)
    if array.shape != expected.shape:
        raise ValueError(f"{where} has shape {array.shape}; shape {expected.shape} is needed")
    if not np.can_cast(array.dtype, expected.dtype, "same_kind"):
        raise ValueError(f"{where} has dtype {array.dtype}; {expected.dtype} is needed")
    return np.array(array, dtype=expected.dtype)[()] if array.ndim == 0 else array.astype(expected.dtype)
