"""Pictures of a recorded graph: draw() and the Drawing it returns."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograd.engine import Node
from autograd.graph.description import Graph
from autograd.graph.dot import Dot
from autograd.graph.fold import fold as folded
from autograd.graph.layout import DIRECTIONS, Layout, layout
from autograd.graph.mermaid import mermaid
from autograd.graph.page import page
from autograd.graph.render import render, write
from autograd.graph.svg import svg
from autograd.graph.text import tree
from autograd.graph.theme import THEMES, stylesheet
from autograd.value import Value

ENDINGS = ("svg", "png", "pdf", "dot", "mmd", "html", "txt")


def draw(
    value: Value,
    *,
    values: bool = True,
    gradients: bool = True,
    contributions: bool = False,
    direction: str = "LR",
    theme: str = "auto",
    max_nodes: int = 300,
    depth: int | None = None,
    fold: bool | None = None,
    backward: bool = False,
) -> "Drawing":
    """A picture of how `value` came to be, as it is now.

    values, gradients: write them in the nodes ("no gradient yet" before backward()).
    contributions: write on each edge what gradient it carried back, where the nodes
    are single numbers: upstream gradient x local derivative = contribution.
    direction: "LR" from left to right, or "RL", "TB", "BT".
    theme: "auto" (as the viewer's system), "light" or "dark".
    max_nodes: a larger graph is folded to so many boxes: modules and scopes are closed,
    repetitions counted, and the picture says how to draw more.
    depth: how many levels of modules and scopes stay open.
    fold: True also folds the repetitions of a small graph, False draws every node.
    backward: draw the graph that `value.backward(create_graph=True)` recorded, of the
    gradients of its leaves, instead.

    The result shows itself in a notebook; `.save("graph.svg")` writes a file (.svg, .png,
    .pdf, .dot, .mmd, .html, .txt).  The same graph always gives the same picture.

    Raises TypeError if `value` is not a Value, ValueError for an unknown direction or
    theme, a negative depth, or max_nodes below 1, RuntimeError for `backward` of what no
    backward(create_graph=True) has walked.

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> print((x * x).draw())
    Drawing of multiply: 2 nodes, 2 edges
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"draw: direction {direction!r} is unknown; choose one of {', '.join(DIRECTIONS)}")
    if theme not in THEMES:
        raise ValueError(f"draw: theme {theme!r} is unknown; choose one of {', '.join(THEMES)}")
    if max_nodes < 1:
        raise ValueError(f"draw: max_nodes is {max_nodes}; it must be at least 1")
    if depth is not None and depth < 0:
        raise ValueError(
            f"draw: depth is {depth}; it must be 0 or more: the levels of modules that stay open"
        )
    graph = Graph(gradients_of(value) if backward else value)
    if fold is not False:
        graph = folded(graph, max_nodes, depth, always=bool(fold))
    return Drawing(graph, values, gradients, contributions, direction, theme)


def gradients_of(value: Value) -> list[Value]:
    """The recorded gradients of the leaves behind `value`, in the order of the leaves."""
    if not isinstance(value, Value):
        raise TypeError(f"draw: expected a Value, got {type(value).__name__}")
    todo: list[Any] = [value]
    leaves: list[Any] = []
    seen: set[int] = set()
    while todo:
        x = todo.pop()
        if id(x) not in seen:
            seen.add(id(x))
            if x.op is None and isinstance(x._grad, Value) and x._grad.op is not None:
                leaves.append(x)
            todo.extend([y for y in reversed(x.inputs) if isinstance(y, Node)])
    if not leaves:
        raise RuntimeError(
            "draw: backward=True needs recorded gradients and this Value has none; "
            "call backward(create_graph=True) first"
        )
    return [x._grad for x in leaves]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture of a Graph, made by draw(); a snapshot that later changes do not reach."""

    graph: Graph
    values: bool = True
    gradients: bool = True
    contributions: bool = False
    direction: str = "LR"
    theme: str = "auto"

    @cached_property
    def source(self) -> str:
        """The picture in the DOT language; made without Graphviz."""
        return self._dot.source()

    @property
    def dot(self) -> Any:
        """The picture as a graphviz.Digraph, to be styled further (needs the graphviz package)."""
        return self._dot.digraph()

    @cached_property
    def layout(self) -> Layout:
        """Where everything goes (needs Graphviz)."""
        return layout(
            self.graph,
            direction=self.direction,
            **self._shown,
        )

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text that stands alone (needs Graphviz)."""
        return svg(
            self.graph,
            self.layout,
            **self._shown,
            theme=self.theme,
        )

    @cached_property
    def mermaid(self) -> str:
        """The picture in Mermaid's language; made without Graphviz."""
        return mermaid(
            self.graph,
            **self._shown,
            direction=self.direction,
            theme=self._fixed_theme,
        )

    @cached_property
    def text(self) -> str:
        """The picture as a tree of text; made without Graphviz."""
        return tree(self.graph, values=self.values, gradients=self.gradients)

    @cached_property
    def html(self) -> str:
        """A page of its own with the picture and all numbers in a table (needs Graphviz)."""
        picture = svg(
            self.graph,
            self.layout,
            **self._shown,
            theme=self.theme,
            style=False,
        )
        return page(self.graph, picture, stylesheet(self.theme), self.theme)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to `path`; its ending says how: .svg, .png, .pdf, .dot, .mmd, .html, .txt.

        PNG and PDF are Graphviz's own rendering of `.source`.  The file is replaced as a
        whole.  Raises ValueError for another ending, RuntimeError where Graphviz is needed
        and absent, OSError where the file cannot be written.
        """
        form = Path(path).suffix.lower().removeprefix(".")
        if form not in ENDINGS:
            *most, last = [f".{ending}" for ending in ENDINGS]
            raise ValueError(f"Drawing.save: {os.fspath(path)!r} must end in {', '.join(most)} or {last}")
        if form in ("png", "pdf"):
            return write(path, render(self.source, form))
        made = {"dot": "source", "mmd": "mermaid", "txt": "text"}.get(form, form)
        return write(path, getattr(self, made).encode())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the picture, or the tree and why there is no picture."""
        bundle = {}
        try:
            bundle["image/svg+xml"] = self.svg
        except Exception as error:
            try:
                return {"text/plain": f"{self.text}({error})"}
            except Exception:
                return {"text/plain": f"{self!r} ({error})"}
        return bundle | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Drawing of {repr(self.graph).removeprefix('Graph of ')}"

    @property
    def _dot(self) -> Dot:
        return Dot(
            self.graph,
            **self._shown,
            direction=self.direction,
            theme=self._fixed_theme,
        )

    @property
    def _shown(self) -> dict[str, Any]:
        """What is written besides the names."""
        return {
            "values": self.values,
            "gradients": self.gradients,
            "contributions": self.contributions,
        }

    @property
    def _fixed_theme(self) -> str:
        """For formats that cannot adapt to the viewer."""
        return "dark" if self.theme == "dark" else "light"
