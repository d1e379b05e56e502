"""Stochastic gradient descent, with momentum and Nesterov's variant."""

from collections.abc import Iterable
from typing import Any

from optim.checks import a_number, at_least_zero
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State
from optim.terms import decayed

__all__ = ["SGD"]


def sgd(
    p: Array,
    g: Array,
    b: Array,
    *,
    lr: Any,
    momentum: Any,
    fresh: Any,
    weight_decay: Any,
    nesterov: bool,
    inside: bool,
) -> tuple[Any, ...]:
    """See SGD."""
    g = decayed(g, p, weight_decay)
    if momentum is None:
        return p - lr * g, None
    if inside:
        g, lr = g * lr, 1.0
    b = g if b is None else b * momentum + fresh * g
    d = g + b * momentum if nesterov else b
    return p - lr * d, b


class SGD(Optimizer):
    """p <- p - lr * d, where d is the gradient g (+ weight_decay * p) or its momentum.

    With momentum m: b <- g at the first step, then m * b + (1 - dampening) * g;
    d = b, or g + m * b with `nesterov` (Sutskever et al., 2013, in PyTorch's form,
    where lr multiplies the buffer and is not inside it).  `maximize` climbs.

    lr_inside: Keras's form, b <- m * b + lr * g and p <- p - b (nesterov: p - (m * b + lr * g)).
    The two differ where lr changes on the way: here the past keeps the lr it was made with.

    fused: each array in one loop of machine code, see Optimizer.

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

    rule = staticmethod(sgd)
    buffers = ("momentum_buffer",)

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
        fused: bool = False,
    ) -> None:
        options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        flags = dict(nesterov=nesterov, maximize=maximize, lr_inside=lr_inside)
        super().__init__(params, {**options, **flags}, fused=fused)

    def check(self, group: Group) -> None:
        momentum, dampening = group["momentum"], group["dampening"]
        at_least_zero(self.name, lr=group["lr"], momentum=momentum, weight_decay=group["weight_decay"])
        a_number(self.name, dampening=dampening)
        if group["nesterov"] and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"SGD: nesterov=True needs momentum > 0 and dampening = 0, "
                f"got momentum={momentum}, dampening={dampening}"
            )
        if group["lr_inside"] and dampening != 0:
            raise ValueError(f"SGD: lr_inside=True needs dampening = 0, got dampening={dampening}")

    def new_state(self, p: Array, group: Group) -> State:
        return {"momentum_buffer": None}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        return {}, dict(
            lr=group["lr"],
            momentum=group["momentum"] or None,
            fresh=1 - group["dampening"],
            weight_decay=group["weight_decay"] or None,
            nesterov=group["nesterov"],
            inside=group["lr_inside"],
        )
