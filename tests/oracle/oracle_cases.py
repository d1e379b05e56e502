"""Which of our functions is which of PyTorch's and of JAX's, and on what inputs.

A case calls ours as `f(np, *inputs)`, JAX's as `f(jnp, *inputs)` (or as `jax`, where JAX spells
it otherwise) and PyTorch's as `torch`.  None: the oracle has no such function.  Inputs stay away from
kinks and ties, where the conventions differ.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch as t
from jax.scipy import special as jsp

from autograd import special
from autograd.rules.table import FUNCTIONS, UFUNCS

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # compiling is what takes the time
t.set_num_threads(1)
SAME: Any = object()


@dataclass
class Count:
    """What was compared with one oracle."""

    operations: set[str] = field(default_factory=set)
    comparisons: int = 0
    second: int = 0
    first_only: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)


COUNTS: dict[str, Count] = {"PyTorch": Count(), "JAX": Count(), "torch.optim": Count()}


# --- inputs ---------------------------------------------------------------------------------


def anywhere(rng, shape):
    return rng.normal(size=shape)


def positive(rng, shape):
    return rng.uniform(0.3, 3.0, size=shape)


def inside(rng, shape):
    return rng.uniform(0.05, 0.9, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def above_one(rng, shape):
    return rng.uniform(1.2, 3.0, size=shape)


def off_integers(rng, shape):
    return rng.integers(-3, 3, size=shape) + rng.uniform(0.1, 0.4, size=shape)


def off_zero(rng, shape):
    return rng.uniform(0.4, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def apart(rng, shape):
    """No two closer than 0.1."""
    n = int(np.prod(shape, dtype=int))
    return 0.25 * (rng.permutation(n) - n / 2 + rng.uniform(0.1, 0.6, size=n)).reshape(shape)


def holes(rng, shape):
    """Distinct numbers and a NaN here and there, never a whole row."""
    x = apart(rng, shape)
    x.reshape(-1)[::5] = np.nan
    return x


@dataclass
class Case:
    name: str
    f: Callable[..., Any]
    torch: Callable[..., Any] | None
    jax: Callable[..., Any] | None
    shapes: list[tuple[tuple[int, ...], ...]]
    draw: tuple[Callable[..., Any], ...]

    def inputs(self) -> list[list[Any]]:
        """The same at every run: seeded by the name."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        draw = self.draw if len(self.draw) > 1 else self.draw * 9
        return [[np.asarray(d(rng, s)) for d, s in zip(draw, shapes, strict=False)] for shapes in self.shapes]


CASES: list[Case] = []
COVERED: set[str] = set()


def case(name, f, torch=None, jax=SAME, shapes=(), draw=anywhere):
    """Enter a case under the name of our function; `shapes` is a list of tuples of shapes."""
    COVERED.add(name)
    number = sum(c.name.partition("#")[0] == name for c in CASES)
    jax = (lambda *xs: f(jnp, *xs)) if jax is SAME else jax
    draw = draw if isinstance(draw, tuple) else (draw,)
    CASES.append(Case(f"{name}#{number}" if number else name, f, torch, jax, list(shapes), draw))


ONE = [((),), ((5,),), ((2, 3, 4),)]
TWO = [((), ()), ((4,), (4,)), ((2, 1, 4), (3, 1)), ((3, 4), ())]
M = [((4, 4),), ((3, 5),)]
CUBE = [((2, 3, 4),), ((1, 5, 2),)]


def unary(name, torch, draw=anywhere, jax=SAME):
    case(name, lambda m, x: getattr(m, name)(x), torch, jax, ONE, draw)


def binary(name, torch, draw=anywhere, jax=SAME, shapes=TWO):
    case(name, lambda m, x, y: getattr(m, name)(x, y), torch, jax, shapes, draw)


# --- ufuncs ---------------------------------------------------------------------------------

for _name, _torch in {
    "negative": t.neg, "positive": t.positive, "conjugate": t.conj, "square": t.square, "exp": t.exp,
    "exp2": t.exp2, "expm1": t.expm1, "sin": t.sin, "cos": t.cos, "arctan": t.arctan, "sinh": t.sinh,
    "cosh": t.cosh, "tanh": t.tanh, "arcsinh": t.asinh, "degrees": t.rad2deg, "rad2deg": t.rad2deg,
    "radians": t.deg2rad, "deg2rad": t.deg2rad,
}.items():  # fmt: skip
    unary(_name, _torch)
for _name, _torch in {"absolute": t.abs, "fabs": t.abs, "reciprocal": t.reciprocal, "sign": t.sign}.items():
    unary(_name, _torch, off_zero)
for _name, _torch in {
    "sqrt": t.sqrt, "log": t.log, "log2": t.log2, "log10": t.log10, "log1p": t.log1p,
}.items():  # fmt: skip
    unary(_name, _torch, positive)
