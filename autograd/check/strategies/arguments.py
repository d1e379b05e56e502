"""What else functions of arrays take: indices and axes."""

from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from autograd.check.strategies.domains import Shape


def indices(
    shape: Shape, *, duplicates: bool = True, boolean: bool = True, empty: bool = True
) -> st.SearchStrategy[Any]:
    """What may stand in x[...] for an x of this shape.

    Slices, integers, Ellipsis and None; arrays of integers (`duplicates`: an element
    may be named twice, as gradients then add up); masks (`boolean`).  `empty`: the
    result may have no elements.
    """
    kinds: list[st.SearchStrategy[Any]] = [hnp.basic_indices(shape, allow_newaxis=True)]
    if shape and 0 not in shape:
        least = 0 if empty else 1
        chosen = hnp.array_shapes(min_dims=1, max_dims=2, min_side=least, max_side=3)
        if duplicates:
            kinds.append(hnp.integer_array_indices(shape, result_shape=chosen))
        else:
            kinds.append(st.permutations(range(shape[0])).map(list))
    if boolean:
        kinds.append(hnp.arrays(bool, shape, fill=st.nothing()))
    drawn: st.SearchStrategy[Any] = st.one_of(kinds)
    if empty:
        return drawn
    return drawn.filter(lambda index: selected(shape, index) > 0)


def selected(shape: Shape, index: Any) -> int:
    """How many elements an index picks."""
    return int(np.empty(shape)[index].size)


def axes(ndim: int, *, tuples: bool = True, none: bool = True) -> st.SearchStrategy[Any]:
    """What `axis=` may be for an array of `ndim` axes, counted from either end.

    One axis; several in a tuple (`tuples`); None (`none`, and always for ndim 0).
    """
    kinds: list[st.SearchStrategy[Any]] = [st.none()] if none or not ndim else []
    if ndim:
        kinds.append(st.integers(-ndim, ndim - 1))
        if tuples:
            kinds.append(hnp.valid_tuple_axes(ndim, min_size=1))
    return st.one_of(kinds)
