# ruff: noqa: RUF001
"""The player in a real browser.  Every visit also checks: policy, errors and requests (see conftest.py)."""

import json
import re
import struct

import pytest

# gradients of all frames: by frame and node the 64 bits as text, or null
ALL_BITS = """() => stepgradPlayer.model.frames.map(({ segment, frame }) => {
  const { g, reached } = stepgradPlayer.backward(segment, frame);
  const bits = new BigUint64Array(g.buffer);
  return Array.from(bits, (b, i) => (reached[i] && !segment.nodes[i].array ? b.toString(16).padStart(16, "0") : null));
})"""
CONTROLS = (
    "fit theme play first back steps next end walk earlier inside later forward backward update whole "
    "pin pace axis-x axis-y SUMMARY"
)
SHOWN = """() => {
  const svg = document.querySelector("svg.net:not([hidden])");
  return Array.from(svg.querySelectorAll(".node"), (n) =>
    [n.querySelector(".value")?.textContent ?? null, n.querySelector(".grad")?.textContent ?? null]);
}"""


def until(p, expression, seconds=20):
    """Wait until it is true; Playwright's own wait_for_function needs eval, which the policy forbids."""
    for _ in range(int(seconds * 20)):
        if p.evaluate(expression):
            return
        p.wait_for_timeout(50)
    raise AssertionError(f"still false after {seconds} s: {expression}")


def bits(x):
    return None if x is None else struct.pack(">d", float(x)).hex()


def same(found, true):
    return found == bits(true) or (found is not None and true != true and found[:3] in ("7ff", "fff"))


@pytest.mark.parametrize("name", ["network", "equations", "rounding"])
def test_every_gradient_of_every_step_to_the_bit(visit, recorded, name):
    recording, truth = recorded[name]
    found = visit(name).evaluate(ALL_BITS)
    frames = [frame for _segment, frame in recording.frames]
    assert len(found) == len(frames) == len(truth)
    compared = 0
    for i, (got, given) in enumerate(zip(found, truth, strict=True)):
        replayed = recording.replay(frames[i])
        for n, (mine, python) in enumerate(zip(got, given, strict=True)):
            assert same(mine, python), (i, n, mine, bits(python))
            assert same(mine, replayed[n])
            compared += python is not None
    assert compared > 10 * len(truth) or name == "rounding"


def test_pictures_show_what_was_recorded(visit, recorded):
    recording, truth = recorded["network"]
    p = visit("network")
    for step in (1, 77, 200):
        p.evaluate(f"stepgradPlayer.goStep({step - 1})")
        shown = p.evaluate(SHOWN)
        frame = recording.segments[0].frames[step - 1]
        for n, (value, gradient) in enumerate(shown):
            words = p.evaluate("x => stepgradPlayer.short(x)", frame.values[n])
            assert value == words
            g = truth[step - 1][n]
            if gradient is not None:
                expected = p.evaluate("x => (x > 0 ? '+' : '') + stepgradPlayer.short(x)", float(g))
                assert gradient == f"∇ {expected}"


def test_python_and_script_write_numbers_alike(visit):
    from autograd.graph.player.markup import short

    p = visit("equations")
    numbers = [
        0.0,
        2.0,
        -3.5,
        1e-3,
        9.9996e-4,
        0.05314999,
        123456.0,
        99999.0,
        1e5,
        9999.4,
        1e-300,
        -2.5e17,
        1 / 3,
    ]
    assert p.evaluate("x => x.map((y) => stepgradPlayer.short(y))", numbers) == [short(x) for x in numbers]


def test_inside_of_a_step(visit):
    """Forward hides what is not computed; backward adds up; an update comes last."""
    p = visit("equations", "#step=3&at=0")
    assert [v for v, _ in p.evaluate(SHOWN)].count("–") == 8  # one of nine results is computed
    assert {g for _, g in p.evaluate(SHOWN) if g} == {"∇ –"}
    assert p.inner_text("#sentence").startswith("Forward: ")
    p.click("[data-phase=backward]")
    assert p.inner_text("#sentence").startswith("Backward starts at the result")
    assert sum(g not in (None, "∇ –") for _, g in p.evaluate(SHOWN)) == 1
    seen = []
    while p.inner_text("#at-phase").startswith("backward"):
        seen.append(p.inner_text("#sentence"))
        if len(seen) > 1:
            ticket = p.text_content("svg.net:not([hidden]) .ticket text")
            assert re.fullmatch(r"\S+ × \S+ → \S+", ticket)
            assert ticket.rsplit(" ", 1)[1] in seen[-1]
        p.click("#later")
    assert any("first of 2 paths into" in s for s in seen)
    assert any("Added up:" in s and "now complete" in s for s in seen)
    assert "momentum" in p.inner_text("#sentence")
    p.click("[data-phase=whole]")
    assert p.inner_text("#sentence").startswith("Step 3: the loss is")


