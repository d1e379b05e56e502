"""A compiled function run on its own results: in Python, or as one loop of machine code."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Loop = Callable[..., tuple[Any, ...]]


def scan(compiled: Any, carry: Sequence[Any], n: int) -> tuple[list[Any], tuple[Any, ...]]:
    """See Compiled.scan."""
    carry = tuple(carry)
    rows: list[tuple[Any, ...]] = []
    while len(rows) < n:
        stop, row, following = compiled(*carry)
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
