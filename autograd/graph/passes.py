"""One backward pass as `record` sees it: what it reads, what every rule returns, what comes of it."""

import math
from typing import Any

import numpy as np

from autograd.backward import fitted
from autograd.engine import Node, raw
from autograd.graph.description import numbered
from autograd.graph.recording import Frame
from autograd.graph.summary import held, is_number

Edge = tuple[int, int, int]  # source, target, slot


class Structure:
    """What all passes over graphs of one shape share."""

    def __init__(self, nodes: list[Any], sources: list[list[int]]) -> None:
        self.numbers = [is_number(x) for x in nodes]
        self.leaves = [
            n for n, x in enumerate(nodes) if isinstance(x, Node) and x.op is None and x.requires_grad
        ]
        self.arrays = [n for n, x in enumerate(nodes) if isinstance(x, Node) and not self.numbers[n]]
        self.pictures = [not isinstance(x, Node) or x.op is None for x in nodes]
        self.edges: list[Edge] = [(s, n, slot) for n, ss in enumerate(sources) for slot, s in enumerate(ss)]
        self.visits = order_of_visits(nodes, self.edges)
        self.steps = [(e, *self.edges[e]) for e in self.visits]
        # A variadic rule is not asked for its local derivative: a checkpoint's would compute
        # everything inside again.
        self.scalar = [
            step
            for step in self.steps
            if self.numbers[step[1]] and self.numbers[step[2]] and not nodes[step[2]].op.variadic
        ]


class Pass:
    """One backward pass while it runs."""

    def __init__(self, root: Any, seed: Any) -> None:
        self.root, self.seed = root, seed
        self.nodes: list[Any] = []
        self.sources: list[list[int]] = []
        self.structure: Structure | None = None  # None: not one to look at
        self.segment: Any = None  # where its frame goes
        self.contributions: list[float | None] = []

    def number(self) -> None:
        """Find the nodes, in topological order."""
        for x, sources in numbered([self.root]):
            self.nodes.append(x)
            self.sources.append(sources)

    def key(self, params: dict[int, int]) -> Any:
        """Equal for graphs of one structure, made of the same parameters."""
        parts: list[Any] = []
        for x, sources in zip(self.nodes, self.sources, strict=True):
            if not isinstance(x, Node):
                parts.append(x.shape if isinstance(x, (np.ndarray, np.generic)) else None)
                continue
            data = x._array
            if x.op is not None:
                parts.append((x.op.name, data.shape, data.dtype.char, *sources))
            else:
                parts.append((params.get(id(x), -1), x.requires_grad, data.shape, data.dtype.char))
        return tuple(parts)

    def look(self, structure: Structure) -> None:
        """Keep the values and local derivatives of this moment, before backward() begins."""
        self.structure, nodes = structure, self.nodes
        self.values = [held(x, picture) for x, picture in zip(nodes, structure.pictures, strict=True)]
        self.locals = local_partials(nodes, structure)
        self.before = {}
        for n in structure.leaves:
            g = nodes[n]._grad
            if g is not None:
                self.before[n] = held(g, picture=True)

    def edge(self, node: Any, r: Any) -> None:
        """The engine's contribution to the next operand of `node`."""
        structure = self.structure
        if structure is None:
            return
        k = len(self.contributions)
        if k == len(structure.steps) or self.nodes[structure.steps[k][2]] is not node:
            if any(x is node for x in self.nodes):
                raise RuntimeError(f"record: backward() came to {node.op} out of order; please report this")
            return  # a walk inside a rule
        number = structure.numbers[structure.steps[k][1]]
        self.contributions.append(float(r if type(r) is np.float64 else raw(r)) if number else None)

    def frame(self, found: Any, step: int, loss: float | None) -> Frame:
        """What to keep of it, now that it is through; `found` holds what the leaves are given."""
        structure, nodes = self.structure, self.nodes
        assert structure is not None
        g: list[Any] = [None] * len(nodes)
        root = next(n for n, x in enumerate(nodes) if x is self.root)
        seed = held(self.seed)
        g[root] = seed if structure.numbers[root] else None
        corrections: dict[int, float] = {}
        sums: dict[int, float] = {}
        k = -1
        for (e, source, target, _slot), c in zip(structure.steps, self.contributions, strict=True):
            k += 1
            if c is None:
                continue
            local, upstream, old = self.locals[e], g[target], g[source]
            if local is None or upstream is None or not identical(local * upstream, c):
                corrections[k] = c
            if old is None:
                g[source] = c
                continue
            g[source] = old + c
            kind = type(nodes[source]._array)
            if kind is not np.float64:
                exact = float(kind(old) + kind(c))
                if not identical(exact, g[source]):
                    g[source] = sums[k] = exact
        given = {id(v): raw(r) for v, r in found.items()}
        gradients, carried = {}, {}
        for n in structure.arrays:
            x = nodes[n]
            if id(x) in given:
                gradients[n] = held(given[id(x)], picture=True)
            elif x.op is not None:
                gradients[n] = held(x._grad)
        for n, before in self.before.items():
            carried[n] = [before, held(raw(nodes[n]._grad) + given[id(nodes[n])], picture=True)]
        return Frame(step, 0, 1, loss, seed, self.values, self.locals, corrections, sums, gradients, carried)


def order_of_visits(nodes: list[Any], edges: list[Edge]) -> list[int]:
    """The edges over which gradient goes, in the engine's order: newest result first, then by slot."""
    going = [e for e, (s, _t, _slot) in enumerate(edges) if getattr(nodes[s], "requires_grad", False)]
    return sorted(going, key=lambda e: (-nodes[edges[e][1]]._number, edges[e][2]))


def local_partials(nodes: list[Any], structure: Structure) -> list[float | None]:
    """The derivative of each result with respect to each operand, where both are single numbers."""
    found: list[float | None] = [None] * len(structure.edges)
    now, one, args = -1, None, ()
    with np.errstate(all="ignore"):
        for e, source, target, slot in structure.scalar:
            node = nodes[target]
            if target != now:
                now, one = target, type(node._array)(1)
                args = tuple([x._array if isinstance(x, Node) else x for x in node.inputs])
            try:
                r = node.op.rules[slot](one, node._array, *args, **node.params)
                found[e] = float(r if type(r) is np.float64 else fitted(r, nodes[source], node))
            except Exception:  # the engine will say so, if the rule fails for it too
                continue
    return found


def identical(a: float, b: float) -> bool:
    """Whether two numbers have the same bits (any NaN for any NaN)."""
    if a == b:
        return a != 0 or math.copysign(1, a) == math.copysign(1, b)
    return a != a and b != b
