"""What is said of numbers, nodes and edges in pictures: the rare ones.  Under 1 s."""

import subprocess

import numpy as np
import pytest

import nn
from autograd import Value, detect_anomaly, no_grad
from autograd.graph import Graph, record
from autograd.graph.description import GraphEdge
from autograd.graph.render import render
from autograd.graph.summary import held
from autograd.graph.words import details, edge_details, exact, norm_of, number, product, shown_scope, spoken
from optim import SGD


def test_truths_are_numbers_too():
    assert [number(x) for x in (True, np.False_)] == ["True", "False"]
    assert norm_of(np.array([True, False, True])) == "2 True"
    assert norm_of(np.array([1.0, np.nan, np.nan])) == "2 NaN"
    assert norm_of(np.zeros((0, 3))) == "empty"


def test_of_many_numbers_those_that_are_not_finite_are_counted():
    array = np.arange(20.0)
    array[3:6] = np.inf, -np.inf, np.nan
    assert exact(array).endswith("zeros 1 of 20, NaN 1, infinite 2")


def test_a_node_that_was_changed_in_place():
    x = Value([1.0, 2.0], name="x")
    y = x * 2.0
    y.name = "y"
    z = y.sum()
    with no_grad():
        y += 1.0
    graph = Graph(z)
    changed = next(n for n in graph.nodes if n.name == "y")
    assert any(line.startswith("changed in place") for line in details(changed))
    stale = next(e for e in graph.edges if e.source == changed.id)
    lines = edge_details(stale, changed, graph.nodes[stale.target])
    assert "changed in place after it was read: the number shown is the new one" in lines


def test_a_graph_that_was_released():
    x = Value(3.0, name="x")
    y = x * x
    y.backward(release=True)
    graph = Graph(y)
    assert "what it was made of was released by backward(release=True)" in details(graph.nodes[graph.root])
    assert len(graph) == 1


def test_an_edge_in_words():
    x = Value(3.0, name="x")
    y = x * x
    y.backward()
    graph = Graph(y)
    assert len(graph) == 2
    edge, target = graph.edges[0], graph.nodes[graph.root]
    lines = edge_details(edge, graph.nodes[edge.source], target)
    assert lines == ["operand 0 of multiply: x", "local derivative 3.0", "gradient passed back 3.0"]
    assert product(edge, target) == ("1 \N{MULTIPLICATION SIGN} 3", "= +3")
    folded = GraphEdge(edge.source, edge.target, 0, count=1200)
    assert edge_details(folded, graph.nodes[edge.source], target) == ["1,200 operands of multiply from x"]
    assert spoken(target) == "multiply, result, value 9, gradient +1"


def test_graphviz_that_hangs_or_fails(monkeypatch):
    def hangs(*args, **options):
        raise subprocess.TimeoutExpired("dot", 120)

    monkeypatch.setattr(subprocess, "run", hangs)
    with pytest.raises(RuntimeError, match="Graphviz did not finish in 120 s; draw a smaller graph"):
        render("digraph {}", "svg")
    monkeypatch.setattr(
        subprocess, "run", lambda *a, **o: subprocess.CompletedProcess("dot", 1, b"", b"bad \xff")
    )
    with pytest.raises(RuntimeError, match="Graphviz failed: bad \N{REPLACEMENT CHARACTER}"):
        render("digraph {}", "svg")
    monkeypatch.setattr(subprocess, "run", lambda *a, **o: subprocess.CompletedProcess("dot", 0, b"", b""))
    with pytest.raises(RuntimeError, match="Graphviz failed: no output"):
        render("digraph {}", "svg")


def test_integers_too_large_for_a_float():
    assert held(10**400) == float("inf")
    assert held(-(10**400)) == float("-inf")


@pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning")
def test_a_step_without_a_backward_is_counted_and_left_out():
    model = nn.Linear(1, 1)
    optimizer = SGD(model.parameters(), lr=0.1)
    with record(optimizer) as steps:
        optimizer.step()
        optimizer.zero_grad()
        (model(np.ones((2, 1))) ** 2).sum().backward()
        optimizer.step()
    assert len(steps) == 1
    assert "1 step() without a backward() before it were left out." in steps.notes


def test_of_many_infinite_numbers_none_is_said_to_be_nan():
    array = np.arange(20.0)
    array[3:5] = np.inf
    assert exact(array).endswith("zeros 1 of 20, infinite 2") and "NaN" not in exact(array)


def test_the_line_that_recorded_a_node_is_in_its_tooltip():
    x = Value(1.0)
    with detect_anomaly():
        y = x * 2
    line = details(Graph(y).nodes[-1])[-1]
    assert line.startswith("recorded at ") and __file__ in line


def test_which_call_of_a_module_a_frame_is():
    layer = nn.Linear(2, 2, rng=0)
    graph = Graph(layer(np.tanh(layer(np.ones(2)))).sum())
    assert [shown_scope(s) for s in graph.scopes] == ["Linear", "Linear (call 2)"]
