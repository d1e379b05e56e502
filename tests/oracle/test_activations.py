"""Every activation beside PyTorch's: value, first and second derivative, over the whole range."""

import numpy as np
import pytest
import torch
from oracle_nn import compare, ours

from nn import activation
from nn.functional.activation import prelu

pytestmark = pytest.mark.oracle
GROUP = "torch.nn activations"

GRID = np.array([-1000.0, -60, -7.3, -3.01, -2.99, -1.1, -0.51, -0.4, -0.01, -1e-8])
GRID = np.concatenate([GRID, -GRID[::-1], [21.0, 6.01, 5.99, 12.5, 0.0]])

CASES = [
    ("ReLU", {}),
    ("ReLU6", {}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.3}),
    ("ELU", {}),
    ("ELU", {"alpha": 0.7}),
    ("CELU", {}),
    ("CELU", {"alpha": 2.5}),
    ("SELU", {}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("SiLU", {}),
    ("Mish", {}),
    ("Softplus", {}),
    ("Softplus", {"beta": 2.0, "threshold": 12.0}),
    ("Softsign", {}),
    ("Softshrink", {}),
    ("Softshrink", {"lambd": 0.2}),
    ("Hardshrink", {}),
    ("Hardshrink", {"lambd": 0.2}),
    ("Tanhshrink", {}),
    ("Hardtanh", {}),
    ("Hardtanh", {"min_val": -2.0, "max_val": 0.5}),
    ("Hardsigmoid", {}),
    ("Hardswish", {}),
    ("Threshold", {"threshold": 0.1, "value": 20.0}),
    ("Sigmoid", {}),
    ("LogSigmoid", {}),
    ("Tanh", {}),
    ("RReLU", {}),
    ("PReLU", {}),
]
# where PyTorch has no second derivative, or a wrong one: Mish's is inf / inf there, ours 0
FIRST_ONLY = {"Hardsigmoid": GRID, "Mish": [1000.0]}

# PyTorch keeps the 1 / 6 of its slope as a float32
ROUNDED = {"Hardsigmoid": 3e-8}

SHAPED = [
    ("Softmax", {"dim": 1}, (3, 5)),
    ("Softmax", {"dim": 0}, (3, 5)),
    ("Softmax", {"dim": -2}, (2, 3, 4)),
    ("Softmin", {"dim": 1}, (3, 5)),
    ("LogSoftmax", {"dim": 1}, (3, 5)),
    ("Softmax2d", {}, (2, 3, 2, 2)),
    ("Softmax2d", {}, (3, 2, 2)),
    ("GLU", {}, (3, 6)),
    ("GLU", {"dim": 1}, (2, 4, 3)),
    ("PReLU", {"num_parameters": 4, "init": 0.5}, (2, 4, 3)),
]


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_elementwise_activations_over_the_whole_range(name, options):
    mine = getattr(activation, name)(**options).eval()
    other = getattr(torch.nn, name)(**options).eval().double()
    for x in GRID:  # one by one: nothing large may hide a small difference
        orders = (0, 1) if x in FIRST_ONLY.get(name, ()) else (0, 1, 2)
        compare(
            GROUP,
            name,
            mine,
            other,
            [np.array([x])],
            rtol=ROUNDED.get(name, 1e-12),
            atol=1e-15,
            orders=orders,
        )
    anywhere = 3 * np.random.default_rng(1).normal(size=(4, 6))
    orders = (0, 1) if name == "Hardsigmoid" else (0, 1, 2)
    compare(GROUP, name, mine, other, [anywhere], rtol=ROUNDED.get(name, 1e-11), orders=orders)


def test_where_pytorch_has_no_second_derivative_ours_is_zero():
    for name, x in (("Hardsigmoid", GRID), ("Mish", np.array([1000.0]))):
        assert not np.any(ours(getattr(activation, name)(), [x])[2][0])


@pytest.mark.parametrize(("name", "options", "shape"), SHAPED, ids=str)
@pytest.mark.parametrize("scale", [1.0, 1000.0, 1e-8])
def test_activations_along_an_axis(name, options, shape, scale):
    mine, other = getattr(activation, name)(**options), getattr(torch.nn, name)(**options).double()
    compare(GROUP, name, mine, other, [scale * np.random.default_rng(len(shape)).normal(size=shape)])


def test_prelu_with_the_gradient_of_its_weight():
    x, w = np.random.default_rng(2).normal(size=(2, 3, 4)), np.array([0.3, -0.2, 0.0])
    compare(GROUP, "prelu", prelu, torch.nn.functional.prelu, [x, w])
    compare(GROUP, "prelu", prelu, torch.nn.functional.prelu, [x[0, 0], w[:1]])
