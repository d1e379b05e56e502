"""A rule, a few lines of NumPy, turned into code: for numbers, for arrays in place, as one machine-code loop.

A rule is elementwise: it is traced once, on three elements, and the code made of its program
is good for every shape and dtype.  What depends on options alone (1 - beta2) is computed first,
as Python numbers, which leave the dtype of an array as it is.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = Any  # np.ndarray, or a NumPy scalar for a parameter of shape ()
Rule = Callable[..., tuple[Any, ...]]

CHUNK = 1 << 17  # elements: so many, and what is computed of them, stay in the processor's cache
OWN = frozenset(
    "state states rooms rest most position v array float64 empty_like copyto".split()
)  # names of ours
FEW = 4  # operations
FIXED = (bool, str, type(None))  # types of options that are no numbers


class UnfitError(Exception):
    """The rule is not elementwise, or uses what has no code here."""


@dataclass(eq=False)
class Kernel:
    """The code of a rule for some options.

    prepare(*options) gives the numbers that meet the arrays.  number(p, g, state, *values) returns
    the new p of a float64 number, array(p, g, state, rooms, *values) that of an array, in place;
    both also put the new buffers and counters into the state, or change nothing and return None where
    the counters are not those expected or other buffers are None.  values: the counters before and
    after the step, and the numbers.
    all(rest, states, rooms, most, *values) does it for the parameters that the iterator of (position,
    parameter) still has, up to one that does not suit, or has more than `most` elements, which is returned.
    inplace(*slots, *rooms, *numbers) is the bare arithmetic on p, g and the buffers `kept`.
    """

    name: str
    prepare: Callable[..., tuple[float, ...]]
    number: Callable[..., Any]
    all: Callable[..., tuple[int, Any] | None]
    array: Callable[..., Any]
    inplace: Callable[..., None]
    kept: tuple[str, ...]  # names of the buffers that the rule gives
    fresh: tuple[str, ...]  # those of them that are None before
    rooms: tuple[int, int]  # how many arrays it needs for floats, and for truth values
    source: str
    loop_texts: tuple[str, str]  # the arithmetic on one element, and the loop around it
    _loop: Any = None

    def loop(self) -> Any:
        """The rule for every element of flat arrays, as machine code."""
        if self._loop is None:
            self._loop = machine_loop(*self.loop_texts, self.name)
        return self._loop


# --- from the rule to its program -----------------------------------------------------------------

_kernels: dict[Any, Kernel | None] = {}


def kernel_of(
    rule: Rule, options: dict[str, Any], buffers: dict[str, bool], counters: Sequence[str]
) -> Kernel | None:
    """The code of a rule, made when first needed; None where there can be none, which is said once.

    options: its keyword arguments, where numbers may differ from step to step, and truth values, texts and
    None are fixed; buffers: by name whether there is one, or None in its place.
    """
    options = {k: x if type(x) in FIXED else float(x) for k, x in options.items()}
    key = tuple([float if type(x) is float else x for x in options.values()])
    known = (rule, key, *buffers.items(), *counters)
    if known not in _kernels:
        name = getattr(rule, "__name__", "rule")
        try:
            _kernels[known] = compiled(rule, name, options, buffers, counters)
        except Exception as error:  # whatever a rule of the user's does while it is traced
            _kernels[known] = None
            if not any([k[0] is rule and k != known and x is None for k, x in _kernels.items()]):
                warnings.warn(
                    f"the rule {name} cannot be compiled and runs as plain NumPy: {error}; "
                    f"make it elementwise, and choose with np.where",
                    stacklevel=8,
                )
    return _kernels[known]


def compiled(
    rule: Rule, name: str, options: dict[str, Any], buffers: dict[str, bool], counters: Sequence[str]
) -> Kernel:
    """Trace the rule and write its code."""
    from autograd.compiler import passes
    from autograd.compiler.trace import trace

    free = [k for k, x in options.items() if type(x) is float]
    given = ["p", "g", *[k for k, there in buffers.items() if there]]
    kept: list[str] = []

    def run(values: list[Any]) -> list[Any]:
        now = dict(zip([*given, *free], values, strict=True))
        new, *rest = rule(
            *[now.get(k) for k in ("p", "g", *buffers)], **{k: now.get(k, x) for k, x in options.items()}
        )
        if len(rest) != len(buffers):
            raise UnfitError(f"it returned {1 + len(rest)} results for p and {len(buffers)} buffers")
        kept.extend([k for k, x in zip(buffers, rest, strict=True) if x is not None])
        return [new, *[x for x in rest if x is not None]]

    examples = [np.full(3, 0.5) for _ in given] + [np.float64(0.5) for _ in free]
    program = passes.optimized(trace(run, examples, [f"{k}_" if k in OWN else k for k in [*given, *free]]))
    if program.closed or program.written:
        raise UnfitError("it uses a Value that it was not given")
    return written(program, given, free, kept, list(counters), list(options), name)


def written(
    program: Any,
    given: list[str],
    free: list[str],
    kept: list[str],
    counters: list[str],
    options: list[str],
    name: str,
) -> Kernel:
    """The code of the program of a rule."""
    from autograd.compiler import scalars
    from autograd.compiler.names import Names
    from autograd.compiler.program import Program

    arrays, numbers = program.inputs[: len(given)], program.inputs[len(given) :]
    first, body = divided(program.steps, arrays)
    of_numbers = {id(x) for x in [*first, *numbers]}
    met = list({id(x): x for s in body for x in s.args if id(x) in of_numbers}.values())
    names = Names(program)
    names.taken.update(OWN)  # for what is named from here on
    at = dict(zip(given, arrays, strict=True))
    inputs = {k: at.get(k) for k in ("p", "g", *kept)}  # None: a buffer that is not there yet
    if any([x is at[k] for s in body for x in s.args for k in given if k not in inputs]):
        raise UnfitError("it reads a buffer for which it gives None")
    slots = {k: names.unused(f"new_{k}") if x is None else names[x] for k, x in inputs.items()}
    there = {k: names[x] for k, x in inputs.items() if x is not None}
    values = names.all(met)
    one = scalars.lines_of(Program([], [], [], body, program.outputs), names)
    news = [scalars.atom(x, names) for x in program.outputs]
    planner = InPlace(names, list(slots.values()))
    lines = planner.lines(list(inputs.values()), body, program.outputs)
    rooms = [f"{kind}{i}" for kind in ("room", "mask") for i in range(planner.count[kind])]

    expected = [names.unused(f"last_{k}") for k in counters]
    counted = [names.unused(k) for k in counters]
    check = [f"state[{k!r}] != {x}" for k, x in zip(counters, expected, strict=True)]
    check += [f"state.get({k!r}) is not None" for k in kept if k not in there]
    enter = [f"if {' or '.join(check)}:", "    return None"] if check else []
    leave = [f"state[{k!r}] = {x}" for k, x in zip(counters, counted, strict=True)]
    tail = [*expected, *counted, *values]
    held = [(k, x) for k, x in there.items() if k not in ("p", "g")]

    def function(parameters: list[str], body: list[str]) -> str:
        return "\n".join([f"def run({', '.join(parameters)}):", *[f"    {x}" for x in body], ""])

    # a few operations are done with NumPy's numbers before those are turned into Python's
    few = len(body) <= FEW and not any([x is y for x in program.outputs for y in inputs.values()])
    number = [f"{x} = {'' if few else 'float'}(state[{k!r}])" for k, x in held]
    number += [*([] if few else ["p, g = float(p), float(g)"]), *one]
    number += [f"state[{k!r}] = {'' if few else 'float64'}({x})" for k, x in zip(kept, news[1:], strict=True)]
    number += leave
    new = news[0] if few else f"float64({news[0]})"
    each = ["for position, v in rest:"]
    each += [
        f"    {x}" for x in ("g = v.grad", "if g is None:", "    continue", "state = states.get(position)")
    ]
    each += [f"    if {' or '.join(['state is None', *check])}:", "        return position, v"]
    each += ["    p = v.data", "    if type(g) is float64:", "        try:"]
    each += [f"            {x}" for x in (*number, f"v.changed({new})")]
    each += ["        except (ArithmeticError, ValueError, TypeError):", "            return position, v"]
    each += [f"    elif g.size > most or not g.ndim or array(p, g, state, rooms, {', '.join(tail)}) is None:"]
    each += ["        return position, v", "    else:", "        v.changed(p)", "return None"]
    array = [*enter, *[f"{x} = state[{k!r}]" for k, x in held]]
    if held:
        array += [f"if {' or '.join([f'{x} is None' for _, x in held])}:", "    return None"]
    array += [f"{x} = empty_like(p)" for k, x in slots.items() if k not in there]
    if rooms:
        array += [f"{', '.join(rooms)}, = rooms(p, {planner.count['room']}, {planner.count['mask']})"]
    array += [
        *lines,
        *[f"state[{k!r}] = {x}" for k, x in slots.items() if k not in there],
        *leave,
        "return p",
    ]
    element = [*one, f"return {scalars.tupled(news)}"]

    parameters = {k: names[x] for k, x in zip(free, numbers, strict=True)}
    prepare = [f"{x} = float({x})" for x in parameters.values()]
    prepare += scalars.lines_of(Program([], [], [], first, met), names)
    prepare += [f"return {scalars.tupled([scalars.atom(x, names) for x in met])}"]
    texts = {
        "prepare": function([parameters.get(k, f"_{k}") for k in options], prepare),
        "number": function(["p", "g", "state", *tail], [*enter, *number, f"return {new}"]),
        "array": function(["p", "g", "state", "rooms", *tail], array),
        "all": function(["rest", "states", "rooms", "most", *tail], each),
        "inplace": function([*slots.values(), *rooms, *values], lines or ["pass"]),
    }
    namespace = {**scalars.NAMESPACE, **planner.namespace, "float64": np.float64, "empty_like": np.empty_like}
    loops = function([*there.values(), *values], element), around(list(slots.values()), list(there.values()))
    source = "\n".join(texts.values())
    made: dict[str, Any] = {}
    for k, text in texts.items():
        made[k] = loaded(text, {**namespace, **made}, name)
    fresh = tuple([k for k in kept if k not in there])
    rooms_needed = planner.count["room"], planner.count["mask"]
    return Kernel(
        name, **made, kept=tuple(kept), fresh=fresh, rooms=rooms_needed, source=source, loop_texts=loops
    )


def divided(steps: Sequence[Any], arrays: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The steps that depend on numbers alone, and those of the arrays, all elementwise."""
    from autograd.compiler.scalars import FORMULAS
    from autograd.compiler.ufuncs import ufunc_of
    from autograd.rules import elementwise as el

    of_arrays = {id(x) for x in arrays}
    first, body = [], []
    for s in steps:
        if any([x.kind == "constant" and x.is_array for x in s.args]):
            raise UnfitError("it uses an array that it was not given")
        if ufunc_of(s.op) not in FORMULAS and s.op is not el.WHERE:
            raise UnfitError(f"{s.op} is not elementwise or has no formula")
        if any([id(x) in of_arrays for x in s.args]):
            of_arrays.add(id(s))
            body.append(s)
        else:
            first.append(s)
    return first, body


