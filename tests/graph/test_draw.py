import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from examples import EXAMPLES, GOLDEN, IMAGES, SHOWN, equations, packed, pictures

import nn
from autograd import Value, no_grad
from autograd.graph import Drawing, draw, render, svg

NASTY = r"""<b>&amp;"{x|y}" \N \l 'z'</b>->[;] ñ ∂"""
SCRIPT = """</title></style></svg>"'`--><script>alert(1)</script><img src=x onerror=alert(1)>"""


@pytest.mark.parametrize("name", EXAMPLES)
def test_golden_pictures(name):
    for ending, text in pictures(name).items():
        golden = (GOLDEN / f"{name}.{ending}").read_text()
        assert text == golden, f"{name}.{ending} differs; python tests/graph/examples.py writes it anew"


def test_the_pictures_in_the_documentation():
    for name, example in SHOWN.items():
        assert (IMAGES / f"{name}.svg").read_text() == (GOLDEN / f"{example}.svg").read_text()


def test_same_bytes_in_other_processes():
    """The installed Graphviz included, whatever the hash seed and the addresses."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from examples import EXAMPLES, packed\n"
        "junk = [object() for _ in range(999)]\n"
        "for f in EXAMPLES.values():\n"
        "    d = f(); text = d.source + d.mermaid + d.text + d.svg + d.html + packed(d.layout)\n"
        "    sys.stdout.buffer.write(text.encode())"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    runs = [
        subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] and len(runs[0]) > 100_000
    d = equations()
    assert (d.source + d.mermaid + d.text + d.svg + d.html + packed(d.layout)).encode() in runs[0]


def test_digraph_draws_the_same_picture():
    x = Value(1.5, name=NASTY)
    y = np.exp(x) * 2
    y.backward()
    d = draw(y, contributions=True)
    assert render.render(d.dot.source, "svg") == render.render(d.source, "svg")
    assert type(d.dot).__name__ == "Digraph"


def test_no_gradient_yet_differs_from_zero():
    x = Value(0.0, name="x")
    y = x * x
    before = y.draw()
    for words in (before.source, before.mermaid, before.text, before.svg):
        assert "no gradient yet" in words and "grad 0" not in words
    y.backward()
    after = y.draw()
    for words in (after.source, after.mermaid, after.text, after.svg):
        assert "no gradient yet" not in words and "grad 0" in words


def test_not_a_number_and_infinities_are_shown_as_such():
    x = Value(np.inf, name="x")
    with np.errstate(all="ignore"):
        y = (x - x) * 2
        y.backward()
        w = Value([1.0, np.nan, -np.inf, 0.0, 0.0] * 4, name="w")
        d = (y + w).draw()
    for words in (d.source, d.mermaid, d.text, d.svg):
        assert "NaN" in words and "inf" in words and "4 NaN" in words
    tip = "norm 2.0, mean 0.3333333333333333, min 0.0, max 1.0, zeros 8 of 20, NaN 4, infinite 4"
    assert tip in d.svg and tip in d.source and tip in d.html


def test_no_address_anywhere():
    class Odd:
        __slots__ = ()

    from autograd import primitive

    @primitive(lambda g, out, x, how: g)
    def op(x, how):
        return x * 1

    y = op(Value(1.0), how=Odd())
    y.backward()
    d = y.draw(contributions=True)
    assert "Odd object" in d.source
    assert not re.search(r"0x[0-9a-f]{6}", d.svg + d.html)


class Tags(HTMLParser):
    """The tags of a page, and all attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [key for key, _ in attrs]


@pytest.mark.parametrize(
    "name",
    [
        SCRIPT,
        NASTY,
        "x" * 10_000,
        "\N{SNAKE}" * 30,
        "\n\t\x00\x1b[31m",
        "",
        "%% {{ }} # $$x$$",
        "  ",
        "\ud800",
    ],
)
def test_no_name_breaks_out(name):
    from autograd.graph import scope

    x = Value(1.5, name=name)
    with scope(name):
        y = np.exp(x) * 2 + x
    y.name = name
    y.backward()
    d = draw(y, contributions=True)
    root = ET.fromstring(d.svg)
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
        "svg", "style", "rect", "g", "title", "polygon", "path", "text", "tspan"
    }  # fmt: skip
    page = Tags(d.html)
    assert not {"script", "img"} & set(page.tags) and "onerror" not in page.attributes
    assert page.tags.count("svg") == 1 and page.tags[-1] == "td"
    for text in (d.mermaid, d.source, d.text, d.svg, d.html):
        assert "\x00" not in text and "\x1b" not in text and text.encode()
    assert '[""]' not in d.mermaid and "$" not in d.mermaid
    for text in (d.mermaid, d.source.replace("&lt;", "")):
        assert "<script" not in re.sub(r'tooltip="(\\.|[^"\\])*"', "", text)
    assert all(len(line) < 700 for line in d.mermaid.splitlines())
    assert all(len(line) < 300 for line in d.text.splitlines())
    assert render.render(d.source, "svg").startswith(b"<?xml")
    tips = "".join("".join(e.itertext()) for e in root.iter() if e.tag.endswith("title"))
    assert not name.isprintable() or name in tips  # whole, in the tooltip
    mermaid = [line for line in d.mermaid.splitlines() if line.startswith("  n")]
    assert all(
        re.fullmatch(r'  n\d+ [-.>]+(\|"[^"]*"\|)? n\d+|  n\d+\W+"[^"]*"\W+:::\w+', line) for line in mermaid
    )


