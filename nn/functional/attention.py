"""Scaled dot-product attention."""

import math
from typing import Any

import numpy as np

from autograd import Value, special
from nn.functional.dropout import dropout
from nn.functional.shapes import Array, array

__all__ = ["attention_weights", "scaled_dot_product_attention"]


def attention_weights(scores: Array, mask: Any = None) -> Array:
    """softmax(scores) along the last axis; 0 where a boolean mask is False or a float mask is -inf.

    A float mask is added to the scores.  A row with nothing to attend to has weights 0.
    """
    if mask is None:
        return special.softmax(scores, -1)
    m = np.asarray(mask.data if isinstance(mask, Value) else mask)
    allowed = m if m.dtype == bool else m != -math.inf
    if m.dtype != bool:
        added = mask if isinstance(mask, Value) else m.astype(scores.dtype)
        scores = scores + np.where(allowed, added, 0.0)
    if allowed.all():
        return special.softmax(scores, -1)
    some = allowed.any(axis=-1, keepdims=True)  # else the softmax would be 0 / 0
    scores = np.where(allowed | ~some, scores, -math.inf)
    weights = special.softmax(np.where(some, scores, 0.0), -1)
    return weights if some.all() else np.where(some, weights, 0.0)


def _check(q: Array, k: Array, v: Array, mask: Any, is_causal: bool) -> None:
    name = "scaled_dot_product_attention"
    shapes = f"query {q.shape}, key {k.shape}, value {v.shape}"
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{name}: {shapes}; (..., L, E), (..., S, E) and (..., S, Ev) are needed")
    if mask is not None and is_causal:
        raise ValueError(f"{name}: give attn_mask or is_causal=True, not both")
    if mask is None:
        return
    if mask.dtype.kind not in "bf":
        raise TypeError(
            f"{name}: attn_mask has dtype {mask.dtype}; booleans, or floats to be added, are needed"
        )
    scores = np.broadcast_shapes(q.shape[:-2], k.shape[:-2]) + (q.shape[-2], k.shape[-2])
    try:
        fits = np.broadcast_shapes(mask.shape, scores) == scores
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name}: attn_mask has shape {mask.shape}; it must be broadcast to the scores, {scores}"
        )


def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    rng: Any = None,
) -> Array:
    """softmax(query @ key.T * scale + mask) @ value (Vaswani et al., 2017): -> (..., L, Ev).

    query (..., L, E), key (..., S, E), value (..., S, Ev).  attn_mask: broadcast to (..., L, S);
    booleans, True where attention is allowed, or floats to be added.  is_causal: only to places
    up to one's own.  scale: 1 / sqrt(E) if not given.  enable_gqa: the heads (third axis from the
    end) of key and value are repeated to the query's.  dropout_p: applied to the weights always,
    so give 0 in evaluation.  A place that may attend to nothing gets zeros.
    Raises ValueError for shapes that do not fit.
    """
    q, k, v = array(query), array(key), array(value)
    mask = None if attn_mask is None else array(attn_mask)
    if enable_gqa:
        k, v = (_repeated(x, q) for x in (k, v))
    _check(q, k, v, mask, is_causal)
    if is_causal:
        mask = np.tri(q.shape[-2], k.shape[-2], dtype=bool)
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    weights = attention_weights((q * factor) @ k.swapaxes(-1, -2), mask)
    return dropout(weights, dropout_p, rng=rng) @ v


def _repeated(x: Array, q: Array) -> Array:
    if min(x.ndim, q.ndim) < 3 or q.shape[-3] % x.shape[-3]:
        raise ValueError(
            f"scaled_dot_product_attention: the heads of query {q.shape} are no multiple of those of {x.shape}"
        )
    return np.repeat(x, q.shape[-3] // x.shape[-3], axis=-3)
