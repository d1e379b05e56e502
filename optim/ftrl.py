"""Ftrl: follow the regularized leader, for sparse linear models."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import a_number, above_zero, at_least_zero
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, full_like, zeros_like
from optim.terms import decayed

__all__ = ["Ftrl"]


def ftrl(
    p: Array,
    g: Array,
    n: Array,
    z: Array,
    *,
    lr: Any,
    power: Any,
    l1: Any,
    l2: Any,
    shrinkage: Any,
    beta: Any,
) -> tuple[Any, ...]:
    """See Ftrl; power = -lr_power, None for 0.5."""
    old, n = n, n + g * g
    old, rate = (np.sqrt(old), np.sqrt(n)) if power is None else (old**power, n**power)
    z = z + decayed(g, p, shrinkage) - (rate - old) / lr * p
    clipped = np.minimum(np.maximum(z, -l1), l1)
    return (clipped - z) / (rate / lr + (beta / lr + 2 * l2)), n, z


class Ftrl(Optimizer):
    """p <- (clip(z, -l1, l1) - z) / (n**-lr_power / lr + beta / lr + 2 * l2)  (McMahan et al., 2013).

    n <- n + g * g, from initial_accumulator_value;
    z <- z + g' - (n**-lr_power - (n of before)**-lr_power) / lr * p,  g' = g + 2 * l2_shrinkage * p.
    l1 makes exact zeros.  As in Keras, with shorter names.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for an lr that is not above 0, a positive lr_power, other negative options.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Ftrl([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.742689
    """

    rule = staticmethod(ftrl)
    buffers = ("accumulator", "linear")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        lr_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1: float = 0.0,
        l2: float = 0.0,
        l2_shrinkage: float = 0.0,
        beta: float = 0.0,
        *,
        maximize: bool = False,
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, lr_power=lr_power, initial_accumulator_value=initial_accumulator_value)
        penalties = dict(l1=l1, l2=l2, l2_shrinkage=l2_shrinkage, beta=beta)
        super().__init__(params, {**options, **penalties, "maximize": maximize}, fused=fused)

    def check(self, group: Group) -> None:
        names = ("initial_accumulator_value", "l1", "l2", "l2_shrinkage", "beta")
        at_least_zero(self.name, **{k: group[k] for k in names})
        above_zero(self.name, lr=group["lr"])
        a_number(self.name, lr_power=group["lr_power"])
        if not group["lr_power"] <= 0:
            raise ValueError(f"Ftrl: lr_power={group['lr_power']} must be 0 or less")

    def new_state(self, p: Array, group: Group) -> State:
        return {"accumulator": full_like(p, group["initial_accumulator_value"]), "linear": zeros_like(p)}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        return {}, dict(
            lr=group["lr"],
            power=None if group["lr_power"] == -0.5 else -group["lr_power"],  # sqrt is quicker
            l1=group["l1"],
            l2=group["l2"],
            shrinkage=2 * group["l2_shrinkage"] or None,
            beta=group["beta"],
        )
