"""What is recorded, and how closely it is watched: no_grad, enable_grad, detect_anomaly.

The modes are bits of one context variable, so they are per thread and per asyncio task, nest,
and are restored when the block raises.
"""

from collections.abc import Callable, Iterator
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

RECORD, WATCH, WATCH_INF, OBSERVE, TRACE = 1, 2, 4, 8, 16  # bits: one look tells the engine everything
mode: ContextVar[int] = ContextVar("mode", default=RECORD)
observers: ContextVar[tuple[Any, ...]] = ContextVar("observers", default=())  # looked at with OBSERVE alone


class _Mode(ContextDecorator):
    """A block, or a decorated function, in which some bits are set and some cleared.

    Raises TypeError for a class and for an asynchronous generator, which cannot be decorated.
    """

    def __init__(self, on: int = 0, off: int = 0) -> None:
        self._on, self._off = on, off
        self._tokens: list[Token[int]] = []

    def _recreate_cm(self) -> "_Mode":  # each decorated call gets its own tokens
        return _Mode(self._on, self._off)

    def __call__(self, function: F) -> F:
        wrapped: Any
        if isinstance(function, type):
            raise TypeError(f"{function.__qualname__} is a class; decorate its methods")
        if isasyncgenfunction(function):
            raise TypeError(
                f"{function.__qualname__} is an asynchronous generator; open the block inside it, "
                f"around what comes between two yields"
            )
        if isgeneratorfunction(function):
            wrapped = self._around_steps(function)
        elif iscoroutinefunction(function):
            wrapped = self._around_await(function)
        else:
            wrapped = super().__call__(function)
        return wrapped

    def _around_steps(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator function: the block is open while its body runs, and closed while its caller's does."""

        @wraps(function)
        def steps(*args: Any, **options: Any) -> Iterator[Any]:
            body = function(*args, **options)
            go_on, given = body.send, None
            while True:
                with self._recreate_cm():
                    try:
                        result = go_on(given)
                    except StopIteration as end:
                        return end.value
                try:
                    go_on, given = body.send, (yield result)
                except GeneratorExit:
                    with self._recreate_cm():
                        body.close()
                    raise
                except BaseException as error:
                    go_on, given = body.throw, error

        return steps

    def _around_await(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A coroutine function: the block is open in its task until it returns."""

        @wraps(function)
        async def awaited(*args: Any, **options: Any) -> Any:
            with self._recreate_cm():
                return await function(*args, **options)

        return awaited

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
