"""Passes: each a small function from program to program that gives the same bits with less work."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.compiler.program import (
    CONSTANT,
    STEP,
    Program,
    Variable,
    constant,
    drawing,
    reached,
    step,
)
from autograd.compiler.trace import inlined
from autograd.compiler.ufuncs import ufunc_of
from autograd.operators import COMPARISONS
from autograd.rules import elementwise as el
from autograd.rules import shaping
from autograd.rules.contraction import MATMUL
from autograd.rules.indexing import SCATTER_ADD
from autograd.rules.kernels import Index
from autograd.rules.table import Op

Rewrite = Callable[[Variable], Variable]


def optimized(program: Program) -> Program:
    """All passes, in order."""
    opened: list[Op] = []
    program = rewritten(program, simpler, opener(opened), sharer())
    if opened:
        program = rewritten(program, simpler, sharer())
    return needed(gathered(unstretched(program)))


def rewritten(program: Program, *rewrites: Rewrite) -> Program:
    """The program with every step replaced by what the first of `rewrites` that knows better makes of it.

    What is not used any more is still there: see `needed`.
    """
    put: dict[int, Variable] = {}
    steps: list[Variable] = []
    placed: set[int] = set()
    for s in program.steps:
        args = s.args
        for x in args:
            if id(x) in put:
                s.args = tuple([put.get(id(x), x) for x in args])
                break
        for rewrite in rewrites:
            new = rewrite(s)
            if new is not s:
                put[id(s)] = new
                if new.kind == STEP and id(new) not in placed:  # there may be several
                    steps += reached([new], placed)
                break
        else:
            placed.add(id(s))
            steps.append(s)
    if not put:
        return program
    outputs = [put.get(id(x), x) for x in program.outputs]
    return Program(program.inputs, program.closed, program.values, steps, outputs, program.written)


def needed(program: Program) -> Program:
    """The program without steps that nothing is made of; a random draw moves its generator on, so it stays."""
    live = {id(x) for x in [*program.outputs, *drawing(program.steps)]}
    steps = []
    for s in reversed(program.steps):
        if id(s) in live:
            steps.append(s)
            live.update(map(id, s.args))
    program.steps = steps[::-1]
    return program


# --- dead code, constants, what is exact in IEEE arithmetic ---------------------------------------


SMALL = 4096  # bytes: a larger constant is kept as the operation that makes it


def simpler(s: Variable) -> Variable:
    """What stands for a step: a constant, one of its operands, or itself."""
    assert s.op is not None
    args = s.args
    for x in args:
        if x.kind != CONSTANT:
            fixed = False
            break
    else:
        fixed = bool(args) and not s.op.random
    if fixed:
        if getattr(s.data, "nbytes", 0) <= SMALL:
            return constant(s.data)
    elif s.op in UNCHANGED or (s.op in LAYOUT and args[0].shape == s.shape and s.op is not shaping.TRANSPOSE):
        if same_kind(s, args[0]):
            return args[0]
    elif s.op is el.MULTIPLY:
        for x, y in (args, args[::-1]):
            if is_number(x, 1) and same_kind(s, y):
                return y
    elif s.op is el.DIVIDE:
        if is_number(args[1], 1) and same_kind(s, args[0]):
            return args[0]
    elif s.op is el.SUBTRACT:
        if is_number(args[1], 0) and not np.signbit(args[1].data) and same_kind(s, args[0]):
            return args[0]
    elif s.op is el.NEGATIVE and args[0].op is el.NEGATIVE:
        return args[0].args[0]
    elif s.op is SCATTER_ADD and moves_all(s):
        return step(shaping.RESHAPE, args, {"shape": s.shape}, s.data, s)
    elif s.dtype.kind == "b" and len(args) == 2 and ufunc_of(s.op) is np.bitwise_or:
        for x, y in (args, args[::-1]):  # x | (False & y)
            never = ufunc_of(y.op) is np.bitwise_and and any([is_number(z, 0) for z in y.args])
            if never and same_kind(s, x):
                return x
    return s


UNCHANGED = frozenset((el.IDENTITY, el.POSITIVE, el.COPY, el.ASTYPE))
LAYOUT = frozenset((shaping.RESHAPE, shaping.BROADCAST_TO))


def moves_all(s: Variable) -> bool:
    """Whether a scatter writes every element, in order."""
    x, parts = s.args[0], s.params["index"].parts
    if not s.params["index"].basic or np.size(x.data) != np.size(s.data) or x.dtype != s.dtype:
        return False
    backwards = [p.step is not None and p.step < 0 for p in parts if isinstance(p, slice)]
    return True not in backwards and s.is_array and (not x.is_array or x.data.flags.c_contiguous)


def is_number(x: Variable, n: float) -> bool:
    return x.kind == CONSTANT and not x.is_array and bool(x.data == n)


def same_kind(s: Variable, x: Variable) -> bool:
    """Whether `x` can stand for `s`: the same shape and dtype, and no Python number for a NumPy one."""
    return x.shape == s.shape and x.dtype == s.dtype and hasattr(x.data, "dtype") == hasattr(s.data, "dtype")


# --- operations as the NumPy they are made of -----------------------------------------------------


def opener(opened: list[Op]) -> Rewrite:
    """Operations whose forward is plain NumPy (softmax, a linear layer) as the steps it consists of.

    Those that were opened are added to `opened`.
    """
    single: set[tuple[Op, tuple[str, ...]]] = set()  # operations that are one step
    whole: set[Op | None] = set()  # those that are ufuncs

    def expand(s: Variable) -> Variable:
        if s.op in whole or ufunc_of(s.op) is not None:
            whole.add(s.op)
            return s
        todo = [s]
        put: dict[int, Variable] = {}
        while todo:
            x = todo.pop(0)
            x.args = tuple([put.get(id(y), y) for y in x.args])
            assert x.op is not None
            key = (x.op, tuple(y.kind if y.kind == CONSTANT else "" for y in x.args))
            if key in single or x.op.random or ufunc_of(x.op) is not None:
                continue
            made = inlined(x.op, x.args, x.params)
            if made is None or any([y.op is x.op for y in made[0]]):
                single.add(key)
                continue
            steps, out = made
            if out.shape != x.shape or out.dtype != x.dtype:
                single.add(key)
                continue
            for y in steps:
                y.site = x.site
            out.name = x.name
            put[id(x)] = out
            opened.append(x.op)
            todo = steps + todo
        last = s
        while id(last) in put:
            last = put[id(last)]
        return last

    return expand


# --- common subexpressions ------------------------------------------------------------------------


def sharer() -> Rewrite:
    """Steps that compute the same thing from the same variables, computed once."""
    known: dict[Any, Variable] = {}

    def first(s: Variable) -> Variable:
        assert s.op is not None
        if s.op.random:
            return s
        try:
            args = [id(x) if x.kind != CONSTANT else key_of(x) for x in s.args]
            return known.setdefault((s.op, *args, params_key(s.params)) if s.params else (s.op, *args), s)
        except TypeError:  # a parameter that cannot be hashed
            return s

    return first


def key_of(x: Variable) -> Any:
    """Equal for constants that are the same; large ones by identity."""
    if type(x.data) is float and x.data and x.data == x.data:  # neither a zero, which has a sign, nor nan
        return (float, x.data)
    if isinstance(x.data, np.ndarray):
        return (x.data.dtype.str, x.data.shape, x.data.tobytes()) if x.data.nbytes <= SMALL else id(x)
    return (type(x.data), x.data.tobytes() if hasattr(x.data, "tobytes") else repr(x.data))


def params_key(params: dict[str, Any]) -> Any:
    return tuple(
        [(k, type(v), v if not isinstance(v, Index) else v.key()) for k, v in sorted(params.items())]
    )


# --- stretched operands, scattered sums -------------------------------------------------------------


def unstretched(program: Program) -> Program:
    """Operands that are stretched before an operation that would stretch them itself, as they were."""

    same: dict[int, Variable] = {}  # of constant arrays: the number that all elements are

    def narrow(s: Variable) -> None:
        if s.is_array and (s.op is el.WHERE or is_elementwise(s.op)):
            for i, x in enumerate(s.args):
                if x.kind == CONSTANT and x.is_array and x.data.nbytes <= SMALL:
                    y = same[id(x)] = same.get(id(x)) or repeated(x)
                elif x.op in LAYOUT:
                    y = unbroadcast(x)
                else:
                    continue
                args = (*s.args[:i], y, *s.args[i + 1 :])
                if y is not x and np.broadcast_shapes(*[z.shape for z in args]) == s.shape:
                    s.args = args

    for s in program.steps:
        narrow(s)
    return program


def repeated(x: Variable) -> Variable:
    """A constant array as a number, if all its elements are one."""
    bits = np.ravel(x.data).view(np.dtype((np.void, x.dtype.itemsize)))
    return constant(np.ravel(x.data)[0]) if bits.size and (bits == bits[0]).all() else x


def is_elementwise(op: Op | None) -> bool:
    """Whether NumPy stretches the operands against each other; a matrix product's it does not."""
    function = ufunc_of(op)
    return function is not None and function.signature is None


