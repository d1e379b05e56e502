"""A program as it was traced, recorded again: for the gradients of a call, with the random numbers that it drew."""

from collections.abc import Sequence
from typing import Any

from autograd import anomaly
from autograd.compiler.program import CONSTANT, STEP, Program, Variable, drawing, reached
from autograd.engine import record
from autograd.modes import no_grad
from autograd.tracing import is_tracing


def copied(program: Program) -> Program:
    """A program that passes do not change: with all operations and their rules."""
    put: dict[int, Variable] = {}
    for s in program.steps:
        args = tuple([put.get(id(x), x) for x in s.args])
        put[id(s)] = Variable(
            STEP, 0.0, s.op, args, s.params, s.name, s.site, s.tracked
        )  # no data: it is large
    outputs = [put.get(id(x), x) for x in program.outputs]
    return Program(program.inputs, program.closed, program.values, [*put.values()], outputs, program.written)


def with_draws(program: Program) -> Program:
    """The program that returns its random draws too, after the results and before what is written."""
    n = len(program.outputs) - len(program.written)
    outputs = [*program.outputs[:n], *drawing(program.steps), *program.outputs[n:]]
    return Program(program.inputs, program.closed, program.values, program.steps, outputs, program.written)


def replayed(program: Program, j: int, values: Sequence[Any], draws: Sequence[Any]) -> Any:
    """Result `j`, a Value if it is made of Values; draws: what is taken in place of random numbers.

    values: numbers, arrays or Values for the inputs, then for what the function closes over.
    The function itself does not run again: what it reads outside may have changed.
    """
    drawn = drawing(program.steps)
    given = zip([*program.inputs, *program.closed, *drawn], [*values, *draws], strict=True)
    at = {id(x): v for x, v in given}

    def of(x: Variable) -> Any:
        return x.data if x.kind == CONSTANT else at[id(x)]

    tracing = is_tracing()
    out = program.outputs[j]
    for s in reached([out], {id(x) for x in drawn}):
        assert s.op is not None
        args = [of(x) for x in s.args]
        if s.tracked:
            made = record(s.op, args, s.params)
        else:
            with no_grad():
                made = record(s.op, args, s.params)
        if tracing and made.op is not None:
            made._name, made._site = s.name, anomaly.Site(s.site, ())
        at[id(s)] = made if tracing or made.requires_grad else made._array
    return of(out)
