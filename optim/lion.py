"""Lion: the sign of an interpolated momentum."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, copy_of, decay_rates, zeros_like

__all__ = ["Lion"]


class Lion(Optimizer):
    """p <- p * (1 - lr * weight_decay) - lr * sign(m + (1 - beta1) * (g - m))  (Chen et al., 2023).

    Then m <- m + (1 - beta2) * (g - m).  Every element moves by lr: take a tenth of Adam's.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Lion([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize))

    def check(self, group: Group) -> None:
        at_least_zero(self.name, lr=group["lr"], weight_decay=group["weight_decay"])
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"exp_avg": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        lr, (beta1, beta2) = group["lr"], group["betas"]
        p *= 1 - lr * group["weight_decay"]
        m = state["exp_avg"]
        direction = np.sign(self.scratch.lerp(copy_of(m), g, 1 - beta1))
        state["exp_avg"] = self.scratch.lerp(m, g, 1 - beta2)
        return self.scratch.add(p, direction, -lr)
