"""Rprop: only the signs of the gradient count."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, copy_of, full_like, zeros_like

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """p <- p - s * sign(g), each element with a step size s of its own (Riedmiller & Braun, 1993).

    s starts as lr.  Where the gradient keeps its sign, s grows by etas[1]; where it has changed,
    s shrinks by etas[0] and this step is left out; s stays within step_sizes.  For full batches.

    Raises ValueError for a negative lr and unless 0 < etas[0] < 1 < etas[1].

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Rprop([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes, maximize=maximize))

    def check(self, group: Group) -> None:
        at_least_zero(self.name, lr=group["lr"])
        shrink, grow = group["etas"]
        if not 0 < shrink < 1 < grow:
            raise ValueError(f"{self.name}: etas={group['etas']} must be 0 < etas[0] < 1 < etas[1]")

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "prev": zeros_like(p), "step_size": full_like(p, group["lr"])}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        state["step"] += 1
        shrink, grow = group["etas"]
        turn = g * state["prev"]
        factor = np.where(turn > 0, grow, np.where(turn < 0, shrink, 1.0)).astype(p.dtype)[()]
        step_size = state["step_size"] = np.clip(state["step_size"] * factor, *group["step_sizes"])
        g = state["prev"] = copy_of(np.where(turn < 0, 0, g)[()])
        return self.scratch.add_product(p, np.sign(g), step_size, -1)
