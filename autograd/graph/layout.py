"""Where everything goes: coordinates from Graphviz, for pictures that we write ourselves.

A box is as large as its name, operation and kind need; the numbers in it have a fixed
place.  The same graph therefore has the same layout at every step of a training run.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from autograd.graph.description import CONSTANT, GROUP, Graph, GraphNode
from autograd.graph.render import render
from autograd.graph.words import caption, listed, shape_of, shown_scope

Point = tuple[float, float]
Key = tuple[int, int, int]

INCH = 72.0  # Graphviz measures boxes in inches and everything else in points
LINE = 15.0  # height of a line in a box
NUMBERS = 104.0  # width of a box that shows numbers such as -1.2346e-05
NORMS = 122.0  # and of one that shows norms
SIDES = {"LR": "w", "RL": "e", "TB": "n", "BT": "s"}  # where edges arrive, by direction
DIRECTIONS = tuple(SIDES)
MOST_PORTS = 8
LARGE = 80  # nodes: from here on Graphviz stops shortening edges after two rounds for each
LABEL = (96.0, 28.0)  # the room of the two lines on an edge
THUMBNAIL = 32.0


@dataclass(frozen=True)
class Box:
    """A rectangle: its centre and its size, in px."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Coordinates in px, y downwards: boxes by GraphNode.id, edges by (source, target, slot).

    edges: the control points of cubic Bezier curves, 1 + 3k of them, from operand to result.
    labels: the middles of the edge labels, where room was made for them.
    clusters: by GraphScope.id, the frames around the nodes of open modules and scopes.
    """

    width: float
    height: float
    boxes: dict[int, Box]
    edges: dict[Key, tuple[Point, ...]]
    clusters: dict[int, Box] = field(default_factory=dict)
    labels: dict[Key, Point] = field(default_factory=dict)


def layout(
    graph: Graph,
    *,
    direction: str = "LR",
    sizes: Mapping[int, tuple[float, float]] | None = None,
    values: bool = True,
    gradients: bool = True,
    contributions: bool = False,
) -> Layout:
    """The layout of `graph` by Graphviz: `dot` on the PATH, else the one inside pygraphviz.

    direction: where the data flows, "LR", "RL", "TB" or "BT".  sizes: (width, height) in
    px by node id, instead of those that fit what a node shows.  contributions: make room
    for words on the edges.

    Raises ValueError for an unknown direction, RuntimeError (naming the pip install) if
    there is no Graphviz.
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"layout: direction {direction!r} is unknown; choose one of {', '.join(DIRECTIONS)}")
    own = {n.id: size_of_box(n, values, gradients) for n in graph.nodes}
    own.update(sizes or {})
    return read(render(request(graph, direction, own, contributions), "json0"), graph)


# --- sizes ---------------------------------------------------------------------------------------


def size_of_box(n: GraphNode, values: bool = True, gradients: bool = True) -> tuple[float, float]:
    """Width and height of the box of a node: by its name, operation and kind, never by its numbers."""
    name, op = caption(n)
    width = max(44.0, width_of(f"{name} {op}" if op else name) + 22)
    if n.role == CONSTANT and not n.name and not n.shape:
        return 62.0, 28.0
    lines = 1 + bool(n.shape)
    if n.role == GROUP:
        return float(ceil(max(width, NUMBERS))), 18 + LINE * 2
    lines += values + (gradients and n.role != CONSTANT)
    if values or gradients:
        width = max(width, NUMBERS)
    if n.shape:
        width = max(width, width_of(shape_of(n)) + 20, NORMS if values or gradients else 0)
    if listed(n.shape) and (values or gradients):
        width = max(width, 50 + 46 * n.shape[0])
    if pictured(n) and values:
        width += THUMBNAIL + 8
    return float(ceil(width)), 12 + LINE * lines  # whole: older Graphviz rounds what is not


def pictured(n: GraphNode) -> bool:
    """Whether a node has enough numbers in rows and columns for a small picture of them."""
    return len(n.shape) >= 2 and min(n.shape) > 0 and min(n.shape[-2:]) > 1 and n.role != GROUP


def width_of(words: str) -> float:
    """About how wide a text is, in px at 12 px."""
    return sum(
        13.0
        if unicodedata.east_asian_width(c) in "WF"
        else 0.0
        if unicodedata.combining(c)
        else 8.6
        if c.isupper() or c in "mw@%\N{MULTIPLICATION SIGN}\N{HORIZONTAL ELLIPSIS}"
        else 3.9
        if c in "iljI.,:;'|! "
        else 7.0
        for c in words
    )


# --- talking to Graphviz ---------------------------------------------------------------------------


