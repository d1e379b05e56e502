"""Hand tangents forward along a recorded graph, by the same rules that hand gradient back.

An elementwise operation is its own transpose: its rule turns a tangent into a tangent as it turns
a gradient into a gradient.  A linear operation of one input is its own derivative.  Elsewhere a rule,
which is linear in the gradient, is differentiated with respect to that (Townsend, 2017, "A new trick
for calculating Jacobian vector products").
"""

from collections.abc import Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from autograd import backward, messages
from autograd.engine import ALL, NO_PARAMS, Node, tracked
from autograd.modes import enable_grad
from autograd.quiet import aloud, silence
from autograd.rules import elementwise, indexing, reductions, shaping, special
from autograd.rules.contraction import MATMUL
from autograd.rules.table import UFUNCS, Array, Op

BY_NUMBER = attrgetter("_number")
ndarray = np.ndarray
NO_OP: Any = None  # what a leaf was made by
ELEMENTWISE = {
    *[op for f, op in UFUNCS.items() if type(op) is Op and f.signature is None],
    elementwise.POWER,
    elementwise.WHERE,
    elementwise.SIGMOID,
    elementwise.IDENTITY,
    elementwise.COPY,
    special.RELU,
    special.SOFTPLUS,
    special.LOG_SIGMOID,
}
LINEAR = {
    reductions.SUM,
    reductions.MEAN,
    reductions.CUMSUM,
    indexing.GETITEM,
    indexing.SCATTER_ADD,
    shaping.RESHAPE,
    shaping.TRANSPOSE,
    shaping.BROADCAST_TO,
    shaping.FLIP,
    shaping.PAD,
}


def push(y: Any, nodes: Iterable[Any], tangents: Mapping[Any, Array]) -> Array | None:
    """The tangent of `y`, a Value, for those of Values it was made from; None if it was made from none of them.

    tangents: for each Value one of its shape and dtype.
    nodes: the results on the way there, `y` itself included.
    Raises RuntimeError if the graph was released, or an input changed in place since.
    """
    known = dict(tangents)
    quiet = silence()
    try:
        for node in sorted(nodes, key=BY_NUMBER):
            args, read, ways = [], [], []
            for i, x in enumerate(node.inputs):
                if type(x) is not ndarray and isinstance(x, Node):
                    if x in known:
                        ways.append((i, known[x]))
                    read.append(x)
                    x = x._array
                args.append(x)
            if not ways:
                continue
            if node.state:
                raise RuntimeError(messages.unusable(node))
            for x in read:
                if x._number > node._number:
                    raise RuntimeError(messages.changed(node, x))
                backward.check_current(x, node)
            total: Any = None
            for i, t in ways:
                t = along(node, i, t, args)
                total = t if total is None else total + t
            known[node] = total
    finally:
        aloud(quiet)
    data, found = y._array, known.get(y)
    if found is None:
        return None
    if found.dtype != data.dtype:
        return found.astype(data.dtype)
    if type(found) is ndarray and (found.base is not None or any([found is t for t in tangents.values()])):
        return found.copy()  # never shared
    return found


def along(node: Any, i: int, t: Array, args: list[Any]) -> Array:
    """What the tangent `t` of its input `i` adds to the tangent of a result."""
    op, out, params = node.op, node._array, node.params
    rule = partial(op.rules[0], i=i) if op.variadic else op.rules[i]
    if op in ELEMENTWISE and rule is not None:
        return full(rule(full(t, out), out, *args, **params), out)
    if op is MATMUL:
        return t @ args[1] if i == 0 else args[0] @ t
    if op in LINEAR:
        r = op.forward(t, **params)
        return r if r.ndim else r[()]
    if rule is None:
        raise TypeError(messages.no_rule(node, node.inputs[i]))
    g = tracked(np.zeros(out.shape, out.dtype)[()], NO_OP, (), ALL, NO_PARAMS)
    with enable_grad():
        pulled = backward.checked(rule(g, out, *args, **params), node.inputs[i], node)
    if isinstance(pulled, Node) and pulled.requires_grad:
        return backward.walk([(pulled, t)], store=False).get(g, g._array)
    return g._array


def full(t: Array, out: Array) -> Array:
    """A tangent with the shape and dtype of a result; it may be a view of one element."""
    if t.shape != out.shape:
        t = np.broadcast_to(t, out.shape)
    if t.dtype != out.dtype:
        t = t.astype(out.dtype)
    return t if out.ndim else t[()]
