"""Loss functions: torch.nn.functional's names, defaults and formulas.

Arguments that PyTorch has before its deprecated `size_average` and `reduce` may be
given by position, those after by name only, so that no number lands in the wrong one.
`reduction` is "mean", "sum" or "none".  Inputs and targets must have the same shape:
what would be broadcast by accident is an error.  docs/decisions.md has the edges.
"""

import math
from typing import Any

import numpy as np

from autograd import Value, primitive, special
from nn.functional.activation import log_one_plus_exp, sigmoid
from nn.functional.loss_parts import (
    Softmax,
    check_index_shape,
    check_reduction,
    class_axis,
    class_weights,
    classes,
    divided,
    pair,
    plain,
    reduced,
    shares,
    signs,
    softmax_of,
    weighted,
    weights_of,
)
from nn.functional.pair_loss import (
    cosine_embedding_loss,
    ctc_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    pairwise_distance,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from nn.functional.shapes import Array, array, is_traced

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "pairwise_distance",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


# --- distances ------------------------------------------------------------------------------


@primitive(lambda g, out, d, delta: g * np.clip(d, -delta, delta), name="huber")
def _huber(d: Array, *, delta: float) -> Array:
    inside = np.clip(d, -delta, delta)
    return inside * (d - 0.5 * inside)


def l1_loss(input: Array, target: Array, *, reduction: str = "mean") -> Array:
    """|input - target|.

    Raises ValueError for unequal shapes.
    """
    input, target = pair("l1_loss", input, target)
    return reduced("l1_loss", abs(input - target), reduction)


def mse_loss(input: Array, target: Array, *, reduction: str = "mean") -> Array:
    """(input - target)**2.

    Raises ValueError for unequal shapes.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    np.float64(2.5)
    """
    input, target = pair("mse_loss", input, target)
    return reduced("mse_loss", np.square(input - target), reduction)


def huber_loss(input: Array, target: Array, reduction: str = "mean", delta: float = 1.0) -> Array:
    """d**2 / 2 where |d| <= delta, else delta * (|d| - delta / 2), for d = input - target (Huber, 1964).

    Raises ValueError for unequal shapes, or delta <= 0.
    """
    if delta <= 0:
        raise ValueError(f"huber_loss: delta={delta} must be greater than 0")
    input, target = pair("huber_loss", input, target)
    return reduced("huber_loss", _huber(input - target, delta=delta), reduction)


def smooth_l1_loss(input: Array, target: Array, *, reduction: str = "mean", beta: float = 1.0) -> Array:
    """d**2 / (2 * beta) where |d| < beta, else |d| - beta / 2, for d = input - target (Girshick, 2015).

    beta = 0 is the l1 loss.  Raises ValueError for unequal shapes, or a negative beta.
    """
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta={beta} must be 0 or more")
    input, target = pair("smooth_l1_loss", input, target)
    d = input - target
    return reduced("smooth_l1_loss", _huber(d, delta=beta) / beta if beta else abs(d), reduction)


# --- classes --------------------------------------------------------------------------------


def _class_x(g: Array, out: Array, x: Array, index: Any, share: Any, axis: int) -> Array:
    """The gradient of each sample times (softmax - onehot) times its share."""
    classes = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (-1 - axis))
    return (np.expand_dims(g, axis) * share) * (special.softmax(x, axis) - (index == classes))


@primitive(_class_x, None, None, name="cross_entropy")
def _cross_entropy_of_classes(x: Array, index: Any, share: Any, *, axis: int) -> Array:
    """-share * log_softmax(x)[index] along `axis`, where index and share have length 1."""
    picked = np.take_along_axis(special.log_softmax(x, axis), index, axis)
    with np.errstate(invalid="ignore"):  # 0 * inf, left out
        return -np.where(share == 0, 0.0, share * picked).squeeze(axis)[()]


def _mean_of_classes_x(g: Array, out: Array, x: Array, t: Any, classes: Softmax) -> Array:
    """softmax - onehot, times each sample's share of the mean."""
    n, c = x.shape
    if isinstance(x, Value):  # to be differentiated again: from x, not from what was kept of it
        return (special.softmax(x, -1) - (t[:, None] == np.arange(c))) * (g / n)
    return classes.slope(x, t, g / n)


@primitive(_mean_of_classes_x, None, name="cross_entropy")
def _mean_of_classes(x: Array, t: Any, *, classes: Softmax) -> Array:
    """The mean of -log_softmax(x)[t], with the parts of the softmax that were found on the way."""
    return classes.loss(x, t)


def _cross_entropy_x(g: Array, out: Array, x: Array, q: Array, axis: int) -> Array:
    """Every sample's gradient times softmax - q, for probabilities q that add up to 1 (or a weight)."""
    return np.expand_dims(g, axis) * (special.softmax(x, axis) * q.sum(axis=axis, keepdims=True) - q)


