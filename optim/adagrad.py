"""Adagrad: steps scaled by all gradients so far."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, full_like
from optim.terms import decayed

__all__ = ["Adagrad"]


def adagrad(
    p: Array, g: Array, s: Array, *, rate: Any, eps: Any, weight_decay: Any, inside: bool
) -> tuple[Any, ...]:
    """See Adagrad; rate = lr / (1 + (t - 1) * lr_decay)."""
    g = decayed(g, p, weight_decay)
    s = s + g * g
    return p - rate * g / (np.sqrt(s + eps) if inside else np.sqrt(s) + eps), s


class Adagrad(Optimizer):
    """p <- p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps),  s the sum of all g * g.

    s begins with initial_accumulator_value (Duchi, Hazan & Singer, 2011).
    eps_inside: Keras's form, which divides by sqrt(s + eps).

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for negative options.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Adagrad([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    rule = staticmethod(adagrad)
    buffers = ("sum",)
    counters = ("step",)

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
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps)
        options["initial_accumulator_value"] = initial_accumulator_value
        super().__init__(params, {**options, "maximize": maximize, "eps_inside": eps_inside}, fused=fused)

    def check(self, group: Group) -> None:
        names = ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
        at_least_zero(self.name, **{k: group[k] for k in names})

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "sum": full_like(p, group["initial_accumulator_value"])}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        (step,) = counters
        return {"step": step + 1}, dict(
            rate=group["lr"] / (1 + step * group["lr_decay"]),
            eps=group["eps"],
            weight_decay=group["weight_decay"] or None,
            inside=group["eps_inside"],
        )
