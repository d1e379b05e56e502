import hashlib
import html.parser
import importlib.util
import math
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import notebooks.page as gallery
from autograd import Value, jacobian
from autograd.graph import record
from notebooks import PROBLEMS, Problem, equations, parabola
from notebooks.__main__ import main
from notebooks.figures import BLUE, svg_of
from optim import SGD, Adam, RMSprop

# PyTorch's torch.optim.Adam in float64 from (0.5, 0.5): epoch, loss before the update, x and y after it
ROWS = [
    [
        (1, 54281.25, 0.5999999999997864, 0.5999999999999142),
        (2, 52660.04000000197, 0.6999576224691152, 0.6999576024663048),
        (10, 40632.088656718435, 1.494515128698712, 1.4945124115143225),
        (30, 18444.430571539207, 3.3586296683613552, 3.3585502256357294),
        (100, 136.33676223950212, 6.835182801503972, 6.832247666709721),
        (500, 2.833267192460681, 7.192936604841472, 7.126665658753218),
        (2000, 2.034365681724614, 7.621673186458608, 6.9545844725944965),
        (5000, 0.15565862191796712, 9.34256298052091, 6.263874227514612),
        (7973, 1.293311645002432e-06, 9.998110631723835, 6.000758332092792),
    ],
    [
        (1, 46.25, 0.5999999999666666, 0.5999999999714286),
        (2, 40.000000001847624, 0.6997609383162114, 0.6996667055017097),
        (10, 8.683302801223972, 1.4623044554571458, 1.4419931637447183),
        (30, 2.8111122770185846, 2.4060489933903946, 1.6968071598188645),
        (100, 0.001111505075560256, 3.021292953429067, 0.9919778804792648),
        (154, 7.479179042126422e-06, 2.998532917717586, 1.0003164842315149),
    ],
    [
        (1, 15.25, 0.40000000004761904, 0.4000000000625),
        (2, 11.840000001688097, 0.30084315767121284, 0.3007484424825612),
        (10, 3.9387546210106716, -0.30044127345921395, -0.3330879391318601),
        (30, 3.518903147705558, 0.12569011892060417, -0.2689298632647443),
        (100, 2.0557773459999744, 0.8199240177181653, -1.4899659973852024),
        (500, 0.005337652284955312, 3.838929318741198, -5.771765150198883),
        (866, 2.957414271439505e-07, 3.9988080218153295, -5.998310983884051),
    ],
]

# the same from other starts: system, start, epoch of the stop, x and y there
ENDS = [
    (0, (0.1, 0.9), 7946, 9.998138179846334, 6.0007472750490916),
    (0, (0.8444218515250481, 0.7579544029403025), 7837, 9.998106119894583, 6.000760142990889),
    (1, (0.1, 0.9), 185, 3.0001258679042757, 0.9999380405438055),
    (1, (0.8444218515250481, 0.7579544029403025), 168, 3.0004618023016154, 0.9998321177022085),
    (2, (0.1, 0.9), 806, 3.9988622573799804, -5.998387777608047),
    (2, (0.8444218515250481, 0.7579544029403025), 1150, 3.998614532568435, -5.998036855352586),
]

# Adam with epsilon as Keras has it, float64, replayed without any library: as ENDS
KERAS = [
    (0, (0.5, 0.5), 7973, 9.998110631683037, 6.000758332109165),
    (0, (0.1, 0.9), 7946, 9.99813817980395, 6.000747275066101),
    (0, (0.8444218515250481, 0.7579544029403025), 7837, 9.998106119853716, 6.00076014300729),
    (1, (0.5, 0.5), 154, 2.998532917898184, 1.000316484102971),
    (1, (0.1, 0.9), 185, 3.0001258676405307, 0.9999380405790367),
    (1, (0.8444218515250481, 0.7579544029403025), 168, 3.0004618022725555, 0.9998321174554126),
    (2, (0.5, 0.5), 866, 3.998808020253398, -5.998310981670454),
    (2, (0.1, 0.9), 806, 3.9988622556915288, -5.998387775215069),
    (2, (0.8444218515250481, 0.7579544029403025), 1150, 3.998614531349755, -5.998036853625485),
]

# torch.optim in float64 on the first system from (0.5, 0.5): optimizer, epoch of the stop, x, y and the last loss
OTHERS = [
    (lambda p: Adam(p, lr=1.0), 2526, 9.998525453443246, 6.000591836172152, 7.915283944571336e-07),
    (
        lambda p: SGD(p, lr=0.001, momentum=0.9),
        1279,
        9.998565204496764,
        6.000575578088632,
        7.498197104084078e-07,
    ),
    (
        lambda p: RMSprop(p, lr=0.1, alpha=0.9, eps=1e-7),
        4993,
        10.046836002972519,
        6.051269927964563,
        3.072503596289705,
    ),
]


