"""Activation functions as modules, with torch.nn's names, argument order and defaults.

Where PyTorch has `inplace`, it is taken and makes no difference: the result is always a
new Value, and the input keeps its numbers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nn import init
from nn.functional import activation as F  # noqa: N812 (the field's name for it)
from nn.module import Module, Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _Activation(Module):
    """A function with options: `forward(x)` is `function(x, **options)`."""

    function: Callable[..., Any]

    def __init__(self, **options: Any) -> None:
        for name, value in options.items():
            setattr(self, name, value)
        self._options = tuple(options)

    def options(self) -> dict[str, Any]:
        """The options and their present values."""
        return {name: getattr(self, name) for name in self._options}

    def forward(self, input: Any) -> Any:
        return type(self).function(input, **self.options()) if self._options else type(self).function(input)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.options().items())


class _InPlace(_Activation):
    """No options but PyTorch's `inplace`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()


class ReLU(_InPlace):
    """max(x, 0); the derivative at 0 is 0.

    >>> ReLU()([-1.0, 2.0])
    array([0., 2.])
    """

    function = staticmethod(F.relu)


class ReLU6(_InPlace):
    """min(max(x, 0), 6).

    >>> ReLU6()([-1.0, 2.0, 8.0])
    array([0., 2., 6.])
    """

    function = staticmethod(F.relu6)


class SELU(_InPlace):
    """1.0507 * elu(x, 1.6733): keeps mean 0 and variance 1 (Klambauer et al., 2017).

    >>> SELU()([-1.0, 1.0]).round(4)
    array([-1.1113,  1.0507])
    """

    function = staticmethod(F.selu)


class SiLU(_InPlace):
    """x * sigmoid(x), also known as swish.

    >>> SiLU()([-1.0, 1.0]).round(4)
    array([-0.2689,  0.7311])
    """

    function = staticmethod(F.silu)


class Mish(_InPlace):
    """x * tanh(softplus(x)) (Misra, 2019).

    >>> Mish()([-1.0, 1.0]).round(4)
    array([-0.3034,  0.8651])
    """

    function = staticmethod(F.mish)


class Hardsigmoid(_InPlace):
    """min(max(x + 3, 0), 6) / 6.

    >>> Hardsigmoid()([-4.0, 0.0, 1.5])
    array([0.  , 0.5 , 0.75])
    """

    function = staticmethod(F.hardsigmoid)


class Hardswish(_InPlace):
    """x * hardsigmoid(x) (Howard et al., 2019).

    >>> Hardswish()([-4.0, 1.5, 4.0])
    array([0.   , 1.125, 4.   ])
    """

    function = staticmethod(F.hardswish)


class Sigmoid(_Activation):
    """1 / (1 + exp(-x)).

    >>> Sigmoid()([-1.0, 0.0, 1.0]).round(4)
    array([0.2689, 0.5   , 0.7311])
    """

    function = staticmethod(F.sigmoid)


class LogSigmoid(_Activation):
    """log(1 / (1 + exp(-x))).

    >>> LogSigmoid()([-1000.0, 0.0]).round(4)
    array([-1.000e+03, -6.931e-01])
    """

    function = staticmethod(F.logsigmoid)


