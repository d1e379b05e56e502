"""Affine maps: linear and bilinear."""

import math
from typing import Any

import numpy as np

from autograd import primitive
from nn.functional.products import product, weight_gradient
from nn.functional.shapes import Array, array

__all__ = ["bilinear", "linear"]


def _affine(x: Array, w: Array, b: Array) -> Array:
    out = product(x, w)
    if out.dtype == b.dtype or out.dtype == np.result_type(out, b):
        out += b  # in place: the product is ours
        return out
    return out + b


def _input(g: Array, out: Array, x: Array, w: Array, *_: Any) -> Array:
    if g.ndim <= 2:
        return g @ w
    return (g.reshape(math.prod(g.shape[:-1]), w.shape[0]) @ w).reshape(x.shape)


def _weight(g: Array, out: Array, x: Array, w: Array, *_: Any) -> Array:
    if g.ndim == 2:
        return weight_gradient(g, x, w)
    rows = math.prod(x.shape[:-1])
    return g.reshape(rows, w.shape[0]).T @ x.reshape(rows, w.shape[1])


def _bias(g: Array, *_: Any) -> Array:
    if g.ndim == 2 and len(g) >= 256 and g.shape[1] > 8:
        return np.ones(len(g), g.dtype) @ g  # quicker than a sum over so many rows, and more exact
    return g.sum(axis=tuple(range(g.ndim - 1)))


# A whole layer is one node, so a training step costs what its matrix products cost.
_LINEAR = primitive(_input, _weight, name="linear")(product)
_AFFINE = primitive(
    _input,
    _weight,
    _bias,
    name="linear",
)(_affine)


def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    """input @ weight.T + bias: (..., in_features) -> (..., out_features).

    weight: (out_features, in_features), or (in_features,) for results without that axis;
    bias: (out_features,).  Raises ValueError for shapes that do not fit.
    Source: torch.nn.functional.linear.
    """
    x, w = array(input), array(weight)
    size = w.shape
    if len(size) not in (1, 2) or x.shape[-1:] != size[-1:]:
        raise ValueError(
            f"linear: input of shape {x.shape} and weight of shape {w.shape} do not fit; the last axis of "
            f"both must be in_features, and weight (out_features, in_features)"
        )
    if bias is None:
        return _LINEAR(x, w) if len(size) == 2 else x @ w
    b = array(bias)
    if b.shape != size[:-1]:
        raise ValueError(
            f"linear: bias of shape {b.shape} does not fit weight of shape {w.shape}; "
            f"it must have shape {w.shape[:-1]}"
        )
    return _AFFINE(x, w, b) if len(size) == 2 else x @ w + b


def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    """out[..., k] = input1 . weight[k] . input2 + bias[k]: (..., in1), (..., in2) -> (..., out).

    weight: (out_features, in1_features, in2_features).  Raises ValueError for shapes that
    do not fit.  Source: torch.nn.functional.bilinear.
    """
    x, y, w = array(input1), array(input2), array(weight)
    if w.ndim != 3 or x.shape[:-1] != y.shape[:-1] or (*x.shape[-1:], *y.shape[-1:]) != w.shape[1:]:
        raise ValueError(
            f"bilinear: inputs of shapes {x.shape} and {y.shape} and weight of shape {w.shape} do not fit; "
            f"they must be (..., in1), (..., in2) and (out, in1, in2)"
        )
    out = (np.tensordot(x, w, (-1, 1)) @ y[..., None])[..., 0]
    return out if bias is None else out + bias
