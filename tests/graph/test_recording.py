"""What a Recording keeps of a long run, shows, writes and refuses."""

import doctest
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from autograd import Value, no_grad
from autograd.graph import Recording, record
from autograd.graph.recording import BARS, sparkline, thinned
from autograd.graph.summary import summary
from optim import SGD

# --- long runs ------------------------------------------------------------------------------


def long_run(n, **options):
    x = Value(4.0, name="x")
    bump = {137: 50.0, 411: -50.0}
    with record(x, **options) as steps:
        for i in range(1, n + 1):
            x.zero_grad()
            (x * 1.0 + bump.get(i, 0.0)).backward()
            with no_grad():
                x -= 0.001
    return steps


def test_a_long_run_is_thinned_on_a_log_scale_and_says_so():
    steps = long_run(1000, keep=60)
    kept = steps.steps
    assert 57 <= len(kept) <= 60 and kept[0] == 1 and kept[-1] == 1000 and {137, 411} <= set(kept)
    assert kept[:8] == list(range(1, 9))
    gaps = np.diff(np.log([s for s in kept if s > 40 and s not in (137, 411)]))
    assert gaps.max() < 6 * np.median(gaps)
    assert len(steps.losses) == steps.seen == 1000
    assert re.search(rf"{len(kept)} of 1000 steps were kept: the first \d+, then", steps.notes[0])
    assert f"{len(kept)} of 1000 steps" in repr(steps)
    assert len({s % 4 for s in kept}) == 4 and max(kept.count(s) for s in kept) == 1
    assert len(long_run(100, keep=None)) == 100 and not long_run(60, keep=60).notes


def test_every_looks_at_some_steps_only():
    steps = long_run(25, every=10)
    assert steps.steps == [1, 11, 21] and steps.seen == 25 and len(steps.losses) == 25
    assert steps.notes == ["Looked at every 10 steps."]


def test_the_step_where_it_broke_is_kept():
    x = Value(1.0)
    with np.errstate(all="ignore"), record(x, keep=5) as steps:
        for i in range(30):
            (x * (math.inf if i == 17 else math.nan if i > 17 else 1.0)).backward()
            with no_grad():
                x += 1e-3
    assert 18 in steps.steps and "×" in repr(steps)
    text = json.dumps(steps.to_json(), allow_nan=False)
    assert '"Infinity"' in text and '"NaN"' in text


def test_structures_of_which_no_step_is_kept_are_forgotten_and_extremes_come_back():
    """Every step has a structure of its own."""
    x = Value(1.0, name="x")
    with record(x, keep=5) as steps:
        for n in range(1, 31):
            loss = x * (100.0 if n == 12 else -100.0 if n == 19 else float(n))
            for _ in range(n):
                loss = loss * 1.0
            loss.backward()
            with no_grad():
                x += 0.0
                x.data = x.data  # a step
    assert steps.seen == 30 and {1, 12, 19, 30} <= set(steps.steps) and len(steps.steps) <= 5
    assert [len(s.frames) for s in steps.segments] == [1] * len(steps.steps)
    assert [len(s.nodes) for s in steps.segments] == [3 + 2 * n for n in steps.steps]


# --- what one sees --------------------------------------------------------------------------


def test_a_recording_of_arrays_shows_their_norms_and_no_loss():
    w = Value([3.0, 4.0], name="w")
    with record(w) as steps:
        (w * 2.0).backward(np.ones(2))
        with no_grad():
            w -= 3.0
    assert repr(steps) == "Recording: 1 step, 3 nodes" and not steps.losses
    assert steps.table().splitlines()[1].split() == ["1", "|1|"]  # after the step: [0, 1]


