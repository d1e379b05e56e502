"""A training step's forward and backward pass as one compiled function of the batch."""

from collections.abc import Callable
from typing import Any

from autograd import Value, compile, enable_grad, gradients, no_grad
from nn.module import Module


class CompiledStep:
    """`loss(model(x), y)` and its gradients, traced once for each shape of a batch.

    The parameters are read at every call; what the model decides in Python (its mode, the
    probability of a dropout) stays as it was when it was traced.
    """

    def __init__(self, model: Module, loss: Callable[[Any, Any], Any], backend: str | None) -> None:
        self.model, self.loss = model, loss
        self.parameters = model.parameters()
        self.used: list[Value] = []
        self.run = compile(self.passes, backend=backend)

    def passes(self, x: Any, y: Any) -> Any:
        """What is traced: the loss, the output, the gradients of the parameters that were used."""
        with enable_grad():
            output = self.model(x)
            value = self.loss(output, y)
            found = gradients(value, self.parameters, allow_unused=True)
        self.used = [p for p, g in zip(self.parameters, found, strict=True) if g is not None]
        return value, output, [g for g in found if g is not None]

    def __call__(self, x: Any, y: Any) -> tuple[Value, Value]:
        """Output and loss, as constants; the gradients are in the parameters' `.grad`."""
        with no_grad():
            value, output, slopes = self.run(x, y)
        for p, g in zip(self.used, slopes, strict=True):
            p.grad = g
        return Value(output, requires_grad=False), Value(value, requires_grad=False)
