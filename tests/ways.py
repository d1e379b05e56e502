"""NumPy's functions called in given ways: NumPy's value, and its derivative."""

from typing import Any

import numpy as np
import pytest

from tests import numeric


def numbers(*shape: int, seed: int = 0) -> Any:
    """Different odd multiples of 1/8: no two are tied, and none is at a kink."""
    n = int(np.prod(shape))
    order = np.random.default_rng(seed).permutation(n)
    return ((2 * order - n + (n % 2 == 0)) / 8).reshape(shape)[()]


def agrees(f: Any, *shapes: tuple[int, ...]) -> None:
    """NumPy's shape, dtype and value; and its derivative."""
    leaves = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    numeric.check_value(f, leaves, 1e-13)
    numeric.check_first_order(f, leaves, 0)


def calls(**ways: Any) -> Any:
    """One test for each way: a function, and the shapes of what it is given."""
    pairs = [pytest.param(f, shapes, id=name) for name, (f, *shapes) in ways.items()]
    return pytest.mark.parametrize(("f", "shapes"), pairs)
