"""one_hot: class numbers as rows of zeros with a single one."""

from typing import Any

import numpy as np

from nn.data.loader import at_least


def one_hot(labels: Any, num_classes: int | None = None, *, dtype: Any = np.float64) -> Any:
    """(...) integers in [0, num_classes) -> (..., num_classes), 1 at the label and 0 elsewhere.

    num_classes: the largest label + 1 if left out.
    Raises TypeError for labels that are no integers, ValueError for one out of range.

    >>> one_hot([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"one_hot: labels have dtype {labels.dtype}; integers are needed: pass labels.astype(int)"
        )
    if num_classes is None:
        if not labels.size:
            raise ValueError("one_hot: no labels to take num_classes from; pass num_classes=")
        num_classes = int(labels.max()) + 1
    n = at_least("one_hot", "num_classes", num_classes, 1)
    if labels.size and (labels.min() < 0 or labels.max() >= n):
        raise ValueError(
            f"one_hot: labels from {labels.min()} to {labels.max()} do not fit num_classes={n}; "
            f"they must lie in [0, {n})"
        )
    return (labels[..., None] == np.arange(n)).astype(dtype)
