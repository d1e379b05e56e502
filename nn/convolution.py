"""Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nn import init
from nn.functional import window as functional
from nn.functional.shapes import Array, Sizes, array, per_axis
from nn.module import Module, Parameter

__all__ = ["Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d"]


class _Convolution(Module):
    """What the four share: sizes, weight and bias, uniform in +-1/sqrt(fan_in)."""

    axes: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes,
        padding: Sizes | str,
        dilation: Sizes,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
        rng: Any,
    ) -> None:
        kind, n = type(self).__name__, self.axes
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{kind}: in_channels={in_channels} and out_channels={out_channels} must divide into groups={groups}"
            )
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f"{kind}: padding_mode={padding_mode!r}; it must be 'zeros', 'reflect', 'replicate' or 'circular'"
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = per_axis(kernel_size, n, f"{kind}: kernel_size")
        self.stride = per_axis(stride, n, f"{kind}: stride")
        self.dilation = per_axis(dilation, n, f"{kind}: dilation")
        if isinstance(padding, str):
            functional.paddings(kind, padding, self.kernel_size, self.stride, self.dilation)
            self.padding: Any = padding
        else:
            self.padding = per_axis(padding, n, f"{kind}: padding", 0)
        self.padding_mode = padding_mode
        rng = init.generator(rng)
        lead = (
            (in_channels, out_channels // groups)
            if self.transposed
            else (out_channels, in_channels // groups)
        )
        self.weight = Parameter(np.zeros((*lead, *self.kernel_size), dtype))
        init.kaiming_uniform_(self.weight, math.sqrt(5), generator=rng)
        self.bias = None
        if bias:
            bound = 1 / math.sqrt(max(init.fans(self.weight)[0], 1))
            self.bias = init.uniform_(Parameter(np.zeros(out_channels, dtype)), -bound, bound, rng)

    def _checked(self, input: Any) -> Array:
        x, n = array(input), self.axes
        if x.ndim not in (n + 1, n + 2) or x.shape[-n - 1] != self.in_channels:
            size = "L" if n == 1 else "H, W"
            raise ValueError(
                f"{self!r}: input of shape {x.shape}; (N, {self.in_channels}, {size}) "
                f"or ({self.in_channels}, {size}) is needed"
            )
        return x

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        ]
        for name, usual in (("padding", (0,) * self.axes), ("dilation", (1,) * self.axes), ("groups", 1)):
            if getattr(self, name) != usual:
                parts.append(f"{name}={getattr(self, name)!r}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode!r}")
        return ", ".join(parts)


class _Conv(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            dtype,
            rng,
        )

    def forward(self, input: Any) -> Any:
        x, padding = self._checked(input), self.padding
        if self.padding_mode != "zeros":
            sides = functional.paddings(
                type(self).__name__, padding, self.kernel_size, self.stride, self.dilation
            )
            x, padding = functional.pad(x, sides, self.padding_mode), 0
        conv = functional.conv1d if self.axes == 1 else functional.conv2d
        return conv(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Cross-correlation: (N, in_channels, L) -> (N, out_channels, L').

    L' = (L + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1; padding may be 'same' or 'valid',
    padding_mode 'zeros', 'reflect', 'replicate' or 'circular'.  weight: (out_channels, in_channels / groups,
    kernel_size) and bias: (out_channels,), uniform in +-1/sqrt(fan_in), as PyTorch's.
    dtype: float64 by default (PyTorch's is float32).  rng: a NumPy Generator or a seed, by
    default the one that nn.manual_seed sets.  Raises ValueError for sizes that do not fit.

    >>> Conv1d(3, 8, kernel_size=5, padding=2)(np.ones((2, 3, 10))).shape
    (2, 8, 10)
    """

    axes = 1


class Conv2d(_Conv):
    """Cross-correlation: (N, in_channels, H, W) -> (N, out_channels, H', W'); see Conv1d.

    >>> Conv2d(3, 8, 3, stride=2)(np.ones((2, 3, 9, 9))).shape
    (2, 8, 4, 4)
    """

    axes = 2


class _ConvTranspose(_Convolution):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Any = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        kind = type(self).__name__
        if padding_mode != "zeros" or isinstance(padding, str):
            raise ValueError(
                f"{kind}: padding={padding!r}, padding_mode={padding_mode!r}; integers and 'zeros' are needed"
            )
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            dtype,
            rng,
        )
        self.output_padding = per_axis(output_padding, self.axes, f"{kind}: output_padding", 0)

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        x = self._checked(input)
        extra = self.output_padding if output_size is None else self._missing(x, output_size)
        conv = functional.conv_transpose1d if self.axes == 1 else functional.conv_transpose2d
        return conv(x, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _missing(self, x: Array, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output_padding that gives `output_size`, the last axes of the result or its whole shape."""
        wanted = tuple(output_size)[-self.axes :]
        each = zip(
            x.shape[-self.axes :], self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        least = tuple([(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, p, d in each])
        if len(wanted) != self.axes or any(
            [not low <= w < low + s for w, low, s in zip(wanted, least, self.stride, strict=True)]
        ):
            raise ValueError(
                f"{type(self).__name__}: output_size={tuple(output_size)}; with an input of shape {x.shape} it can be "
                f"from {least} to {tuple([low + s - 1 for low, s in zip(least, self.stride, strict=True)])}"
            )
        return tuple([w - low for w, low in zip(wanted, least, strict=True)])

    def extra_repr(self) -> str:
        extra = f", output_padding={self.output_padding}" if any(self.output_padding) else ""
        return super().extra_repr() + extra


class ConvTranspose1d(_ConvTranspose):
    """The transpose of Conv1d, from its results to its inputs: (N, in_channels, L) -> (N, out_channels, L').

    L' = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1.
    weight: (in_channels, out_channels / groups, kernel_size); dtype and rng as in Conv1d.
    forward(input, output_size) chooses the output_padding that gives this size.

    >>> ConvTranspose1d(3, 8, 4, stride=2)(np.ones((2, 3, 5))).shape
    (2, 8, 12)
    """

    axes = 1


class ConvTranspose2d(_ConvTranspose):
    """The transpose of Conv2d: (N, in_channels, H, W) -> (N, out_channels, H', W'); see ConvTranspose1d.

    >>> ConvTranspose2d(3, 8, 2, stride=2)(np.ones((2, 3, 4, 4))).shape
    (2, 8, 8, 8)
    """

    axes = 2
