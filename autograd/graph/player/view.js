// View: from a moment to ink.  The markup is there already; only what changed is written.

const $ = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, x] of Object.entries(attributes)) made.setAttribute(key, x);
  made.append(...children);
  return made;
}

/** Gradients to -1 ... 1, by magnitude, the same for all steps: else a colour would change its meaning. */
function heatOf([least, most]) {
  const low = Math.log10(least), span = Math.log10(most) - low || 1;
  return (g) => {
    if (!(Math.abs(g) > 0)) return 0;
    const t = (Math.log10(Math.abs(g)) - low) / span;
    return Math.sign(g) * Math.min(1, Math.max(0.08, 0.08 + 0.92 * t));
  };
}

/** What the picture shows at a moment: values, gradients, and what is new. */
function sceneOf(model, { index, at, pin, whatIf }) {
  const { segment, frame } = model.frames[index];
  const moment = segment.moments[at];
  const { phase } = moment;
  let values = valuesOf(segment, frame), locals = null;
  if (whatIf?.size) {
    values = values.slice();
    for (const [id, x] of whatIf) values[id] = x;
    locals = evaluate(segment, values);
  }
  const full = backward(segment, frame, undefined, locals);
  const seen = phase === "forward" ? -1 : phase === "backward" ? moment.seen : segment.visits.length;
  const partial = seen < 0 ? null : seen === segment.visits.length ? full : backward(segment, frame, seen, locals);
  const scene = {
    index, frame, segment, moment, at, values, full, seen, root: segment.nodes[segment.root],
    whole: phase === "whole", frames: model.frames, whatIf: whatIf?.size ? whatIf : null,
    computed: (n) => phase !== "forward" || !n.op || n.id <= moment.node.id,
    gradient: (n) => (partial && partial.reached[n.id] ? partial.g[n.id] : null),
    locals: (edge) => (locals ? locals[edge.id] : edge.local ? edge.local(frame) : NaN),
  };
  if (scene.whatIf) {
    scene.loss = values[segment.root];
    scene.recordedLoss = model.frames[index].loss;
  }
  if (pin !== null) {
    const other = model.frames[pin];
    const comparable = other.segment === segment;
    scene.pinned = { index: pin, comparable };
    scene.flips = [];
    if (comparable && pin !== index) {
      const then = { values: valuesOf(segment, other.frame), g: backward(segment, other.frame).g };
      scene.then = then;
      scene.flips = segment.nodes.filter((n) => !n.array && scene.gradient(n) * then.g[n.id] < 0); // null is 0
    }
  }
  return scene;
}

/** A colour of the palette, in steps of a twentieth: fewer writes, and nobody sees the difference. */
const shade = (t, kind = "", rest = "rest") =>
  t ? `var(--${kind}${t > 0 ? "pos" : "neg"}${Math.round(Math.abs(t) * 20) * 5})` : `var(--${rest})`;

/** The class of an element of the still, without what the still says of its gradient. */
const plainClass = (x) => x.getAttribute("class").replace(/ (pos|neg|unreached|walked)\b/g, "");

const BEYOND = 150; // what lies this close to the part in sight is written too

/** The graph of one segment, as it stands in the page. */
class Picture {
  constructor(segment, heat, norms) {
    this.segment = segment;
    this.heat = heat;
    this.norms = norms;
    this.svg = $(`graph${segment.index}`);
    this.written = new Map();
    const prefix = `s${segment.index}`;
    this.cards = segment.nodes.map((n) => {
      const g = $(`${prefix}n${n.id}`);
      return {
        g, value: g.querySelector(".value"), grad: g.querySelector(".grad"), image: g.querySelector("image"),
        title: g.querySelector("title"), base: plainClass(g), text: "", words: "", kind: "",
        band: g.querySelector(".band"), shape: g.querySelector(".card"), color: "", far: "",
      };
    });
    this.lines = segment.edges.map((e) => {
      const path = $(`${prefix}e${e.id}`);
      return { path, base: plainClass(path), kind: "", color: "" };
    });
    this.visitOf = new Map(segment.visits.map(({ edge }, k) => [edge.id, k]));
    this.ticket = this.svg.querySelector(".ticket");
    this.images = new Map();
    this.boxes = this.cards.map(({ g }) => {
      const { e: x, f: y } = g.transform.baseVal.consolidate().matrix;
      const card = g.querySelector(".card");
      return [x, y, x + Number(card.getAttribute("width")), y + Number(card.getAttribute("height"))];
    });
    this.view = null;
    this.far = false;
  }

