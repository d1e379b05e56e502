"""What is aimed at: mostly ratios between two columns of one run."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.engines import BY_HAND, EAGER, ENGINES, OURS
from benchmarks.operations import OPERATIONS
from benchmarks.steps.table import WORKLOADS
from benchmarks.transforms import TRANSFORMS

Figures = dict[str, Any]


class Aim(NamedTuple):
    """`engine` takes at most `limit` times what `other` takes."""

    table: str
    workload: str
    engine: str
    other: str
    limit: float


class Judged(NamedTuple):
    """An aim beside what was found."""

    row: str
    what: str
    limit: float
    found: float
    profile: tuple[str, str] = ("", "")  # which workload and engine benchmarks.profile is to look at

    @property
    def met(self) -> bool:
        return self.found <= self.limit


SCALARS = ("linear_system", "parabola", "quadratic", "net_scalars")

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
    *[Aim("steps", name, "numba", "jax", 1.0) for name in ("quadratic", "moons", "celsius")],
    Aim("steps", "mlp_1000", "compiled", "hand", 0.9),
    Aim("steps", "mlp_1000", "numba", "jax", 0.8),
    Aim("steps", "mlp_32", "numba", "jax", 0.97),
    *[Aim("steps", name, "loop", "c", 1.3) for name in SCALARS],
    *[Aim("steps", name, "loop", "scan", 1.0) for name in SCALARS],
]
PER_NODE = 50.0  # microseconds to compile a node, without machine code
TAPED = 1.5  # how much a transform may take, of a forward and a backward() written out
CONSTANT = 1.25  # how much more a node may cost in the longest chain or program than in the shortest


def judged(figures: Figures) -> list[Judged]:
    """The aims whose columns were measured, each with what was found."""
    found = []
    for aim in AIMS:
        row = figures[aim.table].get(aim.workload, {})
        if aim.engine in row and aim.other in row:
            found.append(compared(aim, row))
    found += [*ahead(figures), *beside_the_tape(figures.get("transforms", {}))]
    return [*found, *chains(figures["chain"]), *compiling(figures["compile"])]


def compared(aim: Aim, row: Figures) -> Judged:
    what = f"{ENGINES[aim.engine].title} / {ENGINES[aim.other].title}"
    titles: dict[str, dict[str, Any]] = {
        "steps": WORKLOADS,
        "operations": OPERATIONS,
        "transforms": TRANSFORMS,
    }
    ratio = row[aim.engine]["median"] / row[aim.other]["median"]
    profile = (aim.workload, aim.engine) if aim.table == "steps" else ("", "")
    return Judged(titles[aim.table][aim.workload].title, what, aim.limit, ratio, profile)


def ahead(figures: Figures) -> Iterator[Judged]:
    """Ahead of the quickest eager peer in every row; where more is aimed at, that is enough."""
    stricter = {aim[:4] for aim in AIMS if aim.limit <= 1}
    for table in ("steps", "operations", "transforms"):
        for name, row in figures.get(table, {}).items():  # older runs have fewer tables
            other = best(row, EAGER, False)
            if other and "stepgrad" in row and (table, name, "stepgrad", other) not in stricter:
                yield compared(Aim(table, name, "stepgrad", other, 1.0), row)


def beside_the_tape(rows: Figures) -> Iterator[Judged]:
    """A transform of two numbers takes little more than the tape by hand."""
    for name in ("grad_2", "value_and_grad_2"):
        if "stepgrad" in rows.get("backward_2", {}) and "stepgrad" in rows.get(name, {}):
            ratio = rows[name]["stepgrad"]["median"] / rows["backward_2"]["stepgrad"]["median"]
            yield Judged(TRANSFORMS[name].title, "stepgrad / its backward()", TAPED, ratio)


def chains(found: Figures) -> Iterator[Judged]:
    """What a node costs is the same in every chain, and less than in PyTorch."""
    total = {
        e: {
            int(n): sum([row[e][k]["median"] for k in ("forward", "backward", "free")])
            for n, row in found.items()
            if e in row
        }
        for e in ("stepgrad", "torch")
    }
    ours = total["stepgrad"]
    for n in sorted(set(ours) & set(total["torch"])):
        ratio = ours[n] / total["torch"][n]
        yield Judged(f"chain of {n:,}", "stepgrad / PyTorch", 1.0, ratio, ("chain", "stepgrad"))
    if len(ours) > 1:
        least, most = min(ours), max(ours)
        growth = ours[most] / ours[least]
        yield Judged("chain", f"a node of {most:,} / of {least:,}", CONSTANT, growth, ("chain", "stepgrad"))


def compiling(found: Figures) -> Iterator[Judged]:
    """The python and numpy back ends: microseconds for a node, and growth."""
    for backend in ("python", "numpy"):
        rows = {r["operations"]: r for r in found.values() if r["backend"] == backend}
        for k in ("value", "gradient"):
            each = {n: 1e3 * r[f"{k} ms"]["median"] / r[k] for n, r in rows.items()}
            what, look = f"compile, {backend}, {k}", ("compile", backend)
            if 1000 in each:
                yield Judged(what, "µs for a node, of 1,000", PER_NODE, each[1000], look)
                most = max(each)
                if most > 1000:
                    growth = each[most] / each[1000]
                    yield Judged(what, f"a node of {most:,} / of 1,000", CONSTANT, growth, look)


def best(row: Figures, kind: str, ours: bool) -> str | None:
    """The quickest engine of a kind, of ours or of the others."""
    able = [e for e in row if ENGINES[e].kind == kind and (e in OURS) == ours and e not in BY_HAND]
    return min(able, key=lambda e: row[e]["median"], default=None)
