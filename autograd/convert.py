"""What comes in: numbers, lists, arrays and Values, as data a Value can hold."""

from typing import Any

import numpy as np

from autograd.engine import Node
from autograd.rules import shaping


def holds_values(data: Any) -> bool:
    if isinstance(data, Node):
        return True
    return isinstance(data, (list, tuple)) and any([holds_values(x) for x in data])


def stacked(data: Any) -> Any:
    """A (nested) list with Values in it as one Value."""
    parts = [stacked(x) if holds_values(x) and not isinstance(x, Node) else x for x in data]
    shapes = {np.shape(x) for x in parts}
    if len(shapes) > 1:
        raise ValueError(f"Value(): a list of Values must hold equal shapes, got {sorted(shapes)}")
    return shaping.stack(parts)


def plain_array(data: Any, what: str = "a Value's data") -> Any:
    """`data` as an array or NumPy scalar outside the graph."""
    if isinstance(data, Node):
        return data._array
    array = data if isinstance(data, (np.ndarray, np.generic)) else np.asarray(data)[()]
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what}: got {type(data).__name__} (dtype {array.dtype}); real numbers are needed")
    return array


def owned(data: Any, requires_grad: bool, dtype: Any) -> Any:
    """A copy of `data` as real, native array or scalar, that may carry gradient if it must."""
    weak = type(data) is int  # a Python int is a number, not an integer array
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("Value(): masked arrays are not supported; fill it first with .filled(value)")
    try:
        array = np.array(data, dtype=np.float64 if weak and dtype is None else dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise type(error)(
            f"Value(): data of type {type(data).__name__} is not an array of numbers: {error}"
        ) from None
    if array.dtype.kind not in "fiub":
        mend = "pass a float array or a regular list of numbers"
        if array.dtype.kind == "c":
            mend = "pass the real and the imaginary part as two float arrays"
        raise TypeError(
            f"Value(): data of type {type(data).__name__} has dtype {array.dtype}; real numbers are needed: {mend}"
        )
    if requires_grad and array.dtype.kind != "f":
        raise TypeError(
            f"Value(): data has dtype {array.dtype}; only floating point carries gradient: "
            f"pass data.astype(float), or requires_grad=False for a constant"
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array if array.ndim else array[()]
