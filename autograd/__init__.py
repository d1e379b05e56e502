"""stepgrad's engine: reverse-mode automatic differentiation of NumPy code, step by step.

>>> from autograd import Value
>>> x, y = Value(3.0, name="x"), Value(4.0, name="y")
>>> z = x * y + x
>>> z.backward()
>>> float(x.grad), float(y.grad)
(5.0, 3.0)
"""

from typing import TYPE_CHECKING, Any

from autograd import special, windows
from autograd.modes import detect_anomaly, enable_grad, is_grad_enabled, no_grad
from autograd.primitives import checkpoint, primitive
from autograd.transforms import (
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)
from autograd.value import Value
from autograd.vectorize import vmap
from autograd.version import __version__

if TYPE_CHECKING:
    from autograd.compiler import compile

__all__ = [
    "Value",
    "__version__",
    "checkpoint",
    "compile",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "no_grad",
    "primitive",
    "special",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
    "windows",
]


def __getattr__(name: str) -> Any:
    """`autograd.compile`, imported when it is first asked for; else an error that says what is written instead."""
    if name != "compile":
        from autograd.foreign import FUNCTIONS, missing

        raise missing("autograd", name, FUNCTIONS, __all__, {})
    from autograd.compiler import compile

    globals()["compile"] = compile
    return compile
