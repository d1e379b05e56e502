"""Where the nodes of a segment go, once for all its frames."""

from dataclasses import dataclass
from math import ceil
from types import SimpleNamespace
from typing import Any, cast

from autograd.graph.layout import Box, Point, layout, width_of
from autograd.graph.recording import RecordedNode, Segment
from autograd.graph.words import SYMBOLS, shortened

CARD, PLAIN, ARRAY = (88.0, 60.0), (62.0, 26.0), (136.0, 80.0)  # width and height, px
LONGEST = 18  # characters of a name on a card; the tooltip has all
LARGE = 1500  # nodes above which Graphviz takes too long
GAP_X, GAP_Y = 44.0, 14.0

SIGNS = SYMBOLS | {"sigmoid": "\N{GREEK SMALL LETTER SIGMA}"}


@dataclass(frozen=True)
class Places:
    """Boxes by node, control points of cubic Bezier curves by edge, in px."""

    width: float
    height: float
    boxes: list[Box]
    curves: list[tuple[Point, ...]]


def places(segment: Segment) -> Places:
    """By Graphviz; where there is none, or for large graphs, in columns by depth."""
    sizes = [size_of(n) for n in segment.nodes]
    if len(segment.nodes) <= LARGE:
        try:
            return by_graphviz(segment, sizes)
        except RuntimeError:  # no Graphviz here, or it failed: a plainer picture is still a picture
            pass
    return in_columns(segment, sizes)


def size_of(n: RecordedNode) -> tuple[float, float]:
    """A card has room for name, value and gradient; a constant number shows its value alone."""
    if n.scalar and n.role == "constant" and not n.name:
        return PLAIN
    width, height = CARD if n.scalar else ARRAY
    op = 6 + width_of(sign_of(n)) if n.op else 0.0
    return float(ceil(max(width, width_of(shortened(n.symbol, LONGEST)) * 1.08 + op + 18))), height


def sign_of(n: RecordedNode) -> str:
    """The operation in few characters."""
    return SIGNS.get(n.op or "", shortened(n.op or "", LONGEST))


def by_graphviz(segment: Segment, sizes: list[tuple[float, float]]) -> Places:
    nodes = [
        SimpleNamespace(
            id=n.id, role=n.role, op=n.op, name=n.name, label=n.symbol, shape=n.shape, dtype=n.dtype, scope=-1
        )
        for n in segment.nodes
    ]
    graph = SimpleNamespace(nodes=nodes, edges=segment.edges, scopes=(), notes=(), root=segment.root)
    found = layout(cast(Any, graph), sizes=dict(enumerate(sizes)))
    curves = [found.edges[e.source, e.target, e.slot] for e in segment.edges]
    return Places(found.width, found.height, [found.boxes[n.id] for n in segment.nodes], curves)


def in_columns(segment: Segment, sizes: list[tuple[float, float]]) -> Places:
    """A column per depth, each sorted twice towards its neighbours; straight curves between."""
    count = len(segment.nodes)
    operands: list[list[int]] = [[] for _ in range(count)]
    users: list[list[int]] = [[] for _ in range(count)]
    for e in segment.edges:
        operands[e.target].append(e.source)
        users[e.source].append(e.target)
    depth = [0] * count
    for n in range(count):  # operands have lower numbers
        depth[n] = max((depth[m] + 1 for m in operands[n]), default=0)
    for n in range(count):  # what is not computed stands beside its first use
        if not operands[n] and users[n]:
            depth[n] = min(depth[m] for m in users[n]) - 1
    columns: list[list[int]] = [[] for _ in range(max(depth) + 1)]
    for n in range(count):
        columns[depth[n]].append(n)
    row = [0.0] * count
    for column in columns:
        row_up(column, row)
    for beside, order in ((operands, columns), (users, columns[::-1])) * 2:
        for column in order:
            column.sort(
                key=lambda n: sum(row[m] for m in beside[n]) / len(beside[n]) if beside[n] else row[n]
            )
            row_up(column, row)
    boxes: list[Box] = [Box(0, 0, 0, 0)] * count
    heights = [sum(sizes[n][1] + GAP_Y for n in column) - GAP_Y for column in columns]
    x, tallest = 0.0, max(heights)
    for column, height in zip(columns, heights, strict=True):
        width, y = max(sizes[n][0] for n in column), (tallest - height) / 2
        for n in column:
            boxes[n] = Box(x + width / 2, y + sizes[n][1] / 2, *sizes[n])
            y += sizes[n][1] + GAP_Y
        x += width + GAP_X
    arity = [max(1, len(o)) for o in operands]
    curves: list[tuple[Point, ...]] = []
    for e in segment.edges:
        a, b = boxes[e.source], boxes[e.target]
        start = a.x + a.width / 2, a.y
        end = b.x - b.width / 2, b.y + b.height * ((e.slot + 1) / (arity[e.target] + 1) - 0.5) * 0.8
        bend = max(20.0, (end[0] - start[0]) / 2)
        curves.append((start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end))
    return Places(x - GAP_X, tallest, boxes, curves)


def row_up(column: list[int], row: list[float]) -> None:
    """Number a column's nodes around its middle, so that columns of any length compare."""
    for i, n in enumerate(column):
        row[n] = i - (len(column) - 1) / 2
