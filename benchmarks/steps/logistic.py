"""Softmax regression 784-10 on batches of 128 pictures: cross entropy, SGD."""

from functools import partial
from itertools import cycle, islice
from typing import Any

import numpy as np

from benchmarks.steps.data import digits, layers
from benchmarks.steps.table import Train

LR, SIZES, ROWS = 0.01, [784, 10], np.arange(128)


def start(dtype: str) -> list[Any]:
    return layers(SIZES, dtype, scale=1.0)


def hand(dtype: str) -> Train:
    batches = digits(8, 128, dtype)

    def train(n: int) -> list[Any]:
        w, b = start(dtype)
        for x, t in islice(cycle(batches), n):
            p = x @ w
            p += b
            p -= p.max(1, keepdims=True)
            np.exp(p, out=p)
            p *= 1 / p.sum(1, keepdims=True)
            p[ROWS, t] -= 1
            p *= LR / 128
            w -= x.T @ p
            b -= p.sum(0)
        return [w, b]

    return train


def stepgrad(dtype: str) -> Train:
    import nn
    from optim import SGD

    batches = digits(8, 128, dtype)

    def train(n: int) -> list[Any]:
        model, cross_entropy = nn.Linear(784, 10, dtype=dtype), nn.CrossEntropyLoss()
        w, b = start(dtype)
        model.weight.data, model.bias.data = w.T.copy(), b
        optimizer = SGD(model.parameters(), lr=LR)
        for x, t in islice(cycle(batches), n):
            optimizer.zero_grad()
            cross_entropy(model(x), t).backward(release=True)
            optimizer.step()
        return [model.weight.data.T, model.bias.data]

    return train


def compiled(dtype: str, backend: str | None = None) -> Train:
    from autograd import compile, grad
    from nn.functional import cross_entropy

    batches = digits(8, 128, dtype)
    slopes = grad(lambda w, b, x, t: cross_entropy(x @ w + b, t), argnums=(0, 1))

    @compile(backend=backend)
    def step(w: Any, b: Any, x: Any, t: Any) -> Any:
        gw, gb = slopes(w, b, x, t)
        return w - LR * gw, b - LR * gb

    def train(n: int) -> list[Any]:
        w, b = start(dtype)
        for x, t in islice(cycle(batches), n):
            w, b = step(w, b, x, t)
        return [w, b]

    return train


def torch(dtype: str) -> Train:
    import torch
    from torch import nn

    batches = [(torch.from_numpy(x), torch.from_numpy(t)) for x, t in digits(8, 128, dtype)]

    def train(n: int) -> list[Any]:
        model, cross_entropy = nn.Linear(784, 10), nn.CrossEntropyLoss()
        w, b = start(dtype)
        model.weight.data, model.bias.data = torch.from_numpy(w.T.copy()), torch.from_numpy(b)
        optimizer = torch.optim.SGD(model.parameters(), lr=LR, fused=True)
        for x, t in islice(cycle(batches), n):
            optimizer.zero_grad()
            cross_entropy(model(x), t).backward()
            optimizer.step()
        return [model.weight.detach().T, model.bias.detach()]

    return train


def torch_compile(dtype: str) -> Train:
    import torch
    from torch.func import grad
    from torch.nn.functional import cross_entropy

    batches = [(torch.from_numpy(x), torch.from_numpy(t)) for x, t in digits(8, 128, dtype)]
    slopes = grad(lambda params, x, t: cross_entropy(x @ params[0] + params[1], t))

    @torch.compile(fullgraph=True)
    def step(params: Any, x: Any, t: Any) -> Any:
        return [p - LR * g for p, g in zip(params, slopes(params, x, t), strict=True)]

    def train(n: int) -> list[Any]:
        params = [torch.from_numpy(p) for p in start(dtype)]
        with torch.no_grad():
            for x, t in islice(cycle(batches), n):
                params = step(params, x, t)
        return params

    return train


def jax(dtype: str) -> Train:
    import jax
    import jax.numpy as jnp

    batches = [(jnp.array(x), jnp.array(t, dtype=jnp.int32)) for x, t in digits(8, 128, dtype)]

    def loss(params: Any, x: Any, t: Any) -> Any:
        w, b = params
        logs = jax.nn.log_softmax(x @ w + b)
        return -jnp.take_along_axis(logs, t[:, None], 1).mean()

    @partial(jax.jit, donate_argnums=0)
    def step(params: Any, x: Any, t: Any) -> Any:
        return [p - LR * g for p, g in zip(params, jax.grad(loss)(params, x, t), strict=True)]

    def train(n: int) -> list[Any]:
        params = [jnp.array(p) for p in start(dtype)]
        for x, t in islice(cycle(batches), n):
            params = step(params, x, t)
        return list(jax.block_until_ready(params))

    return train


def hips(dtype: str) -> Train:
    import autograd.numpy as anp

    from autograd import grad

    batches = digits(8, 128, dtype)

    def loss(w: Any, b: Any, x: Any, t: Any) -> Any:
        z = anp.dot(x, w) + b
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[ROWS, t])

    slopes = grad(loss, argnum=(0, 1))

    def train(n: int) -> list[Any]:
        w, b = start(dtype)
        for x, t in islice(cycle(batches), n):
            gw, gb = slopes(w, b, x, t)
            w -= LR * gw
            b -= LR * gb
        return [w, b]

    return train


def mygrad(dtype: str) -> Train:
    import mygrad as mg
    from mygrad.nnet import softmax_crossentropy

    batches = digits(8, 128, dtype)

    def train(n: int) -> list[Any]:
        w, b = (mg.tensor(p) for p in start(dtype))
        for x, t in islice(cycle(batches), n):
            softmax_crossentropy(x @ w + b, t).backward()
            for p in (w, b):
                p.data -= LR * p.grad
        return [w.data, b.data]

    return train