class Tanh(_Activation):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)).

    >>> Tanh()([-1.0, 0.0, 1.0]).round(4)
    array([-0.7616,  0.    ,  0.7616])
    """

    function = staticmethod(F.tanh)


class Tanhshrink(_Activation):
    """x - tanh(x).

    >>> Tanhshrink()([-1.0, 1.0]).round(4)
    array([-0.2384,  0.2384])
    """

    function = staticmethod(F.tanhshrink)


class Softsign(_Activation):
    """x / (1 + |x|).

    >>> Softsign()([-1.0, 3.0])
    array([-0.5 ,  0.75])
    """

    function = staticmethod(F.softsign)


class LeakyReLU(_Activation):
    """x where x > 0, else negative_slope * x.

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    array([-0.1,  2. ])
    """

    function = staticmethod(F.leaky_relu)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope)


class ELU(_Activation):
    """x where x > 0, else alpha * (exp(x) - 1) (Clevert et al., 2016).

    >>> ELU()([-1.0, 1.0]).round(4)
    array([-0.6321,  1.    ])
    """

    function = staticmethod(F.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha)


class CELU(_Activation):
    """x where x > 0, else alpha * (exp(x / alpha) - 1) (Barron, 2017).

    >>> CELU(alpha=2.0)([-1.0, 1.0]).round(4)
    array([-0.7869,  1.    ])
    """

    function = staticmethod(F.celu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha)


class GELU(_Activation):
    """x * P(Z < x) for a standard normal Z, or its approximation by "tanh"; see F.gelu.

    >>> GELU()([-1.0, 1.0]).round(4)
    array([-0.1587,  0.8413])
    """

    function = staticmethod(F.gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)


class Softplus(_Activation):
    """log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold.

    >>> Softplus()([-1.0, 0.0, 50.0]).round(4)
    array([ 0.3133,  0.6931, 50.    ])
    """

    function = staticmethod(F.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softshrink(_Activation):
    """x moved towards 0 by lambd, and 0 where |x| <= lambd.

    >>> Softshrink()([-1.0, 0.25, 2.0])
    array([-0.5,  0. ,  1.5])
    """

    function = staticmethod(F.softshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)


class Hardshrink(_Activation):
    """x where |x| > lambd, else 0.

    >>> Hardshrink()([-1.0, 0.25, 2.0])
    array([-1.,  0.,  2.])
    """

    function = staticmethod(F.hardshrink)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)


class Hardtanh(_Activation):
    """min(max(x, min_val), max_val).

    Raises ValueError if min_val >= max_val.

    >>> Hardtanh()([-2.0, 0.5, 2.0])
    array([-1. ,  0.5,  1. ])
    """

    function = staticmethod(F.hardtanh)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if min_val >= max_val:
            raise ValueError(f"Hardtanh: min_val={min_val} must be less than max_val={max_val}")
        super().__init__(min_val=min_val, max_val=max_val)


class Threshold(_Activation):
    """x where x > threshold, else value.

    >>> Threshold(1.0, -5.0)([0.5, 2.0])
    array([-5.,  2.])
    """

    function = staticmethod(F.threshold)

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold=threshold, value=value)


class Softmax(_Activation):
    """exp(x) / sum(exp(x)) along `dim`.

    >>> Softmax(dim=0)([1.0, 1.0, 1000.0])
    array([0., 0., 1.])
    """

    function = staticmethod(F.softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Softmin(_Activation):
    """softmax(-x) along `dim`.

    >>> Softmin(dim=0)([0.0, 0.0])
    array([0.5, 0.5])
    """

    function = staticmethod(F.softmin)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class LogSoftmax(_Activation):
    """log(softmax(x)) along `dim`.

    >>> LogSoftmax(dim=0)([1.0, 1.0, 1.0]).round(4)
    array([-1.0986, -1.0986, -1.0986])
    """

    function = staticmethod(F.log_softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Softmax2d(Module):
    """softmax over the channels of images: (N, C, H, W) or (C, H, W).

    Raises ValueError for another number of axes.

    >>> Softmax2d()(np.zeros((1, 4, 1, 1))).ravel()
    array([0.25, 0.25, 0.25, 0.25])
    """

    def forward(self, input: Any) -> Any:
        if np.ndim(input) not in (3, 4):
            raise ValueError(
                f"Softmax2d: input has shape {np.shape(input)}; (N, C, H, W) or (C, H, W) is needed"
            )
        return F.softmax(input, dim=-3)


class GLU(_Activation):
    """a * sigmoid(b) for the halves a, b of x along `dim` (Dauphin et al., 2017).

    >>> GLU()([1.0, 2.0, 0.0, 0.0])
    array([0.5, 1. ])
    """

    function = staticmethod(F.glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class PReLU(Module):
    """x where x > 0, else weight * x; the weights are learned (He et al., 2015).

    num_parameters: 1, or the number of channels (axis 1).  weight: (num_parameters,), all `init`.

    >>> PReLU()([-1.0, 2.0])
    Value([-0.25,  2.  ], op=prelu)
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float64) -> None:
        self.num_parameters = num_parameters
        self.weight = Parameter(np.full(num_parameters, init, dtype=dtype), name="weight")

    def forward(self, input: Any) -> Any:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """Leaky relu with slopes uniform in [lower, upper) while training, their mean afterwards.

    rng: a NumPy Generator or a seed, by default the one that nn.manual_seed sets.
    Raises ValueError if lower > upper.  Source: Xu et al. (2015), arXiv:1505.00853.

    >>> RReLU(0.25, 0.25)([-1.0, 2.0])
    array([-0.25,  2.  ])
    """

    def __init__(
        self,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        inplace: bool = False,
        *,
        rng: Any = None,
    ) -> None:
        if lower > upper:
            raise ValueError(f"RReLU: lower={lower} is greater than upper={upper}; swap them")
        self.lower, self.upper = lower, upper
        self._rng = None if rng is None else init.generator(rng)

    def forward(self, input: Any) -> Any:
        return F.rrelu(input, self.lower, self.upper, self.training, rng=self._rng)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}"