for _name, _torch in {"arcsin": t.asin, "arccos": t.acos, "arctanh": t.atanh, "tan": t.tan}.items():
    unary(_name, _torch, inside)
unary("arccosh", t.acosh, above_one)
unary("cbrt", lambda x: x.sign() * x.abs() ** (1 / 3), off_zero)
for _name, _torch in {
    "floor": t.floor, "ceil": t.ceil, "trunc": t.trunc, "rint": t.round, "fix": t.fix,
    "modf": lambda x: [x.frac(), x.trunc()],
}.items():  # fmt: skip
    unary(_name, _torch, off_integers, jnp.trunc if _name == "fix" else SAME)

for _name, _torch in {
    "add": t.add, "subtract": t.sub, "multiply": t.mul, "logaddexp": t.logaddexp,
    "logaddexp2": t.logaddexp2, "arctan2": t.atan2, "hypot": t.hypot, "maximum": t.maximum,
    "minimum": t.minimum, "fmax": t.fmax, "fmin": t.fmin,
}.items():  # fmt: skip
    binary(_name, _torch)
binary("divide", t.div, (anywhere, off_zero))
binary("copysign", t.copysign, off_zero)
binary("power", t.pow, (positive, anywhere))
case("power", lambda m, x: x**3, lambda x: x**3, shapes=ONE)
case("power", lambda m, x: x**-1.5, lambda x: x**-1.5, shapes=ONE, draw=positive)
case("power", lambda m, x: 2.5**x, lambda x: 2.5**x, shapes=ONE)
binary("float_power", t.float_power, (positive, anywhere))
_quotient = (off_integers, lambda rng, shape: rng.choice([-1.0, 1.0, 2.0, 0.5], size=shape))
binary("floor_divide", lambda x, y: t.div(x, y, rounding_mode="floor"), _quotient)
binary("remainder", t.remainder, _quotient)
binary("fmod", t.fmod, _quotient)
binary("divmod", lambda x, y: [t.div(x, y, rounding_mode="floor"), t.remainder(x, y)], _quotient)
binary("heaviside", None, off_zero)
_n = np.array([0, 3, -2, 1])
# not t.ldexp, whose gradient is 0 for a negative integer exponent (2.13)
case("ldexp", lambda m, x: m.ldexp(x, _n), lambda x: x * t.tensor(2.0**_n), shapes=[((4,),), ((2, 4),)])

PRODUCTS = [((3, 4), (4, 2)), ((4,), (4,)), ((4,), (4, 3)), ((2, 4), (4,)), ((2, 3, 4), (4, 5)),
            ((2, 3, 4), (2, 4, 5)), ((5, 1, 3, 4), (2, 4, 3)), ((3, 4), (2, 4, 1)), ((4,), (2, 4, 3))]  # fmt: skip
binary("matmul", t.matmul, shapes=PRODUCTS)
binary("vecdot", t.linalg.vecdot, shapes=[((4,), (4,)), ((2, 3, 4), (3, 4)), ((2, 1, 4), (3, 4))])
binary("matvec", lambda x, y: (x @ y[..., None])[..., 0], shapes=[((3, 4), (4,)), ((2, 3, 4), (2, 4))])
binary("vecmat", lambda x, y: (x[..., None, :] @ y)[..., 0, :], shapes=[((4,), (4, 3)), ((2, 4), (2, 4, 3))])

# --- elementwise functions --------------------------------------------------------------------

unary("sinc", t.sinc)
unary("sinc", t.sinc, lambda rng, shape: rng.uniform(-5, 5, size=shape), None)
unary("real", t.real)
unary("copy", t.clone)
unary("round", t.round, off_integers)
unary("around", t.round, off_integers)
case("round", lambda m, x: m.round(x, 1), lambda x: t.round(x, decimals=1), shapes=ONE)
case("nan_to_num", lambda m, x: m.nan_to_num(x, nan=2.0), lambda x: t.nan_to_num(x, nan=2.0),
     shapes=[((7,),), ((3, 4),)], draw=holes)  # fmt: skip
case("astype", lambda m, x: m.astype(x, np.float32), lambda x: x.float(), shapes=ONE)
_c = np.array([True, False, False, True])
case("where", lambda m, x, y: m.where(_c, x, y), lambda x, y: t.where(t.tensor(_c), x, y),
     shapes=[((4,), (4,)), ((3, 1), (2, 1, 4)), ((), (4,))])  # fmt: skip
case("where", lambda m, x: m.where(x > 0, m.sqrt(m.where(x > 0, x, 1.0)), x * 2),
     lambda x: t.where(x > 0, t.sqrt(t.where(x > 0, x, 1.0)), x * 2), shapes=ONE)  # fmt: skip
