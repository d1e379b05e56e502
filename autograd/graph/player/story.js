// Story: one moment in plain words, as pieces: text, {x: a number}, {name: a node}.

const SIGNS = { add: "+", subtract: MINUS, multiply: "\u00d7", divide: "/", power: "**" };

const num = (x, digits) => ({ x, digits });
const grad = (x) => ({ x, sign: true });
const name = (node) => ({ name: node });
const inBrackets = (x) => (x < 0 ? ["(", num(x), ")"] : [num(x)]);

/** Two numbers and words between them, in as many digits as tell them apart. */
const pair = (a, between, b) => [num(a, apart(a, b)), between, num(b, apart(a, b))];
const moved = (a, b) => (a === b ? [num(a), ", as before"] : pair(a, " \u2192 ", b));

/** How a node is called in a sentence: a constant by its number. */
const called = (segment, node, values) => (node.role === "constant" && !node.name && !node.array ? num(values[node.id]) : name(node));

/** "w1 × x1", or "sigmoid(s1)". */
function expression(node, operands) {
  const infix = SIGNS[node.op];
  if (infix && operands.length === 2) return [...operands[0], ` ${infix} `, ...operands[1]];
  if (node.op === "negative") return [MINUS, ...operands[0]];
  return [node.op, "(", ...operands.flatMap((o, i) => (i ? [", ", ...o] : o)), ")"];
}

/** What happens at this moment; `scene` is what the picture shows. */
function story(model, scene) {
  const { moment, segment } = scene;
  if (scene.whatIf) return whatIfStory(scene);
  if (scene.pinned) return differenceStory(scene);
  if (moment.phase === "forward") return forwardStory(segment, moment, scene);
  if (moment.phase === "backward") return moment.visit ? visitStory(segment, moment, scene) : seedStory(segment, scene);
  if (moment.phase === "update") return updateStory(segment, moment, scene);
  return wholeStory(model, scene);
}

function forwardStory(segment, { node }, { values }) {
  const operands = node.ins.map((e) => segment.nodes[segment.edges[e].source]);
  const words = expression(node, operands.map((o) => [called(segment, o, values)]));
  if (node.array || operands.some((o) => o.array)) {
    return ["Forward: ", name(node), " = ", ...words, node.array ? `, an array of shape (${node.shape.join(", ")}).` : ["."], ].flat();
  }
  const numbers = expression(node, operands.map((o) => inBrackets(values[o.id])));
  const same = operands.every((o) => o.role === "constant" && !o.name);
  const last = node.id === segment.root ? " This is the loss: the forward pass is complete." : "";
  return ["Forward: ", name(node), " = ", ...words, ...(same ? [] : [" = ", ...numbers]), " = ", num(values[node.id]), ".", last];
}

function seedStory(segment, { values, full }) {
  const root = segment.nodes[segment.root];
  if (root.array) return ["Backward starts at ", name(root), " with a gradient of the same shape."];
  const seed = full.g[segment.root];
  const why = seed === 1 ? ": a change of the loss is a change of the loss." : ", the gradient it was given.";
  return ["Backward starts at the result ", name(root), " = ", num(values[root.id]), ". \u2202", name(root), "/\u2202", name(root), " = ", grad(seed), why];
}

function visitStory(segment, { visit, k }, { full, locals, root }) {
  const { edge, nth } = visit;
  const from = segment.nodes[edge.target];
  const to = segment.nodes[edge.source];
  const count = segment.incoming[to.id];
  const d = (node) => ["\u2202", name(root), "/\u2202", name(node)];
  const head = ["Backward: ", name(from), " hands gradient to ", name(to), "."];
  if (to.array || from.array) {
    return [...head, " The rule here is ", { code: edge.formula || "g" }, `, where g is the gradient of the result`, count > 1 ? `; this is contribution ${nth} of ${count}.` : "."];
  }
  const local = edge.formula && !/^-?[\d.]+$/.test(edge.formula) ? [{ code: edge.formula }, " = "] : [];
  const words = [...head, " Upstream ", grad(full.g[from.id]), " \u00d7 local slope ", ...local, num(locals(edge)), " \u2192 ", grad(full.contributions[k]), ". "];
  if (count === 1) return [...words, "Nothing else reaches ", name(to), ", so this is all of ", ...d(to), "."];
  if (nth === 1) return [...words, `It is the first of ${count} paths into `, name(to), "; the others will be added."];
  const sum = full.before[k] + full.contributions[k];
  const all = nth === count ? [", now complete"] : [` so far (${nth} of ${count})`];
  return [...words, "Added up: ", grad(full.before[k]), " + ", ...inBrackets(full.contributions[k]), " = ", grad(sum), " = ", ...d(to), ...all, "."];
}

