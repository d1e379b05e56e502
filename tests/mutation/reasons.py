"""Why a mutant lives that is another function; by file, function, was, becomes.

Only where the difference is one that no caller can rely on: rounding, or the value of a
derivative that does not exist.
"""

ROUNDING = "the series and the quotient agree there but for rounding"
NOWHERE = "only the second derivative at (0, 0) differs, which does not exist"
ZERO = "0 with the other sign"
NAN = "differs where an input is NaN alone, and the gradient of NaN is NaN or 0"

REASONS: dict[tuple[str, str, str, str], str] = {
    ("elementwise.py", "nonzero", "1.0", "2.0"): NOWHERE,
    ("elementwise.py", "nonzero", "1.0", "-1.0"): NOWHERE,
    ("elementwise.py", "sinc_slope", "1", "2"): ROUNDING,
    ("elementwise.py", "sinc_slope", "10", "11"): ROUNDING,
    ("elementwise.py", "<lambda>", "flat(g, out, y)", "-flat(g, out, y)"): ZERO,
    ("elementwise.py", "<lambda>", "flat(g, out, x)", "-flat(g, out, x)"): ZERO,
    ("special.py", "<lambda>", "1.0", "2.0"): NOWHERE,
    ("special.py", "<lambda>", "1.0", "-1.0"): NOWHERE,
    ("special.py", "_logsumexp_x", "out", "x"): NAN,
}
