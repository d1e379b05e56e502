"""vmap: a function of one example, called for each of many."""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import repeat
from math import isqrt
from typing import Any

import numpy as np

from autograd.containers import CONTAINERS, Tree, built, matched
from autograd.value import Value


def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """A function that calls `f` for each element along an axis of its arguments, and stacks the results.

    in_axes: the axis of every array in the arguments, None for what each call gets whole; or a tuple
    with an entry for each positional argument: an axis, None, or a container of them like the argument.
    Keyword arguments are mapped along axis 0, as jax.vmap does.
    out_axes: where the new axis is in the results: an axis, or a container of them like `f`'s result.
    Arguments and results are numbers, arrays, Values or containers of them.

    It is a loop: n calls of `f`, each at the cost of one, differentiated to any order like other code;
    compiled, it is unrolled.  Where speed counts, write the batch axis out: `x @ w`, `axis=-1`, np.einsum.

    Raises TypeError for axes that do not fit the containers, ValueError for an axis that is not there,
    lengths that differ or are 0, and results that do not stack.

    >>> import numpy as np
    >>> from autograd import grad, vmap
    >>> xs = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> loss = lambda w, x: (w @ x) ** 2
    >>> vmap(loss, in_axes=(None, 0))(np.array([1.0, 2.0]), xs)
    array([1., 4.])
    >>> vmap(grad(loss), in_axes=(None, 0))(np.array([1.0, 2.0]), xs)
    array([[2., 0.],
           [0., 4.]])
    """
    if not callable(f):
        raise TypeError(f"vmap: f is a {type(f).__name__}; pass the function itself: vmap(f)")
    if not (is_axis(in_axes) or isinstance(in_axes, (tuple, list))):
        raise TypeError(f"vmap: in_axes={in_axes!r} must be an int, None, or a tuple of one per argument")
    what = f"vmap of {getattr(f, '__name__', type(f).__name__)}()"

    @wraps(f)
    def mapped(*args: Tree, **options: Tree) -> Any:
        columns = columns_of(in_axes, args, options, what)
        results = []
        for elements in zip(*columns, strict=False):  # what is not mapped is repeated for ever
            own, named = built((args, options), iter(elements))
            results.append(f(*own, **named))
        return stacked(results, out_axes, what)

    return mapped


def is_axis(axis: Any) -> bool:
    """Whether `in_axes` or `out_axes` is one for all leaves: an axis, or None."""
    return axis is None or isinstance(axis, (int, np.integer))


# --- arguments ------------------------------------------------------------------------------


def columns_of(in_axes: Any, args: tuple[Tree, ...], options: dict[str, Tree], what: str) -> list[Any]:
    """For each array in the arguments its elements along its axis, or itself again and again."""
    axes = [in_axes] * len(args) if is_axis(in_axes) else in_axes
    if len(axes) != len(args):
        raise TypeError(f"{what}: in_axes={in_axes!r} has {len(axes)} entries for {len(args)} arguments")
    leaves: list[tuple[str, Any, int | None]] = []
    for i, arg in enumerate(args):
        leaves += spread(axes[i], arg, f"argument {i}", what)
    for key, arg in options.items():
        leaves += spread(0, arg, f"keyword argument {key}", what)
    lengths: dict[int, str] = {}  # of the mapped axes, and the first array that has it
    for where, leaf, axis in leaves:
        if axis is None:
            continue
        shape = np.shape(leaf)
        if not -len(shape) <= axis < len(shape):
            whole = "bind it in a lambda" if where.startswith("keyword") else "give it None in in_axes"
            raise ValueError(
                f"{what}: {where} has shape {shape}, which has no axis {axis} to map; "
                f"if every call gets it whole, {whole}"
            )
        lengths.setdefault(shape[axis], f"{where} has {shape[axis]} along axis {axis} of {shape}")
    if len(lengths) > 1:
        raise ValueError(
            f"{what}: {', '.join(lengths.values())}; the mapped axes must be of one length, "
            f"and what every call gets whole has None in in_axes"
        )
    if not lengths:
        raise ValueError(f"{what}: in_axes={in_axes!r} maps no array; call the function itself")
    if 0 in lengths:
        raise ValueError(f"{what}: {lengths[0]}: no result to stack; see to an empty batch before")
    return [repeat(leaf) if axis is None else elements_of(leaf, axis) for _, leaf, axis in leaves]


def spread(axes: Any, tree: Tree, where: str, what: str) -> Iterator[tuple[str, Any, int | None]]:
    """Each leaf of a tree: its place, itself, its axis.  `axes`: one for all, or a container like the tree."""
    if is_axis(axes) and not isinstance(tree, CONTAINERS):
        yield where, tree, axes
        return
    if not is_axis(axes) and not alike(axes, tree):
        raise TypeError(f"{what}: the axes {axes!r} do not fit {where}, a {type(tree).__name__}")
    for key in tree if isinstance(tree, dict) else range(len(tree)):
        yield from spread(axes if is_axis(axes) else axes[key], tree[key], f"{where}[{key!r}]", what)


def alike(axes: Any, tree: Tree) -> bool:
    """Whether two containers have the same keys, or as many entries."""
    if isinstance(axes, dict) and isinstance(tree, dict):
        return axes.keys() == tree.keys()
    both = isinstance(axes, (tuple, list)) and isinstance(tree, (tuple, list))
    return both and len(axes) == len(tree)


def elements_of(x: Any, axis: int) -> Any:
    """The elements of an array along an axis.

    Those of a Value are taken from pieces of it: the gradient of an element is an array like what it
    was taken from, of zeros but for one place, so that n elements cost n**1.5 of them, not n**2.
    """
    x = np.moveaxis(x, axis, 0) if axis else x
    if not isinstance(x, Value):
        return x
    n = x.shape[0]
    pieces = [x[i : i + isqrt(n)] for i in range(0, n, isqrt(n))]
    return [piece[i] for piece in pieces for i in range(piece.shape[0])]


# --- results --------------------------------------------------------------------------------


def stacked(results: list[Tree], out_axes: Any, what: str) -> Tree:
    """The results of all calls as one."""
    places = [(where, axis) for where, _, axis in spread(out_axes, results[0], "the result", what)]
    rows = []
    for i, result in enumerate(results):
        try:
            rows.append(matched(results[0], result))
        except ValueError as error:
            raise ValueError(f"{what}: element {i} has another result than element 0: {error}") from None
    columns = zip(*rows, strict=True)
    joined = [stack(parts, *place, what) for parts, place in zip(columns, places, strict=True)]
    return built(results[0], iter(joined))


def stack(parts: tuple[Any, ...], where: str, axis: int | None, what: str) -> Any:
    """One leaf of all results, along a new axis."""
    shapes = [np.shape(part) for part in parts]
    for i, part in enumerate(parts):
        if not isinstance(part, (Value, np.ndarray, np.generic, float, int)):
            raise TypeError(
                f"{what}: {where} is a {type(part).__name__}; return numbers, arrays, Values or containers of them"
            )
        if shapes[i] != shapes[0]:
            raise ValueError(
                f"{what}: {where} has shape {shapes[0]} for element 0 and {shapes[i]} for element {i}; "
                f"they must be equal to be stacked"
            )
    n = len(shapes[0])
    if axis is None or not -n - 1 <= axis <= n:
        raise ValueError(
            f"{what}: out_axes={axis} for {where} of shape {shapes[0]}; an axis from {-n - 1} to {n} is needed"
        )
    return np.stack(parts, axis)
