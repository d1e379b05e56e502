"""The cases of what makes arrays, of polynomials, sets and bins for the oracles, in the table of oracle_cases.py.

Where an oracle has no such function its answer is composed of what it has; sets are of distinct elements, so
that they are sorted arrays.
"""

import jax.numpy as jnp
import numpy as np
import torch as t
from oracle_cases import CUBE, ONE, TWO, apart, case, holes, off_zero, positive

FIVE, NONE = [((5,),)], None
PAIR = [((4,), (4,)), ((2, 3), (2, 3))]
AT = np.array([0.25, 0.5, -1.0, 2.0, 1.125, 0.25])
IDS = np.array([3, 0, 1, 1, 5, 3])


def one_hot(ids, n):
    return (np.asarray(ids)[:, None] == np.arange(n)).astype(float)


# fmt: off
# --- made of a few numbers ------------------------------------------------------------------

case("array", lambda m, x, y: np.array([[x, y], [y, x]], like=x),
     lambda x, y: t.stack([t.stack([x, y]), t.stack([y, x])]),
     lambda x, y: jnp.array([[x, y], [y, x]]), PAIR)
for _name in ("asarray", "asanyarray"):
    case(_name, lambda m, x, y, n=_name: getattr(np, n)([x, y], like=x), lambda x, y: t.stack([x, y]),
         lambda x, y: jnp.asarray([x, y]), PAIR)
for _name in ("ascontiguousarray", "asfortranarray"):
    case(_name, lambda m, x, n=_name: getattr(np, n)(x, like=x), lambda x: x + 0.0, jnp.asarray, CUBE)
case("fromiter", lambda m, x, y: np.fromiter([x, y], float, like=x), lambda x, y: t.stack([x, y]),
     lambda x, y: jnp.stack([x, y]), [((), ())])
case("full", lambda m, x: np.full((2, 3), x, like=x),
     lambda x: x.expand(2, 3), lambda x: jnp.full((2, 3), x), [((),), ((3,),)])
case("full_like", lambda m, x, y: m.full_like(x, y),
     lambda x, y: y.expand(x.shape), shapes=[((2, 3), ()), ((2, 3), (3,))])
case("arange", lambda m, x: np.arange(x, x + 1.0, 0.25, like=x), lambda x: x + 0.25 * t.arange(4, dtype=x.dtype),
     lambda x: x + 0.25 * jnp.arange(4), [((),)])
for _n, _end in ((5, True), (4, False), (1, True)):
    case("linspace", lambda m, x, y, n=_n, e=_end: m.linspace(x, y, n, e),
         lambda x, y, n=_n, e=_end: t.stack([x + (y - x) * (i / max(n - e, 1)) for i in range(n)]), shapes=TWO)
    case("logspace", lambda m, x, y, n=_n, e=_end: m.logspace(x, y, n, e),
         lambda x, y, n=_n, e=_end: t.stack([10.0 ** (x + (y - x) * (i / max(n - e, 1))) for i in range(n)]), shapes=TWO)
    case("geomspace", lambda m, x, y, n=_n, e=_end: m.geomspace(x, y, n, e),
         lambda x, y, n=_n, e=_end: t.stack([x ** (1 - i / max(n - e, 1)) * y ** (i / max(n - e, 1)) for i in range(n)]),
         shapes=TWO, draw=positive)
for _how in ("xy", "ij"):
    case("meshgrid", lambda m, x, y, h=_how: m.meshgrid(x, y, indexing=h),
         lambda x, y, h=_how: t.meshgrid(x, y, indexing=h), shapes=[((3,), (2,)), ((1,), (4,))])
case("ix_", lambda m, x, y: m.ix_(x, y), lambda x, y: (x[:, None], y[None]), shapes=[((3,), (2,))])
case("block", lambda m, x, y: m.block([[x, y], [y, x]]), lambda x, y: t.cat([t.cat([x, y], 1), t.cat([y, x], 1)]),
     shapes=[((2, 3), (2, 3))])
