"""Words and numbers in pictures: captions, tooltips, spoken labels; short for reading, exact on demand."""

import re
from typing import Any

import numpy as np

from autograd.graph.description import CONSTANT, GROUP, GraphEdge, GraphNode, GraphScope

LONGEST = 24  # characters of a name in a picture; the tooltip has all
NO_GRADIENT = "no gradient yet"
MINUS = "\N{MINUS SIGN}"
BLANK = "''"  # a name without a letter to see
SYMBOLS = {
    "add": "+",
    "subtract": MINUS,
    "multiply": "\N{MULTIPLICATION SIGN}",
    "divide": "\N{DIVISION SIGN}",
    "power": "**",
    "matmul": "@",
    "negative": MINUS,
}


def one_line(words: str) -> str:
    """Without line breaks and characters that no picture can show."""
    return " ".join(printable(words).split())


def printable(words: str) -> str:
    """Line breaks stay; other control characters, and halves of characters, become spaces."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in words)


def shortened(words: str, most: int = LONGEST) -> str:
    """A long text on one line, cut in its middle: names often differ at their ends alone.

    Of a dotted name the long words inside go first, as its numbers tell where it is.

    >>> shortened("layers.0.neurons.1.w.0", 16)
    'layers.0\N{HORIZONTAL ELLIPSIS}1.w.0'
    """
    words = one_line(words)
    if len(words) <= most:
        return words
    cut = "\N{HORIZONTAL ELLIPSIS}"
    parts = words.split(".")
    for i in sorted(range(len(parts) - 1), key=lambda i: (i == 0, -len(parts[i]))):
        if parts[i].isdigit():
            continue
        parts[i] = cut
        shorter = re.sub(rf"\.?{cut}[.{cut}]*", cut, ".".join(parts))
        if len(shorter) <= most:
            return shorter
    head = (most - 1) // 3
    return words[:head] + cut + words[len(words) - (most - 1 - head) :]


def caption(n: GraphNode) -> tuple[str, str]:
    """What stands first in a node: its name in bold, and its operation beside it."""
    name = shortened(n.label) or BLANK
    if n.op is None:
        return name, ""
    symbol = SYMBOLS.get(n.op)
    op = shortened(f"{symbol} {n.op}" if symbol else n.op)
    return (name, symbol or op) if n.label != n.op else (op, "")


def number(x: Any, digits: int = 5) -> str:
    """A number in at most 11 characters: 0.30441, -1.2346e-05, NaN, -inf."""
    if isinstance(x, bool | np.bool_):
        return str(x)
    if isinstance(x, int | np.integer):
        return (
            str(x) if abs(int(x)) < 10**9 else f"{float(x):.{digits}g}" if abs(int(x)) < 10**300 else "huge"
        )
    x = float(x)
    return "NaN" if x != x else f"{x:.{digits}g}"


def signed(x: Any, digits: int = 5) -> str:
    """A number with its sign: the sign is a second channel beside the colour."""
    words = number(x, digits)
    return words if words[0] == "-" or words == "NaN" or not x else f"+{words}"


def sign_of(x: Any) -> str:
    """'positive', 'negative', 'zero', 'nan' for a number; 'none' where there is none, 'many' for several."""
    if x is None:
        return "none"
    array = np.asarray(x)
    if array.size != 1:
        return "nan" if array.dtype.kind == "f" and np.isnan(array).any() else "many"
    x = float(array.item())
    return "nan" if x != x else "positive" if x > 0 else "negative" if x < 0 else "zero"


def shape_of(n: GraphNode) -> str:
    """The lengths of the axes, and the dtype."""
    return "\N{MULTIPLICATION SIGN}".join(str(i) for i in n.shape) + f" {n.dtype}"


def value_line(n: GraphNode) -> str:
    """The value in a node: a number, or the norm of many."""
    array = np.asarray(n.value)
    return number(n.value) if array.ndim == 0 else several(array)


def gradient_line(n: GraphNode) -> str:
    """The gradient in a node: 'grad +0.25', 'grad norm 1.5', or that there is none yet."""
    if n.gradient is None:
        return NO_GRADIENT
    array = np.asarray(n.gradient)
    return f"grad {signed(n.gradient)}" if array.ndim == 0 else f"grad {several(array)}"


def listed(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape is shown number by number."""
    return len(shape) == 1 and 1 <= shape[0] <= 4


def several(array: Any) -> str:
    """The few numbers of a short vector, or the norm of many."""
    if listed(array.shape):
        return f"[{', '.join(number(x, 4) for x in array.tolist())}]"
    return norm_of(array)


