"""Rprop: only the signs of the gradient count."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, several
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, full_like, zeros_like

__all__ = ["Rprop"]


def rprop(
    p: Array, g: Array, before: Array, size: Array, *, shrink: Any, grow: Any, least: Any, most: Any
) -> tuple[Any, ...]:
    """See Rprop."""
    turn = g * before
    size = size * np.where(turn > 0, grow, np.where(turn < 0, shrink, 1.0))
    size = np.minimum(np.maximum(size, least), most)
    g = np.where(turn < 0, 0.0, g)
    return p - np.sign(g) * size, g, size


class Rprop(Optimizer):
    """p <- p - s * sign(g), each element with a step size s of its own (Riedmiller & Braun, 1993).

    s starts as lr.  Where the gradient keeps its sign, s grows by etas[1]; where it has changed,
    s shrinks by etas[0] and this step is left out; s stays within step_sizes.  For full batches.

    fused: each array in one loop of machine code, see Optimizer.

    Raises ValueError for a negative lr and unless 0 < etas[0] < 1 < etas[1].

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Rprop([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.9
    """

    rule = staticmethod(rprop)
    buffers = ("prev", "step_size")
    counters = ("step",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
        fused: bool = False,
    ) -> None:
        super().__init__(
            params, dict(lr=lr, etas=etas, step_sizes=step_sizes, maximize=maximize), fused=fused
        )

    def check(self, group: Group) -> None:
        at_least_zero(self.name, lr=group["lr"])
        several(self.name, 2, etas=group["etas"], step_sizes=group["step_sizes"])
        (shrink, grow), (least, most) = group["etas"], group["step_sizes"]
        if not 0 < shrink < 1 < grow:
            raise ValueError(f"{self.name}: etas={group['etas']} must be 0 < etas[0] < 1 < etas[1]")
        if not 0 <= least <= most:
            raise ValueError(
                f"{self.name}: step_sizes={group['step_sizes']} must be 0 <= step_sizes[0] <= step_sizes[1]"
            )

    def new_state(self, p: Array, group: Group) -> State:
        return {"step": 0, "prev": zeros_like(p), "step_size": full_like(p, group["lr"])}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        (shrink, grow), (least, most) = group["etas"], group["step_sizes"]
        return {"step": counters[0] + 1}, dict(shrink=shrink, grow=grow, least=least, most=most)
