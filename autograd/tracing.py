"""What differs while a program is traced (autograd.compile): no number is known yet.

Answers that are plain arrays elsewhere (comparisons, argmax, isnan) are recorded, and every way
out of the graph (bool(), .data, .item()) is refused, so that nothing of one call is baked in.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import engine
from autograd.callers import caller, numpy_call, writes
from autograd.engine import NO_PARAMS, Node, next_number, raw
from autograd.foreign import WRITTEN
from autograd.modes import TRACE, mode
from autograd.rules import elementwise as el
from autograd.rules.plain import STATIC
from autograd.rules.table import Op

# the shape of what these return depends on the numbers
SHAPELESS = frozenset((np.nonzero, np.flatnonzero, np.argwhere))
_OPS: dict[tuple[Any, int], Op] = {}


@dataclass(eq=False)
class Tape:
    """What happens while one program is traced."""

    start: int  # what was made before has a lower number
    made: list[Any] = field(default_factory=list)  # every traced Value
    writes: list[tuple[int, Any, Any]] = field(default_factory=list)  # number, Value, its new data
    numbers: dict[int, tuple[Any, int]] = field(default_factory=dict)  # the written Values, as they were
    holds: list[Callable[[], bool]] = field(default_factory=list)  # the program is good while all are true


tape: ContextVar[Tape] = ContextVar("tape")


def is_tracing() -> bool:
    """Whether a program is being traced here."""
    return bool(mode.get() & TRACE)


def good_while(holds: Callable[[], bool]) -> None:
    """What is being traced depends on more than its arguments: it is good only for calls at which `holds()` is true."""
    tape.get().holds.append(holds)


def op_of(function: Callable[..., Any], arity: int) -> Op:
    """The operation, without gradient, that stands for a NumPy function."""
    op = _OPS.get((function, arity))
    if op is None:
        name = getattr(function, "__name__", str(function))
        op = _OPS[function, arity] = Op(name, function, *(None,) * arity, broadcasts=True)
    return op


def answer(
    function: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any] | None = None
) -> Any:
    """What a function without gradient says of Values: plain, or recorded while a program is traced."""
    options = options or {}
    if not is_tracing() or function in STATIC:
        return function(*[plainly(x) for x in args], **{k: plainly(x) for k, x in options.items()})
    if function in SHAPELESS:
        raise TypeError(
            f"np.{function.__name__} inside a compiled function: the shape of its result depends on the "
            f"numbers, which are not known yet; use np.where(condition, x, y), or compute it outside"
        )
    if any(isinstance(x, list | tuple) and any(isinstance(y, Node) for y in x) for x in args) or any(
        isinstance(x, Node) for x in options.values()
    ):
        raise TypeError(f"np.{function.__name__} inside a compiled function: pass the Values by position")
    n = len(args)
    while n and not isinstance(args[n - 1], Node | np.ndarray | np.generic | list):
        n -= 1  # trailing options given by position: argmax(x, 0)
    rest = tuple(args[n:])
    data = function(*[raw(x) for x in args[:n]], *rest, **options)
    params = dict(options)
    op = op_of(function, n)
    if rest:
        op = _OPS.setdefault(
            ((function, rest), n),
            Op(op.name, lambda *xs, _rest=rest, **kw: function(*xs, *_rest, **kw), *(None,) * n),
        )
    data = data if isinstance(data, np.ndarray) and data.ndim else np.asarray(data)[()]
    return engine.result(data, op, tuple(args[:n]), params, False)


def write(v: Any, new: Any) -> None:
    """`v.data = new` while a program is traced: every run of the program will do it at its end.

    What reads `v` from here on reads `new`.
    """
    record = tape.get()
    name = getattr(v, "_name", None) or "a Value"
    if isinstance(v, engine.Traced) or (id(v) not in record.numbers and v._number > record.start):
        raise TypeError(
            f"a compiled function changes {name}, which it was given or has made, in place; return the new data instead"
        )
    if not isinstance(new, Node):
        new = np.array(new, dtype=v._array.dtype)[()]
    elif new.requires_grad or not isinstance(new, engine.Traced):
        new = engine.result(new._array, el.IDENTITY, (new,), NO_PARAMS, False)
    if new.shape != v._array.shape:
        raise ValueError(
            f"Value.data: the new data has shape {new.shape}, {name} has shape {v._array.shape}; "
            f"make a new Value for another shape"
        )
    if new.dtype != v._array.dtype:
        new = el.astype(new, v._array.dtype)
    record.numbers.setdefault(id(v), (v, v._number))
    v._number = next_number()  # a pass back through what has read the old data is refused
    record.writes.append((v._number, v, new))


def plainly(x: Any) -> Any:
    """An argument without its Values."""
    if isinstance(x, list | tuple) and any(isinstance(y, Node) for y in x):
        return [y._array if isinstance(y, Node) else y for y in x]
    return raw(x) if isinstance(x, Node | np.ndarray) else x


def unknown(x: Any, how: str) -> TypeError:
    """The error for a way out of the graph while a program is traced."""
    what = described(x)
    if how != "an index" and writes(caller()):
        return TypeError(
            f"y[i] = v inside a compiled function, v {what}, would write into a plain array: {WRITTEN}"
        )
    if how == "np.asarray()":
        return TypeError(
            "a plain array of a Value inside a compiled function (np.asarray, np.array, a[...] = v): its numbers are "
            "not known yet; leave the Value as it is, join several with np.stack or np.concatenate, and look up in a "
            "plain array with Value(array, requires_grad=False)[ids]"
        )
    function = numpy_call()
    if function:
        return TypeError(
            f"{function} inside a compiled function looks at the numbers of {what}, which are not known yet: "
            f"compute it outside and pass the result in"
        )
    return TypeError(
        f"{how} of {what} inside a compiled function: its numbers are not known yet, the code is traced once "
        f"for all calls; choose with np.where(condition, x, y), or make what the choice depends on a static "
        f"argument (a Python int, bool or string)"
    )


def described(x: Any) -> str:
    """A Value in a message: its name or operation, dtype and shape."""
    name = x.op.name if x.op is not None else getattr(x, "_name", None) or "a Value"
    return f"{name} {x._array.dtype} {x._array.shape}"


def unknown_index(x: Any) -> TypeError:
    """The error for truth values that are used as an index while a program is traced."""
    return TypeError(
        f"an index: {described(x)} inside a compiled function: how many elements it chooses is not known yet; "
        f"choose with np.where(mask, x, y), or close over the mask"
    )
