"""Lamb: Adam with the step of each layer in proportion to its weights, for large batches."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, decay_rates
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import moved

__all__ = ["Lamb"]


class Lamb(Optimizer):
    """p <- p - lr * |p| / |u| * u,  u = m' / (sqrt(v') + eps) + weight_decay * p  (You et al., 2020).

    m' and v' are Adam's bias-corrected means; the norms are those of the whole parameter, and
    their quotient is 1 where either is 0.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Lamb([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.8
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        beta1, beta2 = group["betas"]
        t = state["step"] = state["step"] + 1
        m = state["exp_avg"] = moved(state["exp_avg"], g, 1 - beta1)
        v = state["exp_avg_sq"]
        v *= beta2
        v += (1 - beta2) * g * g
        state["exp_avg_sq"] = v
        spread = np.sqrt(v / (1 - beta2**t))
        spread += group["eps"]
        u = np.divide(m, 1 - beta1**t, order="C")  # its norm then does not depend on the layout
        u /= spread
        if group["weight_decay"]:
            u += group["weight_decay"] * p
        size, step = float(np.linalg.norm(p)), float(np.linalg.norm(u))
        trust = size / step if size > 0 and step > 0 else 1.0
        u *= trust * group["lr"]
        p -= u
        return p
