"""The training steps: what is done, for how long, how exactly; and which library does it how."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

Train = Callable[[int], list[Any]]  # n steps from the start values -> the parameters after them


class Workload(NamedTuple):
    """One row of the table of training steps."""

    title: str
    module: str  # in benchmarks.steps: one function for each engine, which returns a Train
    options: dict[str, Any] = {}  # for that function  # noqa: RUF012 (never changed)
    steps: int = 20  # after so many the parameters are compared
    tolerance: float = 1e-9  # of the largest parameter
    length: int | None = None  # steps in one run, where more would end in numbers too small; None: any
    inside: int = 5000  # steps in one run of the engines that have the loop inside


WORKLOADS: dict[str, Workload] = {
    "linear_system": Workload(
        "2×2 linear system, Adam, scalars f64", "linear_system", steps=100, length=1000
    ),
    "parabola": Workload("y = x², 15 steps", "parabola", steps=15, length=15, inside=15),
    "quadratic": Workload("quadratic fit, MAE, 20 points f64", "quadratic", steps=50),
    "net_scalars": Workload("2-2-1 net, per-sample SGD, scalars f64", "net_scalars", steps=100),
    "net_matrices": Workload("2-2-1 net, small matrices f64", "net_matrices", steps=100),
    "moons_scalars": Workload(
        "moons MLP 2-16-16-1, hinge + L2, 100 points, scalars", "moons_scalars", steps=2
    ),
    "moons": Workload("moons MLP 2-16-16-1, hinge + L2, 100 points, arrays", "moons"),
    "celsius": Workload("Celsius Dense(1), Adam f32", "celsius", steps=50, tolerance=1e-4, length=800),
    "logistic_f32": Workload(
        "logistic regression 784-10, batch 128 f32", "logistic", {"dtype": "float32"}, tolerance=1e-4
    ),
    "logistic_f64": Workload("logistic regression 784-10, batch 128 f64", "logistic", {"dtype": "float64"}),
    "mlp_1000": Workload(
        "MLP 784-128-10, Adam, batch 1000 f32", "mlp", {"size": 1000}, steps=5, tolerance=2e-3
    ),
    "mlp_32": Workload("MLP 784-128-10, Adam, batch 32 f32", "mlp", {"size": 32}, steps=5, tolerance=2e-3),
}

# engine -> the function in the module of a workload, and its options
FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "hand": ("hand", {}),
    "stepgrad": ("stepgrad", {}),
    "least": ("least", {}),
    "micrograd": ("micrograd", {}),
    "torch": ("torch", {}),
    "hips": ("hips", {}),
    "mygrad": ("mygrad", {}),
    "compiled": ("compiled", {}),
    "numba": ("compiled", {"backend": "numba"}),
    "jax": ("jax", {}),
    **{name: (name, {}) for name in ("torch_compile", "c", "numba_hand", "loop", "scan")},
}


def prepared(workload: str, engine: str) -> Train | None:
    """What trains, or None where a library has no way to write this workload."""
    row = WORKLOADS[workload]
    name, options = FUNCTIONS[engine]
    function = getattr(import_module(f"benchmarks.steps.{row.module}"), name, None)
    return None if function is None else partial(function, **row.options, **options)()
