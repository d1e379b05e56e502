"""The cases of np.linalg for the oracles, in the table of oracle_cases.py.

The inputs themselves are well-conditioned, symmetric where they should be, with eigenvalues and singular values
apart, so that the gradients show each library's convention.  Vectors are compared by what their sign leaves alone.
"""

import numpy as np
import torch as t
from oracle_cases import case

tl = t.linalg
SQUARE = [((3, 3),), ((2, 2, 2),), ((2, 1, 4, 4),), ((1, 1),)]
ANY = [*SQUARE, ((4, 2),), ((2, 3),), ((2, 3, 2),), ((3, 1),)]


def dominant(rng, shape):
    return rng.uniform(-1, 1, size=shape) + 3 * np.eye(*shape[-2:])


def apart(rng, shape):
    """Singular values near 2, 4, 6, ..."""
    return rng.uniform(-0.4, 0.4, size=shape) + np.eye(*shape[-2:]) * np.arange(2, 2 * shape[-1] + 2, 2)


def symmetric(rng, shape):
    x = apart(rng, shape)
    return (x + x.swapaxes(-1, -2)) / 2


def vector(rng, shape):
    return rng.normal(size=shape)


def unsigned(m, v):
    return (v * m.arange(1, v.shape[-1] + 1)) @ v.mT


def torch_unsigned(v):
    return (v * t.arange(1, v.shape[-1] + 1)) @ v.mT


# fmt: off
case("inv", lambda m, x: m.linalg.inv(x), tl.inv, shapes=SQUARE, draw=dominant)
case("solve", lambda m, a, b: m.linalg.solve(a, b), lambda a, b: tl.solve(a, b),
     shapes=[((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 2, 2), (2, 2, 3)), ((2, 2), (2, 2, 1)), ((2, 1, 2, 2), (3, 2, 2))],
     draw=(dominant, vector))
case("det", lambda m, x: m.linalg.det(x), tl.det, shapes=SQUARE, draw=dominant)
case("slogdet", lambda m, x: tuple(m.linalg.slogdet(-x)), lambda x: tuple(tl.slogdet(-x)), shapes=SQUARE, draw=dominant)
case("cholesky", lambda m, x: m.linalg.cholesky(x), tl.cholesky, shapes=SQUARE, draw=symmetric)
case("cholesky", lambda m, x: m.linalg.cholesky(x, upper=True), lambda x: tl.cholesky(x, upper=True),
     shapes=SQUARE, draw=symmetric)
case("qr", lambda m, x: tuple(m.linalg.qr(x)), lambda x: tuple(tl.qr(x)),
     shapes=[*SQUARE, ((4, 2),), ((2, 3, 2),)], draw=apart)
case("qr", lambda m, x: tuple(m.linalg.qr(x)), lambda x: tuple(tl.qr(x)), None, shapes=[((2, 3),), ((2, 1, 3),)], draw=apart)
case("qr", lambda m, x: m.linalg.qr(x, "r"), lambda x: tl.qr(x)[1], shapes=[((3, 2),)], draw=apart)


def eigh(m, x):
    w, v = m.linalg.eigh(x)
    return w, unsigned(m, v)


def torch_eigh(x, uplo="L"):
    w, v = tl.eigh(x, UPLO=uplo)
    return w, torch_unsigned(v)


def svd(m, x):
    u, s, vh = m.linalg.svd(x, full_matrices=False)
    return s, unsigned(m, u), unsigned(m, vh.mT), u @ vh


def torch_svd(x):
    u, s, vh = tl.svd(x, full_matrices=False)
    return s, torch_unsigned(u), torch_unsigned(vh.mT), u @ vh


case("eigh", eigh, torch_eigh, shapes=SQUARE, draw=symmetric)
case("eigvalsh", lambda m, x: m.linalg.eigvalsh(x), tl.eigvalsh, shapes=SQUARE, draw=symmetric)
case("eigvalsh", lambda m, x: m.linalg.eigvalsh(x, "U"), lambda x: tl.eigvalsh(x, UPLO="U"), shapes=SQUARE, draw=symmetric)
case("svd", svd, torch_svd, shapes=SQUARE, draw=apart)
case("svd", svd, torch_svd, shapes=[((4, 2),), ((2, 3),), ((2, 3, 2),)], draw=apart)
case("svdvals", lambda m, x: m.linalg.svdvals(x), tl.svdvals, shapes=ANY, draw=apart)
case("pinv", lambda m, x: m.linalg.pinv(x), tl.pinv, shapes=ANY, draw=apart)
case("lstsq", lambda m, a, b: m.linalg.lstsq(a, b)[0], lambda a, b: tl.pinv(a) @ b,
     shapes=[((4, 2), (4,)), ((4, 2), (4, 3)), ((3, 3), (3, 1))], draw=(apart, vector))
