"""``python -m benchmarks``: the cost of a derivative here and in the peers, in one run.

Every measurement is a process of its own.  The engines take turns (A B C A B C ...), so
that a slow minute of the machine falls on all of them.  Values and gradients are compared
before anything is timed.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import markdown
from benchmarks.worker import ENGINES, WORKLOADS

HERE = Path(__file__).resolve().parent
OURS = "stepgrad"
CHAINED = (OURS, "torch")  # the engines whose backward does not recurse or copy
TOLERANCE = 1e-10  # of the largest element

IMPORT = """
import time
start = time.perf_counter()
import numpy
middle = time.perf_counter()
import {module}
print(time.perf_counter() - middle, middle - start)
"""


class Runner:
    """Starts the processes; knows which interpreter has which engine."""

    def __init__(self, interpreters: dict[str, str]) -> None:
        self.interpreters = interpreters

    def process(self, engine: str, *arguments: str) -> str:
        """What the engine's interpreter prints; raises RuntimeError if it fails."""
        environment = dict(os.environ, OMP_NUM_THREADS="1", PYTHONHASHSEED="0")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or every import would compile again
        if engine == OURS:  # this checkout, installed or not
            environment["PYTHONPATH"] = str(HERE.parent)
        command = [self.interpreters.get(engine, sys.executable), *arguments]
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{engine} {arguments}: {done.stderr.strip()}")
        return done.stdout

    def worker(self, engine: str, workload: str, *options: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.process(engine, "worker.py", engine, workload, *options))
        return answer

    def import_seconds(self, engine: str) -> float:
        """Seconds that importing the engine adds to importing NumPy."""
        printed = self.process(engine, "-c", IMPORT.format(module=ENGINES[engine].module))
        return float(printed.split()[0])


def flat(x: Any) -> list[float]:
    return [y for part in x for y in flat(part)] if isinstance(x, list) else [float(x)]


def compare(workload: str, engine: str, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Raise RuntimeError unless value and gradients agree."""
    a, b = (flat([answer["value"], answer["gradients"]]) for answer in (theirs, ours))
    worst = max(abs(x - y) for x, y in zip(a, b, strict=True)) / max(abs(y) for y in b)
    if not worst < TOLERANCE:
        raise RuntimeError(f"{workload}: {engine} and {OURS} differ by {worst:.1e} of the largest element")


def summary(rounds: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(rounds), "min": min(rounds), "max": max(rounds)}


def processor() -> str:
    """The model of the CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def measure(runner: Runner, options: argparse.Namespace) -> dict[str, Any]:
    """All workloads, all engines."""
    wanted = options.engines.split(",")
    found = {e: runner.worker(e, "versions") for e in wanted}
    missing = {e: v["missing"] for e, v in found.items() if "missing" in v}
    engines = {e: v for e, v in found.items() if "missing" not in v}
    if OURS not in engines:
        raise RuntimeError(f"{OURS} is what the others are compared with: {missing.get(OURS, 'not chosen')}")

    takes: dict[str, list[str]] = {}  # workload -> the engines that can do it
    for workload in WORKLOADS:
        answers = {e: runner.worker(e, workload, "--check") for e in engines}
        takes[workload] = [e for e in engines if "missing" not in answers[e]]
        for e in takes[workload]:
            compare(workload, e, answers[e], answers[OURS])
    chained = [e for e in CHAINED if e in engines]
    short = {e: runner.worker(e, "chain", "--length", "1000") for e in chained}
    for e in chained:
        compare("chain", e, short[e], short[OURS])

    timed: dict[str, dict[str, Any]] = {}
    for workload, able in takes.items():
        seconds: dict[str, list[float]] = {e: [] for e in able}
        for _ in range(options.rounds):
            for e in able:
                answer = runner.worker(e, workload, "--budget", str(options.budget))
                seconds[e].append(answer["seconds"] / answer["operations"])
        timed[workload] = {e: summary([1e9 * s for s in seconds[e]]) for e in able}

    chains: dict[str, dict[str, Any]] = {}
    for n in [int(x) for x in options.chain.split(",") if x]:
        runs: dict[str, list[dict[str, Any]]] = {e: [] for e in chained}
        for _ in range(options.rounds):
            for e in chained:
                runs[e].append(runner.worker(e, "chain", "--length", str(n)))
        chains[str(n)] = {
            e: {
                **{k: summary([1e9 * r[k] / n for r in runs[e]]) for k in ("forward", "backward", "free")},
                **{k: summary([r[k] for r in runs[e]]) for k in ("bytes", "bytes after backward")},
            }
            for e in chained
        }

    imports: dict[str, list[float]] = {e: [] for e in engines}
    for _ in range(options.rounds + 1):  # the first fills the caches
        for e in engines:
            imports[e].append(runner.import_seconds(e))
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "rounds": options.rounds,
        "engines": engines,
        "missing": missing,
        "nanoseconds per operation": timed,
        "chain, nanoseconds and bytes per node": chains,
        "import, milliseconds over numpy": {e: summary([1e3 * s for s in t[1:]]) for e, t in imports.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--engines", default=",".join(ENGINES), help="which, in what order")
    parser.add_argument(
        "--python", action="append", default=[], metavar="NAME=PATH", help="the interpreter of an engine"
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of every engine")
    parser.add_argument("--budget", type=float, default=1.0, help="seconds of measuring in one turn")
    parser.add_argument("--chain", default="10000,100000,1000000", help="lengths of the chain")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    unknown = set(options.engines.split(",")) | {p.partition("=")[0] for p in options.python}
    if unknown - set(ENGINES):
        parser.error(f"unknown engine {sorted(unknown - set(ENGINES))}; known are {list(ENGINES)}")
    figures = measure(Runner(dict(p.split("=", 1) for p in options.python)), options)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    print(markdown(figures))


if __name__ == "__main__":
    main()
