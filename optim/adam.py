"""Adam: steps scaled by running means of the gradient and of its square.  AdamW."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, decay_rates
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import decayed, decays, lerp, shrunk, sqrt

__all__ = ["Adam", "AdamW"]


def adam(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    top: Array,
    *,
    rate: Any,
    w: Any,
    late: bool,
    beta2: Any,
    eps: Any,
    weight_decay: Any,
    shrink: Any,
    amsgrad: bool,
) -> tuple[Any, ...]:
    """See Adam; rate = lr * root / (1 - beta1**t), eps times root, where root = sqrt(1 - beta2**t)."""
    p, g = shrunk(p, shrink), decayed(g, p, weight_decay)
    m, v = lerp(m, g, w, late), v * beta2 + (1 - beta2) * g * g
    if amsgrad:
        top = v if top is None else np.maximum(top, v)
    spread = np.sqrt(top if amsgrad else v) + eps
    return p - rate * (m / spread), m, v, top if amsgrad else None  # so that one room will do


class Adam(Optimizer):
    """p <- p - lr * m' / (sqrt(v') + eps), with bias-corrected means (Kingma & Ba, 2015).

    m <- m + (1 - beta1) * (g - m),  v <- beta2 * v + (1 - beta2) * g * g,
    m' = m / (1 - beta1**t),  v' = v / (1 - beta2**t).  Computed as the paper's section 2.1 advises:
    with root = sqrt(1 - beta2**t), p <- p - (lr * root / (1 - beta1**t)) * (m / (sqrt(v) + eps * root)).
    weight_decay adds weight_decay * p to g, or with decoupled_weight_decay takes
    lr * weight_decay * p off p (Loshchilov & Hutter, 2019).  amsgrad divides by the
    largest v so far (Reddi et al., 2018).  `maximize` climbs.

    epsilon_hat: Keras's form (the paper's, before section 2.1), where eps is added to
    sqrt(v) before the bias correction: p <- p - lr * sqrt(1 - beta2**t) * m' / (sqrt(v) + eps).

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> optimizer = Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    0.9
    """

    rule = staticmethod(adam)
    buffers = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    counters = ("step",)

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
        decoupled_weight_decay: bool = False,
        epsilon_hat: bool = False,
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)
        flags = dict(
            maximize=maximize, decoupled_weight_decay=decoupled_weight_decay, epsilon_hat=epsilon_hat
        )
        super().__init__(params, {**options, **flags}, fused=fused)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        state = {"step": 0, "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}
        return {**state, "max_exp_avg_sq": None} if group["amsgrad"] else state

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        t, lr, (beta1, beta2) = counters[0] + 1, group["lr"], group["betas"]
        root = sqrt(1 - beta2**t)
        w, eps = 1 - beta1, group["eps"]
        decay, shrink = decays(group)
        return {"step": t}, {
            "rate": lr * root / (1 - beta1**t),
            "w": w,
            "late": w >= 0.5,
            "beta2": beta2,
            "eps": eps if group["epsilon_hat"] else eps * root,
            "amsgrad": group["amsgrad"],
            "weight_decay": decay,
            "shrink": shrink,
        }  # a literal: quicker


class AdamW(Adam):
    """Adam with weight decay decoupled from the gradient: p <- p - lr * weight_decay * p first.

    Loshchilov & Hutter, 2019, "Decoupled weight decay regularization".

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = AdamW([x], lr=0.1, weight_decay=0.5)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)  # 2 - 0.1 * 0.5 * 2, then 0.1 down
    1.8
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        epsilon_hat: bool = False,
        fused: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
            epsilon_hat=epsilon_hat,
            fused=fused,
        )
