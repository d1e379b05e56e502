"""What a recorded graph looks like: one description (`Graph`), and pictures of it (`draw`)."""

from autograd.graph.description import Graph, GraphEdge, GraphNode, GraphScope
from autograd.graph.draw import Drawing, draw
from autograd.graph.explain import explain
from autograd.graph.explanation import Explanation
from autograd.graph.layout import Layout, layout
from autograd.graph.record import record
from autograd.graph.recording import Recording
from autograd.graph.svg import svg
from autograd.scopes import scope

__all__ = [
    "Drawing",
    "Explanation",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "GraphScope",
    "Layout",
    "Recording",
    "draw",
    "explain",
    "layout",
    "record",
    "scope",
    "svg",
]
