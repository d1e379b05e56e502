"""Where parameters begin: torch.nn.init's functions, and the one generator everything random draws from.

Each function fills a Value in place and returns it.  `generator`: a NumPy Generator or a
seed; by default the one that `manual_seed` sets.  It starts from seed 0, so a program gives
the same numbers at every run.  fan_in and fan_out are the numbers of inputs and outputs that
an element of the result and of the input meet.
"""

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from autograd import Value

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "generator",
    "kaiming_normal_",
    "kaiming_uniform_",
    "manual_seed",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_default = np.random.default_rng(0)
_generator = Any  # np.random.Generator | int | None


def manual_seed(seed: int) -> np.random.Generator:
    """Start the generator anew: everything random in nn from here on is the same for the same seed."""
    global _default
    _default = np.random.default_rng(seed)
    return _default


def generator(rng: Any = None) -> np.random.Generator:
    """`rng` as a Generator: itself, a new one from a seed, or the one that manual_seed sets for None."""
    return _default if rng is None else np.random.default_rng(rng)


# --- the plain ones -------------------------------------------------------------------------


def _fill(f: str, tensor: Any, new: Any) -> Any:
    if not isinstance(tensor, Value):
        raise TypeError(f"{f}: tensor is a {type(tensor).__name__}; a Value is filled in place")
    tensor.data = np.broadcast_to(new, tensor.shape)
    return tensor


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: _generator = None) -> Any:
    """Uniform in [a, b)."""
    return _fill("uniform_", tensor, _rng(generator).uniform(a, b, np.shape(_plain(tensor))))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: _generator = None) -> Any:
    """Normal with that mean and standard deviation."""
    return _fill("normal_", tensor, _rng(generator).normal(mean, std, np.shape(_plain(tensor))))


def trunc_normal_(
    tensor: Any,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: _generator = None,
) -> Any:
    """Normal with that mean and standard deviation, given that it lies in [a, b].

    By the inverse of the distribution function.  Raises ValueError unless a < b.
    """
    if not a < b:
        raise ValueError(f"trunc_normal_: a={a} must be below b={b}")
    low, high = (a - mean) / std, (b - mean) / std
    mirrored = low > 0  # work in the left tail, where small probabilities are exact
    if mirrored:
        low, high = -high, -low
    first, last = (math.erfc(-x / math.sqrt(2)) / 2 for x in (low, high))
    share = _rng(generator).uniform(first, last, np.shape(_plain(tensor)))
    share = np.clip(share, np.finfo(float).tiny, 1 - np.finfo(float).epsneg)
    z = np.clip(np.vectorize(NormalDist().inv_cdf, otypes=[float])(share), low, high)
    return _fill("trunc_normal_", tensor, np.clip(mean + std * (-z if mirrored else z), a, b))


def constant_(tensor: Any, val: float) -> Any:
    """`val` everywhere."""
    return _fill("constant_", tensor, val)


def ones_(tensor: Any) -> Any:
    """1 everywhere."""
    return _fill("ones_", tensor, 1.0)


def zeros_(tensor: Any) -> Any:
    """0 everywhere."""
    return _fill("zeros_", tensor, 0.0)


def eye_(tensor: Any) -> Any:
    """The identity matrix.  Raises ValueError unless it has two axes."""
    _axes("eye_", tensor, 2, 2)
    return _fill("eye_", tensor, np.eye(*tensor.shape))


