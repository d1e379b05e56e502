"""Arrays, Values, and families of arrays that belong together."""

from collections.abc import Sequence
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from autograd import Value
from autograd.check.strategies.domains import REAL, Domain, Shape

Arrays = tuple[Any, ...]


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
    domain: Domain = REAL,
    min_dims: int = 0,
    max_dims: int = 3,
    min_side: int = 0,
    max_side: int = 3,
) -> st.SearchStrategy[Any]:
    """Arrays of floating numbers; a NumPy scalar for shape ().

    shape: a tuple, an int, or a strategy of shapes; None draws one with `min_dims` to
    `max_dims` axes of `min_side` to `max_side` elements (0-d and zero-size among them).
    A None in the tuple is a side that is drawn: `arrays((None, 3))`.
    dtype: one, or several in a list.  domain: where the numbers lie, see `domains`.
    """
    sides = st.integers(min_side, max_side)
    drawn: st.SearchStrategy[Shape]
    if shape is None:
        drawn = domain.shaped(shapes(min_dims, max_dims, min_side, max_side))
    elif isinstance(shape, st.SearchStrategy):
        drawn = shape.map(as_shape)
    else:
        drawn = st.tuples(*[sides if n is None else st.just(n) for n in as_shape(shape)])
    plain = drawn.flatmap(domain.array)
    dtypes = [np.dtype(d) for d in (dtype if isinstance(dtype, list | tuple) else [dtype])]
    for d in dtypes:
        if d.kind != "f":
            raise TypeError(f"arrays: dtype {d} carries no gradient; use float16, float32 or float64")
    if dtypes == [np.float64]:
        return plain
    return st.builds(cast, plain, st.sampled_from(dtypes))


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
    max_side: int = 3,
) -> st.SearchStrategy[Arrays]:
    """`n` arrays whose shapes broadcast against each other.

    signature: of a generalized ufunc, as in `np.matmul.signature`; it then says how many
    arrays there are, and `max_dims` counts the axes in front of the core ones.
    domains: one for each array (REAL for all if left out).
    """
    given: dict[str, Any] = {"signature": signature} if signature else {"num_shapes": n}
    drawn = hnp.mutually_broadcastable_shapes(
        **given, min_side=min_side, max_side=max_side, max_dims=min(max_dims, 2) if signature else max_dims
    )

    def filled(found: Any) -> st.SearchStrategy[Arrays]:
        chosen = domains or [REAL] * len(found.input_shapes)
        if len(chosen) != len(found.input_shapes):
            raise ValueError(
                f"broadcastable: {len(chosen)} domains for {len(found.input_shapes)} arrays; "
                f"give one for each"
            )
        return st.tuples(*[d.array(s) for d, s in zip(chosen, found.input_shapes, strict=True)])

    return drawn.flatmap(filled)
