"""LinearCrossEntropyLoss and AdaptiveLogSoftmaxWithLoss against what they stand for."""

import numpy as np
import pytest

import nn
import nn.functional as F  # noqa: N812
from autograd import Value

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 8))
TARGET = np.array([0, 19, 4, 7, 12, 5])


def test_linear_cross_entropy_is_a_linear_map_and_a_cross_entropy():
    weight = np.array([0.5, 1.0, 2.0])
    loss = nn.LinearCrossEntropyLoss(8, 3, bias=True, weight=weight, label_smoothing=0.1, rng=0)
    target = np.array([0, 1, 2, -100, 1, 0])
    x = Value(X)
    found = loss(x, target)
    found.backward()
    expected = F.cross_entropy(loss.linear(X), target, weight, label_smoothing=0.1)
    assert found.item() == expected.item()
    assert x.grad[3].tolist() == [0] * 8
    assert [name for name, _ in loss.named_parameters()] == ["linear.weight", "linear.bias"]
    assert repr(loss).startswith("LinearCrossEntropyLoss(num_classes=3")


def test_linear_cross_entropy_of_several_predictions():
    loss = nn.LinearCrossEntropyLoss(8, 3, out_features=(2, 4), reduction="none", rng=0)
    target = RNG.integers(0, 3, (6, 2, 4))
    found = loss(X, target)
    w = loss.linear.weight.data.reshape(3, 2, 4, 8)
    logits = np.einsum("cdei,ni->ncde", w, X)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        found.data, -np.log(np.take_along_axis(p, target[:, None], 1)[:, 0]), rtol=1e-12
    )


def made(**options):
    return nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[5, 10], div_value=2.0, rng=0, **options)


@pytest.mark.parametrize("head_bias", [False, True])
def test_adaptive_softmax_scores_as_the_full_distribution_does(head_bias):
    layer = made(head_bias=head_bias)
    full = layer.log_prob(X)
    np.testing.assert_allclose(np.exp(full.data).sum(axis=1), 1, rtol=1e-12)
    x = Value(X)
    output, loss = layer(x, TARGET)
    np.testing.assert_allclose(output.data, full.data[np.arange(6), TARGET], rtol=1e-12)
    assert loss.item() == pytest.approx(-output.data.mean(), rel=1e-15)
    loss.backward()
    by_rows, grads = x.grad, [p.grad for p in layer.parameters()]
    layer.zero_grad()
    x = Value(X)
    (-layer.log_prob(x)[np.arange(6), TARGET].mean()).backward()
    np.testing.assert_allclose(by_rows, x.grad, rtol=1e-10, atol=1e-15)
    for one, p in zip(grads, layer.parameters(), strict=True):
        np.testing.assert_allclose(one, p.grad, rtol=1e-10, atol=1e-15)
    assert layer.predict(X).tolist() == full.data.argmax(axis=1).tolist()


def test_adaptive_softmax_of_one_sample_and_of_one_cluster():
    layer = made()
    many = layer(X, TARGET).output
    for x, target, expected in zip(X, TARGET, many.data, strict=True):
        output, loss = layer(x, target)
        assert output.shape == loss.shape == ()
        assert output.item() == pytest.approx(expected, rel=1e-12)
    assert layer(X[:2], np.array([1, 2])).loss.item() > 0
    shapes = {name: p.shape for name, p in layer.named_parameters()}
    assert shapes["head.weight"] == (7, 8)
    assert [shapes[f"tail.1.{i}.weight"] for i in (0, 1)] == [(2, 8), (10, 2)]


@pytest.mark.parametrize("cutoffs", [[], [0, 5], [5, 5], [6, 5], [20]])
def test_cutoffs_that_do_not_rise_are_refused(cutoffs):
    with pytest.raises(ValueError, match="must be integers that rise between 1 and n_classes - 1 = 19"):
        nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs)


def test_targets_that_do_not_fit_are_refused():
    for target in (20, -1):
        with pytest.raises(ValueError, match=f"class {target} is out of range: .* 0 to 19"):
            made()(X, np.array([0, 1, 2, 3, 4, target]))
    for target in (TARGET[:3], TARGET[:, None], TARGET.astype(float)):
        with pytest.raises(ValueError, match="do not fit"):
            made()(X, target)
