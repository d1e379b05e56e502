"""NAdam: Adam with Nesterov's momentum."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, decay_rates
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import decayed, decays, lerp, shrunk

__all__ = ["NAdam"]


def nadam(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    now: Any,
    ahead: Any,
    w: Any,
    late: bool,
    beta2: Any,
    c2: Any,
    eps: Any,
    weight_decay: Any,
    shrink: Any,
) -> tuple[Any, ...]:
    """See NAdam; now and ahead: the rates of the gradient and of the momentum, c2 = 1 - beta2**t."""
    p, g = shrunk(p, shrink), decayed(g, p, weight_decay)
    m, v = lerp(m, g, w, late), v * beta2 + (1 - beta2) * g * g
    spread = np.sqrt(v / c2) + eps
    return p - now * g / spread - ahead * m / spread, m, v


class NAdam(Optimizer):
    """Adam that looks one step ahead (Dozat, 2016).

    mu(t) = beta1 * (1 - 0.96**(t * momentum_decay) / 2),  M(t) = mu(1) * ... * mu(t),
    p <- p - lr * (1 - mu(t)) / (1 - M(t)) * g / s - lr * mu(t + 1) / (1 - M(t + 1)) * m / s,
    s = sqrt(v / (1 - beta2**t)) + eps,  m and v as in Adam.  momentum_decay=1 is Keras's form.
    weight_decay and decoupled_weight_decay as in Adam.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = NAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.894355
    """

    rule = staticmethod(nadam)
    buffers = ("exp_avg", "exp_avg_sq")
    counters = ("step", "mu_product")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        flags = dict(decoupled_weight_decay=decoupled_weight_decay, maximize=maximize)
        super().__init__(params, {**options, **flags}, fused=fused)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay", "momentum_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "mu_product": 1.0, "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        (step, product), lr, (beta1, beta2) = counters, group["lr"], group["betas"]
        t, w = step + 1, 1 - beta1
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (s * group["momentum_decay"])) for s in (t, t + 1))
        product = product * mu
        decay, shrink = decays(group)
        return {"step": t, "mu_product": product}, dict(
            now=lr * (1 - mu) / (1 - product),
            ahead=lr * mu_next / (1 - product * mu_next),
            w=w,
            late=w >= 0.5,
            beta2=beta2,
            c2=1 - beta2**t,
            eps=group["eps"],
            weight_decay=decay,
            shrink=shrink,
        )
