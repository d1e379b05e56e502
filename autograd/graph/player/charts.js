// Charts: the loss over the steps, and the way of the parameters; both can be clicked.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, x] of Object.entries(attributes)) element.setAttribute(key, x);
  element.append(...children);
  return element;
}

const WIDE = 320, HIGH = 172, LEFT = 46, RIGHT = 12, TOP = 16, BOTTOM = 31;

/** Numbers to places and back, in proportion or by magnitude. */
function scale(low, high, from, to, log = false) {
  const f = log ? Math.log10 : (x) => x;
  const [a, b] = [f(low), f(high)];
  const span = b - a || 1;
  const there = (x) => from + ((f(x) - a) / span) * (to - from);
  there.back = (p) => a + ((p - from) / (to - from)) * span;
  return there;
}

const across = (low, high) => scale(low, high, LEFT, WIDE - RIGHT);
const upwards = (low, high, log) => scale(low, high, HIGH - BOTTOM, TOP, log);

function range(numbers, margin = 0.06) {
  const finite = numbers.filter((x) => Math.abs(x) < 1e300); // beyond it differences are infinite
  if (!finite.length) return [0, 1];
  let [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) * 0.5, high + (Math.abs(high) || 1) * 0.5];
  const room = (high - low) * margin;
  return [low - room, high + room];
}

