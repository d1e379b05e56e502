"""What a derivative of a small function costs, by the transforms of each library, as called in a loop."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

Step = Callable[[], Any]  # one call; what it returns
TOLERANCE = 1e-12  # of the largest number, between a result and the derivative by hand


# --- the functions, and their derivatives worked out on paper ---------------------------------


def system(e: Any, x: Any, y: Any) -> Any:
    """How far two numbers are from solving two equations."""
    return (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2


def rosenbrock(e: Any, x: Any) -> Any:
    return e.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def layer(e: Any, x: Any) -> Any:
    return e.tanh(e.matrix @ x)


def system_by_hand(x: float, y: float) -> tuple[Any, Any]:
    """Value and gradient."""
    p, q = x + y - 16, 10 * x + 25 * y - 250
    return p * p + q * q, [2 * p + 20 * q, 2 * p + 50 * q]


def rosenbrock_by_hand(x: Any) -> tuple[Any, Any]:
    """Gradient and Hessian."""
    gap, n = x[1:] - x[:-1] ** 2, len(x)
    gradient, second = np.zeros(n), np.zeros((n, n))
    gradient[1:] += 200 * gap
    gradient[:-1] -= 400 * gap * x[:-1] + 2 * (1 - x[:-1])
    i = np.arange(n - 1)
    second[i, i] = 2 - 400 * gap + 800 * x[:-1] ** 2
    second[i + 1, i + 1] += 200
    second[i, i + 1] = second[i + 1, i] = -400 * x[:-1]
    return gradient, second


def layer_by_hand(x: Any) -> Any:
    """The Jacobian."""
    matrix = weights(len(x))
    return (1 - np.tanh(matrix @ x) ** 2)[:, None] * matrix


def weights(n: int) -> Any:
    return np.random.default_rng(7).normal(size=(n, n)) / np.sqrt(n)


class Transform(NamedTuple):
    """A row of the table of transforms."""

    title: str
    form: str  # the method of a dialect
    f: Callable[..., Any]
    n: int | None = None  # length of the argument; None: two numbers

    def arguments(self) -> list[Any]:
        """Where the derivative is taken, and along what."""
        if self.n is None:
            return [0.5, 0.7]
        rng = np.random.default_rng(8)
        return [rng.uniform(-1, 1, self.n) for _ in range(2 if self.form in ("vjp", "jvp", "hvp") else 1)]

    def by_hand(self) -> Any:
        x, *v = self.arguments()
        if self.f is system:
            value, gradient = system_by_hand(x, *v)
            return [value, *gradient] if self.form == "value_and_grad" else gradient
        if self.f is layer:
            slopes = layer_by_hand(x)
            return {"vjp": lambda v: v @ slopes, "jvp": lambda v: slopes @ v, "jacobian": lambda: slopes}[
                self.form
            ](*v)
        gradient, second = rosenbrock_by_hand(x)
        return {"grad": lambda: gradient, "hvp": lambda v: second @ v, "hessian": lambda: second}[self.form](
            *v
        )


TRANSFORMS: dict[str, Transform] = {
    "backward_2": Transform("backward(), two numbers", "backward", system),
    "grad_2": Transform("grad, two numbers", "grad", system),
    "value_and_grad_2": Transform("value_and_grad, two numbers", "value_and_grad", system),
    "grad_100": Transform("grad, Rosenbrock, n = 100", "grad", rosenbrock, 100),
    "vjp_100": Transform("vjp, layer of 100", "vjp", layer, 100),
    "jvp_100": Transform("jvp, layer of 100", "jvp", layer, 100),
    "hvp_3": Transform("hvp, Rosenbrock, n = 3", "hvp", rosenbrock, 3),
    "hvp_100": Transform("hvp, Rosenbrock, n = 100", "hvp", rosenbrock, 100),
    "hessian_10": Transform("hessian, Rosenbrock, n = 10", "hessian", rosenbrock, 10),
    "jacobian_10": Transform("jacobian, layer of 10", "jacobian", layer, 10),
}


# --- the libraries ----------------------------------------------------------------------------


class Dialect:
    """How a library writes a transform: each method gives what is called in the loop."""

    matrix: Any  # the weights of a layer

    def __init__(self, lib: Any) -> None:
        self.lib = lib
        self.np = self.arrays()

    def arrays(self) -> Any:
        """The module with its array functions."""
        return np

    def array(self, x: Any) -> Any:
        return x

    def sum(self, x: Any) -> Any:
        return self.np.sum(x)

    def tanh(self, x: Any) -> Any:
        return self.np.tanh(x)

    def prepare(self, row: Transform) -> Step | None:
        """One call; None where the library has none."""
        method = getattr(self, row.form, None)
        if row.f is layer:
            self.matrix = self.array(weights(row.n or 0))
        return method and method(partial(row.f, self), *map(self.array, row.arguments()))

    def read(self, found: Any) -> Any:
        """A result as nested lists of plain arrays."""
        return [self.read(x) for x in found] if isinstance(found, (tuple, list)) else np.asarray(found)


def every(xs: tuple[Any, ...]) -> Any:
    """argnums for a function of so many arguments."""
    return tuple(range(len(xs))) if len(xs) > 1 else 0


class Functional(Dialect):
    """Functions of functions under the same names."""

    def grad(self, f: Any, *xs: Any) -> Step:
        return partial(self.lib.grad(f, every(xs)), *xs)

    def value_and_grad(self, f: Any, *xs: Any) -> Step:
        return partial(self.lib.value_and_grad(f, every(xs)), *xs)

    def hessian(self, f: Any, x: Any) -> Step:
        return partial(self.lib.hessian(f), x)

    def jacobian(self, f: Any, x: Any) -> Step:
        return partial(self.lib.jacobian(f), x)


class Stepgrad(Functional):
    def backward(self, f: Any, *xs: Any) -> Step:
        values = [self.lib.Value(x) for x in xs]

        def step() -> Any:
            for v in values:
                v.zero_grad()
            f(*values).backward()
            return [v.grad for v in values]

        return step

    def vjp(self, f: Any, x: Any, v: Any) -> Step:
        return lambda: self.lib.vjp(f, x)[1](v)

    def jvp(self, f: Any, x: Any, v: Any) -> Step:
        return lambda: self.lib.jvp(f, (x,), (v,))[1]

    def hvp(self, f: Any, x: Any, v: Any) -> Step:
        return partial(self.lib.hvp(f), x, v)


class Hips(Functional):
    def arrays(self) -> Any:
        return import_module("autograd.numpy")

    def vjp(self, f: Any, x: Any, v: Any) -> Step:
        made = import_module("autograd.differential_operators").make_vjp(f)
        return lambda: made(x)[0](v)

    def jvp(self, f: Any, x: Any, v: Any) -> Step:
        made = import_module("autograd.differential_operators").make_jvp(f)
        return lambda: made(x)(v)[1]

    def hvp(self, f: Any, x: Any, v: Any) -> Step:
        return partial(self.lib.hessian_vector_product(f), x, v)


class Jax(Functional):
    """Not compiled; every result is waited for."""

    def arrays(self) -> Any:
        return import_module("jax.numpy")

    def array(self, x: Any) -> Any:
        return self.np.asarray(x)

    def prepare(self, row: Transform) -> Step | None:
        step = super().prepare(row)
        return step and (lambda: self.lib.block_until_ready(step()))

    def vjp(self, f: Any, x: Any, v: Any) -> Step:
        return lambda: self.lib.vjp(f, x)[1](v)

    def jvp(self, f: Any, x: Any, v: Any) -> Step:
        return lambda: self.lib.jvp(f, (x,), (v,))[1]

    def hvp(self, f: Any, x: Any, v: Any) -> Step:
        slope = self.lib.grad(f)
        return lambda: self.lib.jvp(slope, (x,), (v,))[1]

    def jacobian(self, f: Any, x: Any) -> Step:
        return partial(self.lib.jacrev(f), x)


class TorchFunc(Jax):
    """torch.func: the names of JAX, for the most part."""

    def arrays(self) -> Any:
        return self.lib

    def array(self, x: Any) -> Any:
        return self.np.tensor(x, dtype=self.np.float64)

    def prepare(self, row: Transform) -> Step | None:
        self.lib = self.np.func
        return Dialect.prepare(self, row)

    def value_and_grad(self, f: Any, *xs: Any) -> Step:
        both = partial(self.lib.grad_and_value(f, every(xs)), *xs)
        return lambda: both()[::-1]


class Torch(Dialect):
    """The tape, torch.autograd.grad, and torch.autograd.functional where there is nothing else."""

    def arrays(self) -> Any:
        return self.lib

    def array(self, x: Any) -> Any:
        return self.lib.tensor(x, dtype=self.lib.float64)

    def backward(self, f: Any, *xs: Any) -> Step:
        leaves = [x.requires_grad_() for x in xs]

        def step() -> Any:
            for x in leaves:
                x.grad = None
            f(*leaves).backward()
            return [x.grad for x in leaves]

        return step

    def grad(self, f: Any, *xs: Any) -> Step:
        both = self.value_and_grad(f, *xs)
        return lambda: both()[1]

    def value_and_grad(self, f: Any, *xs: Any) -> Step:
        def step() -> Any:
            leaves = [x.detach().requires_grad_() for x in xs]
            y = f(*leaves)
            return y.detach(), self.lib.autograd.grad(y, leaves)

        return step

    def vjp(self, f: Any, x: Any, v: Any) -> Step:
        def step() -> Any:
            leaf = x.detach().requires_grad_()
            return self.lib.autograd.grad(f(leaf), leaf, v)

        return step

    def jvp(self, f: Any, x: Any, v: Any) -> Step:
        return lambda: self.lib.autograd.functional.jvp(f, x, v)[1]

    def hvp(self, f: Any, x: Any, v: Any) -> Step:
        def step() -> Any:
            leaf = x.detach().requires_grad_()
            (g,) = self.lib.autograd.grad(f(leaf), leaf, create_graph=True)
            return self.lib.autograd.grad(g, leaf, v)

        return step

    def hessian(self, f: Any, x: Any) -> Step:
        return partial(self.lib.autograd.functional.hessian, f, x)

    def jacobian(self, f: Any, x: Any) -> Step:
        return partial(self.lib.autograd.functional.jacobian, f, x)


DIALECTS: dict[str, type[Dialect]] = {
    "stepgrad": Stepgrad,
    "torch": Torch,
    "torch_func": TorchFunc,
    "hips": Hips,
    "jax_eager": Jax,
}