  /** Which part is in sight, and whether its words can be read: nothing else needs to be written. */
  look() {
    const frame = $("graph"), box = this.svg.getBoundingClientRect(), limit = this.svg.viewBox.baseVal;
    if (!box.width) return;
    const scale = Math.min(box.width / limit.width, box.height / limit.height);
    const view = frame.getBoundingClientRect();
    const [x, y] = [(view.left - box.left) / scale, (view.top - box.top) / scale];
    const whole = view.width >= box.width && view.height >= box.height;
    this.view = whole ? null : [x - BEYOND, y - BEYOND, x + view.width / scale + BEYOND, y + view.height / scale + BEYOND];
    this.far = scale < 0.4;
    this.svg.classList.toggle("far", this.far);
  }

  unseen(id) {
    const { view } = this, [left, top, right, bottom] = this.boxes[id];
    return view !== null && (right < view[0] || left > view[2] || bottom < view[1] || top > view[3]);
  }

  draw(scene, selected) {
    const { segment, heat, far } = this;
    const { moment, then } = scene;
    const written = far ? () => "" : signed, value = far ? () => "" : short; // no word is read from afar
    for (const n of segment.nodes) {
      if (this.unseen(n.id)) continue;
      const card = this.cards[n.id];
      let text, words = "", t = 0, kind = card.base, bad = false;
      const g = n.array ? null : scene.gradient(n);
      const shown = scene.computed(n);
      if (n.array) {
        ({ text, words, t } = this.arrayWords(n, scene, shown));
      } else if (then) {
        const dv = scene.values[n.id] - then.values[n.id];
        text = shown ? `\u0394 ${written(dv, 3)}` : "\u2013";
        if (g !== null) {
          const dg = g - then.g[n.id];
          words = `\u0394 ${written(dg, 3)}`;
          t = heat(dg);
          if (g * then.g[n.id] < 0) { kind += " flip"; words = `\u21c4 ${written(dg, 3)}`; }
        }
      } else {
        text = shown ? value(scene.values[n.id]) : "\u2013";
        bad = shown && !Number.isFinite(scene.values[n.id]);
        if (g !== null) {
          words = `\u2207 ${written(g)}`;
          t = heat(g);
          if (!Number.isFinite(g)) kind += " bad-grad";
        }
      }
      if (!words) words = "\u2207 \u2013";
      if (!shown) kind += " ahead";
      if (bad) kind += " bad";
      if (g === null && !(n.array && scene.seen >= 0)) kind += " unreached";
      else if (t && !far && !n.array) kind += t > 0 ? " pos" : " neg";
      if (n === moment.node) kind += " now";
      if (moment.visit && n.id === moment.visit.edge.target) kind += " from";
      if (n.id === selected) kind += " selected";
      if (scene.whatIf?.has(n.id)) kind += " edited";
      this.write(card, text, words, kind, n.array && t ? `var(--norm${Math.round(t * 20) * 5})` : shade(t));
    }
    segment.edges.forEach((e, i) => {
      if (this.unseen(e.source) && this.unseen(e.target)) return;
      this.drawLine(e, this.lines[i], scene);
    });
    this.drawTicket(scene);
  }

  write(card, text, words, kind, color) {
    if (!this.far) {
      if (card.text !== text) { card.text = text; if (card.value) card.value.firstChild.data = text; }
      if (card.words !== words) { card.words = words; if (card.grad) card.grad.firstChild.data = words; }
      if (card.color !== color && card.band) { card.color = color; card.band.setAttribute("fill", color); }
    }
    const far = this.far && card.band ? color.slice(6, -1) : "";
    if (card.far !== far) { card.far = far; card.shape.setAttribute("class", `card ${far}`); }
    if (card.kind !== kind) { card.kind = kind; card.g.setAttribute("class", kind); }
  }

  arrayWords(n, scene, shown) {
    const s = shown ? n.summary?.(scene.frame) : null;
    const g = this.arrived(n, scene);
    const card = this.cards[n.id];
    if (card.image) {
      const image = s?.image ?? null;
      if (card.shownImage !== image) {
        card.shownImage = image;
        card.image.setAttribute("href", image ? this.thumbnail(image) : "");
      }
    }
    const bad = s && s.nans + s.infs ? ` \u26a0${s.nans + s.infs}` : "";
    return { text: s ? `norm ${short(s.norm)}${bad}` : "\u2013", words: g ? `\u2207 norm ${short(g.norm)}` : "", t: g ? this.norms(g.norm) : 0 };
  }

