"""RAdam: Adam that waits with its scaling until the mean of squares is worth something."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, decay_rates
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import decayed, decays, lerp, shrunk

__all__ = ["RAdam"]


def radam(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    lr: Any,
    w: Any,
    late: bool,
    beta2: Any,
    c1: Any,
    root: Any,
    eps: Any,
    r: Any,
    weight_decay: Any,
    shrink: Any,
) -> tuple[Any, ...]:
    """See RAdam; c1 = 1 - beta1**t, root = sqrt(1 - beta2**t), r is None while it waits."""
    p, g = shrunk(p, shrink), decayed(g, p, weight_decay)
    m, v = lerp(m, g, w, late), v * beta2 + (1 - beta2) * g * g
    step = m / c1 * lr
    return p - (step if r is None else step * (root / (np.sqrt(v) + eps)) * r), m, v


class RAdam(Optimizer):
    """Adam with the variance of its first steps rectified (Liu et al., 2020).

    rho(t) = R - 2 * t * beta2**t / (1 - beta2**t),  R = 2 / (1 - beta2) - 1, is how many
    gradients v stands for.  While rho(t) <= 5: p <- p - lr * m'; afterwards
    p <- p - lr * m' * sqrt(1 - beta2**t) / (sqrt(v) + eps) * r, with
    r = sqrt((rho - 4) (rho - 2) R / ((R - 4) (R - 2) rho)).  m' = m / (1 - beta1**t).
    weight_decay and decoupled_weight_decay as in Adam.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = RAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.6
    """

    rule = staticmethod(radam)
    buffers = ("exp_avg", "exp_avg_sq")
    counters = ("step",)

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
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        flags = dict(decoupled_weight_decay=decoupled_weight_decay, maximize=maximize)
        super().__init__(params, {**options, **flags}, fused=fused)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        t, (beta1, beta2) = counters[0] + 1, group["betas"]
        c2, limit, w, r = 1 - beta2**t, 2 / (1 - beta2) - 1, 1 - beta1, None
        rho = limit - 2 * t * beta2**t / c2
        if rho > 5:
            r = math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
        decay, shrink = decays(group)
        return {"step": t}, dict(
            lr=group["lr"],
            w=w,
            late=w >= 0.5,
            beta2=beta2,
            c1=1 - beta1**t,
            root=math.sqrt(c2),
            eps=group["eps"],
            r=r,
            weight_decay=decay,
            shrink=shrink,
        )
