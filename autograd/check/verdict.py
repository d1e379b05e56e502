"""What a check can say: verdicts and findings."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Verdict(Enum):
    """The outcome for one element, one direction, or one structural property."""

    PASS = "pass"
    PASS_KINK = "pass at a kink"  # inside the subdifferential
    PASS_EDGE = "pass at an edge"  # one-sided, the function ends here
    FAIL = "fail"
    UNVERIFIED = "unverified"  # the numbers cannot tell
    UNDEFINED = "undefined"  # there is no derivative to compare with
    NONDETERMINISTIC = "nondeterministic"

    @property
    def passed(self) -> bool:
        """Whether the gradient was shown to be right."""
        return self in (Verdict.PASS, Verdict.PASS_KINK, Verdict.PASS_EDGE)

    @property
    def failed(self) -> bool:
        """Whether something was shown to be wrong."""
        return self in (Verdict.FAIL, Verdict.NONDETERMINISTIC)


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict and its evidence.

    `arg` names the input; `index` the element, None for a direction or a structural check;
    `analytic` is the gradient under test, `numeric` ± `error` what differences say;
    `side` how it was obtained; `node` the first wrong local rule, where it was located.
    """

    verdict: Verdict
    arg: str = ""
    index: tuple[int, ...] | None = None
    analytic: float = float("nan")
    numeric: float = float("nan")
    error: float = float("nan")
    side: str = ""
    reason: str = ""
    node: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON (numbers as Python floats, non-finite ones as text)."""
        return {
            "verdict": self.verdict.name,
            "arg": self.arg,
            "index": None if self.index is None else list(self.index),
            "analytic": number(self.analytic),
            "numeric": number(self.numeric),
            "error": number(self.error),
            "side": self.side,
            "reason": self.reason,
            "node": None if self.node is None else str(self.node),
        }


def number(x: Any) -> float | str:
    """A float, or 'nan', 'inf', '-inf', which JSON has no numbers for."""
    x = float(x)
    return x if x - x == 0 else str(x)
