"""The `numba` back end: programs of numbers, and runs of cheap elementwise operations, as machine code.

A run of elementwise steps of one shape becomes one loop: each element is read once, everything is
computed in registers, only what others need is written; the sum over the rows of a matrix goes along.
exp, log and their like stay with NumPy, whose vectorized ones are quicker.  Matrix products are
NumPy's.  No reordering, no fused multiply-add: in a loop every element has NumPy's bits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from autograd.compiler import arrays, machine, passes, scalars, unrolled
from autograd.compiler.arrays import Planner
from autograd.compiler.names import Names, comment
from autograd.compiler.program import CONSTANT, Program, Variable
from autograd.compiler.recycled import LARGE, buffers_like
from autograd.compiler.ufuncs import ufunc_of
from autograd.rules import elementwise as el
from autograd.rules import reductions

CHEAP = frozenset(
    (
        np.add,
        np.subtract,
        np.multiply,
        np.divide,
        np.negative,
        np.positive,
        np.absolute,
        np.fabs,
        np.square,
        np.sqrt,
        np.sign,
        np.reciprocal,
        np.maximum,
        np.minimum,
        np.equal,
        np.not_equal,
        np.less,
        np.less_equal,
        np.greater,
        np.greater_equal,
        np.bitwise_and,
        np.bitwise_or,
        np.bitwise_not,
        np.logical_and,
        np.logical_or,
        np.logical_not,
        np.isnan,
    )
)


class UnavailableError(Exception):
    """numba is not installed, or cannot compile a program."""


def njit(function: Callable[..., Any]) -> Any:
    """numba's compilation, with IEEE arithmetic and NumPy's answers to division by zero."""
    try:
        import numba
    except ImportError:
        raise UnavailableError(
            'the numba back end needs numba; install it with: pip install "stepgrad[jit]"'
        ) from None
    return numba.njit(error_model="numpy", fastmath=False)(function)


@lru_cache(256)
def machine_code(text: str, name: str, things: tuple[tuple[str, Any], ...]) -> Any:
    """The function `name` of a text that refers to `things`: the same text is compiled once in a process."""
    from autograd.compiler.executable import loaded

    return njit(loaded(text, dict(things), name)[name])


def abs_of(x: float) -> float:
    return abs(x)


# --- runs of elementwise steps --------------------------------------------------------------------


@dataclass(eq=False)
class Loop:
    """Elementwise steps of one shape, computed element by element, and sums of their columns."""

    shape: tuple[int, ...]
    steps: list[Variable] = field(default_factory=list)
    sums: list[Variable] = field(default_factory=list)


@dataclass
class Fuser(Planner):
    """A Planner that gathers elementwise steps into loops."""

    open: list[Loop] = field(default_factory=list)
    inside: dict[int, Loop] = field(default_factory=dict)  # step -> the open loop it is in
    loops: list[str] = field(default_factory=list)

    def emit(self, s: Variable) -> None:
        """Into an open loop if it can be; else a line, after the loops that it needs."""
        fits = fusable(s)
        if sums_columns(s) and id(s.args[0]) in self.inside:
            self.inside[id(s)] = self.inside[id(s.args[0])]
            self.inside[id(s)].sums.append(s)
            return
        for x in s.args:
            near = self.inside.get(id(x))
            if near is not None and not (fits and near.shape == s.shape and x.op is not reductions.SUM):
                self.close(near)
        if not fits:
            super().emit(s)
            return
        loop = next((a for a in self.open if a.shape == s.shape), None)
        if loop is None:
            self.open.append(loop := Loop(s.shape))
        loop.steps.append(s)
        self.inside[id(s)] = loop

    def finish(self) -> None:
        """Everything that is still open."""
        for loop in list(self.open):
            self.close(loop)

    def close(self, loop: Loop) -> None:
        """The loop as one call; what later steps need is written into buffers."""
        self.open.remove(loop)
        whole = [*loop.steps, *loop.sums]
        for s in whole:
            del self.inside[id(s)]
        if len(whole) == 1:
            super().emit(loop.steps[0])
            return
        mine = {id(s) for s in loop.steps}
        inner: dict[int, int] = {}
        for s in whole:
            for x in s.args:
                inner[id(x)] = inner.get(id(x), 0) + 1
        outputs = [s for s in loop.steps if self.left[id(s)] > inner.get(id(s), 0)]
        outputs = outputs or [loop.sums[0].args[0]]  # the loop goes along it
        read = list({id(x): x for s in loop.steps for x in s.args if id(x) not in mine}.values())
        given = [x for x in read if x.kind != CONSTANT or x.is_array]
        targets = []
        for s in outputs:
            # an operand's buffer is taken over only where all of its reads are in this loop
            reuse = [x for x in given if x.shape == s.shape and self.left.get(id(x)) == inner[id(x)]]
            targets.append(self.target(s, reuse))
        targets += [self.target(s, []) for s in loop.sums]
        results = [*outputs, *loop.sums]
        at = self.places(given, outputs)
        arguments = [self.text(x) for x in given if at[id(x)].startswith("a")]
        name = self.names.unused(f"loop{len(self.loops)}")
        text, namespace = self.kernel(name, loop, given, outputs, at)
        self.namespace[name] = machine_code(text, name, tuple(namespace.items()))
        self.loops.append(text)
        for s, target in zip(results, targets, strict=True):
            self.lines.append(f"{self.names[s]} = {target}{comment(s)}")
        self.lines.append(f"{name}({', '.join([*arguments, *[self.names[s] for s in results]])})")
        for s in whole:
            self.release(s)

    def places(self, given: list[Variable], outputs: list[Variable]) -> dict[int, str]:
        """What a loop calls its operands: as the output that takes over their buffer, where one does.

        Written twice, LLVM would have to expect that one is read after the other is written.
        """
        at = {id(x): f"a{i}" for i, x in enumerate(given)}
        for i, s in enumerate(outputs):
            for x in given:
                if x.shape == s.shape and self.is_in_place(x, s):
                    at[id(x)] = f"out{i}"
        return at

    def target(self, s: Variable, reuse: list[Variable]) -> str:
        """What an output of a loop is written into: a buffer, or a new array that is returned."""
        if id(s) in self.returned:
            if s.data.nbytes >= LARGE:
                return self.recycled(s)
            return f"{self.known(np.empty_like, '')}({self.known(np.empty_like(s.data), 'like')})"
        key = self.key(s)
        for x in reuse:
            mine = self.held.get(id(x), set())
            if len(mine) == 1 and self.key(x) == key:
                (b,) = mine
                if self.users[b] == 1 and self.keys[b] == key:
                    return self.hold(s, b)
        return self.room(s)

    def kernel(
        self, name: str, loop: Loop, given: list[Variable], outputs: list[Variable], at: dict[int, str]
    ) -> tuple[str, dict[str, Any]]:
        """The source of the loop."""
        namespace: dict[str, Any] = {"sqrt": np.sqrt, "fabs": abs, "inf": np.inf, "nan": np.nan}
        axes = len(loop.shape)
        body: list[str] = []
        local: dict[int, str] = {}
        for i, x in enumerate(given):
            local[id(x)] = f"e{i}"
            body.append(f"e{i} = {element(at[id(x)], x, axes)}")
        for i, s in enumerate(loop.steps):
            args = [local.get(id(x)) or cast(x, s, namespace) for x in s.args]
            function = ufunc_of(s.op)
            if s.op is el.WHERE:
                text = f"{args[1]} if {args[0]} else {args[2]}"
            else:
                assert function is not None
                text = scalars.FORMULAS[function](*args)
            kind = s.dtype.type.__name__
            namespace[kind] = s.dtype.type
            local[id(s)] = f"t{i}"
            body.append(f"t{i} = {text}" if s.dtype.kind == "b" else f"t{i} = {kind}({text})")
        index = ", ".join([f"i{d}" for d in range(axes)])
        body += [f"out{i}[{index}] = {local[id(s)]}" for i, s in enumerate(outputs)]
        operands = [at[id(x)] for x in given if at[id(x)].startswith("a")]
        parameters = [*operands, *[f"out{i}" for i in range(len(outputs))]]
        lines = []
        for i, s in enumerate(loop.sums):  # row by row, as NumPy adds them up
            kind = s.dtype.type.__name__
            parameters.append(f"sum{i}")
            lines += ["    for i1 in range(out0.shape[1]):", f"        sum{i}[i1] = {kind}(0.0)"]
            body.append(f"sum{i}[i1] = {kind}(sum{i}[i1] + {local[id(s.args[0])]})")
        lines.insert(0, f"def {name}({', '.join(parameters)}):")
        for d in range(axes):
            lines.append(f"{'    ' * (d + 1)}for i{d} in range(out0.shape[{d}]):")
        lines += [f"{'    ' * (axes + 1)}{line}" for line in body]
        return "\n".join([*lines, ""]), namespace


def sums_columns(s: Variable) -> bool:
    """Whether a step is the sum over the rows of a matrix, which NumPy adds up one after the other."""
    if s.op is not reductions.SUM or s.params["axis"] != (-2,) or s.params["keepdims"]:
        return False
    x = s.args[0]
    rows = len(x.shape) == 2 and x.shape[1] > 1 and x.data.flags.c_contiguous
    return rows and s.dtype == x.dtype and s.dtype.kind == "f"


def early(steps: Sequence[Variable]) -> list[Variable]:
    """The steps, with the sums of columns beside what they sum up: while its loop is open."""
    sums: dict[int, list[Variable]] = {}
    for s in steps:
        if sums_columns(s) and fusable(s.args[0]):
            sums.setdefault(id(s.args[0]), []).append(s)
    moved = {id(s) for each in sums.values() for s in each}
    return [x for s in steps if id(s) not in moved for x in (s, *sums.get(id(s), ()))]


COMPARISONS = frozenset((np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal))


def fusable(s: Variable) -> bool:
    """Whether a step can go into a loop: cheap, elementwise, of floats or truth values; of integers to compare or choose."""
    if not s.is_array or any(
        [x.dtype.kind not in "fbi" or x.dtype.itemsize in (2, 16) for x in (s, *s.args)]
    ):
        return False
    integers = any([x.dtype.kind == "i" and x.is_array for x in s.args])
    if s.op is el.WHERE or (integers and ufunc_of(s.op) in COMPARISONS):
        return not integers or not any([x.dtype.kind == "f" for x in s.args])
    return s.dtype.kind != "i" and ufunc_of(s.op) in CHEAP and not integers


def element(name: str, x: Variable, axes: int) -> str:
    """One element of an operand, broadcast against the loop's indices."""
    if not x.is_array:
        return name
    lead = axes - len(x.shape)
    return f"{name}[{', '.join(['0' if n == 1 else f'i{lead + d}' for d, n in enumerate(x.shape)])}]"