def test_options():
    loss = Value(2.0, name="x") ** 2
    loss.backward()
    assert 'rankdir="TB"' in loss.draw(direction="TB").source
    assert loss.draw(direction="TB").mermaid.startswith("flowchart TB")
    for bare in (loss.draw(gradients=False), loss.draw(gradients=False).html):
        text = bare.mermaid + bare.text if isinstance(bare, Drawing) else ""
        assert "grad" not in text
    assert 'class="value" x' in loss.draw().svg and "<br/>4" in loss.draw().mermaid
    assert "<br/>4" not in loss.draw(values=False).mermaid
    labelled = loss.draw(contributions=True)
    assert "1 × 4 = +4" in labelled.mermaid and 'label="1 × 4\\n= +4"' in labelled.source
    assert 'label="' not in loss.draw().source
    with pytest.raises(ValueError, match="'up' is unknown; choose one of LR, RL, TB, BT"):
        loss.draw(direction="up")
    with pytest.raises(ValueError, match="theme 'blue' is unknown; choose one of auto, light, dark"):
        loss.draw(theme="blue")
    with pytest.raises(ValueError, match="max_nodes is 0"):
        loss.draw(max_nodes=0)
    with pytest.raises(ValueError, match="depth is -1"):
        loss.draw(depth=-1)
    with pytest.raises(TypeError, match="expected a Value, got int"):
        draw(3)


def test_the_graph_of_the_backward_pass():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    z = x * x * y
    with pytest.raises(
        RuntimeError, match=r"needs recorded gradients and this Value has none.*create_graph=True"
    ):
        z.draw(backward=True)
    z.backward(create_graph=True)
    d = z.draw(backward=True)
    assert {n.label for n in d.graph.nodes if n.role == "root"} == {"grad of x", "grad of y"}
    assert all(n.order == 1 for n in d.graph.nodes if n.role == "root")
    assert "order1" in d.svg and "recorded by a backward pass" in d.svg
    x.zero_grad(), y.zero_grad()
    with pytest.raises(TypeError, match="expected a Value, got int"):
        draw(3, backward=True)


def test_arrays_are_shown_by_shape_and_numbers():
    w = Value(np.arange(6.0).reshape(2, 3), name="W")
    b = Value([1.0, -2.0], name="b")
    y = (w @ np.ones(3) + b).sum()
    y.backward()
    d = y.draw()
    for words in (d.source, d.svg, d.mermaid, d.text):
        assert "2×3 float64" in words
        assert "grad norm 2.449" in words  # six ones
        assert "grad [1, 1]" in words
    assert "[1, -2]" in d.source


def test_the_picture_is_a_snapshot():
    x = Value(1.0, name="x")
    y = x * 3
    d = y.draw()
    x.data = 100.0
    y.grad = 3.5
    assert "x = 1, no gradient yet" in d.text
    assert "100" not in d.mermaid and "3.5" not in d.mermaid


def test_a_value_without_a_graph_and_a_released_graph():
    for d, words in (
        (Value(2.0, name="x").draw(), "no operation led to it"),
        (released().draw(), "released it"),
    ):
        assert words in d.svg and words in d.text and words in d.mermaid and words in d.source
        assert len(d.graph) == 1 and "2" in d.text
    with no_grad():
        y = Value(1.0) * 2
    assert "no operation led to it" in y.draw().text


def released():
    y = Value(1.0) * 2
    y.backward(release=True)
    return y


