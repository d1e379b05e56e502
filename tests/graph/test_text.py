import pytest
from examples import EXAMPLES

from autograd import Value
from autograd.graph.words import shortened


def test_each_operand_in_order_and_shared_ones_once():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    text = ((x - y) / (y - x)).draw(gradients=False).text
    assert text.splitlines() == [
        "÷ divide = -1         n4",
        "├── \N{MINUS SIGN} subtract = -1   n2",
        "│   ├── x = 2         n0",
        "│   └── y = 3         n1",
        "└── \N{MINUS SIGN} subtract = 1    n3",
        "    ├── y            (n1)",
        "    └── x            (n0)",
    ]


def test_without_values():
    x = Value(2.0, name="x")
    y = x * 3.0
    y.backward()
    lines = [" ".join(line.split()) for line in y.draw(values=False).text.splitlines()]
    assert lines == ["× multiply, grad +1 n2", "├── x, grad +3 n0", "└── 3"]


def test_what_lies_deep_begins_again_at_the_margin():
    y = Value(1.0, name="x")
    for _ in range(100):
        y = -y
    lines = y.draw().text.splitlines()
    assert max(len(line) for line in lines) < 160
    assert [line.split()[-1] for line in lines if line.endswith("…")] == ["…"] * 4
    starts = [line for line in lines if not line.startswith((" ", "└", "├", "│"))]
    assert len(starts) == 5 and lines[-1].split()[-1] == "n0"


def test_sharing_stays_short():
    y = Value(1.0, name="x")
    for _ in range(40):
        y = y + y  # 2**40 paths
    assert len(y.draw().text.splitlines()) < 100


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_node_is_there(name):
    drawing = EXAMPLES[name]()
    words = drawing.text.split()
    for n in drawing.graph.nodes:
        if n.role != "constant" or n.name or n.shape:
            assert f"n{n.id}" in words


def test_long_names_keep_what_tells_them_apart():
    names = [f"layers.{i}.neurons.{j}.{p}" for i in (0, 1) for j in (0, 1) for p in ("w.0", "w.1", "b")]
    for most in (16, 18):
        short = [shortened(name, most) for name in names]
        assert len(set(short)) == len(names) and max(map(len, short)) <= most
    assert shortened("encoder.layers.11.attention.weight", 24) == "encoder.layers.11…weight"
    assert shortened("a" * 30 + "end", 10) == "aaa…aaaend"
    assert shortened("short") == "short"