def test_the_table_and_the_summary_line():
    steps = long_run(50)
    lines = steps.table(max_rows=5).splitlines()
    assert lines[0].split() == ["step", "loss", "x"] and len(lines) == 7
    assert [line.split()[0] for line in lines[1:6]] == ["1", "13", "25", "37", "50"]
    assert lines[-1] == "(5 of 50 recorded steps; table(max_rows=50) shows all)"
    assert repr(steps).startswith("Recording: 50 steps, 5 nodes, loss 4 → 3.951")


def test_sparklines():
    assert sparkline([1.0]) == BARS[0] and sparkline([math.nan]) == "×"
    assert sparkline([1.0, 10.0, 100.0]) == "▁▅█" and sparkline([-1.0, 1.0, math.inf]) == "▁█×"
    assert len(sparkline(list(range(1000)))) == 40
    assert sparkline([0.0, 1e-320, 1.0])[-1] == "█"


def test_a_curve_is_thinned_with_its_extremes():
    points = [(i, math.sin(i)) for i in range(10000)]
    points[777] = (777, 9.0)
    points[778] = (778, math.nan)
    some = thinned(points, 400)
    assert len(some) <= 400 and (777, 9.0) in some and some[0] == points[0] and some[-1] == points[-1]
    assert some == sorted(some)
    lost = [(i, math.nan if i >= 5000 else float(i)) for i in range(10000)]
    rest = [p for p in thinned(lost, 400) if p[0] >= 5000]
    assert rest[0][0] == 5000 and rest[-1][0] == 9999 and len(rest) <= 200


def test_files(tmp_path):
    steps = long_run(5)
    path = steps.save(tmp_path / "steps.json")
    data = json.loads(path.read_text(), parse_constant=lambda c: pytest.fail(c))
    assert data["format"].startswith("stepgrad.recording/") and data["kept"] == 5
    assert path.read_bytes() == long_run(5).save(tmp_path / "again.json").read_bytes()
    assert steps.save(tmp_path / "steps.html").read_text() == steps.page()
    with pytest.raises(ValueError, match=r"must end in \.json or \.html"):
        steps.save(tmp_path / "steps.txt")
    with pytest.raises(OSError):
        steps.save(tmp_path / "nowhere" / "steps.json")
    with pytest.raises(ValueError, match="nothing recorded"):
        Recording().save(tmp_path / "empty.json")


def test_names_with_tags_stay_text():
    evil = "</script><script>alert(1)</script>\"' & {\n"
    x = Value(1.0, name=evil)
    with record(x) as steps:
        (x * x).backward()
    assert steps.parameters == [evil]
    for words in (steps.table(), repr(steps)):
        assert "\n{" not in words and "alert" not in repr(steps)
    assert json.loads(json.dumps(steps.to_json()))["segments"][0]["nodes"][0]["name"] == evil
    html = steps._repr_mimebundle_().get("text/html", "")
    assert "<script>alert" not in html


def test_a_notebook_shows_something_always(monkeypatch):
    assert "nothing recorded" in Recording()._repr_mimebundle_()["text/html"]
    steps = long_run(3)
    bundle = steps._repr_mimebundle_()
    assert bundle["text/plain"] == str(steps)
    monkeypatch.setattr(Recording, "page", lambda self: 1 / 0)
    assert "division by zero" in steps._repr_mimebundle_()["text/plain"]


# --- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((3.0,), {}, TypeError, "got float"),
        (("abc",), {}, TypeError, "got str"),
        (([1.0],), {}, TypeError, "got float among them"),
        ((np.ones(3),), {}, TypeError, "got ndarray"),
        (([],), {}, ValueError, "nothing to watch"),
        (([Value(1.0)],), {"every": 0}, ValueError, "every=0"),
        (([Value(1.0)],), {"every": 1.5}, ValueError, "every=1.5"),
        (([Value(1.0)],), {"keep": 4}, ValueError, "keep=4 one of 5 or more"),
        (([Value(1.0)],), {"keep": "all"}, ValueError, "keep='all'"),
        (([Value(1.0)],), {"names": "globals"}, ValueError, "names='globals'"),
        (([Value(1.0)],), {"names": 3}, TypeError, "names=3 is unknown"),
    ],
)
def test_bad_input(arguments, options, error, words):
    with pytest.raises(error, match=words):
        record(*arguments, **options)


