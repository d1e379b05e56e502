"""Every loss beside PyTorch's: value, first and second derivatives, for every reduction."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T  # noqa: N812
from oracle_nn import compare

import nn
from autograd import hessian, special
from nn import loss as ours
from nn.functional import loss as F  # noqa: N812

pytestmark = pytest.mark.oracle
GROUP = "torch.nn losses"
REDUCTIONS = ["mean", "sum", "none"]
RNG = np.random.default_rng(7)
GRID = np.array([-1000.0, -60, -7.3, -1.2, -0.5, -0.01, -1e-8, 0.0, 1e-8, 0.01, 0.5, 1.2, 7.3, 60, 1000.0])


def normal(*shape):
    return np.asarray(RNG.normal(size=shape))


def probability(*shape):
    return RNG.uniform(0.02, 0.98, size=shape)


def simplex(*shape):
    e = RNG.uniform(0.05, 1, size=shape)
    return e / e.sum(axis=1, keepdims=True)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], size=shape)


def tensor(x):
    return torch.tensor(x) if isinstance(x, np.ndarray) else x


# PyTorch keeps the 1e-12 of these two as a float32, which is 4e-9 off; and the second derivative of
# its binary cross entropy adds it where the first takes the maximum
ROUNDED = {"BCELoss": 1e-8, "CosineEmbeddingLoss": 1e-8}


def check(name, arrays, *constants, **options):
    """loss(*arrays, *constants) as modules; the arrays are differentiated."""
    for reduction in REDUCTIONS:
        mine = getattr(ours, name)(reduction=reduction, **options)
        other = getattr(torch.nn, name)(reduction=reduction, **{k: tensor(v) for k, v in options.items()})
        compare(
            GROUP,
            name,
            lambda *xs, loss=mine: loss(*xs, *constants),
            lambda *xs, loss=other: loss(*xs, *[tensor(c) for c in constants]),
            arrays,
            rtol=ROUNDED.get(name, 1e-11),
        )


# --- distances ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 4)])
def test_distances_differentiated_by_both_arguments(shape):
    x, t = 2 * normal(*shape), normal(*shape)
    for name, options in [
        ("L1Loss", {}),
        ("MSELoss", {}),
        ("HuberLoss", {}),
        ("HuberLoss", {"delta": 0.3}),
        ("SmoothL1Loss", {}),
        ("SmoothL1Loss", {"beta": 0.3}),
        ("SmoothL1Loss", {"beta": 0.0}),
    ]:
        check(name, [x, t], **options)


def test_elementwise_losses_over_the_whole_range():
    zeros, half, one = np.zeros(1), np.full(1, 0.5), np.ones(1)
    for x in GRID:
        x = np.array([x])
        for name in ("L1Loss", "MSELoss", "HuberLoss", "SmoothL1Loss"):
            check(name, [x], zeros)
        for t in (zeros, half, one):
            check("BCEWithLogitsLoss", [x], t)
            check("BCEWithLogitsLoss", [x], t, pos_weight=np.array([3.0]))
            if abs(x) < 500 or t == half:
                check("MultiLabelSoftMarginLoss", [x.reshape(1, 1)], t.reshape(1, 1))
        if x != 1:
            check("HingeEmbeddingLoss", [x], one)
            check("HingeEmbeddingLoss", [x], -one)
        if abs(x) < 700:  # PyTorch's exp overflows beyond: inf, where ours is exact
            check("SoftMarginLoss", [x], one)
            check("SoftMarginLoss", [x], -one)
            check("PoissonNLLLoss", [x], half)


@pytest.mark.filterwarnings("ignore:reduction")
def test_the_other_losses_over_the_whole_range():
    one, half = np.ones(1), np.full(1, 0.5)
    for number in GRID:
        x = np.array([number])
        check("KLDivLoss", [x, half])
        check("KLDivLoss", [x], half, log_target=True)
        check("GaussianNLLLoss", [x, half, one])
        check("GaussianNLLLoss", [half, x, np.array([1e-8])])
        if number >= 0:
            check("GaussianNLLLoss", [half, one, x])
            check("PoissonNLLLoss", [x], half, log_input=False)
        for sign in (one, -one):
            check("MarginRankingLoss", [x, 0.9 * half], sign)  # not at the corner: see docs/decisions.md
            check("MarginRankingLoss", [x, 0.9 * half], sign, margin=1.0)
        row = np.array([[0.3, number, -0.2]])
        check("NLLLoss", [row], np.array([1]))
        check("CrossEntropyLoss", [row], np.array([0]))
        check("CrossEntropyLoss", [row], np.array([1]), label_smoothing=0.1)
        for sign in (one, -one):
            check("CosineEmbeddingLoss", [row, np.array([[0.5, 1.0, 2.0]])], sign)
        triple = [row, np.array([[0.5, 1.0, 2.0]]), np.array([[-0.5, 2.0, 0.7]])]
        check("TripletMarginLoss", triple)
        check("TripletMarginWithDistanceLoss", triple)
        for name, target in (("MultiMarginLoss", [2]), ("MultiLabelMarginLoss", [[2, 0, -1]])):
            mine, other, target = getattr(ours, name)(), getattr(torch.nn, name)(), np.array(target)
            compare(
                GROUP,
                name,
                lambda x, f=mine, t=target: f(x, t),
                lambda x, f=other, t=target: f(x, torch.tensor(t)),
                [row],
                orders=(0, 1),
            )
    for number in (0.01, 0.5, 0.99):
        for t in (0 * one, half, one):
            check("BCELoss", [np.array([number])], t)
    for number in (1e-8, 1 - 1e-8):  # PyTorch's second derivative is 2e-4 off there, see ROUNDED
        p = np.array([number])
        for t in (0 * one, half, one):
            compare(
                GROUP,
                "BCELoss",
                lambda p, t=t: ours.BCELoss()(p, t),
                lambda p, t=t: torch.nn.BCELoss()(p, torch.tensor(t)),
                [p],
                rtol=1e-8,
                orders=(0, 1),
            )
            # ours is that of the gradient: (p - t) / (p (1 - p))
            exact = t / p**2 + (1 - t) / (1 - p) ** 2
            np.testing.assert_allclose(hessian(lambda p, t=t: ours.BCELoss()(p, t))(p)[0], exact, rtol=1e-7)


# --- classes --------------------------------------------------------------------------------

CLASSES = {
    (5,): np.array(3),
    (6, 5): np.array([0, 4, 2, 2, 1, 3]),
    (2, 5, 3): np.array([[0, 1, 2], [4, 3, 0]]),
    (2, 5, 2, 2): np.array([[[0, 1], [2, 3]], [[4, 4], [1, 0]]]),
}


@pytest.mark.parametrize("shape", CLASSES, ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_with_classes(shape, smoothing, weighted):
    weight = {"weight": np.array([0.5, 2.0, 0.0, 1.5, 3.0])} if weighted else {}
    for scale in (1.0, 1e-8, 30.0):
        x = scale * normal(*shape)
        check("CrossEntropyLoss", [x], CLASSES[shape], label_smoothing=smoothing, **weight)
        if not smoothing:
            check("NLLLoss", [x], CLASSES[shape], **weight)
    if shape != (5,):
        options = {"ignore_index": 4, "label_smoothing": smoothing, **weight}
        check("CrossEntropyLoss", [normal(*shape)], CLASSES[shape], **options)
        check("NLLLoss", [normal(*shape)], CLASSES[shape], ignore_index=4, **weight)


@pytest.mark.parametrize("shape", CLASSES, ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_with_probabilities_differentiated_by_both(shape, smoothing):
    t = np.abs(normal(*shape))
    check("CrossEntropyLoss", [normal(*shape), t], label_smoothing=smoothing)
    weight = np.array([0.5, 2.0, 0.0, 1.5, 3.0])
    check("CrossEntropyLoss", [normal(*shape), t], label_smoothing=smoothing, weight=weight)


def test_cross_entropy_of_extreme_logits():
    for big in (1e3, 1e4):
        x = big * np.array([[1.0, -1, 0], [-1, 1, 1], [0, 0, 0], [-1, -1, 1]])
        for target in ([0, 1, 2, 2], [1, 0, 0, 0]):
            check("CrossEntropyLoss", [x], np.array(target))
            check("CrossEntropyLoss", [x], np.array(target), label_smoothing=0.1)


def test_margins_over_classes():
    for shape, target in (((5,), np.array(2)), ((4, 5), np.array([0, 4, 2, 1]))):
        weight = np.array([0.5, 2.0, 0.0, 1.5, 3.0])
        for options in ({}, {"p": 2}, {"margin": 0.4}, {"weight": weight}, {"p": 2, "weight": weight}):
            if shape == (5,) and "weight" in options:
                continue
            # PyTorch has no second derivative of this loss
            for reduction in REDUCTIONS:
                mine = ours.MultiMarginLoss(reduction=reduction, **options)
                given = {k: tensor(v) for k, v in options.items()}
                other = torch.nn.MultiMarginLoss(reduction=reduction, **given)
                compare(
                    GROUP,
                    "MultiMarginLoss",
                    lambda x, f=mine, t=target: f(x, t),
                    lambda x, f=other, t=target: f(x, torch.tensor(t)),
                    [normal(*shape)],
                    orders=(0, 1),
                )


def test_multilabel_margin():
    targets = np.array([[3, 0, -1, 1], [-1, 0, 0, 0], [1, 1, 2, -1], [0, 1, 2, 3]])
    for x, t in ((normal(4, 4), targets), (normal(4), targets[0])):
        for reduction in REDUCTIONS:
            compare(
                GROUP,
                "MultiLabelMarginLoss",
                lambda x, r=reduction, t=t: ours.MultiLabelMarginLoss(reduction=r)(x, t),
                lambda x, r=reduction, t=t: torch.nn.MultiLabelMarginLoss(reduction=r)(x, torch.tensor(t)),
                [x],
                orders=(0, 1),
            )


# --- probabilities --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (5,), (3, 4)])
def test_binary_cross_entropies(shape):
    x, p, t, w = normal(*shape), probability(*shape), probability(*shape), probability(*shape)
    check("BCELoss", [p], t)
    check("BCELoss", [p, t])
    check("BCELoss", [p], t, weight=w)
    check("BCEWithLogitsLoss", [3 * x], t)
    check("BCEWithLogitsLoss", [3 * x, t])
    check("BCEWithLogitsLoss", [3 * x], t, weight=w, pos_weight=np.asarray(3 * w))
    check("SoftMarginLoss", [x], signs(*shape))


def test_bce_at_the_ends():
    p = np.array([0.0, 0.0, 1.0, 1.0, 0.5])
    t = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    # the second derivative at the ends is that of the clamped gradient: see docs/decisions.md
    for reduction in REDUCTIONS:
        compare(
            GROUP,
            "BCELoss",
            lambda p, r=reduction: F.binary_cross_entropy(p, t, reduction=r),
            lambda p, r=reduction: T.binary_cross_entropy(p, torch.tensor(t), reduction=r),
            [p],
            rtol=1e-8,
            orders=(0, 1),
        )


def test_labels_and_weights():
    x, t = normal(4, 3), RNG.integers(0, 2, (4, 3)).astype(float)
    check("MultiLabelSoftMarginLoss", [x], t)
    check("MultiLabelSoftMarginLoss", [x], t, weight=np.array([1.0, 0.5, 2.0]))
    check("BCEWithLogitsLoss", [x], t, pos_weight=np.array([1.0, 0.5, 2.0]), weight=np.array([[1.0, 2, 3]]))


@pytest.mark.filterwarnings("ignore:reduction")  # PyTorch's advice to take batchmean
def test_divergences_and_likelihoods():
    log_p, q = np.log(simplex(3, 4)), simplex(3, 4)
    check("KLDivLoss", [log_p, q])
    check("KLDivLoss", [log_p, np.log(q)], log_target=True)
    check("KLDivLoss", [log_p], np.where(q > 0.3, 0.0, q))
    for log_target, t in ((False, q), (True, np.log(q))):
        compare(
            GROUP,
            "KLDivLoss",
            lambda x, t, o=log_target: F.kl_div(x, t, reduction="batchmean", log_target=o),
            lambda x, t, o=log_target: T.kl_div(x, t, reduction="batchmean", log_target=o),
            [log_p, t],
        )
    counts = np.array([[0.0, 1, 2, 7], [3, 0, 1, 12]])
    for options in ({}, {"full": True}):
        check("PoissonNLLLoss", [normal(2, 4)], counts, **options)
        check("PoissonNLLLoss", [probability(2, 4)], counts, log_input=False, **options)
        check("PoissonNLLLoss", [normal(2, 4), counts + 0.3], **options)
        for var in (probability(2, 4), probability(2, 1), probability(2), np.full((2, 4), 1e-9)):
            check("GaussianNLLLoss", [normal(2, 4), normal(2, 4), var], **options)


# --- embeddings -----------------------------------------------------------------------------


def test_margins_between_pairs():
    check("MarginRankingLoss", [normal(6), normal(6)], signs(6))
    check("MarginRankingLoss", [normal(3, 2), normal(3, 2)], signs(3, 2), margin=0.5)
    check("HingeEmbeddingLoss", [normal(3, 4)], signs(3, 4))
    check("HingeEmbeddingLoss", [normal(3, 4)], signs(3, 4), margin=0.3)
    check("CosineEmbeddingLoss", [normal(6, 4), normal(6, 4)], signs(6))
    check("CosineEmbeddingLoss", [normal(6, 4), normal(6, 4)], signs(6), margin=0.2)
    check("CosineEmbeddingLoss", [normal(4), normal(4)], np.array(1.0))
    check("CosineEmbeddingLoss", [1e-8 * normal(6, 4), 1000 * normal(6, 4)], signs(6))


@pytest.mark.parametrize("shape", [(4,), (6, 4), (2, 3, 4)])
def test_triplets(shape):
    triple = [normal(*shape), normal(*shape), normal(*shape)]
    check("TripletMarginLoss", triple)
    check("TripletMarginLoss", triple, margin=2.0, swap=True)
    for p in (1.0, 3.0, np.inf):
        check("TripletMarginLoss", triple, p=p)
    check("TripletMarginWithDistanceLoss", triple)
    for reduction in REDUCTIONS:
        compare(
            GROUP,
            "TripletMarginWithDistanceLoss",
            lambda *x, r=reduction: ours.TripletMarginWithDistanceLoss(
                distance_function=lambda a, b: abs(a - b).sum(axis=-1), margin=0.7, swap=True, reduction=r
            )(*x),
            lambda *x, r=reduction: torch.nn.TripletMarginWithDistanceLoss(
                distance_function=lambda a, b: (a - b).abs().sum(-1), margin=0.7, swap=True, reduction=r
            )(*x),
            triple,
        )


# --- sequences ------------------------------------------------------------------------------


@pytest.mark.parametrize("zero_infinity", [False, True])
def test_ctc(zero_infinity):
    """Through log_softmax: PyTorch's gradient by log_probs alone takes the softmax for granted."""
    x = normal(9, 4, 5)
    inputs, lengths = np.array([9, 7, 5, 9]), np.array([4, 3, 2, 0])
    if zero_infinity:
        inputs = np.array([9, 7, 1, 9])
    targets = np.array([[1, 2, 2, 3], [4, 4, 1, 0], [3, 1, 0, 0], [0, 0, 0, 0]])
    flat = np.array([1, 2, 2, 3, 4, 4, 1, 3, 1])
    for given in (targets, flat):
        for reduction in REDUCTIONS:
            o = {"reduction": reduction, "zero_infinity": zero_infinity}
            compare(
                GROUP,
                "CTCLoss",
                lambda x, o=o, t=given: ours.CTCLoss(**o)(special.log_softmax(x, -1), t, inputs, lengths),
                lambda x, o=o, t=given: torch.nn.CTCLoss(**o)(
                    torch.log_softmax(x, -1), torch.tensor(t), torch.tensor(inputs), torch.tensor(lengths)
                ),
                [x],
                orders=(0, 1),  # PyTorch has no second derivative of it
            )


