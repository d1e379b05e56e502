"""Loss functions: torch.nn.functional's names, defaults and formulas.

Arguments that PyTorch has before its deprecated `size_average` and `reduce` may be
given by position, those after by name only, so that no number lands in the wrong one.
`reduction` is "mean", "sum" or "none".  Inputs and targets must have the same shape:
what would be broadcast by accident is an error.  docs/decisions.md has the edges.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value, primitive, special
from nn.functional.activation import log_one_plus_exp, sigmoid
from nn.functional.shapes import Array, array

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


# --- what all share -------------------------------------------------------------------------


def _plain(x: Array) -> Any:
    """The numbers of a Value or anything else, as an array."""
    return np.asarray(x.data if isinstance(x, Value) else x)


def _is_traced(x: Array) -> bool:
    """Whether `x` stands for numbers that are not known yet (autograd.compile)."""
    return getattr(type(x), "__traced__", False)


def _pair(name: str, input: Array, target: Array, what: str = "target") -> tuple[Array, Array]:
    """Both as arrays or Values; ValueError unless their shapes are equal."""
    input, target = array(input), array(target)
    if input.shape != target.shape:
        raise ValueError(
            f"{name}: input has shape {input.shape}, {what} has shape {target.shape}; they must be equal: "
            f"reshape one of them, e.g. {what}.reshape{input.shape}"
        )
    return input, target


def _weighted(name: str, loss: Array, weight: Array | None) -> Array:
    """The loss times `weight`, which may be broadcast to the loss but not beyond."""
    if weight is None:
        return loss
    weight = array(weight)
    try:
        fits = np.broadcast_shapes(weight.shape, loss.shape) == loss.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name}: weight has shape {weight.shape}, which does not fit the loss of shape {loss.shape}; "
            f"give it that shape, or one that is broadcast to it"
        )
    return loss * weight


def _divided(total: Array, n: Any) -> Array:
    """total / n; nan for nothing at all, in silence."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / n


def check_reduction(name: str, reduction: str, *more: str) -> None:
    if reduction not in ("mean", "sum", "none", *more):
        choices = "', '".join(("mean", "sum", "none", *more))
        raise ValueError(f"{name}: reduction={reduction!r} is unknown; choose one of '{choices}'")


def _reduced(name: str, loss: Array, reduction: str) -> Array:
    """The mean or the sum over all elements, or the loss as it is."""
    check_reduction(name, reduction)
    if reduction == "mean":
        return np.mean(loss) if loss.size else _divided(np.sum(loss), 0)
    return np.sum(loss) if reduction == "sum" else loss


def _classes(name: str, target: Array, n: int, ignore: int | None) -> Any:
    """Class indices as a plain integer array; those to ignore may have any number."""
    index = target if _is_traced(target) else _plain(target)
    if index.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: target has dtype {index.dtype}; class indices are integers: "
            f"convert with .astype(int), or give probabilities of the input's shape where the loss takes them"
        )
    return _in_range(index, name=name, n=n, ignore=ignore)


@primitive(None, name="classes")
def _in_range(index: Any, *, name: str, n: int, ignore: int | None) -> Any:
    """The class indices as they are; IndexError if one does not exist."""
    wrong = (index < 0) | (index >= n)
    if ignore is not None:
        wrong &= index != ignore
    if wrong.any():
        raise IndexError(
            f"{name}: class {index[wrong][0]} is out of range for {n} classes; classes are 0 to {n - 1}"
        )
    return index


def _signs(name: str, target: Array) -> None:
    """ValueError unless every target is 1 or -1."""
    y = _plain(target)
    if not np.all(abs(y) == 1):
        raise ValueError(f"{name}: target holds {y[abs(y) != 1].flat[0]}; every target must be 1 or -1")


def _class_weights(name: str, weight: Array | None, n: int, dtype: Any) -> Any:
    if weight is None:
        return np.ones(n, dtype)
    w = _plain(weight).astype(dtype)
    if w.shape != (n,):
        raise ValueError(
            f"{name}: weight has shape {w.shape}; one weight for each of the {n} classes is needed"
        )
    return w


