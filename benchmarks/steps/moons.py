"""Two moons, a 2-16-16-1 network with relu on arrays, hinge loss and an L2 term: all 100 points in one step."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.steps.data import layers
from benchmarks.steps.data import moons as points
from benchmarks.steps.table import Train

SIZES, LR, ALPHA = [2, 16, 16, 1], 0.1, 1e-4


def hand() -> Train:
    x, y = points()
    y = y[:, None]

    def train(n: int) -> list[Any]:
        w1, b1, w2, b2, w3, b3 = layers(SIZES)
        keep = 1 - LR * 2 * ALPHA  # the L2 term
        for _ in range(n):
            h1 = np.maximum(x @ w1 + b1, 0)
            h2 = np.maximum(h1 @ w2 + b2, 0)
            score = h2 @ w3 + b3
            d3 = (y * score < 1) * y * (-LR / 100)
            d2 = d3 @ w3.T * (h2 > 0)
            d1 = d2 @ w2.T * (h1 > 0)
            w3 = keep * w3 - h2.T @ d3
            b3 = keep * b3 - d3.sum(0)
            w2 = keep * w2 - h1.T @ d2
            b2 = keep * b2 - d2.sum(0)
            w1 = keep * w1 - x.T @ d1
            b1 = keep * b1 - d1.sum(0)
        return [w1, b1, w2, b2, w3, b3]

    return train


def stepgrad() -> Train:
    import nn
    from optim import SGD

    x, y = points()

    def train(n: int) -> list[Any]:
        model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
        params = list(model.parameters())
        for p, start in zip(params, layers(SIZES), strict=True):
            p.data = start.T.copy()
        optimizer = SGD(params, lr=LR)
        for _ in range(n):
            optimizer.zero_grad()
            hinge = (1 - y * model(x)[:, 0]).relu().mean()
            loss = hinge + ALPHA * sum((p * p).sum() for p in params)
            loss.backward(release=True)
            optimizer.step()
        return [p.data.T for p in params]

    return train


def compiled(backend: str | None = None) -> Train:
    from autograd import compile, grad
    from nn.functional import relu

    x, y = points()

    def loss(w: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = w
        h = relu(relu(x @ w1 + b1) @ w2 + b2)
        score = (h @ w3 + b3)[:, 0]
        return relu(1 - y * score).mean() + ALPHA * sum([(p * p).sum() for p in w])

    slopes = grad(loss)

    @compile(backend=backend)
    def step(*w: Any) -> Any:
        return tuple([p - LR * g for p, g in zip(w, slopes(w), strict=True)])

    def train(n: int) -> list[Any]:
        w: Any = layers(SIZES)
        for _ in range(n):
            w = step(*w)
        return list(w)

    return train


def torch() -> Train:
    import torch
    from torch import nn

    x, y = (torch.from_numpy(a) for a in points())

    def train(n: int) -> list[Any]:
        model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
        model.double()
        params = list(model.parameters())
        for p, start in zip(params, layers(SIZES), strict=True):
            p.data = torch.from_numpy(start.T.copy())
        optimizer = torch.optim.SGD(params, lr=LR, fused=True)
        for _ in range(n):
            optimizer.zero_grad()
            hinge = (1 - y * model(x)[:, 0]).relu().mean()
            loss = hinge + ALPHA * sum((p * p).sum() for p in params)
            loss.backward()
            optimizer.step()
        return [p.detach().numpy().T for p in params]

    return train


def torch_compile() -> Train:
    import torch
    from torch.func import grad

    x, y = (torch.from_numpy(a) for a in points())

    def loss(w: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = w
        h = torch.relu(torch.relu(x @ w1 + b1) @ w2 + b2)
        score = (h @ w3 + b3)[:, 0]
        return torch.relu(1 - y * score).mean() + ALPHA * sum((p * p).sum() for p in w)

    @torch.compile(fullgraph=True)
    def step(w: Any) -> Any:
        return [p - LR * g for p, g in zip(w, grad(loss)(w), strict=True)]

    def train(n: int) -> list[Any]:
        w = [torch.from_numpy(p) for p in layers(SIZES)]
        with torch.no_grad():
            for _ in range(n):
                w = step(w)
        return w

    return train


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    x, y = points()

    def loss(w: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = w
        h = jax.nn.relu(jax.nn.relu(x @ w1 + b1) @ w2 + b2)
        score = (h @ w3 + b3)[:, 0]
        return jax.nn.relu(1 - y * score).mean() + ALPHA * sum((p * p).sum() for p in w)

    @partial(jax.jit, donate_argnums=0)
    def step(w: Any) -> Any:
        return [p - LR * g for p, g in zip(w, jax.grad(loss)(w), strict=True)]

    def train(n: int) -> list[Any]:
        w = [jnp.array(p) for p in layers(SIZES)]
        for _ in range(n):
            w = step(w)
        return list(jax.block_until_ready(w))

    return train


def hips() -> Train:
    import autograd.numpy as anp

    from autograd import grad

    x, y = points()

    def loss(w: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = w
        h1 = anp.maximum(anp.dot(x, w1) + b1, 0)
        h2 = anp.maximum(anp.dot(h1, w2) + b2, 0)
        score = (anp.dot(h2, w3) + b3)[:, 0]
        return anp.mean(anp.maximum(1 - y * score, 0)) + ALPHA * sum(anp.sum(p * p) for p in w)

    slopes = grad(loss)

    def train(n: int) -> list[Any]:
        w = layers(SIZES)
        for _ in range(n):
            w = [p - LR * g for p, g in zip(w, slopes(w), strict=True)]
        return w

    return train


def mygrad() -> Train:
    import mygrad as mg
    from mygrad.nnet import relu

    x, y = points()

    def train(n: int) -> list[Any]:
        w = w1, b1, w2, b2, w3, b3 = [mg.tensor(p) for p in layers(SIZES)]
        for _ in range(n):
            score = (relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3)[:, 0]
            loss = relu(1 - y * score).mean() + ALPHA * sum((p * p).sum() for p in w)
            loss.backward()
            for p in w:
                p.data -= LR * p.grad
        return [p.data for p in w]

    return train
