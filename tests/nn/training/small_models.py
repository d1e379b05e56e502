"""Small modules made of parameters, and plain losses, for the tests of training and saving."""

import itertools

import numpy as np

import nn
from autograd import is_grad_enabled


class Dense(nn.Module):
    """x @ w + b, with noise in training if there is a generator."""

    def __init__(self, n_in, n_out, seed=0, dtype=np.float64, noise=None):
        rng = np.random.default_rng(seed)
        self.w = nn.Parameter(rng.standard_normal((n_in, n_out)) / 2, dtype=dtype)
        self.b = nn.Parameter(np.zeros(n_out), dtype=dtype)
        self.noise = noise
        self.seen = []

    def forward(self, x):
        self.seen.append((len(x), self.training, is_grad_enabled()))
        if self.noise is not None and self.training:
            x = x * (self.noise.random(x.shape) < 0.8)
        return x @ self.w + self.b


class Net(nn.Module):
    """Two Dense with tanh between, and a buffer that counts batches."""

    def __init__(self, *sizes, seed=0, noise=None):
        self.layers = [
            Dense(a, b, seed + i, noise=noise) for i, (a, b) in enumerate(itertools.pairwise(sizes))
        ]
        self.batches = nn.Buffer(0.0)

    def forward(self, x):
        if self.training:
            self.batches.data = self.batches.data + 1.0
        for layer in self.layers[:-1]:
            x = np.tanh(layer(x))
        return self.layers[-1](x)


def mse(output, target):
    return ((output - target) ** 2).mean()


def cross_entropy(output, target):
    logp = output - np.log(np.sum(np.exp(output), axis=1, keepdims=True))
    return -logp[np.arange(len(target)), target].mean()


class Descent:
    """The least an optimizer can be."""

    def __init__(self, params, lr=0.1):
        self.params, self.lr, self.steps = list(params), lr, 0

    def zero_grad(self):
        for p in self.params:
            p.zero_grad()

    def step(self):
        self.steps += 1
        for p in self.params:
            p.data = p.data - self.lr * p.grad
