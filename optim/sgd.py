"""Stochastic gradient descent, with momentum and Nesterov's variant."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.inplace import Array
from optim.optimizer import Group, Optimizer, State, at_least_zero, copy_of

__all__ = ["SGD"]


class SGD(Optimizer):
    """p <- p - lr * d, where d is the gradient g (+ weight_decay * p) or its momentum.

    With momentum m: b <- g at the first step, then m * b + (1 - dampening) * g;
    d = b, or g + m * b with `nesterov` (Sutskever et al., 2013, in PyTorch's form,
    where lr multiplies the buffer and is not inside it).  `maximize` climbs.

    lr_inside: Keras's form, b <- m * b + lr * g and p <- p - b (nesterov: p - (m * b + lr * g)).
    The two differ where lr changes on the way: here the past keeps the lr it was made with.

    Raises ValueError for negative options, `nesterov` without momentum or with dampening,
    `lr_inside` with dampening.

    >>> from autograd import Value
    >>> x = Value(5.0)
    >>> optimizer = SGD([x], lr=0.3)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.item()
    2.0
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        lr_inside: bool = False,
    ) -> None:
        options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        flags = dict(nesterov=nesterov, maximize=maximize, lr_inside=lr_inside)
        super().__init__(params, {**options, **flags})

    def check(self, group: Group) -> None:
        momentum, dampening = group["momentum"], group["dampening"]
        at_least_zero(self.name, lr=group["lr"], momentum=momentum, weight_decay=group["weight_decay"])
        if group["nesterov"] and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"SGD: nesterov=True needs momentum > 0 and dampening = 0, "
                f"got momentum={momentum}, dampening={dampening}"
            )
        if group["lr_inside"] and dampening != 0:
            raise ValueError(f"SGD: lr_inside=True needs dampening = 0, got dampening={dampening}")

    def new_state(self, p: Array, group: Group) -> State:
        return {"momentum_buffer": None}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        m, lr = group["momentum"], group["lr"]
        if group["weight_decay"]:
            g = self.scratch.decayed(g, p, group["weight_decay"])
        if not m:
            return self.scratch.add(p, g, -lr)
        if group["lr_inside"]:
            g, lr = np.multiply(g, lr, out=self.scratch.room("gradient", g)), 1.0
        b = state["momentum_buffer"]
        if b is None:
            b = copy_of(g)
        else:
            b *= m
            b = self.scratch.add(b, g, 1 - group["dampening"])
        state["momentum_buffer"] = b
        if group["nesterov"]:
            ahead = np.multiply(b, m, out=self.scratch.room("ahead", b))
            b = np.add(g, ahead, out=self.scratch.room("ahead", b))
        return self.scratch.add(p, b, -lr)
