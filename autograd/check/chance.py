"""Does f give the same for the same inputs?  Asked before anything else, and again at the end."""

import random
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.check.numeric import step_for
from autograd.check.structure import same
from autograd.check.subject import NOT_DEFINED, Arrays, Subject, quietly
from autograd.check.verdict import Finding, Verdict

DEEP = 3  # functions called by functions: so far generators are looked for


def differs(subject: Subject, first: Arrays, inputs: Arrays, rng: np.random.Generator) -> str:
    """Why f is random; '' if it gave the same twice, at the inputs (`first`) and at two points beside
    them (`x * rng.random()` is always 0 at 0)."""
    drawn = states(subject.f)
    if not repeats(first, subject.outputs(inputs)):
        moved_on = [name for (name, a), (_, b) in zip(drawn, states(subject.f), strict=False) if a != b]
        source = f" (it draws from {moved_on[0]})" if moved_on else ""
        return f"f gives different results for the same inputs{source}: seed it, or draw the random numbers outside"
    steps = [beside(x, rng) for x in inputs]
    for sign in (1, -1):
        moved = [(x + sign * h).astype(x.dtype) for x, h in zip(inputs, steps, strict=True)]
        try:
            once, again = subject.outputs(moved), subject.outputs(moved)
        except NOT_DEFINED:
            continue
        if not repeats(once, again):
            return (
                "f gives different results for the same inputs, close to the point: "
                "seed it, or draw the random numbers outside"
            )
    return ""


def draws(subject: Subject, inputs: Arrays) -> list[Finding]:
    """What to say of an f that draws random numbers, though its results did not show it."""
    before = states(subject.f)
    try:
        with quietly():
            subject.outputs(inputs)
    except NOT_DEFINED:  # changed_since says what is to be said of it
        pass
    names = [name for (name, a), (_, b) in zip(before, states(subject.f), strict=False) if a != b]
    if not names:
        return []
    reason = (
        f"f draws random numbers from {names[0]}, though its results were the same each time: seed it inside"
    )
    return [Finding(Verdict.UNVERIFIED, "structure", reason=reason)]


def changed_since(subject: Subject, first: Arrays, inputs: Arrays) -> list[Finding]:
    """A single finding if f now gives something else than at the start of the check."""
    try:
        with quietly():
            if repeats(first, subject.outputs(inputs)):
                return []
    except NOT_DEFINED:
        pass
    reason = (
        "f gives another result at the end of the check than at the start: "
        "it keeps something from call to call (a counter, running statistics); start afresh in each call"
    )
    return [Finding(Verdict.NONDETERMINISTIC, reason=reason)]


def stale(
    subject: Subject, found: Arrays, inputs: Arrays, cotangents: Arrays, rng: np.random.Generator
) -> bool:
    """Whether a gradient from elsewhere, `found` at the inputs, is another once f was called beside them."""
    if subject.grad is None and subject.vjp is None:
        return False
    with quietly():
        if not repeats(found, subject.pull(inputs, cotangents)):
            return False  # random, which is another mistake
        try:
            subject.outputs([(x + beside(x, rng)).astype(x.dtype) for x in inputs])
        except NOT_DEFINED:
            return False
        return not repeats(found, subject.pull(inputs, cotangents))


def repeats(a: Arrays, b: Arrays) -> bool:
    """The same results, as many of them."""
    return len(a) == len(b) and same(a, b)


def beside(x: Any, rng: np.random.Generator) -> Any:
    """A small step for every element of an input."""
    size = np.abs(np.asarray(x, np.float64))
    step = np.where(np.isfinite(size) & (size > 0), size, step_for(0.0)) / 64
    return step * rng.choice((-1.0, 1.0), size=np.shape(x))


def states(f: Any) -> list[tuple[str, Any]]:
    """The generators f may draw from, by name, and the state each is in."""
    found: list[tuple[str, Any]] = [("np.random", legacy(np.random)), ("random", random.getstate())]
    for name, x in reachable(f, DEEP):
        if isinstance(x, np.random.Generator):
            found.append((name, repr(x.bit_generator.state)))
        elif isinstance(x, np.random.RandomState):
            found.append((name, legacy(x)))
        elif isinstance(x, random.Random):
            found.append((name, x.getstate()))
    return found


def legacy(generator: Any) -> tuple[Any, ...]:
    """The state of np.random itself or of a RandomState."""
    state = generator.get_state()
    return state[1].tobytes(), *state[2:]


def reachable(f: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """What a function closes over, reads from its module or finds in its object, by name, and what the
    functions among those do."""
    owner = getattr(f, "__self__", f)
    named = [(f"self.{n}", x) for n, x in getattr(owner, "__dict__", {}).items()] if owner is not f else []
    f = getattr(f, "__func__", f)
    if not isinstance(f, types.FunctionType) or not depth:
        return
    code, cells = f.__code__, f.__closure__ or ()
    named += [(n, f.__globals__[n]) for n in code.co_names if n in f.__globals__]
    for name, cell in zip(code.co_freevars, cells, strict=True):
        try:
            named.append((name, cell.cell_contents))
        except ValueError:  # not assigned yet
            continue
    for name, x in named:
        yield name, x
        yield from reachable(x, depth - 1)
