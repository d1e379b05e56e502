"""Cases of what makes arrays, of polynomials, sets, bins, and of functions applied to parts; see cases.py."""

from typing import Any

import hypothesis.strategies as st
import numpy as np

from autograd import Value
from tests.cases import ABOVE_ONE, FILLED, REAL, case, new, over
from tests.strategies import (
    ANYWHERE,
    DISTINCT,
    NONZERO,
    ODD,
    OPEN_UNIT,
    POSITIVE,
    Arrays,
    alike,
    axes_of,
    axis_of,
    broadcastable,
    of,
    one,
    with_nan,
)

VECTOR = one(REAL, dims=(1, 1))


def both(*arrays: st.SearchStrategy[Arrays]) -> st.SearchStrategy[Arrays]:
    """Operands drawn each by itself."""
    return st.tuples(*arrays).map(lambda t: sum(t, ()))


def array_like(x: Any) -> Any:
    """`like=` of an array or a Value; a NumPy scalar has none."""
    return x if isinstance(x, Value) else np.asarray(x)


# fmt: off
# --- like= ----------------------------------------------------------------------------------

case(np.array, alike(REAL, REAL), {"ndmin": st.integers(0, 4)},
     call=lambda x, y, ndmin: np.array([[x, y], [y, x]], ndmin=ndmin, like=array_like(x)), may_alias=True)
case(np.array, one(REAL, dims=(1, 2)), {"dtype": st.sampled_from([None, np.float64])}, "copied",
     call=lambda x, dtype: np.array(x, dtype=dtype, like=array_like(x)))
for _f in (np.asarray, np.asanyarray):
    case(_f, alike(REAL, REAL), call=lambda x, y, f=_f: f([x, (y)], like=array_like(x)), may_alias=True)
    case(_f, one(REAL, dims=(1, 3)), {"dtype": np.float64}, "of one",
         call=lambda x, dtype, f=_f: f(x, dtype, like=array_like(x)))
for _f in (np.ascontiguousarray, np.asfortranarray):
    case(_f, one(REAL, dims=(1, 3)), call=lambda x, f=_f: f(x, like=array_like(x)))
case(np.fromiter, of((), (), ()), {"count": st.sampled_from([-1, 2])},
     call=lambda x, y, z, count: np.fromiter(iter([x, y, z]), np.float64, count, like=array_like(x)))
case(np.full, one(REAL, dims=(0, 1), sides=FILLED), {"dtype": st.sampled_from([None, np.float64])},
     call=lambda x, dtype: np.full((2, *x.shape), x, dtype, like=array_like(x)))
case(np.full_like, broadcastable(REAL, REAL).filter(lambda t: np.broadcast_shapes(t[0].shape, t[1].shape) == t[0].shape),
     call=lambda x, y: np.full_like(np.asarray(x) if not isinstance(x, Value) else x, y))
case(np.full_like, of((2, 3), ()), {"shape": st.sampled_from([4, (2, 2)]), "dtype": st.sampled_from([None, np.float64])},
     "shape", call=lambda x, y, **options: np.full_like(x, y, **options))
case(np.arange, of((), (), domains=(ODD, POSITIVE)), {"n": st.sampled_from([0.0, 2.5])},
     call=lambda x, h, n: np.arange(x, x + n * h, h, like=array_like(x)), approximate=True)
case(np.arange, of((), domain=ABOVE_ONE), name="to", call=lambda x: np.arange(x, like=array_like(x)) * x)

# --- from start to stop ---------------------------------------------------------------------

BETWEEN = {"num": st.sampled_from([0, 1, 2, 5]), "endpoint": st.booleans(), "axis": st.sampled_from([0, -1])}
case(np.linspace, broadcastable(REAL, REAL), BETWEEN, may_alias=True)
case(np.linspace, of((2,), ()), {"num": 4, "retstep": True, "endpoint": st.booleans()}, "retstep")
case(np.linspace, of((), domain=ODD), {"dtype": st.sampled_from(["f4", "f8"])}, "of a constant",
     call=lambda x, dtype: np.linspace(1, x, 4, dtype=dtype))