for _ord in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    case("norm", lambda m, x, p=_ord: m.linalg.norm(x, p), lambda x, p=_ord: tl.norm(x, p),
         shapes=[((3, 3),), ((2, 3),)], draw=apart)
for _ord in ("fro", "nuc", 1, 2, -np.inf):
    case("matrix_norm", lambda m, x, p=_ord: m.linalg.matrix_norm(x, ord=p, keepdims=True),
         lambda x, p=_ord: tl.matrix_norm(x, p, keepdim=True), shapes=ANY, draw=apart)
    case("norm", lambda m, x, p=_ord: m.linalg.norm(x, p, axis=(2, 0)), lambda x, p=_ord: tl.norm(x, p, dim=(2, 0)),
         shapes=[((3, 2, 4),)], draw=vector)
for _ord in (2, 1, 3, 2.5, -1, -2, np.inf, -np.inf, 0):
    case("norm", lambda m, x, p=_ord: m.linalg.norm(x, p, axis=1), lambda x, p=_ord: tl.vector_norm(x, p, dim=1),
         shapes=[((2, 3, 4),)], draw=vector)
    case("vector_norm", lambda m, x, p=_ord: m.linalg.vector_norm(x, ord=p, axis=(2, 0), keepdims=True),
         lambda x, p=_ord: tl.vector_norm(x, p, dim=(2, 0), keepdim=True), shapes=[((2, 3, 4),)], draw=vector)
for _p in (None, 2, -2):
    case("cond", lambda m, x, p=_p: m.linalg.cond(x, p), lambda x, p=_p: tl.cond(x, p), shapes=ANY, draw=apart)
for _p in ("fro", "nuc", 1, -np.inf):  # tl.cond has no gradient here: it writes into the inverse that it needs
    case("cond", lambda m, x, p=_p: m.linalg.cond(x, p), lambda x, p=_p: tl.matrix_norm(x, p) * tl.matrix_norm(tl.inv(x), p),
         shapes=SQUARE[:2], draw=apart)
for _n in (-2, -1, 0, 1, 2, 3, 5):
    case("matrix_power", lambda m, x, n=_n: m.linalg.matrix_power(x, n), lambda x, n=_n: tl.matrix_power(x, n),
         shapes=[((3, 3),), ((2, 2, 2),)], draw=dominant)
case("multi_dot", lambda m, *xs: m.linalg.multi_dot(xs), lambda *xs: tl.multi_dot(xs),
     shapes=[((2,), (2, 3), (3,)), ((3, 4), (4, 1), (1, 3), (3,))])
case("tensorinv", lambda m, x: m.linalg.tensorinv(x.reshape(2, 2, 4)), lambda x: tl.tensorinv(x.reshape(2, 2, 4)),
     shapes=[((4, 4),)], draw=dominant)
case("tensorsolve", lambda m, a, b: m.linalg.tensorsolve(a.reshape(2, 2, 4), b),
     lambda a, b: tl.tensorsolve(a.reshape(2, 2, 4), b), shapes=[((4, 4), (2, 2))], draw=(dominant, vector))
case("matmul", lambda m, x, y: m.linalg.matmul(x, y), t.matmul, shapes=[((2, 3), (3, 2))])
case("outer", lambda m, x, y: m.linalg.outer(x, y), t.outer, shapes=[((2,), (3,))])
case("cross", lambda m, x, y: m.linalg.cross(x, y, axis=0), lambda x, y: tl.cross(x, y, dim=0), shapes=[((3, 2), (3, 2))])
case("vecdot", lambda m, x, y: m.linalg.vecdot(x, y, axis=0), lambda x, y: tl.vecdot(x, y, dim=0), shapes=[((3, 2), (3, 2))])
case("tensordot", lambda m, x, y: m.linalg.tensordot(x, y, axes=1), lambda x, y: t.tensordot(x, y, 1),
     shapes=[((2, 3), (3, 2))])
case("matrix_transpose", lambda m, x: m.linalg.matrix_transpose(x), lambda x: x.mT, shapes=[((2, 3, 2),)])
case("diagonal", lambda m, x: m.linalg.diagonal(x, offset=1), lambda x: tl.diagonal(x, offset=1), shapes=[((2, 3, 4),)])
case("trace", lambda m, x: m.linalg.trace(x), lambda x: tl.diagonal(x).sum(-1), shapes=[((2, 3, 4),)])
