"""The picture as a tree of text, for terminals and wherever nothing better can be shown."""

from autograd.graph.description import CONSTANT, GROUP, Graph, GraphNode
from autograd.graph.words import caption, gradient_line, number, one_line, shape_of, value_line

DEEPEST = 24  # levels of indentation; what lies deeper begins again at the margin


def tree(graph: Graph, *, values: bool = True, gradients: bool = True) -> str:
    """Each result with its operands below it, in order; a node that was shown already is referred to.

    >>> from autograd import Value
    >>> from autograd.graph import draw
    >>> x = Value(3.0, name="x")
    >>> y = (x + 1) / x
    >>> y.backward()
    >>> print(draw(y).text, end="")
    ÷ divide = 1.3333, grad +1     n3
    ├── + add = 4, grad +0.33333   n2
    │   ├── x = 3, grad -0.11111   n0
    │   └── 1
    └── x                         (n0)
    """
    nodes = {n.id: n for n in graph.nodes}
    operands: dict[int, list[int]] = {}
    for e in sorted(graph.edges, key=lambda e: (e.target, e.slot)):
        operands.setdefault(e.target, []).append(e.source)
    rows: list[tuple[str, str]] = []
    seen: set[int] = set()
    used = {e.source for e in graph.edges}
    sections = [n.id for n in reversed(graph.nodes) if n.id not in used]  # the roots, the last one first
    for start in sections:
        waiting = [(start, "", "", 0)]  # number, what stands before it, before what is below it, level
        while waiting:
            i, here, below, level = waiting.pop()
            n = nodes[i]
            again = i in seen and bool(n.role != CONSTANT or n.name)
            seen.add(i)
            if again:
                rows.append((here + name_of(n), f"(n{i})"))
                continue
            deeper = level == DEEPEST and i in operands
            plain = n.role == CONSTANT and not n.name and not n.shape
            rows.append((here + line(n, values, gradients), "" if plain else f"n{i}{' …' * deeper}"))
            if deeper:
                sections.append(i)
                seen.discard(i)
                continue
            sources = operands.get(i, [])
            for k in range(len(sources) - 1, -1, -1):
                last = k == len(sources) - 1
                waiting.append(
                    (
                        sources[k],
                        below + ("└── " if last else "├── "),
                        below + ("    " if last else "│   "),
                        level + 1,
                    )
                )
    width = min(100, max(len(words) for words, _ in rows) + 2)
    lines = [f"{words:<{width}}{' ' if not i.startswith('(') else ''}{i}".rstrip() for words, i in rows]
    return "\n".join([*lines, *graph.notes, ""])


def line(n: GraphNode, values: bool, gradients: bool) -> str:
    """One node on one line: its caption, shape, value and gradient."""
    if n.role == GROUP:
        return f"{name_of(n)} [{one_line(n.params)}]" if n.params else name_of(n)
    if n.role == CONSTANT and not n.name and not n.shape:
        return number(n.value)
    words = name_of(n)
    if n.shape:
        words += f" {shape_of(n)}"
    if values:
        words += f" = {value_line(n)}"
    if gradients and n.role != CONSTANT:
        words += f", {gradient_line(n)}"
    return words


def name_of(n: GraphNode) -> str:
    return " ".join(words for words in caption(n) if words)
