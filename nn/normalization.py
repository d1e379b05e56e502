"""BatchNorm, InstanceNorm, LayerNorm, GroupNorm, RMSNorm."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import no_grad
from nn.functional import normalization as functional
from nn.functional.shapes import Array, array
from nn.module import Buffer, Module, Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "LayerNorm",
    "RMSNorm",
]


class _ChannelNorm(Module):
    """What batch and instance normalization share: a weight, bias and running statistics per channel."""

    axes: tuple[int, ...]  # how many an input may have

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        dtype: Any,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(np.ones(num_features, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_features, dtype)) if affine else None
        self.running_mean = Buffer(np.zeros(num_features, dtype)) if track_running_stats else None
        self.running_var = Buffer(np.ones(num_features, dtype)) if track_running_stats else None
        self.num_batches_tracked = Buffer(np.int64(0)) if track_running_stats else None

    def reset_running_stats(self) -> None:
        """Begin again: mean 0, variance 1, no batches."""
        if (
            self.running_mean is not None
            and self.running_var is not None
            and self.num_batches_tracked is not None
        ):
            self.running_mean.data = np.zeros(self.num_features)
            self.running_var.data = np.ones(self.num_features)
            self.num_batches_tracked.data = 0

    def _checked(self, input: Any) -> Array:
        x = array(input)
        if x.ndim not in self.axes or x.shape[self._channel_axis(x)] != self.num_features:
            raise ValueError(
                f"{self!r}: input of shape {x.shape}; {' or '.join(map(str, self.axes))} axes are needed, "
                f"{self.num_features} of size at the channels' axis"
            )
        return x

    def _channel_axis(self, x: Array) -> int:
        return 1

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_ChannelNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias for each channel of (N, C) or (N, C, L).

    In training mean and var are the batch's, and the buffers running_mean and running_var follow
    them: running = (1 - momentum) running + momentum new (momentum None: the mean of all batches),
    with the unbiased var.  In evaluation they are the buffers (the batch's without
    track_running_stats).  dtype: float64 by default (PyTorch's is float32).
    Raises ValueError for an input of another shape, or a single value per channel in training.
    Source: Ioffe & Szegedy (2015), arXiv:1502.03167.

    >>> BatchNorm1d(1)(np.array([[1.0], [3.0]])).data.round(4).tolist()
    [[-1.0], [1.0]]
    """

    axes: tuple[int, ...] = (2, 3)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)

    def _factor(self) -> Any:
        """Counts the batch; the share of its statistics in the running ones (momentum None: their mean)."""
        if not self.training or self.num_batches_tracked is None:
            return self.momentum or 0.0
        with no_grad():  # in Values, so that a compiled step counts too
            self.num_batches_tracked.data = self.num_batches_tracked + 1
            return 1.0 / self.num_batches_tracked if self.momentum is None else self.momentum

    def forward(self, input: Any) -> Any:
        x = self._checked(input)
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            self._factor(),
            self.eps,
        )


class BatchNorm2d(BatchNorm1d):
    """Batch normalization of (N, C, H, W); see BatchNorm1d.

    >>> BatchNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    axes = (4,)


class InstanceNorm1d(_ChannelNorm):
    """As BatchNorm1d with each sample for itself: statistics over L of (N, C, L) or (C, L).

    Without weight, bias and running statistics by default; batches are not counted, and
    momentum None leaves the running statistics as they are; all as PyTorch's.
    Source: Ulyanov et al. (2016), arXiv:1607.08022.

    >>> InstanceNorm1d(1)(np.array([[[1.0, 3.0]]])).round(4).tolist()
    [[[-1.0, 1.0]]]
    """

    axes = (2, 3)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        dtype: Any = np.float64,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)

    def _channel_axis(self, x: Array) -> int:
        return x.ndim - self.axes[0]

    def forward(self, input: Any) -> Any:
        x = self._checked(input)
        has_batch = x.ndim == self.axes[1]
        out = functional.instance_norm(
            x if has_batch else x[None],
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            self.momentum or 0.0,
            self.eps,
        )
        return out if has_batch else out[0]


class InstanceNorm2d(InstanceNorm1d):
    """Instance normalization of (N, C, H, W) or (C, H, W); see InstanceNorm1d.

    >>> InstanceNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    axes = (3, 4)


class LayerNorm(Module):
    """(x - mean) / sqrt(var + eps) * weight + bias over the last axes, of sizes `normalized_shape`.

    weight and bias have that shape; elementwise_affine=False leaves both out, bias=False the bias.
    Raises ValueError for an input that does not end in it.  Source: Ba et al. (2016), arXiv:1607.06450.

    >>> LayerNorm(2)(np.array([[1.0, 3.0]])).data.round(4).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape, dtype)) if elementwise_affine and bias else None

    def forward(self, input: Any) -> Any:
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class RMSNorm(Module):
    """x / sqrt(mean(x**2) + eps) * weight over the last axes, of sizes `normalized_shape`.

    eps: by default the spacing of the input's dtype at 1.
    Raises ValueError for an input that does not end in it.
    Source: Zhang & Sennrich (2019), arXiv:1910.07467.

    >>> RMSNorm(2)(np.array([[3.0, 4.0]])).data.round(4).tolist()
    [[0.8485, 1.1314]]
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None

    def forward(self, input: Any) -> Any:
        return functional.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """As LayerNorm over each of `num_groups` groups of channels, with a weight and bias per channel: (N, C, ...).

    Raises ValueError if num_channels does not divide into num_groups.
    Source: Wu & He (2018), arXiv:1803.08494.

    >>> GroupNorm(2, 4)(np.ones((2, 4, 3))).shape
    (2, 4, 3)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: num_channels={num_channels} must divide into num_groups={num_groups}"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.weight = Parameter(np.ones(num_channels, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_channels, dtype)) if affine else None

    def forward(self, input: Any) -> Any:
        x = array(input)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"{self!r}: input of shape {x.shape}; (N, {self.num_channels}, ...) is needed")
        return functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


def _shape(given: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(given) if isinstance(given, Sequence) else (given,)