def loaded(text: str, namespace: dict[str, Any], name: str) -> Any:
    """The function `run` of generated code."""
    from autograd.compiler.compiled import loaded

    return loaded(text, dict(namespace), f"rule {name}")["run"]


# --- arrays in place ------------------------------------------------------------------------------


@dataclass
class InPlace:
    """Writes one NumPy call per step, with `out=` the array that the result belongs into, or room for it."""

    names: Any
    slots: list[str]  # the arrays: p, g, buffers
    namespace: dict[str, Any] = field(default_factory=lambda: {"copyto": np.copyto})
    count: dict[str, int] = field(default_factory=lambda: {"room": 0, "mask": 0})

    def lines(self, inputs: list[Any], body: list[Any], outputs: list[Any]) -> list[str]:
        """What writes the outputs into the slots (all but g)."""
        targets = [self.slots[0], *self.slots[2:]]
        self.wanted = {id(x): slot for x, slot in reversed(list(zip(outputs, targets, strict=True)))}
        self.last = {id(x): i for i, s in enumerate(body) for x in s.args}
        self.last.update({id(x): len(body) for x in outputs})  # to the end
        self.place = {id(x): slot for x, slot in zip(inputs, self.slots, strict=True) if x is not None}
        self.holder = {slot: x for x, slot in zip(inputs, self.slots, strict=True)}
        self.free: dict[str, list[str]] = {"room": [], "mask": []}
        lines: list[str] = []
        for i, s in enumerate(body):
            lines += self.step(i, s)
        written: set[str] = set()
        for x, slot in zip(outputs, targets, strict=True):
            where = self.text(x)
            if where in written:
                raise UnfitError("its results are exchanged")
            if where != slot:
                lines.append(f"copyto({slot}, {where})")
                written.add(slot)
        return lines

    def text(self, x: Any) -> str:
        from autograd.compiler.scalars import atom

        return self.place.get(id(x)) or str(atom(x, self.names))

    def step(self, i: int, s: Any) -> list[str]:
        from autograd.compiler.ufuncs import ufunc_of

        function = ufunc_of(s.op)
        args = [self.text(x) for x in s.args]
        power = function is np.power and id(s.args[0]) in self.place and id(s.args[1]) not in self.place
        dying = [x for x in s.args if id(x) in self.place and self.last[id(x)] == i]
        # np.where is written in two calls, the first of which must leave the others' operands alone
        ready = dying if function is not None else [x for x in dying if x is s.args[2]]
        ready = [x for x in ready if not any([x is y for y in s.args[:2]])] if function is None else ready
        if function is np.sign:  # several times slower in place
            ready = []
        out = self.room(s, ready, dying)
        for x in dying:
            self.release(x, out)
        self.place[id(s)], self.holder[out] = out, s
        if self.last.get(id(s), i) == i:
            raise UnfitError("it computes what it does not use")
        if function is None:
            copy = [f"copyto({out}, {args[2]})"] if args[2] != out else []
            return [*copy, f"copyto({out}, {args[1]}, where={args[0]})"]
        if power:  # the operator knows square roots and squares
            return [f"copyto({out}, {args[0]} ** {args[1]})"]
        self.namespace[function.__name__] = function
        return [f"{function.__name__}({', '.join(args)}, out={out})"]

    def room(self, s: Any, ready: list[Any], dying: list[Any]) -> str:
        """Where a result is written: its own slot, an operand's place that is read no more, or free room."""
        kind = "mask" if s.dtype.kind == "b" else "room"
        slot = self.wanted.get(id(s))
        if slot is not None:
            holder = self.holder[slot]
            if holder is None or any([holder is x for x in ready]) or self.last.get(id(holder), -1) < 0:
                return slot
        places = [self.place[id(x)] for x in ready if x.dtype.kind == s.dtype.kind]
        places = sorted([x for x in places if x != self.slots[1]], key=lambda x: x in self.slots)
        if places:
            return places[0]
        if self.free[kind]:
            return self.free[kind].pop()
        self.count[kind] += 1
        return f"{kind}{self.count[kind] - 1}"

    def release(self, x: Any, out: str) -> None:
        """What held `x` is free for others, unless it was just taken."""
        where = self.place[id(x)]
        self.holder[where] = None
        if where != out and where not in self.slots:
            self.free[where[:4]].append(where)


