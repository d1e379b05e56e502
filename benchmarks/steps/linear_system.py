"""x + y = 16 and 10 x + 25 y = 250 as a sum of squares, by Adam on two numbers."""

import math
from typing import Any

from benchmarks.steps import adam
from benchmarks.steps.table import Train

LR = 0.1


def loss(x: Any, y: Any) -> Any:
    return (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2


def hand() -> Train:
    def train(n: int) -> list[Any]:
        x = y = 0.5
        mx = my = vx = vy = 0.0
        b1 = b2 = 1.0
        for _ in range(n):
            r, s = x + y - 16, 10 * x + 25 * y - 250
            gx, gy = 2 * r + 20 * s, 2 * r + 50 * s
            b1, b2 = 0.9 * b1, 0.999 * b2
            mx, my = 0.9 * mx + 0.1 * gx, 0.9 * my + 0.1 * gy
            vx, vy = 0.999 * vx + 0.001 * gx * gx, 0.999 * vy + 0.001 * gy * gy
            rate, c = LR / (1 - b1), 1 - b2
            x -= rate * mx / (math.sqrt(vx / c) + 1e-8)
            y -= rate * my / (math.sqrt(vy / c) + 1e-8)
        return [x, y]

    return train


def stepgrad() -> Train:
    from autograd import Value
    from optim import Adam

    def train(n: int) -> list[Any]:
        x, y = Value(0.5), Value(0.5)
        optimizer = Adam([x, y], lr=LR)
        for _ in range(n):
            optimizer.zero_grad()
            loss(x, y).backward(release=True)
            optimizer.step()
        return [x.item(), y.item()]

    return train


def compiled(backend: str | None = None) -> Train:
    import numpy as np

    from autograd import compile, value_and_grad

    both = value_and_grad(loss, argnums=(0, 1))

    @compile(backend=backend)
    def step(x: Any, y: Any, mx: Any, my: Any, vx: Any, vy: Any, b1: Any, b2: Any) -> Any:
        _, (gx, gy) = both(x, y)
        b1, b2 = adam.B1 * b1, adam.B2 * b2
        x, mx, vx = adam.pure(x, gx, mx, vx, b1, b2, LR, np.sqrt)
        y, my, vy = adam.pure(y, gy, my, vy, b1, b2, LR, np.sqrt)
        return x, y, mx, my, vx, vy, b1, b2

    def train(n: int) -> list[Any]:
        state = (0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)
        for _ in range(n):
            state = step(*state)
        return list(state[:2])

    return train


def micrograd() -> Train:
    from micrograd.engine import Value

    def train(n: int) -> list[Any]:
        x, y = Value(0.5), Value(0.5)
        optimizer = adam.Scalars(2, LR)
        for _ in range(n):
            x.grad = y.grad = 0
            loss(x, y).backward()
            x.data, y.data = optimizer.update([x.data, y.data], [x.grad, y.grad])
        return [x.data, y.data]

    return train


def torch() -> Train:
    import torch

    def train(n: int) -> list[Any]:
        x, y = (torch.tensor(0.5, dtype=torch.float64, requires_grad=True) for _ in range(2))
        optimizer = torch.optim.Adam([x, y], lr=LR)
        for _ in range(n):
            optimizer.zero_grad()
            loss(x, y).backward()
            optimizer.step()
        return [x.item(), y.item()]

    return train


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    @jax.jit
    def step(p: Any, m: Any, v: Any, b: Any) -> Any:
        g = jax.grad(lambda p: loss(p[0], p[1]))(p)
        b = b * jnp.array([adam.B1, adam.B2])
        return *adam.pure(p, g, m, v, b[0], b[1], LR, jnp.sqrt), b

    def train(n: int) -> list[Any]:
        state = jnp.full(2, 0.5), jnp.zeros(2), jnp.zeros(2), jnp.ones(2)
        for _ in range(n):
            state = step(*state)
        return list(state[0])

    return train


def hips() -> Train:
    from autograd import grad

    slopes = grad(loss, argnum=(0, 1))

    def train(n: int) -> list[Any]:
        p = [0.5, 0.5]
        optimizer = adam.Scalars(2, LR)
        for _ in range(n):
            p = optimizer.update(p, slopes(*p))
        return p

    return train


def mygrad() -> Train:
    import mygrad as mg

    def train(n: int) -> list[Any]:
        x, y = mg.tensor(0.5), mg.tensor(0.5)
        optimizer = adam.Scalars(2, LR)
        for _ in range(n):
            loss(x, y).backward()
            p = optimizer.update([x.item(), y.item()], [x.grad.item(), y.grad.item()])
            x, y = mg.tensor(p[0]), mg.tensor(p[1])
        return [x.item(), y.item()]

    return train
