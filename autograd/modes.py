"""What is recorded, and how closely it is watched: no_grad, enable_grad, detect_anomaly.

The modes are bits of one context variable, so they are per thread and per asyncio task, nest,
and are restored when the block raises.
"""

from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

RECORD, WATCH, WATCH_INF, OBSERVE, TRACE = 1, 2, 4, 8, 16  # bits: one look tells the engine everything
mode: ContextVar[int] = ContextVar("mode", default=RECORD)
observers: ContextVar[tuple[Any, ...]] = ContextVar("observers", default=())  # looked at with OBSERVE alone


class _Mode(ContextDecorator):
    """A block, or a decorated function, in which some bits are set and some cleared."""

    def __init__(self, on: int = 0, off: int = 0) -> None:
        self._on, self._off = on, off
        self._tokens: list[Token[int]] = []

    def _recreate_cm(self) -> "_Mode":  # each decorated call gets its own tokens
        return _Mode(self._on, self._off)

    def __enter__(self) -> None:
        self._tokens.append(mode.set(mode.get() & ~self._off | self._on))

    def __exit__(self, *exception: object) -> None:
        mode.reset(self._tokens.pop())


@overload
def no_grad(function: None = None) -> _Mode: ...
@overload
def no_grad(function: F) -> F: ...
def no_grad(function: Any = None) -> Any:
    """Record nothing: ``with no_grad():`` or ``@no_grad``.

    Inside, results carry no gradient and ``w -= step`` changes ``w`` in place.

    >>> from autograd import Value, no_grad
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     (w * 2).requires_grad
    False
    """
    off = _Mode(off=RECORD)
    return off if function is None else off(function)


@overload
def enable_grad(function: None = None) -> _Mode: ...
@overload
def enable_grad(function: F) -> F: ...
def enable_grad(function: Any = None) -> Any:
    """Record again inside a ``no_grad`` block: ``with enable_grad():`` or ``@enable_grad``."""
    on = _Mode(on=RECORD)
    return on if function is None else on(function)


def unobserved() -> _Mode:
    """Tell the observers nothing of the backward passes in this block."""
    return _Mode(off=OBSERVE)


def is_grad_enabled() -> bool:
    """Whether operations on Values are being recorded here."""
    return bool(mode.get() & RECORD)


def detect_anomaly(*, inf: bool = False) -> _Mode:
    """Find where a NaN (with ``inf=True`` also an infinity) enters a backward pass.

    Inside the block each operation remembers the line that recorded it and a
    checksum of its inputs.  ``backward`` then raises FloatingPointError at the
    first rule that returns a NaN, naming the operation, the input, the element
    and that line; and RuntimeError if an input was overwritten through NumPy
    after it was recorded.  Record and backward must both run inside the block.
    Costs a few microseconds per operation and a pass over every input.
    """
    return _Mode(on=WATCH | WATCH_INF if inf else WATCH, off=0 if inf else WATCH_INF)
