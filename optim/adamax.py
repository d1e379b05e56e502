"""Adamax: Adam with the largest gradient in place of the root mean square."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array, fixed
from optim.optimizer import Group, Optimizer, State, at_least_zero, decay_rates, zeros_like

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """p <- p - lr / (1 - beta1**t) * m / u,  u <- max(beta2 * u, |g| + eps).

    m <- m + (1 - beta1) * (g - m)  (Kingma & Ba, 2015, section 7).
    eps_outside: Keras's form, u <- max(beta2 * u, |g|), dividing by u + eps.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Adamax([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        eps_outside: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        super().__init__(params, {**options, "maximize": maximize, "eps_outside": eps_outside})

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        eps, (beta1, beta2) = group["eps"], group["betas"]
        t = state["step"] = state["step"] + 1
        g = self.scratch.decayed(g, p, group["weight_decay"])
        m = state["exp_avg"] = self.scratch.lerp(state["exp_avg"], g, 1 - beta1)
        size = np.abs(g, out=self.scratch.room("root", g))
        if not group["eps_outside"]:
            size += eps
        u = state["exp_inf"]
        u *= beta2
        u = state["exp_inf"] = np.maximum(u, size, out=None if fixed(u) else u)
        if group["eps_outside"]:
            u = np.add(u, eps, out=self.scratch.room("root", u))
        return self.scratch.add_quotient(p, m, u, -group["lr"] / (1 - beta1**t))
