"""What the property tests draw: shapes, domains, layouts, aliased operands.

Numbers are dyadic (k/8, k/16), so a counterexample reads well and float32 holds it
exactly.  A domain keeps a function's inputs away from its kinks and poles by at least
1/16, which is far more than the steps of tests/numeric.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

Arrays = tuple[np.ndarray, ...]


# --- domains --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Domain:
    """The numbers k / denominator + shift for k in [low, high]; `distinct`: no two are equal."""

    low: int
    high: int
    denominator: int = 8
    shift: float = 0.0
    distinct: bool = False
    without_zero: bool = False

    def array(self, shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
        numbers = st.integers(self.low, self.high)
        if self.without_zero:
            numbers = numbers.filter(bool)
        drawn = hnp.arrays(np.int64, shape, elements=numbers, fill=st.nothing(), unique=self.distinct)
        return drawn.map(lambda k: k / self.denominator + self.shift)


REAL = Domain(-24, 24)
NONZERO = Domain(-24, 24, without_zero=True)
ODD = Domain(-24, 23, shift=1 / 16)  # odd sixteenths: off 0, the integers, the halves, and all of REAL
DISTINCT = Domain(-40, 39, shift=1 / 16, distinct=True)  # no ties
POSITIVE = Domain(1, 24)
OPEN_UNIT = Domain(-7, 7)  # (-1, 1)
PROBABILITY = Domain(1, 15, 16)  # (0, 1)
ABOVE_ONE = Domain(1, 16, shift=1.0)


# --- shapes and arrays ----------------------------------------------------------------------


def shapes(
    dims: tuple[int, int] = (0, 3), sides: tuple[int, int] = (0, 3)
) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes, 0-d and zero-size ones among them unless excluded."""
    return hnp.array_shapes(min_dims=dims[0], max_dims=dims[1], min_side=sides[0], max_side=sides[1])


def one(
    domain: Domain = REAL, dims: tuple[int, int] = (0, 3), sides: tuple[int, int] = (0, 3)
) -> st.SearchStrategy[Arrays]:
    """A single array."""
    return shapes(dims, sides).flatmap(domain.array).map(lambda x: (x,))


def alike(
    *domains: Domain, dims: tuple[int, int] = (0, 3), sides: tuple[int, int] = (0, 3)
) -> st.SearchStrategy[Arrays]:
    """Arrays of one shape, one for each domain."""
    return shapes(dims, sides).flatmap(lambda shape: st.tuples(*[d.array(shape) for d in domains]))


def broadcastable(
    *domains: Domain, min_side: int = 0, signature: str | None = None
) -> st.SearchStrategy[Arrays]:
    """Arrays whose shapes broadcast against each other (or fit a gufunc's signature)."""
    drawn = hnp.mutually_broadcastable_shapes(
        **({"signature": signature} if signature else {"num_shapes": len(domains)}),
        min_side=min_side, max_side=3, max_dims=2 if signature else 3,
    )  # fmt: skip
    return drawn.flatmap(
        lambda s: st.tuples(*[d.array(shape) for d, shape in zip(domains, s.input_shapes, strict=True)])
    )


def of(
    *shapes: tuple[int, ...], domain: Domain = REAL, domains: tuple[Domain, ...] = ()
) -> st.SearchStrategy[Arrays]:
    """Arrays of these very shapes."""
    return st.tuples(*[d.array(s) for s, d in zip(shapes, domains or (domain,) * len(shapes), strict=True)])


@st.composite
def with_nan(draw: st.DrawFn, arrays: st.SearchStrategy[Arrays]) -> Arrays:
    """The first array may have a NaN somewhere (one only, so no row of two or more is all NaN)."""
    first, *rest = draw(arrays)
    if first.size and draw(st.booleans()):
        first.reshape(-1)[draw(st.integers(0, first.size - 1))] = np.nan
    return (first, *rest)


# --- arguments ------------------------------------------------------------------------------


