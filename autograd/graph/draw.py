"""A picture of a recorded graph, through Graphviz's DOT language."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autograd.graph.description import CONSTANT, LEAF, OP, ROOT, Graph, GraphEdge, GraphNode, size, text
from autograd.graph.render import render, write
from autograd.value import Value

ESCAPE = re.compile(r"\\(?=[NGETHL])")  # Graphviz puts a name here, unless a space of no width is between
DIRECTIONS = ("LR", "RL", "TB", "BT")
FONT = "Helvetica,Arial,sans-serif"
PAPER, INK, FAINT, GRADIENT = "#ffffff", "#1b1f24", "#57606a", "#a03d00"

# Okabe and Ito's colours, lightened for the fill; every role also has a shape of its own.
LOOKS = {
    LEAF: {"shape": "box", "style": "filled", "fillcolor": "#dcedf9", "color": "#0072b2", "penwidth": "2"},
    CONSTANT: {
        "shape": "ellipse",
        "style": "filled,dashed",
        "fillcolor": "#f6f8fa",
        "color": "#6e7781",
        "margin": "0.04,0.02",
        "width": "0.45",
        "height": "0.35",
    },
    OP: {"shape": "box", "style": "filled,rounded", "fillcolor": "#ffffff", "color": "#57606a"},
    ROOT: {
        "shape": "octagon",
        "style": "filled",
        "fillcolor": "#fdebc8",
        "color": "#b36b00",
        "penwidth": "2",
        "margin": "0.02,0.02",
    },
}
SYMBOLS = {
    "add": "+",
    "subtract": "\N{MINUS SIGN}",
    "multiply": "\N{MULTIPLICATION SIGN}",
    "divide": "\N{DIVISION SIGN}",
    "power": "**",
    "matmul": "@",
    "negative": "\N{MINUS SIGN}",
}


def draw(
    value: Value,
    *,
    values: bool = True,
    gradients: bool = True,
    contributions: bool = False,
    direction: str = "LR",
    max_nodes: int = 300,
) -> "Drawing":
    """A picture of how `value` came to be, as it is now.

    values, gradients: write them in the nodes ("no gradient yet" before backward()).
    contributions: write on each edge what gradient it carried back, where the nodes
    are single numbers: the result's gradient times the local derivative.
    direction: "LR" from left to right, or "RL", "TB", "BT".
    max_nodes: refuse a larger graph, which would take long and be hard to read.

    The result shows itself in a notebook; `.save("graph.svg")` writes a file (.svg,
    .png, .pdf, .dot).  The same graph always gives the same picture.

    Raises TypeError if `value` is not a Value, ValueError for an unknown direction or
    a graph that is too large, RuntimeError if the graph was released.

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> print((x * x).draw())
    Drawing of multiply: 2 nodes, 2 edges
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"draw: direction {direction!r} is unknown; choose one of {', '.join(DIRECTIONS)}")
    if isinstance(value, Value) and (n := size(value)) > max_nodes:
        raise ValueError(
            f"draw: the graph has {n} nodes, more than max_nodes={max_nodes}; "
            f"draw a part of it (an intermediate Value), or all of it with max_nodes={n}"
        )
    return Drawing(Graph(value), values, gradients, contributions, direction)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture of a Graph, made by draw(); a snapshot that later changes do not reach."""

    graph: Graph
    values: bool = True
    gradients: bool = True
    contributions: bool = False
    direction: str = "LR"

    @cached_property
    def source(self) -> str:
        """The picture in the DOT language; made without Graphviz."""
        lines = ["digraph {"]
        for kind, attributes in self._defaults.items():
            lines.append(f"\t{kind} [{listed(attributes)}]")
        lines += [f"\t{node_id(n.id)} [{listed(self._node(n))}]" for n in self.graph.nodes]
        lines += [
            f"\t{node_id(e.source)} -> {node_id(e.target)} [{listed(self._edge(e))}]"
            for e in self.graph.edges
        ]
        return "\n".join([*lines, "}", ""])

    @property
    def dot(self) -> Any:
        """The picture as a graphviz.Digraph, to be styled further (needs the graphviz package)."""
        try:
            from graphviz import Digraph
        except ImportError:
            raise RuntimeError(
                'Drawing.dot needs the graphviz package; install it with: pip install "stepgrad[viz]"'
            ) from None
        defaults = self._defaults
        digraph = Digraph(
            graph_attr=defaults["graph"], node_attr=defaults["node"], edge_attr=defaults["edge"]
        )
        for n in self.graph.nodes:
            digraph.node(node_id(n.id), **self._node(n))
        for e in self.graph.edges:
            digraph.edge(node_id(e.source), node_id(e.target), **self._edge(e))
        return digraph

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text (needs Graphviz)."""
        return render(self.source, "svg").decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to `path`; its ending says how: .svg, .png, .pdf or .dot.

        The file is replaced as a whole.  Raises ValueError for another ending.
        """
        form = Path(path).suffix.lower().removeprefix(".")
        if form not in ("svg", "png", "pdf", "dot"):
            raise ValueError(f"Drawing.save: {os.fspath(path)!r} must end in .svg, .png, .pdf or .dot")
        content = self.source if form == "dot" else self.svg if form == "svg" else render(self.source, form)
        return write(path, content if isinstance(content, bytes) else content.encode())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the picture, or why there is none."""
        try:
            return {"image/svg+xml": self.svg, "text/plain": repr(self)}
        except Exception as error:
            return {"text/plain": f"{self!r} ({error})"}

    def __repr__(self) -> str:
        return f"Drawing of {repr(self.graph).removeprefix('Graph of ')}"

    @property
    def _defaults(self) -> dict[str, dict[str, str]]:
        label = self.graph.nodes[self.graph.root].label
        return {
            "graph": {
                "rankdir": self.direction,
                "bgcolor": PAPER,
                "pad": "0.2",
                "nodesep": "0.25",
                "ranksep": "0.6" if self.contributions else "0.4",
                "fontname": FONT,
                "tooltip": f"graph of {quotable(label)}",
            },
            "node": {"fontname": FONT, "fontsize": "12", "fontcolor": INK, "margin": "0.16,0.08"},
            "edge": {
                "fontname": FONT,
                "fontsize": "10",
                "fontcolor": GRADIENT,
                "color": FAINT,
                "arrowsize": "0.7",
            },
        }

    def _node(self, n: GraphNode) -> dict[str, str]:
        """The DOT attributes of a node."""
        lines = [title(n)]
        if self.values and not (n.role == CONSTANT and not n.name):  # there the title is the value
            lines.append(html(text(n.value)))
        if self.gradients and n.role != CONSTANT:
            shown = "no gradient yet" if n.gradient is None else f"grad {size_of(n.gradient)}"
            lines.append(f'<font color="{FAINT if n.gradient is None else GRADIENT}">{html(shown)}</font>')
        return {
            "label": f"<{'<br/>'.join(lines)}>",
            "tooltip": quotable("\n".join(details(n))),
            "class": n.role,
            **LOOKS[n.role],
        }

    def _edge(self, e: GraphEdge) -> dict[str, str]:
        """The DOT attributes of an edge."""
        source, target = self.graph.nodes[e.source], self.graph.nodes[e.target]
        about = [f"operand {e.slot} of {target.label}: {source.label}"]
        attributes = {}
        if source.role == CONSTANT:
            attributes["style"] = "dashed"
        if e.stale:
            about.append("changed in place after it was read: the number shown is the new one")
        if e.local is not None:
            about.append(f"local derivative {e.local!r}")
        if e.contribution is not None:
            about.append(f"gradient passed back {e.contribution!r}")
            if self.contributions:
                upstream, local, part = text(target.gradient), text(e.local), text(e.contribution)
                attributes["label"] = f"{upstream} \N{MULTIPLICATION SIGN} {local} = {part}"
        for key in ("tooltip", "labeltooltip") if "label" in attributes else ("tooltip",):
            attributes[key] = quotable("\n".join(about))
        return attributes


