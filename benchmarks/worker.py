"""One engine, one workload, one process: ``python worker.py ENGINE WORKLOAD`` prints JSON.

Run as a script by ``python -m benchmarks`` with the interpreter of that engine.  It imports
nothing of ours unless the engine is ours: HIPS autograd has the same import name.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Workload = Callable[..., Any]  # (engine, x, y) -> one number to differentiate
Step = Callable[[], None]  # one forward and one backward
Read = Callable[[], tuple[Any, list[Any]]]  # value and gradients of the last step


# --- engines --------------------------------------------------------------------------------


class Engine:
    """What the workloads need of an engine.  This much is common to all that keep a tape."""

    module = ""  # what is imported
    package = ""  # what was installed
    arrays = True

    def __init__(self) -> None:
        self.lib: Any = importlib.import_module(self.module)

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

    def prepare(self, f: Workload, args: list[Any]) -> tuple[Step, Read]:
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


class Stepgrad(Engine):
    module, package = "autograd", "stepgrad"

    def __init__(self) -> None:
        super().__init__()
        if not hasattr(self.lib, "Value"):
            raise ImportError("the autograd found here is not stepgrad")

    def leaf(self, x: Any) -> Any:
        return self.lib.Value(x)

    def clear(self, leaf: Any) -> None:
        leaf.zero_grad()


class Micrograd(Engine):
    module, package, arrays = "micrograd.engine", "micrograd", False

    def leaf(self, x: Any) -> Any:
        return self.lib.Value(x)

    def clear(self, leaf: Any) -> None:
        leaf.grad = 0

    def plain(self, x: Any) -> Any:
        return float(x)


class Torch(Engine):
    module, package = "torch", "torch"

    def __init__(self) -> None:
        super().__init__()
        self.lib.set_num_threads(1)

    def leaf(self, x: Any) -> Any:
        return self.lib.tensor(x, dtype=self.lib.float64, requires_grad=True)


class Hips(Engine):
    """Functional: differentiates a function of plain numbers or arrays."""

    module, package = "autograd", "autograd"

    def __init__(self) -> None:
        super().__init__()
        if hasattr(self.lib, "Value"):
            raise ImportError("the autograd found here is stepgrad; see --python hips=PATH")
        self.np: Any = importlib.import_module("autograd.numpy")

    def relu(self, x: Any) -> Any:
        return self.np.maximum(x, 0.0)

    def sum(self, x: Any) -> Any:
        return self.np.sum(x)

    def prepare(self, f: Workload, args: list[Any]) -> tuple[Step, Read]:
        both = self.lib.value_and_grad(lambda *xs: f(self, *xs), argnum=tuple(range(len(args))))
        primals = [self.np.array(x) if isinstance(x, list) else x for x in args]
        last: list[Any] = [None]

        def step() -> None:
            last[0] = both(*primals)

        def read() -> tuple[Any, list[Any]]:
            value, gradients = last[0]
            return self.np.asarray(value).tolist(), [self.np.asarray(g).tolist() for g in gradients]

        return step, read


class MyGrad(Engine):
    module, package = "mygrad", "mygrad"

    def __init__(self) -> None:
        super().__init__()
        self.nnet: Any = importlib.import_module("mygrad.nnet")

    def leaf(self, x: Any) -> Any:
        return self.lib.tensor(x)

    def relu(self, x: Any) -> Any:
        return self.nnet.relu(x)

    def clear(self, leaf: Any) -> None:
        leaf.null_grad()


ENGINES: dict[str, type[Engine]] = {
    "stepgrad": Stepgrad,
    "micrograd": Micrograd,
    "torch": Torch,
    "hips": Hips,
    "mygrad": MyGrad,
}


# --- workloads ------------------------------------------------------------------------------


def mixed(e: Engine, x: Any, y: Any) -> Any:
    """40 rounds of 10 operations: only + - * / **, negation and relu."""
    z = x
    for _ in range(40):
        z = e.relu(z * y + x - 0.25) / (y + 1.5)
        z = -(z**2) + x
        z = z * 0.5
    return z


def plain_chain(e: Engine, x: Any, y: Any) -> Any:
    """200 rounds of 2 operations."""
    z = x
    for _ in range(200):
        z = z * y + x
    return z


def mixed_array(e: Engine, x: Any, y: Any) -> Any:
    return e.sum(mixed(e, x, y))


def plain_chain_array(e: Engine, x: Any, y: Any) -> Any:
    return e.sum(plain_chain(e, x, y))


def linear_system(e: Engine, x: Any, y: Any) -> Any:
    """x + y = 16 and 10 x + 25 y = 250 as a sum of squares: 10 operations."""
    return (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2


def table(low: float, high: float) -> list[list[float]]:
    """(32, 32) numbers between low and high, in a scattered order."""
    return [[low + (high - low) * ((37 * i + 101 * j) % 1024) / 1023 for j in range(32)] for i in range(32)]


# name -> function, arguments, operations as the user writes them (the final sum of an array included)
WORKLOADS: dict[str, tuple[Workload, list[Any], int]] = {
    "scalar mixed": (mixed, [0.6, 0.7], 400),
    "scalar z*y+x": (plain_chain, [0.6, 0.7], 400),
    "array mixed": (mixed_array, [table(0.5, 0.9), table(0.3, 0.8)], 401),
    "array z*y+x": (plain_chain_array, [table(0.5, 0.9), table(0.3, 0.8)], 401),
    "linear system": (linear_system, [0.5, 0.5], 10),
}


# --- measuring ------------------------------------------------------------------------------


def seconds_per_step(step: Step, budget: float) -> float:
    """The median over batches of about a tenth of the budget each."""
    step()
    n, spent = 1, 0.0
    while True:
        start = time.perf_counter()
        for _ in range(n):
            step()
        spent = time.perf_counter() - start
        if spent >= budget / 20:
            break
        n *= 2
    n = max(1, round(n * budget / 10 / spent))
    batches = []
    for _ in range(10):
        start = time.perf_counter()
        for _ in range(n):
            step()
        batches.append((time.perf_counter() - start) / n)
    return statistics.median(batches)


def resident() -> int:
    """Bytes this process holds now (where /proc is missing: the most it ever held)."""
    import resource  # where it is missing (Windows), so is only the chain

    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def chain(e: Engine, n: int) -> dict[str, Any]:
    """`n` multiplications in a row: seconds forward, backward and to free; bytes a node."""
    plain_chain(e, e.leaf(0.6), e.leaf(0.7)).backward()  # what is loaded on first use is no part of the nodes
    x, y = e.leaf(1.0), e.leaf(1.0 + 1.0 / n)
    memory = [resident()]
    start = time.perf_counter()
    z = x
    for _ in range(n):
        z = z * y
    forward = time.perf_counter() - start
    memory.append(resident())
    start = time.perf_counter()
    z.backward()
    backward = time.perf_counter() - start
    memory.append(resident())
    value = e.plain(e.data(z))
    start = time.perf_counter()
    del z
    free = time.perf_counter() - start
    return {
        "forward": forward,
        "backward": backward,
        "free": free,
        "bytes": (memory[1] - memory[0]) / n,
        "bytes after backward": (memory[2] - memory[0]) / n,
        "value": value,
        "gradients": [e.plain(x.grad), e.plain(y.grad)],
    }


def installed(e: Engine) -> dict[str, str]:
    """The versions of what was measured."""

    def version(package: str) -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return str(getattr(e.lib, "__version__", "unknown"))

    return {"version": version(e.package), "numpy": version("numpy"), "python": platform.python_version()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("workload", help="'versions', 'chain', or a name in WORKLOADS")
    parser.add_argument("--check", action="store_true", help="one step, value and gradients, no timing")
    parser.add_argument("--budget", type=float, default=1.0, help="seconds to measure for")
    parser.add_argument("--length", type=int, default=10_000, help="nodes of the chain")
    options = parser.parse_args()
    try:
        engine = ENGINES[options.engine]()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    if options.workload == "versions":
        print(json.dumps(installed(engine)))
    elif options.workload == "chain":
        print(json.dumps(chain(engine, options.length)))
    else:
        f, args, operations = WORKLOADS[options.workload]
        if not engine.arrays and isinstance(args[0], list):
            print(json.dumps({"missing": "has no arrays"}))
            return
        step, read = engine.prepare(f, args)
        step()
        value, gradients = read()
        answer: dict[str, Any] = {"value": value, "gradients": gradients, "operations": operations}
        if not options.check:
            answer["seconds"] = seconds_per_step(step, options.budget)
        print(json.dumps(answer))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
