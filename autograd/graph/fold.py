"""A large graph made small: modules closed, repetitions counted, the far end cut off.

What is folded together always lies side by side in the order of recording, so no fold can
make a cycle.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.collector import collector_paused
from autograd.graph.clusters import NOWHERE, common
from autograd.graph.description import CONSTANT, GROUP, LEAF, Graph, GraphEdge, GraphNode

ROUNDS = 8  # repetitions of repetitions
LONGEST_PERIOD = 64  # blocks longer than this are found by the distance of their rarest operation
SHOWN = 8  # the first of the repeated blocks stays open if it is not longer


def fold(graph: Graph, most: int = 300, depth: int | None = None, always: bool = False) -> Graph:
    """A Graph of at most `most` boxes that stands for the whole of `graph`.

    First modules and scopes are closed, from the innermost outwards, until it fits; then
    what repeats is counted ("98 x Linear"); then what is farthest from the result is cut.
    depth: how many levels of modules stay open, instead of as many as fit.  always: fold
    repetitions even where all would fit.

    Nodes that are drawn keep their ids; a box that stands for several has the id of its
    last one, role "group", and `count`.
    """
    if depth is None and not always and len(graph) <= most:
        return graph
    levels = levels_of(graph)
    deepest = max(levels, default=NOWHERE) + 1
    tried = [depth] if depth is not None else list(range(deepest, -1, -1))
    open_all = deepest > 0 and depth is None  # repetitions are sought among closed modules, if there are any
    with collector_paused():
        for d in tried:
            folding = Folding(graph, closed(graph, levels, d))
            if folding.fits(most) and not always:
                return folding.graph()
            if open_all and d == deepest:
                continue
            for _ in range(ROUNDS):
                folding.merge_leaves(most)
                if (folding.fits(most) and not always) or not folding.repeat():
                    break
            folding.merge_leaves(most)
            if folding.fits(most):
                return folding.graph()
        folding.cut(most)
        folding.merge_leaves(most)
        return folding.graph()


def levels_of(graph: Graph) -> list[int]:
    """How deep each scope lies; 0 for an outermost one."""
    levels: list[int] = []
    for s in graph.scopes:  # parents come first
        levels.append(levels[s.parent] + 1 if s.parent != NOWHERE else 0)
    return levels


def closed(graph: Graph, levels: Sequence[int], depth: int) -> list[int]:
    """For each scope the one at level `depth` around it, which is drawn as one box; or NOWHERE."""
    boxes: list[int] = []
    for s, level in zip(graph.scopes, levels, strict=True):
        boxes.append(NOWHERE if level < depth else s.id if level == depth else boxes[s.parent])
    return boxes


class Folding:
    """A partition of the nodes of a graph into boxes: runs of operations, and the leaves they own."""

    def __init__(self, graph: Graph, boxes: Sequence[int]) -> None:
        self.source = graph
        self.boxes = boxes
        self.box = [-1] * len(graph.nodes)  # by node: its box
        self.members: list[list[int]] = []  # by box: its operations, in order
        self.label: dict[int, tuple[str, str]] = {}  # of boxes that stand for several: name, kind
        before = NOWHERE
        for n in graph.nodes:
            if n.role in (LEAF, CONSTANT):
                continue
            inside = boxes[n.scope] if n.scope != NOWHERE and n.role != "root" else NOWHERE
            if inside == NOWHERE or inside != before:
                self.members.append([])
                if inside != NOWHERE:
                    s = graph.scopes[inside]
                    called = f" (call {s.call})" if s.call > 1 else ""
                    self.label[len(self.members) - 1] = shown(s.name, s.kind) + called, s.kind
            self.members[-1].append(n.id)
            self.box[n.id] = len(self.members) - 1
            before = inside
        self.operands: list[list[int]] = [[] for _ in graph.nodes]
        for e in graph.edges:
            self.operands[e.target].append(e.source)
        self.leafy = [n.role in (LEAF, CONSTANT) for n in graph.nodes]
        self.merged: list[list[int]] = []  # leaves that share a box
        self.own()

    def own(self) -> None:
        """Leaves and constants used by a single box of several nodes go into it."""
        several = -2
        user = [-1] * len(self.box)
        leafy, box = self.leafy, self.box
        for target, sources in enumerate(self.operands):
            for source in sources:
                if leafy[source] and user[source] != box[target]:
                    user[source] = box[target] if user[source] == -1 else several
        self.loose: list[int] = []  # leaves and constants that are boxes of their own
        for i, leaf in enumerate(leafy):
            if leaf:
                inside = user[i] >= 0 and len(self.members[user[i]]) > 1
                box[i] = user[i] if inside else -1
                if not inside:
                    self.loose.append(i)

    @property
    def size(self) -> int:
        """How many boxes there are."""
        return len(self.members) + len(self.loose) - sum(len(ids) - 1 for ids in self.merged)

    def fits(self, most: int) -> bool:
        """Whether it is a readable picture: not too many boxes, nor too many edges."""
        if self.size > most:
            return False
        box, pairs = self.box, set()
        for target, sources in enumerate(self.operands):
            for source in sources:
                pairs.add((box[source] if box[source] >= 0 else -1 - source, box[target]))
        merged = sum(len(ids) - 1 for ids in self.merged)
        return len(pairs) - merged <= 2 * most

    def merge_leaves(self, most: int) -> None:
        """One box for all leaves, or all constants, that the same boxes use; if that can be enough."""
        self.merged = []
        if len(self.members) > most:
            return
        users: dict[int, set[int]] = {i: set() for i in self.loose}
        for target, sources in enumerate(self.operands):
            for source in sources:
                if source in users:
                    users[source].add(self.box[target])
        alike: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        for i in self.loose:
            alike.setdefault((self.source.nodes[i].role, tuple(sorted(users[i]))), []).append(i)
        self.merged = [ids for ids in alike.values() if len(ids) > 2]

    # --- repetition --------------------------------------------------------------------------------

    def repeat(self) -> bool:
        """Fold what repeats most; False if nothing does."""
        kinds: dict[Any, int] = {}
        sequence = np.array(
            [kinds.setdefault(k, len(kinds)) for k in map(self.kind, range(len(self.members)))]
        )
        runs = [run for p in periods(sequence) for run in repeats(sequence, p)]
        taken = np.zeros(len(sequence), bool)
        chosen: list[tuple[int, int, int]] = []
        for start, period, times in sorted(runs, key=lambda r: (-saved(r), r[1], r[0])):
            if saved((start, period, times)) > 0 and not taken[start : start + period * times].any():
                taken[start : start + period * times] = True
                chosen.append((start, period, times))
        if not chosen:
            return False
        self.contract(sorted(chosen))
        return True

    def kind(self, i: int) -> Any:
        """What makes one box like another: the operation and its operands' kinds, or the module's class."""
        nodes, ids = self.source.nodes, self.members[i]
        if i in self.label:
            return self.label[i][1], len(ids)
        n = nodes[ids[0]]
        return n.op, n.role, n.shape, n.name, n.order, tuple(nodes[j].role for j in self.operands[n.id])

    def contract(self, runs: list[tuple[int, int, int]]) -> None:
        """Join each run of `times` blocks of `period` boxes into one box, but for the first block if short."""
        members: list[list[int]] = []
        label: dict[int, tuple[str, str]] = {}
        i = 0

        def keep(until: int) -> None:
            nonlocal i
            for j in range(i, until):
                if j in self.label:
                    label[len(members)] = self.label[j]
                members.append(self.members[j])
            i = until

        for start, period, times in runs:
            first = period if period <= SHOWN else 0
            keep(start + first)
            names = [self.name(j) for j in range(start, start + period)]
            words = names[0] if period == 1 else f"({', '.join(names)})" if period <= 3 else f"{period} boxes"
            count = times - bool(first)
            label[len(members)] = f"{count:,} more {words}" if first else f"{count:,} times {words}", words
            members.append([m for j in range(i, start + period * times) for m in self.members[j]])
            i = start + period * times
        keep(len(self.members))
        self.renumber(members, label)

    def name(self, i: int) -> str:
        """What a box does, in a word."""
        return self.label[i][1] if i in self.label else str(self.source.nodes[self.members[i][0]].op)

    def cut(self, most: int) -> None:
        """One box for everything but the last operations."""
        kept = max(1, most // 2)
        early = self.members[:-kept]
        label = {i - len(early) + 1: words for i, words in self.label.items() if i >= len(early)}
        label[0] = "what came before", "what came before"
        self.renumber([[m for ids in early for m in ids], *self.members[-kept:]], label)

    def renumber(self, members: list[list[int]], label: dict[int, tuple[str, str]]) -> None:
        self.members, self.label = members, label
        for i, ids in enumerate(members):
            for m in ids:
                self.box[m] = i
        self.merged = []
        self.own()

    # --- the result --------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """The boxes as a Graph."""
        graph = self.source
        groups: dict[int, list[int]] = {
            i: list(ids) for i, ids in enumerate(self.members) if i in self.label and len(ids) > 1
        }
        for n in graph.nodes:
            if n.role in (LEAF, CONSTANT) and self.box[n.id] in groups:
                groups[self.box[n.id]].append(n.id)
        number = list(range(len(graph.nodes)))  # by node: the id of what stands for it
        nodes: dict[int, GraphNode] = {}
        for i, ids in groups.items():
            node = self.group(max(ids), self.label[i][0], ids)
            nodes[node.id] = node
            for m in ids:
                number[m] = node.id
        for ids in self.merged:
            what = "leaves" if graph.nodes[ids[0]].role == LEAF else "constants"
            node = self.group(max(ids), f"{len(ids):,} {what}", ids)
            nodes[node.id] = replace(node, params="")
            for m in ids:
                number[m] = node.id
        for n in graph.nodes:
            if number[n.id] == n.id and n.id not in nodes:
                scope = self.outside(n.scope)
                nodes[n.id] = n if scope == n.scope else replace(n, scope=scope)
        drawn = sum(n.role != GROUP for n in nodes.values())
        boxes = len(nodes) - drawn
        note = (
            f"{drawn:,} of {graph.total:,} nodes drawn, the others folded into "
            f"{boxes:,} {'box' if boxes == 1 else 'boxes'}; "
            f"draw(..., max_nodes={graph.total}) draws all"
        )
        folded = object.__new__(Graph)
        folded.nodes = tuple(nodes[i] for i in sorted(nodes))
        folded.edges = tuple(joined(graph.edges, nodes, number))
        folded.root, folded.scopes, folded.total = number[graph.root], graph.scopes, graph.total
        folded.notes = (*graph.notes, note) if drawn < graph.total else graph.notes
        return folded

    def group(self, number: int, name: str, ids: list[int]) -> GraphNode:
        """The node that stands for several."""
        nodes = self.source.nodes
        ops = Counter(nodes[i].op for i in ids if nodes[i].op is not None)
        most = ", ".join(f"{count:,} {op}" for op, count in ops.most_common(3))
        params = f"{len(ids):,} nodes" + (f": {most}" if most else "")
        scope = self.outside(nodes[ids[0]].scope)
        order = min(nodes[i].order for i in ids)
        for i in ids:
            scope = common(scope, self.outside(nodes[i].scope), self.source.scopes)
        return GraphNode(
            number,
            GROUP,
            None,
            name,
            None,
            None,
            (),
            np.dtype(object),
            params,
            scope=scope,
            order=order,
            count=len(ids),
        )

    def outside(self, scope: int) -> int:
        """The innermost open scope around."""
        while scope != NOWHERE and self.boxes[scope] != NOWHERE:
            scope = self.source.scopes[scope].parent
        return scope


def joined(edges: Sequence[GraphEdge], nodes: dict[int, GraphNode], number: Sequence[int]) -> list[GraphEdge]:
    """The edges between boxes; those into one box from one other are one."""
    merged: dict[tuple[int, int], GraphEdge] = {}
    slots: Counter[int] = Counter()
    for e in edges:
        source, target = number[e.source], number[e.target]
        if source == target:
            continue
        if nodes[target].role != GROUP:
            same = source == e.source
            merged[-len(merged) - 1, e.target] = e if same else replace(e, source=source)
        elif (source, target) in merged:
            merged[source, target].count += 1
        else:
            merged[source, target] = GraphEdge(source, target, slots[target])
            slots[target] += 1
    return list(merged.values())


def shown(name: str, kind: str) -> str:
    """'layers.0: Linear', or the class alone, or the name of a block."""
    return name if kind in (name, "scope") else f"{name}: {kind}"


# --- finding repetitions -----------------------------------------------------------------------------


def saved(run: tuple[int, int, int]) -> int:
    """How many boxes disappear if one block and a box for the others stay."""
    _, period, times = run
    return period * (times - 1) - 1


def periods(sequence: Any) -> list[int]:
    """The lengths that a repeated block may have: all short ones, and distances of equal boxes."""
    found = set(range(1, min(LONGEST_PERIOD, len(sequence) // 2) + 1))
    gaps: Counter[int] = Counter()
    order = np.argsort(sequence, kind="stable")
    for positions in np.split(order, np.nonzero(np.diff(sequence[order]))[0] + 1):
        if len(positions) >= 3:
            lengths, counts = np.unique(np.diff(positions), return_counts=True)
            best = int(np.argmax(counts))
            gaps[int(lengths[best])] += int(lengths[best]) * int(counts[best])
    found.update(gap for gap, _ in gaps.most_common(16) if gap > LONGEST_PERIOD)
    return sorted(found)


def repeats(sequence: Any, period: int) -> list[tuple[int, int, int]]:
    """(start, period, times) wherever a block of `period` boxes follows itself at least twice."""
    same = np.concatenate(([False], sequence[period:] == sequence[:-period], [False]))
    edges = np.nonzero(np.diff(same.astype(np.int8)))[0]
    found = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        times = (end - start + period) // period
        if times >= 3:
            found.append((start, period, times))
    return found
