import gc
import random
import threading
import weakref

import numpy as np
import pytest

import nn
from autograd import Value, no_grad, scopes
from autograd.engine import next_number
from autograd.graph import Graph, draw, scope


def paths(graph, *, orders=False):
    """The path of every operation's scope, in order."""
    listed = {s.id: s for s in graph.scopes}
    found = []
    for n in graph.nodes:
        if n.op is not None:
            s = listed.get(n.scope)
            path = None if s is None else s.path if s.call == 1 else f"{s.path}#{s.call}"
            found.append((n.op, path, n.order) if orders else (n.op, path))
    return found


def small():
    return nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))


def test_modules_and_their_children():
    model = small()
    y = (model(np.ones((4, 3))) ** 2).mean()
    graph = Graph(y)
    assert paths(graph) == [
        ("linear", "Sequential.0"),
        ("relu", "Sequential.1"),
        ("linear", "Sequential.2"),
        ("power", None),
        ("mean", None),
    ]
    assert [(s.name, s.kind) for s in graph.scopes] == [
        ("Sequential", "Sequential"),
        ("0", "Linear"),
        ("1", "ReLU"),
        ("2", "Linear"),
    ]
    leaves = {n.path: (n.short, n.label, n.scope) for n in graph.nodes if n.role == "leaf"}
    assert leaves == {
        "0.weight": ("weight", "weight", 1),
        "0.bias": ("bias", "bias", 1),
        "2.weight": ("weight", "weight", 3),
        "2.bias": ("bias", "bias", 3),
    }


def test_the_users_name_goes_before_the_modules():
    model = nn.Linear(2, 1)
    model.weight.name = "W"
    graph = Graph(model(np.ones(2)))
    assert [n.label for n in graph.nodes if n.role == "leaf"] == ["W", "bias"]


def test_micrograd_neurons_return_lists():
    random.seed(1)
    model = nn.MLP(2, [2, 1])
    graph = Graph(model([1.0, 2.0]))
    found = {path for _, path in paths(graph)}
    assert found == {
        "MLP.layers.0.neurons.0",
        "MLP.layers.0.neurons.1",
        "MLP.layers.1.neurons.0",
    }
    assert "layers.1.neurons.0.w.1" in {n.path for n in graph.nodes}


def test_a_module_called_again_and_again():
    cell = nn.Linear(2, 2)
    h = Value(np.ones(2))
    for _ in range(3):
        h = np.tanh(cell(h))
    graph = Graph(h)
    assert paths(graph) == [
        ("linear", "Linear"),
        ("tanh", None),
        ("linear", "Linear#2"),
        ("tanh", None),
        ("linear", "Linear#3"),
        ("tanh", None),
    ]
    weight = next(n for n in graph.nodes if n.path == "weight")
    assert weight.scope == -1  # used by three calls: inside none


def test_recurrent_modules_return_tuples():
    rnn = nn.LSTM(2, 3)
    out, (h, c) = rnn(np.ones((4, 1, 2)))
    for y in (out, h, c):
        graph = Graph(y.sum())
        assert {path for op, path in paths(graph) if op != "sum"} <= {"LSTM"} | {s.path for s in graph.scopes}
        assert any(path and path.startswith("LSTM") for _, path in paths(graph))


