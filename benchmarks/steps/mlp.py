"""A 784-128-10 network with relu on batches of pictures: cross entropy, Adam, f32."""

from functools import partial
from itertools import cycle, islice
from typing import Any

import numpy as np

from benchmarks.steps import adam
from benchmarks.steps.data import digits, layers
from benchmarks.steps.table import Train

LR, SIZES, DTYPE = 1e-3, [784, 128, 10], "float32"


def batches_of(size: int) -> list[Any]:
    return digits(4, size, DTYPE)


def hand(size: int) -> Train:
    batches, rows = batches_of(size), np.arange(size)

    def train(n: int) -> list[Any]:
        w1, b1, w2, b2 = params = layers(SIZES, DTYPE)
        optimizer = adam.Arrays(params, LR)
        for x, t in islice(cycle(batches), n):
            h = x @ w1
            h += b1
            np.maximum(h, 0, out=h)
            p = h @ w2
            p += b2
            p -= p.max(1, keepdims=True)
            np.exp(p, out=p)
            p *= 1 / (size * p.sum(1, keepdims=True))
            p[rows, t] -= 1 / size
            d = p @ w2.T
            d *= h > 0
            optimizer.update([x.T @ d, d.sum(0), h.T @ p, p.sum(0)])
        return params

    return train


def stepgrad(size: int) -> Train:
    import nn
    from optim import Adam

    batches = batches_of(size)

    def train(n: int) -> list[Any]:
        model = nn.Sequential(nn.Linear(784, 128, dtype=DTYPE), nn.ReLU(), nn.Linear(128, 10, dtype=DTYPE))
        params, cross_entropy = list(model.parameters()), nn.CrossEntropyLoss()
        for p, start in zip(params, layers(SIZES, DTYPE), strict=True):
            p.data = start.T.copy()
        optimizer = Adam(params, lr=LR)
        for x, t in islice(cycle(batches), n):
            optimizer.zero_grad()
            cross_entropy(model(x), t).backward(release=True)
            optimizer.step()
        return [p.data.T for p in params]

    return train


def compiled(size: int, backend: str | None = None) -> Train:
    from autograd import compile, grad
    from nn.functional import cross_entropy, relu

    batches = batches_of(size)

    def loss(params: Any, x: Any, t: Any) -> Any:
        w1, b1, w2, b2 = params
        return cross_entropy(relu(x @ w1 + b1) @ w2 + b2, t)

    slopes = grad(loss)

    @compile(backend=backend)
    def step(params: Any, m: Any, v: Any, b1: Any, b2: Any, x: Any, t: Any) -> Any:
        b1, b2 = adam.B1 * b1, adam.B2 * b2
        rate, spread = LR / (1 - b1), 1 / (1 - b2)
        four = zip(params, slopes(params, x, t), m, v, strict=True)
        each = [adam.pure(*one, rate, spread, np.sqrt) for one in four]
        return *(list(column) for column in zip(*each, strict=True)), b1, b2

    def train(n: int) -> list[Any]:
        params = layers(SIZES, DTYPE)
        zeros, one = [np.zeros_like(p) for p in params], np.float32(1)
        state: Any = params, zeros, zeros, one, one
        for x, t in islice(cycle(batches), n):
            state = step(*state, x, t)
        return list(state[0])

    return train


def torch(size: int) -> Train:
    import torch
    from torch import nn

    batches = [(torch.from_numpy(x), torch.from_numpy(t)) for x, t in batches_of(size)]

    def train(n: int) -> list[Any]:
        model, cross_entropy = (
            nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
            nn.CrossEntropyLoss(),
        )
        params = list(model.parameters())
        for p, start in zip(params, layers(SIZES, DTYPE), strict=True):
            p.data = torch.from_numpy(start.T.copy())
        optimizer = torch.optim.Adam(params, lr=LR, fused=True)
        for x, t in islice(cycle(batches), n):
            optimizer.zero_grad()
            cross_entropy(model(x), t).backward()
            optimizer.step()
        return [p.detach().numpy().T for p in params]

    return train


def torch_compile(size: int) -> Train:
    """Its own way: the model with its loss compiled, which compiles the backward pass too, and the step."""
    import torch
    from torch import nn

    batches = [(torch.from_numpy(x), torch.from_numpy(t)) for x, t in batches_of(size)]

    def train(n: int) -> list[Any]:
        model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        params, cross_entropy = list(model.parameters()), nn.CrossEntropyLoss()
        for p, start in zip(params, layers(SIZES, DTYPE), strict=True):
            p.data = torch.from_numpy(start.T.copy())
        optimizer = torch.optim.Adam(params, lr=LR, fused=True)
        for x, t in islice(cycle(batches), n):
            optimizer.zero_grad()
            loss(model, cross_entropy, x, t).backward()
            optimizer.step()
        return [p.detach().numpy().T for p in params]

    @torch.compile(fullgraph=True)
    def loss(model: Any, cross_entropy: Any, x: Any, t: Any) -> Any:
        return cross_entropy(model(x), t)

    return train


def jax(size: int) -> Train:
    import jax
    import jax.numpy as jnp

    batches = [(jnp.array(x), jnp.array(t, dtype=jnp.int32)) for x, t in batches_of(size)]

    def loss(params: Any, x: Any, t: Any) -> Any:
        w1, b1, w2, b2 = params
        logs = jax.nn.log_softmax(jax.nn.relu(x @ w1 + b1) @ w2 + b2)
        return -jnp.take_along_axis(logs, t[:, None], 1).mean()

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def step(params: Any, m: Any, v: Any, time: Any, x: Any, t: Any) -> Any:
        grads, time = jax.grad(loss)(params, x, t), time + 1
        rate, spread = LR / (1 - adam.B1**time), 1 / (1 - adam.B2**time)
        each = [adam.pure(*four, rate, spread, jnp.sqrt) for four in zip(params, grads, m, v, strict=True)]
        return *(list(column) for column in zip(*each, strict=True)), time

    def train(n: int) -> list[Any]:
        params = [jnp.array(p) for p in layers(SIZES, DTYPE)]
        m, v = ([jnp.zeros_like(p) for p in params] for _ in range(2))
        state = params, m, v, jnp.float32(0)
        for x, t in islice(cycle(batches), n):
            state = step(*state, x, t)
        return list(jax.block_until_ready(state[0]))

    return train


def hips(size: int) -> Train:
    import autograd.numpy as anp

    from autograd import grad

    batches, rows = batches_of(size), np.arange(size)

    def loss(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, t: Any) -> Any:
        z = anp.dot(anp.maximum(anp.dot(x, w1) + b1, 0), w2) + b2
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[rows, t])

    slopes = grad(loss, argnum=(0, 1, 2, 3))

    def train(n: int) -> list[Any]:
        params = layers(SIZES, DTYPE)
        optimizer = adam.Arrays(params, LR)
        for x, t in islice(cycle(batches), n):
            optimizer.update(slopes(*params, x, t))
        return params

    return train


def mygrad(size: int) -> Train:
    import mygrad as mg
    from mygrad.nnet import relu, softmax_crossentropy

    batches = batches_of(size)

    def train(n: int) -> list[Any]:
        w1, b1, w2, b2 = params = [mg.tensor(p) for p in layers(SIZES, DTYPE)]
        optimizer = adam.Arrays([p.data for p in params], LR)
        for x, t in islice(cycle(batches), n):
            softmax_crossentropy(relu(x @ w1 + b1) @ w2 + b2, t).backward()
            optimizer.update([p.grad for p in params])
        return [p.data for p in params]

    return train