def norm_of(array: Any) -> str:
    """'norm 1.5', or how many of the elements are NaN."""
    if array.size == 0:
        return "empty"
    if array.dtype.kind == "f" and (bad := int(np.isnan(array).sum())):
        return f"{bad:,} NaN"
    if array.dtype.kind == "b":
        return f"{int(array.sum()):,} True"
    with np.errstate(all="ignore"):
        return f"norm {number(np.sqrt(np.square(array, dtype=float).sum()), 4)}"


def exact(data: Any) -> str:
    """All digits of a number or a short array; a summary of a long one."""
    array = np.asarray(data)
    if array.size <= 16:
        return str(array.tolist())
    return summary(array)


def summary(array: Any) -> str:
    """Norm, mean, least and greatest of many numbers, and how many are zero, NaN or infinite.

    The first four are those of the finite ones.
    """
    numbers = np.asarray(array, dtype=float).ravel()
    finite = numbers[np.isfinite(numbers)]
    nans = int(np.isnan(numbers).sum())
    words = []
    if finite.size:
        with np.errstate(all="ignore"):
            norm = np.sqrt(np.square(finite).sum())
        words = [
            f"norm {norm.item()!r}",
            f"mean {finite.mean().item()!r}",
            f"min {finite.min().item()!r}",
            f"max {finite.max().item()!r}",
        ]
    words.append(f"zeros {int((numbers == 0).sum()):,} of {numbers.size:,}")
    if nans:
        words.append(f"NaN {nans:,}")
    if infinite := numbers.size - finite.size - nans:
        words.append(f"infinite {infinite:,}")
    return ", ".join(words)


def details(n: GraphNode) -> list[str]:
    """The lines of a node's tooltip: what it is, and the exact numbers."""
    if n.role == GROUP:
        return [n.label, n.params]
    what = n.role if n.op is None else f"result of {n.op}" + (f"({n.params})" if n.params else "")
    named = n.name or n.path
    lines = [f"{what}, named {named}" if named else what]
    if n.grad_of:
        lines.append(f"the gradient of {n.grad_of}")
    if n.shape:
        lines.append(f"shape {n.shape}, {n.dtype}")
    lines.append(f"value {exact(n.value)}")
    if n.role != CONSTANT:
        lines.append(NO_GRADIENT if n.gradient is None else f"gradient {exact(n.gradient)}")
    if n.state == "changed":
        lines.append("changed in place after it was computed: its gradient is no longer known")
    if n.state == "released":
        lines.append("what it was made of was released by backward(release=True)")
    if n.site:
        lines.append(f"recorded at {n.site}")
    return lines


def spoken(n: GraphNode) -> str:
    """The label of a node for a screen reader, on one line."""
    if n.role == GROUP:
        return one_line(f"{n.label}: {n.params}")
    words = [n.label]
    if n.op and n.label != n.op:
        words.append(n.op)
    if n.role != "op":
        words.append("result" if n.role == "root" else n.role)
    if n.shape:
        words.append(f"shape {' by '.join(str(i) for i in n.shape)}")
    words.append(f"value {value_line(n)}")
    if n.role != CONSTANT:
        words.append(NO_GRADIENT if n.gradient is None else gradient_line(n).replace("grad", "gradient", 1))
    return one_line(", ".join(words))


def edge_details(e: GraphEdge, source: GraphNode, target: GraphNode) -> list[str]:
    """The lines of an edge's tooltip."""
    if e.count > 1:
        return [f"{e.count:,} operands of {target.label} from {source.label}"]
    lines = [f"operand {e.slot} of {target.label}: {source.label}"]
    if e.stale:
        lines.append("changed in place after it was read: the number shown is the new one")
    if e.local is not None:
        lines.append(f"local derivative {e.local!r}")
    if e.contribution is not None:
        lines.append(f"gradient passed back {e.contribution!r}")
    return lines


def product(e: GraphEdge, target: GraphNode) -> tuple[str, str]:
    """The chain rule on one edge, in two lines: upstream times local, and what it gives."""
    times = " \N{MULTIPLICATION SIGN} "
    return (
        f"{number(target.gradient)}{times}{number(e.local)}",
        f"= {signed(e.contribution)}",
    )


def shown_scope(s: GraphScope) -> str:
    """'layers.0: Linear', or the class alone, or the name of a block; and which call or part it is."""
    words = s.name if s.kind in (s.name, "scope") else f"{s.name}: {s.kind}"
    words = shortened(words, 40) or BLANK
    if s.call > 1:
        words += f" (call {s.call})"
    return words + (" (gradient)" if s.order == 1 else f" (gradient of order {s.order})" if s.order else "")
