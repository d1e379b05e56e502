"""The parts of a training step, of a chain, of compiling, each timed by itself; for benchmarks.profile."""

import gc
import resource
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

from benchmarks import compiling, operations
from benchmarks.engines import Stepgrad, found
from benchmarks.report import number
from benchmarks.steps.table import Train
from benchmarks.timing import repeated
from benchmarks.worker import runs_of

BUDGET = 0.3  # seconds for a measurement
LONG = 500.0  # microseconds: where the processor's clock, slower to read, counts little, others' work much
SOME = 50  # steps at most, where a run has no length of its own


class Part(NamedTuple):
    """A line: what, microseconds, what is in it."""

    what: str
    time: float
    note: str = ""


Table = list[list[str]]
Found = tuple[list[Part], Table]  # the parts, and a table of the operations


# --- parts of the running loop ------------------------------------------------------------------


class Phases:
    """Seconds that each step spends in some methods; the outermost call counts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.now: Counter[str] = Counter()
        self.steps: list[Counter[str]] = []
        self.inside = False
        self.graph: list[Any] = []  # what the first backward() was called on was made of
        self.end = self.last = clock()  # of the last method, of the last backward(); then comes forward

    def timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(this: Any, *args: Any, **options: Any) -> Any:
            if self.inside:
                return method(this, *args, **options)
            if name == "backward" and not self.graph:
                self.graph = recorded(this)
            self.inside = True
            start = self.clock()
            if name == "backward":
                self.now["forward"] += start - self.end
            try:
                return method(this, *args, **options)
            finally:
                self.end = self.clock()
                self.now[name] += self.end - start
                self.inside = False
                if name == "backward":
                    self.now["step"] = self.end - self.last
                    self.steps.append(self.now)
                    self.now, self.last = Counter(), self.end

        return call

    def medians(self) -> dict[str, float]:
        """Microseconds for a step, without those of the clock."""
        ticks = [self.clock() for _ in range(1001)]
        tick = statistics.median([b - a for a, b in pairwise(ticks)])
        names = [name for name in self.steps[-1] if name != "step"]
        found = {n: statistics.median([step[n] for step in self.steps]) - tick for n in names}
        whole = statistics.median([step["step"] for step in self.steps]) - 2 * tick * len(names)
        found["what is left of the loop"] = whole - sum(found.values())
        return {n: 1e6 * time for n, time in found.items()}


@contextmanager
def watched(phases: Phases) -> Iterator[None]:
    """Time the methods that a training loop calls."""
    from autograd import Value
    from nn import Module
    from optim.optimizer import Optimizer

    owners = {"backward": [Value], "zero_grad": [Value, Module, Optimizer], "optimizer.step": [Optimizer]}
    kept = []
    for name, classes in owners.items():
        for owner in classes:
            attribute = name.rpartition(".")[2]
            kept.append((owner, attribute, vars(owner)[attribute]))
            setattr(owner, attribute, phases.timed(name, vars(owner)[attribute]))
    try:
        yield
    finally:
        for owner, attribute, method in kept:
            setattr(owner, attribute, method)


def recorded(root: Any) -> list[Any]:
    """(op, data, inputs' data, which of them carry gradient, params) of all that was recorded, in order."""
    from autograd.backward import ancestors
    from autograd.engine import Node, raw

    nodes = [v for _, v in sorted(ancestors([root]).items()) if v.op is not None]
    return [
        (
            v.op,
            v._array,
            [raw(x) for x in v.inputs],
            [isinstance(x, Node) and x.requires_grad for x in v.inputs],
            v.params,
        )
        for v in nodes
    ]


# --- the same work without the engine -------------------------------------------------------------


def alone(call: Callable[[], object]) -> float:
    """Microseconds of a call, a Python loop around it taken off."""

    def run(n: int, call: Callable[[], object] = call) -> None:
        for _ in range(n):
            call()

    return 1e6 * max(repeated(run, BUDGET / 10) - repeated(lambda n: run(n, nothing), BUDGET / 20), 0.0)


def nothing() -> None:
    pass


def bare(graph: list[Any]) -> dict[str, list[float]]:
    """Operation -> how many there are, microseconds of all their NumPy, of all their rules, and how many of these."""
    known: dict[Any, tuple[float, float]] = {}
    found: dict[str, list[float]] = {}
    for op, data, args, tracked, params in graph:
        kinds = tuple([(np.shape(a), getattr(a, "dtype", type(a))) for a in args])
        key = op, kinds, tuple(tracked), repr(params)
        if key not in known:
            g = np.ones_like(data) if data.ndim else data.dtype.type(1)
            rules = [partial(op.rules[0], i=i) for i in range(len(args))] if op.variadic else op.rules
            used = [rule for rule, needed in zip(rules, tracked, strict=True) if needed]
            with np.errstate(all="ignore"):
                known[key] = (
                    alone(partial(op.forward, *args, **params)),
                    sum([alone(partial(rule, g, data, *args, **params)) for rule in used]),
                )
        entry = found.setdefault(op.name, [0.0, 0.0, 0.0, 0.0])
        for i, x in enumerate((1.0, *known[key], float(sum(tracked)))):
            entry[i] += x
    return found


# --- an eager and a compiled step ------------------------------------------------------------------


def eager(train: Train, length: int | None) -> Found:
    """Forward, backward, the optimizer; and what each operation takes without the engine."""
    train(length or 2)
    whole = of_a_step(train, length)
    some = length or max(2, min(SOME, int(1e6 * BUDGET / whole)))  # few where a step is long
    fresh = faults(train, some)
    gc.disable()
    try:
        quiet = of_a_step(train, length)
    finally:
        gc.enable()
    phases = Phases(perf_counter if whole < LONG else process_time)
    with watched(phases):
        end = process_time() + 2 * BUDGET
        while process_time() < end:
            train(some)
    spent = phases.medians()
    operations = bare(phases.graph)
    count, rules = (sum([e[i] for e in operations.values()]) for i in (0, 3))
    forward, backward = (sum([e[i] for e in operations.values()]) for i in (1, 2))
    apart = spent["forward"] - forward, spent["backward"] - backward
    parts = [
        Part("a step", whole, f"{number(quiet)} with the collector off; {fresh:.0f} page faults"),
        Part("forward", spent.pop("forward")),
        Part("    the operations' NumPy alone", forward, f"{count:.0f} operations"),
        Part("    recording", apart[0], f"{apart[0] / count:.2f} each"),
        Part("backward", spent.pop("backward")),
        Part("    the rules alone", backward, f"{rules:.0f} rules"),
        Part("    walking", apart[1], f"{apart[1] / count:.2f} for an operation"),
        *[Part(name, time) for name, time in spent.items()],
    ]
    rows = [
        [name, f"{e[0]:.0f}", number(e[1]), number(e[2])]
        for name, e in sorted(operations.items(), key=lambda item: -item[1][1] - item[1][2])
    ]
    return parts, [["operation", "times", "NumPy alone, µs", "rules alone, µs"], *rows]


def compiled(train: Train, length: int | None) -> Found:
    """The generated code alone beside the step; and what each of its operations takes without it."""
    from autograd.compiler.compiled import Compiled

    made: list[Any] = []
    traced = vars(Compiled)["traced"]

    def remembered(this: Any, *args: Any) -> Any:
        made.append(traced(this, *args))
        return made[-1]

    Compiled.traced = remembered  # type: ignore[method-assign]
    try:
        train(length or SOME)
    finally:
        Compiled.traced = traced  # type: ignore[method-assign]
    (entry,) = made
    whole, program = of_a_step(train, length), entry.run.program
    given = [x.data for x in [*program.inputs, *program.closed]]
    given = given if entry.run.why else [float(x) for x in given]
    code = alone(partial(entry.run.make(), *given))
    operations: dict[str, list[float]] = {}
    with np.errstate(all="ignore"):
        for s in program.steps:
            time = alone(partial(s.op.forward, *[x.data for x in s.args], **s.params))
            e = operations.setdefault(s.op.name, [0.0, 0.0])
            e[0], e[1] = e[0] + 1, e[1] + time
    parts = [
        Part("a step", whole, f"{faults(train, length or SOME):.0f} page faults"),
        Part(f"the generated code alone ({entry.run.backend})", code, f"{len(program)} operations"),
        Part("the call, and the loop around it", whole - code),
        Part("its operations, each as a NumPy call of its own", sum([e[1] for e in operations.values()])),
    ]
    rows = [
        [name, f"{e[0]:.0f}", number(e[1])] for name, e in sorted(operations.items(), key=lambda i: -i[1][1])
    ]
    return parts, [["operation", "times", "NumPy alone, µs"], *rows]


def of_a_step(train: Train, length: int | None) -> float:
    """Microseconds."""
    return 1e6 * repeated(runs_of(train, length), BUDGET, length or 1)


def faults(train: Train, n: int) -> float:
    """Pages of fresh memory that a step asks the system for."""
    before = [resource.getrusage(resource.RUSAGE_SELF).ru_minflt]
    for steps in (n, 3 * n):
        train(steps)
        before.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return max(before[2] - 2 * before[1] + before[0], 0) / (2 * n)


# --- the loop inside ----------------------------------------------------------------------------------


def looped(train: Train, length: int) -> Found:
    """What a step more takes, and what is paid once for a call."""
    half, whole = (1e6 * repeated(runs_of(train, n), BUDGET, n) * n for n in (length // 2, length))
    more = max((whole - half) / (length - length // 2), 0.0)
    parts = [
        Part("a step", whole / length, f"in a call of {length} steps"),
        Part("a step more", more),
        Part(
            "the call, for each step", whole / length - more, f"{number(whole - length * more)} µs for a call"
        ),
    ]
    return parts, []


# --- a chain ------------------------------------------------------------------------------------------


def chained(lengths: tuple[int, ...] = (1_000, 100_000, 1_000_000)) -> Found:
    """What a node of a chain costs, and what of that is the garbage collector looking at it again and again."""
    tape = Stepgrad(found("stepgrad"))
    parts = []
    for n in lengths:
        times = []
        for enabled in (True, False):
            if not enabled:
                gc.disable()
            try:
                times.append(1e6 * sum(operations.chain(tape, n)["seconds"].values()))
            finally:
                gc.enable()
        parts.append(Part(f"a node of {n:,}", times[0], f"{number(times[1])} with the collector off"))
    return parts, []


# --- compiling ------------------------------------------------------------------------------------------


def compiled_first(backend: str, size: int = 1000) -> Found:
    """The first call, with gradient, by what it does; microseconds for an operation of the program."""
    from autograd.compiler import compiled as module

    spent: Counter[str] = Counter()

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            start = process_time()
            try:
                return function(*args, **options)
            finally:
                spent[name] += process_time() - start

        return call

    owners = {"trace": module, "optimized": module.passes, "executable": module}
    kept = {name: vars(owner)[name] for name, owner in owners.items()}
    compiling.first_call(backend, 100)  # what is loaded first is no part of it
    try:
        for name, owner in owners.items():
            setattr(owner, name, timed(name, kept[name]))
        spent.clear()
        start = process_time()
        answer = compiling.first_call(backend, size)
        whole = process_time() - start
    finally:
        for name, owner in owners.items():
            setattr(owner, name, kept[name])
    nodes = answer["value nodes"] + answer["gradient nodes"]
    each = {name: 1e6 * time / nodes for name, time in spent.items()}
    parts = [
        Part(
            "for a node",
            1e6 * whole / nodes,
            f"{nodes:,.0f} nodes, of the value and of the value with its gradient",
        ),
        Part("    tracing", each["trace"]),
        Part("    passes", each["optimized"]),
        Part("    writing and loading the code", each["executable"]),
        Part("    the first run, and the rest", 1e6 * whole / nodes - sum(each.values())),
    ]
    return parts, []
