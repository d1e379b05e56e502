"""Which operation is wrong?  Each recorded rule, replayed on what it read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import backward, engine, messages
from autograd.anomaly import describe
from autograd.check.choice import Choice
from autograd.check.options import name_of, place_of
from autograd.check.subject import Subject, quietly
from autograd.check.verdict import Finding
from autograd.engine import Node
from autograd.modes import detect_anomaly
from autograd.value import Value


@dataclass(frozen=True, slots=True)
class LocalRule:
    """What is wrong with one recorded operation.

    kind: "rule" (its rule for input `arg` is wrong, at element `index`), "changed" (an input was
    changed since it was recorded), "nondeterministic" (it computes something else each time),
    "engine" (every rule is right, and yet the whole is not: they are put together wrongly), or "given"
    (a gradient from elsewhere, which is called `op`).
    line: where the operation was recorded, or the given gradient is defined; rule: where its rule is.
    """

    kind: str
    op: str = ""
    node: int = 0  # 1 for the first recorded operation
    arg: int | None = None
    index: tuple[int, ...] | None = None
    analytic: float = float("nan")
    numeric: float = float("nan")
    shapes: str = ""
    line: str = ""
    rule: str = ""
    reason: str = ""

    def __str__(self) -> str:
        line = f"   {self.line}" if self.line else ""
        if self.line and self.rule:
            line += f", its rule {self.rule}"
        if self.kind == "engine":
            return self.reason
        if self.kind == "given":
            return f"{self.op}{line}"
        text = f"node {self.node}  {self.op}({self.shapes})"
        if self.kind != "rule":
            return f"{text}: {self.reason}{line}"
        where = f"   arg {self.arg}" + (f", element {list(self.index)}" if self.index else "")
        values = (
            "" if self.analytic != self.analytic else f": {self.analytic:.6g}, numeric {self.numeric:.6g}"
        )
        why = f" ({self.reason})" if self.reason else ""
        return f"first wrong local gradient: {text}{where}{values}{why}{line}"


def locate(
    root: Any, *, order: str = "output-first", limit: int = 1, seed: int = 0, derivatives: int = 1
) -> list[LocalRule]:
    """The wrong local rules among the operations that `root` was made by; empty if all is right.

    root: a recorded Value, or several.  Every operation is computed again on the inputs it
    recorded, and its rule is checked against differences there, with a random cotangent.
    If all rules are right, the engine's gradient is compared with a plain accumulation of them.
    order: "output-first" or "input-first".  limit: stop after so many.
    derivatives: 2 also checks the rules' own derivatives.
    Record under detect_anomaly() to have the lines in the result.

    >>> from autograd import Value, primitive
    >>> from autograd.check import locate
    >>> @primitive(lambda g, out, x: g * 3 * x)  # 3 * x**2 was meant
    ... def cubed(x):
    ...     return x**3
    >>> print(locate(2 * cubed(Value(5.0)))[0])
    first wrong local gradient: node 1  cubed(float64 5.0)   arg 0: 15, numeric 75 (5 times too small)
    """
    if order not in ("output-first", "input-first"):
        raise ValueError(f"locate: order={order!r}; expected 'output-first' or 'input-first'")
    roots = [root] if isinstance(root, Value) else list(root)
    for v in roots:
        if not isinstance(v, Value) or v.op is None:
            raise TypeError(f"locate: {v!r} was not recorded; pass the result of operations on Values")
        if v.state == messages.RELEASED:
            raise RuntimeError(f"locate: {messages.unusable(v)}")
    nodes = recorded_nodes(roots)
    numbers = {v._number: i + 1 for i, v in enumerate(nodes)}
    found: list[LocalRule] = []
    rng = np.random.default_rng(seed)
    for v in reversed(nodes) if order == "output-first" else nodes:
        with quietly():
            wrong = examine_node(v, numbers[v._number], rng, derivatives)
        if wrong is not None:
            found.append(wrong)
            if len(found) == limit:
                return found
    if not found:
        with quietly():
            engine_fault = compare_walks(roots, rng, len(nodes))
        found += [engine_fault] if engine_fault is not None else []
    return found


def recorded_nodes(roots: Sequence[Any]) -> list[Any]:
    """The operations the roots were made by, in the order of recording."""
    nodes = backward.ancestors([v for v in roots if v.requires_grad])
    return [nodes[n] for n in sorted(nodes) if nodes[n].op is not None]


def examine_node(v: Any, number: int, rng: np.random.Generator, derivatives: int = 1) -> LocalRule | None:
    """What is wrong with the operation that made `v`, if anything is."""
    from autograd.check.grads import Check

    arrays = [engine.raw(x) for x in v.inputs]
    line = getattr(getattr(v, "_site", None), "line", "")
    known = dict(op=v.op.name, node=number, shapes=", ".join(map(describe, arrays)), line=line)
    for slot, x in enumerate(v.inputs):
        if isinstance(x, Node) and x._number > v._number:
            return LocalRule(
                "changed",
                **known,
                arg=slot,
                reason=f"input {slot} was changed in place since it was recorded",
            )
    again = replayed(v, arrays)
    if again is not None and not alike(again, v._array):
        if not alike(again, replayed(v, arrays)):
            return LocalRule("nondeterministic", **known, reason="gives another result each time")
        return LocalRule(
            "changed",
            **known,
            reason="replaying it gives another result: an input changed since it was recorded",
        )
    slots = [
        i
        for i, x in enumerate(v.inputs)
        if isinstance(x, Node) and x.requires_grad and x._array.dtype.kind == "f"
    ]
    if not slots:
        return None
    for slot in slots:
        if v.op.rules[0 if v.op.variadic else slot] is None:
            return LocalRule("rule", **known, arg=slot, reason="it has no rule for this input")

    def forward(*xs: Any) -> Any:
        return v.op.forward(*placed(arrays, slots, xs), **v.params)

    def pullback(g: Any, *xs: Any) -> tuple[Any, ...]:
        inputs = placed(arrays, slots, xs)
        out = v.op.forward(*inputs, **v.params)
        return tuple([fitted(local_gradient(v.op, i, g, out, inputs, v.params), v.inputs[i], v, x)
                      for i, x in zip(slots, xs, strict=True)])  # fmt: skip

    subject = Subject(forward, [arrays[i] for i in slots], {}, None, None, pullback)
    findings = Check(subject, rng, None, "subgradient", Choice("auto", "auto")).run(1, True)
    wrong = [f for f in findings if f.verdict.failed]
    if not wrong and derivatives > 1:
        through = Subject(
            lambda *xs: v.op(*placed(arrays, slots, xs), **v.params), [arrays[i] for i in slots], {}
        )
        findings = Check(through, rng, None, "subgradient", Choice("auto", "auto")).run(derivatives, False)
        wrong = [f for f in findings if f.verdict.failed]
    if not wrong:
        return None
    f: Finding = wrong[0]
    names = [leaf.name for leaf in subject.leaves]
    arg = slots[names.index(f.arg)] if f.arg in names else (slots[0] if len(slots) == 1 else None)
    rule = v.op.rules[0 if v.op.variadic or arg is None else arg]
    return LocalRule("rule", **known, arg=arg, index=f.index, analytic=f.analytic, numeric=f.numeric,
                     rule=place_of(rule), reason=f.reason)  # fmt: skip


def placed(arrays: Sequence[Any], slots: Sequence[int], xs: Sequence[Any]) -> list[Any]:
    """All operands, with other data in some slots."""
    out = list(arrays)
    for i, x in zip(slots, xs, strict=True):
        out[i] = x
    return out


def local_gradient(
    op: Any, slot: int, g: Any, out: Any, inputs: Sequence[Any], params: dict[str, Any]
) -> Any:
    """What the rule of `op` for one input says."""
    if op.variadic:
        return op.rules[0](g, out, *inputs, **params, i=slot)
    return op.rules[slot](g, out, *inputs, **params)


def fitted(r: Any, x: Any, node: Any, like: Any) -> Any:
    """What the engine makes of a rule's result: broadcasting undone; in the dtype of `like`."""
    r = backward.fitted(r, x, node)
    return np.asarray(r).astype(np.asarray(like).dtype)[()] if r.dtype != np.asarray(like).dtype else r


