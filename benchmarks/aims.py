"""What is aimed at, as ratios between two columns of one run."""

from typing import Any, NamedTuple

Figures = dict[str, Any]


class Aim(NamedTuple):
    """`engine` takes at most `limit` times what `other` takes."""

    table: str
    workload: str
    engine: str
    other: str
    limit: float


AIMS = [
    Aim("operations", "op_scalar", "stepgrad", "micrograd", 0.4),
    Aim("operations", "op_32", "stepgrad", "torch", 0.65),
    Aim("steps", "linear_system", "stepgrad", "micrograd", 0.5),
    Aim("steps", "net_scalars", "stepgrad", "micrograd", 0.4),
    Aim("steps", "moons_scalars", "stepgrad", "micrograd", 0.15),
    Aim("steps", "moons", "stepgrad", "torch", 0.6),
    Aim("steps", "quadratic", "stepgrad", "torch", 0.5),
    Aim("steps", "logistic_f64", "stepgrad", "hand", 1.2),
    Aim("steps", "logistic_f32", "stepgrad", "hand", 1.2),
    Aim("steps", "mlp_1000", "stepgrad", "hand", 1.06),
    Aim("steps", "mlp_32", "stepgrad", "hand", 1.25),
    Aim("steps", "linear_system", "compiled", "hand", 1.4),
    Aim("steps", "net_scalars", "compiled", "hand", 1.4),
    Aim("steps", "linear_system", "compiled", "jax", 1 / 15),
    Aim("steps", "net_scalars", "compiled", "jax", 1 / 15),
    Aim("steps", "quadratic", "compiled", "jax", 1.0),
    Aim("steps", "moons", "compiled", "jax", 1.0),
    Aim("steps", "celsius", "compiled", "jax", 1.0),
    Aim("steps", "mlp_1000", "compiled", "hand", 0.9),
    Aim("steps", "mlp_1000", "numba", "jax", 0.8),
    Aim("steps", "mlp_32", "numba", "jax", 0.97),
]


def judged(figures: Figures) -> list[tuple[Aim, float]]:
    """The aims whose two columns were measured, each with the ratio found."""
    found = []
    for aim in AIMS:
        row = figures[aim.table].get(aim.workload, {})
        if aim.engine in row and aim.other in row:
            found.append((aim, row[aim.engine]["median"] / row[aim.other]["median"]))
    return found