# --- losses with a linear map of their own ----------------------------------------------------------


@pytest.mark.skipif(not hasattr(torch.nn, "LinearCrossEntropyLoss"), reason="PyTorch has it from 2.13 on")
@pytest.mark.parametrize("out_features", [(), (2,)])
def test_linear_cross_entropy(out_features):
    target = RNG.integers(0, 3, (6, *out_features))
    mine = nn.LinearCrossEntropyLoss(5, 3, out_features=out_features, bias=True, label_smoothing=0.1)
    other = torch.nn.LinearCrossEntropyLoss(
        5, 3, out_features=out_features, bias=True, label_smoothing=0.1
    ).double()
    other.load_state_dict({k: torch.tensor(v) for k, v in mine.state_dict().items()})
    compare(
        GROUP,
        "LinearCrossEntropyLoss",
        lambda x: mine(x, target),
        lambda x: other(x, torch.tensor(target)),
        [normal(6, 5)],
    )


@pytest.mark.parametrize("head_bias", [False, True])
def test_adaptive_log_softmax(head_bias):
    target = np.array([0, 19, 4, 7, 12, 5])
    mine = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], 2.0, head_bias)
    other = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], 2.0, head_bias).double()
    other.load_state_dict({k: torch.tensor(v) for k, v in mine.state_dict().items()})
    x = normal(6, 8)
    for part in (0, 1):
        compare(
            GROUP,
            "AdaptiveLogSoftmaxWithLoss",
            lambda x, i=part: mine(x, target)[i],
            lambda x, i=part: other(x, torch.tensor(target))[i],
            [x],
        )
    compare(GROUP, "AdaptiveLogSoftmaxWithLoss", mine.log_prob, other.log_prob, [x])
    assert mine.predict(x).tolist() == other.predict(torch.tensor(x)).tolist()