# --- machine code ---------------------------------------------------------------------------------


def numba_of(who: str) -> Any:
    """The module numba; raises ImportError with what mends it."""
    try:
        import numba
    except ImportError:
        raise ImportError(f'{who} needs numba; install it with: pip install "stepgrad[jit]"') from None
    return numba


def around(slots: Sequence[str], read: Sequence[str]) -> str:
    """The loop over all elements of the slots, which `one` reads or gives."""
    given = ", ".join([f"{x}[i]" for x in slots if x in read])
    news = "".join([f"{x}[i], " for x in slots if x != slots[1]])
    return (
        f"def run({', '.join(slots)}, *numbers):\n"
        f"    for i in range({slots[0]}.size):\n        {news}= one({given}, *numbers)\n"
    )


def machine_loop(text: str, loop: str, name: str) -> Any:
    """Both as machine code; IEEE arithmetic in the order of the rule."""
    from autograd.compiler.scalars import NAMESPACE

    make = numba_of(name).njit(error_model="numpy")
    return make(loaded(loop, {"one": make(loaded(text, NAMESPACE, name))}, name))


# --- running --------------------------------------------------------------------------------------


class Rooms:
    """Arrays for intermediate results, kept from one step to the next; none is larger than CHUNK."""

    def __init__(self) -> None:
        self._flat: dict[str, list[np.ndarray]] = {}
        self._shaped: dict[tuple[tuple[int, ...], str], list[np.ndarray]] = {}

    def __call__(self, like: np.ndarray, floats: int, masks: int) -> list[np.ndarray]:
        """Room in the shape of `like`."""
        found = self._some(like, like.dtype.char, floats)
        return found + self._some(like, "?", masks) if masks else found

    def _some(self, like: np.ndarray, dtype: str, n: int) -> list[np.ndarray]:
        found = self._shaped.get((like.shape, dtype), [])
        if len(found) < n:
            flat = self._flat.setdefault(dtype, [])
            flat += [np.empty(CHUNK, dtype) for _ in range(n - len(flat))]
            found = self._shaped[like.shape, dtype] = [x[: like.size].reshape(like.shape) for x in flat]
        return found if len(found) == n else found[:n]


def run_large(
    kernel: Kernel,
    p: np.ndarray,
    g: Array,
    state: dict[str, Any],
    numbers: tuple[float, ...],
    rooms: Rooms,
    fused: bool,
) -> None:
    """The step of an array, in place: a chunk at a time, or as machine code."""
    order: Any = "C" if p.flags.c_contiguous or not p.flags.f_contiguous else "F"
    for k in kernel.fresh:
        state[k] = np.empty_like(p)
    slots = [p, g, *[state[k] for k in kernel.kept]]
    lined = [np.asarray(x, order=order) for x in slots]  # the array itself where it lies so
    flat = [x.reshape(-1, order=order) for x in lined]
    if fused:
        kernel.loop()(*flat, *[p.dtype.type(x) for x in numbers])
    else:
        for i in range(0, p.size, CHUNK):
            part = [x[i : i + CHUNK] for x in flat]
            kernel.inplace(*part, *rooms(part[0], *kernel.rooms), *numbers)
    for x, y in zip(slots, lined, strict=True):
        if x is not y and x is not g:
            x[...] = y
