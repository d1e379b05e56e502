"""Where in a recorded graph numbers stopped being finite."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value


def first_nonfinite(
    loss: Value,
    names: dict[int, str] | None = None,
    bad: Callable[[Any], Any] = lambda x: ~np.isfinite(x),
) -> str | None:
    """A sentence about the first operation whose result is not finite though its inputs are, or
    about the leaf or constant that was not finite to begin with; None if all is finite.

    names: of Values, by id.  "First" is in the order of evaluation.
    """
    for node in in_order(loss):
        here = bad(np.asarray(node.data))
        if not here.any():
            continue
        if node.op is None:
            name = (names or {}).get(id(node)) or node.name
            what = f"the parameter {name!r}" if name else "a leaf"
            return f"{what} ({text(node)}) is not finite before any operation: {counted(node.data, here)}"
        for i, x in enumerate(node.inputs):
            if not isinstance(x, Value) and bad(np.asarray(x)).any():
                given = np.asarray(x)
                return f"input {i} of {node.op} ({text(x)}), a constant, is not finite: {counted(given, bad(given))}"
        label = f" named {node.name!r}" if node.name else ""
        operands = ", ".join(text(x) for x in node.inputs)
        return f"{node.op}({operands}){label} gave {counted(node.data, here)} from finite inputs"
    return None


def in_order(root: Value) -> list[Value]:
    """Every Value `root` was made from, each after its inputs, itself last."""
    order: list[Value] = []
    seen: set[int] = set()
    todo: list[tuple[Value, bool]] = [(root, False)]
    while todo:
        node, ready = todo.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            todo.append((node, True))
            todo.extend((x, False) for x in reversed(node.inputs) if isinstance(x, Value))
    return order


def text(x: Any) -> str:
    """An operand in a message: its dtype and shape, or the number."""
    data = np.asarray(x.data if isinstance(x, Value) else x)
    return f"{data.dtype} {data.shape}" if data.ndim else repr(data.item())


def counted(data: Any, where: Any) -> str:
    """'nan at [0, 3] (2 of 12 elements)'."""
    data = np.asarray(data)
    if not data.ndim:
        return str(data[()])
    first = tuple(int(i) for i in np.argwhere(where)[0])
    return f"{data[first]} at {list(first)} ({int(where.sum())} of {data.size} elements)"