case(np.logspace, broadcastable(REAL, REAL), BETWEEN, may_alias=True)
case(np.logspace, of((2,), (), (1,), domains=(REAL, REAL, POSITIVE)), BETWEEN, "base",
     call=lambda x, y, base, **options: np.logspace(x, y, base=base, **options))
case(np.geomspace, broadcastable(POSITIVE, POSITIVE), BETWEEN, may_alias=True, approximate=True)
case(np.geomspace, of((2,), (), domain=POSITIVE), {"num": 4}, "negative", approximate=True,
     call=lambda x, y, num: np.geomspace(-x, -y, num))

# --- grids and blocks -----------------------------------------------------------------------

case(np.meshgrid, both(VECTOR, one(REAL, dims=(0, 1)), VECTOR),
     {"indexing": st.sampled_from(["xy", "ij"]), "sparse": st.booleans(), "copy": st.booleans()})
case(np.meshgrid, VECTOR, name="of one")
case(np.ix_, both(VECTOR, VECTOR), call=lambda x, y: np.ix_(x, [True, False, True], y))
case(np.block, alike(REAL, REAL, dims=(0, 3)), call=lambda x, y: np.block([[x, y], [y, x]]), may_alias=True)
case(np.block, of((2, 3), (2,), (4,), ()), name="unequal",
     call=lambda a, b, c, d: np.block([[a, b[:, None]], [c], [1.0, 2.0, d, d]]))
case(np.block, one(REAL), name="of one")
for _f in (np.fft.fftshift, np.fft.ifftshift):
    case(_f, one(REAL, dims=(1, 3), sides=(0, 4)), lambda x: {"axes": axes_of(x)})

# --- bits of floating numbers, and what real numbers have of complex ones ----------------------

case(np.frexp, one(ODD), layouts=ANYWHERE)
case(np.nextafter, broadcastable(ODD, ODD), layouts=ANYWHERE)
case(np.spacing, one(ODD), layouts=ANYWHERE)
case(np.real_if_close, one(REAL), layouts=ANYWHERE)
case(np.angle, one(NONZERO), {"deg": st.booleans()}, layouts=ANYWHERE)
case(np._core.umath.clip, one(ODD, dims=(1, 3)), {"low": -0.5, "high": 1.0}, "method",
     call=lambda x, low, high: np._core.umath.clip(x, low, high))
case(np.i0, one(REAL, dims=(0, 2)), layouts=ANYWHERE)
case(np.i0, one(REAL, dims=(0, 1)), name="far", call=lambda x: np.i0(x * 20.0) * np.exp(-40.0))

# --- running, sliding, order ----------------------------------------------------------------

for _f in (new("cumulative_sum"), new("cumulative_prod")):
    case(_f, one(REAL, dims=(1, 3)), lambda x: {"axis": axis_of(x), "include_initial": st.booleans()}, layouts=ANYWHERE)
    case(_f, one(REAL, dims=(0, 1)), {"include_initial": st.booleans()}, "without axis")
case(np.lib.stride_tricks.sliding_window_view, of((3, 4)),
     {"window_shape": st.sampled_from([(1, 2), (3, 4), (2, 0)])})
case(np.lib.stride_tricks.sliding_window_view, of((2, 5, 3)),
     {"how": st.sampled_from([(2, 0), (3, 1), ((2, 3), (2, 1)), ((2, 3), (1, 1)), ((), ()), (1, -1)])}, "axes",
     call=lambda x, how: np.lib.stride_tricks.sliding_window_view(x, *how))
case(np.nanmedian, with_nan(one(DISTINCT, dims=(1, 3), sides=(2, 4))), over, approximate=True)
for _f, _q in ((np.nanquantile, [0.1, 0.375, 0.9]), (np.nanpercentile, [33.0, 0.0, 87.5])):
    case(_f, with_nan(one(DISTINCT, dims=(1, 2), sides=(2, 4))),
         lambda x, q=_q: over(x) | {"q": st.sampled_from([q, q[0]]),
                                    "method": st.sampled_from(["linear", "lower", "midpoint", "hazen"])},
         approximate=True)

# --- applied to parts -----------------------------------------------------------------------

ROWS = {"a row": lambda r: r * r, "a number": lambda r: np.sum(np.sin(r)), "a table": lambda r: np.outer(r, r[:2])}
for _name, _of in ROWS.items():
    case(np.apply_along_axis, one(REAL, dims=(1, 3), sides=(2, 3)), lambda x: {"axis": axis_of(x)}, _name,
         call=lambda x, axis, f=_of: np.apply_along_axis(f, axis, x))
