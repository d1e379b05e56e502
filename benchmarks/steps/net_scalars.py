"""A 2-2-1 network of nine numbers: per-sample SGD on four people; one step is one person."""

import math
from itertools import cycle, islice
from typing import Any

from benchmarks.steps.data import NET, PEOPLE
from benchmarks.steps.table import Train

LR = 0.1


def loss(sigmoid: Any, w: Any, x1: Any, x2: Any, y: Any) -> Any:
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = w
    h1 = sigmoid(w1 * x1 + w2 * x2 + b1)
    h2 = sigmoid(w3 * x1 + w4 * x2 + b2)
    return (sigmoid(w5 * h1 + w6 * h2 + b3) - y) ** 2


def hand() -> Train:
    exp = math.exp

    def train(n: int) -> list[Any]:
        w1, w2, w3, w4, w5, w6, b1, b2, b3 = NET
        for x1, x2, y in islice(cycle(PEOPLE), n):
            h1 = 1 / (1 + exp(-(w1 * x1 + w2 * x2 + b1)))
            h2 = 1 / (1 + exp(-(w3 * x1 + w4 * x2 + b2)))
            o = 1 / (1 + exp(-(w5 * h1 + w6 * h2 + b3)))
            d = LR * 2 * (o - y) * o * (1 - o)
            d1, d2 = d * w5 * h1 * (1 - h1), d * w6 * h2 * (1 - h2)
            w1, w2, b1 = w1 - d1 * x1, w2 - d1 * x2, b1 - d1
            w3, w4, b2 = w3 - d2 * x1, w4 - d2 * x2, b2 - d2
            w5, w6, b3 = w5 - d * h1, w6 - d * h2, b3 - d
        return [w1, w2, w3, w4, w5, w6, b1, b2, b3]

    return train


def stepgrad() -> Train:
    from autograd import Value
    from optim import SGD

    def train(n: int) -> list[Any]:
        w = [Value(p) for p in NET]
        optimizer = SGD(w, lr=LR)
        for x1, x2, y in islice(cycle(PEOPLE), n):
            optimizer.zero_grad()
            loss(Value.sigmoid, w, x1, x2, y).backward(release=True)
            optimizer.step()
        return [p.item() for p in w]

    return train


def compiled(backend: str | None = None) -> Train:
    import numpy as np

    from autograd import compile, grad

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    slopes = grad(lambda w, *sample: loss(sigmoid, w, *sample))

    @compile(backend=backend)
    def step(x1: Any, x2: Any, y: Any, *w: Any) -> Any:
        return tuple([p - LR * g for p, g in zip(w, slopes(w, x1, x2, y), strict=True)])

    def train(n: int) -> list[Any]:
        w = tuple(NET)
        for x1, x2, y in islice(cycle(PEOPLE), n):
            w = step(x1, x2, y, *w)
        return list(w)

    return train


def micrograd() -> Train:
    from micrograd.engine import Value

    def sigmoid(x: Any) -> Any:  # it has no exp
        s = 1 / (1 + math.exp(-x.data))
        out = Value(s, (x,), "sigmoid")

        def backward() -> None:
            x.grad += s * (1 - s) * out.grad

        out._backward = backward
        return out

    def train(n: int) -> list[Any]:
        w = [Value(p) for p in NET]
        for x1, x2, y in islice(cycle(PEOPLE), n):
            for p in w:
                p.grad = 0
            loss(sigmoid, w, x1, x2, y).backward()
            for p in w:
                p.data -= LR * p.grad
        return [p.data for p in w]

    return train


def torch() -> Train:
    import torch

    def train(n: int) -> list[Any]:
        w = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in NET]
        optimizer = torch.optim.SGD(w, lr=LR)
        for x1, x2, y in islice(cycle(PEOPLE), n):
            optimizer.zero_grad()
            loss(torch.sigmoid, w, x1, x2, y).backward()
            optimizer.step()
        return [p.item() for p in w]

    return train


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    @jax.jit
    def step(w: Any, x1: Any, x2: Any, y: Any) -> Any:
        return w - LR * jax.grad(lambda w: loss(jax.nn.sigmoid, w, x1, x2, y))(w)

    def train(n: int) -> list[Any]:
        w = jnp.array(NET)
        for x1, x2, y in islice(cycle(PEOPLE), n):
            w = step(w, x1, x2, y)
        return list(w)

    return train


def hips() -> Train:
    import autograd.numpy as anp

    from autograd import grad

    slopes = grad(lambda w, *sample: loss(lambda x: 1 / (1 + anp.exp(-x)), w, *sample))

    def train(n: int) -> list[Any]:
        w = list(NET)
        for sample in islice(cycle(PEOPLE), n):
            w = [p - LR * g for p, g in zip(w, slopes(w, *sample), strict=True)]
        return w

    return train


def mygrad() -> Train:
    import mygrad as mg
    from mygrad.nnet import sigmoid

    def train(n: int) -> list[Any]:
        w = [mg.tensor(p) for p in NET]
        for x1, x2, y in islice(cycle(PEOPLE), n):
            loss(sigmoid, w, x1, x2, y).backward()
            w = [mg.tensor(p.data - LR * p.grad) for p in w]
        return [p.item() for p in w]

    return train