function updateStory(segment, { name: key }, { frame, full }) {
  const u = segment.updates[key];
  const [before, after, lr] = [u.before, u.after, u.lr].map((column) => column(frame));
  const g = u.gradient ? u.gradient(frame) : full.g[u.node.id];
  const param = u.node ? name(u.node) : key;
  if (Number.isNaN(before)) return ["Update: ", param, " was not changed in this step."];
  const state = Object.fromEntries(u.state.map(([k, column]) => [k, column(frame)]));
  if (u.array) {
    return ["Update: ", param, " is an array. Its norm goes from ", ...pair(before, " to ", after), "; the change has norm ", num(u.update(frame)), " and the gradient norm ", num(g), "."];
  }
  const digits = apart(before, after);
  const change = ["; ", param, ": ", ...moved(before, after), "."];
  if ("exp_avg" in state && "exp_avg_sq" in state) {
    return ["Update by Adam: gradient ", grad(g), " moves the running mean m to ", num(state.exp_avg), " and that of squares v to ", num(state.exp_avg_sq),
      "; the step is \u2212lr \u00b7 m\u0302 / (\u221av\u0302 + \u03b5) = ", num(after - before), " with lr = ", num(lr), ...change];
  }
  const b = state.momentum_buffer;
  if (b !== undefined && !Number.isNaN(b) && Math.abs(before - lr * b - after) <= 1e-9 * (1 + Math.abs(after))) {
    return ["Update with momentum: the gradient ", grad(g), " joins the velocity, now ", num(b), ". ", param, " \u2212 lr \u00b7 velocity = ", num(before, digits), ` ${MINUS} `, num(lr), " \u00d7 ", ...inBrackets(b), " = ", num(after, digits), "."];
  }
  if (Math.abs(before - lr * g - after) <= 1e-9 * (1 + Math.abs(after))) {
    const way = g === 0 ? ["The gradient is 0, so ", param, " stays."]
      : before === after ? ["The step is too small to change it."]
      : ["Raising ", param, g > 0 ? " would raise the loss" : " would lower the loss", ", so it goes ", g > 0 ? "down" : "up", "."];
    return ["Update: ", param, " \u2190 ", param, " \u2212 lr \u00b7 g = ", num(before, digits), ` ${MINUS} `, num(lr), " \u00d7 ", ...inBrackets(g), " = ", num(after, digits), ". ", ...way];
  }
  const kept = Object.entries(state).filter(([, x]) => !Number.isNaN(x)).flatMap(([k, x], i) => [i ? ", " : " (", `${k} = `, num(x)]);
  return ["Update: with the gradient ", grad(g), ...(kept.length ? [...kept, ")"] : []), " the update moves ", param, " by ", num(after - before), ...change];
}

/** How a loss is to that of the step before; in percent where that says something. */
function comparison(now, last) {
  const [a, b] = [last.loss, now.loss], at = ` at step ${last.step}`;
  if (a === b) return [", as", at];
  if (!Number.isFinite(a)) return [", after ", num(a), at];
  const way = b < a, change = 100 * Math.abs(b / a - 1);
  if (a > 0 && b >= a / 100 && b <= 3 * a && change >= 0.005) {
    return [`, ${change < 10 ? change.toPrecision(2) : change.toFixed(0)} % ${way ? "lower" : "higher"} than`, at];
  }
  if (short(a) === short(b)) return [", ", num(Math.abs(b - a)), way ? " lower than" : " higher than", at];
  return [way ? ", down from " : ", up from ", num(a), at];
}

