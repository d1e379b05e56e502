"""What a recorded graph looks like: one description (`Graph`), and pictures of it (`draw`)."""

from autograd.graph.description import Graph, GraphEdge, GraphNode
from autograd.graph.draw import Drawing, draw

__all__ = ["Drawing", "Graph", "GraphEdge", "GraphNode", "draw"]
