"""The arguments of a compiled function: which are inputs, what kind of call they make."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.containers import leaves_of, rebuilt
from autograd.engine import Node, constant

Tree = list[Any]  # the arguments of one call: [args, options]
C = "C"


def filled(tree: Tree, flat: Sequence[Any], places: Sequence[int], values: Sequence[Any]) -> Tree:
    """The arguments with other values at some places."""
    called = list(flat)
    for i, v in zip(places, values, strict=True):
        called[i] = v
    again: Tree = rebuilt(tree, called)
    return again


def plainly(x: Any) -> Any:
    """The number or array of an argument, with nothing around it."""
    return x._array if isinstance(x, Node) else np.asarray(x)[()] if isinstance(x, np.ndarray) else x


def compact(x: Any) -> Any:
    """An argument, copied if it is an array with gaps or backwards: NumPy rounds otherwise there, and a Value is a copy."""
    if isinstance(x, np.ndarray) and x.strides and not (x.flags.forc and min(x.strides) >= 0):
        return np.array(x)
    return x


def layout(x: Any) -> Any:
    """The order of a compact array's elements in memory."""
    return C if x.flags.c_contiguous else x.strides


def example(x: Any, kind: Any) -> Any:
    """An argument as the one to trace with; TypeError for what is not a real number or array."""
    data = x._array if isinstance(x, Node) else x
    if kind is not None:
        return kind.type(data)
    try:
        data = constant(data)
    except TypeError as error:
        raise TypeError(f"compile: {str(error).replace('an operand', 'an argument')}") from None
    return data if isinstance(data, np.generic) else np.array(data, order="K", subok=False)


def is_input(x: Any) -> bool:
    """Whether an argument is a number or array that differs from call to call; the rest is static."""
    return isinstance(x, Node | np.ndarray | np.generic) or type(x) is float


def kinds_of(data: Sequence[Any]) -> list[Any]:
    """The dtype that each Python float gets: that of the floating arrays beside it, as NumPy has it; None for arrays."""
    dtypes = {x.dtype for x in data if hasattr(x, "dtype") and x.dtype.kind == "f"}
    weak = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float64)
    return [weak if type(x) is float else None for x in data]


def signature(args: Sequence[Any], options: dict[str, Any]) -> tuple[Any, Tree, list[Any]]:
    """What is equal for arguments that one trace is good for; the arguments as a tree, and flat."""
    tree: Tree = [args, options]
    flat = [compact(x) for x in leaves_of(tree)]
    key: list[Any] = []
    for x in flat:
        if type(x) is float:
            key.append(float)
        elif isinstance(x, Node):
            key.append((x._array.dtype, x._array.shape, layout(x._array), x.requires_grad))
        elif isinstance(x, np.ndarray):
            key.append((type(x), x.dtype, x.shape, layout(x)))
        elif isinstance(x, np.generic):
            key.append((None, x.dtype))
        else:
            key.append((type(x), x))
    try:
        hash(found := (shape_of(tree), tuple(key)))
    except TypeError:
        wrong = next(x for x in flat if not is_input(x) and not hashable(x))
        raise TypeError(
            f"compile: an argument is a {type(wrong).__name__}; pass numbers, arrays, Values, containers of them, "
            f"or something hashable that stays the same"
        ) from None
    return found, tree, flat


def hashable(x: Any) -> bool:
    try:
        hash(x)
    except TypeError:
        return False
    return True


def shape_of(tree: Any) -> Any:
    """The containers of a tree, without its leaves."""
    if isinstance(tree, dict):
        return (type(tree), tuple([(k, shape_of(x)) for k, x in tree.items()]))
    if isinstance(tree, tuple | list):
        return (type(tree), tuple([shape_of(x) for x in tree]))
    return None


def checked(results: list[Any], name: str) -> list[Any]:
    """What `f` returned, if it is numbers and arrays."""
    for x in results:
        if x is None:
            raise TypeError(
                f"compile: {name} returned None; is a return missing? (nothing else leaves a compiled function)"
            )
        if not isinstance(x, Node | np.ndarray | np.generic | float | int):
            raise TypeError(
                f"compile: {name} returned a {type(x).__name__}; return numbers, arrays, or containers of them"
            )
    return results


def names_of(f: Callable[..., Any], tree: Tree, places: Sequence[int]) -> list[str | None]:
    """The names that `f` gives its arguments, for each flat input."""
    args, options = tree
    named: list[tuple[str | None, Any]] = list(zip(words_of(f, len(args)), args, strict=True))
    flat: list[str | None] = []
    for word, x in [*named, *options.items()]:
        inside = leaves_of(x)
        flat += [word if len(inside) == 1 or word is None else f"{word}{j}" for j in range(len(inside))]
    return [flat[i] for i in places]


def words_of(f: Callable[..., Any], n: int) -> list[str | None]:
    """The names of `n` arguments given by position."""
    try:
        known = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        known = []
    words: list[str | None] = []
    for p in known:
        if p.kind is p.VAR_POSITIONAL:
            words += [f"{p.name}{i}" for i in range(n - len(words))]
        elif p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            words.append(p.name)
    return [*words, *[None] * n][:n]
