"""Losses of pairs and triples of vectors, and of sequences without alignment; see nn.functional.loss."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import primitive, special
from nn.functional.loss_parts import check_reduction, classes, pair, plain, reduced, signs
from nn.functional.shapes import Array, array

__all__ = [
    "cosine_embedding_loss",
    "ctc_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "pairwise_distance",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


# --- embeddings -----------------------------------------------------------------------------


def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Array:
    """max(0, -y * (x1 - x2) + margin): y = 1 asks for x1 above x2, y = -1 for the reverse.

    Raises ValueError for unequal shapes, or a target that is neither.
    """
    name = "margin_ranking_loss"
    x1, x2 = pair(name, input1, input2, "input2")
    _, y = pair(name, x1, target)
    signs(name, y)
    return reduced(name, special.relu(-y * (x1 - x2) + margin), reduction)


def hinge_embedding_loss(
    input: Array, target: Array, margin: float = 1.0, *, reduction: str = "mean"
) -> Array:
    """x where y is 1, max(0, margin - x) where y is -1.

    Raises ValueError for unequal shapes, or a target that is neither.
    """
    name = "hinge_embedding_loss"
    x, y = pair(name, input, target)
    signs(name, y)
    return reduced(name, np.where(plain(y) == 1, x, special.relu(margin - x)), reduction)


def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Array:
    """1 - cos(x1, x2) where y is 1, max(0, cos(x1, x2) - margin) where y is -1.

    inputs: (N, D) and target (N), or (D) and ().  1e-12 is added to each squared length.
    Raises ValueError for shapes that do not fit, or a target that is neither 1 nor -1.
    """
    name = "cosine_embedding_loss"
    x1, x2 = pair(name, input1, input2, "input2")
    y = plain(target)
    if x1.ndim not in (1, 2) or y.shape != x1.shape[:-1]:
        raise ValueError(
            f"{name}: inputs have shape {x1.shape}, target has shape {y.shape}; "
            f"inputs (N, D) with a target (N), or (D) with a single number, are needed"
        )
    signs(name, y)
    squares = (np.sum(x1 * x1, axis=-1) + 1e-12) * (np.sum(x2 * x2, axis=-1) + 1e-12)
    cosine = np.sum(x1 * x2, axis=-1) / np.sqrt(squares)
    return reduced(name, np.where(y == 1, 1 - cosine, special.relu(cosine - margin)), reduction)


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
        out = np.sum(np.where(plain(d) == 0, 0.0, 1.0), axis=-1)
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
    anchor, positive = pair(name, triple[0], triple[1], "positive")
    _, negative = pair(name, anchor, triple[2], "negative")
    far = distance(anchor, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    return reduced(name, special.relu(distance(anchor, positive) - far + margin), reduction)


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
    labels = _spelled(name, classes(name, targets, n, None), symbols)
    loss = _ctc(x, labels, lengths, symbols, blank)
    if zero_infinity:
        loss = np.where(np.isinf(plain(loss)), 0.0, loss)
    if reduction == "mean":
        return reduced(name, loss / np.maximum(symbols, 1), "mean")
    return reduced(name, loss[0] if single and reduction == "none" else loss, reduction)


def _lengths(name: str, what: str, given: Array, samples: int, most: int | None) -> Any:
    lengths = plain(given).reshape(-1)
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
