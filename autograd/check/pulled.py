"""The gradients under test: as they were found, in wider arithmetic, and along a direction."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.check.choice import dyadic
from autograd.check.numeric import EPS
from autograd.check.precision import Scatter, scatter
from autograd.check.rounding import WIDE
from autograd.check.subject import Arrays, Subject, quietly


class Pulled:
    """The gradients of one order: as they were found, and in wider arithmetic, once it is asked for."""

    def __init__(
        self,
        subject: Subject,
        given: Arrays,
        inputs: Arrays,
        cotangents: Arrays,
        along: Sequence[Arrays],
        found: Arrays,
        rng: np.random.Generator,
    ) -> None:
        """given: the inputs as they were given; inputs: in float64; found: the gradients at those given."""
        self.subject, self.given, self.inputs, self.cotangents = subject, given, inputs, cotangents
        self.along, self.found, self.precise, self.rng = along, found, found, rng
        if any(x.dtype != np.float64 for x in given):
            self.precise = self.again(inputs)
        self._widest: Arrays | None = None
        self._scatter: list[tuple[Any, Any, Any]] | None = None

    def again(self, inputs: Arrays) -> Arrays:
        """The gradients at the same inputs in another dtype."""
        try:
            with quietly():
                return self.subject.pull(inputs, self.cotangents, self.along)
        except Exception:  # a gradient given for one dtype only
            return self.found

    def widest(self) -> Arrays:
        """In longdouble."""
        if self._widest is None:
            self._widest = self.again([np.asarray(x, WIDE)[()] for x in self.inputs])
        return self._widest

    def scatter(self, k: int, place: tuple[int, ...]) -> Scatter:
        """How far rounding moves one element of one of them."""
        if self._scatter is None:
            self._scatter = scatter(self.subject, self.given, self.cotangents, self.along, self.rng)
        spread, steady, inherited = (np.asarray(part)[place] for part in self._scatter[k])
        return Scatter(float(spread), bool(steady), float(inherited))


# --- numbers --------------------------------------------------------------------------------


def along_direction(gradients: Arrays, direction: Arrays) -> float:
    """The derivative along a direction; 0 where nothing but the rounding of this sum is left."""
    terms = [np.asarray(g, np.float64) * d for g, d in zip(gradients, direction, strict=True)]
    a = float(sum(t.sum() for t in terms))
    lost = 2 * EPS * float(sum(np.abs(t).sum() for t in terms))
    return 0.0 if abs(a) <= lost < math.inf else a


def cotangents_for(outputs: Sequence[Any], rng: np.random.Generator) -> Arrays:
    """1 for a single number, else random weights, so that no element can hide another's error."""
    if len(outputs) == 1 and np.size(outputs[0]) == 1:
        return [np.ones(np.shape(outputs[0]), outputs[0].dtype)[()]]
    return [np.asarray(dyadic(y, rng)).astype(y.dtype)[()] for y in outputs]


def magnitude_of(inputs: Sequence[Any], direction: Sequence[Any]) -> float:
    """The typical magnitude of the inputs that a direction moves."""
    moved = [np.abs(np.asarray(x, float))[np.asarray(d) != 0] for x, d in zip(inputs, direction, strict=True)]
    every = np.concatenate([m.ravel() for m in moved]) if moved else np.zeros(0)
    every = every[np.isfinite(every) & (every > 0)]
    return float(np.median(every)) if every.size else 0.0
