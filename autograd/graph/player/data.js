// Data: what the page carries, as arrays that are quick to read.

const MINUS = "\u2212";

/** A column of numbers, one per frame; [start, 1] has a number per frame, [start, 0] one for all. */
function reader(pool) {
  return (column) => {
    if (!column) return null;
    const [start, varies] = column;
    return varies ? (frame) => pool[start + frame] : () => pool[start];
  };
}

/** base64 of little-endian float64, as numpy wrote it; every machine with a browser is little-endian. */
function numbersOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Float64Array(bytes.buffer);
}

/** [visit, frames or null for all, numbers] -> by visit a function of the frame: a number or undefined. */
function exceptions(list, read) {
  const found = new Map();
  for (const [key, frames, column] of list) {
    const at = read(column);
    if (!frames) found.set(key, at);
    else {
      const place = new Map(frames.map((frame, i) => [frame, i]));
      found.set(key, (frame) => (place.has(frame) ? at(place.get(frame)) : undefined));
    }
  }
  return found;
}

/** The page's JSON, made ready: segments with their nodes, edges, columns and inner moments. */
function unpack(given) {
  const pool = numbersOf(given.pool);
  const read = reader(pool);
  const segments = given.segments.map((s, index) => unpackSegment(s, index, read));
  const frames = given.order.map(([segment, frame, step, part, parts]) => ({
    segment: segments[segment], frame, step, part, parts, loss: segments[segment].loss(frame),
  }));
  const [steps, losses] = given.curve;
  const lossAt = read(losses);
  const curve = steps.map((step, i) => [step, lossAt(i)]);
  return { ...given, segments, frames, curve, brief: (name) => given.brief[name] ?? name };
}

function unpackSegment(given, index, read) {
  const nodes = given.nodes.map((n, id) => ({
    ...n, id, ins: [], outs: [], narrow: n.dtype === "float32", value: read(given.values[id]),
    summary: unpackSummary(given.summaries[id], read), gradient: unpackSummary(given.gradients[id], read),
  }));
  const edges = given.edges.map(([source, target, slot, formula], id) => ({
    id, source, target, slot, formula, local: read(given.locals[id]), visits: [],
  }));
  for (const e of edges) {
    nodes[e.target].ins.push(e.id);
    nodes[e.source].outs.push(e.id);
  }
  for (const n of nodes) n.ins.sort((a, b) => edges[a].slot - edges[b].slot);
  const incoming = new Array(nodes.length).fill(0); // how many contributions each node receives
  const visits = given.visits.map((e) => ({ edge: edges[e], nth: ++incoming[edges[e].source] }));
  const updates = {};
  for (const [name, u] of Object.entries(given.updates)) {
    updates[name] = {
      ...u, before: read(u.before), after: read(u.after), gradient: u.gradient && read(u.gradient), lr: read(u.lr),
      update: read(u.update), state: Object.entries(u.state).map(([key, c]) => [key, read(c)]),
      node: nodes.find((n) => n.parameter === name) ?? null,
    };
  }
  const segment = {
    index, nodes, edges, visits, incoming, updates, root: given.root, length: given.length,
    loss: read(given.loss), seed: read(given.seed),
    corrections: exceptions(given.corrections, read), sums: exceptions(given.sums, read),
    carried: exceptions(given.carried, read),
  };
  segment.moments = momentsOf(segment);
  return segment;
}

const SUMMARY = ["norm", "mean", "std", "min", "max", "zeros", "nans", "infs"];

function unpackSummary(given, read) {
  if (!given) return null;
  const columns = given.columns.map(read);
  return (frame) => {
    if (Number.isNaN(columns[5](frame))) return null; // a count is a number wherever there is a summary
    const found = Object.fromEntries(SUMMARY.map((key, i) => [key, columns[i](frame)]));
    const shown = given.shown ? given.shown[frame] : -1;
    found.image = shown < 0 ? null : given.images[shown];
    return found;
  };
}

/** The inside of a step, in the order in which it happens; the last moment is the step as a whole. */
function momentsOf({ nodes, visits, updates, root }) {
  const moments = [];
  for (const node of nodes) if (node.op) moments.push({ phase: "forward", node });
  moments.push({ phase: "backward", node: nodes[root], seen: 0 });
  visits.forEach((visit, k) => {
    moments.push({ phase: "backward", visit, k, seen: k + 1, node: nodes[visit.edge.source] });
  });
  for (const name of Object.keys(updates)) moments.push({ phase: "update", name, node: updates[name].node });
  moments.push({ phase: "whole" });
  const count = {};
  for (const m of moments) m.nth = count[m.phase] = (count[m.phase] ?? 0) + 1;
  for (const m of moments) m.of = count[m.phase];
  return moments;
}

/** A number in at most nine characters, with more than five digits in more. */
function short(x, digits = 4) {
  if (x === null || x === undefined) return "\u2013";
  if (Number.isNaN(x)) return "NaN";
  const size = Math.abs(x);
  const sign = x < 0 ? MINUS : "";
  if (size === Infinity) return sign + "\u221e";
  if (size < 1e6 && (Number.isInteger(x) || (size >= 1e4 && digits < 6))) return sign + size.toFixed(0);
  if (size >= 1e-3 && size < Math.max(1e4, digits > 5 && 10 ** digits)) return sign + size.toPrecision(digits);
  return sign + size.toExponential(digits - 2).replace("+", "").replace("-", MINUS);
}

/** How many digits tell two numbers apart: four, or if they need more one beyond those, at most 17. */
function apart(a, b) {
  let digits = 4;
  while (digits < 17 && a !== b && short(a, digits) === short(b, digits)) digits++;
  return digits > 4 ? Math.min(17, digits + 1) : 4;
}

/** The same with its sign, so that the sign is read and not only seen as a colour. */
const signed = (x, digits) => (x > 0 ? "+" : "") + short(x, digits);

/** All the digits there are. */
const exact = (x) => String(x).replace(/-/g, MINUS).replace("Infinity", "\u221e");

/** "first", "second" and so on, for small counts. */
const ordinal = (n) => ["first", "second", "third", "fourth", "fifth"][n - 1] ?? `${n}th`;
