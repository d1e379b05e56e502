"""Which NumPy ufunc an operation is."""

import numpy as np

from autograd.operators import COMPARISONS
from autograd.rules import elementwise as el
from autograd.rules.table import UFUNCS, Op

UFUNC_OPS: dict[Op, np.ufunc] = {op: f for f, op in UFUNCS.items() if isinstance(op, Op)}
UFUNC_OPS[el.POWER] = np.power
UFUNC_OPS.update({op: f for f, pair in el.EXTREMES.items() for op in pair})
UFUNC_OPS.update({op: getattr(np, op.name) for op in COMPARISONS.values()})


def ufunc_of(op: Op | None) -> np.ufunc | None:
    """The ufunc that computes `op`, or None."""
    if op is None:
        return None
    return op.forward if isinstance(op.forward, np.ufunc) else UFUNC_OPS.get(op)
