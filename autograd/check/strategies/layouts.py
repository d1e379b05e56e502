"""How arrays lie in memory, and operands that share it.

A Value copies what it is made of, so the layout of an array would be lost on the way
into a graph.  `Operands` keeps it: the Values are contiguous leaves, and the function
is handed views of them that lie in memory as the drawn arrays did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import numpy as np

from autograd import Value
from autograd.check.report import literal

KINDS = ("C", "F", "sliced", "reversed", "broadcast")


# --- layouts --------------------------------------------------------------------------------


def laid_out(x: Any, kind: str) -> Any:
    """A read-only array equal to `x` in the layout `kind` (for "broadcast": its first row, repeated)."""
    a = np.array(x, order="C")
    if a.ndim == 0:
        y: Any = a if kind == "C" else np.stack([a, a])[1]  # "C": a 0-d array; else a scalar out of an array
    elif kind == "F":
        y = np.array(a, order="F")
    elif kind == "sliced":
        y = np.repeat(a, 2, axis=-1)[..., ::2]
    elif kind == "reversed":
        y = np.flip(np.flip(a).copy())
    elif kind == "broadcast":
        y = np.broadcast_to(a[:1].copy(), a.shape)
    else:
        y = a
    if isinstance(y, np.ndarray):
        y.flags.writeable = False
    return y


def layouts(
    arrays: st.SearchStrategy[Any], kinds: Sequence[str] = KINDS, writeable: bool = True
) -> st.SearchStrategy[Any]:
    """The arrays of a strategy, each in one of these memory layouts.

    "C", "F", "sliced" (every second element of a larger array), "reversed" (negative
    strides), "broadcast" (rows repeated with stride 0: equal elements, read-only).
    Without `writeable` all are read-only.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"layouts: unknown kind {unknown[0]!r}; the kinds are {', '.join(KINDS)}")

    def laid(x: Any, kind: str) -> Any:
        y = laid_out(x, kind)
        if writeable and isinstance(y, np.ndarray) and 0 not in y.strides:
            (y if y.base is None else y.base).flags.writeable = True
            y.flags.writeable = True
        return y

    return st.builds(laid, arrays, st.sampled_from(tuple(kinds)))


# --- aliases --------------------------------------------------------------------------------

VIEWS: dict[str, Callable[[Any], Any]] = {
    "x": lambda x: x,
    "x.T": lambda x: x.T,
    "x[::-1]": lambda x: x[::-1],
    "x[...]": lambda x: x[...],
}


class Aliased(tuple[Any, ...]):
    """Operands made from one array: (x, x), (x, x.T), (x, x[::-1]), (x, x[...])."""

    leaf: Any
    views: tuple[str, ...]

    def __new__(cls, leaf: Any, views: Sequence[str] = ("x", "x")) -> "Aliased":
        self = super().__new__(cls, [VIEWS[v](leaf) for v in views])
        self.leaf, self.views = leaf, tuple(views)
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.leaf, self.views

    def __repr__(self) -> str:
        return f"Aliased({literal(self.leaf)}, {self.views})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # how hypothesis shows it


def aliased(arrays: st.SearchStrategy[Any], n: int = 2) -> st.SearchStrategy[Aliased]:
    """`n` operands that are one array: the very same, or the array and views of it of its shape.

    Handed to a function as `n` arguments; `gradchecked` differentiates with respect to
    the one array behind them.
    """

    def fitting(x: Any) -> st.SearchStrategy[Aliased]:
        names = ["x"]
        if np.ndim(x):
            names += ["x[::-1]", "x[...]"]
            if x.shape == x.shape[::-1] and x.ndim > 1:
                names.append("x.T")
        rest = st.tuples(*[st.sampled_from(names)] * (n - 1))
        return rest.map(lambda views: Aliased(x, ("x", *views)))

    return arrays.flatmap(fitting)


