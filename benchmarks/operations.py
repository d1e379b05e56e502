"""What one operation costs on a tape, forward and backward, whatever it computes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks import timing
from benchmarks.engines import Tape
from benchmarks.timing import resident


def mixed(e: Tape, x: Any, y: Any, rounds: int) -> Any:
    """Rounds of 10 operations: only + - * / **, negation and relu."""
    z = x
    for _ in range(rounds):
        z = e.relu(z * y + x - 0.25) / (y + 1.5)
        z = -(z**2) + x
        z = z * 0.5
    return z


def products(e: Tape, x: Any, y: Any, rounds: int) -> Any:
    """Rounds of 2 operations."""
    z = x
    for _ in range(rounds):
        z = z * y + x
    return z


class Operations(NamedTuple):
    """A row of the table of operations."""

    title: str
    f: Callable[[Tape, Any, Any, int], Any]
    rounds: int
    operations: int  # as the user writes them, the final sum of an array included
    side: int | None = None  # arrays of (side, side)

    def arguments(self) -> list[Any]:
        if self.side is None:
            return [0.6, 0.7]
        rng = np.random.default_rng(3)
        return [
            rng.uniform(low, high, (self.side, self.side)).tolist() for low, high in ((0.5, 0.9), (0.3, 0.8))
        ]

    def function(self, e: Tape, x: Any, y: Any) -> Any:
        z = self.f(e, x, y, self.rounds)
        return z if self.side is None else e.sum(z)


OPERATIONS: dict[str, Operations] = {
    "op_scalar": Operations("scalars, mixed", mixed, 40, 400),
    "op_scalar_zyx": Operations("scalars, z * y + x", products, 200, 400),
    "op_32": Operations("(32, 32), mixed", mixed, 40, 401, 32),
    "op_32_zyx": Operations("(32, 32), z * y + x", products, 200, 401, 32),
    "op_1000": Operations("(1000, 1000), mixed", mixed, 2, 21, 1000),
}


# --- a long chain -----------------------------------------------------------------------------


CHAINED = 100_000  # nodes at least, in chains one after the other (for the bytes: at once)


def chain(e: Tape, n: int) -> dict[str, Any]:
    """`n` multiplications in a row: seconds forward, backward and to free, bytes, all for one node."""
    x, y, clock, many = e.leaf(1.0), e.leaf(1.0 + 1.0 / n), timing.clock, max(1, CHAINED // n)

    def made() -> Any:
        z = x
        for _ in range(n):
            z = z * y
        return z

    def clear() -> None:
        for leaf in (x, y):
            e.clear(leaf)

    products(e, x, y, 1).backward()  # what is loaded on first use is no part of the nodes
    size = bytes_of(made, n * many, many)  # now, while no memory is there to be used again
    value, spent = 0.0, [0.0, 0.0, 0.0]
    for _ in range(many):
        clear()
        start = clock()
        z = made()
        middle = clock()
        z.backward()
        end = clock()
        value = e.plain(e.data(z))
        after = clock()
        del z
        for i, seconds in enumerate((middle - start, end - middle, clock() - after)):
            spent[i] += seconds / (n * many)
    gradients = [e.plain(x.grad), e.plain(y.grad)]
    return {
        "seconds": dict(zip(("forward", "backward", "free"), spent, strict=True)),
        "bytes": size,
        "value": value,
        "gradients": gradients,
    }


def bytes_of(made: Callable[[], Any], nodes: int, many: int) -> float:
    """Bytes of resident memory for a node, of so many chains at once."""
    before = resident()
    kept = [made() for _ in range(many)]
    after = resident()
    del kept
    return (after - before) / nodes


# --- growing networks -------------------------------------------------------------------------

DEPTHS = (2, 4, 8, 16, 32, 64)
WIDTH = 32


def deep(e: Tape, *weights: Any) -> Any:
    """A batch of 32 through relu layers of 32 neurons: three operations for each layer."""
    z = e.batch
    for w, b in zip(weights[::2], weights[1::2], strict=True):
        z = e.relu(z @ w + b)
    return e.sum(z)


def deep_arguments(depth: int) -> list[Any]:
    rng = np.random.default_rng(5)
    return [rng.uniform(-0.25, 0.25, s).tolist() for _ in range(depth) for s in ((WIDTH, WIDTH), WIDTH)]


def batch() -> Any:
    return np.random.default_rng(6).uniform(-1, 1, (WIDTH, WIDTH))
