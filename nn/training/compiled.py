"""A training step's forward and backward pass as one compiled function of the batch."""

from collections.abc import Callable
from typing import Any

from autograd import Value, compile, enable_grad, gradients, no_grad
from autograd.backward import ancestors
from nn.module import Module


class CompiledStep:
    """`loss(model(x), y)` and its gradients, traced once for each shape of a batch and state of the modules."""

    def __init__(self, model: Module, loss: Callable[[Any, Any], Any], backend: str | None) -> None:
        self.model, self.loss = model, loss
        self.leaves: list[Value] = []  # those that were given a gradient by any trace
        self.run = compile(self.passes, backend=backend)

    def passes(self, x: Any, y: Any) -> Any:
        """What is traced: the loss, the output, the gradients by the numbers of their leaves."""
        with enable_grad():
            output = self.model(x)
            value = self.loss(output, y)
            behind = sorted(ancestors([value]).items())  # in the order of their numbers
            leaves = [v for _, v in behind if v.is_leaf and v is not x and v is not y]
            if not leaves:
                raise RuntimeError(
                    "fit: the loss is made of no parameter that requires grad; unfreeze one: p.requires_grad_()"
                )
            found = gradients(value, leaves, allow_unused=True)
        return value, output, {self.number(v): g for v, g in zip(leaves, found, strict=True) if g is not None}

    def number(self, leaf: Value) -> int:
        """The place of a leaf among all leaves."""
        for i, v in enumerate(self.leaves):
            if v is leaf:
                return i
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def __call__(self, x: Any, y: Any) -> tuple[Value, Value]:
        """Output and loss, as constants; the gradients are added to the leaves' `.grad`."""
        with no_grad():
            value, output, slopes = self.run(x, y)
        for i, g in slopes.items():
            v = self.leaves[i]
            v.grad = g if v.grad is None else v.grad + g
        return Value(output, requires_grad=False), Value(value, requires_grad=False)
