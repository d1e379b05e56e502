"""compile: a function traced once for each kind of arguments, and run as generated code after that."""

import builtins
import inspect
import linecache
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any

import numpy as np

from autograd import engine
from autograd.compiler import arrays, passes, scalars
from autograd.compiler.names import Names
from autograd.compiler.program import Program
from autograd.compiler.trace import trace
from autograd.engine import Node
from autograd.modes import is_grad_enabled
from autograd.rules.table import Op
from autograd.tracing import is_tracing
from autograd.transforms import gradients, leaves_of, rebuilt, rerun, value_and_grad
from autograd.value import Value

BACKENDS = ("python", "numpy", "numba")
FLOATS = frozenset((float,))
Tree = list[Any]  # the arguments of one call: [args, options]
RETRACES = 20  # from here on a warning says that something changes with every call


@dataclass(eq=False)
class Executable:
    """One program as a function of its flat arguments and what it closes over: tuple of results."""

    program: Program
    backend: str
    source: str
    make: Callable[[], Callable[..., tuple[Any, ...]]]
    why: str = ""  # why it is not a program of numbers, if it is not
    name: str = "f"
    slow: "Executable | None" = None  # what answers where `math` raises and NumPy does not; made when needed
    idle: list[Callable[..., tuple[Any, ...]]] = field(default_factory=list)  # each with buffers of its own

    def __call__(self, args: Sequence[Any]) -> tuple[Any, ...]:
        """The results for arrays (or numbers) of the traced shapes and dtypes."""
        closed = [v._array for v in self.program.values]
        if not self.why:
            try:
                run = self.idle[0] if self.idle else self.new()
                return run(*[float(x) for x in args], *[float(x) for x in closed])
            except (ArithmeticError, ValueError):
                if self.slow is None:
                    self.slow = executable(self.program, "numpy", self.name)
                return self.slow(args)
        run = (
            self.idle.pop() if self.idle else self.make()
        )  # a thread, or a call inside a call, takes another
        try:
            with np.errstate(all="ignore"):
                return run(*args, *closed)
        finally:
            self.idle.append(run)

    def new(self) -> Callable[..., tuple[Any, ...]]:
        """The function of a back end without buffers, made once."""
        self.idle.append(self.make())
        return self.idle[0]


def executable(program: Program, backend: str | None, name: str) -> Executable:
    """Code for an optimized program: for numbers Python's floats, for arrays NumPy, or numba where asked."""
    why = scalars.fits(program)
    if backend == "numba":
        from autograd.compiler import jit

        try:
            return jit.executable(program, name, why)
        except jit.UnavailableError as error:
            warn_once(f"compile: {error}; using the {'numpy' if why else 'python'} back end instead")
    elif backend == "python" and why:
        raise ValueError(
            f"compile: the python back end is for programs of float64 numbers, and {why}; use 'numpy'"
        )
    if not why and backend != "numpy":
        names = Names(program)
        text = scalars.source(program, names)
        run = loaded(text, dict(scalars.NAMESPACE), name)["run"]
        return Executable(program, "python", text, lambda: run, "", name)
    code = arrays.code(program, Names(program))
    make = loaded(code.source, code.namespace, name)["make"]

    def fresh() -> Callable[..., tuple[Any, ...]]:
        made: Callable[..., tuple[Any, ...]] = make(*[np.empty_like(b) for b in code.buffers])
        return made

    return Executable(program, "numpy", code.source, fresh, why or "asked for")


def loaded(text: str, namespace: dict[str, Any], name: str) -> dict[str, Any]:
    """Generated code, run; tracebacks show its lines."""
    loaded.count += 1  # type: ignore[attr-defined]
    file = f"<compiled {name} {loaded.count}>"  # type: ignore[attr-defined]
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(builtins.compile(text, file, "exec"), namespace)
    return namespace


loaded.count = 0  # type: ignore[attr-defined]
_warned: set[str] = set()


def warn_once(message: str) -> None:
    if message not in _warned:
        _warned.add(message)
        warnings.warn(message, stacklevel=4)


@dataclass(eq=False)
class Entry:
    """What was made for one kind of arguments."""

    run: Executable
    output: Any  # the tree of what f returned
    places: list[int]  # which of the flat arguments are inputs; the others are static
    kinds: list[Any]  # dtype that a Python float is given, or None for arrays
    closed: bool  # whether a Value that requires grad is closed over
    pullback: Executable | None = None