def test_named_blocks_nest_in_modules_and_in_each_other():
    class Net(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(2, 2)

        def forward(self, x):
            with scope("encoder"), scope("first"):
                x = self.inner(x)
                return x * 2

    with scope("all"):
        y = Net()(np.ones(2)) + 1
    assert paths(Graph(y)) == [
        ("linear", "all.Net.encoder.first.Linear"),  # the module has died, and what it called its child
        ("multiply", "all.Net.encoder.first"),
        ("add", "all"),
    ]
    net = Net()
    assert paths(Graph(net(np.ones(2))))[0] == ("linear", "Net.encoder.first.inner")


def test_a_block_that_raises_is_closed():
    x = Value(1.0)
    with pytest.raises(ZeroDivisionError), scope("broken"):
        y = x * 2
        raise ZeroDivisionError
    assert paths(Graph(y + 1)) == [("multiply", "broken"), ("add", None)]
    with pytest.raises(TypeError, match="expected a string, got int"), scope(3):
        pass


def test_dead_modules_keep_their_class():
    y = small()(np.ones((1, 3)))
    gc.collect()
    assert [path for _, path in paths(Graph(y))] == [
        "Sequential.Linear",
        "Sequential.ReLU",
        "Sequential.Linear#2",
    ]


def test_the_log_keeps_no_module_and_no_value_alive():
    model, x = small(), Value(np.ones((1, 3)))
    y = model(x)
    held = [weakref.ref(model), weakref.ref(y)]
    del model, y
    gc.collect()
    assert [r() for r in held] == [None, None]
    assert scopes.LOG.maxlen == scopes.KEPT


def test_what_was_dropped_from_the_log_has_no_scope(monkeypatch):
    model = small()
    y = model(np.ones((1, 3)))
    before = list(scopes.LOG)
    scopes.LOG.clear()
    try:
        assert {path for _, path in paths(Graph(y))} == {None}
        y.draw()
    finally:
        scopes.LOG.extend(before)


def test_a_backward_pass_belongs_to_the_modules_it_goes_through():
    model = small()
    x = Value(np.ones((4, 3)), name="x")
    y = np.tanh(model(x)).sum()
    y.backward(create_graph=True)
    found = paths(Graph(x.grad), orders=True)
    assert {path for _, path, order in found if order == 0} == {
        "Sequential.0", "Sequential.1", "Sequential.2", None
    }  # fmt: skip
    assert {path for _, path, order in found if order == 1} == {
        "Sequential.0", "Sequential.1", "Sequential.2", None
    }  # fmt: skip
    forward = {s.path for s in Graph(x.grad).scopes if s.order == 0}
    assert forward == {s.path for s in Graph(x.grad).scopes if s.order == 1}
    for p in (x, *model.parameters()):
        p.zero_grad()


def test_an_operation_after_a_backward_pass_belongs_to_none():
    x = Value(2.0)
    (x * x).backward(create_graph=True)
    z = x * 5
    assert [n.order for n in Graph(z).nodes] == [0, 0, 0]
    assert [n.order for n in Graph(x.grad * 2).nodes][-1] == 1  # of a derivative
    x.zero_grad()


def test_results_changed_in_place_keep_their_modules():
    model = small()
    y = model(np.ones((1, 3)))
    with no_grad():
        y += 1.0
    assert ("relu", "Sequential.1") in paths(Graph(y * 2))


def test_threads_do_not_take_each_others_nodes():
    """Two threads in lockstep, so that the numbers in their ranges alternate."""
    barrier = threading.Barrier(2)
    results = {}

    class Slow(nn.Module):
        def forward(self, x):
            for _ in range(5):
                barrier.wait(10)
                x = x * 2
            return x

    class Other(Slow):
        pass

    def work(name, module, inside):
        def run():
            x = Value(1.0)
            if inside:
                results[name] = module(x) + 1
            else:
                for _ in range(5):
                    barrier.wait(10)
                    x = x * 3
                results[name] = x

        return threading.Thread(target=run)

    slow, other = Slow(), Other()
    for second_inside in (True, False):
        threads = [work("a", slow, True), work("b", other, second_inside)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert paths(Graph(results["a"])) == [("multiply", "Slow")] * 5 + [("add", None)]
        if second_inside:
            assert paths(Graph(results["b"])) == [("multiply", "Other")] * 5 + [("add", None)]
            both = Graph(results["a"] + results["b"])
            assert (
                sorted(path or "" for _, path in paths(both)) == ["", "", ""] + ["Other"] * 5 + ["Slow"] * 5
            )
        else:
            assert {path for _, path in paths(Graph(results["b"]))} == {None}


def test_what_a_thread_without_modules_made_has_no_scope():
    """Beside nodes of two threads that did call modules."""
    found, all_there = {}, threading.Barrier(3)  # threads that have ended lend their number to others

    def work(name, f):
        found[name] = f(Value(np.ones(2)))
        all_there.wait(10)

    functions = {"a": nn.Linear(2, 2, rng=0), "b": nn.ReLU(), "c": lambda x: x * 2}
    threads = [threading.Thread(target=work, args=each) for each in functions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    graph = Graph((found["a"] + found["b"] + found["c"]).sum())
    assert dict(paths(graph)) == {
        "linear": "Linear",
        "relu": "ReLU",
        "multiply": None,
        "add": None,
        "sum": None,
    }


def test_a_module_that_records_nothing_has_no_scope():
    model = nn.Sequential(nn.Identity(), nn.Tanh())
    graph = Graph(model(Value(np.ones(2)) * 2.0))
    assert [(s.name, s.kind) for s in graph.scopes] == [("Sequential", "Sequential"), ("1", "Tanh")]


def test_another_threads_block_is_not_ours():
    x = Value(1.0)
    inside, done = threading.Event(), threading.Event()

    def run():
        with scope("theirs"):
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=run)
    thread.start()
    inside.wait(10)
    y = x * 2
    done.set()
    thread.join()
    assert paths(Graph(y)) == [("multiply", None)]


def test_numbers_of_nested_outputs():
    x = Value(1.0) * 2
    found = scopes.numbers({"a": [x, (x, 3)], "b": None})
    assert set(found) - {x._number} == {max(found)} and max(found) < next_number()


def test_frames_are_drawn_around_modules():
    model = small()
    d = draw(model(np.ones((4, 3))))
    assert d.svg.count('class="cluster"') == 3  # one operation alone needs no frame
    assert "0: Linear" in d.svg and 'subgraph s1 ["0: Linear"]' in d.mermaid.replace("#58;", ":")
    assert "subgraph cluster_1" in d.source
