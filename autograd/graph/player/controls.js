// Controls: where we are, how we move, and what else follows.

function start(model) {
  const { frames } = model;
  const phases = document.querySelectorAll("[data-phase]");
  const quiet = matchMedia("(prefers-reduced-motion: reduce)");
  const pictures = model.segments.map((s) => new Picture(s, heatOf(model.heat), heatOf(model.norms)));
  const state = { index: 0, at: 0, pin: null, node: null, whatIf: new Map(), playing: null };
  state.at = last(state.index);
  let scene = null, shown = null, timer = null, settling = null, dragging = false, looking = 0;

  function last(index) { return frames[index].segment.moments.length - 1; }
  const clamp = (x, most) => Math.min(most, Math.max(0, x));

  // --- drawing --------------------------------------------------------------------------------

  const showLoss = lossChart($("loss"), model, (i) => goStep(i));
  const candidates = model.parameters.filter((p) => model.segments.some((s) => s.updates[p] && !s.updates[p].array));
  let chart = null, chosen = candidates.slice(0, 2);
  const blocked = model.segments.map(obstacle);

  function remakePath() {
    $("path").replaceChildren();
    chart = chosen.length ? pathChart($("path"), model, chosen, (i) => goStep(i)) : null;
  }

  /** What the loss under the path is computed from: drawn at rest only, unless it never changes. */
  function ground() {
    const { segment, frame } = frames[state.index];
    if (chart.key && (state.playing === "steps" || dragging)) return null;
    if (blocked[segment.index] || segment.nodes[segment.root].array) return null;
    if (chosen.some((p) => !segment.updates[p]?.node)) return null;
    const held = segment.nodes.filter((n) => !n.op && !chosen.includes(n.parameter)).map((n) => n.value(frame));
    const key = `${segment.index}:${held.join()}`;
    return { key, segment, values: scene.values };
  }

  function drawPath() {
    if (!chart) return;
    const { segment, frame } = frames[state.index];
    const here = chosen.map((p) => {
      const u = segment.updates[p];
      if (!u) return NaN;
      if (u.node && scene.whatIf?.has(u.node.id)) return scene.whatIf.get(u.node.id);
      const done = scene.moment.phase === "update" && scene.moment.nth > Object.keys(segment.updates).indexOf(p);
      return (done ? u.after : u.before)(frame);
    });
    const node = segment.updates[chosen[0]]?.node;
    const under = ground();
    const held = segment.nodes.filter((n) => n.parameter).length > chosen.length;
    $("path-note").textContent = chart.key === "plain" && !under ? "" : held ? "loss around this step" : "over the loss";
    chart.show(state.index, state.pin, under, here, node && scene.full.reached[node.id] ? scene.full.g[node.id] : NaN);
  }

  function render() {
    const { segment, step, loss } = frames[state.index];
    scene = sceneOf(model, state);
    const picture = pictures[segment.index];
    pictures.forEach((p) => { p.svg.toggleAttribute("hidden", p !== picture); });
    if (picture !== shown) { shown = picture; picture.look(); rove(state.node ?? segment.root); }
    picture.draw(scene, state.node);
    const steps = $("steps"), inside = $("inside");
    steps.value = state.index;
    steps.setAttribute("aria-valuetext", `step ${step} of ${model.seen}, loss ${short(loss)}`);
    inside.max = last(state.index);
    inside.value = state.at;
    const { phase, nth, of } = scene.moment;
    const where = phase === "whole" ? "whole step" : `${phase} ${nth}/${of}`;
    inside.setAttribute("aria-valuetext", where);
    $("at-step").textContent = `${step}`;
    $("at-phase").textContent = where;
    $("at-loss").textContent = scene.root.array ? "\u2013" : short(scene.whatIf ? scene.loss : loss);
    const parts = {};
    segment.moments.forEach((m, i) => { parts[m.phase] ??= i; });
    for (const [key, at] of [["--b", parts.backward], ["--u", parts.update ?? parts.whole]]) inside.style.setProperty(key, at / (last(state.index) || 1));
    for (const slider of [steps, inside]) slider.style.setProperty("--done", `${(100 * slider.value) / (slider.max || 1)}%`);
    phases.forEach((b) => b.setAttribute("aria-pressed", b.dataset.phase === phase));
    showLoss(state.index, state.pin, scene.whatIf ? scene.loss : undefined);
    drawPath();
    const still = !state.playing;
    $("sentence").setAttribute("aria-live", still ? "polite" : "off");
    $("sentence").replaceChildren(...wordsOf(story(model, scene)));
    clearTimeout(settling);
    if (still) settling = setTimeout(settle, 120);
  }

  /** What may come a moment later: labels, the table, the address. */
  function settle() {
    pictures[scene.segment.index].label(scene);
    drawPath();
    if ($("numbers").open) showTable();
    inspect();
    const parts = [`step=${frames[state.index].step}`];
    if (frames[state.index].part) parts.push(`part=${frames[state.index].part}`);
    if (!scene.whole) parts.push(`at=${state.at}`);
    if (state.pin !== null) parts.push(`pin=${frames[state.pin].step}`);
    if (state.node !== null) parts.push(`node=${state.node}`);
    try { history.replaceState(null, "", `#${parts.join("&")}`); } catch { /* a sandboxed frame has no address */ }
  }

  function showTable() {
    document.querySelectorAll("#numbers tbody").forEach((body, i) => body.toggleAttribute("hidden", i !== scene.segment.index));
    fillTable(scene, shown);
  }

  // --- moving ---------------------------------------------------------------------------------

  function goStep(index, at = null) {
    const whole = state.at === last(state.index);
    const before = frames[state.index].segment;
    state.index = clamp(index, frames.length - 1);
    const after = frames[state.index].segment;
    if (after !== before) state.node = null;
    state.at = at ?? (whole || after !== before ? last(state.index) : state.at);
    state.whatIf.clear();
    render();
  }

  function goInside(at) {
    state.at = clamp(at, last(state.index));
    render();
    if (!quiet.matches || !state.playing) follow();
  }

  /** Keep the node of this moment in sight where the picture is larger than its frame. */
  function follow() {
    const node = scene.moment.node;
    if (!node) return;
    const frame = $("graph"), box = pictures[scene.segment.index].cards[node.id].g.getBoundingClientRect();
    const view = frame.getBoundingClientRect();
    if (box.left < view.left + 20 || box.right > view.right - 20) frame.scrollLeft += box.left + box.width / 2 - view.left - view.width / 2;
    if (box.top < view.top || box.bottom > view.bottom) frame.scrollTop += box.top + box.height / 2 - view.top - view.height / 2;
  }

  function play(what) {
    clearInterval(timer);
    if (what && what === state.playing) what = null;
    state.playing = what;
    for (const [key, button] of [["steps", $("play")], ["inside", $("walk")]]) {
      const on = what === key;
      button.classList.toggle("on", on);
      button.setAttribute("aria-label", on ? "Pause" : button.dataset.label);
      button.title = on ? "Pause (Space)" : button.dataset.title;
    }
    if (!what) { render(); return; }
    if (what === "steps" && state.index === frames.length - 1) goStep(0);
    if (what === "inside" && state.at === last(state.index)) goInside(0);
    render();
    const pace = Number($("pace").value);
    const wait = what === "steps" ? Math.min(400, Math.max(60, 15000 / frames.length)) : 1500;
    timer = setInterval(() => {
      if (what === "steps" ? state.index >= frames.length - 1 : state.at >= last(state.index)) return play(null);
      return what === "steps" ? goStep(state.index + 1) : goInside(state.at + 1);
    }, wait / pace);
  }

  function pinHere() {
    state.pin = state.pin === state.index ? null : state.index;
    showPin();
    render();
  }

  function swap() {
    if (state.pin === null) return;
    const other = state.pin;
    state.pin = state.index;
    goStep(other);
    showPin();
  }

  function showPin() {
    const on = state.pin !== null;
    $("pin").setAttribute("aria-pressed", on);
    $("pin").querySelector("span").textContent = on ? `Pinned: step ${frames[state.pin].step}` : "Pin this step";
    $("swap").hidden = $("unpin").hidden = !on;
  }

  // --- one node -------------------------------------------------------------------------------

  function select(id) {
    state.node = id;
    rove(id ?? scene.segment.root);
    render();
    inspect();
  }

  function rove(id) {
    shown.cards.forEach((card, i) => card.g.setAttribute("tabindex", i === id ? 0 : -1));
  }

  function inspect() {
    const box = $("node");
    const n = state.node === null ? null : scene.segment.nodes[state.node];
    $("node-hint").hidden = n !== null;
    box.hidden = n === null;
    if (!n) return;
    const picture = pictures[scene.segment.index];
    $("node-name").textContent = n.symbol;
    $("node-kind").textContent = [n.parameter ? "parameter" : n.op ? `result of ${n.op}` : n.role, n.module, n.dtype ?? "float64"].filter(Boolean).join(" \u00b7 ");
    $("node-rows").replaceChildren(...rowsOf(n).flatMap(([key, x]) => [element("dt", {}, ...wordsOf([key].flat())), element("dd", {}, ...wordsOf([x].flat()))]));
    const field = $("what-if"), reason = whyNot(n);
    $("edit").hidden = reason === null;
    $("what-if-fields").hidden = Boolean(reason);
    $("why-not").textContent = reason ?? "";
    if (reason === "") {
      const x = scene.values[n.id];
      if (document.activeElement !== field) field.value = String(x);
      const slide = $("what-if-slide");
      if (document.activeElement !== slide) {
        const center = n.value(scene.frame), reach = Math.max(1, 2 * Math.abs(center));
        [slide.min, slide.max, slide.step] = [center - reach, center + reach, reach / 200];
        slide.value = x;
      }
    }
    $("reset").hidden = !scene.whatIf;
    picture.svg.setAttribute("aria-describedby", "sentence");
  }

  /** null: not a leaf; "": it can be changed; else why it cannot. */
  function whyNot(n) {
    if (n.op) return null;
    const why = blocked[scene.segment.index];
    return why ? `Changing it by hand is off: ${why}.` : "";
  }

  function rowsOf(n) {
    const { segment, frame, full, root } = scene;
    if (n.array) {
      const rows = [];
      for (const [title, s] of [["value", n.summary?.(frame)], ["gradient", shown.arrived(n, scene)]]) {
        if (!s) continue;
        rows.push([title, `norm ${short(s.norm, 5)}`], ["mean \u00b1 std", `${short(s.mean)} \u00b1 ${short(s.std)}`],
          ["from \u2026 to", `${short(s.min)} \u2026 ${short(s.max)}`], ["zeros", `${s.zeros}${s.nans ? `, NaN ${s.nans}` : ""}${s.infs ? `, infinite ${s.infs}` : ""}`]);
      }
      return [["shape", n.shape.join(" \u00d7 ")], ...rows];
    }
    const rows = [["value", scene.computed(n) ? exact(scene.values[n.id]) : "not computed yet"]];
    const g = scene.gradient(n);
    if (g !== null || n.role !== "constant") rows.push([["gradient"], g === null ? "none yet" : exact(g)]);
    if (g !== null) {
      segment.visits.forEach(({ edge }, k) => {
        if (edge.source !== n.id || k >= scene.seen) return;
        const to = segment.nodes[edge.target];
        if (to.array) rows.push([["by ", name(to)], { code: edge.formula || "g" }]);
        else rows.push([["by ", name(to)], [grad(full.g[to.id]), " \u00d7 ", num(scene.locals(edge)), " = ", grad(full.contributions[k])]]);
      });
      if (n.id === root.id) rows.push(["", "where backward starts"]);
    }
    const u = segment.updates[n.parameter];
    if (u && !scene.whatIf && !Number.isNaN(u.before(frame)) && !u.array) {
      rows.push(["update", moved(u.before(frame), u.after(frame))]);
      if (!Number.isNaN(u.lr(frame))) rows.push(["lr", short(u.lr(frame))]);
      for (const [key, column] of u.state) if (!Number.isNaN(column(frame))) rows.push([key, short(column(frame))]);
    }
    return rows;
  }

  function change(x) {
    if (!Number.isFinite(x) || state.node === null || whyNot(scene.segment.nodes[state.node]) !== "") return;
    if (Object.is(x, scene.segment.nodes[state.node].value(scene.frame))) state.whatIf.delete(state.node);
    else state.whatIf.set(state.node, x);
    render();
  }

  // --- keys and pointers ------------------------------------------------------------------------

  /** The neighbour of a node: left and right along edges, up and down by place. */
  function neighbour(id, key) {
    const { nodes, edges } = scene.segment;
    const { cards } = pictures[scene.segment.index];
    if (key === "ArrowLeft" && nodes[id].ins.length) return edges[nodes[id].ins[0]].source;
    if (key === "ArrowRight" && nodes[id].outs.length) return edges[nodes[id].outs[0]].target;
    if (key === "Home") return 0;
    if (key === "End") return scene.segment.root;
    const box = (i) => cards[i].g.getBoundingClientRect();
    const here = box(id), sense = key === "ArrowUp" ? -1 : 1;
    let best = id, least = Infinity;
    for (const n of nodes) {
      const there = box(n.id);
      const dy = (there.top - here.top) * sense, dx = Math.abs(there.left - here.left);
      if ((key === "ArrowUp" || key === "ArrowDown") && dy > 1 && dy + 3 * dx < least) [best, least] = [n.id, dy + 3 * dx];
    }
    return best;
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { target, key } = event;
    const typing = target.matches("input[type=number], select");
    const slider = target.matches("input[type=range]");
    const card = target.closest(".node");
    if (typing && key !== "Escape") return;
    let done = true;
    if (key === " " && !target.matches("button, summary, a")) {
      if (card && state.node !== Number(card.dataset.n)) select(Number(card.dataset.n));
      else play(state.playing ?? (target.id === "inside" || !scene.whole ? "inside" : "steps"));
      if (state.playing && card) rove(Number(card.dataset.n));
    } else if (key === ",") goInside(state.at - 1);
    else if (key === ".") goInside(state.at + 1);
    else if (key === "[") pinHere();
    else if (key === "]") swap();
    else if (key === "Escape") { if (state.playing) play(null); state.whatIf.clear(); select(null); }
    else if (card && (/^Arrow/.test(key) || key === "Home" || key === "End")) {
      const next = neighbour(Number(card.dataset.n), key);
      rove(next);
      pictures[scene.segment.index].cards[next].g.focus();
    } else if (card && key === "Enter") select(Number(card.dataset.n));
    else if (!slider && key === "ArrowLeft") goStep(state.index - 1);
    else if (!slider && key === "ArrowRight") goStep(state.index + 1);
    else if (!slider && key === "Home") goStep(0);
    else if (!slider && key === "End") goStep(frames.length - 1);
    else done = false;
    if (done) event.preventDefault();
  }

  /** Light up what a thing in the text or the table stands for. */
  function point(event) {
    const id = event.target.closest?.("[data-n]")?.dataset.n;
    document.querySelectorAll(".pointed").forEach((x) => x.classList.remove("pointed"));
    if (id === undefined) return;
    const s = scene.segment.index;
    pictures[s].svg.querySelector(`#s${s}n${id} .card`)?.classList.add("pointed");
    $(`s${s}r${id}`)?.classList.add("pointed");
  }

  $("steps").max = frames.length - 1;
  $("steps").addEventListener("input", (e) => { if (state.playing) play(null); goStep(Number(e.target.value)); });
  $("inside").addEventListener("input", (e) => { if (state.playing) play(null); goInside(Number(e.target.value)); });
  for (const id of ["steps", "inside", "loss", "path"]) {
    $(id).addEventListener("pointerdown", () => { dragging = true; });
  }
  addEventListener("pointerup", () => { if (dragging) { dragging = false; render(); } });
  const buttons = {
    play: () => play("steps"), walk: () => play("inside"),
    first: () => goStep(0), back: () => goStep(state.index - 1), next: () => goStep(state.index + 1), end: () => goStep(frames.length - 1),
    earlier: () => goInside(state.at - 1), later: () => goInside(state.at + 1),
    pin: pinHere, swap, unpin: () => { state.pin = null; showPin(); render(); $("pin").focus(); },
    close: () => select(null), reset: () => { state.whatIf.clear(); render(); inspect(); },
    theme: () => setTheme(nextTheme()), fit: () => setFit($("fit").getAttribute("aria-pressed") !== "true"),
  };
  for (const [id, action] of Object.entries(buttons)) $(id).addEventListener("click", action);
  phases.forEach((b) => b.addEventListener("click", () => {
    const found = scene.segment.moments.findIndex((m) => m.phase === b.dataset.phase);
    if (found >= 0) goInside(found);
  }));
  $("pace").addEventListener("change", () => { const what = state.playing; if (what) { play(null); play(what); } });
  $("numbers").addEventListener("toggle", () => { if ($("numbers").open) showTable(); });
  $("what-if").addEventListener("input", (e) => { if (e.target.value !== "") change(Number(e.target.value)); });
  $("what-if-slide").addEventListener("input", (e) => change(Number(e.target.value)));
  $("graph").addEventListener("click", (e) => {
    const card = e.target.closest(".node");
    if (card) { select(Number(card.dataset.n)); card.focus({ preventScroll: true }); }
  });
  $("graph").addEventListener("scroll", lookAgain, { passive: true });
  addEventListener("resize", lookAgain);
  $("player").addEventListener("keydown", onKey);
  $("player").addEventListener("pointerover", point);
  $("player").addEventListener("focusin", point);

  // --- looks ------------------------------------------------------------------------------------

  function nextTheme() {
    const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    return dark === "dark" ? "light" : "dark";
  }
  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    $("theme").setAttribute("aria-pressed", theme === "dark");
    try { localStorage.setItem("stepgrad-theme", theme); } catch { /* a sandboxed frame keeps nothing */ }
  }
  function setFit(on) {
    $("fit").setAttribute("aria-pressed", on);
    $("graph").classList.toggle("fitted", on);
    if (shown) lookAgain();
  }
  function lookAgain() {
    cancelAnimationFrame(looking);
    looking = requestAnimationFrame(() => {
      shown.look();
      shown.draw(scene, state.node);
    });
  }

  // --- beginning --------------------------------------------------------------------------------

  if (innerWidth && innerWidth <= 560) setFit(false); // 0: a frame that is not laid out yet
  let kept = null;
  try { kept = localStorage.getItem("stepgrad-theme"); } catch { /* as above */ }
  if (kept === "light" || kept === "dark") setTheme(kept);

  function readHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    const find = (step, part = 0) => frames.findIndex((f) => f.step === Number(step) && f.part === Number(part));
    if (given.has("step")) {
      const found = find(given.get("step"), given.get("part") ?? 0);
      if (found >= 0) state.index = found;
      state.at = last(state.index);
    }
    if (given.has("at") && /^\d+$/.test(given.get("at"))) state.at = clamp(Number(given.get("at")), last(state.index));
    const pinned = given.has("pin") ? find(given.get("pin")) : -1;
    if (pinned >= 0) state.pin = pinned;
    const node = Number(given.get("node") ?? NaN);
    if (frames[state.index].segment.nodes[node]) state.node = node;
  }
  readHash();
  addEventListener("hashchange", () => { readHash(); render(); });

  for (const [i, id] of ["axis-x", "axis-y"].entries()) {
    const menu = $(id);
    menu.append(...candidates.map((p) => element("option", { value: p, title: p }, model.brief(p))));
    menu.value = chosen[i] ?? "";
    menu.addEventListener("change", () => {
      chosen = [$("axis-x").value, $("axis-y").value];
      remakePath();
      render();
    });
  }
  $("axes").hidden = candidates.length < 3;
  $("path-figure").hidden = !candidates.length;
  remakePath();
  $("player").classList.add("live");
  showPin();
  render();
  inspect();
  follow();
  return { state, goStep, goInside, scene: () => scene };
}

const model = unpack(JSON.parse($("recording").textContent));
const player = start(model);
window.stepgradPlayer = { model, ...player, backward, evaluate, valuesOf, obstacle, short, story }; // for scripts and tests
