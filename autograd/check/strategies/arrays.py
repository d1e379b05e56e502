"""Arrays, Values, and families of arrays that belong together."""

import math
from collections.abc import Sequence
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from autograd import Value
from autograd.check.strategies.domains import USUAL, Domain, PositiveDefinite, Shape

Arrays = tuple[Any, ...]
SIDE, LONG, EVERY = (
    3,
    20,
    8,
)  # sides are drawn up to SIDE; where nothing else was said, one of EVERY up to LONG


def shapes(
    min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 3
) -> st.SearchStrategy[Shape]:
    """Shapes; () and those with a 0 among them, unless excluded."""
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def cast(x: Any, dtype: Any) -> Any:
    return x.astype(dtype)[()]


def arrays(
    shape: Any = None,
    *,
    dtype: Any = np.float64,
    domain: Domain = USUAL,
    min_dims: int = 0,
    max_dims: int = 3,
    min_side: int = 0,
    max_side: int | None = None,
) -> st.SearchStrategy[Any]:
    """Arrays of floating numbers; a NumPy scalar for shape ().

    shape: a tuple, an int, or a strategy of shapes; None draws one with `min_dims` to
    `max_dims` axes of `min_side` to `max_side` elements (0-d and zero-size among them).
    A None in the tuple is a side that is drawn: `arrays((None, 3))`.  By itself `max_side` is 3, and in one
    of eight drawn shapes one side has up to 20.
    dtype: one, or several in a list.  domain: where the numbers lie, see `domains`; by itself multiples
    of 1/8 in [-3, 3], and in one array of twelve others, up to 310 in size.
    Raises TypeError for a dtype without gradient and for a domain that is none.
    """
    check_domain("arrays", domain)
    at_most = max(SIDE, min_side) if max_side is None else max_side
    distinct = isinstance(domain, PositiveDefinite) or getattr(domain, "distinct", False)
    longer = max_side is None and not distinct
    drawn: st.SearchStrategy[Shape]
    if shape is None:
        usual = shapes(min_dims, max_dims, min_side, at_most)
        drawn = domain.shaped(seldom_long(usual, 0, min_side) if longer else usual)
    elif isinstance(shape, st.SearchStrategy):
        drawn = shape.map(as_shape)
    else:
        sides = as_shape(shape)
        free = [i for i, n in enumerate(sides) if n is None]
        drawn = st.tuples(*[st.integers(min_side, at_most) if n is None else st.just(n) for n in sides])
        if free and longer:
            drawn = seldom_long(drawn, free[0], min_side)
    plain = drawn.flatmap(domain.array)
    dtypes = [np.dtype(d) for d in (dtype if isinstance(dtype, list | tuple) else [dtype])]
    for d in dtypes:
        if d.kind != "f":
            raise TypeError(f"arrays: dtype {d} carries no gradient; use float16, float32 or float64")
    if dtypes == [np.float64]:
        return plain
    return st.builds(cast, plain, st.sampled_from(dtypes))


def check_domain(name: str, domain: Any) -> None:
    """Raise TypeError for what is no domain."""
    if not hasattr(domain, "array"):
        raise TypeError(
            f"{name}: domain={domain!r} is no domain; pass one of `domains`, e.g. domains.UNIT for (0, 1) or "
            f"domains.grid(low, high)"
        )


def seldom_long(usual: st.SearchStrategy[Shape], axis: int, least: int) -> st.SearchStrategy[Shape]:
    """The same shapes, but one in eight has a longer side, unless there are many elements without it."""

    def lengthened(shape: Shape, n: int) -> Shape:
        others = math.prod(shape[:axis] + shape[axis + 1 :])
        if not n or axis >= len(shape) or others > SIDE:
            return shape
        return (*shape[:axis], max(n, least), *shape[axis + 1 :])

    seldom = st.sampled_from([False] * (EVERY - 1) + [True])
    longer = seldom.flatmap(lambda yes: st.integers(SIDE + 1, LONG) if yes else st.just(0))
    return st.builds(lengthened, usual, longer)


def as_shape(shape: Any) -> Shape:
    sides = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(n is not None and n < 0 for n in sides):
        raise ValueError(f"arrays: shape {sides}; no side is negative: None draws one, 0 is empty")
    return sides


def values(shape: Any = None, **options: Any) -> st.SearchStrategy[Value]:
    """Values that hold what `arrays` draws with the same arguments."""
    return arrays(shape, **options).map(Value)


def alike(*domains: Domain, **options: int) -> st.SearchStrategy[Arrays]:
    """Arrays of one common shape, one for each domain; `options` as for `shapes`."""
    return shapes(**options).flatmap(lambda shape: st.tuples(*[d.array(shape) for d in domains]))


def broadcastable(
    n: int = 2,
    *,
    signature: str | None = None,
    domains: Sequence[Domain] | None = None,
    max_dims: int = 3,
    min_side: int = 0,
    max_side: int = SIDE,
) -> st.SearchStrategy[Arrays]:
    """`n` arrays whose shapes broadcast against each other.

    signature: of a generalized ufunc, as in `np.matmul.signature`; it then says how many
    arrays there are, and `max_dims` counts the axes in front of the core ones.
    domains: one for each array (if left out, those that `arrays` draws from).
    Raises TypeError for a domain that is none.
    """
    for domain in domains or ():
        check_domain("broadcastable", domain)
    given: dict[str, Any] = {"signature": signature} if signature else {"num_shapes": n}
    drawn = hnp.mutually_broadcastable_shapes(
        **given, min_side=min_side, max_side=max_side, max_dims=min(max_dims, 2) if signature else max_dims
    )

    def filled(found: Any) -> st.SearchStrategy[Arrays]:
        chosen = domains or [USUAL] * len(found.input_shapes)
        if len(chosen) != len(found.input_shapes):
            raise ValueError(
                f"broadcastable: {len(chosen)} domains for {len(found.input_shapes)} arrays; "
                f"give one for each"
            )
        return st.tuples(*[d.array(s) for d, s in zip(chosen, found.input_shapes, strict=True)])

    return drawn.flatmap(filled)
