"""Values, gradients and second derivatives of one case, ours and an oracle's."""

import numpy as np
from oracle_cases import COUNTS

from autograd import Value, gradients

RTOL = 1e-9  # of each element, and 1e-10 of the largest


def listed(y):
    return list(y) if isinstance(y, list | tuple) else [y]


def directions(case, values):
    """Random cotangents for the results, the same for everyone."""
    rng = np.random.default_rng(len(case.name))
    return [np.asarray(rng.normal(size=np.shape(v))) for v in values]


def differentiated(case, arrays):
    """Ours: values, first-order and second-order gradients."""
    xs = [Value(x) for x in arrays]
    ys = listed(case.f(np, *xs))
    cotangents = [c.astype(y.dtype) for c, y in zip(directions(case, [y.data for y in ys]), ys, strict=True)]
    first = gradients(ys, xs, cotangents, create_graph=True, allow_unused=True)
    first = [
        Value(np.zeros(x.shape), requires_grad=False) if g is None else g
        for g, x in zip(first, xs, strict=True)
    ]
    us = [np.asarray(u) for u in directions(case, arrays)]
    live = [(g, u) for g, u in zip(first, us, strict=True) if g.requires_grad]
    if live:
        second = gradients([g for g, _ in live], xs, [u for _, u in live], allow_unused=True)
    else:
        second = [None] * len(xs)
    zeros = [np.zeros(x.shape) if g is None else g for g, x in zip(second, xs, strict=True)]
    return [y.data for y in ys], [g.data for g in first], zeros


def compare(oracle, case, arrays, theirs):
    """Assert that ours equal `theirs` (values, first, second or None) and count it."""
    count = COUNTS[oracle]
    name = case.name.partition("#")[0]
    mine = differentiated(case, arrays)
    for order, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        if b is None:
            count.first_only.add(name)
            continue
        assert len(a) == len(b), f"{case.name}: {len(a)} results, {oracle} has {len(b)}"
        for x, y in zip(a, b, strict=True):
            assert np.shape(x) == np.shape(y), f"{case.name} order {order}: {np.shape(x)} and {np.shape(y)}"
            assert x.dtype == y.dtype, f"{case.name} order {order}: {x.dtype} and {y.dtype}"
            scale = np.nanmax(np.abs(y), initial=1.0)
            np.testing.assert_allclose(
                x, y, rtol=RTOL, atol=1e-10 * scale, err_msg=f"{case.name}, order {order}, {oracle}"
            )
            count.comparisons += 1
            count.second += order == 2
    count.operations.add(name)
