"""What is recorded, and how closely it is watched: no_grad, enable_grad, detect_anomaly.

Each mode is a context variable, so it is per thread and per asyncio task, nests,
and is restored when the block raises.
"""

from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

recording: ContextVar[bool] = ContextVar("recording", default=True)
watching: ContextVar[str] = ContextVar("watching", default="")  # "", "nan" or "inf"


class _Mode(ContextDecorator):
    """A block, or a decorated function, in which a context variable has a value."""

    def __init__(self, variable: ContextVar[Any], value: Any) -> None:
        self._variable, self._value = variable, value
        self._tokens: list[Token[Any]] = []

    def _recreate_cm(self) -> "_Mode":  # each decorated call gets its own tokens
        return _Mode(self._variable, self._value)

    def __enter__(self) -> None:
        self._tokens.append(self._variable.set(self._value))

    def __exit__(self, *exception: object) -> None:
        self._variable.reset(self._tokens.pop())


@overload
def no_grad(function: None = None) -> _Mode: ...
@overload
def no_grad(function: F) -> F: ...
def no_grad(function: Callable[..., Any] | None = None) -> Any:
    """Record nothing: ``with no_grad():`` or ``@no_grad``.

    Inside, results carry no gradient and ``w -= step`` changes ``w`` in place.

    >>> from autograd import Value, no_grad
    >>> w = Value(3.0)
    >>> with no_grad():
    ...     (w * 2).requires_grad
    False
    """
    mode = _Mode(recording, False)
    return mode if function is None else mode(function)


@overload
def enable_grad(function: None = None) -> _Mode: ...
@overload
def enable_grad(function: F) -> F: ...
def enable_grad(function: Callable[..., Any] | None = None) -> Any:
    """Record again inside a ``no_grad`` block: ``with enable_grad():`` or ``@enable_grad``."""
    mode = _Mode(recording, True)
    return mode if function is None else mode(function)


def is_grad_enabled() -> bool:
    """Whether operations on Values are being recorded here."""
    return recording.get()


def detect_anomaly(*, inf: bool = False) -> _Mode:
    """Find where a NaN (with ``inf=True`` also an infinity) enters a backward pass.

    Inside the block each operation remembers the line that recorded it and a
    checksum of its inputs.  ``backward`` then raises FloatingPointError at the
    first rule that returns a NaN, naming the operation, the input, the element
    and that line; and RuntimeError if an input was overwritten through NumPy
    after it was recorded.  Record and backward must both run inside the block.
    Costs a few microseconds per operation and a pass over every input.
    """
    return _Mode(watching, "inf" if inf else "nan")
