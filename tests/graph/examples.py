"""Six graphs with golden pictures.  `python tests/graph/examples.py` writes the pictures anew.

Their numbers come from additions, products, quotients and small whole powers, which IEEE
arithmetic rounds the same everywhere.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

import nn
from autograd import Value
from autograd.graph import draw, svg
from autograd.graph.layout import Box, Layout

GOLDEN = Path(__file__).parent / "golden"
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SHOWN = {"graph": "equations", "chain_rule": "network", "layers": "layers", "second_derivative": "second"}


def parabola():
    x = Value(3.0, name="x")
    y = x**2 - 4 * x + 5
    y.name = "y"
    y.backward()
    return draw(y, contributions=True)


def square():
    x = Value(3.0, name="x")
    y = x * x
    y.name = "y"
    y.backward()
    return draw(y, contributions=True)


def equations():
    x, y = Value(0.5, name="x"), Value(0.5, name="y")
    loss = (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2
    loss.name = "loss"
    loss.backward()
    return draw(loss)


def network():
    """Two inputs, two hidden neurons, one output."""
    w = [Value(v, name=f"w{i}") for i, v in enumerate((0.5, -0.25, 0.75, 1.0, -1.5, 0.5), 1)]
    b = [Value(v, name=f"b{i}") for i, v in enumerate((0.125, 0.5, 0.25), 1)]
    x1, x2 = (Value(v, requires_grad=False, name=f"x{i}") for i, v in ((1, 1.0), (2, 2.0)))
    h1 = (w[0] * x1 + w[1] * x2 + b[0]).relu()
    h2 = (w[2] * x1 + w[3] * x2 + b[1]).relu()
    o = w[4] * h1 + w[5] * h2 + b[2]
    h1.name, h2.name, o.name = "h1", "h2", "o"
    loss = (o - 1) ** 2
    loss.name = "loss"
    loss.backward()
    return draw(loss, contributions=True)


def layers():
    """A stack of layers, folded; few enough that every number in it is exact."""
    layers = [layer for _ in range(6) for layer in (nn.Linear(4, 4), nn.ReLU())]
    model = nn.Sequential(*layers, nn.Linear(4, 2))
    for k, p in enumerate(model.parameters()):
        i = np.arange(p.size).reshape(p.shape)
        p.data = ((i * 7 + k) % 4 - 1) / 2
    y = model(np.arange(8.0).reshape(2, 4) / 4)
    loss = (y * y).sum()
    loss.name = "loss"
    loss.backward()
    return draw(loss, max_nodes=12)


def second():
    """The second derivative of x**2 (x - 1)."""
    x = Value(2.0, name="x")
    (x**2 * (x - 1)).backward(create_graph=True)
    first = x.grad
    x.zero_grad()
    first.backward(create_graph=True)
    drawing = draw(x.grad)
    x.zero_grad()
    return drawing


EXAMPLES = {f.__name__: f for f in (parabola, square, equations, network, layers, second)}


def packed(layout):
    """A Layout as JSON text."""
    told = {
        "size": [layout.width, layout.height],
        "boxes": {str(i): [b.x, b.y, b.width, b.height] for i, b in layout.boxes.items()},
        "edges": {"-".join(map(str, key)): points for key, points in layout.edges.items()},
        "clusters": {str(i): [b.x, b.y, b.width, b.height] for i, b in layout.clusters.items()},
        "labels": {"-".join(map(str, key)): point for key, point in layout.labels.items()},
    }
    return json.dumps(told, indent=1) + "\n"


def unpacked(text):
    told = json.loads(text)

    def key(words):
        return tuple(int(i) for i in words.split("-"))

    return Layout(
        *told["size"],
        {int(i): Box(*b) for i, b in told["boxes"].items()},
        {key(k): tuple(tuple(p) for p in points) for k, points in told["edges"].items()},
        {int(i): Box(*b) for i, b in told["clusters"].items()},
        {key(k): tuple(p) for k, p in told["labels"].items()},
    )


def pictures(name, layout=None):
    """The four texts of an example, by ending; the SVG with the given layout."""
    drawing = EXAMPLES[name]()
    layout = layout or unpacked((GOLDEN / f"{name}.json").read_text())
    options = {"contributions": drawing.contributions}
    return {
        "dot": drawing.source,
        "mmd": drawing.mermaid,
        "txt": drawing.text,
        "svg": svg(drawing.graph, layout, **options),
        "dark.svg": svg(drawing.graph, layout, **options, theme="dark"),
    }


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, example in EXAMPLES.items():
        layout = replace(example()).layout
        (GOLDEN / f"{name}.json").write_text(packed(layout))
        for ending, text in pictures(name, layout).items():
            (GOLDEN / f"{name}.{ending}").write_text(text)
    IMAGES.mkdir(exist_ok=True)
    for name, example in SHOWN.items():
        (IMAGES / f"{name}.svg").write_text((GOLDEN / f"{example}.svg").read_text())
