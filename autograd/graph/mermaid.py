"""The picture in Mermaid's language, which GitHub and many editors draw."""

from autograd.graph.description import CONSTANT, GROUP, Graph, GraphEdge, GraphNode
from autograd.graph.theme import colours
from autograd.graph.words import (
    caption,
    gradient_line,
    number,
    one_line,
    product,
    shape_of,
    shown_scope,
    value_line,
)

SHAPES = {
    "leaf": ('["', '"]'),
    "constant": ('(["', '"])'),
    "op": ('("', '")'),
    "root": ('{{"', '"}}'),
    "group": ('[["', '"]]'),
}
ESCAPES = {ord(c): f"#{ord(c)};" for c in '#&<>"`\\;%$'}


def mermaid(
    graph: Graph,
    *,
    values: bool = True,
    gradients: bool = True,
    contributions: bool = False,
    direction: str = "LR",
    theme: str = "light",
) -> str:
    """The graph as a Mermaid flowchart."""
    lines = [f"flowchart {direction}", *inside(graph, values, gradients)]
    nodes = {n.id: n for n in graph.nodes}
    for e in graph.edges:
        lines.append("  " + arrow(e, nodes[e.source], nodes[e.target], contributions))
    c = colours(theme)
    for role in SHAPES:
        stroke = c.get(role, c["faint"])
        dashed = ",stroke-dasharray:4 2" if role == CONSTANT else ""
        lines.append(f"  classDef {role} fill:{c[role + '_fill']},stroke:{stroke},color:{c['ink']}{dashed}")
    for order in (1, 2, 3):
        if any(min(n.order, 3) == order for n in graph.nodes):
            fill, stroke = c[f"order{order}_fill"], c[f"order{order}"]
            lines.append(f"  classDef order{order} fill:{fill},stroke:{stroke},color:{c['ink']}")
    lines += [f"  %% {escaped(note)}" for note in graph.notes]
    return "\n".join([*lines, ""])


def inside(graph: Graph, values: bool, gradients: bool) -> list[str]:
    """The nodes, in the subgraphs of their modules."""
    members: dict[int, list[str]] = {}
    for n in graph.nodes:
        members.setdefault(n.scope, []).append("  " + node(n, values, gradients))
    for s in reversed(graph.scopes):  # children have higher ids
        lines = members.pop(s.id, None)
        if lines:
            frame = [f'  subgraph s{s.id} ["{escaped(shown_scope(s))}"]', *lines, "  end"]
            members.setdefault(s.parent, []).extend(frame if len(lines) > 1 else lines)
    return members.get(-1, [])


def node(n: GraphNode, values: bool, gradients: bool) -> str:
    """One node: n3["x<br/>0.5<br/>grad -30"]:::leaf"""
    name, op = caption(n)
    lines = [f"{name} {op}" if op else name]
    if n.role == GROUP:
        lines.append(n.params)
    elif n.role == CONSTANT and not n.name and not n.shape:
        lines = [number(n.value)]
    else:
        if n.shape:
            lines.append(shape_of(n))
        if values:
            lines.append(value_line(n))
        if gradients and n.role != CONSTANT:
            lines.append(gradient_line(n))
    opening, closing = SHAPES[n.role]
    words = "<br/>".join(escaped(line) for line in lines if line)
    kind = f"order{min(n.order, 3)}" if n.order and n.role == "op" else n.role
    return f"n{n.id}{opening}{words}{closing}:::{kind}"


def arrow(e: GraphEdge, source: GraphNode, target: GraphNode, contributions: bool) -> str:
    """One edge, dotted from a constant."""
    line = "-.->" if source.role == CONSTANT else "-->"
    label = (
        f'|"{escaped(" ".join(product(e, target)))}"|' if contributions and e.contribution is not None else ""
    )
    return f"n{e.source} {line}{label} n{e.target}"


def escaped(words: str) -> str:
    """Text inside Mermaid's quotes: everything that means something to it, as an entity."""
    return one_line(words).translate(ESCAPES)
