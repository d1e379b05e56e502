"""The .ipynb are what their modules make; the tool that makes them does as it says.  Takes about 15 s."""

import importlib.util
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import jupytext
import nbformat
import pytest

import notebooks.__main__ as command
from notebooks import PROBLEMS, Problem, ipynb

NAMES = list(PROBLEMS)
FEW = [
    "parabola",
    "celsius",
    "equations",
    "quadratic",
    "network",
]  # so few numbers that each is seen in a graph


# --- every notebook ---------------------------------------------------------------------


def test_titles_are_numbered_in_order():
    assert [p.title[:3] for p in PROBLEMS.values()] == [f"{n:02} " for n in range(1, len(PROBLEMS) + 1)]


@pytest.mark.parametrize("name", NAMES)
def test_module_and_ipynb_say_the_same(name):
    assert ipynb.out_of_step(name) == []


@pytest.mark.parametrize("name", NAMES)
def test_jupytext_writes_the_module_back(name):
    source = ipynb.paths(name)[0].read_text(encoding="utf-8")
    assert jupytext.writes(ipynb.unrun(name), fmt="py:percent") == source


@pytest.mark.parametrize("name", NAMES)
def test_it_was_run_from_the_first_cell_to_the_last(name):
    notebook = ipynb.committed(name)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert notebook.cells[0].source.startswith(f"# {PROBLEMS[name].title}\n")
    outputs = [output for cell in code for output in cell.outputs]
    kinds = {output.output_type for output in outputs}
    assert "stream" in kinds and kinds <= {"stream", "display_data", "execute_result"}
    assert all(output.name == "stdout" for output in outputs if output.output_type == "stream")
    pictures = [output.data for output in outputs if "image/svg+xml" in output.get("data", {})]
    draws = any(".draw(" in cell.source for cell in code)
    assert draws == any(p["text/plain"].startswith("Drawing of") for p in pictures)
    assert any(p["text/plain"].startswith("Figure: ") for p in pictures)
    assert not any(ipynb.WIDGET in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("name", FEW)
def test_the_graph_is_shown(name):
    assert any(".draw(" in cell.source for cell in ipynb.unrun(name).cells)


@pytest.mark.parametrize("name", NAMES)
def test_of_a_player_a_still_is_kept(name):
    outputs = [o.data for cell in ipynb.committed(name).cells for o in cell.get("outputs", []) if "data" in o]
    stills = [data for data in outputs if data.get("text/plain", "").startswith("Recording: ")]
    assert stills and all("run this cell, and every step plays" in data["image/svg+xml"] for data in stills)
    assert not any("<iframe" in data.get("text/html", "") for data in outputs)


def test_the_notebooks_stay_small():
    assert sum(ipynb.paths(name)[1].stat().st_size for name in NAMES) < 5_000_000


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_machine_is_left_in_it(name):
    notebook = ipynb.committed(name)
    assert set(notebook.metadata) == {"jupytext", "kernelspec", "language_info"}
    assert notebook.metadata["language_info"] == {"name": "python"}
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    shown = json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert not re.search(r"0x[0-9a-f]{6,}", shown)
    assert str(Path.home()) + "/" not in shown and str(ipynb.FOLDER.parent) not in shown
    lines = ipynb.paths(name)[1].read_text(encoding="utf-8")
    assert lines.endswith("}\n")


def test_a_whole_notebook_runs_again_to_what_is_there():
    done = subprocess.run(
        [sys.executable, "-m", "notebooks", "--check", "parabola"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"parabola\.ipynb: run in [\d.]+ s\n", done.stderr)


# --- running ----------------------------------------------------------------------------

HEAD = '# %% [markdown]\n"""\n# Tiny\n"""\n\n'


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A function that writes the module of a tiny notebook and returns its name."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(ipynb, "FOLDER", folder)

    def make(*cells):
        blocks = ["\n".join(["# %%", cell]) + "\n" for cell in cells]
        (folder / "tiny.py").write_text(HEAD + "\n".join(blocks), encoding="utf-8")
        return "tiny"

    return make


RECORDS = """from autograd import Value
from autograd.graph import record
from optim import SGD

x = Value(3.0, name="x")
optimizer = SGD([x], lr=0.25)
with record(optimizer) as steps:
    (x * x).backward()
    optimizer.step()
steps"""
PRINTS = """import os
import sys

print(1.5)
sys.stdout.flush()
print(os.path.basename(os.getcwd()), os.environ.get("STEPGRAD_DATA", "no data"))"""
SLIDERS = """from ipywidgets import IntSlider, interact

_ = interact(lambda n: print("n =", n), n=IntSlider(3))"""


def test_two_runs_write_the_same_bytes(tiny, tmp_path):
    name = tiny(PRINTS, SLIDERS, "2 / 3")
    first = ipynb.save(name, ipynb.run(name, tmp_path)).read_bytes()
    notebook = ipynb.run(name, tmp_path)
    assert ipynb.save(name, notebook).read_bytes() == first
    assert [cell.id for cell in notebook.cells] == ["cell-01", "cell-02", "cell-03", "cell-04"]
    (one,), (two,), (three,) = (cell.outputs for cell in notebook.cells[1:])
    assert one.text == f"1.5\n{tmp_path.name} {tmp_path.resolve()}\n"
    assert two == {"output_type": "stream", "name": "stdout", "text": "n = 3\n"}
    assert three.data == {"text/plain": "0.6666666666666666"}
    assert ipynb.out_of_step(name) == [] and ipynb.changed(name, notebook) == []
    assert [p.name for p in (tmp_path / "notebooks").iterdir() if p.suffix == ".part"] == []


def test_a_player_becomes_a_still(tiny):
    name = tiny(RECORDS)
    notebook = ipynb.run(name)
    (output,) = notebook.cells[1].outputs
    assert set(output.data) == {"image/svg+xml", "text/plain"}
    picture = output.data["image/svg+xml"]
    texts = ["".join(e.itertext()) for e in ET.fromstring(picture).iter() if e.tag.endswith("text")]
    assert texts[-1] == "Step 1 of 1: the loss is 9. A still: run this cell, and every step plays."
    assert {"3", "∇ +6"} <= set(texts) and "var(" not in picture and ' id="s' not in picture
    assert output.data["text/plain"].startswith("Recording: 1 step,")


def test_other_html_stays_as_it_is():
    output = nbformat.v4.new_output("display_data", {"text/html": "<b>1</b>", "text/plain": "1"})
    assert ipynb.lighter(output).data == {"text/html": "<b>1</b>", "text/plain": "1"}


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 / 0", r"(?s)a cell raises ZeroDivisionError\n.*1 / 0.*division by zero"),
        ("import warnings\n\nwarnings.warn('look')", "cell-02 writes to stderr: .*UserWarning: look"),
    ],
)
def test_a_cell_that_raises_or_warns_is_an_error(tiny, cell, words):
    with pytest.raises(RuntimeError, match=words) as error:
        ipynb.run(tiny(cell))
    assert "\x1b" not in str(error.value)