def request(
    graph: Graph, direction: str, sizes: Mapping[int, tuple[float, float]], contributions: bool
) -> str:
    """The DOT text that asks for coordinates: boxes and edges without words.

    Each operand has a port of its own, in order, so that edges arrive in operand order.
    """
    apart = 0.3 if contributions else 0.42
    soon = " nslimit=2" if len(graph.nodes) > LARGE else ""
    lines = [
        "digraph {",
        f"graph [rankdir={direction} nodesep=0.25 ranksep={apart} ordering=in{soon}]",
        'node [shape=box margin=0 fixedsize=true label=""]',
        "edge [arrowhead=none]",
    ]
    arity = operands(graph)
    lines += nested(graph, sizes, arity, direction)
    room = f" label={table(*LABEL, [''], False)}" if contributions else ""
    side = SIDES[direction]
    arrays = {n.id for n in graph.nodes if n.op and n.shape}  # their way through the layers is drawn straight
    parents = {s.id: s.parent for s in graph.scopes}
    outer = {n.id: outermost(n.scope, parents) for n in graph.nodes}
    for e in graph.edges:
        port = f' headport="i{e.slot}:{side}"' if e.target in arity else ""
        straight = " weight=8" if e.source in arrays and e.target in arrays else ""
        if (
            outer.get(e.source, -1) != outer.get(e.target, -1) != -1
            and e.target in arity
            and e.source in arrays
        ):
            straight += " minlen=2"  # beyond the frame that it leaves: frames side by side need no height
        lines.append(
            f'n{e.source} -> n{e.target} [id="{e.slot}"{port}{straight}{room if labelled(e) else ""}]'
        )
    return "\n".join([*lines, "}"])


def outermost(scope: int, parents: Mapping[int, int]) -> int:
    """The scope around a scope that no other is around; -1 for none."""
    while parents.get(scope, -1) != -1:
        scope = parents[scope]
    return scope


def operands(graph: Graph) -> dict[int, int]:
    """How many ports a node has, by id; only where several edges arrive and there is room."""
    slots: dict[int, int] = {}
    for e in graph.edges:
        slots[e.target] = max(slots.get(e.target, 0), e.slot + 1)
    return {target: n for target, n in slots.items() if 1 < n <= MOST_PORTS}


def table(width: float, height: float, ports: list[str], rows: bool) -> str:
    """An HTML-like label of a fixed size, with cells below each other or side by side."""
    w, h = (width, height / len(ports)) if rows else (width / len(ports), height)
    cells = [f"<td{port} fixedsize='true' width='{w:g}' height='{h:g}'></td>" for port in ports]
    inside = "".join(f"<tr>{c}</tr>" for c in cells) if rows else f"<tr>{''.join(cells)}</tr>"
    return f"<<table border='0' cellborder='0' cellspacing='0' cellpadding='0'>{inside}</table>>"


def labelled(e: object) -> bool:
    """Whether an edge gets room for words: it joins single numbers."""
    return getattr(e, "local", None) is not None


def nested(
    graph: Graph, sizes: Mapping[int, tuple[float, float]], arity: dict[int, int], direction: str
) -> list[str]:
    """The nodes, inside the clusters they belong to."""
    members: dict[int, list[str]] = {}
    for n in graph.nodes:
        width, height = sizes[n.id]
        label = ""
        if n.id in arity:
            ports = [f" port='i{i}'" for i in range(arity[n.id])]
            label = f" label={table(width - 2, height - 2, ports, direction in ('LR', 'RL'))}"
        line = f"n{n.id} [width={width / INCH:.4f} height={height / INCH:.4f}{label}]"
        members.setdefault(n.scope, []).append(line)
    for s in sorted(graph.scopes, key=lambda s: -s.id):  # a child has a higher id than its parent
        if s.id in members:
            inside = members.pop(s.id)
            if len(inside) > 1:
                words = table(width_of(shown_scope(s)) * 0.95, 12, [""], False)
                frame = f"subgraph cluster_{s.id} {{ graph [margin=10 labeljust=l label={words}]"
                inside = [frame, *inside, "}"]
            members.setdefault(s.parent, []).extend(inside)
    return members.get(-1, [])


def read(answer: bytes, graph: Graph) -> Layout:
    """Graphviz's JSON as a Layout; its y points upwards, ours downwards."""
    told = json.loads(answer)
    left, bottom, right, top = (float(x) for x in told["bb"].split(","))
    boxes, clusters, names = {}, {}, {}

    def point(words: str) -> Point:
        x, y = words.split(",")[-2:]
        return round(float(x) - left, 2), round(top - float(y), 2)

    for thing in told.get("objects", ()):
        name = thing["name"]
        if name.startswith("cluster_"):
            x0, y0, x1, y1 = (float(x) for x in thing["bb"].split(","))
            clusters[int(name[8:])] = Box(
                round((x0 + x1) / 2 - left, 2),
                round(top - (y0 + y1) / 2, 2),
                round(x1 - x0, 2),
                round(y1 - y0, 2),
            )
        else:
            names[thing["_gvid"]] = number = int(name[1:])
            boxes[number] = Box(
                *point(thing["pos"]),
                round(float(thing["width"]) * INCH, 2),
                round(float(thing["height"]) * INCH, 2),
            )
    edges, labels = {}, {}
    for e in told.get("edges", ()):
        key = names[e["tail"]], names[e["head"]], int(e["id"])
        edges[key] = tuple(point(p) for p in e["pos"].split())
        if "lp" in e:
            labels[key] = point(e["lp"])
    return Layout(
        round(right - left, 2),
        round(top - bottom, 2),
        {n.id: boxes[n.id] for n in graph.nodes},
        {(e.source, e.target, e.slot): edges[e.source, e.target, e.slot] for e in graph.edges},
        dict(sorted(clusters.items())),
        labels,
    )