case("select", lambda m, x, y: m.select([x > 0.5, x < -0.5], [x * y, y * y], 3.0),
     lambda x, y: t.where(x > 0.5, x * y, t.where(x < -0.5, y * y, 3.0)), shapes=[((6,), (6,))])  # fmt: skip
case("clip", lambda m, x: m.clip(x, -0.7, 0.8), lambda x: t.clip(x, -0.7, 0.8), shapes=ONE)
case("clip", lambda m, x: m.clip(x, None, 0.3), lambda x: t.clip(x, None, 0.3), shapes=ONE)
case("clip", lambda m, x, a, b: m.clip(x, a - 1, b + 1), lambda x, a, b: t.clip(x, a - 1, b + 1),
     shapes=[((3, 5), (5,), (3, 1))], draw=(anywhere, inside, inside))  # fmt: skip

# --- shaping: linear, so the same function of PyTorch's says it all ---------------------------

for _f, _torch in [
    (lambda m, x: m.reshape(x, (4, -1)), lambda x: x.reshape(4, -1)),
    (lambda m, x: m.reshape(x, -1), lambda x: x.reshape(-1)),
]:
    case("reshape", _f, _torch, shapes=[((2, 3, 4),), ((8, 3),)])
case("reshape", lambda m, x: m.reshape(x, (4, 6), order="F"),
     lambda x: x.permute(2, 1, 0).reshape(6, 4).T, shapes=[((2, 3, 4),)])  # fmt: skip
case("ravel", lambda m, x: m.ravel(x), t.ravel, shapes=ONE)
case("transpose", lambda m, x: m.transpose(x), lambda x: x.permute(2, 1, 0), shapes=CUBE)
case("transpose", lambda m, x: m.transpose(x, (1, 2, 0)), lambda x: x.permute(1, 2, 0), shapes=CUBE)
case("transpose", lambda m, x: m.permute_dims(x, (1, 2, 0)), lambda x: t.permute(x, (1, 2, 0)), shapes=CUBE)
case("swapaxes", lambda m, x: m.swapaxes(x, 0, -1), lambda x: t.swapaxes(x, 0, -1), shapes=CUBE)
case("matrix_transpose", lambda m, x: m.matrix_transpose(x), lambda x: x.mT, shapes=CUBE)
case("moveaxis", lambda m, x: m.moveaxis(x, 0, -1), lambda x: t.moveaxis(x, 0, -1), shapes=CUBE)
case(
    "moveaxis",
    lambda m, x: m.moveaxis(x, (0, 2), (1, 0)),
    lambda x: t.moveaxis(x, (0, 2), (1, 0)),
    shapes=CUBE,
)
case("rollaxis", lambda m, x: m.rollaxis(x, 2), lambda x: x.permute(2, 0, 1), shapes=CUBE)
case("squeeze", lambda m, x: m.squeeze(x), t.squeeze, shapes=[((1, 3, 1, 2),), ((1, 1),)])
case("squeeze", lambda m, x: m.squeeze(x, -2), lambda x: t.squeeze(x, -2), shapes=[((1, 3, 1, 2),)])
case("expand_dims", lambda m, x: m.expand_dims(x, 1), lambda x: t.unsqueeze(x, 1), shapes=CUBE)
for _k in "123":
    _name = f"atleast_{_k}d"
    case(_name, lambda m, x, n=_name: getattr(m, n)(x), getattr(t, _name),
         shapes=[((),), ((3,),), ((2, 3),), ((2, 3, 4),)])  # fmt: skip
case("broadcast_to", lambda m, x: m.broadcast_to(x, (2, 3, 4)), lambda x: t.broadcast_to(x, (2, 3, 4)),
     shapes=[((),), ((4,),), ((3, 1),), ((2, 1, 4),)])  # fmt: skip
case(
    "broadcast_arrays",
    lambda m, x, y: list(m.broadcast_arrays(x, y)),
    lambda x, y: t.broadcast_tensors(x, y),
    shapes=TWO,
)
case("flip", lambda m, x: m.flip(x), lambda x: t.flip(x, (0, 1, 2)), shapes=CUBE)
case("flip", lambda m, x: m.flip(x, (0, -1)), lambda x: t.flip(x, (0, -1)), shapes=CUBE)
case("fliplr", lambda m, x: m.fliplr(x), t.fliplr, shapes=M)
case("flipud", lambda m, x: m.flipud(x), t.flipud, shapes=M)
for _k in (1, 2, 3, -1):
    case("rot90", lambda m, x, k=_k: m.rot90(x, k), lambda x, k=_k: t.rot90(x, k), shapes=M)
