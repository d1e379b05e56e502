"""x + y = 16 and 10 x + 25 y = 250 as a sum of squares, by Adam on two numbers."""

import math
from functools import partial
from typing import Any

from benchmarks import native
from benchmarks.steps import adam
from benchmarks.steps.table import Train

LR = 0.1
START = (0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)  # x, y, their means, their mean squares, beta1^t, beta2^t


def loss(x: Any, y: Any) -> Any:
    return (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2


def by_hand(n: int, x: float, y: float) -> tuple[float, float]:
    """n steps: as Python, or as numba's machine code."""
    mx = my = vx = vy = 0.0
    b1 = b2 = 1.0
    for _ in range(n):
        r, s = x + y - 16, 10 * x + 25 * y - 250
        gx, gy = 2 * r + 20 * s, 2 * r + 50 * s
        b1, b2 = 0.9 * b1, 0.999 * b2
        mx, my = 0.9 * mx + 0.1 * gx, 0.9 * my + 0.1 * gy
        vx, vy = 0.999 * vx + 0.001 * gx * gx, 0.999 * vy + 0.001 * gy * gy
        rate, c = LR / (1 - b1), 1 / (1 - b2)
        x -= rate * mx / (math.sqrt(vx * c) + 1e-8)
        y -= rate * my / (math.sqrt(vy * c) + 1e-8)
    return x, y


def hand() -> Train:
    return lambda n: list(by_hand(n, 0.5, 0.5))


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


def step_of() -> Any:
    """One step of ours, to be compiled."""
    import numpy as np

    from autograd import grad

    slopes = grad(loss, argnums=(0, 1))

    def step(x: Any, y: Any, mx: Any, my: Any, vx: Any, vy: Any, b1: Any, b2: Any) -> Any:
        gx, gy = slopes(x, y)
        b1, b2 = adam.B1 * b1, adam.B2 * b2
        rate, spread = LR / (1 - b1), 1 / (1 - b2)
        x, mx, vx = adam.pure(x, gx, mx, vx, rate, spread, np.sqrt)
        y, my, vy = adam.pure(y, gy, my, vy, rate, spread, np.sqrt)
        return x, y, mx, my, vx, vy, b1, b2

    return step


def compiled(backend: str | None = None) -> Train:
    from autograd import compile

    step = compile(step_of(), backend=backend)

    def train(n: int) -> list[Any]:
        state: Any = START
        for _ in range(n):
            state = step(*state)
        return list(state[:2])

    return train


def least() -> Train:
    from benchmarks.least import Value

    return taped(Value)


def micrograd() -> Train:
    from micrograd.engine import Value

    return taped(Value)


def taped(Value: Any) -> Train:  # noqa: N803 (a class)
    """With a tape of numbers that has no optimizer."""

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
        optimizer = torch.optim.Adam([x, y], lr=LR, fused=True)
        for _ in range(n):
            optimizer.zero_grad()
            loss(x, y).backward()
            optimizer.step()
        return [x.item(), y.item()]

    return train


def torch_compile() -> Train:
    import torch
    from torch.func import grad

    @torch.compile(fullgraph=True)
    def step(p: Any, m: Any, v: Any, b: Any, betas: Any) -> Any:
        g, b = grad(lambda p: loss(p[0], p[1]))(p), b * betas
        return *adam.pure(p, g, m, v, LR / (1 - b[0]), 1 / (1 - b[1]), torch.sqrt), b

    def train(n: int) -> list[Any]:
        full = {"dtype": torch.float64}
        betas = torch.tensor([adam.B1, adam.B2], **full)
        state = (
            torch.full((2,), 0.5, **full),
            torch.zeros(2, **full),
            torch.zeros(2, **full),
            torch.ones(2, **full),
        )
        with torch.no_grad():
            for _ in range(n):
                state = step(*state, betas)
        return state[0].tolist()

    return train


def jax_step() -> Any:
    import jax
    import jax.numpy as jnp

    def step(p: Any, m: Any, v: Any, b: Any) -> Any:
        g = jax.grad(lambda p: loss(p[0], p[1]))(p)
        b = b * jnp.array([adam.B1, adam.B2])
        return *adam.pure(p, g, m, v, LR / (1 - b[0]), 1 / (1 - b[1]), jnp.sqrt), b

    return step


def jax_start() -> Any:
    import jax.numpy as jnp

    return jnp.full(2, 0.5), jnp.zeros(2), jnp.zeros(2), jnp.ones(2)


def jax() -> Train:
    import jax

    step = jax.jit(jax_step(), donate_argnums=(0, 1, 2, 3))

    def train(n: int) -> list[Any]:
        state = jax_start()
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


# --- the loop inside --------------------------------------------------------------------------

C = """
#include <math.h>
void run(long n, double *p) {
    double x = p[0], y = p[1], mx = 0, my = 0, vx = 0, vy = 0, b1 = 1, b2 = 1;
    for (long i = 0; i < n; i++) {
        double r = x + y - 16, s = 10 * x + 25 * y - 250;
        double gx = 2 * r + 20 * s, gy = 2 * r + 50 * s;
        b1 *= 0.9; b2 *= 0.999;
        mx = 0.9 * mx + 0.1 * gx; my = 0.9 * my + 0.1 * gy;
        vx = 0.999 * vx + 0.001 * gx * gx; vy = 0.999 * vy + 0.001 * gy * gy;
        double rate = 0.1 / (1 - b1), c = 1 / (1 - b2);
        x -= rate * mx / (sqrt(vx * c) + 1e-8);
        y -= rate * my / (sqrt(vy * c) + 1e-8);
    }
    p[0] = x; p[1] = y;
}
"""


def c() -> Train:
    import numpy as np

    run = native.function(C, native.LONG, native.POINTER)

    def train(n: int) -> list[Any]:
        p = np.full(2, 0.5)
        run(n, p.ctypes.data)
        return [p]

    return train


def numba_hand() -> Train:
    from numba import njit

    run = njit(by_hand)
    return lambda n: list(run(n, 0.5, 0.5))


def loop() -> Train:
    """No path is kept, as in C: one turn more says what the last one led to."""
    from autograd import compile

    step = step_of()
    walk = compile(lambda *state: (False, (), step(*state)), backend="numba")
    return lambda n: list(walk.scan(START, n + 1)[1][:2])


def scan() -> Train:
    import jax

    step = jax_step()

    @partial(jax.jit, static_argnums=0)
    def run(n: int, state: Any) -> Any:
        return jax.lax.scan(lambda state, _: (step(*state), None), state, length=n)[0]

    return lambda n: list(run(n, jax_start())[0])
