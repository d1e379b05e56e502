"""Fifty steps of each optimizer beside PyTorch's, to two units in the last place.

Not to the bit: PyTorch's kernels fuse `p + a * g` into one rounding, NumPy has no such operation.
The unit is that of the largest number on the parameter's path.
"""

import numpy as np
import pytest
import torch
from oracle_cases import COUNTS

import optim
from autograd import Value

pytestmark = pytest.mark.oracle
STEPS = 50

SGD = [
    dict(),
    dict(momentum=0.9),
    dict(momentum=0.9, dampening=0.3),
    dict(momentum=0.9, nesterov=True),
    dict(weight_decay=0.1),
    dict(momentum=0.8, nesterov=True, weight_decay=0.05),
    dict(maximize=True),
    dict(momentum=0.8, dampening=0.1, weight_decay=0.1, maximize=True),
]
ADAM = [
    dict(),
    dict(betas=(0.8, 0.95)),
    dict(eps=1e-3),
    dict(weight_decay=0.1),
    dict(amsgrad=True),
    dict(amsgrad=True, weight_decay=0.1),
    dict(maximize=True),
    dict(amsgrad=True, weight_decay=0.1, maximize=True, betas=(0.8, 0.95), eps=1e-6),
]


def problem(dtype, shape, sign):
    """A bowl (or, with sign -1, a hill): its slope at w, and where to begin."""
    rng = np.random.default_rng(len(shape) + 1)
    n = shape[0] if shape else 1
    a = rng.normal(size=(n, n))
    a = (sign * (a @ a.T / n + np.eye(n))).astype(dtype)
    centre, start = rng.normal(size=(2, *shape)).astype(dtype)
    return lambda w: (a @ (w - centre).reshape(n, -1)).reshape(shape), start


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "options"), [("SGD", o) for o in SGD] + [("Adam", o) for o in ADAM], ids=lambda x: str(x)
)
def test_fifty_steps_are_those_of_pytorch(name, options, dtype):
    slopes, starts = zip(
        *[problem(dtype, shape, -1 if options.get("maximize") else 1) for shape in [(7, 5), (3,), ()]],
        strict=True,
    )
    ours = [Value(w) for w in starts]
    theirs = [torch.tensor(w, requires_grad=True) for w in starts]
    # a group of its own, with another learning rate, for the last parameter
    mine = getattr(optim, name)([{"params": ours[:2]}, {"params": ours[2:], "lr": 0.05}], lr=0.02, **options)
    other = getattr(torch.optim, name)(
        [{"params": theirs[:2]}, {"params": theirs[2:], "lr": 0.05}], lr=0.02, **options
    )
    largest = [np.max(np.abs(w)) for w in starts]
    for step in range(STEPS):
        for w, p, slope in zip(ours, theirs, slopes, strict=True):
            w.grad = slope(w.data)
            p.grad = torch.tensor(slope(p.detach().numpy()))
        mine.step()
        other.step()
        for i, (w, p) in enumerate(zip(ours, theirs, strict=True)):
            reached = p.detach().numpy()
            largest[i] = max(largest[i], np.max(np.abs(reached)))
            assert w.dtype == dtype
            few = 4 if dtype == np.float32 else 2  # eps meets the bias correction before the elements
            assert np.max(np.abs(w.data - reached)) <= few * np.spacing(largest[i]), f"step {step}"
            COUNTS["torch.optim"].comparisons += 1
    assert all(np.max(np.abs(w.data - start)) > 0.1 for w, start in zip(ours, starts, strict=True))
    COUNTS["torch.optim"].operations.add(name)


@pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning")
def test_a_parameter_without_a_gradient_stays_and_its_count_of_steps_too():
    for name in ("SGD", "Adam"):
        w, p = Value([1.0, -2.0]), torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
        mine, other = getattr(optim, name)([w], lr=0.1), getattr(torch.optim, name)([p], lr=0.1)
        for step in range(6):
            w.grad = None if step % 2 else 2 * w.data
            p.grad = None if step % 2 else 2 * p.detach()
            mine.step()
            other.step()
            np.testing.assert_allclose(w.data, p.detach().numpy(), rtol=1e-15)