class Compiled:
    """A function that was, or will be, traced and compiled; made by `compile`."""

    def __init__(self, f: Callable[..., Any], argnums: Any, backend: str | None) -> None:
        update_wrapper(self, f)
        self.f, self.argnums, self.chosen = f, argnums, backend
        self.entries: dict[Any, Entry] = {}
        self.last: Entry | None = None
        self._quick: Callable[..., tuple[Any, ...]] | None = None  # of a function of plain floats
        self._single = False
        self._arity = -1
        self._with_grad: Compiled | None = None

    # --- what can be asked --------------------------------------------------------------------------

    @property
    def traces(self) -> int:
        """How often the function was traced: once for each kind of arguments."""
        return len(self.entries)

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

    def _last(self, what: str) -> Entry:
        if self.last is None:
            raise RuntimeError(f"compile: {self!r} was not called yet, so there is no .{what}; call it once")
        return self.last

    def __repr__(self) -> str:
        how = f", {self.backend} back end" if self.last else ""
        return f"<compiled {getattr(self.f, '__qualname__', self.f)}, traced {self.traces} times{how}>"

    # --- calling ------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **options: Any) -> Any:
        """What `f` returns for these arguments."""
        if (
            self._quick is not None
            and not options
            and len(args) == self._arity
            and FLOATS.issuperset(map(type, args))
        ):
            try:
                results = self._quick(*args)
                return results[0] if self._single else results
            except (ArithmeticError, ValueError):
                pass  # NumPy answers below
        if is_tracing():
            return self.f(*args, **options)  # part of the program around it
        tree: Tree = [args, options]
        flat = leaves_of(tree)
        entry = self.entries.get(key := signature(tree, flat))
        if entry is None:
            entry = self.entries[key] = self.traced(tree, flat)
        self.last = entry
        given = [plainly(flat[i], kind) for i, kind in zip(entry.places, entry.kinds, strict=True)]
        if is_grad_enabled() and (
            entry.closed or any([isinstance(flat[i], Node) and flat[i].requires_grad for i in entry.places])
        ):
            return self.linked(entry, tree, flat, given)
        results = entry.run(given)
        return rebuilt(entry.output, results)

    def traced(self, tree: Tree, flat: list[Any]) -> Entry:
        """Trace and compile for arguments like these."""
        f = self.f
        if len(self.entries) == RETRACES:
            warnings.warn(
                f"compile: {getattr(f, '__name__', f)} was traced {RETRACES} times: an argument changes its shape, "
                f"or is a Python int, string or bool that changes; pass a number as np.float64 or an array",
                stacklevel=4,
            )
        places = [i for i, x in enumerate(flat) if is_input(x)]
        data = [flat[i]._array if isinstance(flat[i], Node) else flat[i] for i in places]
        kinds = kinds_of(data)
        examples = [x if kind is None else kind.type(x) for x, kind in zip(data, kinds, strict=True)]
        examples = [x if isinstance(x, np.generic) else np.array(x, order="K", subok=False) for x in examples]
        seen: list[Any] = []

        def run(values: list[Any]) -> list[Any]:
            args, options = filled(tree, flat, places, values)
            seen.append(f(*args, **options))
            return checked(leaves_of(seen[0]), getattr(f, "__name__", "f"))

        program = passes.optimized(trace(run, examples, names_of(f, tree, places)))
        made = executable(program, self.chosen, getattr(f, "__name__", "f"))
        closed = any([v.requires_grad for v in program.values])
        entry = Entry(made, seen[0], places, kinds, closed)
        plain = (
            len(places) == len(flat) == len(tree[0])
            and not program.values
            and all([k is not None for k in kinds])
        )
        single = not isinstance(seen[0], tuple | list | dict)
        if made.backend == "python" and plain and (single or is_flat(seen[0])):
            self._quick, self._arity, self._single = made.new(), len(flat), single
        return entry

    @property
    def value_and_grad(self) -> "Compiled":
        """The compiled function that returns (value, gradient), as autograd.value_and_grad does."""
        if self._with_grad is None:
            self._with_grad = Compiled(value_and_grad(self.f, self.argnums), 0, self.chosen)
        return self._with_grad

    # --- as a part of a recorded graph ------------------------------------------------------------

    def linked(self, entry: Entry, tree: Tree, flat: list[Any], given: list[Any]) -> Any:
        """The result as a Value: one operation of a graph, whose rule is compiled too."""
        if len(leaves_of(entry.output)) != 1:
            return self.f(*tree[0], **tree[1])  # several results: recorded as they are
        slots = [i for i in entry.places if isinstance(flat[i], Value) and flat[i].requires_grad]
        closed = [v for v in entry.run.program.values if v.requires_grad]

        def run(values: Sequence[Any]) -> Any:
            args, options = filled(tree, flat, slots, values)
            return leaves_of(self.f(*args, **options))[0]

        name = getattr(self.f, "__name__", "f")
        eager = rerun(run, len(slots), closed, len(slots) + len(closed), name)
        memo: list[Any] = [None, None]

        def rule(g: Any, out: Any, *inputs: Any, i: int) -> Any:
            if isinstance(out, Value):  # to be differentiated again
                return eager.rules[0](g, out, *inputs, i=i)  # type: ignore[misc]
            if memo[0] is not g:
                memo[:] = g, self.pulled(entry, tree, flat, slots, closed)([*given, g])
            return memo[1][i]

        op = Op(f"compiled {name}", eager.forward, rule, variadic=True)
        inputs = tuple([flat[i] for i in slots] + closed)
        data = entry.run(given)[0]
        data = data if isinstance(data, np.ndarray | np.generic) else np.float64(data)
        return rebuilt(entry.output, [engine.result(data, op, inputs, engine.NO_PARAMS, True)])

    def pulled(
        self, entry: Entry, tree: Tree, flat: list[Any], slots: list[int], closed: list[Any]
    ) -> Executable:
        """The program from the inputs and a cotangent to the gradients of `slots` and of what is closed over."""
        if entry.pullback is not None:
            return entry.pullback

        def back(values: list[Any]) -> list[Any]:
            *inputs, cotangent = values
            args, options = filled(tree, flat, entry.places, inputs)
            out = leaves_of(self.f(*args, **options))[0]
            at = dict(zip(entry.places, inputs, strict=True))
            wanted = [at[i] for i in slots] + closed
            found = gradients(out, wanted, cotangent, allow_unused=True)
            return [
                np.zeros(v.shape, v.dtype)[()] if d is None else d for v, d in zip(wanted, found, strict=True)
            ]

        examples = [x.data for x in [*entry.run.program.inputs, entry.run.program.outputs[0]]]
        program = passes.optimized(trace(back, examples, [None] * len(examples)))
        entry.pullback = executable(program, self.chosen, getattr(self.f, "__name__", "f"))
        return entry.pullback


