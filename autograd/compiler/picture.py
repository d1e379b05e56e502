"""A program as a recorded graph, so that what draws and explains graphs draws and explains it too."""

from typing import Any

import numpy as np

from autograd.compiler.program import CONSTANT, Program, Variable
from autograd.engine import NO_PARAMS, next_number
from autograd.messages import LIVE
from autograd.value import Value


def values_of(program: Program) -> list[Value]:
    """What the program returns, as Values with the numbers of the call that was traced."""
    made: dict[int, Any] = {}
    for x in [*program.inputs, *program.closed, *program.steps]:
        made[id(x)] = value_of(x, made)
    return [made[id(x)] if id(x) in made else value_of(x, made) for x in program.outputs]


def value_of(x: Variable, made: dict[int, Any]) -> Value:
    """One variable, linked to those it is made of."""
    v: Any = Value.__new__(Value)
    v._array, v._grad, v._number, v.state = np.asarray(x.data)[()], None, next_number(), LIVE
    v.op, v.params, v.requires_grad = x.op, x.params or NO_PARAMS, False
    v.inputs = tuple([y.data if y.kind == CONSTANT else made[id(y)] for y in x.args])
    if x.name is not None:
        v._name = x.name
    made_here: Value = v
    return made_here
