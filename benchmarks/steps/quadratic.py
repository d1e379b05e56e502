"""a x^2 + b x + c through 20 points: mean absolute error, plain gradient descent."""

from typing import Any

import numpy as np

from benchmarks.steps.data import curve
from benchmarks.steps.table import Train

START, LR = [1.1, 1.1, 1.1], 0.01


def quad(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a * x**2 + b * x + c


def hand() -> Train:
    x, y = curve()
    basis = np.stack([x**2, x, np.ones(20)])

    def train(n: int) -> list[Any]:
        abc = np.array(START)
        for _ in range(n):
            abc -= basis @ np.sign(abc @ basis - y) * (LR / 20)
        return [abc]

    return train


def stepgrad() -> Train:
    from autograd import Value

    x, y = curve()

    def train(n: int) -> list[Any]:
        abc = Value(START)
        for _ in range(n):
            abc.zero_grad()
            loss = abs(quad(x, *abc) - y).mean()
            loss.backward(release=True)
            abc.data -= LR * abc.grad
        return [abc.data]

    return train


def compiled(backend: str | None = None) -> Train:
    from autograd import compile, grad

    x, y = curve()
    slope = grad(lambda abc: abs(quad(x, *abc) - y).mean())

    @compile(backend=backend)
    def step(abc: Any) -> Any:
        return abc - LR * slope(abc)

    def train(n: int) -> list[Any]:
        abc = np.array(START)
        for _ in range(n):
            abc = step(abc)
        return [abc]

    return train


def micrograd() -> Train:
    from micrograd.engine import Value

    points = [(float(x), float(y)) for x, y in zip(*curve(), strict=True)]

    def train(n: int) -> list[Any]:
        abc = [Value(p) for p in START]
        for _ in range(n):
            for p in abc:
                p.grad = 0
            errors = [quad(x, *abc) - y for x, y in points]
            loss = sum(e.relu() + (-e).relu() for e in errors) * (1 / 20)  # it has no abs
            loss.backward()
            for p in abc:
                p.data -= LR * p.grad
        return [p.data for p in abc]

    return train


def torch() -> Train:
    import torch

    x, y = (torch.from_numpy(a) for a in curve())

    def train(n: int) -> list[Any]:
        abc = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        for _ in range(n):
            abc.grad = None
            loss = (quad(x, *abc) - y).abs().mean()
            loss.backward()
            with torch.no_grad():
                abc -= LR * abc.grad
        return [abc.detach()]

    return train


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    x, y = curve()

    @jax.jit
    def step(abc: Any) -> Any:
        return abc - LR * jax.grad(lambda abc: jnp.abs(quad(x, *abc) - y).mean())(abc)

    def train(n: int) -> list[Any]:
        abc = jnp.array(START)
        for _ in range(n):
            abc = step(abc)
        return [abc]

    return train


def hips() -> Train:
    import autograd.numpy as anp

    from autograd import grad

    x, y = curve()
    slope = grad(lambda abc: anp.mean(anp.abs(quad(x, *abc) - y)))

    def train(n: int) -> list[Any]:
        abc = np.array(START)
        for _ in range(n):
            abc -= LR * slope(abc)
        return [abc]

    return train


def mygrad() -> Train:
    import mygrad as mg

    x, y = curve()

    def train(n: int) -> list[Any]:
        abc = mg.tensor(START)
        for _ in range(n):
            loss = mg.abs(quad(x, *abc) - y).mean()
            loss.backward()
            abc.data -= LR * abc.grad
        return [abc.data]

    return train
