"""record: watch a training loop, and keep what every step did."""

import inspect
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograd.engine import Node, raw
from autograd.graph.description import Graph
from autograd.graph.formulas import formula
from autograd.graph.names import caller, given_names, local_names, number_text, symbols
from autograd.graph.passes import Pass, Structure, identical
from autograd.graph.recording import Frame, RecordedEdge, RecordedNode, Recording, Segment, Update
from autograd.graph.summary import held, is_number
from autograd.modes import OBSERVE, mode, observers, unobserved
from autograd.value import Value

GOLDEN = (5**0.5 - 1) / 2
SPARED = 3  # the lowest and the highest loss, and the first that is not finite


def record(
    source: Any,
    *,
    every: int = 1,
    keep: int | None = 300,
    names: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | None = None,
) -> "Recorder":
    """Capture every step of the loop inside a `with` block: forward, backward and update.

    source: an optimizer, or what is updated by hand: a Value, Values, or a module.  An
    optimizer's step() ends a step; without one, a change of the parameters does.
    every: look only at every so many steps.
    keep: how many steps to hold, None for all.  A longer run keeps all early steps, then
    steps evenly spaced on a log scale, with the last and the lowest and highest loss.
    names: of parameters and other Values, as a module (for its parameters), a dict
    (`locals()`), or "locals" to read them off the variables of the function that calls
    record() and of the one that calls backward().  A Value's own name comes first; a parameter
    without any is called what the module that used it calls it (`layers.0.weight`), else p1, p2 ...

    `as` gives the Recording.  It holds numbers for single numbers and summaries for arrays,
    never arrays.  Only backward() is seen, in the thread or task of the block, and only
    where it reaches one of the parameters.  Outside such a block nothing is slower.

    Raises TypeError for a source without Values, ValueError for an empty one or for `every` below 1 or `keep` below 5.

    >>> from autograd import Value, no_grad
    >>> from autograd.graph import record
    >>> x = Value(5.0, name="x")
    >>> with record([x]) as steps:
    ...     for _ in range(3):
    ...         x.zero_grad()
    ...         (x * x).backward()
    ...         with no_grad():
    ...             x -= 0.25 * x.grad
    >>> print(steps)
    Recording: 3 steps, 2 nodes, loss 25 → 1.5625  █▅▁
    >>> print(steps.table())
    step    loss      x
       1      25    2.5
       2    6.25   1.25
       3  1.5625  0.625
    """
    if not whole(every) or every < 1 or (keep is not None and (not whole(keep) or keep < 5)):
        raise ValueError(
            f"record: every={every!r} must be an integer of 1 or more, keep={keep!r} one of 5 or more "
            f"(or None for all)"
        )
    look = isinstance(names, str)
    return Recorder(source, every, keep, given_names(names, "record"), look)