def _cross_entropy_q(g: Array, out: Array, x: Array, q: Array, axis: int) -> Array:
    return -np.expand_dims(g, axis) * special.log_softmax(x, axis)


@primitive(_cross_entropy_x, _cross_entropy_q, name="cross_entropy")
def _cross_entropy(x: Array, q: Array, *, axis: int) -> Array:
    """-sum(q * log_softmax(x)) along `axis`; where q is 0 the logit may be -inf."""
    log_p = special.log_softmax(x, axis)
    with np.errstate(invalid="ignore"):  # 0 * inf, left out
        return -np.where(q == 0, 0.0, q * log_p).sum(axis=axis)


def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    """-log(softmax(input)[target]): logits against classes, as one operation.

    input: (C), (N, C) or (N, C, d1, ...).  target: integers of shape (), (N) or (N, d1, ...),
    or probabilities of the input's shape.  weight: one factor per class.  ignore_index: a class
    that counts for nothing.  label_smoothing: the share of a target spread over all classes.
    The mean is over the weights of the targets; for probabilities over the samples.

    Raises IndexError for a class that does not exist, ValueError for shapes that do not fit
    or a label_smoothing outside [0, 1], TypeError for class indices that are not integers.

    >>> float(cross_entropy(np.array([[1e4, -1e4]]), np.array([1])))
    20000.0
    """
    name = "cross_entropy"
    x, t = array(input), array(target)
    usual = weight is None and reduction == "mean" and label_smoothing == 0
    if usual and type(t) is np.ndarray and not is_traced(x):
        found = softmax_of(plain(x), t, ignore_index)
        if found is not None:
            return _mean_of_classes(x, t, classes=found)  # the common case first
    check_reduction(name, reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing={label_smoothing} must be between 0 and 1")
    axis = class_axis(name, x)
    n = x.shape[axis]
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    weights = class_weights(name, weight, n, dtype)
    column = weights.reshape((n,) + (1,) * (-1 - axis))
    if t.dtype.kind == "f" and t.shape == x.shape:
        q = t if not label_smoothing else t * (1 - label_smoothing) + label_smoothing / n
        loss = _cross_entropy(x, q if weight is None else q * column, axis=axis)
        if reduction == "mean":
            return divided(np.sum(loss), loss.size)
        return reduced(name, loss, reduction)
    index = t if is_traced(t) else plain(t)
    if index.dtype.kind in "iu" or index.shape == x.shape:
        check_index_shape(name, x, index, axis)
    index = classes(name, index, n, ignore_index)
    check_index_shape(name, x, index, axis)
    keep = index != ignore_index
    safe = np.where(keep, index, 0)
    # the weight of each sample, as PyTorch counts it
    share = keep * dtype.type(1) if weight is None else weights_of(weights, safe) * keep
    if is_traced(keep) or not keep.all():
        x = np.where(np.expand_dims(keep, axis), x, 0.0)  # whatever stands there, it counts for nothing
    column_index, column_share = np.expand_dims(safe, axis), np.expand_dims(share, axis)
    if label_smoothing:
        q = (column_index == np.arange(n).reshape(column.shape)) * (column_share * (1 - label_smoothing))
        q = q + np.expand_dims(keep, axis) * column * (label_smoothing / n)
        loss = _cross_entropy(x, q, axis=axis)
    else:
        loss = _cross_entropy_of_classes(x, column_index, column_share, axis=axis)
    if reduction == "mean":
        return divided(np.sum(loss), share.sum())
    return reduced(name, loss, reduction)


def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Array:
    """-weight[target] * input[target]: log-probabilities against classes; see cross_entropy.

    Raises as cross_entropy does.
    """
    name = "nll_loss"
    check_reduction(name, reduction)
    x = array(input)
    axis = class_axis(name, x)
    index = classes(name, target, x.shape[axis], ignore_index)
    check_index_shape(name, x, index, axis)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    weights = class_weights(name, weight, x.shape[axis], dtype)
    keep = index != ignore_index
    safe = np.where(keep, index, 0)
    picked = np.take_along_axis(x, np.expand_dims(safe, axis), axis).reshape(index.shape)
    loss = -np.where(keep, picked, 0.0) * weights_of(weights, safe)
    if reduction == "mean":
        return divided(np.sum(loss), np.sum(weights_of(weights, safe) * keep))
    return reduced(name, loss, reduction)


def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = 1,
    margin: float = 1.0,
    weight: Array | None = None,
    *,
    reduction: str = "mean",
) -> Array:
    """The mean over classes i other than y of weight[y] * max(0, margin - x[y] + x[i])**p (over C).

    input: (N, C) or (C).  target: classes (N) or ().  p: 1 or 2.
    Raises IndexError for a class that does not exist, ValueError for shapes or p that do not fit.
    """
    name = "multi_margin_loss"
    if p not in (1, 2):
        raise ValueError(f"{name}: p={p} must be 1 or 2")
    x = _matrix(name, input)
    n = x.shape[-1]
    index = classes(name, target, n, None)
    check_index_shape(name, x, index, -1)
    weights = class_weights(name, weight, n, x.dtype if x.dtype.kind == "f" else np.dtype(float))
    column = np.expand_dims(index, -1)
    excess = special.relu(margin - np.take_along_axis(x, column, -1) + x)
    loss = np.where(np.arange(n) == column, 0.0, excess if p == 1 else np.square(excess))
    return reduced(name, np.sum(loss, axis=-1) / n * weights_of(weights, index), reduction)


