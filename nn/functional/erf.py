"""erf, erfc and the normal distribution's cdf and pdf, which NumPy lacks.

W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969):
one quotient of polynomials for each of |x| < 0.46875, up to 4, and above.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import primitive

__all__ = ["erf", "erfc", "normal_cdf", "normal_pdf"]

Array = Any  # a NumPy array, a NumPy scalar, or a Value

SQRT_PI, SQRT_TWO_PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)
PIECE = 8192

# fmt: off
# numerators and denominators, highest power first
NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)
FAR = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346047e0, 5.27905102951428412e-1,
     6.05183413124413191e-2, 2.33520497626869185e-3),
)
# fmt: on
LESS_ONE = tuple(a - b for a, b in zip(*NEAR, strict=True))


def quotient(x: Array, polynomials: tuple[Sequence[float], Sequence[float]]) -> Array:
    """Numerator / denominator at `x`, by Horner's scheme."""
    above, below = (np.full_like(x, polynomial[0]) for polynomial in polynomials)
    for a, b in zip(polynomials[0][1:], polynomials[1][1:], strict=True):
        above *= x
        above += a
        below *= x
        below += b
    above /= below
    return above


def small(x: Array) -> Array:
    """erf(x) for |x| < 0.46875: x + x * (quotient - 1), which rounds the small part only."""
    return x + x * quotient(x * x, (LESS_ONE, NEAR[1]))


def tail(y: Array, z: Array, half: float) -> Array:
    """erfc(y) for y >= 0.46875, to its last digits, for y * y = half * z * z exactly."""
    middle = y < 4
    scaled = np.empty_like(y)
    scaled[middle] = quotient(y[middle], MIDDLE)
    far = y[~middle]
    w = 1 / (far * far)
    scaled[~middle] = (1 / SQRT_PI - w * quotient(w, FAR)) / far
    # exp(-half * z * z) in two factors: the first exponent is exact, the second small
    head = np.trunc(z * 16) / 16
    return scaled * np.exp(-half * (head * head)) * np.exp(-half * ((z - head) * (z + head)))


def block(x: Array, half: float, complement: bool) -> Array:
    """erf(y) or erfc(y) of a vector, for y = sqrt(half) * x."""
    y = x if half == 1 else math.sqrt(half) * x
    size = abs(y)
    near, far = size < 0.46875, (size >= 0.46875) & (size < 30)
    if complement:
        out = np.where(y > 0, 0.0, 2.0)
        out[near] = 1 - small(y[near])
        rest = tail(size[far], abs(x[far]), half)
        out[far] = np.where(y[far] > 0, rest, 2 - rest)
    else:
        out = np.sign(y)
        out[near] = small(y[near])
        out[far] = np.copysign(1 - tail(size[far], size[far], half), y[far])
    out[np.isnan(y)] = np.nan
    return out


def elementwise(x: Array, half: float, complement: bool) -> Array:
    """`block` for any shape and dtype, in float64, in pieces that stay in the cache."""
    given = np.asarray(x)
    vector = given.astype(np.float64, copy=False).reshape(-1)
    pieces = [block(vector[i : i + PIECE], half, complement) for i in range(0, vector.size, PIECE)]
    out = np.concatenate(pieces) if pieces else np.zeros(0)
    dtype = given.dtype if given.dtype.kind == "f" else np.float64
    return out.reshape(given.shape).astype(dtype, copy=False)[()]


def slope(x: Array) -> Array:
    """d erf(x) / dx = 2 / sqrt(pi) * exp(-x * x)."""
    return 2 / SQRT_PI * np.exp(-x * x)


@primitive(lambda g, out, x: g * slope(x))
def erf(x: Array) -> Array:
    """2 / sqrt(pi) times the integral of exp(-t * t) from 0 to x, elementwise.

    >>> round(float(erf(0.5)), 14)
    0.52049987781305
    """
    return elementwise(x, 1.0, complement=False)


@primitive(lambda g, out, x: -g * slope(x))
def erfc(x: Array) -> Array:
    """1 - erf(x), elementwise, with all its digits where erf is close to 1.

    >>> print(f"{erfc(10.0):.13e}")
    2.0884875837625e-45
    """
    return elementwise(x, 1.0, complement=True)


@primitive(lambda g, out, x: g * normal_pdf(x))
def normal_cdf(x: Array) -> Array:
    """The probability that a standard normal number is below x: erfc(-x / sqrt(2)) / 2."""
    return 0.5 * elementwise(-x, 0.5, complement=True)


def normal_pdf(x: Array) -> Array:
    """The standard normal density: exp(-x * x / 2) / sqrt(2 * pi)."""
    return np.exp(-0.5 * (x * x)) / SQRT_TWO_PI
