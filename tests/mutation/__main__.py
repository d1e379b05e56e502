"""`python -m tests.mutation [file ...]`: which mutants of the rules do the tests let live?

Each mutant is put to the cases (tests/cases.py) that run the mutated function; what survives
them, to the tests of edge cases with --wide.  Prints the survivors; the exit code is 1 if there are any.
"""

import argparse
import contextlib
import io
import signal
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import autograd.rules
from tests import numeric
from tests.cases import CASES
from tests.mutation.mutants import live, mutants, place, planted

FOLDER = Path(autograd.rules.__file__).parent
WIDE = [
    "test_edge_cases",
    "test_wrong_gradients",
    "test_protocols",
    "test_windows",
    "test_bad_input",
    "test_adversary",
]
EXAMPLES = 6
SECONDS = 5  # a mutant that runs longer is found


def examples_of(case):
    """A few examples, always the same."""
    found = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case.inputs())
    def collect(example):
        found.append(example)

    collect()
    return found


def check(case, example):
    """The checks of one example, quick ones first."""

    def f(*leaves):
        return example.call(case.function, leaves)

    numeric.check_value(f, example.leaves, 1e-13 if case.approximate else None)
    numeric.check_first_order(f, example.leaves, 0)
    numeric.check_higher_orders(f, example.leaves, 0, order=2)


def seen_by(case, examples):
    """The places of the rule files' functions that run in a case."""
    places = set()

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(str(FOLDER)):
            places.add(frame.f_code)

    sys.setprofile(note)
    try:
        for example in examples:
            check(case, example)
    finally:
        sys.setprofile(None)
    return {place(code) for code in places}


def too_long(*_):
    raise TimeoutError


def dies(cases, drawn):
    """Whether one of the cases finds the mutant."""
    signal.alarm(SECONDS)
    try:
        for i in range(EXAMPLES):
            for case in cases:
                if i < len(drawn[case.name]):
                    check(case, drawn[case.name][i])
    except Exception:
        return True
    finally:
        signal.alarm(0)
    return False


def dies_of_edges():
    """Whether the tests of edge cases find it."""
    files = [str(Path(__file__).parents[1] / f"{name}.py") for name in WIDE]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files]) != 0


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("files", nargs="*", help="names of rule files, e.g. elementwise")
    parser.add_argument("--wide", action="store_true", help="put survivors to the tests of edge cases (slow)")
    options = parser.parse_args()
    names = options.files or [
        p.stem for p in sorted(FOLDER.glob("*.py")) if p.stem not in ("__init__", "table", "plain")
    ]
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    signal.signal(signal.SIGALRM, too_long)
    drawn = {case.name: examples_of(case) for case in CASES}
    runs = defaultdict(list)
    for case in CASES:
        for where in seen_by(case, drawn[case.name]):
            runs[where].append(case)
    total = alive = 0
    for name in names:
        functions = live(FOLDER / f"{name}.py")
        for mutant in mutants(FOLDER / f"{name}.py"):
            total += 1
            with planted(mutant, functions) as count:
                cases = runs[place(mutant.original)]
                dead = dies(cases, drawn) or (options.wide and dies_of_edges())
            if not dead:
                alive += 1
                reason = "" if cases and count else "   (no case runs it)"
                sys.stdout.write(f"{mutant}{reason}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{total} mutants, {alive} survive\n")
    return int(alive > 0)


if __name__ == "__main__":
    sys.exit(main())
