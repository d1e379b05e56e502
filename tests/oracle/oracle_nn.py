"""Value, first and second derivatives of one function of several arrays, ours and PyTorch's."""

import numpy as np
import torch
from oracle_cases import COUNTS, Count

from autograd import Value, gradients


def random_like(shape, seed):
    return np.asarray(np.random.default_rng(seed).normal(size=shape))


def ours(f, arrays):
    xs = [Value(x) for x in arrays]
    y = f(*xs)
    first = gradients([y], xs, [random_like(y.shape, 1)], create_graph=True, allow_unused=True)
    first = [
        Value(np.zeros(x.shape), requires_grad=False) if g is None else g
        for g, x in zip(first, xs, strict=True)
    ]
    live = [(g, random_like(g.shape, 2 + i)) for i, g in enumerate(first) if g.requires_grad]
    second = [None] * len(xs)
    if live:
        second = gradients([g for g, _ in live], xs, [u for _, u in live], allow_unused=True)
    second = [np.zeros(x.shape) if g is None else g for g, x in zip(second, xs, strict=True)]
    return [[y.data], [g.data for g in first], second]


def theirs(f, arrays, second_too=True):
    xs = [torch.tensor(x, requires_grad=True) for x in arrays]
    y = f(*xs)
    seed = torch.tensor(random_like(y.shape, 1), dtype=y.dtype)
    first = torch.autograd.grad(y, xs, seed, create_graph=True, allow_unused=True)
    first = [torch.zeros_like(x) if g is None else g for g, x in zip(first, xs, strict=True)]
    live = [(g, torch.tensor(random_like(g.shape, 2 + i), dtype=g.dtype)) for i, g in enumerate(first)]
    live = [(g, u) for g, u in live if g.requires_grad]
    second = [None] * len(xs)
    if live and second_too:
        second = torch.autograd.grad([g for g, _ in live], xs, [u for _, u in live], allow_unused=True)
    second = [torch.zeros_like(x) if g is None else g for g, x in zip(second, xs, strict=True)]
    return [[t.detach().numpy(force=True) for t in ts] for ts in ([y], first, second)]


def compare(group, name, mine, other, arrays, rtol=1e-11, atol=1e-13, orders=(0, 1, 2), skip=None):
    """Assert that `mine` and `other` agree and count it; `skip[order]` marks elements left out."""
    count = COUNTS.setdefault(group, Count())
    a, b = ours(mine, arrays), theirs(other, arrays, 2 in orders)
    for order in orders:
        for i, (x, y) in enumerate(zip(a[order], b[order], strict=True)):
            assert np.shape(x) == np.shape(y), f"{name}, order {order}: {np.shape(x)} and {np.shape(y)}"
            assert x.dtype == y.dtype, f"{name}, order {order}: {x.dtype} and {y.dtype}"
            if order and skip is not None:
                x, y = np.where(skip[order], 0.0, x), np.where(skip[order], 0.0, y)
            size = np.max(np.abs(y), initial=1.0, where=np.isfinite(y))
            np.testing.assert_allclose(
                x, y, rtol=rtol, atol=atol * size, err_msg=f"{name}, order {order}, input {i}"
            )
            count.comparisons += 1
            count.second += order == 2
    count.operations.add(name)
