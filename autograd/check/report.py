"""The report of a check, and the error a failed one raises."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.check.verdict import Finding, Verdict, number

SHOWN = 3  # failures written out in a message


class GradientError(AssertionError):
    """A gradient is wrong; `.report` is the GradReport."""

    def __init__(self, report: "GradReport") -> None:
        super().__init__(str(report))
        self.report = report


class GradReport:
    """What a check found.

    `ok`: nothing failed, and at least one gradient was verified (strict: all were).  `verified`: all
    were.  `findings`: one per element,
    direction or broken structural property.  `counts`: verdict -> how many.  `worst`: the
    finding to look at first.  `seed`: of the random cotangents and directions.
    """

    def __init__(
        self,
        name: str,
        findings: Sequence[Finding],
        seed: int,
        call: str,
        calls: int = 0,
        strict: bool = False,
    ) -> None:
        self.strict = strict
        self.name, self.findings, self.seed, self.calls = name, list(findings), seed, calls
        self.counts: Counter[Verdict] = Counter(f.verdict for f in self.findings)
        self.call = call
        self.example = ""  # a line on the smallest example, where one was searched for

    @property
    def ok(self) -> bool:
        """Nothing failed, and something was shown to be right (a check of nothing proves nothing)."""
        good = any(f.verdict.passed for f in self.findings)
        return not self.failures and (good or not self.findings)

    @property
    def verified(self) -> bool:
        """Every gradient that was looked at was shown to be right."""
        return self.ok and all(f.verdict.passed for f in self.findings)

    @property
    def failures(self) -> list[Finding]:
        """The findings that show something wrong; under `strict`, also those that show nothing."""
        return [f for f in self.findings if f.verdict.failed or (self.strict and not f.verdict.passed)]

    @property
    def unverified_share(self) -> float:
        """The share of findings that are UNVERIFIED or UNDEFINED."""
        n = self.counts[Verdict.UNVERIFIED] + self.counts[Verdict.UNDEFINED]
        return n / len(self.findings) if self.findings else 0.0

    @property
    def worst(self) -> Finding | None:
        """The failure with the largest relative error, else the least certain finding; None for none."""
        order = {Verdict.NONDETERMINISTIC: 5, Verdict.FAIL: 4, Verdict.UNVERIFIED: 3, Verdict.UNDEFINED: 2}
        return max(self.findings, key=lambda f: (order.get(f.verdict, 0), relative(f)), default=None)

    def repro(self) -> str:
        """One line that repeats the check; paste it where the function is defined."""
        return self.call

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "name": self.name,
            "ok": self.ok,
            "verified": self.verified,
            "seed": self.seed,
            "counts": {v.name: self.counts[v] for v in Verdict if self.counts[v]},
            "worst": None if self.worst is None else self.worst.to_dict(),
            "findings": [f.to_dict() for f in self.findings],
            "repro": self.repro(),
            "calls": self.calls,
        }

    def __repr__(self) -> str:
        state = "ok" if self.verified else self.headline() if self.ok or not self.failures else "NOT OK"
        return f"<GradReport {self.name}: {state}, {self.tally()}>"

    def __str__(self) -> str:
        shown = sorted(self.failures, key=relative, reverse=True)[:SHOWN]
        if not shown and self.worst is not None and not self.worst.verdict.passed:
            shown = [self.worst]
        lines = [] if self.verified or self.failures else [f"{self.name}: {self.headline()}"]
        for f in shown:
            lines.append(f"{self.name}  {of(f)}   {f.verdict.name}")
            lines.append(f"  {evidence(f)}")
            if f.node is not None:
                lines.append(f"  {f.node}")
        if not lines:
            lines.append(
                f"{self.name}: gradients verified" if self.findings else f"{self.name}: nothing to check"
            )
        more = len(self.failures) - min(len(self.failures), len(shown))
        lines.append(f"  {self.tally()}" + (f" ({more} more failures not shown)" if more > 0 else ""))
        if self.example:
            lines.append(f"  {self.example}")
        lines.append(f"  repeat:  {self.repro()}")
        return "\n".join(lines)

    def headline(self) -> str:
        """What a report without a failure says first, if not everything was verified."""
        n, total = sum(not f.verdict.passed for f in self.findings), len(self.findings)
        if n == total:
            return "NOT OK, nothing could be verified"
        return f"nothing wrong found, but {n} of {total} could not be verified"

    def tally(self) -> str:
        """How many passed, failed and so on, in words."""
        c = self.counts
        passed = sum(n for v, n in c.items() if v.passed)
        failed = c[Verdict.FAIL]
        words = [f"{passed} of {len(self.findings)} pass", f"{failed} fail{'s' if failed == 1 else ''}"]
        words.append(f"{c[Verdict.PASS_KINK]} at kinks")
        if c[Verdict.PASS_EDGE]:
            words.append(f"{c[Verdict.PASS_EDGE]} at edges")
        words.append(f"{c[Verdict.UNVERIFIED]} unverified")
        if c[Verdict.UNDEFINED]:
            words.append(f"{c[Verdict.UNDEFINED]} undefined")
        if c[Verdict.NONDETERMINISTIC]:
            words.append(f"{c[Verdict.NONDETERMINISTIC]} nondeterministic")
        return "; ".join(words)


def relative(f: Finding) -> float:
    """How far off the analytic value is, relative to the numeric one; 0 where unknown."""
    a, c = f.analytic, f.numeric
    if c - c != 0:
        return 0.0
    if a - a != 0:
        return float("inf")
    return abs(a - c) / max(abs(c), 1e-300) if a != c else 0.0


def of(f: Finding) -> str:
    """What a finding is about: d/dw[1, 2]."""
    if f.index is None:
        return f.arg or ""
    place = f"[{', '.join(map(str, f.index))}]" if f.index else ""
    return f"d/d{f.arg.replace('argument ', 'arg')}{place}"


def evidence(f: Finding) -> str:
    """analytic against numeric ± error, and how it was obtained."""
    if f.index is None and f.analytic != f.analytic and f.numeric != f.numeric:
        return f.reason
    text = f"analytic  {f.analytic:+.6e}"
    if f.numeric == f.numeric:
        text += f"    numeric  {f.numeric:+.6e} ± {f.error:.0e}"
        if f.analytic - f.analytic == 0 and abs(f.analytic - f.numeric) < 1e-4 * abs(f.numeric):
            text = f"analytic  {f.analytic!r}    numeric  {f.numeric!r} ± {f.error:.0e}"
    if f.side:
        text += f" ({f.side})"
    return text + (f"    {f.reason}" if f.reason else "")


def literal(x: Any) -> str:
    """An input as code that makes it again."""
    if isinstance(x, float):
        return f"np.{np.asarray(x).dtype}({float(x)!r})" if type(x) is not float else special(repr(x))
    if isinstance(x, np.ndarray):
        if x.size > 128:  # twice what is checked element by element: a drawn layout may leave gaps
            return f"<{x.dtype} array of shape {x.shape}>"
        if not x.size:
            return f"np.zeros({x.shape}, np.{x.dtype})"
        kind = f", dtype=np.{x.dtype}" if x.dtype != np.float64 else ""
        return f"np.array({special(repr(x.tolist()))}{kind})"
    if isinstance(x, np.generic):
        return (
            f"np.{x.dtype}({special(repr(x.item()))})" if x.dtype != np.float64 else special(repr(x.item()))
        )
    if isinstance(x, dict):
        return "{" + ", ".join(f"{k!r}: {literal(v)}" for k, v in x.items()) + "}"
    if isinstance(x, tuple):
        return "(" + ", ".join(literal(v) for v in x) + ("," if len(x) == 1 else "") + ")"
    if isinstance(x, list):
        return "[" + ", ".join(literal(v) for v in x) + "]"
    if type(x).__name__ in ("Value", "Parameter"):
        return f"Value({literal(x.data)})"
    return repr(x)


def special(text: str) -> str:
    """nan and inf as NumPy's names."""
    return text.replace("nan", "np.nan").replace("inf", "np.inf")


__all__ = ["GradReport", "GradientError", "evidence", "literal", "number"]
