"""Why a mutant lives that is another function; by file, function, was, becomes.

Only where the difference is one that no caller can rely on: rounding, or the value of a
derivative that does not exist.
"""

from tests.mutation.mutants import Mutant

ROUNDING = "the series and the quotient agree there but for rounding"
NOWHERE = "only the second derivative at (0, 0) differs, which does not exist"
EQUAL = "only the second derivative of the deviation of equal numbers differs, which does not exist"
NAN = "differs where an input is NaN alone, and the gradient of NaN is NaN or 0"
ZERO = "0 with the other sign"
STRICT = "the lengths are the same by what was checked before"
NEGATIVE = "NumPy takes any negative size for the one to be found"
LEADING = "leading axes of 1 are summed away by the engine"
UNREAD = "an argument of NumPy's that changes nothing here: a result is never the caller's array"

SQUARED = "it is multiplied by itself, or by a multiple of itself"
REACHED = "what is beyond the period is never reached"
ONE_KNOT = "of one knot all but NaN is replaced by what is at it or beyond it"
ONE = "times 1 and over 1 are the same"
NEITHER = "np.where is given both or neither"
VALUE = "NumPy hands it nothing but Values"
STEPS = "the slope recorded step by step: the same but for rounding"
BLAS = "the same product by another call of BLAS"
MAGNITUDE = "of a difference only the magnitude is read"
PAIR = "of two the second is the last"
SIGN = "a product and a quotient have the same sign"
SQUARE = "the matrix is square"
ALIKE = "both are of one shape and dtype"
SHORTER = "of m rows and min(m, n) columns, which are fewer than m where n is"
SHORTER_TOO = "of n columns and min(m, n) rows, which are fewer than n where m is"
DTYPE = "both are of one dtype"
ANSWERED = "0 was answered before"
MORE = "more products are listed than are asked for"
ON_DIAGONAL = "only 0 is divided by what is on the diagonal"
OF_ZERO = "it is multiplied by the sign of 0"
GENERAL = "the general rule gives the same, but where another element is NaN"
IN_PLACE = "axes that are moved to where they are"
SIGNED = "the order is plus or minus 1, 2 or infinity there"
BOUND = "a bound on what may be rounding; its last digits are free"
FLAT = "the argument is not read"

