"""RMSprop: steps scaled by a running mean of the squared gradient."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, zeros_like

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """p <- p - lr * g / (sqrt(v) + eps),  v <- alpha * v + (1 - alpha) * g * g  (Hinton, 2012).

    centered: v less the square of the mean gradient, an estimate of the variance.
    momentum: b <- momentum * b + g / (sqrt(v) + eps),  p <- p - lr * b.
    keras: divide by sqrt(v + eps) instead, and keep lr inside the momentum,
    b <- momentum * b + lr * g / sqrt(v + eps),  p <- p - b.

    Raises ValueError for negative options.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = RMSprop([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.0
    """

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
    ) -> None:
        options = dict(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)
        super().__init__(params, {**options, "centered": centered, "maximize": maximize, "keras": keras})

    def check(self, group: Group) -> None:
        names = ("lr", "alpha", "eps", "weight_decay", "momentum")
        at_least_zero(self.name, **{k: group[k] for k in names})

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "square_avg": zeros_like(p), "grad_avg": None, "momentum_buffer": None}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        lr, alpha, scratch = group["lr"], group["alpha"], self.scratch
        state["step"] += 1
        g = scratch.decayed(g, p, group["weight_decay"])
        v = state["square_avg"]
        v *= alpha
        v = state["square_avg"] = scratch.add_product(v, g, g, 1 - alpha)
        if group["centered"]:
            mean = zeros_like(p) if state["grad_avg"] is None else state["grad_avg"]
            mean = state["grad_avg"] = scratch.lerp(mean, g, 1 - alpha)
            square = np.multiply(mean, mean, out=scratch.room("root", v))
            v = np.subtract(v, square, out=scratch.room("root", v))
        if group["keras"]:
            spread = scratch.root(np.add(v, group["eps"], out=scratch.room("root", v)))
        else:
            spread = scratch.root(v)
            spread += group["eps"]
        if not group["momentum"]:
            return scratch.add_quotient(p, g, spread, -lr)
        b = zeros_like(p) if state["momentum_buffer"] is None else state["momentum_buffer"]
        b *= group["momentum"]
        b = state["momentum_buffer"] = scratch.add_quotient(b, g, spread, lr if group["keras"] else 1)
        return scratch.add(p, b, -1.0 if group["keras"] else -lr)
