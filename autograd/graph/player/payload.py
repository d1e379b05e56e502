"""What the page needs of a recording, small: numbers as columns of float64, each kept once.

A column is one number per frame of a segment.  Most of them are constant, or equal to
another (the local derivative of a product is the other factor), so a column is written as
[where it starts in the pool, 1 if it has a number per frame or 0 if one is enough].
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.graph.recording import Frame, RecordedNode, Recording, Segment
from autograd.graph.summary import Summary

SUMMARY = ("norm", "mean", "std", "min", "max", "zeros", "nans", "infs")
NAN = float("nan")
Column = list[int]


class Pool:
    """float64 numbers in a row; equal columns share their place, compared bit for bit."""

    def __init__(self) -> None:
        self.numbers: list[np.ndarray[Any, np.dtype[np.float64]]] = []
        self.places: dict[bytes, int] = {}
        self.size = 0

    def add(self, numbers: Iterable[float]) -> Column:
        """The place of one number per frame; a column that never changes takes one number."""
        column = np.array(list(numbers), dtype="<f8")
        bits = column.view("<u8")
        varies = bool(len(bits) > 1 and (bits != bits[0]).any())
        if not varies:
            column = column[:1]
        key = column.tobytes()
        if key not in self.places:
            self.places[key] = self.size
            self.numbers.append(column)
            self.size += len(column)
        return [self.places[key], int(varies)]

    def add_shifted(self, before: Sequence[float], after: Sequence[float]) -> tuple[Column, Column]:
        """Columns of a parameter before and after: mostly one row of numbers, read one place apart."""
        joined = np.array([before[0], *after], dtype="<f8")
        same = joined[:-1].tobytes() == np.array(before, dtype="<f8").tobytes()
        if not same or len(before) < 2:
            return self.add(before), self.add(after)
        key = np.array(before, dtype="<f8").tobytes()
        place = self.places.get(key, self.size)
        if place == self.size:
            self.places[key] = place
            self.numbers.append(joined)
            self.size += len(joined)
            return [place, 1], [place + 1, 1]
        return [place, 1], self.add(after)

    def text(self) -> str:
        """All of it in base64."""
        return base64.b64encode(np.concatenate([*self.numbers, np.zeros(1)]).tobytes()).decode()


def payload(recording: Recording) -> dict[str, Any]:
    """The recording as the page's script reads it: plain JSON."""
    pool = Pool()
    data = recording.to_json()
    places = {}
    segments = []
    for s, segment in enumerate(recording.segments):
        segments.append(packed_segment(segment, pool))
        places.update({(s, i): f for i, f in enumerate(segment.frames)})
    curve = data["curve"]
    return {
        "seen": recording.seen,
        "kept": len(recording),
        "notes": list(recording.notes),
        "parameters": list(recording.parameters),
        "optimizer": data["optimizer"],
        "order": [
            [s, i, places[s, i].step, places[s, i].part, places[s, i].parts] for s, i in recording.order
        ],
        "curve": [[step for step, _ in curve], pool.add([number(x) for _, x in curve])],
        "segments": segments,
        "pool": pool.text(),
    }


def packed_segment(segment: Segment, pool: Pool) -> dict[str, Any]:
    """One segment: its graph once, its frames as columns."""
    frames = segment.frames
    replayed = [segment.replay(f) for f in frames]
    updates = packed_updates(segment, replayed, pool)  # first: they share their numbers with the values
    return {
        "nodes": [packed_node(n) for n in segment.nodes],
        "edges": [[e.source, e.target, e.slot, e.formula] for e in segment.edges],
        "visits": list(segment.visits),
        "root": segment.root,
        "length": len(frames),
        "loss": pool.add([number(f.loss) for f in frames]),
        "seed": column(pool, [f.seed for f in frames]),
        "values": [column(pool, [f.values[n.id] for f in frames]) for n in segment.nodes],
        "locals": [column(pool, [f.locals[e] for f in frames]) for e in range(len(segment.edges))],
        "corrections": exceptions(pool, [f.corrections for f in frames]),
        "sums": exceptions(pool, [f.sums for f in frames]),
        "carried": exceptions(pool, [carried(segment, f) for f in frames]),
        "updates": updates,
        "summaries": summaries(pool, segment, [dict(enumerate(f.values)) for f in frames]),
        "gradients": summaries(pool, segment, [f.gradients for f in frames]),
    }


