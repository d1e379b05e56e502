"""Adam: steps scaled by running means of the gradient and of its square.  AdamW."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array, sqrt
from optim.optimizer import Group, Optimizer, State, at_least_zero, copy_of, decay_rates, zeros_like

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """p <- p - lr * m' / (sqrt(v') + eps), with bias-corrected means (Kingma & Ba, 2015).

    m <- m + (1 - beta1) * (g - m),  v <- beta2 * v + (1 - beta2) * g * g,
    m' = m / (1 - beta1**t),  v' = v / (1 - beta2**t), in PyTorch's order of operations.
    weight_decay adds weight_decay * p to g, or with decoupled_weight_decay takes
    lr * weight_decay * p off p (Loshchilov & Hutter, 2019).  amsgrad divides by the
    largest v so far (Reddi et al., 2018).  `maximize` climbs.

    epsilon_hat: Keras's form (the paper's, before section 2.1), where eps is added to
    sqrt(v) before the bias correction: p <- p - lr * sqrt(1 - beta2**t) * m' / (sqrt(v) + eps).

    Raises ValueError for negative options and betas outside [0, 1).

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
        decoupled_weight_decay: bool = False,
        epsilon_hat: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)
        flags = dict(
            maximize=maximize, decoupled_weight_decay=decoupled_weight_decay, epsilon_hat=epsilon_hat
        )
        super().__init__(params, {**options, **flags})

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        state = {"step": 0, "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}
        return {**state, "max_exp_avg_sq": None} if group["amsgrad"] else state

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
        if group["amsgrad"]:
            largest = state.get("max_exp_avg_sq")
            v = state["max_exp_avg_sq"] = copy_of(v) if largest is None else np.maximum(largest, v)
        spread = self.scratch.root(v)
        if group["epsilon_hat"]:
            lr *= sqrt(1 - beta2**t)
        else:
            spread /= sqrt(1 - beta2**t)
        spread += group["eps"]
        return self.scratch.add_quotient(p, m, spread, -lr / (1 - beta1**t))


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
        )
