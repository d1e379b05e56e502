"""Sliding windows, and what convolution and pooling are made of; public as ``autograd.windows``.

They slide over the last axes, as many as `kernel` has numbers, and take arrays or
Values.  The set is closed: each operation's rules are members of it (windows and fold,
sum_pool and its spreading, a correlation and its two transposes), so they have
derivatives of every order.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import kernels
from .shaping import array, moveaxis, size_of
from .table import Array, Op, axis_of, door, is_traced, plain, refuse

__all__ = ["correlate", "correlate_transpose", "fold", "max_pool", "sum_pool", "windows"]

Sizes = int | Sequence[int]  # one for all axes, or one each


def shared(g: Array, out: Array, x: Array, kernel: Any, stride: Any, dilation: Any) -> Array:
    """The gradient of each window handed to its maximum; ties share it equally."""
    x, out = (v if is_traced(v) else plain(v) for v in (x, out))
    shares = MAX_SHARES(x, out, kernel=kernel, stride=stride, dilation=dilation)
    return FOLD(g[(Ellipsis, *(None,) * len(kernel))] * shares, size=x.shape[-len(kernel):], stride=stride, dilation=dilation)


# fmt: off
WINDOWS: Op = Op("windows", kernels.windows,
                 lambda g, out, x, kernel, stride, dilation: FOLD(g, size=x.shape[-len(kernel):], stride=stride, dilation=dilation))
FOLD: Op = Op("fold", kernels.fold,
              lambda g, out, x, size, stride, dilation: WINDOWS(g, kernel=x.shape[-len(size):], stride=stride, dilation=dilation))
SUM_POOL: Op = Op("sum_pool", kernels.window_sum,
                  lambda g, out, x, kernel, stride, dilation: SPREAD(g, size=x.shape[-len(kernel):], kernel=kernel, stride=stride, dilation=dilation))
SPREAD: Op = Op("spread_pool", kernels.window_spread,
                lambda g, out, x, size, kernel, stride, dilation: SUM_POOL(g, kernel=kernel, stride=stride, dilation=dilation))
MAX_SHARES: Op = Op("max_shares", kernels.window_max_shares, None, None)
MAX_POOL: Op = Op("max_pool", kernels.window_max, shared)

# The three are bilinear: <g, correlate(x, w)> = <correlate_input(g, w), x> = <correlate_weight(x, g), w>.
CORRELATE: Op = Op("correlate", kernels.correlate,
                   lambda g, out, x, w, stride, dilation, groups: CORRELATE_INPUT(g, w, size=x.shape[2:], stride=stride, dilation=dilation, groups=groups),
                   lambda g, out, x, w, stride, dilation, groups: CORRELATE_WEIGHT(x, g, kernel=w.shape[2:], stride=stride, dilation=dilation, groups=groups))
CORRELATE_INPUT: Op = Op("correlate_input", kernels.correlate_input,
                         lambda g, out, y, w, size, stride, dilation, groups: CORRELATE(g, w, stride=stride, dilation=dilation, groups=groups),
                         lambda g, out, y, w, size, stride, dilation, groups: CORRELATE_WEIGHT(g, y, kernel=w.shape[2:], stride=stride, dilation=dilation, groups=groups))
CORRELATE_WEIGHT: Op = Op("correlate_weight", kernels.correlate_weight,
                          lambda g, out, x, y, kernel, stride, dilation, groups: CORRELATE_INPUT(y, g, size=x.shape[2:], stride=stride, dilation=dilation, groups=groups),
                          lambda g, out, x, y, kernel, stride, dilation, groups: CORRELATE(x, g, stride=stride, dilation=dilation, groups=groups))
# fmt: on


def sizes(given: Sizes, n: int, what: str, least: int = 1) -> tuple[int, ...]:
    """`given` for each of `n` axes, all at least `least`; ValueError otherwise."""
    each: tuple[Any, ...] = tuple(given) if isinstance(given, Sequence) else (given,) * n
    if len(each) != n or any([k < least for k in each]):
        raise ValueError(f"{what}={given}: one number, or {n} of them, each at least {least}, is needed")
    return tuple([k.__index__() for k in each])


def geometry(f: str, x: Array, kernel: Sequence[int], stride: Sizes, dilation: Sizes) -> dict[str, tuple[int, ...]]:
    """The parameters of the sliding, checked against the array."""
    n = len(kernel)
    moves = {
        "kernel": sizes(kernel, n, f"{f}: kernel"),
        "stride": sizes(stride, n, f"{f}: stride"),
        "dilation": sizes(dilation, n, f"{f}: dilation"),
    }
    if n == 0 or x.ndim < n or min(kernels.window_counts(x.shape[x.ndim - n:], **moves), default=0) < 1:
        raise ValueError(
            f"{f}: a kernel of size {tuple(kernel)} with dilation {moves['dilation']} does not fit into "
            f"an array of shape {x.shape}; pad the array or take a smaller kernel"
        )
    return moves


@door(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x: Array, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False) -> Array:
    refuse("lib.stride_tricks.sliding_window_view", writeable=writeable)
    x = array(x)
    kernel = size_of(window_shape)
    axes = tuple(range(x.ndim)) if axis is None else tuple([axis_of(a, x.ndim) + x.ndim for a in size_of(axis)])
    if len(kernel) != len(axes):
        raise ValueError(f"np.lib.stride_tricks.sliding_window_view: {len(kernel)} window lengths for {len(axes)} axes; give one each")
    for n, a in zip(kernel, axes, strict=True):
        if not 0 <= n <= x.shape[a]:
            raise ValueError(f"np.lib.stride_tricks.sliding_window_view: a window of {n} does not fit an axis of {x.shape[a]}")
        seen = WINDOWS(moveaxis(x, a, -1), kernel=(n,), stride=(1,), dilation=(1,))
        x = moveaxis(seen, -2, a)
    return x


def windows(x: Array, kernel: Sequence[int], stride: Sizes = 1, dilation: Sizes = 1) -> Array:
    """All windows of `x` over its last len(kernel) axes: (..., *size) -> (..., *counts, *kernel).

    counts = (size - dilation * (kernel - 1) - 1) // stride + 1.  The data is a read-only
    view of `x`.  Raises ValueError if not one window fits.

    >>> import numpy as np
    >>> windows(np.arange(5.0), (3,), stride=2)
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    return WINDOWS(x, **geometry("windows", x, kernel, stride, dilation))


