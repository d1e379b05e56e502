"""Record an operation; walk a recorded graph backwards.  The only code that knows the order.

Every recorded node takes the next number of one counter, so creation order is a
topological order: the backward walk always takes the highest number left, and
each node is visited once, after all its contributions have arrived.
"""

import itertools
import sys
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from threading import get_ident
from typing import Any

import numpy as np

from autograd import anomaly
from autograd.modes import OBSERVE, RECORD, TRACE, WATCH, WATCH_INF
from autograd.modes import mode as _current
from autograd.rules.table import Array, Op

LIVE, SPENT, RELEASED, CHANGED = 0, 1, 2, 3  # Node.state

next_number: Callable[[], int] = itertools.count(1).__next__
VISITS: deque[tuple[int, int, int]] = deque(maxlen=1 << 16)  # of recorded walks, for pictures: what is
# recorded from this number on belongs to the visit of that node (0: to none), in this thread
ndarray, float64 = np.ndarray, np.float64
_new = object.__new__
_mode = _current.get


class Node:
    """What the engine knows of a Value: its number, its data, and how it came to be.

    It points to its inputs and never to what was made from it, so a graph has no
    reference cycle and is freed by reference counting.
    """

    __slots__ = (
        "__weakref__",
        "_array",  # np.ndarray, or a NumPy scalar for shape ()
        "_grad",  # array | Value | None
        "_name",  # str | None; unset until given
        "_number",  # creation number; an in-place change takes a new one
        "_site",  # what detect_anomaly remembers; unset elsewhere
        "inputs",  # Nodes and plain constants, in operand order
        "op",  # Op, or None for a leaf
        "params",  # dict of named, hashable parameters
        "requires_grad",
        "state",
    )
    _array: Any
    _grad: Any
    _name: str | None
    _number: int
    _site: Any
    inputs: tuple[Any, ...]
    op: Op | None
    params: dict[str, Any]
    requires_grad: bool
    state: int


Value: type[Any] = Node  # what results are made of; value.py puts its class here
# while a program is traced; compiler/trace.py puts them here:
Traced: type[Any] = Node  # what results are made of then
traced: Any = None  # makes a result one of those, and remembers it
_OPERANDS = (float, int, np.generic, ndarray, list, tuple)  # a tuple: a union is made anew each time
NO_PARAMS: dict[str, Any] = {}


# --- recording --------------------------------------------------------------------------


def constant(x: Any) -> Any:
    """A plain operand as NumPy sees it, or TypeError.  Python numbers stay weakly typed."""
    kind: Any = type(x)
    if kind is float or kind is int or kind is bool:
        return x
    if kind is ndarray and x.ndim and x.dtype.kind in "fiub":
        return x
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if isinstance(x, (np.generic, ndarray)):
        if x.dtype.kind not in "fiub":
            raise TypeError(
                f"an operand has dtype {x.dtype}; Values work with real numbers: "
                f"convert it, e.g. with .astype(float)"
            )
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError("an operand is a masked array; fill it first with .filled(value)")
        if isinstance(x, np.matrix):
            raise TypeError("an operand is an np.matrix; use np.asarray(m), and @ for the matrix product")
        return np.asarray(x) if x.ndim else np.asarray(x)[()]
    if isinstance(x, (float, int)):  # subclasses of Python's numbers
        return float(x) if isinstance(x, float) else int(x)
    raise TypeError(f"an operand has type {kind.__name__}; expected a number, an array or a Value")


def operand(x: Any) -> Any:
    """``constant`` for an operator: NotImplemented for a stranger, who may know what to do."""
    return constant(x) if isinstance(x, _OPERANDS) else NotImplemented


def raw(x: Any) -> Any:
    """The plain data of an operand, Value or constant."""
    return x._array if isinstance(x, Node) else constant(x)


def record(op: Op, inputs: Sequence[Any], params: dict[str, Any] = NO_PARAMS) -> Any:
    """Compute ``op`` on its inputs' data and remember how the result came to be."""
    try:
        inputs = tuple([x if isinstance(x, Node) else constant(x) for x in inputs])
    except TypeError as error:
        raise TypeError(f"{op.name}: {error}") from None
    args = [x._array if isinstance(x, Node) else x for x in inputs]
    try:
        data = op.forward(*args, **params)
    except (ValueError, TypeError, IndexError) as error:
        raise explained(op, args, error) from error
    if type(data) is ndarray:
        if not data.ndim:
            data = data[()]
        elif any([data is a for a in args]):
            data = data[...]  # so that it is seen to be a view
    elif not isinstance(data, (ndarray, np.generic)):
        if not isinstance(data, (float, int)):
            raise TypeError(
                f"{op.name} returned {type(data).__name__}; a primitive returns one number or array"
            )
        data = np.asarray(data)[()]
    tracked = False
    for x in inputs:
        if isinstance(x, Node) and x.requires_grad:
            tracked = True
    return result(data, op, inputs, params, tracked)


