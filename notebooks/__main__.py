"""Command line: `python -m notebooks [NAME ...] [--out DIR] [--data DIR] [--list | --ipynb | --check]`."""

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograd.graph.render import graphviz, write
from notebooks import PROBLEMS, Problem, Report, ipynb
from notebooks.page import COLUMNS, notebook, page


def main(arguments: Sequence[str] | None = None) -> int:
    """Solve the problems that are asked for and write the page; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m notebooks",
        description="Solve the worked problems and write a page with their results, figures and graphs.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which problems (default: all)")
    parser.add_argument(
        "--out", type=Path, default=Path("out", "notebooks"), metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with the MNIST files (default: that of STEPGRAD_DATA)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="list the problems and stop")
    instead.add_argument(
        "--ipynb", action="store_true", help="instead of a page: run the Jupyter notebooks and write them"
    )
    instead.add_argument(
        "--check", action="store_true", help="run the notebooks and compare with the .ipynb; writes nothing"
    )
    options = parser.parse_args(arguments)
    if options.list:
        width = max(map(len, PROBLEMS))
        for problem in PROBLEMS.values():
            print(f"{problem.name:{width}}  {problem.title}")
        return 0
    for name in options.names:
        if name not in PROBLEMS:
            parser.error(f"there is no problem {name!r}; choose from {', '.join(PROBLEMS)}")
    lacking, extra = missing(), "notebooks"
    if options.ipynb or options.check:
        lacking += [name for name in ipynb.NEEDED if importlib.util.find_spec(name) is None]
        extra = "jupyter"
    if lacking:
        print(
            f'python -m notebooks needs {" and ".join(lacking)}; install it with: pip install "stepgrad[{extra}]"',
            file=sys.stderr,
        )
        return 1
    chosen = [p for p in PROBLEMS.values() if not options.names or p.name in options.names]
    if options.ipynb or options.check:
        work = compare if options.check else make
        return int(any([fails(work, problem, options.data) for problem in chosen]))  # a list: all are run
    reports = [solved(problem, options.data) for problem in chosen]
    folder = options.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for report in reports:
        for picture in report.pictures:
            write(folder / f"{picture.name}.svg", picture.svg.encode())
        for player in report.players:
            write(folder / f"{player.name}.html", player.html.encode())
        if source := notebook(report):
            write(folder / source.name, source.read_bytes())
    write(folder / "index.html", page(reports).encode())  # last: it is there when all is there
    print(table(reports))
    print(folder)
    return 0


def missing() -> list[str]:
    """What has to be installed first."""
    lacking = [] if importlib.util.find_spec("matplotlib") else ["matplotlib"]
    try:
        graphviz("svg")
    except RuntimeError:
        lacking.append("Graphviz")
    return lacking


def make(problem: Problem, data: Path | None) -> list[str]:
    """Run the notebook of a problem and write it; nothing is at fault, or it raises."""
    print(ipynb.save(problem.name, timed(problem.name, data)))
    return []


def compare(problem: Problem, data: Path | None) -> list[str]:
    """In what the .ipynb of a problem is not what its module makes."""
    name = problem.name
    if faults := ipynb.out_of_step(name):
        return [*faults, f"write it anew with: python -m notebooks --ipynb {name}"]
    now = timed(name, data)
    if problem.uses_mnist and not (data or os.environ.get("STEPGRAD_DATA")):
        print(f"{name}.ipynb: runs, but without MNIST (--data DIR): what it prints was not compared")
        return []
    return ipynb.changed(name, now)


def fails(work: Callable[[Problem, Path | None], list[str]], problem: Problem, data: Path | None) -> bool:
    """Whether something is at fault with a notebook; says on the terminal what."""
    try:
        faults = work(problem, data)
    except (RuntimeError, OSError) as error:
        faults = [str(error)]
    for line in faults:
        print(f"{problem.name}.ipynb: {line}", file=sys.stderr)
    return bool(faults)


def timed(name: str, data: Path | None) -> Any:
    """The notebook of a problem, run; shows on the terminal how long it took."""
    start = time.perf_counter()
    notebook = ipynb.run(name, data)
    print(f"{name}.ipynb: run in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return notebook


def solved(problem: Problem, data: Path | None = None) -> Report:
    """The report of one problem; shows on the terminal that it goes on."""
    with progress(problem.name) as tick:
        report = Report(problem, tick, data)
        problem.solve(report)
    return report


@contextmanager
def progress(name: str) -> Iterator[Callable[[], object]]:
    """A line that counts optimizer steps: tqdm's where it is installed and can be seen, else a plain one."""
    if sys.stderr.isatty() and importlib.util.find_spec("tqdm"):
        from tqdm import tqdm

        with tqdm(desc=name, unit=" steps") as bar:
            yield bar.update
        return
    count, start = 0, time.perf_counter()

    def tick() -> None:
        nonlocal count
        count += 1

    yield tick
    print(f"{name}: {count} steps in {time.perf_counter() - start:.1f} s", file=sys.stderr)


def table(reports: Sequence[Report]) -> str:
    """The results as text, in columns."""
    head = COLUMNS[:-1]
    lines = [(row.what, row.found, row.exact, row.off) for report in reports for row in report.rows]
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    texts = [
        "  ".join(f"{cell:{w}}" for cell, w in zip(line, widths, strict=True)) for line in (head, *lines)
    ]
    texts[0] += "  " + COLUMNS[-1]
    rows = [row for report in reports for row in report.rows]
    return "\n".join(
        [
            texts[0],
            "-" * len(texts[0]),
            *(f"{text}  {row.how}" for text, row in zip(texts[1:], rows, strict=True)),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
