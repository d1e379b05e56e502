"""Clipping gradients between backward() and step()."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import Value
from optim.checks import a_number

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    parameters: Value | Iterable[Value],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale all gradients by min(1, max_norm / (norm + 1e-6)), so that together they have no larger norm.

    norm: the `norm_type`-norm (math.inf: the largest size) of all gradients as one vector, as
    it was before; it is returned.  Parameters without gradient are passed over.
    A norm that is not finite makes gradients NaN or 0, or with error_if_nonfinite raises RuntimeError.

    >>> x = Value([3.0, 4.0])
    >>> (x * x / 2).sum().backward()
    >>> clip_grad_norm_([x], 1.0)
    5.0
    >>> x.grad.round(5)
    array([0.6, 0.8])
    """
    limit("clip_grad_norm_", max_norm=max_norm)
    having = with_gradient("clip_grad_norm_", parameters)
    with np.errstate(all="ignore"):
        norms = [np.linalg.norm(np.ravel(g).astype(np.float64), norm_type) for _, g in having]
        norm = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
        if error_if_nonfinite and not math.isfinite(norm):
            raise RuntimeError(
                f"clip_grad_norm_: the norm of the gradients is {norm}, so they cannot be clipped; "
                f"find where it comes from with detect_anomaly(), or pass error_if_nonfinite=False"
            )
        factor = max_norm / (norm + 1e-6)
        if not factor >= 1:  # a NaN goes through
            for p, g in having:
                p.grad = g * factor
    return norm


def clip_grad_value_(parameters: Value | Iterable[Value], clip_value: float) -> None:
    """Limit every element of the gradients to [-clip_value, clip_value].

    >>> x = Value([3.0, -0.5])
    >>> (x * x / 2).sum().backward()
    >>> clip_grad_value_([x], 1.0)
    >>> x.grad
    array([ 1. , -0.5])
    """
    limit("clip_grad_value_", clip_value=clip_value)
    for p, g in with_gradient("clip_grad_value_", parameters):
        p.grad = np.clip(g, -clip_value, clip_value)


def limit(name: str, **options: float) -> None:
    """Raise ValueError for an option below 0, or NaN."""
    a_number(name, **options)
    for option, value in options.items():
        if not value >= 0:
            raise ValueError(f"{name}: {option}={value} must be 0 or more")


def with_gradient(name: str, parameters: Value | Iterable[Value]) -> list[tuple[Value, Any]]:
    """(parameter, plain gradient) for those that have one."""
    given = [parameters] if isinstance(parameters, Value) else list(parameters)
    for i, p in enumerate(given):
        if not isinstance(p, Value):
            raise TypeError(f"{name}: parameter {i} is a {type(p).__name__}; pass Values")
    return [(p, p.grad.data if isinstance(p.grad, Value) else p.grad) for p in given if p.grad is not None]
