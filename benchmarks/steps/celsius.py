"""Degrees Celsius to Fahrenheit: a layer of one neuron, mean squared error over seven rows, Adam, f32."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.steps import adam
from benchmarks.steps.data import CELSIUS, FAHRENHEIT
from benchmarks.steps.table import Train

LR, START = 0.1, (0.5, 0.0)  # weight, bias


def points() -> tuple[Any, Any]:
    """(7, 1) and (7, 1)."""
    return np.array(CELSIUS, "float32")[:, None], np.array(FAHRENHEIT, "float32")[:, None]


def weights() -> list[Any]:
    """(1, 1) and (1,)."""
    return [np.full((1, 1), START[0], "float32"), np.full(1, START[1], "float32")]


def hand() -> Train:
    x, y = points()

    def train(n: int) -> list[Any]:
        w, b = params = weights()
        optimizer = adam.Arrays(params, LR)
        for _ in range(n):
            d = (x @ w + b - y) * (2 / 7)
            optimizer.update([x.T @ d, d.sum(0)])
        return params

    return train


def stepgrad() -> Train:
    import nn
    from optim import Adam

    x, y = points()

    def train(n: int) -> list[Any]:
        model, mse = nn.Linear(1, 1, dtype="float32"), nn.MSELoss()
        model.weight.data, model.bias.data = weights()
        optimizer = Adam(model.parameters(), lr=LR)
        for _ in range(n):
            optimizer.zero_grad()
            mse(model(x), y).backward(release=True)
            optimizer.step()
        return [model.weight.data, model.bias.data]

    return train


def compiled(backend: str | None = None) -> Train:
    from autograd import compile, grad

    x, y = points()
    slopes = grad(lambda w, b: ((x @ w + b - y) ** 2).mean(), argnums=(0, 1))

    @compile(backend=backend)
    def step(w: Any, b: Any, mw: Any, mb: Any, vw: Any, vb: Any, b1: Any, b2: Any) -> Any:
        gw, gb = slopes(w, b)
        b1, b2 = adam.B1 * b1, adam.B2 * b2
        rate, spread = LR / (1 - b1), 1 / (1 - b2)
        w, mw, vw = adam.pure(w, gw, mw, vw, rate, spread, np.sqrt)
        b, mb, vb = adam.pure(b, gb, mb, vb, rate, spread, np.sqrt)
        return w, b, mw, mb, vw, vb, b1, b2

    def train(n: int) -> list[Any]:
        w, b = weights()
        one = np.float32(1)
        state = w, b, 0 * w, 0 * b, 0 * w, 0 * b, one, one
        for _ in range(n):
            state = step(*state)
        return list(state[:2])

    return train


def torch() -> Train:
    import torch
    from torch import nn

    x, y = (torch.from_numpy(a) for a in points())

    def train(n: int) -> list[Any]:
        model, mse = nn.Linear(1, 1), nn.MSELoss()
        model.weight.data, model.bias.data = (torch.from_numpy(p) for p in weights())
        optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=True)
        for _ in range(n):
            optimizer.zero_grad()
            mse(model(x), y).backward()
            optimizer.step()
        return [model.weight.detach(), model.bias.detach()]

    return train


def torch_compile() -> Train:
    import torch
    from torch.func import grad

    x, y = (torch.from_numpy(a) for a in points())

    def loss(params: Any) -> Any:
        w, b = params
        return ((x @ w + b - y) ** 2).mean()

    @torch.compile(fullgraph=True)
    def step(params: Any, m: Any, v: Any, b: Any, betas: Any) -> Any:
        grads, b = grad(loss)(params), b * betas
        rate, spread = LR / (1 - b[0]), 1 / (1 - b[1])
        each = [adam.pure(*four, rate, spread, torch.sqrt) for four in zip(params, grads, m, v, strict=True)]
        return *(list(column) for column in zip(*each, strict=True)), b

    def train(n: int) -> list[Any]:
        params = [torch.from_numpy(p) for p in weights()]
        zeros = [torch.zeros_like(p) for p in params]
        betas, state = torch.tensor([adam.B1, adam.B2]), (params, zeros, zeros, torch.ones(2))
        with torch.no_grad():
            for _ in range(n):
                state = step(*state, betas)
        return state[0]

    return train


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    x, y = points()

    def loss(params: Any) -> Any:
        w, b = params
        return ((x @ w + b - y) ** 2).mean()

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def step(params: Any, m: Any, v: Any, t: Any) -> Any:
        grads, t = jax.grad(loss)(params), t + 1
        rate, spread = LR / (1 - adam.B1**t), 1 / (1 - adam.B2**t)
        each = [adam.pure(*four, rate, spread, jnp.sqrt) for four in zip(params, grads, m, v, strict=True)]
        return *(list(column) for column in zip(*each, strict=True)), t

    def train(n: int) -> list[Any]:
        params = [jnp.array(p) for p in weights()]
        m, v = ([jnp.zeros_like(p) for p in params] for _ in range(2))
        state = params, m, v, jnp.float32(0)
        for _ in range(n):
            state = step(*state)
        return list(jax.block_until_ready(state[0]))

    return train


def hips() -> Train:
    import autograd.numpy as anp

    from autograd import grad

    x, y = points()
    slopes = grad(lambda w, b: anp.mean((anp.dot(x, w) + b - y) ** 2), argnum=(0, 1))

    def train(n: int) -> list[Any]:
        params = weights()
        optimizer = adam.Arrays(params, LR)
        for _ in range(n):
            optimizer.update(slopes(*params))
        return params

    return train


def mygrad() -> Train:
    import mygrad as mg

    x, y = points()

    def train(n: int) -> list[Any]:
        w, b = params = [mg.tensor(p) for p in weights()]
        optimizer = adam.Arrays([p.data for p in params], LR)
        for _ in range(n):
            loss = ((x @ w + b - y) ** 2).mean()
            loss.backward()
            optimizer.update([p.grad for p in params])
        return [p.data for p in params]

    return train
