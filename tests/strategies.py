"""What the tests of the rules draw, on top of `autograd.check.strategies`: operands and parameters."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from autograd.check import strategies as shipped
from autograd.check.strategies import axes, layouts
from autograd.check.strategies.domains import (
    ABOVE_ONE,
    DISTINCT,
    NONZERO,
    ODD,
    POSITIVE,
    REAL,
    Domain,
    Numbers,
    grid,
)
from autograd.check.strategies.domains import CENTRED as OPEN_UNIT
from autograd.check.strategies.domains import UNIT as PROBABILITY
from autograd.check.strategies.layouts import Operands

__all__ = [
    "ABOVE_ONE", "ANYWHERE", "DISTINCT", "LAYOUTS", "NONZERO", "ODD", "OPEN_UNIT", "POSITIVE", "PROBABILITY", "REAL",
    "Arrays", "Domain", "Inputs", "alike", "axes_of", "axis_of", "axis_or_none", "broadcastable", "inputs", "masks",
    "of", "one", "steps", "with_nan",
]  # fmt: skip

Arrays = tuple[np.ndarray, ...]
LAYOUTS = ("C", "F", "sliced", "reversed")
ANYWHERE = (*LAYOUTS, "broadcast")  # where equal elements do no harm


def steps(low: int, high: int, denominator: int = 8, shift: float = 0.0) -> Numbers:
    """k / denominator + shift for k from `low` to `high`."""
    return grid(low / denominator + shift, high / denominator + shift, denominator, shift)


def one(
    domain: Domain = REAL, dims: tuple[int, int] = (0, 3), sides: tuple[int, int] = (0, 3)
) -> st.SearchStrategy[Arrays]:
    """A single array."""
    return alike(domain, dims=dims, sides=sides)


def alike(
    *domains: Domain, dims: tuple[int, int] = (0, 3), sides: tuple[int, int] = (0, 3)
) -> st.SearchStrategy[Arrays]:
    """Arrays of one shape, one for each domain."""
    return shipped.alike(*domains, min_dims=dims[0], max_dims=dims[1], min_side=sides[0], max_side=sides[1])


def broadcastable(*domains: Domain, signature: str | None = None) -> st.SearchStrategy[Arrays]:
    """Arrays whose shapes broadcast against each other (or fit a gufunc's signature)."""
    return shipped.broadcastable(len(domains), signature=signature, domains=domains)


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
        first = np.array(first)
        first.reshape(-1)[draw(st.integers(0, first.size - 1))] = np.nan
        first = first[()]
    return (first, *rest)


def axis_of(x: np.ndarray) -> st.SearchStrategy[int]:
    return axes(x.ndim, tuples=False, none=False)


def axis_or_none(x: np.ndarray) -> st.SearchStrategy[int | None]:
    return axes(x.ndim, tuples=False)


def axes_of(x: np.ndarray) -> st.SearchStrategy[Any]:
    """None, one axis, or a tuple of them, counted from either end."""
    return axes(x.ndim)


def masks(x: np.ndarray) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(bool, x.shape, fill=st.nothing())


@dataclass(frozen=True)
class Inputs:
    """One example: operands in their memory layouts, perhaps one twice, and the parameters."""

    operands: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def leaves(self) -> list[Any]:
        """What to differentiate with respect to."""
        return Operands(self.operands).leaves

    def call(self, function: Callable[..., Any], leaves: Any) -> Any:
        """`function` on the operands that these leaves (arrays or Values) make."""
        return function(*Operands(self.operands).rebuild(leaves), **self.params)


@st.composite
def inputs(
    draw: st.DrawFn,
    arrays: st.SearchStrategy[Arrays],
    params: Callable[..., dict[str, Any]],
    kinds: tuple[str, ...] = LAYOUTS,
    may_alias: bool = False,
    dtypes: tuple[type, ...] = (np.float64,),
) -> Inputs:
    """Arrays, parameters that fit them, a layout for each; perhaps one array as all operands."""
    operands = draw(arrays)
    dtype = draw(st.sampled_from(dtypes))
    count = len(operands)
    if may_alias and len({a.shape for a in operands}) == 1 and draw(st.booleans()):
        operands = operands[:1]
    given = {k: draw(v) if isinstance(v, st.SearchStrategy) else v for k, v in params(*operands).items()}
    laid = [draw(layouts(st.just(a.astype(dtype)[()]), kinds, writeable=False)) for a in operands]
    return Inputs(tuple(laid * count if len(laid) == 1 else laid), given)
