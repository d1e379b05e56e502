"""Run a function once on Values whose every use is recorded: a Program, good for all calls."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from inspect import CO_GENERATOR
from operator import attrgetter
from typing import Any

import numpy as np

from autograd import anomaly, engine
from autograd.compiler import places
from autograd.compiler.program import CLOSED, INPUT, STEP, Program, Variable, constant
from autograd.engine import NO_PARAMS, Node, next_number
from autograd.messages import LIVE
from autograd.modes import TRACE, mode
from autograd.rules.indexing import SETITEM
from autograd.rules.kernels import Index
from autograd.rules.table import Op
from autograd.tracing import Tape, described, op_of, tape, unknown_index
from autograd.value import Value


class Traced(Value):
    """A Value of a program that is being traced; also what comparisons give."""

    __slots__ = ()
    __traced__ = True

    def as_index(self) -> Any:
        """The numbers of the call that is traced, for `x[self]`; TypeError or IndexError if it is no index."""
        if self._array.dtype.kind not in "iub":
            raise IndexError(
                f"an index is {described(self)}; only integers, slices, ..., None, and integer or boolean "
                f"arrays are indices: convert with .astype(int)"
            )
        if self._array.dtype.kind == "b":
            raise unknown_index(self)
        return self._array

    def looked_up(self, x: Any, index: Index) -> Any:
        """`x[index]`, this being a part of the index."""
        return places.recorded(x, index)

    # fmt: off
    def __and__(self, y: Any) -> Any: return logical(np.bitwise_and, self, y)
    def __rand__(self, y: Any) -> Any: return logical(np.bitwise_and, y, self)
    def __or__(self, y: Any) -> Any: return logical(np.bitwise_or, self, y)
    def __ror__(self, y: Any) -> Any: return logical(np.bitwise_or, y, self)
    def __xor__(self, y: Any) -> Any: return logical(np.bitwise_xor, self, y)
    def __rxor__(self, y: Any) -> Any: return logical(np.bitwise_xor, y, self)
    def __invert__(self) -> Any: return logical(np.bitwise_not, self)
    # fmt: on


class Leaked(Value):
    """What becomes of a Traced Value when its program is done: any use of it is an error."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_name", "_site"):
            raise AttributeError(name)
        site = object.__getattribute__(self, "_site").line
        raise RuntimeError(
            f"a Value that was computed inside a compiled function (at {site}) is used outside: it was there only "
            f"while the function was traced and has no numbers; return it from the function"
        )

    def __repr__(self) -> str:
        return "<a Value of a compiled function that was traced: no numbers>"


@dataclass(eq=False)
class Record(Tape):
    """A Tape that knows again the lines it has seen."""

    # by code and place in it, with the code, so that it stays
    sites: dict[tuple[int, int], tuple[anomaly.Site, Any]] = field(default_factory=dict)
    around: dict[Any, anomaly.Site] = field(default_factory=dict)  # by a frame of ours: who called it
    own: bool = False  # copy the plain arrays that are used
    copies: dict[int, tuple[Any, Any]] = field(default_factory=dict)  # itself, its copy

    def kept(self, x: Any) -> Any:
        """A plain array as it is now: a copy, the same one as long as nothing is written into the array."""
        if not (self.own and isinstance(x, np.ndarray)):
            return x
        found = self.copies.get(id(x))
        if found is None or (found[1] is not x and found[1].tobytes() != x.tobytes()):
            new = alike(x)
            self.copies[id(new)] = new, new
            found = self.copies[id(x)] = x, new
        return found[1]

    def site(self) -> anomaly.Site:
        """The user's line that is recording now.

        A walk back through the graph has many frames of ours above it, which stay where they are; the
        dictionary keeps them, so no other frame is taken for one.
        """
        frame: Any = sys._getframe(3)
        passed = []
        while frame is not None and anomaly._ours(frame.f_code.co_filename):
            if frame in self.around:
                return self.around[frame]
            passed.append(frame)
            frame = frame.f_back
        if frame is None:
            return NOWHERE
        code = frame.f_code
        key = id(code), frame.f_lasti  # a hash of the code itself, or the line, takes longer
        known = self.sites.get(key)
        if known is None:
            site = anomaly.Site(f"{code.co_filename}:{frame.f_lineno}", ())
            known = self.sites[key] = site, code
        found = known[0]
        if len(passed) > DEEP:
            self.around = {f: found for f in passed if not f.f_code.co_flags & CO_GENERATOR}
        return found


NOWHERE = anomaly.Site("?", ())
DEEP = 5  # frames: from so many on they are remembered


def traced(v: Any) -> None:
    """Make a result a part of the program that is being traced."""
    record: Any = tape.get()
    v.__class__ = Traced
    v._site = record.site()
    record.made.append(v)
    if record.own and np.ndarray in map(type, v.inputs):
        v.inputs = tuple([record.kept(x) for x in v.inputs])
    if not v.params:
        return
    if v.op is SETITEM and v.inputs[0]._number <= record.start:
        raise TypeError(
            "a compiled function changes a Value in place (v[...] = x); return the new data instead"
        )
    index = v.params.get("index")
    if isinstance(index, Index) and index.unknown:
        places.lifted(v)