def test_sentence_agrees_with_the_numbers(visit, recorded):
    """Every visit: the sentence's product is the ticket's, and the sum is what the node shows."""
    p = visit("network", "#step=2")
    told = p.evaluate("""() => {
      const { model, goInside, scene } = stepgradPlayer, out = [];
      const moments = model.frames[1].segment.moments;
      moments.forEach((m, i) => {
        if (!m.visit) return;
        goInside(i);
        const s = scene(), { edge } = m.visit;
        out.push([s.full.g[edge.target], s.locals(edge), s.full.contributions[m.k], s.gradient(m.node),
                  document.getElementById("sentence").textContent]);
      });
      return out;
    }""")
    assert len(told) == len(recorded["network"][0].segments[0].visits)
    for upstream, local, contribution, _sum, words in told:
        assert upstream * local == pytest.approx(contribution, rel=1e-12)
        short = p.evaluate("x => (x > 0 ? '+' : '') + stepgradPlayer.short(x)", contribution)
        assert f"→ {short}." in words


def test_what_if_computes_the_loss_anew(visit):
    p = visit("equations", "#step=1")
    p.click("#s0n0")
    assert p.inner_text("#node-name") == "x"
    p.fill("#what-if", "5")
    x, y = 5.0, 0.5
    loss = (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2
    slope = 2 * (x + y - 16) + 20 * (10 * x + 25 * y - 250)
    assert p.evaluate("stepgradPlayer.scene().loss") == pytest.approx(loss)
    assert p.evaluate("stepgradPlayer.scene().full.g[0]") == pytest.approx(slope)
    assert p.inner_text("#sentence").startswith("What if x were 5? The loss would be ")
    p.click("#reset")
    assert p.inner_text("#sentence").startswith("Step 1:")


def test_page_computes_what_python_computed(visit, recorded):
    """The functions behind what-if: values and local derivatives of the recorded frames."""
    for name in ("network", "equations", "rounding"):
        found = visit(name).evaluate("""() => stepgradPlayer.model.frames.map(({ segment, frame }) => {
          if (stepgradPlayer.obstacle(segment)) return stepgradPlayer.obstacle(segment);
          const values = stepgradPlayer.valuesOf(segment, frame), true_ = values.slice();
          const locals = stepgradPlayer.evaluate(segment, values);
          const off = (a, b) => (Number.isFinite(a) ? Math.abs(a - b) / (1 + Math.abs(a)) : 0);
          return [Math.max(...values.map((x, i) => off(x, true_[i]))),
            Math.max(...segment.edges.map((e) => (e.local ? off(e.local(frame), locals[e.id]) : 0)))];
        })""")
        for one in found:
            assert one[0] < 1e-6 and one[1] < 1e-6, (name, one)


def test_what_if_is_off_where_the_page_cannot_compute(visit):
    p = visit("classifier")
    p.click(".node.parameter >> nth=0")
    assert p.is_hidden("#what-if")
    assert "arrays" in p.inner_text("#why-not")
    assert "norm" in p.inner_text("#node-rows")


def test_pin_shows_differences_and_flips(visit, recorded):
    recording, truth = recorded["network"]
    p = visit("network", "#step=20")
    p.click("#pin")
    p.evaluate("stepgradPlayer.goStep(119)")
    flips = {n for n, (a, b) in enumerate(zip(truth[19], truth[119], strict=True)) if a and b and a * b < 0}
    assert set(p.evaluate("stepgradPlayer.scene().flips.map((n) => n.id)")) == flips
    assert p.locator("svg.net .flip").count() == len(flips) > 0
    frames = recording.segments[0].frames
    word = p.evaluate(
        "x => (x > 0 ? '+' : '') + stepgradPlayer.short(x, 3)", frames[119].values[0] - frames[19].values[0]
    )
    assert p.evaluate(SHOWN)[0][0] == f"Δ {word}"
    assert p.inner_text("#sentence").startswith("Step 120 minus step 20")
    p.keyboard.press("]")
    assert p.inner_text("#at-step") == "20"
    p.click("#unpin")
    assert p.locator("svg.net .flip").count() == 0


def test_keyboard_reaches_and_moves_everything(visit):
    p = visit("network", "#step=10")
    reached = []
    for _ in range(40):
        p.keyboard.press("Tab")
        found = p.evaluate(
            "document.activeElement.id || document.activeElement.dataset.phase || document.activeElement.tagName"
        )
        if found in reached or found == "BODY":
            break
        reached.append(found)
    for control in CONTROLS.split():
        assert control in reached, control
    assert sum(id_.startswith("s0n") for id_ in reached) == 1  # the graph is one stop
    step = lambda: int(p.inner_text("#at-step"))
    p.focus("#pin")
    for key, now in (("ArrowRight", 11), ("ArrowLeft", 10), ("End", 200), ("Home", 1)):
        p.keyboard.press(key)
        assert step() == now
    p.focus("#steps")
    for key, now in (("ArrowRight", 2), ("End", 200), ("Home", 1)):
        p.keyboard.press(key)
        assert step() == now
    whole = p.inner_text("#at-phase")
    p.keyboard.press(",")
    assert p.inner_text("#at-phase") != whole
    p.keyboard.press(".")
    assert p.inner_text("#at-phase") == whole
    p.keyboard.press("[")
    assert p.get_attribute("#pin", "aria-pressed") == "true"
    p.keyboard.press("[")
    assert p.get_attribute("#pin", "aria-pressed") == "false"
    p.keyboard.press(" ")
    assert p.get_attribute("#play", "aria-label") == "Pause"
    assert p.get_attribute("#sentence", "aria-live") == "off"
    p.keyboard.press(" ")
    assert p.get_attribute("#play", "aria-label") == "Play the steps"
    assert p.get_attribute("#sentence", "aria-live") == "polite"


def test_arrows_walk_along_edges(visit):
    p = visit("equations", "#step=1")
    here = lambda: p.evaluate("document.activeElement.dataset.n | 0")
    p.focus("svg.net [tabindex='0']")
    root = here()
    edges = p.evaluate("stepgradPlayer.model.segments[0].edges.map((e) => [e.source, e.target])")
    p.keyboard.press("ArrowLeft")
    assert [here(), root] in edges
    p.keyboard.press("ArrowRight")
    assert here() == root
    p.keyboard.press("Home")
    assert here() == 0
    p.keyboard.press("ArrowDown")
    assert here() != 0
    p.keyboard.press("Enter")
    assert not p.is_hidden("#node")
    p.keyboard.press("Escape")
    assert p.is_hidden("#node")


@pytest.mark.parametrize(
    "name", ["by_hand", "array", "infinite", "names", "leaf", "changing", "classifier", "rounding"]
)
def test_every_moment_has_its_words(visit, name):
    """Also at the edges: arrays, NaN, infinities, updates by hand, names with tags in them."""
    p = visit(name)
    told = p.evaluate("""() => {
      const { model, goStep, goInside } = stepgradPlayer, words = [];
      const say = () => words.push(document.getElementById("sentence").textContent);
      for (const i of [0, model.frames.length - 1]) {
        goStep(i);
        model.frames[i].segment.moments.forEach((_, at) => { goInside(at); say(); });
        document.getElementById("pin").click();
        say();
        document.getElementById("unpin").click();
      }
      for (const n of document.querySelectorAll("svg.net:not([hidden]) .node")) {
        n.dispatchEvent(new Event("click", { bubbles: true }));
      }
      return words;
    }""")
    p.click("summary")
    p.wait_for_timeout(250)
    for words in told:
        assert re.match(r"(Forward|Backward|Update|Step)\b", words) and "undefined" not in words
        assert "NaN" not in words or name in ("infinite", "rounding"), words
    assert p.title() == name


def test_keys_elsewhere_are_not_ours(visit):
    p = visit("network", "#step=10")
    p.evaluate("document.activeElement.blur()")
    p.keyboard.press("ArrowRight")
    assert p.inner_text("#at-step") == "10"


def test_playing_runs_to_the_end_and_stops(visit):
    p = visit("changing", "#step=1")
    p.select_option("#pace", "4")
    p.click("#play")
    until(p, "document.getElementById('at-step').textContent === '6'")
    until(p, "document.getElementById('play').getAttribute('aria-label') !== 'Pause'")


def test_a_new_segment_has_its_own_picture(visit):
    p = visit("changing", "#step=1")
    assert p.is_visible("#graph0") and not p.is_visible("#graph1")
    p.evaluate("stepgradPlayer.goStep(4)")
    assert p.is_visible("#graph1") and not p.is_visible("#graph0")
    p.click("summary")
    assert p.locator("#numbers tbody:not([hidden])").count() == 1


def test_state_is_in_the_address(visit):
    p = visit("network", "#step=42&at=20&pin=7&node=3")
    assert p.inner_text("#at-step") == "42"
    assert p.evaluate("[stepgradPlayer.state.at, stepgradPlayer.state.pin, stepgradPlayer.state.node]") == [
        20,
        6,
        3,
    ]
    p.evaluate("stepgradPlayer.goStep(49)")
    until(p, "location.hash === '#step=50&at=20&pin=7&node=3'")
    p = visit("network", "#step=9999&at=x&pin=-1&node=1e9")
    assert p.locator("svg.net .node").count() > 0


def test_charts_can_be_clicked(visit):
    p = visit("network", "#step=10")
    p.evaluate("stepgradPlayer.goStep(199)")
    box = p.locator("#loss").bounding_box()
    p.mouse.click(box["x"] + box["width"] * 0.55, box["y"] + box["height"] / 2)
    assert 90 < int(p.inner_text("#at-step")) < 110
    box = p.locator("#path .start").bounding_box()
    p.mouse.click(box["x"] + 2, box["y"] + 2)
    assert int(p.inner_text("#at-step")) < 15
    assert p.locator("#path .band").count() > 3


def test_table_holds_every_number(visit, recorded):
    p = visit("network", "#step=33")
    p.click("summary")
    rows = p.locator("#numbers tbody:not([hidden]) tr").all_inner_texts()
    frame = recorded["network"][0].segments[0].frames[32]
    assert len(rows) == len(frame.values)
    for row, value, gradient in zip(rows, frame.values, recorded["network"][1][32], strict=True):
        cells = row.split("\t")
        assert float(cells[3].replace("−", "-")) == value
        if gradient is not None:
            assert float(cells[4].replace("−", "-")) == gradient


def test_labels_say_role_value_and_gradient(visit):
    p = visit("network", "#step=5")
    p.wait_for_timeout(300)
    labels = p.eval_on_selector_all("svg.net .node", "all => all.map((n) => n.getAttribute('aria-label'))")
    assert re.match(r"w1, parameter, value −?\d\.\d+, gradient −?\d\.\d+", labels[0])
    assert all(re.search("value ", label) for label in labels)
    p.click("[data-phase=forward]")
    p.wait_for_timeout(300)
    label = p.get_attribute("#s0n0", "aria-label")
    assert label.endswith("no gradient yet")


@pytest.mark.parametrize(
    ("scheme", "name", "fragment"),
    [
        ("light", "network", "#step=25"),
        ("dark", "network", "#step=25"),
        ("light", "equations", "#step=3&at=14&node=0"),
        ("dark", "equations", "#step=9&pin=2"),
        ("dark", "classifier", ""),
        ("light", "deep", ""),
        ("light", "diverging", "#step=8"),
    ],
)
def test_axe_finds_nothing(visit, scheme, name, fragment):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason='pip install "stepgrad[browser]"'
    )
    p = visit(name, fragment, color_scheme=scheme)
    p.click("summary")
    p.wait_for_timeout(300)
    result = axe.Axe().run(p)
    assert result.violations_count == 0, result.generate_report()


