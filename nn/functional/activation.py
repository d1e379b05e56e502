"""Activation functions: torch.nn.functional's names, argument order, defaults and formulas.

They take arrays or Values and are elementwise unless they say `dim`.  Each is exact
over the whole range: nothing overflows, and a derivative is 0 only where it is
smaller than the smallest number.  At a kink the derivative is that of the flat side.
"""

import math
import warnings
from typing import Any

import numpy as np

from autograd import Value, primitive, special
from autograd.callers import stacklevel
from nn.functional.draw import draw
from nn.functional.erf import normal_cdf, normal_pdf
from nn.functional.shapes import Array, array

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
GELU_LINEAR, GELU_CUBIC = 2 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi) * 0.044715


# --- the smooth ones: sigmoid and its kin ---------------------------------------------------
# 1 - sigmoid(x) is 0 from x = 37 on, sigmoid(-x) is not: the slope of each is a bell of its own


def _bell_rule(g: Array, out: Array, x: Array) -> Array:
    return g * (-out * _tanh(0.5 * x))


@primitive(_bell_rule, name="sigmoid_slope")
def bell(x: Array) -> Array:
    """d sigmoid(x) / dx = sigmoid(x) * sigmoid(-x)."""
    e = np.exp(-abs(x))
    return e / (1 + e) / (1 + e)


_sigmoid, log_one_plus_exp = special.sigmoid, special.softplus


@primitive(lambda g, out, x: g * (4 * bell(2 * x)), name="tanh")
def _tanh(x: Array) -> Array:
    return np.tanh(x)


@primitive(
    lambda g, out, x, beta, threshold: g * np.where(x * beta > threshold, 1.0, _sigmoid(x * beta)),
    name="softplus",
)
def _softplus(x: Array, *, beta: float, threshold: float) -> Array:
    return np.where(x * beta > threshold, x, log_one_plus_exp(x * beta) / beta)[()]


@primitive(lambda g, out, x: g * (normal_cdf(x) + x * normal_pdf(x)), name="gelu")
def _gelu(x: Array) -> Array:
    return x * normal_cdf(x)


@primitive(lambda g, out, x: g * _gelu_tanh_slope(x), name="gelu_tanh")
def _gelu_tanh(x: Array) -> Array:
    return x * _sigmoid(_gelu_inner(x))


def _gelu_inner(x: Array) -> Array:
    return np.clip(x, -1e3, 1e3) * (GELU_LINEAR + GELU_CUBIC * np.clip(x, -1e3, 1e3) ** 2)


def _gelu_tanh_slope(x: Array) -> Array:
    # beyond 1000 the sigmoid has long been 0 or 1, and the clip keeps the cube finite
    u, c = _gelu_inner(x), np.clip(x, -1e3, 1e3)
    return _sigmoid(u) + c * bell(u) * (GELU_LINEAR + 3 * GELU_CUBIC * c**2)


@primitive(lambda g, out, x: g * (_sigmoid(x) + x * bell(x)), name="silu")
def _silu(x: Array) -> Array:
    return x * _sigmoid(x)


@primitive(
    lambda g, out, x: (
        g * (_tanh(log_one_plus_exp(x)) + x * (4 * bell(2 * log_one_plus_exp(x)) * _sigmoid(x)))
    ),
    name="mish",
)
def _mish(x: Array) -> Array:
    return x * np.tanh(log_one_plus_exp(x))


@primitive(lambda g, out, x: g * (_tanh(x) * _tanh(x)), name="tanhshrink")
def _tanhshrink(x: Array) -> Array:
    return x - np.tanh(x)


@primitive(lambda g, out, x: g / (1 + abs(x)) / (1 + abs(x)), name="softsign")
def _softsign(x: Array) -> Array:
    return x / (1 + abs(x))


