"""How long compiling takes, against how much there is to compile: programs of numbers, for numpy of arrays."""

from typing import Any

from benchmarks import timing

BACKENDS = (("python", "compiled", 10**6), ("numpy", "compiled", 10**6), ("numba", "numba", 1000))
# name, the engine whose interpreter has it, the largest program tried


def program(x: Any, y: Any, operations: int) -> Any:
    """A program of so many operations."""
    import numpy as np

    z = x
    for _ in range(operations // 10):
        z = np.maximum(z * y + x - 0.25, 0.0) / (y + 1.5)
        z = -(z**2) + x
        z = z * 0.5
    return z.sum() if z.ndim else z


def first_call(backend: str, operations: int) -> dict[str, float]:
    """Seconds of the first call, which traces and compiles, without and with gradient; lines of the code made."""
    import numpy as np

    from autograd import compile

    def f(x: Any, y: Any) -> Any:
        return program(x, y, operations)

    args = (0.6, 0.7) if backend != "numpy" else (np.full((4, 4), 0.6), np.full((4, 4), 0.7))
    compile(program, backend=backend).value_and_grad(*args, 10)  # what is loaded first is no part of it
    found: dict[str, float] = {}
    value = compile(f, backend=backend, argnums=(0, 1))
    for name, g in (("value", value), ("gradient", value.value_and_grad)):
        start = timing.clock()
        g(*args)
        found[name] = timing.clock() - start
        found[f"{name} nodes"] = len(g.program.steps)
    return found
