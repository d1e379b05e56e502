import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from autograd import Value
from autograd.graph import Drawing, draw, render

NASTY = r"""<b>&amp;"{x|y}" \N \l 'z'</b>->[;] ñ ∂"""


def equations(with_gradients=True):
    x, y = Value(0.5, name="x"), Value(0.5, name="y")
    loss = (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2
    loss.name = "loss"
    if with_gradients:
        loss.backward()
    return loss


def words(svg):
    """Everything written in the picture, tooltips too."""
    root = ET.fromstring(svg)
    found = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
    return found, [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("}title")]


def test_source_is_byte_stable():
    x = Value(3.0, name="x")
    y = x * x
    y.name = "y"
    y.backward()
    nodes = [line for line in y.draw().source.splitlines() if line.startswith("\tn")]
    assert len(nodes) == 5
    assert nodes[3:] == [
        '\tn0 -> n1 [tooltip="operand 0 of y: x\\nlocal derivative 3.0\\ngradient passed back 3.0"]',
        '\tn0 -> n1 [tooltip="operand 1 of y: x\\nlocal derivative 3.0\\ngradient passed back 3.0"]',
    ]
    assert nodes[0].startswith("\tnode [")
    assert '\tn0 [label=<<b>x</b><br/>3<br/><font color="#a03d00">grad 6</font>> ' in y.draw().source


@pytest.mark.parametrize("contributions", [False, True])
def test_same_bytes_in_another_process(contributions):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_draw import equations;"
        "junk = [object() for _ in range(999)];"
        f"d = equations().draw(contributions={contributions});"
        "sys.stdout.buffer.write((d.source + d.svg).encode())"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    runs = [
        subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    d = equations().draw(contributions=contributions)
    assert runs[0] == runs[1] == (d.source + d.svg).encode()


def test_digraph_draws_the_same_picture():
    loss = equations()
    loss.name = NASTY
    d = draw(loss, contributions=True)
    assert render.render(d.dot.source, "svg").decode() == d.svg
    assert type(d.dot).__name__ == "Digraph"


def test_no_gradient_yet_differs_from_zero():
    x = Value(0.0, name="x")
    y = x * x
    before, after = y.draw().source, None
    assert before.count("no gradient yet") == 4  # two nodes: label and tooltip
    assert "grad 0" not in before
    y.backward()
    after = y.draw().source
    assert "no gradient yet" not in after and "grad 0<" in after


def test_no_address_anywhere():
    class Odd:
        __slots__ = ()

    from autograd import primitive

    @primitive(lambda g, out, x, how: g)
    def op(x, how):
        return x * 1

    y = op(Value(1.0), how=Odd())
    y.backward()
    assert "Odd object" in y.draw().source
    assert not re.search(r"0x[0-9a-f]{6}", y.draw(contributions=True).svg)


def test_names_are_escaped_everywhere():
    x = Value(1.5, name=NASTY)
    y = np.exp(x) * 2
    y.name = NASTY + "\n\t\x00 second"
    y.backward()
    d = y.draw(contributions=True)
    shown, tips = words(d.svg)
    assert NASTY in " ".join(shown).replace("\xa0", " ").replace("\u200b", "")
    assert any(NASTY in t for t in tips)
    assert "second" in d.svg and "\x00" not in d.svg
    assert d.svg.count('class="node') == 4


def test_trailing_backslash_and_html_like_names():
    for name in ("a\\", "<i>", '"', "&lt;", "\\n", "{|}", "<>"):
        x = Value(1.0, name=name)
        shown, tips = words((x * 2).draw().svg)
        assert name in shown, name
        assert f"leaf, named {name}" in [t.splitlines()[0] for t in tips], name


def test_options():
    loss = equations()
    assert 'rankdir="TB"' in loss.draw(direction="TB").source
    assert "grad " not in loss.draw(gradients=False).source.replace("gradient ", "")
    assert "<br/>54281" not in loss.draw(values=False).source
    assert "<br/>54281" in loss.draw().source
    labelled = loss.draw(contributions=True).source
    for numbers in ("-465 * 10 = -4650", "-465 * 25 = -11625"):
        assert f'label="{numbers}"' in labelled.replace("\N{MULTIPLICATION SIGN}", "*")
    assert 'label="' not in loss.draw().source
    with pytest.raises(ValueError, match="'up' is unknown; choose one of LR, RL, TB, BT"):
        loss.draw(direction="up")
    with pytest.raises(TypeError, match="expected a Value, got int"):
        draw(3)


def test_size_guard_names_the_size_and_the_way_out():
    y = Value(1.0)
    for _ in range(301):
        y = -y
    with pytest.raises(ValueError, match=r"302 nodes, more than max_nodes=300.*max_nodes=302"):
        y.draw()
    assert len(y.draw(max_nodes=302).graph) == 302


def test_arrays_are_shown_by_shape_or_numbers():
    w = Value(np.arange(6.0).reshape(2, 3), name="W")
    b = Value([1.0, -2.0], name="b")
    y = (w @ np.ones(3) + b).sum()
    y.backward()
    d = y.draw()
    assert "float64 (2, 3)" in d.source and "[1, -2]" in d.source
    assert "grad of norm 2.4495" in d.source  # six ones
    assert "grad [1, 1]" in d.source


def test_the_picture_is_a_snapshot():
    x = Value(1.0, name="x")
    y = x * 3
    d = y.draw()
    x.data = 100.0
    y.grad = 3.5
    assert "<br/>1<br/>" in d.source and "no gradient yet" in d.source
    assert "100" not in d.source and "3.5" not in d.source


def test_save(tmp_path):
    d = equations().draw()
    for form, start in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph {")):
        path = d.save(tmp_path / f"graph.{form}")
        assert path.read_bytes().startswith(start)
    assert d.save(str(tmp_path / "G.SVG")).read_text() == d.svg
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "G.SVG",
        "graph.dot",
        "graph.pdf",
        "graph.png",
        "graph.svg",
    ]
    with pytest.raises(ValueError, match=r"must end in \.svg, \.png, \.pdf or \.dot"):
        d.save(tmp_path / "graph.jpg")
    with pytest.raises(FileNotFoundError):
        d.save(tmp_path / "absent" / "graph.dot")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_text("old")
    d = equations().draw()
    monkeypatch.setattr("pathlib.Path.replace", lambda *a: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        d.save(path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_without_graphviz_there_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    d = equations().draw()
    assert d.source.startswith("digraph")  # needs nothing
    with pytest.raises(RuntimeError, match=r'pip install "stepgrad\[viz\]"') as caught:
        _ = d.svg
    assert "\n" not in str(caught.value)
    bundle = d._repr_mimebundle_()
    assert list(bundle) == ["text/plain"] and "stepgrad[viz]" in bundle["text/plain"]


def test_graphviz_that_fails_says_why():
    with pytest.raises(RuntimeError, match="Graphviz failed"):
        render.render("this is not dot {", "svg")


def test_system_dot_is_preferred(tmp_path, monkeypatch):
    dot = tmp_path / "dot"
    dot.write_text('#!/bin/sh\necho "drawn by $0 $1"; cat\n')
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert equations().draw().svg.startswith(f"drawn by {dot} -Tsvg\ndigraph {{")


def test_notebook_bundle():
    d = equations().draw()
    bundle = d._repr_mimebundle_(include=None, exclude=None)
    assert bundle["image/svg+xml"] == d.svg
    assert bundle["text/plain"] == "Drawing of loss: 17 nodes, 18 edges"
    assert isinstance(d, Drawing)


def test_roles_have_shapes_of_their_own():
    found = re.findall(r'class="(\w+)" shape="(\w+)" style="([\w,]+)"', equations().draw().source)
    looks = {role: (shape, style) for role, shape, style in found}
    assert len(set(looks.values())) == len(looks) == 4