def sigmoid(input: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return _sigmoid(array(input))


def tanh(input: Array) -> Array:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return _tanh(array(input))


def logsigmoid(input: Array) -> Array:
    """log(1 / (1 + exp(-x)))."""
    return special.log_sigmoid(array(input))


def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold."""
    return _softplus(array(input), beta=beta, threshold=threshold)


def softsign(input: Array) -> Array:
    """x / (1 + |x|)."""
    return _softsign(array(input))


def tanhshrink(input: Array) -> Array:
    """x - tanh(x)."""
    return _tanhshrink(array(input))


def gelu(input: Array, approximate: str = "none") -> Array:
    """x * P(Z < x) for a standard normal Z (Hendrycks & Gimpel, 2016).

    approximate: "tanh" for x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))).
    Raises ValueError for another `approximate`.
    """
    if approximate == "none":
        return _gelu(array(input))
    if approximate == "tanh":
        return _gelu_tanh(array(input))
    raise ValueError(f"gelu: approximate={approximate!r} is unknown; choose 'none' or 'tanh'")


def silu(input: Array) -> Array:
    """x * sigmoid(x), also known as swish."""
    return _silu(array(input))


def mish(input: Array) -> Array:
    """x * tanh(softplus(x)) (Misra, 2019)."""
    return _mish(array(input))


# --- the piecewise ones ---------------------------------------------------------------------


@primitive(lambda g, out, x, slope: g * np.where(x > 0, 1.0, slope), name="leaky_relu")
def _leaky_relu(x: Array, *, slope: float) -> Array:
    return np.where(x > 0, x, x * slope)[()]


@primitive(
    lambda g, out, x, slope: g * np.where(x > 0, 1.0, slope),
    lambda g, out, x, slope: g * np.where(x > 0, 0.0, x),
    name="prelu",
    broadcasts=True,
)
def _sloped(x: Array, slope: Array) -> Array:
    return np.where(x > 0, x, x * slope)[()]


@primitive(
    lambda g, out, x, alpha, scale, width: (
        g * np.where(x > 0, scale, (scale * alpha / width) * np.exp(np.minimum(x, 0.0) / width))
    ),
    name="elu",
)
def _elu(x: Array, *, alpha: float, scale: float, width: float) -> Array:
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0) / width))[()]


@primitive(lambda g, out, x, lambd: g * ~(abs(x) <= lambd), name="hardshrink")
def _hardshrink(x: Array, *, lambd: float) -> Array:
    return np.where(abs(x) <= lambd, 0.0, x)[()]


@primitive(lambda g, out, x, lambd: g * ~(abs(x) <= lambd), name="softshrink")
def _softshrink(x: Array, *, lambd: float) -> Array:
    return np.where(abs(x) <= lambd, 0.0, x - np.copysign(lambd, x))[()]


@primitive(lambda g, out, x, threshold, value: g * ~(x <= threshold), name="threshold")
def _threshold(x: Array, *, threshold: float, value: float) -> Array:
    return np.where(x <= threshold, value, x)[()]


@primitive(lambda g, out, x: g * (~((x <= -3) | (x >= 3)) / 6.0), name="hardsigmoid")
def _hardsigmoid(x: Array) -> Array:
    return np.clip(x + 3, 0.0, 6.0) / 6


@primitive(
    lambda g, out, x: g * np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, x / 3 + 0.5)),
    name="hardswish",
)
def _hardswish(x: Array) -> Array:
    return np.where(x <= -3, 0.0, x * (np.clip(x + 3, 0.0, 6.0) / 6))[()]


def relu(input: Array) -> Array:
    """max(x, 0); the derivative at 0 is 0."""
    x = array(input)
    return special.relu(x if isinstance(x, Value) else x[()])


def relu6(input: Array) -> Array:
    """min(max(x, 0), 6)."""
    return hardtanh(input, 0.0, 6.0)


def leaky_relu(input: Array, negative_slope: float = 0.01) -> Array:
    """x where x > 0, else negative_slope * x."""
    return _leaky_relu(array(input), slope=negative_slope)


def prelu(input: Array, weight: Array) -> Array:
    """x where x > 0, else weight * x, with a single weight or one per channel (axis 1).

    Raises ValueError if `weight` is not a vector of length 1 or of the number of channels.
    """
    input, weight = array(input), array(weight)
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        raise ValueError(
            f"prelu: weight has shape {weight.shape}, input {input.shape} has {channels} channels (axis 1); "
            f"give one weight, or one per channel"
        )
    if weight.size == 1:
        return _sloped(input, weight.reshape(()))
    return _sloped(input, weight.reshape((channels,) + (1,) * (input.ndim - 2)))


def rrelu(
    input: Array,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    *,
    rng: Any = None,
) -> Array:
    """x where x > 0, else slope * x, the slope uniform in [lower, upper) per element.

    Not training: the slope is their mean (Xu et al., 2015).  rng: a NumPy Generator or a
    seed; by default the one that nn.manual_seed sets.
    Raises ValueError if lower > upper.
    """
    if lower > upper:
        raise ValueError(f"rrelu: lower={lower} is greater than upper={upper}; swap them")
    input = array(input)
    if not training:
        return _leaky_relu(input, slope=(lower + upper) / 2)
    slope = draw("uniform", lower, upper, shape=input.shape, rng=rng)
    return _sloped(input, slope.astype(input.dtype) if input.dtype.kind == "f" else slope)


def elu(input: Array, alpha: float = 1.0) -> Array:
    """x where x > 0, else alpha * (exp(x) - 1) (Clevert et al., 2016)."""
    return _elu(array(input), alpha=alpha, scale=1.0, width=1.0)


def celu(input: Array, alpha: float = 1.0) -> Array:
    """x where x > 0, else alpha * (exp(x / alpha) - 1): its derivative is continuous (Barron, 2017).

    Raises ValueError for alpha = 0.
    """
    if alpha == 0:
        raise ValueError("celu: alpha must not be 0; use relu for the limit")
    return _elu(array(input), alpha=alpha, scale=1.0, width=alpha)


def selu(input: Array) -> Array:
    """1.0507 * elu(x, 1.6733): keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    return _elu(array(input), alpha=SELU_ALPHA, scale=SELU_SCALE, width=1.0)


