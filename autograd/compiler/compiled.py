"""compile: a function traced once for each kind of arguments, and run as generated code after that."""

import inspect
import sys
import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any

import numpy as np

from autograd import engine
from autograd.collector import collector_paused
from autograd.compiler import passes
from autograd.compiler.arguments import (
    Tree,
    checked,
    example,
    filled,
    is_input,
    kinds_of,
    names_of,
    plainly,
    signature,
)
from autograd.compiler.entry import entry as entry_of
from autograd.compiler.executable import Executable, executable
from autograd.compiler.executable import loaded as loaded
from autograd.compiler.loops import scan
from autograd.compiler.methods import Method, weak_method
from autograd.compiler.picture import values_of
from autograd.compiler.program import Program, drawing, reaching
from autograd.compiler.replay import copied, replayed, with_draws
from autograd.compiler.trace import trace
from autograd.containers import leaves_of, rebuilt
from autograd.engine import Node
from autograd.modes import RECORD, TRACE, enable_grad, mode
from autograd.primitives import rerun
from autograd.rules.table import Op
from autograd.tracing import tape
from autograd.transforms import gradients, value_and_grad
from autograd.value import Value

BACKENDS = ("python", "numpy", "numba")
ENTRIES = 8  # kinds of arguments, the latest, that are recognized without a look at the dictionary
RETRACES = 20  # from here on a warning says that something changes with every call


@dataclass(eq=False)
class Entry:
    """What was made for one kind of arguments."""

    run: Executable
    output: Any  # the tree of what f returned, without the leaves
    single: bool  # whether that is one result and no container
    places: list[int]  # which of the flat arguments are inputs; the others are static
    kinds: list[Any]  # dtype that a Python float is given, or None for arrays
    weak: bool  # whether there is such a float
    closed: tuple[bool, ...]  # for each Value that is closed over whether it requires grad
    plain: Program | None  # as it was traced, if it can be differentiated
    holds: list[Callable[[], bool]]  # what must be true besides (tracing.good_while)
    seen: bool = False  # whether it was called again
    older: "Entry | None" = None  # for the same arguments, made before it
    # made when needed:
    carrying: list[bool] | None = None  # whether each result carries gradient
    drawing: Executable | None = None  # what returns its random draws too
    pullbacks: dict[int, Executable] = field(default_factory=dict)  # by result

    def fits(self) -> bool:
        """Whether what does not come as an argument is as it was when this was traced."""
        values = self.run.program.values
        return self.closed == tuple([v.requires_grad for v in values]) and all([h() for h in self.holds])


def through(reference: "weakref.ref[Compiled]") -> Callable[..., Any]:
    """The call of an object that does not keep it alive."""

    def call(*args: Any, **options: Any) -> Any:
        compiled = reference()
        assert compiled is not None
        return compiled.call(args, options)

    return call


