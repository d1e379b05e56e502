"""Record an operation; walk a recorded graph backwards.  The only code that knows the order.

Every recorded node takes the next number of one counter, so creation order is a
topological order: the backward walk always takes the highest number left, and
each node is visited once, after all its contributions have arrived.
"""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush, heapreplace
from sys import getrefcount
from threading import get_ident
from typing import Any

import numpy as np

from autograd import anomaly, messages
from autograd.messages import CHANGED as CHANGED
from autograd.messages import LIVE as LIVE
from autograd.messages import RELEASED as RELEASED
from autograd.messages import SPENT as SPENT
from autograd.messages import explained as explained
from autograd.messages import slot_of
from autograd.modes import OBSERVE, RECORD, TRACE, WATCH, WATCH_INF
from autograd.modes import mode as _current
from autograd.rules.elementwise import POSITIVE
from autograd.rules.table import Array, Op

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
        "_first",  # the first operand; all of them, if there are more or fewer than one or two
        "_grad",  # array | Value | None
        "_name",  # str | None; unset until given
        "_number",  # creation number; an in-place change takes a new one
        "_second",  # the second operand, or ONLY or ALL: what the first one is
        "_site",  # what detect_anomaly remembers; unset elsewhere
        "op",  # Op, or None for a leaf
        "params",  # dict of named, hashable parameters
        "requires_grad",
        "state",
    )
    _array: Any
    _first: Any
    _grad: Any
    _name: str | None
    _number: int
    _second: Any
    _site: Any
    op: Op | None
    params: dict[str, Any]
    requires_grad: bool
    state: int

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The operands, Nodes and plain constants, in their order."""
        second = self._second
        if second is ONLY:
            return (self._first,)
        return self._first if second is ALL else (self._first, second)

    @inputs.setter
    def inputs(self, inputs: tuple[Any, ...]) -> None:
        n = len(inputs)
        self._first = inputs if n == 0 or n > 2 else inputs[0]
        self._second = inputs[1] if n == 2 else ONLY if n == 1 else ALL

    @inputs.deleter
    def inputs(self) -> None:
        del self._first, self._second


# one and two operands have slots of their own: a tuple would be a second object for the collector to visit
ONLY, ALL = None, ...
Value: type[Any] = Node  # what results are made of; value.py puts its class here
# while a program is traced; compiler/trace.py puts them here:
Traced: type[Any] = Node  # what results are made of then
traced: Any = None  # makes a result one of those, and remembers it
_OPERANDS = (float, int, np.generic, ndarray, list, tuple)  # a tuple: a union is made anew each time
NO_PARAMS: dict[str, Any] = {}
NOTHING: Any = ()


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
    kept, args, carries = [], [], False
    for x in inputs:
        if type(x) is Value or isinstance(x, Node):
            args.append(x._array)
            carries = carries or x.requires_grad
        else:
            try:
                x = constant(x)
            except TypeError as error:
                raise TypeError(f"{op.name}: {error}") from None
            args.append(x)
        kept.append(x)
    try:
        data = op.forward(*args, **params) if params else op.forward(*args)
    except (ValueError, TypeError, IndexError) as error:
        raise explained(op, args, error) from error
    if type(data) is ndarray:
        if not data.ndim:
            data = data[()]
        else:
            for a in args:
                if data is a:
                    data = data[...]  # so that it is seen to be a view
    elif not isinstance(data, (ndarray, np.generic)):
        if not isinstance(data, (float, int)):
            raise TypeError(
                f"{op.name} returned {type(data).__name__}; a primitive returns one number or array"
            )
        data = np.asarray(data)[()]
    elif isinstance(data, ndarray):  # a subclass, whose operators may mean something else
        try:
            data = constant(data)
        except TypeError as error:
            raise TypeError(f"the result of {op.name}: {error}") from None
    if carries and _mode() == RECORD:
        n = len(kept)
        if n == 1:
            return tracked(data, op, kept[0], ONLY, params)
        if n == 2:
            return tracked(data, op, kept[0], kept[1], params)
        return tracked(data, op, tuple(kept), ALL, params)
    return result(data, op, tuple(kept), params, carries)


def tracked(data: Array, op: Op, first: Any, second: Any = ONLY, params: dict[str, Any] = NO_PARAMS) -> Any:
    """``result`` where an operand carries gradient, and nothing but recording is going on."""
    v = _new(Value)
    v._array = data
    v._grad = None
    v._number = next_number()
    v.state = LIVE
    v.params = params
    v.op = op
    v._first = first
    v._second = second
    v.requires_grad = True
    return v


def unary(op: Op, x: Any) -> Any:
    """``record`` for one Value and no parameters: the operators' way in."""
    data = op.forward(x._array)
    if _mode() == RECORD and x.requires_grad:
        return tracked(data, op, x)
    return result(data, op, (x,), NO_PARAMS, x.requires_grad)


