"""The different elements of an array, and sets of them: each is picked where it first stands.

Which elements those are is a matter of the numbers alone; the gradient goes to the first of equal ones.
"""

from typing import Any

import numpy as np

from .indexing import gather
from .shaping import array, concatenate
from .table import Array, door, plain


@door(np.unique)
def unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
           axis: Any = None, *, equal_nan: bool = True, **options: Any) -> Any:  # fmt: skip
    ar = array(ar)
    plainly: Any = np.unique
    _, first, *more = plainly(plain(ar), True, return_inverse, return_counts, axis, equal_nan=equal_nan, **options)
    values = gather(ar.reshape(-1), first) if axis is None else np.take(ar, first, axis)
    results = (values, *([first] if return_index else []), *more)
    return results if len(results) > 1 else values


def named(function: Any) -> Any:
    """NumPy's results under the names of the array API; NaNs differ from each other."""

    def enter(x: Any, /, **options: Any) -> Any:
        x = array(x)
        result, values = function(plain(x), **options), unique(x, equal_nan=False)
        return result._replace(values=values)

    return enter


for _f in (np.unique_all, np.unique_counts, np.unique_inverse):
    door(_f)(named(_f))


@door(np.unique_values)
def unique_values(x: Any, /, **options: Any) -> Array:
    return unique(x, equal_nan=False)


def picked(function: Any, *arrays: Any) -> Array:
    """What `function` picks from `arrays`: by the place where each element first stands."""
    flat = concatenate([array(a).reshape(-1) for a in arrays])
    values, first = np.unique(plain(flat), return_index=True)
    return gather(flat, first[np.searchsorted(values, function(*[plain(array(a)) for a in arrays]))])


@door(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Array:
    return picked(np.union1d, ar1, ar2)


@door(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Array:
    return picked(lambda a: np.setdiff1d(a, plain(ar2), assume_unique), ar1)


@door(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Array:
    return picked(lambda a, b: np.setxor1d(a, b, assume_unique), ar1, ar2)


@door(np.intersect1d)
def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    values = picked(lambda a, b: np.intersect1d(a, b, assume_unique), ar1, ar2)
    if not return_indices:
        return values
    return values, *np.intersect1d(plain(array(ar1)), plain(array(ar2)), assume_unique, True)[1:]
