"""Run a function once on Values whose every use is recorded: a Program, good for all calls."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import engine
from autograd.compiler.program import CLOSED, INPUT, STEP, Program, Variable, constant, ordered
from autograd.engine import LIVE, NO_PARAMS, Node, next_number
from autograd.modes import TRACE, mode
from autograd.rules.table import Op
from autograd.tracing import op_of
from autograd.value import Value


class Traced(Value):
    """A Value of a program that is being traced; also what comparisons give."""

    __slots__ = ()
    __traced__ = True

    # fmt: off
    def __and__(self, y: Any) -> Any: return logical(np.bitwise_and, self, y)
    def __rand__(self, y: Any) -> Any: return logical(np.bitwise_and, y, self)
    def __or__(self, y: Any) -> Any: return logical(np.bitwise_or, self, y)
    def __ror__(self, y: Any) -> Any: return logical(np.bitwise_or, y, self)
    def __xor__(self, y: Any) -> Any: return logical(np.bitwise_xor, self, y)
    def __rxor__(self, y: Any) -> Any: return logical(np.bitwise_xor, y, self)
    def __invert__(self) -> Any: return logical(np.bitwise_not, self)
    # fmt: on


engine.Traced = Traced


def logical(function: np.ufunc, *args: Any) -> Any:
    """A bitwise operation on booleans or integers, recorded."""
    data = function(*[engine.raw(x) for x in args])
    return engine.result(data, op_of(function, len(args)), args, NO_PARAMS, False)


def leaf(data: Any, name: str | None) -> Traced:
    """What stands for an argument."""
    v: Traced = object.__new__(Traced)
    v._array, v._grad, v._number = data, None, next_number()
    v.op, v.inputs, v.params, v.state = None, (), NO_PARAMS, LIVE
    v.requires_grad = data.dtype.kind == "f"
    v._name = name
    return v


def trace(
    f: Callable[[list[Any]], Sequence[Any]], examples: Sequence[Any], names: Sequence[str | None]
) -> Program:
    """The program of `f`, which takes a list of Values and returns results (Values or plain).

    examples: arrays or NumPy scalars, one for each argument; the program holds for all of the
    same shapes and dtypes.
    """
    leaves = [leaf(x, name) for x, name in zip(examples, names, strict=True)]
    start = next_number()
    token = mode.set(mode.get() | TRACE)
    try:
        with np.errstate(all="ignore"):
            results = f(list(leaves))
    finally:
        mode.reset(token)
    known: dict[int, Variable] = {id(v): Variable(INPUT, v._array, name=v._name) for v in leaves}
    inputs = [known[id(v)] for v in leaves]
    closed: list[Variable] = []
    values: list[Any] = []

    def variable(x: Any) -> Variable:
        """The variable of a Value or plain operand that is not a step."""
        if not isinstance(x, Node):
            return constant(x)
        found = known.get(id(x))
        if found is None:
            if x._number > start and x.op is None:  # made inside, from plain data
                found = known[id(x)] = constant(x._array)
            else:
                found = known[id(x)] = Variable(CLOSED, x._array, name=getattr(x, "_name", None))
                closed.append(found)
                values.append(x)
        return found

    for v in sorted(inside([r for r in results if isinstance(r, Node)], start), key=number):
        args = tuple([known[id(x)] if id(x) in known else variable(x) for x in v.inputs])
        site = getattr(v, "_site", None)
        known[id(v)] = Variable(
            STEP, v._array, v.op, args, v.params, getattr(v, "_name", None), site.line if site else ""
        )
    outputs = [variable(r) for r in results]
    return Program(inputs, closed, values, ordered(outputs), outputs)


def number(v: Any) -> int:
    return int(v._number)


def inside(roots: Sequence[Any], start: int) -> list[Any]:
    """The recorded results behind `roots` that are newer than `start`."""
    todo = [v for v in roots if v.op is not None and v._number > start]
    seen = {id(v): v for v in todo}
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Node) and x.op is not None and x._number > start and id(x) not in seen:
                seen[id(x)] = x
                todo.append(x)
    return list(seen.values())


def inlined(
    op: Op, args: Sequence[Variable], params: dict[str, Any]
) -> tuple[list[Variable], Variable] | None:
    """The steps of an operation's own forward on `args`; None where it is not plain NumPy all through."""
    places = [i for i, x in enumerate(args) if x.kind != "constant"]

    def run(values: list[Any]) -> list[Any]:
        given: list[Any] = [x.data for x in args]
        for i, v in zip(places, values, strict=True):
            given[i] = v
        return [op.forward(*given, **params)]

    try:
        program = trace(run, [args[i].data for i in places], [None] * len(places))
    except Exception:  # it looks at its numbers: it stays one operation
        return None
    if program.closed or program.outputs[0].kind != STEP:
        return None
    put = {id(x): args[i] for x, i in zip(program.inputs, places, strict=True)}
    for s in program.steps:
        s.args = tuple([put.get(id(x), x) for x in s.args])
    return program.steps, program.outputs[0]