def unary(op: Op, x: Any) -> Any:
    """``record`` for one Value and no parameters: the operators' way in."""
    return result(op.forward(x._array), op, (x,), NO_PARAMS, x.requires_grad)


def binary(op: Op, x: Any, y: Any) -> Any:
    """``record`` for two operands and no parameters: the operators' way in.

    NotImplemented for an operand of a foreign type, which may know what to do.
    """
    try:
        if type(x) is Value or isinstance(x, Node):
            a, tracked = x._array, x.requires_grad
        else:
            x = a = x if type(x) is float or type(x) is int else operand(x)
            tracked = False
        if type(y) is Value or isinstance(y, Node):
            b, tracked = y._array, tracked or y.requires_grad
        else:
            y = b = y if type(y) is float or type(y) is int else operand(y)
    except TypeError as error:
        raise TypeError(f"{op.name}: {error}") from None
    if a is NotImplemented or b is NotImplemented:
        return NotImplemented
    try:
        data = op.forward(a, b)
    except (ValueError, TypeError, OverflowError) as error:
        raise explained(op, [a, b], error) from error
    return result(data, op, (x, y), NO_PARAMS, tracked)


def result(data: Array, op: Op, inputs: tuple[Any, ...], params: dict[str, Any], tracked: bool) -> Any:
    """A new Value; it remembers its inputs if one of them carries gradient."""
    v = _new(Value)
    v._array = data
    v._grad = None
    v._number = next_number()
    v.state = LIVE
    v.params = params
    mode = _mode()
    if tracked and mode & RECORD:
        v.op = op
        v.inputs = inputs
        v.requires_grad = True
        if mode > RECORD:
            if mode & TRACE:
                traced(v)
            elif mode & WATCH:
                v._site = anomaly.remember(inputs)
    elif mode & TRACE and any([isinstance(x, Node) for x in inputs]):
        v.op, v.inputs, v.requires_grad = op, inputs, False
        traced(v)
    else:
        v._array = unshared(data, inputs)
        v.op = None
        v.inputs = ()
        v.requires_grad = False
    return v


def unshared(data: Array, inputs: tuple[Any, ...]) -> Array:
    """A constant's own data, so that no later change elsewhere reaches it unseen.

    What NumPy makes a view becomes a read-only copy: a write into it, which NumPy
    would let through to the base, is refused instead of lost.
    """
    if type(data) is ndarray and data.base is not None:
        data = data.copy()
        data.flags.writeable = False
    elif type(data) is ndarray and any([data is raw(x) for x in inputs]):
        data = data.copy()
    return data


def explained(op: Op, args: Sequence[Any], error: Exception) -> Exception:
    """The same error with the operation, the shapes and dtypes, and the mend in it."""
    given = ", ".join(anomaly.describe(a) for a in args)
    mend = ""
    if op.name == "matmul" and "core dimension" in str(error):
        x, y = (np.shape(a) for a in args)
        error = ValueError(
            f"the last axis of the first ({x[-1]}) must equal the "
            f"{'second last' if len(y) > 1 else 'only'} axis of the second ({y[-2:][0]}): transpose one of them"
        )
    elif op.broadcasts and "broadcast" in str(error):
        mend = "; shapes are aligned from the right: reshape one of them, e.g. y[:, None]"
    message = f"{op.name}({given}): {error}{mend}"
    if type(error) in (ValueError, TypeError, IndexError, OverflowError):
        return type(error)(message)
    error.add_note(message)
    return error


# --- walking backwards ------------------------------------------------------------------


