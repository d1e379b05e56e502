"""Who runs what, in which order: every measurement in a process of its own, the engines taking turns."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.compiling import BACKENDS
from benchmarks.engines import ENGINES, OURS, TAPES
from benchmarks.operations import OPERATIONS
from benchmarks.steps.table import WORKLOADS
from benchmarks.timing import load, processor
from benchmarks.worker import distance

HERE = Path(__file__).resolve().parent
CHAINED = ("stepgrad", "torch")  # the engines whose backward does not recurse or copy
GROUPS = {
    "steps": list(WORKLOADS),
    "operations": list(OPERATIONS),
    "others": ["chain", "growth", "compile", "import"],
}
NAMES = [name for group in GROUPS.values() for name in group]
TOLERANCE = 1e-9  # of the largest number, between values and gradients of operations

IMPORT = """
import time
start = time.process_time()
import numpy
middle = time.process_time()
import {module}
print(time.process_time() - middle, middle - start)
"""

Figures = dict[str, Any]


class Runner:
    """Starts the processes; knows which interpreter has which engine."""

    def __init__(self, interpreters: dict[str, str], threads: int = 1, budget: float = 1.0) -> None:
        self.interpreters, self.threads, self.budget = interpreters, threads, budget
        self.tell: Callable[[str], None] = lambda message: print(message, file=sys.stderr, flush=True)

    def process(self, engine: str, *arguments: str) -> str:
        """What the engine's interpreter prints; raises RuntimeError if it fails."""
        threads = str(self.threads)
        environment = dict(os.environ, PYTHONHASHSEED="0", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")
        for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
            environment[f"{library}_NUM_THREADS"] = threads
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or every import would compile again
        if engine in OURS:  # this checkout, installed or not
            environment["PYTHONPATH"] = str(HERE.parent)
        command = [self.interpreters.get(engine, sys.executable), "-P", *arguments]
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{engine} {' '.join(arguments[:4])}: {done.stderr.strip()}")
        return done.stdout

    def worker(self, engine: str, task: str, name: str = "") -> Figures:
        options = ["--budget", str(self.budget), "--threads", str(self.threads)]
        answer: Figures = json.loads(self.process(engine, "worker.py", engine, task, name, *options))
        return answer

    def import_seconds(self, engine: str) -> float:
        """Seconds that importing the engine adds to importing NumPy."""
        printed = self.process(engine, "-c", IMPORT.format(module=ENGINES[engine].module))
        return float(printed.split()[0])

    # --- a kind of measurement each -------------------------------------------------------------

    def turns(self, name: str, engines: Iterable[str], rounds: int, unit: float) -> Figures:
        """A workload, A B C A B C ...; engine -> times in the unit.  In every turn results are compared first."""
        runs: dict[str, list[Figures]] = {}
        for turn in range(rounds):
            self.tell(f"{name}: round {turn + 1} of {rounds}, load {load()}")
            for e in engines if turn == 0 else list(runs):
                answer = self.worker(e, "time", name)
                if "missing" not in answer:
                    runs.setdefault(e, []).append(answer)
                    agreed(name, e, answer, next(iter(runs.values()))[0])
        return {e: summary([unit * a["seconds"] for a in answers]) for e, answers in runs.items()}

    def chains(self, lengths: Sequence[int], engines: Iterable[str], rounds: int) -> Figures:
        """Nanoseconds and bytes for each node of a chain of multiplications."""
        able = [e for e in CHAINED if e in engines]
        found: Figures = {}
        for n in lengths:
            runs: dict[str, list[Figures]] = {e: [] for e in able}
            for _ in range(rounds):
                self.tell(f"chain of {n}, load {load()}")
                for e in able:
                    runs[e].append(self.worker(e, "chain", str(n)))
            for e in able:
                first = [[r["value"], r["gradients"]] for r in (runs[e][0], runs[able[0]][0])]
                agreed("chain", e, {"result": first[0]}, {"result": first[1]})
            found[str(n)] = {
                e: {
                    **{
                        k: summary([1e9 * r[k] / n for r in runs[e]]) for k in ("forward", "backward", "free")
                    },
                    **{k: summary([r[k] for r in runs[e]]) for k in ("bytes", "bytes after backward")},
                }
                for e in able
            }
        return found

    def growing(self, engines: Iterable[str], rounds: int) -> Figures:
        """Networks of growing depth: microseconds for a pass at each depth, and for each layer more."""
        runs: dict[str, list[Figures]] = {}
        for turn in range(rounds):
            self.tell(f"growth: round {turn + 1} of {rounds}, load {load()}")
            for e in engines:
                answer = self.worker(e, "growth")
                if "missing" not in answer:
                    runs.setdefault(e, []).append(answer)
        first = next(iter(runs), "")
        found: Figures = {}
        for e, answers in runs.items():
            agreed("growth", e, answers[0], runs[first][0])
            depths = answers[0]["depths"]
            times = [summary([1e6 * a["seconds"][i] for a in answers]) for i in range(len(depths))]
            slope, base = statistics.linear_regression(depths, [t["median"] for t in times])
            found[e] = {"depths": depths, "times": times, "each layer": slope, "each pass": base}
        return found

    def compiling(self, sizes: Sequence[int], rounds: int) -> Figures:
        """Milliseconds of the first call, against the operations of the function."""
        found: Figures = {}
        for backend in BACKENDS:
            for n in sizes:
                self.tell(f"compile {n} operations, {backend}, load {load()}")
                runs = [self.worker("compiled", "compile", f"{backend}:{n}") for _ in range(rounds)]
                entry: Figures = {k: runs[0][f"{k} nodes"] for k in ("value", "gradient")}
                for k in ("value", "gradient"):
                    entry[f"{k} ms"] = summary([1e3 * r[k] for r in runs])
                found[f"{backend} {n}"] = {"backend": backend, "operations": n, **entry}
        return found

    def imports(self, engines: Iterable[str], rounds: int) -> Figures:
        """Milliseconds on top of importing NumPy."""
        seconds: dict[str, list[float]] = {e: [] for e in engines}
        for _ in range(rounds + 1):  # the first fills the caches
            for e in engines:
                seconds[e].append(self.import_seconds(e))
        return {e: summary([1e3 * s for s in t[1:]]) for e, t in seconds.items()}


def agreed(name: str, engine: str, answer: Figures, expected: Figures) -> None:
    """Raise RuntimeError unless the results agree."""
    off = answer["off"] if "off" in answer else distance(answer["result"], expected["result"])
    allowed = answer.get("allowed", TOLERANCE)
    if not off <= allowed:
        raise RuntimeError(
            f"{name}: {engine} is off by {off:.1e} of the largest number, {allowed:.0e} is allowed: "
            f"its time would say nothing"
        )


def summary(rounds: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(rounds), "min": min(rounds), "max": max(rounds)}


def measure(
    runner: Runner,
    names: Sequence[str],
    engines: Sequence[str],
    rounds: int,
    chain: Sequence[int] = (10_000, 100_000, 1_000_000),
    sizes: Sequence[int] = (1_000, 10_000, 100_000),
) -> Figures:
    """The figures of the named workloads."""
    known = {e: runner.worker(e, "versions") for e in engines}
    there = {e: v for e, v in known.items() if "missing" not in v}
    if not there:
        raise RuntimeError(f"none of the engines is there: {known}")
    before = load()
    steps = {n: runner.turns(n, there, rounds, 1e6) for n in WORKLOADS if n in names}
    tapes = [e for e in there if e in TAPES]
    done: Figures = {
        "steps": steps,
        "operations": {n: runner.turns(n, tapes, rounds, 1e9) for n in OPERATIONS if n in names},
        "chain": runner.chains(chain, there, rounds) if "chain" in names else {},
        "growth": runner.growing(tapes, rounds) if "growth" in names else {},
        "compile": runner.compiling(sizes, rounds) if "compile" in names and "compiled" in there else {},
        "import": runner.imports(tapes, rounds) if "import" in names else {},
    }
    return {
        **done,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "threads": runner.threads,
        "rounds": rounds,
        "load": [before, load()],
        "engines": there,
        "missing": {e: v["missing"] for e, v in known.items() if "missing" in v},
    }


SECTIONS = ("steps", "operations", "chain", "growth", "compile", "import")


def merged(runs: Sequence[Figures]) -> Figures:
    """Runs of different workloads as one; what is in several is taken from the last."""
    whole = dict(runs[-1])
    for section in SECTIONS:
        whole[section] = {name: row for run in runs for name, row in run[section].items()}
    whole["load"] = [runs[0]["load"][0], runs[-1]["load"][1]]
    whole["engines"] = {e: v for run in runs for e, v in run["engines"].items()}
    return whole
