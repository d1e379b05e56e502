"""The engines: what each is called, where it comes from, and what differs in how a tape of it is used."""

import importlib
import importlib.metadata
import platform
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from benchmarks import native

Function = Callable[..., Any]  # (engine, *leaves) -> one number to differentiate
Step = Callable[[], None]  # one forward and one backward
Read = Callable[[], tuple[Any, list[Any]]]  # value and gradients of the last step

LIMIT, EAGER, COMPILED, LOOP = "limit", "eager", "compiled", "loop inside"


class Engine(NamedTuple):
    """A column of the tables."""

    title: str
    kind: str  # engines are compared with those of the same kind
    module: str  # what is imported
    package: str  # what is installed with pip
    also: str = ""  # another package that it needs
    seconds: float = 0.3  # about what it takes to start and to compile a step
    asked: bool = False  # measured only where it is named, and in one turn: it takes minutes


ENGINES: dict[str, Engine] = {
    "hand": Engine("by hand", LIMIT, "numpy", "numpy"),
    "least": Engine("least tape", LIMIT, "benchmarks.least", "numpy"),
    "stepgrad": Engine("stepgrad", EAGER, "autograd", "stepgrad"),
    "micrograd": Engine("micrograd", EAGER, "micrograd.engine", "micrograd"),
    "torch": Engine("PyTorch", EAGER, "torch", "torch", seconds=4.7),
    "hips": Engine("HIPS autograd", EAGER, "autograd", "autograd"),
    "mygrad": Engine("MyGrad", EAGER, "mygrad", "mygrad", seconds=2.0),
    "torch_func": Engine("torch.func", EAGER, "torch", "torch", seconds=4.7),
    "jax_eager": Engine("JAX, not compiled", EAGER, "jax", "jax", seconds=1.8),
    "compiled": Engine("stepgrad compiled", COMPILED, "autograd", "stepgrad"),
    "numba": Engine("stepgrad compiled, numba", COMPILED, "autograd", "stepgrad", "numba", 2.5),
    "jax": Engine("jax.jit", COMPILED, "jax", "jax", seconds=1.8),
    "torch_compile": Engine("torch.compile", COMPILED, "torch", "torch", seconds=45, asked=True),
    "c": Engine("C by hand", LOOP, "numpy", "numpy"),
    "numba_hand": Engine("numba by hand", LOOP, "numba", "numba", seconds=1.5),
    "loop": Engine("stepgrad, loop inside", LOOP, "autograd", "stepgrad", "numba", 1.6),
    "scan": Engine("jax.lax.scan", LOOP, "jax", "jax", seconds=1.5),
}
OURS = ("stepgrad", "compiled", "numba", "loop")
BY_HAND = ("hand", "c", "numba_hand")  # the limit of their kind
USUAL = [name for name, engine in ENGINES.items() if not engine.asked]


def found(name: str) -> Any:
    """The imported module of an engine; ImportError where it, or another of its name, is there."""
    engine = ENGINES[name]
    try:
        module = importlib.import_module(engine.module)
        if engine.also:
            importlib.import_module(engine.also)
    except ImportError as error:
        raise ImportError(f"{error}; pip install {engine.also or engine.package}") from None
    if name == "c":
        native.compiler()
    if name == "mygrad":
        module.turn_memory_guarding_off()  # its own advice where speed counts
    if engine.module == "autograd" and (name in OURS) != hasattr(module, "Value"):
        there = "HIPS autograd" if name in OURS else "stepgrad"
        raise ImportError(
            f"the autograd found here is {there}; give an interpreter with --python {name}=PATH"
        )
    return module


def versions(name: str) -> dict[str, str]:
    """What was measured."""

    def version(package: str) -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return str(getattr(module, "__version__", "unknown"))

    module, engine = found(name), ENGINES[name]
    own = native.version() if name == "c" else "" if engine.kind == LIMIT else version(engine.package)
    if engine.also:
        own += f", {engine.also} {version(engine.also)}"
    return {"version": own, "numpy": version("numpy"), "python": platform.python_version()}