def _class_axis(name: str, input: Array) -> int:
    """The axis of the classes, counted from the end: 1, or 0 for a single sample."""
    if not input.ndim:
        raise ValueError(f"{name}: input is a single number; shape (C), (N, C) or (N, C, ...) is needed")
    return 1 - input.ndim if input.ndim > 1 else -1


def _check_index_shape(name: str, input: Array, target: Any, axis: int) -> None:
    wanted = input.shape[: input.ndim + axis] + input.shape[input.ndim + axis + 1 :]
    if target.shape != wanted:
        raise ValueError(
            f"{name}: input has shape {input.shape}, class indices have shape {target.shape}; shape {wanted} "
            f"is needed: one class per sample (one-hot rows become classes by argmax, or floats for probabilities)"
        )


# --- distances ------------------------------------------------------------------------------


@primitive(lambda g, out, d, delta: g * np.clip(d, -delta, delta), name="huber")
def _huber(d: Array, *, delta: float) -> Array:
    inside = np.clip(d, -delta, delta)
    return inside * (d - 0.5 * inside)


def l1_loss(input: Array, target: Array, *, reduction: str = "mean") -> Array:
    """|input - target|.

    Raises ValueError for unequal shapes.
    """
    input, target = _pair("l1_loss", input, target)
    return _reduced("l1_loss", abs(input - target), reduction)


def mse_loss(input: Array, target: Array, *, reduction: str = "mean") -> Array:
    """(input - target)**2.

    Raises ValueError for unequal shapes.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    np.float64(2.5)
    """
    input, target = _pair("mse_loss", input, target)
    return _reduced("mse_loss", np.square(input - target), reduction)


def huber_loss(input: Array, target: Array, reduction: str = "mean", delta: float = 1.0) -> Array:
    """d**2 / 2 where |d| <= delta, else delta * (|d| - delta / 2), for d = input - target (Huber, 1964).

    Raises ValueError for unequal shapes, or delta <= 0.
    """
    if delta <= 0:
        raise ValueError(f"huber_loss: delta={delta} must be greater than 0")
    input, target = _pair("huber_loss", input, target)
    return _reduced("huber_loss", _huber(input - target, delta=delta), reduction)


