"""check_grads: is the gradient of a function right at a point?"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.check.complexstep import complex_step
from autograd.check.judge import RTOL, Ruling, floor_of, judge, judge_step
from autograd.check.numeric import EPS, Evidence, Point, examine, ladder, step_for
from autograd.check.report import GradientError, GradReport, literal, relative
from autograd.check.rounding import HAS_WIDE, WIDE, WIDE_EPS, finite, gap, kinks_here, rounding
from autograd.check.structure import structural_findings
from autograd.check.subject import NOT_DEFINED, Arrays, Subject, quietly
from autograd.check.verdict import Finding, Verdict

Options = dict[str, Any]
EVERY = 64  # inputs of up to so many elements are checked element by element
SAMPLED = 24  # of larger ones, so many elements
DIRECTIONS = 6  # and so many random directions
FINEST, WIDE_FINEST = 2.0**-51, 2.0**-60  # the last steps, relative to x: x moves by a unit or two
UNSETTLED = (Verdict.PASS, Verdict.UNVERIFIED, Verdict.FAIL)  # what the complex step may overrule


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    wrt: Any = None,
    order: int = 1,
    directions: Any = "auto",
    rtol: float | None = None,
    kinks: str = "subgradient",
    structural: bool = True,
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
    directions: "auto" (every element up to 64, else samples and random directions), "all", or
    how many random directions.  rtol: how far a right gradient may be off (1e-6; by dtype).
    kinks: "subgradient" (any between the one-sided slopes), "min-norm", "skip" or "fail".
    structural: also check linearity in the cotangent, shapes, dtypes, mutation, aliasing, layout.
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
    if kinks not in ("subgradient", "min-norm", "skip", "fail"):
        raise ValueError(
            f"check_grads: kinks={kinks!r}; expected 'subgradient', 'min-norm', 'skip' or 'fail'"
        )
    if order < 1 or (order > 1 and (grad is not None or vjp is not None)):
        raise ValueError(
            f"check_grads: order={order}; orders above 1 need this package's engine, none is below 1"
        )
    name = name or name_of(f)
    subject = Subject(f, args, kwargs or {}, wrt, grad, vjp)
    check = Check(subject, np.random.default_rng(seed), rtol, kinks, directions, seconds)
    findings = check.run(order, structural)
    given = {  # option -> what it is, and what it is by itself
        "wrt": (wrt, None),
        "order": (order, 1),
        "directions": (directions, "auto"),
        "rtol": (rtol, None),
        "kinks": (kinks, "subgradient"),
        "kwargs": (kwargs, None),
        "seconds": (seconds, 60.0),
    }
    options = [f"{k}={literal(v)}" for k, (v, usual) in given.items() if v != usual]
    options += [f"{k}={name_of(g)}" for k, g in (("grad", grad), ("vjp", vjp)) if g is not None]
    call = f"check_grads({', '.join([name, *map(literal, args), *options, f'seed={seed}'])})"
    if locate and grad is None and vjp is None and any(f.verdict is Verdict.FAIL for f in findings):
        findings = check.located(findings, order)
    report = GradReport(name, findings, seed, call, subject.calls)
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
        directions: Any,
        seconds: float | None = None,
    ) -> None:
        self.subject, self.rng, self.rtol, self.kinks, self.directions = subject, rng, rtol, kinks, directions
        self.seconds = seconds
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
            return [
                Finding(Verdict.UNDEFINED, reason=f"f raises at this point: {type(error).__name__}: {error}")
            ]
        with quietly():
            again = subject.outputs(self.given)
        if [x.tobytes() for x in first] != [x.tobytes() for x in again]:
            return [
                Finding(
                    Verdict.NONDETERMINISTIC,
                    reason="f gives different results for the same inputs: seed it, or draw the random numbers outside",
                )
            ]
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
        return findings

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
        precise = found
        if any(x.dtype != np.float64 for x in self.given):
            try:
                with quietly():
                    precise = subject.pull(self.inputs, self.cotangents, along)
            except Exception:  # a gradient given for one dtype only
                precise = found
        findings = []
        with quietly():
            at = subject.derivative(self.inputs, self.cotangents, along)
            if not finite(at[0]):
                return [Finding(Verdict.UNDEFINED, reason=f"{label}not finite at this point")]
            for k, place in self.elements(found):
                unit = [np.zeros(np.shape(x)) for x in self.inputs]
                unit[k][place] = 1.0
                x = abs(float(np.asarray(self.inputs[k])[place]))
                if not finite(x):
                    findings.append(
                        Finding(
                            Verdict.UNDEFINED, subject.leaves[k].name, place, reason="the input is not finite"
                        )
                    )
                    continue
                a = float(np.asarray(precise[k])[place])
                try:
                    r = self.rule(along, unit, a, x, at, only=(k, place))
                except TimeIsUpError:
                    r = Ruling(Verdict.UNVERIFIED, math.nan, math.inf, "", self.late())
                given = float(np.asarray(found[k])[place])
                r = self.in_own_precision(r, given, a, self.given[k].dtype, float(at[1]) / max(x, 1.0))
                findings.append(
                    Finding(
                        r.verdict,
                        subject.leaves[k].name,
                        place,
                        given,
                        r.numeric,
                        r.error,
                        r.side,
                        label + r.reason if r.reason or label else "",
                    )
                )
            for what, direction in self.joint_directions(findings):
                a = float(
                    sum((np.asarray(g, float) * d).sum() for g, d in zip(precise, direction, strict=True))
                )
                try:
                    r = self.rule(along, direction, a, magnitude_of(self.inputs, direction), at)
                except TimeIsUpError:
                    r = Ruling(Verdict.UNVERIFIED, math.nan, math.inf, "", self.late())
                findings.append(
                    Finding(r.verdict, what, None, a, r.numeric, r.error, r.side, label + r.reason)
                )
        return findings

    def late(self) -> str:
        """Why something was not looked at."""
        return f"the limit of {self.seconds:g} s was reached first; raise it with seconds=, or pass a smaller input"

    def elements(self, found: Arrays) -> list[tuple[int, tuple[int, ...]]]:
        """Which elements are checked one by one: all of a small input; of a large one those with the
        smallest and largest number or gradient, where rules go wrong first, and random ones."""
        sizes = [int(np.size(x)) for x in self.inputs]
        total = sum(sizes)
        every = [(k, i) for k, n in enumerate(sizes) for i in range(n)] if total <= 100_000 else []
        if self.directions == "all" or (self.directions == "auto" and total <= EVERY):
            chosen = every or [(k, i) for k, n in enumerate(sizes) for i in range(n)]
        else:
            chosen = []
            for k, n in enumerate(sizes):
                m = min(n, max(2, SAMPLED * n // max(total, 1)))
                places = set(self.rng.choice(n, m, replace=False).tolist()) if n else set()
                for v in (np.asarray(self.inputs[k]).ravel(), np.asarray(found[k]).ravel()):
                    places |= {int(end(w)) for w in (v, np.abs(v)) for end in (np.argmin, np.argmax) if n}
                chosen += [(k, i) for i in sorted(places)]
        return [(k, tuple(int(j) for j in np.unravel_index(i, np.shape(self.inputs[k])))) for k, i in chosen]

    def joint_directions(self, findings: Sequence[Finding]) -> list[tuple[str, Arrays]]:
        """Random directions for a large input; where several elements sit at a kink, common ones."""
        total = sum(int(np.size(x)) for x in self.inputs)
        many = isinstance(self.directions, int) or (self.directions == "auto" and total > EVERY)
        n = self.directions if isinstance(self.directions, int) else DIRECTIONS
        chosen = [
            (f"a random direction ({i})", [dyadic(x, self.rng) for x in self.inputs])
            for i in range(n if many else 0)
        ]
        names = {leaf.name: k for k, leaf in enumerate(self.subject.leaves)}
        kinks = [
            (names[f.arg], f.index)
            for f in findings
            if f.verdict is Verdict.PASS_KINK and f.index is not None
        ]
        if kinks and total > 1:  # what elements tied at a kink share must add up
            chosen.append(("all elements together", [np.ones(np.shape(x)) for x in self.inputs]))
        if len(kinks) > 1:
            for random in (False, True, True):
                direction = [np.zeros(np.shape(x)) for x in self.inputs]
                for k, place in kinks:
                    direction[k][place] = float(self.rng.integers(4, 17)) / 16 if random else 1.0
                chosen.append(("the elements at a kink", direction))
        return chosen

    # --- one direction ------------------------------------------------------------------------

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
        wide_inputs = [np.asarray(v, WIDE)[()] for v in self.inputs]
        wide_phi = self.restricted(along, direction, wide_inputs, only)
        try:
            wide_at = self.subject.derivative(wide_inputs, self.cotangents, along)
            wide = HAS_WIDE and getattr(wide_at[0], "dtype", None) == WIDE
        except Exception:  # f knows no such dtype
            wide = False
        step = step_for(x)
        here = (wide_phi, wide_at) if wide else (phi, at)
        if r.verdict is Verdict.PASS_KINK and e.clean and kinks_here(*here, e, x, WIDE_EPS if wide else EPS):
            return r
        exact = None
        if wide and not along:
            exact = complex_step(self.subject, self.inputs, direction, self.cotangents, x)
        if r.verdict is Verdict.PASS and e.clean and exact is None and not e.flat:
            return r
        if e.flat and wide and exact is None and not 0 < x < 1e-3:
            still = all(wide_phi(t)[0] == wide_at[0] for t in (step, -step, step / 8, -step / 8))
            if still:
                return r
        if not wide:
            e = examine(phi, at, x, ladder(x, max(step, 0.125), FINEST))
            r = judge(a, e, x=x, rtol=rtol, kinks=self.kinks)
        else:
            r, e = self.close_look(a, x, phi, at, wide_phi, wide_at)
        if r.verdict is Verdict.PASS_KINK and not kinks_here(*here, e, x, WIDE_EPS if wide else EPS):
            return r._replace(verdict=Verdict.UNVERIFIED, reason="there is a kink just beside the point")
        if exact is None or e.kinked or r.sharp or r.verdict not in UNSETTLED:
            return r
        if not e.flat and finite(r.numeric) and abs(exact[0] - r.numeric) > 2 * r.error + floor_of(e, x):
            return r
        return judge_step(a, *exact, e, x=x, rtol=rtol)

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

    def in_own_precision(
        self, r: Ruling, found: float, precise: float, dtype: np.dtype[Any], size: float
    ) -> Ruling:
        """For float32 and float16: the rule was judged in float64; was it also evaluated well in its own
        dtype?  A rule that is a number of that dtype in float64 too is judged as rounded to it."""
        if dtype == np.float64:
            return r
        info = np.finfo(dtype)
        eps, least = float(info.eps), float(info.smallest_subnormal)
        if found == precise:
            off = abs(found - r.numeric)
            if r.verdict is not Verdict.FAIL or not finite(off):
                return r
            unit = max(math.ldexp(eps, math.frexp(r.numeric)[1] - 1), least)
            if off > 4 * unit:
                return r
            if off <= 0.5 * unit + r.error + RTOL * abs(r.numeric):
                return r._replace(verdict=Verdict.PASS, reason="")
            return r._replace(verdict=Verdict.UNVERIFIED, reason=f"within the rounding of {dtype}")
        gap = abs(found - precise)
        if not r.verdict.passed or gap <= max(64 * eps * abs(precise), 4 * eps * size) + least:
            return r  # as near as 1 - tanh(x)**2 comes, in that dtype
        if gap <= 0.01 * abs(precise) or gap <= 64 * eps * max(abs(r.numeric), r.error, size):
            return r._replace(
                verdict=Verdict.UNVERIFIED, reason=f"right in float64; {dtype} loses digits here"
            )
        return r._replace(verdict=Verdict.FAIL, reason=f"right in float64 ({precise:.6g}), wrong in {dtype}")

    def located(self, findings: list[Finding], order: int) -> list[Finding]:
        """The findings, the first wrong local rule with the worst of them."""
        from autograd.check.locate import locate_in

        wrong = [f for f in findings if f.verdict is Verdict.FAIL]
        values = [f for f in wrong if f.arg != "structure"]
        node = locate_in(self.subject, self.given, order)
        if node is None or (node.kind == "engine" and not values):
            return findings
        chosen = max(values or wrong, key=relative)
        if node.kind == "engine" and math.isnan(chosen.analytic):
            reason = "every local rule is right here; most likely an infinite one meets a zero (0 * inf)"
            node = replace(node, reason=reason)
        return [replace(f, node=node) if f is chosen else f for f in findings]


# --- numbers --------------------------------------------------------------------------------


def doubled(x: Any) -> Any:
    """The same numbers in float64 (longdouble stays)."""
    return x.astype(np.float64) if x.dtype.itemsize < 8 else x


def dyadic(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers like x, 1/8 to 1 in size: multiples of 1/256, so exact also in float16."""
    signs = rng.choice((-1.0, 1.0), size=np.shape(x))
    return (signs * rng.integers(32, 257, size=np.shape(x)) / 256)[()]


def cotangents_for(outputs: Sequence[Any], rng: np.random.Generator) -> Arrays:
    """1 for a single number, else random weights, so that no element can hide another's error."""
    if len(outputs) == 1 and np.size(outputs[0]) == 1:
        return [np.ones(np.shape(outputs[0]), outputs[0].dtype)[()]]
    return [np.asarray(dyadic(y, rng)).astype(y.dtype)[()] for y in outputs]


def name_of(f: Callable[..., Any]) -> str:
    """A function's name."""
    return str(getattr(f, "__name__", type(f).__name__))


def magnitude_of(inputs: Sequence[Any], direction: Sequence[Any]) -> float:
    """The typical magnitude of the inputs that a direction moves."""
    moved = [np.abs(np.asarray(x, float))[np.asarray(d) != 0] for x, d in zip(inputs, direction, strict=True)]
    every = np.concatenate([m.ravel() for m in moved]) if moved else np.zeros(0)
    every = every[np.isfinite(every) & (every > 0)]
    return float(np.median(every)) if every.size else 0.0
