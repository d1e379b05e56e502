"""train_test_split: one share of the rows to learn from, the rest to test with."""

import math
from typing import Any

import numpy as np

from nn.data.dataset import TensorDataset
from nn.data.loader import at_least


def train_test_split(
    *arrays: Any,
    test_size: float | int = 0.25,
    shuffle: bool = True,
    seed: int = 0,
    stratify: Any = None,
) -> list[Any]:
    """[train, test] of each array in turn: `x_train, x_test, y_train, y_test = train_test_split(x, y)`.

    test_size: a share (a float in (0, 1), rounded up to whole rows) or a number of rows.
    shuffle: draw the rows; without it the test rows are the last ones.
    stratify: a label per row; each label's share in both parts is as near to its share in
    the whole as whole rows allow (largest remainders, the first label first on a tie).

    Raises ValueError for unequal lengths, an empty part, or labels too rare to be in both.

    >>> train, test = train_test_split(np.arange(10), test_size=3, shuffle=False)
    >>> test.tolist()
    [7, 8, 9]
    """
    data = TensorDataset(*arrays)
    n = len(data)
    n_test = _rows(test_size, n)
    rng = np.random.default_rng(at_least("train_test_split", "seed", seed, 0))
    if stratify is None:
        order = rng.permutation(n) if shuffle else np.arange(n)
        train, test = order[: n - n_test], order[n - n_test :]
    elif not shuffle:
        raise ValueError("train_test_split: stratify needs shuffle=True; leave one of the two out")
    else:
        train, test = _stratified(np.asarray(stratify), n, n_test, rng)
    return [part for a in data.tensors for part in (a[train], a[test])]


def _rows(test_size: float | int, n: int) -> int:
    share = isinstance(test_size, float | np.floating)
    if share and not 0 < test_size < 1:
        raise ValueError(
            f"train_test_split: test_size={test_size} is a share and must lie between 0 and 1; "
            f"pass an int for a number of rows"
        )
    # a share such as 0.07 of 100 is 7.000000000000001 in floating point, and means 7
    rows = (
        math.ceil(round(test_size * n, 9))
        if share
        else at_least("train_test_split", "test_size", test_size, 1)
    )
    if rows >= n:
        raise ValueError(
            f"train_test_split: test_size={test_size} leaves no row of {n} to train with; take a smaller one"
        )
    return rows


def _stratified(labels: Any, n: int, n_test: int, rng: np.random.Generator) -> tuple[Any, Any]:
    if labels.shape != (n,):
        raise ValueError(
            f"train_test_split: stratify has shape {labels.shape}, the arrays have {n} rows; "
            f"pass one label per row, shape ({n},)"
        )
    classes, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            f"train_test_split: label {classes[counts.argmin()]!r} occurs once and cannot be in both "
            f"parts; drop it, or split without stratify"
        )
    if min(n_test, n - n_test) < len(classes):
        raise ValueError(
            f"train_test_split: {n_test} test rows and {n - n_test} others cannot each hold all "
            f"{len(classes)} labels; change test_size"
        )
    exact = counts * n_test / n
    chosen = np.clip(np.floor(exact).astype(int), 1, counts - 1)
    while chosen.sum() != n_test:  # a row to (or from) the label that is furthest from its share
        step = 1 if chosen.sum() < n_test else -1
        able = chosen < counts - 1 if step > 0 else chosen > 1
        chosen[np.argmax(np.where(able, step * (exact - chosen), -np.inf))] += step
    order = rng.permutation(n)
    test = np.zeros(n, dtype=bool)
    for c, k in enumerate(chosen):
        test[order[which[order] == c][:k]] = True
    return order[~test[order]], order[test[order]]
