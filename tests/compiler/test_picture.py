"""The program of a compiled function as a graph and as a picture."""

import numpy as np

from autograd import Value, compile, no_grad


def test_a_program_is_a_graph_with_the_numbers_of_its_trace():
    c = compile(lambda x, y: (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2, argnums=(0, 1))
    c.value_and_grad(0.5, 0.25)
    graph = c.value_and_grad.graph
    assert [n.name for n in graph.nodes if n.name] == ["x", "y"]
    roots = [n.value for n in graph.nodes if n.role == "root"]
    value, slopes = c.value_and_grad(0.5, 0.25)
    assert roots == [value, *slopes]
    assert len([n for n in graph.nodes if n.op]) == len(c.value_and_grad.program)


def test_pictures(tmp_path):
    w = Value(np.ones((3, 2)), name="weight")
    c = compile(lambda x: np.mean(np.tanh(x @ w)))
    with no_grad():
        c(np.ones((4, 3)))
    for name in ("a.svg", "a.dot", "a.txt"):
        c.draw().save(tmp_path / name)
    text = (tmp_path / "a.dot").read_text()
    assert "weight" in text and "tanh" in text
    constant = compile(lambda x: (x * 0 + 1, 2.5, x))
    constant(1.0)
    assert [n.value for n in constant.graph.nodes if n.role == "root"][-1] == 1.0