def walk(
    seeds: Sequence[tuple[Any, Array]],
    *,
    create_graph: bool = False,
    keep: bool = True,
    release: bool = False,
    store: bool = True,
    wanted: dict[int, Any] | None = None,
    since: int = 0,
) -> dict[int, tuple[Any, Array]]:
    """Hand gradient back from the seeded Values; number -> (Value, gradient) of those asked for.

    Asked for are the leaves, or ``wanted`` (then only the paths that reach them are
    walked, and only through nodes newer than ``since``).  ``create_graph``: run the
    rules on Values, so that the walk is itself recorded.  ``keep``: the graph may be
    walked again.  ``release``: forget the graph on the way.  ``store``: put each
    result's gradient in its ``.grad``.
    If a rule raises, nothing is spent (unless ``release`` has forgotten it).
    """
    if _mode() & TRACE:
        create_graph, store = True, False  # the pass is part of the program
    paths = set() if wanted is None else _paths([v for v, _ in seeds], wanted, since)
    arrived: dict[int, list[Any]] = {}  # number -> [Value, gradient so far]
    owned: set[int] = set()  # gradients in buffers made here, to be added to in place
    heap: list[int] = []  # negated numbers of the nodes to visit: the highest comes first
    found: dict[int, tuple[Any, Array]] = {}
    visited: list[Any] = []
    leaves: list[int] = []
    watch = _mode() & (WATCH | WATCH_INF | OBSERVE)
    if watch:
        anomaly.begin(seeds, watch, store)
    token = _current.set(_mode() | RECORD) if create_graph else None  # whatever the mode outside
    for v, seed in seeds:
        n = v._number
        if n in arrived:
            arrived[n][1] = arrived[n][1] + seed
        else:
            arrived[n] = [v, seed]
            heappush(heap, -n)
    try:
        while heap:
            n = -heappop(heap)
            node, g = arrived.pop(n)
            op = node.op
            if op is None if wanted is None else n in wanted:
                found[n] = node, g
            if op is None or (wanted is not None and n not in paths):
                continue
            if node.state:
                raise RuntimeError(_unusable(node))
            if not release:
                visited.append(node)
            if store:
                node._grad = g
            if not keep:
                node.state = SPENT
            inputs, params, rules = node.inputs, node.params, op.rules
            if watch:
                anomaly.check_unchanged(node)
            if create_graph:
                VISITS.append((next_number(), n, get_ident()))
            # calls written out for one and two inputs: f(*args) takes twice as long
            arity = 0 if params or op.variadic else len(inputs)
            if arity == 2:
                a, b = inputs
                edges: Any = ((a, rules[0]), (b, rules[1]))
                if not create_graph:
                    a = a._array if type(a) is Value or isinstance(a, Node) else a
                    b = b._array if type(b) is Value or isinstance(b, Node) else b
            elif arity == 1:
                a = inputs[0]
                edges = ((a, rules[0]),)
                if not create_graph:
                    a = a._array
            else:
                args = inputs if create_graph else [x._array if isinstance(x, Node) else x for x in inputs]
                edges = zip(inputs, _one_each(op, inputs) if op.variadic else rules, strict=True)
            out = node if create_graph else node._array
            for x, rule in edges:
                if type(x) is not Value and not isinstance(x, Node):
                    continue
                m = x._number
                if m > n:
                    raise RuntimeError(_changed(node, x))
                if not x.requires_grad:
                    continue
                if wanted is not None and m not in wanted and m not in paths:
                    if _stale(x):
                        raise RuntimeError(_changed(node, x))
                    continue
                if rule is None:
                    raise TypeError(_no_rule(node, x))
                if arity == 2:
                    r = rule(g, out, a, b)
                elif arity == 1:
                    r = rule(g, out, a)
                else:
                    r = rule(g, out, *args, **params)
                if type(r) is not float64 or type(x._array) is not float64:
                    d = x._array
                    if type(d) is ndarray and d.base is not None and _stale(x):
                        raise RuntimeError(_changed(node, x))
                    if type(r) is not ndarray or r.shape != d.shape or r.dtype is not d.dtype or not r.ndim:
                        r = fitted(r, x, node)
                if watch:
                    anomaly.check_edge(r, g, node, slot_of(x, node), watch)
                if m not in arrived:
                    arrived[m] = [x, r]
                    if x.op is not None:
                        heappush(heap, -m)
                    elif wanted is None or m in wanted:
                        leaves.append(m)
                elif type(r) is ndarray and m in owned:
                    arrived[m][1] += r
                else:
                    sofar = arrived[m]
                    sofar[1] = sofar[1] + r
                    if type(r) is ndarray:
                        owned.add(m)
            if release:
                node.state, node.inputs = RELEASED, ()
    except BaseException as error:
        for node in visited:
            node.state, node._grad = LIVE, None
        if visited and isinstance(error, Exception):
            error.add_note(_where(visited[-1]))
        raise
    finally:
        if token is not None:
            _current.reset(token)
            VISITS.append((next_number(), 0, get_ident()))
    for m in leaves:
        found[m] = tuple(arrived.pop(m))
    r = g = seed = sofar = seeds = None  # type: ignore[assignment]  # now only `found` holds what is unshared
    for n, entry in found.items():
        if type(entry[1]) is ndarray and (entry[1].base is not None or _references(entry) > _ALONE):
            found[n] = entry[0], entry[1].copy()  # never shared: with a gradient, a seed, a constant
    if watch:
        anomaly.end(found, watch, store)
    return found


def _one_each(op: Op, inputs: Sequence[Any]) -> list[Any]:
    """The single rule of a variadic operation, for each of its inputs."""
    rule: Any = op.rules[0]
    return [partial(rule, i=i) for i in range(len(inputs))]


def _references(entry: tuple[Any, Array]) -> int:
    return sys.getrefcount(entry[1])


