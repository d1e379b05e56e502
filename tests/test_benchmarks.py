"""The benchmarks run: one workload, ours and by hand, one round (10 s)."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import aims, engines, parts, profile, report, runner, timing, transforms, worker
from benchmarks.engines import ENGINES, OURS
from benchmarks.steps.table import FUNCTIONS, WORKLOADS, prepared

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(parts, "BUDGET", 0.01)
    monkeypatch.setattr(parts, "SOME", 5)
    monkeypatch.setattr(timing, "clock", time.process_time)


def test_one_workload(tmp_path):
    """The command line, with its two files."""
    options = ["--peers", "hand,stepgrad", "--rounds", "1", "--budget", "0.02"]
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


@pytest.mark.parametrize("name", transforms.TRANSFORMS)
def test_our_transforms_as_by_hand(name, quick):
    answer = worker.transform("stepgrad", name, 0.001)
    assert answer["off"] <= answer["allowed"]
    assert 0 < answer["seconds"] < 0.1


def test_a_wrong_transform_is_not_timed(monkeypatch):
    monkeypatch.setattr(transforms, "layer_by_hand", lambda x: np.eye(len(x)))
    answer = worker.transform("stepgrad", "jacobian_10", 0.001)
    assert answer["off"] > 0.1 and "seconds" not in answer
    assert worker.transform("hand", "jacobian_10", 0.001) == {"missing": "has no such transform"}


@pytest.mark.parametrize("name", runner.LOOPED)
def test_the_loop_inside_as_by_hand(name):
    """Ours with numba, and C (8 s: both compile)."""
    pytest.importorskip("numba")
    row = WORKLOADS[name]
    expected = prepared(name, "hand")(row.steps)
    assert worker.distance(prepared(name, "loop")(row.steps), expected) <= row.tolerance
    if shutil.which("cc"):
        assert worker.distance(prepared(name, "c")(row.steps), expected) <= row.tolerance


def test_without_a_c_compiler(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler -v")
    with pytest.raises(ImportError, match="no C compiler 'no-such-compiler'"):
        engines.found("c")


def test_wrong_results_are_not_timed():
    assert worker.distance([np.array([1.0, 2.0])], [np.array([1.0, 2.5])]) == 0.2
    assert worker.distance([np.array([1.0, np.nan])], [np.array([1.0, 2.0])]) == np.inf
    assert worker.distance([1.0], [1.0]) == 0.0
    with pytest.raises(runner.FailedError, match="it is off by 1"):
        runner.agreed({"off": 1e-3, "allowed": 1e-9}, {})
    with pytest.raises(runner.FailedError, match="off by inf"):
        runner.agreed({"result": [float("nan")]}, {"result": [1.0]})


def test_a_peer_that_fails_is_left_out(monkeypatch):
    """Whether it crashes at once, later, or is wrong; the others are measured."""
    asked = []

    def worker(engine, task, name=""):
        asked.append(engine)
        if engine == "torch" or (engine == "mygrad" and asked.count("mygrad") == 2):
            raise runner.FailedError("exit status -11: it says nothing")
        off = 1.0 if engine == "hips" else 0.0
        return {"off": off, "allowed": 1e-9, "seconds": 2.0}

    it = runner.Runner({})
    lines = []
    monkeypatch.setattr(it, "worker", worker)
    monkeypatch.setattr(it, "tell", lines.append)
    row = it.turns("moons", ["stepgrad", "torch", "hips", "mygrad"], 3, 1e6)
    assert row == {"stepgrad": {"median": 2e6, "min": 2e6, "max": 2e6}}
    assert [e for _, e, _ in it.failed] == ["torch", "hips", "mygrad"]
    assert asked.count("torch") == 1 and asked.count("stepgrad") == 3
    assert "moons: torch left out: exit status -11: it says nothing" in lines


def test_a_process_that_dies():
    it = runner.Runner({})
    with pytest.raises(runner.FailedError, match=r"exit status 3: line two"):
        it.process("hand", "-c", "import sys; print('line one\\nline two', file=sys.stderr); sys.exit(3)")
    it = runner.Runner({"hand": "/nowhere/python"})
    assert "No such file" in it.found("hand")["missing"]


def test_tables_name_what_there_is():
    assert set(FUNCTIONS) | set(transforms.DIALECTS) == set(ENGINES)
    assert set(OURS) < set(ENGINES)
    for aim in aims.AIMS:
        assert aim.workload in runner.GROUPS[aim.table]
        assert {aim.engine, aim.other} < set(ENGINES)


def median(**times):
    return {e: {"median": t, "min": t, "max": t} for e, t in times.items()}


def test_ratio_to_the_best_of_its_kind():
    row = median(stepgrad=2.0, torch=8.0, micrograd=4.0, jax=1.0, hand=0.1)
    assert aims.best(row, "eager", False) == "micrograd"
    assert report.ratio(row, "stepgrad", "micrograd") == "0.50 × micrograd"
    assert report.ratio(row, aims.best(row, "compiled", True), "jax") == "-"


def test_aims():
    """Those of the figures, ahead of the best eager peer, a constant cost per node."""
    steps = {
        "moons": median(stepgrad=6.5, torch=10.0, mygrad=6.0),
        "quadratic": median(loop=0.1, c=0.1, scan=0.05, stepgrad=1.0, torch=3.0),
    }
    chain = {
        n: {"stepgrad": median(forward=t, backward=t, free=t)} for n, t in (("1000", 1.0), ("1000000", 1.2))
    }
    compiled = {
        f"python {n}": {
            "backend": "python",
            "operations": n,
            **nodes,
            **median(**{"value ms": t, "gradient ms": t}),
        }
        for n, t in ((1000, 100.0), (100000, 10000.0))
        for nodes in [{"value": n, "gradient": 2 * n}]
    }
    for entry in compiled.values():
        entry.update({k: {"median": entry[k]["median"]} for k in ("value ms", "gradient ms")})
    two = {"backward_2": median(stepgrad=1.0), "grad_2": median(stepgrad=2.0, hips=4.0)}
    figures = {"steps": steps, "operations": {}, "transforms": two, "chain": chain, "compile": compiled}
    found = aims.judged(figures)
    brief = [(a.what, round(a.limit, 2), round(a.found, 2), a.met) for a in found]
    assert brief == [
        ("stepgrad / PyTorch", 0.6, 0.65, False),
        ("stepgrad / PyTorch", 0.5, 0.33, True),
        ("stepgrad, loop inside / C by hand", 1.3, 1.0, True),
        ("stepgrad, loop inside / jax.lax.scan", 1.0, 2.0, False),
        ("stepgrad / MyGrad", 1.0, 1.08, False),
        ("stepgrad / HIPS autograd", 1.0, 0.5, True),
        ("stepgrad / its backward()", 1.5, 2.0, False),
        ("a node of 1,000,000 / of 1,000", 1.25, 1.2, True),
        ("µs for a node, of 1,000", 50.0, 100.0, False),
        ("a node of 100,000 / of 1,000", 1.25, 1.0, True),
        ("µs for a node, of 1,000", 50.0, 50.0, True),
        ("a node of 100,000 / of 1,000", 1.25, 1.0, True),
    ]


def test_a_chain():
    """In a process of its own: one that has freed memory takes that again."""
    found = runner.Runner({}).worker("stepgrad", "chain", "20000")
    assert found["value"] == pytest.approx((1 + 1 / 20_000) ** 20_000)
    assert found["gradients"] == pytest.approx([found["value"], 20_000 * found["value"] / (1 + 1 / 20_000)])
    assert all(0 < t < 1e-3 for t in found["seconds"].values())
    assert 100 < found["bytes"] < 2000


def test_runs_are_merged():
    """What was measured twice is taken from the last run."""
    empty = {"load": [1.0, 2.0], "rounds": 1, "missing": {}, "failed": [], **{s: {} for s in runner.SECTIONS}}
    first = {**empty, "engines": {"jax": {}}, "missing": {"hand": "no"}}
    last = {
        **empty,
        "load": [3.0, 4.0],
        "rounds": 3,
        "engines": {"hand": {}},
        "steps": {"moons": {"hand": 2, "jax": 1}},
    }
    whole = runner.merged([{**first, "steps": {"moons": {"jax": 5, "c": 3}, "mlp_32": {"c": 3}}}, last])
    assert whole["steps"] == {"moons": {"hand": 2, "jax": 1, "c": 3}, "mlp_32": {"c": 3}}
    assert whole["load"] == [1.0, 4.0] and (whole["fewest"], whole["rounds"]) == (1, 3)
    assert list(whole["engines"]) == ["hand", "jax"]
    assert whole["missing"] == {}


def test_tables_go_into_a_page():
    figures = {
        **{section: {} for section in runner.SECTIONS},
        "steps": {"moons": {e: {"median": 2.0, "min": 1.5, "max": 2500.0} for e in ("hand", "stepgrad")}},
        **dict(processor="P", cores=2, system="S", date="D", threads=1, rounds=3, load=[1, 2], missing={}),
        "engines": {e: {"version": "1", "python": "3", "numpy": "2"} for e in ("hand", "stepgrad")},
        "failed": [["moons", "torch", "exit status 1"]],
    }
    page = f"before\n{report.FIGURES}\nold\n{report.END}\nafter\n{report.PROFILES}\n{report.END}\n"
    new = report.inserted(page, figures)
    assert new.startswith(f"before\n{report.FIGURES}\n\nP, 2 cores, S; D;")
    assert new.endswith(f"{report.END}\nafter\n{report.PROFILES}\n{report.END}\n")
    assert "| 2.00 | 2.00 |" in new
    assert "Left out: moons, PyTorch (exit status 1)." in new
    assert "old" not in new
    assert report.inserted(new, figures) == new
    with pytest.raises(ValueError, match="no place"):
        report.inserted("a page", figures)


def test_the_docs_have_places():
    page = (ROOT / "docs" / "speed.md").read_text()
    for mark in (report.FIGURES, report.PROFILES):
        assert "x" in report.between(page, mark, "x")


def lines_of(found):
    return {p.what.strip(): p.time for p in found[0]}


def test_parts_of_an_eager_step(quick):
    found = parts.eager(prepared("linear_system", "stepgrad"), 50)
    times = lines_of(found)
    assert list(times)[1:4] == ["forward", "the operations' NumPy alone", "recording"]
    assert {"backward", "optimizer.step", "zero_grad", "what is left of the loop"} < set(times)
    assert 0 < times["the operations' NumPy alone"] < times["forward"] < times["a step"]
    assert sorted(row[:2] for row in found[1][1:]) == [
        ["add", "3"],
        ["multiply", "2"],
        ["power", "2"],
        ["subtract", "2"],
    ]


def test_parts_of_a_compiled_step(quick):
    found, table = parts.compiled(prepared("moons", "compiled"), None)
    assert [p.time > 0 for p in found[:2]] == [True, True]
    assert ["matmul", "8"] in [row[:2] for row in table]


def test_parts_of_compiling_and_of_a_chain(quick):
    times = lines_of(parts.compiled_first("python", 100))
    whole = times.pop("for a node")
    assert sum(times.values()) == pytest.approx(whole)
    assert all(t > 0 for t in times.values())
    assert 0 < parts.chained((2000,))[0][0].time < 100


def test_profile_on_the_command_line():
    command = [sys.executable, "-m", "benchmarks.profile", "parabola"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("y = x², 15 steps: stepgrad\n\na step")
    done = subprocess.run(
        [*command, "--engine", "numpy"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "--engine numpy has no parabola" in done.stderr


def test_what_missed_its_aim(tmp_path):
    steps = {"moons": median(stepgrad=7.0, torch=10.0), "quadratic": median(stepgrad=1.0, torch=3.0)}
    chain = {
        n: {"stepgrad": median(forward=t, backward=t, free=t)} for n, t in (("1000", 1.0), ("10000", 2.0))
    }
    figures = {"steps": steps, "operations": {}, "chain": chain, "compile": {}}
    file = tmp_path / "a.json"
    file.write_text(json.dumps(figures))
    assert profile.missed(str(file)) == [("moons", "stepgrad"), ("chain", "stepgrad")]
