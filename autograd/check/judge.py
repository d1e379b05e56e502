"""The verdict on one number: a gradient under test against the evidence of differences.

No additive tolerance certifies agreement: a gradient passes because a narrow interval
around the numeric slope contains it, fails because the interval excludes it, and is
unverified otherwise.
"""

import math
from typing import NamedTuple

from autograd.check.numeric import EPS, Evidence, Slope
from autograd.check.verdict import Verdict

RTOL = 1e-6  # by how much a right gradient may differ, relatively, in float64
NARROW = 1e-5  # the widest relative interval that certifies
SUBNORMAL = 2.0**-1022  # slopes below it have lost digits to underflow, and may be 0
ZERO = 1e-9  # the widest interval that certifies a slope of 0, relative to the slopes around


class Ruling(NamedTuple):
    """A verdict on one number, the slope it was compared with, and how that was obtained."""

    verdict: Verdict
    numeric: float
    error: float
    side: str
    reason: str = ""

    @property
    def sharp(self) -> bool:
        """Whether the slope is known to many digits, and not 0."""
        return bool(self.numeric) and self.error <= NARROW * abs(self.numeric)


def judge(
    a: float, e: Evidence, *, x: float, rtol: float = RTOL, kinks: str = "subgradient", analytic: bool = False
) -> Ruling:
    """Whether the gradient `a` is right, as far as the evidence can tell, at a point of magnitude `x`.

    analytic: the function is known to have no kinks.
    """
    if e.left.kind == e.right.kind == "outside":
        return Ruling(
            Verdict.UNDEFINED,
            math.nan,
            math.inf,
            "",
            "the function is not finite on either side of the point",
        )
    if "outside" in (e.left.kind, e.right.kind):
        side = e.right if e.left.kind == "outside" else e.left
        name = "from the right" if side is e.right else "from the left"
        return _edge(a, side, e, x, rtol, name)
    if "jump" in (e.left.kind, e.right.kind):
        return _jump(a, e, rtol)
    if "infinite" in (e.left.kind, e.right.kind):
        return _steep(a, e, x, rtol)
    if e.flat:
        return _flat(a, e, x)
    left, right, center = e.left, e.right, e.center
    if e.kinked:
        return _kink(a, e, x, rtol, kinks)
    if left.kind != "limit" or right.kind != "limit" or (_wild(left, e) and _wild(right, e)):
        reason, (low, high) = "the difference quotients do not settle on a slope", e.reach
        if math.isfinite(a) and max(low - a, a - high) > (high - low) / 2:
            reason = f"outside of all difference quotients, [{low:.6g}, {high:.6g}]"
            return Ruling(Verdict.FAIL, (low + high) / 2, (high - low) / 2, "", reason)
        return Ruling(Verdict.UNVERIFIED, math.nan, math.inf, "", reason)
    if center.kind != "limit":
        center = max(left, right, key=lambda s: s.error)
    hull = min(left.low, right.low), max(left.high, right.high)
    return _smooth(
        a, center, e, x, rtol, f"central, {e.points} points", Verdict.PASS, None if analytic else hull
    )


