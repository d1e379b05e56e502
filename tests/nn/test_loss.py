"""Losses: small cases by hand, finite differences, extreme logits, and what is refused."""

import math

import numpy as np
import pytest

from autograd import Value, grad, gradients, value_and_grad
from autograd.check import locate
from nn import loss
from nn.functional import loss as F  # noqa: N812
from tests.numeric import check_first_order, check_higher_orders

RNG = np.random.default_rng(11)
X, Y = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
P = RNG.uniform(0.1, 0.9, size=(3, 4))
SIGNS = np.array([[1.0, -1, 1, -1], [-1, -1, 1, 1], [1, 1, -1, 1]])
CLASSES = np.array([2, 0, 3])


def gradient(f, *arrays):
    values = [Value(np.array(a, float)) for a in arrays]
    y = f(*values)
    y.backward()
    return y.item(), *[v.grad.tolist() for v in values]


# --- by hand --------------------------------------------------------------------------------


def test_distances_by_hand():
    x, t = [1.0, 2.0, -3.0], [0.0, 4.0, -3.0]
    assert gradient(F.mse_loss, x, t) == (5 / 3, [2 / 3, -4 / 3, 0.0], [-2 / 3, 4 / 3, 0.0])
    assert F.mse_loss(x, t, reduction="sum") == 5.0
    assert F.mse_loss(x, t, reduction="none").tolist() == [1.0, 4.0, 0.0]
    assert gradient(F.l1_loss, x, t)[:2] == (1.0, [1 / 3, -1 / 3, 0.0])
    assert gradient(lambda a, b: F.huber_loss(a, b, "sum", 1.0), x, t)[:2] == (0.5 + 1.5, [1.0, -1.0, 0.0])
    assert gradient(lambda a, b: F.huber_loss(a, b, "sum", 3.0), x, t)[:2] == (0.5 + 2.0, [1.0, -2.0, 0.0])
    smooth = lambda a, b: F.smooth_l1_loss(a, b, reduction="sum", beta=2.0)
    assert gradient(smooth, x, t)[:2] == (0.25 + 1.0, [0.5, -1.0, 0.0])


def test_cross_entropy_by_hand():
    x = np.log([[1.0, 3.0], [1.0, 1.0]])
    value, g = gradient(lambda x: F.cross_entropy(x, np.array([1, 0])), x)
    assert value == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    np.testing.assert_allclose(g, np.array([[0.25, -0.25], [-0.5, 0.5]]) / 2)
    none = F.cross_entropy(x, [1, 0], reduction="none")
    np.testing.assert_allclose(none, [math.log(4 / 3), math.log(2)])
    weighted = F.cross_entropy(x, [1, 0], [2.0, 1.0])
    assert float(weighted) == pytest.approx((math.log(4 / 3) + 2 * math.log(2)) / 3)
    smoothed = F.cross_entropy(x, [1, 0], label_smoothing=0.5, reduction="none")
    np.testing.assert_allclose(smoothed, [0.75 * math.log(4 / 3) + 0.25 * math.log(4), math.log(2)])
    soft = F.cross_entropy(x, np.array([[0.5, 0.5], [1.0, 0.0]]), reduction="sum")
    assert float(soft) == pytest.approx(0.5 * math.log(4 / 3) + 0.5 * math.log(4) + math.log(2))
    mean, g = gradient(lambda x: F.cross_entropy(x, np.array([[0.5, 0.5], [1.0, 0.0]]), [2.0, 3.0]), x)
    # the mean over the samples, as no class is theirs alone; each class counts with its weight
    by_hand = (2 * 0.5 * math.log(4) + 3 * 0.5 * math.log(4 / 3) + 2 * math.log(2)) / 2
    assert mean == pytest.approx(by_hand)
    np.testing.assert_allclose(g, np.array([[2.5 / 4 - 1.0, 7.5 / 4 - 1.5], [-1.0, 1.0]]) / 2, atol=1e-15)
    assert float(F.nll_loss(np.log([[0.25, 0.75]]), [1])) == pytest.approx(-math.log(0.75))


