"""check_grads: is the gradient of a function right at a point?"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.check.beside import FEW, SOME, between_neighbours
from autograd.check.chance import changed_since, differs, draws, stale
from autograd.check.choice import AMONG, EVERY, TOGETHER, Choice, dyadic
from autograd.check.complexstep import complex_step
from autograd.check.grain import across, grain
from autograd.check.judge import RTOL, ZERO, Ruling, floor_of, judge, judge_step
from autograd.check.narrow import culprit
from autograd.check.numeric import EPS, Evidence, Point, examine, ladder, step_for
from autograd.check.options import name_of, validate
from autograd.check.precision import doubled, in_own_precision, terms_of
from autograd.check.pulled import Pulled, along_direction, cotangents_for, magnitude_of
from autograd.check.report import GradientError, GradReport, literal, relative
from autograd.check.rounding import HAS_WIDE, WIDE, WIDE_EPS, finite, gap, is_wide, kinks_here, rounding
from autograd.check.structure import structural_findings
from autograd.check.subject import NOT_DEFINED, Arrays, Subject, quietly
from autograd.check.verdict import Finding, Verdict

__tracebackhide__ = True  # pytest shows the user's lines, not ours
Options = dict[str, Any]
FINEST, WIDE_FINEST = 2.0**-51, 2.0**-60  # the last steps, relative to x: x moves by a unit or two
RAISES = "f raises at this point: "
UNSETTLED = (Verdict.PASS, Verdict.UNVERIFIED, Verdict.FAIL)  # what the complex step may overrule


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    wrt: Any = None,
    order: int = 1,
    elements: Any = "auto",
    directions: Any = "auto",
    rtol: float | None = None,
    kinks: str = "subgradient",
    structural: bool = True,
    strict: bool = False,
    seed: int = 0,
    raise_: bool = True,
    name: str | None = None,
    kwargs: dict[str, Any] | None = None,
    grad: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    locate: bool = True,
    seconds: float | None = 60.0,
) -> GradReport:
    """Check the gradient of `f` at `args` against what f's own values say.

    f: takes and returns numbers, arrays, Values or containers of them.
    wrt: what to differentiate: argument positions, names of `kwargs`, Values that f closes over
    (changed in place and put back); default: every floating argument.
    order: 2 or 3 also checks the derivatives of the gradient.
    elements: how many are looked at one by one: "auto" (every one up to 64, else 24), "all", or a
    number; 0 for a large input, where directions alone are quick.
    directions: how many random directions; "auto": 6 where not every element is looked at.
    rtol: how far a right gradient may be off (1e-6; by dtype).
    kinks: "subgradient" (any between the one-sided slopes), "min-norm", "skip" or "fail".
    structural: also check linearity in the cotangent, shapes, dtypes, mutation, aliasing, layout.
    strict: what could not be verified counts as a failure.
    grad, vjp: a gradient by other means, called like f (vjp: with the cotangent in front).
    seconds: for a slow f: what is not looked at by then is UNVERIFIED (None: no limit).

    Returns a GradReport.  Raises GradientError if something is wrong, or nothing could be verified, and
    `raise_`; TypeError for inputs or results that have no derivative (complex ones too: pass the real
    and the imaginary part as two arguments).

    >>> import numpy as np
    >>> from autograd.check import check_grads
    >>> report = check_grads(lambda w: np.sum(np.tanh(w) ** 2), np.array([0.5, -1.0, 0.0]))
    >>> report.ok
    True
    """
    validate(order, rtol, kinks, seconds, seed, kwargs, grad, vjp)
    name = str(name or name_of(f))
    subject = Subject(f, args, kwargs or {}, wrt, grad, vjp)
    check = Check(subject, np.random.default_rng(seed), rtol, kinks, Choice(elements, directions), seconds)
    try:
        findings = check.run(order, structural)
    except Exception as error:
        error.add_note(f"check_grads: while {name} was checked, which is also called beside the given point")
        if isinstance(error, TypeError) and grad is None and vjp is None and "asarray" in str(error):
            error.add_note(
                "check_grads: or pass grad= or vjp=, if f is NumPy's and its gradient from elsewhere"
            )
        raise
    given = {  # option -> what it is, and what it is by itself
        "wrt": (wrt, None),
        "order": (order, 1),
        "elements": (elements, "auto"),
        "directions": (directions, "auto"),
        "rtol": (rtol, None),
        "kinks": (kinks, "subgradient"),
        "strict": (strict, False),
        "kwargs": (kwargs, None),
        "seconds": (seconds, 60.0),
    }
    options = [f"{k}={literal(v)}" for k, (v, usual) in given.items() if v != usual]
    options += [f"{k}={name_of(g)}" for k, g in (("grad", grad), ("vjp", vjp)) if g is not None]
    call = f"check_grads({', '.join([name, *map(literal, args), *options, f'seed={seed}'])})"
    if locate and any(f.verdict is Verdict.FAIL for f in findings):
        findings = check.located(findings, order)
    report = GradReport(name, findings, seed, call, subject.calls, strict)
    if raise_ and not report.ok:
        raise GradientError(report)
    return report


class TimeIsUpError(Exception):
    """f is too slow for the time given."""


class Check:
    """One run: the function at its inputs, a cotangent, and the findings so far."""

    def __init__(
        self,
        subject: Subject,
        rng: np.random.Generator,
        rtol: float | None,
        kinks: str,
        choice: Choice,
        seconds: float | None = None,
    ) -> None:
        self.subject, self.rng, self.rtol, self.kinks, self.choice = subject, rng, rtol, kinks, choice
        self.seconds, self.aside = seconds, np.random.default_rng(0)  # for what few checks need
        self.stop = math.inf if seconds is None else time.monotonic() + seconds
        self.given = subject.start()
        self.inputs = [doubled(x) for x in self.given]  # the numeric side is in float64
        self.cotangents: Arrays = []

    def run(self, order: int, structural: bool) -> list[Finding]:
        """All findings, order by order; a function that cannot be judged gets a single one."""
        subject = self.subject
        try:
            with quietly():
                first = subject.learn_to_call()
        except NOT_DEFINED as error:
            return [Finding(Verdict.UNDEFINED, reason=f"{RAISES}{type(error).__name__}: {error}")]
        with quietly():
            chance = differs(subject, first, self.given, self.aside)
        if chance:
            return [Finding(Verdict.NONDETERMINISTIC, reason=chance)]
        if not all(np.isfinite(y).all() for y in first):
            return [Finding(Verdict.UNDEFINED, reason="f is not finite at this point")]
        self.cotangents = cotangents_for(first, self.rng)
        findings: list[Finding] = []
        along: list[Arrays] = []
        for k in range(1, order + 1):
            findings += self.one_order(along, k)
            along.append([dyadic(x, self.rng) for x in self.inputs])
            if any(f.verdict.failed for f in findings):
                break
        if structural and time.monotonic() > self.stop:
            findings.append(Finding(Verdict.UNVERIFIED, "structure", reason=self.late()))
        elif structural:
            findings += structural_findings(subject, self.given, self.cotangents, self.rng)
            findings += draws(subject, self.given)
        return changed_since(subject, first, self.given) or findings

    def one_order(self, along: Sequence[Arrays], order: int) -> list[Finding]:
        """The findings for the gradient of phi_(order-1)."""
        subject = self.subject
        label = "" if order == 1 else f"order {order}: "
        try:
            with quietly():
                found = subject.pull(self.given, self.cotangents, along)
        except (RuntimeError, *NOT_DEFINED) as error:
            return [
                Finding(Verdict.FAIL, reason=f"{label}the gradient raises {type(error).__name__}: {error}")
            ]
        wrong = [
            Finding(
                Verdict.FAIL,
                leaf.name,
                reason=f"{label}gradient of shape {np.shape(g)}, input of {np.shape(x)}",
            )
            for leaf, g, x in zip(subject.leaves, found, self.given, strict=True)
            if np.shape(g) != np.shape(x)
        ]
        if wrong:
            return wrong
        if stale(subject, found, self.given, self.cotangents, self.aside):
            reason = (
                f"{label}the gradient depends on the last call of f: compute it from its own arguments alone"
            )
            return [Finding(Verdict.FAIL, "structure", reason=reason)]
        pulled = Pulled(subject, self.given, self.inputs, self.cotangents, along, found, self.aside)
        findings = []
        with quietly():
            at = subject.derivative(self.inputs, self.cotangents, along)
            if not finite(at[0]):
                return [Finding(Verdict.UNDEFINED, reason=f"{label}not finite at this point")]
            for k, place in self.choice.elements(self.inputs, found, self.rng):
                r = self.element(pulled, k, place, at)
                reason = label + r.reason if r.reason or label else ""
                given, arg = float(np.asarray(found[k])[place]), subject.leaves[k].name
                findings.append(Finding(r.verdict, arg, place, given, r.numeric, r.error, r.side, reason))
            for what, direction in self.choice.directions(
                self.inputs, found, subject.leaves, findings, self.rng
            ):
                a, r = self.joint(pulled, direction, at, relative=what == TOGETHER)
                if r.verdict is not Verdict.FAIL and (
                    what == TOGETHER or (what.startswith(AMONG) and not r.verdict.passed)
                ):
                    continue  # heard of only if it fails, or tells something
                findings.append(
                    Finding(r.verdict, what, None, a, r.numeric, r.error, r.side, label + r.reason)
                )
                if r.verdict is Verdict.FAIL and not any(
                    f.index is not None and f.verdict.failed for f in findings
                ):
                    findings += self.narrowed(pulled, direction, at, label)
        return findings

    def narrowed(self, pulled: Pulled, direction: Arrays, at: Point, label: str) -> list[Finding]:
        """The wrong element behind a direction that fails, if it can be found."""
        fails = lambda part: self.joint(pulled, part, at, relative=False)[1].verdict is Verdict.FAIL
        found = culprit(direction, fails)
        r = None if found is None else self.element(pulled, *found, at)
        if found is None or r is None or r.verdict is not Verdict.FAIL:
            return []
        a, arg = float(np.asarray(pulled.found[found[0]])[found[1]]), self.subject.leaves[found[0]].name
        return [Finding(r.verdict, arg, found[1], a, r.numeric, r.error, r.side, label + r.reason)]

    def joint(self, pulled: Pulled, direction: Arrays, at: Point, relative: bool) -> tuple[float, Ruling]:
        """The derivative along a direction, and the verdict on it."""
        a = along_direction(pulled.precise, direction)
        x = 1.0 if relative else magnitude_of(self.inputs, direction)
        r = self.in_time(pulled.along, direction, a, x, at)
        if r.verdict is Verdict.FAIL and finite(a) and HAS_WIDE:
            wide = along_direction(pulled.widest(), direction)
            again = r if wide == a else self.in_time(pulled.along, direction, wide, x, at)
            if again.verdict is not Verdict.FAIL and abs(a - wide) <= 8 * EPS * float(at[1]):
                reason = "right in longdouble; float64 loses digits here"
                r = again._replace(verdict=Verdict.UNVERIFIED, reason=reason)
        return a, r

    def element(self, pulled: Pulled, k: int, place: tuple[int, ...], at: Point) -> Ruling:
        """The verdict on one element of one gradient."""
        x, dtype = abs(float(np.asarray(self.inputs[k])[place])), self.given[k].dtype
        if not finite(x):
            return Ruling(Verdict.UNDEFINED, math.nan, math.nan, "", "the input is not finite")
        unit = [np.zeros(np.shape(x)) for x in self.inputs]
        unit[k][place] = 1.0
        found, a = (float(np.asarray(g[k])[place]) for g in (pulled.found, pulled.precise))
        r = self.in_time(pulled.along, unit, a, x, at, (k, place))
        if r.verdict is Verdict.FAIL and finite(a) and HAS_WIDE:
            wide = float(np.asarray(pulled.widest()[k])[place])
            again = r if wide == a else self.in_time(pulled.along, unit, wide, x, at, (k, place))
            if again.verdict is not Verdict.FAIL:  # what cancels in the rule is no mistake in it
                r, a = again, wide
        tiny = r.verdict is Verdict.PASS and a and not r.sharp and HAS_WIDE  # beside a slope of 0, it seems
        if tiny and abs(float(np.asarray(pulled.widest()[k])[place])) > abs(a) / 16:  # and no rounding error
            r = r._replace(
                verdict=Verdict.UNVERIFIED, reason="gradient and slope are hardly different from 0"
            )
        if dtype == np.float64 and a == found:
            return r
        alone = sum(map(np.size, self.inputs)) == 1
        terms = lambda: (
            (float(at[1]), 0.0)
            if pulled.along
            else terms_of(self.subject, (self.inputs, self.given), self.cotangents, k, place, x)
        )
        return in_own_precision(r, found, a, dtype, terms, x, alone, lambda: pulled.scatter(k, place))

    def late(self) -> str:
        """Why something was not looked at."""
        return f"the limit of {self.seconds:g} s was reached first; raise it with seconds=, or pass a smaller input"

    # --- one direction ------------------------------------------------------------------------

    def in_time(self, along: Sequence[Arrays], direction: Arrays, a: float, x: float, at: Point,
                only: tuple[int, tuple[int, ...]] | None = None) -> Ruling:  # fmt: skip
        """The rule, or that it was too late for it."""
        try:
            return self.rule(along, direction, a, x, at, only)
        except TimeIsUpError:
            return Ruling(Verdict.UNVERIFIED, math.nan, math.inf, "", self.late())

    def rule(
        self,
        along: Sequence[Arrays],
        direction: Arrays,
        a: float,
        x: float,
        at: Point,
        only: tuple[int, tuple[int, ...]] | None = None,
    ) -> Ruling:
        """The verdict on the derivative `a` along `direction`: a quick look, then a close one if need be."""
        phi = self.restricted(along, direction, self.inputs, only)
        rtol = RTOL if self.rtol is None else self.rtol
        e = examine(phi, at, x, ladder(x, step_for(x), ratio=16.0))
        r = judge(a, e, x=x, rtol=rtol, kinks=self.kinks)
        certain = r.sharp if r.verdict is Verdict.PASS else r.verdict is Verdict.PASS_EDGE
        if certain and e.clean and not e.flat:
            return r
        if not e.flat and sum(map(np.size, self.inputs)) > EVERY:  # wider arithmetic is slow
            finer = examine(phi, at, x, ladder(x, step_for(x), 2.0**-40))
            better = judge(a, finer, x=x, rtol=rtol, kinks=self.kinks)
            if better.verdict is Verdict.PASS and better.sharp and finer.clean:
                return better
        wide_inputs = [np.asarray(v, WIDE)[()] for v in self.inputs]
        wide_phi = self.restricted(along, direction, wide_inputs, only)
        try:
            wide_at = self.subject.derivative(wide_inputs, self.cotangents, along)
            wide = HAS_WIDE and getattr(wide_at[0], "dtype", None) == WIDE and is_wide(wide_phi, phi, x)
        except TimeIsUpError:
            raise
        except Exception:  # f knows no such dtype
            wide = False
        here = (wide_phi, wide_at) if wide else (phi, at)
        r, seen = self.closer(along, direction, a, x, (phi, at), here if wide else None, e, r)
        if seen is not None and not seen.clean and r.verdict in (Verdict.PASS, Verdict.FAIL):
            r = self.across_steps(r, a, x, phi, *here, wide=wide)
        if r.verdict is not Verdict.FAIL or not finite(a) or sum(map(np.size, self.inputs)) < 2:
            return r
        return self.beside(r, e, along, direction, a, wide_inputs if wide else self.inputs, only is not None)

    def closer(
        self,
        along: Sequence[Arrays],
        direction: Arrays,
        a: float,
        x: float,
        narrow: tuple[Callable[[float], Point], Point],
        wide: tuple[Callable[[float], Point], Point] | None,
        e: Evidence,
        r: Ruling,
    ) -> tuple[Ruling, Evidence | None]:
        """What a finer ladder, wider arithmetic and the complex step say, where `e` and `r` do not settle it;
        and the evidence for that, if it is that of a ladder."""
        (phi, at), here, eps = narrow, wide or narrow, WIDE_EPS if wide else EPS
        step, rtol = step_for(x), RTOL if self.rtol is None else self.rtol
        if r.verdict is Verdict.PASS_KINK and e.clean and kinks_here(*here, e, x, eps):
            return r, e
        exact = None
        if wide and not along:
            exact = complex_step(self.subject, self.inputs, direction, self.cotangents, x)
        if r.verdict is Verdict.PASS and e.clean and exact is None and not e.flat:
            return r, e
        if e.flat and wide and exact is None and not 0 < x < 1e-3:
            still = all(wide[0](t)[0] == wide[1][0] for t in (step, -step, step / 8, -step / 8))
            if still:
                return r, e
        if not wide:
            e = examine(phi, at, x, ladder(x, max(step, 0.125), FINEST))
            r = judge(a, e, x=x, rtol=rtol, kinks=self.kinks)
        else:
            r, e = self.close_look(a, x, phi, at, *wide)
        if r.verdict is Verdict.PASS_KINK and not kinks_here(*here, e, x, eps):
            r = r._replace(verdict=Verdict.UNVERIFIED, reason="there is a kink just beside the point")
            return r, e
        if r.verdict is Verdict.UNVERIFIED and exact is not None and e.clean:
            r = judge(a, e, x=x, rtol=rtol, kinks=self.kinks, analytic=True)
        if exact is None or e.kinked or r.sharp or r.verdict not in UNSETTLED:
            return r, e
        if not e.flat and finite(r.numeric) and abs(exact[0] - r.numeric) > 2 * r.error + floor_of(e, x):
            return r, e
        return judge_step(a, *exact, e, x=x, rtol=rtol), None

    def across_steps(
        self,
        r: Ruling,
        a: float,
        x: float,
        narrow: Callable[[float], Point],
        phi: Callable[[float], Point],
        at: Point,
        *,
        wide: bool,
    ) -> Ruling:
        """The verdict once more where f moves in steps: the slope across them must say the same."""
        steps = grain(phi, x, wide=wide)
        if steps is None:
            return r
        if wide:  # steps that are larger in float64 are the rounding of longdouble, which is known
            larger = grain(narrow, x, wide=wide)
            if larger is None or larger.high > 64 * steps.high:
                return r
        again = judge(a, across(phi, at, x, steps), x=x, rtol=RTOL if self.rtol is None else self.rtol)
        if again.verdict is r.verdict:
            return r
        reason = (
            f"f moves in steps of {steps.high:.1g} here, as if rounded: its slope is {r.numeric:.6g} on one"
        )
        if finite(again.numeric):
            reason += f", {again.numeric:.6g} ± {again.error:.1g} across them"
        return Ruling(Verdict.UNVERIFIED, r.numeric, r.error, r.side, reason)

    def beside(
        self,
        r: Ruling,
        e: Evidence,
        along: Sequence[Arrays],
        direction: Arrays,
        a: float,
        inputs: Arrays,
        only: bool,
    ) -> Ruling:
        """A failure once more: where elements tie, neighbouring points may have such a slope."""
        if self.kinks != "subgradient":
            return r
        derivative = lambda at: self.subject.derivative(at, self.cotangents, along)
        smooth, wide = (
            only and e.center.kind == "limit" and not (e.kinked or e.flat),
            inputs is not self.inputs,
        )
        try:
            found = between_neighbours(
                a, inputs, direction, derivative, self.aside, wide=wide, least=FEW if smooth else SOME
            )
        except NOT_DEFINED:
            return r
        if found is None:
            return r
        low, high, sure = found
        side = f"slopes of neighbouring points, {low:.6g} to {high:.6g}"
        verdict, reason = Verdict.PASS_KINK, ""
        if not sure:
            verdict, reason = Verdict.UNVERIFIED, "a kink at or beside the point, where several elements tie"
        return Ruling(verdict, (low + high) / 2, (high - low) / 2, side, reason)

    def close_look(
        self,
        a: float,
        x: float,
        phi: Callable[[float], Point],
        at: Point,
        wide_phi: Callable[[float], Point],
        wide_at: Point,
    ) -> tuple[Ruling, Evidence]:
        """A finer ladder in wider arithmetic, with float64's rounding errors measured against it; with
        steps beyond those for x's size only if those do not decide."""
        step, rtol = step_for(x), RTOL if self.rtol is None else self.rtol
        seen, gaps = {0.0: wide_at}, {0.0: gap(wide_at[0], at[0])}
        still: tuple[Ruling, Evidence] | None = None
        resolved = 2.0**-51 * x  # finer steps float64 cannot take
        for coarse in dict.fromkeys((step, max(step, 0.125))):
            steps = ladder(x, coarse, WIDE_FINEST if x else 2.0**-200)
            for t in (t for h in steps for t in (h, -h) if t not in seen):
                seen[t] = wide_phi(t)
                gaps[t] = gap(seen[t][0], phi(t)[0]) if abs(t) >= resolved else 0.0
            eps = WIDE_EPS if any(gaps.values()) else 0.0  # f computes exactly
            for careful in (False, True):
                lost = rounding(steps, seen, gaps, careful)
                e = examine(seen.__getitem__, wide_at, x, steps, eps=eps, roundoff=lost.__getitem__)
                r = judge(a, e, x=x, rtol=rtol, kinks=self.kinks)
                if e.clean and r.sharp:
                    return r, e
            if e.flat and 16 * WIDE_EPS * e.size < x:
                still = r, e
        if (
            still
            and not e.clean
            and r.verdict is Verdict.UNVERIFIED
            and 16 * EPS * e.size < ZERO * e.scale * x
        ):
            return still  # constant around here, whatever is farther away
        return r, e

    def restricted(
        self,
        along: Sequence[Arrays],
        direction: Arrays,
        inputs: Arrays,
        only: tuple[int, tuple[int, ...]] | None,
    ) -> Callable[[float], Point]:
        """phi(t) = the function at inputs + t * direction; nan where f says it is not defined."""
        subject, cotangents = self.subject, self.cotangents

        def phi(t: float) -> Point:
            if time.monotonic() > self.stop:
                raise TimeIsUpError
            if only is None:
                moved = [v + t * d for v, d in zip(inputs, direction, strict=True)]
            else:
                k, place = only
                moved = list(inputs)
                if place:
                    moved[k] = np.array(moved[k])
                    moved[k][place] += t
                else:
                    moved[k] = moved[k] + t
            try:
                return subject.derivative(moved, cotangents, along)
            except NOT_DEFINED:
                return np.nan, 0.0

        return phi

    def located(self, findings: list[Finding], order: int) -> list[Finding]:
        """The findings, the first wrong local rule with the worst of them."""
        from autograd.check.locate import located

        wrong = [f for f in findings if f.verdict is Verdict.FAIL]
        values = [f for f in wrong if f.arg != "structure"]
        node = located(self.subject, self.given, order)
        if node is None or (node.kind == "engine" and not values):
            return findings
        chosen = max(values or wrong, key=relative)
        if node.kind == "engine" and math.isnan(chosen.analytic):
            reason = "every local rule is right here; most likely an infinite one meets a zero (0 * inf)"
            node = replace(node, reason=reason)
        return [replace(f, node=node) if f is chosen else f for f in findings]