def test_words_of_an_edge_stay_in_sight(visit):
    """Where the graph is wider than its frame, as on a telephone."""
    p = visit("network", "#step=25", viewport={"width": 400, "height": 800})
    last = p.evaluate("stepgradPlayer.scene().segment.moments.findLastIndex((m) => m.visit)")
    for at in range(last - 6, last + 1):
        p.evaluate(f"stepgradPlayer.goInside({at})")
        p.wait_for_timeout(60)
        left, right, low, high = p.evaluate("""() => {
          const words = document.querySelector("svg.net:not([hidden]) .ticket rect").getBoundingClientRect();
          const frame = document.getElementById("graph").getBoundingClientRect();
          return [words.left, words.right, frame.left, frame.right];
        }""")
        assert low - 1 <= left and right <= high + 1, at


def test_theme_button(visit):
    p = visit("equations", color_scheme="light")
    paper = lambda: p.evaluate("getComputedStyle(document.body).backgroundColor")
    before = paper()
    p.click("#theme")
    assert paper() != before
    p.click("#theme")
    assert paper() == before


@pytest.mark.parametrize(
    ("width", "scheme", "motion"),
    [
        (400, "light", "reduce"),
        (400, "dark", "no-preference"),
        (1440, "light", "no-preference"),
        (1440, "dark", "reduce"),
    ],
)
def test_screenshots(visit, tmp_path, width, scheme, motion):
    """Nothing is cut off sideways, and with reduced motion nothing moves."""
    p = visit(
        "network",
        "#step=25&at=36",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion=motion,
    )
    picture = p.screenshot(path=tmp_path / "player.png", full_page=True)
    assert len(picture) > 20_000
    assert p.evaluate("document.documentElement.scrollWidth") <= width
    running = p.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length")
    assert (running == 0) == (motion == "reduce")


