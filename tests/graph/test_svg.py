import re
import xml.etree.ElementTree as ET
import zlib
from base64 import b64decode

import numpy as np
import pytest
from examples import EXAMPLES, equations, network

from autograd import Value
from autograd.graph import Graph, draw, layout, svg, thumbnail
from autograd.graph.theme import DARK, LIGHT, stylesheet

SPACE = "{http://www.w3.org/2000/svg}"


def parsed(text):
    root = ET.fromstring(text)
    return root, {e.get("id"): e for e in root.iter() if e.get("id")}


def texts(element):
    return {e.get("class", "").split()[0]: "".join(e.itertext()) for e in element.iter(f"{SPACE}text")}


def test_nodes_and_edges_have_ids_classes_and_labels():
    root, found = parsed(equations().svg)
    assert root.get("role") == "graphics-document document" and root.get("aria-label") == "graph of loss"
    assert [i for i in found if i[0] == "n"] == [f"n{i}" for i in range(17)]
    assert {"e0-2-0", "e1-2-1", "e0-8-1"} <= set(found)
    x = found["n0"]
    assert x.get("class") == "node leaf" and x.get("role") == "graphics-symbol"
    assert x.get("aria-label") == "x, leaf, value 0.5, gradient -4680"
    assert texts(x) == {"name": "x", "value": "0.5", "grad": "grad −4680"}
    assert x.find(f"{SPACE}title").text == "leaf, named x\nvalue 0.5\ngradient -4680.0"
    assert found["n16"].get("aria-label") == "loss, add, result, value 54281, gradient +1"
    classes = {i: e.get("class") for i, e in found.items()}
    assert classes["n3"] == "node constant" and classes["n16"] == "node root" and classes["n2"] == "node op"
    assert classes["e3-4-1"] == "edge plain"


def test_signs_have_a_colour_and_a_sign():
    _, found = parsed(network().svg)
    kinds = {}
    for e in found.values():
        for t in e.iter(f"{SPACE}text"):
            if t.get("class").startswith("grad"):
                kinds.setdefault(t.get("class").split()[1], set()).add(t.text[5])
    assert kinds == {"positive": {"+"}, "negative": {"\N{MINUS SIGN}"}}
    assert {"edge positive", "edge negative", "edge plain"} <= {e.get("class") for e in found.values()}


def test_contributions_show_the_chain_rule():
    drawing = network()
    _, found = parsed(drawing.svg)
    for e in drawing.graph.edges:
        words = texts(found[f"e{e.source}-{e.target}-{e.slot}"])
        if e.contribution is None:
            assert words == {}
            continue
        first, total = words["contribution"].replace("\N{MINUS SIGN}", "-").split("= ")
        upstream, local = first.split("\N{MULTIPLICATION SIGN}")
        assert float(upstream) == pytest.approx(drawing.graph.node(e.target).gradient, rel=1e-4)
        assert float(local) == pytest.approx(e.local, rel=1e-4)
        assert float(total) == pytest.approx(e.contribution, rel=1e-4)


def test_contributions_without_room_stand_halfway_on_the_edge():
    x = Value(3.0, name="x")
    y = x * 2.0
    y.backward()
    graph = Graph(y)
    room = layout(graph)
    assert not room.labels
    _, found = parsed(svg(graph, room, contributions=True))
    words = next(e for e in found["e0-2-0"].iter(f"{SPACE}text"))
    (x0, _), (x1, _) = room.edges[0, 2, 0][0], room.edges[0, 2, 0][-1]
    assert min(x0, x1) < float(words.get("x")) < max(x0, x1)
    assert "".join(words.itertext()) == "1 × 2= +2"


