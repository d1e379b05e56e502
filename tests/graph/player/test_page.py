# ruff: noqa: RUF001
"""The player's page as text: small, closed to the outside, and a good still without its script."""

import base64
import hashlib
import html.parser
import importlib
import json
import math
import re

import numpy as np
import pytest

from autograd import Value, no_grad
from autograd.graph import Recording, record
from autograd.graph.player import markup, page
from autograd.graph.player.payload import payload
from optim import SGD

EVIL = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=alert(1)>",
    "\"'{{script}}{{recording}}&amp;",
    "line\u2028paragraph\u2029\x00\ud800",
    "h\u00e9 \N{PILE OF POO} \u202egnp",
    "n" * 10_000,
)


def one_step(name="x"):
    x = Value(3.0, name=name)
    with record(SGD([x], lr=0.1)) as recording:
        (x * x).backward()
    return recording


def part(text, pattern):
    return re.search(pattern, text, re.DOTALL)[1]


def test_policy_allows_this_script_and_style_alone(files):
    text = (files / "network.html").read_text()
    policy = part(text, r'Content-Security-Policy" content="([^"]*)"')
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("img-src data:; base-uri 'none'; form-action 'none'")
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        inside = part(text, rf"<{tag}>(.*?)</{tag}>").encode()
        digest = base64.b64encode(hashlib.sha256(inside).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert not re.search(r"unsafe|https?://(?!www\.w3\.org)", text)
    assert not re.search(r"\sstyle=|\son\w+=", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))


def test_size_of_two_hundred_steps(files):
    assert (files / "network.html").stat().st_size <= 200_000


def test_same_recording_same_bytes():
    assert page(one_step()) == page(one_step())


def test_wrong_recordings_are_refused():
    with pytest.raises(TypeError, match="expected a Recording, got list"):
        page([])
    with pytest.raises(ValueError, match="nothing was recorded"):
        page(Recording())


def test_a_large_file_is_said(monkeypatch):
    monkeypatch.setattr(importlib.import_module("autograd.graph.player"), "LARGE", 10_000)
    with pytest.warns(UserWarning, match=r"page: the file has 0\.\d MB .* keep=5\)"):
        page(one_step())


class Outline(html.parser.HTMLParser):
    """The elements of a page, and what stands in its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [key for key, _ in attributes]


@pytest.mark.parametrize("name", EVIL, ids=["tag", "image", "template", "breaks", "emoji", "long"])
def test_names_stay_text(name):
    text = page(one_step(name), title=name)
    text.encode()
    plain, given = Outline(page(one_step())), Outline(text)
    assert plain.tags == given.tags
    assert not [key for key in given.attributes if key.startswith("on")]
    data = json.loads(part(text, r'id="recording">(.*?)</script>'))
    assert data["segments"][0]["nodes"][0]["name"] == name
    assert not re.search("[<>&\u2028\u2029]", part(text, r'id="recording">(.*?)</script>'))


def test_still_shows_values_and_gradients_without_script():
    text = re.sub(r"<script.*?</script>", "", page(one_step()), flags=re.DOTALL)
    assert re.findall(r'class="(?:value|grad)[^"]*"[^>]*>([^<]*)<', text) == ["3", "∇ +6", "9", "∇ +1"]
    assert "the loss is 9" in text
    assert "<noscript>" in text


def test_thinning_is_said():
    x = Value(3.0, name="x")
    optimizer = SGD([x], lr=0.01)
    with record(optimizer, keep=10) as recording:
        for _ in range(50):
            optimizer.zero_grad()
            (x * x).backward()
            optimizer.step()
    text = page(recording)
    assert len(recording) < 50
    assert re.search(r'<ul class="notes">.*\b50\b', text)


def test_steps_left_out_are_said_before_the_block_ends():
    x = Value(3.0, name="x")
    with record(x, every=2) as recording:
        for _ in range(4):
            (x * x).backward()
            with no_grad():
                x -= 0.1
        text = page(recording)
    assert '<ul class="notes"><li>2 of 3 steps were kept</li></ul>' in text  # the fourth has not ended
    assert "<li>Looked at every 2 steps.</li>" in page(recording)


def test_parameters_that_move_alike_share_their_numbers_and_differ_where_they_do():
    """Two columns that begin alike: before the steps they are equal, after them they are not."""
    x, y = Value(3.0, name="x"), Value(3.0, name="y")
    with record([x, y]) as recording:
        for n in range(3):
            (x * y).backward()
            with no_grad():
                x -= 0.5
                y -= 0.5 if n < 2 else 0.25
            x.zero_grad()
            y.zero_grad()
    data = payload(recording)
    pool = np.frombuffer(base64.b64decode(data["pool"]), "<f8")

    def column(place):
        start, varies = place
        return list(pool[start : start + 3]) if varies else [pool[start]] * 3

    updates = data["segments"][0]["updates"]
    assert column(updates["x"]["before"]) == column(updates["y"]["before"]) == [3.0, 2.5, 2.0]
    assert column(updates["x"]["after"]) == [2.5, 2.0, 1.5]
    assert column(updates["y"]["after"]) == [2.5, 2.0, 1.75]
    assert updates["x"]["before"] == updates["y"]["before"]  # the same place


def test_a_gradient_that_is_none_is_cold_and_an_infinite_one_hot():
    heat = (1e-3, 10.0)
    found = [markup.warmth(g, heat) for g in (0.0, math.nan, 1e-3, 0.1, -10.0, math.inf)]
    assert found[:2] == [0, 0] and found[-1] == 100 and found == sorted(found)
    assert 0 < found[2] < found[3] < found[4]


def test_a_new_structure_is_said(files):
    text = (files / "changing.html").read_text()
    assert part(text, r"<ul class=\"notes\">(.*?)</ul>").count("2 structures") == 1
    assert text.count('class="net"') == 2


@pytest.mark.parametrize("why", ["no Graphviz", "too large for it"])
def test_columns_without_graphviz(recorded, monkeypatch, why):
    def nothing(*args, **kwargs):
        assert why == "no Graphviz", "Graphviz was asked"
        raise RuntimeError(why)

    segment = recorded["network"][0].segments[0]
    module = importlib.import_module("autograd.graph.player.places")
    monkeypatch.setattr(module, "layout", nothing)
    if why == "too large for it":
        monkeypatch.setattr(module, "LARGE", len(segment.nodes) - 1)
    found = module.places(segment)
    boxes = found.boxes
    for e in segment.edges:  # from left to right, and no box over another
        assert boxes[e.source].x + boxes[e.source].width / 2 < boxes[e.target].x - boxes[e.target].width / 2
    for i, a in enumerate(boxes):
        assert a.width / 2 <= a.x <= found.width and a.height / 2 <= a.y <= found.height
        for b in boxes[:i]:
            assert abs(a.x - b.x) >= (a.width + b.width) / 2 or abs(a.y - b.y) >= (a.height + b.height) / 2


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (0.0, "0"), (2.0, "2"), (-3.0, "−3"), (0.25, "0.2500"), (-0.0531, "−0.05310"), (1e-5, "1.00e−5"),
        (1234567.0, "1.23e6"), (123456.7, "123457"), (99999.0, "99999"),
        (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞"), (None, "–"),
    ],
)  # fmt: skip
def test_short_numbers(x, words):
    assert markup.short(x) == words