# --- words in nodes -----------------------------------------------------------------------------


def title(n: GraphNode) -> str:
    """The first line of a node: its name, and the operation beside it."""
    if n.op is None:
        return html(n.label) if n.role == CONSTANT else f"<b>{html(n.label)}</b>"
    symbol = SYMBOLS.get(n.op)
    op = f"{symbol} {n.op}" if symbol else n.op
    if n.name:
        return f'<b>{html(n.name)}</b> <font color="{FAINT}">{html(op)}</font>'
    return f"<b>{html(op)}</b>"


def details(n: GraphNode) -> list[str]:
    """The exact numbers, for the tooltip."""
    what = n.role if n.op is None else f"result of {n.op}" + (f"({n.params})" if n.params else "")
    lines = [f"{what}, named {n.name}" if n.name else what]
    if n.shape:
        lines.append(f"shape {n.shape}, {n.dtype}")
    lines.append(f"value {exact(n.value)}")
    if n.role != CONSTANT:
        lines.append("no gradient yet" if n.gradient is None else f"gradient {exact(n.gradient)}")
    if n.state == "changed":
        lines.append("changed in place after it was computed: its gradient is no longer known")
    if n.state == "released":
        lines.append("what it was made of was released by backward(release=True)")
    return lines


def exact(data: Any) -> str:
    """All digits of a number or a short array; the range of a long one."""
    array = np.asarray(data)
    if array.size <= 16:
        return str(array.tolist())
    return f"from {array.min().item()!r} to {array.max().item()!r}, mean {array.mean().item()!r}"


def size_of(gradient: Any) -> str:
    """A gradient in a few characters: numbers, or the norm of many."""
    array = np.asarray(gradient)
    if array.ndim > 1 or array.size > 4:
        return f"of norm {text(np.sqrt(np.square(array, dtype=float).sum()))}"
    return text(gradient)


# --- DOT ----------------------------------------------------------------------------------------


def node_id(number: int) -> str:
    return f"n{number}"


def listed(attributes: dict[str, str]) -> str:
    """DOT attributes; a label that is HTML already brings its own brackets."""
    return " ".join(
        f"{key}={x}" if key == "label" and x[0] == "<" else f'{key}="{x}"' for key, x in attributes.items()
    )


def html(words: str) -> str:
    """Text inside an HTML-like label, on one line."""
    words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return ESCAPE.sub(r"\\&#8203;", words)


def quotable(words: str) -> str:
    """Text inside a quoted DOT string, where a backslash escapes and an ampersand starts an entity."""
    words = "".join(c if c.isprintable() or c == "\n" else " " for c in words)
    return words.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
