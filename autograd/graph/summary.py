"""What is kept of an array where the array itself would be too much: a Summary."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.engine import Node
from autograd.graph.thumbnail import shrunk

Held = Any  # a float for a single number, a Summary for an array, None for nothing
NUMBERS = "efd"  # dtypes whose numbers a float64 holds exactly


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of an array: never the array itself.

    norm, mean, std, min, max are of the finite elements, NaN if there are none; zeros, nans
    and infs are counts.  thumbnail: for weights, their gradients and constants, at most
    32 x 32 cells, {"rows", "cols", "low", "high", "data"}: base64 of one byte per cell, row by
    row, 0 for `low` to 254 for `high`, 255 for a cell that is not finite; else None.
    """

    shape: tuple[int, ...]
    size: int
    norm: float
    mean: float
    std: float
    min: float
    max: float
    zeros: int
    nans: int
    infs: int
    thumbnail: dict[str, Any] | None = None


def is_number(x: Any) -> bool:
    """Whether a Value or plain operand is held as one float64, exactly."""
    data = getattr(x, "_array", x)
    if isinstance(data, (np.generic, np.ndarray)):
        return data.ndim == 0 and (data.dtype.char in NUMBERS or data.dtype.kind in "iub")
    return isinstance(data, (int, float))


def held(x: Any, picture: bool = False) -> Held:
    """What to keep of a Value, an array or a number."""
    data = x._array if isinstance(x, Node) else x
    if type(data) is np.float64 or type(data) is float:
        return float(data)
    if is_number(data):
        try:
            return float(data)
        except OverflowError:  # a Python integer can be larger than any float
            return float("inf") if data > 0 else float("-inf")
    return summary(np.asarray(data), picture)


def summary(array: Any, picture: bool = False) -> Summary:
    """The Summary of an array."""
    a = np.asarray(array, dtype=float)
    finite = np.isfinite(a)
    everything = bool(finite.all())
    some = a if everything else a[finite]
    nan = float("nan")
    with np.errstate(all="ignore"):
        nans = 0 if everything else int(np.isnan(a).sum())
        return Summary(
            array.shape,
            a.size,
            norm_of(some),
            float(some.mean()) if some.size else nan,
            float(some.std()) if some.size else nan,
            float(some.min()) if some.size else nan,
            float(some.max()) if some.size else nan,
            int(a.size - np.count_nonzero(a)),
            nans,
            0 if everything else int(a.size - finite.sum()) - nans,
            thumbnail(a) if picture and a.ndim and a.size > 1 else None,
        )


def norm_of(a: Any) -> float:
    """The Euclidean norm, without overflow."""
    largest = float(np.abs(a).max()) if a.size else 0.0
    if 1e-100 < largest < 1e100 or not largest:
        return float(np.sqrt(np.square(a).sum()))
    return largest * float(np.sqrt(np.square(a / largest).sum()))


def thumbnail(a: Any) -> dict[str, Any]:
    """The last two axes (of the first entry along the others) in at most 32 x 32 bytes."""
    cells = shrunk(a[None] if a.ndim == 1 else a.reshape(-1, *a.shape[-2:])[0])
    finite = np.isfinite(cells)
    low, high = (float(cells[finite].min()), float(cells[finite].max())) if finite.any() else (0.0, 0.0)
    span = high - low
    with np.errstate(all="ignore"):
        scaled = np.where(finite, (cells - low) / span * 254, 0.0) if 0 < span < float("inf") else 0 * cells
    levels = np.where(finite, np.nan_to_num(np.rint(scaled)), 255).astype(np.uint8)
    data = base64.b64encode(levels.tobytes()).decode()
    return {"rows": cells.shape[0], "cols": cells.shape[1], "low": low, "high": high, "data": data}
