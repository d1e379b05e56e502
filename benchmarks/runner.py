"""Who runs what, in which order: every measurement in a process of its own, the engines taking turns."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.compiling import BACKENDS
from benchmarks.engines import EAGER, ENGINES, LOOP, OURS, TAPES
from benchmarks.operations import OPERATIONS
from benchmarks.steps.table import FUNCTIONS, WORKLOADS
from benchmarks.timing import load, processor
from benchmarks.transforms import DIALECTS, TRANSFORMS
from benchmarks.worker import distance

HERE = Path(__file__).resolve().parent
CHAINED = ("stepgrad", "torch")  # the engines whose backward does not recurse or copy
GROUPS = {
    "steps": list(WORKLOADS),
    "operations": list(OPERATIONS),
    "transforms": list(TRANSFORMS),
    "others": ["chain", "growth", "compile", "import"],
}
NAMES = [name for group in GROUPS.values() for name in group]
LOOPED = ("linear_system", "parabola", "quadratic", "net_scalars")  # with rows that have the loop inside
PATIENCE = 900  # seconds that a process may take
LONG = 100_000  # operations of a program that is compiled in one turn only (a chain: ten times as many)
ROUGHLY = {"chain": 35, "growth": 22, "compile": 45, "import": 10}  # seconds of a round
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


class FailedError(Exception):
    """A process that ended badly, or a result that is wrong."""


class Runner:
    """Starts the processes; knows which interpreter has which engine, and what went wrong."""

    def __init__(self, interpreters: dict[str, str], threads: int = 1, budget: float = 0.3) -> None:
        self.interpreters, self.threads, self.budget = interpreters, threads, budget
        self.failed: list[list[str]] = []  # workload, engine, reason
        self.started, self.minutes = time.monotonic(), 0.0
        self.tell: Callable[[str], None] = lambda message: print(message, file=sys.stderr, flush=True)

    def progress(self, message: str) -> None:
        """A line with the time that has passed."""
        passed = (time.monotonic() - self.started) / 60
        self.tell(f"[{passed:.1f} of about {self.minutes:.0f} min] {message}, load {load()}")

    def process(self, engine: str, *arguments: str) -> str:
        """What the engine's interpreter prints; raises FailedError if it fails."""
        threads = str(self.threads)
        environment = dict(os.environ, PYTHONHASHSEED="0", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")
        for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
            environment[f"{library}_NUM_THREADS"] = threads
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or every import would compile again
        if engine in OURS:  # this checkout, installed or not
            environment["PYTHONPATH"] = str(HERE.parent)
        command = [self.interpreters.get(engine, sys.executable), "-P", *arguments]
        try:
            done = subprocess.run(
                command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=PATIENCE
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise FailedError(str(error).replace(str(command), "it")) from None
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["it says nothing"]
            raise FailedError(f"exit status {done.returncode}: {last[0]}")
        return done.stdout

    def worker(self, engine: str, task: str, name: str = "") -> Figures:
        options = ["--budget", str(self.budget), "--threads", str(self.threads)]
        answer: Figures = json.loads(self.process(engine, "worker.py", engine, task, name, *options))
        return answer

    def found(self, engine: str) -> Figures:
        """Its versions, or why it is missing."""
        try:
            return self.worker(engine, "versions")
        except FailedError as error:
            return {"missing": str(error)}

    def import_seconds(self, engine: str) -> float:
        """Seconds that importing the engine adds to importing NumPy."""
        printed = self.process(engine, "-c", IMPORT.format(module=ENGINES[engine].module))
        return float(printed.split()[0])

    # --- a kind of measurement each -------------------------------------------------------------

    def interleaved(
        self, what: str, engines: Iterable[str], rounds: int, ask: Callable[[str], Figures]
    ) -> dict[str, list[Figures]]:
        """What each engine answers, A B C A B C ...; one that fails, or answers otherwise than the first, is left out."""
        runs: dict[str, list[Figures]] = {}
        first: Figures | None = None
        for turn in range(rounds):
            self.progress(f"{what}: round {turn + 1} of {rounds}")
            for e in engines if turn == 0 else list(runs):
                if turn and ENGINES[e].asked:
                    continue
                try:
                    answer = ask(e)
                    if "missing" in answer:
                        continue
                    first = first or answer
                    agreed(answer, first)
                except FailedError as error:
                    self.failed.append([what, e, str(error)])
                    self.tell(f"{what}: {e} left out: {error}")
                    runs.pop(e, None)
                    continue
                runs.setdefault(e, []).append(answer)
        return runs

    def turns(self, name: str, engines: Iterable[str], rounds: int, unit: float) -> Figures:
        """A workload; engine -> times in the unit.  In every turn results are compared first."""
        runs = self.interleaved(name, engines, rounds, lambda e: self.worker(e, "time", name))
        return {e: summary([unit * a["seconds"] for a in answers]) for e, answers in runs.items()}

    def chains(self, lengths: Sequence[int], engines: Iterable[str], rounds: int) -> Figures:
        """Nanoseconds and bytes for each node of a chain of multiplications."""
        able = [e for e in CHAINED if e in engines]
        found: Figures = {}
        for n in lengths:
            turns = rounds if n < 10 * LONG else 1

            def ask(e: str, n: int = n) -> Figures:
                answer = self.worker(e, "chain", str(n))
                return {**answer, "result": [answer["value"], answer["gradients"]]}

            found[str(n)] = {
                e: {
                    **{k: summary([1e9 * a["seconds"][k] for a in runs]) for k in runs[0]["seconds"]},
                    "bytes": summary([a["bytes"] for a in runs]),
                }
                for e, runs in self.interleaved(f"chain of {n}", able, turns, ask).items()
            }
        return found

    def growing(self, engines: Iterable[str], rounds: int) -> Figures:
        """Networks of growing depth: microseconds for a pass at each depth, and for each layer more."""
        found: Figures = {}
        runs = self.interleaved("growth", engines, rounds, lambda e: self.worker(e, "growth"))
        for e, answers in runs.items():
            depths = answers[0]["depths"]
            times = [summary([1e6 * a["seconds"][i] for a in answers]) for i in range(len(depths))]
            slope, base = statistics.linear_regression(depths, [t["median"] for t in times])
            found[e] = {"depths": depths, "times": times, "each layer": slope, "each pass": base}
        return found

    def compiling(self, sizes: Sequence[int], engines: Iterable[str], rounds: int) -> Figures:
        """Milliseconds of the first call, against the operations of the function."""
        found: Figures = {}
        for backend, engine, largest in BACKENDS:
            for n in [n for n in sizes if n <= largest and engine in engines]:
                name = f"{backend} {n}"

                def ask(e: str, name: str = name) -> Figures:
                    return {"off": 0.0, **self.worker(e, "compile", name.replace(" ", ":"))}

                turns = 1 if n >= LONG or backend == "numba" else rounds
                for runs in self.interleaved(f"compile {name}", [engine], turns, ask).values():
                    entry: Figures = {k: runs[0][f"{k} nodes"] for k in ("value", "gradient")}
                    for k in ("value", "gradient"):
                        entry[f"{k} ms"] = summary([1e3 * r[k] for r in runs])
                    found[name] = {"backend": backend, "operations": n, **entry}
        return found

    def imports(self, engines: Iterable[str], rounds: int) -> Figures:
        """Milliseconds on top of importing NumPy."""

        def ask(e: str) -> Figures:
            return {"off": 0.0, "seconds": self.import_seconds(e)}

        runs = self.interleaved("import", engines, rounds + 1, ask)  # the first fills the caches
        return {e: summary([1e3 * a["seconds"] for a in answers[1:]]) for e, answers in runs.items()}

    def estimate(self, names: Sequence[str], engines: Sequence[str], rounds: int) -> float:
        """About how many minutes it will take on a machine that does nothing else."""

        def turn(some: Iterable[str]) -> float:
            """Seconds of every turn of some engines at a workload."""
            each = {e: ENGINES[e].seconds + 1.3 * self.budget for e in some}
            return sum([t * (1 if ENGINES[e].asked else rounds) for e, t in each.items()])

        steps, tapes, dialects = (
            turn([e for e in engines if e in known]) for known in (FUNCTIONS, TAPES, DIALECTS)
        )
        seconds = 0.0
        for n in names:
            if n in WORKLOADS:
                inside = sum([ENGINES[e].kind == LOOP for e in engines]) * (n not in LOOPED)
                seconds += steps - inside * rounds * (1.3 + 1.3 * self.budget)
            elif n in OPERATIONS or n in TRANSFORMS:
                seconds += tapes if n in OPERATIONS else dialects
            else:
                seconds += rounds * ROUGHLY[n]
        return seconds / 60


def agreed(answer: Figures, expected: Figures) -> None:
    """Raise FailedError unless the results agree."""
    off = answer["off"] if "off" in answer else distance(answer["result"], expected["result"])
    allowed = answer.get("allowed", TOLERANCE)
    if not off <= allowed:
        raise FailedError(
            f"it is off by {off:.1e} of the largest number, {allowed:.0e} is allowed: its time would say nothing"
        )


def summary(rounds: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(rounds), "min": min(rounds), "max": max(rounds)}


def measure(
    runner: Runner,
    names: Sequence[str],
    engines: Sequence[str],
    rounds: int,
    chain: Sequence[int] = (1_000, 10_000, 100_000, 1_000_000),
    sizes: Sequence[int] = (100, 1_000, 10_000, 100_000),
    keep: Callable[[Figures], None] = lambda figures: None,
) -> Figures:
    """The figures of the named workloads; `keep` is called with what is there after each of them."""
    known = {e: runner.found(e) for e in engines}
    there = {e: v for e, v in known.items() if "missing" not in v}
    if not there:
        raise RuntimeError(f"none of the engines is there: {known}")
    tapes = [e for e in there if e in TAPES]
    runner.minutes = runner.estimate(names, list(there), rounds)
    figures: Figures = {
        **{section: {} for section in SECTIONS},
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "threads": runner.threads,
        "rounds": rounds,
        "load": [load(), load()],
        "engines": there,
        "missing": {e: v["missing"] for e, v in known.items() if "missing" in v},
        "failed": runner.failed,
    }
    for name in [n for n in NAMES if n in names]:
        if name in WORKLOADS:
            figures["steps"][name] = runner.turns(name, [e for e in there if e in FUNCTIONS], rounds, 1e6)
        elif name in OPERATIONS:
            figures["operations"][name] = runner.turns(name, tapes, rounds, 1e9)
        elif name in TRANSFORMS:
            able = [e for e in there if e in DIALECTS]
            figures["transforms"][name] = runner.turns(name, able, rounds, 1e6)
        elif name == "chain":
            figures["chain"] = runner.chains(chain, there, rounds)
        elif name == "growth":
            figures["growth"] = runner.growing(tapes, rounds)
        elif name == "compile":
            figures["compile"] = runner.compiling(sizes, list(there), rounds)
        elif name == "import":
            libraries = [e for e in tapes if ENGINES[e].kind == EAGER]
            figures["import"] = runner.imports([*libraries, *[e for e in there if e == "jax"]], rounds)
        figures["load"][1] = load()
        keep(figures)
    return figures


SECTIONS = ("steps", "operations", "transforms", "chain", "growth", "compile", "import")


def merged(runs: Sequence[Figures]) -> Figures:
    """Several runs as one; what is in several is taken from the last."""
    whole = dict(runs[-1])
    for section in SECTIONS:
        whole[section] = {}
        for run in runs:
            for name, row in run.get(section, {}).items():  # older runs have fewer sections
                known = whole[section].get(name, {})
                whole[section][name] = {**known, **row}
    whole["load"] = [runs[0]["load"][0], runs[-1]["load"][1]]
    whole["rounds"] = max([run["rounds"] for run in runs])
    whole["fewest"] = min([run.get("fewest", run["rounds"]) for run in runs])
    for key in ("engines", "missing"):
        whole[key] = {e: v for run in runs for e, v in run[key].items()}
    whole["missing"] = {e: v for e, v in whole["missing"].items() if e not in whole["engines"]}
    whole["engines"] = {e: whole["engines"][e] for e in ENGINES if e in whole["engines"]}
    whole["failed"] = [f for run in runs for f in run["failed"]]
    return whole
