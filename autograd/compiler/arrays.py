"""The `numpy` back end: straight-line NumPy calls that write into buffers planned beforehand.

The same functions on the same operands in the same memory layout as without compiling: the same
bits.  What is saved is the recording, and the page faults of fresh buffers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.compiler.buffers import Buffers, key_of
from autograd.compiler.names import Names, comment
from autograd.compiler.parts import defined, parted, tupled
from autograd.compiler.passes import SCATTERED
from autograd.compiler.program import CONSTANT, STEP, Program, Variable, constant
from autograd.compiler.recycled import LARGE, LINE
from autograd.compiler.side import Group, Row, groups_of
from autograd.compiler.stacked import SUMS
from autograd.compiler.ufuncs import ufunc_of
from autograd.rules import elementwise as el
from autograd.rules import indexing, reductions, shaping, windows
from autograd.rules.contraction import MATMUL
from autograd.rules.table import Op

VIEWS = frozenset(
    (shaping.RESHAPE, shaping.TRANSPOSE, shaping.BROADCAST_TO, shaping.FLIP, windows.WINDOWS, el.IDENTITY)
)
PLAIN_VIEWS = frozenset((shaping.RESHAPE, shaping.TRANSPOSE, indexing.GETITEM))
INFIX = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.remainder: "%",
    np.floor_divide: "//", np.equal: "==", np.not_equal: "!=", np.less: "<", np.less_equal: "<=",
    np.greater: ">", np.greater_equal: ">=", np.bitwise_and: "&", np.bitwise_or: "|", np.bitwise_xor: "^",
}  # fmt: skip
ADD_REDUCE = np.add.reduce
ZERO = constant(0.0)
EXTREMES = {reductions.MAX: np.maximum, reductions.MIN: np.minimum}
LARGER_OR_SMALLER = frozenset(EXTREMES.values())
QUICK = 1 << 14  # bytes: below, an assignment is quicker than np.copyto
POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal, 1: np.positive}  # as ndarray.__pow__ has them


@dataclass(slots=True)
class Code:
    """The text of functions, what it refers to, and the buffers it needs."""

    texts: list[str]  # of the functions; the last of them makes the others into one
    namespace: dict[str, Any]
    buffers: list[Any]  # one like each is to be allocated
    foreign: bool  # whether it runs code that is neither ours nor NumPy's


@dataclass
class Planner(Buffers):
    """Emits one line per step, the last ones inside it where nothing else needs them."""

    numbers: dict[Any, str] = field(default_factory=dict)  # constants that are used with arrays
    cells: dict[int, str] = field(default_factory=dict)  # numbers used with arrays -> arrays without axes
    fixed: dict[int, Any] = field(default_factory=dict)  # variables that are views of a buffer -> such views
    groups: dict[int, Group] = field(default_factory=dict)  # step -> what is computed with it, not yet
    done: set[int] = field(default_factory=set)  # steps of such groups
    side: dict[int, str] = field(default_factory=dict)  # Row -> its buffer
    stacks: dict[int, tuple[str, list[str]]] = field(default_factory=dict)  # SUMS -> a buffer, its rows
    # an elementwise step, what computes it, and how many lines there were then
    latest: tuple[Variable | None, str, int] = (None, "", 0)

    # --- steps --------------------------------------------------------------------------------------

    def lay(self, groups: list[Group]) -> None:
        """A buffer for the arrays that lie side by side; each begins with a cache line."""
        self.groups = {id(s): g for g in groups for s in g.steps}
        for row in {
            id(row): row for g in groups for row in (*g.args, g.made) if isinstance(row, Row)
        }.values():
            dtype, each = row.members[0].dtype, LINE // row.members[0].dtype.itemsize
            starts = np.cumsum([0, *[-(-x.data.size // each) * each for x in row.members]]).tolist()
            whole = np.empty(starts[-1], dtype)
            text = self.side[id(row)] = f"buffer{self.another(whole, key_of(whole))}"
            self.before.append(f"{text}.fill(0)")  # what lies between is computed too
            for x, start in zip(row.members, starts[:-1], strict=True):
                name = self.names[x]
                if id(x) not in self.groups:
                    name = self.rows[id(x)] = self.names.unused(f"row{len(self.before)}")
                self.before.append(
                    f"{name} = {text}[{start}:{start + x.data.size}].reshape({x.shape}){comment(x)}"
                )

    def together(self, g: Group) -> None:
        """The line of a group, where the first of its steps is due."""
        first = g.steps[0]
        args = [self.side[id(x)] if isinstance(x, Row) else self.shared(x, first) for x in (*g.args, g.made)]
        self.line(first, f"{self.known(ufunc_of(first.op), '')}({', '.join(args)})")
        for s in g.steps:
            del self.groups[id(s)]
            self.done.add(id(s))
            self.release(s)

    def shared(self, x: Variable, s: Variable) -> str:
        """A number as an operand of an array."""
        return self.operand(x, s) if x.kind == CONSTANT else self.cell(x, s)

    def emit(self, s: Variable) -> None:
        """The line, or lines, of one step."""
        if id(s) in self.groups:
            self.together(self.groups[id(s)])
        if id(s) in self.done:
            return
        function = ufunc_of(s.op)
        name = self.names.of[id(s)]
        if function is not None and s.is_array and len(s.args) == function.nin:
            if function is np.matmul and by_dot(s):
                x, y = [self.text(x) for x in s.args]
                room = self.room(s)
                out = "" if room == "None" else f", {room}"
                made = f"{x}.dot({y}{out})"
                if (
                    s.args[1].shape[0] == 1
                ):  # a product that is too small may be -0.0; a sum, as in `x @ y`, is not
                    made = f"{self.known(np.add, '')}({made}, {self.operand(ZERO, s)}{out})"
                self.line(s, f"{name} = {made}")
            else:
                self.elementwise(s, function, name)
        else:
            self.other(s, function, name, [self.text(x) for x in s.args])
        self.release(s)

    def elementwise(self, s: Variable, function: np.ufunc, name: str) -> None:
        """The line of a ufunc of arrays."""
        of = self.names.of
        infix, extreme = function in INFIX, function in LARGER_OR_SMALLER
        args = []
        for x in s.args:
            if x.kind == CONSTANT:
                args.append(self.operand(x, s) if infix or extreme else self.text(x))
            elif x is self.latest[0] and x.site == s.site and self.left[id(x)] == 1:
                args.append(self.nested())
            elif x.is_array or not infix:
                args.append(of[id(x)])
            else:
                args.append(self.cell(x, s))
        if function is np.power:
            function, args = quick_power(s.args, args)
        out = self.room(s, s.args)
        if out != "None":
            args.append(f"out={out}" if extreme else out)  # their third place means something else
        called = self.seen.get(id(function)) or self.known(function, "")
        text = f"{called}({', '.join(args)})"
        self.line(s, f"{name} = {text}")
        if s.name is None and len(text) < 60 and id(s) not in self.ahead:
            self.latest = s, text, len(self.lines)

    def nested(self) -> str:
        """What the last line computes, to be written where it is used, instead of the line: Python reads it quicker."""
        x, text, n = self.latest
        if x is not None and n != len(self.lines):  # something else was written after it
            return self.names[x]
        self.lines.pop()
        return text

    def other(self, s: Variable, function: np.ufunc | None, name: str, args: list[str]) -> None:
        """The lines of a step that is no ufunc of arrays."""
        assert s.op is not None
        if function is not None and not s.is_array and not any([x.is_array for x in s.args]):
            if function in INFIX:
                args = [self.number(x, s, text) for x, text in zip(s.args, args, strict=True)]
            self.line(s, f"{name} = {self.infix(function, args)}")
        elif s.op in (reductions.SUM, reductions.MEAN) and s.dtype.kind == "f" and s.dtype.itemsize > 2:
            out = self.room(s) if s.is_array else "None"
            axis, keep = s.params["axis"], s.params["keepdims"]
            how = f", {axis!r}, None, {out}, {keep!r}" if s.is_array or len(s.args[0].shape) > 1 else ""
            total = f"{self.known(ADD_REDUCE, 'sum')}({args[0]}{how})"
            self.line(s, f"{name} = {total}")
            if s.op is reductions.MEAN:
                n = reductions.count(s.args[0].data, axis)
                self.lines.append(
                    f"{self.known(np.divide, '')}({name}, {n}, {name})"
                    if s.is_array
                    else f"{name} = {name} / {n}"
                )
        elif s.op is el.WHERE and not s.is_array:
            self.line(s, f"{name} = {self.known(np.where, '')}({', '.join(args)})[()]")
        elif s.op is el.WHERE:
            self.choose(s, name, args)
        elif s.op in EXTREMES:
            out = self.room(s) if s.is_array else "None"
            axis, keep = s.params["axis"], s.params["keepdims"]
            reduce = self.known(EXTREMES[s.op].reduce, s.op.name)
            self.line(s, f"{name} = {reduce}({args[0]}, {axis!r}, None, {out}, {keep!r})")
        elif s.op is SUMS:
            whole, rows = self.stacks[id(s)]
            for x, text, row in zip(s.args, args, rows, strict=True):
                if self.rows.get(id(x)) != row:
                    self.lines.append(f"{row}[...] = {text}")
            self.line(s, f"{name} = {self.known(ADD_REDUCE, 'sum')}({whole}, 1, None, {self.room(s)})")
        elif s.op is SCATTERED or (s.op is indexing.SCATTER_ADD and s.params["index"].basic):
            self.scatter(s, name, args)
        elif s.op is indexing.GATHER:
            self.line(s, f"{name} = {args[0]}[{', '.join(self.grid(s, args[1]))}]")
        elif s.op in VIEWS or (s.op is indexing.GETITEM and s.params["index"].basic):
            self.show(s, name, args)
        elif s.op is el.ASTYPE and s.is_array and id(s) not in self.returned:
            self.line(s, f"{name} = {self.room(s)}")
            self.fill(name, args[0], s)
        elif s.op is MATMUL:  # of a number
            self.line(s, f"{name} = {self.known(np.matmul, '')}({', '.join(args)})")
        else:
            self.shows(s)  # it may be a view
            made = self.call(s, args)
            if not s.is_array:
                made = f"{self.known(np.asarray, '')}({made})[()]"
            self.line(s, f"{name} = {made}")

    def choose(self, s: Variable, name: str, args: list[str]) -> None:
        """np.where: over what it takes from, where that is not used again."""
        out = self.room(s, s.args[1:])
        if out == "None":
            self.line(s, f"{name} = {self.known(np.where, '')}({', '.join(args)})")
            return
        put = self.known(np.copyto, "")
        self.line(s, f"{name} = {out}")
        if s.args[1] is not s.args[2] and self.is_in_place(
            s.args[1], s
        ):  # masks of valid entries are often all true
            self.lines.append(f"if not {args[0]}.all():")
            self.lines.append(f"    {put}({name}, {args[2]}, where=~{args[0]})")
            return
        if not self.is_in_place(s.args[2], s):
            self.lines.append(f"{put}({name}, {args[2]})")
        self.lines.append(f"{put}({name}, {args[1]}, where={args[0]})")

    def fill(self, name: str, text: str, s: Variable) -> None:
        """Another array, of another dtype perhaps, written over one."""
        if s.data.nbytes < QUICK:
            self.lines.append(f"{name}[...] = {text}")
        else:
            self.lines.append(f"{self.known(np.copyto, '')}({name}, {text}, 'unsafe')")

    def scatter(self, s: Variable, name: str, args: list[str]) -> None:
        """Zeros, and what is written over some of them."""
        out = self.room(s)
        if out == "None":
            self.line(s, f"{name} = {self.known(np.zeros, '')}({s.shape}, {s.dtype.str!r})")
        else:
            self.line(s, f"{name} = {out}")
            if sum([x.data.size for x in s.args]) < s.data.size:
                self.lines.append(f"{name}.fill(0)")
        if s.op is not SCATTERED:
            self.lines.append(f"{name}{brackets(s.params['index'])} = {args[0]}")
            return
        for i, x, text in zip(s.params["indices"], s.args, args, strict=True):  # a sum is never -0.0
            if x.is_array:
                self.lines.append(f"{self.known(np.add, '')}({text}, 0.0, {name}[{i}])")
            else:
                self.lines.append(f"{name}[{i}] = {text} + 0.0")

    def grid(self, s: Variable, ids: str) -> list[str]:
        """What np.take_along_axis puts between the brackets."""
        axes = range(-len(s.shape), 0)
        rows = [
            np.arange(n).reshape([-1 if b == a else 1 for b in axes])
            for a, n in zip(axes, s.shape, strict=True)
        ]
        return [
            ids if a == s.params["axis"] else self.known(row, "rows")
            for a, row in zip(axes, rows, strict=True)
        ]

    def operand(self, x: Variable, s: Variable) -> str:
        """A constant next to an array as an array of its dtype: NumPy takes half as long as with a number.

        For maximum and minimum of its shape, or a row: they take the elements one by one else.
        """
        if x.is_array:
            return self.text(x)
        others = [y.dtype for y in s.args if y.is_array]
        dtype = s.dtype if s.dtype.kind == "f" else others[0]
        weak = not hasattr(x.data, "dtype") or x.dtype == dtype
        if dtype.kind != "f" or not weak:
            return self.text(x)
        shape: tuple[int, ...] = ()
        if ufunc_of(s.op) in LARGER_OR_SMALLER:
            shape = s.shape if s.data.nbytes <= LARGE else s.shape[-1:]
        key = shape, dtype.str, float(x.data).hex()
        if key not in self.numbers:
            with np.errstate(all="ignore"):
                self.numbers[key] = self.known(np.full(shape, x.data, dtype), number_name(x.data))
        return self.numbers[key]

    def number(self, x: Variable, s: Variable, text: str) -> str:
        """A Python constant next to a NumPy number as one of its dtype: quicker."""
        if x.kind != CONSTANT or hasattr(x.data, "dtype") or s.dtype.kind != "f":
            return text
        if [y.dtype for y in s.args if y is not x] != [s.dtype]:
            return text
        key = (), s.dtype.char, float(x.data).hex()
        if key not in self.numbers:
            with np.errstate(all="ignore"):
                self.numbers[key] = self.known(s.dtype.type(x.data), number_name(x.data))
        return self.numbers[key]

    def cell(self, x: Variable, s: Variable) -> str:
        """A number next to an array as an array without axes: NumPy takes a third less."""
        text = self.names.of[id(x)]
        if x.dtype.kind != "f" or x.dtype not in [y.dtype for y in s.args if y.is_array]:
            return text
        found = self.cells.get(id(x))
        if found is None:
            self.buffers.append(np.empty((), x.dtype))
            self.keys.append(key_of(self.buffers[-1]))
            found = self.cells[id(x)] = f"buffer{len(self.buffers) - 1}"
            self.lines.append(f"{found}[()] = {text}")
        return found

    def finish(self) -> None:
        """After the last step."""

    def shows(self, s: Variable) -> None:
        """A view: it keeps the buffers of its operands in use."""
        self.shown.add(id(s))
        for b in {b for x in s.args for b in self.held.get(id(x), ())}:
            self.hold(s, b)

    def show(self, s: Variable, name: str, args: list[str]) -> None:
        """The line of a view; that of a whole buffer is made with it, once."""
        if s.op is shaping.RESHAPE and s.is_array != s.args[0].is_array:
            self.one(s, name, args[0])
            return
        found = self.whole(s.args[0]) if s.op in PLAIN_VIEWS and s.is_array else None
        self.shows(s)
        if found is not None:
            text, array = found
            made = s.op.forward(array, **s.params)  # type: ignore[union-attr]
            if np.may_share_memory(made, array):  # a reshape may be a copy
                self.fixed[id(s)] = made
                self.before.append(f"{name} = {self.view(s, [text])}{comment(s)}")
                return
        number = "" if s.is_array or is_element(s) else "[()]"  # it may be shown as an array without axes
        self.line(s, f"{name} = {self.view(s, args)}{number}")

    def one(self, s: Variable, name: str, text: str) -> None:
        """The only element of an array as a number, or a number as the only element of an array."""
        if not s.is_array:
            self.line(s, f"{name} = {text}[{', '.join('0' * len(s.args[0].shape))}]")
            return
        out = self.room(s)
        if out == "None":
            out = f"{self.known(np.empty, '')}({s.shape}, {self.known(s.dtype, 'dtype_')})"
        self.line(s, f"{name} = {out}")
        self.lines.append(f"{name}[{', '.join('0' * len(s.shape))}] = {text}")

    def whole(self, x: Variable) -> tuple[str, Any] | None:
        """The buffer that a variable is at each call, or the view of one: its name and itself."""
        if id(x) in self.fixed:
            return self.names[x], self.fixed[id(x)]
        mine = self.held.get(id(x), ())
        if x.kind != STEP or len(mine) != 1 or id(x) in self.shown:
            return None
        (b,) = mine
        return f"buffer{b}", self.buffers[b]

    def view(self, s: Variable, args: list[str]) -> str:
        if s.op is shaping.RESHAPE:
            return f"{args[0]}.reshape({s.params['shape']!r})"
        if s.op is shaping.TRANSPOSE:
            if len(s.shape) == 2 and tuple([a % 2 for a in s.params["axes"]]) == (1, 0):
                return f"{args[0]}.T"
            return f"{args[0]}.transpose({s.params['axes']!r})"
        if s.op is el.IDENTITY:
            return args[0]
        if s.op is indexing.GETITEM:
            return f"{args[0]}{brackets(s.params['index'])}"
        return self.call(s, args)

    def call(self, s: Variable, args: list[str]) -> str:
        """The operation's own forward."""
        assert s.op is not None
        options = [f"{k}={self.option(v)}" for k, v in s.params.items()]
        return f"{self.known(s.op.forward, identifier(s.op.name))}({', '.join([*args, *options])})"

    def option(self, x: Any) -> str:
        return repr(x) if written(x) else self.known(x, "p")

    def infix(self, function: np.ufunc, args: list[str]) -> str:
        """A ufunc of numbers, as an operator where there is one."""
        if function in INFIX:
            return f"{args[0]} {INFIX[function]} {args[1]}"
        if function is np.negative:
            return f"-{args[0]}"
        if function is np.square:
            return f"{args[0]} * {args[0]}"
        return f"{self.known(function, '')}({', '.join(args)})"

    def line(self, s: Variable, text: str) -> None:
        self.lines.append(text + comment(s))

    def result(self, x: Variable) -> str:
        """An output: never a buffer, an argument, or a view of one."""
        text = self.text(x)
        made = ufunc_of(x.op) is not None or x.op in (MATMUL, reductions.SUM, reductions.MEAN, el.WHERE)
        made = made or (x.op is shaping.RESHAPE and not x.args[0].is_array)
        fresh = x.kind == STEP and id(x) not in self.held and made
        return f"{text}.copy()" if x.is_array and not fresh else text


