"""A rule that is right in a wider arithmetic, is it also computed well in its own dtype?

float32 and float16 are held against float64; float64, where it seems to be wrong, against longdouble:
what cancels inside a rule (softmax's 1 - s) is no mistake in it.  Rounding errors scatter from one point to
the next; a rule that is wrong in its dtype is wrong at all of them, by about as much.
"""

import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.check.judge import RTOL, Ruling
from autograd.check.numeric import step_for
from autograd.check.rounding import WIDE, finite
from autograd.check.subject import NOT_DEFINED, Arrays, Subject
from autograd.check.verdict import Verdict

NEIGHBOURS = 8  # points at each distance, at which the rounding of a rule is measured
DISTANCES = (0.0, 2.0**-9, 2.0**-4)  # relative to x; 0: a few units in the last place
WITHIN = 6.0  # standard deviations of it
UNITS = {2: 4.0, 4: 8.0}  # so many units in the last place (eps of it) pass unasked, by itemsize
FAITHFUL = 64.0  # likewise of float64, which the differences have judged already, and of errors that scatter


class Scatter(NamedTuple):
    """How far the rounding of a rule brings one gradient from that of the same rule in wider arithmetic.

    spread: the standard deviation of that error, the largest of those at the distances.
    steady: whether the error has one sign wherever it was measured, and the gradient moves as the wider one.
    inherited: what f's own deviation in this dtype explains (sin(100.1 * x), where 100.1 is rounded).
    """

    spread: float
    steady: bool
    inherited: float


def in_own_precision(
    r: Ruling,
    found: float,
    precise: float,
    dtype: np.dtype[Any],
    terms: Callable[[], tuple[float, float]],
    x: float,
    alone: bool,
    noise: Callable[[], Scatter],
) -> Ruling:
    """The verdict on a gradient `found` in `dtype`, where `r` is that on `precise`, the same rule in wider
    arithmetic.

    terms: the size of the results that depend on this input, and how far f is from them in that dtype.
    x: the input; alone: there is no other.
    noise: measures how the rule's results scatter in that dtype.
    A rule that is a number of that dtype in wider arithmetic too is judged as rounded to it.
    """
    info = np.finfo(dtype)
    eps, least = float(info.eps), float(info.smallest_subnormal)
    if found == precise:
        return rounded_to(r, found, dtype, eps, least)
    gap, unit = abs(found - precise), eps * abs(precise) + least
    if r.verdict is Verdict.PASS_KINK and abs(found - r.numeric) <= r.error * (1 + 64 * eps):
        return r  # another one of the subgradients
    if not r.verdict.passed or gap <= UNITS.get(dtype.itemsize, FAITHFUL) * unit:
        return r
    size, off = terms()
    rounding = 4 * eps * size
    here = rounding / max(x, 1.0)
    if alone and gap <= here:
        return r  # as near as 1 - tanh(x)**2 comes, in that dtype
    lost = noise()
    explained = WITHIN * lost.spread
    wider = "longdouble" if dtype == np.float64 else "float64"
    if lost.steady and not gap <= explained + 4 * unit + here + 4 * lost.inherited:
        return wrong(r, found, precise, dtype, wider)
    if gap <= explained and (lost.spread <= rounding or (gap <= FAITHFUL * unit and not lost.steady)):
        return r  # as near as softmax comes, whose terms cancel
    if gap <= explained:
        return r._replace(verdict=Verdict.UNVERIFIED, reason=f"right in {wider}; {dtype} loses digits here")
    near = gap <= max(8 * rounding, 8 * off, 4 * lost.inherited)
    if near or off > size / 8 or (dtype != np.float64 and gap <= 0.01 * abs(precise)):
        reason = f"right in {wider} ({precise:.6g}); in {dtype} rounding may explain the difference, or not"
        return r._replace(verdict=Verdict.UNVERIFIED, reason=reason)
    return wrong(r, found, precise, dtype, wider)


def rounded_to(r: Ruling, found: float, dtype: np.dtype[Any], eps: float, least: float) -> Ruling:
    """The verdict on a gradient that is a number of `dtype` in wider arithmetic too."""
    off = abs(found - r.numeric)
    if r.verdict is not Verdict.FAIL or not finite(off) or dtype == np.float64:
        return r
    unit = max(math.ldexp(eps, math.frexp(r.numeric)[1] - 1), least)
    if off > 4 * unit:
        return r
    if off <= 0.5 * unit + r.error + RTOL * abs(r.numeric):
        return r._replace(verdict=Verdict.PASS, reason="")
    return r._replace(verdict=Verdict.UNVERIFIED, reason=f"within the rounding of {dtype}")


def wrong(r: Ruling, found: float, precise: float, dtype: np.dtype[Any], wider: str) -> Ruling:
    """A gradient that is right in wider arithmetic alone."""
    how = f"off by {(found - precise) / precise:.2g} of it" if precise and finite(found) else "not 0 there"
    reason = f"right in {wider} ({precise:.6g}), wrong in {dtype}: {how}"
    return r._replace(verdict=Verdict.FAIL, reason=reason)


