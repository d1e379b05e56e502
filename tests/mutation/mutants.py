"""Mutants of the rules: one constant, sign, operator, operand, axis or comparison changed at a time.

A mutated function is compiled at its original place in the file, and its code is put into
the live function, so that a mutant costs no import.  Besides: default values, the numbers a
file names, and the rules of an operation in another order.
"""

import ast
import gc
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from autograd.rules import spectral
from autograd.rules.table import Op

Place = tuple[Any, ...]
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
OPERANDS = {"g", "out", "x", "y", "a", "b", "v", "w", "lo", "hi", "c", "h"}


@dataclass(frozen=True)
class Mutant:
    """One change: where, what it was, what it is now, how to make it and how to undo it."""

    file: str
    line: int
    function: str
    before: str
    after: str
    places: frozenset[Place]  # the functions that must run for it to be noticed
    plant: Callable[[], None]
    undo: Callable[[], None]
    text: str = ""  # the smallest expression or statement around it
    bomb: "Mutant | None" = None  # the same place with 1 / 0 in it: noticed if it is evaluated at all

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}:  {self.before}  ->  {self.after}"

    def __enter__(self) -> None:
        self.plant()
        spectral.last = (None, None)  # it remembers a decomposition, which the mutant may have changed

    def __exit__(self, *_: object) -> None:
        self.undo()
        spectral.last = (None, None)


# --- functions, and where they are ----------------------------------------------------------


def codes(code: CodeType) -> Iterator[CodeType]:
    """Every function's code in a module's, in one order."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes(constant)


def place(code: CodeType) -> Place:
    """What tells one function of a file from all others."""
    return code.co_filename, code.co_qualname, code.co_firstlineno, tuple(code.co_positions())


def live(path: Path) -> dict[Place, list[FunctionType]]:
    """The functions of a file that exist now, by place."""
    found: dict[Place, list[FunctionType]] = {}
    for f in gc.get_objects():
        if isinstance(f, FunctionType) and f.__code__.co_filename == str(path):
            found.setdefault(place(f.__code__), []).append(f)
    return found


def operations(functions: dict[Place, list[FunctionType]]) -> list[Op]:
    """The operations whose rules are among these functions."""
    ours = {f for several in functions.values() for f in several}
    ops = [op for op in gc.get_objects() if isinstance(op, Op) and any(r in ours for r in op.rules if r)]
    return sorted(
        ops, key=lambda op: (op.name, min(r.__code__.co_firstlineno for r in op.rules if r in ours))
    )


# --- changes of an expression ---------------------------------------------------------------


def changes(node: ast.AST, arguments: set[str]) -> Iterator[ast.AST]:
    """What may stand in place of one node."""
    match node:
        case ast.Constant(value=bool() as b):
            yield ast.Constant(not b)
        case ast.Constant(value=int() | float() as n):
            yield from (ast.Constant(other) for other in numbers(n))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as n)):
            yield from (ast.Constant(other) for other in numbers(-n))
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


def numbers(n: float) -> list[float]:
    """One further from 0, and the other sign."""
    return [n + 1 if n >= 0 else n - 1, -n] if n else [n + 1]


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's own body: no inner function, annotation or docstring, no error's text."""
    yield node
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return  # -1 is one number
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns") or isinstance(node, ast.Raise):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, FUNCTIONS):
                yield from inside(child)


# --- the mutants of a file ------------------------------------------------------------------


def mutants(path: Path, functions: dict[Place, list[FunctionType]]) -> Iterator[Mutant]:
    """All mutants of a rule file."""
    yield from in_bodies(path, functions)
    yield from in_defaults(path, functions)
    yield from in_constants(path, functions)
    yield from swapped_rules(path, functions)


def in_bodies(path: Path, functions: dict[Place, list[FunctionType]]) -> Iterator[Mutant]:
    """Of what is inside of functions; and the sign of what a lambda returns."""
    tree = ast.parse(path.read_text())
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    original = list(codes(compile(tree, str(path), "exec")))
    for function in [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS)]:
        every = {a.arg for a in [*function.args.args, *function.args.kwonlyargs]}
        whole = function.body if isinstance(function.body, list) else [function.body]
        body = [part for part in whole if not isinstance(part, FUNCTIONS)]
        pairs = [(n, c) for part in body for n in inside(part) for c in changes(n, every & OPERANDS)]
        if isinstance(function, ast.Lambda):
            pairs.append((function.body, ast.UnaryOp(ast.USub(), deepcopy(function.body))))
        for node, change in pairs:
            fails = ast.BinOp(ast.parse("1 / 0", mode="eval").body, ast.Add(), deepcopy(node))
            bomb = next(compiled(path, tree, node, fails, original, functions), None)
            for mutant in compiled(path, tree, node, change, original, functions):
                name = ast.unparse(function) if isinstance(function, ast.Lambda) else mutant.function
                text = ast.unparse(parents[node]).partition("\n")[0]
                yield replace(mutant, function=name, text=text, bomb=bomb)


