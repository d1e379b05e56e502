"""Linear, Bilinear, Identity, Flatten, Unflatten."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nn import init
from nn.functional.linear import bilinear, linear
from nn.functional.shapes import array
from nn.module import Module, Parameter

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]


class Linear(Module):
    """x @ weight.T + bias: (..., in_features) -> (..., out_features).

    weight: (out_features, in_features) and bias: (out_features,), both uniform in
    +-1/sqrt(in_features), as PyTorch's.  dtype: float64 by default (PyTorch's is float32).
    rng: a NumPy Generator or a seed, by default the one that nn.manual_seed sets.
    Raises ValueError for an input whose last axis is not in_features.

    >>> Linear(3, 2)(np.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        self.in_features, self.out_features = in_features, out_features
        rng = init.generator(rng)
        self.weight = Parameter(np.zeros((out_features, in_features), dtype))
        init.kaiming_uniform_(self.weight, math.sqrt(5), generator=rng)
        self.bias = None
        if bias:
            bound = 1 / math.sqrt(in_features) if in_features else 0.0
            self.bias = init.uniform_(Parameter(np.zeros(out_features, dtype)), -bound, bound, rng)

    def forward(self, input: Any) -> Any:
        x = array(input)
        if x.shape[-1:] != (self.in_features,):
            raise ValueError(
                f"{self!r}: input of shape {x.shape}; its last axis must have {self.in_features} elements: "
                f"reshape the input, or change in_features"
            )
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )


class Bilinear(Module):
    """out[..., k] = input1 . weight[k] . input2 + bias[k].

    weight: (out_features, in1_features, in2_features) and bias: (out_features,), both
    uniform in +-1/sqrt(in1_features); dtype and rng as in Linear.

    >>> Bilinear(3, 4, 2)(np.ones((5, 3)), np.ones((5, 4))).shape
    (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        rng = init.generator(rng)
        bound = 1 / math.sqrt(in1_features)
        shape = (out_features, in1_features, in2_features)
        self.weight = init.uniform_(Parameter(np.zeros(shape, dtype)), -bound, bound, rng)
        self.bias = (
            init.uniform_(Parameter(np.zeros(out_features, dtype)), -bound, bound, rng) if bias else None
        )

    def forward(self, input1: Any, input2: Any) -> Any:
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Identity(Module):
    """The input itself; all arguments are accepted and ignored.

    >>> Identity(54, anything=True)([1.0])
    [1.0]
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """The axes from start_dim to end_dim as one: (N, C, H, W) -> (N, C * H * W).

    >>> Flatten()(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        x = array(input)
        n = max(x.ndim, 1)
        start, end = self.start_dim + n * (self.start_dim < 0), self.end_dim + n * (self.end_dim < 0)
        if not 0 <= start <= end < n:
            raise ValueError(
                f"Flatten(start_dim={self.start_dim}, end_dim={self.end_dim}): input of shape {x.shape} has no such axes"
            )
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """The axis `dim` as several, of sizes `unflattened_size` (one may be -1).

    >>> Unflatten(1, (3, -1))(np.ones((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Any) -> Any:
        x = array(input)
        dim = self.dim + x.ndim * (self.dim < 0)
        known = math.prod([n for n in self.unflattened_size if n != -1])
        fits = 0 <= dim < x.ndim and self.unflattened_size.count(-1) <= 1
        if not fits or (x.shape[dim] % known if -1 in self.unflattened_size else x.shape[dim] != known):
            raise ValueError(
                f"Unflatten: axis {self.dim} of an input of shape {x.shape} does not divide into {self.unflattened_size}"
            )
        sizes = [x.shape[dim] // known if n == -1 else n for n in self.unflattened_size]
        return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
