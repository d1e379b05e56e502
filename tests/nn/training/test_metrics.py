"""Metrics, against their formulas on all rows at once."""

import re

import numpy as np
import pytest

from nn.training import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    MeanAbsoluteError,
    MeanSquaredError,
    R2Score,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from nn.training.metrics import Mean, Metric, named_metrics

RNG = np.random.default_rng(2)


def measured(metric, output, target, cuts=(3, 4, 11)):
    """The metric over uneven batches."""
    metric.reset()
    for o, t in zip(np.split(output, cuts), np.split(target, cuts), strict=True):
        metric.update(o, t)
    return metric.result()


SCORES = RNG.standard_normal((20, 6))
LABELS = RNG.integers(0, 6, 20)
HITS = [max(range(6), key=lambda c: row[c]) == t for row, t in zip(SCORES, LABELS, strict=True)]


def test_accuracies_of_classes():
    expected = sum(HITS) / 20
    assert 0 < expected < 1
    assert measured(SparseCategoricalAccuracy(), SCORES, LABELS) == expected
    assert measured(CategoricalAccuracy(), SCORES, np.eye(6)[LABELS]) == expected
    assert measured(Accuracy(), SCORES, LABELS) == expected
    assert measured(Accuracy(), SCORES, np.eye(6)[LABELS]) == expected
    # classes on axis 1, positions after it
    pixels = SCORES.reshape(5, 4, 6).transpose(0, 2, 1)
    assert measured(SparseCategoricalAccuracy(), pixels, LABELS.reshape(5, 4), (2, 3)) == expected
    assert measured(Accuracy(), pixels, LABELS.reshape(5, 4), (2, 3)) == expected


@pytest.mark.parametrize("k", [1, 2, 6, 9])
def test_top_k(k):
    ranked = [sorted(range(6), key=lambda c: -row[c]) for row in SCORES]
    expected = sum(t in r[:k] for r, t in zip(ranked, LABELS, strict=True)) / 20
    assert measured(TopKCategoricalAccuracy(k), SCORES, LABELS) == expected
    assert measured(TopKCategoricalAccuracy(k), SCORES, np.eye(6)[LABELS]) == expected
    assert TopKCategoricalAccuracy(k).name == f"top_{k}_accuracy"


def test_binary_accuracy():
    p = np.array([0.1, 0.5, 0.6, 0.9, 0.2])
    t = np.array([0, 0, 1, 0, 1])
    assert measured(BinaryAccuracy(), p, t, (2,)) == 3 / 5
    assert measured(BinaryAccuracy(0.0), np.log(p / (1 - p)), t, (2,)) == 3 / 5
    assert measured(Accuracy(), p[:, None], t[:, None], (2,)) == 3 / 5
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        measured(BinaryAccuracy(), p, t * 2, (2,))


def test_scores_that_are_not_numbers_are_never_right():
    scores = np.full((2, 3), np.nan)
    for metric in (SparseCategoricalAccuracy(), TopKCategoricalAccuracy(1)):
        assert measured(metric, scores, np.array([0, 1]), (1,)) == 0
    assert measured(CategoricalAccuracy(), scores, np.eye(3)[:2], (1,)) == 0
    assert measured(BinaryAccuracy(), np.full(2, np.nan), np.array([0, 0]), (1,)) == 0


def test_errors():
    o, t = RNG.standard_normal((2, 20, 3))
    assert measured(MeanSquaredError(), o, t) == pytest.approx(((o - t) ** 2).mean(), rel=1e-14)
    assert measured(MeanAbsoluteError(), o, t) == pytest.approx(abs(o - t).mean(), rel=1e-14)
    small, whole = np.array([1.5], np.float32), np.array([3], np.uint8)
    assert measured(MeanSquaredError(), small, whole, ()) == 2.25