def infix(name: str, op: Op) -> Callable[[Any, Any], Any]:
    """The method for ``x op y``: ``binary`` and ``tracked`` written out for what is most common."""
    forward = op.forward

    def method(x: Any, y: Any) -> Any:
        if type(y) is Value:
            b = y._array
        elif type(y) is float or type(y) is int:
            b = y
        else:
            return binary(op, x, y)
        if _mode() != RECORD or not x.requires_grad:
            return binary(op, x, y)
        try:
            data = forward(x._array, b)
        except (ValueError, TypeError, OverflowError) as error:
            raise explained(op, [x._array, b], error) from error
        v = _new(Value)
        v._array = data
        v._grad = None
        v._number = next_number()
        v.state = LIVE
        v.params = NO_PARAMS
        v.op = op
        v._first = x
        v._second = y
        v.requires_grad = True
        return v

    method.__name__, method.__qualname__ = name, f"Value.{name}"
    return method


def reflected(name: str, op: Op) -> Callable[[Any, Any], Any]:
    """The method for ``x op y`` where only y is a Value."""
    forward = op.forward

    def method(y: Any, x: Any) -> Any:
        if (type(x) is not float and type(x) is not int) or _mode() != RECORD or not y.requires_grad:
            return binary(op, x, y)
        try:
            data = forward(x, y._array)
        except (ValueError, TypeError, OverflowError) as error:
            raise explained(op, [x, y._array], error) from error
        return tracked(data, op, x, y)

    method.__name__, method.__qualname__ = name, f"Value.{name}"
    return method


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
        v._first, v._second = (), ALL
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


# --- walking backwards ------------------------------------------------------------------