def _matrix(name: str, input: Array) -> Array:
    x = array(input)
    if x.ndim not in (1, 2):
        raise ValueError(f"{name}: input has shape {x.shape}; (N, C) or (C) is needed")
    return x


def multilabel_margin_loss(input: Array, target: Array, *, reduction: str = "mean") -> Array:
    """The sum over classes y in the target and i outside it of max(0, 1 - x[y] + x[i]), over C.

    input: (N, C) or (C).  target: integers of the same shape: classes up to the first -1.
    Raises IndexError for a class that does not exist, ValueError for unequal shapes.
    """
    name = "multilabel_margin_loss"
    x, t = pair(name, _matrix(name, input), target)
    n = x.shape[-1]
    before_end = np.cumsum(plain(t) < 0, axis=-1) == 0
    index = classes(name, np.where(before_end, plain(t), 0), n, None)
    chosen = np.any((index[..., None] == np.arange(n)) & before_end[..., None], axis=-2)
    margins = special.relu(1 - np.take_along_axis(x, index, -1)[..., :, None] + x[..., None, :])
    counted = before_end[..., :, None] & ~chosen[..., None, :]
    return reduced(name, np.sum(np.where(counted, margins, 0.0), axis=(-2, -1)) / n, reduction)


# --- probabilities --------------------------------------------------------------------------

FLOOR = 1e-12  # p * (1 - p) counts as at least this in the gradient of binary_cross_entropy