def fold(x: Array, size: Sequence[int], stride: Sizes = 1, dilation: Sizes = 1) -> Array:
    """Windows added up where `windows` read them, its transpose: (..., *counts, *kernel) -> (..., *size).

    Raises ValueError if `x` does not hold the windows of an array of that size.

    >>> import numpy as np
    >>> fold(np.ones((2, 3)), (5,), stride=2)
    array([1., 1., 2., 1., 1.])
    """
    n = len(size)
    moves = {"stride": sizes(stride, n, "fold: stride"), "dilation": sizes(dilation, n, "fold: dilation")}
    kernel, held = x.shape[max(x.ndim - n, 0):], x.shape[max(x.ndim - 2 * n, 0):x.ndim - n]
    if n == 0 or x.ndim < 2 * n or held != kernels.window_counts(size, kernel, **moves):
        raise ValueError(
            f"fold: an array of shape {x.shape} does not hold the windows (..., *counts, *kernel) of an array of "
            f"size {tuple(size)} with stride {moves['stride']} and dilation {moves['dilation']}"
        )
    return FOLD(x, size=sizes(size, n, "fold: size"), **moves)


def sum_pool(x: Array, kernel: Sequence[int], stride: Sizes = 1, dilation: Sizes = 1) -> Array:
    """The sum over each window: (..., *size) -> (..., *counts)."""
    return SUM_POOL(x, **geometry("sum_pool", x, kernel, stride, dilation))


def max_pool(x: Array, kernel: Sequence[int], stride: Sizes = 1, dilation: Sizes = 1) -> Array:
    """The maximum over each window: (..., *size) -> (..., *counts).  Ties share the gradient equally."""
    return MAX_POOL(x, **geometry("max_pool", x, kernel, stride, dilation))


def correlate(x: Array, w: Array, stride: Sizes = 1, dilation: Sizes = 1, groups: int = 1) -> Array:
    """What neural networks call convolution: (N, C, *size), (O, C / groups, *kernel) -> (N, O, *counts).

    out[n, o] = sum over c of the windows of x[n, c] times w[o, c]; with groups, each
    group of O / groups results sees its own C / groups channels.  Raises ValueError for
    shapes that do not fit.
    """
    n = w.ndim - 2
    if n < 1 or x.ndim != w.ndim or groups < 1 or w.shape[0] % groups or x.shape[1] != w.shape[1] * groups:
        raise ValueError(
            f"correlate: an input of shape {x.shape} and a weight of shape {w.shape} do not fit with groups={groups}; "
            f"they must be (N, C, *size) and (O, C / groups, *kernel), O a multiple of groups"
        )
    moves = geometry("correlate", x, w.shape[2:], stride, dilation)
    return CORRELATE(x, w, stride=moves["stride"], dilation=moves["dilation"], groups=groups)


def correlate_transpose(x: Array, w: Array, stride: Sizes = 1, dilation: Sizes = 1, groups: int = 1) -> Array:
    """The transpose of `correlate`: (N, O, *counts), (O, C / groups, *kernel) -> (N, C, *size).

    size = (counts - 1) * stride + dilation * (kernel - 1) + 1.  Raises ValueError for
    shapes that do not fit.
    """
    n = w.ndim - 2
    if n < 1 or x.ndim != w.ndim or groups < 1 or w.shape[0] % groups or x.shape[1] != w.shape[0]:
        raise ValueError(
            f"correlate_transpose: an input of shape {x.shape} and a weight of shape {w.shape} do not fit with "
            f"groups={groups}; they must be (N, O, *counts) and (O, C / groups, *kernel), O a multiple of groups"
        )
    s, d = sizes(stride, n, "correlate_transpose: stride"), sizes(dilation, n, "correlate_transpose: dilation")
    each = zip(x.shape[2:], w.shape[2:], s, d, strict=True)
    size = tuple([(m - 1) * a + b * (k - 1) + 1 for m, k, a, b in each])
    return CORRELATE_INPUT(x, w, size=size, stride=s, dilation=d, groups=groups)
