"""A 2-2-1 network of nine numbers: per-sample SGD on four people; one step is one person."""

import math
from functools import partial
from itertools import cycle, islice
from typing import Any

from benchmarks import native
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


def step_of() -> Any:
    """One step of ours, to be compiled."""
    from autograd import grad

    slopes = grad(lambda w, *sample: loss(lambda x: x.sigmoid(), w, *sample))

    def step(x1: Any, x2: Any, y: Any, *w: Any) -> Any:
        return tuple([p - LR * g for p, g in zip(w, slopes(w, x1, x2, y), strict=True)])

    return step


def compiled(backend: str | None = None) -> Train:
    from autograd import compile

    step = compile(step_of(), backend=backend)

    def train(n: int) -> list[Any]:
        w = tuple(NET)
        for x1, x2, y in islice(cycle(PEOPLE), n):
            w = step(x1, x2, y, *w)
        return list(w)

    return train


def least() -> Train:
    from benchmarks.least import Value

    return taped(Value, Value.sigmoid)


def micrograd() -> Train:
    from micrograd.engine import Value

    def sigmoid(x: Any) -> Any:  # it has no exp
        s = 1 / (1 + math.exp(-x.data))
        out = Value(s, (x,), "sigmoid")

        def backward() -> None:
            x.grad += s * (1 - s) * out.grad

        out._backward = backward
        return out

    return taped(Value, sigmoid)


def taped(Value: Any, sigmoid: Any) -> Train:  # noqa: N803 (a class)
    """With a tape of numbers that has no optimizer."""

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
        optimizer = torch.optim.SGD(w, lr=LR, fused=True)
        for x1, x2, y in islice(cycle(PEOPLE), n):
            optimizer.zero_grad()
            loss(torch.sigmoid, w, x1, x2, y).backward()
            optimizer.step()
        return [p.item() for p in w]

    return train


def torch_compile() -> Train:
    import torch
    from torch.func import grad

    @torch.compile(fullgraph=True)
    def step(w: Any, sample: Any) -> Any:
        return w - LR * grad(lambda w: loss(torch.sigmoid, w, *sample))(w)

    people = torch.tensor(PEOPLE, dtype=torch.float64).unbind()

    def train(n: int) -> list[Any]:
        w = torch.tensor(NET, dtype=torch.float64)
        with torch.no_grad():
            for sample in islice(cycle(people), n):
                w = step(w, sample)
        return [w]

    return train


def jax_step() -> Any:
    import jax

    def step(w: Any, sample: Any) -> Any:
        return w - LR * jax.grad(lambda w: loss(jax.nn.sigmoid, w, *sample))(w)

    return step


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    step, people = jax.jit(jax_step(), donate_argnums=0), list(jnp.array(PEOPLE))

    def train(n: int) -> list[Any]:
        w = jnp.array(NET)
        for sample in islice(cycle(people), n):
            w = step(w, sample)
        return [jax.block_until_ready(w)]

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


# --- the loop inside: n is a multiple of four ---------------------------------------------------

C = """
#include <math.h>
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
void run(long n, double *w, const double *people) {
    double w1 = w[0], w2 = w[1], w3 = w[2], w4 = w[3], w5 = w[4], w6 = w[5], b1 = w[6], b2 = w[7], b3 = w[8];
    for (long i = 0; i < n; i++) {
        const double *p = people + 3 * (i % 4);
        double x1 = p[0], x2 = p[1], y = p[2];
        double h1 = sigmoid(w1 * x1 + w2 * x2 + b1);
        double h2 = sigmoid(w3 * x1 + w4 * x2 + b2);
        double o = sigmoid(w5 * h1 + w6 * h2 + b3);
        double d = 0.1 * 2 * (o - y) * o * (1 - o);
        double d1 = d * w5 * h1 * (1 - h1), d2 = d * w6 * h2 * (1 - h2);
        w1 -= d1 * x1; w2 -= d1 * x2; b1 -= d1;
        w3 -= d2 * x1; w4 -= d2 * x2; b2 -= d2;
        w5 -= d * h1; w6 -= d * h2; b3 -= d;
    }
    double all[] = {w1, w2, w3, w4, w5, w6, b1, b2, b3};
    for (int j = 0; j < 9; j++) w[j] = all[j];
}
"""


def c() -> Train:
    import numpy as np

    run, people = native.function(C, native.LONG, native.POINTER, native.POINTER), np.array(PEOPLE)

    def train(n: int) -> list[Any]:
        w = np.array(NET)
        run(n, w.ctypes.data, people.ctypes.data)
        return [w]

    return train


def numba_hand() -> Train:
    import numpy as np
    from numba import njit

    people = np.array(PEOPLE)

    @njit(error_model="numpy")
    def run(n: int, w: Any, people: Any) -> None:
        w1, w2, w3, w4, w5, w6, b1, b2, b3 = w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]
        for i in range(n):
            x1, x2, y = people[i % 4, 0], people[i % 4, 1], people[i % 4, 2]
            h1 = 1 / (1 + math.exp(-(w1 * x1 + w2 * x2 + b1)))
            h2 = 1 / (1 + math.exp(-(w3 * x1 + w4 * x2 + b2)))
            o = 1 / (1 + math.exp(-(w5 * h1 + w6 * h2 + b3)))
            d = LR * 2 * (o - y) * o * (1 - o)
            d1, d2 = d * w5 * h1 * (1 - h1), d * w6 * h2 * (1 - h2)
            w1, w2, b1 = w1 - d1 * x1, w2 - d1 * x2, b1 - d1
            w3, w4, b2 = w3 - d2 * x1, w4 - d2 * x2, b2 - d2
            w5, w6, b3 = w5 - d * h1, w6 - d * h2, b3 - d
        w[:] = w1, w2, w3, w4, w5, w6, b1, b2, b3

    def train(n: int) -> list[Any]:
        w = np.array(NET)
        run(n, w, people)
        return [w]

    return train


def loop() -> Train:
    """A turn of the loop is the four people, one after the other; one more says what the last one led to."""
    from autograd import compile

    step = step_of()

    @compile(backend="numba")
    def walk(*w: Any) -> Any:
        for sample in PEOPLE:
            w = step(*sample, *w)
        return False, (), w

    return lambda n: list(walk.scan(NET, n // 4 + 1)[1])


def scan() -> Train:
    import jax
    import jax.numpy as jnp

    step, people = jax_step(), jnp.array(PEOPLE)

    @partial(jax.jit, static_argnums=0)
    def run(n: int, w: Any) -> Any:
        def turn(w: Any, _: Any) -> Any:
            for sample in people:
                w = step(w, sample)
            return w, None

        return jax.lax.scan(turn, w, length=n // 4)[0]

    return lambda n: [jax.block_until_ready(run(n, jnp.array(NET)))]