def test_a_variance_for_each_sample():
    """Of the shape of the input without its last axis, as with a last axis of 1."""
    v = np.array([0.5, 2.0, 4.0])
    found = F.gaussian_nll_loss(X, Y, v, reduction="none")
    np.testing.assert_allclose(found, 0.5 * (np.log(v)[:, None] + (X - Y) ** 2 / v[:, None]), rtol=1e-12)
    np.testing.assert_array_equal(found, F.gaussian_nll_loss(X, Y, v[:, None], reduction="none"))


def test_cross_entropy_is_one_operation():
    x = Value(X)
    y = F.cross_entropy(x, CLASSES, reduction="none")
    assert str(y.op) == "cross_entropy" and y.inputs[0] is x


@pytest.mark.parametrize(("n", "c"), [(1, 1), (2, 5), (40, 2), (40, 10), (9, 9), (80, 70), (7, 70)])
def test_the_usual_cross_entropy_is_the_general_one(n, c):
    """Which is taken with a weight of 1 for each class."""
    x, t = 3 * RNG.normal(size=(n, c)), RNG.integers(0, c, n)
    x[0, 0] = 1e4
    expected = value_and_grad(lambda x: F.cross_entropy(x, t, np.ones(c)))(x)
    for logits in (x, np.asfortranarray(x)):
        for kind in ("i1", "u1", "i4", "u8"):
            found = value_and_grad(F.cross_entropy)(logits, t.astype(kind))
            np.testing.assert_allclose(found[0], expected[0], rtol=1e-14)
            np.testing.assert_allclose(found[1], expected[1], rtol=1e-12, atol=1e-17)
    for wrong in (-1, c, -c, 2**40):
        bad = np.array([*t[1:], wrong])
        with pytest.raises(IndexError, match=f"class {wrong} is out of range for {c} classes"):
            F.cross_entropy(Value(x), bad)


@pytest.mark.parametrize(("n", "c"), [(40, 10), (7, 70)])
def test_the_gradient_of_cross_entropy_uses_what_the_loss_found_once(n, c):
    logits, t = RNG.normal(size=(n, c)), RNG.integers(0, c, n)
    x = Value(logits)
    y = F.cross_entropy(x, t)
    assert str(y.op) == "cross_entropy" and y.inputs == (x, t) and repr(y.params) == f"{{'classes': {c}}}"
    assert locate(y, derivatives=2) == []  # a replay with other logits finds its own
    y.backward(retain_graph=True)
    first = x.grad
    x.zero_grad()
    y.backward()  # and so does a second pass
    assert np.array_equal(x.grad, first) and y.params["classes"].kept == (None, None)


def test_cross_entropy_with_images_is_that_of_the_pixels():
    x, t = RNG.normal(size=(2, 5, 3, 4)), RNG.integers(0, 5, size=(2, 3, 4))
    flat = F.cross_entropy(np.moveaxis(x, 1, -1).reshape(-1, 5), t.reshape(-1), label_smoothing=0.1)
    assert float(F.cross_entropy(x, t, label_smoothing=0.1)) == pytest.approx(float(flat), rel=1e-14)
    assert F.cross_entropy(x, t, reduction="none").shape == (2, 3, 4)
    assert float(F.cross_entropy(X[0], np.array(2))) == pytest.approx(
        float(F.cross_entropy(X[:1], np.array([2])))
    )


def test_ignored_samples_count_for_nothing_whatever_they_hold():
    x = np.array([[1.0, 2.0], [math.nan, math.inf], [0.5, 0.0]])
    for f in (F.cross_entropy, F.nll_loss, lambda x, t: F.cross_entropy(x, t, label_smoothing=0.2)):
        v, only = Value(x), Value(x[[0, 2]])
        y = f(v, np.array([1, -100, 0]))
        y.backward()
        expected = f(only, np.array([1, 0]))
        expected.backward()
        assert y.item() == expected.item()
        np.testing.assert_array_equal(v.grad, [only.grad[0], [0, 0], only.grad[1]])
    assert math.isnan(F.cross_entropy(x, [-100] * 3))  # the mean of nothing
    assert F.cross_entropy(x, [-100] * 3, reduction="sum") == 0


