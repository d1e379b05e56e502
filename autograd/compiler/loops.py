"""A compiled function run on its own results: in Python, or as one loop of machine code."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.engine import Node
from autograd.transforms import leaves_of

Loop = Callable[..., tuple[Any, ...]]


def scan(compiled: Any, carry: Sequence[Any], n: int) -> tuple[list[Any], tuple[Any, ...]]:
    """See Compiled.scan."""
    if not isinstance(carry, tuple | list):
        raise TypeError(
            f"scan: the carry is a {type(carry).__name__}; pass a tuple, one entry for each argument"
        )
    if n < 0:
        raise ValueError(f"scan: n={n} runs; pass 0 or more")
    carry = tuple(carry)
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
        again = all([kind(x) == kind(y) is not None for x, y in zip(carry, following, strict=True)])
        carry = tuple(following)
        if again and carry and compiled.last.run.whole and not compiled.last.run.program.closed:
            columns, carry = in_machine_code(compiled.last, carry, n - len(rows), row)
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


def kind(x: Any) -> Any:
    """What machine code for `x` is good for; None if it is no float and no array of them."""
    if isinstance(x, np.ndarray):
        return (x.dtype, x.shape) if x.dtype == np.float64 else None
    return float if type(x) is float else None


def in_machine_code(
    entry: Any, carry: tuple[Any, ...], n: int, row: Sequence[Any]
) -> tuple[list[Any], tuple[Any, ...]]:
    """The rest of a scan of numbers and small arrays, with the loop inside."""
    loop = entry.run.loop
    if loop is None:
        loop = entry.run.loop = made(entry.run.make(), len(carry), len(row))
    columns = [np.empty((n, *np.shape(x))) for x in row]
    carry = tuple([np.ascontiguousarray(x) if np.ndim(x) else x for x in carry])
    count, *last = loop(n, *columns, *carry)
    return [column[:count] for column in columns], tuple(last)


def made(run: Any, width: int, columns: int) -> Loop:
    """The loop around a machine-code function of numbers, as machine code."""
    from autograd.compiler.jit import machine_code

    now = ", ".join([f"c{i}" for i in range(width)])
    following = [f"n{i}" for i in range(width)]
    row = [f"r{i}" for i in range(columns)]
    given = ", ".join(["n", *[f"rows{i}" for i in range(columns)], now])
    text = [f"def loop({given}):", "    for i in range(n):"]
    text += [f"        {', '.join(['stop', *row, *following])} = run({now})"]
    text += [f"        rows{i}[i] = {r}" for i, r in enumerate(row)]
    text += [
        "        if stop:",
        f"            return i + 1, {now}",
        "        if i < n - 1:",
        f"            {now} = {', '.join(following)}",
    ]
    text += [f"    return n, {now}", ""]
    loop: Loop = machine_code("\n".join(text), "loop", (("run", run),))
    return loop
