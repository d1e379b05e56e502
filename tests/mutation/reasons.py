"""Why a mutant lives that is another function; by file, function, was, becomes.

Only where the difference is one that no caller can rely on: rounding, or the value of a
derivative that does not exist.
"""

from tests.mutation.mutants import Mutant

ROUNDING = "the series and the quotient agree there but for rounding"
NOWHERE = "only the second derivative at (0, 0) differs, which does not exist"
ZERO = "0 with the other sign"
NAN = "differs where an input is NaN alone, and the gradient of NaN is NaN or 0"


# file, function (a lambda: its text), was, becomes, part of what is around it ("" matches any) -> why
REASONS: list[tuple[str, str, str, str, str, str]] = [
    ("elementwise.py", "nonzero", "1.0", "2.0", "", NOWHERE),
    ("elementwise.py", "nonzero", "1.0", "-1.0", "", NOWHERE),
    ("elementwise.py", "sinc_slope", "1", "2", "near =", ROUNDING),
    ("elementwise.py", "sinc_slope", "10", "11", "", ROUNDING),
]


def reason_of(mutant: Mutant) -> str:
    """The first that is written for it; "" if there is none."""
    for file, function, before, after, text, reason in REASONS:
        names = (mutant.file, mutant.before, mutant.after)
        if names == (file, before, after) and function in mutant.function and text in mutant.text:
            return reason
    return ""