  /** An array's gradient once all that it is made of has arrived: parts of it were not recorded. */
  arrived(n, scene) {
    if (scene.seen < 0 || !n.gradient) return null;
    const last = Math.max(-1, ...n.outs.map((e) => this.visitOf.get(e) ?? -1));
    return last < scene.seen && (last >= 0 || n.id === scene.segment.root) ? n.gradient(scene.frame) : null;
  }

  /** One byte per cell to a picture: 0 is the lowest, 254 the highest, 255 nothing finite. */
  thumbnail(image) {
    if (this.images.has(image)) return this.images.get(image);
    const [rows, cols, low, high, data] = image;
    const canvas = element("canvas", { width: cols, height: rows });
    const pen = canvas.getContext("2d");
    const cells = pen.createImageData(cols, rows);
    const bytes = atob(data);
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes.charCodeAt(i);
      const x = low + ((high - low) * byte) / 254;
      let rgb;
      if (byte === 255) rgb = [193, 0, 122];
      else if (low >= 0) rgb = Array(3).fill(Math.round(255 * (high > low ? (x - low) / (high - low) : 0.5)));
      else {
        const [r, g, b] = x > 0 ? [214, 107, 0] : [8, 119, 189];
        const t = Math.abs(x) / most;
        rgb = [r, g, b].map((c) => 247 + (c - 247) * t);
      }
      cells.data.set([...rgb, 255], 4 * i);
    }
    pen.putImageData(cells, 0, 0);
    this.images.set(image, canvas.toDataURL());
    return this.images.get(image);
  }

  drawLine(e, held, scene) {
    const { moment } = scene;
    const k = this.visitOf.get(e.id);
    let kind = held.base, t = 0;
    if (moment.phase === "forward" && scene.segment.nodes[e.target] === moment.node) kind += " feeding";
    if (k !== undefined && k < scene.seen) {
      const c = scene.full.contributions[k];
      const isNumber = !scene.segment.nodes[e.source].array;
      t = isNumber && !this.far ? this.heat(c) : 0; // from afar an edge is a hair, its colour unseen
      kind += this.far ? "" : " walked";
      if (moment.visit?.edge === e) kind += " now";
    } else if (!scene.computed(scene.segment.nodes[e.target])) kind += " ahead";
    const color = shade(t, "edge-", kind.includes("walked") ? "faint" : "wire");
    if (held.color !== color) { held.color = color; held.path.setAttribute("stroke", color); }
    if (held.kind !== kind) { held.kind = kind; held.path.setAttribute("class", kind); }
  }

  /** The words at the edge that is being walked: upstream × local → contribution. */
  drawTicket(scene) {
    const { visit, k } = scene.moment;
    this.ticket.setAttribute("visibility", visit ? "visible" : "hidden");
    if (!visit) return;
    const { edge } = visit;
    const { full, segment } = scene;
    const plain = !segment.nodes[edge.source].array && !segment.nodes[edge.target].array;
    const words = plain
      ? `${short(full.g[edge.target], 3)} \u00d7 ${short(scene.locals(edge), 3)} \u2192 ${signed(full.contributions[k])}`
      : edge.formula || "g";
    const label = this.ticket.querySelector("text");
    label.textContent = words.length > 44 ? `${words.slice(0, 43)}\u2026` : words;
    const width = label.getComputedTextLength() + 20;
    const [x, y, size] = this.room(edge, width);
    this.ticket.setAttribute("transform", `translate(${x} ${y}) scale(${size})`);
    this.ticket.setAttribute("class", `ticket ${plain ? (full.contributions[k] < 0 ? "neg" : full.contributions[k] > 0 ? "pos" : "") : ""}`);
    const box = this.ticket.querySelector("rect");
    box.setAttribute("x", -width / 2);
    box.setAttribute("width", width);
  }

  /** Where the words of an edge cover least, near it; larger where the picture is scaled down. */
  room(edge, width) {
    const limit = this.svg.viewBox.baseVal;
    const size = Math.min(1.7, Math.max(1, limit.width / (this.svg.getBoundingClientRect().width || limit.width)));
    const path = this.lines[edge.id].path;
    const middle = path.getPointAtLength(path.getTotalLength() / 2);
    const [w, h] = [(width / 2) * size, 14 * size];
    let [{ x: left, y: top }, right, bottom] = [limit, limit.width - 36, limit.height - 68]; // inside the margins
    if (this.view) { // and in sight
      const [a, b, c, d] = this.view;
      [left, right] = [Math.max(left, a + BEYOND), Math.min(right, c - BEYOND - 24)];
      [top, bottom] = [Math.max(top, b + BEYOND), Math.min(bottom, d - BEYOND - 64)];
    }
    let best = middle, least = Infinity;
    for (let dy = -120; dy <= 120; dy += 8) {
      for (let dx = -150; dx <= 150; dx += 15) {
        const [x, y] = [middle.x + dx, middle.y + dy];
        if (x - w < left - 8 || x + w > right + 8 || y - h < top - 28 || y + h > bottom + 32) continue;
        let covered = 12 * Math.hypot(dx * 0.6, dy);
        this.boxes.forEach((b, i) => {
          const across = Math.min(x + w, b[2]) - Math.max(x - w, b[0]), up = Math.min(y + h, b[3]) - Math.max(y - h, b[1]);
          if (across > 0 && up > 0) covered += across * up * (i === edge.source || i === edge.target ? 4 : 2);
        });
        if (covered < least) [best, least] = [{ x, y }, covered];
      }
    }
    return [best.x, best.y, size];
  }

  /** What a screen reader says of each node, and the tooltip with all digits. */
  label(scene) {
    for (const n of this.segment.nodes) {
      const { g, title } = this.cards[n.id];
      const words = this.spoken(n, scene);
      g.setAttribute("aria-label", words);
      title.textContent = words;
    }
  }

  spoken(n, scene) {
    const role = n.parameter ? "parameter" : n.id === this.segment.root ? `result of ${n.op}` : n.op ?? n.role;
    const words = [n.symbol, role];
    if (n.array) {
      const s = n.summary?.(scene.frame), g = this.arrived(n, scene);
      words.push(`array of shape ${n.shape.join(" by ")}`);
      if (s) words.push(`norm ${exact(s.norm)}, mean ${exact(s.mean)}, from ${exact(s.min)} to ${exact(s.max)}, ${s.zeros} zeros`);
      if (g) words.push(`gradient of norm ${exact(g.norm)}`);
      return words.join(", ");
    }
    words.push(scene.computed(n) ? `value ${exact(scene.values[n.id])}` : "not computed yet");
    const g = scene.gradient(n);
    if (g !== null) words.push(`gradient ${exact(g)}`);
    else if (n.role !== "constant") words.push("no gradient yet");
    return words.join(", ");
  }
}

