"""What is put to a mutant: one check of one example of a case, or one test; and what each of them runs."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

import autograd.rules
from tests import test_rules
from tests.cases import CASES
from tests.mutation.bank import alarm, answer, drawn
from tests.mutation.mutants import Place, place

FAILURES = (Exception, pytest.fail.Exception)
FOLDER = Path(autograd.rules.__file__).parent
CHECKS = (test_rules.value, test_rules.scalars, test_rules.gradient, test_rules.orders)


@dataclass(eq=False)
class Unit:
    """Something that raises if a rule is wrong."""

    name: str
    run: Callable[[], Any]
    rank: int  # of a case's examples: those of low rank come first
    places: frozenset[Place]  # the functions of the rules that run in it
    seconds: float = 0.0


def units_of_cases(examples: int) -> Iterator[Unit]:
    """The four checks of tests/test_rules.py on the same few examples of every case, the quick ones first."""
    for case in CASES:
        telling = sorted(drawn(case, 3 * examples), key=lambda e: -different(e))
        third = run_by(partial(three_orders, case, telling[0]))
        for n, example in enumerate(telling[: examples - 1] + telling[-1:]):
            places = run_by(partial(answer, case, example, example.leaves)) | third
            for k, check in enumerate(CHECKS):
                yield Unit(
                    f"{case.name} {check.__name__}", partial(check, case, example, n), 2 * n + k, places
                )


def three_orders(case: Any, example: Any) -> None:
    with suppress(*FAILURES):  # what it runs is asked, not what it finds
        test_rules.orders(case, example, 0)


def different(example: Any) -> int:
    """How many different numbers an example has: more of them tell more."""
    return len({float(v) for x in example.leaves for v in np.ravel(x)})


def run_item(item: pytest.Item) -> None:
    reports = runtestprotocol(item, log=False, nextitem=None)
    assert not any(r.failed for r in reports), item.nodeid


def units_of_tests(items: list[pytest.Item], complain: Callable[[str], None]) -> Iterator[Unit]:
    """The tests that pytest has collected; hypothesis need not shrink what it finds."""
    for item in items:
        function: Any = getattr(item, "obj", None)
        if (held := getattr(function, "_hypothesis_internal_use_settings", None)) is not None:
            function._hypothesis_internal_use_settings = settings(
                held, phases=[Phase.explicit, Phase.generate]
            )
        start = time.process_time()
        try:
            places = run_by(partial(run_item, item))
        except FAILURES:
            complain(f"fails without a mutant, left out: {item.nodeid}")
            continue
        yield Unit(item.nodeid, partial(run_item, item), 1, places, time.process_time() - start)


def run_by(run: Callable[[], Any]) -> frozenset[Place]:
    """The functions of the rules that run in it."""
    codes: dict[int, Any] = {}

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(FOLDER)):
            codes[id(frame.f_code)] = frame.f_code

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return frozenset(place(code) for code in codes.values())


class Bench:
    """All units, by the function they run; those that have found a mutant of it come first."""

    def __init__(self, units: list[Unit]) -> None:
        self.units: dict[Place, list[Unit]] = defaultdict(list)
        for unit in sorted(units, key=lambda u: (u.rank, u.seconds)):
            for where in unit.places:
                self.units[where].append(unit)

    def killer(self, mutant: Any, budget: float) -> tuple[Unit | None, bool]:
        """The first unit that finds the mutant, and whether all were asked in time."""
        several = [self.units[where] for where in sorted(mutant.places, key=str)]
        end = time.process_time() + budget
        with mutant:
            for units in several:
                for k, unit in enumerate(units):
                    if time.process_time() > end:
                        return None, False
                    try:
                        with alarm(5 + 20 * unit.seconds):
                            unit.run()
                    except FAILURES:
                        units.insert(0, units.pop(k))
                        return unit, True
        return None, True