def compiled(
    path: Path,
    tree: ast.Module,
    node: ast.AST,
    change: ast.AST,
    original: list[CodeType],
    functions: dict[Place, list[FunctionType]],
) -> Iterator[Mutant]:
    """The mutant in which `change` stands for `node`; nothing if it is not Python."""
    for n in ast.walk(change):
        if not hasattr(n, "lineno"):
            ast.copy_location(n, node)
    before, after = ast.unparse(node), ast.unparse(change)
    kind, kept = node.__class__, dict(node.__dict__)
    where = {k: v for k, v in kept.items() if k.endswith(("lineno", "offset"))}
    try:
        node.__class__ = change.__class__
        node.__dict__.clear()
        node.__dict__.update({**change.__dict__, **where})
        new = list(codes(compile(tree, str(path), "exec")))
    except (SyntaxError, ValueError, TypeError):
        return
    finally:
        node.__class__ = kind
        node.__dict__.clear()
        node.__dict__.update(kept)
    pairs = zip(original, new, strict=True)
    changed_codes = [(a, b) for a, b in pairs if a.co_code != b.co_code or a.co_consts != b.co_consts]
    alive = [(a, b) for a, b in changed_codes if place(a) in functions]
    for a, b in (alive or changed_codes)[-1:]:  # the innermost function that exists
        found = functions.get(place(a), [])

        def become(code: CodeType, found: list[FunctionType] = found) -> None:
            for f in found:
                f.__code__ = code

        yield Mutant(
            path.name,
            where.get("lineno", 0),
            a.co_qualname,
            before,
            after,
            frozenset([place(a)]),
            lambda b=b, become=become: become(b),
            lambda a=a, become=become: become(a),
        )


def in_defaults(path: Path, functions: dict[Place, list[FunctionType]]) -> Iterator[Mutant]:
    """Of the numbers and truths that arguments have if they are not given."""
    for where, several in functions.items():
        f = several[0]
        for attribute in ("__defaults__", "__kwdefaults__"):
            held = getattr(f, attribute)
            for key in held if isinstance(held, dict) else range(len(held or ())):
                value = held[key]
                if not isinstance(value, bool | int | float):
                    continue
                for other in [not value] if isinstance(value, bool) else numbers(value):
                    new = (
                        {**held, key: other}
                        if isinstance(held, dict)
                        else (*held[:key], other, *held[key + 1 :])
                    )
                    name = (
                        key
                        if isinstance(key, str)
                        else f.__code__.co_varnames[f.__code__.co_argcount - len(held) + key]
                    )
                    yield changed(
                        path, f.__code__.co_firstlineno, f.__qualname__, f"{name}={value}", f"{name}={other}",
                        frozenset([where]), [(g, attribute, new) for g in several],
                    )  # fmt: skip


def in_constants(path: Path, functions: dict[Place, list[FunctionType]]) -> Iterator[Mutant]:
    """Of the numbers that the file gives a name."""
    module = module_of(path)
    for name, value in vars(module).items():
        if isinstance(value, float) and not name.startswith("_"):
            users = frozenset(w for w, fs in functions.items() if name in fs[0].__code__.co_names)
            for other in numbers(value):
                yield changed(path, 0, name, f"{value:.6g}", f"{other:.6g}", users, [(module, name, other)])


def swapped_rules(path: Path, functions: dict[Place, list[FunctionType]]) -> Iterator[Mutant]:
    """Of the order of an operation's rules."""
    for op in operations(functions):
        given = [i for i, rule in enumerate(op.rules) if rule is not None]
        for i, j in combinations(given, 2):
            rules = list(op.rules)
            rules[i], rules[j] = rules[j], rules[i]
            users = frozenset(place(op.rules[k].__code__) for k in (i, j))  # type: ignore[union-attr]
            line = min(where[2] for where in users)
            yield changed(
                path,
                line,
                op.name,
                f"rules {i}, {j}",
                f"rules {j}, {i}",
                users,
                [(op, "rules", tuple(rules))],
            )


def changed(
    path: Path,
    line: int,
    function: str,
    before: str,
    after: str,
    places: frozenset[Place],
    attributes: list[tuple[Any, str, Any]],
) -> Mutant:
    """The mutant that gives attributes another value."""
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in attributes]

    def put(values: list[tuple[Any, str, Any]]) -> None:
        for owner, name, value in values:
            setattr(owner, name, value)

    return Mutant(
        path.name, line, function, before, after, places, lambda: put(attributes), lambda: put(kept)
    )


def module_of(path: Path) -> ModuleType:
    return next(m for m in sys.modules.values() if getattr(m, "__file__", None) == str(path))
