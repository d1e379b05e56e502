"""y = x^2 from x = 5, down the slope with rate 0.3: 15 steps, then anew."""

from functools import cache, partial
from typing import Any

from benchmarks import native
from benchmarks.steps.table import Train

START, LR = 5.0, 0.3


def f(x: Any) -> Any:
    return x**2


def hand() -> Train:
    def train(n: int) -> list[Any]:
        x = START
        for _ in range(n):
            x -= LR * 2 * x
        return [x]

    return train


def stepgrad() -> Train:
    from autograd import Value

    def train(n: int) -> list[Any]:
        x = Value(START)
        for _ in range(n):
            x.zero_grad()
            f(x).backward(release=True)
            x.data -= LR * x.grad
        return [x.item()]

    return train


def compiled(backend: str | None = None) -> Train:
    from autograd import compile

    both = compile(f, backend=backend).value_and_grad

    def train(n: int) -> list[Any]:
        x = START
        for _ in range(n):
            _, slope = both(x)
            x -= LR * slope
        return [x]

    return train


def least() -> Train:
    from benchmarks.least import Value

    return taped(Value)


def micrograd() -> Train:
    from micrograd.engine import Value

    return taped(Value)


def taped(Value: Any) -> Train:  # noqa: N803 (a class)
    def train(n: int) -> list[Any]:
        x = Value(START)
        for _ in range(n):
            x.grad = 0
            f(x).backward()
            x.data -= LR * x.grad
        return [x.data]

    return train


def torch() -> Train:
    import torch

    def train(n: int) -> list[Any]:
        x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        for _ in range(n):
            x.grad = None
            f(x).backward()
            with torch.no_grad():
                x -= LR * x.grad
        return [x.item()]

    return train


def torch_compile() -> Train:
    import torch
    from torch.func import grad

    step = torch.compile(lambda x: x - LR * grad(f)(x), fullgraph=True)

    def train(n: int) -> list[Any]:
        x = torch.tensor(START, dtype=torch.float64)
        with torch.no_grad():
            for _ in range(n):
                x = step(x)
        return [x.item()]

    return train


def jax() -> Train:
    import jax

    step = jax.jit(lambda x: x - LR * jax.grad(f)(x))

    def train(n: int) -> list[Any]:
        x: Any = START
        for _ in range(n):
            x = step(x)
        return [float(x)]

    return train


def hips() -> Train:
    from autograd import grad

    slope = grad(f)

    def train(n: int) -> list[Any]:
        x = START
        for _ in range(n):
            x -= LR * slope(x)
        return [x]

    return train


def mygrad() -> Train:
    import mygrad as mg

    def train(n: int) -> list[Any]:
        x = mg.tensor(START)
        for _ in range(n):
            f(x).backward()
            x = mg.tensor(x.data - LR * x.grad)
        return [x.item()]

    return train


# --- the loop inside: one call for a run ------------------------------------------------------

C = """
double run(long n, double x) {
    for (long i = 0; i < n; i++) x -= 0.3 * 2 * x;
    return x;
}
"""


def c() -> Train:
    run = native.function(C, native.LONG, native.DOUBLE, result=native.DOUBLE)
    return lambda n: [run(n, START)]


def numba_hand() -> Train:
    from numba import njit

    @njit
    def run(n: int, x: float) -> float:
        for _ in range(n):
            x -= LR * 2 * x
        return x

    return lambda n: [run(n, START)]


def loop() -> Train:
    """So short a run is best written out: its steps as one program."""
    from autograd import compile, grad

    slope = grad(f)

    @cache
    def run_of(n: int) -> Any:
        def run(x: Any) -> Any:
            for _ in range(n):
                x = x - LR * slope(x)
            return x

        return compile(run, backend="numba")

    return lambda n: [run_of(n)(START)]


def scan() -> Train:
    import jax

    step = jax.grad(f)

    @partial(jax.jit, static_argnums=0)
    def run(n: int, x: Any) -> Any:
        return jax.lax.scan(lambda x, _: (x - LR * step(x), None), x, length=n)[0]

    return lambda n: [float(run(n, START))]
