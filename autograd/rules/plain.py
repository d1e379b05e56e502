"""NumPy functions whose answers carry no gradient: comparisons, tests, positions, sizes.

They take Values and return plain arrays, booleans or integers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .table import CONSTANT, REFUSED, UNNAMED

# fmt: off
# what these say follows from shapes and dtypes alone
STATIC: frozenset[Callable[..., Any]] = frozenset((
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.result_type,
    np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj, np.imag,
    np.can_cast, np.common_type, np.min_scalar_type, np.einsum_path,
    np.tril_indices_from, np.triu_indices_from, np.diag_indices_from,
    # given like=: what they make is plain
    np.zeros, np.ones, np.empty, np.eye, np.identity, np.tri, np.fromfunction,
    np.frombuffer, np.fromfile, np.fromstring, np.loadtxt, np.genfromtxt,
))

CONSTANT.update((
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.isfinite, np.isinf, np.isnan, np.signbit, np.isneginf, np.isposinf, np.isreal, np.iscomplex,
    np.isrealobj, np.iscomplexobj, np.isclose, np.allclose, np.array_equal, np.array_equiv,
    np.all, np.any, np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition,
    np.lexsort, np.searchsorted, np.digitize, np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero,
    np.may_share_memory, np.shares_memory, np.array_repr, np.array_str, np.array2string,
    np.isin, np.ravel_multi_index, np.unravel_index, np.packbits, np.unpackbits,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.bitwise_count,
    np.gcd, np.lcm,
))
CONSTANT.update(STATIC)
for _f in (getattr(UNNAMED, "_ones_like", None), getattr(np, "in1d", None)):  # np.in1d: until NumPy 2.4
    if _f is not None:
        CONSTANT.add(_f)


# --- refused ----------------------------------------------------------------------------------

OUT = ".data leaves the graph"
WRITES = "writes into an array, where the gradient would be lost"
FILE = "writes plain numbers, without name or gradient: pass it v.data, and make a Value of what is read back"
COMPLEX = "is complex outside the domain of the real function, and Values are real"
REFUSED.update({
    np.copyto: f"np.copyto {WRITES}: write y = src, or y = np.where(where, src, y); of np.full_like, which calls it, "
    f"write np.ones_like(a) * v; {OUT}",
    np.put: f"np.put {WRITES}: write y = v.reshape(-1) * 1, then y[ids] = new; {OUT}",
    np.put_along_axis: f"np.put_along_axis {WRITES}: write y = v * 1, then y[np.arange(len(y))[:, None], ids] = new; {OUT}",
    np.place: f"np.place {WRITES}: write np.where(mask, new, v); {OUT}",
    np.putmask: f"np.putmask {WRITES}: write np.where(mask, new, v); {OUT}",
    np.fill_diagonal: f"np.fill_diagonal {WRITES}: write np.where(np.eye(len(v), dtype=bool), new, v); {OUT}",
    np.roots: "np.roots: the roots are complex in general, and Values are real: find one, r, from v.data; a step of Newton's, "
    "r - np.polyval(v, r) / np.polyval(np.polyder(v.data), r), has its gradient",
    np.sort_complex: f"np.sort_complex: the result is complex, and Values are real: write np.sort(v); {OUT}",
    np.require: "np.require asks for a layout in memory, which is no matter of Values: leave it out, or pass it v.data",
    np.emath.logn: f"np.emath.logn {COMPLEX}: write np.log(v) / np.log(n), which is nan there; {OUT}",
})
for _f in (np.save, np.savez, np.savez_compressed, np.savetxt):
    REFUSED.update({_f: f"np.{_f.__name__} {FILE}"})
for _name in ("sqrt", "log", "log2", "log10", "power", "arccos", "arcsin", "arctanh"):
    REFUSED.update({vars(np.emath)[_name]: f"np.emath.{_name} {COMPLEX}: write np.{_name}(v), which is nan there; {OUT}"})
# fmt: on