def test_sandboxed_frame(browser, files):
    """As in a notebook: no address, no storage, no origin."""
    page = browser.new_page()
    errors = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.set_content("<iframe sandbox='allow-scripts' style='width:1200px;height:800px'></iframe>")
    page.evaluate(
        "text => { document.querySelector('iframe').srcdoc = text }", (files / "network.html").read_text()
    )
    frame = page.wait_for_selector("iframe").content_frame()
    frame.wait_for_selector("#player.live")
    before = frame.inner_text("#at-step")
    frame.click("#next")
    frame.click("#theme")
    assert frame.inner_text("#at-step") != before
    page.wait_for_timeout(300)
    assert errors == []
    page.close()


def test_without_scripts_there_is_a_still(browser, files):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((files / "network.html").as_uri())
    assert page.is_visible("svg.net")
    assert "+" in page.locator("svg.net .parameter .grad").first.text_content() + "+"
    assert not page.is_visible(".controls")
    assert page.is_visible("noscript")
    context.close()


def test_print_shows_graph_and_charts(visit):
    p = visit("equations", color_scheme="light")
    p.click("#theme")
    paper = "getComputedStyle(document.querySelector('.picture')).backgroundColor"
    assert p.evaluate(paper) != "rgb(255, 255, 255)"
    p.emulate_media(media="print")
    assert p.evaluate(paper) == "rgb(255, 255, 255)"  # on paper never dark
    assert p.is_visible("svg.net") and p.is_visible("#loss")
    assert not p.is_visible(".controls")


