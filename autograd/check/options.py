"""The options of a check, refused where they make no sense."""

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

KINKS = ("subgradient", "min-norm", "skip", "fail")


def validate(
    order: Any, rtol: Any, kinks: Any, seconds: Any, seed: Any, kwargs: Any, grad: Any, vjp: Any
) -> None:
    """Raise ValueError or TypeError for the first option of check_grads that makes no sense."""
    if kinks not in KINKS:
        expected = ", ".join(map(repr, KINKS[:-1]))
        raise ValueError(f"check_grads: kinks={kinks!r}; expected {expected} or {KINKS[-1]!r}")
    if not is_whole(order) or order < 1 or (order > 1 and (grad is not None or vjp is not None)):
        raise ValueError(
            f"check_grads: order={order!r}; orders above 1 need this package's engine, none is below 1"
        )
    if grad is not None and vjp is not None:
        raise ValueError("check_grads: grad= and vjp= are two gradients; pass the one to be checked")
    if rtol is not None and not (is_number(rtol) and 0 <= rtol < 1):
        raise ValueError(
            f"check_grads: rtol={rtol!r}; expected a number from 0 to below 1, with which 0 would pass"
        )
    if seconds is not None and not (is_number(seconds) and seconds >= 0):
        raise ValueError(f"check_grads: seconds={seconds!r}; expected a number from 0 on, or None")
    if not is_whole(seed) or seed < 0:
        raise ValueError(f"check_grads: seed={seed!r}; expected a whole number from 0 on")
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError(
            f"check_grads: kwargs is a {type(kwargs).__name__}; pass a dict of f's keyword arguments"
        )


def is_whole(x: Any) -> bool:
    """Whether x is an integer, and no boolean."""
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def is_number(x: Any) -> bool:
    """Whether x is a real number, and not nan."""
    return isinstance(x, int | float | np.integer | np.floating) and not math.isnan(x)


def name_of(f: Callable[..., Any]) -> str:
    """A function's name; of a functools.partial that of the function inside."""
    f = f.func if isinstance(f, functools.partial) else f
    return str(getattr(f, "__name__", type(f).__name__))


def place_of(f: Any) -> str:
    """The file and line where a function is defined, or ''."""
    f = f.func if isinstance(f, functools.partial) else getattr(f, "gradient", f)
    code = getattr(inspect.unwrap(f), "__code__", None)
    return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"