def _smooth(
    a: float,
    s: Slope,
    e: Evidence,
    x: float,
    rtol: float,
    side: str,
    good: Verdict,
    hull: tuple[float, float] | None = None,
) -> Ruling:
    c, w = s.value, s.error
    if not math.isfinite(a):
        if w <= 1e-3 * abs(c) or w <= ZERO * e.scale:
            return Ruling(Verdict.FAIL, c, w, side, "not finite, though the slope is")
        return Ruling(Verdict.UNVERIFIED, c, w, side, "the slope is not known well enough")
    gap = abs(a - c)
    if gap > w + rtol * abs(c):
        if gap <= 4 * floor_of(e, x) and max(gap, w) <= NARROW / 2 * abs(c):
            return Ruling(good, c, w, side)  # as near as 1 - tanh(x)**2 comes to the slope of tanh
        small = floor_of(e, x) / 8  # where rounding left 0 or more, not the wrong size
        if max(abs(a), abs(c)) <= small and a and c and gap > 0.1 * abs(c) and w <= 1e-3 * abs(c):
            return Ruling(Verdict.FAIL, c, w, side, how_wrong(a, c))
        if gap <= 4 * floor_of(e, x) + w or (not a and abs(c) < SUBNORMAL):
            return Ruling(
                Verdict.UNVERIFIED, c, w, side, "the slope is at the rounding error of the function's value"
            )
        if hull is not None and hull[0] <= a <= hull[1]:
            return Ruling(
                Verdict.UNVERIFIED,
                c,
                w,
                side,
                "the slopes from the left and from the right are not known well enough",
            )
        return Ruling(Verdict.FAIL, c, w, side, how_wrong(a, c))
    if w <= NARROW * abs(c) and gap <= max(NARROW, rtol) * abs(c):
        return Ruling(good, c, w, side)
    lost = floor_of(e, x)
    if w <= max(ZERO * e.scale, 4 * lost) and abs(a) <= max(4 * EPS * e.scale, lost):
        return Ruling(good, c, w, side)  # zero, as far as the function's own rounding lets anyone tell
    return Ruling(Verdict.UNVERIFIED, c, w, side, "the numeric slope is too uncertain (ill-conditioned)")


def _jump(a: float, e: Evidence, rtol: float) -> Ruling:
    """No derivative; but a rule that is right nearly everywhere gives the slope beside the jump."""
    which = "left" if e.left.kind == "jump" else "right"
    reason = f"the function jumps here, seen from the {which}"
    beside = [s.beyond if s.kind == "jump" else (s.low, s.high) for s in (e.left, e.right)]
    known = [b for b in beside if b is not None and math.isfinite(b[0] + b[1])]
    alone = e.left.kind == e.right.kind  # the value at the point is neither side's: nor need its slope be
    if len(known) == 2 and math.isfinite(a) and not alone:
        low, high = min(b[0] for b in known), max(b[1] for b in known)
        slack = max(rtol, NARROW) * max(abs(low), abs(high)) + ZERO * e.scale
        if a < low - slack or a > high + slack:
            reason = f"{reason}, with slopes from {low:.6g} to {high:.6g} beside it"
            return Ruling(Verdict.FAIL, (low + high) / 2, (high - low) / 2, "", reason)
    return Ruling(Verdict.UNDEFINED, math.nan, math.inf, "", reason)


def _wild(s: Slope, e: Evidence) -> bool:
    """Whether one-sided quotients contradict each other, and say little about a limit."""
    return not s.clean and s.error > 1e-3 * e.scale


def judge_step(a: float, c: float, w: float, e: Evidence, *, x: float, rtol: float = RTOL) -> Ruling:
    """The verdict of the complex step c ± w, where the ladder saw too little."""
    side = f"complex step, after {e.points} points"
    s = Slope("limit", c, w)
    if not c and not a:
        return Ruling(Verdict.PASS, c, w, side)
    return _smooth(a, s, e._replace(scale=0.0), x, rtol, side, Verdict.PASS)


def floor_of(e: Evidence, x: float) -> float:
    """Slopes below this are lost in the rounding of the function's value, however they are computed."""
    return EPS * e.size / max(x, 1.0)


def _flat(a: float, e: Evidence, x: float) -> Ruling:
    side = f"constant, {e.points} points"
    if not a:
        return Ruling(Verdict.PASS, 0.0, 0.0, side)
    hidden = 16 * EPS * e.size / max(x, 1e-300) if e.size else 16 * EPS  # 0 may be left of log(exp(x)) - x
    if abs(a) <= hidden:
        return Ruling(Verdict.UNVERIFIED, 0.0, 0.0, side, "the function does not move in its own precision")
    return Ruling(Verdict.FAIL, 0.0, 0.0, side, "the function is constant around the point")


