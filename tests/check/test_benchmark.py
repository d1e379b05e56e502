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


@pytest.mark.parametrize(
    ("n", "right", "digest"),
    [(1, 400, "852d45a100389055"), (2, 500, "0cfa815598a4a938")],
    ids=["second", "third"],
)
def test_the_other_sets_are_frozen(benchmark, n, right, digest):
    cases = benchmark[n].cases()
    names = "\n".join(f"{c.name} {c.right} {c.dtype}" for c in cases)
    assert len(benchmark[n].ENTRIES) >= 350 and sum(c.right for c in cases) >= right
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize(("n", "every", "unverified"), [(1, 7, 2), (2, 9, 5)], ids=["second", "third"])
def test_a_part_of_the_other_sets(benchmark, n, every, unverified):
    """The whole of them takes half a minute."""
    worker, counts = benchmark[3], {}
    with np.errstate(all="ignore"):
        for case in benchmark[n].cases()[::every]:
            kind, why = worker.stepgrad(case)
            counts[case.right, kind] = counts.get((case.right, kind), 0) + 1
            assert (case.right, kind) not in ((False, "accepted"), (True, "rejected")), (case.name, why)
    assert counts[True, "accepted"] >= 40 and counts.get((True, "unverified"), 0) <= unverified
