"""Which module call or named scope recorded each node, and of what order of derivative it is.

Read off the ranges of creation numbers in `autograd.scopes.LOG` and the visits of
recorded backward passes.  Several threads take numbers from one counter, so a range
counts only for nodes of its own thread: that is known from the numbers of what the
module calls returned, and handed back from each node to its operands.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

from autograd.backward import VISITS
from autograd.engine import Node
from autograd.graph.description import GraphScope
from autograd.scopes import LOG, Note

NOWHERE = -1


@dataclass(eq=False)
class Range:
    """A Note with its place: the numbers after `first` up to `last`, inside `parent`."""

    first: int
    last: int
    about: Any
    kind: type | None
    parent: "Range | None" = None
    names: dict[int, str] = field(default_factory=dict)  # of the modules inside, by id
    values: dict[int, str] | None = None  # of the parameters and buffers inside, by id

    def name(self) -> tuple[str, str]:
        """(name, kind): as the module around it calls it, or the class; of a block, its name."""
        if isinstance(self.about, str):
            return self.about, "scope"
        module, kind = self.about(), self.kind.__name__ if self.kind is not None else "module"
        if module is None:
            return kind, kind  # it has died, and its name with it
        around = self.parent
        while around is not None and isinstance(around.about, str):
            around = around.parent
        owner = around.about() if around is not None else None
        if around is not None and owner is not None and not around.names:
            around.names = {id(m): name for name, m in reversed(list(owner.named_modules()))}
        return (around.names.get(id(module)) or kind if around is not None else kind), kind

    def value_name(self, x: Any) -> str:
        """What the module calls this parameter or buffer; '' if it is not one of its own."""
        if self.values is None:
            module = None if isinstance(self.about, str) else self.about()
            pairs = [] if module is None else [*module.named_buffers(), *module.named_parameters()]
            self.values = {id(v): name for name, v in pairs}
        return self.values.get(id(x), "")


class Times:
    """What one thread noted, to look up creation numbers in."""

    def __init__(self, notes: list[Note], visits: list[tuple[int, int]]) -> None:
        self.ranges: list[Range] = []
        self.visits = visits
        self.starts = [start for start, _ in visits]
        inside: list[Range] = []
        spans = [(n.first, max((n.results,) if isinstance(n.results, int) else n.results), n) for n in notes]
        for first, last, n in sorted(spans, key=lambda s: (s[0], -s[1])):
            while inside and inside[-1].last < first:
                inside.pop()
            if last > first:
                found = Range(first, last, n.about, n.kind, inside[-1] if inside else None)
                inside.append(found)
                self.ranges.append(found)
        self.firsts = [r.first for r in self.ranges]

    def place(self, number: int) -> tuple[Range | None, int]:
        """The innermost range around a creation number, and the order of derivative.

        What a backward pass recorded belongs to the ranges of the node it was visiting.
        """
        order = 0
        while self.visits:
            i = bisect_left(self.starts, number) - 1
            if i < 0 or not self.visits[i][1]:
                break
            number = self.visits[i][1]
            order += 1
        i = bisect_left(self.firsts, number) - 1
        found = self.ranges[i] if i >= 0 else None
        while found is not None and found.last < number:
            found = found.parent
        return found, order


@dataclass(eq=False)
class Places:
    """For the items of a graph: their scopes, their orders of derivative, the names modules give to leaves."""

    scopes: list[int]
    orders: list[int]
    listed: tuple[GraphScope, ...] = ()
    names: dict[int, tuple[str, str]] = field(default_factory=dict)  # in the nearest and the outermost module


def places(items: Sequence[tuple[Any, Sequence[int]]]) -> Places:
    """Look up the items of a graph, given in topological order with their operands."""
    numbers = {x._number: i for i, (x, _) in enumerate(items) if isinstance(x, Node) and x.op is not None}
    scopes, orders = [NOWHERE] * len(items), [0] * len(items)
    times = noted(numbers)
    if not times:
        return Places(scopes, orders)
    found: dict[tuple[int, int], tuple[Range, int]] = {}  # by (id of the range, order)
    where: dict[int, tuple[Range, int]] = {}
    threads = threads_of(items, numbers) if len(times) > 1 else {}
    single = next(iter(times.values()))
    for number, i in numbers.items():
        if len(times) > 1 and threads.get(i) not in times:
            continue
        place, orders[i] = (times[threads[i]] if i in threads else single).place(number)
        if place is not None:
            where[i] = place, orders[i]
            around: Range | None = place
            while around is not None and (id(around), orders[i]) not in found:
                found[id(around), orders[i]] = around, orders[i]
                around = around.parent
    listed, ids = described(sorted(found.values(), key=lambda f: (f[1], f[0].first, -f[0].last)))
    for i, (place, order) in where.items():
        scopes[i] = ids[id(place), order]
    settle(items, scopes, orders, listed)
    return Places(scopes, orders, listed, names_of(items, where))


def noted(numbers: dict[int, int]) -> dict[int, Times]:
    """What the threads that made these numbers noted, by thread."""
    if not numbers:
        return {}
    low, high = min(numbers), max(numbers)
    notes = [Note(*n) for n in LOG.copy()]
    visits: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for start, visited, thread in VISITS.copy():
        if start < low:
            visits[thread].clear()  # but for the last one, which may go on
        if start < high:
            visits[thread].append((start, visited))
    visits = {t: walked for t, walked in visits.items() if any(n for _, n in walked)}
    low = min([low, *[n for walked in visits.values() for _, n in walked if n]])
    notes = [n for n in notes if n.first < high and highest(n) >= low]
    threads = {n.thread for n in notes if returned(n, numbers)} or {get_ident()}
    times = {}
    for thread in sorted(threads):
        mine = [n for n in notes if n.thread == thread]
        walked = visits.get(thread, [])
        if mine or walked:
            times[thread] = Times(mine, walked)
    return times


def highest(n: Note) -> int:
    return n.results if isinstance(n.results, int) else max(n.results)


def returned(n: Note, numbers: dict[int, int]) -> bool:
    """Whether the call recorded something and returned a node of the graph."""
    if isinstance(n.results, int):
        return n.results > n.first and n.results in numbers
    return any(i > n.first and i in numbers for i in n.results)


def threads_of(items: Sequence[tuple[Any, Sequence[int]]], numbers: dict[int, int]) -> dict[int, int]:
    """The thread that made each item, where module calls tell."""
    threads: dict[int, int] = {}
    for n in LOG.copy():
        of = Note(*n)
        for number in (of.results,) if isinstance(of.results, int) else of.results:
            if number > of.first and number in numbers:
                threads[numbers[number]] = of.thread
    for i in range(len(items) - 1, -1, -1):
        if i in threads:
            for source in items[i][1]:
                threads.setdefault(source, threads[i])
    for i, (_, sources) in enumerate(items):  # what is made of results, outside of modules
        for source in sources:
            if i not in threads and source in threads:
                threads[i] = threads[source]
    return threads


def described(found: list[tuple[Range, int]]) -> tuple[tuple[GraphScope, ...], dict[tuple[int, int], int]]:
    """The scopes, numbered so that parents come first, and their ids by (id of the range, order)."""
    listed: list[GraphScope] = []
    ids: dict[tuple[int, int], int] = {}
    calls: dict[tuple[int, str, int], int] = defaultdict(int)
    for place, order in found:
        parent = ids[id(place.parent), order] if place.parent is not None else NOWHERE
        name, kind = place.name()
        path = f"{listed[parent].path}.{name}" if parent != NOWHERE else name
        calls[parent, path, order] += 1
        ids[id(place), order] = len(listed)
        listed.append(GraphScope(len(listed), name, kind, parent, path, calls[parent, path, order], order))
    return tuple(listed), ids


def settle(
    items: Sequence[tuple[Any, Sequence[int]]],
    scopes: list[int],
    orders: list[int],
    listed: tuple[GraphScope, ...],
) -> None:
    """Orders reach what is made of them; a leaf or constant goes where all its users are."""
    least: dict[int, int] = {}  # by leaf or constant: the lowest order among its users
    for i, (_, sources) in enumerate(items):
        for source in sources:
            if is_op(items[source][0]):
                orders[i] = max(orders[i], orders[source])
        for source in sources:
            if not is_op(items[source][0]):
                least[source] = min(least.get(source, orders[i]), orders[i])
    places: dict[int, int] = {}
    for i, (_, sources) in enumerate(items):
        for source in sources:
            if orders[i] == least.get(source, -1):
                places[source] = common(places.get(source, scopes[i]), scopes[i], listed)
    for source, scope in places.items():
        x = items[source][0]
        orders[source] = 0 if isinstance(x, Node) and x.requires_grad else least[source]
        scopes[source] = scope


def names_of(
    items: Sequence[tuple[Any, Sequence[int]]], where: dict[int, tuple[Range, int]]
) -> dict[int, tuple[str, str]]:
    """What the nearest module, and the outermost one, around a first use call a leaf without a name."""
    names: dict[int, tuple[str, str]] = {}
    looked: set[int] = set()
    for i, (_, sources) in enumerate(items):
        if i not in where:
            continue
        for source in sources:
            x = items[source][0]
            if source in looked or not isinstance(x, Node) or x.op is not None or getattr(x, "_name", None):
                continue
            looked.add(source)
            around: Range | None = where[i][0]
            found: list[str] = []
            while around is not None:
                if name := around.value_name(x):
                    found.append(name)
                around = around.parent
            if found:
                names[source] = found[0], found[-1]
    return names


def is_op(x: Any) -> bool:
    return isinstance(x, Node) and x.op is not None


def common(a: int, b: int, listed: tuple[GraphScope, ...]) -> int:
    """The innermost scope that is around both."""
    while a != b:  # a parent has a lower id than its children
        if a > b:
            a = listed[a].parent
        else:
            b = listed[b].parent
    return a