def by_dot(s: Variable) -> bool:
    """Whether `x.dot(y)` makes the same call of the linear algebra library as `x @ y`, with less around it.

    It does for matrices of floats without gaps that have more than one element.
    """
    if s.dtype.char not in "fd" or [len(x.shape) for x in s.args] != [2, 2]:
        return False
    fit = [x.dtype == s.dtype and x.data.flags.forc and x.data.size > 1 for x in s.args]
    return s.data.flags.c_contiguous and False not in fit


def quick_power(args: Sequence[Variable], texts: list[str]) -> tuple[np.ufunc, list[str]]:
    """What `x ** n` does for arrays and some n: the same bits as the operator, and quicker."""
    if args[1].kind == CONSTANT and not args[1].is_array and args[0].dtype.kind == "f":
        quick = POWERS.get(float(args[1].data))
        if quick is not None:
            return quick, texts[:1]
    return np.power, texts


def is_element(s: Variable) -> bool:
    """Whether a step is `x[i, j]`, which NumPy gives as a number."""
    return s.op is indexing.GETITEM and {type(p) for p in s.params["index"].parts} == {int}


def written(x: Any) -> bool:
    """Whether Python's own text of `x` makes it again: not so for NumPy's numbers, and NaN."""
    if type(x) is tuple:
        return all([written(part) for part in x])
    return x is None or type(x) in (int, str, bool) or (type(x) is float and math.isfinite(x))


