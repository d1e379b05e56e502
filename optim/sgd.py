"""Stochastic gradient descent, with momentum and Nesterov's variant."""

from collections.abc import Iterable
from typing import Any

from optim.optimizer import Array, Group, Optimizer, State, at_least_zero, copy_of


class SGD(Optimizer):
    """p <- p - lr * d, where d is the gradient g (+ weight_decay * p) or its momentum.

    With momentum m: b <- g at the first step, then m * b + (1 - dampening) * g;
    d = b, or g + m * b with `nesterov` (Sutskever et al., 2013, in PyTorch's form,
    where lr multiplies the buffer and is not inside it).  `maximize` climbs.

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
    ) -> None:
        at_least_zero("SGD", lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"SGD: nesterov=True needs momentum > 0 and dampening = 0, "
                f"got momentum={momentum}, dampening={dampening}"
            )
        options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        super().__init__(params, {**options, "nesterov": nesterov, "maximize": maximize})

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        m = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if m:
            b = state.get("momentum_buffer")
            if b is None:
                b = copy_of(g)
            else:
                b *= m
                b += (1 - group["dampening"]) * g
            state["momentum_buffer"] = b
            g = g + m * b if group["nesterov"] else b
        p -= group["lr"] * g
        return p
