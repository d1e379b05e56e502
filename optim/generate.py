"""The code of a rule: traced once, then written for numbers, for arrays in place, and for one element.

A rule is elementwise: it is traced on three elements, and the code made of its program is good for
every shape and dtype.  What depends on options alone (1 - beta2) is computed first, as Python
numbers, which leave the dtype of an array as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.compiler import passes, scalars
from autograd.compiler.compiled import loaded
from autograd.compiler.names import Names
from autograd.compiler.parts import tupled
from autograd.compiler.program import Program
from autograd.compiler.trace import trace
from autograd.compiler.ufuncs import ufunc_of
from autograd.engine import next_number
from autograd.rules import elementwise as el

Texts = dict[str, str]
FEW = 4  # operations
PLUS_TIMES = (np.add, np.subtract, np.multiply, np.divide)  # of these NumPy's numbers make NumPy's
PREPARE = """\
def run({options}):
    if {changed}:
        raise TypeError
    {floats}
    {lines}
    return {results}
"""
NUMBER = """\
def run(p, g, state, {values}):
    if {differs}:
        return None
    {lines}
    return {new}
"""
ARRAY = """\
def run(p, g, state, rooms, {values}):
    if {differs}:
        return None
    {read}
    if {missing}:
        return None
    {room}
    {lines}
    {write}
    return p
"""
ALL = """\
def run(rest, states, rooms, most, {values}):
    for position, v in rest:
        g = v._grad  # past the properties, for speed
        if g is None:
            continue
        state = states.get(position)
        if state is None or {differs}:
            return position, v
        p = v._array
        if type(g) is float64:
            try:
                {lines}
                v._array, v._number = {new}, next_number()
            except (ArithmeticError, ValueError, TypeError):
                return position, v
        elif type(g) is not ndarray or g.size > most or not g.ndim:  # also a gradient that is a Value
            return position, v
        elif array(p, g, state, rooms, {values}) is None:
            return position, v
        else:
            v.changed(p)
    return None
"""
PLAIN = """\
def run({slots}, {rooms}, {numbers}):
    {lines}
"""
ELEMENT = """\
def run({read}, {numbers}):
    {lines}
    return {news}
"""
LOOP = """\
def run({slots}, *numbers):
    for i in range(p.size):
        {news}, = one({given}, *numbers)
