"""Metrics: how good predictions are, gathered batch by batch, exact over all rows.

Class scores and one-hot targets have the classes on axis 1, as in PyTorch's losses.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


class Metric:
    """Base class: `update(output, target)` for each batch of arrays, then `result()`; `reset()` starts anew.

    higher_is_better: which way is up, for EarlyStopping and ModelCheckpoint.
    """

    name = ""
    higher_is_better = True

    def reset(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__}: write `reset(self)`")

    def update(self, output: Any, target: Any) -> None:
        """Take one batch into account."""
        raise NotImplementedError(f"{type(self).__name__}: write `update(self, output, target)`")

    def result(self) -> float:
        """The metric over all batches since reset(); nan for none."""
        raise NotImplementedError(f"{type(self).__name__}: write `result(self)`")


class Mean(Metric):
    """The mean over all elements (rows, for accuracies) of what `values(output, target)` returns."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._sum, self._count = 0.0, 0

    def update(self, output: Any, target: Any) -> None:
        values = self.values(np.asarray(output), np.asarray(target))
        self._sum += float(values.sum(dtype=float))
        self._count += values.size

    def result(self) -> float:
        return self._sum / self._count if self._count else math.nan

    def values(self, output: Any, target: Any) -> Any:
        """One number per element or row; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__}: write `values(self, output, target)`")


class MeanSquaredError(Mean):
    """mean (output - target)^2, both of one shape.

    >>> metric = MeanSquaredError()
    >>> metric.update([1.0, 2.0], [0.0, 4.0])
    >>> metric.result()
    2.5
    """

    name, higher_is_better = "mean_squared_error", False

    def values(self, output: Any, target: Any) -> Any:
        same_shape(self, output, target)
        return (output - target.astype(output.dtype)) ** 2


class MeanAbsoluteError(Mean):
    """mean |output - target|, both of one shape.

    >>> metric = MeanAbsoluteError()
    >>> metric.update([1.0, 2.0], [0.0, 4.0])
    >>> metric.result()
    1.5
    """

    name, higher_is_better = "mean_absolute_error", False

    def values(self, output: Any, target: Any) -> Any:
        same_shape(self, output, target)
        return abs(output - target.astype(output.dtype))


class BinaryAccuracy(Mean):
    """The share of elements on the right side of `threshold`: 0.5 for probabilities, 0 for logits.

    Targets are 0 or 1, of the shape of the output.

    >>> metric = BinaryAccuracy(threshold=0)  # for logits
    >>> metric.update([-2.0, 0.5, 3.0], [0, 0, 1])
    >>> round(metric.result(), 4)
    0.6667
    """

    name = "binary_accuracy"

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold

    def values(self, output: Any, target: Any) -> Any:
        same_shape(self, output, target)
        if not np.isin(target, (0, 1)).all():
            raise ValueError("BinaryAccuracy: a target is neither 0 nor 1; pass labels 0 and 1")
        return ((output > self.threshold) == (target == 1)) & ~np.isnan(output)


class CategoricalAccuracy(Mean):
    """The share of rows whose largest score is at the one of the one-hot target; nan scores are wrong.

    >>> metric = CategoricalAccuracy()
    >>> metric.update([[0.1, 0.9], [0.8, 0.2]], [[0, 1], [0, 1]])
    >>> metric.result()
    0.5
    """

    name = "categorical_accuracy"

    def values(self, output: Any, target: Any) -> Any:
        same_shape(self, output, target)
        if output.ndim < 2:
            raise ValueError(
                f"CategoricalAccuracy: shape {output.shape} has no class axis; pass scores (n, classes)"
            )
        return (output.argmax(axis=1) == target.argmax(axis=1)) & ~np.isnan(output).any(axis=1)


class SparseCategoricalAccuracy(Mean):
    """The share of rows whose largest score is at the target, a class number; nan scores are wrong.

    >>> metric = SparseCategoricalAccuracy()
    >>> metric.update([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    >>> metric.result()
    0.5
    """

    name = "sparse_categorical_accuracy"

    def values(self, output: Any, target: Any) -> Any:
        check_labels(type(self).__name__, output.shape, target)
        return (output.argmax(axis=1) == target) & ~np.isnan(output).any(axis=1)


class TopKCategoricalAccuracy(Mean):
    """The share of rows with fewer than `k` scores above that of the target, a class number or one-hot.

    >>> metric = TopKCategoricalAccuracy(k=2)
    >>> metric.update([[0.1, 0.6, 0.3], [0.5, 0.4, 0.1]], [2, 2])
    >>> metric.result()
    0.5
    """

    def __init__(self, k: int = 5) -> None:
        super().__init__()
        if k < 1:
            raise ValueError(f"TopKCategoricalAccuracy: k={k} must be 1 or more")
        self.k, self.name = k, f"top_{k}_accuracy"

    def values(self, output: Any, target: Any) -> Any:
        if target.shape == output.shape and target.ndim > 1:
            target = target.argmax(axis=1)
        check_labels(type(self).__name__, output.shape, target)
        own = np.take_along_axis(output, np.expand_dims(target, 1), axis=1)
        return ((output > own).sum(axis=1) < self.k) & ~np.isnan(output).any(axis=1)


class Accuracy(Mean):
    """The accuracy that fits the shapes: sparse, categorical, or binary with threshold 0.5.

    Raises ValueError for binary outputs that are no probabilities.

    >>> accuracy = Accuracy()
    >>> accuracy.update([[0.1, 0.9], [0.8, 0.2], [0.6, 0.4]], [1, 0, 1])
    >>> round(accuracy.result(), 4)
    0.6667
    """

    name = "accuracy"

    def values(self, output: Any, target: Any) -> Any:
        kind: Mean = BinaryAccuracy()
        if output.ndim >= 2 and target.shape == output.shape[:1] + output.shape[2:]:
            kind = SparseCategoricalAccuracy()
        elif output.ndim >= 2 and output.shape[1] > 1:
            kind = CategoricalAccuracy()
        elif ((output < 0) | (output > 1)).any():
            raise ValueError(
                "Accuracy: an output is below 0 or above 1, which is no probability; for logits pass "
                "BinaryAccuracy(threshold=0), for other scores BinaryAccuracy()"
            )
        return kind.values(output, target)


class R2Score(Metric):
    """1 - sum (target - output)^2 / sum (target - mean)^2, the mean of it over the columns.

    Gathered with Chan's update of the mean and the squares, which does not cancel.  A
    constant column counts 1 if it is met exactly, else 0.

    >>> metric = R2Score()
    >>> metric.update([1.0, 2.0, 2.0], [1.0, 2.0, 3.0])
    >>> metric.result()
    0.5
    """

    name = "r2"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._n, self._mean, self._spread, self._residual = 0, 0.0, 0.0, 0.0

    def update(self, output: Any, target: Any) -> None:
        output, target = np.asarray(output, dtype=float), np.asarray(target, dtype=float)
        same_shape(self, output, target)
        n = len(target)
        if not n:
            return
        mean = target.mean(axis=0)
        shift = mean - self._mean
        self._spread = (
            self._spread + ((target - mean) ** 2).sum(axis=0) + shift**2 * (self._n * n / (self._n + n))
        )
        self._mean = self._mean + shift * (n / (self._n + n))
        self._residual = self._residual + ((target - output) ** 2).sum(axis=0)
        self._n += n

    def result(self) -> float:
        if not self._n:
            return math.nan
        spread, residual = np.asarray(self._spread), np.asarray(self._residual)
        flat = spread == 0
        score = np.where(flat, residual == 0, 1 - residual / np.where(flat, 1, spread))
        return float(score.mean())


class _Function(Metric):
    """A function of a batch as a metric: its mean over the batches, weighted by their rows."""

    higher_is_better = False

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        self.function, self.name = function, getattr(function, "__name__", type(function).__name__)
        self.reset()

    def reset(self) -> None:
        self._sum, self._rows = 0.0, 0

    def update(self, output: Any, target: Any) -> None:
        self._sum += float(self.function(output, target)) * len(output)
        self._rows += len(output)

    def result(self) -> float:
        return self._sum / self._rows if self._rows else math.nan


BY_NAME: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "top_5_accuracy": TopKCategoricalAccuracy,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "r2": R2Score,
}


def named_metrics(owner: str, metrics: Sequence[Any]) -> dict[str, Metric]:
    """Names, Metrics and functions as Metrics by name; TypeError or ValueError for anything else."""
    if isinstance(metrics, str | Metric):
        raise TypeError(f"{owner}: metrics={metrics!r} is a single metric; pass a list: [{metrics!r}]")
    found: dict[str, Metric] = {}
    for m in metrics:
        if isinstance(m, str):
            if m not in BY_NAME:
                raise ValueError(f"{owner}: unknown metric {m!r}; known are {sorted(BY_NAME)}")
            name, metric = m, BY_NAME[m]()
        elif isinstance(m, Metric):
            name, metric = m.name, m
        elif callable(m) and not isinstance(m, type):
            metric = _Function(m)
            name = metric.name
        else:
            raise TypeError(
                f"{owner}: metric {m!r} is no name, Metric or function; pass e.g. 'accuracy' or {type(m).__name__}()"
                if not isinstance(m, type)
                else f"{owner}: metric {m.__name__} is a class; pass an object: {m.__name__}()"
            )
        if name in found or name == "loss":
            raise ValueError(f"{owner}: the metric name {name!r} is taken; give the metric another .name")
        found[name] = metric
    return found


# --- checks -------------------------------------------------------------------------------------


def same_shape(metric: Metric, output: Any, target: Any) -> None:
    """Raise ValueError for two shapes, which NumPy might broadcast in silence."""
    if output.shape != target.shape:
        raise ValueError(
            f"{type(metric).__name__}: the output has shape {output.shape}, the target {target.shape}; "
            f"reshape one of them, e.g. y.reshape({', '.join(map(str, (-1, *output.shape[1:])))})"
        )


def check_labels(owner: str, shape: tuple[int, ...], target: Any, ignore: int | None = None) -> None:
    """Raise unless `target` holds class numbers for scores of that shape (classes on axis 1)."""
    if len(shape) < 2 or target.shape != shape[:1] + shape[2:]:
        raise ValueError(
            f"{owner}: class numbers of shape {target.shape} do not fit scores of shape {shape}; "
            f"scores are (n, classes, ...), class numbers (n, ...)"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(f"{owner}: class numbers have dtype {target.dtype}; pass integers: y.astype(int)")
    wrong = (target < 0) | (target >= shape[1])
    if ignore is not None:
        wrong &= target != ignore
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"{owner}: label {target[where]} at row {where[0]} is out of range: the model gives "
            f"{shape[1]} scores, so labels are 0 to {shape[1] - 1}; give it more outputs, or relabel"
        )
