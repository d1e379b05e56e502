"""What stands beside a constant, taken into it: minus signs, and factors on both sides of a truth value."""

from typing import Any

import numpy as np

from autograd.compiler.passes import SMALL
from autograd.compiler.program import CONSTANT, Program, Variable, constant
from autograd.rules import elementwise as el


def folded(program: Program) -> Program:
    """-(c * x) as (-c) * x, and (c * x) * d, x a truth value, as x * (c * d): the same bits."""
    count: dict[int, int] = {}
    gone: set[int] = set()  # what nothing is made of any more
    for s in program.steps:
        if s.op is el.NEGATIVE:
            found = negated(s.args[0])
        elif s.op is el.MULTIPLY:
            found = joined(*s.args) or joined(*s.args[::-1])
        else:
            continue
        if found is None or s.dtype.kind != "f" or found[0].dtype != s.dtype or found[0].name is not None:
            continue
        count = count or program.uses()
        if count[id(found[0])] == 1:
            gone.add(id(found[0]))
            s.op, s.args = found[0].op, found[1]
    if gone:
        program.steps = [s for s in program.steps if id(s) not in gone]
    return program


Found = tuple[
    Variable, tuple[Variable, Variable]
]  # a factor that is not needed any more, the operands instead


def negated(x: Variable) -> Found | None:
    """The negative of x = c * y, y * c, c / y or y / c as one operation."""
    if x.op is el.MULTIPLY or x.op is el.DIVIDE:
        y, z = x.args
        if is_small(y):
            return x, (constant(-y.data), z)
        if is_small(z):
            return x, (y, constant(-z.data))
    return None


def joined(x: Variable, d: Variable) -> Found | None:
    """x * d with x = c * y or y * c as y * (c * d), if y is a truth value."""
    if x.op is not el.MULTIPLY or not is_small(d):
        return None
    for y, c in (x.args, x.args[::-1]):
        if y.dtype.kind == "b" and is_small(c):
            data: Any = np.multiply(np.asarray(c.data, x.dtype), np.asarray(d.data, x.dtype))
            if data.nbytes <= SMALL and np.isfinite(data).all():  # 0 * inf would be nan
                return x, (y, constant(data[()]))
    return None


def is_small(c: Variable) -> bool:
    """Whether it is a constant floating number, or an array of few."""
    return c.kind == CONSTANT and c.dtype.kind == "f" and getattr(c.data, "nbytes", 0) <= SMALL


__all__ = ["folded"]
