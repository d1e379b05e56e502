"""Options of functions and modules that are seldom given, against NumPy; what modules say of themselves."""

import numpy as np
import pytest

import nn
from autograd import Value
from nn import functional as F  # noqa: N812

A = np.array([[0.5, -1.0, 2.0], [1.0, 0.25, -0.75]])
B = np.array([[0.0, 1.0, 2.0], [1.0, -0.5, 0.5]])


@pytest.mark.parametrize("p", [0, 1, 2, 3, np.inf])
def test_pairwise_distance(p):
    expected = [np.linalg.norm(row, p) for row in A - B + 1e-6]
    np.testing.assert_allclose(F.pairwise_distance(Value(A), B, p).data, expected, rtol=1e-12)
    exact = F.pairwise_distance(Value(A), A, p, eps=0.0).data
    assert np.array_equal(exact, [0.0, 0.0])


def test_a_negative_norm():
    with pytest.raises(ValueError, match="p=-1 must be 0 or more"):
        F.pairwise_distance(A, B, -1)


def test_softmax_of_a_number():
    assert F.softmax(Value(3.0), 0).data == 1.0
    assert F.log_softmax(Value(3.0), -1).data == 0.0


def test_bounds_that_cross():
    with pytest.raises(ValueError, match=r"lower=0.5 is greater than upper=0.25"):
        F.rrelu(A, 0.5, 0.25)
    with pytest.raises(ValueError, match="no axis to halve"):
        F.glu(Value(1.0))


def test_apply_calls_children_first():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()))
    seen = []
    assert model.apply(lambda m: seen.append(type(m).__name__)) is model
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


def test_hooks_may_change_what_goes_in_and_comes_out():
    layer = nn.ReLU()
    layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    layer.register_forward_hook(lambda m, args, out: out * 10)
    assert np.array_equal(layer(Value([-2.0, 0.5])).data, [0.0, 15.0])


SAID = {
    "PReLU(num_parameters=2)": lambda: nn.PReLU(2),
    "RReLU(lower=0.25, upper=0.5)": lambda: nn.RReLU(0.25, 0.5),
    "LayerNorm((3,), eps=1e-05, elementwise_affine=True)": lambda: nn.LayerNorm(3),
    "AdaptiveAvgPool1d(output_size=": lambda: nn.AdaptiveAvgPool1d(2),
    "Unflatten(dim=1, unflattened_size=(2, 2))": lambda: nn.Unflatten(1, (2, 2)),
    "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)": lambda: nn.Bilinear(2, 3, 4),
    "RMSNorm((3,), eps=None, elementwise_affine=True)": lambda: nn.RMSNorm(3),
    "MaxPool2d(kernel_size=2, stride=2, padding=1, dilation=1, ceil_mode=False)": lambda: nn.MaxPool2d(
        2, padding=1
    ),
    "AvgPool1d(kernel_size=3, stride=2, padding=0)": lambda: nn.AvgPool1d(3, 2),
    "LSTMCell(2, 3)": lambda: nn.LSTMCell(2, 3),
    "LSTMCell(2, 3, bias=False)": lambda: nn.LSTMCell(2, 3, bias=False),
}


@pytest.mark.parametrize("text", SAID)
def test_repr(text):
    assert repr(SAID[text]()).startswith(text.rstrip(")"))


def test_an_optimizer_says_what_it_is():
    import optim

    said = repr(optim.SGD([Value(1.0), Value(2.0)], lr=0.5))
    assert said.startswith("SGD(lr=0.5, ") and said.endswith("2 parameters)")