# --- the tapes ------------------------------------------------------------------------------


class Tape:
    """How a tape is used, as far as it is common to all that keep one."""

    arrays = True
    batch: Any = None  # what networks are fed with

    def __init__(self, lib: Any) -> None:
        self.lib = lib

    def constant(self, x: Any) -> Any:
        """An array without gradient."""
        return x

    def leaf(self, x: Any) -> Any:
        """A variable to differentiate with respect to."""
        raise NotImplementedError

    def relu(self, x: Any) -> Any:
        return x.relu()

    def sum(self, x: Any) -> Any:
        return x.sum()

    def clear(self, leaf: Any) -> None:
        """Forget the gradient of the last step, as a training loop does."""
        leaf.grad = None

    def plain(self, x: Any) -> Any:
        """A result or a gradient as (nested lists of) Python numbers."""
        return x.tolist()

    def data(self, v: Any) -> Any:
        return v.data

    def prepare(self, f: Function, args: list[Any]) -> tuple[Step, Read]:
        """A function that does one forward and one backward, and one that reads the results."""
        leaves = [self.leaf(x) for x in args]
        last: list[Any] = [None]

        def step() -> None:
            for v in leaves:
                self.clear(v)
            last[0] = f(self, *leaves)
            last[0].backward()

        def read() -> tuple[Any, list[Any]]:
            return self.plain(self.data(last[0])), [self.plain(v.grad) for v in leaves]

        return step, read


class Stepgrad(Tape):
    def leaf(self, x: Any) -> Any:
        return self.lib.Value(x)

    def clear(self, leaf: Any) -> None:
        leaf.zero_grad()


class Micrograd(Tape):
    arrays = False

    def leaf(self, x: Any) -> Any:
        return self.lib.Value(x)

    def clear(self, leaf: Any) -> None:
        leaf.grad = 0

    def plain(self, x: Any) -> Any:
        return float(x)


class Least(Micrograd):
    """The least tape: see least.py."""


class Torch(Tape):
    def constant(self, x: Any) -> Any:
        return self.lib.from_numpy(x)

    def leaf(self, x: Any) -> Any:
        return self.lib.tensor(x, dtype=self.lib.float64, requires_grad=True)


class Hips(Tape):
    """Functional: differentiates a function of plain numbers or arrays."""

    def __init__(self, lib: Any) -> None:
        super().__init__(lib)
        self.np: Any = importlib.import_module("autograd.numpy")

    def relu(self, x: Any) -> Any:
        return self.np.maximum(x, 0.0)

    def sum(self, x: Any) -> Any:
        return self.np.sum(x)

    def prepare(self, f: Function, args: list[Any]) -> tuple[Step, Read]:
        both = self.lib.value_and_grad(lambda *xs: f(self, *xs), argnum=tuple(range(len(args))))
        primals = [x if isinstance(x, float) else numpy.array(x) for x in args]  # its own np.array is slow
        last: list[Any] = [None]

        def step() -> None:
            last[0] = both(*primals)

        def read() -> tuple[Any, list[Any]]:
            value, gradients = last[0]
            return self.np.asarray(value).tolist(), [self.np.asarray(g).tolist() for g in gradients]

        return step, read


class MyGrad(Tape):
    def constant(self, x: Any) -> Any:
        return self.lib.tensor(x, constant=True)

    def leaf(self, x: Any) -> Any:
        return self.lib.tensor(x)

    def relu(self, x: Any) -> Any:
        return importlib.import_module("mygrad.nnet").relu(x)

    def clear(self, leaf: Any) -> None:
        leaf.null_grad()


TAPES: dict[str, type[Tape]] = {
    "stepgrad": Stepgrad,
    "least": Least,
    "micrograd": Micrograd,
    "torch": Torch,
    "hips": Hips,
    "mygrad": MyGrad,
}
