"""Recordings to play, and a Chromium to play them in."""

import shutil
import warnings

import numpy as np
import pytest

import nn
from autograd import Value, no_grad
from autograd.graph import Graph, record
from autograd.graph.player import page
from optim import SGD, Adam

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PEOPLE = ((-2.0, -1.0, 1.0), (25.0, 6.0, 0.0), (17.0, 4.0, 0.0), (-15.0, -6.0, 1.0))


def network(steps=200):
    """Two inputs, two hidden neurons, one output; the gradients of every node, as Python had them."""
    names = ("w1", "w2", "w3", "w4", "w5", "w6", "b1", "b2", "b3")
    p = {
        n: Value(x, name=n)
        for n, x in zip(names, (0.5, -0.3, 0.8, 0.2, -0.6, 0.9, 0.1, -0.2, 0.05), strict=True)
    }
    optimizer, truth = SGD(p.values(), lr=0.1), []
    with record(optimizer) as recording:
        for i in range(steps):
            x1, x2, y = PEOPLE[i % 4]
            h1 = (p["w1"] * x1 + p["w2"] * x2 + p["b1"]).sigmoid()
            h2 = (p["w3"] * x1 + p["w4"] * x2 + p["b2"]).sigmoid()
            loss = (y - (p["w5"] * h1 + p["w6"] * h2 + p["b3"]).sigmoid()) ** 2
            optimizer.zero_grad()
            loss.backward()
            truth.append([n.gradient for n in Graph(loss).nodes])
            optimizer.step()
    return recording, truth


def equations(steps=40):
    """Two parameters: contours can be drawn under their path."""
    x, y = Value(0.5, name="x"), Value(0.5, name="y")
    optimizer, truth = SGD([x, y], lr=0.0005, momentum=0.8), []
    with record(optimizer) as recording:
        for _ in range(steps):
            loss = (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2
            optimizer.zero_grad()
            loss.backward()
            truth.append([n.gradient for n in Graph(loss).nodes])
            optimizer.step()
    return recording, truth


def rounding(steps=12):
    """Quotients, float32, gradients carried from pass to pass, NaN and infinities."""
    a, b = Value(0.7, name="a"), Value(np.float32(1.3), name="b")
    c = Value(0.3, name="c")
    optimizer, truth = Adam([a, b, c], lr=0.05), []
    with record(optimizer) as recording:
        for i in range(steps):
            for part in range(2):
                q = a / (c * 3.0 + 0.1) + b / 3.0
                loss = q * q / 7.0 + (b * b).exp() / 11.0 + np.log(abs(a) + 0.1)
                if i == 5:
                    loss = loss * np.inf
                loss.backward()
                truth.append([n.gradient for n in Graph(loss).nodes])
                if part:
                    with warnings.catch_warnings():
                        if i == 5:
                            optimizer.zero_grad()
                            warnings.simplefilter("ignore")  # there is nothing to step on
                        optimizer.step()
            optimizer.zero_grad()
    return recording, truth


def classifier(steps=6):
    """Arrays: summaries and thumbnails."""
    model = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(16, 8)), rng.integers(0, 3, 16)
    optimizer = Adam(model.parameters(), lr=0.02)
    with record(optimizer, names=dict(model.named_parameters())) as recording:
        for _ in range(steps):
            optimizer.zero_grad()
            nn.CrossEntropyLoss()(model(x), t).backward()
            optimizer.step()
    return recording


def changing():
    """The graph grows on the way: a second segment."""
    x = Value(0.9, name="x")
    optimizer = SGD([x], lr=0.05)
    with record(optimizer) as recording:
        for i in range(6):
            optimizer.zero_grad()
            (x * x if i < 3 else x * x + x.exp()).backward()
            optimizer.step()
    return recording


def neurons():
    """Parameters with long names that differ in the middle and at the end."""
    nn.manual_seed(0)
    model = nn.MLP(2, [2, 1])
    optimizer = SGD(model.parameters(), lr=0.1)
    with record(optimizer) as recording:
        for _ in range(3):
            optimizer.zero_grad()
            (model([1.0, 2.0]) ** 2).backward()
            optimizer.step()
    return recording


def deep():
    """Sigmoids on sigmoids: the gradients of arrays vanish towards the input."""
    nn.manual_seed(0)
    model = nn.Sequential(*[layer for _ in range(9) for layer in (nn.Linear(4, 4), nn.Sigmoid())])
    optimizer = SGD(model.parameters(), lr=0.1)
    x = np.linspace(-1, 1, 12).reshape(3, 4)
    with record(optimizer) as recording:
        for _ in range(2):
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()
    return recording