/** Of a loss that is not finite: since when. */
function lastFinite(frames, index) {
  if (Number.isFinite(frames[index].loss) || !index) return [];
  let i = index;
  while (i >= 0 && !Number.isFinite(frames[i].loss)) i--;
  return i < 0 ? ["; it was never finite"] : [`; it was last finite at step ${frames[i].step}: `, num(frames[i].loss)];
}

/** The step as a whole: what the loss did, which parameter is steepest. */
function wholeStory({ frames }, { index, frame, segment, full }) {
  const now = frames[index];
  const words = [`Step ${now.step}${now.parts > 1 ? `, pass ${now.part + 1} of ${now.parts}` : ""}: `,
    ...(segment.nodes[segment.root].array ? ["the result ", name(segment.nodes[segment.root]), " is an array"] : ["the loss is ", num(now.loss)])];
  const last = frames[index - 1];
  words.push(...(segment.nodes[segment.root].array ? [] : last && Number.isFinite(now.loss) ? comparison(now, last) : lastFinite(frames, index)), ".");
  const parameters = segment.nodes.filter((n) => n.parameter && !n.array && full.reached[n.id]);
  if (!parameters.length) {
    const arrays = segment.nodes.filter((n) => n.parameter && n.gradient?.(frame));
    if (!arrays.length) return words;
    const norm = (n) => n.gradient(frame).norm;
    const best = arrays.reduce((a, b) => (norm(b) > norm(a) ? b : a));
    return [...words, " The largest gradient is that of ", name(best), ", of norm ", num(norm(best)), "."];
  }
  const best = parameters.reduce((a, b) => (Math.abs(full.g[b.id]) > Math.abs(full.g[a.id]) ? b : a));
  words.push(" ", parameters.length > 1 ? "The steepest slope is along " : "The slope along ", name(best), parameters.length > 1 ? ": " : " is ", grad(full.g[best.id]), ".");
  const u = segment.updates[best.parameter];
  const [a, b] = u ? [u.before(frame), u.after(frame)] : [NaN, NaN];
  if (!Number.isNaN(a)) words.push(...(a === b ? [" The update leaves it at ", num(a)] : [" The update takes it from ", ...pair(a, " to ", b)]), ".");
  return words;
}

function differenceStory({ index, pinned, frames, flips, whole, seen }) {
  const a = frames[pinned.index], b = frames[index];
  if (!pinned.comparable) return [`Step ${a.step} is pinned, but its graph has another structure, so there are no differences to show.`];
  if (pinned.index === index) return [`Step ${b.step} is pinned. Move to another step to see what changed.`];
  const words = [`Step ${b.step} minus step ${a.step}: the loss went from `, ...pair(a.loss, " to ", b.loss), ". "];
  if (seen < 0) return [...words, "Shown as far as this moment: no gradient has been computed yet."];
  if (!whole) words.push("Shown as far as this moment. ");
  if (!flips.length) return [...words, "No gradient changed its sign."];
  return [...words, flips.length === 1 ? "One gradient" : `${flips.length} gradients`, " changed sign: ",
    ...flips.slice(0, 4).flatMap((n, i) => [i ? ", " : "", name(n)]), flips.length > 4 ? " and more." : "."];
}

function whatIfStory({ whatIf, segment, loss, recordedLoss }) {
  const changes = [...whatIf].flatMap(([id, x], i) => [i ? ", " : "", name(segment.nodes[id]), " were ", num(x)]);
  const way = loss < recordedLoss ? "lower" : loss > recordedLoss ? "higher" : "the same";
  return ["What if ", ...changes, "? The loss would be ", ...pair(loss, " instead of ", recordedLoss), `: ${way}. Everything shown is computed anew by this page.`];
}
