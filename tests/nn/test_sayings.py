"""What losses, modules and callbacks say of what cannot be meant (2 s)."""

import math
import warnings

import numpy as np
import pytest

import nn
import nn.functional as F
import optim
from autograd import Value, compile, value_and_grad
from nn.training.callbacks import Run

X = np.array([0.2, 0.7, 0.9])

# --- targets ----------------------------------------------------------------------------------

SHARES = {
    "binary_cross_entropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "multilabel_soft_margin_loss": F.multilabel_soft_margin_loss,
}
SIGNS = {
    "soft_margin_loss": F.soft_margin_loss,
    "hinge_embedding_loss": F.hinge_embedding_loss,
    "margin_ranking_loss": lambda x, y: F.margin_ranking_loss(x, 2 * x, y),
    "cosine_embedding_loss": lambda x, y: F.cosine_embedding_loss(
        np.stack([x, x]).T, np.stack([x, 1 - x]).T, y
    ),
}


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("bad", [-1, 2, -math.inf, math.inf])
@pytest.mark.parametrize("kind", [np.array, Value])
def test_a_target_is_between_0_and_1(name, bad, kind):
    with pytest.raises(
        ValueError, match=f"{name}: target holds {float(bad)}; every target must be between 0 and 1"
    ):
        SHARES[name](Value(X), kind([0.0, bad, 1.0]))


@pytest.mark.parametrize("name", SHARES)
def test_targets_that_are_fine(name):
    for target in ([0, 1, 1], [True, False, True], [0.1, 0.5, 1.0], [0.0, 1 + 1e-9, -1e-9]):
        assert math.isfinite(SHARES[name](Value(X), np.array(target)).item())
    assert math.isnan(SHARES[name](Value(X), np.array([0.0, math.nan, 1.0])).item())
    assert SHARES[name](Value(np.ones((0, 3))), np.ones((0, 3)), reduction="none").size == 0


@pytest.mark.parametrize("name", SIGNS)
@pytest.mark.parametrize("bad", [0, 2, 0.5])
def test_a_label_is_1_or_minus_1(name, bad):
    with pytest.raises(ValueError, match=f"{name}: target holds {float(bad)}; every target must be 1 or -1"):
        SIGNS[name](X, np.array([1.0, bad, -1.0]))
    assert math.isfinite(SIGNS[name](X, np.array([1.0, -1.0, -1.0])))


@pytest.mark.parametrize("loss", [F.binary_cross_entropy_with_logits, F.soft_margin_loss])
def test_targets_of_a_compiled_function_are_not_looked_at(loss):
    f = compile(value_and_grad(lambda x, t: loss(x, t)))
    for t in (np.array([1.0, 1.0, 1.0]), np.array([3.0, 1.0, 1.0])):
        value, slope = f(X, t)
        assert math.isfinite(value) and slope.shape == X.shape


def test_fit_with_labels_of_minus_1_and_1():
    model, x = nn.Linear(1, 1), np.ones((4, 1))
    y = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    with pytest.raises(ValueError, match=r"labels of -1 and 1 give \(target \+ 1\) / 2"):
        nn.fit(model, x, y, nn.BCEWithLogitsLoss(), optim.SGD(model.parameters()), verbose=0)


def test_classes_for_a_single_output():
    with pytest.raises(
        IndexError, match="class 1 is out of range for 1 classes; .*one output use binary_cross"
    ):
        F.cross_entropy(np.zeros((2, 1)), np.array([0, 1]))
    with pytest.raises(IndexError, match="class 2 is out of range for 2 classes; classes are 0 to 1"):
        F.cross_entropy(np.zeros((2, 2)), np.array([0, 2]))


def test_a_text_in_place_of_numbers():
    for call in (
        lambda: F.mse_loss("abc", [1.0]),
        lambda: F.mse_loss(Value([1.0]), "abc"),
        lambda: nn.MSELoss()("a", "b"),
    ):
        with pytest.raises(TypeError, match="got a str where numbers are needed"):
            call()
    with pytest.raises(TypeError, match="got a str"):
        nn.Linear(3, 2)("abc")
    with pytest.raises(TypeError, match="got a NoneType"):
        F.mse_loss(None, None)