def test_extreme_logits_are_exact():
    assert gradient(lambda x: F.cross_entropy(x, [1]), [[1e4, -1e4]]) == (2e4, [[1.0, -1.0]])
    assert gradient(lambda x: F.cross_entropy(x, [0]), [[1e4, -1e4]]) == (0.0, [[0.0, 0.0]])
    assert gradient(lambda x: F.cross_entropy(x, [0]), [[0.0, -math.inf]]) == (0.0, [[0.0, 0.0]])
    assert gradient(lambda x: F.cross_entropy(x, [1]), [[0.0, -math.inf]]) == (math.inf, [[1.0, -1.0]])
    bce = lambda t: lambda x: F.binary_cross_entropy_with_logits(x, [t])
    assert gradient(bce(0.0), [1000.0]) == (1000.0, [1.0])
    assert gradient(bce(0.0), [-1000.0]) == (0.0, [0.0])
    assert gradient(bce(1.0), [-1000.0]) == (1000.0, [-1.0])
    small = math.exp(-50)
    for x, t, sign in ((50.0, 1.0, -1), (-50.0, 0.0, 1)):
        value, (g,) = gradient(bce(t), [x])
        assert (value, g) == (pytest.approx(small, rel=1e-12), pytest.approx(sign * small, rel=1e-12))
    assert gradient(lambda x: F.soft_margin_loss(x, [-1.0]), [1000.0]) == (1000.0, [1.0])


def test_probabilities_by_hand():
    assert float(F.binary_cross_entropy([0.25], [1.0])) == pytest.approx(math.log(4))
    assert gradient(lambda p: F.binary_cross_entropy(p, [1.0]), [0.5]) == (pytest.approx(math.log(2)), [-2.0])
    assert F.binary_cross_entropy([0.0, 1.0], [1.0, 0.0], reduction="none").tolist() == [100.0, 100.0]
    assert F.binary_cross_entropy([0.0, 1.0], [0.0, 1.0]) == 0.0
    assert gradient(lambda p: F.binary_cross_entropy(p, [1.0]), [0.0]) == (100.0, [-1e12])
    assert gradient(lambda p: F.binary_cross_entropy(p, [0.0]), [0.0])[1] == [0.0]
    weighted = F.binary_cross_entropy_with_logits([0.0, 0.0], [1.0, 0.0], pos_weight=3.0, reduction="none")
    np.testing.assert_allclose(weighted, [3 * math.log(2), math.log(2)])
    assert float(F.kl_div(np.log([0.5, 0.5]), [1.0, 0.0], reduction="sum")) == pytest.approx(math.log(2))
    batch = F.kl_div(np.log([[0.5, 0.5]] * 2), [[1.0, 0.0]] * 2, reduction="batchmean")
    assert float(batch) == pytest.approx(math.log(2))
    assert F.kl_div([0.0, 0.0], [0.0, 0.0], log_target=True) == 0
    assert float(F.poisson_nll_loss([math.log(2)], [3.0])) == pytest.approx(2 - 3 * math.log(2))
    stirling = 3 * math.log(3) - 3 + math.log(6 * math.pi) / 2
    full = F.poisson_nll_loss([2.0, 2.0], [3.0, 1.0], False, True, eps=0, reduction="none")
    np.testing.assert_allclose(full, [2 - 3 * math.log(2) + stirling, 2 - math.log(2)])
    assert float(F.gaussian_nll_loss([1.0], [3.0], [4.0])) == pytest.approx((math.log(4) + 1) / 2)
    assert float(F.gaussian_nll_loss([1.0], [1.0], [0.0], eps=1.0, full=True)) == pytest.approx(
        math.log(2 * math.pi) / 2
    )


