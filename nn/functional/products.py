"""The matrix products of a layer, in the way that is quickest where it matters.

OpenBLAS copies both operands of a product into the order it multiplies in; where there are few
outputs this takes as long as the rest.  On processors with AVX-512 it leaves it out for small
products: so a product that is too large for that by a few times is done in blocks.
"""

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.lib.introspect import opt_func_info

from autograd import primitive
from nn.functional.shapes import Array

BLOCK = 10**6  # multiplications of numbers in a small product
FEW = 12  # outputs
TILE = 1200  # elements of its result, where both operands are read along their rows


def product(x: Array, w: Array) -> Array:
    """x @ w.T for a weight (outputs, inputs)."""
    if x.ndim > 2:  # one product, not one for each matrix
        return product(x.reshape(math.prod(x.shape[:-1]), w.shape[1]), w).reshape(*x.shape[:-1], w.shape[0])
    outputs = w.shape[0]
    if x.ndim == 2 and x.size * outputs > BLOCK:
        if 4 * x.shape[0] <= outputs and w.dtype == "f4":  # few rows: 3/4 of the time
            return (w @ x.T).T.copy()
        if outputs <= FEW and _in_blocks(x, w):
            out = np.empty((len(x), outputs), w.dtype)
            n = max(min(BLOCK // w.size, TILE // outputs), 1)
            for i in range(0, len(x), n):
                np.matmul(x[i : i + n], w.T, out=out[i : i + n])
            return out
    return x @ w.T


def weight_gradient(g: Array, x: Array, w: Array) -> Array:
    """g.T @ x for gradients (rows, outputs) of `product`."""
    if w.shape[0] <= FEW and w.dtype == "f4" and g.dtype == "f4" and _in_blocks(x, w):
        return _by_columns(g, x)
    return g.T @ x


# an operation, so that a compiled function calls it, too, and rounds in the same way
@primitive(lambda d, out, g, x: x @ d.T, lambda d, out, g, x: g @ d, name="matmul")
def _by_columns(g: Array, x: Array) -> Array:
    out, n = np.empty((g.shape[1], x.shape[1]), x.dtype), max(BLOCK // g.size, 1)
    for i in range(0, x.shape[1], n):
        np.matmul(g.T, x[:, i : i + n], out=out[:, i : i + n])
    return out


def _in_blocks(x: Array, w: Array) -> bool:
    """Whether x @ w.T for FEW outputs is quicker in blocks."""
    fits = w.shape[0] > 1 and w.shape[1] >= 256 and BLOCK < x.size * w.shape[0] <= 8 * BLOCK
    return fits and x.dtype == w.dtype and w.dtype.char in "fd" and _small_products()


@cache
def _small_products() -> bool:
    """Whether NumPy multiplies by an OpenBLAS that has code for small products here."""
    blas: Any = np.show_config(mode="dicts")
    name = blas.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    loops: Any = opt_func_info(func_name="^exp$", signature="float32")
    return "openblas" in name and loops["exp"]["ff"]["current"] in ("AVX512_SKX", "X86_V4")
