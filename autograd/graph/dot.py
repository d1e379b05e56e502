"""The picture in the DOT language; Graphviz makes PNG and PDF of it."""

import re
from typing import Any

from autograd.graph.description import CONSTANT, GROUP, LEAF, OP, ROOT, Graph, GraphEdge, GraphNode
from autograd.graph.theme import colours
from autograd.graph.words import (
    caption,
    details,
    edge_details,
    gradient_line,
    number,
    one_line,
    printable,
    product,
    shape_of,
    shown_scope,
    sign_of,
    value_line,
)

ESCAPE = re.compile(r"\\(?=[NGETHL])")  # Graphviz puts a name here, unless a space of no width is between
LONGEST = 3000  # characters of a tooltip: Graphviz reads strings of at most 16384, escapes included
FONT = "Helvetica,Arial,sans-serif"
SHAPES = {
    LEAF: {"shape": "box", "style": "filled", "penwidth": "2"},
    CONSTANT: {
        "shape": "ellipse",
        "style": "filled,dashed",
        "margin": "0.04,0.02",
        "width": "0.45",
        "height": "0.35",
    },
    OP: {"shape": "box", "style": "filled,rounded"},
    ROOT: {"shape": "octagon", "style": "filled", "penwidth": "2", "margin": "0.02,0.02"},
    GROUP: {"shape": "box3d", "style": "filled"},
}
SIGNS = {
    "none": "faint",
    "positive": "positive",
    "negative": "negative",
    "nan": "bad",
    "zero": "ink",
    "many": "ink",
}
Attributes = dict[str, str]