def test_scrubbing_a_thousand_nodes(visit, record_property):
    """The median time of a frame's script, as a record: machines differ."""
    p = visit("thousand")
    nodes, median, least = p.evaluate("""async () => {
      const { model, goStep } = stepgradPlayer, times = [];
      document.getElementById("steps").dispatchEvent(new Event("pointerdown"));
      for (let k = 0; k < 30; k++) {
        const start = performance.now();
        goStep(k % model.frames.length);
        times.push(performance.now() - start);
        await new Promise(requestAnimationFrame);
      }
      return [model.segments[0].nodes.length, times.sort((a, b) => a - b)[15], times[0]];
    }""")
    record_property("scrub", json.dumps({"nodes": nodes, "median_ms": median, "least_ms": least}))
    print(f"\n{nodes} nodes: {median:.2f} ms a frame, at best {least:.2f} ms")  # noqa: T201
    assert nodes > 800
    assert median < 60  # some 3 ms where nothing else runs


SENTENCES = """() => stepgradPlayer.model.frames.map((_, i) => {
  stepgradPlayer.goStep(i);
  return document.getElementById("sentence").textContent;
})"""


def test_a_run_that_diverges_is_said_and_drawn(visit):
    """Losses that are not finite are marked, and break no path (the console is checked by every visit)."""
    p = visit("diverging")
    told = p.evaluate(SENTENCES)
    assert told[0].startswith("Step 1: the loss is 16. ")
    assert ", up from 16 at step 1" in told[1]
    losses = p.evaluate("stepgradPlayer.model.frames.map((f) => String(f.loss))")
    lost = [i for i, x in enumerate(losses) if x in ("Infinity", "NaN")]
    assert len(lost) > 5
    assert all(f"it was last finite at step {lost[0]}:" in told[i] for i in lost)
    assert p.locator("#loss .lost").get_attribute("d").count("M") == len(lost)
    assert p.text_content("#loss .lost-words") == f"not finite in {len(lost)} of 12 steps"
    assert "e" not in "".join(
        p.evaluate("[...document.querySelectorAll('.chart path')].map((x) => x.getAttribute('d'))")
    )
    assert "1e" in p.text_content("#path .axes")  # bounds of the finite part, not 0 to 1
    assert f"The loss is not finite in {len(lost)} of 12 steps" in p.text_content(".notes")