case(np.apply_over_axes, one(REAL, dims=(1, 3)), lambda x: {"axes": axes_of(x).filter(lambda a: a is not None)},
     call=lambda x, axes: np.apply_over_axes(np.sum, x, axes))
case(np.apply_over_axes, of((2, 3)), name="kept", call=lambda x: np.apply_over_axes(np.cumsum, x, [0, -1]))
case(np.piecewise, one(ODD), call=lambda x: np.piecewise(x, [x < 0, x > 1], [lambda t: t * t, 2.0, np.sin]))
case(np.piecewise, of((4,), (), domain=ODD), name="of Values", call=lambda x, y: np.piecewise(
    x, x > 0, [lambda t, s: t * s * y, lambda t, s: y], 3.0))

# --- polynomials ----------------------------------------------------------------------------


def remainder_at(quotient: Any, remainder: Any) -> list[Any]:
    """A number of the remainder: how many coefficients it has changes from point to point."""
    return [quotient, np.polyval(remainder, 0.5)[None]]


COEFFICIENTS = one(NONZERO, dims=(1, 1), sides=(1, 4))
TWO = both(COEFFICIENTS, COEFFICIENTS)
for _f in (np.polyadd, np.polysub):
    case(_f, both(one(REAL, dims=(0, 1)), VECTOR))
case(np.polymul, TWO, rules_round=True)
case(np.polymul, of((2,), (3,)), name="leading zeros", rules_round=True,
     call=lambda x, y: np.polymul(np.concatenate([[0.0], x * x + 1.0]), y * y + 1.0))
case(np.polydiv, both(one(NONZERO, dims=(1, 1), sides=(2, 5)), one(NONZERO, dims=(1, 1), sides=(1, 3))), approximate=True,
     call=lambda u, v: remainder_at(*np.polydiv(u, v)))
case(np.polyder, COEFFICIENTS, {"m": st.integers(0, 2)})
case(np.polyint, COEFFICIENTS, {"m": st.integers(0, 2)})
case(np.polyint, both(COEFFICIENTS, of((2,))), {"m": 2}, "constants", call=lambda p, k, m: np.polyint(p, m, k))
case(np.polyint, both(COEFFICIENTS, of(())), {"m": 2}, "a constant", call=lambda p, k, m: np.polyint(p, m, k))
case(np.poly, one(REAL, dims=(1, 1), sides=(1, 4)), rules_round=True)
case(np.trim_zeros, of((3,), domain=NONZERO), {"trim": st.sampled_from(["fb", "f", "b"])},
     call=lambda x, trim: np.trim_zeros(np.concatenate([[0.0, 0.0], x, [0.0], x, [0.0]]), trim))
if np.lib.NumpyVersion(np.__version__) >= "2.2.0":
    case(np.trim_zeros, of((2, 2), domain=NONZERO),
         {"axis": st.sampled_from([None, 0, (1,)]), "trim": st.sampled_from(["fb", "f", "b"])}, "two axes",
         call=lambda x, axis, trim: np.trim_zeros(np.pad(x, ((1, 2), (2, 1))), trim, axis))
POINTS = np.array([-1.5, -1.0, 0.25, 0.5, 1.0, 1.75])
case(np.polyfit, of((6,)), {"deg": st.integers(0, 2)}, call=lambda y, deg: np.polyfit(POINTS, y, deg), approximate=True)
case(np.polyfit, of((6,), (6, 2), (6,), domains=(OPEN_UNIT, REAL, POSITIVE)), {"deg": st.integers(0, 2)}, "weights",
     approximate=True,
     call=lambda x, y, w, deg: np.polyfit(POINTS + x / 16, y, deg, w=w))
for _cov in (True, "unscaled"):
    for _shape in ((6,), (6, 2)):
        case(np.polyfit, of((6,), _shape, domains=(OPEN_UNIT, REAL)), {"cov": _cov}, f"cov {_cov} {_shape}",
             approximate=True, call=lambda x, y, cov: np.polyfit(POINTS + x / 16, y, 1, cov=cov))
