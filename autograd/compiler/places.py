"""Indices that are not known while a program is traced: `x[ids]`, with `ids` among its operands.

Outside a program an index is a parameter of the operation.  Here it differs from call to call.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import engine, messages
from autograd.rules import indexing, kernels, shaping
from autograd.rules.kernels import Index
from autograd.rules.table import Array, Op
from autograd.tracing import is_tracing

GAP = "?"  # stands for an index that comes with each call


class Places(Index):
    """What stands between the brackets, with gaps."""

    __slots__ = ()

    def __init__(self, index: Index) -> None:
        self.parts = tuple([GAP if i in index.unknown else p for i, p in enumerate(index.parts)])
        self.basic, self.unknown, self._key = False, {}, None

    def filled(self, ids: Sequence[Any]) -> tuple[Any, ...]:
        """What NumPy is given."""
        rest = iter(ids)
        return tuple([next(rest) if type(p) is str else p for p in self.parts])


def look_up(x: Array, *ids: Any, index: Places) -> Any:
    """`x[index]`."""
    try:
        return x[index.filled(ids)]
    except IndexError as error:
        if is_tracing():  # the engine says it
            raise
        raise messages.explained(indexing.GETITEM, [x], error) from error


def scatter(g: Array, *ids: Any, index: Places, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `g` added at `index`: the transpose of `look_up`."""
    out = np.zeros(shape, dtype=g.dtype)
    np.add.at(out, index.filled(ids), g)
    return out


def put(x: Array, v: Array, *ids: Any, index: Places) -> Any:
    """A copy of `x` in which `x[index]` is `v`."""
    try:
        return kernels.setitem(x, v, index=Index(index.filled(ids)))
    except IndexError as error:
        if is_tracing():  # the engine says it
            raise
        raise messages.explained(indexing.SETITEM, [x, v], error) from error


def put_rule(g: Array, out: Array, x: Array, v: Array, *ids: Any, i: int, index: Places) -> Any:
    if i == 0:
        return PUT(g, 0.0, *ids, index=index)
    return indexing.shrunk(LOOK_UP(g, *ids, index=index), v)


def look_up_rule(g: Array, out: Array, x: Array, *ids: Any, i: int, index: Places) -> Any:
    return SCATTER(g, *ids, index=index, shape=x.shape)


def scatter_rule(g: Array, out: Array, x: Array, *ids: Any, i: int, index: Places, shape: Any) -> Any:
    return LOOK_UP(g, *ids, index=index)


LOOK_UP = Op("getitem", look_up, look_up_rule, variadic=True)
SCATTER = Op("scatter_add", scatter, scatter_rule, variadic=True)
PUT = Op("setitem", put, put_rule, variadic=True, broadcasts=True)


def lifted(v: Any) -> None:
    """Make the index of a traced `x[index]` or `x[index] = y`, recorded as a parameter, an operand."""
    index = v.params["index"]
    ids = tuple(index.unknown.values())
    op = LOOK_UP if v.op is indexing.GETITEM else PUT
    inputs, params = (*v.inputs, *ids), {"index": Places(index)}
    if op is LOOK_UP and v._array.base is not None and v.shape:
        # with integers a view, which may not be written into: so it must look like one
        found = engine.result(v._array, op, inputs, params, v.requires_grad)
        op, inputs, params = shaping.RESHAPE, (found,), {"shape": v.shape}
        v._number = engine.next_number()
    v.op, v.inputs, v.params = op, inputs, params


def recorded(x: Any, index: Index) -> Any:
    """`x[index]` of an array or Value."""
    places = Places(index)
    return engine.record(LOOK_UP, (x, *index.unknown.values()), {"index": places})
