"""The figures of a run as Markdown."""

from typing import Any

OURS = "stepgrad"
OPERATIONS = (
    "Operations counted as the user writes them. Arrays are (32, 32). "
    "The linear system has only 10 operations, 6 of them with a plain number, so what is paid "
    "once a pass weighs most there."
)


def number(x: float) -> str:
    """Three figures, without an exponent."""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def cell(entry: dict[str, Any] | None, ours: dict[str, Any]) -> str:
    """Median (min - max), and how many times ours."""
    if entry is None:
        return "-"
    spread = f"{number(entry['median'])} ({number(entry['min'])} - {number(entry['max'])})"
    return spread if entry is ours else f"{spread} x{entry['median'] / ours['median']:.2f}"


def grid(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def markdown(figures: dict[str, Any]) -> str:
    engines = figures["engines"]
    names = list(engines)
    about = (
        f"{figures['processor']}, {figures['cores']} cores, {figures['system']}; {figures['date']}; "
        f"medians of {figures['rounds']} rounds (least - most), each in a process of its own, engines taking "
        f"turns; x2.00 means twice our time. Values and gradients of all engines agreed before timing. "
        f"float64, one thread, the garbage collector at Python's default."
    )
    lines = [
        "# Costs side by side",
        "",
        about,
        "",
        *grid(
            ["engine", "version", "Python", "NumPy"],
            [[e, v["version"], v["python"], v["numpy"]] for e, v in engines.items()],
        ),
        "",
        *[f"Not measured: {e} ({why}).\n" for e, why in figures["missing"].items()],
        "## Nanoseconds per operation, forward and backward",
        "",
        OPERATIONS,
        "",
    ]
    timed = figures["nanoseconds per operation"]
    rows = [[w, *[cell(entry.get(e), entry[OURS]) for e in names]] for w, entry in timed.items()]
    lines += grid(["workload", *names], rows)
    chains = figures["chain, nanoseconds and bytes per node"]
    if chains:
        columns = ("forward", "backward", "free", "bytes", "bytes after backward")
        rows = [
            [f"{int(n):,} {e}", *[cell(entry[e][c], entry[OURS][c]) for c in columns]]
            for n, entry in chains.items()
            for e in entry
        ]
        lines += [
            "",
            "## A chain of multiplications: nanoseconds and bytes of resident memory per node",
            "",
            *grid(["nodes", *columns], rows),
        ]
    imports = figures["import, milliseconds over numpy"]
    lines += [
        "",
        "## Import: milliseconds on top of `import numpy`",
        "",
        *grid(["", *imports], [["import", *[cell(entry, imports[OURS]) for entry in imports.values()]]]),
    ]
    return "\n".join(lines)