case("roll", lambda m, x: m.roll(x, 2), lambda x: t.roll(x, 2), shapes=[((5,),), ((2, 3),)])
case("roll", lambda m, x: m.roll(x, (1, -2), (0, 2)), lambda x: t.roll(x, (1, -2), (0, 2)), shapes=CUBE)
case("repeat", lambda m, x: m.repeat(x, 3, 1), lambda x: t.repeat_interleave(x, 3, 1), shapes=CUBE)
case("repeat", lambda m, x: m.repeat(x, np.array([0, 2, 1]), 0),
     lambda x: t.repeat_interleave(x, t.tensor([0, 2, 1]), 0), shapes=[((3, 2),), ((3,),)])  # fmt: skip
case("repeat", lambda m, x: m.repeat(x, 2), lambda x: t.repeat_interleave(x, 2), shapes=M)
case(
    "tile",
    lambda m, x: m.tile(x, (2, 1, 3)),
    lambda x: t.tile(x, (2, 1, 3)),
    shapes=[((2, 3),), ((4,),), ((2, 1, 3),)],
)
case("resize", lambda m, x: m.resize(x, (3, 5)), None, shapes=[((2, 3),), ((4, 6),)])
LIKE = [((2, 3), (2, 3)), ((4, 4), (4, 4))]
case(
    "concatenate", lambda m, x, y: m.concatenate([x, y, x], 0), lambda x, y: t.cat([x, y, x], 0), shapes=LIKE
)
case(
    "concatenate",
    lambda m, x, y: m.concatenate([x, y], -1),
    lambda x, y: t.cat([x, y], -1),
    shapes=[((2, 3), (2, 1))],
)
case(
    "concatenate",
    lambda m, x, y: m.concatenate([x, y], None),
    lambda x, y: t.cat([x.ravel(), y.ravel()]),
    shapes=[((2, 3), (4,))],
)
case("stack", lambda m, x, y: m.stack([x, y], 1), lambda x, y: t.stack([x, y], 1), shapes=LIKE)
for _name in ("vstack", "hstack", "dstack", "column_stack"):
    case(_name, lambda m, x, y, n=_name: getattr(m, n)([x, y]), lambda x, y, n=_name: getattr(t, n)([x, y]),
         shapes=[*LIKE, ((3,), (3,))])  # fmt: skip
case("append", lambda m, x, y: m.append(x, y), lambda x, y: t.cat([x.ravel(), y.ravel()]), shapes=LIKE)
case("append", lambda m, x, y: m.append(x, y, 1), lambda x, y: t.cat([x, y], 1), shapes=[((2, 3), (2, 2))])
case(
    "array_split",
    lambda m, x: m.array_split(x, 3),
    lambda x: t.tensor_split(x, 3),
    shapes=[((7,),), ((5, 2),)],
)
case(
    "split",
    lambda m, x: m.split(x, [1, 3], 1),
    lambda x: t.tensor_split(x, [1, 3], 1),
    shapes=[((2, 5),), ((3, 4, 2),)],
)
case("split", lambda m, x: m.split(x, 2), lambda x: t.tensor_split(x, 2), shapes=[((4,),), ((2, 3),)])
case("hsplit", lambda m, x: m.hsplit(x, 2), lambda x: t.hsplit(x, 2), shapes=[((4,),), ((3, 4),)])
case("vsplit", lambda m, x: m.vsplit(x, 2), lambda x: t.vsplit(x, 2), shapes=[((4, 3),)])
case("dsplit", lambda m, x: m.dsplit(x, [1]), lambda x: t.dsplit(x, [1]), shapes=[((2, 3, 4),)])
case("unstack", lambda m, x: list(m.unstack(x, axis=1)), lambda x: list(t.unbind(x, 1)), shapes=CUBE)
case(
    "insert",
    lambda m, x, v: m.insert(x, 1, v, axis=0),
    lambda x, v: t.cat([x[:1], v[None], x[1:]]),
    shapes=[((3, 2), (2,)), ((4,), ())],
)
case(
    "delete",
    lambda m, x: m.delete(x, np.array([0, 2]), axis=1),
    lambda x: x[:, [1, 3]],
    shapes=[((2, 4),), ((3, 4, 2),)],
)
for _mode, _their in [
    ("constant", "constant"),
    ("edge", "replicate"),
    ("reflect", "reflect"),
    ("wrap", "circular"),
]:
    case("pad", lambda m, x, k=_mode: m.pad(x, ((0, 0), (2, 1)), mode=k),
         lambda x, k=_their: t.nn.functional.pad(x[None], (2, 1), mode=k)[0], shapes=[((2, 4),), ((1, 5),)])  # fmt: skip
case(
    "pad",
    lambda m, x: m.pad(x, 1, constant_values=2.5),
    lambda x: t.nn.functional.pad(x, (1,) * 4, value=2.5),
    shapes=M,
)
for _mode in ("symmetric", "mean", "linear_ramp"):
    case("pad", lambda m, x, k=_mode: m.pad(x, ((1, 2), (3, 1)), mode=k), None, shapes=M)
