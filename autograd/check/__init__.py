"""Is a gradient right?  Checks that say so, or name what is wrong.

>>> import numpy as np
>>> from autograd.check import check_grads
>>> check_grads(lambda x: np.sum(x**3), np.array([1.0, -2.0])).ok
True
"""

import importlib
from typing import Any

from autograd.check.grads import check_grads
from autograd.check.locate import LocalRule, locate
from autograd.check.report import GradientError, GradReport
from autograd.check.verdict import Finding, Verdict

_LATER = {  # what needs an optional package, or is seldom used, and where it is
    "strategies": "autograd.check.strategies",
    "gradchecked": "autograd.check.decorator",
    "gradcheck_test": "autograd.check.decorator",
    "check_module": "autograd.check.modules",
    "check_loss": "autograd.check.modules",
    "check_optimizer": "autograd.check.modules",
    "check_primitive": "autograd.check.modules",
    "check_value_and_grad": "autograd.check.modules",
}

__all__ = ["Finding", "GradReport", "GradientError", "LocalRule", "Verdict", "check_grads", "locate"]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'autograd.check' has no attribute {name!r}")
    module = importlib.import_module(_LATER[name])
    return module if name == "strategies" else getattr(module, name)
