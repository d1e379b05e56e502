"""NumPy functions whose answers carry no gradient: comparisons, tests, positions, sizes.

They take Values and return plain arrays, booleans or integers.
"""

import numpy as np

from .table import CONSTANT

# fmt: off
CONSTANT.update((
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.isfinite, np.isinf, np.isnan, np.signbit, np.isneginf, np.isposinf, np.isreal, np.iscomplex,
    np.isrealobj, np.iscomplexobj, np.isclose, np.allclose, np.array_equal, np.array_equiv,
    np.all, np.any, np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition,
    np.lexsort, np.searchsorted, np.digitize, np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero,
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.result_type,
    np.may_share_memory, np.shares_memory, np.array_repr, np.array_str, np.array2string,
))
# fmt: on