for _mode in ("maximum", "minimum"):
    case("pad", lambda m, x, k=_mode: m.pad(x, ((1, 2), (3, 1)), mode=k), None, shapes=M, draw=apart)
for _k in (0, 1, -1):
    case("tril", lambda m, x, k=_k: m.tril(x, k), lambda x, k=_k: t.tril(x, k), shapes=[*M, *CUBE])
    case("triu", lambda m, x, k=_k: m.triu(x, k), lambda x, k=_k: t.triu(x, k), shapes=[*M, *CUBE])
    case(
        "diagonal", lambda m, x, k=_k: m.diagonal(x, k), lambda x, k=_k: t.diagonal(x, k), shapes=[*M, *CUBE]
    )
    case(
        "trace",
        lambda m, x, k=_k: m.trace(x, k),
        lambda x, k=_k: t.diagonal(x, k).sum(-1),
        shapes=[*M, *CUBE],
    )
    case("diag", lambda m, x, k=_k: m.diag(x, k), lambda x, k=_k: t.diag(x, k), shapes=[*M, ((4,),)])
    case(
        "diagflat",
        lambda m, x, k=_k: m.diagflat(x, k),
        lambda x, k=_k: t.diagflat(x, k),
        shapes=[((4,),), ((2, 2),)],
    )

# --- indexing ---------------------------------------------------------------------------------

INDEX = np.array([[0, 2, 2], [1, 0, 2]])
case("take", lambda m, x: m.take(x, INDEX), lambda x: t.take(x, t.tensor(INDEX)), shapes=[((5,),), ((2, 3),)])
case(
    "take",
    lambda m, x: m.take(x, INDEX[0], axis=1),
    lambda x: t.index_select(x, 1, t.tensor(INDEX[0])),
    shapes=CUBE[:1],
)
case("take_along_axis", lambda m, x: m.take_along_axis(x, INDEX, axis=1),
     lambda x: t.take_along_dim(x, t.tensor(INDEX), 1), shapes=[((2, 3),), ((2, 5),)])  # fmt: skip
case("choose", lambda m, x, y: m.choose(np.array([0, 1, 1, 0]), [x, y]),
     lambda x, y: t.where(t.tensor([True, False, False, True]), x, y),
     lambda x, y: jnp.choose(np.array([0, 1, 1, 0]), [x, y], mode="clip"),
     shapes=[((4,), (4,)), ((3, 4), (4,))])  # fmt: skip
case(
    "compress",
    lambda m, x: m.compress(_c, x, axis=1),
    lambda x: x[:, t.tensor(_c)],
    lambda x: jnp.compress(_c, x, axis=1, size=2),
    shapes=[((2, 4),), ((3, 4, 2),)],
)
case(
    "extract",
    lambda m, x: m.extract(_c, x),
    lambda x: x[t.tensor(_c)],
    lambda x: jnp.extract(_c, x, size=2),
    shapes=[((4,),)],
)
case("sort", lambda m, x: m.sort(x), lambda x: t.sort(x)[0], shapes=[((7,),), ((3, 5),)], draw=apart)
case("sort", lambda m, x: m.sort(x, axis=1), lambda x: t.sort(x, 1)[0], shapes=CUBE, draw=apart)
case(
    "partition",
    lambda m, x: m.partition(x, 2)[..., 2],
    lambda x: t.kthvalue(x, 3)[0],
    shapes=[((7,),), ((3, 5),)],
    draw=apart,
)


def torch_index(i):
    parts = i if isinstance(i, tuple) else (i,)
    return tuple(t.tensor(p) if isinstance(p, np.ndarray) else p for p in parts)


for _i in [0, -1, (slice(None), 1), (Ellipsis, slice(None, None, 2)), (0, slice(1, None)), (None, 1), ([0, 1, 1],),
           (slice(None), [2, 0, 0]), ([0, 1], [2, 0])]:  # fmt: skip
    _at = _i if not isinstance(_i, tuple) else tuple(np.array(p) if isinstance(p, list) else p for p in _i)
    case("getitem", lambda m, x, i=_at: x[i],
         lambda x, i=_at: x[torch_index(i)],
         shapes=[((2, 3, 4),), ((3, 3),)])  # fmt: skip

# --- products -----------------------------------------------------------------------------------

