"""The calculus: one table per family, one line per rule.  Importing this enters them all."""

from . import (
    contraction,
    elementwise,
    indexing,
    linalg,
    plain,
    reductions,
    scipy_special,
    sequences,
    shaping,
    special,
    spectral,
    windows,
)

__all__ = [
    "contraction",
    "elementwise",
    "indexing",
    "linalg",
    "plain",
    "reductions",
    "scipy_special",
    "sequences",
    "shaping",
    "special",
    "spectral",
    "windows",
]