class Recorder:
    """What record() returns: a `with` block that fills a Recording."""

    def __init__(self, source: Any, every: int, keep: int | None, names: dict[int, str], look: bool) -> None:
        self.optimizer: Any = source if hasattr(source, "param_groups") and hasattr(source, "step") else None
        if self.optimizer is None and callable(getattr(source, "named_parameters", None)):
            given = dict(source.named_parameters())
            names = {**local_names(given), **names}
            source = list(given.values())
        self.params = values_of(self.optimizer.parameters() if self.optimizer is not None else source)
        self.names, self.look = names, look  # look: for variables where backward() is called
        found = [p.name or names.get(id(p)) for p in self.params]
        self.unnamed = [p for p, name in zip(self.params, found, strict=True) if not name]
        titles = unique([name or f"p{i}" for i, name in enumerate(found, 1)])
        self.title = {id(p): t for p, t in zip(self.params, titles, strict=True)}
        self.every, self.keep = every, math.inf if keep is None else keep
        self.recording = Recording(parameters=titles, keep=keep or 0, every=every)
        self.position = {id(p): i for i, p in enumerate(self.params)}
        self.known: dict[Any, tuple[Structure, Segment]] = {}
        self.kept: list[tuple[int, list[tuple[Segment, Frame]]]] = []
        self.passes: list[tuple[Segment, Frame]] = []  # of the step under way
        self.backwards = 0  # of the step under way, captured or not
        self.loss: float | None = None  # of the step under way
        self.pending: list[Pass] = []  # under way: each began in a rule of the one before it
        self.state: dict[int, Any] | None = None  # by hand: the parameters when last looked at
        self.spared: dict[str, tuple[int, float, list[tuple[Segment, Frame]]]] = {}
        self.full = False
        self.unreached = self.idle = 0
        self.tokens: list[Any] = []
        self.own_step: Any = None

    # --- the block --------------------------------------------------------------------------

    def __enter__(self) -> Recording:
        if self.tokens or self.recording.seen:
            raise RuntimeError("record: this block was entered before; make a new one with record(...)")
        self.tokens = [mode.set(mode.get() | OBSERVE), observers.set((*observers.get(), self))]
        if self.optimizer is not None:
            self.own_step = vars(self.optimizer).get("step")  # another recording's, if there is one around
            self.optimizer.step = partial(self.step, self.optimizer.step)
            self.recording.optimizer = self.described(self.optimizer)
        return self.recording

    def __exit__(self, *exception: object) -> None:
        if observers.get()[-1:] != (self,):
            raise RuntimeError(
                "record: blocks are left in the reverse order of entering; leave the inner one first"
            )
        observers.reset(self.tokens.pop())
        mode.reset(self.tokens.pop())
        if self.optimizer is not None:
            del self.optimizer.step  # the class's own is visible again
            if self.own_step is not None:
                self.optimizer.step = self.own_step
        self.finish()
        self.extremes()
        for segment in self.recording.segments:
            put_words(segment)
        self.recording.notes = self.notes()
        self.pending, self.state = [], None

    def step(self, step: Any, *args: Any, **options: Any) -> Any:
        """The optimizer's step(), with a look before and after."""
        if not self.wanted:
            result = step(*args, **options)
            self.finish()
            return result
        before, rates = [copied(p) for p in self.params], self.rates()
        result = step(*args, **options)
        if self.backwards:
            states = self.optimizer.state
            updates = {
                self.title[id(p)]: update(b, p._grad, p._array, rates.get(id(p)), states.get(i, {}))
                for i, (p, b) in enumerate(zip(self.params, before, strict=True))
                if p._grad is not None
            }
            self.finish(updates)
        else:
            self.idle += 1
        return result

    @property
    def wanted(self) -> bool:
        """Whether the step under way is one to capture."""
        return self.recording.seen % self.every == 0

    # --- what the engine tells (see anomaly.begin, check_edge, fail, end) -----------------------------

    def begin(self, seeds: Any) -> None:
        """A backward() starts."""
        if not self.pending and self.optimizer is None and self.state is not None and self.changed():
            self.finish(self.by_hand())
        found = Pass(*seeds[0])
        if self.wanted:
            with unobserved():  # rules are asked for local derivatives, and may call backward() themselves
                self.look_at(found)
        self.pending.append(found)

    def look_at(self, found: Pass) -> None:
        """Keep what a pass to capture begins with."""
        found.number()
        key = found.key(self.position)
        if key not in self.known:
            structure, graph = Structure(found.nodes, found.sources), Graph(found.root)
            if self.unnamed:
                self.rename(graph, found.nodes)
            names = {**self.names, **(local_names(caller().f_locals) if self.look else {})}
            self.known[key] = structure, segment_of(found, graph, structure, names, self.title)
        structure, found.segment = self.known[key]
        found.look(structure)

    def rename(self, graph: Graph, nodes: list[Any]) -> None:
        """Call parameters without a name what their modules call them, from the first graph on that holds them."""
        paths = {id(x): n.path for n, x in zip(graph.nodes, nodes, strict=True) if n.path}
        found = [p for p in self.unnamed if id(p) in paths]
        if not found:
            return
        for p in found:
            path, i = paths[id(p)], 1
            while (name := f"{path}_{i}" if i > 1 else path) in self.title.values():
                i += 1
            self.title[id(p)] = name
        self.unnamed = [p for p in self.unnamed if id(p) not in paths]
        self.recording.parameters = [self.title[id(p)] for p in self.params]
        if self.optimizer is not None:
            self.recording.optimizer = self.described(self.optimizer)

    def edge(self, node: Any, r: Any) -> None:
        """A rule returned `r` for the next operand of `node`."""
        if self.pending:
            self.pending[-1].edge(node, r)

    def fail(self) -> None:
        """The innermost backward() raised."""
        if self.pending:
            self.pending.pop()

    def end(self, found: Any) -> None:
        """The backward() went through; its leaves are about to be given these gradients."""
        if not self.pending:
            return
        done = self.pending.pop()
        reached = [v for v in found if id(v) in self.title]
        if not reached:
            self.unreached += not self.pending  # a rule's own affair is no pass that was left out
            return
        self.backwards += 1
        loss = float(done.root._array) if is_number(done.root) else None
        carried = any(v._grad is not None for v in reached)
        if loss is not None:
            self.loss = loss + self.loss if carried and self.loss is not None else loss
        if done.structure is not None:
            frame = done.frame(found, self.recording.seen + 1, loss)
            self.passes.append((done.segment, frame))
        if self.optimizer is None:
            given = {id(v): g for v, g in found.items()}
            self.state = {id(p): (p._number, copied(p), self.total(p, given)) for p in self.params}

    # --- steps ------------------------------------------------------------------------------

    def total(self, p: Any, given: dict[int, Any]) -> Any:
        """What `.grad` of `p` is about to be."""
        g = raw(given[id(p)]) if id(p) in given else None
        old = None if p._grad is None else raw(p._grad)
        new = old if g is None else g if old is None else old + g
        return new.copy() if isinstance(new, np.ndarray) else new

    def changed(self) -> bool:
        """Whether a parameter was changed by hand since the last backward()."""
        assert self.state is not None
        return any(
            p._number != self.state[id(p)][0] or differs(p._array, self.state[id(p)][1]) for p in self.params
        )

    def by_hand(self) -> dict[str, Update]:
        """The changes that were made by hand since the last backward()."""
        assert self.state is not None
        updates = {}
        for p in self.params:
            number, before, gradient = self.state[id(p)]
            if p._number != number or differs(p._array, before):
                updates[self.title[id(p)]] = update(before, gradient, p._array, None, {})
        return updates

    def finish(self, updates: dict[str, Update] | None = None) -> None:
        """End the step under way, if there was a backward pass in it."""
        if self.optimizer is None and updates is None and self.state is not None and self.changed():
            updates = self.by_hand()
        if not self.backwards:
            return
        self.recording.seen += 1
        now = self.recording.seen
        if self.loss is not None:
            self.recording.losses[now] = self.loss
        if self.passes:
            self.passes[-1][1].updates = updates or {}
            for part, (segment, frame) in enumerate(self.passes):
                frame.part, frame.parts = part, len(self.passes)
                if segment not in self.recording.segments:
                    self.recording.segments.append(segment)
                segment.frames.append(frame)
            self.kept.append((now, self.passes))
            self.spare(now)
            if len(self.kept) > self.keep:
                self.full = True  # from here on there is room for the extremes, which come back at the end
            while self.full and len(self.kept) > self.keep - SPARED:
                self.drop()
        self.passes, self.backwards, self.loss, self.state = [], 0, None, None

    def spare(self, now: int) -> None:
        """Remember the step if its loss is the lowest or highest so far, or the first that is not finite."""
        if self.loss is None:
            return
        if not math.isfinite(self.loss):
            self.spared.setdefault("broken", (now, self.loss, self.passes))
            return
        if "low" not in self.spared or self.loss < self.spared["low"][1]:
            self.spared["low"] = now, self.loss, self.passes
        if "high" not in self.spared or self.loss > self.spared["high"][1]:
            self.spared["high"] = now, self.loss, self.passes

    def drop(self) -> None:
        """Forget the step whose neighbours are closest on a log scale.

        A little uneven, or every kept step would fall on the same sample of a fixed order.
        """
        steps = [step for step, _ in self.kept]
        i = min(
            range(1, len(steps) - 1),
            key=lambda i: math.log(steps[i + 1] / steps[i - 1]) * (1 + 0.5 * (steps[i] * GOLDEN % 1)),
        )
        for segment, frame in self.kept.pop(i)[1]:
            segment.frames.remove(frame)
            if not segment.frames:
                self.recording.segments.remove(segment)

    def extremes(self) -> None:
        """Take back the steps of lowest and highest loss, and the first where it was not finite."""
        there = {step for step, _ in self.kept}
        for step, _loss, passes in self.spared.values():
            if step in there:
                continue
            there.add(step)
            for segment, frame in passes:
                if segment not in self.recording.segments:
                    self.recording.segments.append(segment)
                segment.frames.append(frame)
                segment.frames.sort(key=lambda f: (f.step, f.part))
        order = {id(segment): i for i, (_, segment) in enumerate(self.known.values())}
        self.recording.segments.sort(key=lambda s: order[id(s)])

    def rates(self) -> dict[int, float]:
        """The learning rate of each parameter."""
        groups = self.optimizer.param_groups
        return {id(p): float(group["lr"]) for group in groups if "lr" in group for p in group["params"]}

    def described(self, optimizer: Any) -> dict[str, Any]:
        """The optimizer's name, formula and options."""
        formula = (inspect.getdoc(type(optimizer)) or "").split("\n\n")[0].replace("\n", " ")
        groups = []
        for group in optimizer.param_groups:
            options = {k: x for k, x in group.items() if isinstance(x, (bool, int, float, str, tuple))}
            groups.append({**options, "params": [self.title[id(p)] for p in group["params"]]})
        return {"name": type(optimizer).__name__, "formula": formula, "groups": groups}

    def notes(self) -> list[str]:
        """What was left out, in sentences."""
        recording, steps = self.recording, self.recording.steps
        notes = []
        if self.every > 1:
            notes.append(f"Looked at every {self.every} steps.")
        if len(steps) < math.ceil(recording.seen / self.every):
            first = next((i for i, s in enumerate(steps) if s != 1 + i * self.every), len(steps))
            notes.append(
                f"{len(steps)} of {recording.seen} steps were kept: the first {first}, then evenly spaced on a "
                f"logarithmic scale, with the last and those of lowest and highest loss."
            )
        if self.unreached:
            notes.append(f"{self.unreached} backward() reached none of the parameters and were left out.")
        if self.idle:
            notes.append(f"{self.idle} step() without a backward() before it were left out.")
        if len(recording.segments) > 1:
            notes.append(
                f"The graph changed on the way: {len(recording.segments)} structures, each shown by itself."
            )
        return notes


