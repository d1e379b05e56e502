"""Sums of several arrays that become the entries of one: a call for each costs as much as one for all."""

from typing import Any

import numpy as np

from autograd.compiler.passes import SCATTERED, needed, rewritten
from autograd.compiler.program import Program, Variable, step
from autograd.rules import reductions
from autograd.rules.table import Op


def sums(*xs: Any) -> Any:
    """The sum of each of the arrays."""
    return np.add.reduce(np.stack(xs), 1)


SUMS = Op("sums", sums, variadic=True)


def stacked(program: Program) -> Program:
    """Arrays that are summed to become the entries of one (the gradient of a, b, c in a * x**2 + b * x + c) as its rows.

    The same bits: NumPy adds up a row as it adds up an array.
    """
    if not any([s.op is SCATTERED for s in program.steps]):
        return program
    count = program.uses()

    def together(s: Variable) -> Variable:
        if s.op is not SCATTERED or len(s.args) != s.shape[0]:
            return s
        entries = [
            x for _, x in sorted(zip(s.params["indices"], s.args, strict=True), key=lambda pair: pair[0])
        ]
        if not all([x.op is reductions.SUM and count[id(x)] == 1 and x.name is None for x in entries]):
            return s
        rows = [x.args[0] for x in entries]
        kinds = {(x.shape, x.dtype, x.data.strides if x.is_array else ()) for x in rows}
        fit = len(kinds) == 1 and len(rows[0].shape) == 1 and rows[0].dtype == s.dtype
        return step(SUMS, rows, {}, s.data, s) if fit and rows[0].data.flags.c_contiguous else s

    return needed(rewritten(program, together))


__all__ = ["SUMS", "stacked"]
