"""One engine, one task, one process: ``python -P worker.py ENGINE TASK [NAME]`` prints JSON.

Run by ``python -m benchmarks`` with the interpreter of that engine.  It imports nothing of ours
unless the engine is ours: HIPS autograd has the same import name.
"""

import argparse
import json
import os
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np

if "benchmarks" not in sys.modules:  # this package without the folder around it, which holds our autograd
    package = types.ModuleType("benchmarks")
    package.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules["benchmarks"] = package

from benchmarks import compiling, operations, timing, transforms
from benchmarks.engines import ENGINES, LOOP, TAPES, Tape, found, versions
from benchmarks.steps.table import WORKLOADS, Train, prepared
from benchmarks.timing import repeated

Answer = dict[str, Any]
ABSENT = {"missing": "has no such operations"}


def flat(x: Any) -> Any:
    """All numbers of a result in one array, in order."""
    nested = isinstance(x, (list, tuple)) and not all([isinstance(part, float) for part in x])
    parts = [flat(part) for part in x] if nested else [np.ravel(np.asarray(x, float))]
    return np.concatenate(parts) if parts else np.empty(0)


def distance(found: Any, expected: Any) -> float:
    """The largest difference, relative to the largest number expected; infinite where one is not finite."""
    a, b = flat(found), flat(expected)
    worst = float(np.max(np.abs(a - b)) / (np.max(np.abs(b)) or 1.0))  # max hands a nan on
    return worst if np.isfinite(worst) else float("inf")


def training(engine: str, name: str, budget: float) -> Answer:
    """A few steps, compared with those by hand; then, if they agree, seconds for one."""
    train, row = prepared(name, engine), WORKLOADS[name]
    by_hand = prepared(name, "hand")
    if train is None or by_hand is None:
        return {"missing": "cannot write it"}
    off = distance(train(row.steps), by_hand(row.steps))
    if not off <= row.tolerance:
        return {"off": off, "allowed": row.tolerance}
    length = row.inside if ENGINES[engine].kind == LOOP else row.length
    seconds = repeated(runs_of(train, length), budget, length or 1)
    return {"off": off, "allowed": row.tolerance, "seconds": seconds}


def runs_of(train: Train, length: int | None) -> Any:
    """`train`, or as many runs of `length` steps as make n."""

    def run(n: int) -> None:
        for _ in range(n // length):  # type: ignore[operator]
            train(length)  # type: ignore[arg-type]

    return train if length is None else run


def tape_of(engine: str) -> Tape | None:
    return TAPES[engine](found(engine)) if engine in TAPES else None


def operation(engine: str, name: str, budget: float) -> Answer:
    """Value and gradients, and seconds for one operation."""
    tape, row = tape_of(engine), operations.OPERATIONS[name]
    if tape is None or (row.side is not None and not tape.arrays):
        return ABSENT
    step, read = tape.prepare(row.function, row.arguments())
    step()
    return {"result": checksums(read()), "seconds": repeated(times(step), budget) / row.operations}


def transform(engine: str, name: str, budget: float) -> Answer:
    """One call, compared with the derivative by hand; then, if they agree, seconds for a call."""
    row = transforms.TRANSFORMS[name]
    dialect = transforms.DIALECTS[engine](found(engine)) if engine in transforms.DIALECTS else None
    step = dialect and dialect.prepare(row)
    if step is None:
        return {"missing": "has no such transform"}
    off = distance(flat(dialect.read(step())), flat(row.by_hand()))
    if not off <= transforms.TOLERANCE:
        return {"off": off, "allowed": transforms.TOLERANCE}
    return {"off": off, "allowed": transforms.TOLERANCE, "seconds": repeated(times(step), budget)}


def checksums(result: tuple[Any, list[Any]]) -> list[float]:
    """Value and gradients in few numbers: of an array the sum, with signs that change along it, and the largest."""
    value, gradients = result
    found: list[float] = flat(value).tolist()
    for g in map(flat, gradients):
        found += [float(x) for x in (g.sum(), g @ np.cos(np.arange(g.size)), np.abs(g).max())]
    return found


def growth(engine: str, budget: float) -> Answer:
    """Seconds for a pass through networks of growing depth, and its result for the smallest."""
    tape = tape_of(engine)
    if tape is None or not tape.arrays:
        return ABSENT
    tape.batch = tape.constant(operations.batch())
    answer: Answer = {"depths": list(operations.DEPTHS), "seconds": []}
    for depth in operations.DEPTHS:
        step, read = tape.prepare(operations.deep, operations.deep_arguments(depth))
        answer["seconds"].append(repeated(times(step), budget / 2))
        if "result" not in answer:
            answer["result"] = checksums(read())
    return answer


def times(step: Any) -> Any:
    def run(n: int) -> None:
        for _ in range(n):
            step()

    return run


def answer(options: argparse.Namespace) -> Answer:
    engine, task, name = options.engine, options.task, options.name
    try:
        found(engine)
    except ImportError as error:
        return {"missing": str(error)}
    if task == "versions":
        return dict(versions(engine))
    if task == "chain":
        tape = tape_of(engine)
        return ABSENT if tape is None else operations.chain(tape, int(name))
    if task == "growth":
        return growth(engine, options.budget)
    if task == "compile":
        backend, size = name.split(":")
        return dict(compiling.first_call(backend, int(size)))
    if name in operations.OPERATIONS:
        return operation(engine, name, options.budget)
    if name in transforms.TRANSFORMS:
        return transform(engine, name, options.budget)
    return training(engine, name, options.budget)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("task", choices=["versions", "time", "chain", "growth", "compile"])
    parser.add_argument(
        "name", nargs="?", default="", help="of the workload; nodes of the chain; BACKEND:NODES"
    )
    parser.add_argument("--budget", type=float, default=1.0, help="seconds to measure for")
    parser.add_argument("--threads", type=int, default=1, help="processors to run on")
    options = parser.parse_args()
    timing.clock = time.process_time if options.threads == 1 else time.perf_counter
    if hasattr(os, "sched_setaffinity"):  # whatever a library makes of OMP_NUM_THREADS
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    print(json.dumps(answer(options)))


if __name__ == "__main__":
    main()