def test_what_does_not_fit_is_named(tiny, capsys):
    problem = Problem(tiny("print(1.25)", "print('a')"), "Tiny", "", "", lambda report: None)
    assert command.fails(command.compare, problem, None)
    shown = capsys.readouterr().err
    assert shown == "tiny.ipynb: tiny.ipynb is missing; make it with: python -m notebooks --ipynb tiny\n"

    assert not command.fails(command.make, problem, None)
    assert not command.fails(command.compare, problem, None)
    path = ipynb.paths("tiny")[1]
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace('"1.25\\n"', '"1.27\\n"'), encoding="utf-8")  # what it printed
    capsys.readouterr()
    assert command.fails(command.compare, problem, None)
    assert (
        "tiny.ipynb: cell-02: now has 'stdout: 1.25', tiny.ipynb has 'stdout: 1.27'\n"
        in capsys.readouterr().err
    )
    without_data = Problem("tiny", "Tiny", "", "", lambda report: None, uses_mnist=True)
    assert not command.fails(command.compare, without_data, None)
    assert "without MNIST (--data DIR): what it prints was not compared" in capsys.readouterr().out

    path.write_text(good, encoding="utf-8")
    tiny("print(1.25)", "print('b')")  # what the module says
    assert command.fails(command.compare, problem, None)
    assert capsys.readouterr().err == (
        "tiny.ipynb: tiny.py has \"print('b')\", tiny.ipynb has \"print('a')\"\n"
        "tiny.ipynb: write it anew with: python -m notebooks --ipynb tiny\n"
    )
    assert path.read_text(encoding="utf-8") == good


@pytest.mark.parametrize("flag", ["--ipynb", "--check"])
def test_what_is_missing_is_named_in_one_line(flag, monkeypatch, capsys):
    found = importlib.util.find_spec
    absent = ("jupytext", "nbclient")
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name in absent else found(name, *a)
    )
    assert command.main([flag, "parabola"]) == 1
    assert capsys.readouterr().err == (
        'python -m notebooks needs jupytext and nbclient; install it with: pip install "stepgrad[jupyter]"\n'
    )


# --- what may differ --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("loss 2.42", "loss 2.42", True),
        ("loss 2.42", "loss 2.43", True),  # one in the last digit
        ("loss 2.42", "loss 2.44", False),
        ("loss 2.42", "cost 2.42", False),
        ("1.8000000000000003", "1.8000000000000012", True),  # 1e-9 of its size
        ("1.8000000003", "1.8000000043", False),
        ("1e-06", "2e-06", True),
        ("1.5e-06", "1.7e-06", False),
        ("-0.5", "0.5", False),
        ("epoch 7973", "epoch 7974", False),  # whole numbers are counts
        ("[1. 2.]", "[1. 3.]", True),
        ("x = 1.0", "x = 1.0, y = 2.0", False),
    ],
)
def test_numbers_may_differ_in_the_last_digit(one, other, equal):
    assert ipynb.same(one, other) is ipynb.same(other, one) is equal


def test_pictures_may_differ_and_must_be_there():
    def output(**data):
        return nbformat.v4.new_output("execute_result", data, execution_count=1)

    old = output(**{"image/svg+xml": "<svg/>", "text/plain": "Figure"})
    new = output(**{"image/svg+xml": "<svg><g/></svg>", "text/plain": "Figure"})
    bare = output(**{"text/plain": "Figure"})
    assert ipynb.told(old) == ipynb.told(new) != ipynb.told(bare)


def test_a_kernel_that_does_not_answer_is_started_once_more(monkeypatch, capsys):
    answers = [TimeoutError("A cell timed out\nand so on"), {"cells": []}]

    def once(name, data):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(ipynb, "run_once", once)
    assert ipynb.run("parabola") == {"cells": []}
    assert capsys.readouterr().err == "parabola.ipynb: A cell timed out; once more\n"
    answers[:] = [TimeoutError("one"), TimeoutError("two")]
    with pytest.raises(TimeoutError, match="two"):
        ipynb.run("parabola")
