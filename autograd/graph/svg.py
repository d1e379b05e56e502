"""The picture as SVG, written by us: fixed places, ids and classes, labels for screen readers."""

from html import escape

from autograd.graph import thumbnail
from autograd.graph.description import CONSTANT, GROUP, LEAF, ROOT, Graph, GraphEdge, GraphNode
from autograd.graph.layout import LABEL, LINE, THUMBNAIL, Box, Layout, Point, pictured, width_of
from autograd.graph.theme import stylesheet
from autograd.graph.words import (
    MINUS,
    caption,
    details,
    edge_details,
    gradient_line,
    number,
    printable,
    product,
    shape_of,
    shortened,
    shown_scope,
    sign_of,
    spoken,
    value_line,
)

MARGIN = 14.0
CAPTION = 18.0  # height of a line below the graph


def svg(
    graph: Graph,
    layout: Layout,
    *,
    values: bool = True,
    gradients: bool = True,
    contributions: bool = False,
    theme: str = "auto",
    prefix: str = "",
    style: bool = True,
) -> str:
    """The picture of `graph` at the places of `layout`, as SVG text that stands alone.

    values, gradients: write the numbers in the nodes.  contributions: write on the edges
    upstream gradient x local derivative = contribution.  theme: "auto" (as the viewer's
    system), "light" or "dark".  prefix: put before every id, so that several pictures can
    share a page.  style: bring the stylesheet along (`theme.stylesheet` has it otherwise).

    A node is `<g id="n3" class="node leaf">` with a shape, `<text class="name">`,
    `<text class="value">`, `<text class="grad positive">`, and the exact numbers in
    `<title>`; an edge is `<g id="e3-7-0" class="edge">` with a `<path>`: operand 0 of node 7.
    """
    notes = [*graph.notes, *legend(graph)]
    lines = [width_of(note) * 0.92 for note in notes]
    width = round(max([layout.width, *lines]) + 2 * MARGIN, 2)
    height = round(layout.height + 2 * MARGIN + CAPTION * len(notes), 2)
    nodes = {n.id: n for n in graph.nodes}
    about = shortened(f"graph of {nodes[graph.root].label}", 80)
    size = f'viewBox="0 0 {num(width)} {num(height)}" width="{num(width)}" height="{num(height)}"'
    spoken_as = (
        f'role="graphics-document document" aria-roledescription="graph" aria-label="{attribute(about)}"'
    )
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" class="stepgrad {theme}" {size} {spoken_as}>']
    if style:
        parts.append(f"<style>{stylesheet(theme)}</style>")
    parts.append('<rect class="paper" width="100%" height="100%"/>')
    parts.append(f'<g transform="translate({num(MARGIN)} {num(MARGIN)})">')
    scopes = {s.id: s for s in graph.scopes}
    for key, box in layout.clusters.items():
        s = scopes[key]
        parts.append(
            f'<g id="{prefix}s{key}" class="cluster"><title>{content(s.path)}</title>{rectangle(box, 8)}'
            f'<text x="{num(left(box) + 8)}" y="{num(top(box) + 13)}">{content(shown_scope(s))}</text></g>'
        )
    parts += [
        edge(e, nodes, layout, contributions, prefix)
        for e in graph.edges
        if (e.source, e.target, e.slot) in layout.edges
    ]
    parts += [node(n, layout.boxes[n.id], values, gradients, prefix) for n in graph.nodes]
    for i, note in enumerate(notes):
        y = layout.height + CAPTION * (i + 1)
        parts.append(f'<text class="note" x="0" y="{num(y)}">{content(note)}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


# --- nodes -----------------------------------------------------------------------------------------


def node(n: GraphNode, box: Box, values: bool, gradients: bool, prefix: str) -> str:
    """One node: its shape, its words, its numbers."""
    classes = f"node {n.role}" + (f" order{min(n.order, 3)}" if n.order else "")
    tip = content("\n".join(details(n)))
    who = f'id="{prefix}n{n.id}" class="{classes}" role="graphics-symbol" aria-label="{attribute(spoken(n))}"'
    parts = [f"<g {who}><title>{tip}</title>{shape(n, box)}"]
    name, op = caption(n)
    x, y = box.x, box.y - box.height / 2 + 6
    if n.role == GROUP:
        x, y = x - 3, y + 5
    if n.order and n.role != CONSTANT:
        inset = (14, 20) if n.role == ROOT else (9, 15)
        at = f'x="{num(box.x + box.width / 2 - inset[0])}" y="{num(top(box) + inset[1])}"'
        parts.append(f'<text class="prime" {at}>{primes(n.order)}</text>')
    if pictured(n) and values:
        x += (THUMBNAIL + 8) / 2
        parts.append(picture(n, left(box) + 9 + THUMBNAIL / 2, box.y))

    def line(kind: str, words: str) -> None:
        nonlocal y
        parts.append(f'<text class="{kind}" x="{num(x)}" y="{num(y + 11.5)}">{words}</text>')
        y += LINE

    if n.role == CONSTANT and not n.name and not n.shape:
        y = box.y - LINE / 2
        line("value", content(typeset(number(n.value))))
        return "".join([*parts, "</g>"])
    line("name", content(name) + (f'<tspan class="op" dx="5">{content(op)}</tspan>' if op else ""))
    if n.role == GROUP:
        line("shape", f"{n.count:,} nodes")
    elif n.shape:
        line("shape", content(shape_of(n)))
    if values and n.role != GROUP:
        line("value", content(typeset(value_line(n))))
    if gradients and n.role not in (CONSTANT, GROUP):
        line(f"grad {sign_of(n.gradient)}", content(typeset(gradient_line(n))))
    return "".join([*parts, "</g>"])


def picture(n: GraphNode, x: float, y: float) -> str:
    """The thumbnail of a node's array, in a frame around (x, y)."""
    rows, columns = (min(size, thumbnail.MOST) for size in n.shape[-2:])
    width, height = (THUMBNAIL * size / max(rows, columns) for size in (columns, rows))
    place = f'x="{num(x - width / 2)}" y="{num(y - height / 2)}" width="{num(width)}" height="{num(height)}"'
    image = f'<image {place} href="{thumbnail.uri(n.value)}" preserveAspectRatio="none"/>'
    return f'{image}<rect class="frame" {place}/>'


def primes(order: int) -> str:
    """The mark of a derivative: one stroke for the first."""
    return ["\N{PRIME}", "\N{DOUBLE PRIME}", "\N{TRIPLE PRIME}"][order - 1] if order <= 3 else f"({order})"


def legend(graph: Graph) -> list[str]:
    """What the strokes mean, if there are any."""
    orders = sorted({n.order for n in graph.nodes if n.order})
    words = ["recorded by a backward pass", "by a backward pass of that", "and so on"]
    return ["; ".join(f"{primes(order)} {words[min(order, 3) - 1]}" for order in orders)] if orders else []


def shape(n: GraphNode, box: Box) -> str:
    """The outline: each role has its own."""
    if n.role == LEAF:
        return rectangle(box, 0)
    if n.role == CONSTANT:
        return rectangle(box, min(box.height / 2, 14))
    if n.role == ROOT:
        inner = Box(box.x, box.y, box.width - 6, box.height - 6)
        return octagon(box, 10) + octagon(inner, 8)
    if n.role == GROUP:
        behind = [Box(box.x + d, box.y - d, box.width - 6, box.height - 6) for d in (3, 0)]
        front = Box(box.x - 3, box.y + 3, box.width - 6, box.height - 6)
        return "".join(rectangle(b, 5) for b in [*behind, front])
    return rectangle(box, 8)


def rectangle(box: Box, radius: float) -> str:
    return (
        f'<rect x="{num(left(box))}" y="{num(top(box))}" width="{num(box.width)}" '
        f'height="{num(box.height)}" rx="{num(radius)}"/>'
    )


def octagon(box: Box, cut: float) -> str:
    x0, x1, y0, y1 = left(box), left(box) + box.width, top(box), top(box) + box.height
    points = [
        (x0 + cut, y0), (x1 - cut, y0), (x1, y0 + cut), (x1, y1 - cut),
        (x1 - cut, y1), (x0 + cut, y1), (x0, y1 - cut), (x0, y0 + cut),
    ]  # fmt: skip
    return f'<polygon points="{" ".join(f"{num(x)},{num(y)}" for x, y in points)}"/>'


def left(box: Box) -> float:
    return box.x - box.width / 2


def top(box: Box) -> float:
    return box.y - box.height / 2


# --- edges -----------------------------------------------------------------------------------------


def edge(
    e: GraphEdge,
    nodes: dict[int, GraphNode],
    layout: Layout,
    contributions: bool,
    prefix: str,
) -> str:
    """One edge: a curve with a head, and the chain rule on it if asked for."""
    key = e.source, e.target, e.slot
    points = layout.edges[key]
    source, target = nodes[e.source], nodes[e.target]
    classes = "edge" + (" plain" if source.role == CONSTANT else "") + (" stale" if e.stale else "")
    if contributions and e.contribution is not None:
        classes += f" {sign_of(e.contribution)}"
    tip = content("\n".join(edge_details(e, source, target)))
    who = f'id="{prefix}e{e.source}-{e.target}-{e.slot}" class="{classes}" aria-hidden="true"'
    paths = f'<path class="line" d="{curve(points)}"/><path class="head" d="{head(points)}"/>'
    parts = [f"<g {who}><title>{tip}</title>{paths}"]
    if contributions and e.contribution is not None:
        x, y = layout.labels.get(key) or middle(points)
        first, second = product(e, target)
        parts.append(
            f'<text class="contribution" x="{num(x)}" y="{num(y - 6)}">'
            f'{content(typeset(first))}<tspan class="sum" x="{num(x)}" dy="{num(LABEL[1] / 2)}">'
            f"{content(typeset(second))}</tspan></text>"
        )
    return "".join([*parts, "</g>"])


def curve(points: tuple[Point, ...]) -> str:
    (x, y), *rest = points
    return f"M{num(x)} {num(y)}C" + " ".join(f"{num(a)} {num(b)}" for a, b in rest)


def head(points: tuple[Point, ...]) -> str:
    """A small triangle whose tip is the end of the curve."""
    (x, y), before = points[-1], next((p for p in reversed(points[:-1]) if p != points[-1]), points[0])
    dx, dy = x - before[0], y - before[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = 7 * dx / length, 7 * dy / length
    a, b = (x - dx - dy * 0.45, y - dy + dx * 0.45), (x - dx + dy * 0.45, y - dy - dx * 0.45)
    return f"M{num(x)} {num(y)}L{num(a[0])} {num(a[1])}L{num(b[0])} {num(b[1])}Z"


def middle(points: tuple[Point, ...]) -> Point:
    """Halfway along the middle curve."""
    i = 3 * ((len(points) - 1) // 6)
    a, b, c, d = points[i : i + 4]
    return (a[0] + 3 * b[0] + 3 * c[0] + d[0]) / 8, (a[1] + 3 * b[1] + 3 * c[1] + d[1]) / 8


# --- text ------------------------------------------------------------------------------------------


def num(x: float) -> str:
    """A coordinate: two decimals at most."""
    return f"{round(x, 2):.2f}".rstrip("0").rstrip(".").replace("-0", "0" if abs(x) < 0.005 else "-0")


def typeset(words: str) -> str:
    """With true minus signs."""
    return words.replace("-", MINUS)


def content(words: str) -> str:
    """Text between tags."""
    return escape(printable(words), quote=False)


def attribute(words: str) -> str:
    """Text inside a quoted attribute."""
    return escape(printable(words).replace("\n", " "))
