"""Adadelta: steps in the units of the parameter, without a learning rate to choose."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, within
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import decayed

__all__ = ["Adadelta"]


def adadelta(
    p: Array, g: Array, v: Array, u: Array, *, lr: Any, rho: Any, eps: Any, weight_decay: Any
) -> tuple[Any, ...]:
    """See Adadelta."""
    g = decayed(g, p, weight_decay)
    v = v * rho + (1 - rho) * g * g
    d = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    return p - lr * d, v, u * rho + (1 - rho) * d * d


class Adadelta(Optimizer):
    """p <- p - lr * d,  d = sqrt(u + eps) / sqrt(v + eps) * g  (Zeiler, 2012).

    v and u are running means of g * g and of d * d: v <- rho * v + (1 - rho) * g * g
    before the step, u <- rho * u + (1 - rho) * d * d after it.  Keras's has the same form.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options and rho above 1.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Adadelta([x], lr=1.0)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.996838
    """

    rule = staticmethod(adadelta)
    buffers = ("square_avg", "acc_delta")
    counters = ("step",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)
        super().__init__(params, options, fused=fused)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        within(self.name, 0, 1, rho=group["rho"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        options = dict(lr=group["lr"], rho=group["rho"], eps=group["eps"])
        return {"step": counters[0] + 1}, dict(**options, weight_decay=group["weight_decay"] or None)
