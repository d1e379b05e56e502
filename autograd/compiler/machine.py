"""Generated code of numbers as machine code: read as Python, written as LLVM instructions.

numba's own way from Python to LLVM takes milliseconds for a line.  What is generated here is
straight-line arithmetic on float64 numbers and truth values, for which a page suffices; numba makes
the function around it that Python calls.  IEEE arithmetic: nothing is reordered or left out.
"""

import ast
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module as module
from typing import Any

import numpy as np

from autograd.compiler import scalars
from autograd.compiler.program import Variable

ARITHMETIC = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
# where the processor is quicker with another formula than Python
FORMULAS = scalars.FORMULAS | {
    np.sign: lambda x: f"(copysign(1.0, {x}) if {x} < 0.0 or {x} > 0.0 else {x} + 0.0)",
    np.power: scalars.power("pow({}, 0.5)"),  # inf for -inf; LLVM makes a square root of it
}
ELEMENTS = FORMULAS | {np.power: scalars.power("sqrt({})")}  # as NumPy has it for arrays
Element = tuple[Any, ...]  # of an array: its name, and a number for each axis


class Writer:
    """Writes generated lines: `names` holds the numbers, `elements` those of arrays."""

    def __init__(self, context: Any, builder: Any, names: dict[str, Any], elements: Any) -> None:
        ir = module("llvmlite.ir")
        self.context, self.builder, self.names, self.elements = context, builder, names, elements
        self.double, self.bit, self.integer = ir.DoubleType(), ir.IntType(1), ir.IntType(64)
        self.constant = ir.Constant

    def write(self, function: ast.FunctionDef) -> list[ast.expr]:
        """All lines of a function; what it returns, not written yet."""
        *lines, last = function.body
        for line in lines:
            assert isinstance(line, ast.Assign)
            (target,) = line.targets
            if isinstance(target, ast.Subscript):
                self.elements[element(target)] = self.value(line.value)
            elif not is_array(line):
                assert isinstance(target, ast.Name)
                self.names[target.id] = self.value(line.value)
        return returned(last)

    def value(self, x: ast.expr) -> Any:
        """An expression: a double, or one bit."""
        write = self.builder
        match x:
            case ast.Name():
                return self.names[x.id] if x.id in self.names else self.number(getattr(math, x.id))
            case ast.Constant():
                return self.number(x.value)
            case ast.Subscript():
                return self.elements[element(x)]
            case ast.UnaryOp(op=ast.Not()):
                return write.not_(self.truth(x.operand))
            case ast.UnaryOp(operand=ast.Constant(value=number)):
                return self.number(-float(number))  # type: ignore[arg-type]
            case ast.UnaryOp():
                return write.fneg(self.float(x.operand))
            case ast.BinOp():
                return getattr(write, ARITHMETIC[type(x.op)])(self.float(x.left), self.float(x.right))
            case ast.Compare():
                sign = COMPARISONS[type(x.ops[0])]
                compare = write.fcmp_unordered if sign == "!=" else write.fcmp_ordered
                return compare(sign, self.float(x.left), self.float(x.comparators[0]))
            case ast.BoolOp():
                join = write.and_ if isinstance(x.op, ast.And) else write.or_
                first, *rest = [self.truth(y) for y in x.values]
                for y in rest:
                    first = join(first, y)
                return first
            case ast.IfExp():
                a, b = self.value(x.body), self.value(x.orelse)
                if a.type != b.type:
                    a, b = self.as_float(a), self.as_float(b)
                return write.select(self.truth(x.test), a, b)
            case ast.Call():
                return self.call(x)
        raise AssertionError(ast.unparse(x))

    def call(self, x: ast.Call) -> Any:
        """A function of `math`, as numba has it."""
        types = module("numba.types")
        assert isinstance(x.func, ast.Name)
        name, args = x.func.id, [self.float(y) for y in x.args]
        result = types.boolean if name.startswith("is") else types.float64
        function = self.context.get_function(getattr(math, name), result(*[types.float64] * len(args)))
        return function(self.builder, args)

    def number(self, x: Any) -> Any:
        if isinstance(x, bool):
            return self.constant(self.bit, int(x))
        return self.constant(self.double, float(x))

    def result(self, x: ast.expr, kind: str) -> Any:
        """What is returned, as a number of its kind."""
        if kind == "b":
            return self.truth(x)
        return self.builder.fptosi(self.float(x), self.integer) if kind == "i" else self.float(x)

    def float(self, x: ast.expr) -> Any:
        return self.as_float(self.value(x))

    def as_float(self, value: Any) -> Any:
        return self.builder.uitofp(value, self.double) if value.type == self.bit else value

    def truth(self, x: ast.expr) -> Any:
        value = self.value(x)
        return value if value.type == self.bit else self.builder.fcmp_unordered("!=", value, self.number(0.0))