"""
# names that the templates use
OWN = frozenset(["state", "states", "rooms", "rest", "most", "position", "v"])
OWN |= {"array", "ndarray", "float64", "empty_like", "copyto", "next_number"}


class UnfitError(Exception):
    """The rule is not elementwise, or uses what has no code here."""


@dataclass(eq=False)
class Written:
    """What is written for a rule; see Kernel, which holds it as functions."""

    texts: Texts  # by the name in Kernel
    namespace: dict[str, Any]  # NumPy's functions; those of numbers are Python's
    kept: tuple[str, ...]
    fresh: tuple[str, ...]
    rooms: tuple[int, int]


def functions(written: Written, name: str) -> dict[str, Callable[..., Any]]:
    """The texts as functions."""
    of_numbers = {**scalars.NAMESPACE, "ndarray": np.ndarray, "float64": np.float64}
    of_numbers["next_number"] = next_number
    made: dict[str, Any] = {}
    for k in ("prepare", "number", "array", "all", "inplace"):
        namespace = written.namespace if k in ("array", "inplace") else {**of_numbers, **made}
        made[k] = loaded(written.texts[k], dict(namespace), f"rule {name}")["run"]
    return made


def written(
    rule: Callable[..., Any], options: dict[str, Any], buffers: dict[str, bool], counters: Sequence[str]
) -> Written:
    """The code of a rule, with its options, where floats are free; see kernel_of."""
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
    program = passes.optimized(trace(run, examples, [named(k) for k in [*given, *free]]))
    if program.closed or program.written:
        raise UnfitError("it uses a Value that it was not given")
    return Writer(program, given, free, kept).written(options, counters)


def named(name: str) -> str:
    """The name, or another where the code uses it itself."""
    ours = name in OWN or name in scalars.NAMESPACE or isinstance(getattr(np, name, None), np.ufunc)
    return f"{name}_" if ours else name


@dataclass(eq=False)
class Writer:
    """The program of a rule: p, g and the buffers `given`, then the numbers `free`, as text."""

    program: Program
    given: list[str]
    free: list[str]
    kept: list[str]

    def written(self, options: dict[str, Any], counters: Sequence[str]) -> Written:
        """All texts."""
        none = [k for k, x in options.items() if x is None]
        program, kept = self.program, self.kept
        arrays, numbers = program.inputs[: len(self.given)], program.inputs[len(self.given) :]
        first, body = divided(program.steps, arrays)
        of_numbers = {id(x) for x in [*first, *numbers]}
        read = [*[x for s in body for x in s.args], *program.outputs]
        met = list({id(x): x for x in read if id(x) in of_numbers}.values())
        names = Names(program)
        names.taken.update(OWN)  # for what is named from here on
        at = dict(zip(self.given, arrays, strict=True))
        inputs = {k: at.get(k) for k in ("p", "g", *kept)}  # None: a buffer that is not there yet
        if any([x is at[k] for s in body for x in s.args for k in at if k not in inputs]):
            raise UnfitError("it reads a buffer for which it gives None")
        slots = {k: names.unused(f"new_{k}") if x is None else names[x] for k, x in inputs.items()}
        there = {k: slots[k] for k in kept if k in at}
        fresh = {k: slots[k] for k in kept if k not in at}

        planner = InPlace(names, list(slots.values()))
        in_place = planner.lines(list(inputs.values()), body, program.outputs)
        room, mask = planner.count["room"], planner.count["mask"]
        rooms = [f"{kind}{i}" for kind, n in planner.count.items() for i in range(n)]
        before = [names.unused(f"last_{k}") for k in counters]
        after = [names.unused(k) for k in counters]
        differs = [f"state[{k!r}] != {x}" for k, x in zip(counters, before, strict=True)]
        differs += [f"state.get({k!r}) is not None" for k in fresh]
        count = [f"state[{k!r}] = {x}" for k, x in zip(counters, after, strict=True)]
        one = scalars.lines_of(Program([], [], [], body, program.outputs), names)
        news = [scalars.atom(x, names) for x in program.outputs]
        # a few operations are done with NumPy's numbers before those are turned into Python's
        few = len(body) <= FEW and all([ufunc_of(s.op) in PLUS_TIMES for s in body])
        few = few and {id(x) for x in program.outputs} <= {id(s) for s in body}
        to_float, back = ("{}", "{}") if few else ("float({})", "float64({})")
        lines = [f"{x} = {to_float.format(f'state[{k!r}]')}" for k, x in there.items()]
        lines += [*([] if few else ["p, g = float(p), float(g)"]), *one]
        lines += [f"state[{k!r}] = {back.format(x)}" for k, x in zip(kept, news[1:], strict=True)]
        common = dict(
            values=", ".join([*before, *after, *names.all(met)]), differs=" or ".join(differs) or "False",
            numbers=", ".join(names.all(met)), rooms=", ".join(rooms), slots=", ".join(slots.values()),
            new=back.format(news[0]), news=tupled(news),
        )  # fmt: skip
        parameters = {k: names[x] for k, x in zip(self.free, numbers, strict=True)}
        texts = {
            "prepare": filled(
                PREPARE,
                options=", ".join([parameters.get(k, f"_{k}") for k in options]),
                changed=" or ".join([f"_{k} is not None" for k in none]) or "False",
                floats=[f"{x} = float({x})" for x in parameters.values()],
                lines=scalars.lines_of(Program([], [], [], first, met), names),
                results=tupled([scalars.atom(x, names) for x in met]),
            ),
            "number": filled(NUMBER, **common, lines=[*lines, *count]),
            "array": filled(
                ARRAY,
                **common,
                read=[f"{x} = state[{k!r}]" for k, x in there.items()]
                + [f"{x} = empty_like(p)" for x in fresh.values()],
                missing=" or ".join([f"{x} is None" for x in there.values()]) or "False",
                room=[f"{', '.join(rooms)}, = rooms[p.shape, p.dtype.char, {room}, {mask}]"] if rooms else [],
                lines=in_place,
                write=[*[f"state[{k!r}] = {x}" for k, x in fresh.items()], *count],
            ),
            "all": filled(ALL, **common, lines=[*lines, *count]),
            "inplace": filled(PLAIN, **common, lines=in_place or ["pass"]),
            "element": filled(ELEMENT, **common, read=", ".join(["p", "g", *there.values()]), lines=one),
            "loop": filled(
                LOOP,
                **common | {"news": ", ".join([f"{x}[i]" for k, x in slots.items() if k != "g"])},
                given=", ".join([f"{x}[i]" for x in ("p", "g", *there.values())]),
            ),
        }  # fmt: skip
        namespace = {
            **scalars.NAMESPACE,
            **planner.namespace,
            "empty_like": np.empty_like,
        }
        return Written(texts, namespace, tuple(kept), tuple(fresh), (room, mask))


def filled(template: str, **parts: Any) -> str:
    """The template with its words put in; a list stands for lines of its own."""
    texts = {k: x for k, x in parts.items() if isinstance(x, str)}
    lines: list[str] = []
    for line in template.splitlines():
        word = line.strip()[1:-1]
        if isinstance(parts.get(word), list):
            lines += [line[: len(line) - len(line.lstrip())] + x for x in parts[word]]
        else:
            lines.append(line.format(**texts).replace(", , ", ", ").replace(", )", ")"))
    return "\n".join([*lines, ""])


def divided(steps: Sequence[Any], arrays: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The steps that depend on numbers alone, and those of the arrays, all elementwise."""
    of_arrays = {id(x) for x in arrays}
    first, body = [], []
    for s in steps:
        if any([x.kind == "constant" and x.is_array for x in s.args]):
            raise UnfitError("it uses an array that it was not given")
        if ufunc_of(s.op) not in scalars.FORMULAS and s.op is not el.WHERE:
            raise UnfitError(f"{s.op} is not elementwise or has no formula")
        if any([id(x) in of_arrays for x in s.args]):
            of_arrays.add(id(s))
            body.append(s)
        else:
            first.append(s)
    return first, body


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
        return self.place.get(id(x)) or str(scalars.atom(x, self.names))

    def step(self, i: int, s: Any) -> list[str]:
        function = ufunc_of(s.op)
        args = [self.text(x) for x in s.args]
        power = function is np.power and id(s.args[0]) in self.place and id(s.args[1]) not in self.place
        operands = {id(x): x for x in s.args if id(x) in self.place}.values()  # each once
        dying = [x for x in operands if self.last[id(x)] == i]
        # np.where is written in two calls, the first of which must leave the others' operands alone
        ready = dying if function is not None else [x for x in dying if x is s.args[2]]
        ready = [x for x in ready if not any([x is y for y in s.args[:2]])] if function is None else ready
        if function is np.sign:  # several times slower in place
            ready = []
        out = self.room(s, ready, dying)
        for x in dying:
            self.release(x, out)
        self.place[id(s)], self.holder[out] = out, s
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
