"""The calculus in words: what each rule does, as one writes it on paper.

LOCAL holds, per operation and operand, the derivative of the result `out` with respect to
that operand, x, y or z by position, as a Python expression.  VJP holds, for operations on
arrays that are not elementwise, what becomes of the result's gradient g.
"""

import ast
import re
from collections.abc import Sequence
from typing import Any

LOCAL: dict[str, tuple[str, ...]] = {
    "add": ("1", "1"),
    "subtract": ("1", "-1"),
    "multiply": ("y", "x"),
    "divide": ("1/y", "-x/y**2"),
    "power": ("y*x**(y - 1)", "out*log(x)"),
    "float_power": ("y*x**(y - 1)", "out*log(x)"),
    "negative": ("-1",),
    "positive": ("1",),
    "identity": ("1",),
    "copy": ("1",),
    "astype": ("1",),
    "absolute": ("sign(x)",),
    "fabs": ("sign(x)",),
    "sqrt": ("1/(2*out)",),
    "cbrt": ("1/(3*out**2)",),
    "square": ("2*x",),
    "reciprocal": ("-1/x**2",),
    "exp": ("out",),
    "exp2": ("out*log(2)",),
    "expm1": ("out + 1",),
    "log": ("1/x",),
    "log2": ("1/(x*log(2))",),
    "log10": ("1/(x*log(10))",),
    "log1p": ("1/(x + 1)",),
    "logaddexp": ("exp(x - out)", "exp(y - out)"),
    "sin": ("cos(x)",),
    "cos": ("-sin(x)",),
    "tan": ("1 + out**2",),
    "arcsin": ("1/sqrt(1 - x**2)",),
    "arccos": ("-1/sqrt(1 - x**2)",),
    "arctan": ("1/(1 + x**2)",),
    "arctan2": ("y/(x**2 + y**2)", "-x/(x**2 + y**2)"),
    "hypot": ("x/out", "y/out"),
    "sinh": ("cosh(x)",),
    "cosh": ("sinh(x)",),
    "tanh": ("1 - out**2",),
    "arcsinh": ("1/sqrt(x**2 + 1)",),
    "arccosh": ("1/sqrt(x**2 - 1)",),
    "arctanh": ("1/(1 - x**2)",),
    "sigmoid": ("out*(1 - out)",),
    "sigmoid_slope": ("-out*tanh(x/2)",),
    "softplus": ("sigmoid(x)",),
    "log_sigmoid": ("sigmoid(-x)",),
    "silu": ("sigmoid(x) + out*(1 - sigmoid(x))",),
    "xlogy": ("log(y)", "x/y"),
    "relu": ("[x > 0]",),
    "sign": ("0",),
    "floor": ("0",),
    "ceil": ("0",),
    "trunc": ("0",),
    "rint": ("0",),
    "round": ("0",),
    "degrees": ("180/pi",),
    "rad2deg": ("180/pi",),
    "radians": ("pi/180",),
    "deg2rad": ("pi/180",),
    "maximum": ("[x > y]", "[y > x]"),
    "minimum": ("[x < y]", "[y < x]"),
    "clip": ("[y < x < z]", "[x <= y]", "[x >= z]"),
    "where": ("", "[x]", "[not x]"),
}

VJP: dict[str, tuple[str, ...]] = {
    "matmul": ("g @ yᵀ", "xᵀ @ g"),
    "linear": ("g @ y", "gᵀ @ x", "g"),
    "sum": ("g, repeated over what was summed",),
    "mean": ("g / n, repeated over what was averaged",),
    "reshape": ("g, in the shape of x",),
    "transpose": ("g, with the axes put back",),
    "broadcast_to": ("g",),
    "flip": ("g, flipped back",),
    "roll": ("g, rolled back",),
    "getitem": ("g, put back where it was taken, 0 elsewhere",),
    "scatter_add": ("g, where it was put",),
    "setitem": ("g, 0 where it was written over", "g, where it was written"),
    "concatenate": ("the piece of g",),
    "stack": ("the piece of g",),
    "max": ("g, where x is largest, 0 elsewhere",),
    "min": ("g, where x is smallest, 0 elsewhere",),
    "softmax": ("out·(g − Σ g·out)",),
    "log_softmax": ("g − exp(out)·Σ g",),
    "logsumexp": ("g·exp(x − out)",),
    "cumsum": ("the sums of g from the other end",),
    "pad": ("the inside of g",),
    "tril": ("the lower triangle of g",),
    "triu": ("the upper triangle of g",),
}

WORD = re.compile(r"(?<![A-Za-z0-9_])(x|y|z|out|g)(?![A-Za-z0-9_])")
SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
PLAIN = re.compile(r"[^\W\d]\w*|\d+(\.\d+)?|[^\W\d]\w*[₀-₉]+")  # needs no brackets


def local(op: str, slot: int, operands: Sequence[str] = ()) -> str:
    """The derivative as a Python expression in x, y, z and out; "" where none is written down."""
    if op == "power" and slot == 0 and operands:
        return power_of(operands[1])
    known = LOCAL.get(op, ())
    return known[slot] if slot < len(known) else ""


