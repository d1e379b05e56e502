"""Where several elements tie: any gradient that a neighbouring point has, and no other."""

import numpy as np
import pytest

from autograd.check import Verdict, check_grads, grads

ONES, RANKED = np.ones(4), np.array([1.0, 2.0, 3.0])
rank = lambda x: np.sort(x) @ RANKED
maxmin = lambda x: np.maximum(np.minimum(x[0], x[1]), np.minimum(x[2], x[3]))
mixed = lambda x: np.maximum(x[0], 0 * x[0]) - np.maximum(x[1], 0 * x[1])


def failed(f, x, g):
    report = check_grads(f, np.array(x, float), grad=lambda x: np.array(g, float), raise_=False)
    return bool(report.failures)


@pytest.mark.parametrize(
    ("f", "x", "right", "wrong"),
    [
        (np.max, [1, 3, 3], ([0, 0.5, 0.5], [0, 1, 0]), ([0, 1, 1], [0, 0.5, 0.6], [0, 1.5, -0.5])),
        (np.median, [0, 0, 0, 0], ([0.25] * 4, [0.5, 0.5, 0, 0]), ([0.5] * 4, [1, 0, 0, 0], [0, 0, 0, 0])),
        (rank, [1, 1, 1], ([2, 1, 3], [3, 2, 1]), ([2, 2, 3], [1, 1, 1], [2, 1, 3.0001])),
        (maxmin, [1, 1, 1, 1], ([1, 0, 0, 0], [0.25] * 4), ([1, 0, 0, 0.1], [0, 0, 0, 0])),
        (mixed, [0, 0], ([0, 0], [1, 0], [0.5, -0.5]), ([1, 0.5], [0, 0.1])),
        (lambda x: x[0] * np.abs(x[1]), [0, 0], ([0, 0],), ([0, 0.1], [1e-9, 0])),
    ],
)
def test_any_slope_of_a_neighbour_and_no_other(f, x, right, wrong):
    assert not any(failed(f, x, g) for g in right)
    assert all(failed(f, x, g) for g in wrong)


@pytest.mark.parametrize("apart", [1e-6, 1e-9, 1e-12, 1e-14])
def test_what_nearly_ties_does_not(apart):
    assert failed(np.max, [1, 1 + apart], [1, 0]) and not failed(np.max, [1, 1 + apart], [0, 1])
    assert failed(rank, [1, 1 + apart, 1 + 2 * apart], [2, 1, 3])
    assert failed(lambda x: np.sum(np.abs(x - 1)), [1 + apart, 2], [-1, 1])


def test_curvature_is_no_tie():
    assert failed(lambda x: np.sum(x**2), [0, 1e3], [1e-7, 2e3])
    assert failed(lambda x: np.sum(np.sin(1e6 * x)), [1, 2], [0, 0])


def test_neighbours_count_only_where_any_subgradient_does():
    x = np.array([1.0, 3.0, 3.0])
    assert not check_grads(np.max, x, raise_=False).failures
    for kinks in ("fail", "min-norm"):
        assert check_grads(np.max, x, kinks=kinks, raise_=False).failures


def test_the_rules_at_ties():
    x = np.array([1.0, 1.0, 1.0, -2.0])
    for f in (np.sort, np.median, maxmin, lambda x: np.quantile(x, 0.3), lambda x: np.clip(x, -2, 1)):
        report = check_grads(f, x)
        assert report.counts[Verdict.PASS_KINK] >= 3 and not report.unverified_share, report


def test_elements_of_all_sizes_are_moved_together():
    for f in (lambda x: np.sum(x * np.log(x)), np.sqrt, np.cbrt, np.log):
        assert check_grads(f, np.array([1e-300, 1.0, 1e100])).ok
    assert not check_grads(np.sqrt, np.array([0.0, 1.0])).failures  # infinite at the edge


def test_what_the_function_rounds_away_is_not_judged():
    lost = lambda x: np.log(np.sum(np.exp(x))) - x[0]  # 0, with a slope of exp(-40)
    report = check_grads(lost, np.array([40.0, 0.0]), raise_=False)
    assert not report.failures
    assert failed(lost, [40, 0], [1e-9, 0])


@pytest.mark.parametrize("f", [np.linalg.eigvalsh, lambda x: np.linalg.svd(x, compute_uv=False)])
def test_equal_eigenvalues(f):
    """The slopes that a rule gives are extreme ones, which no random neighbour has."""
    off = lambda v, x: 1.5 * np.diag(v)  # for the identity, v on the diagonal is right
    for seed in range(4):
        assert not check_grads(f, np.eye(3), seed=seed, raise_=False).failures
        assert check_grads(f, np.eye(3), vjp=off, seed=seed, raise_=False).failures


def test_without_longdouble(monkeypatch):
    monkeypatch.setattr(grads, "HAS_WIDE", False)
    for f in (np.sort, np.median, maxmin):
        report = check_grads(f, np.array([1.0, 1.0, 1.0, -2.0]))
        assert report.counts[Verdict.PASS_KINK] >= 3 and not report.unverified_share, report
    assert not failed(rank, [1, 1, 1], [2, 1, 3]) and failed(rank, [1, 1, 1], [2, 2, 3])
    for apart in (1e-6, 1e-9, 1e-12):
        assert failed(np.max, [1, 1 + apart], [1, 0]) and not failed(np.max, [1, 1 + apart], [0, 1])
