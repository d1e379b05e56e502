import re
import shutil

import numpy as np
import pytest
from examples import EXAMPLES, packed, unpacked

import nn
from autograd import Value, no_grad
from autograd.graph import Graph, layout
from autograd.graph.layout import request, size_of_box, width_of


def test_numbers_never_move_anything():
    x, y = Value(0.5, name="x"), Value(-1.25e-300, name="y")
    w = Value(np.ones((3, 2)), name="W")

    def loss():
        return ((w @ np.array([1.0, 2.0])).sum() * x + y * 10) ** 2

    before = loss()
    first = layout(Graph(before))
    before.backward()
    with no_grad():
        x -= 123456.789
        w *= np.nan
    y.data = 1e300
    after = loss()
    after.backward()
    assert packed(layout(Graph(before))) == packed(first)
    assert packed(layout(Graph(after))) == packed(first)


def test_two_edges_of_a_square_and_the_order_of_operands():
    x, y = Value(1.0, name="x"), Value(2.0, name="y")
    square = layout(Graph(x * x))
    a, b = square.edges[0, 1, 0], square.edges[0, 1, 1]
    assert a != b and a[-1][1] < b[-1][1]
    for z, above in ((x - y, "x"), (y - x, "y"), (3 - x, "3"), (x - 3, "x")):
        graph = Graph(z)
        told = layout(graph)
        ends = {graph.nodes[s].label: points[-1][1] for (s, _, _), points in told.edges.items()}
        assert min(ends, key=ends.get) == above  # from top to bottom in operand order


@pytest.mark.parametrize("direction", ["LR", "RL", "TB", "BT"])
def test_directions(direction):
    x, y = Value(1.0, name="x"), Value(2.0, name="y")
    graph = Graph((x - y) * y)
    told = layout(graph, direction=direction)
    start, end = told.boxes[0], told.boxes[graph.root]
    step = (end.x - start.x) if direction in ("LR", "RL") else (end.y - start.y)
    assert (step > 0) == (direction in ("LR", "TB"))
    for (source, target, _), points in told.edges.items():
        assert len(points) % 3 == 1
        for point, number in ((points[0], source), (points[-1], target)):
            box = told.boxes[number]
            assert abs(point[0] - box.x) <= box.width / 2 + 1.5
            assert abs(point[1] - box.y) <= box.height / 2 + 1.5
    a, b = (told.edges[i, 2, slot][-1] for i, slot in ((0, 0), (1, 1)))
    assert (a[1] < b[1]) if direction in ("LR", "RL") else (a[0] < b[0])


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("how", ["dot", "pygraphviz"])
def test_boxes_lie_apart_and_inside(name, how, monkeypatch):
    if how == "dot" and not shutil.which("dot"):
        pytest.skip("Graphviz's own dot is not installed (apt install graphviz); pygraphviz brings its own")
    if how == "pygraphviz":
        monkeypatch.setattr(shutil, "which", lambda name: None)
    drawing = EXAMPLES[name]()
    told = drawing.layout
    boxes = list(told.boxes.values())
    for i, a in enumerate(boxes):
        assert a.width / 2 - 0.1 <= a.x <= told.width - a.width / 2 + 0.1
        assert a.height / 2 - 0.1 <= a.y <= told.height - a.height / 2 + 0.1
        for b in boxes[:i]:
            assert (
                abs(a.x - b.x) >= (a.width + b.width) / 2 - 0.1
                or abs(a.y - b.y) >= (a.height + b.height) / 2 - 0.1
            )
    assert set(told.edges) == {(e.source, e.target, e.slot) for e in drawing.graph.edges}
    assert packed(unpacked(packed(told))) == packed(told)
    for n in drawing.graph.nodes:
        width, height = size_of_box(n)
        assert abs(told.boxes[n.id].width - width) < 0.1 and abs(told.boxes[n.id].height - height) < 0.1


def test_a_box_without_numbers_is_as_wide_as_its_name():
    x = Value([1.0, 2.0], name="x")
    narrow, wide = (size_of_box(Graph(x).nodes[0], values=v, gradients=v) for v in (False, True))
    assert narrow[0] < wide[0] and narrow[1] < wide[1]
    long = Value([1.0, 2.0], name="m" * 20)
    assert size_of_box(Graph(long).nodes[0], False, False)[0] > width_of("m" * 20)


def test_own_sizes():
    graph = Graph(Value(1.0, name="x") * 2)
    told = layout(graph, sizes={0: (200.0, 90.0)})
    assert (told.boxes[0].width, told.boxes[0].height) == (200.0, 90.0)


def test_members_lie_inside_their_clusters():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    graph = Graph(model(np.ones((2, 3))))
    told = layout(graph)
    assert len(told.clusters) == 3
    for n in graph.nodes:
        scope = n.scope
        while scope != -1:
            if scope in told.clusters:
                box, frame = told.boxes[n.id], told.clusters[scope]
                assert abs(box.x - frame.x) <= (frame.width - box.width) / 2
                assert abs(box.y - frame.y) <= (frame.height - box.height) / 2
            scope = graph.scopes[scope].parent


def test_no_name_reaches_graphviz():
    x = Value(1.0, name='"; } evil [')
    assert "evil" not in request(Graph(x * 2), "LR", dict.fromkeys(range(3), (9.0, 9.0)), True)


def test_many_operands():
    values = [Value(float(i), name=f"v{i}") for i in range(40)]
    graph = Graph(np.stack(values))
    assert len(layout(graph).edges) == 40


def test_refusals(monkeypatch):
    graph = Graph(Value(1.0) * 2)
    with pytest.raises(ValueError, match="'up' is unknown; choose one of LR, RL, TB, BT"):
        layout(graph, direction="up")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=re.escape('pip install "stepgrad[viz]"')):
        layout(graph)


def test_width_of_words():
    assert width_of("") == 0.0
    assert width_of("漢字") == 26.0 and width_of("e\N{COMBINING ACUTE ACCENT}") == width_of("e")
