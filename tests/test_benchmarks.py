"""The benchmarks run: one workload, ours and by hand, one round (2 s)."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import aims, report, runner, worker
from benchmarks.engines import ENGINES, OURS
from benchmarks.steps.table import FUNCTIONS, WORKLOADS, prepared

ROOT = Path(__file__).resolve().parents[1]


def test_one_workload(tmp_path):
    """The command line, with its two files."""
    options = ["--engines", "hand,stepgrad", "--rounds", "1", "--budget", "0.02"]
    files = ["--json", str(tmp_path / "a.json"), "--markdown", str(tmp_path / "a.md")]
    command = [sys.executable, "-m", "benchmarks", "parabola", *options, *files]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    figures = json.loads((tmp_path / "a.json").read_text())
    row = figures["steps"]["parabola"]
    assert 0 < row["hand"]["median"] < row["stepgrad"]["median"]
    assert WORKLOADS["parabola"].title in (tmp_path / "a.md").read_text()


@pytest.mark.parametrize("engine", ["stepgrad", "compiled"])
@pytest.mark.parametrize("name", [n for n in WORKLOADS if n not in ("moons_scalars", "mlp_1000")])
def test_ours_as_by_hand(name, engine):
    """The same parameters after some steps."""
    row = WORKLOADS[name]
    ours, by_hand = prepared(name, engine), prepared(name, "hand")
    assert worker.distance(ours(min(row.steps, 5)), by_hand(min(row.steps, 5))) <= row.tolerance


def test_wrong_results_are_not_timed():
    assert worker.distance([np.array([1.0, 2.0])], [np.array([1.0, 2.5])]) == 0.2
    assert worker.distance([np.array([1.0, np.nan])], [np.array([1.0, 2.0])]) == np.inf
    assert worker.distance([1.0], [1.0]) == 0.0
    with pytest.raises(RuntimeError, match="moons: torch is off by 1"):
        runner.agreed("moons", "torch", {"off": 1e-3, "allowed": 1e-9}, {})
    with pytest.raises(RuntimeError, match="off by inf"):
        runner.agreed("op_32", "torch", {"result": [float("nan")]}, {"result": [1.0]})


def test_tables_name_what_there_is():
    assert set(FUNCTIONS) == set(ENGINES)
    assert set(OURS) < set(ENGINES)
    for aim in aims.AIMS:
        assert aim.workload in runner.GROUPS[aim.table]
        assert {aim.engine, aim.other} < set(ENGINES)


def test_ratio_to_the_best_of_its_kind():
    row = {e: {"median": t} for e, t in (("stepgrad", 2.0), ("torch", 8.0), ("micrograd", 4.0), ("jax", 1.0))}
    assert report.best(row, "eager", False) == "micrograd"
    assert report.ratio(row, "stepgrad", "micrograd") == "0.50 × micrograd"
    assert report.ratio(row, report.best(row, "compiled", True), "jax") == "-"


def test_runs_are_merged():
    """What was measured twice is taken from the last run."""
    first = {"load": [1.0, 2.0], "engines": {"hand": {}}, **{s: {} for s in runner.SECTIONS}}
    last = {**first, "load": [3.0, 4.0], "engines": {"torch": {}}, "steps": {"moons": 2}}
    whole = runner.merged([{**first, "steps": {"moons": 1, "mlp_32": 3}}, last])
    assert whole["steps"] == {"moons": 2, "mlp_32": 3}
    assert whole["load"] == [1.0, 4.0]
    assert list(whole["engines"]) == ["hand", "torch"]
