"""Recording: what `record` captured, step by step, and how to replay it.

A *segment* is one structure of the graph; its *frames* are the backward passes that
had this structure.  A frame holds the value of every node and one local partial per
edge between single numbers; every gradient follows from those by `replay`, which is
all that a player has to do:

    g = [-0.0] * nodes; g[root] = seed            # -0.0 + x is x to the bit, also for x = 0
    for k, e in enumerate(visits):                # the order in which the engine walks
        source, target = edges[e].source, edges[e].target
        if the source is an array: continue       # `gradients` holds its summary
        c = corrections[k] if k in corrections else locals[e] * g[target]
        g[source] = sums[k] if k in sums else g[source] + c

`corrections` holds the exact contribution where a rule's own arithmetic rounds
differently from the product (g / y is not g * (1 / y) to the last bit), and wherever
the target is an array; `sums` holds the exact sum where the dtype is narrower than
float64.  So the replay is equal to Python's `.grad` bit for bit.
"""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd.graph.render import write
from autograd.graph.summary import Held, Summary
from autograd.graph.words import shortened

FORMAT = "stepgrad.recording/1"
BARS = "▁▂▃▄▅▆▇█"
CURVE = 4000  # points of the loss curve that are written to a file


@dataclass(frozen=True, slots=True)
class RecordedNode:
    """One node of a segment's graph; `id` is its place in topological order.

    role: "leaf", "constant", "op" or "root" (the loss).  scalar: whether frames hold its
    value as a number.  parameter: the name under which frames hold its updates.
    symbol: a short name for formulas: the user's where there is one, else h1, x1, L; for a
    constant that is the same in all frames its number.  Unique but for those numbers.
    """

    id: int
    role: str
    op: str | None
    name: str | None
    label: str
    shape: tuple[int, ...]
    dtype: str
    module: str | None
    scalar: bool
    parameter: str | None
    symbol: str


@dataclass(frozen=True, slots=True)
class RecordedEdge:
    """Operand `slot` of `target` is `source`.

    formula: the local derivative in words ("w5 * s" or "1 - h1**2"), or for arrays what the
    rule does with the gradient ("transpose(X) @ g"); "" where no gradient goes.
    """

    source: int
    target: int
    slot: int
    formula: str


@dataclass(slots=True)
class Update:
    """What happened to one parameter in one step: numbers, or summaries for arrays.

    gradient: the `.grad` that the step used; None if there was none.  update: after - before.
    lr: the learning rate, None for an update by hand.  state: the optimizer's own memory after
    the step (momentum_buffer; exp_avg, exp_avg_sq, step), by the optimizer's names.
    """

    before: Held
    gradient: Held
    update: Held
    after: Held
    lr: float | None = None
    state: dict[str, Held] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Frame:
    """One backward pass.

    step: counted from 1; part of parts: which pass of that step, from 0, where a step has
    several (gradient accumulation).  values: per node.  locals: per edge, None where it is
    not a single number.  corrections, sums: by position in `visits`, see `replay`.
    gradients: summaries, by the id of array nodes that received gradient.
    carried: for leaves that already had a gradient, [`.grad` before, `.grad` after].
    updates: by parameter name, in the last part of a step that changed something.
    """

    step: int
    part: int
    parts: int
    loss: float | None
    seed: Held
    values: list[Held]
    locals: list[float | None]
    corrections: dict[int, float]
    sums: dict[int, float]
    gradients: dict[int, Summary]
    carried: dict[int, list[Held]]
    updates: dict[str, Update] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Segment:
    """The passes of one graph structure.

    visits: indices into `edges`, in the order in which backward() uses them.
    layout: left for the player.
    """

    nodes: list[RecordedNode]
    edges: list[RecordedEdge]
    visits: list[int]
    root: int
    frames: list[Frame] = field(default_factory=list)
    layout: Any = None

    def replay(self, frame: Frame) -> list[float | None]:
        """The gradient of every single-number node after this pass, as `.grad` holds it.

        None for arrays and for nodes that receive no gradient.
        """
        g: list[float | None] = [None] * len(self.nodes)
        if self.nodes[self.root].scalar:
            g[self.root] = frame.seed
        for k, e in enumerate(self.visits):
            source, target = self.edges[e].source, self.edges[e].target
            if not self.nodes[source].scalar:
                continue
            c = frame.corrections.get(k)
            if c is None:
                local, upstream = frame.locals[e], g[target]
                assert local is not None and upstream is not None
                c = local * upstream
            old = g[source]
            g[source] = frame.sums[k] if k in frame.sums else c if old is None else old + c
        for n, (_before, after) in frame.carried.items():
            if self.nodes[n].scalar:
                g[n] = after
        return g