class Dot:
    """The DOT attributes of a picture, for text and for a graphviz.Digraph alike."""

    def __init__(
        self,
        graph: Graph,
        *,
        values: bool = True,
        gradients: bool = True,
        contributions: bool = False,
        direction: str = "LR",
        theme: str = "light",
    ) -> None:
        self.graph, self.values, self.gradients = graph, values, gradients
        self.contributions, self.direction = contributions, direction
        self.colours = colours(theme)
        self.nodes = {n.id: n for n in graph.nodes}

    def source(self) -> str:
        """The DOT text."""
        lines = ["digraph {"]
        for kind, attributes in self.defaults().items():
            lines.append(f"\t{kind} [{listed(attributes)}]")
        lines += self.body()
        lines += [f"\tn{e.source} -> n{e.target} [{listed(self.edge(e))}]" for e in self.graph.edges]
        return "\n".join([*lines, "}", ""])

    def digraph(self) -> Any:
        """A graphviz.Digraph of the same."""
        try:
            from graphviz import Digraph
        except ImportError:
            raise RuntimeError(
                'Drawing.dot needs the graphviz package; install it with: pip install "stepgrad[viz]"'
            ) from None
        defaults = self.defaults()
        digraph = Digraph(
            graph_attr=defaults["graph"], node_attr=defaults["node"], edge_attr=defaults["edge"]
        )
        digraph.body += [f"{line}\n" for line in self.body()]
        for e in self.graph.edges:
            digraph.edge(f"n{e.source}", f"n{e.target}", **self.edge(e))
        return digraph

    def defaults(self) -> dict[str, Attributes]:
        """What holds for the whole graph, for all nodes, for all edges."""
        c = self.colours
        graph = {
            "rankdir": self.direction,
            "bgcolor": c["paper"],
            "pad": "0.2",
            "nodesep": "0.25",
            "ranksep": "0.6" if self.contributions else "0.4",
            "fontname": FONT,
            "tooltip": f"graph of {quotable(self.nodes[self.graph.root].label)}",
        }
        if self.graph.notes:
            words = "<br align='left'/>".join(html(note) for note in self.graph.notes)
            graph |= {"label": f"<{words}<br align='left'/>>", "labeljust": "l", "fontsize": "11"}
            graph["fontcolor"] = c["faint"]
        return {
            "graph": graph,
            "node": {"fontname": FONT, "fontsize": "12", "fontcolor": c["ink"], "margin": "0.16,0.08"},
            "edge": {
                "fontname": FONT,
                "fontsize": "10",
                "fontcolor": c["ink"],
                "color": c["line"],
                "arrowsize": "0.7",
            },
        }

    def body(self) -> list[str]:
        """The nodes, inside the clusters they belong to."""
        members: dict[int, list[str]] = {}
        for n in self.graph.nodes:
            members.setdefault(n.scope, []).append(f"\tn{n.id} [{listed(self.node(n))}]")
        for s in reversed(self.graph.scopes):  # children have higher ids
            lines = members.pop(s.id, None)
            if lines and len(lines) > 1:
                about = {
                    "label": f"<{html(shown_scope(s))}>",
                    "tooltip": quotable(s.path),
                    "color": self.colours["cluster"],
                    "fontcolor": self.colours["faint"],
                    "fontsize": "11",
                    "labeljust": "l",
                    "style": "rounded",
                }
                lines = [f"\tsubgraph cluster_{s.id} {{", f"\tgraph [{listed(about)}]", *lines, "\t}"]
            members.setdefault(s.parent, []).extend(lines or [])
        return members.get(-1, [])

    def node(self, n: GraphNode) -> Attributes:
        """The attributes of a node."""
        c = self.colours
        lines = [self.title(n)]
        if n.role == GROUP:
            lines += [f'<font color="{c["faint"]}">{html(n.params)}</font>'] if n.params else []
        elif n.shape:
            lines.append(f'<font color="{c["faint"]}">{html(shape_of(n))}</font>')
        if self.values and n.role != GROUP and not (n.role == CONSTANT and not n.name and not n.shape):
            lines.append(html(value_line(n)))
        if self.gradients and n.role not in (CONSTANT, GROUP):
            colour = c[SIGNS[sign_of(n.gradient)]]
            lines.append(f'<font color="{colour}">{html(gradient_line(n))}</font>')
        order = f"order{min(n.order, 3)}" if n.order and n.role in (OP, GROUP) else n.role
        return {
            "label": f"<{'<br/>'.join(lines)}>",
            "tooltip": quotable("\n".join(details(n))),
            "class": n.role,
            "fillcolor": c[f"{order}_fill"],
            "color": c[order],
            **SHAPES[n.role],
        }

    def title(self, n: GraphNode) -> str:
        """The first line of a node: its name, and the operation beside it."""
        if n.role == CONSTANT and not n.name and not n.shape:
            return html(number(n.value))
        name, op = caption(n)
        beside = f' <font color="{self.colours["faint"]}">{html(op)}</font>' if op else ""
        return f"<b>{html(name)}</b>{beside}"

    def edge(self, e: GraphEdge) -> Attributes:
        """The attributes of an edge."""
        source, target = self.nodes[e.source], self.nodes[e.target]
        attributes = {"style": "dashed"} if source.role == CONSTANT else {}
        if self.contributions and e.contribution is not None:
            attributes["label"] = "\\n".join(product(e, target))
            sign = sign_of(e.contribution)
            attributes["fontcolor"] = self.colours[SIGNS[sign]]
            if sign in ("positive", "negative"):
                attributes["color"] = self.colours[sign]
        about = quotable("\n".join(edge_details(e, source, target)))
        attributes["tooltip"] = about
        if "label" in attributes:
            attributes["labeltooltip"] = about
        return attributes


def listed(attributes: Attributes) -> str:
    """DOT attributes; a label that is HTML already brings its own brackets."""
    return " ".join(
        f"{key}={x}" if key == "label" and x[0] == "<" else f'{key}="{x}"' for key, x in attributes.items()
    )


def html(words: str) -> str:
    """Text inside an HTML-like label, on one line."""
    words = one_line(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return ESCAPE.sub(r"\\&#8203;", words)


def quotable(words: str) -> str:
    """Text inside a quoted DOT string, where a backslash escapes and an ampersand starts an entity."""
    words = printable(words[:LONGEST])
    return words.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
