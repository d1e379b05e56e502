"""Graph: one deterministic description of how a Value came to be.

Made once and by itself: values and gradients are copied, so it stays true when the
Values change afterwards.  Pictures, tables and players all read this.
"""

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

import numpy as np

from autograd.collector import collector_paused
from autograd.engine import NO_PARAMS, Node, raw
from autograd.messages import CHANGED, RELEASED
from autograd.value import Value

LEAF, CONSTANT, OP, ROOT, GROUP = "leaf", "constant", "op", "root", "group"
STATES = {CHANGED: "changed", RELEASED: "released"}
DTYPES: dict[type, np.dtype[Any]] = {kind: np.dtype(kind) for kind in (float, int, bool)}
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(slots=True, eq=False)  # not frozen: that would double the time of a million nodes
class GraphNode:
    """One Value, or one plain operand, of a recorded graph."""

    id: int  # topological: operands come before what was made of them
    role: str  # "leaf", "constant", "op", or "root" for the result that was asked about
    op: str | None  # the operation's name; None for leaves and constants
    name: str | None  # the one the user gave
    value: Any  # a copy: np.ndarray, NumPy scalar, or the Python number of a constant
    gradient: Any  # likewise; None as long as there is none
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    params: str = ""  # the operation's named parameters, as text
    state: str = ""  # "changed" in place after it was recorded, or "released": its operands are forgotten
    scope: int = -1  # the innermost module call or named scope it was recorded in, among Graph.scopes
    order: int = 0  # 0 for what the program computed, 1 for what a backward() of it recorded, 2 ...
    site: str = ""  # file:line that recorded it, in anomaly mode
    path: str = ""  # what the outermost module calls this parameter or buffer: "layers.0.weight"
    short: str = ""  # what its own module calls it: "weight"
    grad_of: str = ""  # the name of the Value whose .grad it is
    count: int = 1  # how many nodes it stands for, in a folded graph

    @property
    def label(self) -> str:
        """The name if it has one, else the operation, else the number or 'leaf 3'."""
        if self.name:
            return self.name
        if self.short:
            return self.short
        if self.grad_of:
            return f"grad of {self.grad_of}"
        if self.op is not None:
            return self.op
        if self.role == CONSTANT:
            return text(self.value) if not self.shape else "constant"
        return f"{self.role} {self.id}"


@dataclass(slots=True, eq=False)
class GraphEdge:
    """One operand of one operation.

    local: the derivative of the result with respect to this operand; contribution:
    what the operand's gradient receives over this edge, the result's gradient times
    `local`.  Both are None where they are not single numbers, where the operand carries no
    gradient, where the rule fails, where an operand was changed in place since (`stale`:
    the number shown is then not the number that was read), and, for the contribution,
    before backward().
    """

    source: int  # the operand
    target: int  # the result
    slot: int  # its place among the operands, from 0
    local: float | None = None
    contribution: float | None = None
    stale: bool = False
    count: int = 1  # how many edges it stands for, in a folded graph


@dataclass(frozen=True, slots=True, eq=False)
class GraphScope:
    """One call of a module, or one `with scope(name):` block, that recorded a part of the graph."""

    id: int
    name: str  # as its parent calls it ("layers.0"), the class for an outermost module
    kind: str  # the module's class, or "scope"
    parent: int  # -1 for an outermost one
    path: str  # the names from the outermost one on, joined by dots
    call: int = 1  # which call of this path it is, from 1
    order: int = 0  # 1 for the part of a backward() of it, and so on