def test_margins_by_hand():
    assert gradient(lambda a, b: F.margin_ranking_loss(a, b, [1.0, -1.0], 0.5), [1.0, 1.0], [2.0, 2.0]) == (
        0.75,
        [-0.5, 0.0],
        [0.5, 0.0],
    )
    assert F.hinge_embedding_loss([2.0, 0.4, 3.0], [1, -1, -1], reduction="none").tolist() == [2.0, 0.6, 0.0]
    x = [0.1, 0.2, 0.4, 0.8]
    assert float(F.multilabel_margin_loss(x, [3, 0, -1, 1])) == pytest.approx(0.85)  # PyTorch's own example
    assert float(F.multi_margin_loss(x, 3)) == pytest.approx((0.3 + 0.4 + 0.6) / 4)
    assert float(F.multi_margin_loss(x, 3, 2)) == pytest.approx((0.09 + 0.16 + 0.36) / 4)
    soft = F.multilabel_soft_margin_loss([[0.0, 1000.0]], [[1.0, 0.0]])
    assert float(soft) == pytest.approx((math.log(2) + 1000) / 2)
    a, b = [[1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [3.0, 3.0]]
    np.testing.assert_allclose(
        F.cosine_embedding_loss(a, b, [1, -1], 0.5, reduction="none"), [1.0, math.sqrt(0.5) - 0.5]
    )
    triplet = F.triplet_margin_loss([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 2.0]], eps=0.0)
    assert float(triplet) == 5 - 2 + 1
    swapped = F.triplet_margin_loss([[0.0, 0.0]], [[3.0, 4.0]], [[3.0, 3.0]], eps=0.0, swap=True)
    assert float(swapped) == 5 - 1 + 1
    far = F.triplet_margin_with_distance_loss(
        [[0.0]], [[1.0]], [[5.0]], distance_function=lambda x, y: abs(x - y).sum(axis=-1), margin=7.0
    )
    assert float(far) == 3.0
    assert F.pairwise_distance([1.0, 5.0], [4.0, 1.0], eps=0.0) == 5.0
    assert F.pairwise_distance([[1.0, 5.0]], [[4.0, 1.0]], math.inf, 0.0, True).tolist() == [[4.0]]
    assert grad(lambda x: F.pairwise_distance(x, np.zeros(2), eps=0.0))(np.zeros(2)).tolist() == [0.0, 0.0]


def brute_force_ctc(log_p, target, blank):
    """Over every alignment: merge repeats, drop blanks, and add up those that spell the target."""
    steps, n = log_p.shape
    total = 0.0
    for path in np.ndindex(*[n] * steps):
        merged = [c for i, c in enumerate(path) if (i == 0 or c != path[i - 1]) and c != blank]
        if merged == list(target):
            total += math.exp(sum(log_p[i, c] for i, c in enumerate(path)))
    return -math.log(total) if total else math.inf


def test_ctc_is_the_sum_over_all_alignments():
    x = RNG.normal(size=(5, 3, 3))
    log_p = x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
    targets, symbols, lengths = np.array([[1, 1], [2, 1], [2, 0]]), np.array([2, 2, 1]), np.array([5, 4, 3])
    ours = F.ctc_loss(log_p, targets, lengths, symbols, reduction="none")
    for i in range(3):
        expected = brute_force_ctc(log_p[: lengths[i], i], targets[i, : symbols[i]], 0)
        assert float(ours[i]) == pytest.approx(expected, rel=1e-12)
    other_blank = F.ctc_loss(log_p[:, 1], [0, 1], 4, 2, blank=2, reduction="none")
    assert float(other_blank) == pytest.approx(brute_force_ctc(log_p[:4, 1], [0, 1], 2), rel=1e-12)
    mean = F.ctc_loss(log_p, targets, lengths, symbols)
    assert float(mean) == pytest.approx(float(np.mean(ours / symbols)))
    check_first_order(lambda x: F.ctc_loss(x, targets, lengths, symbols, reduction="none"), [log_p], 1)
    check_higher_orders(
        lambda x: F.ctc_loss(x, targets, lengths, symbols, reduction="none"), [log_p], 2, order=2
    )


def test_ctc_too_short_for_its_target():
    log_p = Value(np.log(np.full((2, 1, 3), 1 / 3)))
    assert F.ctc_loss(log_p, [[1, 1]], [2], [2]).item() == math.inf
    y = F.ctc_loss(log_p, [[1, 1]], [2], [2], zero_infinity=True)
    y.backward()
    assert y.item() == 0 and not log_p.grad.any()
    assert math.isclose(F.ctc_loss(log_p, np.zeros((1, 0), int), [2], [0]).item(), 2 * math.log(3))