for _name in ("fftshift", "ifftshift"):
    case(_name, lambda m, x, n=_name: getattr(m.fft, n)(x), getattr(t.fft, _name), shapes=[((5,),), ((3, 4),)])
    case(_name, lambda m, x, n=_name: getattr(m.fft, n)(x, 1), lambda x, n=_name: getattr(t.fft, n)(x, 1), shapes=CUBE)

# --- elementwise ----------------------------------------------------------------------------

case("frexp", lambda m, x: m.frexp(x)[0], NONE, shapes=ONE, draw=off_zero)
case("frexp", lambda m, x: m.frexp(x)[0],
     lambda x: x * t.exp2(-t.frexp(x)[1].detach().to(x.dtype)), NONE, ONE, off_zero)
case("nextafter", lambda m, x: np.nextafter(x, 9.0),
     lambda x: x + (t.nextafter(x, x * 0 + 9.0) - x).detach(), NONE, ONE, off_zero)
case("spacing", lambda m, x: np.spacing(x),
     lambda x: x * 0.0 + t.tensor(np.spacing(x.detach().numpy())), NONE, ONE, off_zero)
case("real_if_close", lambda m, x: np.real_if_close(x), t.real, jnp.real, ONE)
case("angle", lambda m, x: m.angle(x), t.angle, shapes=ONE, draw=off_zero)
case("i0", lambda m, x: m.i0(x), t.special.i0, shapes=ONE)

# --- running, sliding, order, parts -----------------------------------------------------------

for _axis in (0, -1):
    case("cumulative_sum", lambda m, x, a=_axis: m.cumulative_sum(x, axis=a), lambda x, a=_axis: t.cumsum(x, a), shapes=CUBE)
    case("cumulative_prod", lambda m, x, a=_axis: m.cumulative_prod(x, axis=a),
         lambda x, a=_axis: t.cumprod(x, a), shapes=CUBE)
case("sliding_window_view", lambda m, x: m.lib.stride_tricks.sliding_window_view(x, 2, 1), lambda x: x.unfold(1, 2, 1),
     lambda x: jnp.stack([x[:, :-1], x[:, 1:]], -1), CUBE)
for _name, _q in (("nanquantile", 0.3), ("nanpercentile", 30.0)):
    case(_name, lambda m, x, n=_name, q=_q: getattr(m, n)(x, q, axis=-1), lambda x: t.nanquantile(x, 0.3, dim=-1),
         shapes=CUBE, draw=holes)
case("nanmedian", lambda m, x: m.nanmedian(x, axis=-1),
     lambda x: t.nanquantile(x, 0.5, dim=-1), shapes=CUBE, draw=holes)
case("apply_along_axis", lambda m, x: m.apply_along_axis(lambda r: r * m.sum(r), 1, x),
     lambda x: x * x.sum(1, keepdim=True),
     shapes=CUBE)
case("apply_over_axes", lambda m, x: m.apply_over_axes(m.sum, x, (0, 2)),
     lambda x: x.sum((0, 2), keepdim=True), shapes=CUBE)
case("piecewise", lambda m, x: m.piecewise(x, [x < -0.5, x > 0.5], [m.square, m.sin, 2.0]),
     lambda x: t.where(x < -0.5, x * x, t.where(x > 0.5, x.sin(), 2.0)), shapes=[((5,),), ((2, 3),)], draw=off_zero)

# --- polynomials ----------------------------------------------------------------------------


def convolved(x, y):
    return t.nn.functional.conv1d(x[None, None], y.flip(0)[None, None], padding=len(y) - 1)[0, 0]


def padded(x, n):
    return t.cat([x.new_zeros(n - len(x)), x])


LENGTHS = [((2,), (4,)), ((3,), (3,))]
POINTS = np.array([-1.5, -1.0, 0.25, 0.5, 1.0, 1.75])
case("polyadd", lambda m, x, y: m.polyadd(x, y), lambda x, y: padded(x, len(y)) + y, shapes=LENGTHS)
case("polysub", lambda m, x, y: m.polysub(x, y), lambda x, y: padded(x, len(y)) - y, shapes=LENGTHS)
case("polymul", lambda m, x, y: m.polymul(x, y), convolved, shapes=LENGTHS, draw=off_zero)
case("polydiv", lambda m, x, y: m.polydiv(x, y)[0],
     lambda x, y: t.stack([x[0] / y[0], (x[1] - x[0] / y[0] * y[1]) / y[0]]),
     shapes=[((3,), (2,))], draw=off_zero)