def smooth_l1_loss(input: Array, target: Array, *, reduction: str = "mean", beta: float = 1.0) -> Array:
    """d**2 / (2 * beta) where |d| < beta, else |d| - beta / 2, for d = input - target (Girshick, 2015).

    beta = 0 is the l1 loss.  Raises ValueError for unequal shapes, or a negative beta.
    """
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta={beta} must be 0 or more")
    input, target = _pair("smooth_l1_loss", input, target)
    d = input - target
    return _reduced("smooth_l1_loss", _huber(d, delta=beta) / beta if beta else abs(d), reduction)


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
    check_reduction(name, reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing={label_smoothing} must be between 0 and 1")
    x = array(input)
    axis = _class_axis(name, x)
    n = x.shape[axis]
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    weights = _class_weights(name, weight, n, dtype)
    column = weights.reshape((n,) + (1,) * (-1 - axis))
    t = array(target)
    if t.dtype.kind == "f" and t.shape == x.shape:
        q = t if not label_smoothing else t * (1 - label_smoothing) + label_smoothing / n
        loss = _cross_entropy(x, q if weight is None else q * column, axis=axis)
        if reduction == "mean":
            return _divided(np.sum(loss), loss.size)
        return _reduced(name, loss, reduction)
    index = t if _is_traced(t) else _plain(t)
    if index.dtype.kind in "iu" or index.shape == x.shape:
        _check_index_shape(name, x, index, axis)
    index = _classes(name, index, n, ignore_index)
    _check_index_shape(name, x, index, axis)
    keep = index != ignore_index
    safe = np.where(keep, index, 0)
    # the weight of each sample, as PyTorch counts it
    share = keep * dtype.type(1) if weight is None else np.asarray(weights[safe] * keep)
    if _is_traced(keep) or not keep.all():
        x = np.where(np.expand_dims(keep, axis), x, 0.0)  # whatever stands there, it counts for nothing
    column_index, column_share = np.expand_dims(safe, axis), np.expand_dims(share, axis)
    if label_smoothing:
        q = np.zeros(x.shape, dtype)
        np.put_along_axis(q, column_index, column_share * (1 - label_smoothing), axis)
        q += np.expand_dims(keep, axis) * column * (label_smoothing / n)
        loss = _cross_entropy(x, q, axis=axis)
    else:
        loss = _cross_entropy_of_classes(x, column_index, column_share, axis=axis)
    if reduction == "mean":
        return _divided(np.sum(loss), share.sum())
    return _reduced(name, loss, reduction)


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
    axis = _class_axis(name, x)
    index = _classes(name, target, x.shape[axis], ignore_index)
    _check_index_shape(name, x, index, axis)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    weights = _class_weights(name, weight, x.shape[axis], dtype)
    keep = index != ignore_index
    safe = np.where(keep, index, 0)
    picked = np.take_along_axis(x, np.expand_dims(safe, axis), axis).reshape(index.shape)
    loss = -np.where(keep, picked, 0.0) * weights[safe]
    if reduction == "mean":
        return _divided(np.sum(loss), np.sum(weights[safe] * keep))
    return _reduced(name, loss, reduction)


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
    index = _classes(name, target, n, None)
    _check_index_shape(name, x, index, -1)
    weights = _class_weights(name, weight, n, x.dtype if x.dtype.kind == "f" else np.dtype(float))
    column = np.expand_dims(index, -1)
    excess = special.relu(margin - np.take_along_axis(x, column, -1) + x)
    loss = np.where(np.arange(n) == column, 0.0, excess if p == 1 else np.square(excess))
    return _reduced(name, np.sum(loss, axis=-1) / n * weights[index], reduction)


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
    x, t = _pair(name, _matrix(name, input), target)
    n = x.shape[-1]
    before_end = np.cumsum(_plain(t) < 0, axis=-1) == 0
    index = _classes(name, np.where(before_end, _plain(t), 0), n, None)
    chosen = np.any((index[..., None] == np.arange(n)) & before_end[..., None], axis=-2)
    margins = special.relu(1 - np.take_along_axis(x, index, -1)[..., :, None] + x[..., None, :])
    counted = before_end[..., :, None] & ~chosen[..., None, :]
    return _reduced(name, np.sum(np.where(counted, margins, 0.0), axis=(-2, -1)) / n, reduction)


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

    Raises ValueError for unequal shapes, and for a p outside [0, 1].
    """
    name = "binary_cross_entropy"
    p, t = _pair(name, input, target)
    numbers = _plain(p)
    outside = (numbers < 0) | (numbers > 1)
    if outside.any():
        raise ValueError(
            f"{name}: input holds {numbers[outside].flat[0]}; probabilities are between 0 and 1: "
            f"apply sigmoid first, or use binary_cross_entropy_with_logits"
        )
    return _reduced(name, _weighted(name, _bce(p, t), weight), reduction)


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
    Raises ValueError for shapes that do not fit.

    >>> float(binary_cross_entropy_with_logits([1000.0], [0.0]))
    1000.0
    """
    name = "binary_cross_entropy_with_logits"
    x, t = _pair(name, input, target)
    if pos_weight is not None:
        _weighted(f"{name} (pos_weight)", x, pos_weight)
    loss = _bce_logits(x, t, 1.0 if pos_weight is None else array(pos_weight))
    return _reduced(name, _weighted(name, loss, weight), reduction)


def multilabel_soft_margin_loss(
    input: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean"
) -> Array:
    """The mean over classes (the last axis) of binary_cross_entropy_with_logits.

    Raises ValueError for shapes that do not fit.
    """
    name = "multilabel_soft_margin_loss"
    x, t = _pair(name, input, target)
    if not x.ndim:
        raise ValueError(f"{name}: input is a single number; the last axis is the classes")
    return _reduced(name, np.mean(_weighted(name, _bce_logits(x, t, 1.0), weight), axis=-1), reduction)


def soft_margin_loss(input: Array, target: Array, *, reduction: str = "mean") -> Array:
    """log(1 + exp(-y * x)) for targets y of 1 and -1, exact for every x.

    Raises ValueError for unequal shapes.
    """
    x, y = _pair("soft_margin_loss", input, target)
    return _reduced("soft_margin_loss", log_one_plus_exp(-y * x), reduction)


def kl_div(input: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """target * (log(target) - input), for log-probabilities `input`: Kullback-Leibler divergence.

    log_target: `target` holds log-probabilities too.  reduction "batchmean" is the sum over the
    length of axis 0, the divergence as mathematics has it.  Where target is 0 the loss is 0.
    Raises ValueError for unequal shapes.
    """
    name = "kl_div"
    x, t = _pair(name, input, target)
    check_reduction(name, reduction, "batchmean")
    loss = np.exp(t) * (t - x) if log_target else special.xlogy(t, t) - t * x
    if reduction == "batchmean":
        return _divided(np.sum(loss), x.shape[0] if x.ndim else 1)
    return _reduced(name, loss, reduction)


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
    x, t = _pair(name, input, target)
    loss = np.exp(x) - t * x if log_input else x - t * np.log(x + eps)
    if full:
        above = np.where(_plain(t) > 1, t, 1.0)
        stirling = above * np.log(above) - above + 0.5 * np.log(2 * math.pi * above)
        loss = loss + np.where(_plain(t) > 1, stirling, 0.0)
    return _reduced(name, loss, reduction)


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
    x, t = _pair(name, input, target)
    v = array(var)
    if v.ndim and v.shape == x.shape[:-1] and v.shape != x.shape:
        v = v.reshape(v.shape + (1,))
    if v.ndim and v.shape != x.shape and v.shape != x.shape[:-1] + (1,):
        raise ValueError(
            f"{name}: var has shape {v.shape}, input has shape {x.shape}; var needs the input's shape, "
            f"that with a last axis of 1, or that without the last axis"
        )
    if np.any(_plain(v) < 0):
        raise ValueError(f"{name}: var holds {_plain(v).min()}; variances are 0 or more")
    v = _at_least(v if v.dtype.kind == "f" else v.astype(float), low=eps)
    loss = 0.5 * (np.log(v) + np.square(x - t) / v)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduced(name, loss, reduction)


# --- embeddings -----------------------------------------------------------------------------


def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Array:
    """max(0, -y * (x1 - x2) + margin): y = 1 asks for x1 above x2, y = -1 for the reverse.

    Raises ValueError for unequal shapes.
    """
    name = "margin_ranking_loss"
    x1, x2 = _pair(name, input1, input2, "input2")
    _, y = _pair(name, x1, target)
    return _reduced(name, special.relu(-y * (x1 - x2) + margin), reduction)


def hinge_embedding_loss(
    input: Array, target: Array, margin: float = 1.0, *, reduction: str = "mean"
) -> Array:
    """x where y is 1, max(0, margin - x) where y is -1.

    Raises ValueError for unequal shapes, or a target that is neither.
    """
    name = "hinge_embedding_loss"
    x, y = _pair(name, input, target)
    _signs(name, y)
    return _reduced(name, np.where(_plain(y) == 1, x, special.relu(margin - x)), reduction)


def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Array:
    """1 - cos(x1, x2) where y is 1, max(0, cos(x1, x2) - margin) where y is -1.

    inputs: (N, D) and target (N), or (D) and ().  1e-12 is added to each squared length.
    Raises ValueError for shapes that do not fit, or a target that is neither 1 nor -1.
    """
    name = "cosine_embedding_loss"
    x1, x2 = _pair(name, input1, input2, "input2")
    y = _plain(target)
    if x1.ndim not in (1, 2) or y.shape != x1.shape[:-1]:
        raise ValueError(
            f"{name}: inputs have shape {x1.shape}, target has shape {y.shape}; "
            f"inputs (N, D) with a target (N), or (D) with a single number, are needed"
        )
    _signs(name, y)
    squares = (np.sum(x1 * x1, axis=-1) + 1e-12) * (np.sum(x2 * x2, axis=-1) + 1e-12)
    cosine = np.sum(x1 * x2, axis=-1) / np.sqrt(squares)
    return _reduced(name, np.where(y == 1, 1 - cosine, special.relu(cosine - margin)), reduction)


@primitive(
    lambda g, out, d: np.expand_dims(g, -1) * (d / np.expand_dims(np.where(out == 0, 1.0, out), -1)),
    name="length",
)
def _length(d: Array) -> Array:
    """The Euclidean length along the last axis; its gradient at 0 is 0."""
    return np.sqrt(np.sum(d * d, axis=-1))


def pairwise_distance(
    x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Array:
    """The p-norm of x1 - x2 + eps along the last axis.

    Raises ValueError for shapes that cannot be broadcast, or a negative p.
    """
    if p < 0:
        raise ValueError(f"pairwise_distance: p={p} must be 0 or more")
    d = array(x1) - array(x2) + eps
    if p == 2:
        out = _length(d)
    elif p == 1:
        out = np.sum(abs(d), axis=-1)
    elif p == math.inf:
        out = np.max(abs(d), axis=-1)
    elif p == 0:
        out = np.sum(np.where(_plain(d) == 0, 0.0, 1.0), axis=-1)
    else:
        out = np.sum(abs(d) ** p, axis=-1) ** (1 / p)
    return np.expand_dims(out, -1) if keepdim else out


def triplet_margin_with_distance_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    *,
    distance_function: Callable[[Array, Array], Array] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin).

    distance_function: d, pairwise_distance if not given.  swap: the negative's distance is that
    to the anchor or to the positive, whichever is less (Balntas et al., 2016).
    Raises ValueError for unequal shapes, or a margin that is not positive.
    """
    return _triplet(
        "triplet_margin_with_distance_loss",
        (anchor, positive, negative),
        pairwise_distance if distance_function is None else distance_function,
        margin,
        swap,
        reduction,
    )


def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Array:
    """triplet_margin_with_distance_loss with pairwise_distance(x1, x2, p, eps)."""

    def distance(x1: Array, x2: Array) -> Array:
        return pairwise_distance(x1, x2, p, eps)

    return _triplet("triplet_margin_loss", (anchor, positive, negative), distance, margin, swap, reduction)


def _triplet(
    name: str,
    triple: tuple[Array, Array, Array],
    distance: Callable[[Array, Array], Array],
    margin: float,
    swap: bool,
    reduction: str,
) -> Array:
    if margin <= 0:
        raise ValueError(f"{name}: margin={margin} must be greater than 0")
    anchor, positive = _pair(name, triple[0], triple[1], "positive")
    _, negative = _pair(name, anchor, triple[2], "negative")
    far = distance(anchor, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    return _reduced(name, special.relu(distance(anchor, positive) - far + margin), reduction)


# --- sequences ------------------------------------------------------------------------------


def ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Array:
    """-log of the probability that some alignment of the inputs spells the targets (Graves et al., 2006).

    log_probs: (T, N, C) or (T, C).  targets: classes (N, S), or all of them in one vector.
    input_lengths, target_lengths: (N) or ().  blank: the class for "no symbol".  The mean is over
    samples of the loss per symbol.  zero_infinity: 0 where no alignment is long enough, not inf.
    Raises IndexError for a class that does not exist, ValueError for shapes or lengths that do not fit.
    """
    name = "ctc_loss"
    check_reduction(name, reduction)
    x = array(log_probs)
    single = x.ndim == 2
    if x.ndim not in (2, 3):
        raise ValueError(f"{name}: log_probs has shape {x.shape}; (T, N, C) or (T, C) is needed")
    if single:
        x = x.reshape((x.shape[0], 1, x.shape[1]))
    steps, samples, n = x.shape
    if not 0 <= blank < n:
        raise IndexError(f"{name}: blank={blank} is out of range for {n} classes")
    lengths = _lengths(name, "input_lengths", input_lengths, samples, steps)
    symbols = _lengths(name, "target_lengths", target_lengths, samples, None)
    labels = _spelled(name, _classes(name, targets, n, None), symbols)
    loss = _ctc(x, labels, lengths, symbols, blank)
    if zero_infinity:
        loss = np.where(np.isinf(_plain(loss)), 0.0, loss)
    if reduction == "mean":
        return _reduced(name, loss / np.maximum(symbols, 1), "mean")
    return _reduced(name, loss[0] if single and reduction == "none" else loss, reduction)


def _lengths(name: str, what: str, given: Array, samples: int, most: int | None) -> Any:
    lengths = _plain(given).reshape(-1)
    if lengths.shape != (samples,) or lengths.dtype.kind not in "iu":
        raise ValueError(f"{name}: {what} has shape {lengths.shape}; {samples} integers are needed")
    if np.any(lengths < 0) or (most is not None and np.any(lengths > most)):
        raise ValueError(f"{name}: {what} holds {lengths.tolist()}; each must be 0 to {most}")
    return lengths


def _spelled(name: str, targets: Any, symbols: Any) -> Any:
    """The targets as (N, S), what lies beyond a target's length being 0."""
    longest = int(symbols.max(initial=0))
    if targets.ndim == 2 and (len(targets) != len(symbols) or targets.shape[1] < longest):
        raise ValueError(f"{name}: targets have shape {targets.shape}; ({len(symbols)}, {longest}) is needed")
    if targets.ndim != 2 and targets.size != symbols.sum():
        raise ValueError(
            f"{name}: targets have {targets.size} classes; target_lengths add up to {symbols.sum()}"
        )
    inside = np.arange(longest) < symbols[:, None]
    out = np.zeros(inside.shape, dtype=int)
    out[inside] = targets[:, :longest][inside] if targets.ndim == 2 else targets.reshape(-1)
    return out


def _ctc(x: Array, labels: Any, lengths: Any, symbols: Any, blank: int) -> Array:
    """The forward recursion over blank, label, blank, label, ..., blank in the log domain."""
    samples, width = labels.shape[0], 2 * labels.shape[1] + 1
    states = np.full((samples, width), blank)
    states[:, 1::2] = labels
    before = np.pad(states, ((0, 0), (2, 0)), constant_values=-1)[:, :-2]
    may_skip = (states != blank) & (states != before)
    positions = np.arange(width)
    last = 2 * symbols[:, None]
    start = np.where(positions < 2, 0.0, -np.inf).astype(x.dtype)
    nothing = np.full((samples, 2), -np.inf, dtype=x.dtype)
    alpha: Array = np.where(positions == 0, 0.0, np.full((samples, width), -np.inf)).astype(x.dtype)
    for step in range(len(x)):
        seen = np.take_along_axis(x[step], states, -1)
        if step == 0:
            new = start + seen
        else:
            padded = np.concatenate([nothing, alpha], axis=-1)
            new = np.logaddexp(
                np.logaddexp(alpha, padded[:, 1:-1]), np.where(may_skip, padded[:, :-2], -np.inf)
            )
            new = new + seen
        alpha = np.where(step < lengths[:, None], new, alpha)
    # what ends on the last blank or the last label
    ends = np.where((positions == last) | (positions == last - 1), alpha, -np.inf)
    return -special.logsumexp(ends, axis=-1)
