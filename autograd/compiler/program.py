"""Program: a traced function as a list of operations on variables that are not known yet."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from autograd.engine import NO_PARAMS
from autograd.rules.table import Op

INPUT, CLOSED, CONSTANT, STEP = "input", "closed", "constant", "step"
FLOAT64 = np.dtype(np.float64)


class Variable:
    """One number or array of a program: given (an input), fixed (a constant), or computed (a step).

    data: that of the call that was traced, a constant's for good.  name, site: the user's, and the
    user's line.  tracked: whether the step carried gradient: not in no_grad(), detached or a comparison.
    shape, dtype, is_array (whether it has axes) are the data's; a Python number's dtype is that of the
    array it would become.
    """

    __slots__ = (
        "args", "data", "dtype", "is_array", "kind", "name", "op", "params", "shape", "site", "tracked"
    )  # fmt: skip
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_array: bool

    def __init__(
        self,
        kind: str,
        data: Any,
        op: Op | None = None,
        args: tuple["Variable", ...] = (),
        params: dict[str, Any] = NO_PARAMS,
        name: str | None = None,
        site: str = "",
        tracked: bool = False,
    ) -> None:
        self.kind, self.data, self.op, self.args, self.params = kind, data, op, args, params
        self.name, self.site, self.tracked = name, site, tracked
        if type(data) is float or type(data) is np.float64:
            self.shape, self.dtype, self.is_array = (), FLOAT64, False
        else:
            data = data if hasattr(data, "dtype") else np.asarray(data)
            self.shape, self.dtype = data.shape, data.dtype
            self.is_array = bool(self.shape)


@dataclass(slots=True, eq=False)
class Program:
    """inputs: the arguments, in order; closed: Values the function closes over, with `values` that hold
    their data; steps: in an order in which they can be computed; outputs: what is returned, then
    the new data of the Values `written`, which are assigned after each run.
    """

    inputs: list[Variable]
    closed: list[Variable]
    values: list[Any]
    steps: list[Variable]
    outputs: list[Variable]
    written: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        """How many operations there are."""
        return len(self.steps)

    def uses(self) -> Counter[int]:
        """How often each variable is read, by identity; being returned counts as one."""
        return Counter(map(id, chain(chain.from_iterable([s.args for s in self.steps]), self.outputs)))


def reaching(program: Program, sources: Iterable[Variable]) -> list[bool]:
    """For each output whether it is made of one of `sources` through floating numbers alone."""
    live = {id(x) for x in sources}
    for s in program.steps:
        if s.dtype.kind == "f" and any([id(x) in live for x in s.args]):
            live.add(id(s))
    return [id(x) in live for x in program.outputs]


def ordered(outputs: Sequence[Variable], before: Iterable[Variable] = ()) -> list[Variable]:
    """The steps behind `outputs`, operands first, and all that draw random numbers, in the order of `before`."""
    return reached([*drawing(before), *outputs])


def drawing(steps: Iterable[Variable]) -> list[Variable]:
    """Those of the steps that draw random numbers."""
    return [x for x in steps if x.op is not None and x.op.random]


def reached(outputs: Iterable[Variable], ready: set[int] | None = None) -> list[Variable]:
    """The steps behind `outputs` that are not `ready`, operands first; no recursion.  Then they are."""
    done: set[int] = set()
    ready = set() if ready is None else ready
    order: list[Variable] = []
    todo = list(outputs)[::-1]
    while todo:
        x = todo[-1]
        n = id(x)
        if n in ready or x.kind != STEP:
            todo.pop()
        elif n in done:  # its operands are in order
            ready.add(n)
            order.append(todo.pop())
        else:
            done.add(n)
            todo += [y for y in x.args[::-1] if y.kind == STEP and id(y) not in ready]
    return order


def step(op: Op, args: Sequence[Variable], params: dict[str, Any], data: Any, like: Variable) -> Variable:
    """A step that a pass puts in place of `like`."""
    return Variable(STEP, data, op, tuple(args), params, like.name, like.site)


def constant(data: Any) -> Variable:
    """A variable that is always the same."""
    return Variable(CONSTANT, data)
