"""Maximum and average pooling, over windows and over a given number of bins.  (N, C, *size) or (C, *size)."""

from collections.abc import Callable
from typing import Any, ClassVar

from nn.functional import window as functional
from nn.functional.shapes import Sizes
from nn.module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "MaxPool1d",
    "MaxPool2d",
]


class MaxPool1d(Module):
    """The maximum over each window: (N, C, L) -> (N, C, L'), L' as of Conv1d.

    stride: kernel_size by default.  ceil_mode: round L' up.  return_indices: also where the
    first maximum is.  Equal maxima share the gradient (PyTorch's goes to the first).
    Raises ValueError for a kernel that does not fit, or padding above half of it.

    >>> MaxPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[3., 2.]])
    """

    function: ClassVar[Callable[..., Any]] = staticmethod(functional.max_pool1d)

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Any) -> Any:
        return type(self).function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool2d(MaxPool1d):
    """The maximum over each window: (N, C, H, W) -> (N, C, H', W'); see MaxPool1d.

    >>> MaxPool2d(2)([[[1.0, 2.0], [3.0, 4.0]]])
    array([[[4.]]])
    """

    function = staticmethod(functional.max_pool2d)


class AvgPool1d(Module):
    """The mean over each window: (N, C, L) -> (N, C, L').

    stride: kernel_size by default.  count_include_pad: the zeros of the padding count.
    Raises ValueError for a kernel that does not fit, or padding above half of it.

    >>> AvgPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[2., 1.]])
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad

    def forward(self, input: Any) -> Any:
        return functional.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(AvgPool1d):
    """The mean over each window: (N, C, H, W) -> (N, C, H', W'); see AvgPool1d.

    divisor_override: what the sum over a window is divided by instead.

    >>> AvgPool2d(2)([[[1.0, 2.0], [3.0, 4.0]]])
    array([[[2.5]]])
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return functional.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AdaptiveAvgPool1d(Module):
    """The means over `output_size` bins of nearly equal length: (N, C, L) -> (N, C, output_size).

    >>> AdaptiveAvgPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[2., 1.]])
    """

    function: ClassVar[Callable[..., Any]] = staticmethod(functional.adaptive_avg_pool1d)

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        return type(self).function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(AdaptiveAvgPool1d):
    """The means over bins: (N, C, H, W) -> (N, C, *output_size); None keeps the size of an axis.

    >>> AdaptiveAvgPool2d(1)([[[1.0, 2.0], [3.0, 4.0]]])
    array([[[2.5]]])
    """

    function = staticmethod(functional.adaptive_avg_pool2d)


class AdaptiveMaxPool1d(AdaptiveAvgPool1d):
    """The maxima over `output_size` bins of nearly equal length: (N, C, L) -> (N, C, output_size).

    >>> AdaptiveMaxPool1d(2)([[1.0, 3.0, 2.0, 0.0]])
    array([[3., 2.]])
    """

    function = staticmethod(functional.adaptive_max_pool1d)


class AdaptiveMaxPool2d(AdaptiveAvgPool1d):
    """The maxima over bins: (N, C, H, W) -> (N, C, *output_size); None keeps the size of an axis.

    >>> AdaptiveMaxPool2d(1)([[[1.0, 2.0], [3.0, 4.0]]])
    array([[[4.]]])
    """

    function = staticmethod(functional.adaptive_max_pool2d)