def leaked(v: Any) -> None:
    """Take from a Value what it holds."""
    v.__class__ = Leaked
    del v._array, v.op, v.inputs, v.params, v.requires_grad


engine.Traced, engine.traced = Traced, traced


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
    v._site = anomaly.Site("its argument", ())
    return v


def trace(
    f: Callable[[list[Any]], Sequence[Any]],
    examples: Sequence[Any],
    names: Sequence[str | None],
    effects: bool = True,
    own: bool = False,
) -> Program:
    """The program of `f`, which takes a list of Values and returns results (Values or plain).

    examples: arrays or NumPy scalars, one for each argument; the program holds for all of the
    same shapes and dtypes.  What `f` assigns to the data of Values (`v.data = ...`) is part of the
    program too: its last outputs, in the order of `written`; left out without `effects`.
    own: copy the arrays that `f` uses, each time as they are then: a later write does not reach the program.
    """
    leaves = [leaf(x, name) for x, name in zip(examples, names, strict=True)]
    record = Record(next_number(), list(leaves), own=own)
    tokens = mode.set(mode.get() | TRACE), tape.set(record)
    try:
        with np.errstate(all="ignore"):
            results = f(list(leaves))
        return program_of(leaves, record, results, effects)
    finally:
        mode.reset(tokens[0])
        tape.reset(tokens[1])
        for v, n in record.numbers.values():
            v._number = n
        record.around.clear()
        record.copies.clear()
        for v in record.made:
            leaked(v)


def program_of(leaves: Sequence[Any], record: Record, results: Sequence[Any], effects: bool) -> Program:
    """The operations behind `results` and behind what was written, as a program."""
    start = record.start
    known: dict[int, Variable] = {id(v): Variable(INPUT, v._array, name=v._name) for v in leaves}
    inputs = list(known.values())
    closed: list[Variable] = []
    values: list[Any] = []
    writes: dict[int, list[tuple[int, Any]]] = {}  # by Value: number, new data
    for n, v, new in record.writes:
        writes.setdefault(id(v), []).append((n, new))

    def variable(x: Any, when: int | None = None) -> Variable:
        """The variable of a Value or plain operand as it was at a time, by default at the end."""
        if not isinstance(x, Node):
            return constant(record.kept(x))
        if id(x) in writes:
            news = [new for n, new in writes[id(x)] if when is None or n < when]
            if news:
                return variable(news[-1], when)
        found = known.get(id(x))
        if found is None:
            if (
                x._number > start and x.op is None and id(x) not in record.numbers
            ):  # made inside, from plain data
                found = known[id(x)] = constant(x._array)
            else:
                found = known[id(x)] = Variable(CLOSED, x._array, name=getattr(x, "_name", None))
                closed.append(found)
                values.append(x)
        return found

    steps: list[Variable] = []
    news = [new for _, _, new in record.writes]
    roots = [r for r in [*results, *news] if isinstance(r, Node)]
    roots += [v for v in record.made if v.op is not None and v.op.random]  # their generators move on
    for v in inside(roots, start):
        args = []
        for x in v.inputs:
            found = None if writes and id(x) in writes else known.get(id(x))
            args.append(variable(x, v._number) if found is None else found)
        site = getattr(v, "_site", None)
        where = site.line if site else ""
        known[id(v)] = s = Variable(
            STEP, v._array, v.op, tuple(args), v.params, getattr(v, "_name", None), where, v.requires_grad
        )
        steps.append(s)
    written = [v for v, _ in record.numbers.values()] if effects else []
    outputs = [variable(r) for r in [*results, *written]]
    return Program(inputs, closed, values, steps, outputs, written)


def alike(x: Any) -> Any:
    """A copy of an array that lies in memory as it does: NumPy rounds some functions otherwise in other layouts."""
    if x.flags.forc:
        return np.array(x, order="K")
    low, high = np.lib.array_utils.byte_bounds(x)
    room = np.zeros(high - low, np.uint8)
    new: Any = np.ndarray(x.shape, x.dtype, room, x.__array_interface__["data"][0] - low, x.strides)
    new[...] = x
    return new


def inside(roots: Sequence[Any], start: int) -> list[Any]:
    """The results behind `roots` that are newer than `start`, in the order of their numbers."""
    todo = [v for v in roots if v.op is not None and v._number > start]
    seen = {id(v): v for v in todo}
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Node) and x.op is not None and x._number > start and id(x) not in seen:
                seen[id(x)] = x
                todo.append(x)
    return sorted(seen.values(), key=attrgetter("_number"))


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
    if program.closed or program.written or program.outputs[0].kind != STEP:
        return None
    put = {id(x): args[i] for x, i in zip(program.inputs, places, strict=True)}
    for s in program.steps:
        s.args = tuple([put.get(id(x), x) for x in s.args])
    return program.steps, program.outputs[0]