def packed_node(n: RecordedNode) -> dict[str, Any]:
    """A node without what it does not have."""
    whole = {
        "symbol": n.symbol,
        "name": n.name,
        "role": n.role,
        "op": n.op,
        "shape": list(n.shape) if n.shape else None,
        "dtype": None if n.dtype == "float64" else n.dtype,
        "module": n.module,
        "parameter": n.parameter,
        "array": None if n.scalar else 1,
    }
    return {key: x for key, x in whole.items() if x is not None}


def packed_updates(segment: Segment, replayed: list[list[float | None]], pool: Pool) -> dict[str, Any]:
    """By parameter: before, after, lr and state of each frame; NaN where nothing changed.

    Its gradient only where that is not the replayed one, to which something was then done
    before the step (clipping, a change by hand).
    """
    packed: dict[str, Any] = {}
    nodes = {n.parameter: n.id for n in segment.nodes if n.parameter}
    for name in dict.fromkeys(name for f in segment.frames for name in f.updates):
        found = [f.updates.get(name) for f in segment.frames]
        first = next(u for u in found if u is not None)

        def numbers(get: Callable[[Any], Any], found: list[Any] = found) -> list[float]:
            return [NAN if u is None else number(get(u)) for u in found]

        gradient = np.array(numbers(lambda u: u.gradient))
        own = [r[nodes[name]] if name in nodes else None for r in replayed]
        same = gradient.tobytes() == np.array([NAN if g is None else g for g in own]).tobytes()
        before, after = pool.add_shifted(numbers(lambda u: u.before), numbers(lambda u: u.after))
        packed[name] = {
            "array": int(isinstance(first.before, Summary)),
            "before": before,
            "after": after,
            "gradient": None if same else pool.add(gradient),
            "update": pool.add(numbers(lambda u: u.update)) if isinstance(first.before, Summary) else None,
            "lr": pool.add(numbers(lambda u: u.lr)),
            "state": {
                key: pool.add(numbers(partial(remembered, key)))
                for key in dict.fromkeys(key for u in found if u is not None for key in u.state)
            },
        }
    return packed


def remembered(key: str, update: Any) -> Any:
    """One of the numbers that the optimizer keeps for a parameter."""
    return update.state.get(key)


def number(x: Any) -> float:
    """A number for a column: of a Summary its norm, NaN for nothing."""
    return NAN if x is None else x.norm if isinstance(x, Summary) else float(x)


def column(pool: Pool, numbers: Sequence[Any]) -> Column | None:
    """A column, or None where frames hold no single number."""
    if any(isinstance(x, Summary) or x is None for x in numbers):
        return None
    return pool.add([float(x) for x in numbers])


def carried(segment: Segment, frame: Frame) -> dict[int, float]:
    """What `.grad` of a leaf holds in the end where it held something before."""
    return {n: float(after) for n, (_, after) in frame.carried.items() if segment.nodes[n].scalar}


def exceptions(pool: Pool, given: Sequence[dict[int, float]]) -> list[list[Any]]:
    """[visit, its frames (None: all of them), their numbers] of numbers that only some frames have."""
    found = []
    for k in sorted({k for one in given for k in one}):
        frames = [i for i, one in enumerate(given) if k in one]
        numbers = pool.add([given[i][k] for i in frames])
        found.append([k, None if len(frames) == len(given) else frames, numbers])
    return found


def summaries(pool: Pool, segment: Segment, given: Sequence[dict[int, Any]]) -> dict[str, Any]:
    """Per array node its columns of SUMMARY, and its thumbnails, a repeated one kept once."""
    found: dict[str, Any] = {}
    for n in segment.nodes:
        held = [one.get(n.id) for one in given]
        held = [x if isinstance(x, Summary) else None for x in held]
        first = next((x for x in held if x is not None), None)
        if first is None:
            continue
        packed: dict[str, Any] = {
            "columns": [
                pool.add([NAN if x is None else float(getattr(x, key)) for x in held]) for key in SUMMARY
            ]
        }
        pictures: dict[str, int] = {}
        shown: list[int] = []
        images: list[list[Any]] = []
        for x in held:
            t = None if x is None else x.thumbnail
            if t is None:
                shown.append(-1)
                continue
            key = repr(t)
            if key not in pictures:
                pictures[key] = len(images)
                images.append([t["rows"], t["cols"], t["low"], t["high"], t["data"]])
            shown.append(pictures[key])
        if images:
            packed["images"], packed["shown"] = images, shown
        found[str(n.id)] = packed
    return found
