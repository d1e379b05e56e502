"""A rule that is right in a wider arithmetic, is it also computed well in its own dtype?

float32 and float16 are held against float64; float64, where it seems to be wrong, against longdouble:
what cancels inside a rule (softmax's 1 - s) is no mistake in it.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.check.judge import RTOL, Ruling
from autograd.check.rounding import WIDE, finite
from autograd.check.subject import Arrays, Subject
from autograd.check.verdict import Verdict

NEIGHBOURS = 8  # points at which the rounding of a rule is measured
WITHIN = 6.0  # standard deviations of it


def in_own_precision(
    r: Ruling,
    found: float,
    precise: float,
    dtype: np.dtype[Any],
    terms: Callable[[], float],
    x: float | None,
    noise: Callable[[], float],
) -> Ruling:
    """The verdict on a gradient `found` in `dtype`, where `r` is that on `precise`, the same rule in wider
    arithmetic.

    terms: the size of the results that depend on this input.  x: the input, if there is no other.
    noise: measures how far the rule's results scatter in that dtype.
    A rule that is a number of that dtype in wider arithmetic too is judged as rounded to it.
    """
    info = np.finfo(dtype)
    eps, least = float(info.eps), float(info.smallest_subnormal)
    if found == precise:
        off = abs(found - r.numeric)
        if r.verdict is not Verdict.FAIL or not finite(off) or dtype == np.float64:
            return r
        unit = max(math.ldexp(eps, math.frexp(r.numeric)[1] - 1), least)
        if off > 4 * unit:
            return r
        if off <= 0.5 * unit + r.error + RTOL * abs(r.numeric):
            return r._replace(verdict=Verdict.PASS, reason="")
        return r._replace(verdict=Verdict.UNVERIFIED, reason=f"within the rounding of {dtype}")
    gap = abs(found - precise)
    if r.verdict is Verdict.PASS_KINK and abs(found - r.numeric) <= r.error * (1 + 64 * eps):
        return r  # another one of the subgradients
    if not r.verdict.passed or gap <= 64 * (eps * abs(precise) + least):
        return r
    rounding = 4 * eps * terms()
    if x is not None and gap <= rounding / max(x, 1.0):
        return r  # as near as 1 - tanh(x)**2 comes, in that dtype
    lost = noise()
    if gap <= WITHIN * lost and lost <= rounding:
        return r  # as near as softmax comes, whose terms cancel
    wider = "longdouble" if dtype == np.float64 else "float64"
    if gap <= max(8 * rounding, WITHIN * lost) or (dtype != np.float64 and gap <= 0.01 * abs(precise)):
        return r._replace(verdict=Verdict.UNVERIFIED, reason=f"right in {wider}; {dtype} loses digits here")
    return r._replace(verdict=Verdict.FAIL, reason=f"right in {wider} ({precise:.6g}), wrong in {dtype}")


def scatter(
    subject: Subject,
    given: Arrays,
    cotangents: Arrays,
    along: Sequence[Arrays],
    rng: np.random.Generator,
) -> Arrays:
    """The standard deviation of each gradient's rounding error: the rule in the inputs' dtype against
    itself in wider arithmetic, at points a few units in the last place away, with other cotangents.  A rule
    that is wrong in that dtype is as wrong at all of them, which is no deviation."""
    errors: list[list[Any]] = [[] for _ in given]
    for _ in range(NEIGHBOURS):
        inputs = [nudged(x, rng) for x in given]
        scale = 1 + rng.integers(1, 16) / 16
        seeds = [(c * scale).astype(c.dtype)[()] for c in cotangents]
        try:
            own = subject.pull(inputs, seeds, along)
            exact = subject.pull([widened(x) for x in inputs], seeds, along)
        except Exception:  # a gradient given for one dtype only
            return [np.zeros(np.shape(x)) for x in given]
        for kept, a, b in zip(errors, own, exact, strict=True):
            kept.append((np.asarray(a, WIDE) - np.asarray(b, WIDE)).astype(np.float64) / scale)
    return [np.nan_to_num(np.std(np.stack(e), axis=0), nan=0.0, posinf=0.0)[()] for e in errors]


def nudged(x: Any, rng: np.random.Generator) -> Any:
    """The same numbers, a few units in the last place off."""
    x = np.asarray(x)
    units = rng.integers(-8, 9, size=x.shape)
    return (x + (units * np.spacing(np.abs(x))).astype(x.dtype))[()]


def doubled(x: Any) -> Any:
    """The same numbers in float64 (longdouble stays)."""
    return x.astype(np.float64) if x.dtype.itemsize < 8 else x


def widened(x: Any) -> Any:
    """The same numbers in the next wider arithmetic."""
    return x.astype(np.float64 if x.dtype.itemsize < 8 else WIDE)
