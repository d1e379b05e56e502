"""What the losses share: arguments checked, classes, weights, reductions."""

from functools import lru_cache
from typing import Any

import numpy as np

from autograd import Value, primitive
from nn.functional.shapes import Array, array, is_traced


def plain(x: Array) -> Any:
    """The numbers of a Value or anything else, as an array."""
    return np.asarray(x.data if isinstance(x, Value) else x)


def pair(name: str, input: Array, target: Array, what: str = "target") -> tuple[Array, Array]:
    """Both as arrays or Values; ValueError unless their shapes are equal."""
    input, target = array(input), array(target)
    if input.shape != target.shape:
        raise ValueError(
            f"{name}: input has shape {input.shape}, {what} has shape {target.shape}; they must be equal: "
            f"reshape one of them, e.g. {what}.reshape{input.shape}"
        )
    return input, target


def weighted(name: str, loss: Array, weight: Array | None) -> Array:
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


def divided(total: Array, n: Any) -> Array:
    """total / n; nan for nothing at all, in silence."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / n


def check_reduction(name: str, reduction: str, *more: str) -> None:
    if reduction not in ("mean", "sum", "none", *more):
        choices = "', '".join(("mean", "sum", "none", *more))
        raise ValueError(f"{name}: reduction={reduction!r} is unknown; choose one of '{choices}'")


def reduced(name: str, loss: Array, reduction: str) -> Array:
    """The mean or the sum over all elements, or the loss as it is."""
    check_reduction(name, reduction)
    if reduction == "mean":
        return loss.mean() if loss.size else divided(loss.sum(), 0)
    return loss.sum() if reduction == "sum" else loss


def classes(name: str, target: Array, n: int, ignore: int | None) -> Any:
    """Class indices as a plain integer array; those to ignore may have any number."""
    index = target if is_traced(target) else plain(target)
    if index.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: target has dtype {index.dtype}; class indices are integers: "
            f"convert with .astype(int), or give probabilities of the input's shape where the loss takes them"
        )
    return _in_range(index, name=name, n=n, ignore=ignore)


def exist(index: Any, n: int) -> bool:
    """Whether all of these class indices are 0 to n - 1."""
    # what is negative becomes very large
    return bool(not index.size or np.maximum.reduce(index.astype(np.uint64), axis=None) < n)


@primitive(None, name="classes")
def _in_range(index: Any, *, name: str, n: int, ignore: int | None) -> Any:
    """The class indices as they are; IndexError if one does not exist."""
    if exist(index, n):
        return index
    wrong = (index < 0) | (index >= n)
    if ignore is not None:
        wrong &= index != ignore
    if wrong.any():
        mend = f"classes are 0 to {n - 1}"
        if n == 1:
            mend = "give the input one column for each class, or for one output use binary_cross_entropy_with_logits"
        raise IndexError(f"{name}: class {index[wrong][0]} is out of range for {n} classes; {mend}")
    return index


def weights_of(weights: Any, index: Any) -> Any:
    """The weight of each class index."""
    return Value(weights, requires_grad=False)[index] if is_traced(index) else weights[index]


SLACK = 1e-3  # by which a share may miss [0, 1]: rounding in float16, and the steps of finite differences


def shares(name: str, target: Array) -> None:
    """ValueError unless every target is between 0 and 1 (or NaN, which the loss shows)."""
    if is_traced(target):
        return
    t = plain(target)
    # several times quicker than min() and max()
    if t.size and (t.item(t.argmin()) < -SLACK or t.item(t.argmax()) > 1 + SLACK):
        raise ValueError(
            f"{name}: target holds {t[(t < 0) | (t > 1)].flat[0]}; every target must be between 0 and 1: "
            f"for labels of -1 and 1 give (target + 1) / 2, or use soft_margin_loss; for classes cross_entropy"
        )


def signs(name: str, target: Array) -> None:
    """ValueError unless every target is 1 or -1."""
    if is_traced(target):
        return
    y = plain(target)
    if not np.all(abs(y) == 1):
        raise ValueError(f"{name}: target holds {y[abs(y) != 1].flat[0]}; every target must be 1 or -1")


def class_weights(name: str, weight: Array | None, n: int, dtype: Any) -> Any:
    if weight is None:
        return np.ones(n, dtype)
    w = plain(weight).astype(dtype)
    if w.shape != (n,):
        raise ValueError(
            f"{name}: weight has shape {w.shape}; one weight for each of the {n} classes is needed"
        )
    return w


def class_axis(name: str, input: Array) -> int:
    """The axis of the classes, counted from the end: 1, or 0 for a single sample."""
    if not input.ndim:
        raise ValueError(f"{name}: input is a single number; shape (C), (N, C) or (N, C, ...) is needed")
    return 1 - input.ndim if input.ndim > 1 else -1


def check_index_shape(name: str, input: Array, target: Any, axis: int) -> None:
    wanted = input.shape[: input.ndim + axis] + input.shape[input.ndim + axis + 1 :]
    if target.shape != wanted:
        raise ValueError(
            f"{name}: input has shape {input.shape}, class indices have shape {target.shape}; shape {wanted} "
            f"is needed: one class per sample (one-hot rows become classes by argmax, or floats for probabilities)"
        )


# --- the mean cross entropy of a batch of classes, which is the common case ---------------------

FEW = 64  # classes up to which the largest is sought sample by sample: loops are quick along a long axis


@lru_cache(8)
def rows(n: int) -> Any:
    """0 ... n - 1, which every batch of n samples needs."""
    every = np.arange(n)
    every.flags.writeable = False
    return every


def softmax_parts(x: Any, t: Any) -> tuple[Any, Any, Any, Any]:
    """Of logits (N, C): the loss, exp(x - max), its sum for each sample, and where the targets stand, all in a row.

    Raises ValueError for a class that does not exist.
    """
    n, c = x.shape
    at = np.ravel_multi_index((rows(n), t), (n, c))
    if c <= min(FEW, n):
        top = np.maximum.reduce(x.T.copy())[:, None]
    else:
        top = np.maximum.reduce(x, axis=1, keepdims=True)
    e = np.subtract(x, top, order="C")
    losses = e.take(at)
    total = np.add.reduce(np.exp(e, out=e), axis=1, keepdims=True)
    return np.add.reduce(np.log(total[:, 0]) - losses) / n, e, total, at


class Softmax:
    """The parts of the softmax of some logits: the loss finds them, and its gradient uses them once.

    They are found anew for other logits, as when the operation is replayed, and for a second gradient.
    """

    __slots__ = ("classes", "kept")

    def __init__(self, x: Any, t: Any) -> None:
        self.classes = x.shape[1]
        self.kept: tuple[Any, Any] = x, softmax_parts(x, t)

    def loss(self, x: Any, t: Any) -> Any:
        """The mean of -log_softmax(x)[t]."""
        known, parts = self.kept
        return (parts if known is x else softmax_parts(x, t))[0]

    def slope(self, x: Any, t: Any, share: Any) -> Any:
        """(softmax - onehot) * share."""
        known, parts = self.kept
        _, e, total, at = parts if known is x else softmax_parts(x, t)
        self.kept = None, None  # whoever keeps the loss does not keep them
        slope = e / total
        slope.ravel()[at] -= 1
        return slope * share

    def __repr__(self) -> str:
        return str(self.classes)


def softmax_of(x: Any, t: Any, ignore_index: int) -> Softmax | None:
    """None unless these are (N, C) logits and N class indices, all of which exist and count."""
    if (
        x.ndim != 2
        or t.shape != x.shape[:1]
        or not t.size
        or t.dtype.kind not in "iu"
        or x.dtype.kind != "f"
        or 0 <= ignore_index < x.shape[1]
    ):
        return None
    try:
        return Softmax(x, t)
    except ValueError:
        return None
