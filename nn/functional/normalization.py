"""Batch, layer, group, instance and root-mean-square normalization; normalize."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Value, no_grad, primitive
from nn.functional.shapes import Array, array

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "normalize", "rms_norm"]


def _standardized(g: Array, out: Array, x: Array, axis: tuple[int, ...], eps: float) -> Array:
    """The gradient less its mean and its part along `out`, over the standard deviation."""
    centred = g - g.mean(axis=axis, keepdims=True)
    along = (g * out).mean(axis=axis, keepdims=True)
    return (centred - out * along) / np.sqrt(x.var(axis=axis, keepdims=True) + eps)


@primitive(_standardized)
def standardize(x: Array, *, axis: tuple[int, ...], eps: float) -> Array:
    """(x - mean) / sqrt(var + eps) over `axis`, one node."""
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(axis=axis, keepdims=True) + eps)


def _scaled(y: Array, weight: Array | None, bias: Array | None, shape: tuple[int, ...]) -> Array:
    """y * weight + bias, both reshaped to `shape`."""
    if weight is not None:
        y = y * array(weight).reshape(shape)
    return y if bias is None else y + array(bias).reshape(shape)


def _channels(f: str, x: Array, **given: Array | None) -> tuple[int, ...]:
    """The shape in which a number for each channel meets `x`; checks that there is one for each."""
    if x.ndim < 2:
        raise ValueError(f"{f}: input of shape {x.shape}; (N, C, ...) is needed")
    for name, v in given.items():
        if v is not None and array(v).shape != (x.shape[1],):
            raise ValueError(
                f"{f}: {name} has shape {array(v).shape}, the input {x.shape}; "
                f"one number for each of its {x.shape[1]} channels is needed"
            )
    return (x.shape[1], *(1,) * (x.ndim - 2))


def _update(running: Any, new: Any, momentum: Any) -> None:
    """running = (1 - momentum) running + momentum new, in place."""
    if running is None:
        return
    keep, share = 1 - momentum, momentum
    if isinstance(momentum, Value):  # of a compiled step: rounded as a Python number would be
        keep, share = keep.astype(running.dtype), share.astype(running.dtype)
    updated = keep * running + share * new
    if isinstance(running, Value):
        running.data = updated
    else:
        running[...] = updated.data if isinstance(updated, Value) else updated


def _evaluated(x: Array, mean: Array, var: Array, weight: Any, bias: Any, eps: float, shape: Any) -> Array:
    """Normalized with given statistics: one product and one sum over the input."""
    scale = 1 / np.sqrt(array(var) + eps)
    scale = scale if weight is None else scale * weight
    shift = -mean * scale
    shift = shift if bias is None else shift + bias
    return x * scale.reshape(shape) + shift.reshape(shape)


def batch_norm(
    input: Array,
    running_mean: Any,
    running_var: Any,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """(input - mean) / sqrt(var + eps) * weight + bias for each channel, (N, C, ...) -> (N, C, ...).

    training: mean and (biased) var are those of the batch, and the running ones, if any, are
    updated in place: running = (1 - momentum) running + momentum new, with the unbiased var.
    Otherwise they are the running ones.  Raises ValueError for statistics of another shape, none
    when not training, or a single value per channel when training.
    Source: Ioffe & Szegedy (2015), arXiv:1502.03167; torch.nn.functional.batch_norm.
    """
    x = array(input)
    shape = _channels(
        "batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: running_mean and running_var are needed when training=False")
        return _evaluated(x, running_mean, running_var, weight, bias, eps, shape)
    n = x.size // max(x.shape[1], 1)
    if n == 1:
        raise ValueError(
            f"batch_norm: expected more than 1 value per channel when training, got input of shape {x.shape}; "
            f"use a larger batch, or eval()"
        )
    axis = (0, *range(2, x.ndim))
    if n and (running_mean is not None or running_var is not None):
        with no_grad():  # in Values, so that a compiled step does it too
            _update(running_mean, x.mean(axis=axis), momentum)
            _update(running_var, x.var(axis=axis, ddof=1), momentum)
    return _scaled(standardize(x, axis=axis, eps=eps) if n else x, weight, bias, shape)


def instance_norm(
    input: Array,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """As batch_norm with each sample for itself: statistics over the axes after the channels.

    The running statistics, if any, are updated with the means over the batch.
    Source: Ulyanov et al. (2016), arXiv:1607.08022; torch.nn.functional.instance_norm.
    """
    x = array(input)
    shape = _channels(
        "instance_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError(
                "instance_norm: running_mean and running_var are needed when use_input_stats=False"
            )
        return _evaluated(x, running_mean, running_var, weight, bias, eps, shape)
    n = math.prod(x.shape[2:])
    if n == 1:
        raise ValueError(
            f"instance_norm: expected more than 1 value per channel and sample, got input of shape {x.shape}"
        )
    axis = tuple(range(2, x.ndim))
    if x.size and (running_mean is not None or running_var is not None):
        with no_grad():
            _update(running_mean, x.mean(axis=axis).mean(axis=0), momentum)
            _update(running_var, x.var(axis=axis, ddof=1).mean(axis=0), momentum)
    return _scaled(standardize(x, axis=axis, eps=eps) if x.size else x, weight, bias, shape)


def _last_axes(f: str, x: Array, normalized_shape: Any, **given: Array | None) -> tuple[int, ...]:
    """The axes of `normalized_shape`, which must be the last of `x`; given parameters must have that shape."""
    shape = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ValueError(
            f"{f}: input of shape {x.shape} does not end in normalized_shape={shape}; give the sizes of its last axes"
        )
    for name, v in given.items():
        if v is not None and array(v).shape != shape:
            raise ValueError(f"{f}: {name} has shape {array(v).shape}; normalized_shape={shape} is needed")
    return tuple(range(-len(shape), 0))


def layer_norm(
    input: Array,
    normalized_shape: int | Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """(input - mean) / sqrt(var + eps) * weight + bias over the last axes, whose sizes are `normalized_shape`.

    Raises ValueError if the input does not end in `normalized_shape`.
    Source: Ba et al. (2016), arXiv:1607.06450; torch.nn.functional.layer_norm.
    """
    x = array(input)
    axis = _last_axes("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    y = standardize(x, axis=axis, eps=eps) if x.size else x
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def rms_norm(
    input: Array,
    normalized_shape: int | Sequence[int],
    weight: Array | None = None,
    eps: float | None = None,
) -> Array:
    """input / sqrt(mean(input**2) + eps) * weight over the last axes; eps: by default the dtype's spacing at 1.

    Raises ValueError if the input does not end in `normalized_shape`.
    Source: Zhang & Sennrich (2019), arXiv:1910.07467; torch.nn.functional.rms_norm.
    """
    x = array(input)
    axis = _last_axes("rms_norm", x, normalized_shape, weight=weight)
    if eps is None:
        eps = float(np.finfo(x.dtype).eps)
    y = x / np.sqrt(np.mean(x * x, axis=axis, keepdims=True) + eps) if x.size else x
    return y if weight is None else y * weight


def group_norm(
    input: Array,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """As layer_norm over each of `num_groups` groups of channels: (N, C, ...) -> (N, C, ...).

    Raises ValueError if the channels do not divide into the groups.
    Source: Wu & He (2018), arXiv:1803.08494; torch.nn.functional.group_norm.
    """
    x = array(input)
    shape = _channels("group_norm", x, weight=weight, bias=bias)
    if num_groups < 1 or x.shape[1] % num_groups:
        raise ValueError(
            f"group_norm: the {x.shape[1]} channels of an input of shape {x.shape} do not divide into "
            f"num_groups={num_groups}"
        )
    groups = x.reshape(x.shape[0], num_groups, math.prod(x.shape[1:]) // num_groups)
    y = standardize(groups, axis=(-1,), eps=eps).reshape(x.shape) if x.size else x
    return _scaled(y, weight, bias, shape)


def normalize(input: Array, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Array:
    """input / max(norm, eps), where norm is the p-norm along `dim`.

    The norm has gradient 0 at a vector of zeros.  Raises ValueError for p <= 0.
    Source: torch.nn.functional.normalize.
    """
    x = array(input)
    if not p > 0:
        raise ValueError(f"normalize: p={p}; it must be above 0")
    size = abs(x)
    if math.isinf(p):
        norm = size.max(axis=dim, keepdims=True)
    elif p == 1:
        norm = size.sum(axis=dim, keepdims=True)
    else:
        total = (x * x if p == 2 else size**p).sum(axis=dim, keepdims=True)
        zero = total == 0
        norm = np.where(zero, 0.0, np.where(zero, 1.0, total) ** (1 / p))
    return x / np.maximum(norm, eps)
