"""A compiled function run on its own results: in Python, or as one loop of machine code."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.containers import leaves_of
from autograd.engine import Node
from autograd.modes import TRACE, mode


def scan(compiled: Any, carry: Sequence[Any], n: int) -> tuple[list[Any], tuple[Any, ...]]:
    """See Compiled.scan."""
    if not isinstance(carry, tuple | list):
        raise TypeError(
            f"scan: the carry is a {type(carry).__name__}; pass a tuple, one entry for each argument"
        )
    if n < 0:
        raise ValueError(f"scan: n={n} runs; pass 0 or more")
    carry = tuple(carry)
    walk = compiled.walk
    if walk is not None and n and walk.fits(carry):
        return walk(carry, n)
    rows: list[tuple[Any, ...]] = []
    entry, latest = None, compiled._latest
    while len(rows) < n:
        result = compiled(*carry)
        if not latest or latest[0] is not entry:  # what one trace returns is always alike
            checked(result, carry, compiled.name)
            entry = compiled.last
        stop, row, following = result
        rows.append(tuple(row))
        if stop or len(rows) == n:
            break
        walk = compiled.walk = walk_of(compiled.last, carry, following, row)
        carry = tuple(following)
        if walk is not None and walk.fits(carry):
            columns, carry = walk(carry, n - len(rows))
            first = [list(column) for column in zip(*rows, strict=True)]
            return [np.concatenate([a, b]) for a, b in zip(first, columns, strict=True)], carry
    return [np.array(column) for column in zip(*rows, strict=True)], carry


def checked(result: Any, carry: tuple[Any, ...], name: str) -> None:
    """Raise TypeError or ValueError that says what `f` returned, if it is not (stop, row, carry)."""
    wanted = (
        "return (stop, row, carry): a truth value, a tuple of what is kept, a tuple of the next arguments"
    )
    if not isinstance(result, tuple) or len(result) != 3:
        found = (
            f"{len(result)} results" if isinstance(result, tuple | list) else f"one {type(result).__name__}"
        )
        raise TypeError(f"scan: {name} returned {found}; {wanted}")
    stop, row, following = result
    for word, x in (("row", row), ("carry", following)):
        if not isinstance(x, tuple | list):
            raise TypeError(
                f"scan: the {word} that {name} returned is a {type(x).__name__}, no tuple; {wanted}"
            )
    if any([isinstance(x, Node) and x.requires_grad for x in leaves_of([stop, row, following])]):
        raise TypeError(
            f"scan: {name} is given or closes over a Value that requires grad, and a scan records nothing: "
            f"call it under no_grad()"
        )
    if np.shape(stop):
        raise ValueError(
            f"scan: the stop that {name} returned has shape {np.shape(stop)}; reduce it: np.all(stop)"
        )
    if len(following) != len(carry):
        raise ValueError(
            f"scan: {name} takes {len(carry)} arguments and returned a carry of {len(following)}; {wanted}"
        )
    for i, (x, y) in enumerate(zip(carry, following, strict=True)):
        if hasattr(y, "shape") and np.shape(x) != y.shape:
            raise ValueError(
                f"scan: entry {i} of the carry has shape {np.shape(x)} and became {y.shape}; it must keep its shape"
            )


# --- as machine code ------------------------------------------------------------------------------------


def kind(x: Any) -> Any:
    """What machine code for `x` is good for; None if it is no float and no array of them."""
    if isinstance(x, np.ndarray):
        return x.shape if x.dtype == np.float64 and type(x) is np.ndarray else None
    return float if type(x) is float else None


@dataclass(eq=False, slots=True)
class Walk:
    """The loop around what was made for one kind of carry."""

    entry: Any
    kinds: list[Any]  # of the carry
    numbers: bool  # whether these are floats alone
    row: list[Any]  # of what is kept its data when it was traced
    loop: Any

    def fits(self, carry: tuple[Any, ...]) -> bool:
        """Whether it is good for this carry, here and now."""
        return [kind(x) for x in carry] == self.kinds and not mode.get() & TRACE and self.entry.fits()

    def __call__(self, carry: tuple[Any, ...], n: int) -> tuple[list[Any], tuple[Any, ...]]:
        flat = np.array(carry) if self.numbers else np.concatenate([np.ravel(x) for x in carry])
        rows = np.empty(n * sum([np.size(x) for x in self.row]))
        count = self.loop(n, rows, flat)
        columns, start = [], 0
        for x in self.row:
            end = start + n * np.size(x)
            column = rows[start:end].reshape(n, *np.shape(x))[:count]
            column = column.astype(bool) if x.dtype.kind == "b" else column
            columns.append(column if 2 * count > n else column.copy())  # it does not keep what was not used
            start = end
        if self.numbers:
            return columns, tuple(flat.tolist())
        return columns, tuple(self.parts(flat))

    def parts(self, flat: Any) -> Iterator[Any]:
        """The carry, of its elements side by side."""
        start = 0
        for k in self.kinds:
            size = 1 if k is float else math.prod(k)
            yield float(flat[start]) if k is float else flat[start : start + size].reshape(k).copy()
            start += size


def walk_of(entry: Any, carry: Sequence[Any], following: Sequence[Any], row: Sequence[Any]) -> Walk | None:
    """The loop for a carry that becomes one of its kind; None where there is no machine code for it."""
    kinds = [kind(x) for x in carry]
    executable = entry.run
    outputs = executable.program.outputs
    alike = None not in kinds and kinds == [kind(x) for x in following]
    plain = len(outputs) == 1 + len(row) + len(carry) and all([x.dtype.kind in "bf" for x in outputs])
    if not (alike and carry and plain and executable.whole and not executable.program.closed):
        return None
    from autograd.compiler import machine

    shapes = tuple([() if k is float else k for k in kinds])
    loop = machine.loop(executable.source, shapes, len(row))
    kept = [np.asarray(x.data) for x in outputs[1 : 1 + len(row)]]
    return Walk(entry, kinds, set(kinds) == {float}, kept, loop)
