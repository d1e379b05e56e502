"""The `python` and `numba` back ends for programs of numbers: straight-line arithmetic on floats.

Each ufunc has one line here: the same formula in Python's operators and `math`.  Where `math`
raises and NumPy answers inf or nan, the caller runs the call again with NumPy.  Results may
differ from NumPy's in the last place, where its functions and `math`'s round differently.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd.compiler.names import Names, comment
from autograd.compiler.parts import tupled
from autograd.compiler.program import CONSTANT, STEP, Program, Variable
from autograd.compiler.ufuncs import ufunc_of
from autograd.rules import elementwise as el
from autograd.rules import reductions, shaping
from autograd.rules.table import Op

Text = Callable[..., str]
FLAT = object()  # a tuple of all results, one after the other


def power(root: str) -> Text:
    """x ** n, with something quicker for some n; `root`: that for 0.5."""

    def text(x: str, y: str) -> str:
        quick = {
            "1.0": x,
            "2.0": f"{x} * {x}",
            "3.0": f"{x} * {x} * {x}",
            "(-1.0)": f"1.0 / {x}",
            "0.5": root.format(x),
        }
        return quick.get(y, f"pow({x}, {y})")

    return text


# fmt: off
FORMULAS: dict[np.ufunc, Text] = {
    np.add: lambda x, y: f"{x} + {y}",
    np.subtract: lambda x, y: f"{x} - {y}",
    np.multiply: lambda x, y: f"{x} * {y}",
    np.divide: lambda x, y: f"{x} / {y}",
    np.power: power("sqrt({}) + 0.0"),  # of -0.0 it is 0.0
    np.negative: lambda x: f"-{x}",
    np.positive: lambda x: x,
    np.absolute: lambda x: f"fabs({x})",
    np.fabs: lambda x: f"fabs({x})",
    np.sign: lambda x: f"(1.0 if {x} > 0.0 else -1.0 if {x} < 0.0 else {x} + 0.0)",
    np.square: lambda x: f"{x} * {x}",
    np.reciprocal: lambda x: f"1.0 / {x}",
    np.maximum: lambda x, y: f"({x} if {x} > {y} or {x} != {x} else {y})",
    np.minimum: lambda x, y: f"({x} if {x} < {y} or {x} != {x} else {y})",
    np.equal: lambda x, y: f"{x} == {y}",
    np.not_equal: lambda x, y: f"{x} != {y}",
    np.less: lambda x, y: f"{x} < {y}",
    np.less_equal: lambda x, y: f"{x} <= {y}",
    np.greater: lambda x, y: f"{x} > {y}",
    np.greater_equal: lambda x, y: f"{x} >= {y}",
    np.bitwise_and: lambda x, y: f"({x} and {y})",
    np.bitwise_or: lambda x, y: f"({x} or {y})",
    np.bitwise_not: lambda x: f"not {x}",
    np.logical_and: lambda x, y: f"({x} != 0.0 and {y} != 0.0)",
    np.logical_or: lambda x, y: f"({x} != 0.0 or {y} != 0.0)",
    np.logical_not: lambda x: f"not {x}",
    np.isnan: lambda x: f"{x} != {x}",
    np.isinf: lambda x: f"isinf({x})",
    np.isfinite: lambda x: f"isfinite({x})",
    np.hypot: lambda x, y: f"hypot({x}, {y})",
    np.arctan2: lambda x, y: f"atan2({x}, {y})",
    np.copysign: lambda x, y: f"copysign({x}, {y})",
}
# fmt: on
# the names in `math` where they are not NumPy's
MATH = {
    np.arcsin: "asin",
    np.arccos: "acos",
    np.arctan: "atan",
    np.arcsinh: "asinh",
    np.arccosh: "acosh",
    np.arctanh: "atanh",
    np.exp: "exp",
    np.log: "log",
    np.log1p: "log1p",
    np.expm1: "expm1",
    np.log2: "log2",
    np.log10: "log10",
    np.sin: "sin",
    np.cos: "cos",
    np.tan: "tan",
    np.sinh: "sinh",
    np.cosh: "cosh",
    np.tanh: "tanh",
    np.sqrt: "sqrt",
}  # fmt: skip
FORMULAS.update({f: lambda x, name=name: f"{name}({x})" for f, name in MATH.items()})
FUNCTIONS = ("sqrt", "pow", "fabs", "isinf", "isfinite", "hypot", "atan2", "copysign", *MATH.values())
NAMESPACE: dict[str, Any] = {name: getattr(math, name) for name in FUNCTIONS} | {
    "inf": math.inf,
    "nan": math.nan,
}
TRUTHS = frozenset(
    (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.bitwise_and, np.bitwise_or,
     np.bitwise_not, np.logical_and, np.logical_or, np.logical_not, np.isnan, np.isinf, np.isfinite)
)  # fmt: skip
SIMPLE = frozenset((np.maximum, np.minimum, np.sign, np.isnan, np.square))  # these write an operand twice
# of one number these change nothing
SAME: frozenset[Op] = frozenset(
    (el.IDENTITY, el.COPY, reductions.SUM, reductions.MEAN, reductions.PROD, reductions.MAX, reductions.MIN,
     shaping.RESHAPE, shaping.TRANSPOSE, shaping.BROADCAST_TO)
)  # fmt: skip

SUMS = frozenset((reductions.SUM, reductions.MEAN))  # they begin with 0.0: of -0.0 they are 0.0


def fits(program: Program, given: str = "") -> str:
    """'' if every variable is one float64 (or a truth value) and every operation is in the table, else why not.

    given: the kinds of other dtypes that an input may have.
    """
    for x in [*program.inputs, *program.closed, *program.outputs]:
        # in Python a truth value or an integer that is given would become a float
        kinds = "bi" if x.kind in (STEP, CONSTANT) else given
        if x.is_array or not (x.dtype == np.float64 or x.dtype.kind in kinds):
            return f"{x.name or 'a variable'} is {x.dtype} {x.shape}"
    for s in program.steps:
        if s.is_array or any([x.is_array for x in s.args]):
            return f"{s.op} has an operand or result with axes"
        if s.dtype.kind == "f" and s.dtype != np.float64:
            return f"{s.op} gives {s.dtype}"
        if ufunc_of(s.op) not in FORMULAS and s.op not in SAME and s.op is not el.WHERE:
            return f"{s.op} has no formula for floats"
        if s.dtype.kind == "b" and ufunc_of(s.op) not in TRUTHS and ufunc_of(s.op) is not None:
            return f"{s.op} gives a truth value"  # True + True is True for NumPy, 2 for Python
    return ""


def lines_of(program: Program, names: Names, formulas: Mapping[np.ufunc, Text] = FORMULAS) -> list[str]:
    """One assignment per step; a step that is read once is written where it is read."""
    uses = program.uses()
    often = {id(x) for s in program.steps if repeats(s) for x in s.args} | {id(x) for x in program.outputs}
    texts = dict(names.of)
    reads: dict[int, int] = {}  # how many steps are written in a text
    lines = []
    for s in program.steps:
        args = [atom(x, names, takes_floats(s)) if x.kind == CONSTANT else texts[id(x)] for x in s.args]
        if s.op is el.WHERE:
            text = f"{args[1]} if {args[0]} else {args[2]}"
        elif s.op in SAME:
            text = f"{args[0]} + 0.0" if s.op in SUMS and s.dtype.kind == "f" else args[0]
        else:
            function = ufunc_of(s.op)
            assert function is not None
            text = formulas[function](*args)
        n = id(s)
        depth = 1 + max([reads.get(id(x), 0) for x in s.args], default=0)
        if uses[n] == 1 and s.name is None and depth < 6 and n not in often and len(text) < 60:
            texts[n], reads[n] = text if text.isidentifier() else f"({text})", depth
        else:
            lines.append(f"{texts[n]} = {text}{comment(s)}")
    return lines


def takes_floats(s: Variable) -> bool:
    """Whether a number among the operands of a step becomes a float."""
    return s.dtype.kind == "f" or any([x.dtype.kind == "f" for x in s.args if x.kind != CONSTANT])


def repeats(user: Variable) -> bool:
    """Whether a step writes its operand more than once."""
    function = ufunc_of(user.op)
    return function in SIMPLE or function is np.power


def atom(x: Variable, names: Names, floats: bool = False) -> str:
    """A variable by its name; a constant as a number of the source text, as a float where it will become one."""
    if x.kind != CONSTANT:
        return names[x]
    number = x.data.item() if hasattr(x.data, "item") else x.data
    if floats and type(number) is int and abs(number) < 2**53:
        number = float(number)  # Python is quicker with two floats
    if isinstance(number, float) and not math.isfinite(number):
        return "nan" if number != number else "inf" if number > 0 else "(-inf)"
    return repr(number) if not str(number).startswith("-") else f"({number!r})"


def source(program: Program, names: Names, formulas: Mapping[np.ufunc, Text] = FORMULAS) -> str:
    """The function `run` of a program of numbers, which returns a flat tuple."""
    given = ", ".join([names[x] for x in [*program.inputs, *program.closed]])
    body = [*lines_of(program, names, formulas), f"return {returned(program, names, FLAT)}"]
    return "\n".join([f"def run({given}):", *[f"    {line}" for line in body], ""])


def returned(program: Program, names: Names, layout: Any) -> str:
    """The text of the results."""
    results = [atom(x, names) for x in program.outputs]
    return tupled(results) if layout is FLAT else arranged(layout, iter(results))


def arranged(layout: Any, rest: Iterator[str]) -> str:
    """The text of nested tuples, lists and dicts of results."""
    if type(layout) is tuple:
        return tupled([arranged(x, rest) for x in layout])
    if type(layout) is list:
        return f"[{', '.join([arranged(x, rest) for x in layout])}]"
    if type(layout) is dict:
        return f"{{{', '.join([f'{k!r}: {arranged(x, rest)}' for k, x in layout.items()])}}}"
    return next(rest)


def can_be_text(layout: Any) -> bool:
    """Whether `arranged` knows all of its containers and keys."""
    if type(layout) in (tuple, list):
        return all([can_be_text(x) for x in layout])
    if type(layout) is dict:
        return all([type(k) in (str, int) and can_be_text(x) for k, x in layout.items()])
    return layout is None
