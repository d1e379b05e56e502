"""The 2-2-1 network on (4, 2) arrays: all four people in one step of gradient descent."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.steps.data import net, people
from benchmarks.steps.table import Train

LR = 0.1


def loss(sigmoid: Any, w: Any, x: Any, y: Any) -> Any:
    w1, b1, w2, b2 = w
    h = sigmoid(x @ w1 + b1)
    return ((sigmoid(h @ w2 + b2)[:, 0] - y) ** 2).mean()


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def hand() -> Train:
    x, y = people()
    y = y[:, None]

    def train(n: int) -> list[Any]:
        w1, b1, w2, b2 = net()
        for _ in range(n):
            h = sigmoid(x @ w1 + b1)
            o = sigmoid(h @ w2 + b2)
            d = (o - y) * o * (1 - o) * (LR * 2 / 4)
            dh = d @ w2.T * h * (1 - h)
            w2 -= h.T @ d
            b2 -= d.sum(0)
            w1 -= x.T @ dh
            b1 -= dh.sum(0)
        return [w1, b1, w2, b2]

    return train


def stepgrad() -> Train:
    from autograd import Value
    from optim import SGD

    x, y = people()

    def train(n: int) -> list[Any]:
        w = [Value(p) for p in net()]
        optimizer = SGD(w, lr=LR)
        for _ in range(n):
            optimizer.zero_grad()
            loss(Value.sigmoid, w, x, y).backward(release=True)
            optimizer.step()
        return [p.data for p in w]

    return train


def compiled(backend: str | None = None) -> Train:
    from autograd import compile, grad

    x, y = people()
    slopes = grad(lambda w: loss(sigmoid, w, x, y))

    @compile(backend=backend)
    def step(*w: Any) -> Any:
        return tuple([p - LR * g for p, g in zip(w, slopes(w), strict=True)])

    def train(n: int) -> list[Any]:
        w: Any = net()
        for _ in range(n):
            w = step(*w)
        return list(w)

    return train


def torch() -> Train:
    import torch

    x, y = (torch.from_numpy(a) for a in people())

    def train(n: int) -> list[Any]:
        w = [torch.from_numpy(p).requires_grad_() for p in net()]
        optimizer = torch.optim.SGD(w, lr=LR, fused=True)
        for _ in range(n):
            optimizer.zero_grad()
            loss(torch.sigmoid, w, x, y).backward()
            optimizer.step()
        return [p.detach() for p in w]

    return train


def torch_compile() -> Train:
    import torch
    from torch.func import grad

    x, y = (torch.from_numpy(a) for a in people())
    slopes = grad(lambda w: loss(torch.sigmoid, w, x, y))

    @torch.compile(fullgraph=True)
    def step(w: Any) -> Any:
        return [p - LR * g for p, g in zip(w, slopes(w), strict=True)]

    def train(n: int) -> list[Any]:
        w = [torch.from_numpy(p) for p in net()]
        with torch.no_grad():
            for _ in range(n):
                w = step(w)
        return w

    return train


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    x, y = people()

    @partial(jax.jit, donate_argnums=0)
    def step(w: Any) -> Any:
        return [
            p - LR * g for p, g in zip(w, jax.grad(lambda w: loss(jax.nn.sigmoid, w, x, y))(w), strict=True)
        ]

    def train(n: int) -> list[Any]:
        w = [jnp.array(p) for p in net()]
        for _ in range(n):
            w = step(w)
        return list(jax.block_until_ready(w))

    return train


def hips() -> Train:
    import autograd.numpy as anp

    from autograd import grad

    x, y = people()
    slopes = grad(lambda w: loss(lambda x: 1 / (1 + anp.exp(-x)), w, x, y))

    def train(n: int) -> list[Any]:
        w = net()
        for _ in range(n):
            w = [p - LR * g for p, g in zip(w, slopes(w), strict=True)]
        return w

    return train


def mygrad() -> Train:
    import mygrad as mg
    from mygrad.nnet import sigmoid

    x, y = people()

    def train(n: int) -> list[Any]:
        w = [mg.tensor(p) for p in net()]
        for _ in range(n):
            loss(sigmoid, w, x, y).backward()
            for p in w:
                p.data -= LR * p.grad
        return [p.data for p in w]

    return train