_ALONE = _references((None, np.zeros(1)))  # what an array counts that nobody else holds


def fitted(r: Array, x: Node, node: Any) -> Array:
    """``r`` with the shape and dtype of ``x``: broadcasting undone, cast; else an error."""
    d = x._array
    if not hasattr(r, "shape"):
        if not isinstance(r, (float, int)):
            raise RuntimeError(
                f"the rule of {node.op.name} for input {slot_of(x, node)} returned {type(r).__name__}; "
                f"it must return an array of shape {d.shape}"
            )
        r = np.asarray(r)[()]
    if r.dtype.kind not in "fiub":
        raise RuntimeError(
            f"the rule of {node.op.name} for input {slot_of(x, node)} returned dtype {r.dtype}; "
            f"the input has dtype {d.dtype}: a gradient is real"
        )
    if r.shape != d.shape:
        if node.op.broadcasts:
            r = unbroadcast(r, d.shape)
        if r.shape != d.shape:
            raise RuntimeError(
                f"the rule of {node.op.name} for input {slot_of(x, node)} returned shape {r.shape}; "
                f"the input has shape {d.shape}: the rule is wrong"
            )
    if type(r) is ndarray and not r.ndim:
        r = r[()]
    return r if r.dtype == d.dtype else r.astype(d.dtype)


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum ``g`` over the axes along which an operand of ``shape`` was repeated."""
    if not shape:
        return g.sum()
    lead = g.ndim - len(shape)
    if lead > 0:
        g = g.sum(axis=tuple(range(lead)))
    if g.ndim == len(shape):
        axes = tuple([i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1])
        if axes:
            g = g.sum(axis=axes, keepdims=True)
    return g


def slot_of(x: Any, node: Any) -> int:
    """Which input of `node` the Value `x` is."""
    return next(i for i, y in enumerate(node.inputs) if y is x)


def _stale(x: Any) -> bool:
    """Whether a view shows data that was changed in place since the view was made."""
    while x.inputs and type(x._array) is ndarray and x._array.base is not None:
        for y in x.inputs:
            if isinstance(y, Node) and type(y._array) is ndarray:
                if y._number > x._number:
                    return True
                x = y
                break
        else:
            return False
    return False


def ancestors(roots: Sequence[Any]) -> dict[int, Any]:
    """Every tracked Value the roots were made from, themselves included, by number."""
    seen = {v._number: v for v in roots}
    todo = list(roots)
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Node) and x.requires_grad and x._number not in seen:
                seen[x._number] = x
                todo.append(x)
    return seen


def _paths(roots: Sequence[Any], wanted: dict[int, Any], since: int) -> set[int]:
    """The numbers of the nodes that lie on a way from the roots to what is wanted."""
    paths: set[int] = set()
    seen = ancestors(roots)
    for n in sorted([n for n in seen if n > since]):
        for x in seen[n].inputs:
            if isinstance(x, Node) and (x._number in paths or x._number in wanted):
                paths.add(n)
                break
    return paths


# --- what went wrong --------------------------------------------------------------------


def _label(v: Any) -> str:
    name = getattr(v, "_name", None)
    what = v.op.name if v.op is not None else "leaf"
    return f"{what} {anomaly.describe(v._array)}" + (f" named {name!r}" if name else "")


def _unusable(node: Any) -> str:
    if node.state == CHANGED:
        return (
            f"the result of {_label(node)} was changed in place after it was recorded, so its "
            f"gradient is no longer known; change a copy instead (y = y * 1) or detach() it first"
        )
    if node.state == RELEASED:
        return (
            f"this graph was released: the result of {_label(node)} was already used by a "
            f"backward(release=True); compute the result again, or leave out release"
        )
    return (
        f"this graph is spent: the result of {_label(node)} was already used by a backward(); "
        f"pass retain_graph=True to the first backward(), or compute the result again"
    )


def _changed(node: Any, x: Any) -> str:
    return (
        f"input {slot_of(x, node)} of {node.op.name} ({_label(x)}), or what it is a view of, was changed in place "
        f"after {node.op.name} read it, so the gradient would be that of another function; call backward() before the "
        f"change, or compute the result again"
    )


def _no_rule(node: Any, x: Any) -> str:
    return (
        f"{node.op.name} has no gradient with respect to input {slot_of(x, node)}; "
        f"pass that input as a plain array (.data) or as .detach()"
    )


def _where(node: Any) -> str:
    """The note an error inside a rule carries."""
    shapes = ", ".join(anomaly.describe(raw(x)) for x in node.inputs)
    site = getattr(node, "_site", None)
    line = f", recorded at {site.line}" if site else " (detect_anomaly() names the line)"
    return f"in the backward of {node.op.name}({shapes}){line}"
