"""Programs of small float64 arrays as programs of numbers: no loop, no array in between, one call of machine code."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.compiler import machine, scalars
from autograd.compiler.arrays import EXTREMES
from autograd.compiler.names import Names
from autograd.compiler.parts import tupled
from autograd.compiler.passes import SCATTERED, multiplied, needed, rewritten, sharer, simpler, unsigned
from autograd.compiler.program import INPUT, STEP, Program, Variable, constant
from autograd.compiler.ufuncs import ufunc_of
from autograd.rules import elementwise as el
from autograd.rules import indexing, reductions, shaping
from autograd.rules.contraction import MATMUL
from autograd.rules.table import Op

MOST = 2000  # steps on numbers: more would take LLVM seconds
VIEWS = frozenset(
    (shaping.RESHAPE, shaping.TRANSPOSE, shaping.BROADCAST_TO, shaping.FLIP, indexing.GETITEM, el.IDENTITY)
)
Elements = Any  # an object array of Variables, one for each element


def unrolled(program: Program) -> "tuple[Program, dict[int, Elements]] | None":
    """The program on the elements of its arrays, and the elements of each variable; None if it is not for this."""
    known = [*program.inputs, *program.closed, *program.steps]
    if program.written or any([x.dtype.kind not in "fb" or x.dtype.itemsize not in (1, 8) for x in known]):
        return None
    if any([0 in x.shape for x in known]):
        return None
    if sum([x.data.size for x in program.steps if hasattr(x.data, "size")]) > MOST:
        return None
    writer = Unroller()
    for x in [*program.inputs, *program.closed]:
        writer.of[id(x)] = writer.given(x)
    for s in program.steps:
        if not writer.unroll(s) or len(writer.steps) > MOST:
            return None
    inputs = [y for x in [*program.inputs, *program.closed] for y in writer.of[id(x)].flat]
    outputs = [y for x in program.outputs for y in writer.elements(x).flat]
    flat = Program(inputs, [], [], writer.steps, outputs)
    if scalars.fits(flat, "b"):
        return None
    return needed(rewritten(flat, simpler, sharer())), writer.of


class Unroller:
    """Makes a step for each element."""

    def __init__(self) -> None:
        self.of: dict[int, Elements] = {}
        self.steps: list[Variable] = []

    def given(self, x: Variable) -> Elements:
        names = [f"{x.name or 'x'}_{i}" for i in range(x.data.size)] if x.is_array else [x.name]
        numbers = np.ravel(x.data)
        return shaped([Variable(INPUT, v, name=n) for v, n in zip(numbers, names, strict=True)], x.shape)

    def elements(self, x: Variable) -> Elements:
        if id(x) not in self.of:  # a constant: NumPy's numbers stay strong, Python's weak
            data = x.data if x.is_array else np.asarray(x.data)
            self.of[id(x)] = shaped([constant(v) for v in data.flat] if x.is_array else [x], x.shape)
        return self.of[id(x)]

    def step(self, op: Op, *args: Variable) -> Variable:
        function = ufunc_of(op)
        with np.errstate(all="ignore"):
            data = (
                function(*[x.data for x in args])
                if function is not None
                else op.forward(*[x.data for x in args])
            )
        self.steps.append(Variable(STEP, np.asarray(data)[()], op, args))
        return self.steps[-1]

    def unroll(self, s: Variable) -> bool:
        """The elements of one step; False if there is no way."""
        args = [self.elements(x) for x in s.args]
        assert s.op is not None
        made: Elements
        if ufunc_of(s.op) in scalars.FORMULAS or s.op is el.WHERE:
            op = s.op
            made = np.frompyfunc(lambda *xs: self.step(op, *xs), len(args), 1)(*args)
        elif s.op is indexing.GETITEM and not s.params["index"].basic:
            return False
        elif s.op in VIEWS:
            made = s.op.forward(args[0], **s.params)
        elif s.op in (reductions.SUM, reductions.MEAN, *EXTREMES):
            made = self.reduced(s, args[0])
        elif s.op is MATMUL and all([x.ndim in (1, 2) for x in args]):
            made = self.product(*args)
        elif s.op is SCATTERED or (s.op is indexing.SCATTER_ADD and s.params["index"].basic):
            made = shaped([constant(np.float64(0.0)) for _ in range(s.data.size)], s.shape)
            places = s.params["indices"] if s.op is SCATTERED else [s.params["index"].parts]
            for place, x in zip(places, args, strict=True):
                made[place] = x if x.ndim else x[()]
        else:
            return False
        self.of[id(s)] = made if isinstance(made, np.ndarray) else shaped([made], ())
        return True

    def reduced(self, s: Variable, x: Elements) -> Elements:
        """Along some axes, in NumPy's order where that is plain."""
        axes = s.params["axis"] or ()
        rest = [a for a in range(-x.ndim, 0) if a not in axes]
        rows = x.transpose([*rest, *axes]).reshape(*[x.shape[a] for a in rest], -1)
        if s.op in EXTREMES:
            extreme = el.EXTREMES[np.maximum if s.op is reductions.MAX else np.minimum][0]
            join: Callable[[Sequence[Any]], Any] = lambda xs: self.chain(extreme, xs)
        else:
            join = self.total
        made = shaped([join(list(row)) for row in rows.reshape(-1, rows.shape[-1])], rows.shape[:-1])
        if s.op is reductions.MEAN:
            n = constant(float(rows.shape[-1]))
            made = shaped([self.step(el.DIVIDE, y, n) for y in made.flat], made.shape)
        return made.reshape(s.shape)

    def chain(self, op: Op, xs: Sequence[Variable]) -> Variable:
        found = xs[0]
        for x in xs[1:]:
            found = self.step(op, found, x)
        return found

    def total(self, xs: Sequence[Variable]) -> Variable:
        """As NumPy sums up to 128 numbers that lie side by side: eight sums at a time; no sum is -0.0."""
        zero = constant(0.0)
        if not 8 <= len(xs) <= 128:
            return self.chain(el.ADD, [*xs, zero])
        n = len(xs) - len(xs) % 8
        a = [self.chain(el.ADD, xs[i:n:8]) for i in range(8)]
        while len(a) > 1:
            a = [self.step(el.ADD, x, y) for x, y in zip(a[::2], a[1::2], strict=True)]
        return self.chain(el.ADD, [*a, *xs[n:], zero])

    def product(self, x: Elements, y: Elements) -> Elements:
        """The matrix product."""
        a, b = np.atleast_2d(x), y if y.ndim == 2 else y[:, None]
        pairs = [zip(row, column, strict=True) for row in a for column in b.T]
        zero = constant(0.0)
        made = [
            self.chain(el.ADD, [*[self.step(el.MULTIPLY, p, q) for p, q in pair], zero]) for pair in pairs
        ]
        return shaped(made, (*x.shape[:-1], *y.shape[1:]))