# --- derivatives ----------------------------------------------------------------------------

DERIVATIVES = {
    "mse_loss": (F.mse_loss, X, Y),
    "huber_loss": (lambda x, y: F.huber_loss(x, y, delta=0.8), X, Y),
    "smooth_l1_loss": (lambda x, y: F.smooth_l1_loss(x, y, beta=0.5), X, Y),
    "cross_entropy": (lambda x: F.cross_entropy(x, CLASSES), X),
    "cross_entropy, smoothed and weighted": (
        lambda x: F.cross_entropy(x, CLASSES, [1.0, 2, 3, 4], label_smoothing=0.1),
        X,
    ),
    "cross_entropy, probabilities": (lambda x, t: F.cross_entropy(x, t, reduction="none"), X, P),
    "nll_loss": (lambda x: F.nll_loss(x, CLASSES), X),
    "binary_cross_entropy": (F.binary_cross_entropy, P, P[::-1].copy()),
    "binary_cross_entropy_with_logits": (
        lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, pos_weight=w),
        X,
        P,
        P[0],
    ),
    "soft_margin_loss": (lambda x: F.soft_margin_loss(x, SIGNS), X),
    "multilabel_soft_margin_loss": (lambda x: F.multilabel_soft_margin_loss(x, P), X),
    "kl_div": (F.kl_div, X, P),
    "kl_div, log_target": (lambda x, t: F.kl_div(x, t, log_target=True), X, Y),
    "poisson_nll_loss": (F.poisson_nll_loss, X, P),
    "gaussian_nll_loss": (F.gaussian_nll_loss, X, Y, P[:, :1]),
    "multi_margin_loss": (lambda x: F.multi_margin_loss(x, CLASSES, 2), X),
    "hinge_embedding_loss": (lambda x: F.hinge_embedding_loss(x, SIGNS), X),
    "margin_ranking_loss": (lambda x, y: F.margin_ranking_loss(x, y, SIGNS, 0.3), X, Y),
    "cosine_embedding_loss": (lambda x, y: F.cosine_embedding_loss(x, y, SIGNS[:, 0]), X, Y),
    "triplet_margin_loss": (F.triplet_margin_loss, X, Y, P),
    "triplet_margin_loss, p=3": (lambda a, b, c: F.triplet_margin_loss(a, b, c, p=3.0), X, Y, P),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_by_every_differentiable_argument(name):
    f, *arrays = DERIVATIVES[name]
    check_first_order(f, arrays, 3)
    check_higher_orders(f, arrays, 4)


@pytest.mark.parametrize("name", DERIVATIVES)
def test_float32_in_float32_out(name):
    f, *arrays = DERIVATIVES[name]
    values = [Value(a.astype(np.float32)) for a in arrays]
    y = f(*values)
    found = gradients([y], values, [np.ones(y.shape, np.float32)])
    with_float64_constants = ("soft_margin_loss", "multilabel_soft_margin_loss", "margin_ranking_loss")
    if name not in with_float64_constants:  # there NumPy's promotion holds
        assert y.dtype == np.float32
    assert all(g.dtype == np.float32 for g in found)


# --- what is refused ------------------------------------------------------------------------

PAIRS = [
    F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits, F.soft_margin_loss, F.multilabel_soft_margin_loss, F.kl_div,
    F.poisson_nll_loss, F.hinge_embedding_loss, F.multilabel_margin_loss,
    lambda x, t: F.gaussian_nll_loss(x, t, 1.0),
    lambda x, t: F.margin_ranking_loss(x, x, t),
    lambda x, t: F.margin_ranking_loss(x, t, x),
    lambda x, t: F.triplet_margin_loss(x, x, t),
    lambda x, t: F.triplet_margin_loss(x, t, x),
    lambda x, t: F.cosine_embedding_loss(x, t, t),
]  # fmt: skip


@pytest.mark.parametrize("f", PAIRS)
def test_shapes_that_would_be_broadcast_are_refused(f):
    with pytest.raises(ValueError, match=r"\(3, 1\).*\(3,\).*must be equal.*reshape"):
        f(np.full((3, 1), 0.5), np.full(3, 0.5))