binary("dot", t.matmul, shapes=[((4,), (4,)), ((3, 4), (4, 2)), ((3, 4), (4,)), ((2, 3, 4), (4,))])
binary("dot", t.mul, shapes=[((), (3,)), ((2, 3), ())])
binary("dot", lambda x, y: t.einsum("abc,dce->abde", x, y), shapes=[((2, 3, 4), (5, 4, 2))])
binary("inner", t.inner, shapes=[((4,), (4,)), ((2, 3, 4), (5, 4)), ((), (3,))])
binary("outer", t.outer, shapes=[((4,), (3,))])
binary("vdot", lambda x, y: t.vdot(x.ravel(), y.ravel()), shapes=[((4,), (4,)), ((2, 3), (2, 3))])
case(
    "tensordot",
    lambda m, x, y: m.tensordot(x, y),
    lambda x, y: t.tensordot(x, y),
    shapes=[((2, 3, 4), (3, 4, 2))],
)
case("tensordot", lambda m, x, y: m.tensordot(x, y, ([0, 2], [2, 0])),
     lambda x, y: t.tensordot(x, y, ([0, 2], [2, 0])), shapes=[((2, 3, 4), (4, 5, 2))])  # fmt: skip
case(
    "tensordot",
    lambda m, x, y: m.tensordot(x, y, 0),
    lambda x, y: t.tensordot(x, y, 0),
    shapes=[((2, 3), (2,))],
)
binary("kron", t.kron, shapes=[((2, 3), (3, 2)), ((3,), (2, 2)), ((2,), (3,))])
binary(
    "cross",
    lambda x, y: t.linalg.cross(*t.broadcast_tensors(x, y)),
    shapes=[((3,), (3,)), ((4, 3), (4, 3)), ((2, 1, 3), (4, 3))],
)
for _subscripts, _shapes in [
    ("ij,jk->ik", ((2, 3), (3, 4))), ("ij,jk", ((2, 3), (3, 4))), ("ii->i", ((3, 3),)), ("ii", ((3, 3),)),
    ("ij->ji", ((2, 3),)), ("ij->", ((2, 3),)), ("...ij,...jk->...ik", ((2, 1, 3, 4), (5, 4, 2))),
    ("bi,bj->bij", ((2, 3), (2, 4))), ("i,i,i->", ((3,), (3,), (3,))), ("ij,j,k->i", ((2, 3), (3,), (4,))),
    ("ijk,ljm->kl", ((2, 3, 4), (3, 3, 2))), ("i,j->ij", ((3,), (4,))), ("ij,ij->i", ((1, 4), (3, 4))),
]:  # fmt: skip
    case("einsum", lambda m, *xs, s=_subscripts: m.einsum(s, *xs), lambda *xs, s=_subscripts: t.einsum(s, *xs),
         SAME if _shapes[0] != (1, 4) else None, [_shapes])  # fmt: skip

# --- reductions -----------------------------------------------------------------------------------

AXES: list[Any] = [None, 0, -1, (0, 2)]