class Compiled:
    """A function that was, or will be, traced and compiled; made by `compile`."""

    # what answers a call is a function of each object, made of code for the kinds of arguments it has seen
    __slots__ = {"__call__": "What `f` returns for these arguments.", "__dict__": None, "__weakref__": None}
    __call__: Callable[..., Any]

    def __init__(self, f: Callable[..., Any], argnums: Any, backend: str | None) -> None:
        update_wrapper(self, f, updated=())  # its name and text, not its attributes: they may change
        self.f, self.argnums, self.chosen = f, argnums, backend
        self.name = getattr(f, "__name__", "f")
        self.entries: dict[Any, Entry] = {}
        self._latest: list[Entry] = []  # that of the last call
        self._others = through(weakref.ref(self))  # answers where no entry does
        self.__call__ = self._others
        self._quick = 0  # how many entries are asked before
        self.walk: Any = None  # the last loop of `scan` that is machine code
        self._with_grad: Compiled | None = None
        self._traces = 0
        self._methods: dict[int, tuple[Any, Compiled]] = {}  # by object: reference, what is compiled for it

    # --- what can be asked --------------------------------------------------------------------------

    @property
    def traces(self) -> int:
        """How often the function was traced: once for each kind of arguments."""
        return self._traces

    @property
    def source(self) -> str:
        """The generated code of the last call."""
        return self._last("source").run.source

    @property
    def backend(self) -> str:
        """The back end of the last call: "python", "numpy" or "numba"."""
        return self._last("backend").run.backend

    @property
    def program(self) -> Program:
        """The operations of the last call, optimized."""
        return self._last("program").run.program

    @property
    def graph(self) -> Any:
        """The program of the last call as an autograd.graph.Graph, with the numbers of the call that was traced.

        >>> from autograd import compile
        >>> area = compile(lambda width, height: width * height)
        >>> area(2.0, 3.0)
        6.0
        >>> [node.label for node in area.graph.nodes]
        ['width', 'height', 'multiply']
        """
        from autograd.graph import Graph

        return Graph(values_of(self.program))

    def draw(self, **options: Any) -> Any:
        """A picture of the program of the last call; see autograd.graph.draw."""
        from autograd.graph import draw

        roots: Any = values_of(self.program)
        return draw(roots, **{"gradients": False} | options)

    @property
    def last(self) -> "Entry | None":
        """What the last call used."""
        return self._latest[0] if self._latest else None

    def _last(self, what: str) -> Entry:
        if self.last is None:
            raise RuntimeError(
                f"compile: {self!r} was not called yet, so there is no .{what}; call it once "
                f"(.value_and_grad is another program, with a .{what} of its own)"
            )
        return self.last

    @property
    def grad(self) -> Any:
        raise AttributeError(
            "a compiled function has no .grad; use .value_and_grad(*args), or compile(grad(f))"
        )

    def __repr__(self) -> str:
        how = f", {self.backend} back end" if self.last else ""
        return f"<compiled {getattr(self.f, '__qualname__', self.f)}, traced {self.traces} times{how}>"

    # --- calling ------------------------------------------------------------------------------------

    def call(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What `f` returns for these arguments, whatever they are."""
        now = mode.get()
        if now & TRACE:
            return self.f(*args, **options)  # part of the program around it
        key, tree, flat = signature(args, options)
        entry = self.entries.get(key)
        while entry is not None and not entry.fits():
            entry = entry.older
        if entry is None:
            entry = self.added(key, tree, flat)
        elif not entry.seen and not options:
            self.hasten(entry, args)
        self._latest[:] = [entry]
        given = [plainly(flat[i]) for i in entry.places]
        tracked = any([isinstance(flat[i], Node) and flat[i].requires_grad for i in entry.places])
        if entry.weak:
            given = [x if kind is None else kind.type(x) for x, kind in zip(given, entry.kinds, strict=True)]
        if now & RECORD and (tracked or True in entry.closed):
            if entry.plain is None:  # it was traced under no_grad()
                entry = self._latest[0] = self.added(key, tree, flat)
            return self.linked(entry, tree, flat, given)
        results = self.ran(entry, given)
        return results[0] if entry.single else rebuilt(entry.output, results)

    def hasten(self, entry: Entry, args: tuple[Any, ...]) -> None:
        """From the second call of a kind on, a function of its own looks for it first."""
        entry.seen = True
        following = self.__call__ if self._quick < ENTRIES else self._others
        made = entry_of(self.f, entry, args, self._latest, following)
        if made is not None:
            self.__call__ = made
            self._quick = self._quick + 1 if self._quick < ENTRIES else 1

    def ran(self, entry: Entry, given: Sequence[Any], run: Executable | None = None) -> tuple[Any, ...]:
        """The results of one run; what it writes is written."""
        results = (run or entry.run)(given)
        written = entry.run.program.written
        if written:
            for v, x in zip(written, results[-len(written) :], strict=True):
                v.changed(np.array(x, dtype=v._array.dtype))
            results = results[: -len(written)]
        return results

    def added(self, key: Any, tree: Tree, flat: Sequence[Any]) -> Entry:
        """A new entry, asked before the older ones for such arguments."""
        entry = self.traced(tree, flat)
        entry.older, self.entries[key] = self.entries.get(key), entry
        return entry

    def traced(self, tree: Tree, flat: Sequence[Any]) -> Entry:
        """Trace and compile for arguments like these."""
        f = self.f
        self._traces += 1
        if self._traces == RETRACES + 1:
            warnings.warn(
                f"compile: {getattr(f, '__name__', f)} was traced {RETRACES} times: an argument changes its shape, "
                f"or is a Python int, string or bool that changes; pass a number as np.float64 or an array",
                stacklevel=4,
            )
        places = [i for i, x in enumerate(flat) if is_input(x)]
        kinds = kinds_of([plainly(flat[i]) for i in places])
        examples = [example(flat[i], kind) for i, kind in zip(places, kinds, strict=True)]
        seen: list[Any] = []
        holds: list[Callable[[], bool]] = []

        def run(values: list[Any]) -> list[Any]:
            args, options = filled(tree, flat, places, values)
            output = f(*args, **options)
            holds.extend(tape.get().holds)
            results = checked(leaves_of(output), self.name)
            seen.append(rebuilt(output, [None] * len(results)))
            return results

        try:
            with collector_paused():
                program = trace(run, examples, names_of(f, tree, places), own=True)
                closed = tuple([v.requires_grad for v in program.values])
                tracked = any([isinstance(flat[i], Node) and flat[i].requires_grad for i in places])
                recorded = mode.get() & RECORD and (tracked or any(closed))
                plain = copied(program) if recorded else None
                made = executable(passes.optimized(program), self.chosen, self.name)
        except BaseException:
            self._traces -= 1
            raise
        single = not isinstance(seen[0], tuple | list | dict)
        weak = any([k is not None for k in kinds])
        return Entry(made, seen[0], single, places, kinds, weak, closed, plain, holds)

    @property
    def value_and_grad(self) -> "Compiled":
        """The compiled function that returns (value, gradient), as autograd.value_and_grad does."""
        if self._with_grad is None:
            self._with_grad = Compiled(value_and_grad(self.f, self.argnums), 0, self.chosen)
        return self._with_grad

    def scan(self, carry: Sequence[Any], n: int) -> tuple[list[Any], tuple[Any, ...]]:
        """Run a function on its own results, at most `n` times: `f(*carry)` -> (stop, row, carry).

        `row` is a tuple of what is to be kept.  Returns a list with one array for each place of the row,
        whose first axis counts the runs, and what the last run was given.  It ends after the run whose
        `stop` is true.  Where the carry and the row are numbers or small arrays and the back end
        is numba, the loop is machine code too.  Nothing is recorded: call it under no_grad() where Values that
        require grad take part.  Raises TypeError or ValueError if `f` returns something else, the
        carry changes its shape, or `n` is negative.

        >>> from autograd import compile
        >>> newton = compile(lambda x: (abs(x * x - 2.0) < 1e-12, (x,), ((x + 2.0 / x) * 0.5,)))
        >>> newton.scan((1.0,), 50)[0][0].round(6).tolist()
        [1.0, 1.5, 1.416667, 1.414216, 1.414214, 1.414214]
        """
        return scan(self, carry, n)

    # --- as a method, as a thing ----------------------------------------------------------------------

    def __get__(self, obj: Any, owner: Any = None) -> Any:
        """A decorated method: compiled for each object, as long as it lives."""
        if obj is None:
            return self
        known = self._methods.get(id(obj))
        if known is None:
            key = id(obj)
            try:
                reference: Any = weakref.ref(obj, lambda _: self._methods.pop(key, None))
            except TypeError:  # it cannot be referred to weakly: it stays
                reference = lambda: obj
            own = Compiled(weak_method(self.f, obj, reference), self.argnums, self.chosen)
            known = self._methods[key] = reference, own
        return Method(known[1], obj)

    def __reduce__(self) -> Any:
        """By name where it is a function of a module, as functions are; else made again of `f`."""
        scope: Any = sys.modules.get(getattr(self, "__module__", ""))
        name = getattr(self, "__qualname__", "")
        for word in name.split("."):
            scope = getattr(scope, word, None)
        return name if scope is self else (Compiled, (self.f, self.argnums, self.chosen))

    # --- as a part of a recorded graph ------------------------------------------------------------

    def linked(self, entry: Entry, tree: Tree, flat: Sequence[Any], given: list[Any]) -> Any:
        """The results as Values: each one operation of a graph, whose rule is compiled too."""
        program = entry.run.program
        slots = [i for i in entry.places if isinstance(flat[i], Node) and flat[i].requires_grad]
        closed = [v for v in program.values if v.requires_grad]
        mine = {id(v) for v in program.written}
        read = [v for v in program.values if not v.requires_grad and id(v) not in mine]
        then = {id(v): v._array for v in program.values}  # as they are now: the pass back needs the same
        if entry.carrying is None:
            tracked = [x for x, i in zip(program.inputs, entry.places, strict=True) if i in slots]
            tracked += [x for x, v in zip(program.closed, program.values, strict=True) if v.requires_grad]
            entry.carrying = reaching(program, tracked)
        # a change of what is only read is noticed too: of Values always, of arrays in detect_anomaly()
        for x, i in zip(given, entry.places, strict=True):
            if i not in slots:
                read.append(flat[i] if isinstance(flat[i], Node) else x)
        inputs = (*[flat[i] for i in slots], *closed, *read)
        if entry.drawing is None:
            random = drawing(program.steps)
            entry.drawing = executable(with_draws(program), self.chosen, self.name) if random else entry.run
        found = self.ran(entry, given, entry.drawing)
        results, draws = list(found[: len(entry.carrying)]), found[len(entry.carrying) :]
        for j, data in enumerate(results):
            if entry.carrying[j]:
                op = self.operation(entry, given, slots, closed, then, draws, j)
                data = data if isinstance(data, np.ndarray | np.generic) else np.float64(data)
                results[j] = engine.result(data, op, inputs, engine.NO_PARAMS, True)
        return rebuilt(entry.output, results)

    def operation(
        self, entry: Entry, given: list[Any], slots: list[int], closed: list[Any], then: dict[int, Any],
        draws: Sequence[Any], j: int,
    ) -> Op:  # fmt: skip
        """One call as an operation: from what requires grad to result `j`."""
        tracked = len(slots) + len(closed)

        plain = entry.plain
        assert plain is not None

        def run(values: Sequence[Any]) -> Any:
            at = dict(zip(slots, values, strict=True))
            called = [at.get(i, x) for i, x in zip(entry.places, given, strict=True)]
            read = [v if v.requires_grad else then.get(id(v), v._array) for v in plain.values]
            return replayed(plain, j, [*called, *read], draws)

        eager = rerun(run, len(slots), closed, tracked, self.name)
        memo: list[Any] = [None, None, 0]  # the gradient last pulled, what came of it, how often it was read

        def rule(g: Any, out: Any, *inputs: Any, i: int) -> Any:
            if isinstance(out, Value):  # to be differentiated again
                if entry.run.program.written:
                    raise TypeError(
                        f"{self.name} is compiled and writes into Values; a second derivative would run it again: "
                        f"take it of the function itself"
                    )
                return eager.rules[0](g, out, *inputs, i=i)  # type: ignore[misc]
            if memo[0] is not g:
                pull = self.pulled(entry, slots, closed, draws, j)
                memo[:] = g, pull([*given, g, *draws], then), 0
            gradient = memo[1][i]
            memo[2] += 1
            if memo[2] == tracked:
                memo[:] = None, None, 0
            return gradient

        return Op(f"compiled {self.name}", eager.forward, rule, variadic=True)

    def pulled(
        self, entry: Entry, slots: list[int], closed: list[Any], draws: Sequence[Any], j: int
    ) -> Executable:
        """The program from the inputs, a cotangent of result `j` and the draws to the gradients of `slots` and `closed`."""
        if j in entry.pullbacks:
            return entry.pullbacks[j]
        program, plain = entry.run.program, entry.plain
        assert plain is not None
        n = len(program.inputs)

        def back(values: list[Any]) -> list[Any]:
            inputs, cotangent, drawn = values[:n], values[n], values[n + 1 :]
            out = replayed(plain, j, [*inputs, *plain.values], drawn)
            at = dict(zip(entry.places, inputs, strict=True))
            wanted = [at[i] for i in slots] + closed
            if not isinstance(out, Value) or not out.requires_grad:  # detached on the way
                return [np.zeros(v.shape, v.dtype)[()] for v in wanted]
            found = gradients(out, wanted, cotangent, allow_unused=True)
            return [
                np.zeros(v.shape, v.dtype)[()] if d is None else d for v, d in zip(wanted, found, strict=True)
            ]

        examples = [x.data for x in [*program.inputs, program.outputs[j]]] + list(draws)
        with enable_grad():
            traced = trace(back, examples, [None] * len(examples), effects=False)
        entry.pullbacks[j] = executable(passes.optimized(traced), self.chosen, self.name)
        return entry.pullbacks[j]


def compile(f: Callable[..., Any] | None = None, *, argnums: Any = 0, backend: str | None = None) -> Any:
    """`f`, traced once for each kind of arguments and run as straight-line code after that.

    `f` is plain NumPy code on its arguments: numbers, arrays, Values, or (nested) tuples, lists and
    dicts of them.  Arrays and floats may differ from call to call; other shapes or dtypes, and other
    Python ints, bools and strings (static arguments), are traced again.  Values that `f` closes over
    are read at each call; arrays and numbers that it closes over are constants.  Its Python code runs
    while it is traced and not after, so it may not decide by the numbers (use np.where), print, draw
    random numbers or change anything.

    backend: "python" (floats; taken for programs of float64 numbers), "numpy" (taken for all others;
    the same bits as without compiling), "numba" (machine code; needs numba).
    argnums: what `.value_and_grad` differentiates with respect to.

    The result has `.value_and_grad(*args)`, `.source`, `.backend`, `.program`, `.graph`, `.draw()`,
    `.traces`.  Called with
    (or closing over) Values that require grad it returns a Value that can be differentiated.
    Raises TypeError for a function that looks at its numbers, returns nothing, or changes a Value.

    >>> import numpy as np
    >>> from autograd import compile
    >>> @compile
    ... def loss(x, y):
    ...     return (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2
    >>> loss(0.5, 0.5)
    54281.25
    >>> value, slope = loss.value_and_grad(0.5, 0.5)
    >>> slope
    -4680.0
    >>> print(loss.source)
    def run(x, y):
        t1 = (x + y) - 16.0
        t6 = ((10.0 * x) + (25.0 * y)) - 250.0
        t8 = (t1 * t1) + (t6 * t6)
        return (t8,)
    <BLANKLINE>
    """
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"compile: backend={backend!r} is unknown; choose one of {', '.join(BACKENDS)}")
    if f is None:
        return lambda function: Compiled(function, argnums, backend)
    if not callable(f):
        raise TypeError(f"compile: expected a function, got {type(f).__name__}")
    for kind, known in (
        ("coroutine", inspect.iscoroutinefunction),
        ("generator", inspect.isgeneratorfunction),
    ):
        if known(f):
            raise TypeError(
                f"compile: {getattr(f, '__name__', 'f')} is a {kind} function; compile what it calls"
            )
    return Compiled(f, argnums, backend)
