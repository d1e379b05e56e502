"""Averaged stochastic gradient descent."""

from collections.abc import Iterable
from typing import Any

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, copy_of, zeros_like

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """Steps of a falling size eta, and their running average (Polyak & Juditsky, 1992).

    p <- p * (1 - lambd * eta) - eta * g,  eta = lr / (1 + lambd * lr * t)**alpha;
    state["ax"] is the mean of the p from step t0 + 2 on (before, it is p itself).
    eta and the weights of the mean are those of the step before, as in PyTorch.

    Raises ValueError for a negative lr or weight_decay.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = ASGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.59998
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay)
        super().__init__(params, {**options, "maximize": maximize})

    def check(self, group: Group) -> None:
        at_least_zero(self.name, lr=group["lr"], weight_decay=group["weight_decay"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "eta": float(group["lr"]), "mu": 1.0, "ax": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        lr, lambd, eta, mu = group["lr"], group["lambd"], state["eta"], state["mu"]
        g = self.scratch.decayed(g, p, group["weight_decay"])
        t = state["step"] = state["step"] + 1
        p *= 1 - lambd * eta
        p = self.scratch.add(p, g, -eta)
        if mu == 1:
            state["ax"] = copy_of(p)
        else:
            ax = state["ax"]
            ax += (p - ax) * mu
            state["ax"] = ax
        state["eta"] = lr / (1 + lambd * lr * t) ** group["alpha"]
        state["mu"] = 1 / max(1, t - group["t0"])
        return p
