"""Adagrad: steps scaled by all gradients so far."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, full_like

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """p <- p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps),  s the sum of all g * g.

    s begins with initial_accumulator_value (Duchi, Hazan & Singer, 2011).
    eps_inside: Keras's form, which divides by sqrt(s + eps).

    Raises ValueError for negative options.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Adagrad([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        eps_inside: bool = False,
    ) -> None:
        options = dict(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps)
        options["initial_accumulator_value"] = initial_accumulator_value
        super().__init__(params, {**options, "maximize": maximize, "eps_inside": eps_inside})

    def check(self, group: Group) -> None:
        names = ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
        at_least_zero(self.name, **{k: group[k] for k in names})

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "sum": full_like(p, group["initial_accumulator_value"])}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        t = state["step"] = state["step"] + 1
        g = self.scratch.decayed(g, p, group["weight_decay"])
        s = state["sum"] = self.scratch.add_product(state["sum"], g, g, 1)
        lr = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        if group["eps_inside"]:
            spread = np.add(s, group["eps"], out=self.scratch.room("root", s))
            spread = self.scratch.root(spread)
        else:
            spread = self.scratch.root(s)
            spread += group["eps"]
        return self.scratch.add_quotient(p, g, spread, -lr)
