"""Counts and weights gathered into bins.

Which bin an element is in, and how many are there, are constant; gradient goes to the weights, and
through edges that are Values or follow from the extremes of the data (into density=True, too).
"""

import math
from typing import Any

import numpy as np

from .indexing import SCATTER_ADD
from .kernels import Index
from .sequences import double
from .shaping import array
from .table import Array, door, plain


@door(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Array:
    n, ids = np.bincount(plain(x), minlength=minlength), np.asarray(plain(x))
    if weights is None or not ids.size:
        return n
    weights = double(weights)
    if weights.shape != ids.shape:
        raise ValueError(f"np.bincount: weights has shape {weights.shape}, x has shape {ids.shape}; give one for each")
    return added(weights, ids, n.size)


def added(weights: Array, ids: Any, n: int) -> Array:
    """`weights` added up by number."""
    return SCATTER_ADD(weights, index=Index(np.asarray(ids, np.intp)), shape=(n,))


def edges_of(a: Array, bins: Any, within: Any, weights: Any) -> Array:
    """The edges of the bins; the outer ones are the data's extremes unless they are given."""
    ends = None if within is None else tuple([plain(x) for x in within])
    known = np.histogram_bin_edges(plain(a), plain(bins), ends, None if weights is None else np.ones(a.shape))
    if not isinstance(bins, str) and np.ndim(bins) == 1:
        return array(bins)
    if not a.size and within is None:
        return known
    low, high = (a.min(), a.max()) if within is None else within
    if plain(low) == plain(high):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, len(known), dtype=known.dtype)


def place(x: Any, edges: Any) -> Any:
    """The number of the bin of each element; the last bin has its right edge; -1 outside."""
    n = len(edges) - 1
    at = np.where(x == edges[-1], n - 1, np.searchsorted(edges, x, side="right") - 1)
    return np.where((at < n) & ~np.isnan(x), at, -1)


@door(np.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    return edges_of(array(a).reshape(-1), bins, range, weights)


@door(np.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> tuple[Array, Array]:
    a = array(a)
    weights = None if weights is None else same_shape("histogram", array(weights), a.shape).reshape(-1)
    a = a.reshape(-1)
    edges = edges_of(a, bins, range, weights)
    if weights is None:
        n: Array = np.histogram(plain(a), plain(edges))[0]
    else:
        n = tally(weights, place(plain(a), plain(edges)), edges.size - 1)
    return (n / np.diff(edges) / n.sum() if density else n), edges


def same_shape(function: str, weights: Array, shape: tuple[int, ...]) -> Array:
    if weights.shape != shape:
        raise ValueError(f"np.{function}: weights has shape {weights.shape}, the data {shape}; give one for each")
    return weights


def tally(weights: Array, at: Any, n: int) -> Array:
    inside = np.flatnonzero(at >= 0)
    return added(weights[inside], at[inside], n)


@door(np.histogramdd)
def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """sample: (n, d), or d arrays in a list."""
    columns = list(sample.T) if hasattr(sample, "ndim") and sample.ndim == 2 else [array(x) for x in sample]
    if hasattr(sample, "ndim") and sample.ndim < 2:
        columns = [sample.reshape(-1)]
    if {x.shape for x in columns} != {columns[0].shape[:1]}:
        raise ValueError(f"np.histogramdd: columns of shapes {[x.shape for x in columns]}; give rows of one length")
    each = list(bins) if isinstance(bins, list | tuple) or np.ndim(bins) else [bins] * len(columns)
    spans = [None] * len(columns) if range is None else list(range)
    if len(each) != len(columns) or len(spans) != len(columns):
        raise ValueError(
            f"np.histogramdd: {len(each)} bins and {len(spans)} ranges for {len(columns)} dimensions; give one each"
        )
    edges = [edges_of(x, b, r, None) for x, b, r in zip(columns, each, spans, strict=True)]
    places = [place(plain(x), plain(e)) for x, e in zip(columns, edges, strict=True)]
    shape = tuple([e.size - 1 for e in edges])
    inside = np.flatnonzero(np.all([at >= 0 for at in places], axis=0))
    ids = np.ravel_multi_index(tuple([at[inside] for at in places]), shape)
    w = np.ones(len(columns[0])) if weights is None else double(same_shape("histogramdd", array(weights), columns[0].shape))
    n = added(w[inside], ids, math.prod(shape)).reshape(shape)
    if density:
        total = n.sum()
        for i, e in enumerate(edges):
            n = n / np.diff(e).reshape([-1 if a == i else 1 for a, _ in enumerate(edges)])
        n = n / total
    return n, tuple(edges)


@door(np.histogram2d)
def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    shared = np.ndim(bins) == 1 and len(bins) != 2 if not isinstance(bins, list | tuple) else len(bins) not in (1, 2)
    n, edges = histogramdd([array(x), array(y)], [bins, bins] if shared else bins, range, density, weights)
    return n, *edges
