"""Where the time goes: python -m benchmarks.profile linear_system --engine compiled

A profiler that counts every call makes a call of 100 ns look like one of a microsecond.  So parts are
timed as wholes, while the loop runs (forward, backward, zero_grad, step), and what they do is then done
again without the engine: each operation's NumPy alone, each rule alone, the generated code alone.  What
is left is ours: recording, walking, checking, calling; and, for large arrays, memory that is not in the
caches, as it is when the same call is repeated.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from autograd.graph.render import write
from benchmarks import parts, timing
from benchmarks.aims import judged
from benchmarks.engines import ENGINES, LOOP
from benchmarks.report import PROFILES, between, number
from benchmarks.steps.table import WORKLOADS, prepared

OTHERS = {"chain": ("stepgrad",), "compile": ("python", "numpy")}
STEPS = ("stepgrad", "compiled", "numba", "loop")


def profiled(workload: str, engine: str) -> str:
    """The parts of one workload, as lines of text."""
    timing.clock = parts.process_time
    if workload == "chain":
        return text("a chain of multiplications: stepgrad", *parts.chained())
    if workload == "compile":
        return text(f"compile: the {engine} back end", *parts.compiled_first(engine))
    row, train = WORKLOADS[workload], prepared(workload, engine)
    if train is None:
        return f"{workload} is not written for {engine}"
    title = f"{row.title}: {ENGINES[engine].title}"
    if ENGINES[engine].kind == LOOP:
        return text(title, *parts.looped(train, row.inside))
    return text(title, *(parts.eager if engine == "stepgrad" else parts.compiled)(train, row.length))


def text(title: str, found: list[parts.Part], table: parts.Table) -> str:
    width = max([len(p.what) for p in found])
    lines = [title, "", *[f"{p.what:{width}}  {number(p.time):>9} µs  {p.note}".rstrip() for p in found]]
    if table:
        widths = [max([len(row[i]) for row in table]) for i in range(len(table[0]))]
        lines.append("")
        for first, *others in table:
            cells = [f"{x:>{w}}" for x, w in zip(others, widths[1:], strict=True)]
            lines.append("  ".join([f"{first:{widths[0]}}", *cells]))
    return "\n".join(lines)


def missed(file: str) -> list[tuple[str, str]]:
    """Workload and engine of each aim that a run missed."""
    figures = json.loads(Path(file).read_text())
    return list(dict.fromkeys([a.profile for a in judged(figures) if not a.met and a.profile[0]]))


def apart(workload: str, engine: str) -> str:
    """`profiled` in a process of its own, on one thread, as in the tables; what went wrong if it fails."""
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    code = f"from benchmarks.profile import profiled; print(profiled({workload!r}, {engine!r}))"
    command = [sys.executable, "-P", "-c", code]
    environment = {**os.environ, **threads, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.stdout if not done.returncode else f"{workload}, {engine}: {done.stderr.strip()}\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("workload", nargs="?", choices=[*WORKLOADS, *OTHERS])
    parser.add_argument("--engine", choices=[*STEPS, "python", "numpy"], help="for compile: its back end")
    parser.add_argument("--missed", metavar="JSON", help="instead: what missed its aim in that run")
    parser.add_argument("--docs", metavar="FILE", help="put the profiles between the marks of that page")
    options = parser.parse_args()
    if options.missed:
        wanted = missed(options.missed)
    elif options.workload:
        engines = OTHERS.get(options.workload, STEPS)
        engine = options.engine or engines[0]
        if engine not in engines:
            parser.error(f"--engine {engine} has no {options.workload}; choose one of {', '.join(engines)}")
        wanted = [(options.workload, engine)]
    else:
        parser.error("name a workload, or --missed JSON")
    blocks = []
    for one in wanted:  # some seconds each: what is there is kept
        found = apart(*one)
        if options.docs:
            blocks.append(f"```\n{found}```\n")
            page = Path(options.docs)
            write(page, between(page.read_text(), PROFILES, "\n" + "\n".join(blocks)).encode())
        else:
            print(found, flush=True)


if __name__ == "__main__":
    main()
