// Replay: the backward pass from its local derivatives, and scalar graphs computed anew.

/**
 * The gradients of a frame after `count` visits, equal to Python's bit for bit.
 *
 * The first contribution to a node is its gradient, the next ones are added to it, in the
 * engine's order.  `corrections` holds a contribution where the rule's own arithmetic rounds
 * differently from the product; `sums` a sum in a narrower dtype.  With `locals` (a what-if)
 * those of the page are used instead, and nothing is corrected.
 */
function backward(segment, frame, count = segment.visits.length, locals = null) {
  const { nodes, visits, corrections, sums } = segment;
  const g = new Float64Array(nodes.length);
  const reached = new Uint8Array(nodes.length);
  const contributions = new Float64Array(visits.length);
  const before = new Float64Array(visits.length); // the sum to which a contribution was added
  if (segment.seed) {
    g[segment.root] = segment.seed(frame);
    reached[segment.root] = 1;
  }
  for (let k = 0; k < count; k++) {
    const { edge } = visits[k];
    const { source } = edge;
    if (nodes[source].array) {
      reached[source] = 1; // its summary is recorded, its numbers are not
      continue;
    }
    let c = locals ? undefined : corrections.get(k)?.(frame);
    if (c === undefined) {
      const local = locals ? locals[edge.id] : edge.local ? edge.local(frame) : NaN;
      c = local * g[edge.target];
    }
    contributions[k] = c;
    before[k] = g[source];
    const sum = locals ? undefined : sums.get(k)?.(frame);
    g[source] = sum !== undefined ? sum : reached[source] ? g[source] + c : c;
    reached[source] = 1;
  }
  if (!locals && count === visits.length) {
    for (const [n, after] of segment.carried) {
      const x = after(frame);
      if (x !== undefined) g[n] = x;
    }
  }
  return { g, reached, contributions, before };
}

/** Every value of a frame; NaN stands where an array is. */
function valuesOf(segment, frame) {
  const { nodes } = segment, values = new Float64Array(nodes.length);
  for (let i = 0; i < nodes.length; i++) values[i] = nodes[i].value ? nodes[i].value(frame) : NaN;
  return values;
}

const sigmoid = (x) => {
  const e = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
};
const slope = (x) => sigmoid(x) * sigmoid(-x);
const share = (x, y) => (x === y ? 0.5 : 1);
const zero = () => 0;
const one = () => 1;

// [the function, its derivative by each operand (given the result, then the operands)]
const OPS = {
  add: [(x, y) => x + y, one, one],
  subtract: [(x, y) => x - y, one, () => -1],
  multiply: [(x, y) => x * y, (out, x, y) => y, (out, x) => x],
  divide: [(x, y) => x / y, (out, x, y) => 1 / y, (out, x, y) => -out / y],
  power: [
    (x, y) => x ** y,
    (out, x, y) => (y === 0 ? 0 : y * x ** (y - 1)),
    (out, x) => (x === 0 ? 0 : out * Math.log(x)),
  ],
  negative: [(x) => -x, () => -1],
  positive: [(x) => x, one],
  identity: [(x) => x, one],
  copy: [(x) => x, one],
  absolute: [Math.abs, (out, x) => Math.sign(x)],
  fabs: [Math.abs, (out, x) => Math.sign(x)],
  square: [(x) => x * x, (out, x) => 2 * x],
  sqrt: [Math.sqrt, (out) => 0.5 / out],
  cbrt: [Math.cbrt, (out) => 1 / (3 * out * out)],
  reciprocal: [(x) => 1 / x, (out) => -out * out],
  exp: [Math.exp, (out) => out],
  exp2: [(x) => 2 ** x, (out) => out * Math.LN2],
  expm1: [Math.expm1, (out) => out + 1],
  log: [Math.log, (out, x) => 1 / x],
  log2: [Math.log2, (out, x) => 1 / (x * Math.LN2)],
  log10: [Math.log10, (out, x) => 1 / (x * Math.LN10)],
  log1p: [Math.log1p, (out, x) => 1 / (x + 1)],
  sin: [Math.sin, (out, x) => Math.cos(x)],
  cos: [Math.cos, (out, x) => -Math.sin(x)],
  tan: [Math.tan, (out) => 1 + out * out],
  arcsin: [Math.asin, (out, x) => 1 / Math.sqrt(1 - x * x)],
  arccos: [Math.acos, (out, x) => -1 / Math.sqrt(1 - x * x)],
  arctan: [Math.atan, (out, x) => 1 / (1 + x * x)],
  arctan2: [Math.atan2, (out, y, x) => x / (x * x + y * y), (out, y, x) => -y / (x * x + y * y)],
  sinh: [Math.sinh, (out, x) => Math.cosh(x)],
  cosh: [Math.cosh, (out, x) => Math.sinh(x)],
  tanh: [Math.tanh, (out) => 1 - out * out],
  hypot: [Math.hypot, (out, x) => x / (out || 1), (out, x, y) => y / (out || 1)],
  maximum: [Math.max, (out, x, y) => (x === out ? share(x, y) : 0), (out, x, y) => (y === out ? share(x, y) : 0)],
  minimum: [Math.min, (out, x, y) => (x === out ? share(x, y) : 0), (out, x, y) => (y === out ? share(x, y) : 0)],
  sigmoid: [sigmoid, (out, x) => slope(x)],
  relu: [(x) => (x <= 0 ? 0 : x), (out) => (out !== 0 ? 1 : 0)],
  softplus: [(x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), (out, x) => sigmoid(x)],
  log_sigmoid: [(x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))), (out, x) => sigmoid(-x)],
  sign: [Math.sign, zero],
  floor: [Math.floor, zero],
  ceil: [Math.ceil, zero],
};

/** Why a graph cannot be computed here, or "" if it can. */
function obstacle(segment) {
  if (segment.nodes.some((n) => n.array)) return "it holds arrays, of which this page keeps summaries only";
  const unknown = segment.nodes.filter((n) => n.op && OPS[n.op]?.length !== n.ins.length + 1);
  return unknown.length ? `this page cannot compute \u201c${unknown[0].op}\u201d` : "";
}

/** Compute every result anew from its operands: values in place, the local derivatives returned. */
function evaluate(segment, values, wanted = true) {
  const { nodes, edges } = segment;
  const locals = wanted ? new Float64Array(edges.length) : null;
  for (const n of nodes) {
    if (!n.op) continue;
    const [f, ...slopes] = OPS[n.op];
    const x = values[edges[n.ins[0]].source];
    const y = n.ins.length > 1 ? values[edges[n.ins[1]].source] : undefined;
    const out = (values[n.id] = n.narrow ? Math.fround(f(x, y)) : f(x, y));
    if (wanted) n.ins.forEach((e, slot) => (locals[e] = slopes[slot](out, x, y)));
  }
  return locals;
}

/** A short program for the loss alone, for the many points of a contour. */
function lossOf(segment, values) {
  const steps = segment.nodes.filter((n) => n.op).map((n) => {
    const sources = n.ins.map((e) => segment.edges[e].source);
    return [OPS[n.op][0], n.id, sources[0], sources[1] ?? sources[0]];
  });
  return () => {
    for (const [f, out, x, y] of steps) values[out] = f(values[x], values[y]);
    return values[segment.root];
  };
}
