"""Adam: steps scaled by running means of the gradient and of its square."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.optimizer import Array, Group, Optimizer, State, at_least_zero, copy_of, zeros_like


class Adam(Optimizer):
    """p <- p - lr * m' / (sqrt(v') + eps), with bias-corrected means (Kingma & Ba, 2015).

    m <- m + (1 - beta1) * (g - m),  v <- beta2 * v + (1 - beta2) * g * g,
    m' = m / (1 - beta1**t),  v' = v / (1 - beta2**t), in PyTorch's order of operations.
    weight_decay adds weight_decay * p to g.  amsgrad divides by the largest v so far
    (Reddi et al., 2018).  `maximize` climbs.

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> optimizer = Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        at_least_zero("Adam", lr=lr, eps=eps, weight_decay=weight_decay)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"Adam: betas={betas} must both be in [0, 1)")
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        super().__init__(params, {**options, "amsgrad": amsgrad, "maximize": maximize})

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        beta1, beta2 = group["betas"]
        if not state:
            state.update(step=0, exp_avg=zeros_like(p), exp_avg_sq=zeros_like(p))
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        t = state["step"] = state["step"] + 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        state["exp_avg"], state["exp_avg_sq"] = m, v
        if group["amsgrad"]:
            largest = state.get("max_exp_avg_sq")
            v = state["max_exp_avg_sq"] = copy_of(v) if largest is None else np.maximum(largest, v)
        step_size = group["lr"] / (1 - beta1**t)
        spread = np.sqrt(v)
        spread /= math.sqrt(1 - beta2**t)
        spread += group["eps"]
        p -= step_size * m / spread
        return p
