"""Which part of a program recorded which operations: a bounded log of ranges of creation numbers.

A module's call and a `with scope("name"):` block note the numbers between which they ran.
Only pictures read the log.  A note costs a fraction of a microsecond; the oldest are dropped.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, NamedTuple

from autograd.engine import Node, next_number

KEPT = 1 << 15  # notes, a few megabytes


class Note(NamedTuple):
    """One call or block.  The LOG holds plain tuples, which are quicker to make."""

    first: int  # operations recorded inside have higher numbers
    results: Any  # the number of what was returned, or a tuple of numbers; the highest is the last inside
    thread: int  # other threads take numbers from the same counter
    about: Any  # a weak reference to the module, or the name of the block
    kind: type | None  # the class of the module


LOG: deque[tuple[Any, ...]] = deque(maxlen=KEPT)
note = LOG.append


def numbers(output: Any) -> tuple[int, ...]:
    """The creation numbers of the Values in nested tuples, lists and dicts, and the next one."""
    found, todo = [next_number()], [output]
    while todo:
        x = todo.pop()
        if isinstance(x, Node):
            found.append(x._number)
        elif isinstance(x, dict):
            todo.extend(x.values())
        elif isinstance(x, tuple | list):
            todo.extend(x)
    return tuple(found)


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Name what is recorded in this block: pictures draw a frame around it, or fold it to one box.

    Blocks nest, in each other and in modules.  The name has no influence on what is
    computed.  It is shown in graphs that are drawn by the thread that ran the block.
    Raises TypeError if `name` is not a string.

    >>> from autograd import Value
    >>> from autograd.graph import Graph, scope
    >>> x = Value(3.0)
    >>> with scope("square"):
    ...     y = x * x
    >>> [s.path for s in Graph(y).scopes]
    ['square']
    """
    if not isinstance(name, str):
        raise TypeError(f"scope: expected a string, got {type(name).__name__}; write scope('encoder')")
    first = next_number()
    try:
        yield
    finally:
        note((first, (next_number(),), get_ident(), name, None))
