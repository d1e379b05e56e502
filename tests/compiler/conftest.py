"""What the tests of compile share."""

import numpy as np
import pytest


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=5)
