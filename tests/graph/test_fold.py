import random
import re
import time

import numpy as np
import pytest

import nn
from autograd import Value
from autograd.graph import Graph, draw, scope
from autograd.graph.fold import fold, periods, repeats


def chain(n, step=lambda y: y * 1.0):
    y = Value(1.0, name="x")
    for _ in range(n):
        y = step(y)
    y.name = "end"
    return y


def check(folded, graph, most=None):
    """A fold is a graph: it keeps the root, loses no node, has no cycle and no edge to nowhere."""
    ids = [n.id for n in folded.nodes]
    assert ids == sorted(set(ids)) and folded.total == len(graph)
    assert sum(n.count for n in folded.nodes) == len(graph)
    assert all(e.source in ids and e.target in ids and e.source != e.target for e in folded.edges)
    assert len({(e.source, e.target, e.slot) for e in folded.edges}) == len(folded.edges)
    assert folded.node(folded.root).role == "root"
    users = {i: [] for i in ids}
    waiting = dict.fromkeys(ids, 0)
    for e in folded.edges:
        users[e.source].append(e.target)
        waiting[e.target] += 1
    ready, seen = [i for i in ids if not waiting[i]], 0
    while ready:
        seen += 1
        for target in users[ready.pop()]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    assert seen == len(ids)
    if most is not None:
        assert len(folded) <= most
    return folded


def labels(graph):
    return [n.label for n in graph.nodes if n.role == "group"]


def test_a_small_graph_stays_as_it_is():
    graph = Graph(chain(10))
    assert fold(graph) is graph


def test_a_chain_is_counted():
    graph = Graph(chain(1000))
    folded = check(fold(graph), graph, 10)
    assert labels(folded) == [
        "997 more multiply"
    ]  # but for the first two, whose operands differ, and the last
    (group,) = (n for n in folded.nodes if n.role == "group")
    assert group.count == 1994 and group.params == "1,994 nodes: 997 multiply"
    assert folded.notes == (
        "7 of 2,001 nodes drawn, the others folded into 1 box; draw(..., max_nodes=2001) draws all",
    )


def test_a_block_of_several_operations_is_counted():
    graph = Graph(chain(200, lambda y: np.tanh(y * 0.5 + 1.0)))
    folded = check(fold(graph), graph, 30)
    assert any(re.fullmatch(r"19\d more \(.*\)", label) for label in labels(folded))


def test_long_blocks_are_found_by_their_rarest_operation():
    def block(y):
        for _ in range(80):
            y = y * 0.5
        return np.exp(y)

    graph = Graph(chain(9, block))
    assert 81 in periods(np.array([*[0] * 80, 1] * 9))
    check(fold(graph, 60), graph, 60)


def test_modules_are_closed_from_the_inside():
    random.seed(0)
    model = nn.MLP(3, [6, 6, 1])
    loss = (model([1.0, 2.0, 3.0]) - 1) ** 2
    graph = Graph(loss)
    folded = check(fold(graph, 60), graph, 60)
    assert labels(folded)[0] == "neurons.0: Neuron" and len(labels(folded)) == 13
    closed = check(fold(graph, depth=1), graph)
    assert labels(closed) == ["layers.0: Layer", "layers.1: Layer", "layers.2: Layer"]
    whole = check(fold(graph, depth=0), graph)
    assert labels(whole) == ["MLP"]
    scopes = {whole.scopes[n.scope].path for n in whole.nodes if n.scope >= 0}
    assert scopes == set()


def test_a_wide_model_is_counted():
    random.seed(0)
    model = nn.MLP(3, [64, 64, 1])
    loss = (model([1.0, 2.0, 3.0]) - 1) ** 2
    graph = Graph(loss)
    folded = check(fold(graph), graph, 20)
    assert "63 more Neuron" in labels(folded)


def test_calls_of_one_module_are_counted():
    cell = nn.Linear(2, 2)
    h = Value(np.ones(2))
    for _ in range(200):
        h = np.tanh(cell(h))
    graph = Graph(h.sum())
    folded = check(fold(graph), graph, 20)
    assert any("more (linear, tanh)" in label or "more (Linear, tanh)" in label for label in labels(folded))


