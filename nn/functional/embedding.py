"""Rows of a table by integer: embedding, embedding_bag, one_hot."""

import math
from typing import Any

import numpy as np

from autograd import Value, primitive
from nn.functional.shapes import Array, array, is_traced

__all__ = ["embedding", "embedding_bag", "one_hot"]


def _indices(name: str, input: Array, n: int | None) -> Any:
    """`input` as a plain array of indices from 0 to n - 1; in a compiled function looked at in every call."""
    if is_traced(input):
        return _checked(input, name=name, n=n)
    index = np.asarray(input.data if isinstance(input, Value) else input)
    if index.dtype.kind not in "iu":
        if index.size:
            raise TypeError(
                f"{name}: input has dtype {index.dtype}; indices are integers: convert with .astype(int)"
            )
        index = index.astype(int)
    wrong = (index < 0) | (False if n is None else index >= n)
    if np.any(wrong):
        of = "" if n is None else f" for {n} rows; indices are 0 to {n - 1}"
        raise IndexError(f"{name}: index {index[wrong].flat[0]} is out of range{of}")
    return index


@primitive(None, name="indices")
def _checked(input: Any, *, name: str, n: int | None) -> Any:
    return _indices(name, input, n)


@primitive(lambda g, out, rows, counts: g / counts, None, name="by_frequency")
def _by_frequency(rows: Array, counts: Array) -> Array:
    """The rows, their gradient divided by how often each index occurs."""
    return rows


@primitive(None, name="frequencies")
def _frequencies(index: Any) -> Any:
    """How often each index occurs, in its place; in a compiled function counted in every call."""
    _, where, counts = np.unique(index, return_inverse=True, return_counts=True)
    return counts[where.reshape(index.shape)]