def unbroadcast(x: Variable) -> Variable:
    """What `x` was before it was stretched, if that is an array or NumPy number like it."""
    source = x
    while source.op in LAYOUT:
        source = source.args[0]
    if source.is_array:
        source = x.args[0] if x.op is shaping.BROADCAST_TO else x
    return source if hasattr(source.data, "dtype") and source.dtype == x.dtype else x


def scattered(*xs: Any, indices: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Zeros, with some of their entries written over."""
    out = np.zeros(shape, xs[0].dtype)
    for i, x in zip(indices, xs, strict=True):
        out[i] = x + 0.0
    return out


SCATTERED = Op("scattered", scattered, variadic=True)


def gathered(program: Program) -> Program:
    """A sum of arrays that are zero but for one entry each (the gradient of x[0], x[1], ...) as one array."""

    def entries(s: Variable) -> tuple[tuple[int, ...], tuple[Variable, ...]] | None:
        if s.op is SCATTERED:
            return s.params["indices"], s.args
        if s.op is SCATTER_ADD and s.dtype.kind == "f" and type(s.params["index"].parts[0]) is int:
            parts = s.params["index"].parts
            return ((parts[0] % s.shape[0],), s.args) if len(parts) == 1 else None
        return None

    def joined(s: Variable) -> Variable:
        if s.op is el.ADD and s.args[0].shape == s.args[1].shape == s.shape:
            x, y = [entries(a) for a in s.args]
            if x and y and not set(x[0]) & set(y[0]) and s.args[0].dtype == s.args[1].dtype:
                params = {"indices": x[0] + y[0], "shape": s.shape}
                return step(SCATTERED, x[1] + y[1], params, s.data, s)
        return s

    return rewritten(program, joined) if any([s.op is SCATTER_ADD for s in program.steps]) else program


def with_numbers(program: Program) -> Program:
    """Truth values made numbers before an array is multiplied by them: NumPy does it piece by piece in its loop."""

    def numbers(x: Variable, s: Variable) -> Variable:
        if not (x.is_array and x.dtype.kind == "b"):
            return x
        steps.append(Variable(STEP, x.data.astype(s.dtype), el.ASTYPE, (x,), {"dtype": s.dtype}, site=s.site))
        return steps[-1]

    steps: list[Variable] = []
    for s in program.steps:
        if s.op is el.MULTIPLY and s.dtype.kind == "f" and "b" in [x.dtype.kind for x in s.args]:
            s.args = tuple([numbers(x, s) for x in s.args])
        steps.append(s)
    program.steps = steps
    return program


# --- signs ------------------------------------------------------------------------------------------


def unsigned(program: Program) -> Program:
    """Minus signs carried through products into the sum or difference that takes them up: fewer operations.

    -x * y = -(x * y), a + -b = a - b and a - -b = a + b hold exactly, zeros and infinities included.
    """
    positive: dict[int, Variable] = {}  # of a step: that whose negative it is

    def stripped(s: Variable) -> Variable:
        if s.op is el.NEGATIVE:
            x = s.args[0]
            if id(x) in positive:
                return positive[id(x)]
            positive[id(s)] = x
        if s.op not in SIGNED or s.dtype.kind != "f":
            return s
        x, y = s.args
        a, b = positive.get(id(x)), positive.get(id(y))
        if s.op in (el.MULTIPLY, el.DIVIDE) and (a or b):
            s.args = (a or x, b or y)
            if a and b:
                return s
            new = step(el.NEGATIVE, (s,), s.params, s.data, s)
            s.name = None  # it belongs to the negative
            positive[id(new)] = s
            return new
        if b and s.op in (el.ADD, el.SUBTRACT):
            return step(el.SUBTRACT if s.op is el.ADD else el.ADD, (x, b), s.params, s.data, s)
        if a and s.op is el.ADD:
            return step(el.SUBTRACT, (y, a), s.params, s.data, s)
        return s

    if not any([s.op is el.NEGATIVE for s in program.steps]):
        return program
    before = [(s, s.args, s.name) for s in program.steps]
    shorter = needed(rewritten(program, stripped))
    if len(shorter) < len(before):
        return shorter
    for s, args, name in before:
        s.args, s.name = args, name
    return program


SIGNED = frozenset((el.ADD, el.SUBTRACT, el.MULTIPLY, el.DIVIDE))


# --- divisions --------------------------------------------------------------------------------------


def multiplied(program: Program) -> Program:
    """Several divisions by 1 + exp(-|x|), as sigmoid and its slope have them, as one and products.

    Up to an ulp for each: only for what need not have NumPy's bits.  The divisor lies between 1 and
    2, so nothing overflows or vanishes on the way.
    """
    count: dict[int, int] = {}
    for s in program.steps:
        if s.op is el.DIVIDE and is_one_and_exp(s.args[1]):
            count[id(s.args[1])] = count.get(id(s.args[1]), 0) + 1
    inverse: dict[int, Variable] = {}

    def product(s: Variable) -> Variable:
        y = s.args[-1]
        if s.op is not el.DIVIDE or count.get(id(y), 0) < 2:
            return s
        if id(y) not in inverse:
            one = constant(np.float64(1.0))
            inverse[id(y)] = Variable(STEP, 1.0 / y.data, el.DIVIDE, (one, y), {}, site=s.site)
        return step(el.MULTIPLY, (s.args[0], inverse[id(y)]), s.params, s.data, s)

    return needed(rewritten(program, product)) if max(count.values(), default=0) > 1 else program


def is_one_and_exp(x: Variable) -> bool:
    """Whether it is 1 + exp(-|...|)."""
    for one, power in (x.args, x.args[::-1]) if x.op is el.ADD else ():
        if is_number(one, 1) and ufunc_of(power.op) is np.exp:
            sign = power.args[0]
            return sign.op is el.NEGATIVE and ufunc_of(sign.args[0].op) in (np.absolute, np.fabs)
    return False


# --- products that are no sums ------------------------------------------------------------------------


def outer(program: Program, single: bool = False) -> Program:
    """The matrix product of a column and a row as their product: quicker in a loop with what follows.

    The same bits: + 0.0, which a sum begins with, makes 0.0 of -0.0.  single: only where one of them is a number.
    """

    def product(s: Variable) -> Variable:
        if s.op is not MATMUL or [x.shape[1:] for x in s.args] != [(1,), s.shape[1:]] or s.dtype.kind != "f":
            return s
        if single and 1 not in [x.data.size for x in s.args]:
            return s
        new = Variable(STEP, s.data, el.MULTIPLY, s.args, {}, site=s.site)
        return step(el.ADD, (new, constant(0.0)), {}, s.data, s)

    return rewritten(program, product) if any([s.op is MATMUL for s in program.steps]) else program


# --- Python's float functions -------------------------------------------------------------------------


def mirrored(program: Program) -> Program:
    """exp(-|x|) as exp(-x if x >= 0 else x): for Python's floats a choice is quicker than a call of fabs."""

    def choice(s: Variable) -> Variable:
        if ufunc_of(s.op) is not np.exp or s.args[0].op is not el.NEGATIVE:
            return s
        sign = s.args[0]
        size = sign.args[0]
        if ufunc_of(size.op) is not np.absolute or size.is_array:
            return s
        x = size.args[0]
        positive = Variable(STEP, x.data >= 0.0, AT_LEAST, (x, constant(0)), site=s.site)
        minus = Variable(STEP, -x.data, el.NEGATIVE, (x,), site=s.site)
        chosen = Variable(STEP, sign.data, el.WHERE, (positive, minus, x), site=s.site)
        assert s.op is not None
        return step(s.op, (chosen,), s.params, s.data, s)

    if not any([ufunc_of(s.op) is np.absolute for s in program.steps]):
        return program
    return needed(rewritten(rewritten(program, choice), sharer()))


AT_LEAST = COMPARISONS[operator.ge]


__all__ = ["mirrored", "multiplied", "optimized", "outer", "unsigned", "with_numbers"]
