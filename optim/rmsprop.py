"""RMSprop: steps scaled by a running mean of the squared gradient."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, within
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import decayed, lerp

__all__ = ["RMSprop"]


def rmsprop(
    p: Array,
    g: Array,
    v: Array,
    mean: Array,
    b: Array,
    *,
    lr: Any,
    alpha: Any,
    late: bool,
    eps: Any,
    momentum: Any,
    weight_decay: Any,
    centered: bool,
    keras: bool,
) -> tuple[Any, ...]:
    """See RMSprop."""
    g = decayed(g, p, weight_decay)
    v = used = v * alpha + (1 - alpha) * g * g
    if centered:
        mean = lerp(0.0 if mean is None else mean, g, 1 - alpha, late)
        used = v - mean * mean
    spread = np.sqrt(used + eps) if keras else np.sqrt(used) + eps
    kept = mean if centered else None
    if momentum is None:
        return p - lr * g / spread, v, kept, None
    d = lr * g / spread if keras else g / spread
    b = (0.0 if b is None else b * momentum) + d
    return p - (b if keras else lr * b), v, kept, b


class RMSprop(Optimizer):
    """p <- p - lr * g / (sqrt(v) + eps),  v <- alpha * v + (1 - alpha) * g * g  (Hinton, 2012).

    centered: v less the square of the mean gradient, an estimate of the variance.
    momentum: b <- momentum * b + g / (sqrt(v) + eps),  p <- p - lr * b.
    keras: divide by sqrt(v + eps) instead, and keep lr inside the momentum,
    b <- momentum * b + lr * g / sqrt(v + eps),  p <- p - b.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = RMSprop([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.0
    """

    rule = staticmethod(rmsprop)
    buffers = ("square_avg", "grad_avg", "momentum_buffer")
    counters = ("step",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
        keras: bool = False,
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)
        super().__init__(
            params, {**options, "centered": centered, "maximize": maximize, "keras": keras}, fused=fused
        )

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay", "momentum")})
        within(self.name, 0, 1, alpha=group["alpha"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "square_avg": zeros_like(p), "grad_avg": None, "momentum_buffer": None}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        return {"step": counters[0] + 1}, dict(
            lr=group["lr"],
            alpha=group["alpha"],
            late=1 - group["alpha"] >= 0.5,
            eps=group["eps"],
            momentum=group["momentum"] or None,
            weight_decay=group["weight_decay"] or None,
            centered=group["centered"],
            keras=group["keras"],
        )