def plain(x: Any) -> Any:
    """`x` as JSON has it: no NaN or infinity (strings instead), no tuples, no dataclasses."""
    if isinstance(x, float):
        return x if math.isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if hasattr(x, "__dataclass_fields__"):
        return {k: plain(getattr(x, k)) for k in x.__dataclass_fields__}
    return x


@dataclass(slots=True, eq=False)
class Recording:
    """The steps that `record` captured; complete when its `with` block ends.

    segments: one per structure of the graph, in order of appearance.  losses: of every
    step, also of those that were not kept.  parameters: their names.  optimizer: its name
    and the options of its groups, None for updates by hand.  keep, every: as given.
    notes: what was left out or cut short, in sentences.
    """

    segments: list[Segment] = field(default_factory=list)
    losses: dict[int, float] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=list)
    optimizer: dict[str, Any] | None = None
    keep: int = 300
    every: int = 1
    seen: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def order(self) -> list[tuple[int, int]]:
        """(segment, place among its frames) of every frame, in time order."""
        found = [(f.step, f.part, s, i) for s, x in enumerate(self.segments) for i, f in enumerate(x.frames)]
        return [(s, i) for _step, _part, s, i in sorted(found)]

    @property
    def frames(self) -> Iterator[tuple[Segment, Frame]]:
        """(segment, frame) in time order."""
        return ((self.segments[s], self.segments[s].frames[i]) for s, i in self.order)

    @property
    def steps(self) -> list[int]:
        """The numbers of the steps that were kept, from 1 on."""
        return sorted({f.step for s in self.segments for f in s.frames})

    def __len__(self) -> int:
        """How many steps were kept."""
        return len(self.steps)

    def replay(self, frame: Frame) -> list[float | None]:
        """The gradients of one frame by node, bit for bit as Python had them; see Segment.replay.

        Raises ValueError for a frame that is not of this recording.
        """
        for segment in self.segments:
            if any(f is frame for f in segment.frames):
                return segment.replay(frame)
        raise ValueError("replay: this frame is not of this recording; take one from recording.frames")

    def to_json(self) -> dict[str, Any]:
        """Everything as plain dicts, lists, numbers and strings: valid JSON.

        Keys are the names of the fields.  NaN and the infinities are the strings "NaN",
        "Infinity" and "-Infinity"; numbers as keys are strings.  "order" lists
        [segment, frame] in time order, "curve" is the loss as [step, loss] pairs (of a long
        run the first, lowest, highest and last of each of some thousand stretches).
        """
        return plain(
            {
                "format": FORMAT,
                "seen": self.seen,
                "kept": len(self),
                "keep": self.keep,
                "every": self.every,
                "notes": self.notes,
                "parameters": self.parameters,
                "optimizer": self.optimizer,
                "curve": thinned(list(self.losses.items()), CURVE),
                "order": self.order,
                "segments": self.segments,
            }
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write .json (the data) or .html (the player, one file that needs no network).

        The file is replaced as a whole.  Raises ValueError for another ending or if nothing
        was recorded, OSError if the path cannot be written.
        """
        form = Path(path).suffix.lower()
        if form not in (".json", ".html"):
            raise ValueError(f"Recording.save: {os.fspath(path)!r} must end in .json or .html")
        if not self.segments:
            raise ValueError(f"Recording.save: {NOTHING}")
        if form == ".html":
            return write(path, self.page().encode())
        return write(path, (json.dumps(self.to_json(), allow_nan=False, indent=None) + "\n").encode())

    def page(self) -> str:
        """The player as the text of one HTML file."""
        from autograd.graph.player import page

        text: str = page(self)
        return text

    def table(self, max_rows: int = 40) -> str:
        """The loss and the parameters after each step, as text; a row may stand for many.

        Arrays are shown by their norm.  More than `max_rows` kept steps are thinned, the first
        and the last are always there.
        """
        if not self.segments:
            return NOTHING
        last: dict[int, tuple[float | None, dict[str, str]]] = {}
        for _segment, f in self.frames:
            now = {name: short(u.after) for name, u in f.updates.items()}
            last[f.step] = (self.losses.get(f.step, f.loss), now)
        steps = list(last)
        if len(steps) > max_rows:
            steps = sorted({steps[i * (len(steps) - 1) // max(1, max_rows - 1)] for i in range(max_rows)})
        names = [n for n in self.parameters if any(n in last[s][1] for s in steps)]
        rows = [["step", "loss", *(shortened(n) for n in names)]]
        for s in steps:
            loss, now = last[s]
            rows.append([str(s), "" if loss is None else short(loss), *(now.get(n, "") for n in names)])
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = ["  ".join(x.rjust(w) for x, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        if len(steps) < len(last):
            lines.append(
                f"({len(steps)} of {len(last)} recorded steps; table(max_rows={len(last)}) shows all)"
            )
        return "\n".join([*lines, *(f"({note})" for note in self.notes)])

    def __repr__(self) -> str:
        if not self.segments:
            return f"Recording: {NOTHING}"
        nodes = ", ".join(str(n) for n in sorted({len(s.nodes) for s in self.segments}))
        steps = f"{self.seen} step{'s' * (self.seen != 1)}"
        if len(self) < self.seen:
            steps = f"{len(self)} of {steps}"
        shapes = f" in {len(self.segments)} structures" if len(self.segments) > 1 else ""
        head = f"Recording: {steps}, {nodes} nodes{shapes}"
        losses = list(self.losses.values())
        if not losses:
            return head
        return f"{head}, loss {short(losses[0])} → {short(losses[-1])}  {sparkline(losses)}"

    def __str__(self) -> str:
        return "\n".join([repr(self), *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        """The player in a frame of its own, from which nothing reaches the notebook."""
        return self._frame() if self.segments else f"<pre>{escaped(str(self))}</pre>"

    def _frame(self) -> str:
        return (
            f'<iframe sandbox="allow-scripts" title="gradient steps" '
            f'style="width:100%;height:940px;border:0;resize:vertical" '
            f'srcdoc="{escaped(self.page())}"></iframe>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the player, or why there is none."""
        try:
            return {"text/html": self._repr_html_(), "text/plain": str(self)}
        except Exception as error:
            return {"text/plain": f"{self!r} ({error})"}


NOTHING = "nothing recorded: no backward() that reaches the parameters ran inside the block"


def escaped(text: str) -> str:
    """Text inside an HTML attribute or element."""
    for c, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(c, entity)
    return text


def short(x: Held) -> str:
    """A number in a few characters; of a Summary the norm."""
    if isinstance(x, Summary):
        return f"|{x.norm:.5g}|"
    return "" if x is None else f"{x:.5g}"


def thinned(points: list[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """At most `most` points: the first, lowest, highest and last of each stretch."""
    if len(points) <= most:
        return points
    kept: list[tuple[int, float]] = []
    pieces = max(1, most // 4)
    for i in range(pieces):
        piece = points[i * len(points) // pieces : (i + 1) * len(points) // pieces]
        some = {piece[0], piece[-1]}
        if finite := [p for p in piece if math.isfinite(p[1])]:
            some |= {min(finite, key=lambda p: p[1]), max(finite, key=lambda p: p[1])}
        kept += sorted(some)
    return kept


def sparkline(numbers: list[float], width: int = 40) -> str:
    """A curve in one line of text, on a log scale if all are above 0; × for what is not finite."""
    points = [numbers[i * (len(numbers) - 1) // max(1, width - 1)] for i in range(width)]
    points = numbers if len(numbers) <= width else points
    finite = [x for x in points if math.isfinite(x)]
    if not finite:
        return "×" * len(points)
    scale = math.log if min(finite) > 0 else float
    low, high = scale(min(finite)), scale(max(finite))
    span = high - low or 1.0
    return "".join(
        BARS[min(7, int(8 * (scale(x) - low) / span))] if math.isfinite(x) else "×" for x in points
    )