NOTEBOOKS = Path(gallery.__file__).parent

# what each problem puts into the folder, without the ending .svg
FILES = {
    "parabola": [*(f"graph-step-{n}" for n in ("01", "08", "15")), "path", "rates", "valleys"],
    "quadratic": [*(f"graph-step-{n}" for n in ("01", "05", "10")), "clearing", "points", "rates"],
    "celsius": [*(f"graph-{when}" for when in ("first", "last", "middle")), "line", "loss", "more", "rates"],
    "equations": [*(f"graph-{n}-{when}" for n in (1, 2, 3) for when in ("first", "last", "middle")), "paths"],
    "network": [*(f"graph-{when}" for when in ("by-hand", "first", "last", "middle")), "loss", "regions"],
}


PLAYERS = {
    "parabola": ["steps", "valleys"],
    "quadratic": ["steps"],
    "celsius": ["steps"],
    "equations": ["steps"],
    "network": ["steps"],
}


def tiny():
    """Two recorded steps."""
    x = Value(3.0, name="x")
    optimizer = SGD([x], lr=0.25)
    with record(optimizer) as steps:
        for _ in range(2):
            optimizer.zero_grad()
            (x * x).backward()
            optimizer.step()
    return steps


@pytest.fixture(scope="module")
def runs():
    return [equations.descend(system) for system in equations.SYSTEMS]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder, what the terminal showed, and the exit status."""
    folder = tmp_path_factory.mktemp("out") / "page"
    command = [sys.executable, "-m", "notebooks", *FILES, "--out", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return folder, done


# --- equations ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(3))
def test_the_path_is_that_of_torch(runs, number):
    run = runs[number]
    assert run.stopped and run.epochs == ROWS[number][-1][0]
    for epoch, loss, x, y in ROWS[number]:
        assert math.isclose(run.losses[epoch - 1], loss, rel_tol=1e-9, abs_tol=1e-9)
        np.testing.assert_allclose(run.path[epoch], (x, y), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("number", "start", "epochs", "x", "y"), ENDS)
def test_other_starts_end_where_torch_does(number, start, epochs, x, y):
    run = equations.descend(equations.SYSTEMS[number], start)
    assert run.stopped and run.epochs == epochs
    np.testing.assert_allclose(run.path[-1], (x, y), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("number", "start", "epochs", "x", "y"), KERAS)
def test_the_keras_form_ends_where_the_replay_does(number, start, epochs, x, y):
    run = equations.descend(
        equations.SYSTEMS[number], start, make=lambda p: Adam(p, lr=0.1, eps=1e-7, epsilon_hat=True)
    )
    assert run.stopped and run.epochs == epochs
    np.testing.assert_allclose(run.path[-1], (x, y), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("make", "epochs", "x", "y", "loss"), OTHERS, ids=["Adam(1)", "momentum", "RMSprop"])
def test_other_optimizers_stop_where_torch_does(make, epochs, x, y, loss):
    run = equations.descend(equations.SYSTEMS[0], make=make)
    assert run.stopped and run.epochs == epochs
    np.testing.assert_allclose(run.path[-1], (x, y), rtol=1e-9)
    np.testing.assert_allclose(run.losses[-1], loss, rtol=1e-6)


@pytest.mark.parametrize("number", range(3))
def test_solutions_agree_with_numpy_as_far_as_claimed(runs, number):
    system, run = equations.SYSTEMS[number], runs[number]
    exact = np.linalg.solve(system.matrix, system.right)
    np.testing.assert_allclose(exact, [(10, 6), (3, 1), (4, -6)][number], rtol=1e-14)
    off = np.abs(np.array(run.path[-1]) - exact)
    assert off.max() < 2e-3
    assert np.linalg.norm(off) <= system.reach(system.loss(*run.path[-1]))
    decimals = equations.digits_that_hold(run.path[-1], exact)
    assert decimals == 2
    assert equations.rounded(run.path[-1], decimals) == ["10, 6", "3, 1", "4, -6"][number]


@pytest.mark.parametrize("system", equations.SYSTEMS, ids=lambda s: s.words)
def test_matrix_and_residuals_say_the_same(system):
    at = jacobian(lambda p: np.stack(system.residuals(p[0], p[1])))(np.array([0.7, -0.2]))
    np.testing.assert_array_equal(at, system.matrix)
    np.testing.assert_array_equal(system.residuals(0.0, 0.0), -np.array(system.right))


def test_digits_that_hold():
    assert equations.digits_that_hold([9.996], [10.0]) == 2  # 10.00 is right, 10.000 would not be
    assert equations.digits_that_hold([9.994], [10.0]) == 1
    assert equations.digits_that_hold([12.0], [10.0]) == 0
    assert equations.digits_that_hold([10.0], [10.0]) == 15


# --- parabola -------------------------------------------------------------------------------


def test_the_descent_multiplies_by_the_same_factor():
    path = parabola.descend(parabola.parabola, 5.0, 0.3, 15)
    np.testing.assert_allclose(path, 5 * 0.4 ** np.arange(16), rtol=1e-13)
    assert path[1:4] == [2.0, 0.8, 0.32000000000000006] and path[-1] == 5.368709120000004e-06
    other = parabola.descend(parabola.parabola, -5.0, 0.3, 5)
    np.testing.assert_allclose(other, [-5, -2, -0.8, -0.32, -0.128, -0.0512], rtol=1e-14)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.1, "converges: comes from one side"),
        (0.5, "converges: comes from one side"),
        (0.7, "converges: jumps from side to side"),
        (1.0, "never settles: jumps from side to side for ever"),
        (1.1, "diverges: jumps from side to side, further out each time"),
    ],
)
def test_what_the_learning_rate_does(rate, words):
    path = parabola.descend(parabola.parabola, 5.0, rate, 15)
    np.testing.assert_allclose(path, 5 * (1 - 2 * rate) ** np.arange(16), rtol=1e-12)
    assert parabola.behaviour(path) == words


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (-2.0, -1.4729976011140307),
        (-0.5, -1.4729976011140296),
        (0.2, 1.3469974085013698),
        (0.5, 1.3469974085268697),
        (2.0, 1.3469974085278178),
    ],
)
def test_the_start_decides_which_valley(start, end):
    path = parabola.descend(parabola.two_valleys, start, 0.01, 200)
    assert math.isclose(path[-1], end, rel_tol=1e-12)
    valleys = parabola.Valleys.find()
    assert (valleys.deep, valleys.shallow) == pytest.approx((-1.472997601, 1.346997409), abs=1e-8)
    assert abs(path[-1] - (valleys.deep if start < valleys.top else valleys.shallow)) < 1e-7


# --- the page -------------------------------------------------------------------------------


def test_the_terminal_shows_results_and_the_folder(built):
    folder, done = built
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == str(folder.resolve())
    cells = [re.split(r" {2,}", line) for line in lines[2:-1]]
    table = {c[0]: c[1:] for c in cells}
    for system, answer in zip(equations.SYSTEMS, ("10, 6", "3, 1", "4, -6"), strict=True):
        found, exact, off, how = table[system.words]
        assert found.startswith(answer + " (") and exact == answer
        x, y = map(float, re.search(r"\((.*), (.*)\)", found).groups())
        solution = np.linalg.solve(system.matrix, system.right)
        assert float(off) == pytest.approx(np.abs(solution - (x, y)).max(), rel=0.05)
        assert re.match(r"stopped at epoch (7973|154|866); 2 decimals hold", how)
    assert table["the same, learning rate 1.1"][-1].startswith("diverges")
    assert sum("misses it" in line for line in lines) == 3
    for words in ("parabola: 1305 steps", "quadratic: 520 steps", "celsius: 28000 steps"):
        assert words in done.stderr
    assert "equations: 16966 steps" in done.stderr and "network: 12100 steps" in done.stderr
    how = table["mean absolute error and a, b, c: 10 steps, gradients kept"][-1]
    assert how == "loss before each step: 2.42 2.40 2.36 2.30 2.21 2.11 1.98 1.85 1.72 1.58"
    assert "not converged" in table["Fahrenheit from 7 rows, one neuron"][-1]
    assert table["Fahrenheit from 1000 exact rows, one neuron"][:2] == ["1.800000c + 32.000000"] * 2
    assert table["one neuron, weights (0, 1), bias 4, inputs (2, 3)"][0] == "0.9990889488055994"


def test_the_folder_is_complete_and_nothing_else(built):
    folder, _ = built
    expected = {f"{problem}-{name}.svg" for problem, names in FILES.items() for name in names}
    players = {f"{problem}-{name}.html" for problem, names in PLAYERS.items() for name in names}
    copies = {f"{name}.ipynb" for name in FILES}
    assert {p.name for p in folder.iterdir()} == expected | players | copies | {"index.html"}
    for name in players:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.startswith("<!doctype html>") and len(text.encode()) < 250_000
    for path in folder.glob("*.svg"):
        assert ET.parse(path).getroot().tag.endswith("svg")


def test_graphs_show_the_values_and_gradients_of_their_step(built):
    folder, _ = built

    def words(name):
        texts = ["".join(e.itertext()) for e in ET.parse(folder / name).iter() if e.tag.endswith("text")]
        return {text.replace("\N{MINUS SIGN}", "-") for text in texts}

    assert {"x", "5", "grad +10", "25", "grad +1"} <= words("parabola-graph-step-01.svg")
    assert {"0.5", "grad -4680", "grad -11655"} <= words("equations-graph-1-first.svg")
    assert "no gradient yet" not in words("equations-graph-1-last.svg")
    hand = words("network-graph-by-hand.svg")
    assert {"w1", "grad +0.02147", "grad -0.23762"} <= hand and any(t.startswith("h1") for t in hand)
    # the sum of ten gradients, whose last is smaller
    step = (folder / "quadratic-graph-step-10.svg").read_text(encoding="utf-8").replace("\N{MINUS SIGN}", "-")
    assert "-12.618" in step and "-0.89751" in step
    assert {"weight", "bias"} <= words("celsius-graph-first.svg")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for key, value in attributes:
            if key == "id":
                self.ids.append(value)
            if key in ("src", "href", "xlink:href"):
                self.links.append(value)


def test_the_page_stands_alone(built):
    folder, _ = built
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags and "link" not in page.tags
    files = {link for link in page.links if not link.startswith(("#", "data:image/svg+xml;base64,"))}
    assert all((folder / link).exists() for link in files)
    assert {link for link in files if link.endswith(".ipynb")} == {f"{name}.ipynb" for name in FILES}
    for name in FILES:  # copies: the folder can be handed on
        assert (folder / f"{name}.ipynb").read_bytes() == (NOTEBOOKS / f"{name}.ipynb").read_bytes()
    assert {link for link in files if link.endswith(".html")} == {p.name for p in folder.glob("*-*.html")}
    assert {link[1:] for link in page.links if link[0] == "#"} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("img") + page.tags.count("iframe") > 0
    assert page.tags.count("article") == page.tags.count("section") == page.tags.count("table") == len(FILES)
    assert "prefers-color-scheme: dark" in text and "width=device-width" in text
    assert "default-src 'none'; frame-src 'self' file:; style-src" in text
    assert "@import" not in text and "http" not in re.sub(r'xmlns(:\w+)?="http[^"]*"|http-equiv', "", text)
    assert not re.search(r"0x[0-9a-f]{8}", text)


def test_each_card_shows_what_was_found_and_where_to_go(built):
    text = (built[0] / "index.html").read_text(encoding="utf-8")
    cards = re.findall(r'<article class="card">.*?</article>', text, flags=re.DOTALL)
    for name, card in zip((p for p in PROBLEMS if p in FILES), cards, strict=True):
        assert f'href="{name}-steps.html"' in card and f'href="#{name}"' in card and f"{name}.ipynb" in card
        assert PROBLEMS[name].story in card and card.count("<dd>") == 2 and f'id="{name}-cover-' in card
    assert "<dd>x = 9.9981, y = 6.0008</dd><dt>exact</dt><dd>x = 10, y = 6</dd>" in cards[2]
    assert cards[4].count("<dd>0.0214695352658111</dd>") == 2


def test_the_chain_rule_is_worked_out(built):
    text = (built[0] / "index.html").read_text(encoding="utf-8")
    (worked,) = re.findall(r"<pre>(.*?)</pre>", text, flags=re.DOTALL)
    assert "∂L/∂w1 = ∂L/∂o1 · ∂o1/∂h1 · ∂h1/∂w1\n       ≈ −0.95261 · 0.249439 · −0.0903533" in worked
    assert "This is what backward() gives, to the last bit." in worked


def test_a_player_is_a_file_in_a_frame(tmp_path, monkeypatch, capsys):
    def solve(report):
        report.player("steps", 'Steps "up" & <down>', "A player of “steps”.", tiny())

    problem = Problem("one", "09 One & <only>", "Tells <it>.", "Shows it.", solve)
    monkeypatch.setitem(PROBLEMS, "one", problem)
    assert main(["one", "--out", str(tmp_path)]) == 0
    player = (tmp_path / "one-steps.html").read_text(encoding="utf-8")
    assert "<h1>Steps &quot;up&quot; &amp; &lt;down&gt;</h1>" in player or "&lt;down&gt;</h1>" in player
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("iframe") == 1
    assert (
        page.links.count("one-steps.html") == 4
    )  # the frame and a link below it; in the card and the section
    assert 'sandbox="allow-scripts"' in text and 'title="Steps &quot;up&quot; &amp; &lt;down&gt;"' in text
    assert "default-src 'none'; frame-src 'self' file:; style-src" in text
    assert "script" not in page.tags and "<only>" not in text and "<it>" not in text
    assert "one.ipynb" not in text  # there is none


def test_figures_have_the_colours_of_the_page():
    css = (NOTEBOOKS / "page.css").read_text(encoding="utf-8")
    light, dark = (set(re.findall(r"--(c-\w+):", part)) for part in css.split("@media", 2)[:2])
    assert light == dark == set(gallery.COLOURS.values())
    svg = svg_of(lambda figure: figure.subplots().plot([1, 2], color=BLUE), (3, 2))
    night = gallery.night(svg)
    ET.fromstring(night)
    assert BLUE in svg and BLUE not in night and "var(--c-blue)" in night and night.count("<style>") == 1


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (400, "dark")])
def test_the_page_in_a_browser(built, width, scheme):
    """No message, no request but for its own files, nothing wider than the window, no fault of accessibility."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    sync = pytest.importorskip("playwright.sync_api", reason="needs the extra browser")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra browser")
    if chromium is None:
        pytest.skip("no Chromium on the PATH")
    folder, said, asked = built[0], [], []
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=False
        ).new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / "index.html").as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#parabola"
        page.evaluate("document.querySelector('#parabola').scrollIntoView()")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        if width > 1000:
            player = page.frame_locator("iframe").first.locator("#player.live")
            player.wait_for(timeout=30_000)
            assert player.evaluate("stepgradPlayer.model.frames.length") == 15
            assert player.locator("#graph").get_attribute("class") == "fitted"
        else:  # on a phone a player is opened alone
            assert not page.locator("iframe").first.is_visible()
        browser.close()
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            bypass_csp=True,
            java_script_enabled=True,
        ).new_page()
        page.goto((folder / "index.html").as_uri())
        page.evaluate(
            "document.querySelectorAll('iframe').forEach((frame) => frame.remove())"
        )  # tested by itself
        found = axe.Axe().run(page).response["violations"]
        browser.close()
    assert said == [] and all(url.startswith(("file:", "data:")) for url in asked)
    assert [(f["id"], [n["html"][:120] for n in f["nodes"]][:3]) for f in found] == []