def test_r2_does_not_depend_on_the_batches_or_on_an_offset():
    o, t = RNG.standard_normal((2, 20, 3))
    t = t + o
    by_formula = np.mean(1 - ((t - o) ** 2).sum(axis=0) / ((t - t.mean(axis=0)) ** 2).sum(axis=0))
    for cuts in ((), (3, 4, 11), range(1, 20)):
        assert measured(R2Score(), o, t, cuts) == pytest.approx(by_formula, rel=1e-13)
        assert measured(R2Score(), o + 1e8, t + 1e8, cuts) == pytest.approx(by_formula, rel=1e-6)
    metric = R2Score()
    for rows in (slice(0, 0), slice(0, 9), slice(9, 9), slice(9, 20)):  # batches without rows change nothing
        metric.update(o[rows], t[rows])
    assert metric.result() == pytest.approx(by_formula, rel=1e-13)
    flat = np.full((20, 1), 3.0)
    assert measured(R2Score(), flat, flat) == 1
    assert measured(R2Score(), flat + 1, flat) == 0


def test_metrics_by_name_as_objects_and_as_functions():
    largest = lambda output, target: np.abs(output - target).max()
    largest.__name__ = "largest"
    top = TopKCategoricalAccuracy(2)
    found = named_metrics("fit", ["mae", top, largest])
    assert list(found)[:2] == ["mae", "top_2_accuracy"] and found["top_2_accuracy"] is top
    with pytest.raises(ValueError, match="the metric name 'top_2_accuracy' is taken"):
        named_metrics("fit", [top, TopKCategoricalAccuracy(2)])


def test_how_many_classes_may_be_named_must_be_one_or_more():
    with pytest.raises(ValueError, match="k=0 must be 1 or more"):
        TopKCategoricalAccuracy(0)


def test_a_metric_without_rows_is_not_a_number():
    for metric in (Accuracy(), R2Score(), MeanSquaredError()):
        assert np.isnan(metric.result())


@pytest.mark.parametrize(
    ("metric", "output", "target", "kind", "words"),
    [
        (
            MeanSquaredError(),
            np.zeros((4, 1)),
            np.zeros(4),
            ValueError,
            r"\(4, 1\), the target \(4,\).*y.reshape\(-1, 1\)",
        ),
        (BinaryAccuracy(), np.zeros(4), np.zeros((4, 1)), ValueError, r"y.reshape\(-1\)"),
        (R2Score(), np.zeros((4, 1)), np.zeros(4), ValueError, "R2Score"),
        (CategoricalAccuracy(), np.zeros(4), np.zeros(4), ValueError, "no class axis"),
        (
            SparseCategoricalAccuracy(),
            np.zeros((4, 3)),
            np.array([0, 1, 3, 2]),
            ValueError,
            "label 3 at row 2",
        ),
        (
            SparseCategoricalAccuracy(),
            np.zeros((4, 3)),
            np.array([0, -1, 0, 2]),
            ValueError,
            "label -1 at row 1",
        ),
        (SparseCategoricalAccuracy(), np.zeros((4, 3)), np.zeros(4), TypeError, r"y.astype\(int\)"),
        (
            SparseCategoricalAccuracy(),
            np.zeros((4, 3)),
            np.zeros((4, 1), int),
            ValueError,
            r"scores are \(n, classes",
        ),
        (TopKCategoricalAccuracy(), np.zeros((4, 3)), np.array([0, 9, 0, 2]), ValueError, "label 9"),
    ],
)
def test_metrics_refuse(metric, output, target, kind, words):
    with pytest.raises(kind, match=words):
        metric.update(output, target)


@pytest.mark.parametrize(
    ("base", "call", "method"),
    [
        (Metric, lambda m: m.reset(), "reset(self)"),
        (Metric, lambda m: m.update([1.0], [1.0]), "update(self, output, target)"),
        (Metric, lambda m: m.result(), "result(self)"),
        (Mean, lambda m: m.update([1.0], [1.0]), "values(self, output, target)"),
    ],
)
def test_what_a_metric_of_ones_own_lacks_is_named(base, call, method):
    class Odd(base):
        pass

    with pytest.raises(NotImplementedError, match=f"^{re.escape(f'Odd: write `{method}`')}$"):
        call(Odd())