def dirac_(tensor: Any, groups: int = 1) -> Any:
    """A convolution's weight that hands its channels on: 1 in the middle of the kernel from i to i.

    Raises ValueError unless it has 3 to 5 axes and its first divides into the groups.
    """
    _axes("dirac_", tensor, 3, 5)
    shape = tensor.shape
    if groups < 1 or shape[0] % groups:
        raise ValueError(f"dirac_: a weight of shape {shape} does not divide into groups={groups}")
    new = np.zeros(shape)
    each = shape[0] // groups
    middle = tuple([k // 2 for k in shape[2:]])
    for group in range(groups):
        for i in range(min(each, shape[1])):
            new[(group * each + i, i, *middle)] = 1.0
    return _fill("dirac_", tensor, new)


# --- by the numbers of inputs and outputs ---------------------------------------------------


def fans(tensor: Any) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, *kernel).  Raises ValueError for fewer than two axes."""
    shape = np.shape(_plain(tensor))
    if len(shape) < 2:
        raise ValueError(
            f"fan_in and fan_out are those of a weight (out, in, ...), got shape {shape}; use uniform_ or normal_"
        )
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity; `param`: leaky_relu's slope (0.01).

    Raises ValueError for an unknown name.
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    linear = (
        "linear",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
    )
    gains = dict.fromkeys((*linear, "sigmoid"), 1.0)
    gains |= {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: nonlinearity={nonlinearity!r}; known are {', '.join([*gains, 'leaky_relu'])}"
        )
    return gains[nonlinearity]


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: _generator = None) -> Any:
    """Uniform in +-gain sqrt(6 / (fan_in + fan_out)).  Source: Glorot & Bengio (2010)."""
    bound = gain * math.sqrt(6.0 / max(sum(fans(tensor)), 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: _generator = None) -> Any:
    """Normal with std gain sqrt(2 / (fan_in + fan_out)).  Source: Glorot & Bengio (2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / max(sum(fans(tensor)), 1)), generator)


def _kaiming_std(f: str, tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"{f}: mode={mode!r}; it must be 'fan_in' or 'fan_out'")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


def kaiming_uniform_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: _generator = None,
) -> Any:
    """Uniform in +-gain sqrt(3 / fan); `a`: leaky_relu's slope.  Source: He et al. (2015), arXiv:1502.01852."""
    bound = math.sqrt(3.0) * _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: _generator = None,
) -> Any:
    """Normal with std gain / sqrt(fan); `a`: leaky_relu's slope.  Source: He et al. (2015), arXiv:1502.01852."""
    std = _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity)
    return normal_(tensor, 0.0, std, generator)


# --- matrices with structure ----------------------------------------------------------------


def orthogonal_(tensor: Any, gain: float = 1, generator: _generator = None) -> Any:
    """Orthonormal rows or columns (the fewer of them), times gain; the axes after the first taken flat.

    Uniform over such matrices.  Raises ValueError for fewer than two axes.
    Source: Saxe et al. (2014), arXiv:1312.6120.
    """
    _axes("orthogonal_", tensor, 2, None)
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    random = _rng(generator).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(random)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # without it the distribution is not uniform
    q = q if rows >= columns else q.T
    return _fill("orthogonal_", tensor, gain * q.reshape(tensor.shape))


def sparse_(tensor: Any, sparsity: float, std: float = 0.01, generator: _generator = None) -> Any:
    """Normal, with the share `sparsity` of each column set to 0.

    Raises ValueError unless it has two axes.  Source: Martens (2010), "Deep learning via
    Hessian-free optimization".
    """
    _axes("sparse_", tensor, 2, 2)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity={sparsity}; a share between 0 and 1 is needed")
    rng = _rng(generator)
    rows, columns = tensor.shape
    new = rng.normal(0.0, std, (rows, columns))
    zeros = math.ceil(sparsity * rows)
    for column in range(columns):
        new[rng.permutation(rows)[:zeros], column] = 0.0
    return _fill("sparse_", tensor, new)


def _axes(f: str, tensor: Any, least: int, most: int | None) -> None:
    n = np.ndim(_plain(tensor))
    if n < least or (most is not None and n > most):
        wanted = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        raise ValueError(f"{f}: tensor has shape {np.shape(_plain(tensor))}; {wanted} axes are needed")


def _plain(tensor: Any) -> Any:
    return tensor.data if isinstance(tensor, Value) else tensor


_rng = generator  # inside the functions above `generator` is an argument
