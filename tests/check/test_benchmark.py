"""The frozen benchmark: it stays as it is, and no wrong gradient in the tuning half is accepted."""

import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parents[2] / "benchmarks" / "checker"


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def benchmark():
    path = list(sys.path)
    try:
        yield loaded("cases"), loaded("second"), loaded("third"), loaded("worker")
    finally:
        sys.path[:] = path
        for name in ("cases", "second", "third", "worker"):
            sys.modules.pop(name, None)


def test_the_set_is_frozen(benchmark):
    cases = benchmark[0].cases()
    names = "\n".join(f"{c.name} {c.right} {c.final}" for c in cases)
    assert len(cases) >= 500 and sum(c.right for c in cases) >= 150
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "f8e048f928e57d57"


def test_the_tuning_half(benchmark):
    cases, _, _, worker = benchmark
    counts = {}
    with np.errstate(all="ignore"):
        for case in cases.cases():
            if not case.final:
                kind, why = worker.stepgrad(case)
                counts[case.right, kind] = counts.get((case.right, kind), 0) + 1
                assert (case.right, kind) not in ((False, "accepted"), (True, "rejected")), (case.name, why)
    assert counts[True, "accepted"] >= 90 and counts.get((True, "unverified"), 0) <= 2


def test_the_second_set_is_frozen(benchmark):
    second = benchmark[1]
    cases = second.cases()
    names = "\n".join(f"{c.name} {c.right} {c.dtype}" for c in cases)
    assert len(second.ENTRIES) >= 350 and sum(c.right for c in cases) >= 400
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "852d45a100389055"


def test_a_part_of_the_second_set(benchmark):
    """Every seventh gradient; the whole of it takes half a minute."""
    _, second, _, worker = benchmark
    counts = {}
    with np.errstate(all="ignore"):
        for case in second.cases()[::7]:
            kind, why = worker.stepgrad(case)
            counts[case.right, kind] = counts.get((case.right, kind), 0) + 1
            assert (case.right, kind) not in ((False, "accepted"), (True, "rejected")), (case.name, why)
    assert counts[True, "accepted"] >= 40 and counts.get((True, "unverified"), 0) <= 2


def test_the_third_set_is_frozen(benchmark):
    third = benchmark[2]
    cases = third.cases()
    names = "\n".join(f"{c.name} {c.right} {c.dtype}" for c in cases)
    assert len(third.ENTRIES) >= 350 and sum(c.right for c in cases) >= 500
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "0cfa815598a4a938"


def test_a_part_of_the_third_set(benchmark):
    """Every ninth gradient."""
    _, _, third, worker = benchmark
    counts = {}
    with np.errstate(all="ignore"):
        for case in third.cases()[::9]:
            kind, why = worker.stepgrad(case)
            counts[case.right, kind] = counts.get((case.right, kind), 0) + 1
            assert (case.right, kind) not in ((False, "accepted"), (True, "rejected")), (case.name, why)
    assert counts[True, "accepted"] >= 40 and counts.get((True, "unverified"), 0) <= 5
