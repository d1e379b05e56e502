"""Walk a recorded graph backwards.

Creation order is a topological order, so the walk always takes the highest number left,
and each node is visited once, after all its contributions have arrived.
"""

from collections import Counter, deque
from collections.abc import Sequence
from functools import partial
from heapq import heappop, heappush, heapreplace
from sys import getrefcount
from threading import get_ident
from typing import Any

import numpy as np

from autograd import anomaly, engine, messages
from autograd.engine import ALL, Node, next_number, unary
from autograd.messages import LIVE, RELEASED, SPENT, slot_of
from autograd.modes import OBSERVE, RECORD, TRACE, WATCH, WATCH_INF
from autograd.modes import mode as _current
from autograd.quiet import aloud, silence
from autograd.rules.elementwise import POSITIVE
from autograd.rules.table import Array, Op, whole

VISITS: deque[tuple[int, int, int]] = deque(maxlen=1 << 16)  # of recorded walks, for pictures: what is
# recorded from this number on belongs to the visit of that node (0: to none), in this thread
ndarray, float64 = np.ndarray, np.float64
NOTHING: Any = ()
_mode = _current.get


def walk(
    seeds: Sequence[tuple[Any, Array]],
    create_graph: bool = False,
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
    Value, mode = engine.Value, _mode()  # noqa: N806 (a class)
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
    node: Any = None  # the newest of the nodes to visit
    heap: list[int] = []  # the negated numbers of the others: the highest comes first
    waiting: dict[int, Any] = {}  # number -> node, for those
    visited: list[Any] = []
    plain = not (create_graph or watch)
    if watch:
        anomaly.begin(seeds, watch, store)
    quiet = silence()
    token = _current.set(mode | RECORD) if create_graph else None  # whatever the mode outside
    try:
        for root, seed in seeds:
            if root in grads:
                grads[root] = grads[root] + seed
            elif root.op is not None:
                grads[root] = seed
                node = root if node is None else _newer(root, node, heap, waiting)
            elif wanted is None or root._number in wanted:
                grads[root] = seed
        while node is not None:
            g = grads.pop(node)
            n = node._number
            newest = None  # of what this node leads to
            if wanted is not None:
                if n in wanted:
                    found[node] = g.copy() if type(g) is ndarray else g
                if n not in paths:
                    node = waiting.pop(-heappop(heap)) if heap else None
                    continue
            if node.state:
                raise RuntimeError(messages.unusable(node))
            if store:
                node._grad = g
            if not release:
                visited.append(node)
            op = node.op
            if plain and op.arity == 2 and not node.params:
                # one or two inputs, nothing special: written out, because most are like this
                x, y, out = node._first, node._second, node._array
                rule, other = op.rules
                kind = type(x)
                first = kind is Value or (kind is not float and kind is not int and isinstance(x, Node))
                a = x._array if first else x
                kind = type(y)
                second = kind is Value or (kind is not float and kind is not int and isinstance(y, Node))
                b = y._array if second else y
                if first:
                    if x._number > n:
                        raise RuntimeError(messages.changed(node, x))
                    if x.requires_grad:
                        if useful is not None and x._number not in useful:
                            check_current(x, node)
                        else:
                            r = g if rule is whole else rule(g, out, a, b)
                            if type(r) is not float64 or type(a) is not float64:
                                r = checked(r, x, node)
                            if x not in grads:
                                grads[x] = r
                                if x.op is not None:
                                    newest = x
                            elif type(r) is ndarray:
                                _add(r, x, grads, owned)
                            else:
                                grads[x] = grads[x] + r
                if second:  # the same once more
                    if y._number > n:
                        raise RuntimeError(messages.changed(node, y))
                    if y.requires_grad:
                        if useful is not None and y._number not in useful:
                            check_current(y, node)
                        else:
                            r = g if other is whole else other(g, out, a, b)
                            if type(r) is not float64 or type(b) is not float64:
                                r = checked(r, y, node)
                            if y not in grads:
                                grads[y] = r
                                if y.op is not None:
                                    newest = y if newest is None else _newer(y, newest, heap, waiting)
                            elif type(r) is ndarray:
                                _add(r, y, grads, owned)
                            else:
                                grads[y] = grads[y] + r
            elif plain and op.arity == 1:
                x, params = node._first, node.params
                if x._number > n:
                    raise RuntimeError(messages.changed(node, x))
                if x.requires_grad:
                    a = x._array
                    if useful is not None and x._number not in useful:
                        check_current(x, node)
                    else:
                        if params:
                            r = op.rules[0](g, node._array, a, **params)
                        else:
                            r = op.rules[0](g, node._array, a)
                        if type(r) is not float64 or type(a) is not float64:
                            r = checked(r, x, node)
                        if x not in grads:
                            grads[x] = r
                            if x.op is not None:
                                newest = x
                        elif type(r) is ndarray:
                            _add(r, x, grads, owned)
                        else:
                            grads[x] = grads[x] + r
            else:
                inputs, params, rules = node.inputs, node.params, op.rules
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
                            newest = x if newest is None else _newer(x, newest, heap, waiting)
                    elif type(r) is ndarray:
                        _add(r, x, grads, owned)
                    else:
                        grads[x] = grads[x] + r
            if release:
                node.state = RELEASED
                node._first, node._second = NOTHING, ALL
            elif not keep:
                node.state = SPENT
            if not heap:
                node = newest
            elif newest is None:
                node = waiting.pop(-heappop(heap))
            elif -heap[0] > newest._number:
                n = newest._number
                waiting[n] = newest
                node = waiting.pop(-heapreplace(heap, -n))
            else:
                node = newest
        if create_graph and store:
            _apart(grads, seeds)
    except BaseException as error:
        if watch:
            anomaly.fail(watch, store)
        for node in visited:
            node.state = LIVE
            if store:
                node._grad = None
        if visited and isinstance(error, Exception):
            error.add_note(messages.where(visited[-1]))
        raise
    finally:
        aloud(quiet)
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


def _add(r: Array, x: Any, grads: dict[Any, Any], owned: set[Any]) -> None:
    """Add an array to the gradient of a node: in place, from the second time on."""
    if x in owned:
        grads[x] += r
    else:
        grads[x] = grads[x] + r
        owned.add(x)


def _newer(x: Any, y: Any, heap: list[int], waiting: dict[int, Any]) -> Any:
    """The newer of two nodes; the other is put on the heap."""
    if x._number < y._number:
        x, y = y, x
    n = y._number
    heappush(heap, -n)
    waiting[n] = y
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


def ancestors(roots: Sequence[Any], since: int = 0) -> dict[int, Any]:
    """Every tracked Value newer than `since` the roots were made from, themselves included, by number."""
    seen = {v._number: v for v in roots}
    todo = list(roots)
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Node) and x.requires_grad and since < x._number not in seen:
                seen[x._number] = x
                todo.append(x)
    return seen


def _paths(roots: Sequence[Any], wanted: dict[int, Any], since: int) -> set[int]:
    """The numbers of the nodes that lie on a way from the roots to what is wanted."""
    paths: set[int] = set()
    seen = ancestors(roots, since)
    for n in sorted([n for n in seen if n > since]):
        for x in seen[n].inputs:
            if isinstance(x, Node) and (x._number in paths or x._number in wanted):
                paths.add(n)
                break
    return paths
