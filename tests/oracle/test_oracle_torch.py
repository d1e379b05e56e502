"""Every operation that PyTorch has: value, gradient and second derivative, to nine digits."""

import numpy as np
import pytest
import torch
from oracle_cases import CASES, COUNTS, COVERED, ours
from oracle_compare import compare, directions, listed

pytestmark = pytest.mark.oracle
WITH = [c for c in CASES if c.torch is not None]


def torch_gradients(case, arrays):
    xs = [torch.tensor(x, requires_grad=True) for x in arrays]
    ys = listed(case.torch(*xs))
    values = [y.detach().numpy() for y in ys]
    cotangents = [torch.tensor(c, dtype=y.dtype) for c, y in zip(directions(case, values), ys, strict=True)]
    first = torch.autograd.grad(ys, xs, cotangents, create_graph=True, allow_unused=True)
    first = [torch.zeros_like(x) if g is None else g for g, x in zip(first, xs, strict=True)]
    live = [
        (g, torch.tensor(u)) for g, u in zip(first, directions(case, arrays), strict=True) if g.requires_grad
    ]
    second = [None] * len(xs)
    if live:
        try:
            second = torch.autograd.grad([g for g, _ in live], xs, [u for _, u in live], allow_unused=True)
        except RuntimeError as error:
            if "not implemented" not in str(error):
                raise
            return values, [g.detach().numpy() for g in first], None
    zeros = [torch.zeros_like(x) if g is None else g for g, x in zip(second, xs, strict=True)]
    return values, [g.detach().numpy() for g in first], [g.detach().numpy(force=True) for g in zeros]


@pytest.mark.parametrize("case", WITH, ids=lambda c: c.name)
def test_values_and_gradients_are_those_of_pytorch(case):
    for arrays in case.inputs():
        compare("PyTorch", case, arrays, torch_gradients(case, arrays))


def test_every_operation_has_a_case():
    """A new rule needs a line in oracle_cases.py, with None where there is no oracle for it."""
    assert set(ours()) ^ COVERED == {"getitem"}  # x[i] is no function of NumPy's


def test_the_operations_without_a_counterpart_in_pytorch():
    without = COVERED - {c.name.partition("#")[0] for c in WITH}
    COUNTS["PyTorch"].without = without
    assert len(without) <= 0.05 * len(COVERED)


def test_the_comparison_notices_a_wrong_gradient():
    case = next(c for c in WITH if c.name == "sin")
    arrays = case.inputs()[1]
    values, first, second = torch_gradients(case, arrays)
    compare("PyTorch", case, arrays, (values, first, second))
    for wrong in [
        (values, [first[0] * (1 + 1e-7)], second),
        (values, first, [second[0] + 1e-7 * np.ones(5)]),
    ]:
        with pytest.raises(AssertionError):
            compare("PyTorch", case, arrays, wrong)