case(np.polyfit, of((6,)), name="full", call=lambda y: np.polyfit(POINTS, y, 1, full=True)[:2], approximate=True)

# --- sets -----------------------------------------------------------------------------------

case(np.unique, one(DISTINCT), call=lambda x: np.unique(x))
case(np.unique, of((2, 3), domain=DISTINCT), {"axis": st.sampled_from([None, 0, 1])}, "everything",
     call=lambda x, axis: [np.ravel(y) for y in np.unique(x, True, True, True, axis)])
for _f in (np.unique_all, np.unique_counts, np.unique_inverse):
    case(_f, one(DISTINCT, sides=FILLED), call=lambda x, f=_f: [np.ravel(part) for part in f(x)])
case(np.unique_values, one(DISTINCT), call=lambda x: np.sort(np.unique_values(x)))
for _f in (np.union1d, np.setdiff1d, np.setxor1d):
    case(_f, alike(DISTINCT, DISTINCT, dims=(1, 2)), call=lambda x, y, f=_f: f(x, y + 100.0), may_alias=False)
case(np.setdiff1d, one(DISTINCT, dims=(1, 1), sides=(2, 4)), {"assume_unique": st.booleans()}, "some of them",
     call=lambda x, assume_unique: np.setdiff1d(x, (x.data if isinstance(x, Value) else x)[:1], assume_unique))
case(np.intersect1d, one(DISTINCT, dims=(1, 1), sides=(2, 4)), {"return_indices": st.booleans()},
     call=lambda x, return_indices: np.intersect1d(x, x[::2], return_indices=return_indices))

# --- bins -----------------------------------------------------------------------------------

AT = np.array([0.25, 0.5, -1.0, 2.0, 1.125, 0.25])
IDS = np.array([3, 0, 1, 1, 5, 3])
case(np.bincount, of((6,)), {"minlength": st.sampled_from([0, 9])}, call=lambda w, minlength: np.bincount(IDS, w, minlength))
BINS = {"bins": st.sampled_from([3, [-0.5, 0.3, 2.0]]), "range": st.sampled_from([None, (-2.0, 1.5)])}
case(np.histogram, of((6,), domain=POSITIVE), BINS | {"density": st.booleans()}, "weights", approximate=True,
     call=lambda w, **options: np.histogram(AT, weights=w, **options))
case(np.histogram, one(DISTINCT, dims=(1, 2), sides=(2, 4)), {"density": st.booleans()}, "data", approximate=True,
     call=lambda x, density: np.histogram(x, 3, density=density))
case(np.histogram, of((4,), domain=POSITIVE), {"density": st.booleans()}, "edges", approximate=True,
     call=lambda h, density: np.histogram(AT, np.cumsum(h) - 2.0, density=density, weights=AT * AT))
case(np.histogram_bin_edges, one(DISTINCT, sides=FILLED), {"bins": st.sampled_from([1, 4, "sturges"])}, approximate=True)
case(np.histogram2d, of((6,), domain=POSITIVE), {"bins": st.sampled_from([3, [2, 3], [-0.5, 0.3, 2.0], [[0.0, 1.0], 4]]),
                                                 "density": st.booleans()}, "weights", approximate=True,
     call=lambda w, **options: [np.ravel(part) for part in np.histogram2d(AT, AT[::-1], weights=w, **options)])
case(np.histogram2d, of((5,), (5,), domain=DISTINCT), {"density": st.booleans()}, "data", approximate=True, may_alias=False,
     call=lambda x, y, density: [np.ravel(part) for part in np.histogram2d(x, y, [2, 3], density=density)])
case(np.histogramdd, of((5, 2), domain=DISTINCT), {"density": st.booleans()}, "data", approximate=True,
     call=lambda x, density: flattened(np.histogramdd(x, (2, 3), density=density)))
case(np.histogramdd, of((6,), domain=POSITIVE),
     {"range": st.sampled_from([None, [(0.0, 1.0), None, (-1.0, 2.0)]])}, "weights",
     approximate=True, call=lambda w, range: flattened(np.histogramdd([AT, AT[::-1], AT * AT], 2, range, weights=w)))


def flattened(result: Any) -> list[Any]:
    n, edges = result
    return [np.ravel(part) for part in (n, *edges)]