def brackets(index: Any) -> str:
    """A basic index as it is written."""
    return repr(index) if index.parts else "[()]"


def number_name(number: Any) -> str:
    """c_0_01 for 0.01: a constant that can be read in the code."""
    text = repr(float(number)).replace("-", "m").replace(".", "_")
    return f"c_{text}" if len(text) < 9 and text.replace("_", "").replace("m", "").isdigit() else "c"


def identifier(name: str) -> str:
    return name if name.isidentifier() else "f"


def code(program: Program, names: Names, planner: Planner | None = None) -> Code:
    """The function of a program on arrays."""
    if planner is None:
        planner = Planner(program, names)
        planner.look_ahead()
        planner.stacks = {id(s): planner.stack(s) for s in program.steps if s.op is SUMS}
        planner.lay(groups_of(program, {*planner.rows, *planner.ahead}))
    for s in program.steps:
        planner.emit(s)
    planner.finish()
    given = [names[x] for x in [*program.inputs, *program.closed]]
    results = tupled([planner.result(x) for x in program.outputs])
    buffers = [f"buffer{i}" for i in range(len(planner.buffers))]
    parts, makers, lines = parted(planner.lines, given, results, [*buffers, *defined(planner.before)])
    text = [f"def make({', '.join(buffers)}):", *[f"    {line}" for line in [*planner.before, *makers]]]
    text += [f"    def run({', '.join(given)}):"]
    text += [f"        {line}" for line in [*lines, f"return {results}"]]
    text += ["    return run", ""]
    foreign = not all([is_known(op) for op in {s.op for s in program.steps}])
    return Code([*parts, "\n".join(text)], planner.namespace, planner.buffers, foreign)


def is_known(op: Op | None) -> bool:
    """Whether an operation is ours or NumPy's."""
    module = getattr(op.forward, "__module__", None) if op is not None else None
    return module is None or module.partition(".")[0] in ("autograd", "numpy", "_operator")