# --- the way into a graph -------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """How an operand is made from its leaf, in steps that all have gradients."""

    order: tuple[int, ...] = ()
    flips: tuple[bool, ...] = ()
    gap: bool = False
    shape: tuple[int, ...] = ()
    expression: str = "x"

    def __call__(self, x: Any) -> Any:
        if self.expression == "x":
            return x
        if self.gap:
            x = x[..., ::2]
        x = x[tuple(slice(None, None, -1 if f else 1) for f in self.flips)]
        return np.broadcast_to(np.transpose(x, self.order), self.shape)


def seen(a: Any) -> tuple[Any, View]:
    """A contiguous leaf and the View of it that lies in memory as `a` does."""
    if not isinstance(a, np.ndarray) or a.ndim == 0 or a.size == 0 or a.flags.c_contiguous:
        return a, View()
    order = sorted(range(a.ndim), key=lambda i: -abs(a.strides[i]))
    compact = a[tuple(slice(0, 1) if s == 0 else slice(None) for s in a.strides)].transpose(order)
    flips = tuple(s < 0 for s in compact.strides)
    leaf = compact[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    gap = (
        min((abs(s) for s, n in zip(a.strides, a.shape, strict=True) if s and n > 1), default=0) > a.itemsize
    )
    leaf = np.repeat(leaf, 2, axis=-1) if gap else leaf.copy()
    back = tuple(int(i) for i in np.argsort(order))
    steps = "x[..., ::2]" if gap else "x"
    if any(flips):
        steps += "[" + ", ".join("::-1" if f else ":" for f in flips) + "]"
    if back != tuple(range(a.ndim)):
        steps += f".transpose({', '.join(map(str, back))})"
    if compact.size != a.size:
        steps = f"np.broadcast_to({steps}, {a.shape})"
    return leaf, View(back, flips, gap, a.shape, steps)


class Operands:
    """Drawn arguments as leaves to differentiate with respect to, and the way back.

    One leaf for an operand that occurs twice, one for an `Aliased`; `rebuild(leaves)`
    gives the arguments, each a view of its leaf with the layout it was drawn with.
    Arguments that are no floating arrays (indices, axes) stay as they are.
    """

    leaves: list[Any]

    def __init__(self, drawn: Sequence[Any]) -> None:
        self.leaves = []
        self.makers: list[tuple[int, Callable[[Any], Any]]] = []  # leaf (-1: none), and its view
        known: dict[int, int] = {}  # id of an operand -> its leaf
        for x in drawn:
            if isinstance(x, Aliased):
                slot = self._slot(x.leaf, known)
                self.makers += [(slot, VIEWS[v]) for v in x.views]
            elif differentiable(x):
                leaf, view = seen(x.data if isinstance(x, Value) else x)
                self.makers.append((self._slot(x, known, leaf), view))
            else:
                self.makers.append((-1, constantly(x)))

    def _slot(self, x: Any, known: dict[int, int], leaf: Any = None) -> int:
        if id(x) not in known:
            known[id(x)] = len(self.leaves)
            self.leaves.append(x if leaf is None else leaf)
        return known[id(x)]

    def rebuild(self, leaves: Sequence[Any]) -> list[Any]:
        """The arguments, made from these leaves (arrays or Values)."""
        return [make(None if i < 0 else leaves[i]) for i, make in self.makers]


def constantly(x: Any) -> Callable[[Any], Any]:
    return lambda _: x


def differentiable(x: Any) -> bool:
    """Whether one can differentiate with respect to `x`: a floating array, number or Value."""
    return isinstance(x, float | Value) or (isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f")


def pasteable(x: Any) -> str:
    """A drawn argument as source that makes it again, memory layout included."""
    if isinstance(x, Aliased) or not differentiable(x):
        return repr(x) if isinstance(x, Aliased) else literal(x)
    leaf, view = seen(x.data if isinstance(x, Value) else x)
    return view.expression.replace("x", literal(leaf), 1)
