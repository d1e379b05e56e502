"""Convolution, pooling, padding, and the windows they are made of.  (N, C, *size) throughout.

The batch axis may be left out, as in PyTorch: (C, *size).
Source of the formulas: torch.nn.functional; Dumoulin & Visin (2016), arXiv:1603.07285.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Value, windows
from nn.functional.shapes import Array, Sizes, array, per_axis

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "fold",
    "max_pool1d",
    "max_pool2d",
    "pad",
    "unfold",
]

# --- padding --------------------------------------------------------------------------------

MODES: dict[str, Any] = {
    "constant": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    """`input` with (before, after) elements added to its last axis, then the one before it, and so on.

    pad: (left, right), (left, right, top, bottom), ...; a negative number cuts off.
    mode: 'constant' (with `value`, 0 by default), 'reflect', 'replicate' or 'circular'.
    Raises ValueError for an unknown mode, a wrong number of pads, or one larger than the axis.
    """
    x = array(input)
    if mode not in MODES:
        raise ValueError(f"pad: mode={mode!r}; it must be one of {', '.join(MODES)}")
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(
            f"pad: pad={tuple(pad)} for an input of shape {x.shape}; (before, after) is needed for each padded axis"
        )
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    for n, pair in zip(x.shape, pairs, strict=True):
        most = n - 1 if mode == "reflect" else n
        if sum(pair) + n < 0 or (mode in ("reflect", "circular") and max(pair) > most):
            raise ValueError(
                f"pad: pad={tuple(pad)} is too much for an input of shape {x.shape} with mode={mode!r}; "
                f"an axis of size {n} cannot take {pair}"
            )
    if mode == "circular":  # around what is left; the others see what is cut off afterwards
        x, pairs = _cropped(x, pairs), [(max(b, 0), max(a, 0)) for b, a in pairs]
    widths = [(max(b, 0), max(a, 0)) for b, a in pairs]
    if any([b or a for b, a in widths]):
        options: Any = {"constant_values": value} if mode == "constant" and value else {}
        x = np.pad(x, widths, MODES[mode], **options)
    return _cropped(x, pairs)


def _cropped(x: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """Without the elements that negative pads cut off."""
    if all([min(p) >= 0 for p in pairs]):
        return x
    return x[tuple([slice(max(-b, 0), n + min(a, 0)) for n, (b, a) in zip(x.shape, pairs, strict=True)])]


# --- convolution ----------------------------------------------------------------------------


def checked(f: str, input: Array, n: int) -> Array:
    """`input` as an array; ValueError unless it is (N, C, *size) or (C, *size)."""
    x = array(input)
    if x.ndim not in (n + 1, n + 2):
        raise ValueError(
            f"{f}: input of shape {x.shape}; {n + 2} axes (batch, channels, {n} of size) are needed, "
            f"or {n + 1} without the batch"
        )
    return x


def batched(f: str, input: Array, n: int) -> tuple[Array, bool]:
    """`input` with a batch axis, and whether it had one."""
    x = checked(f, input, n)
    return (x, True) if x.ndim == n + 2 else (x[None], False)


def check_weight(f: str, x: Array, weight: Array, channels: int, layout: str, groups: int) -> None:
    if weight.ndim != x.ndim or groups < 1 or weight.shape[0] % groups or x.shape[1] != channels:
        raise ValueError(
            f"{f}: input of shape {x.shape} and weight of shape {weight.shape} with groups={groups} do not fit; "
            f"they must be (N, in, *size) and {layout}"
        )


def with_bias(f: str, out: Array, bias: Array | None) -> Array:
    if bias is None:
        return out
    bias = array(bias)
    if bias.shape != out.shape[1:2]:
        raise ValueError(
            f"{f}: bias of shape {bias.shape}; one number for each of {out.shape[1]} channels is needed"
        )
    return out + bias.reshape(-1, *(1,) * (out.ndim - 2))


def same_padding(kernel: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """What `pad` must add for as many windows as elements; the odd one goes after."""
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)][::-1]
    return [side for t in totals for side in (t // 2, t - t // 2)]


def paddings(
    f: str, padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> list[int]:
    """`padding` of a convolution in the form that `pad` takes."""
    if padding == "valid":
        return [0] * (2 * len(kernel))
    if padding == "same":
        if any([s != 1 for s in stride]):
            raise ValueError(f"{f}: padding='same' with stride={tuple(stride)}; it needs stride 1")
        return same_padding(kernel, dilation)
    if isinstance(padding, str):
        raise ValueError(f"{f}: padding={padding!r}; it must be 'same', 'valid' or integers")
    return [p for p in per_axis(padding, len(kernel), f"{f}: padding", 0)[::-1] for _ in range(2)]


def _conv(
    f: str,
    n: int,
    input: Array,
    weight: Array,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Array:
    x, has_batch = batched(f, input, n)
    w = array(weight)
    check_weight(f, x, w, groups * w.shape[1] if w.ndim > 1 else -1, "(out, in / groups, *kernel)", groups)
    strides = per_axis(stride, n, f"{f}: stride")
    dilations = per_axis(dilation, n, f"{f}: dilation")
    x = pad(x, paddings(f, padding, w.shape[2:], strides, dilations))
    out = with_bias(f, windows.correlate(x, w, strides, dilations, groups), bias)
    return out if has_batch else out[0]


def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """(N, in, L), (out, in / groups, K) -> (N, out, L'), L' = (L + 2 padding - dilation (K - 1) - 1) // stride + 1.

    out[n, o, l] = bias[o] + sum over c, k of weight[o, c, k] * input[n, c, l * stride + k * dilation - padding].
    padding: integers, 'valid' (none) or 'same' (L' = L; stride 1 only).  Raises ValueError
    for shapes that do not fit.
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """(N, in, H, W), (out, in / groups, KH, KW) -> (N, out, H', W'); see conv1d, the same along each axis."""
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _conv_transpose(
    f: str,
    n: int,
    input: Array,
    weight: Array,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Array:
    x, has_batch = batched(f, input, n)
    w = array(weight)
    check_weight(f, x, w, w.shape[0], "(in, out / groups, *kernel)", groups)
    strides = per_axis(stride, n, f"{f}: stride")
    dilations = per_axis(dilation, n, f"{f}: dilation")
    cut = per_axis(padding, n, f"{f}: padding", 0)
    extra = per_axis(output_padding, n, f"{f}: output_padding", 0)
    if any([e >= max(s, d) for e, s, d in zip(extra, strides, dilations, strict=True)]):
        raise ValueError(
            f"{f}: output_padding={extra} must be smaller than stride={strides} or dilation={dilations}"
        )
    out = windows.correlate_transpose(x, w, strides, dilations, groups)
    out = pad(out, [side for p, e in zip(cut[::-1], extra[::-1], strict=True) for side in (-p, e - p)])
    out = with_bias(f, out, bias)
    return out if has_batch else out[0]


def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    """(N, in, L), (in, out / groups, K) -> (N, out, L'): the gradient of conv1d with respect to its input.

    L' = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.  Raises ValueError
    for shapes that do not fit, or an output_padding not below stride or dilation.
    """
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    """(N, in, H, W), (in, out / groups, KH, KW) -> (N, out, H', W'); see conv_transpose1d."""
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


# --- pooling --------------------------------------------------------------------------------


def pooled_size(n: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """How many windows PyTorch takes: with ceil_mode the last may reach over the end, but not begin there."""
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0 and not ceil_mode:
        return 0
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    return count - 1 if ceil_mode and (count - 1) * stride >= n + padding else count


def floating(f: str, n: int, input: Array) -> Array:
    """`input` with a floating dtype, so that -inf can be among its elements."""
    x = checked(f, input, n)
    return x if x.dtype.kind == "f" else x.astype(float)


class _Pool:
    """The sizes of one pooling, checked, and its input padded."""

    def __init__(
        self,
        f: str,
        n: int,
        input: Array,
        kernel: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        ceil_mode: bool,
    ) -> None:
        x = floating(f, n, input)
        self.input, self.size = x, x.shape[-n:]
        self.kernel = per_axis(kernel, n, f"{f}: kernel_size")
        self.stride = self.kernel if stride is None else per_axis(stride, n, f"{f}: stride")
        self.padding = per_axis(padding, n, f"{f}: padding", 0)
        self.dilation = per_axis(dilation, n, f"{f}: dilation")
        each = list(zip(self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True))
        if any([2 * p > k for _, k, _, p, _ in each]):
            raise ValueError(f"{f}: padding={self.padding} must be at most half of kernel_size={self.kernel}")
        self.counts = tuple([pooled_size(*sizes, ceil_mode) for sizes in each])
        if min(self.counts) < 1:
            raise ValueError(
                f"{f}: kernel_size={self.kernel} does not fit into an input of shape {x.shape} "
                f"with padding={self.padding}; take a smaller kernel"
            )
        after = [
            (c - 1) * s + d * (k - 1) + 1 - n - p
            for c, (n, k, s, p, d) in zip(self.counts, each, strict=True)
        ]
        self.pads = [
            side for b, a in zip(self.padding[::-1], after[::-1], strict=True) for side in (b, max(a, b))
        ]

    def padded(self, value: float) -> Array:
        return pad(self.input, self.pads, value=value)


def _max_pool(
    f: str,
    n: int,
    input: Array,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    p = _Pool(f, n, input, kernel, stride, padding, dilation, ceil_mode)
    x = p.padded(-np.inf)
    out = windows.max_pool(x, p.kernel, p.stride, p.dilation)
    if not return_indices:
        return out
    numbers = np.arange(np.prod(p.size)).reshape(p.size)
    numbers = pad(numbers, p.pads)
    plain = x.data if isinstance(x, Value) else x
    seen = windows.windows(plain, p.kernel, p.stride, p.dilation)
    best = seen.reshape(*out.shape, -1).argmax(-1)
    places = windows.windows(numbers, p.kernel, p.stride, p.dilation).reshape(*p.counts, -1)
    places = np.broadcast_to(places, (*out.shape, places.shape[-1]))
    return out, np.take_along_axis(places, best[..., None], -1)[..., 0]


def max_pool1d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum over each window: (N, C, L) -> (N, C, L').  Equal maxima share the gradient.

    stride: kernel_size by default.  The padding counts as -inf.  return_indices: also the
    place of the first maximum in the input's axes taken flat, a plain integer array.
    Raises ValueError for a kernel that does not fit, or padding above half of it.
    """
    return _max_pool(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool2d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum over each window: (N, C, H, W) -> (N, C, H', W'); see max_pool1d."""
    return _max_pool(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def _avg_pool(
    f: str,
    n: int,
    input: Array,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Array:
    p = _Pool(f, n, input, kernel, stride, padding, 1, ceil_mode)
    total = windows.sum_pool(p.padded(0.0), p.kernel, p.stride)
    if divisor is not None:
        if divisor == 0:
            raise ValueError(f"{f}: divisor_override=0; it must not be 0")
        return total / float(divisor)
    number: Any = np.ones(())
    for m, k, s, b, count in zip(p.size, p.kernel, p.stride, p.padding, p.counts, strict=True):
        start = np.arange(count) * s - b
        stop = np.minimum(start + k, m + b)  # what ceil_mode adds beyond the padding never counts
        if not count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, m)
        number = number[..., None] * (stop - start)
    return total / number.astype(total.dtype)


def avg_pool1d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean over each window: (N, C, L) -> (N, C, L').

    stride: kernel_size by default.  count_include_pad: the zeros of the padding count as elements.
    Raises ValueError for a kernel that does not fit, or padding above half of it.
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean over each window: (N, C, H, W) -> (N, C, H', W'); see avg_pool1d.

    divisor_override: what the sum over a window is divided by instead.
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _bins(f: str, n: int, input: Array, output_size: Any, fill: float) -> tuple[Array, Any]:
    """(..., out1, most1, out2, most2, ...) and the numbers of elements in the bins, (out1, out2, ...).

    Bin i of `out` along an axis of size m holds the elements from floor(i m / out) to
    ceil((i + 1) m / out); short bins are filled up.
    """
    x = floating(f, n, input)
    size = x.shape[-n:]
    wanted = output_size if isinstance(output_size, Sequence) else (output_size,) * n
    if len(wanted) != n:
        raise ValueError(f"{f}: output_size={output_size}; one number, or {n} of them, is needed")
    wanted = per_axis(
        [m if o is None else o for m, o in zip(size, wanted, strict=True)], n, f"{f}: output_size"
    )
    at, number = [], np.ones(())
    for axis, (m, o) in enumerate(zip(size, wanted, strict=True)):
        first, last = np.arange(o) * m // o, -(-np.arange(1, o + 1) * m // o)
        place = first[:, None] + np.arange((last - first).max())
        place = np.where(place < last[:, None], place, m)  # m: the element that fills up
        at.append(place.reshape(*(1, 1) * axis, *place.shape, *(1, 1) * (n - axis - 1)))
        number = number[..., None] * (last - first)
    return pad(x, (0, 1) * n, value=fill)[(Ellipsis, *at)], number


def _adaptive_avg_pool(f: str, n: int, input: Array, output_size: Any) -> Array:
    binned, number = _bins(f, n, input, output_size, 0.0)
    return binned.sum(axis=tuple(range(-2 * n + 1, 0, 2))) / number.astype(binned.dtype)


def _adaptive_max_pool(f: str, n: int, input: Array, output_size: Any) -> Array:
    return _bins(f, n, input, output_size, -np.inf)[0].max(axis=tuple(range(-2 * n + 1, 0, 2)))


def adaptive_avg_pool1d(input: Array, output_size: Any) -> Array:
    """The means over `output_size` bins of nearly equal length: (N, C, L) -> (N, C, output_size)."""
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Array, output_size: Any) -> Array:
    """The means over bins: (N, C, H, W) -> (N, C, *output_size); None keeps the size of an axis."""
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_max_pool1d(input: Array, output_size: Any) -> Array:
    """The maxima over `output_size` bins of nearly equal length: (N, C, L) -> (N, C, output_size)."""
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size)


def adaptive_max_pool2d(input: Array, output_size: Any) -> Array:
    """The maxima over bins: (N, C, H, W) -> (N, C, *output_size); None keeps the size of an axis."""
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size)


# --- windows as columns ---------------------------------------------------------------------


def unfold(
    input: Array, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Array:
    """All windows as columns: (N, C, H, W) -> (N, C * KH * KW, number of windows)."""
    x, has_batch = batched("unfold", input, 2)
    kernel = per_axis(kernel_size, 2, "unfold: kernel_size")
    ph, pw = per_axis(padding, 2, "unfold: padding", 0)
    seen = windows.windows(pad(x, (pw, pw, ph, ph)), kernel, stride, dilation)
    n, c, h, w = seen.shape[:4]
    out = seen.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kernel[0] * kernel[1], h * w)
    return out if has_batch else out[0]


def fold(
    input: Array,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """Columns added up where `unfold` read them, its transpose: (N, C * KH * KW, windows) -> (N, C, *output_size).

    Raises ValueError if there are not as many columns as windows.
    """
    x = array(input)
    size = per_axis(output_size, 2, "fold: output_size")
    kernel = per_axis(kernel_size, 2, "fold: kernel_size")
    (sh, sw), (ph, pw) = per_axis(stride, 2, "fold: stride"), per_axis(padding, 2, "fold: padding", 0)
    dh, dw = per_axis(dilation, 2, "fold: dilation")
    full = (size[0] + 2 * ph, size[1] + 2 * pw)
    h = (full[0] - dh * (kernel[0] - 1) - 1) // sh + 1
    w = (full[1] - dw * (kernel[1] - 1) - 1) // sw + 1
    area = kernel[0] * kernel[1]
    if x.ndim not in (2, 3) or x.shape[-2] % area or x.shape[-1] != h * w or min(h, w) < 1:
        raise ValueError(
            f"fold: input of shape {x.shape}; (N, C * {area}, {max(h, 0) * max(w, 0)}) is needed for "
            f"output_size={size}, kernel_size={kernel}"
        )
    lead, channels = x.shape[:-2], x.shape[-2] // area
    seen = x.reshape(*lead, channels, *kernel, h, w)
    k = seen.ndim
    seen = seen.transpose(*range(k - 4), k - 2, k - 1, k - 4, k - 3)
    return pad(windows.fold(seen, full, (sh, sw), (dh, dw)), (-pw, -pw, -ph, -ph))