/** Lines and words along two sides; `names` stand below and above, with what the ticks leave out. */
function axes(svg, x, y, xs, ys, names = ["", ""], lines = true) {
  const g = make("g", { class: "axes" });
  const [across, up] = [tickWords(xs), tickWords(ys)];
  ys.forEach((t, i) => {
    if (lines) g.append(make("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(t), y2: y(t) }));
    g.append(fit(make("text", { x: LEFT - 6, y: y(t) + 3.5, "text-anchor": "end" }, up.words[i]), LEFT - 8));
  });
  xs.forEach((t, i) => {
    const anchor = i === 0 ? "start" : i === xs.length - 1 ? "end" : "middle";
    g.append(make("text", { x: x(t), y: HIGH - BOTTOM + 13, "text-anchor": anchor }, across.words[i]));
  });
  g.append(fit(make("text", { class: "axis", x: (LEFT + WIDE - RIGHT) / 2, y: HIGH - 4, "text-anchor": "middle" }, names[0] + across.base), 250));
  g.append(fit(make("text", { class: "axis", x: LEFT, y: TOP - 6 }, up.base ? (names[1] || "loss") + up.base : names[1]), 250));
  svg.append(g);
}

/** A text squeezed into a width. */
function fit(text, most) {
  if (text.textContent.length * 6 > most) { // about as wide as a digit
    text.setAttribute("textLength", most);
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
  return text;
}

/** Words for ticks, in as many digits as tell them apart; beyond six, what they are above the first. */
function tickWords(ts) {
  let base = "", digits = 3;
  while (digits < 7 && new Set(ts.map((t) => tick(t, digits))).size < new Set(ts).size) digits++;
  if (digits > 6) {
    base = ` \u2212 ${exact(ts[0])}`;
    ts = ts.map((t) => t - ts[0]);
    digits = 2;
  }
  return { base, words: ts.map((t) => tick(t, digits)) };
}

const tick = (x, digits) => short(Number(x.toPrecision(digits)), digits).replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");

/** Round numbers between two bounds. */
function ticks(low, high, most) {
  const raw = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= raw);
  const found = [];
  for (let i = 0; i <= 2 * most + 2; i++) { // counted: adding a small step to a large number may not move it
    const t = (Math.ceil(low / step) + i) * step;
    if (t <= high + step * 1e-9) found.push(t);
  }
  return found;
}

function powers(low, high) {
  const found = [];
  for (let e = Math.ceil(Math.log10(low)); e <= Math.log10(high); e++) found.push(10 ** e);
  const every = Math.ceil(found.length / 4);
  return found.length < 2 ? ticks(low, high, 3).filter((t) => t > 0) : found.filter((_, i) => i % every === 0);
}

/** A line through points; it is interrupted where there is no number. */
function line(points) {
  let pen = "M", d = "";
  for (const [x, y] of points) {
    if (!Number.isFinite(x + y)) pen = "M";
    else {
      d += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    }
  }
  return d;
}

/** The loss of every step; on a log axis as long as all are above zero.  Steps without a finite loss are marked. */
function lossChart(svg, model, go) {
  const frames = model.frames;
  const losses = model.curve.map(([, y]) => y).filter(Number.isFinite);
  const [least, most] = [Math.min(...losses), Math.max(...losses)];
  const log = losses.length > 0 && least > 0 && most / least > 3;
  const [low, high] = log ? [least / 1.15, Math.min(most * 1.15, 1e308)] : range(losses);
  const last = Math.max(2, frames[frames.length - 1].step, ...model.curve.slice(-1).map(([step]) => step));
  const x = across(1, last);
  const y = upwards(low, high, log);
  const floor = HIGH - BOTTOM;
  axes(svg, x, y, [1, last], log ? powers(low, high) : ticks(low, high, 3));
  const points = model.curve.map(([step, loss]) => [x(step), Number.isFinite(loss) ? y(loss) : NaN]);
  const good = points.filter(([, y]) => y === y);
  if (good.length) {
    const [[x0], [x1]] = [good[0], good[good.length - 1]];
    svg.append(make("path", { class: "area", d: `${line([[x0, floor], ...good, [x1, floor]])}Z` }));
    svg.append(make("path", { class: "curve", d: line(points) }));
  }
  const lost = points.filter(([, y]) => y !== y);
  if (lost.length) {
    svg.append(make("path", { class: "lost", d: lost.map(([x]) => `M${(x - 2.5).toFixed(1)} ${TOP + 2}l5 5m0-5l-5 5`).join("") }));
    const end = lost[0][0] > WIDE / 2;
    const at = { class: "lost-words", x: end ? WIDE - RIGHT : lost[0][0], y: TOP + 21, "text-anchor": end ? "end" : "start" };
    svg.append(make("text", at, `not finite in ${lost.length} of ${points.length}${points.length < model.seen ? " shown" : ""} steps`));
  }
  const rule = make("line", { class: "rule", y1: TOP, y2: HIGH - BOTTOM });
  const pin = make("path", { class: "pin", d: "M-6-15H6L0-5Z" });
  const dot = make("circle", { class: "dot", r: 5 });
  svg.append(rule, pin, dot);
  const place = (frame) => [x(frame.step), Number.isFinite(frame.loss) ? y(frame.loss) : TOP + 4.5];
  pick(svg, (px) => {
    const step = x.back(px);
    let best = 0;
    frames.forEach((f, i) => { if (Math.abs(f.step - step) < Math.abs(frames[best].step - step)) best = i; });
    go(best);
  });
  return (index, pinned, loss) => {
    const [cx, cy] = place(loss === undefined ? frames[index] : { ...frames[index], loss: Math.min(high, Math.max(low, loss)) });
    rule.setAttribute("x1", cx);
    rule.setAttribute("x2", cx);
    dot.setAttribute("cx", cx);
    dot.setAttribute("cy", cy);
    pin.setAttribute("visibility", pinned === null ? "hidden" : "visible");
    if (pinned !== null) pin.setAttribute("transform", `translate(${place(frames[pinned])})`);
  };
}

/** Call `then` with the place inside the chart, while the pointer is down. */
function pick(svg, then) {
  const at = (event) => {
    const box = svg.getBoundingClientRect();
    then(((event.clientX - box.left) / box.width) * WIDE, ((event.clientY - box.top) / box.height) * HIGH);
  };
  svg.addEventListener("pointerdown", (event) => {
    try { svg.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
    at(event);
  });
  svg.addEventListener("pointermove", (event) => { if (event.buttons) at(event); });
}

/** The way of one or two parameters; with the loss under it where this page can compute the graph. */
function pathChart(svg, model, names, go) {
  const trail = model.frames.map((f) => names.map((n) => f.segment.updates[n]?.before(f.frame) ?? NaN));
  const end = names.map((n) => {
    const f = model.frames[model.frames.length - 1];
    return f.segment.updates[n]?.after(f.frame) ?? NaN;
  });
  // a run that has left the finite numbers has no place in the picture: only what came before it sets the bounds
  const finite = (p) => p.every((x) => Math.abs(x) < 1e300);
  const lost = (f) => !f.segment.nodes[f.segment.root].array && !Number.isFinite(f.loss);
  const all = [...trail, end].filter((p, i) => finite(p) && !lost(model.frames[Math.min(i, trail.length - 1)]));
  const [xl, xh] = range(all.map((p) => p[0]), 0.14);
  const [yl, yh] = names.length > 1 ? range(all.map((p) => p[1]), 0.14) : [0, 1];
  const x = across(xl, xh);
  const titles = [model.brief(names[0]), names.length > 1 ? model.brief(names[1]) : ""];
  const chart = { key: null };
  const under = make("g");
  svg.append(under);
  let y = upwards(yl, yh);
  const over = make("g");
  svg.append(over);
  const dot = make("circle", { class: "dot", r: 5 });
  const ring = make("circle", { class: "pinned", r: 6 });
  const slopeLine = make("line", { class: "slope" });
  svg.append(slopeLine, ring, dot);

  function drawTrail(place) {
    const good = all.map(place).filter(finite);
    over.replaceChildren();
    if (!good.length) return;
    over.append(make("path", { class: "trail", d: line(good) }));
    const every = Math.ceil(good.length / 24);
    good.forEach(([px, py], i) => { if (i % every === 0) over.append(make("circle", { class: "crumb", cx: px, cy: py, r: 1.6 })); });
    const [ex, ey] = good[good.length - 1];
    over.append(make("circle", { class: "start", cx: good[0][0], cy: good[0][1], r: 3.5 }));
    if (!lost(model.frames[trail.length - 1])) over.append(make("path", { class: "finish", d: `M${(ex - 3.5).toFixed(1)} ${(ey - 3.5).toFixed(1)}h7v7h-7Z` }));
  }

  function setMarks(cx, cy, pinned) {
    const known = finite([cx, cy]);
    dot.setAttribute("visibility", known ? "visible" : "hidden");
    if (known) { // a what-if may lie outside
      dot.setAttribute("cx", Math.min(WIDE - RIGHT, Math.max(LEFT, cx)));
      dot.setAttribute("cy", Math.min(HIGH - BOTTOM, Math.max(TOP, cy)));
    }
    const marked = pinned !== null && finite(pinned);
    ring.setAttribute("visibility", marked ? "visible" : "hidden");
    if (marked) { ring.setAttribute("cx", pinned[0]); ring.setAttribute("cy", pinned[1]); }
  }

  /** The loss along one parameter, others as in this frame: a curve and its tangent. */
  function drawCurve(segment, values, ids) {
    const point = Float64Array.from(values);
    const loss = lossOf(segment, point);
    const xs = Array.from({ length: 97 }, (_, i) => xl + ((xh - xl) * i) / 96);
    const ys = xs.map((t) => { point[ids[0]] = t; return loss(); });
    const met = [...ys, ...all.map(([t]) => { point[ids[0]] = t; return loss(); })].filter((t) => Math.abs(t) < 1e300);
    chart.log = Math.min(...met) > 0 && Math.max(...met) > 1e6 * Math.min(...met);
    const [low, high] = chart.log ? [Math.min(...met) / 2, 2 * Math.max(...met)] : range(met);
    y = upwards(low, high, chart.log);
    under.replaceChildren();
    axes(under, x, y, ticks(xl, xh, 4), chart.log ? powers(low, high) : ticks(low, high, 3), [titles[0], "loss"]);
    under.append(make("path", { class: "curve quiet", d: line(xs.map((t, i) => [x(t), y(ys[i])])) }));
    chart.loss = (t) => { point[ids[0]] = t; return loss(); };
    drawTrail(([t]) => [x(t), y(chart.loss(t))]);
  }

  /** The loss over two parameters as bands of equal factors, darker where it is lower. */
  function drawContours(segment, values, ids) {
    const n = 72, m = Math.round((n * (HIGH - TOP - BOTTOM)) / (WIDE - LEFT - RIGHT));
    const point = Float64Array.from(values);
    const loss = lossOf(segment, point);
    const z = new Float64Array(n * m);
    for (let j = 0; j < m; j++) {
      point[ids[1]] = yh - ((yh - yl) * j) / (m - 1);
      for (let i = 0; i < n; i++) {
        point[ids[0]] = xl + ((xh - xl) * i) / (n - 1);
        z[j * n + i] = loss();
      }
    }
    under.replaceChildren();
    const finite = z.filter(Number.isFinite);
    const low = finite.reduce((a, b) => Math.min(a, b), Infinity), high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
    const levels = high > low ? levelsOf(low, high, 11) : [];
    if (high === low) under.append(make("text", { x: LEFT + 6, y: TOP + 13 }, "level: neither changes the loss of this step"));
    levels.forEach((level, i) => {
      const d = below(z, n, m, level, (i, j) => [LEFT + (i * (WIDE - RIGHT - LEFT)) / (n - 1), TOP + (j * (HIGH - BOTTOM - TOP)) / (m - 1)]);
      const band = make("path", { class: "band", d });
      band.style.setProperty("--depth", `${8 + (70 * i) / levels.length}%`);
      under.append(band);
    });
    under.append(make("rect", { class: "frame", x: LEFT, y: TOP, width: WIDE - LEFT - RIGHT, height: HIGH - TOP - BOTTOM }));
    axes(under, x, y, ticks(xl, xh, 4), ticks(yl, yh, 3), titles, false);
  }

  function drawPlain() {
    under.replaceChildren();
    axes(under, x, y, ticks(xl, xh, 4), names.length > 1 ? ticks(yl, yh, 3) : [], titles);
  }

  pick(svg, (px, py) => {
    let best = -1, least = Infinity;
    trail.forEach((p, i) => {
      const cy = names.length > 1 ? y(p[1]) : py;
      const distance = (x(p[0]) - px) ** 2 + (cy - py) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    if (best >= 0) go(best);
  });

  if (names.length > 1) drawTrail(([a, b]) => [x(a), y(b)]);
  /** Show a frame; `ground` (segment, values) is what the loss is computed from, or null to leave it as it is. */
  chart.show = (index, pinned, ground, here, slopeHere) => {
    if (ground && ground.key !== chart.key) {
      chart.key = ground.key;
      const ids = names.map((n) => ground.segment.updates[n].node.id);
      if (names.length > 1) drawContours(ground.segment, ground.values, ids);
      else drawCurve(ground.segment, ground.values, ids);
    } else if (!chart.key && !ground) {
      chart.key = "plain";
      drawPlain();
      if (names.length < 2) drawTrail(([t]) => [x(t), (TOP + HIGH - BOTTOM) / 2]);
    }
    const place = ([a, b]) => [x(a), names.length > 1 ? y(b) : chart.loss ? y(chart.loss(a)) : (TOP + HIGH - BOTTOM) / 2];
    const [cx, cy] = place(here);
    setMarks(cx, cy, pinned === null ? null : place(trail[pinned]));
    const tangent = names.length === 1 && chart.loss && Number.isFinite(slopeHere + cx + cy);
    slopeLine.setAttribute("visibility", tangent ? "visible" : "hidden");
    if (tangent) {
      const part = chart.log ? 1e-6 * Math.abs(chart.loss(here[0]) / slopeHere || 1) : xh - xl; // on a log axis it is straight in the small alone
      const rise = y(chart.loss(here[0]) + slopeHere * part) - cy, run = (part / (xh - xl)) * (WIDE - RIGHT - LEFT);
      const length = Math.hypot(run, rise) || 1; // inside the frame, if that leaves something to see
      const size = Math.max(9 / length, Math.min(46 / length, Math.min(cy - TOP, HIGH - BOTTOM - cy) / (Math.abs(rise) || 1e-9)));
      for (const [key, v] of [["x1", cx - run * size], ["x2", cx + run * size], ["y1", cy - rise * size], ["y2", cy + rise * size]]) slopeLine.setAttribute(key, v);
    }
  };
  return chart;
}

/** Levels from high to low, in equal factors if the loss stays above zero. */
function levelsOf(low, high, count) {
  const log = low > 0 || (low >= 0 && high > 0);
  const floor = log ? Math.max(low, high * 1e-6) : low;
  return Array.from({ length: count }, (_, i) => {
    const t = 1 - i / count;
    return log ? floor * (high / floor) ** t : low + (high - low) * t;
  });
}

/** The region below a level as an SVG path: marching squares, each cell clipped on its own. */
function below(z, n, m, level, place) {
  const parts = [];
  for (let j = 0; j + 1 < m; j++) {
    let run = -1; // cells that are below as a whole are joined into one rectangle per row
    for (let i = 0; i + 1 <= n; i++) {
      const corners = i + 1 < n ? [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]] : [];
      const heights = corners.map(([a, b]) => z[b * n + a]);
      const inside = heights.filter((h) => h <= level).length;
      if (inside === 4) { if (run < 0) run = i; continue; }
      if (run >= 0) {
        const [a, b] = place(run, j), [c, d] = place(i, j + 1);
        parts.push(`M${a.toFixed(1)} ${b.toFixed(1)}H${c.toFixed(1)}V${d.toFixed(1)}H${a.toFixed(1)}Z`);
        run = -1;
      }
      if (!inside) continue;
      const points = [];
      for (let c = 0; c < 4; c++) {
        const [p, q] = [corners[c], corners[(c + 1) % 4]];
        const [hp, hq] = [heights[c], heights[(c + 1) % 4]];
        if (hp <= level) points.push(place(...p));
        if (hp <= level !== hq <= level) {
          const t = !Number.isFinite(hq) ? 0 : !Number.isFinite(hp) ? 1 : (level - hp) / (hq - hp);
          points.push(place(p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])));
        }
      }
      parts.push(line(points) + "Z");
    }
  }
  return parts.join("");
}
