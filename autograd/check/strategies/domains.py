"""Where a function's inputs may lie: a domain makes arrays of a given shape.

A domain keeps inputs off kinks and poles by at least 1/16, far more than the steps
of a finite difference.  `REAL` includes 0 and ties on purpose.  What `arrays` draws by itself, `USUAL`, is
mostly `REAL`, and in one array of twelve `WIDE`.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

Shape = tuple[int, ...]


class Domain(Protocol):
    """Anything that draws float64 arrays of a shape."""

    def array(self, shape: Shape) -> st.SearchStrategy[Any]:
        """Arrays of `shape`; a NumPy scalar for ()."""

    def shaped(self, shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
        """Those of the shapes that this domain can fill."""


def simplicity(number: float) -> tuple[int, float, bool]:
    """What comes first when hypothesis shrinks: whole numbers, small ones, positive ones."""
    if not np.isfinite(number):
        return 2**1100, abs(number), number < 0
    return min(Fraction(number).denominator, 2**16), abs(number), number < 0


@dataclass(frozen=True)
class Numbers:
    """The elements are any of `numbers`; `distinct`: no two of an array are equal."""

    numbers: tuple[float, ...]
    distinct: bool = False

    def __post_init__(self) -> None:
        if not self.numbers:
            raise ValueError("a domain without numbers: nothing can be drawn; leave out fewer points")
        object.__setattr__(self, "numbers", tuple(sorted(self.numbers, key=simplicity)))

    def array(self, shape: Shape) -> st.SearchStrategy[Any]:
        elements = st.sampled_from(self.numbers)
        drawn = hnp.arrays(np.float64, shape, elements=elements, fill=st.nothing(), unique=self.distinct)
        return drawn.map(lambda a: a[()])

    def shaped(self, shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
        return shapes

    def off(self, *points: float, gap: float = 1 / 16) -> "Numbers":
        """Without the numbers closer than `gap` to one of the points."""
        far = [n for n in self.numbers if all(abs(n - p) >= gap for p in points)]
        return Numbers(tuple(far), self.distinct)

    def without_ties(self) -> "Numbers":
        """The same numbers, each at most once in an array."""
        return Numbers(self.numbers, distinct=True)


def grid(low: float, high: float, denominator: int = 8, shift: float = 0.0) -> Numbers:
    """The numbers k / denominator + shift that lie in [low, high]."""
    ks: Iterable[int] = range(
        int(np.ceil((low - shift) * denominator)), int(np.floor((high - shift) * denominator)) + 1
    )
    return Numbers(tuple(k / denominator + shift for k in ks))


REAL = grid(-3, 3)  # 0 and ties often
NONZERO = REAL.off(0.0)
POSITIVE = grid(1 / 8, 3)
ABOVE_ONE = grid(9 / 8, 3)
UNIT = grid(1 / 16, 15 / 16, 16)  # the open interval (0, 1)
CENTRED = grid(-7 / 8, 7 / 8)  # the open interval (-1, 1)
ODD = grid(-3, 3, shift=1 / 16)  # odd sixteenths: never a whole number, a half, or any of REAL
DISTINCT = grid(-5, 5, shift=1 / 16).without_ties()  # no ties, for max and sort
EXTREME = Numbers((0.0, -0.0, 1e-300, -1e-300, 1e300, -1e300, float("inf"), float("-inf"), float("nan")))


@dataclass(frozen=True)
class Wide:
    """Numbers up to about 310 in size, no multiples of 1/8: of an array mostly all within 3 of a common
    centre, so that no `exp` of one drowns the others; sometimes of all sizes from 0.003 on."""

    centres: tuple[float, ...] = (5.3, 9.7, 23.9, 57.1, 107.3, 211.9, 307.1)
    sizes: tuple[float, ...] = (0.003, 0.04, 0.7, 3.7, 7.9, 31.3, 113.9, 293.3)

    def array(self, shape: Shape) -> st.SearchStrategy[Any]:
        around = grid(-3, 3)
        centre = st.sampled_from([sign * c for c in self.centres for sign in (1, -1)])
        near = st.builds(lambda a, c: a + c, around.array(shape), centre)
        mixed = Numbers(tuple(sign * s for s in self.sizes for sign in (1, -1))).array(shape)
        return st.sampled_from((near, near, near, mixed)).flatmap(lambda drawn: drawn)

    def shaped(self, shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
        return shapes


SELDOM: ContextVar[bool] = ContextVar("an array of the seldom domain was drawn", default=False)


def noted(x: Any) -> Any:
    """x, and that it was drawn: `gradchecked` does not blame a function for what it cannot verify there."""
    SELDOM.set(True)
    return x


@dataclass(frozen=True)
class Mostly:
    """One domain, and in one array of `every` another, which is noted in SELDOM."""

    usual: Domain
    seldom: Domain
    every: int = 12

    def array(self, shape: Shape) -> st.SearchStrategy[Any]:
        usual, seldom = self.usual.array(shape), self.seldom.array(shape).map(noted)
        return st.sampled_from([usual] * (self.every - 1) + [seldom]).flatmap(lambda drawn: drawn)

    def shaped(self, shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
        return self.seldom.shaped(self.usual.shaped(shapes))


WIDE = Wide()
USUAL = Mostly(REAL, WIDE)


def off(*points: float, gap: float = 1 / 16) -> Numbers:
    """Numbers in [-3, 3] at least `gap` away from each of the points (kinks, poles).

    >>> min(abs(n - 0.5) for n in off(0.5).numbers)
    0.0625
    """
    return grid(-3, 3, 16).off(*points, gap=gap)


@dataclass(frozen=True)
class Probabilities:
    """Positive numbers that add up to 1 along `axis`."""

    axis: int = -1

    def array(self, shape: Shape) -> st.SearchStrategy[Any]:
        weights = hnp.arrays(np.int64, shape, elements=st.integers(1, 8), fill=st.nothing())
        return weights.map(lambda k: (k / k.sum(axis=self.axis, keepdims=True))[()])

    def shaped(self, shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
        least = self.axis + 1 if self.axis >= 0 else -self.axis
        return shapes.filter(lambda shape: len(shape) >= least)


@dataclass(frozen=True)
class PositiveDefinite:
    """Symmetric positive definite matrices, (..., n, n): L @ L.T + 1/4 with a dyadic L."""

    def array(self, shape: Shape) -> st.SearchStrategy[Any]:
        if len(shape) < 2 or shape[-1] != shape[-2]:
            raise ValueError(f"a positive definite matrix is square; shape {shape} is not: use (..., n, n)")
        entries = hnp.arrays(np.int64, shape, elements=st.integers(-4, 4), fill=st.nothing())

        def definite(k: Any) -> Any:
            low = np.tril(k) / 4
            return low @ np.swapaxes(low, -1, -2) + np.eye(shape[-1]) / 4

        return entries.map(definite)

    def shaped(self, shapes: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
        return shapes.map(lambda shape: (*shape[:-2], *(shape[-1:] or (2,)) * 2))


def probabilities(axis: int = -1) -> Probabilities:
    """Positive numbers that add up to 1 along `axis`."""
    return Probabilities(axis)


def logits() -> Numbers:
    """Numbers in [-8, 8]: softmax of them is neither uniform nor saturated."""
    return grid(-8, 8, 2)


def spd() -> PositiveDefinite:
    """Symmetric positive definite matrices, of shape (..., n, n)."""
    return PositiveDefinite()