@dataclass(init=False, slots=True, eq=False)
class Graph:
    """The nodes and edges behind `value`, numbered from 0 in topological order.

    Operations keep the order in which they were recorded; a leaf or constant comes just
    before its first use.  Numbers therefore depend on the program alone: the same code
    gives the same graph, at every step of a training run.  `x * x` has two edges, and a
    plain operand is a node of its own at each use.

    `value` may be several Values: the graph of them all.  `scopes` tells which module call
    or named block recorded a node, `notes` what cannot be known any more.

    Raises TypeError if `value` is not a Value.

    >>> from autograd import Value
    >>> from autograd.graph import Graph
    >>> x = Value(3.0, name="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> graph = Graph(y)
    >>> [(n.id, n.role, n.label) for n in graph.nodes]
    [(0, 'leaf', 'x'), (1, 'op', 'multiply'), (2, 'constant', '1'), (3, 'root', 'add')]
    >>> [(e.source, e.target, e.slot, e.local) for e in graph.edges if e.source == 0]
    [(0, 1, 0, 3.0), (0, 1, 1, 3.0)]
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    root: int
    scopes: tuple[GraphScope, ...]
    notes: tuple[str, ...]  # what a picture should say besides
    total: int  # how many nodes were recorded, more than len(nodes) in a folded graph

    def __init__(self, value: Value | Sequence[Value]) -> None:
        from autograd.graph.clusters import places

        roots: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
        for root in roots:
            if not isinstance(root, Value):
                raise TypeError(
                    f"Graph: expected a Value, got {type(root).__name__}; "
                    f"pass the result of operations on Values, such as a loss"
                )
        if not roots:
            raise ValueError("Graph: got no Value; pass at least one")
        with collector_paused(), np.errstate(all="ignore"):
            items = list(numbered(roots))
            where = places(items)
            scopes, orders, self.scopes = where.scopes, where.orders, where.listed
            wanted = {id(root) for root in roots}
            nodes: list[GraphNode] = []
            edges: list[GraphEdge] = []
            for i, (x, sources) in enumerate(items):
                nodes.append(describe(x, i, id(x) in wanted, scopes[i], orders[i]))
                if sources:
                    edges += describe_edges(x, sources, i)
        for i, (short, path) in where.names.items():
            nodes[i].short, nodes[i].path = short, path
        for i, owner in gradients_among(items).items():
            nodes[i].grad_of = nodes[owner].path or nodes[owner].label
        self.nodes, self.edges = tuple(nodes), tuple(edges)
        self.root = next(i for i, (x, _) in enumerate(items) if x is roots[0])
        self.total, self.notes = len(nodes), tuple(remarks(roots[0], nodes))

    def __len__(self) -> int:
        """How many nodes there are."""
        return len(self.nodes)

    def __repr__(self) -> str:
        words = f"Graph of {self.node(self.root).label}: {len(self.nodes)} nodes, {len(self.edges)} edges"
        return words if len(self) == self.total else f"{words}, folded from {self.total:,} nodes"

    def node(self, number: int) -> GraphNode:
        """The node with this id; in a folded graph ids have gaps."""
        return self.nodes[bisect_left(self.nodes, number, key=lambda n: n.id)]


def numbered(roots: Sequence[Value]) -> Iterator[tuple[Any, list[int]]]:
    """Each Value or plain operand behind the roots in topological order, with its operands' numbers.

    The operation with the lowest creation number among those that are ready comes first.
    """
    numbers: dict[int, int] = {}
    count = 0
    for x in in_order(roots):
        if id(x) in numbers:  # a root that is a leaf, and was an operand before
            continue
        sources = []
        for y in x.inputs:
            number = numbers.get(id(y)) if isinstance(y, Node) else None
            if number is None:  # plain: a node at each use
                yield y, []
                number = count
                if isinstance(y, Node):
                    numbers[id(y)] = count
                count += 1
            sources.append(number)
        yield x, sources
        numbers[id(x)] = count
        count += 1


def in_order(roots: Sequence[Value]) -> Iterable[Node]:
    """The roots and the operations behind them, operands first."""
    todo: list[Node] = list({id(root): root for root in roots}.values())
    seen = {id(root) for root in todo}
    found: list[Node] = []
    sorted_by_number = True
    while todo:
        x = todo.pop()
        found.append(x)
        for y in x.inputs:
            if isinstance(y, Node) and y.op is not None:
                if y._number >= x._number:
                    sorted_by_number = False
                if id(y) not in seen:
                    seen.add(id(y))
                    todo.append(y)
    return sorted(found, key=attrgetter("_number")) if sorted_by_number else by_readiness(found)


def by_readiness(found: Sequence[Node]) -> Iterator[Node]:
    """Operations where a Value took a new number in an in-place change: numbers alone would fail."""
    waiting: dict[int, int] = {}  # id of an operation -> how many operations it still waits for
    users: dict[int, list[Node]] = {}
    ready: list[tuple[int, int, Node]] = []
    arrival = itertools.count().__next__  # settles ties, so that Values are never compared
    for x in found:
        before = {id(y) for y in x.inputs if isinstance(y, Node) and y.op is not None}
        waiting[id(x)] = len(before)
        for key in before:
            users.setdefault(key, []).append(x)
        if not before:
            heappush(ready, (x._number, arrival(), x))
    while ready:
        x = heappop(ready)[-1]
        yield x
        for user in users.get(id(x), ()):
            waiting[id(user)] -= 1
            if not waiting[id(user)]:
                heappush(ready, (user._number, arrival(), user))


def gradients_among(items: Sequence[tuple[Any, Sequence[int]]]) -> dict[int, int]:
    """The items that are the .grad of other items, and those."""
    owners = {
        id(x._grad): i for i, (x, _) in enumerate(items) if isinstance(x, Node) and isinstance(x._grad, Node)
    }
    return {i: owners[id(x)] for i, (x, _) in enumerate(items) if id(x) in owners} if owners else {}


def remarks(root: Value, nodes: Sequence["GraphNode"]) -> Iterator[str]:
    """What a picture of the graph should say besides."""
    if root.op is None:
        yield "This Value was made by hand or outside recording: no operation led to it."
    released = sum(n.state == "released" for n in nodes)
    if released:
        what = "this Value was"
        if len(nodes) > 1:
            what = f"{released:,} of these nodes {'was' if released == 1 else 'were'}"
        yield f"What {what} made of is gone: backward(release=True) released it."


def describe(x: Any, number: int, is_root: bool, scope: int = -1, order: int = 0) -> GraphNode:
    """The node of one Value or plain operand."""
    if not isinstance(x, Node):
        kind = type(x)
        if kind is float or kind is int or kind is bool:
            return GraphNode(number, CONSTANT, None, None, x, None, (), DTYPES[kind], "", "", scope, order)
        data = raw(x)
        return GraphNode(
            number, CONSTANT, None, None, copied(data), None, data.shape, data.dtype, "", "", scope, order
        )
    data, op = x._array, x.op
    if op is None:
        role = LEAF if x.requires_grad else CONSTANT
    else:
        role = ROOT if is_root else OP
    return GraphNode(
        number,
        role,
        op.name if op is not None else None,
        getattr(x, "_name", None),
        copied(data),
        None if x._grad is None else copied(raw(x._grad)),
        data.shape,
        data.dtype,
        parameters(x.params) if x.params else "",
        STATES.get(x.state, ""),
        scope,
        order,
        getattr(getattr(x, "_site", None), "line", ""),
    )


def parameters(params: dict[str, Any]) -> str:
    """Named parameters as text, without memory addresses."""
    return ", ".join(f"{key}={ADDRESS.sub('', repr(p))}" for key, p in params.items())


def copied(data: Any) -> Any:
    return data.copy() if isinstance(data, np.ndarray) else data


def describe_edges(x: Any, sources: Sequence[int], target: int) -> list[GraphEdge]:
    """The edges from the operands of the Value `x` to it."""
    edges = [GraphEdge(source, target, slot) for slot, source in enumerate(sources)]
    newer = [isinstance(y, Node) and y._number > x._number for y in x.inputs]
    if x.state == CHANGED or True in newer:
        for e, stale in zip(edges, newer, strict=True):
            e.stale = stale
        return edges
    if x._array.shape:
        return edges
    one, args = x._array.dtype.type(1), [raw(y) for y in x.inputs]
    for slot, y in enumerate(x.inputs):
        if not isinstance(y, Node) or not y.requires_grad or y._array.shape:
            continue
        rule = x.op.rules[0 if x.op.variadic else slot]
        if rule is None:
            continue
        position = {"i": slot} if x.op.variadic else NO_PARAMS
        try:
            partial = rule(one, x._array, *args, **x.params, **position)
            local = float(partial if type(partial) is np.float64 else np.asarray(partial).item())
            part = None if x._grad is None else float(raw(x._grad) * local)
        except Exception:  # a graph whose backward raises is one to look at
            continue
        edges[slot].local, edges[slot].contribution = local, part
    return edges


def label_of(x: Any) -> str:
    """'loss (add)', 'add', 'x' or 'leaf': for messages."""
    name, op = getattr(x, "_name", None), x.op.name if x.op is not None else None
    return f"{name} ({op})" if name and op else name or op or "leaf"


def text(x: Any) -> str:
    """A number in a few characters; an integer with all its digits."""
    number = x.item() if isinstance(x, np.generic) else x
    return f"{number:.5g}" if isinstance(number, float) else str(number)
