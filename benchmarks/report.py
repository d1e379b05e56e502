"""The figures of a run as Markdown."""

import re
from typing import Any

from benchmarks.aims import best, judged
from benchmarks.engines import COMPILED, EAGER, ENGINES, LOOP
from benchmarks.operations import OPERATIONS, WIDTH
from benchmarks.steps.table import WORKLOADS
from benchmarks.transforms import TRANSFORMS

Figures = dict[str, Any]


def number(x: float) -> str:
    """Three figures, without an exponent."""
    for digits, least in enumerate((100, 10, 1, 0.1)):
        if abs(x) >= least:
            return f"{x:,.{digits}f}"
    return f"{x:.4f}"


def spread(entry: Figures | None) -> str:
    """Median (least - most)."""
    if entry is None:
        return "-"
    return f"{number(entry['median'])} ({number(entry['min'])} - {number(entry['max'])})"


def grid(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def title_of(name: str) -> str:
    row = WORKLOADS.get(name) or OPERATIONS.get(name) or TRANSFORMS[name]
    return row.title


def ratio(row: Figures, engine: str | None, other: str | None) -> str:
    if engine is None or other is None:
        return "-"
    return f"{row[engine]['median'] / row[other]['median']:.2f} × {ENGINES[other].title}"


def workloads(table: Figures, engines: list[str], heading: str, text: str) -> list[str]:
    """A table of times, and one of ratios to the best of the same kind."""
    used = [e for e in engines if ENGINES[e].kind != LOOP and any([e in row for row in table.values()])]
    if not used:
        return []
    times = [[title_of(n), *[spread(row.get(e)) for e in used]] for n, row in table.items()]
    lines = ["", f"## {heading}", "", text, "", *grid(["", *[ENGINES[e].title for e in used]], times)]
    rows = []
    for n, row in table.items():
        eager, fast = best(row, EAGER, True), best(row, COMPILED, True)
        limit = "hand" if "hand" in row else None
        rows.append(
            [
                title_of(n),
                ratio(row, eager, best(row, EAGER, False)),
                ratio(row, fast, best(row, COMPILED, False)),
                ratio(row, eager, "least" if "least" in row else None),
                ratio(row, eager, limit),
                ratio(row, fast, limit),
            ]
        )
    return lines + ratios(
        [
            "eager, to the best peer",
            "compiled, to the best peer",
            "eager, to the least tape",
            "eager, to by hand",
            "compiled, to by hand",
        ],
        rows,
    )


def ratios(heads: list[str], rows: list[list[str]]) -> list[str]:
    """The columns in which there is something."""
    keep = [0] + [i for i in range(1, len(heads) + 1) if any([row[i] != "-" for row in rows])]
    if len(keep) == 1:
        return []
    picked = [[row[i] for i in keep] for row in rows]
    return ["", "Our time as a multiple of another's:", "", *grid([["", *heads][i] for i in keep], picked)]


def loops(table: Figures, engines: list[str]) -> list[str]:
    """The rows that were run with the loop inside."""
    used = [e for e in engines if ENGINES[e].kind == LOOP]
    table = {n: row for n, row in table.items() if any([e in row for e in used])}
    if not table:
        return []
    thousand = {
        n: {e: {k: 1e3 * x for k, x in row[e].items()} for e in used if e in row} for n, row in table.items()
    }
    times = [[title_of(n), *[spread(row.get(e)) for e in used]] for n, row in thousand.items()]
    heading = "## Training steps, the loop inside: nanoseconds per step"
    lines = ["", heading, "", LOOPS, "", *grid(["", *[ENGINES[e].title for e in used]], times)]
    rows = []
    for n, row in table.items():
        ours = "loop" if "loop" in row else None
        others = ["c" if "c" in row else None, best(row, LOOP, False)]
        rows.append([title_of(n), *[ratio(row, ours, other) for other in others]])
    return lines + ratios(["to C by hand", "to the best peer"], rows)


def chains(found: Figures) -> list[str]:
    if not found:
        return []
    columns = ("forward", "backward", "free", "bytes")
    rows = [
        [f"{int(n):,} {ENGINES[e].title}", *[spread(entry[e][c]) for c in columns]]
        for n, entry in found.items()
        for e in entry
    ]
    heading = "## A chain of multiplications: nanoseconds and bytes of resident memory per node"
    return ["", heading, "", *grid(["nodes", *columns], rows)]


def growth(found: Figures) -> list[str]:
    if not found:
        return []
    depths = next(iter(found.values()))["depths"]
    rows = [
        [ENGINES[e].title, *[number(t["median"]) for t in g["times"]], number(g["each layer"])]
        for e, g in found.items()
    ]
    text = (
        f"Layers of {WIDTH} neurons with relu on a batch of {WIDTH}, f64, one forward and one backward. The last "
        f"column is the slope of a straight line through the others."
    )
    heading = "## Networks of growing depth: microseconds for a pass"
    head = ["", *[f"{d} layers" for d in depths], "each layer"]
    return ["", heading, "", text, "", *grid(head, rows)]


def compiling(found: Figures) -> list[str]:
    if not found:
        return []
    rows = []
    for entry in found.values():
        row = [entry["backend"], f"{entry['operations']:,}"]
        for k in ("value", "gradient"):
            ms, nodes = entry[f"{k} ms"], entry[k]
            row += [f"{nodes:,}", spread(ms), number(1e3 * ms["median"] / nodes)]
        rows.append(row)
    head = [
        "back end",
        "operations",
        "nodes of the value",
        "ms",
        "µs per node",
        "nodes with gradient",
        "ms",
        "µs per node",
    ]
    text = "The first call of a compiled function: traced, optimized, written, run."
    return ["", "## Compiling: milliseconds", "", text, "", *grid(head, rows)]


def imports(found: Figures) -> list[str]:
    if not found:
        return []
    row = ["import", *[spread(entry) for entry in found.values()]]
    heading = "## Import: milliseconds of the processor on top of `import numpy`"
    return ["", heading, "", *grid(["", *[ENGINES[e].title for e in found]], [row])]


def aims(figures: Figures) -> list[str]:
    found = judged(figures)
    rows = [[a.row, a.what, f"{a.limit:.3g}", f"{a.found:.3g}", "yes" if a.met else "no"] for a in found]
    met = f"{sum([a.met for a in found])} of {len(found)} are met."
    return (
        ["", "## Aims", "", met, "", *grid(["", "measure", "at most", "found", "met"], rows)] if rows else []
    )


def markdown(figures: Figures) -> str:
    """All tables that were measured."""
    engines = list(figures["engines"])
    threads = figures["threads"]
    clock = "the processor's, so that other processes count little" if threads == 1 else "those of the clock"
    before, after = figures["load"]
    rounds, fewest = figures["rounds"], figures.get("fewest", figures["rounds"])
    about = (
        f"{figures['processor']}, {figures['cores']} cores, {figures['system']}; {figures['date']}; every engine on "
        f"{threads} processor{'s' if threads > 1 else ''} and as many threads; times are {clock}. "
        f"Medians of {f'{fewest} to ' if fewest < rounds else ''}{rounds} round{'s' if rounds > 1 else ''} (least - "
        f"most), each in a process of its own, engines taking turns; load average {before} before and {after} "
        f"after. The results of all engines agreed before timing. The garbage collector is at Python's default."
    )
    lines = [
        "# Costs side by side",
        "",
        about,
        "",
        *grid(
            ["engine", "kind", "version", "Python", "NumPy"],
            [
                [ENGINES[e].title, ENGINES[e].kind, v["version"] or "-", v["python"], v["numpy"]]
                for e, v in figures["engines"].items()
            ],
        ),
        *[f"\nNot measured: {ENGINES[e].title} ({why})." for e, why in figures["missing"].items()],
        *[f"\nLeft out: {name}, {ENGINES[e].title} ({why})." for name, e, why in figures["failed"]],
        *workloads(figures["steps"], engines, "Training steps: microseconds per step", STEPS),
        *loops(figures["steps"], engines),
        *workloads(figures["operations"], engines, "Operations: nanoseconds, forward and backward", COUNTED),
        *workloads(figures["transforms"], engines, "Transforms: microseconds per call", CALLED),
        *growth(figures["growth"]),
        *chains(figures["chain"]),
        *compiling(figures["compile"]),
        *imports(figures["import"]),
        *aims(figures),
    ]
    return "\n".join(lines) + "\n"


FIGURES = "<!-- figures, by python -m benchmarks --docs -->"
PROFILES = "<!-- profiles, by python -m benchmarks.profile --missed --docs -->"
END = "<!-- end -->"


def between(page: str, mark: str, text: str) -> str:
    """A page with the text between the mark and the next end; ValueError where it has no such place."""
    before, begin, rest = page.partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no place for it: put the lines {mark} and {END} where it is to go")
    return f"{before}{mark}\n{text}\n{END}{after}"


def inserted(page: str, figures: Figures) -> str:
    """A page with the tables of a run at its mark, medians only."""
    text = markdown(figures).partition("\n")[2].replace("(steps)", "(../benchmarks/steps)")
    return between(page, FIGURES, RANGE.sub("", text))


RANGE = re.compile(r" \((?:[\d.,]+ - [\d.,]+|least - most)\)")

STEPS = (
    "The same maths from the same start values, as one writes it in each library: [steps](steps) has a file for each "
    "row. By hand is plain Python for numbers and NumPy for arrays, derivatives worked out on paper."
)
CALLED = (
    "Derivatives of small functions, float64, compared with the same by hand. PyTorch's are those of its tape "
    "(`torch.autograd.grad`), else of `torch.autograd.functional`."
)
COUNTED = "Operations counted as the user writes them, float64."
LOOPS = (
    "Here the loop is part of what is compiled, and called once for thousands of steps (y = x²: for its 15). C is "
    "compiled with -O3 -march=native."
)
