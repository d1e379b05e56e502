"""The backward pass of a recorded graph without walking it: paths, factors, contributions.

Rules are applied as the engine applies them, in its order, so the numbers are its numbers.
Nothing is spent, and a spent graph will do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.backward import fitted
from autograd.engine import Node
from autograd.graph.clusters import places
from autograd.graph.description import label_of, numbered
from autograd.graph.names import number_text, symbols
from autograd.graph.passes import Structure
from autograd.graph.summary import held
from autograd.messages import CHANGED, RELEASED
from autograd.value import Value

Visit = tuple[int, int, int]  # source, target, slot


class Chain:
    """The graph of one Value, with the gradient of every node.

    visits: (source, target, slot) in the order of the engine.  gradients: by node, None where
    none goes.  contributions: by visit.  symbols: short unique names; given: the user's.
    """

    def __init__(self, loss: Value, names: Mapping[int, str]) -> None:
        items = list(numbered([loss]))
        self.nodes: list[Any] = [x for x, _ in items]
        self.sources = [sources for _, sources in items]
        check(self.nodes)
        structure = Structure(self.nodes, self.sources)
        self.numbers = structure.numbers
        self.place = {id(x): n for n, x in enumerate(self.nodes) if isinstance(x, Node)}
        self.root = self.place[id(loss)]
        paths = places(items).names  # of parameters: what their modules call them
        self.given = [
            (getattr(x, "_name", None) or names.get(id(x)) or paths.get(n, ("", None))[1])
            if isinstance(x, Node)
            else None
            for n, x in enumerate(self.nodes)
        ]
        roles = [role(x) for x in self.nodes]
        texts = [
            number_text(held(x)) if r == "constant" and number else None
            for x, r, number in zip(self.nodes, roles, self.numbers, strict=True)
        ]
        self.symbols = symbols(self.given, roles, self.root, texts)
        self.visits: list[Visit] = [(s, t, slot) for _e, s, t, slot in structure.steps]
        self.users: dict[int, list[int]] = {}  # node -> the visits in which it receives
        for k, (source, _target, _slot) in enumerate(self.visits):
            self.users.setdefault(source, []).append(k)
        self.gradients: list[Any] = [None] * len(items)
        self.gradients[self.root] = one(loss)
        self.contributions: list[Any] = []
        with np.errstate(all="ignore"):
            for source, target, slot in self.visits:
                r = self.apply(target, slot, self.gradients[target])
                self.contributions.append(r)
                old = self.gradients[source]
                self.gradients[source] = r if old is None else old + r

    def apply(self, target: int, slot: int, g: Any) -> Any:
        """What the rule of `target` hands to operand `slot` of the gradient g."""
        node = self.nodes[target]
        x = node.inputs[slot]
        rule = node.op.rules[0 if node.op.variadic else slot]
        if rule is None:
            raise TypeError(f"explain: {node.op.name} has no gradient with respect to operand {slot}")
        position = {"i": slot} if node.op.variadic else {}
        args = [y._array if isinstance(y, Node) else y for y in node.inputs]
        return fitted(rule(g, node._array, *args, **node.params, **position), x, node)

    # --- paths ------------------------------------------------------------------------------

    def above(self, n: int) -> set[int]:
        """The nodes through which gradient comes to `n`, itself included."""
        found, todo = {n}, [n]
        while todo:
            for k in self.users.get(todo.pop(), ()):
                target = self.visits[k][1]
                if target not in found:
                    found.add(target)
                    todo.append(target)
        return found

    def region(self, n: int, stops: set[int]) -> list[int]:
        """The visits, in order, over which gradient comes to `n` from the nearest stops."""
        found: set[int] = set()
        seen, todo = {n}, [n]
        while todo:
            for k in self.users.get(todo.pop(), ()):
                found.add(k)
                target = self.visits[k][1]
                if target not in stops and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return sorted(found)

    def push(self, start: int, end: int, g: Any, region: Sequence[int]) -> Any:
        """What arrives at `end` of a gradient g of `start`, over the visits of the region alone."""
        arrived: dict[int, Any] = {start: g}
        with np.errstate(all="ignore"):
            for k in region:
                source, target, slot = self.visits[k]
                if target in arrived:
                    r = self.apply(target, slot, arrived[target])
                    arrived[source] = arrived[source] + r if source in arrived else r
        return arrived[end]

    def routes(self, start: int, end: int, region: Sequence[int]) -> Iterator[list[int]]:
        """Every way from `start` down to `end` inside the region, as visits from the top."""
        inside = set(region)
        todo: list[tuple[int, list[int]]] = [(end, [])]
        while todo:
            n, below = todo.pop()
            for k in reversed(self.users.get(n, ())):
                if k in inside:
                    target = self.visits[k][1]
                    if target == start:
                        yield [k, *below]
                    else:
                        todo.append((target, [k, *below]))


def one(v: Any) -> Any:
    """The gradient a backward pass starts with."""
    return np.ones(v.shape, v.dtype) if v.ndim else v.dtype.type(1)


def role(x: Any) -> str:
    if not isinstance(x, Node) or not x.requires_grad:
        return "constant"
    return "leaf" if x.op is None else "op"


def check(nodes: Sequence[Any]) -> None:
    """Raise RuntimeError if the numbers that were computed with are gone."""
    for x in nodes:
        if not isinstance(x, Node):
            continue
        if x.state == RELEASED:
            raise RuntimeError(
                f"explain: the graph was released: what {label_of(x)} was made of was forgotten by "
                f"backward(release=True); explain before it, or leave out release"
            )
        if x.state == CHANGED:
            raise RuntimeError(
                f"explain: {label_of(x)} was changed in place after it was computed, so its gradient is not "
                f"known; explain before the change, or compute the result again"
            )
        for y in x.inputs:
            if isinstance(y, Node) and y._number > x._number:
                raise RuntimeError(
                    f"explain: {label_of(y)} was changed in place after {label_of(x)} read it (an optimizer's "
                    f"step does this), so the numbers are those of another point; explain before the change, "
                    f"or compute the result again"
                )