def axis_of(x: np.ndarray) -> st.SearchStrategy[int]:
    return st.integers(-x.ndim, x.ndim - 1)


def axis_or_none(x: np.ndarray) -> st.SearchStrategy[int | None]:
    return st.none() | axis_of(x) if x.ndim else st.none()


def axes_of(x: np.ndarray) -> st.SearchStrategy[Any]:
    """None, one axis, or a tuple of them, counted from either end."""
    tuples = hnp.valid_tuple_axes(x.ndim, min_size=1) if x.ndim else st.nothing()
    return st.none() | (axis_of(x) | tuples if x.ndim else st.nothing())


def masks(x: np.ndarray) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(bool, x.shape, fill=st.nothing())


# --- layouts --------------------------------------------------------------------------------


def _every_second(x: Any) -> Any:
    return x[..., ::2]


def _stretched(x: Any, n: int) -> Any:
    return np.broadcast_to(x, (n, *x.shape[1:]))


@dataclass(frozen=True)
class Layout:
    """How an operand lies in memory: `leaf` is stored, and `view` of it is what the function reads."""

    name: str
    leaf: Callable[[np.ndarray], np.ndarray]
    view: Callable[..., Any]
    min_dims: int = 1

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.name)


C = Layout("C", np.copy, lambda x, shape: x, 0)
F = Layout("F", lambda a: a.T.copy(), lambda x, shape: np.transpose(x), 2)
STRIDED = Layout("strided", lambda a: np.repeat(a, 2, axis=-1), lambda x, shape: _every_second(x))
REVERSED = Layout("reversed", lambda a: np.flip(a).copy(), lambda x, shape: np.flip(x))
# read-only, and the rows are equal: only where ties do no harm
STRIDE_0 = Layout("stride 0", lambda a: a[:1].copy(), lambda x, shape: _stretched(x, shape[0]))
LAYOUTS = (C, F, STRIDED, REVERSED)


@dataclass(frozen=True)
class Inputs:
    """One example: the leaves, how each is looked at, which operand is which leaf, and the parameters."""

    leaves: Arrays
    layouts: tuple[Layout, ...]
    shapes: tuple[tuple[int, ...], ...]
    slots: tuple[int, ...]
    params: dict[str, Any] = field(default_factory=dict)

    def call(self, function: Callable[..., Any], leaves: Any) -> Any:
        """`function` on the operands that these leaves (arrays or Values) make."""
        views = [lay.view(x, shape) for lay, x, shape in zip(self.layouts, leaves, self.shapes, strict=True)]
        return function(*[views[i] for i in self.slots], **self.params)


@st.composite
def inputs(
    draw: st.DrawFn,
    arrays: st.SearchStrategy[Arrays],
    params: Callable[..., dict[str, Any]],
    layouts: tuple[Layout, ...] = LAYOUTS,
    may_alias: bool = False,
    dtypes: tuple[type, ...] = (np.float64,),
) -> Inputs:
    """Arrays, parameters that fit them, a layout for each; perhaps one Value as both operands."""
    operands = draw(arrays)
    dtype = draw(st.sampled_from(dtypes))
    slots = tuple(range(len(operands)))
    if may_alias and len({a.shape for a in operands}) == 1 and draw(st.booleans()):
        operands, slots = operands[:1], (0,) * len(operands)
    given = {k: draw(v) if isinstance(v, st.SearchStrategy) else v for k, v in params(*operands).items()}
    leaves, chosen = [], []
    for a in operands:
        fitting = [lay for lay in layouts if (lay.min_dims <= a.ndim and a.size) or lay is C]
        layout = draw(st.sampled_from(fitting))
        leaf = np.array(layout.leaf(a.astype(dtype)))
        leaf.flags.writeable = False
        leaves.append(leaf if leaf.ndim else leaf[()])
        chosen.append(layout)
    return Inputs(tuple(leaves), tuple(chosen), tuple(a.shape for a in operands), slots, given)
