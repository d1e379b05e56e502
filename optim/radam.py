"""RAdam: Adam that waits with its scaling until the mean of squares is worth something."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, decay_rates, zeros_like

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """Adam with the variance of its first steps rectified (Liu et al., 2020).

    rho(t) = R - 2 * t * beta2**t / (1 - beta2**t),  R = 2 / (1 - beta2) - 1, is how many
    gradients v stands for.  While rho(t) <= 5: p <- p - lr * m'; afterwards
    p <- p - lr * m' * sqrt(1 - beta2**t) / (sqrt(v) + eps) * r, with
    r = sqrt((rho - 4) (rho - 2) R / ((R - 4) (R - 2) rho)).  m' = m / (1 - beta1**t).
    weight_decay and decoupled_weight_decay as in Adam.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = RAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.6
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        flags = dict(decoupled_weight_decay=decoupled_weight_decay, maximize=maximize)
        super().__init__(params, {**options, **flags})

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if group["decoupled_weight_decay"]:
            if group["weight_decay"]:
                p *= 1 - lr * group["weight_decay"]
        else:
            g = self.scratch.decayed(g, p, group["weight_decay"])
        t = state["step"] = state["step"] + 1
        m = state["exp_avg"] = self.scratch.lerp(state["exp_avg"], g, 1 - beta1)
        v = state["exp_avg_sq"]
        v *= beta2
        v = state["exp_avg_sq"] = self.scratch.add_product(v, g, g, 1 - beta2)
        step = np.divide(m, 1 - beta1**t, out=self.scratch.room("step", m))
        step *= lr
        correction = 1 - beta2**t
        limit = 2 / (1 - beta2) - 1
        rho = limit - 2 * t * beta2**t / correction
        if rho > 5:
            spread = self.scratch.root(v)
            spread += group["eps"]
            step *= np.divide(math.sqrt(correction), spread, out=self.scratch.room("root", v))
            step *= math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
        return self.scratch.add(p, step, -1.0)