# file, function (a lambda: its text), was, becomes, part of what is around it -> why; "" matches all
REASONS: list[tuple[str, str, str, str, str, str]] = [
    ("", "", "True", "False", "strict=True", STRICT),
    ("", "", "-1", "-2", "reshape(", NEGATIVE),
    ("", "", "-1", "-2", "-1 if ", NEGATIVE),
    ("indexing.py", "shrunk", "v.ndim - g.ndim", "v.ndim + g.ndim", "", LEADING),
    ("indexing.py", "shrunk", "lead > 0", "lead >= 0", "", LEADING),
    ("elementwise.py", "nonzero", "1.0", "2.0", "", NOWHERE),
    ("elementwise.py", "nonzero", "1.0", "-1.0", "", NOWHERE),
    ("elementwise.py", "sinc_slope", "1", "2", "abs(z) < 1", ROUNDING),
    ("elementwise.py", "sinc_slope", "10", "11", "", ROUNDING),
    ("elementwise.py", "exponent_less_one", "y * 1.0", "y / 1.0", "", ONE),
    ("elementwise.py", "where", "x", "y", " is None", NEITHER),
    ("elementwise.py", "where", "y", "x", " is None", NEITHER),
    ("elementwise.py", "where", "x", "y", " is not None", NEITHER),
    ("elementwise.py", "where", "y", "x", " is not None", NEITHER),
    ("elementwise.py", "flat(g, out, y)", "flat(g, out, y)", "-flat(g, out, y)", "", ZERO),
    ("elementwise.py", "flat(g, out, x)", "flat(g, out, x)", "-flat(g, out, x)", "", ZERO),
    ("elementwise.py", "np.copysign(1.0, y)", "y", "out", "np.copysign", NAN),
    ("elementwise.py", "g * ~((x <= lo) | (x >= hi))", "x", "out", "x <= lo", NAN),
    ("elementwise.py", "slope_of_sigmoid(x)", "x", "g", "type(x)", STEPS),
    ("reductions.py", "centred(x, axis)", "1.0", "2.0", "np.where(kept(out", EQUAL),
    ("reductions.py", "centred(x, axis)", "1.0", "-1.0", "np.where(kept(out", EQUAL),
    ("elementwise.py", "astype", "False", "True", "getattr", VALUE),
    ("special.py", "x / np.where((x == 0) & (y == 0), 1.0, y)", "1.0", "2.0", "", NOWHERE),
    ("special.py", "x / np.where((x == 0) & (y == 0), 1.0, y)", "1.0", "-1.0", "", NOWHERE),
    ("special.py", "_logsumexp_x", "out", "x", "np.isinf(out)", NAN),
    ("special.py", "_relu_x", "g", "out", "g * 0.0", ZERO),
    ("special.py", "_relu_x", "g", "x", "g * 0.0", ZERO),
    ("contraction.py", "matmul_x", "y.ndim > 2", "y.ndim >= 2", "", BLAS),
    ("contraction.py", "matmul_x", "2", "-2", "y.ndim > 2", BLAS),
    ("sequences.py", "interp", "1", "2", ":1", REACHED),
    ("sequences.py", "interp", "1", "-1", ":1", REACHED),
    ("sequences.py", "interp", "fp[i] + 0.0 * x", "fp[i] - 0.0 * x", "", ONE_KNOT),
    ("sequences.py", "interp", "0.0", "1.0", "0.0 * x", ONE_KNOT),
    ("elementwise.py", "nan_to_num", "copy=True", "copy=False", "", UNREAD),
    ("shaping.py", "broadcast_", "subok=False", "subok=True", "", UNREAD),
    ("elementwise.py", "copy", "subok=False", "subok=True", "", UNREAD),
    ("elementwise.py", "astype", "copy=True", "copy=False", "", UNREAD),
    *[
        ("spectral.py", "flat(g, out, x)", was, becomes, "flat(", FLAT)
        for was, becomes in (("g", "out"), ("g", "x"), ("out", "g"), ("out", "x"))
    ],
    ("spectral.py", "flat(g, out, x)", "flat(g, out, x)", "-flat(g, out, x)", "", ZERO),
    ("linalg.py", "symmetric", "x - mirrored", "mirrored - x", "", MAGNITUDE),
    ("linalg.py", "slogdet", "1", "-1", "", PAIR),
    ("linalg.py", "multi_dot", "1", "-1", "shape[1]", PAIR),
    ("linalg.py", "chain", "1", "-1", "best[i, j]", PAIR),
    ("spectral.py", "part(x, 1, eigh_parts", "1", "-1", "", PAIR),
    ("spectral.py", "norm", "1", "-1", "axes[1]", PAIR),
    (
        "linalg.py",
        "cofactors",
        "np.linalg.det(u) * np.linalg.det(vh)",
        "np.linalg.det(u) / np.linalg.det(vh)",
        "",
        SIGN,
    ),
    (
        "linalg.py",
        "accurate_inverse",
        "size * other >= np.finfo(x.dtype).eps ** (-0.3)",
        "size * other > np.finfo(x.dtype).eps ** (-0.3)",
        "",
        BOUND,
    ),
    ("linalg.py", "cofactors_along", "-1", "-2", "x.shape", SQUARE),
    ("linalg.py", "cholesky_x", "-1", "-2", "lower.shape", SQUARE),
    ("linalg.py", "solve", "-1", "-2", "a.shape", SQUARE),
    ("linalg.py", "matrix_power", "-1", "-2", "a.shape", SQUARE),
    ("spectral.py", "diagonal_of_ones", "-1", "-2", "x.shape", SQUARE),
    ("linalg.py", "cofactors_along", "x", "h", "x.shape", ALIKE),
    ("linalg.py", "cofactors_along", "x", "h", "x.dtype", ALIKE),
    ("linalg.py", "qr_x", "out", "g", "out.shape", ALIKE),
    ("spectral.py", "eigenvectors_x", "out", "g", "diagonal_of_ones(out)", ALIKE),
    ("spectral.py", "eigenvectors_x", "out", "x", "diagonal_of_ones(out)", ALIKE),
    ("spectral.py", "left_x", "x", "g", "x.shape", SHORTER),
    ("spectral.py", "left_x", "x", "out", "x.shape", SHORTER),
    ("spectral.py", "right_x", "x", "g", "x.shape", SHORTER_TOO),
    ("spectral.py", "right_x", "x", "out", "x.shape", SHORTER_TOO),
    ("spectral.py", "svdvals_x", "x", "g", "x.dtype", DTYPE),
    ("spectral.py", "svdvals_x", "x", "out", "x.dtype", DTYPE),
    ("linalg.py", "matrix_power", "n > 0", "n >= 0", "", ANSWERED),
    ("linalg.py", "cheapest", "len(sizes) - 1", "len(sizes) + 1", "range(", MORE),
    ("linalg.py", "cheapest", "1", "-1", "len(sizes) - 1", MORE),
    ("spectral.py", "gaps", "1", "2", "w.dtype.type(1)", ON_DIAGONAL),
    ("spectral.py", "gaps", "1", "-1", "w.dtype.type(1)", ON_DIAGONAL),
    ("spectral.py", "power_norm_x", "1.0", "2.0", "np.where(x == 0", OF_ZERO),
    ("spectral.py", "norm_of_vectors", "1", "2", "ord == 1", GENERAL),
    ("spectral.py", "norm_of_matrices", "-2", "2", "(-2, -1)", IN_PLACE),
    ("spectral.py", "norm_of_matrices", "-1", "-2", "(-2, -1)", IN_PLACE),
    ("spectral.py", "norm_of_matrices", "-1", "1", "(-2, -1)", IN_PLACE),
    ("spectral.py", "norm_of_matrices", "ord > 0", "ord >= 0", "", SIGNED),
    (
        "spectral.py",
        "pseudo_inverse",
        "s > 1000 * max(x.shape[-2:]) * np.finfo(x.dtype).eps * top",
        "s >= 1000 * max(x.shape[-2:]) * np.finfo(x.dtype).eps * top",
        "",
        BOUND,
    ),
    ("spectral.py", "pseudo_inverse", "1000", "1001", "", BOUND),
    ("spectral.py", "lstsq", "columns - a @ x", "a @ x - columns", "", SQUARED),
]


def reason_of(mutant: Mutant) -> str:
    """The first that is written for it; "" if there is none."""
    for file, function, before, after, text, reason in REASONS:
        changed = (mutant.before, mutant.after) == (before, after)
        if changed and file in mutant.file and function in mutant.function and text in mutant.text:
            return reason
    return ""
