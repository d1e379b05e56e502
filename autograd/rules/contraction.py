"""Matrix and tensor products: matmul and einsum carry the rules, the rest is composed."""

import operator
import string
from typing import Any

import numpy as np

from .shaping import array
from .table import Array, Op, door, plain, refuse, ufunc

# --- matmul ---------------------------------------------------------------------------------


def matmul_x(g: Array, out: Array, x: Array, y: Array) -> Array:
    """g @ y.T; the engine sums over axes along which x was broadcast."""
    if y.ndim == 1:
        return g * y if x.ndim == 1 else g[..., None] * y
    if x.ndim == 1:
        return (y @ g[..., None])[..., 0]
    if x.ndim == 2 and y.ndim > 2:  # sum the stack inside the product
        return np.tensordot(g, y, (lead(g) + (-1,), lead(y) + (-1,)))
    return g @ y.swapaxes(-1, -2)


def matmul_y(g: Array, out: Array, x: Array, y: Array) -> Array:
    """x.T @ g; the engine sums over axes along which y was broadcast."""
    if x.ndim == 1:
        return g * x if y.ndim == 1 else x[:, None] * g[..., None, :]
    if y.ndim == 1:
        return (x.swapaxes(-1, -2) @ g[..., None])[..., 0]
    if y.ndim == 2 and x.ndim > 2:
        return np.tensordot(x, g, (lead(x) + (-2,), lead(g) + (-2,)))
    return x.swapaxes(-1, -2) @ g


def lead(x: Array) -> tuple[int, ...]:
    """The axes of a stack of matrices."""
    return tuple(range(x.ndim - 2))


MATMUL = ufunc(np.matmul, matmul_x, matmul_y, forward=operator.matmul)


def vector_products() -> None:
    """vecdot, matvec and vecmat: gufuncs of NumPy 2; real, so conjugation does nothing."""
    row, column = (Ellipsis, None, slice(None)), (Ellipsis, slice(None), None)
    at = (
        ("vecdot", lambda x, y: (array(x) * same_length(x, y)).sum(axis=-1)),
        ("matvec", lambda x, y: (x @ array(y)[column])[..., 0]),
        ("vecmat", lambda x, y: (array(x)[row] @ y)[..., 0, :]),
    )
    for name, product in at:
        if hasattr(np, name):
            door(getattr(np, name))(product)


def same_length(x: Array, y: Array) -> Array:
    """`y`, whose vectors are as long as those of `x`; ValueError if not: a product would stretch one."""
    if np.shape(x)[-1:] != np.shape(y)[-1:]:
        raise ValueError(
            f"np.vecdot: vectors of different lengths in shapes {np.shape(x)} and {np.shape(y)}; give them one length"
        )
    return array(y)


vector_products()


@door(np.dot)
def dot(a: Array, b: Array, out: None = None) -> Array:
    refuse("dot", out=out)
    a, b = array(a), array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if b.ndim <= 2:
        return a @ b
    return np.tensordot(a, b, (-1, -2))


