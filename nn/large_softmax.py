"""Losses that bring their own linear map to the classes: LinearCrossEntropyLoss, AdaptiveLogSoftmaxWithLoss."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from nn import init
from nn.containers import ModuleList, Sequential
from nn.functional.activation import log_softmax
from nn.functional.loss import cross_entropy
from nn.functional.shapes import array
from nn.linear import Linear
from nn.module import Buffer, Module

__all__ = ["AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss"]


class LinearCrossEntropyLoss(Module):
    """cross_entropy(input @ weight.T + bias, target): (N, in_features), classes -> the loss.

    out_features: (d1, ...) for several predictions per sample, targets (N, d1, ...).  The other
    options are those of CrossEntropyLoss.  `linear` holds the parameters.
    Source: torch.nn.LinearCrossEntropyLoss.

    >>> loss = LinearCrossEntropyLoss(5, 3, out_features=(4,))
    >>> loss(np.ones((2, 5)), np.zeros((2, 4), int)).shape, loss.linear.weight.shape
    ((), (12, 5))
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: Sequence[int] = (),
        bias: bool = False,
        weight: Any = None,
        reduction: str = "mean",
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        self.num_classes, self.out_features = num_classes, tuple(out_features)
        self.linear = Linear(
            in_features, num_classes * math.prod(self.out_features), bias, dtype=dtype, rng=rng
        )
        self.weight = None if weight is None else Buffer(weight, dtype=dtype)
        self.reduction, self.label_smoothing = reduction, label_smoothing
        self.ignore_index = -100 if ignore_index is None else ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        logits = self.linear(input)
        if self.out_features:
            logits = logits.reshape(-1, self.num_classes, *self.out_features)
        return cross_entropy(
            logits,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )

    def extra_repr(self) -> str:
        return (
            f"num_classes={self.num_classes}, out_features={self.out_features}, reduction={self.reduction!r}"
        )


class Scored(NamedTuple):
    """What AdaptiveLogSoftmaxWithLoss returns: the log-probability of each target, and minus their mean."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """A softmax over very many classes, the most frequent first, in clusters that are smaller maps.

    The head scores the first cutoffs[0] classes and one number per cluster; cluster i, from cutoffs[i]
    to cutoffs[i + 1] (the last to n_classes), maps the input to in_features // div_value**(i + 1)
    features and on to its classes, and is only computed for samples whose target lies in it:
    log p(class) = log softmax(head)[cluster] + log softmax(cluster)[class].
    Called with (N, in_features) and classes (N,), it returns (output, loss).

    Raises ValueError for cutoffs that do not rise within 1 ... n_classes - 1 and for targets out of range.
    Source: Grave et al. (2017), arXiv:1609.04309; torch.nn.AdaptiveLogSoftmaxWithLoss.

    >>> layer = AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[5, 10], div_value=2.0)
    >>> layer(np.ones((3, 8)), np.array([0, 7, 19])).output.shape
    (3,)
    >>> np.exp(layer.log_prob(np.ones((1, 8)))).sum().round(6)
    Value(1.0, op=round)
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        ends = [*cutoffs, n_classes]
        if len(ends) < 2 or ends[0] < 1 or any([a >= b for a, b in pairwise(ends)]):
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: cutoffs={list(cutoffs)} must be integers that rise between "
                f"1 and n_classes - 1 = {n_classes - 1}"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, ends
        self.div_value = div_value
        rng = init.generator(rng)
        self.head = Linear(in_features, ends[0] + len(ends) - 1, head_bias, dtype=dtype, rng=rng)
        self.tail = ModuleList()
        for i, (first, end) in enumerate(pairwise(ends)):
            inner = int(in_features // div_value ** (i + 1))
            maps = [
                Linear(a, b, False, dtype=dtype, rng=rng)
                for a, b in ((in_features, inner), (inner, end - first))
            ]
            self.tail.append(Sequential(*maps))

    def forward(self, input: Any, target: Any) -> Scored:
        x, classes = array(input), np.asarray(target)
        if x.ndim not in (1, 2) or classes.shape != x.shape[:-1] or classes.dtype.kind not in "iu":
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: input of shape {x.shape} and target of shape {classes.shape} and dtype "
                f"{classes.dtype} do not fit; they must be (N, {self.in_features}) and integers (N,)"
            )
        one = x.ndim == 1
        x, classes = (x[None], classes[None]) if one else (x, classes)
        wrong = (classes < 0) | (classes >= self.n_classes)
        if wrong.any():
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: class {classes[wrong][0]} is out of range: there are {self.n_classes} "
                f"classes, 0 to {self.n_classes - 1}"
            )
        cluster = np.searchsorted(self.cutoffs, classes, side="right")  # 0: the head's own classes
        column = np.where(cluster == 0, classes, self.cutoffs[0] + cluster - 1)
        output = log_softmax(self.head(x), dim=1)[np.arange(len(classes)), column]
        rows = [np.flatnonzero(cluster == 0)]
        parts: list[Any] = [np.zeros(len(rows[0]), output.dtype)]
        for i in [int(i) for i in np.unique(cluster) if i]:
            rows.append(np.flatnonzero(cluster == i))
            scores = log_softmax(self.tail[i - 1](x[rows[-1]]), dim=1)
            parts.append(scores[np.arange(len(rows[-1])), classes[rows[-1]] - self.cutoffs[i - 1]])
        if len(parts) > 1:
            output = output + np.concatenate(parts)[np.argsort(np.concatenate(rows))]
        return Scored(output[0] if one else output, -output.mean())

    def log_prob(self, input: Any) -> Any:
        """The log-probabilities of all classes: (N, in_features) -> (N, n_classes)."""
        x = array(input)
        head = log_softmax(self.head(x), dim=1)
        first = self.cutoffs[0]
        tails = [
            log_softmax(cluster(x), dim=1) + head[:, first + i : first + i + 1]
            for i, cluster in enumerate(self.tail)
        ]
        return np.concatenate([head[:, :first], *tails], axis=1)

    def predict(self, input: Any) -> Any:
        """The most probable class of each sample, a plain integer array (N,)."""
        scores = self.log_prob(input)
        return np.argmax(scores.data, axis=1)