def odd():
    """Recordings at the edges: by name."""
    x, unused = Value(3.0, name="x"), Value(1.0, name="unused")
    with record([x, unused]) as by_hand:
        for _ in range(3):
            x.zero_grad()
            (x * x).backward()
            with no_grad():
                x -= 0.1 * x.grad
    v = Value([1.0, 2.0], name="v")
    with record(SGD([v], lr=0.1)) as array:
        (v * v).backward(np.ones(2))
    z = Value(0.0, name="z")
    with record(SGD([z], lr=0.1)) as infinite, np.errstate(all="ignore"):
        for _ in range(2):
            z.zero_grad()
            (np.log(z) + 1.0 / z).backward()
    evil = Value(
        2.0, name="</script><script>document.title='owned'</script><img src=x onerror=alert(1)>{{script}}"
    )
    with record(SGD([evil], lr=0.1)) as names:
        (evil * evil).backward()
    fast = Value(3.0, name="fast")
    quick = SGD([fast], lr=100.0)
    with record(quick) as diverging, np.errstate(all="ignore"):
        for _ in range(12):
            quick.zero_grad()
            ((fast - 1.0) ** 4).backward()
            quick.step()
    slow = Value(0.5, name="slow")
    with record([slow]) as vanishing:
        for _ in range(3):
            h = slow
            for _layer in range(10):
                h = h.sigmoid()
            h.backward()
            with no_grad():
                slow -= 10 * slow.grad
            slow.zero_grad()
    signs = Value(54.0, name="signs")
    crossing = SGD([signs], lr=54.5)
    with record(crossing) as crosses:
        for _ in range(3):
            crossing.zero_grad()
            (signs * 1.0).backward()
            crossing.step()
    a, b, c = (Value(1.0, name=name) for name in "abc")
    with record([a, b, c]) as level:
        for _ in range(3):
            ((a * 0.0 + b * 0.0 + c) ** 2).backward()
            with no_grad():
                a -= 0.1
                b -= 0.2
                c -= 0.3
    alone = Value(1.0, name="alone")
    with record(SGD([alone], lr=0.1)) as leaf:
        alone.backward()
    return {
        "by_hand": by_hand,
        "array": array,
        "infinite": infinite,
        "names": names,
        "leaf": leaf,
        "diverging": diverging,
        "vanishing": vanishing,
        "crosses": crosses,
        "level": level,
        "neurons": neurons(),
        "deep": deep(),
    }


def thousand(steps=10):
    """About a thousand nodes, all of whose numbers change at every step."""
    rng = np.random.default_rng(0)
    w = [[Value(float(rng.normal()), name=f"w{i}_{j}") for j in range(9)] for i in range(12)]
    v = [Value(float(rng.normal()), name=f"v{i}") for i in range(12)]
    optimizer = SGD([p for row in [*w, v] for p in row], lr=0.01)
    with record(optimizer) as recording:
        for _ in range(steps):
            loss = Value(0.0, requires_grad=False)
            for _example in range(2):
                x = rng.normal(size=9)
                h = [sum((p * float(t) for p, t in zip(row, x, strict=True)), 0.0).tanh() for row in w]
                loss = loss + (sum((p * t for p, t in zip(v, h, strict=True)), 0.0) - 1.0) ** 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return recording


@pytest.fixture(scope="session")
def recorded():
    """Recordings by name, with the gradients of all nodes where they are compared."""
    return {"network": network(), "equations": equations(), "rounding": rounding()}


@pytest.fixture(scope="session")
def files(tmp_path_factory, recorded):
    """The pages as files, by name."""
    recordings = {name: recording for name, (recording, _) in recorded.items()}
    recordings |= {"classifier": classifier(), "changing": changing(), "thousand": thousand(), **odd()}
    folder = tmp_path_factory.mktemp("pages")
    for name, recording in recordings.items():
        (folder / f"{name}.html").write_bytes(page(recording, title=name).encode())
    return folder


@pytest.fixture(scope="module")  # its event loop must not go on under the tests of other files
def browser():
    """Chromium, through Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip('Playwright is not installed: pip install "stepgrad[browser]"')
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no Chromium on the PATH ({', '.join(BROWSERS)}); on Debian: apt install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class Visit:
    """A page in a context of its own, and everything it did that it must not do."""

    def __init__(self, browser, address, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        self.page = self.context.new_page()
        self.errors, self.requests = [], []
        self.page.on(
            "console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.add_init_script(
            "window.violations = []; addEventListener('securitypolicyviolation', "
            "e => violations.push(e.violatedDirective + ' ' + e.blockedURI))"
        )
        self.page.goto(address)

    def check(self):
        """No violation of the policy, no error, no request but for the file itself."""
        assert self.page.evaluate("violations") == []
        assert self.errors == []
        assert [u for u in self.requests[1:] if not u.startswith("data:")] == []


@pytest.fixture
def visit(browser, files):
    """Open a page by name; it is checked and closed in the end."""
    visits = []

    def open_page(name, fragment="", **options):
        visits.append(Visit(browser, (files / f"{name}.html").as_uri() + fragment, **options))
        return visits[-1].page

    yield open_page
    for one in visits:
        one.check()
        one.context.close()