def names_of(operands: Sequence[str], out: str) -> dict[str, str]:
    """What x, y, z and out stand for."""
    return {**dict(zip("xyz", operands, strict=False)), "out": out}


def formula(
    op: str,
    slot: int,
    operands: Sequence[str],
    out: str,
    scalar: bool,
    same_shape: bool = True,
    g: str = "g",
) -> str:
    """What the rule of `op` does for operand `slot`: "w5·s" between single numbers, "g·w5" for arrays.

    operands, out, g: the names to write.
    """
    expression = local(op, slot, operands)
    names = {**names_of(operands, out), "g": g}
    if scalar:
        return typeset(expression, names) if expression else f"∂{op}/∂{bracketed(operands[slot])}"
    known = VJP.get(op, ())
    if known:
        words = known[slot if slot < len(known) else 0]
        return WORD.sub(lambda m: m[0] if m[0] not in names else bracketed(names[m[0]], m[0] == "g"), words)
    if not expression:
        return f"the rule of {op} applied to {g}"
    factor = additive_bracketed(typeset(expression, names))
    words = {"1": g, "-1": f"−{g}", "0": "0"}.get(expression, f"{g}·{factor}")
    return words if same_shape else f"{words}, summed back to the shape of {operands[slot]}"


def power_of(exponent: str) -> str:
    """d x**y / dx; for a number as exponent it is worked out."""
    try:
        y = float(exponent)
    except ValueError:
        return "y*x**(y - 1)"
    return "1" if y == 1 else "2*x" if y == 2 else f"y*x**{y - 1:g}" if y > 1 else f"y*x**({y - 1:g})"


def bracketed(name: str, plain: bool = False) -> str:
    """A name inside a product or a power: a negative number or a phrase gets brackets."""
    return name if plain or PLAIN.fullmatch(name) else f"({name})"


def additive(words: str) -> bool:
    """Whether there is a sum or a sign outside all brackets."""
    depth = 0
    for c in words:
        depth += (c in "([") - (c in ")]")
        if not depth and c in "+−,":
            return True
    return False


def additive_bracketed(words: str) -> str:
    return f"({words})" if additive(words) else words


def typeset(expression: str, names: dict[str, str]) -> str:
    """A Python expression as one writes it: · for *, ² for **2, and the names put in."""
    words = re.sub(r"\*\*(\d)", lambda m: m[1].translate(SUPER), expression)
    words = words.replace("**", "^").replace("*", "·").replace("<=", "≤").replace(">=", "≥")
    words = re.sub(r"(?<![\w)])-|-(?=\s)", "−", words)
    return WORD.sub(lambda m: names[m[0]] if WORD.fullmatch(words) else bracketed(names[m[0]]), words)


def in_latex(expression: str, names: dict[str, tuple[str, bool]]) -> str:
    """The same in LaTeX; names hold LaTeX and whether it needs brackets inside a product."""
    if expression.startswith("["):
        inner = expression[1:-1].replace("not x", r"\neg x").replace("<=", r"\le ").replace(">=", r"\ge ")
        return r"\left[" + WORD.sub(lambda m: names[m[0]][0], inner) + r"\right]"
    return _latex(ast.parse(expression, mode="eval").body, names, 0)


FUNCTIONS = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "max", "min")


def _latex(e: ast.expr, names: dict[str, tuple[str, bool]], around: int) -> str:
    """One node of an expression; `around` is how tightly what is around it binds."""
    if isinstance(e, ast.Constant):
        return str(e.value)
    if isinstance(e, ast.Name):
        word, compound = names.get(e.id, (rf"\{e.id}" if e.id == "pi" else e.id, False))
        return rf"\left({word}\right)" if around and compound else word
    if isinstance(e, ast.Call):
        function = e.func.id if isinstance(e.func, ast.Name) else ""
        return latex_call(function, [_latex(x, names, 0) for x in e.args])
    if isinstance(e, ast.UnaryOp):
        word, level = "-" + _latex(e.operand, names, 2), 1
    else:
        assert isinstance(e, ast.BinOp)
        kind: Any = type(e.op)
        if kind is ast.Div:
            return rf"\frac{{{_latex(e.left, names, 0)}}}{{{_latex(e.right, names, 0)}}}"
        if kind is ast.Pow:
            return rf"{{{_latex(e.left, names, 3)}}}^{{{_latex(e.right, names, 0)}}}"
        sign, level = {ast.Add: (" + ", 1), ast.Sub: (" - ", 1), ast.Mult: (r" \cdot ", 2)}[kind]
        word = _latex(e.left, names, level) + sign + _latex(e.right, names, level + (kind is ast.Sub))
    return rf"\left({word}\right)" if around > level else word


def latex_call(function: str, inside: Sequence[str]) -> str:
    """A function of something, in LaTeX."""
    if function == "sqrt":
        return rf"\sqrt{{{inside[0]}}}"
    name = (
        rf"\{function}"
        if function in FUNCTIONS
        else rf"\operatorname{{{function.replace('_', chr(92) + '_')}}}"
    )
    return name + r"\left(" + ", ".join(inside) + r"\right)"