REFUSED = [
    (lambda: F.cross_entropy(X, [0, 4, 1]), IndexError, "class 4 is out of range for 4 classes"),
    (lambda: F.cross_entropy(X, [0, -1, 1]), IndexError, "class -1 is out of range for 4 classes"),
    (lambda: F.nll_loss(X, [0, 4, 1]), IndexError, "class 4 is out of range for 4 classes"),
    (lambda: F.multi_margin_loss(X, [0, 4, 1]), IndexError, "class 4 is out of range for 4 classes"),
    (lambda: F.multilabel_margin_loss(X[0], [0, 4, 1, -1]), IndexError, "class 4 is out of range"),
    (lambda: F.cross_entropy(X, [0.0, 1.0, 2.0]), TypeError, "dtype float64; class indices are integers"),
    (lambda: F.cross_entropy(X, np.eye(4, dtype=int)[:3]), ValueError, r"\(3, 4\), class indices.*\(3,\)"),
    (lambda: F.cross_entropy(X, [[0], [1], [2]]), ValueError, r"\(3, 4\).*\(3, 1\).*shape \(3,\) is needed"),
    (lambda: F.cross_entropy(X, [0, 1]), ValueError, r"shape \(2,\); shape \(3,\) is needed"),
    (lambda: F.cross_entropy(X, CLASSES, [1.0]), ValueError, r"weight has shape \(1,\).*4 classes"),
    (lambda: F.cross_entropy(X, CLASSES, label_smoothing=1.5), ValueError, "label_smoothing=1.5"),
    (lambda: F.cross_entropy(1.0, 0), ValueError, "single number"),
    (lambda: F.mse_loss(X, Y, reduction="avg"), ValueError, "reduction='avg' is unknown"),
    (lambda: loss.MSELoss(reduction="avg"), ValueError, "MSELoss: reduction='avg'"),
    (lambda: loss.MSELoss("sum"), TypeError, "positional"),
    (lambda: F.mse_loss(X, Y, reduction="batchmean"), ValueError, "batchmean"),
    (lambda: F.binary_cross_entropy([1.5], [1.0]), ValueError, "holds 1.5.*apply sigmoid"),
    (lambda: F.binary_cross_entropy([-0.1], [1.0]), ValueError, "holds -0.1"),
    (lambda: F.binary_cross_entropy(P, P, np.ones(3)), ValueError, r"weight has shape \(3,\).*\(3, 4\)"),
    (lambda: F.binary_cross_entropy([0.5], [0.5], np.ones((2, 1))), ValueError, r"\(2, 1\)"),
    (lambda: F.binary_cross_entropy_with_logits(P, P, pos_weight=np.ones(3)), ValueError, "pos_weight"),
    (lambda: F.hinge_embedding_loss([1.0], [0.0]), ValueError, "holds 0.0; every target must be 1 or -1"),
    (lambda: F.cosine_embedding_loss(X, Y, SIGNS), ValueError, r"target has shape \(3, 4\)"),
    (lambda: F.gaussian_nll_loss(X, Y, np.ones(4)), ValueError, r"var has shape \(4,\)"),
    (lambda: F.gaussian_nll_loss(X, Y, -P), ValueError, "variances are 0 or more"),
    (lambda: F.huber_loss(X, Y, delta=0.0), ValueError, "delta=0.0"),
    (lambda: F.smooth_l1_loss(X, Y, beta=-1.0), ValueError, "beta=-1.0"),
    (lambda: F.multi_margin_loss(X, CLASSES, 3), ValueError, "p=3"),
    (lambda: F.multi_margin_loss(X[None], CLASSES), ValueError, r"\(1, 3, 4\)"),
    (lambda: F.triplet_margin_loss(X, Y, P, 0.0), ValueError, "margin=0.0"),
    (lambda: F.ctc_loss(X, [1], [3], [1], blank=4), IndexError, "blank=4"),
    (lambda: F.ctc_loss(X, [1, 2], [3], [1]), ValueError, "2 classes; target_lengths add up to 1"),
    (lambda: F.ctc_loss(X, [1], [9], [1]), ValueError, r"input_lengths holds \[9\]"),
    (
        lambda: F.ctc_loss(X[0], [1], [3], [1]),
        ValueError,
        r"log_probs has shape \(4,\); \(T, N, C\) or \(T, C\)",
    ),
    (lambda: F.ctc_loss(X, [1], [3, 3], [1]), ValueError, r"input_lengths has shape \(2,\); 1 integers"),
    (lambda: F.ctc_loss(X, [1], [3], [1.0]), ValueError, r"target_lengths has .* 1 integers are needed"),
    (
        lambda: F.ctc_loss(X, [[1, 2]], [3], [3]),
        ValueError,
        r"targets have shape \(1, 2\); \(1, 3\) is needed",
    ),
    (
        lambda: F.multilabel_soft_margin_loss(1.0, 1.0),
        ValueError,
        "single number; the last axis is the classes",
    ),
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


# --- modules --------------------------------------------------------------------------------


def test_modules_hand_their_options_on():
    for name, args, options in [
        ("L1Loss", (X, Y), {}),
        ("MSELoss", (X, Y), {}),
        ("HuberLoss", (X, Y), {"delta": 0.3}),
        ("SmoothL1Loss", (X, Y), {"beta": 0.3}),
        (
            "CrossEntropyLoss",
            (X, CLASSES),
            {"weight": [1.0, 2, 3, 4], "label_smoothing": 0.1, "ignore_index": 0},
        ),
        ("NLLLoss", (X, CLASSES), {"weight": [1.0, 2, 3, 4], "ignore_index": 0}),
        ("PoissonNLLLoss", (P, P), {"log_input": False, "full": True, "eps": 0.1}),
        ("KLDivLoss", (X, P), {"log_target": True}),
        ("BCELoss", (P, P), {"weight": Y}),
        ("BCEWithLogitsLoss", (X, P), {"weight": Y, "pos_weight": P}),
        ("MultiLabelSoftMarginLoss", (X, P), {"weight": Y}),
        ("MultiMarginLoss", (X, CLASSES), {"p": 2, "margin": 0.5, "weight": [1.0, 2, 3, 4]}),
        ("SoftMarginLoss", (X, SIGNS), {}),
        ("MarginRankingLoss", (X, Y, SIGNS), {"margin": 0.3}),
        ("HingeEmbeddingLoss", (X, SIGNS), {"margin": 0.3}),
        ("CosineEmbeddingLoss", (X, X + 0.1 * Y, SIGNS[:, 0]), {"margin": 0.3}),
        ("TripletMarginLoss", (X, Y, P), {"margin": 0.3, "p": 1.0, "eps": 0.1, "swap": True}),
        ("GaussianNLLLoss", (X, Y, P), {"full": True, "eps": 0.5}),
    ]:
        layer = getattr(loss, name)
        for reduction in ("mean", "sum", "none"):
            got = layer(reduction=reduction, **options)(*args)
            expected = type(layer()).function(*args, reduction=reduction, **options)
            np.testing.assert_array_equal(getattr(got, "data", got), expected)
        assert float(np.sum(layer(**options)(*args) - layer()(*args))) != 0 or not options, name


def test_class_weights_are_state():
    layer = loss.CrossEntropyLoss([1.0, 2.0])
    assert layer.state_dict()["weight"].tolist() == [1.0, 2.0] and layer.parameters() == []
    assert repr(loss.HuberLoss()) == "HuberLoss(delta=1.0, reduction='mean')"
    assert math.isnan(loss.MSELoss()(np.zeros((0, 2)), np.zeros((0, 2))))


def test_a_class_that_is_ignored_counts_for_nothing():
    """Whatever the class: the quick way of a plain batch must not be taken then."""
    x = np.random.default_rng(0).normal(size=(6, 5))
    t = np.array([0, 4, 2, 2, 1, 4])
    keep = t != 4
    expected = value_and_grad(lambda x: F.cross_entropy(x[keep], t[keep]))(x)
    found = value_and_grad(lambda x: F.cross_entropy(x, t, ignore_index=4))(x)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-14)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-14, atol=1e-17)