def replayed(v: Any, arrays: Sequence[Any]) -> Any:
    """The operation once more; None where it cannot be repeated."""
    try:
        return v.op.forward(*arrays, **v.params)
    except Exception:  # what it raises belongs to the check of the rule
        return None


def alike(a: Any, b: Any) -> bool:
    """Equal bits, in any layout."""
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def compare_walks(roots: Sequence[Any], rng: np.random.Generator, n: int) -> LocalRule | None:
    """The engine's gradient against a plain sum over the recorded rules."""
    live = [v for v in roots if v.requires_grad]
    nodes = backward.ancestors(live)
    if any(v.state != messages.LIVE for v in nodes.values() if v.op is not None):
        return None
    seeds = [np.asarray(rng.integers(1, 17, size=v.shape) / 16).astype(v.dtype)[()] for v in live]
    sums: dict[int, Any] = {}
    for v, s in zip(live, seeds, strict=True):
        sums[v._number] = sums.get(v._number, 0.0) + s
    sizes = {n: np.abs(s) for n, s in sums.items()}
    for k in sorted(nodes, reverse=True):
        v = nodes[k]
        if v.op is None or k not in sums:
            continue
        arrays = [engine.raw(x) for x in v.inputs]
        for slot, x in enumerate(v.inputs):
            if isinstance(x, Node) and x.requires_grad:
                r = backward.fitted(local_gradient(v.op, slot, sums[k], v._array, arrays, v.params), x, v)
                sums[x._number] = sums.get(x._number, 0.0) + r
                sizes[x._number] = sizes.get(x._number, 0.0) + np.abs(r)
    leaves = {k: v for k, v in nodes.items() if v.op is None}
    found = backward.walk([(v, s) for v, s in zip(live, seeds, strict=True)], store=False)
    for k, v in leaves.items():
        ours, theirs = sums.get(k), found.get(v)
        if ours is None and theirs is None:
            continue
        size = np.max(np.abs(sizes.get(k, 0.0)), initial=0.0)
        if ours is None or theirs is None or np.any(~close(ours, theirs, 1e3 * np.finfo(v.dtype).eps * size)):
            return LocalRule("engine", reason=engine_text(n, messages.label(v)))
    return None