# --- small things -------------------------------------------------------------------------------


def values_of(source: Any) -> list[Any]:
    """The Values to watch, each once."""
    given = [source] if isinstance(source, Value) else source
    given = list(given.values()) if isinstance(given, Mapping) else given
    if not isinstance(given, Iterable) or isinstance(given, (str, np.ndarray)):
        raise TypeError(
            f"record: expected an optimizer, a module or Values, got {type(source).__name__}; "
            f"pass what is updated, such as record(optimizer) or record([w, b])"
        )
    values = list({id(x): x for x in given}.values())
    for x in values:
        if not isinstance(x, Value):
            raise TypeError(
                f"record: expected Values, got {type(x).__name__} among them; wrap it: Value(...)"
            )
    if not values:
        raise ValueError("record: there is nothing to watch; pass the Values that are updated")
    return values


def unique(names: list[str]) -> list[str]:
    """The names, with a number behind those that come again."""
    seen: set[str] = set()
    found = []
    for name in names:
        new, i = name, 1
        while new in seen:
            i += 1
            new = f"{name}_{i}"
        seen.add(new)
        found.append(new)
    return found


def whole(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def copied(p: Any) -> Any:
    return p._array.copy() if isinstance(p._array, np.ndarray) else p._array


def differs(new: Any, old: Any) -> bool:
    """Whether data was changed, to the bit."""
    return np.asarray(new).tobytes() != np.asarray(old).tobytes()


def update(before: Any, gradient: Any, after: Any, lr: float | None, state: Mapping[str, Any]) -> Update:
    """One parameter in one step."""
    with np.errstate(all="ignore"):
        change = after - before
    return Update(
        held(before, picture=True),
        None if gradient is None else held(raw(gradient), picture=True),
        held(change, picture=True),
        held(after, picture=True),
        lr,
        {k: held(x) for k, x in state.items() if isinstance(x, (int, float, np.generic, np.ndarray))},
    )


def segment_of(
    found: Pass, graph: Graph, structure: Structure, names: dict[int, str], titles: dict[int, str]
) -> Segment:
    """The structure of a pass, for the frames to refer to."""
    given = [
        getattr(x, "_name", None) or titles.get(id(x)) or names.get(id(x)) if isinstance(x, Node) else None
        for x in found.nodes
    ]
    root = graph.root
    nodes = [
        RecordedNode(
            n.id,
            n.role,
            n.op,
            name,
            name or n.label,
            tuple(n.shape),
            str(n.dtype),
            graph.scopes[n.scope].path if n.scope >= 0 else None,
            number,
            titles.get(id(x)),
            "",
        )
        for n, x, name, number in zip(graph.nodes, found.nodes, given, structure.numbers, strict=True)
    ]
    edges = [RecordedEdge(s, t, slot, "") for s, t, slot in structure.edges]
    segment = Segment(nodes, edges, structure.visits, root)
    put_words(segment)
    return segment


def put_words(segment: Segment) -> None:
    """Symbols and formulas; a constant is written as its number once it is known never to change."""
    nodes, frames = segment.nodes, segment.frames
    texts = [
        number_text(frames[0].values[n.id])
        if frames and n.role == "constant" and n.scalar and not n.name and unchanging(frames, n.id)
        else None
        for n in nodes
    ]
    found = symbols([n.name for n in nodes], [n.role for n in nodes], segment.root, texts)
    segment.nodes = [replace(n, symbol=s) for n, s in zip(nodes, found, strict=True)]
    operands: dict[int, list[str]] = {}
    for edge in segment.edges:
        operands.setdefault(edge.target, []).append(found[edge.source])
    going = set(segment.visits)
    edges = []
    for e, edge in enumerate(segment.edges):
        source, target = nodes[edge.source], nodes[edge.target]
        words = ""
        if e in going and target.op is not None:
            words = formula(
                target.op,
                edge.slot,
                operands[target.id],
                found[target.id],
                source.scalar and target.scalar,
                source.shape == target.shape,
            )
        edges.append(replace(edge, formula=words))
    segment.edges = edges


def unchanging(frames: list[Frame], n: int) -> bool:
    return all(identical(f.values[n], frames[0].values[n]) for f in frames)