def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """min(max(x, min_val), max_val); the derivative at the bounds is 0.

    Raises ValueError if min_val > max_val.
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val={min_val} is greater than max_val={max_val}; swap them")
    return np.clip(array(input), min_val, max_val)


def hardsigmoid(input: Array) -> Array:
    """min(max(x + 3, 0), 6) / 6."""
    return _hardsigmoid(array(input))


def hardswish(input: Array) -> Array:
    """x * hardsigmoid(x) (Howard et al., 2019)."""
    return _hardswish(array(input))


def hardshrink(input: Array, lambd: float = 0.5) -> Array:
    """x where |x| > lambd, else 0."""
    return _hardshrink(array(input), lambd=lambd)


def softshrink(input: Array, lambd: float = 0.5) -> Array:
    """x moved towards 0 by lambd, and 0 where |x| <= lambd.

    Raises ValueError for a negative lambd.
    """
    if lambd < 0:
        raise ValueError(f"softshrink: lambd={lambd} must be 0 or more")
    return _softshrink(array(input), lambd=lambd)


def threshold(input: Array, threshold: float, value: float) -> Array:
    """x where x > threshold, else value."""
    return _threshold(array(input), threshold=threshold, value=value)


# --- along an axis --------------------------------------------------------------------------


def _axis(name: str, x: Array, dim: int | None) -> int:
    """`dim`; left out, PyTorch's choice (0 for 0, 1 or 3 axes, else 1) with a warning."""
    if dim is not None:
        return dim
    chosen = 0 if x.ndim in (0, 1, 3) else 1
    warnings.warn(
        f"{name}: dim is not given, and {chosen} is taken for {x.ndim} axes, as PyTorch does; "
        f"write dim={chosen} (or dim=-1 for the last)",
        stacklevel=stacklevel(),
    )
    return chosen


def _along(function: Any, x: Array, dim: int, dtype: Any) -> Array:
    x = x if dtype is None else x.astype(dtype)
    if not x.ndim and dim in (0, -1):  # a single number, as PyTorch takes it
        return function(x.reshape(1), 0)[0]
    return function(x, dim)


def softmax(input: Array, dim: int | None = None, *, dtype: Any = None) -> Array:
    """exp(x) / sum(exp(x)) along `dim`.

    dtype: cast to it first.  Without `dim`: a UserWarning, and PyTorch's choice of axis.
    Raises np.exceptions.AxisError for an axis that does not exist.
    """
    x = array(input)
    return _along(special.softmax, x, _axis("softmax", x, dim), dtype)


def softmin(input: Array, dim: int | None = None, *, dtype: Any = None) -> Array:
    """softmax(-x) along `dim`; see softmax."""
    x = array(input)
    return _along(special.softmax, -x, _axis("softmin", x, dim), dtype)


def log_softmax(input: Array, dim: int | None = None, *, dtype: Any = None) -> Array:
    """log(softmax(x)) along `dim`, exact where softmax rounds to 0; see softmax."""
    x = array(input)
    return _along(special.log_softmax, x, _axis("log_softmax", x, dim), dtype)


def glu(input: Array, dim: int = -1) -> Array:
    """a * sigmoid(b) for the halves a, b of x along `dim` (Dauphin et al., 2017).

    Raises ValueError if the length along `dim` is odd.
    """
    x = array(input)
    if not x.ndim:
        raise ValueError("glu: a number has no axis to halve; give at least one axis")
    if x.shape[dim] % 2:
        raise ValueError(f"glu: axis {dim} of shape {x.shape} has odd length; an even one can be halved")
    a, b = np.split(x, 2, axis=dim)
    return a * sigmoid(b)


# what comes back is `hard`, and gradient goes through as if it were `soft`
_through = primitive(lambda g, out, soft, hard: g, None, name="straight_through")(lambda soft, hard: hard)


def gumbel_softmax(
    logits: Array, tau: float = 1.0, hard: bool = False, dim: int = -1, *, rng: Any = None
) -> Array:
    """softmax((logits + noise) / tau) with Gumbel noise: a random sample of the classes, differentiable.

    tau: the smaller, the nearer to one-hot rows.  hard: one-hot rows, with the gradient of the
    soft ones.  rng: a NumPy Generator or a seed; by default the one that nn.manual_seed sets.
    Raises ValueError unless tau > 0.  Source: Jang et al. (2017), arXiv:1611.01144.

    >>> gumbel_softmax([0.0, 50.0, 0.0], hard=True, rng=0)
    array([0., 1., 0.])
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau={tau} must be above 0")
    x = array(logits)
    noise = draw("gumbel", shape=x.shape, rng=rng)
    soft = softmax((x + noise.astype(x.dtype if x.dtype.kind == "f" else float)) / tau, dim)
    if not hard:
        return soft
    n, best = soft.shape[dim], np.expand_dims(np.argmax(soft, axis=dim), dim)
    classes = np.arange(n).reshape((n,) + (1,) * (soft.ndim - 1 - dim % soft.ndim))
    return _through(soft, (classes == best).astype(soft.dtype))
