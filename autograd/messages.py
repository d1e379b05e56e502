"""What the engine says when something cannot be walked back: one sentence, and the mend."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.anomaly import describe
from autograd.callers import caller, library_call, writes
from autograd.foreign import COMPLEX, RULE, WRITTEN, instead
from autograd.rules.scipy_special import belongs
from autograd.rules.table import Op

LIVE, SPENT, RELEASED, CHANGED = 0, 1, 2, 3  # Node.state


def explained(op: Op, args: Sequence[Any], error: Exception) -> Exception:
    """The same error with the operation, the shapes and dtypes, and the mend in it."""
    given = ", ".join(describe(a) for a in args)
    mend = ""
    if op.name == "matmul" and "core dimension" in str(error):
        x, y = (np.shape(a) for a in args)
        error = ValueError(
            f"the last axis of the first ({x[-1]}) must equal the "
            f"{'second last' if len(y) > 1 else 'only'} axis of the second ({y[-2:][0]}): transpose one of them"
        )
    elif op.broadcasts and "broadcast" in str(error):
        mend = f"; {misfit(*[np.shape(a) for a in args])}"
    message = f"{op.name}({given}): {error}{mend}"
    if type(error) in (ValueError, TypeError, IndexError, OverflowError):
        return type(error)(message)
    error.add_note(message)
    return error


def misfit(*shapes: tuple[int, ...]) -> str:
    """Which lengths do not fit, and the mend; a new axis makes a table of all pairs, which is seldom meant."""
    width = max([len(shape) for shape in shapes])
    rows = [(1,) * (width - len(shape)) + shape for shape in shapes]
    differ = ""
    for axis in range(-1, -1 - width, -1):
        lengths = list(dict.fromkeys([row[axis] for row in rows if row[axis] != 1]))
        if len(lengths) > 1:
            differ = f", and the lengths {lengths[0]} and {lengths[1]} on axis {axis} differ"
            break
    mend = "for a table of all pairs y[:, None]" if width == 1 else "e.g. y[:, None]"
    return f"shapes are aligned from the right{differ}: reshape one of them, {mend}"


def slot_of(x: Any, node: Any) -> int:
    """Which input of `node` the Value `x` is."""
    return next(i for i, y in enumerate(node.inputs) if y is x)


def unusable(node: Any) -> str:
    """Why `node` cannot be walked back."""
    if node.state == CHANGED:
        return (
            f"the result of {label(node)} was changed in place after it was recorded, so its "
            f"gradient is no longer known; change a copy instead (y = y * 1) or detach() it first"
        )
    if node.state == RELEASED:
        return (
            f"this graph was released: the result of {label(node)} was already used by a "
            f"backward(release=True); compute the result again, or leave out release"
        )
    return (
        f"this graph is spent: the result of {label(node)} was already used by a backward(); "
        f"pass retain_graph=True to the first backward(), or compute the result again"
    )


def changed(node: Any, x: Any) -> str:
    """That `x` is no longer what `node` read."""
    return (
        f"input {slot_of(x, node)} of {node.op.name} ({label(x)}), or what it is a view of, was changed in place "
        f"after {node.op.name} read it, so the gradient would be that of another function; call backward() before the "
        f"change, or compute the result again"
    )


def no_rule(node: Any, x: Any) -> str:
    """That `node` carries no gradient to `x`."""
    return (
        f"{node.op.name} has no gradient with respect to input {slot_of(x, node)}; "
        f"pass that input as a plain array (.data) or as .detach()"
    )


def where(node: Any) -> str:
    """The note an error inside a rule carries."""
    shapes = ", ".join(describe(getattr(x, "_array", x)) for x in node.inputs)
    site = getattr(node, "_site", None)
    line = f", recorded at {site.line}" if site else " (detect_anomaly() names the line)"
    return f"in the backward of {node.op.name}({shapes}){line}"


def label(v: Any) -> str:
    """A Value in a message: its operation, data and name."""
    name = getattr(v, "_name", None)
    what = v.op.name if v.op is not None else "leaf"
    return f"{what} {describe(v._array)}" + (f" named {name!r}" if name else "")


# --- where Values cannot go -----------------------------------------------------------------

OUT = {
    "np.asarray()": "the Value itself (v.astype(dtype) for another dtype), "
    "np.stack([...]) or Value([...]) to join several, nested lists row by row: "
    "np.stack([np.stack(row) for row in rows])",
    "complex()": f"real numbers only: {COMPLEX}",
    "an index": "stop_gradient(v).astype(int) for a position",
}


def leaving(v: Any, how: str) -> str:
    """That something would take `v` out of the graph, who, and what to write instead."""
    lost = f"would drop the gradient of this Value (shape {v.shape})"
    way_out = ".item() or .data leave the graph"
    frame = caller()
    function = library_call(frame)
    if function:
        return f"{function} computes with plain arrays, which {lost}: {instead(function) or RULE}; {way_out}"
    if how != "an index" and writes(frame):
        return f"y[i] = v {lost}, since y is a plain array: {WRITTEN}; {way_out}"
    mend = OUT.get(how, "np.f(value) rather than math.f(value)")
    return f"{how} {lost}: use {mend}; {way_out}"


def without_rule(function: Any) -> str:
    """That a function of NumPy's, or a ufunc of another library, has no rule, and what to write instead."""
    name = name_of(function)
    mend = instead(name) or f"use v.data to leave the graph, or {RULE}"
    return f"{name} has no gradient rule for a Value; {mend}" + (
        "" if "v.data" in mend else "; v.data leaves the graph"
    )


def name_of(function: Any) -> str:
    """A function as its callers write it: np.sin, np.fft.fft, scipy.special.erf."""
    name = str(getattr(function, "__name__", function))
    if isinstance(function, np.ufunc):  # which does not know its module
        theirs = belongs(function, sys.modules.get("scipy.special"))
        return f"scipy.special.{name.lstrip('_')}" if theirs else f"np.{name}"
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{name}"
