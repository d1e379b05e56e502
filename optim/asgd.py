"""Averaged stochastic gradient descent."""

from collections.abc import Iterable
from typing import Any

from optim.checks import a_number, at_least_zero
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import decayed

__all__ = ["ASGD"]


def asgd(
    p: Array, g: Array, ax: Array, *, shrink: Any, eta: Any, mu: Any, weight_decay: Any
) -> tuple[Any, ...]:
    """See ASGD; shrink = 1 - lambd * eta."""
    p = p * shrink - eta * decayed(g, p, weight_decay)
    return p, p if mu is None else ax + (p - ax) * mu


class ASGD(Optimizer):
    """Steps of a falling size eta, and their running average (Polyak & Juditsky, 1992).

    p <- p * (1 - lambd * eta) - eta * g,  eta = lr / (1 + lambd * lr * t)**alpha;
    state["ax"] is the mean of the p from step t0 + 2 on (before, it is p itself).
    eta and the weights of the mean are those of the step before, as in PyTorch.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for a negative lr or weight_decay.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = ASGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.59998
    """

    rule = staticmethod(asgd)
    buffers = ("ax",)
    counters = ("step", "eta", "mu")

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
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay)
        super().__init__(params, {**options, "maximize": maximize}, fused=fused)

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "lambd", "weight_decay")})
        a_number(self.name, alpha=group["alpha"], t0=group["t0"])

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "eta": float(group["lr"]), "mu": 1.0, "ax": zeros_like(p)}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        (step, eta, mu), lr, lambd = counters, group["lr"], group["lambd"]
        t = step + 1
        after = {
            "step": t,
            "eta": lr / (1 + lambd * lr * t) ** group["alpha"],
            "mu": 1 / max(1, t - group["t0"]),
        }
        return after, dict(
            shrink=1 - lambd * eta,
            eta=eta,
            mu=None if mu == 1 else mu,
            weight_decay=group["weight_decay"] or None,
        )