def shaped(xs: Sequence[Any], shape: tuple[int, ...]) -> Elements:
    """An object array of Variables."""
    made = np.empty(len(xs), object)
    made[:] = xs
    return made.reshape(shape)


def source(program: Program) -> str | None:
    """The text of a function `run` of the arrays of a program; None if it is not for this."""
    found = unrolled(program)
    if found is None or not program.steps:
        return None
    flat, of = found
    flat = multiplied(unsigned(flat))
    names = Names(flat, (f"out{i}" for i in range(len(program.outputs))))
    given, before = [], []
    for x in [*program.inputs, *program.closed]:
        if not x.is_array:
            given.append(names[of[id(x)][()]])
            continue
        given.append(names.unused(x.name or "x"))
        before += [
            f"{names[y]} = {given[-1]}[{', '.join(map(str, at))}]" for at, y in np.ndenumerate(of[id(x)])
        ]
    body = [*before, *scalars.lines_of(flat, names, machine.ELEMENTS)]
    results = iter(flat.outputs)
    returned = []
    for i, x in enumerate(program.outputs):
        if not x.is_array:
            returned.append(scalars.atom(next(results), names))
            continue
        returned.append(f"out{i}")
        body.append(f"out{i} = empty({x.shape}{', bool_' if x.dtype.kind == 'b' else ''})")
        body += [
            f"out{i}[{', '.join(map(str, at))}] = {scalars.atom(next(results), names)}"
            for at in np.ndindex(x.shape)
        ]
    body.append(f"return {tupled(returned)}")
    return "\n".join([f"def run({', '.join(given)}):", *[f"    {line}" for line in body], ""])
