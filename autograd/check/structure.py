"""Good manners of a gradient: what must hold besides its value."""

import contextlib
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import backward
from autograd.check.numeric import magnitude, step_for
from autograd.check.precision import widened
from autograd.check.subject import NOT_DEFINED, Subject, quietly
from autograd.check.verdict import Finding, Verdict
from autograd.collector import collector_paused
from autograd.modes import no_grad
from autograd.transforms import gradients
from autograd.value import Value


def structural_findings(
    subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any], rng: np.random.Generator
) -> list[Finding]:
    """One FAIL per broken property; nothing where all hold."""
    try:
        with quietly():
            reasons = [r for check in CHECKS for r in check(subject, inputs, cotangents)]
    except Exception as error:
        reasons = [f"the gradient raises {type(error).__name__} when it is asked for again: {error}"]
    return [Finding(Verdict.FAIL, "structure", reason=reason) for reason in reasons]


def same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Equal numbers, nan included (not bytes: those of longdouble hold padding)."""
    pairs = [(np.asarray(x), np.asarray(y)) for x, y in zip(a, b, strict=True)]
    return all(x.shape == y.shape and bool(((x == y) | ((x != x) & (y != y))).all()) for x, y in pairs)


def near(a: Sequence[Any], b: Sequence[Any], rtol: float = 64.0) -> bool:
    """Equal up to `rtol` roundings, relative to the largest element of each array."""
    sizes = level(a)
    for x, y, size in zip(a, b, sizes, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        finite = np.isfinite(x) & np.isfinite(y)
        if not ((x == y) | finite | (np.isnan(x) & np.isnan(y))).all():
            return False
        eps = float(np.finfo(x.dtype if x.dtype.kind == "f" else np.float64).eps)
        if (np.abs(np.where(finite, x - y, 0)) > rtol * eps * size).any():
            return False
    return True


def level(arrays: Sequence[Any]) -> list[float]:
    """The largest finite magnitude in each array; what is rounding beside the others counts as they do."""
    sizes = [magnitude(x) for x in arrays]
    largest = max(sizes, default=0.0)
    return [size if size > 1e-12 * largest else largest for size in sizes]


def shapes_and_dtypes(subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[str]:
    """A gradient looks like its input."""
    found = subject.pull(inputs, cotangents)
    return [
        f"the gradient of {leaf.name} has {g.dtype} {np.shape(g)}, the input {x.dtype} {np.shape(x)}"
        for leaf, g, x in zip(subject.leaves, found, inputs, strict=True)
        if g.dtype != x.dtype or np.shape(g) != np.shape(x)
    ]


def linear_in_cotangent(subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[str]:
    """g(0) = 0, g(-2 v) = -2 g(v), g(v + w) = g(v) + g(w), and g(v) twice the same."""
    if subject.grad is not None:
        twice = subject.pull(inputs, cotangents), subject.pull(inputs, cotangents)
        return [] if same(*twice) else ["the gradient differs between two calls"]
    once = subject.pull(inputs, cotangents)
    if not same(once, subject.pull(inputs, cotangents)):
        return ["the gradient differs between two calls at the same inputs"]
    if not all(np.isfinite(g).all() for g in once):
        return []
    found = departures(subject, inputs, cotangents, once)
    broken = {reason: gap for reason, (gap, allowed) in found.items() if gap > allowed}
    if broken:  # what cancels in a rule (softmax's 1 - s) departs much less in wider arithmetic
        wide = [widened(x) for x in inputs]
        seeds = [widened(np.asarray(c))[()] for c in cotangents]
        try:
            again = departures(subject, wide, seeds, subject.pull(wide, seeds))
        except Exception:  # a gradient given for one dtype only
            again = found
        broken = {reason: gap for reason, gap in broken.items() if not again[reason][0] <= gap / 16}
    return list(broken)


def departures(
    subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any], once: Sequence[Any]
) -> dict[str, tuple[float, float]]:
    """How far the gradient is from linear in the cotangent, and how far rounding may bring it."""
    zeros = subject.pull(inputs, [c * 0 for c in cotangents])
    scaled = subject.pull(inputs, [(c * -2).astype(c.dtype) for c in cotangents])
    other = [np.asarray(c).ravel()[::-1].reshape(np.shape(c)).copy()[()] for c in cotangents]
    total = subject.pull(inputs, [(c + o).astype(c.dtype) for c, o in zip(cotangents, other, strict=True)])
    second = subject.pull(inputs, other)
    single = level(once)
    both = level([np.abs(a) + np.abs(b) for a, b in zip(once, second, strict=True)])
    found = {}
    for i, leaf in enumerate(subject.leaves):
        eps = float(np.finfo(np.asarray(once[i]).dtype).eps)
        name = f"the gradient of {leaf.name} is not"
        found[f"{name} zero for a zero cotangent"] = farthest(zeros[i]), 0.0
        scaling = f"{name} linear in the cotangent: g(-2 v) is not -2 g(v)"
        found[scaling] = farthest(once[i] * -2 - scaled[i]), 128 * eps * single[i]
        if any(np.size(c) > 1 for c in cotangents):
            adding = f"{name} linear in the cotangent: g(v + w) is not g(v) + g(w)"
            found[adding] = farthest(total[i] - (once[i] + second[i])), 256 * eps * both[i]
    return found


def farthest(x: Any) -> float:
    """The largest magnitude in an array, nan and infinity included; 0 for none."""
    return float(np.max(np.abs(x), initial=0.0))


def nothing_changed(subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[str]:
    """Neither f nor the gradient writes into inputs or cotangent; no two gradients share memory."""
    if subject.grad is not None or subject.vjp is not None:
        return _foreign_changes(subject, inputs, cotangents)
    before = [np.array(x) for x in inputs]
    reasons = []
    plain = [np.array(x)[()] for x in inputs]
    if not subject.as_values:
        with subject._called(plain) as (args, kwargs), no_grad():
            subject.f(*args, **kwargs)
        if not same(plain, before):
            reasons.append("f changes its input in place")
    seeds = [np.array(c)[()] for c in cotangents]
    values, out = subject.recorded(inputs)
    pairs = [(y, c) for y, c in zip(out, seeds, strict=True) if isinstance(y, Value) and y.requires_grad]
    if not pairs and constant(subject, inputs):
        return reasons
    if not pairs:
        return [
            *reasons,
            "no result is a Value that carries gradient: f leaves the graph (.data, .item(), math.*)",
        ]
    numbers = [np.asarray(y.data if isinstance(y, Value) else y) for y in out]
    if not near(subject.outputs(inputs), numbers):
        reasons.append("f computes something else for Values than for arrays")
    results = [np.array(y.data) for y, _ in pairs]
    if not same([v.data for v in values if v is not None], before) and all(
        leaf.value is None for leaf in subject.leaves
    ):
        reasons.append("f changes its input in place")
    found = gradients(
        [y for y, _ in pairs], values, [c for _, c in pairs], retain_graph=True, allow_unused=True
    )
    if (
        not same([v.data for v in values], before)
        and not reasons
        and all(s is not None for s in subject.slots)
    ):
        reasons.append("a rule changes an input in place")
    if len(pairs) == 1 and pairs[0][0].op is not None:
        y, c = pairs[0]
        backward.walk([(y, np.array(c)[()])])  # leaves in .grad what the rules were handed
        if not same([y._grad], [c]):
            reasons.append("a rule changes the cotangent in place")
    if not same([y.data for y, _ in pairs], results):
        reasons.append("a rule changes a result in place")
    arrays = [(f"the input {leaf.name}", v.data) for leaf, v in zip(subject.leaves, values, strict=True)]
    arrays += [("a result", y.data) for y, _ in pairs]
    for leaf, g in zip(subject.leaves, found, strict=True):
        if isinstance(g, np.ndarray):
            for name, other in arrays:
                if isinstance(other, np.ndarray) and np.shares_memory(g, other):
                    reasons.append(f"the gradient of {leaf.name} shares memory with {name}")
            arrays.append((f"the gradient of {leaf.name}", g))
    return reasons


def constant(subject: Subject, inputs: Sequence[Any]) -> bool:
    """Whether f gives the same on both sides of the inputs: then a result without a gradient is right."""
    here = subject.outputs(inputs)
    for sign in (1, -1):
        moved = [np.asarray(x + sign * apart(x)).astype(x.dtype)[()] for x in inputs]
        with contextlib.suppress(*NOT_DEFINED):
            if not same(here, subject.outputs(moved)):
                return False
    return True


def apart(x: Any) -> Any:
    """A step for every element of an input, each another share of it."""
    size = np.where(np.isfinite(x) & (x != 0), np.abs(x), step_for(0.0))
    return size * np.linspace(1 / 64, 1 / 32, np.size(x)).reshape(np.shape(x))


def _foreign_changes(subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[str]:
    """f and a gradient given by hand leave arrays alone."""
    plain = [np.array(x) for x in inputs]
    before = [x.copy() for x in plain]
    seeds = [np.array(c)[()] for c in cotangents]
    reasons = []
    with subject._called(plain) as (args, kwargs):
        subject.f(*args, **kwargs)
    if not same(plain, before):
        reasons.append("f changes its input in place")
        plain = [x.copy() for x in before]
    with subject._called(plain) as (args, kwargs):
        if subject.grad is not None:
            subject.grad(*args, **kwargs)
        else:
            assert subject.vjp is not None
            subject.vjp(seeds[0] if len(seeds) == 1 else tuple(seeds), *args, **kwargs)
    if not same(plain, before):
        reasons.append("the gradient changes an input in place")
    if not same(seeds, cotangents):
        reasons.append("the gradient changes the cotangent in place")
    return reasons


def any_layout(subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[str]:
    """Strided, reversed and Fortran-ordered copies give the same gradient."""
    if not any(np.ndim(x) for x in inputs):
        return []
    once = subject.pull(inputs, cotangents)
    reasons = []
    for name, relaid in (("strided", strided), ("Fortran-ordered", fortran)):
        if not near(once, subject.pull([relaid(x) for x in inputs], cotangents), 4096.0):
            reasons.append(f"the gradient is another for a {name} copy of the inputs")
    return reasons


def strided(x: Any) -> Any:
    """The same numbers, every second of a larger array, backwards."""
    if not np.ndim(x):
        return x
    room = np.zeros((2 * x.shape[0], *x.shape[1:]), x.dtype)
    view = room[::-2]
    view[...] = x
    return view


def fortran(x: Any) -> Any:
    """The same numbers in column order."""
    return np.asfortranarray(x) if np.ndim(x) else x


def graph_is_freed(subject: Subject, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[str]:
    """Reference counting alone frees the graph, the collector being off."""
    if subject.grad is not None or subject.vjp is not None or any(s is None for s in subject.slots):
        return []
    with collector_paused():
        values, out = subject.recorded(inputs)
        roots = [y for y in out if isinstance(y, Value) and y.requires_grad]
        watched = [weakref.ref(v) for v in backward.ancestors(roots).values() if v.op is not None]
        del values, out, roots
        alive = [ref() for ref in watched if ref() is not None]
        return (
            [f"{len(alive)} nodes of the graph stay alive: f keeps them, or a reference cycle does"]
            if alive
            else []
        )


CHECKS: Sequence[Any] = (shapes_and_dtypes, linear_in_cotangent, nothing_changed, any_layout, graph_is_freed)
