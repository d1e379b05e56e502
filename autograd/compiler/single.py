"""Arrays of one element as numbers: NumPy takes 60 ns for a product of numbers, 500 for one of arrays."""

from typing import Any

import numpy as np

from autograd.compiler.program import CONSTANT, STEP, Program, Variable, constant, ordered
from autograd.compiler.ufuncs import ufunc_of
from autograd.rules import shaping
from autograd.rules.table import UFUNCS, Op

# the same bits for numbers as for arrays: rounded correctly
EXACT = frozenset((np.add, np.subtract, np.multiply, np.divide, np.negative, np.sqrt, np.square))
SQUARE: Any = UFUNCS[np.square]


def narrowed(program: Program) -> Program:
    """The program with runs of arithmetic on arrays of one element done on numbers, where that is quicker."""
    run_of: dict[int, int] = {}  # step -> its run
    runs: list[list[Variable]] = []
    for s in program.steps:
        if not is_single(s):
            continue
        near = sorted({run_of[id(x)] for x in s.args if id(x) in run_of})
        if not near:
            near = [len(runs)]
            runs.append([])
        for other in near[1:]:
            run_of.update([(id(x), near[0]) for x in runs[other]])
            runs[near[0]] += runs[other]
            runs[other] = []
        runs[near[0]].append(s)
        run_of[id(s)] = near[0]
    if not runs:
        return program
    readers: dict[int, set[int]] = {}  # variable -> the runs that read it, -1 for what is in none
    for s in program.steps:
        for x in s.args:
            readers.setdefault(id(x), set()).add(run_of.get(id(s), -1))
    for x in program.outputs:
        readers.setdefault(id(x), set()).add(-1)
    found = {id(s): s for n, run in enumerate(runs) if pays(run, n, readers) for s in run}
    return with_numbers(program, found) if found else program


def is_single(s: Variable) -> bool:
    """Whether a step is plain arithmetic on arrays of one floating number."""
    if not s.is_array or s.data.size != 1 or s.dtype.char not in "fd" or operation(s) is None:
        return False
    return all([x.data.size == 1 if x.is_array else True for x in s.args]) and all(
        [x.dtype == s.dtype or (x.kind == CONSTANT and not hasattr(x.data, "dtype")) for x in s.args]
    )


def operation(s: Variable) -> tuple[Op, int] | None:
    """What does the same on numbers, and how many of the operands it takes."""
    function = ufunc_of(s.op)
    if function is np.power and s.args[1].kind == CONSTANT and not s.args[1].is_array:
        return (SQUARE, 1) if float(s.args[1].data) == 2.0 else None
    return (s.op, len(s.args)) if function in EXACT and s.op is not None else None


def pays(run: list[Variable], n: int, readers: dict[int, set[int]]) -> bool:
    """Whether numbers are quicker, with what it costs to take them from arrays and to make arrays of them."""
    mine = {id(s) for s in run}
    read = {id(x) for s in run for x in s.args if x.is_array and x.kind != CONSTANT} - mine
    written = [s for s in run if readers.get(id(s), set()) - {n}]  # what others need
    return 3 * len(run) > len(read) + 3 * len(written)


def with_numbers(program: Program, found: dict[int, Variable]) -> Program:
    """The program with the steps `found` done on numbers."""
    numbers: dict[int, Variable] = {}  # of an array: its only element
    arrays: dict[int, Variable] = {}  # of a step that is done on numbers: the array that others need

    def number(x: Variable) -> Variable:
        if not x.is_array:
            return x
        if id(x) not in numbers:
            data = x.data.reshape(())[()]
            made = (
                constant(data)
                if x.kind == CONSTANT
                else Variable(STEP, data, shaping.RESHAPE, (x,), {"shape": ()})
            )
            made.site = x.site
            numbers[id(x)] = made
        return numbers[id(x)]

    for s in program.steps:
        if id(s) not in found:
            s.args = tuple([arrays.get(id(x), x) for x in s.args])
            continue
        how = operation(s)
        assert how is not None
        op, n = how
        data = s.data.reshape(())[()]
        args = tuple([number(x) for x in s.args[:n]])
        numbers[id(s)] = made = Variable(STEP, data, op, args, {}, s.name, s.site)
        arrays[id(s)] = Variable(STEP, s.data, shaping.RESHAPE, (made,), {"shape": s.shape}, site=s.site)
    outputs = [arrays.get(id(x), x) for x in program.outputs]
    steps = ordered(outputs, program.steps)
    return Program(program.inputs, program.closed, program.values, steps, outputs, program.written)


__all__ = ["narrowed"]