# --- generated text -----------------------------------------------------------------------------------


def parsed(text: str) -> ast.FunctionDef:
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    return function


def returned(line: ast.stmt) -> list[ast.expr]:
    assert isinstance(line, ast.Return) and isinstance(line.value, ast.Tuple)
    return line.value.elts


def element(x: ast.Subscript) -> Element:
    """`x[0, 1]` as ("x", 0, 1)."""
    assert isinstance(x.value, ast.Name)
    place = ast.literal_eval(x.slice)
    return (x.value.id, *(place if isinstance(place, tuple) else (place,)))


def is_array(line: ast.stmt) -> bool:
    """Whether it is `x = empty(shape)`."""
    made = line.value if isinstance(line, ast.Assign) else None
    return isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id == "empty"


def arrays_of(function: ast.FunctionDef) -> dict[str, tuple[tuple[int, ...], bool]]:
    """The arrays that a text makes: by name the shape, and whether they are truth values."""
    made = {}
    for line in function.body:
        if is_array(line):
            name, call = line.targets[0].id, line.value  # type: ignore[attr-defined]
            made[name] = ast.literal_eval(call.args[0]), len(call.args) > 1
    return made


# --- a program as one function ------------------------------------------------------------------------


class Memory:
    """The elements of NumPy arrays that are arguments."""

    def __init__(self, context: Any, builder: Any, arrays: dict[str, tuple[Any, Any]]) -> None:
        self.context, self.builder = context, builder
        self.arrays = {
            n: (kind, context.make_array(kind)(context, builder, x)) for n, (kind, x) in arrays.items()
        }

    def pointer(self, at: Element) -> tuple[Any, Any]:
        """The type of an element, and where it is."""
        cgutils = module("numba.core.cgutils")
        kind, array = self.arrays[at[0]]
        indices = [cgutils.intp_t(i) for i in at[1:]]
        return kind.dtype, cgutils.get_item_pointer(self.context, self.builder, kind, array, indices)

    def __getitem__(self, at: Element) -> Any:
        return self.context.unpack_value(self.builder, *self.pointer(at))

    def __setitem__(self, at: Element, value: Any) -> None:
        kind, pointer = self.pointer(at)
        self.context.pack_value(self.builder, kind, value, pointer)


def intrinsic(parameters: Sequence[str], typed: Callable[..., Any]) -> Any:
    """numba's function of some parameters; `typed` says for their types what it is, and how it is written."""
    given = ", ".join(parameters)
    scope: dict[str, Any] = {"typed": typed}
    exec(f"def body(context, {given}):\n    return typed({given})\n", scope)
    return module("numba.extending").intrinsic(scope["body"])


def defined(text: str, things: dict[str, Any]) -> Any:
    """The one function of a text, for numba to compile."""
    from autograd.compiler.executable import loaded
    from autograd.compiler.jit import njit

    return njit(loaded(text, things, "machine code")[parsed(text).name])


def types_of(variables: Sequence[Variable]) -> tuple[Any, ...]:
    """What numba calls the arrays and numbers that a function will be given."""
    numba = module("numba")
    return tuple(
        [numba.typeof(x.data) if x.is_array or x.dtype.kind == "b" else numba.float64 for x in variables]
    )


