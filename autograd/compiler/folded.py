"""What stands beside a constant, taken into it: minus signs, and factors on both sides of a truth value."""

from typing import Any

import numpy as np

from autograd.compiler.passes import SMALL, needed, rewritten
from autograd.compiler.program import CONSTANT, Program, Variable, constant, step
from autograd.rules import elementwise as el


def folded(program: Program) -> Program:
    """-(c * x) as (-c) * x, and (c * x) * d, x a truth value, as x * (c * d): the same bits."""
    count = program.uses()

    def shorter(s: Variable) -> Variable:
        if s.dtype.kind != "f" or s.op not in (el.NEGATIVE, el.MULTIPLY):
            return s
        for x, d in (s.args, s.args[::-1]) if s.op is el.MULTIPLY else ((s.args[0], None),):
            if x.op not in FACTORS or x.name is not None or x.dtype != s.dtype or count[id(x)] != 1:
                continue
            new = negated(s, x) if d is None else joined(s, x, d)
            count[id(new)] = count[id(s)]
            if new is not s:
                return new
        return s

    if not any([s.op is el.NEGATIVE or "b" in [x.dtype.kind for x in s.args] for s in program.steps]):
        return program
    return needed(rewritten(program, shorter))


FACTORS = frozenset((el.MULTIPLY, el.DIVIDE))


def negated(s: Variable, x: Variable) -> Variable:
    """The negative `s` of x = c * y or c / y or y / c as one operation."""
    for i, c in enumerate(x.args):
        if c.kind == CONSTANT and c.dtype.kind == "f" and getattr(c.data, "nbytes", 0) <= SMALL:
            args = (*x.args[:i], constant(-c.data), *x.args[i + 1 :])
            return step(x.op, args, x.params, s.data, s)  # type: ignore[arg-type]
    return s


def joined(s: Variable, x: Variable, d: Variable) -> Variable:
    """s = (c * y) * d as y * (c * d), if y is a truth value."""
    for y, c in (x.args, x.args[::-1]):
        if x.op is el.MULTIPLY and y.dtype.kind == "b" and c.kind == d.kind == CONSTANT:
            data: Any = np.multiply(np.asarray(c.data, s.dtype), np.asarray(d.data, s.dtype))
            if data.nbytes <= SMALL and np.isfinite(data).all():  # 0 * inf would be nan
                return step(el.MULTIPLY, (y, constant(data[()])), s.params, s.data, s)
    return s


__all__ = ["folded"]
