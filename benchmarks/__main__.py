"""What a derivative and a training step cost here and elsewhere, in one run.

Every measurement is a process of its own, on the same number of processors.  The engines take
turns (A B C A B C ...), so that a slow minute of the machine falls on all of them.  Results are
compared with those of the same maths written by hand before they are timed.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from autograd.graph.render import write
from benchmarks.engines import ENGINES, OURS, USUAL
from benchmarks.report import inserted, markdown
from benchmarks.runner import GROUPS, NAMES, Runner, measure, merged


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"workloads: {'; '.join(f'{g}: {chr(32).join(names)}' for g, names in GROUPS.items())}",
    )
    parser.add_argument("workloads", nargs="*", help="names or groups; by default all")
    parser.add_argument(
        "--peers",
        "--engines",
        dest="peers",
        default=",".join(USUAL),
        metavar="NAMES",
        help=f"which, with commas, or all (by default all but torch_compile, which is slow): {', '.join(ENGINES)}",
    )
    parser.add_argument(
        "--python", action="append", default=[], metavar="NAMES=PATH", help="the interpreter of some of them"
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of every engine")
    parser.add_argument("--budget", type=float, default=0.3, help="seconds of measuring in one turn")
    parser.add_argument("--threads", type=int, default=1, help="processors that every engine may use")
    parser.add_argument("--chain", default="1000,10000,100000,1000000", help="lengths of the chain")
    parser.add_argument(
        "--sizes", default="100,1000,10000,100000", help="operations of the programs to compile"
    )
    parser.add_argument(
        "--from",
        dest="runs",
        nargs="+",
        metavar="FILE",
        help="measure nothing: tables of the figures in these files",
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there, after each workload")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables there instead of printing them")
    parser.add_argument(
        "--docs", metavar="FILE", help="put them, medians only, between the marks of that page too"
    )
    return parser


def numbers(text: str) -> list[int]:
    return [int(x) for x in text.split(",") if x]


def main() -> None:
    parser = arguments()
    options = parser.parse_args()
    names = [n for word in options.workloads or GROUPS for n in GROUPS.get(word, [word])]
    if set(names) - set(NAMES):
        parser.error(
            f"unknown workload {sorted(set(names) - set(NAMES))}; known are {NAMES} and {list(GROUPS)}"
        )
    engines = list(ENGINES) if options.peers == "all" else options.peers.split(",")
    interpreters: dict[str, str] = {}
    for given in options.python:
        some, _, path = given.partition("=")
        interpreters.update(dict.fromkeys(some.split(","), path))
    unknown = {*engines, *interpreters} - set(ENGINES)
    if unknown:
        parser.error(f"unknown peer {sorted(unknown)}; known are {list(ENGINES)} and all")

    def keep(figures: dict[str, Any]) -> None:
        if options.json:
            write(Path(options.json), (json.dumps(figures, indent=1) + "\n").encode())

    if options.runs:
        figures = merged([json.loads(Path(file).read_text()) for file in options.runs])
        keep(figures)
    else:
        runner = Runner(interpreters, options.threads, options.budget)
        sizes = numbers(options.chain), numbers(options.sizes)
        figures = measure(runner, names, engines, options.rounds, *sizes, keep)
    if options.docs:
        page = Path(options.docs)
        write(page, inserted(page.read_text(), figures).encode())
    text = markdown(figures)
    if options.markdown:
        write(Path(options.markdown), text.encode())
    else:
        print(text, end="")
    if any([e in OURS for _, e, _ in figures["failed"]]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
