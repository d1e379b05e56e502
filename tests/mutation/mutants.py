"""Mutants of the rules: one constant, sign, operator, operand, axis or comparison changed at a time.

A mutated function is compiled at its original place in the file, and its code is put into
the live function, so that a mutant costs no import.
"""

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

FUNCTIONS = (ast.Lambda, ast.FunctionDef)
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.MatMult: ast.Mult}
OPERATORS |= {
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
COMMUTE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr)


class Mutant(NamedTuple):
    """One change: where, what it was, what it is now, and the code of the function that holds it."""

    file: str
    line: int
    before: str
    after: str
    original: CodeType
    mutated: CodeType

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.before}  ->  {self.after}"


def codes(code: CodeType) -> Iterator[CodeType]:
    """Every function's code in a module's, in one order; not the code inside of functions."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes(constant)


def place(code: CodeType) -> tuple[Any, ...]:
    """What tells one function of a file from all others, whatever is inside."""
    return code.co_qualname, code.co_firstlineno, tuple(code.co_positions())


def live(path: Path) -> dict[tuple[Any, ...], list[FunctionType]]:
    """The functions of a file that exist now, by place."""
    found: dict[tuple[Any, ...], list[FunctionType]] = {}
    for f in gc.get_objects():
        if isinstance(f, FunctionType) and f.__code__.co_filename == str(path):
            found.setdefault(place(f.__code__), []).append(f)
    return found


def changes(node: ast.AST, arguments: set[str]) -> Iterator[ast.AST]:
    """What may stand in place of one node."""
    match node:
        case ast.Constant(value=bool() as b):
            yield ast.Constant(not b)
        case ast.Constant(value=int() | float() as n):
            yield ast.Constant(n + 1)
            if n:
                yield ast.UnaryOp(ast.USub(), ast.Constant(n))
        case ast.UnaryOp(op=ast.USub() | ast.Invert() | ast.Not(), operand=x):
            yield x
        case ast.BinOp(left=x, op=op, right=y):
            if type(op) in OPERATORS:
                yield ast.BinOp(x, OPERATORS[type(op)](), y)
            if not isinstance(op, COMMUTE):
                yield ast.BinOp(y, op, x)
        case ast.Compare(left=x, ops=[op], comparators=[y]) if type(op) in COMPARISONS:
            yield ast.Compare(x, [COMPARISONS[type(op)]()], [y])
        case ast.Name(id=name, ctx=ast.Load()) if name in arguments:
            yield from (ast.Name(other, ast.Load()) for other in sorted(arguments - {name}))


def mutants(path: Path) -> Iterator[Mutant]:
    """All mutants of a rule file: of what is inside of its functions, annotations and docstrings excepted."""
    tree = ast.parse(path.read_text())
    original = list(codes(compile(tree, str(path), "exec")))
    for function in [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS)]:
        every = {a.arg for a in [*function.args.args, *function.args.kwonlyargs]}
        arguments = every & {"g", "out", "x", "y", "a", "b", "lo", "hi"}
        body = function.body if isinstance(function.body, list) else [function.body]
        for node in [n for part in body for n in inside(part)]:
            for change in changes(node, arguments):
                yield from compiled(path, tree, node, change, original)


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's own body: no inner function, no annotation, no docstring."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, FUNCTIONS):
                yield from inside(child)


def compiled(
    path: Path, tree: ast.Module, node: ast.AST, change: ast.AST, original: list[CodeType]
) -> Iterator[Mutant]:
    """The mutant in which `change` stands for `node`; nothing if it is not Python."""
    for n in ast.walk(change):
        if not hasattr(n, "lineno"):
            ast.copy_location(n, node)
    before, after = ast.unparse(node), ast.unparse(change)
    held = deepcopy(node.__dict__), node.__class__
    kept = dict(node.__dict__)
    try:
        node.__class__ = change.__class__
        node.__dict__.clear()
        node.__dict__.update(
            {**change.__dict__, **{k: held[0][k] for k in held[0] if k.endswith(("lineno", "offset"))}}
        )
        new = list(codes(compile(tree, str(path), "exec")))
    except (SyntaxError, ValueError, TypeError):
        return
    finally:
        node.__class__ = held[1]
        node.__dict__.clear()
        node.__dict__.update(kept)
    different = [
        (a, b)
        for a, b in zip(original, new, strict=True)
        if a.co_code != b.co_code or a.co_consts != b.co_consts
    ]
    for a, b in different[:1]:  # the outermost function that changed
        yield Mutant(path.name, getattr(node, "lineno", 0), before, after, a, b)


@contextmanager
def planted(mutant: Mutant, functions: dict[tuple[Any, ...], list[FunctionType]]) -> Iterator[int]:
    """The mutant's code in the live functions; yields how many there are."""
    found = functions.get(place(mutant.original), [])
    try:
        for f in found:
            f.__code__ = mutant.mutated
        yield len(found)
    finally:
        for f in found:
            f.__code__ = mutant.original