@primitive(lambda g, out, p: g / np.maximum(p, FLOOR), name="log")
def _clamped_log(p: Array) -> Array:
    """max(log(p), -100)."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), -100.0)


@primitive(
    lambda g, out, p, t: g * ((p - t) / np.maximum(p * (1 - p), FLOOR)),
    lambda g, out, p, t: g * (_clamped_log(1 - p) - _clamped_log(p)),
    name="binary_cross_entropy",
)
def _bce(p: Array, t: Array) -> Array:
    with np.errstate(divide="ignore"):
        return -t * _clamped_log(p) - (1 - t) * np.maximum(np.log1p(-p), -100.0)


def binary_cross_entropy(
    input: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean"
) -> Array:
    """-(t * log(p) + (1 - t) * log(1 - p)) for probabilities p, each log at least -100.

    Raises ValueError for unequal shapes, and for a p or a target outside [0, 1].
    """
    name = "binary_cross_entropy"
    p, t = pair(name, input, target)
    shares(name, t)
    t = t.astype(float) if t.dtype.kind == "b" else t
    numbers = plain(p)
    outside = (numbers < 0) | (numbers > 1)
    if outside.any():
        raise ValueError(
            f"{name}: input holds {numbers[outside].flat[0]}; probabilities are between 0 and 1: "
            f"apply sigmoid first, or use binary_cross_entropy_with_logits"
        )
    return reduced(name, weighted(name, _bce(p, t), weight), reduction)


def _bce_logits_x(g: Array, out: Array, x: Array, t: Array, w: Array) -> Array:
    return g * ((1 - t) * sigmoid(x) - w * t * sigmoid(-x))


def _bce_logits_t(g: Array, out: Array, x: Array, t: Array, w: Array) -> Array:
    return g * (w * log_one_plus_exp(-x) - log_one_plus_exp(x))


def _bce_logits_w(g: Array, out: Array, x: Array, t: Array, w: Array) -> Array:
    return g * (t * log_one_plus_exp(-x))


@primitive(_bce_logits_x, _bce_logits_t, _bce_logits_w, name="bce_with_logits", broadcasts=True)
def _bce_logits(x: Array, t: Array, w: Array) -> Array:
    """w * t * softplus(-x) + (1 - t) * softplus(x): no cancellation."""
    rest = np.log1p(np.exp(-abs(x)))
    return w * t * (np.maximum(-x, 0.0) + rest) + (1 - t) * (np.maximum(x, 0.0) + rest)


def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> Array:
    """binary_cross_entropy(sigmoid(x), t), exact for every x.

    pos_weight: a factor for the part with t, one number or one per class (broadcast to x).
    Raises ValueError for shapes that do not fit, and for a target outside [0, 1].

    >>> float(binary_cross_entropy_with_logits([1000.0], [0.0]))
    1000.0
    """
    name = "binary_cross_entropy_with_logits"
    x, t = pair(name, input, target)
    shares(name, t)
    if pos_weight is not None:
        weighted(f"{name} (pos_weight)", x, pos_weight)
    loss = _bce_logits(x, t, 1.0 if pos_weight is None else array(pos_weight))
    return reduced(name, weighted(name, loss, weight), reduction)


def multilabel_soft_margin_loss(
    input: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean"
) -> Array:
    """The mean over classes (the last axis) of binary_cross_entropy_with_logits.

    Raises ValueError for shapes that do not fit, and for a target outside [0, 1].
    """
    name = "multilabel_soft_margin_loss"
    x, t = pair(name, input, target)
    if not x.ndim:
        raise ValueError(f"{name}: input is a single number; the last axis is the classes")
    shares(name, t)
    return reduced(name, np.mean(weighted(name, _bce_logits(x, t, 1.0), weight), axis=-1), reduction)


def soft_margin_loss(input: Array, target: Array, *, reduction: str = "mean") -> Array:
    """log(1 + exp(-y * x)) for targets y of 1 and -1, exact for every x.

    Raises ValueError for unequal shapes, or a target that is neither.
    """
    x, y = pair("soft_margin_loss", input, target)
    signs("soft_margin_loss", y)
    return reduced("soft_margin_loss", log_one_plus_exp(-y * x), reduction)


def kl_div(input: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """target * (log(target) - input), for log-probabilities `input`: Kullback-Leibler divergence.

    log_target: `target` holds log-probabilities too.  reduction "batchmean" is the sum over the
    length of axis 0, the divergence as mathematics has it.  Where target is 0 the loss is 0.
    Raises ValueError for unequal shapes.
    """
    name = "kl_div"
    x, t = pair(name, input, target)
    check_reduction(name, reduction, "batchmean")
    loss = np.exp(t) * (t - x) if log_target else special.xlogy(t, t) - t * x
    if reduction == "batchmean":
        return divided(np.sum(loss), x.shape[0] if x.ndim else 1)
    return reduced(name, loss, reduction)


def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Array:
    """exp(x) - t * x, the negative log likelihood of a Poisson count t with log-rate x.

    log_input=False: x is the rate, and the loss x - t * log(x + eps).  full: add Stirling's
    t * log(t) - t + log(2 * pi * t) / 2 where t > 1.  Raises ValueError for unequal shapes.
    """
    name = "poisson_nll_loss"
    x, t = pair(name, input, target)
    loss = np.exp(x) - t * x if log_input else x - t * np.log(x + eps)
    if full:
        above = np.where(plain(t) > 1, t, 1.0)
        stirling = above * np.log(above) - above + 0.5 * np.log(2 * math.pi * above)
        loss = loss + np.where(plain(t) > 1, stirling, 0.0)
    return reduced(name, loss, reduction)


@primitive(lambda g, out, x, low: g, name="at_least")
def _at_least(x: Array, *, low: float) -> Array:
    """max(x, low), with gradient 1 everywhere: what lies below can still grow."""
    return np.maximum(x, low)


def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Array,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Array:
    """(log(v) + (input - target)**2 / v) / 2 for the variance v = max(var, eps) (Nix & Weigend, 1994).

    var: the input's shape, that shape with a last axis of 1 or without it, or a number.
    full: add log(2 * pi) / 2.  The gradient of `var` below eps is that at eps.
    Raises ValueError for shapes that do not fit, and for a negative variance.
    """
    name = "gaussian_nll_loss"
    x, t = pair(name, input, target)
    v = array(var)
    if v.ndim and v.shape == x.shape[:-1] and v.shape != x.shape:
        v = v.reshape(v.shape + (1,))
    if v.ndim and v.shape != x.shape and v.shape != x.shape[:-1] + (1,):
        raise ValueError(
            f"{name}: var has shape {v.shape}, input has shape {x.shape}; var needs the input's shape, "
            f"that with a last axis of 1, or that without the last axis"
        )
    if np.any(plain(v) < 0):
        raise ValueError(f"{name}: var holds {plain(v).min()}; variances are 0 or more")
    v = _at_least(v if v.dtype.kind == "f" else v.astype(float), low=eps)
    loss = 0.5 * (np.log(v) + np.square(x - t) / v)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(name, loss, reduction)