def _renormalized(weight: Array, index: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are read and longer than `max_norm` down to it, in place."""
    used = np.unique(index)
    rows = np.asarray(weight.data if isinstance(weight, Value) else weight)[used]
    if norm_type == math.inf:
        norms = np.max(abs(rows), axis=-1, keepdims=True)
    else:
        norms = np.sum(abs(rows) ** norm_type, axis=-1, keepdims=True) ** (1 / norm_type)
    scale = np.where(norms > max_norm, max_norm / (norms + 1e-7), 1.0).astype(rows.dtype)
    if isinstance(weight, Value):
        new = np.array(weight.data)
        new[used] = rows * scale
        weight.data = new
    else:
        weight[used] = rows * scale


def _padding(name: str, padding_idx: int, n: int) -> int:
    if not -n <= padding_idx < n:
        raise IndexError(f"{name}: padding_idx={padding_idx} is out of range for {n} rows")
    return padding_idx % n


def embedding(
    input: Array,
    weight: Array,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
) -> Array:
    """The rows `weight[input]`: integers of any shape (...) -> (..., D), for a table (n, D).

    padding_idx: a row without gradient.  max_norm: rows that are read and whose norm_type-norm
    is greater are first scaled down to it, in place.  scale_grad_by_freq: gradients are divided
    by how often their index occurs in `input`.
    Raises IndexError for an index (or padding_idx) outside the table, TypeError for indices that
    are not integers, ValueError for a table that has not two axes.
    """
    w = array(weight)
    if w.ndim != 2:
        raise ValueError(f"embedding: weight has shape {w.shape}; a table (rows, D) is needed")
    index = _indices("embedding", input, w.shape[0])
    if max_norm is not None and index.size:
        if is_traced(index) or is_traced(w):
            raise TypeError(
                f"embedding: max_norm={max_norm} scales rows of the weight in place, which a compiled function "
                f"does not; leave this call out of it"
            )
        _renormalized(w, index, max_norm, norm_type)
    rows = w[index]
    if scale_grad_by_freq and index.size:
        rows = _by_frequency(rows, _frequencies(index)[..., None].astype(rows.dtype))
    if padding_idx is not None:
        is_padding = (index == _padding("embedding", padding_idx, w.shape[0]))[..., None]
        rows = np.where(is_padding, rows.detach() if isinstance(rows, Value) else rows, rows)
    return rows


def embedding_bag(
    input: Array,
    weight: Array,
    offsets: Array | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    *,
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Array:
    """The sum, mean or maximum of the rows of each bag of indices: -> (bags, D).

    input: (bags, length), or one vector with `offsets`, where each bag begins (and, with
    include_last_offset, where the last one ends).  per_sample_weights: a factor for each index,
    for mode "sum".  padding_idx: an index that counts for nothing.  An empty bag gives zeros.
    Raises as embedding does, and ValueError for a mode, offsets or weights that do not fit.
    """
    name = "embedding_bag"
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"{name}: mode={mode!r} is unknown; choose 'sum', 'mean' or 'max'")
    w = array(weight)
    index = _indices(name, input, w.shape[0])
    factors = None if per_sample_weights is None else array(per_sample_weights)
    if factors is not None and (mode != "sum" or factors.shape != index.shape):
        raise ValueError(
            f"{name}: per_sample_weights of shape {factors.shape} need mode='sum' (it is {mode!r}) "
            f"and the shape of input, {index.shape}"
        )
    if (index.ndim == 1) == (offsets is None) or index.ndim not in (1, 2):
        raise ValueError(
            f"{name}: input has shape {index.shape} and offsets are {'not ' if offsets is None else ''}given; "
            f"give input (bags, length), or one vector of indices and where each bag begins"
        )
    if offsets is None:
        present = np.ones(index.shape, dtype=bool)
    else:
        places, present = _bags(name, _indices(name, offsets, None), index.size, include_last_offset)
        index = np.append(index, 0)[places]
        if factors is not None:
            factors = np.append(factors, 0.0)[places]
    if padding_idx is not None:
        present = present & (index != _padding(name, padding_idx, w.shape[0]))
    rows = embedding(index, w, None, max_norm, norm_type, scale_grad_by_freq)
    if factors is not None:
        rows = rows * factors[..., None]
    counts = present.sum(axis=1)[:, None]
    shown = present[..., None]
    if mode == "max":
        if not index.shape[1]:
            return np.sum(rows, axis=1)
        return np.where(counts > 0, np.max(np.where(shown, rows, -math.inf), axis=1), 0.0)
    total = np.sum(np.where(shown, rows, 0.0), axis=1)
    return total / np.maximum(counts, 1).astype(rows.dtype) if mode == "mean" else total


def _bags(name: str, offsets: Any, n: int, include_last: bool) -> tuple[Any, Any]:
    """Which indices each bag holds, as a matrix (bags, longest), and which places are filled."""
    ends = offsets if include_last else np.append(offsets, n)
    if offsets.ndim != 1 or not offsets.size or ends[0] != 0 or np.any(np.diff(ends) < 0) or ends[-1] > n:
        raise ValueError(
            f"{name}: offsets are {offsets.tolist()}; they begin with 0, do not fall, and end within "
            f"the {n} indices of input"
        )
    lengths = np.diff(ends)
    steps = np.arange(lengths.max(initial=0))
    present = steps < lengths[:, None]
    return np.where(present, ends[:-1, None] + steps, n), present


def one_hot(tensor: Array, num_classes: int = -1) -> Any:
    """Integers (...) as rows of zeros with a single 1: int64 (..., num_classes).

    num_classes: -1 for one more than the largest.
    Raises IndexError for a class outside, TypeError for what are not integers.

    >>> one_hot([0, 2])
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    if num_classes == -1:
        index = _indices("one_hot", tensor, None)
        if not index.size:
            raise ValueError("one_hot: no classes can be counted in an empty tensor; give num_classes")
        if is_traced(index):
            raise TypeError(
                f"one_hot: the classes of {index.dtype} {index.shape} cannot be counted inside a compiled function, "
                f"where its numbers are not known yet; give num_classes"
            )
        num_classes = int(index.max()) + 1
    elif num_classes < 1:
        raise ValueError(f"one_hot: num_classes={num_classes} must be -1, or 1 or more")
    index = _indices("one_hot", tensor, num_classes)
    return (index[..., None] == np.arange(num_classes)).astype(np.int64)
