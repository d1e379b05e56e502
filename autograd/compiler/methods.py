"""`@compile` on a method of a class: compiled for each object by itself."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from types import MethodType
from typing import Any


def weak_method(f: Callable[..., Any], obj: Any, reference: Callable[[], Any]) -> Callable[..., Any]:
    """`f` with `obj` as its first argument, which does not keep `obj` alive."""

    def method(*args: Any, **options: Any) -> Any:
        return f(reference(), *args, **options)

    method.__name__ = getattr(f, "__name__", "method")
    method.__qualname__ = getattr(f, "__qualname__", "method")
    method.__module__ = getattr(f, "__module__", "")
    with suppress(TypeError, ValueError):  # of a built-in function
        method.__signature__ = inspect.signature(MethodType(f, obj))  # type: ignore[attr-defined]
    return method


class Method:
    """A compiled function of one object, and the object, which lives as long as this does."""

    __slots__ = ("__self__", "compiled")

    def __init__(self, compiled: Any, obj: Any) -> None:
        self.compiled, self.__self__ = compiled, obj

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.compiled(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)

    def __repr__(self) -> str:
        return repr(self.compiled)

    def __reduce__(self) -> Any:
        return getattr, (self.__self__, self.compiled.__name__)