def test_small_changes_are_told_in_enough_digits(visit):
    p = visit("vanishing")
    told = p.evaluate(SENTENCES)
    assert "takes it from 0.5000000 to 0.4999965." in told[0]
    assert re.search(r", \S+e−\d+ lower than at step 1\.", told[1])
    for chart in ("#loss", "#path"):
        ticks = p.locator(f"{chart} .axes text:not(.axis)").all_text_contents()
        assert len(ticks) == len(set(ticks)) > 2
    assert p.text_content("#path .axes").count("loss −") == 1  # what the ticks leave out


def test_a_level_loss_is_said_and_not_painted(visit):
    p = visit("level")
    assert p.locator("#path .band").count() == 0 and "level: neither" in p.text_content("#path")
    p.select_option("#axis-y", "c")
    assert p.locator("#path .band").count() > 3 and "level" not in p.text_content("#path")


def test_no_percentage_across_a_change_of_sign(visit):
    told = visit("crosses").evaluate(SENTENCES)
    assert ", down from 54 at step 1." in told[1] and "%" not in "".join(told)


def test_pin_counts_only_gradients_that_are_there(visit):
    p = visit("network", "#step=20&pin=120&at=0")
    assert p.inner_text("#sentence").endswith("no gradient has been computed yet.")
    assert p.evaluate("stepgradPlayer.scene().flips.length") == p.locator("svg.net .flip").count() == 0
    for at in ("30", "45"):
        p.evaluate(f"stepgradPlayer.goInside({at})")
        assert p.evaluate("stepgradPlayer.scene().flips.length") == p.locator("svg.net .flip").count()


@pytest.mark.parametrize("fragment", ["", "#step=0", "#step=x"])
def test_it_opens_at_the_first_step(visit, fragment):
    p = visit("network", fragment)
    assert (p.inner_text("#at-step"), p.inner_text("#at-phase")) == ("1", "whole step")


def test_long_names_can_be_told_apart(visit):
    p = visit("neurons")
    for selector in (".node.parameter .name", "#axis-x option"):
        words = p.locator(selector).all_text_contents()
        assert len(words) == len(set(words)) == 9 and max(map(len, words)) <= 19
    assert p.locator("#axis-x option").first.get_attribute("title") == "layers.0.neurons.0.w.0"
    for box in p.locator("#axis-x, #axis-y").all():
        assert box.bounding_box()["width"] > 100
    titles = p.locator("#path .axis").all_text_contents()
    assert titles == ["layers.0…0.w.0", "layers.0…0.w.1"]


def test_vanishing_gradients_of_arrays_are_seen(visit):
    """The colour of an array is the norm of its gradient: the further from the loss, the paler."""
    p = visit("deep")
    fills = p.evaluate("""() => stepgradPlayer.model.segments[0].nodes.filter((n) => n.op === "linear").map((n) =>
      document.getElementById(`s0n${n.id}`).querySelector(".band").getAttribute("fill"))""")
    strengths = [int(re.fullmatch(r"var\(--norm(\d+)\)", fill)[1]) for fill in fills]
    assert len(strengths) == 9 and strengths == sorted(strengths) and strengths[-1] - strengths[0] > 50
    assert p.is_visible(".scale .norms")
    assert p.locator(".scale").nth(1).inner_text().startswith("∇ norm ")
    assert visit("network").locator(".scale").count() == 1


def test_axes_do_not_overlap(visit):
    for name in ("network", "diverging", "neurons"):
        p = visit(name)
        p.evaluate("stepgradPlayer.goStep(2)")
        for chart in ("#loss", "#path"):
            boxes = [t.bounding_box() for t in p.locator(f"{chart} .axes text").all() if t.text_content()]
            frame = p.locator(chart).bounding_box()
            for i, a in enumerate(boxes):
                assert a["x"] >= frame["x"] - 1 and a["x"] + a["width"] <= frame["x"] + frame["width"] + 1
                for b in boxes[:i]:
                    apart = max(a["x"] - b["x"] - b["width"], b["x"] - a["x"] - a["width"])
                    above = max(a["y"] - b["y"] - b["height"], b["y"] - a["y"] - a["height"])
                    assert apart >= -0.5 or above >= -1.5, (name, chart, a, b)


def test_the_number_of_a_what_if_is_seen_in_full(visit):
    p = visit("network", "#step=150&node=0")
    assert len(p.input_value("#what-if")) > 15
    assert p.evaluate("(e) => e.scrollWidth <= e.clientWidth", p.query_selector("#what-if"))
