# ruff: noqa: RUF001
"""The player's page as text: small, closed to the outside, and a good still without its script."""

import base64
import hashlib
import html.parser
import importlib
import json
import math
import re

import pytest

from autograd import Value
from autograd.graph import Recording, record
from autograd.graph.player import markup, page
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
    assert not re.search(r"\sstyle=|\son\w+=|unsafe|https?://(?!www\.w3\.org)", text)


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


def test_a_new_structure_is_said(files):
    text = (files / "changing.html").read_text()
    assert part(text, r"<ul class=\"notes\">(.*?)</ul>").count("2 structures") == 1
    assert text.count('class="net"') == 2


def test_columns_without_graphviz(recorded, monkeypatch):
    def nothing(*args, **kwargs):
        raise RuntimeError("no Graphviz")

    segment = recorded["network"][0].segments[0]
    module = importlib.import_module("autograd.graph.player.places")
    monkeypatch.setattr(module, "layout", nothing)
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