@door(np.inner)
def inner(a: Array, b: Array, /) -> Array:
    a, b = array(a), array(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else np.tensordot(a, b, (-1, -1))


@door(np.outer)
def outer(a: Array, b: Array, out: None = None) -> Array:
    refuse("outer", out=out)
    return array(a).reshape(-1, 1) * array(b).reshape(1, -1)


@door(np.vdot)
def vdot(a: Array, b: Array, /) -> Array:
    return array(a).reshape(-1) @ array(b).reshape(-1)


@door(np.tensordot)
def tensordot(a: Array, b: Array, axes: Any = 2) -> Array:
    """Transpose, reshape to two matrices, multiply."""
    a, b = array(a), array(b)
    try:
        given = list(axes)
    except TypeError:  # a number
        given = [range(a.ndim - axes, a.ndim), range(axes)]
    over_a, over_b = ([int(i) for i in np.atleast_1d(np.asarray(x, dtype=int))] for x in given)
    if len(over_a) != len(over_b) or any(
        a.shape[i] != b.shape[j] for i, j in zip(over_a, over_b, strict=True)
    ):
        raise ValueError(
            f"np.tensordot: shapes {a.shape} and {b.shape} do not match along axes {over_a} and {over_b}"
        )
    over_a, over_b = [i % a.ndim for i in over_a], [j % b.ndim for j in over_b]
    free_a = [i for i in range(a.ndim) if i not in over_a]
    free_b = [j for j in range(b.ndim) if j not in over_b]
    n = int(np.prod([a.shape[i] for i in over_a], dtype=int))
    m = int(np.prod([a.shape[i] for i in free_a], dtype=int))
    p = int(np.prod([b.shape[j] for j in free_b], dtype=int))
    left = a.transpose(free_a + over_a).reshape(m, n)
    right = b.transpose(over_b + free_b).reshape(n, p)
    return (left @ right).reshape([a.shape[i] for i in free_a] + [b.shape[j] for j in free_b])


@door(np.kron)
def kron(a: Array, b: Array) -> Array:
    a, b = array(a), array(b)
    n = max(a.ndim, b.ndim)
    a, b = a.reshape((1,) * (n - a.ndim) + a.shape), b.reshape((1,) * (n - b.ndim) + b.shape)
    pairs = a.reshape([m for s in a.shape for m in (s, 1)]) * b.reshape([m for s in b.shape for m in (1, s)])
    return pairs.reshape([s * t for s, t in zip(a.shape, b.shape, strict=True)])


@door(np.cross)
def cross(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Array:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(array(a), axisa, -1), np.moveaxis(array(b), axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(
            f"np.cross: needs vectors of 3 elements, got {a.shape[-1]} and {b.shape[-1]}; "
            f"append a zero to vectors in the plane"
        )
    ahead, behind = [1, 2, 0], [2, 0, 1]
    return np.moveaxis(a[..., ahead] * b[..., behind] - a[..., behind] * b[..., ahead], -1, axisc)


# --- einsum ---------------------------------------------------------------------------------


def einsum_forward(*operands: Array, subscripts: str, optimize: Any) -> Array:
    return np.einsum(subscripts, *operands, optimize=optimize)


def einsum_rule(g: Array, out: Array, *operands: Array, i: int, subscripts: str, optimize: Any) -> Array:
    """The einsum with the gradient in the place of operand `i`.

    A letter that only operand `i` has was summed away: a vector of ones brings it
    back.  A letter it has twice reads a diagonal: an identity matrix writes it.
    """
    terms, result = subscripts.split("->")
    inputs = terms.split(",")
    mine, others = inputs[i], inputs[:i] + inputs[i + 1 :]
    arrays = [g, *operands[:i], *operands[i + 1 :]]
    labels = [result, *others]
    sizes: dict[str, int] = {}
    for term, x in zip(inputs, operands, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            sizes[letter] = max(sizes.get(letter, 1), n) if n else 0
    spare = (c for c in string.ascii_letters if c not in subscripts)
    wanted = ""
    for letter in mine:
        if letter in wanted:
            twin = next(spare)
            labels.append(letter + twin)
            arrays.append(np.eye(sizes[letter], dtype=g.dtype))
            wanted += twin
        else:
            if not any(letter in term for term in labels):
                labels.append(letter)
                arrays.append(np.ones(sizes[letter], dtype=g.dtype))
            wanted += letter
    return np.einsum(",".join(labels) + "->" + wanted, *arrays, optimize=optimize)


EINSUM = Op("einsum", einsum_forward, einsum_rule, broadcasts=True, variadic=True)


@door(np.einsum)
def einsum(*operands: Any, out: None = None, optimize: Any = False, **options: Any) -> Array:
    refuse("einsum", out=out, **options)
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0].replace(" ", ""), [array(x) for x in operands[1:]]
    else:
        subscripts, arrays = from_lists(operands)
    return EINSUM(*arrays, subscripts=explicit(subscripts, arrays), optimize=plain(optimize))


LABELS = string.ascii_uppercase + string.ascii_lowercase  # NumPy's order, which sorts an implicit result


def from_lists(operands: tuple[Any, ...]) -> tuple[str, list[Array]]:
    """The form einsum(x, [0, 1], y, [1, 2], [0, 2]) as subscripts."""

    def term(axes: Any) -> str:
        return "".join(["..." if a is Ellipsis else LABELS[a] for a in axes])

    pairs = len(operands) // 2
    subscripts = ",".join([term(operands[2 * i + 1]) for i in range(pairs)])
    if len(operands) % 2:
        subscripts += "->" + term(operands[-1])
    return subscripts, [array(operands[2 * i]) for i in range(pairs)]


def explicit(subscripts: str, arrays: list[Array]) -> str:
    """Subscripts with the result written out and a letter for each axis of an ellipsis."""
    terms, arrow, result = subscripts.partition("->")
    inputs = terms.split(",")
    if len(inputs) != len(arrays):
        raise ValueError(f"np.einsum: {subscripts!r} names {len(inputs)} operands, got {len(arrays)}")
    free = [c for c in string.ascii_letters if c not in subscripts]
    extra = [x.ndim - len(t.replace("...", "")) for t, x in zip(inputs, arrays, strict=True)]
    for t, x, n in zip(inputs, arrays, extra, strict=True):
        if n < 0 or (n > 0 and "..." not in t):
            raise ValueError(f"np.einsum: {t!r} does not fit an operand of shape {x.shape}")
    longest = max([n for t, n in zip(inputs, extra, strict=True) if "..." in t], default=0)
    dots = "".join(free[:longest])
    if not arrow:
        once = [c for c in sorted(set(terms) - set(".,")) if terms.count(c) == 1]
        result = ("..." if "..." in terms else "") + "".join(once)
    written = [t.replace("...", dots[longest - n :]) for t, n in zip(inputs, extra, strict=True)]
    if "..." not in result and dots:
        raise ValueError(f"np.einsum: {subscripts!r}: the result of an operand with '...' needs '...' too")
    return ",".join(written) + "->" + result.replace("...", dots)
