"""Adamax: Adam with the largest gradient in place of the root mean square."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, decay_rates
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import decayed, lerp

__all__ = ["Adamax"]


def adamax(
    p: Array,
    g: Array,
    m: Array,
    u: Array,
    *,
    rate: Any,
    w: Any,
    late: bool,
    beta2: Any,
    eps: Any,
    weight_decay: Any,
    outside: bool,
) -> tuple[Any, ...]:
    """See Adamax; rate = lr / (1 - beta1**t)."""
    g = decayed(g, p, weight_decay)
    m, size = lerp(m, g, w, late), np.abs(g)
    u = np.maximum(u * beta2, size if outside else size + eps)
    return p - rate * m / (u + eps if outside else u), m, u


class Adamax(Optimizer):
    """p <- p - lr / (1 - beta1**t) * m / u,  u <- max(beta2 * u, |g| + eps).

    m <- m + (1 - beta1) * (g - m)  (Kingma & Ba, 2015, section 7).
    eps_outside: Keras's form, u <- max(beta2 * u, |g|), dividing by u + eps.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Adamax([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    rule = staticmethod(adamax)
    buffers = ("exp_avg", "exp_inf")
    counters = ("step",)

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
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        super().__init__(params, {**options, "maximize": maximize, "eps_outside": eps_outside}, fused=fused)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        t, (beta1, beta2) = counters[0] + 1, group["betas"]
        w = 1 - beta1
        return {"step": t}, dict(
            rate=group["lr"] / (1 - beta1**t),
            w=w,
            late=w >= 0.5,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"] or None,
            outside=group["eps_outside"],
        )
