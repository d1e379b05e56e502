"""Operations of one's own: primitive (a function with its rules), checkpoint (a function as one operation)."""

import math
from collections.abc import Callable, Sequence
from functools import wraps
from threading import get_ident
from typing import Any

import numpy as np

from autograd import backward, engine
from autograd.calls import variable, zeros
from autograd.convert import plain_array
from autograd.engine import Node, next_number, raw
from autograd.modes import enable_grad, is_grad_enabled, no_grad
from autograd.rules.table import Op, Rule
from autograd.tracing import is_tracing
from autograd.value import Value


def primitive(
    *rules: Rule | None, name: str | None = None, broadcasts: bool = False, random: bool = False
) -> Callable[..., Any]:
    """Decorate plain NumPy code with rules of its own, one per positional argument.

    A rule is `rule(g, out, *inputs, **params)`: the gradient of one argument, for the
    gradient `g` of the result `out`, in plain NumPy operators and functions (no
    in-place change), so that it works for Values too, at every order.  It returns
    a new array or one it was given; None stands for an argument without gradient.
    Keyword arguments are parameters: hashable, and handed to the rules by name.
    broadcasts: the arguments are broadcast against each other, as in `x * y`.
    random: it gives something else each time, so a compiled function calls it at every call.

    Under autograd.compile the function runs as it is at every call, given arrays, so it may
    contain anything.  The rules are traced once: they may look at shapes, dtypes and parameters
    but not at numbers (no `if x[0] > 0`, float(x) or .data: np.where chooses), and they call only
    what has a rule (another library's function is a primitive of its own there, whose rules are
    None if it will not be differentiated).

    >>> from autograd import grad, primitive
    >>> @primitive(lambda g, out, x: g * 3 * x**2)
    ... def cube(x):
    ...     return x**3
    >>> float(grad(cube)(2.0)), float(grad(grad(cube))(2.0))
    (12.0, 12.0)
    """
    for rule in rules:
        if rule is not None and not callable(rule):
            raise TypeError(f"primitive(): a rule must be a function or None, got {type(rule).__name__}")

    def decorate(forward: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(forward):
            raise TypeError(
                f"primitive(): got {type(forward).__name__} where the function is expected; "
                f"the rules come first: primitive(rule)(function), or @primitive(rule) above its def"
            )
        op = Op(name or forward.__name__, forward, *rules, broadcasts=broadcasts, random=random)

        @wraps(forward)
        def call(*inputs: Any, **params: Any) -> Any:
            if len(inputs) != len(rules):
                raise TypeError(
                    f"{op.name}(): {len(inputs)} arguments given, {len(rules)} rules known; "
                    f"give primitive() one rule (or None) per positional argument"
                )
            for x in inputs:
                if isinstance(x, Value):
                    made = engine.record(op, inputs, params)
                    if made.requires_grad and made.dtype.kind != "f" and any(rules):
                        raise TypeError(
                            f"{op.name}() returned dtype {made.dtype}, but has a rule, and only floating dtypes carry "
                            f"gradient: convert the result with .astype(float), or give it None for rules"
                        )
                    return made
            return forward(*inputs, **params)

        call.op = op  # type: ignore[attr-defined]
        return call

    return decorate


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` recorded as a single operation: what is inside is computed again in the backward pass.

    Saves the memory of the intermediate results for one more forward pass
    (Griewank & Walther, 2000, "Algorithm 799: revolve").  `f` takes and returns arrays
    or Values (one result), must give the same result twice, may close over Values, which
    receive their gradients too, and must not write into them.
    Raises RuntimeError in the backward pass where it does not (dropout draws another mask).

    >>> import numpy as np
    >>> from autograd import Value, checkpoint
    >>> x = Value(0.5)
    >>> y = checkpoint(lambda v: np.exp(np.sin(v)))(x)
    >>> y.op
    <lambda>
    """

    def call(*args: Any, **options: Any) -> Any:
        if not is_grad_enabled() or is_tracing():  # compiled code plans its memory itself
            return f(*args, **options)
        slots = [i for i, x in enumerate(args) if isinstance(x, Value) and x.requires_grad]

        def run(values: Sequence[Any]) -> Any:
            again = list(args)
            for i, v in zip(slots, values, strict=True):
                again[i] = v
            return f(*again, **options)

        fresh = [Value(args[i].data) for i in slots]
        start = next_number()
        first = run(fresh)
        if not slots and isinstance(first, (np.ndarray, np.generic)):
            return first  # arrays in, an array out: nothing to come back to
        if not isinstance(first, Value):
            raise TypeError(
                f"checkpoint: the function returned {type(first).__name__}; it must return one Value"
            )
        inside = {n: v for n, v in backward.ancestors([first]).items() if n > start}
        closed = {
            id(x): x
            for v in inside.values()
            for x in v.inputs
            if isinstance(x, Node) and x._number < start  # also constants: they may change in place
        }
        if first.requires_grad and first._number < start:  # the function returned what it closed over
            closed[id(first)] = first
        for v in fresh:
            closed.pop(id(v), None)
        tracked = len(slots) + sum(x.requires_grad for x in closed.values())
        op = rerun(run, len(slots), list(closed.values()), tracked, getattr(f, "__name__", type(f).__name__))
        inputs = tuple([args[i] for i in slots] + list(closed.values()))
        data = first.data[...] if first.ndim else first.data
        return engine.result(data, op, inputs, engine.NO_PARAMS, tracked > 0)

    return call


def rerun(run: Callable[[Sequence[Any]], Any], n: int, closed: list[Any], tracked: int, name: str) -> Op:
    """The operation of one checkpoint: `n` arguments, then the Values closed over."""
    # by thread, and whether the pass is recorded: the gradient last pulled, what came of it, how often it was read
    memos: dict[tuple[int, bool], list[Any]] = {}

    def forward(*inputs: Any) -> Any:
        own = [v._array for v in closed]
        try:
            for v, x in zip(closed, inputs[n:], strict=True):
                v._array = x
            with no_grad():
                return plain_array(run([Value(x, requires_grad=False) for x in inputs[:n]]))
        finally:
            for v, x in zip(closed, own, strict=True):
                v._array = x

    def rule(g: Any, out: Any, *inputs: Any, i: int) -> Any:
        key = get_ident(), isinstance(out, Value)
        memo = memos.get(key)
        if memo is None or memo[0] is not g:
            fresh = [variable(x, "checkpoint") for x in inputs[:n]]
            since = next_number()
            with enable_grad():
                again = run(fresh)
            if differs(plain_array(again), raw(out)):
                raise RuntimeError(
                    f"checkpoint: {name} gave another result when it was computed again, so the gradient would be that "
                    f"of another function: what it reads was changed in place, it draws random numbers (dropout does) "
                    f"or it keeps state; do that outside of it"
                )
            found = backward.walk(
                [(again, g)],
                create_graph=key[1],
                store=False,
                wanted={v._number: v for v in fresh + closed},
                since=since,
            )
            memo = memos[key] = [g, [found.get(v) for v in fresh + closed], 0]
        gradient = memo[1][i]
        memo[2] += 1
        if memo[2] == tracked:
            del memos[key]
        return zeros(inputs[i]) if gradient is None else gradient

    return Op(name, forward, rule, variadic=True)


def differs(a: Any, b: Any) -> bool:
    """Whether results are other numbers, and not the same ones rounded differently."""
    if a.shape != b.shape:
        return True
    if (a == b).all():
        return False
    rounding = math.sqrt(np.finfo(b.dtype).eps) if b.dtype.kind == "f" else 0.0
    finite = np.isfinite(b)
    largest = float(np.max(np.abs(b), initial=0.0, where=finite))
    near = np.abs(np.where(finite, a, 0) - np.where(finite, b, 0)) <= rounding * largest
    return not (np.where(finite, near, (a == b) | (np.isnan(a) & np.isnan(b)))).all()
