"""A gradient from elsewhere for drawn arguments: called as the function is, its parts brought back to the leaves."""

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from autograd.check.subject import ReturnedError
from autograd.containers import leaves_of
from autograd.transforms import gradients
from autograd.value import Value


def on_leaves(
    gradient: Callable[..., Any],
    operands: Any,
    n: int,
    names: Sequence[str],
    named: Sequence[str],
    constants: dict[str, Any],
    chosen: Sequence[str],
) -> Callable[..., Any]:
    """`gradient` as check_grads calls it, by the names of the leaves.

    The gradient itself is called with the drawn arguments, views of one array among them, and returns one
    part for each of them that is a floating array; what belongs to one leaf is added up.
    operands: a layouts.Operands; n: how many of its arguments are positional; names: of the leaves, and
    chosen: those of them that are differentiated.
    Raises TypeError (ReturnedError) if the parts are not as many as the arguments, or do not have their shapes.
    """

    def on_these(*front: Any, **leaves: Any) -> list[Any]:
        arrays = [leaves[name] for name in names]
        given = operands.rebuild(arrays)
        found = gradient(*front, *given[:n], **dict(zip(named, given[n:], strict=True)), **constants)
        parts = [found] if not isinstance(found, tuple | list | dict) else leaves_of(found)
        makers = [(slot, make) for slot, make in operands.makers if slot >= 0 and names[slot] in chosen]
        if len(parts) != len(makers):
            raise ReturnedError(
                f"gradchecked: the gradient has {len(parts)} parts for {len(makers)} arguments; return one array "
                f"for each argument, in their order"
            )
        return [
            added_up(x, [(make, p) for (slot, make), p in zip(makers, parts, strict=True) if slot == k])
            for k, x in enumerate(arrays)
            if names[k] in chosen
        ]

    update_wrapper(on_these, gradient)
    vars(on_these).pop("__wrapped__", None)
    vars(on_these)["gradient"] = gradient  # for options.place_of
    return on_these


def added_up(x: Any, uses: Sequence[tuple[Callable[[Any], Any], Any]]) -> Any:
    """The gradient of a leaf from those of the arguments made of it, each with how it was made."""
    if len(uses) == 1 and uses[0][0](x) is x:
        return uses[0][1]  # as it is, so that its shape and dtype are checked
    total = np.zeros(np.shape(x), np.asarray(x).dtype)
    for make, part in uses:
        g = np.asarray(part.data if isinstance(part, Value) else part)
        leaf = Value(x)
        view = make(leaf)
        if g.shape != view.shape or g.dtype.kind not in "fiu":
            raise ReturnedError(
                f"gradchecked: a part of the gradient is {g.dtype} {g.shape} for an argument of shape {view.shape}; "
                f"return one array of each argument's shape, in their order"
            )
        seed = g.astype(view.dtype)[()]
        total = total + (seed if view is leaf else gradients([view], [leaf], [seed])[0])
    return total[()] if isinstance(total, np.ndarray) else total
