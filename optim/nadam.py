"""NAdam: Adam with Nesterov's momentum."""

from collections.abc import Iterable
from typing import Any

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, decay_rates, zeros_like

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """Adam that looks one step ahead (Dozat, 2016).

    mu(t) = beta1 * (1 - 0.96**(t * momentum_decay) / 2),  M(t) = mu(1) * ... * mu(t),
    p <- p - lr * (1 - mu(t)) / (1 - M(t)) * g / s - lr * mu(t + 1) / (1 - M(t + 1)) * m / s,
    s = sqrt(v / (1 - beta2**t)) + eps,  m and v as in Adam.  momentum_decay=1 is Keras's form.
    weight_decay and decoupled_weight_decay as in Adam.

    Raises ValueError for negative options and betas outside [0, 1).

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = NAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.894355
    """

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
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        flags = dict(decoupled_weight_decay=decoupled_weight_decay, maximize=maximize)
        super().__init__(params, {**options, **flags})

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "eps", "weight_decay", "momentum_decay")})
        decay_rates(self.name, group["betas"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "mu_product": 1.0, "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if group["decoupled_weight_decay"]:
            if group["weight_decay"]:
                p *= 1 - lr * group["weight_decay"]
        else:
            g = self.scratch.decayed(g, p, group["weight_decay"])
        t = state["step"] = state["step"] + 1
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (s * group["momentum_decay"])) for s in (t, t + 1))
        product = state["mu_product"] = state["mu_product"] * mu
        m = state["exp_avg"] = self.scratch.lerp(state["exp_avg"], g, 1 - beta1)
        v = state["exp_avg_sq"]
        v *= beta2
        v = state["exp_avg_sq"] = self.scratch.add_product(v, g, g, 1 - beta2)
        spread = self.scratch.root(v / (1 - beta2**t))
        spread += group["eps"]
        p = self.scratch.add_quotient(p, g, spread, -lr * (1 - mu) / (1 - product))
        return self.scratch.add_quotient(p, m, spread, -lr * mu_next / (1 - product * mu_next))