def test_nothing_recorded_is_said():
    x = Value(1.0)
    block = record(x)
    with block as steps:
        pass
    assert "nothing recorded" in repr(steps) and "nothing recorded" in steps.table()
    with block as steps:
        (x * x).backward()
    with pytest.raises(RuntimeError, match="entered before"), block:
        pass
    with record(x) as steps, pytest.raises(RuntimeError, match="does not require grad"):
        Value(1.0, requires_grad=False).backward()
    assert len(steps) == 0


def test_the_replay_is_of_ones_own_frames():
    with pytest.raises(ValueError, match="not of this recording"):
        long_run(2).replay(long_run(2).segments[0].frames[0])


# --- summaries ------------------------------------------------------------------------------


def test_summaries():
    s = summary(np.array([[3.0, -4.0], [0.0, np.nan]]), picture=True)
    assert (s.norm, s.min, s.max, s.zeros, s.nans, s.infs, s.size) == (5.0, -4.0, 3.0, 1, 1, 0, 4)
    assert s.mean == pytest.approx(-1 / 3) and s.thumbnail["rows"] == 2
    empty = summary(np.ones((0, 3)), picture=True)
    assert empty.size == 0 and empty.norm == 0 and math.isnan(empty.mean)
    assert summary(np.full(3, 1e200)).norm == pytest.approx(1e200 * 3**0.5)
    assert summary(np.full(3, -np.inf)).infs == 3
    big = summary(np.arange(100 * 70.0).reshape(1, 100, 70), picture=True).thumbnail
    assert (big["rows"], big["cols"]) == (32, 32)
    assert summary(np.ones((2, 2)), picture=True).thumbnail["low"] == 1.0


def test_the_documentation_does_what_it_says():
    path = Path(__file__).parents[2] / "docs" / "seeing.md"
    assert doctest.testfile(str(path), module_relative=False, optionflags=doctest.ELLIPSIS).failed == 0


def test_the_example_that_the_player_was_built_on_is_up_to_date():
    """20 steps of the network of three neurons, one person per step."""
    path = Path(__file__).parent / "data" / "recording_network.json"
    start = {
        "w1": 0.5,
        "w2": -0.3,
        "b1": 0.1,
        "w3": 0.8,
        "w4": 0.2,
        "b2": -0.2,
        "w5": -0.6,
        "w6": 0.9,
        "b3": 0.05,
    }
    people = [(-2.0, -1.0, 1.0), (25.0, 6.0, 0.0), (17.0, 4.0, 0.0), (-15.0, -6.0, 1.0)]
    p = {name: Value(x, name=name) for name, x in start.items()}
    optimizer = SGD(p.values(), lr=0.1)
    with record(optimizer) as steps:
        for i in range(20):
            x1, x2, y = people[i % 4]
            optimizer.zero_grad()
            h1 = (p["w1"] * x1 + p["w2"] * x2 + p["b1"]).sigmoid()
            h2 = (p["w3"] * x1 + p["w4"] * x2 + p["b2"]).sigmoid()
            o1 = (p["w5"] * h1 + p["w6"] * h2 + p["b3"]).sigmoid()
            L = (y - o1) ** 2  # noqa: N806
            h1.name, h2.name, o1.name, L.name = "h1", "h2", "o1", "L"
            L.backward()
            optimizer.step()
    kept, now = json.loads(path.read_text(encoding="utf-8")), steps.to_json()
    structure = [{k: x for k, x in s.items() if k != "frames"} for s in kept["segments"]]
    assert structure == [{k: x for k, x in s.items() if k != "frames"} for s in now["segments"]]
    assert [x for _, x in kept["curve"]] == pytest.approx([x for _, x in now["curve"]], rel=1e-12)
