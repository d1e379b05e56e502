"""`python -m tests.mutation [file ...]`: which mutants of the rules do the tests let live?

Each mutant is put to the four checks of tests/test_rules.py on a few fixed examples of the cases
that run the mutated function, then to the tests that run it, for one second (--wide: a minute).
A survivor that gives the same bits on a large bank of inputs is named equivalent.  Prints
the survivors; --write puts them into SURVIVORS.md; the exit code is 1 if one has no reason.
"""

import argparse
import contextlib
import io
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd.graph.render import write
from tests.cases import CASES
from tests.mutation.bank import difference
from tests.mutation.lapack import only_finite
from tests.mutation.mutants import Mutant, live, mutants
from tests.mutation.reasons import reason_of
from tests.mutation.units import FOLDER, Bench, units_of_cases, units_of_tests

TESTS = Path(__file__).parents[1]
FILES = [
    "test_rules_by_hand",
    "test_special",
    "test_linalg",
    "test_edge_cases",
    "test_wrong_gradients",
    "test_windows",
    "test_bad_input",
]
FILES += ["test_refused_calls", "test_protocols", "test_rule_files", "test_table", "test_traced_rules"]
FILES += [f"test_ways_of_{family}" for family in ("products", "reducing", "shaping")]
NN = ["test_activation", "test_convolution", "test_pooling", "test_large_softmax", "test_edge_cases"]
TABLE = TESTS / "mutation" / "SURVIVORS.md"


class Mutation:
    """Runs in place of pytest's loop over the tests it has collected."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lines: list[tuple[Mutant, str]] = []
        self.counts: Counter[str] = Counter()
        self.unknown = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        with warnings.catch_warnings(), np.errstate(all="ignore"), only_finite():
            warnings.simplefilter("ignore")
            self.run(session.items)
        return True

    def run(self, items: list[pytest.Item]) -> None:
        start = time.perf_counter()
        of_cases = list(units_of_cases(self.options.examples))
        say(f"{len(of_cases)} checks of cases, {time.perf_counter() - start:.0f} s")
        of_tests = list(units_of_tests(items, say))
        say(f"{len(of_tests)} tests, {time.perf_counter() - start:.0f} s")
        bench = Bench(of_cases + of_tests)
        for name in self.options.files:
            path = FOLDER / f"{name}.py"
            functions = live(path)
            for mutant in mutants(path, functions):
                self.one(mutant, bench)
            if self.options.write:
                write(TABLE, table(self, TABLE.read_text() if TABLE.exists() else "").encode())
            say(f"{name}: {self.counts[name]} mutants, {time.perf_counter() - start:.0f} s")

    def one(self, mutant: Mutant, bench: Bench) -> None:
        self.counts[Path(mutant.file).stem] += 1
        unit, in_time = bench.killer(mutant, self.options.seconds)
        if unit is not None:
            return
        reason = reason_of(mutant) or self.equivalent(mutant, bench)
        if reason.startswith("NOT FOUND"):
            if not in_time and bench.killer(mutant, 20 * self.options.seconds)[0] is not None:
                return
            self.unknown += 1
        say(f"{mutant}   [{reason}]")
        self.lines.append((mutant, reason))

    def equivalent(self, mutant: Mutant, bench: Bench) -> str:
        """Whether it gives the same bits on all inputs of the bank, some of which evaluate the changed place."""
        cases = cases_of(mutant, bench)
        asked, found = difference(mutant, cases, self.options.bank)
        if not asked:
            return "NOT FOUND: no case runs it"
        if found:
            return f"NOT FOUND: {' '.join(found.split())[:300]}"
        seen = mutant.before.startswith("rules ")  # the rules of these very cases
        if mutant.bomb is not None:
            seen = difference(mutant.bomb, cases, self.options.bank)[1] != ""
        if not seen:
            return "NOT FOUND: no case evaluates it"
        return f"equivalent: the same bits on {asked} inputs"


def cases_of(mutant: Mutant, bench: Bench) -> list[Any]:
    """Six cases that run the mutated function, those that run little else first."""
    units = [u for where in mutant.places for u in bench.units[where] if "::" not in u.name]
    others = {u.name.rpartition(" ")[0]: len(u.places) for u in units}
    return sorted([case for case in CASES if case.name in others], key=lambda case: others[case.name])[:6]


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


HEAD = """# Mutants of the rules that the tests let live

Made by `python -m tests.mutation --write`: every constant, sign, operator, operand, axis, comparison and
default of the rule files changed, one at a time, and the rules of every operation swapped.
"""


def table(run: Mutation, before: str) -> str:
    """The survivors, file by file; those of the files that were not run, as they were before."""
    sections = {part.split()[0]: part for part in before.split("\n## ")[1:]}
    for name in run.counts:
        lines = [(m, reason) for m, reason in run.lines if m.file == f"{name}.py"]
        missed = sum(reason.startswith("NOT FOUND") for _, reason in lines)
        n = run.counts[name]
        text = [
            f"{name}.py ({n} mutants, {n - len(lines)} found, {len(lines) - missed} explained, {missed} not found)",
            "",
            "| function | in | was | becomes | why it lives |",
            "|---|---|---|---|---|",
        ]
        for mutant, reason in lines:
            function, inside = mutant.function, mutant.text if mutant.text != mutant.before else ""
            if function.startswith("lambda"):
                function, inside = "", function
            code = [f"`{part}`" if part else "" for part in (inside[:120], mutant.before, mutant.after)]
            cells = [function, *code, reason]
            text.append("| " + " | ".join([" ".join(c.split()).replace("|", "\\|") for c in cells]) + " |")
        sections[f"{name}.py"] = "\n".join(text) + "\n"
    return HEAD + "".join([f"\n## {sections[name]}" for name in sorted(sections)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    left_out = {"__init__", "plain"}
    every = [p.stem for p in sorted(FOLDER.glob("*.py")) if p.stem not in left_out]
    parser.add_argument("files", nargs="*", default=every, help="names of rule files, e.g. elementwise")
    parser.add_argument("--wide", action="store_true", help="a minute for each mutant instead of a second")
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    parser.add_argument("--examples", type=int, default=4, metavar="N", help="of each case")
    parser.add_argument("--bank", type=int, default=16, metavar="N", help="examples of a case in the bank")
    options = parser.parse_args()
    options.seconds = 60.0 if options.wide else 1.0
    run = Mutation(options)
    paths = [str(TESTS / f"{name}.py") for name in FILES] + [str(TESTS / "nn" / f"{name}.py") for name in NN]
    arguments = ["-q", "-s", "--assert=plain", "--tb=native", "-p", "no:cacheprovider"]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main([*arguments, *paths], plugins=[run])
    if code == pytest.ExitCode.INTERNAL_ERROR:
        say(printed.getvalue())
        return 2
    say(f"{sum(run.counts.values())} mutants, {len(run.lines)} live, {run.unknown} of them not explained")
    return int(run.unknown > 0)


if __name__ == "__main__":
    sys.exit(main())