@np.errstate(all="ignore")  # around the function: cheaper than a block at each call
def walk(
    seeds: Sequence[tuple[Any, Array]],
    create_graph: bool = False,  # not by keyword alone: np.errstate hands keywords on slowly
    keep: bool = True,
    release: bool = False,
    store: bool = True,
    wanted: dict[int, Any] | None = None,
    since: int = 0,
) -> dict[Any, Array]:
    """Hand gradient back from the seeded Values; the gradient of each of those asked for.

    Asked for are the leaves, or ``wanted`` (then only the paths that reach them are
    walked, and only through nodes newer than ``since``).  ``create_graph``: run the
    rules on Values, so that the walk is itself recorded.  ``keep``: the graph may be
    walked again.  ``release``: forget the graph on the way.  ``store``: put each
    result's gradient in its ``.grad``.
    If a rule raises, nothing is spent (unless ``release`` has forgotten it).
    """
    mode = _mode()
    watch = mode & (WATCH | WATCH_INF | OBSERVE) if mode > RECORD else 0
    if mode & TRACE:
        create_graph, store = True, False  # the pass is part of the program
    paths = found = NOTHING
    useful: set[int] | None = None  # where gradient is handed to; None: everywhere
    if wanted is not None:
        found = {}
        paths = _paths([v for v, _ in seeds], wanted, since)
        useful = paths | wanted.keys()
    grads: dict[Any, Any] = {}  # node -> its gradient so far: to be visited, or a leaf
    owned: set[Any] = set()  # nodes whose gradient is in a buffer made here, to be added to in place
    newest: Any = None  # of the nodes to visit, what the last one led to, if not in:
    heap: list[int] = []  # the negated numbers of the others: the highest comes first
    waiting: dict[int, Any] = {}  # number -> node, for those
    visited: list[Any] = []
    plain = not (create_graph or watch)
    if watch:
        anomaly.begin(seeds, watch, store)
    token = _current.set(mode | RECORD) if create_graph else None  # whatever the mode outside
    for node, seed in seeds:
        if node in grads:
            grads[node] = grads[node] + seed
        elif node.op is not None:
            grads[node] = seed
            newest = _newer(node, newest, heap, waiting)
        elif wanted is None or node._number in wanted:
            grads[node] = seed
    try:
        while heap or newest is not None:
            if newest is None:
                n = -heappop(heap)
                node = waiting.pop(n)
            else:
                node, n = newest, newest._number
                if heap and -heap[0] > n:
                    waiting[n] = node
                    n = -heapreplace(heap, -n)
                    node = waiting.pop(n)
                newest = None
            g = grads.pop(node)
            if wanted is not None:
                if n in wanted:
                    found[node] = g.copy() if type(g) is ndarray else g
                if n not in paths:
                    continue
            if node.state:
                raise RuntimeError(messages.unusable(node))
            if store:
                node._grad = g
            if not release:
                visited.append(node)
            op, params = node.op, node.params
            rules, arity = op.rules, op.arity
            if plain and arity:
                # one or two inputs, nothing special: written out, because most are like this
                out, x = node._array, node._first
                if arity == 2:
                    y = node._second
                    second = type(y) is Value or isinstance(y, Node)
                    b = y._array if second else y
                else:
                    second, b = False, None
                if type(x) is Value or isinstance(x, Node):
                    a, m = x._array, x._number
                    if m > n:
                        raise RuntimeError(messages.changed(node, x))
                    if x.requires_grad:
                        rule = rules[0]
                        if useful is not None and m not in useful:
                            check_current(x, node)
                        else:
                            if rule is None:
                                raise TypeError(messages.no_rule(node, x))
                            if params:
                                r = rule(g, out, a, b, **params) if arity == 2 else rule(g, out, a, **params)
                            else:
                                r = rule(g, out, a, b) if arity == 2 else rule(g, out, a)
                            if type(r) is not float64 or type(a) is not float64:
                                r = checked(r, x, node)
                            if x not in grads:
                                grads[x] = r
                                if x.op is not None:
                                    newest = x
                            elif x in owned:
                                grads[x] += r
                            else:
                                grads[x] = grads[x] + r
                                if type(r) is ndarray:
                                    owned.add(x)
                else:
                    a = x
                if second and y._number > n:  # the same once more
                    raise RuntimeError(messages.changed(node, y))
                if second and y.requires_grad:
                    rule = rules[1]
                    if useful is not None and y._number not in useful:
                        check_current(y, node)
                    else:
                        if rule is None:
                            raise TypeError(messages.no_rule(node, y))
                        r = rule(g, out, a, b, **params) if params else rule(g, out, a, b)
                        if type(r) is not float64 or type(b) is not float64:
                            r = checked(r, y, node)
                        if y not in grads:
                            grads[y] = r
                            if y.op is not None:
                                newest = y if newest is None else _newer(y, newest, heap, waiting)
                        elif y in owned:
                            grads[y] += r
                        else:
                            grads[y] = grads[y] + r
                            if type(r) is ndarray:
                                owned.add(y)
            else:
                inputs = node.inputs
                if watch:
                    anomaly.check_unchanged(node)
                if create_graph:
                    VISITS.append((next_number(), n, get_ident()))
                args = (
                    inputs
                    if create_graph
                    else [x if type(x) is ndarray else x._array if isinstance(x, Node) else x for x in inputs]
                )
                out = node if create_graph else node._array
                if op.variadic:
                    rules = _one_each(op, inputs)
                for x, rule in zip(inputs, rules):  # noqa: B905 (as many as there are inputs)
                    if type(x) is ndarray or not isinstance(x, Node):
                        continue
                    m = x._number
                    if m > n:
                        raise RuntimeError(messages.changed(node, x))
                    if not x.requires_grad:
                        continue
                    if useful is not None and m not in useful:
                        check_current(x, node)
                        continue
                    if rule is None:
                        raise TypeError(messages.no_rule(node, x))
                    r = checked(rule(g, out, *args, **params) if params else rule(g, out, *args), x, node)
                    if watch:
                        anomaly.check_edge(r, g, node, slot_of(x, node), watch)
                    if x not in grads:
                        grads[x] = r
                        if x.op is not None:
                            newest = _newer(x, newest, heap, waiting)
                    elif type(r) is ndarray and x in owned:
                        grads[x] += r
                    else:
                        grads[x] = grads[x] + r
                        if type(r) is ndarray:
                            owned.add(x)
            if release:
                node.state = RELEASED
                node._first, node._second = (), ALL
            elif not keep:
                node.state = SPENT
        if create_graph and store:
            _apart(grads, seeds)
    except BaseException as error:
        for node in visited:
            node.state = LIVE
            if store:
                node._grad = None
        if visited and isinstance(error, Exception):
            error.add_note(messages.where(visited[-1]))
        raise
    finally:
        if token is not None:
            _current.reset(token)
            VISITS.append((next_number(), 0, get_ident()))
    r = g = seed = seeds = None  # type: ignore[assignment]  # now only `grads` holds what is unshared
    for node in grads:  # the leaves
        g = grads[node]
        if type(g) is ndarray and (g.base is not None or getrefcount(g) > ALONE + 1):
            grads[node] = g.copy()  # never shared: with a gradient, a seed, a constant
    if found:
        grads.update(found)
    if watch:
        anomaly.end(grads, watch, store)
    return grads