def cast(x: Variable, s: Variable, namespace: dict[str, Any]) -> str:
    """A constant number, rounded to the dtype in which NumPy would use it."""
    number = x.data.item() if hasattr(x.data, "item") else x.data
    if isinstance(number, bool):
        return repr(number)
    floats = [y.dtype for y in s.args if y.kind != CONSTANT and y.dtype.kind == "f"]
    kind = x.dtype.type if hasattr(x.data, "dtype") else (floats[0].type if floats else s.dtype.type)
    if kind is np.bool_:
        return repr(number)
    namespace[kind.__name__] = kind
    text = (
        "nan"
        if number != number
        else "inf"
        if number == np.inf
        else "(-inf)"
        if number == -np.inf
        else repr(number)
    )
    return f"{kind.__name__}({text})"


# --- programs ---------------------------------------------------------------------------------------


def executable(program: Program, name: str, why: str) -> Any:
    """Machine code for a program; raises UnavailableError without numba."""
    from autograd.compiler.executable import Executable, loaded

    njit(abs_of)  # is it there?
    names = Names(program)
    whole = unrolled.source(program) if why else scalars.source(program, names, machine.FORMULAS)
    if whole is not None:
        run = machine.function(whole, "".join([x.dtype.kind for x in program.outputs if not x.is_array]))
        try:
            run.compile(machine.types_of([*program.inputs, *program.closed]))
        except Exception as error:  # of numba, LLVM, or what is written here
            first = str(error).partition("\n")[0]
            raise UnavailableError(
                f"numba cannot compile {name} ({type(error).__name__}: {first})"
            ) from error
        return Executable(program, "numba", whole, lambda: run, why, name, whole=True)
    program = passes.outer(program)
    program.steps = early(program.steps)
    names = Names(program)
    fuser = Fuser(program, names)
    code = arrays.code(program, names, fuser)
    made = loaded(code.texts, code.namespace, name)["make"]
    text = "\n".join([*fuser.loops, *code.texts])

    def fresh() -> Callable[..., tuple[Any, ...]]:
        run: Callable[..., tuple[Any, ...]] = made(*buffers_like(code.buffers))
        return run

    return Executable(program, "numba", text, fresh, why, name, code.foreign)
