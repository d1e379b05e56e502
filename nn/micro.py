"""Neuron, Layer and MLP on scalar Values, drop-in for micrograd's.

With `random.seed` set they draw the same weights in the same order, so a program
written for micrograd gives the same numbers here.
"""

import random
from typing import Any

from autograd import Value
from nn.module import Module


class Neuron(Module):
    """relu(w . x + b) for a list `x` of `nin` numbers or Values; linear if not `nonlin`.

    Weights are uniform in [-1, 1), the bias starts at 0.
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def forward(self, x: Any) -> Any:
        if len(x) != len(self.w):
            raise ValueError(f"Neuron: got {len(x)} inputs, expected {len(self.w)}")
        total: Any = self.b
        for w, xi in zip(self.w, x, strict=True):
            total = total + w * xi
        return total.relu() if self.nonlin else total

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons side by side; a list of Values, or the single one."""

    def __init__(self, nin: int, nout: int, **options: Any) -> None:
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def forward(self, x: Any) -> Any:
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(str(n) for n in self.neurons)}]"


class MLP(Module):
    """Layers of sizes `nin`, `nouts[0]`, `nouts[1]`, ...; the last one is linear.

    >>> import random
    >>> random.seed(1)
    >>> model = MLP(2, [3, 1])
    >>> len(model.parameters())
    13
    >>> model([1.0, -2.0]).shape
    ()
    """

    def __init__(self, nin: int, nouts: list[int]) -> None:
        sizes = [nin, *nouts]
        last = len(nouts) - 1
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != last) for i in range(len(nouts))]

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(str(layer) for layer in self.layers)}]"