def test_the_same_bytes_again(built, tmp_path, capsys):
    assert main(["parabola", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == str(tmp_path.resolve()) and "10x + 25y" not in out

    def digest(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()

    names = [p.name for p in tmp_path.glob("*.svg")]
    assert len(names) == 6
    for name in names:
        assert digest(tmp_path / name) == digest(built[0] / name), name
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count("<section") == 1


def test_no_settings_are_left_behind():
    import matplotlib

    before = dict(matplotlib.rcParams)
    svg_of(lambda figure: figure.subplots().plot([1, 2]), (3, 2))
    assert dict(matplotlib.rcParams) == before


def test_list_and_unknown_names(capsys):
    assert main(["--list"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()] == list(PROBLEMS)
    with pytest.raises(SystemExit) as stop:
        main(["parabel"])
    assert stop.value.code == 2
    assert f"there is no problem 'parabel'; choose from {', '.join(PROBLEMS)}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        ({"matplotlib"}, "matplotlib"),
        ({"pygraphviz"}, "Graphviz"),
        ({"matplotlib", "pygraphviz"}, "matplotlib and Graphviz"),
    ],
)
def test_what_is_missing_is_named_in_one_line(tmp_path, monkeypatch, capsys, absent, words):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name in absent else found(name, *a)
    )
    monkeypatch.setenv("PATH", "")
    assert main(["--out", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr()
    assert (
        shown.err
        == f'python -m notebooks needs {words}; install it with: pip install "stepgrad[notebooks]"\n'
    )
    assert shown.out == "" and not (tmp_path / "out").exists()


def test_importing_needs_numpy_alone():
    code = (
        "import sys, notebooks; sys.exit(any(m in sys.modules for m in ('matplotlib', 'graphviz', 'tqdm')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