def close(a: Any, b: Any, tolerance: Any) -> Any:
    """Equal, or near, or both nan."""
    a, b = np.asarray(a), np.asarray(b)
    return (a == b) | (np.abs(a - b) <= tolerance) | ((a != a) & (b != b))


def engine_text(n: int, what: str) -> str:
    """All rules right, and yet."""
    return f"all {n} local rules are right, so the engine is at fault: it adds them up wrongly for {what}"


def located(subject: Subject, inputs: Sequence[Any], derivatives: int = 1) -> LocalRule | None:
    """For a failed check: f recorded once more, with the lines of its operations, and its first wrong rule;
    of a gradient from elsewhere where it is defined."""
    for name, gradient in (("grad", subject.grad), ("vjp", subject.vjp)):
        if gradient is not None:
            return LocalRule("given", op=f"{name}={name_of(gradient)}", line=place_of(gradient))
    with detect_anomaly(), quietly():
        _, out = subject.recorded(inputs)
    roots = [y for y in out if isinstance(y, Value) and y.requires_grad and y.op is not None]
    if not roots:
        return None
    found = locate(roots, derivatives=derivatives)
    if found:
        return found[0]
    n = len(recorded_nodes(roots))
    return LocalRule(
        "engine",
        reason=f"all {n} local rules are right at this point: either f leaves the graph on the way (.data, .detach(), "
        f"math.*), or the engine puts them together wrongly",
    )
