"""Every NumPy function that has a rule, with inputs that keep it off its kinks: one case a line.

`approximate` marks the compositions that round differently from NumPy; all others must give
NumPy's bits.  `rules_round` marks those whose rules call a NumPy function that rounds
differently from our composition of it, so that arrays and Values agree only to rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from autograd import Value, special, windows
from tests.strategies import (
    ABOVE_ONE,
    ANYWHERE,
    DISTINCT,
    LAYOUTS,
    NONZERO,
    ODD,
    OPEN_UNIT,
    POSITIVE,
    PROBABILITY,
    REAL,
    Arrays,
    Domain,
    Inputs,
    alike,
    axes_of,
    axis_of,
    axis_or_none,
    broadcastable,
    inputs,
    masks,
    of,
    one,
    steps,
    with_nan,
)

F32_TOO = (np.float64, np.float32)


def none(*arrays: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Case:
    name: str
    covers: Any  # the key of UFUNCS or FUNCTIONS, or the function of autograd.special
    arrays: st.SearchStrategy[Arrays]
    params: Callable[..., dict[str, Any]] = none  # from the arrays: values, or strategies of them
    call: Callable[..., Any] | None = None
    layouts: tuple[str, ...] = LAYOUTS
    may_alias: bool = False
    approximate: bool = False
    rules_round: bool = False

    @property
    def function(self) -> Callable[..., Any]:
        return self.call or self.covers

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.name)

    def inputs(self, dtypes: tuple[type, ...] = (np.float64,)) -> st.SearchStrategy[Inputs]:
        return inputs(self.arrays, self.params, self.layouts, self.may_alias, dtypes)


CASES: list[Case] = []


def case(
    covers: Any, arrays: st.SearchStrategy[Arrays], params: Any = none, name: str = "", **options: Any
) -> None:
    """Enter a case; `params` is a dict, or a function of the arrays that makes one."""
    if covers is None:  # absent from this NumPy
        return
    made = params if callable(params) else lambda *arrays: params
    CASES.append(Case(covers.__name__ + (f"-{name}" if name else ""), covers, arrays, made, **options))


def shaped(x: Any, shape: Any, order: str = "C") -> Any:
    return np.reshape(x, shape, order=order)  # the name of the argument changed in NumPy 2.1


def new(name: str) -> Any:
    """A function that an older NumPy does not have."""
    return getattr(np, name, None)


# fmt: off
# --- elementwise ----------------------------------------------------------------------------


def unary(domain: Domain, *functions: Any, **options: Any) -> None:
    for f in functions:
        case(f, one(domain), layouts=ANYWHERE, **options)


def binary(x: Domain, y: Domain, *functions: Any, **options: Any) -> None:
    for f in functions:
        case(f, broadcastable(x, y), layouts=ANYWHERE, may_alias=True, **options)


unary(REAL, np.negative, np.positive, np.square, np.exp, np.exp2, np.expm1, np.sin, np.cos, np.sinh, np.cosh, np.tanh)
unary(REAL, np.arctan, np.arcsinh, np.degrees, np.radians, np.rad2deg, np.deg2rad, np.conjugate, np.sinc, np.real)
unary(OPEN_UNIT, np.tan, np.arcsin, np.arccos, np.arctanh, np.log1p)
unary(ODD, np.absolute, np.fabs, np.sign, np.floor, np.ceil, np.trunc, np.rint, np.cbrt, np.reciprocal)
unary(ODD, np.fix, np.round, np.around, np.modf)
unary(POSITIVE, np.sqrt, np.log, np.log2, np.log10)
unary(ABOVE_ONE, np.arccosh)
unary(REAL, special.sigmoid, special.softplus, special.log_sigmoid)
unary(ODD, special.relu)
unary(REAL, np.copy)
case(np.round, one(ODD), {"decimals": st.integers(-1, 1)}, "decimals")  # odd sixteenths are off 0.05 + k/10 by 1/80
case(np.nan_to_num, with_nan(one(REAL)), {"nan": st.sampled_from([0.0, -1.5])})
case(new("astype"), one(REAL), {"dtype": st.sampled_from(F32_TOO)}, "same",
     call=lambda x, dtype: np.astype(x if isinstance(x, Value) else np.asarray(x), x.dtype))

binary(REAL, REAL, np.add, np.subtract, np.multiply, np.logaddexp, np.logaddexp2)
binary(ODD, ODD, np.arctan2)  # off the cut along y = 0, x < 0
binary(REAL, ODD, np.divide, np.hypot, np.maximum, np.minimum, np.fmax, np.fmin)
for _f in (np.maximum, np.minimum, np.fmax, np.fmin):
    case(_f, one(ODD), {"c": st.sampled_from([0.5, -1.0])}, "with a constant", call=lambda x, c, f=_f: f(x, c))
    case(_f, one(ODD), {"c": st.sampled_from([0.5, -1.0])}, "of a constant", call=lambda x, c, f=_f: f(c, x))
binary(ODD, NONZERO, np.remainder, np.fmod, np.floor_divide, np.divmod)  # odd over even is never a whole number
binary(ODD, ODD, np.copysign)
binary(ODD, REAL, np.heaviside)
binary(POSITIVE, REAL, np.power, np.float_power)
binary(PROBABILITY, POSITIVE, special.xlogy)
for _exponent in (-2, -1, 0, 1, 2, 3, 0.5, 2.0):
    _base = POSITIVE if _exponent == 0.5 else ODD
    case(np.power, one(_base), {"y": _exponent}, f"to {_exponent}", call=lambda x, y: np.power(x, y))
    case(np.power, one(_base), {"y": _exponent}, f"operator {_exponent}", call=lambda x, y: x**y)
case(np.power, one(REAL), call=lambda x: 2.0**x, name="of 2")
case(np.ldexp, one(REAL), {"n": st.integers(-3, 3)}, call=lambda x, n: np.ldexp(x, n))
case(np.clip, one(ODD), {"a_min": -0.5, "a_max": st.sampled_from([1.0, None])})
case(np.clip, broadcastable(ODD, steps(-16, -1), steps(1, 16)), name="by Values")
case(np.clip, broadcastable(ODD, steps(1, 16), steps(-16, -1)), name="crossed")
case(np.where, broadcastable(REAL, REAL), lambda x, y=0.0: {"condition": masks(np.broadcast_arrays(x, y)[0])},
     call=lambda x, y, condition: np.where(condition, x, y), layouts=ANYWHERE, may_alias=True)
case(np.select, alike(REAL, REAL), lambda x, y=None: {"conditions": st.tuples(masks(x), masks(x))},
     call=lambda x, y, conditions: np.select(list(conditions), [x, y], 0.5), may_alias=True)
case(np.choose, alike(REAL, REAL), lambda x, y=None: {"at": hnp.arrays(int, x.shape, elements=st.integers(0, 1))},
     call=lambda x, y, at: np.choose(at, [x, y]), may_alias=True)

# --- reductions -----------------------------------------------------------------------------

FILLED = (1, 3)  # sides of arrays that are not empty


def over(x: np.ndarray) -> dict[str, Any]:
    return {"axis": axes_of(x), "keepdims": st.booleans()}


def running(x: np.ndarray) -> dict[str, Any]:
    return {"axis": axis_or_none(x)}


def masked(x: np.ndarray) -> dict[str, Any]:
    return over(x) | {"where": masks(x)}


for _f in (np.sum, np.prod):
    case(_f, one(REAL), over, layouts=ANYWHERE)
    case(_f, one(REAL), lambda x: masked(x) | {"initial": 1.5}, "where", approximate=True)
case(np.mean, one(REAL, sides=FILLED), over, layouts=ANYWHERE)
case(np.mean, one(REAL, sides=(2, 3)), lambda x: over(x) | {"where": half(x)}, "where", approximate=True)
for _f in (np.var, np.nanvar):
    case(_f, one(REAL, sides=(2, 3)), lambda x: over(x) | {"ddof": st.sampled_from([0, 1] if x.ndim else [0])},
         layouts=ANYWHERE, approximate=_f is np.nanvar)
case(np.var, one(REAL, sides=(2, 3)), lambda x: over(x) | {"where": half(x)}, "where", approximate=True)
for _f in (np.std, np.nanstd):
    case(_f, one(DISTINCT, dims=(1, 3), sides=(2, 3)), lambda x: over(x) | {"ddof": st.sampled_from([0, 1])},
         approximate=_f is np.nanstd)
case(np.std, one(DISTINCT, dims=(1, 2), sides=(3, 4)), lambda x: {"where": most(x)}, "where", approximate=True)
for _f in (np.max, np.min, np.amax, np.amin, np.ptp):
    case(_f, one(DISTINCT, sides=FILLED), over)
for _f in (np.max, np.min, np.nanmax, np.nanmin):
    case(_f, one(DISTINCT, sides=(2, 3)), lambda x: over(x) | {"where": half(x), "initial": 0.0}, "where")
for _f in (np.nanmax, np.nanmin):
    case(_f, with_nan(one(DISTINCT, dims=(1, 3), sides=(2, 3))), over)
for _f in (np.nansum, np.nanprod, np.nanmean):
    case(_f, with_nan(one(REAL, dims=(1, 3), sides=(2, 3))), over, approximate=True)
case(np.nanvar, with_nan(one(REAL, dims=(1, 2), sides=(3, 4))), lambda x: over(x) | {"ddof": st.sampled_from([0, 1])},
     "with nan", approximate=True)
case(np.nanstd, with_nan(one(DISTINCT, dims=(1, 2), sides=(3, 4))), over, "with nan", approximate=True)
for _f in (np.cumsum, np.cumprod):
    case(_f, one(REAL, dims=(1, 3)), running, layouts=ANYWHERE)
for _f in (np.nancumsum, np.nancumprod):
    case(_f, with_nan(one(REAL, dims=(1, 3))), running)


def half(x: np.ndarray) -> np.ndarray:
    """A mask that lets in something everywhere: the even diagonals of a chequerboard."""
    return np.sum(np.indices(x.shape), axis=0) % 2 == 0 if x.ndim else np.True_


def most(x: np.ndarray) -> np.ndarray:
    return np.arange(x.size).reshape(x.shape) > 0


case(np.average, one(REAL, sides=FILLED), over)
case(np.average, alike(REAL, POSITIVE, sides=FILLED), lambda a, w=None: {"axis": axes_of(a)}, "weights",
     call=lambda a, w, axis: np.average(a, axis, w), approximate=True)
case(np.average, of((2, 3), (3,), domains=(REAL, POSITIVE)), {"axis": 1}, "weights of one axis",
     call=lambda a, w, axis: np.average(a, axis, w), approximate=True)
case(np.average, of((2, 3), (3, 2), domains=(REAL, POSITIVE)), {"axis": (1, 0)}, "weights of swapped axes",
     call=lambda a, w, axis: np.average(a, axis, w), approximate=True)
case(np.median, one(DISTINCT, sides=FILLED), over)
METHODS = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
    "linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
]
for _f, _q in ((np.quantile, [0.1, 0.375, 0.9]), (np.percentile, [33.0, 0.0, 87.5])):
    case(_f, one(DISTINCT, dims=(1, 2), sides=(1, 4)),
         lambda x, q=_q: over(x) | {"q": st.sampled_from([q, q[0]]), "method": st.sampled_from(METHODS)},
         approximate=True)
case(np.trapezoid, one(REAL, dims=(1, 3), sides=(2, 3)), lambda y: {"dx": 0.25, "axis": axis_of(y)}, approximate=True)
case(np.trapezoid, of((2, 4), (4,)), name="x", approximate=True)
case(np.trapezoid, of((3, 2), (3, 2)), {"axis": 0}, "x of y's shape", approximate=True)
case(special.softmax, one(REAL, dims=(1, 3)), lambda x: {"axis": axis_of(x)}, layouts=ANYWHERE)
case(special.log_softmax, one(REAL, dims=(1, 3)), lambda x: {"axis": axis_of(x)}, layouts=ANYWHERE)
case(special.logsumexp, one(REAL, sides=FILLED), over, layouts=ANYWHERE)

# --- shape and order ------------------------------------------------------------------------


def permutation(x: np.ndarray) -> dict[str, Any]:
    return {"axes": st.permutations(range(x.ndim)).map(tuple) | st.none()}


def two_axes(x: np.ndarray) -> st.SearchStrategy[tuple[int, ...]]:
    return st.permutations(range(x.ndim)).map(lambda p: tuple(p[:2]))


def moves(x: np.ndarray) -> dict[str, Any]:
    return {"pair": st.tuples(*[st.permutations(range(x.ndim))] * 2, st.integers(0, x.ndim)).map(
        lambda t: (tuple(t[0][: t[2]]), tuple(t[1][: t[2]])))}


MATRIX = one(REAL, dims=(2, 3))
AT_LEAST_1D = one(REAL, dims=(1, 3))
case(np.reshape, one(REAL), {"shape": -1, "order": st.sampled_from("CF")}, "flat", call=shaped)
case(np.reshape, of((2, 3, 2)), {"shape": st.sampled_from([(4, 3), (2, -1), (1, 12, 1)]), "order": st.sampled_from("CF")},
     layouts=LAYOUTS[:1], call=shaped)
case(np.reshape, of((1,), domain=REAL), {"shape": ()}, "to a scalar", call=shaped)
case(np.ravel, one(REAL), {"order": st.sampled_from("CF")})
case(np.transpose, one(REAL), permutation)
case(np.swapaxes, MATRIX, lambda x: {"pair": two_axes(x)}, call=lambda x, pair: np.swapaxes(x, *pair))
case(new("matrix_transpose"), MATRIX)
case(np.moveaxis, one(REAL), moves, call=lambda x, pair: np.moveaxis(x, *pair))
case(np.rollaxis, AT_LEAST_1D, lambda x: {"axis": axis_of(x), "start": st.integers(-x.ndim, x.ndim)})
case(np.squeeze, one(REAL, sides=(1, 2)))
case(np.squeeze, of((1, 2, 1)), {"axis": st.sampled_from([0, -1, (0, 2)])}, "axis")
case(np.expand_dims, one(REAL), {"axis": st.sampled_from([0, -1, (0, -1)])})
for _f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    case(_f, one(REAL))
    case(_f, st.tuples(one(REAL), one(REAL)).map(lambda t: t[0] + t[1]), name="two")
case(np.broadcast_to, one(REAL, sides=(1, 3)),
     lambda x: {"shape": hnp.broadcastable_shapes(x.shape, min_dims=x.ndim, max_dims=x.ndim + 1, max_side=3)
                .filter(lambda s: np.broadcast_shapes(s, x.shape) == s)})
case(np.broadcast_arrays, broadcastable(REAL, REAL), may_alias=True)
case(np.flip, one(REAL), lambda x: {"axis": axes_of(x)})
case(np.fliplr, MATRIX)
case(np.flipud, AT_LEAST_1D)
case(np.rot90, MATRIX, lambda x: {"k": st.integers(-4, 4), "axes": two_axes(x)})
case(np.roll, one(REAL), {"shift": st.integers(-5, 5)}, "flat")
case(np.roll, AT_LEAST_1D, lambda x: {"shift": st.integers(-5, 5), "axis": axis_of(x)})
case(np.roll, of((2, 3)), {"shift": (1, -2), "axis": (0, 1)}, "both axes")
case(np.repeat, AT_LEAST_1D, lambda x: {"repeats": st.integers(0, 3), "axis": axis_or_none(x)})
case(np.repeat, of((2, 3)), {"repeats": st.sampled_from([[1, 0, 2], [0, 0, 0], [3, 1, 1]]), "axis": 1}, "each")
case(np.tile, one(REAL), {"reps": st.sampled_from([2, 0, (2, 1, 2), (1, 3)])})
case(np.resize, one(REAL, sides=FILLED), {"new_shape": st.sampled_from([5, (3, 5), (2,), (0,)])})
case(np.insert, of((2, 3), (2, 1)), {"obj": st.sampled_from([[0], [3], [-1]])},
     call=lambda x, v, obj: np.insert(x, obj, v, axis=1))
case(np.insert, of((2, 3)), {"obj": st.integers(-6, 6)}, "a constant", call=lambda x, obj: np.insert(x, obj, 7.0))
case(np.delete, of((2, 4)), {"obj": st.sampled_from([0, -1, [0, 2], slice(0, 3), []]), "axis": st.sampled_from([1, None])})
case(np.diag, one(REAL, dims=(1, 2)), {"k": st.integers(-2, 2)})
case(np.diagflat, one(REAL), {"k": st.integers(-2, 2)})
case(np.diagonal, MATRIX, lambda x: {"offset": st.integers(-2, 2), "pair": two_axes(x)},
     call=lambda x, offset, pair: np.diagonal(x, offset, *pair))
case(np.trace, MATRIX, lambda x: {"offset": st.integers(-2, 2), "pair": two_axes(x)},
     call=lambda x, offset, pair: np.trace(x, offset, *pair))
case(np.tril, one(REAL, dims=(2, 3)), {"k": st.integers(-2, 2)})
case(np.triu, one(REAL, dims=(2, 3)), {"k": st.integers(-2, 2)})

# --- joining, splitting, padding ------------------------------------------------------------


def join(f: Any, arrays: st.SearchStrategy[Arrays], params: Any = none, name: str = "") -> None:
    case(f, arrays, params, name, call=lambda *xs, **options: f(list(xs), **options), may_alias=True)


join(np.concatenate, alike(REAL, REAL, dims=(1, 3)), lambda x, y=None: {"axis": axis_or_none(x)})
join(np.concatenate, of((2, 3), (2, 0), (2, 1)), {"axis": st.sampled_from([1, -1, None])}, "unequal")
join(np.stack, alike(REAL, REAL, REAL), lambda x, *rest: {"axis": st.integers(-x.ndim - 1, x.ndim)})
for _f in (np.vstack, np.hstack, np.dstack):
    join(_f, alike(REAL, REAL))
join(np.column_stack, alike(REAL, REAL, dims=(1, 2)))
join(np.column_stack, of((3,), (3, 2)), name="unequal")
case(np.append, alike(REAL, REAL, dims=(1, 2)), lambda x, y=None: {"axis": axis_or_none(x)}, may_alias=True)
case(np.append, of((2, 3), (2,)), name="flat")
case(np.split, of((2, 6)), {"indices_or_sections": st.sampled_from([3, 1, [1, 4], [2, 9]]), "axis": 1})
case(np.array_split, AT_LEAST_1D, lambda x: {"indices_or_sections": st.integers(1, 4), "axis": axis_of(x)})
case(np.array_split, of((5, 2)), {"indices_or_sections": [3, 1, -1]}, "overlapping")
case(np.hsplit, of((2, 4)), {"indices_or_sections": st.sampled_from([2, [1]])})
case(np.hsplit, of((4,)), {"indices_or_sections": 2}, "1-D")
case(np.vsplit, of((4, 2)), {"indices_or_sections": st.sampled_from([2, [1]])})
case(np.dsplit, of((2, 2, 4)), {"indices_or_sections": st.sampled_from([2, [1]])})
case(new("unstack"), of((2, 3, 2)), {"axis": st.integers(-3, 2)})
case(np.pad, one(REAL, dims=(1, 3)), {"pad_width": st.tuples(st.integers(0, 2), st.integers(0, 2)), "constant_values": 1.5},
     "constant")
case(np.pad, of((3, 4)), {"pad_width": ((1, 2), (0, 5)), "mode": st.sampled_from(["edge", "reflect", "symmetric", "wrap"])},
     "moved")
case(np.pad, of((3, 4)), {"pad_width": ((1, 2), (0, 3)), "reflect_type": "odd",
                               "mode": st.sampled_from(["reflect", "symmetric"])}, "odd", approximate=True)
case(np.pad, of((3, 4), domain=DISTINCT),
     {"pad_width": ((1, 2), (0, 3)), "mode": st.sampled_from(["maximum", "minimum", "mean", "median"])},
     "statistic", approximate=True)
case(np.pad, of((5,), domain=DISTINCT),
     {"pad_width": (1, 2), "stat_length": st.integers(1, 5),
      "mode": st.sampled_from(["maximum", "minimum", "mean", "median"])},
     "statistic of the ends", approximate=True)
case(np.pad, of((2, 3)), {"pad_width": (2, 1), "mode": "linear_ramp", "end_values": (2.0, -1.0)}, "ramp", approximate=True)

# --- indexing and sorting -------------------------------------------------------------------


def getitem(x: Any, index: Any) -> Any:
    return x[index]


def fancy(x: np.ndarray) -> st.SearchStrategy[Any]:
    """Integer arrays (elements named twice), a mask, and a mix of slices and integers."""
    kinds = [masks(x)]
    if x.ndim and x.size:
        kinds.append(hnp.integer_array_indices(x.shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3)))
        kinds.append(st.lists(st.integers(-x.shape[-1], x.shape[-1] - 1)).map(lambda i: (Ellipsis, None, i)))
    return st.one_of(kinds)


case(getitem, one(REAL), lambda x: {"index": hnp.basic_indices(x.shape, allow_newaxis=True)}, "basic")
case(getitem, one(REAL), lambda x: {"index": fancy(x)}, "advanced")
case(np.take, one(REAL, dims=(1, 3), sides=FILLED),
     lambda x: {"indices": st.sampled_from([0, -1, [0, 0, -1], [[0], [0]], []]), "axis": axis_or_none(x)})
case(np.take, of((2, 3)), {"indices": [[5, -4], [3, 0]], "axis": 1, "mode": st.sampled_from(["wrap", "clip"])}, "modes")
case(np.take_along_axis, of((2, 3)), lambda x: {"indices": hnp.arrays(int, (2, 4), elements=st.integers(-3, 2)), "axis": 1})
case(np.compress, of((2, 3)), {"condition": [True, False, True], "axis": 1},
     call=lambda x, condition, axis: np.compress(condition, x, axis))
case(np.extract, one(REAL), lambda x: {"condition": masks(x)}, call=lambda x, condition: np.extract(condition, x))
case(np.sort, one(DISTINCT, dims=(1, 3)), running)
case(np.partition, one(DISTINCT, dims=(1, 2), sides=(2, 4)), lambda x: {"axis": axis_of(x), "kth": st.integers(0, 1)})

# --- products -------------------------------------------------------------------------------


def gufunc(name: str) -> None:
    f = new(name)
    if f is not None:
        case(f, broadcastable(REAL, REAL, signature=f.signature), may_alias=True, approximate=name != "matmul",
             layouts=LAYOUTS)


for _name in ("matmul", "vecdot", "matvec", "vecmat"):
    gufunc(_name)
case(np.matmul, of((2, 2)), name="of a matrix and itself", call=lambda x: x @ x)
case(np.matmul, of((2, 3)), name="of a matrix and its transpose", call=lambda x: x @ x.T)
DOT_SHAPES = [((), (2,)), ((2,), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 2, 3), (3, 2)),
              ((2, 3), (2, 3, 2)), ((2, 0), (0, 3)), ((3,), (2, 3, 2))]
INNER_SHAPES = [((), (2,)), ((3,), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (3,)), ((2, 0), (3, 0))]
case(np.dot, st.sampled_from(DOT_SHAPES).flatmap(lambda s: of(*s)), may_alias=True, approximate=True)
case(np.inner, st.sampled_from(INNER_SHAPES).flatmap(lambda s: of(*s)), may_alias=True, approximate=True)
case(np.vdot, alike(REAL, REAL, dims=(1, 3)), may_alias=True, approximate=True)
case(np.outer, st.tuples(one(REAL), one(REAL)).map(lambda t: t[0] + t[1]), may_alias=True)
case(np.kron, st.tuples(one(REAL, dims=(1, 2)), one(REAL, dims=(1, 3))).map(lambda t: t[0] + t[1]), may_alias=True)
case(np.cross, st.sampled_from([((3,), (3,)), ((2, 3), (3,)), ((1, 3), (2, 3))]).flatmap(lambda s: of(*s)), may_alias=True)
case(np.cross, of((3, 2), (3, 2)), {"axis": 0}, "axis 0")
TENSORDOT = [((2, 3, 2), (3, 2, 2), 2), ((2,), (2, 2), [0, 1]), ((2, 3, 4), (4, 2), ([0, 2], [1, 0])), ((2,), (3,), 0),
             ((2, 0), (0, 3), 1), ((2, 3), (3, 2), ([-1, 0], [0, -1]))]
for _s, _t, _axes in TENSORDOT:
    case(np.tensordot, of(_s, _t), {"axes": _axes}, str(_axes), approximate=True)
EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 2)), ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ii", (3, 3)), ("ij->j", (2, 3)),
    ("ij,ij->", (2, 3), (2, 3)), ("i,j->ij", (2,), (3,)), ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("...ij,...jk", (1, 2, 3), (2, 3, 2)), ("ijk,k->ji", (2, 3, 2), (2,)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ij,k->i", (2, 3), (2,)), ("iij->j", (2, 2, 3)), ("ba", (2, 3)), ("iii->i", (2, 2, 2)), ("i...->...", (2, 3)),
    ("ij,jk->ik", (2, 0), (0, 3)), ("ij,ij->ij", (1, 3), (2, 3)), (",i->i", (), (3,)), ("ij,i->j", (2, 3), (2,)),
]
for _subscripts, *_shapes in EINSUM:
    case(np.einsum, of(*_shapes), {"subscripts": _subscripts, "optimize": st.booleans()}, f"{_subscripts} {_shapes}",
         call=lambda *xs, subscripts, optimize: np.einsum(subscripts, *xs, optimize=optimize), may_alias=True,
         approximate=True, rules_round=True)
case(np.einsum, of((2, 3), (3, 2)), name="lists", call=lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]))

# --- sequences ------------------------------------------------------------------------------

case(np.diff, of((3, 4)), {"n": st.integers(0, 3), "axis": st.sampled_from([0, -1])})
case(np.diff, of((3, 2)), {"n": 2, "axis": 0, "prepend": 0.0, "append": np.ones((1, 2))}, "with ends")
case(np.ediff1d, one(REAL, dims=(1, 2)),
     {"to_end": st.sampled_from([None, [1.0, 2.0]]), "to_begin": st.sampled_from([None, 0.5])})
SPACED = of((5,), domain=steps(2, 6)).map(lambda t: (np.cumsum(t[0]),))
case(np.gradient, one(REAL, dims=(1, 2), sides=(3, 5)), {"edge_order": st.sampled_from([1, 2])}, approximate=True)
case(np.gradient, of((4, 3)), name="spacings", call=lambda x: np.gradient(x, 0.5, 2.0), approximate=True)
case(np.gradient, st.tuples(of((2, 5)), SPACED).map(lambda t: t[0] + t[1]),
     {"edge_order": st.sampled_from([1, 2])}, "coordinates",
     call=lambda f, x, edge_order: np.gradient(f, x, axis=1, edge_order=edge_order), approximate=True)
KNOTS = np.array([0.0, 1.0, 2.5, 4.0])  # odd sixteenths are never a knot
case(np.interp, of((5,), (4,), domains=(steps(-8, 40, shift=1 / 16), REAL)), {"left": st.sampled_from([None, -9.0])},
     call=lambda x, fp, left: np.interp(x, KNOTS, fp, left=left), approximate=True)
case(np.interp, of((5,), (4,), domains=(steps(-8, 40, shift=1 / 16), REAL)), name="knots",
     call=lambda x, fp: np.interp(x, fp * 0.0 + KNOTS, fp), approximate=True)
case(np.interp, of((2, 3), (4,), (4,), domains=(steps(-8, 40, shift=1 / 16), steps(1, 1), REAL)), name="moving knots",
     call=lambda x, h, fp: np.interp(x, np.cumsum(h * 8.0), fp), approximate=True)
case(np.interp, of((5,), (4,), domains=(ODD, REAL)), name="period",
     call=lambda x, fp: np.interp(x, KNOTS, fp, period=4.5), approximate=True)
case(np.interp, of((5,), (4,), (), domains=(ODD, REAL, steps(4, 6, shift=1 / 64))), name="moving period",
     call=lambda x, fp, p: np.interp(x, KNOTS, fp, period=p + 4.0), approximate=True)
LENGTHS = st.sampled_from([(5, 3), (3, 5), (4, 2), (2, 4), (3, 3), (1, 1), (6, 4)])
for _f in (np.convolve, np.correlate):
    case(_f, LENGTHS.flatmap(lambda n: of(n[:1], n[1:])), {"mode": st.sampled_from(["full", "same", "valid"])},
         may_alias=True,
         approximate=_f is np.correlate, rules_round=True)
case(np.cov, st.sampled_from([(3, 5), (5,), (1, 4)]).flatmap(lambda s: of(s)),
     {"bias": st.booleans(), "ddof": st.sampled_from([None, 0, 1])},
     approximate=True)
case(np.cov, of((4,), (4,)), {"rowvar": st.booleans()}, "two", may_alias=True, approximate=True)
case(np.cov, of((2, 5), (5,), domains=(REAL, POSITIVE)), {"fweights": st.sampled_from([None, [1, 2, 1, 3, 1]])}, "weights",
     call=lambda x, w, fweights: np.cov(x, aweights=w, fweights=fweights), approximate=True)
case(np.cov, of((5, 2)), {"rowvar": False}, "columns", approximate=True)
case(np.corrcoef, of((3, 5), domain=DISTINCT), approximate=True)
case(np.unwrap, of((6,), domain=steps(-24, 24, 2, 1 / 16)), layouts=ANYWHERE)
case(np.vander, one(REAL, dims=(1, 1)), {"N": st.sampled_from([None, 0, 1, 4]), "increasing": st.booleans()},
     approximate=True)
case(np.polyval, st.tuples(of((4,)), one(REAL)).map(lambda t: t[0] + t[1]))

from tests import cases_linalg, cases_making  # noqa: E402, F401  # more cases, entered here

# --- sliding windows ------------------------------------------------------------------------

SLIDING = {"stride": st.integers(1, 2), "dilation": st.integers(1, 2)}
for _f in (windows.windows, windows.sum_pool, windows.max_pool):
    case(_f, of((2, 7), domain=DISTINCT), {"kernel": st.sampled_from([(1,), (2,), (3,)])} | SLIDING)
    case(_f, of((4, 5), domain=DISTINCT), {"kernel": (2, 3), "stride": (1, 2), "dilation": (2, 1)}, "two axes")
case(windows.fold, of((2, 3, 2)), {"how": st.sampled_from([(4, 1, 1), (6, 2, 1), (5, 1, 2), (7, 2, 2)])},
     call=lambda x, how: windows.fold(x, how[:1], *how[1:]))
case(windows.fold, of((2, 2, 2, 3)), {"size": (3, 5), "stride": (1, 2), "dilation": (1, 1)}, "two axes")
for _f in (windows.correlate, windows.correlate_transpose):
    _channels = 2 if _f is windows.correlate else 3
    case(_f, of((2, 4, 5), (4, _channels, 2)), SLIDING | {"groups": 2}, "windows", rules_round=True)
    case(_f, of((1, 2, 3, 4), (2, 2, 2, 1)), {"stride": (1, 2), "dilation": (2, 1)}, "windows of two axes", rules_round=True)