/** A sentence's pieces as elements; the numbers of gradients have their sign's colour. */
function wordsOf(pieces) {
  return pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    if (piece.name) return element("b", { "data-n": piece.name.id }, piece.name.symbol);
    if (piece.code) return element("code", {}, piece.code);
    const { x, sign, digits } = piece;
    const kind = sign ? (x > 0 ? "num pos" : x < 0 ? "num neg" : "num") : "num";
    return element("span", { class: kind, title: exact(x) }, sign ? signed(x) : short(x, digits));
  });
}

/** All numbers of the moment as a table: the picture in full for those who do not see it. */
function fillTable(scene, picture) {
  const { segment, then, frame } = scene;
  for (const n of segment.nodes) {
    const cells = $(`s${segment.index}r${n.id}`).cells;
    let value, gradient;
    if (n.array) {
      const s = n.summary?.(frame), g = picture.arrived(n, scene);
      value = s && scene.computed(n) ? `norm ${exact(s.norm)}` : "\u2013";
      gradient = g ? `norm ${exact(g.norm)}` : "\u2013";
    } else {
      value = scene.computed(n) ? exact(scene.values[n.id]) : "\u2013";
      const g = scene.gradient(n);
      gradient = g === null ? "\u2013" : exact(g);
    }
    cells[3].textContent = value;
    cells[4].textContent = gradient;
    const u = n.parameter && !scene.whatIf && (scene.whole || scene.moment.phase === "update") ? segment.updates[n.parameter] : null;
    cells[5].textContent = u && !Number.isNaN(u.before(frame)) ? exact(u.array ? u.update(frame) : u.after(frame) - u.before(frame)) : "";
    const difference = then && !n.array;
    cells[6].textContent = difference ? signed(scene.values[n.id] - then.values[n.id]) : "";
    cells[7].textContent = difference && scene.gradient(n) !== null
      ? signed(scene.gradient(n) - then.g[n.id]) + (scene.flips.includes(n) ? " \u21c4" : "") : "";
  }
}
