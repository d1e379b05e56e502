"""The calculus: one table per family, one line per rule.  Importing this enters them all."""

from . import contraction, elementwise, indexing, plain, reductions, sequences, shaping, special, windows

__all__ = [
    "contraction",
    "elementwise",
    "indexing",
    "plain",
    "reductions",
    "sequences",
    "shaping",
    "special",
    "windows",
]
