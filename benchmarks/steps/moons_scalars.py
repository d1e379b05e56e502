"""The moons with one node for every number: micrograd's own demo, its MLP, hinge loss and L2 term."""

from itertools import pairwise
from typing import Any

from benchmarks.steps import moons
from benchmarks.steps.data import layers
from benchmarks.steps.data import moons as points
from benchmarks.steps.table import Train

SIZES, LR, ALPHA = moons.SIZES, moons.LR, moons.ALPHA

hand = moons.hand  # the same maths on arrays


def numbers() -> list[float]:
    """The start values in the order of MLP.parameters(): for each neuron its weights, then its bias."""
    w = layers(SIZES)
    columns = [(w[i][:, j], w[i + 1][j]) for i in range(0, len(w), 2) for j in range(w[i].shape[1])]
    return [float(x) for weights, bias in columns for x in (*weights, bias)]


def arrays(found: list[float]) -> list[Any]:
    """`numbers`, back in arrays."""
    import numpy as np

    new, rest = [], iter(found)
    for m, n in pairwise(SIZES):
        neurons = np.array([[next(rest) for _ in range(m + 1)] for _ in range(n)])
        new += [neurons[:, :-1].T, neurons[:, -1]]
    return new


def loss(model: Any, x: Any, y: Any) -> Any:
    scores = [model(row) for row in x]
    hinge = sum((1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)) * (1 / len(y))
    return hinge + ALPHA * sum(p * p for p in model.parameters())


def stepgrad() -> Train:
    from nn import MLP

    x, y = (a.tolist() for a in points())

    def train(n: int) -> list[Any]:
        model = MLP(SIZES[0], SIZES[1:])
        params = list(model.parameters())
        for p, start in zip(params, numbers(), strict=True):
            p.data = start
        for _ in range(n):
            model.zero_grad()
            loss(model, x, y).backward(release=True)
            for p in params:
                p.data -= LR * p.grad
        return arrays([p.item() for p in params])

    return train


class Network:
    """Neurons of the least tape, in lists."""

    def __init__(self, n: int, sizes: list[int]) -> None:
        from benchmarks.least import Value

        self.layers = [
            [[Value(0.0) for _ in range(m + 1)] for _ in range(k)] for m, k in pairwise([n, *sizes])
        ]

    def parameters(self) -> list[Any]:
        return [p for layer in self.layers for neuron in layer for p in neuron]

    def zero_grad(self) -> None:
        for p in self.parameters():
            p.grad = 0.0

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = [sum((w * v for w, v in zip(weights, x, strict=True)), bias) for *weights, bias in layer]
            if layer is not self.layers[-1]:
                x = [v.relu() for v in x]
        return x[0]


def least() -> Train:
    return taped(Network)


def micrograd() -> Train:
    from micrograd.nn import MLP

    return taped(MLP)


def taped(MLP: Any) -> Train:  # noqa: N803 (a class)
    x, y = (a.tolist() for a in points())

    def train(n: int) -> list[Any]:
        model = MLP(SIZES[0], SIZES[1:])
        params = model.parameters()
        for p, start in zip(params, numbers(), strict=True):
            p.data = start
        for _ in range(n):
            model.zero_grad()
            loss(model, x, y).backward()
            for p in params:
                p.data -= LR * p.grad
        return arrays([p.data for p in params])

    return train