def terms_of(
    subject: Subject,
    inputs: tuple[Arrays, Arrays],
    cotangents: Arrays,
    k: int,
    place: tuple[int, ...],
    x: float,
) -> tuple[float, float]:
    """The size of the results that depend on one element (of magnitude `x`) of input `k`, and by how much f is
    off from them in the dtype of its inputs; `inputs`: in float64, and as they were given."""
    wide, given = inputs
    moved = [np.array(v) for v in wide]
    moved[k][place] += step_for(x)
    here = there = subject.outputs(wide)
    with contextlib.suppress(*NOT_DEFINED):
        there = subject.outputs(moved)
    parts = [*zip(cotangents, here, there, subject.outputs(given), strict=True)]
    off = sum(np.sum(np.abs(c * (np.asarray(o, y.dtype) - y)) * (y != z)) for c, y, z, o in parts)
    return float(sum(np.sum(np.abs(c * y) * (y != z)) for c, y, z, _ in parts)), float(off)


def scatter(
    subject: Subject,
    given: Arrays,
    cotangents: Arrays,
    along: Sequence[Arrays],
    rng: np.random.Generator,
) -> list[tuple[Any, Any, Any]]:
    """For each gradient the arrays of what a Scatter holds: the rule in the inputs' dtype against itself in
    wider arithmetic, at points a few units in the last place away and farther out, with other cotangents."""
    groups: list[list[tuple[Arrays, Arrays]]] = []
    deviates = 0.0
    for distance in DISTANCES:
        groups.append([])
        for _ in range(NEIGHBOURS):
            inputs = [moved(x, distance, rng) for x in given]
            wide = [widened(x) for x in inputs]
            scale = 1 + rng.integers(1, 16) / 16
            seeds = [(c * scale).astype(c.dtype)[()] for c in cotangents]
            try:
                pair = subject.pull(inputs, seeds, along), subject.pull(wide, seeds, along)
                deviates = max(deviates, deviation(subject, inputs, wide))
            except Exception:  # outside of f's domain, or a gradient given for one dtype only
                continue
            own, exact = ([np.asarray(g, WIDE) / scale for g in found] for found in pair)
            groups[-1].append((own, exact))
    return [
        measured([[(own[k], exact[k]) for own, exact in g] for g in groups], np.shape(x), deviates)
        for k, x in enumerate(given)
    ]


def measured(
    groups: list[list[tuple[Any, Any]]], shape: tuple[int, ...], deviates: float
) -> tuple[Any, Any, Any]:
    """spread, steady and inherited of every element of one gradient, from pairs of it and the exact one."""
    spread, size, steady = np.zeros(shape), np.zeros(shape), np.ones(shape, bool)
    signs = np.zeros(shape)
    for pairs in groups:
        if len(pairs) < NEIGHBOURS // 2:
            return spread, np.zeros(shape, bool), size
        own, exact = (np.stack(p).astype(np.float64) for p in zip(*pairs, strict=True))
        error = own - exact
        square = np.sum(exact * exact, axis=0)
        share = np.divide(np.sum(error * exact, axis=0), square, out=np.zeros(shape), where=square > 0)
        proportional = np.sqrt(np.mean((error - share * exact) ** 2, axis=0))
        spread = np.maximum(spread, np.minimum(np.std(error, axis=0), proportional))
        size = np.maximum(size, np.max(np.abs(exact), axis=0))
        for e in error:
            steady &= (np.sign(e) == signs) | (signs == 0)
            signs = np.where(signs == 0, np.sign(e), signs)
        centred = exact - np.mean(exact, axis=0)
        moves = np.sum(centred * centred, axis=0)
        steady &= np.sum(centred * own, axis=0) >= 0.5 * moves
    finite_ones = np.isfinite(spread)
    return np.where(finite_ones, spread, 0.0), steady & finite_ones, deviates * size


def deviation(subject: Subject, inputs: Arrays, wide: Arrays) -> float:
    """How far f's results in the inputs' dtype are from those in wider arithmetic, relative to the largest."""
    pairs = zip(subject.outputs(inputs), subject.outputs(wide), strict=True)
    parts = [(np.asarray(y, np.float64), np.asarray(z, np.float64)) for y, z in pairs]
    off = max([float(np.max(np.abs(y - z), initial=0.0)) for y, z in parts])
    size = max([float(np.max(np.abs(z), initial=0.0)) for _, z in parts])
    return off / size if finite(off) and size else 0.0


def moved(x: Any, distance: float, rng: np.random.Generator) -> Any:
    """Numbers beside those of `x`, so far away relative to their size (of 0: to the largest), in its dtype."""
    x = np.asarray(x)
    if not distance:
        units = rng.integers(-8, 9, size=x.shape)
        return (x + (units * np.spacing(np.abs(x))).astype(x.dtype))[()]
    size = np.abs(np.asarray(x, np.float64))
    size = np.where(size > 0, size, np.max(size, initial=0.0) or 1.0)
    return (x + (distance * rng.uniform(-1, 1, size=x.shape) * size).astype(x.dtype))[()]


def doubled(x: Any) -> Any:
    """The same numbers in float64 (longdouble stays)."""
    return x.astype(np.float64) if x.dtype.itemsize < 8 else x


def widened(x: Any) -> Any:
    """The same numbers in the next wider arithmetic."""
    return x.astype(np.float64 if x.dtype.itemsize < 8 else WIDE)