case("polyder", lambda m, x: m.polyder(x), lambda x: x[:-1] * t.arange(4, 0, -1), shapes=FIVE)
case("polyint", lambda m, x: m.polyint(x), lambda x: t.cat([x / t.arange(5, 0, -1), x.new_zeros(1)]), shapes=FIVE)
case("poly", lambda m, x: np.poly(x), lambda x: convolved(convolved(*[t.stack([x[i] * 0 + 1, -x[i]]) for i in (0, 1)]),
                                                         t.stack([x[2] * 0 + 1, -x[2]])), jnp.poly, [((3,),)])
case("polyfit", lambda m, y: m.polyfit(POINTS, y, 2), lambda y: t.linalg.pinv(t.tensor(np.vander(POINTS, 3))) @ y,
     shapes=[((6,),), ((6, 2),)])
case("trim_zeros", lambda m, x: np.trim_zeros(np.concatenate([[0.0], x, [0.0]])),
     lambda x: x + 0.0, lambda x: x + 0.0, FIVE, off_zero)

# --- sets and bins --------------------------------------------------------------------------


def in_order(x, *rest):
    return t.cat([x.reshape(-1), *rest]).sort()[0]


case("unique", lambda m, x: np.unique(x), in_order, lambda x: jnp.unique(x, size=x.size), CUBE, apart)
for _name in ("unique_all", "unique_counts", "unique_inverse"):
    case(_name, lambda m, x, n=_name: getattr(np, n)(x).values, in_order, lambda x: jnp.unique(x, size=x.size), CUBE, apart)
case("unique_values", lambda m, x: np.sort(np.unique_values(x)), in_order,
     lambda x: jnp.unique_values(x, size=x.size), CUBE, apart)
for _name in ("union1d", "setxor1d"):
    case(_name, lambda m, x, n=_name: getattr(np, n)(x[:3], x[3:]), in_order, jnp.sort, FIVE, apart)
case("setdiff1d", lambda m, x: np.setdiff1d(x, [9.0]), in_order, jnp.sort, FIVE, apart)
case("intersect1d", lambda m, x: np.intersect1d(x, x.data), in_order, jnp.sort, FIVE, apart)
case("bincount", lambda m, w: m.bincount(IDS, w),
     lambda w: w @ t.tensor(one_hot(IDS, 6)), lambda w: jnp.bincount(IDS, w, length=6),
     [((6,),)])
case("histogram", lambda m, w: m.histogram(AT, 3, weights=w)[0],
     lambda w: t.stack([w[2], w[0] + w[1] + w[5], w[3] + w[4]]) * 1.0,
     shapes=[((6,),)])
case("histogram", lambda m, w: m.histogram(AT, 3, weights=w, density=True)[0],
     lambda w: t.stack([w[2], w[0] + w[1] + w[5], w[3] + w[4]]) / w.sum(), shapes=[((6,),)], draw=positive)
case("histogram_bin_edges", lambda m, x: m.histogram_bin_edges(x, 4),
     lambda x: t.stack([x.min() + (x.max() - x.min()) * (i / 4) for i in range(5)]), shapes=FIVE, draw=apart)
case("histogram2d", lambda m, w: m.histogram2d(AT, AT, 3, weights=w)[0],
     lambda w: t.diag(t.stack([w[2], w[0] + w[1] + w[5], w[3] + w[4]])), shapes=[((6,),)])
case("histogramdd", lambda m, w: m.histogramdd(np.stack([AT, AT], 1), 3, weights=w)[0],
     lambda w: t.diag(t.stack([w[2], w[0] + w[1] + w[5], w[3] + w[4]])), shapes=[((6,),)])
