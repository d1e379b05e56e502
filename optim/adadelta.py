"""Adadelta: steps in the units of the parameter, without a learning rate to choose."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, zeros_like

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """p <- p - lr * d,  d = sqrt(u + eps) / sqrt(v + eps) * g  (Zeiler, 2012).

    v and u are running means of g * g and of d * d: v <- rho * v + (1 - rho) * g * g
    before the step, u <- rho * u + (1 - rho) * d * d after it.  Keras's has the same form.

    Raises ValueError for negative options and rho above 1.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Adadelta([x], lr=1.0)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.996838
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "rho", "eps", "weight_decay")})
        if group["rho"] > 1:
            raise ValueError(f"{self.name}: rho={group['rho']} must be in [0, 1]")

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        rho, eps, scratch = group["rho"], group["eps"], self.scratch
        state["step"] += 1
        g = scratch.decayed(g, p, group["weight_decay"])
        v, u = state["square_avg"], state["acc_delta"]
        v *= rho
        v = state["square_avg"] = scratch.add_product(v, g, g, 1 - rho)
        spread = scratch.root(np.add(v, eps, out=scratch.room("root", v)))
        delta = np.add(u, eps, out=scratch.room("delta", u))
        delta = np.sqrt(delta, out=scratch.room("delta", u))
        delta /= spread
        delta *= g
        u *= rho
        state["acc_delta"] = scratch.add_product(u, delta, delta, 1 - rho)
        return scratch.add(p, delta, -group["lr"])