@lru_cache(256)
def function(text: str, kinds: str) -> Any:
    """The function of a text, as machine code; kinds: of each number that it returns "f", "i" or "b"."""
    types = module("numba.types")
    boolean, float64 = types.boolean, types.float64
    tree = parsed(text)
    given = [x.arg for x in tree.args.args]
    made = arrays_of(tree)
    results = [ast.unparse(x) for x in returned(tree.body[-1])]
    numbers = [i for i, name in enumerate(results) if name not in made]
    result = types.Tuple([{"f": float64, "i": types.int64, "b": boolean}[kind] for kind in kinds])

    def typed(*given: Any) -> Any:
        return result(*given), write

    def write(context: Any, builder: Any, signature: Any, args: Sequence[Any]) -> Any:
        names, arrays = {}, {}
        for name, kind, x in zip([*given, *made], signature.args, args, strict=True):
            if isinstance(kind, types.Array):
                arrays[name] = kind, x
            else:
                names[name] = x if kind == boolean else context.cast(builder, x, kind, float64)
        writer = Writer(context, builder, names, Memory(context, builder, arrays))
        found = writer.write(tree)
        values = [writer.result(found[i], kind) for i, kind in zip(numbers, kinds, strict=True)]
        return context.make_tuple(builder, result, values)

    # names that no argument has
    lines = [f"{name} = _c1({shape}{', _c2' if bit else ''})" for name, (shape, bit) in made.items()]
    call = f"_c0({', '.join([*given, *made])})"
    if made:
        lines.append(f"_r0 = {call}")
        each = [n if n in made else f"_r0[{numbers.index(i)}]" for i, n in enumerate(results)]
        call = f"({', '.join(each)},)"
    lines = [f"def run({', '.join(given)}):", *[f"    {line}" for line in lines], f"    return {call}", ""]
    body = intrinsic([*given, *made], typed)
    return defined("\n".join(lines), {"_c0": body, "_c1": np.empty, "_c2": np.bool_})


# --- a program run on its own results -------------------------------------------------------------------


@lru_cache(256)
def loop(text: str, shapes: tuple[tuple[int, ...], ...], kept: int) -> Any:
    """A function (n, rows, carry) that runs a text on its own results until it says stop, `n` times at most.

    The text returns (stop, `kept` things that make a row, the next arguments), which have these
    shapes.  carry: the elements of the arguments, side by side; at the end those of the last run.
    rows: of each element that is kept the numbers of all runs, those of one array element by element.
    The function returns how often it ran.
    """
    types, cgutils = module("numba.types"), module("numba.core.cgutils")
    tree = parsed(text)
    made = arrays_of(tree)
    given = [
        (x.arg, *at) for x, shape in zip(tree.args.args, shapes, strict=True) for at in np.ndindex(shape)
    ]

    def typed(*kinds: Any) -> Any:
        return types.intp(*kinds), write

    def write(context: Any, builder: Any, signature: Any, args: Sequence[Any]) -> Any:
        n, *arrays = args
        rows, carry = [
            context.make_array(kind)(context, builder, x).data
            for kind, x in zip(signature.args[1:], arrays, strict=True)
        ]
        at = cgutils.intp_t
        first_ones = [builder.load(builder.gep(carry, [at(k)])) for k in range(len(given))]
        slots = [cgutils.alloca_once_value(builder, x) for x in first_ones]
        before = [cgutils.alloca_once_value(builder, x) for x in first_ones]
        count = cgutils.alloca_once_value(builder, at(0))
        with cgutils.for_range(builder, n) as turn:
            now = [builder.load(slot) for slot in slots]
            names = {name: x for (name, *place), x in zip(given, now, strict=True) if not place}
            elements: dict[Element, Any] = dict(zip(given, now, strict=True))
            writer = Writer(context, builder, names, elements)
            stop, *found = writer.write(tree)
            each: list[list[Any]] = []
            for x in found:
                name = ast.unparse(x)
                if name in made:
                    each.append([writer.as_float(elements[name, *p]) for p in np.ndindex(made[name][0])])
                else:
                    each.append([writer.float(x)])
            start = 0
            for values in each[:kept]:
                first = builder.add(builder.mul(n, at(start)), builder.mul(turn.index, at(len(values))))
                for j, x in enumerate(values):
                    builder.store(x, builder.gep(rows, [builder.add(first, at(j))]))
                start += len(values)
            following = [x for values in each[kept:] for x in values]
            for slot, old, x, new in zip(slots, before, now, following, strict=True):
                builder.store(x, old)
                builder.store(new, slot)
            builder.store(builder.add(turn.index, at(1)), count)
            with builder.if_then(writer.truth(stop)):
                turn.do_break()
        for k, old in enumerate(before):
            builder.store(builder.load(old), builder.gep(carry, [at(k)]))
        return builder.load(count)

    body = intrinsic(["n", "rows", "carry"], typed)
    return defined("def loop(n, rows, carry):\n    return body(n, rows, carry)\n", {"body": body})
