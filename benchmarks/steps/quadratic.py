"""a x^2 + b x + c through 20 points: mean absolute error, plain gradient descent."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks import native
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


def torch_compile() -> Train:
    import torch
    from torch.func import grad

    x, y = (torch.from_numpy(a) for a in curve())
    slope = grad(lambda abc: (quad(x, *abc) - y).abs().mean())
    step = torch.compile(lambda abc: abc - LR * slope(abc), fullgraph=True)

    def train(n: int) -> list[Any]:
        abc = torch.tensor(START, dtype=torch.float64)
        with torch.no_grad():
            for _ in range(n):
                abc = step(abc)
        return [abc]

    return train


def jax_step() -> Any:
    import jax
    import jax.numpy as jnp

    x, y = curve()
    slope = jax.grad(lambda abc: jnp.abs(quad(x, *abc) - y).mean())
    return lambda abc: abc - LR * slope(abc)


def jax() -> Train:
    import jax
    import jax.numpy as jnp

    step = jax.jit(jax_step(), donate_argnums=0)

    def train(n: int) -> list[Any]:
        abc = jnp.array(START)
        for _ in range(n):
            abc = step(abc)
        return [jax.block_until_ready(abc)]

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


# --- the loop inside --------------------------------------------------------------------------

C = """
void run(long n, double *p, const double *x, const double *y) {
    double a = p[0], b = p[1], c = p[2];
    for (long i = 0; i < n; i++) {
        double ga = 0, gb = 0, gc = 0;
        for (int j = 0; j < 20; j++) {
            double e = (a * x[j] + b) * x[j] + c - y[j], s = (e > 0) - (e < 0);
            ga += s * x[j] * x[j]; gb += s * x[j]; gc += s;
        }
        a -= 0.01 / 20 * ga; b -= 0.01 / 20 * gb; c -= 0.01 / 20 * gc;
    }
    p[0] = a; p[1] = b; p[2] = c;
}
"""


def c() -> Train:
    run = native.function(C, native.LONG, *[native.POINTER] * 3)
    x, y = curve()

    def train(n: int) -> list[Any]:
        abc = np.array(START)
        run(n, abc.ctypes.data, x.ctypes.data, y.ctypes.data)
        return [abc]

    return train


def numba_hand() -> Train:
    from numba import njit

    x, y = curve()

    @njit
    def run(n: int, a: float, b: float, c: float, x: Any, y: Any) -> Any:
        for _ in range(n):
            ga = gb = gc = 0.0
            for j in range(20):
                s = np.sign((a * x[j] + b) * x[j] + c - y[j])
                ga += s * x[j] * x[j]
                gb += s * x[j]
                gc += s
            a, b, c = a - LR / 20 * ga, b - LR / 20 * gb, c - LR / 20 * gc
        return a, b, c

    return lambda n: [list(run(n, *START, x, y))]


def loop() -> Train:
    """No path is kept, as in C: one turn more says what the last one led to."""
    from autograd import compile, grad

    x, y = curve()
    slope = grad(lambda abc: abs(quad(x, *abc) - y).mean())
    walk = compile(lambda abc: (False, (), (abc - LR * slope(abc),)), backend="numba")
    return lambda n: list(walk.scan((np.array(START),), n + 1)[1])


def scan() -> Train:
    import jax
    import jax.numpy as jnp

    step = jax_step()

    @partial(jax.jit, static_argnums=0)
    def run(n: int, abc: Any) -> Any:
        return jax.lax.scan(lambda abc, _: (step(abc), None), abc, length=n)[0]

    return lambda n: [jax.block_until_ready(run(n, jnp.array(START)))]