def reduction(name, torch, draw=anywhere, shapes=CUBE, axes=AXES, **options):
    """Along several axes, kept and not; `torch(x, dims, keepdim)`."""
    for axis in axes:
        dims = tuple(range(3)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        for keep in (False, True):
            case(name, lambda m, x, a=axis, k=keep: getattr(m, name)(x, axis=a, keepdims=k, **options),
                 None if torch is None else lambda x, d=dims, k=keep: torch(x, d, k), shapes=shapes, draw=draw)  # fmt: skip


def one_at_a_time(function):
    """A PyTorch reduction that takes a single axis, over several."""

    def over(x, dims, keep):
        dims = sorted([d % x.ndim for d in dims], reverse=True)
        for d in dims:
            x = function(x, d, keep)
        return x

    return over


def rows(function):
    """A PyTorch function of the last axis, over several axes at once."""

    def over(x, dims, keep):
        dims = [d % x.ndim for d in dims]
        rest = [d for d in range(x.ndim) if d not in dims]
        y = function(x.permute(*rest, *dims).flatten(len(rest)))
        return y.reshape([1 if d in dims else x.shape[d] for d in range(x.ndim)]) if keep else y

    return over


def without_nan(fill, function):
    return lambda x, d, k: function(t.where(t.isnan(x), fill, x), d, k)


PLANK = [((3, 1, 5),), ((5, 3, 3),)]  # an odd number of elements along every choice of axes
reduction("sum", t.sum)
reduction("prod", one_at_a_time(t.prod))
reduction("mean", t.mean)
reduction("var", lambda x, d, k: t.var(x, d, correction=0, keepdim=k))
reduction("std", lambda x, d, k: t.std(x, d, correction=0, keepdim=k), shapes=[((3, 2, 4),), ((2, 5, 3),)])
reduction("var", lambda x, d, k: t.var(x, d, correction=1, keepdim=k), shapes=[((3, 2, 4),)], ddof=1)
for _name, _torch in {"max": t.amax, "amax": t.amax, "min": t.amin, "amin": t.amin}.items():
    if hasattr(jnp, _name):
        reduction(_name, _torch, apart)
    else:
        case(_name, lambda m, x, n=_name: getattr(m, n)(x, 1), lambda x, f=_torch: f(x, 1), None, CUBE, apart)
case("ptp", lambda m, x: m.ptp(x, 1), lambda x: x.amax(1) - x.amin(1), shapes=CUBE[:1], draw=apart)
reduction("nanmax", without_nan(-np.inf, t.amax), holes, CUBE[:1])
reduction("nanmin", without_nan(np.inf, t.amin), holes, CUBE[:1])
reduction("nansum", t.nansum, holes)
reduction("nanprod", without_nan(1.0, one_at_a_time(t.prod)), holes)
reduction("nanmean", t.nanmean, holes, CUBE[:1])


def _spread(x, d, k):
    """The mean square of the numbers that are there, about their mean."""
    there = ~t.isnan(x)
    x = t.where(there, x, 0.0)
    n = there.sum(d, keepdim=True)
    gap = t.where(there, x - x.sum(d, keepdim=True) / n, 0.0)
    return (gap**2 / n).sum(d, keepdim=k)


reduction("nanvar", _spread, holes, [((4, 3, 6),)])
reduction("nanstd", lambda x, d, k: _spread(x, d, k).sqrt(), holes, [((4, 3, 6),)])
reduction("median", rows(lambda x: t.median(x, -1)[0]), apart, PLANK)
reduction("median", None, apart, CUBE)
for _q in (0.3, 0.85):
    reduction("quantile", rows(lambda x, q=_q: t.quantile(x, q, -1)), apart, q=_q)
case("quantile", lambda m, x: m.quantile(x, np.array([0.1, 0.6]), axis=1),
     lambda x: t.quantile(x, t.tensor([0.1, 0.6], dtype=x.dtype), 1), shapes=CUBE, draw=apart)  # fmt: skip
case(
    "percentile",
    lambda m, x: m.percentile(x, 35, axis=0),
    lambda x: t.quantile(x, 0.35, 0),
    shapes=CUBE,
    draw=apart,
)
case("cumsum", lambda m, x: m.cumsum(x, 1), lambda x: t.cumsum(x, 1), shapes=CUBE)
case("cumsum", lambda m, x: m.cumsum(x), lambda x: t.cumsum(x.ravel(), 0), shapes=CUBE)
case("cumprod", lambda m, x: m.cumprod(x, -1), lambda x: t.cumprod(x, -1), shapes=CUBE)
case(
    "cumprod",
    lambda m, x: m.cumprod(x * (np.arange(5) != 2)),
    lambda x: t.cumprod(x * (t.arange(5) != 2), 0),
    shapes=[((5,),)],
)
case(
    "nancumsum",
    lambda m, x: m.nancumsum(x, 1),
    lambda x: t.cumsum(t.where(t.isnan(x), 0.0, x), 1),
    shapes=CUBE[:1],
    draw=holes,
)
case(
    "nancumprod",
    lambda m, x: m.nancumprod(x, 1),
    lambda x: t.cumprod(t.where(t.isnan(x), 1.0, x), 1),
    shapes=CUBE[:1],
    draw=holes,
)
case(
    "average",
    lambda m, x, w: m.average(x, 1, w),
    lambda x, w: (x * w).sum(1) / w.sum(1),
    shapes=[((2, 3), (2, 3))],
    draw=(anywhere, positive),
)
case("average", lambda m, x: m.average(x), t.mean, shapes=CUBE)

# --- sequences --------------------------------------------------------------------------------------

case("diff", lambda m, x: m.diff(x, 2, 1), lambda x: t.diff(x, 2, 1), shapes=[((2, 5),), ((3, 4, 2),)])
case("diff", lambda m, x, y: m.diff(x, prepend=y), lambda x, y: t.diff(x, prepend=y), shapes=[((4,), (2,))])
case("ediff1d", lambda m, x: m.ediff1d(x), lambda x: t.diff(x.ravel()), shapes=[((4,),), ((2, 3),)])
case(
    "gradient",
    lambda m, x: m.gradient(x, 0.5),
    lambda x: t.gradient(x, spacing=0.5)[0],
    shapes=[((5,),), ((3,),)],
)
case("gradient", lambda m, x: m.gradient(x), lambda x: list(t.gradient(x)), shapes=[((4, 5),)])
_grid = np.array([0.0, 0.7, 1.1, 2.0, 3.5])
case(
    "gradient",
    lambda m, x: m.gradient(x, _grid),
    lambda x: t.gradient(x, spacing=(t.tensor(_grid),))[0],
    None,
    [((5,),)],
)
case(
    "gradient",
    lambda m, x: m.gradient(x, edge_order=2),
    lambda x: t.gradient(x, edge_order=2)[0],
    None,
    [((5,),)],
)
case(
    "trapezoid",
    lambda m, y: m.trapezoid(y, dx=0.3),
    lambda y: t.trapezoid(y, dx=0.3),
    shapes=[((5,),), ((2, 4),)],
)
case("trapezoid", lambda m, y, x: m.trapezoid(y, x), t.trapezoid, shapes=[((5,), (5,)), ((2, 4), (4,))])
case(
    "interp",
    lambda m, x, y: m.interp(x, _grid, y),
    None,
    shapes=[((6,), (5,))],
    draw=(lambda rng, s: rng.uniform(0.05, 3.45, size=s), anywhere),
)


def convolve(x, y, mode):
    """The full convolution by PyTorch's correlation, and NumPy's window of it."""
    full = t.conv1d(x[None, None], y.flip(0)[None, None], padding=len(y) - 1)[0, 0]
    n, m = max(len(x), len(y)), min(len(x), len(y))
    return {"full": full, "same": full[(m - 1) // 2 :][:n], "valid": full[m - 1 : n]}[mode]


for _mode in ("full", "same", "valid"):
    case("convolve", lambda m, x, y, k=_mode: m.convolve(x, y, mode=k), lambda x, y, k=_mode: convolve(x, y, k),
         shapes=[((5,), (3,)), ((2,), (6,))])  # fmt: skip
    case("correlate", lambda m, x, y, k=_mode: m.correlate(x, y, mode=k), lambda x, y, k=_mode: convolve(x, y.flip(0), k),
         shapes=[((5,), (3,)), ((6,), (2,))])  # fmt: skip
case("cov", lambda m, x: m.cov(x), t.cov, shapes=[((3, 6),), ((5,),)])
case("cov", lambda m, x: m.cov(x, bias=True, aweights=np.array([1.0, 2.0, 0.5, 1.5])),
     lambda x: t.cov(x, correction=0, aweights=t.tensor([1.0, 2.0, 0.5, 1.5], dtype=x.dtype)),
     shapes=[((3, 4),)])  # fmt: skip
case("corrcoef", lambda m, x: m.corrcoef(x), t.corrcoef, shapes=[((3, 6),)])
case("unwrap", lambda m, x: m.unwrap(6 * x), None, shapes=[((6,),)])
case("vander", lambda m, x: m.vander(x), lambda x: t.linalg.vander(x).flip(-1), shapes=[((4,),)])
case(
    "vander",
    lambda m, x: m.vander(x, 3, increasing=True),
    lambda x: t.linalg.vander(x, N=3),
    shapes=[((4,),)],
)
case(
    "polyval",
    lambda m, p, x: m.polyval(p, x),
    lambda p, x: sum(p[i] * x ** (3 - i) for i in range(4)),
    shapes=[((4,), (5,)), ((4,), ())],
)

# --- autograd.special ---------------------------------------------------------------------------------

fn = t.nn.functional
for _name, _torch, _jax in [
    ("sigmoid", t.sigmoid, jax.nn.sigmoid),
    ("relu", t.relu, jax.nn.relu),
    ("softplus", lambda x: t.logaddexp(x, t.zeros_like(x)), jax.nn.softplus),
    ("log_sigmoid", fn.logsigmoid, jax.nn.log_sigmoid),
]:
    case(f"special.{_name}", lambda m, x, n=_name: getattr(special, n)(x), _torch, _jax, ONE, off_zero)
for _axis in (-1, 0, 1):
    case("special.softmax", lambda m, x, a=_axis: special.softmax(x, a), lambda x, a=_axis: t.softmax(x, a),
         lambda x, a=_axis: jax.nn.softmax(x, a), CUBE)  # fmt: skip
    case("special.log_softmax", lambda m, x, a=_axis: special.log_softmax(x, a), lambda x, a=_axis: t.log_softmax(x, a),
         lambda x, a=_axis: jax.nn.log_softmax(x, a), CUBE)  # fmt: skip
for _axis, _keep in [(None, False), (1, True), ((0, 2), False)]:
    case("special.logsumexp", lambda m, x, a=_axis, k=_keep: special.logsumexp(x, a, k),
         lambda x, a=_axis, k=_keep: t.logsumexp(x, (0, 1, 2) if a is None else a, k),
         lambda x, a=_axis, k=_keep: jsp.logsumexp(x, a, keepdims=k), CUBE)  # fmt: skip
case("special.xlogy", lambda m, x, y: special.xlogy(x, y), t.xlogy, jsp.xlogy, TWO, positive)


def ours() -> dict[str, Any]:
    """Every operation in the tables, by the name its cases have."""
    named = {f.__name__: f for f in [*UFUNCS, *FUNCTIONS]}
    return {**named, **{f"special.{name}": getattr(special, name) for name in special.__all__}}


import oracle_linalg  # noqa: E402, F401  # the cases of np.linalg, entered here
import oracle_making  # noqa: E402, F401  # and of what makes arrays