def filled(tree: Tree, flat: Sequence[Any], places: Sequence[int], values: Sequence[Any]) -> Tree:
    """The arguments with other values at some places."""
    called = list(flat)
    for i, v in zip(places, values, strict=True):
        called[i] = v
    again: Tree = rebuilt(tree, called)
    return again


def plainly(x: Any, kind: Any) -> Any:
    return x._array if isinstance(x, Node) else x if kind is None else kind.type(x)


def is_flat(output: Any) -> bool:
    """Whether an output is a tuple of results and nothing more."""
    return type(output) is tuple and not any([isinstance(x, tuple | list | dict) for x in output])


def is_input(x: Any) -> bool:
    """Whether an argument is a number or array that differs from call to call; the rest is static."""
    return isinstance(x, Node | np.ndarray | np.generic) or type(x) is float


def kinds_of(data: Sequence[Any]) -> list[Any]:
    """The dtype that each Python float gets: that of the floating arrays beside it, as NumPy has it; None for arrays."""
    dtypes = {x.dtype for x in data if hasattr(x, "dtype") and x.dtype.kind == "f"}
    weak = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float64)
    return [weak if type(x) is float else None for x in data]


def signature(tree: Any, flat: Sequence[Any]) -> Any:
    """Equal for arguments that one trace is good for."""
    key: list[Any] = []
    for x in flat:
        if isinstance(x, Node):
            key.append((x._array.dtype, x._array.shape, x.requires_grad))
        elif isinstance(x, np.ndarray | np.generic):
            key.append((x.dtype, x.shape))
        elif type(x) is float:
            key.append(float)
        else:
            key.append((type(x), x))
    try:
        hash(found := (shape_of(tree), tuple(key)))
    except TypeError:
        wrong = next(x for x in flat if not is_input(x) and not hashable(x))
        raise TypeError(
            f"compile: an argument is a {type(wrong).__name__}; pass numbers, arrays, Values, containers of them, "
            f"or something hashable that stays the same"
        ) from None
    return found


def hashable(x: Any) -> bool:
    try:
        hash(x)
    except TypeError:
        return False
    return True


def shape_of(tree: Any) -> Any:
    """The containers of a tree, without its leaves."""
    if isinstance(tree, dict):
        return (type(tree), tuple([(k, shape_of(x)) for k, x in tree.items()]))
    if isinstance(tree, tuple | list):
        return (type(tree), tuple([shape_of(x) for x in tree]))
    return None


def checked(results: list[Any], name: str) -> list[Any]:
    """What `f` returned, if it is numbers and arrays."""
    for x in results:
        if x is None:
            raise TypeError(
                f"compile: {name} returned None; is a return missing? (nothing else leaves a compiled function)"
            )
        if not isinstance(x, Node | np.ndarray | np.generic | float | int):
            raise TypeError(
                f"compile: {name} returned a {type(x).__name__}; return numbers, arrays, or containers of them"
            )
    return results


def names_of(f: Callable[..., Any], tree: Tree, places: Sequence[int]) -> list[str | None]:
    """The names that `f` gives its arguments, for each flat input."""
    args, options = tree
    try:
        words = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        words = []
    flat: list[str | None] = []
    for i, x in enumerate(args):
        inside = leaves_of(x)
        word = words[i] if i < len(words) else None
        flat += [word if len(inside) == 1 or word is None else f"{word}{j}" for j in range(len(inside))]
    for key, x in options.items():
        inside = leaves_of(x)
        flat += [key if len(inside) == 1 else f"{key}{j}" for j in range(len(inside))]
    return [flat[i] for i in places]


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

    The result has `.value_and_grad(*args)`, `.source`, `.backend`, `.program`, `.traces`.  Called with
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
        t1 = (x + y) - 16
        t6 = ((10 * x) + (25 * y)) - 250
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
    return Compiled(f, argnums, backend)
