"""Lion: the sign of an interpolated momentum."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, decay_rates
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import lerp

__all__ = ["Lion"]


def lion(
    p: Array, g: Array, m: Array, *, lr: Any, shrink: Any, w1: Any, late1: bool, w2: Any, late2: bool
) -> tuple[Any, ...]:
    """See Lion; shrink = 1 - lr * weight_decay."""
    direction = np.sign(lerp(m, g, w1, late1))
    return p * shrink - lr * direction, lerp(m, g, w2, late2)


class Lion(Optimizer):
    """p <- p * (1 - lr * weight_decay) - lr * sign(m + (1 - beta1) * (g - m))  (Chen et al., 2023).

    Then m <- m + (1 - beta2) * (g - m).  Every element moves by lr: take a tenth of Adam's.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Lion([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    rule = staticmethod(lion)
    buffers = ("exp_avg",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        fused: bool = False,
    ) -> None:
        super().__init__(
            params, dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize), fused=fused
        )

    def check(self, group: Group) -> None:
        at_least_zero(self.name, lr=group["lr"], weight_decay=group["weight_decay"])
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"exp_avg": zeros_like(p)}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        lr, (w1, w2) = group["lr"], [1 - beta for beta in group["betas"]]
        return {}, dict(
            lr=lr, shrink=1 - lr * group["weight_decay"], w1=w1, late1=w1 >= 0.5, w2=w2, late2=w2 >= 0.5
        )