def test_a_named_block_is_one_box():
    x = Value(1.0, name="x")
    with scope("inner"):
        y = x * 2 + 1
    graph = Graph(y * y)
    folded = check(fold(graph, depth=0), graph)
    assert labels(folded) == ["inner"]


def test_alike_leaves_share_a_box():
    values = [Value(float(i)) for i in range(500)]
    graph = Graph(np.stack(values).sum())
    folded = check(fold(graph), graph, 5)
    assert labels(folded) == ["500 leaves"]


def test_what_does_not_repeat_is_cut():
    random.seed(0)
    operations = [np.arctan, np.sin, np.tanh, np.cos, np.abs, np.square]
    y = Value(0.5)
    for _ in range(1000):
        y = random.choice(operations)(y)
    graph = Graph(y)
    folded = check(fold(graph, 50), graph, 50)
    assert labels(folded)[0] == "what came before"


@pytest.mark.parametrize("seed", range(12))
def test_any_graph(seed):
    rng = random.Random(seed)
    values = [Value(rng.random()) for _ in range(5)]
    for k in range(300):
        a, b = rng.choice(values[-20:]), rng.choice(values)
        with scope(f"s{k // 40}"), scope(f"t{k // 8}"):
            values.append(
                [lambda a, b: a * b, lambda a, b: a + 1, lambda a, b: np.sin(b), lambda a, b: a - b][k % 4](
                    a, b
                )
            )
    total = values[-1]
    for v in values[-30:]:
        total = total + v
    total.backward(create_graph=True)
    for root in (total, values[0].grad):
        if isinstance(root, Value) and root.op is not None:
            graph = Graph(root)
            for most in (300, 100, 20, 5, 1):
                check(fold(graph, most), graph)
            for depth in (0, 1, 2, 9):
                check(fold(graph, depth=depth), graph)
            check(fold(graph, always=True), graph)
    for v in values:
        v.zero_grad()


def test_the_options_of_draw():
    y = chain(1000)
    assert "7 of 2,001 nodes drawn" in y.draw().svg and "max_nodes=2001" in y.draw().text
    assert repr(y.draw()) == "Drawing of end: 8 nodes, 7 edges, folded from 2,001 nodes"
    assert len(y.draw(max_nodes=2001).graph) == 2001 == len(y.draw(fold=False).graph)
    small = chain(20)
    assert len(small.draw().graph) == 41 and len(small.draw(fold=True).graph) == 8
    for words in (y.draw().mermaid, y.draw().source, y.draw().html):
        assert "997 more multiply" in words


def test_a_large_graph_is_drawn_in_time():
    random.seed(0)
    model = nn.MLP(8, [80, 80, 1])
    loss = (model([0.1] * 8) - 1) ** 2
    loss.backward()
    start = time.process_time()
    d = draw(loss)
    assert d.graph.total > 17_000 and len(d.svg) < 60_000
    assert time.process_time() - start < 3.0  # about 0.6 s on an idle core


def test_repetitions_of_repetitions_of_repetitions():
    """Ten levels deep, which is deeper than is looked; what is left is cut."""
    operations = [
        np.sin,
        np.cos,
        np.tanh,
        np.exp,
        np.arctan,
        np.square,
        np.negative,
        np.cbrt,
        np.sinh,
        np.abs,
    ]

    def level(y, k):
        for _ in range(3 if k == 0 else 2):
            y = level(y, k - 1) if k else np.positive(y)
        return operations[k](y)

    graph = Graph(level(Value(0.5), 9))
    folded = check(fold(graph, 3), graph, 3)
    assert graph.total > 2000 and len(folded.nodes) <= 3


def test_repeats():
    assert repeats(np.array([0, 1, 1, 1, 1, 2]), 1) == [(1, 1, 4)]
    assert repeats(np.array([0, 1, 0, 1, 0, 1, 2]), 2) == [(0, 2, 3)]
    assert repeats(np.array([0, 1, 0, 1]), 2) == []