def _newer(x: Any, newest: Any, heap: list[int], waiting: dict[int, Any]) -> Any:
    """The newer of two nodes, where `newest` may be None; the other is put on the heap."""
    if newest is None:
        return x
    if x._number < newest._number:
        x, newest = newest, x
    n = newest._number
    heappush(heap, -n)
    waiting[n] = newest
    return x


def _apart(grads: dict[Any, Any], seeds: Sequence[tuple[Any, Array]]) -> None:
    """Let no two leaves have the same Value as gradient, or a seed: one could be changed in place."""
    given = Counter([id(g) for g in [*grads.values(), *[seed for _, seed in seeds]]])
    for x, g in grads.items():
        if isinstance(g, Node) and given[id(g)] > 1:
            grads[x] = unary(POSITIVE, g)


def _one_each(op: Op, inputs: Sequence[Any]) -> list[Any]:
    """The single rule of a variadic operation, for each of its inputs."""
    rule: Any = op.rules[0]
    return [partial(rule, i=i) for i in range(len(inputs))]


def _alone() -> int:
    """What getrefcount counts of an array that one local variable holds."""
    g = np.zeros(1)
    return getrefcount(g)


ALONE = _alone()


def check_current(x: Any, node: Any) -> None:
    """Raise RuntimeError if the view `x` was changed since `node` read it."""
    d = x._array
    if type(d) is ndarray and d.base is not None and _stale(x):
        raise RuntimeError(messages.changed(node, x))


def checked(r: Array, x: Any, node: Any) -> Array:
    """What a rule returned for the input `x` of `node`, fit to be added up."""
    d = x._array
    if type(d) is ndarray:
        if d.base is not None:
            check_current(x, node)
        if type(r) is ndarray and r.shape == d.shape and r.dtype is d.dtype:
            return r
    return r if type(r) is float64 and type(d) is float64 else fitted(r, x, node)


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