def _edge(a: float, s: Slope, e: Evidence, x: float, rtol: float, name: str) -> Ruling:
    side = f"one-sided {name}, {e.points} points"
    if s.kind == "infinite":
        if a == s.value:
            return Ruling(Verdict.PASS_EDGE, s.value, 0.0, side)
        return Ruling(Verdict.FAIL, s.value, 0.0, side, "the slope is infinite at this edge of the domain")
    if s.kind == "jump":
        return Ruling(Verdict.UNDEFINED, math.nan, math.inf, side, "the function jumps at this edge")
    if s.kind != "limit":
        return Ruling(Verdict.UNVERIFIED, math.nan, math.inf, side, "the one-sided slope does not settle")
    return _smooth(a, s, e, x, rtol, side, Verdict.PASS_EDGE)


def _steep(a: float, e: Evidence, x: float, rtol: float) -> Ruling:
    left, right = e.left, e.right
    side = f"growing quotients, {e.points} points"
    if left.kind == right.kind == "infinite":
        if left.value != right.value:
            return Ruling(Verdict.UNDEFINED, math.nan, math.inf, side, "a vertical cusp")
        if a == left.value:
            return Ruling(Verdict.PASS, a, 0.0, side)
        return Ruling(Verdict.FAIL, left.value, 0.0, side, "the slope is infinite here")
    steep, other = (left, right) if left.kind == "infinite" else (right, left)
    if other.kind != "limit" or _wild(other, e):
        return Ruling(
            Verdict.UNVERIFIED, math.nan, math.inf, side, "one side is infinite, the other does not settle"
        )
    if a == steep.value or _between(a, other.value, steep.value, other.error + rtol * abs(other.value)):
        return Ruling(Verdict.PASS_KINK, other.value, other.error, side)
    return Ruling(
        Verdict.FAIL,
        other.value,
        other.error,
        side,
        f"outside the subdifferential [{other.value:.6g}, {steep.value:.6g}]",
    )


def _between(a: float, u: float, v: float, slack: float) -> bool:
    return min(u, v) - slack <= a <= max(u, v) + slack


def _kink(a: float, e: Evidence, x: float, rtol: float, kinks: str) -> Ruling:
    lo, hi = (e.left, e.right) if e.left.value < e.right.value else (e.right, e.left)
    middle, half = (lo.value + hi.value) / 2, (hi.value - lo.value) / 2
    side = f"left {e.left.value:.6g}, right {e.right.value:.6g}, {e.points} points"
    if kinks == "skip":
        return Ruling(Verdict.UNVERIFIED, middle, half, side, "at a kink")
    if kinks == "fail":
        return Ruling(Verdict.FAIL, middle, half, side, "at a kink")
    steepest = max(abs(lo.value), abs(hi.value))
    slack = rtol * steepest
    what = f"outside the subdifferential [{lo.value:.6g}, {hi.value:.6g}]"
    if not math.isfinite(a) or a < lo.low - slack or a > hi.high + slack:
        return Ruling(Verdict.FAIL, middle, half, side, what)
    if max(lo.error, hi.error) > 1e-3 * max(steepest, half):
        return Ruling(Verdict.UNVERIFIED, middle, half, side, "a kink whose slopes are not known well enough")
    if kinks == "min-norm":
        least = 0.0 if lo.value <= 0 <= hi.value else min(lo.value, hi.value, key=abs)
        if abs(a - least) > lo.error + hi.error + slack:
            return Ruling(Verdict.FAIL, middle, half, side, f"not the subgradient of least norm, {least:.6g}")
    return Ruling(Verdict.PASS_KINK, middle, half, side)


def how_wrong(a: float, c: float) -> str:
    """A guess at the kind of mistake, in a few words."""
    if not c or not a:
        return "zero, though the slope is not" if not a else "not zero, though the slope is"
    ratio = a / c
    if ratio < 0:
        return "wrong sign" if abs(ratio + 1) < 1e-3 else "wrong sign and size"
    for n in (2, 3, 4, 5, 8, 10):
        if abs(ratio - n) < 1e-3 * n:
            return f"{n} times too large"
        if abs(ratio * n - 1) < 1e-3:
            return f"{n} times too small"
    digits = 6 if abs(ratio - 1) > 1e-4 else 2 - math.floor(math.log10(abs(ratio - 1) or 1e-15))
    return f"off by a factor of {ratio:.{digits}g}"