def test_options_and_a_prefix():
    d = equations()
    bare = svg(d.graph, d.layout, values=False, gradients=False, prefix="a-", style=False)
    _, found = parsed(bare)
    assert set(found) == {f"a-{i}" for i in parsed(d.svg)[1]}
    assert set(texts(found["a-n0"])) == {"name"} and "<style>" not in bare


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_reference_to_anything_outside(name):
    text = EXAMPLES[name]().svg
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\(|@import|<script|\bon\w+=", text)
    assert all(u.startswith("data:image/png;base64,") for u in re.findall(r'href="([^"]*)"', text))


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read_on_every_ground(colours):
    """WCAG 2.2: 4.5 to 1 for words, 3 to 1 for outlines and lines."""

    def contrast(a, b):
        a, b = sorted((luminance(colours[a]), luminance(colours[b])))
        return (b + 0.05) / (a + 0.05)

    fills = [name for name in colours if name.endswith("_fill")]
    for fill in [*fills, "paper"]:
        for ink in ("ink", "faint", "positive", "negative", "bad"):
            assert contrast(ink, fill) >= 4.5, (ink, fill)
    for line in ("leaf", "root", "line", "order1", "order2", "order3", "group", "positive", "negative"):
        assert contrast(line, "paper") >= 3, line


def test_themes():
    assert "@media (prefers-color-scheme: dark)" in stylesheet("auto")
    assert "@media" not in stylesheet("light") + stylesheet("dark")
    assert DARK["paper"] in stylesheet("dark") and LIGHT["paper"] not in stylesheet("dark")
    assert set(LIGHT) == set(DARK)
    with pytest.raises(ValueError, match="theme 'blue' is unknown"):
        stylesheet("blue")
    d = equations()
    assert svg(d.graph, d.layout, theme="dark").startswith(
        '<svg xmlns="http://www.w3.org/2000/svg" class="stepgrad dark"'
    )


# --- thumbnails -------------------------------------------------------------------------------------


def decoded(data):
    """(pixels as indices, palette) of a thumbnail, read by the rules of PNG."""
    content = b64decode(thumbnail.uri(data).removeprefix("data:image/png;base64,"))
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + size]
        assert int.from_bytes(content[at + 8 + size : at + 12 + size], "big") == zlib.crc32(kind + body)
        chunks[kind], at = body, at + 12 + size
    width, height = (int.from_bytes(chunks[b"IHDR"][i : i + 4], "big") for i in (0, 4))
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)


def test_a_thumbnail_shows_signs_and_sizes():
    indices, palette = decoded([[-1.0, 0.0, 1.0], [0.5, -0.5, 0.0]])
    colours = palette[indices]
    assert indices.shape == (2, 3)
    assert colours[0, 1].tolist() == [247, 247, 247] == colours[1, 2].tolist()
    assert colours[0, 0].tolist() == [8, 119, 189] and colours[0, 2].tolist() == [214, 107, 0]
    assert indices[1, 1] < indices[0, 1] < indices[1, 0] < indices[0, 2]


def test_an_image_is_grey_and_a_large_one_is_made_small():
    indices, palette = decoded(np.arange(100 * 70.0).reshape(1, 100, 70))
    assert indices.shape == (32, 32)
    assert (palette[:-1, 0] == palette[:-1, 2]).all() and (np.diff(indices.astype(int), axis=0) >= 0).all()


def test_not_a_number_in_a_thumbnail():
    indices, palette = decoded([[np.nan, 1.0], [np.inf, 0.0]])
    assert palette[indices[0, 0]].tolist() == [193, 0, 122] == palette[indices[1, 0]].tolist()
    assert palette[indices[0, 1]].tolist() == [255, 255, 255]
    assert decoded(np.zeros((2, 2)))[0].tolist() == [[0, 0], [0, 0]]
    assert decoded(np.full((2, 2), 1e308))[0].max() == 32
    assert decoded([[True, False]])[0].tolist() == [[32, 0]]


def test_which_nodes_get_a_thumbnail():
    w = Value(np.ones((3, 4)), name="W")
    y = (w * np.ones((1, 4))).sum()
    text = y.draw().svg
    assert text.count("<image") == 2  # W and the product; a row is none
    assert "<image" not in y.draw(values=False).svg
    assert "<image" not in draw(Value(np.ones((0, 4))) * 2).svg