def test_save(tmp_path):
    d = equations()
    starts = {
        "svg": b"<svg ", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph {",
        "mmd": b"flowchart LR", "html": b"<!DOCTYPE html>", "txt": b"loss",
    }  # fmt: skip
    for form, start in starts.items():
        assert d.save(tmp_path / f"graph.{form}").read_bytes().startswith(start)
    assert d.save(str(tmp_path / "G.SVG")).read_text() == d.svg
    assert len(list(tmp_path.iterdir())) == 8
    with pytest.raises(ValueError, match=r"must end in \.svg, \.png, \.pdf, \.dot, \.mmd, \.html or \.txt"):
        d.save(tmp_path / "graph.jpg")
    with pytest.raises(ValueError, match="'graph' must end in"):
        d.save("graph")
    with pytest.raises(FileNotFoundError):
        d.save(tmp_path / "absent" / "graph.dot")
    (tmp_path / "folder.dot").mkdir()
    with pytest.raises(IsADirectoryError):
        d.save(tmp_path / "folder.dot")
    with pytest.raises(FileNotFoundError, match=r"nowhere/graph\.svg'$"):
        d.save(tmp_path / "nowhere" / "graph.svg")
    d.save(tmp_path / f"{'n' * 250}.txt")  # as long as a name may be
    assert len(list(tmp_path.iterdir())) == 10  # no part files


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_text("old")
    d = equations()
    monkeypatch.setattr("pathlib.Path.replace", lambda *a: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        d.save(path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_without_graphviz_there_is_the_tree_and_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    d = equations()
    for form in ("dot", "mmd", "txt"):  # need nothing
        assert d.save(tmp_path / f"g.{form}").stat().st_size > 100
    for form in ("svg", "html", "png", "pdf"):
        with pytest.raises(RuntimeError, match=r'pip install "stepgrad\[viz\]"') as caught:
            d.save(tmp_path / f"g.{form}")
        assert "\n" not in str(caught.value)
    bundle = d._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    assert (
        bundle["text/plain"].startswith(d.text) and "stepgrad[viz]" in bundle["text/plain"].splitlines()[-1]
    )


def test_without_the_graphviz_package_one_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(RuntimeError, match=r'^Drawing\.dot needs the graphviz package; .*"stepgrad\[viz\]"$'):
        _ = equations().dot


def test_the_bundle_never_raises(monkeypatch):
    d = equations()
    monkeypatch.setattr(sys.modules["autograd.graph.draw"], "layout", lambda *a, **k: 1 / 0)
    assert "division by zero" in d._repr_mimebundle_()["text/plain"]
    monkeypatch.setattr(sys.modules["autograd.graph.draw"], "tree", lambda *a, **k: 1 / 0)
    assert "Drawing of loss" in equations()._repr_mimebundle_()["text/plain"]


def test_graphviz_that_fails_says_why():
    with pytest.raises(RuntimeError, match="Graphviz failed"):
        render.render("this is not dot {", "svg")


def test_system_dot_is_preferred(tmp_path, monkeypatch):
    dot = tmp_path / "dot"
    dot.write_text(
        f'#!/bin/sh\necho "$0 $1" > {tmp_path}/asked\n{sys.executable} -P -c "{render.PYGRAPHVIZ}" "${{1#-T}}"\n'
    )
    dot.chmod(0o755)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", "")
    without = equations().svg
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{path}")
    assert equations().svg == without
    assert (tmp_path / "asked").read_text() == f"{dot} -Tjson0\n"


def test_notebook_bundle():
    d = equations()
    bundle = d._repr_mimebundle_(include=None, exclude=None)
    assert bundle["image/svg+xml"] == d.svg
    assert bundle["text/plain"] == "Drawing of loss: 17 nodes, 18 edges"
    assert isinstance(d, Drawing)


def test_roles_have_shapes_of_their_own():
    found = re.findall(r'class="(\w+)" .*shape="(\w+)" style="([\w,]+)"', EXAMPLES["layers"]().source)
    looks = {role: (shape, style) for role, shape, style in found}
    assert len(set(looks.values())) == len(looks) == 5


def test_the_page_stands_alone():
    d = EXAMPLES["layers"]()
    page = d.html
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "url(" not in page and "@import" not in page
    assert page.count("<tr") == len(d.graph) + 1
    assert svg(d.graph, d.layout, style=False) in page


def test_a_page_says_that_a_wide_picture_scrolls():
    y = Value(1.0, name="x")
    for _ in range(12):
        y = y.sigmoid()
    page = y.draw().html
    width = int(re.search(r'<svg[^>]* width="(\d+)', page)[1])
    assert f"(max-width: {width + 48}px)" in page and width > 640
    assert page.count('class="more"') == 1


def test_a_deep_network_stays_flat():
    """No band left blank beside it: the loss stands behind the layers, not above them."""
    model = nn.Sequential(*[layer for _ in range(6) for layer in (nn.Linear(4, 4), nn.Sigmoid())])
    loss = nn.MSELoss()(model(np.ones((2, 4))), np.ones((2, 4)))
    drawing = loss.draw()
    frames = {s.name: drawing.layout.clusters[s.id] for s in drawing.graph.scopes if s.parent == -1}
    assert set(frames) == {"Sequential", "MSELoss"}
    layers, end = frames["Sequential"], frames["MSELoss"]
    assert end.x - end.width / 2 > layers.x + layers.width / 2
    assert drawing.layout.height < layers.height + 40
