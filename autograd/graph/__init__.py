"""What a recorded graph looks like: one description (`Graph`), and pictures of it (`draw`)."""

from autograd.graph.description import Graph, GraphEdge, GraphNode
from autograd.graph.draw import Drawing, draw
from autograd.graph.record import record
from autograd.graph.recording import Recording

__all__ = ["Drawing", "Graph", "GraphEdge", "GraphNode", "Recording", "draw", "record"]
