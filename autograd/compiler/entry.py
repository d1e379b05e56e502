"""The function that answers a call: are the arguments of the traced kind?  Then run; else ask the next.

It is written as code, like the program itself: what stands around the arithmetic costs next to nothing.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd.compiler import scalars
from autograd.compiler.arguments import compact, is_input
from autograd.compiler.names import RESERVED, Names
from autograd.compiler.parts import tupled
from autograd.compiler.program import Program
from autograd.containers import leaves_of, rebuilt
from autograd.modes import RECORD, TRACE, mode

SHORT = 100  # steps: the lines of a shorter program of numbers stand in the entry itself
ABSENT = object()
HELPERS: dict[str, Any] = {
    "_absent": ABSENT, "_dict": dict, "_float": float, "_int": int, "_len": len, "_list": list, "_mode": mode.get,
    "_ndarray": np.ndarray, "_rebuilt": rebuilt, "_str": str, "_tuple": tuple,
    "_given": lambda args: [x for x in args if x is not ABSENT],
}  # fmt: skip
OWN = ("_last", "_made", "_more", "_next", "_options", "_output", "_pool", "_fresh", "_run")


class UnknownError(Exception):
    """An argument of a kind for which there is no test in a line."""


class Writer:
    """The tests of an entry, and the numbers and arrays that they find."""

    def __init__(self, names: Names, inputs: Sequence[Any], kinds: Sequence[Any], plain: bool) -> None:
        self.names, self.inputs, self.plain = names, iter(zip(inputs, kinds, strict=True)), plain
        self.namespace = dict(HELPERS)
        self.before: list[str] = []  # lines that make the program's inputs of the arguments

    def known(self, thing: Any) -> str:
        """The name of an object that the tests refer to."""
        name = f"_c{len(self.namespace)}"
        self.namespace[name] = thing
        return name

    def tests(self, x: Any, text: str) -> Iterator[str]:
        """Conditions under which what is written `text` is like the argument `x`; a later one may rely on the others."""
        kind = type(x)
        if is_input(x):
            yield from self.number(x, kind, text)
        elif x is None or kind is bool:
            yield f"{text} is {x}"
        elif kind is int or kind is str:
            yield from (f"{text}.__class__ is _{kind.__name__}", f"{text} == {x!r}")
        elif kind is list or kind is tuple:
            yield from (f"{text}.__class__ is _{kind.__name__}", f"_len({text}) == {len(x)}")
            for i, y in enumerate(x):
                yield from self.tests(y, f"{text}[{i}]")
        elif kind is dict and {type(key) for key in x} <= {str, int}:
            yield from (f"{text}.__class__ is _dict", f"[*{text}] == {[*x]}")
            for key, y in x.items():
                yield from self.tests(y, f"{text}[{key!r}]")
        else:
            raise UnknownError

    def number(self, x: Any, kind: Any, text: str) -> Iterator[str]:
        """The same for a number or array."""
        variable, dtype = next(self.inputs)
        name = self.names[variable]
        found = text if text == name else f"({name} := {text})"  # of a container
        if kind is float:
            yield f"{found}.__class__ is _float"
            if not self.plain:
                self.before.append(f"{name} = {self.known(dtype.type)}({name})")
        elif kind is np.ndarray and x.shape and compact(x) is x:
            yield from (f"{found}.__class__ is _ndarray", f"{name}.shape == {x.shape}")
            yield from (f"{name}.dtype == {self.known(x.dtype)}", f"{name}.{memory(x)}")
        elif isinstance(x, np.generic):
            yield f"{found}.__class__ is {self.known(kind)}"
            if self.plain:
                self.before.append(f"{name} = _float({name})")
        else:
            raise UnknownError

    def closed(self, program: Program, requires_grad: Sequence[bool]) -> Iterator[str]:
        """Conditions under which what is closed over can be read as it was traced."""
        if program.closed or any([s.op is not None and s.op.random for s in program.steps]):
            yield f"not _mode() & {TRACE | (RECORD if any(requires_grad) else 0)}"
        for x, v, wanted in zip(program.closed, program.values, requires_grad, strict=True):
            value = self.known(v)
            yield f"{value}.requires_grad is {wanted}"
            data = f"{value}._array"
            self.before.append(f"{self.names[x]} = {f'_float({data})' if self.plain else data}")


def memory(x: Any) -> str:
    """A test that an array lies in memory as `x` does."""
    if 1 in x.shape:  # one element may lie backwards, as the others that are not there
        return f"strides == {x.strides}"
    return "flags.c_contiguous" if x.flags.c_contiguous else "flags.f_contiguous"


def entry(f: Callable[..., Any], made: Any, args: Sequence[Any], last: list[Any], following: Any) -> Any:
    """A function that does what `f` does if its arguments are like `args`, and else what `following` does.

    None if there is no quick test for such arguments, or the program does more than compute.
    """
    executable, program = made.run, made.run.program
    if program.written:
        return None
    words, header, passed = parameters(f, len(args))
    names = Names(program, [*HELPERS, *OWN, *words])
    inputs = iter(program.inputs)
    for word, x in zip(words, args, strict=True):
        inside = [next(inputs) for y in leaves_of(x) if is_input(y)]
        if is_input(x):
            names.of[id(inside[0])] = word
    plain = not executable.why
    writer = Writer(names, program.inputs, made.kinds, plain)
    tests = [f"not {rest}" for rest in ("_more", "_options") if f"*{rest}" in header]
    try:
        tests += [test for x, word in zip(args, words, strict=True) for test in writer.tests(x, word)]
    except UnknownError:
        return None
    tests += writer.closed(program, made.closed)
    tests += [f"{writer.known(holds)}()" for holds in made.holds]
    namespace = writer.namespace | {"_last": last, "_made": made, "_next": following, "_output": made.output}
    body = [*writer.before, "_last[0] = _made", *answer(made, names, namespace)]
    if plain:  # where `math` raises, NumPy answers
        body = ["try:", *indented(body), "except (ArithmeticError, ValueError):", "    pass"]
    lines = [f"if {' and '.join(chained(tests)) or True}:", *indented(body), f"return _next({passed})"]
    return made_of("\n".join([f"def entry({header}):", *indented(lines), ""]), namespace, f)


FLOAT = ".__class__ is _float"


def chained(tests: Sequence[str]) -> list[str]:
    """The tests, those for floats that follow each other as one: `_float is x.__class__ is y.__class__` is quicker."""
    joined: list[str] = []
    for test in tests:
        if not test.endswith(FLOAT):
            joined.append(test)
        elif joined and joined[-1].startswith("_float is "):
            joined[-1] += f" is {test.removesuffix(' is _float')}"
        else:
            joined.append(f"_float is {test.removesuffix(' is _float')}")
    return joined


def answer(made: Any, names: Names, namespace: dict[str, Any]) -> list[str]:
    """The lines that compute and return the results."""
    executable, program = made.run, made.run.program
    call = f"_run({', '.join(names.all([*program.inputs, *program.closed]))})"
    if executable.backend == "python" and len(program) <= SHORT and scalars.can_be_text(made.output):
        namespace |= scalars.NAMESPACE
        return [*scalars.lines_of(program, names), f"return {scalars.returned(program, names, made.output)}"]
    if not executable.why or executable.whole:
        namespace["_run"] = executable.new()
        return arranged(made.output, call)
    namespace |= {"_pool": executable.idle, "_fresh": executable.new}
    text = """try:
    _run = _pool.pop()
except IndexError:
    _run = _fresh()
try:
%s
finally:
    _pool.append(_run)"""
    return (text % "\n".join(indented(arranged(made.output, call)))).split("\n")


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def made_of(text: str, namespace: dict[str, Any], f: Any) -> Any:
    """The function of a text, by the name of `f`."""
    from autograd.compiler.executable import loaded

    name = getattr(f, "__name__", "f")
    found = loaded(text, namespace, f"{name}, entry")["entry"]
    found.__name__, found.__qualname__ = name, getattr(f, "__qualname__", name)
    return found


def arranged(output: Any, call: str) -> list[str]:
    """The lines that return the results of a call, a flat tuple, in the containers of `output`."""
    if output is None:
        return [f"return {call}[0]"]
    if type(output) is tuple and all([x is None for x in output]):
        return [f"return {call}"]
    if not scalars.can_be_text(output):
        return [f"return _rebuilt(_output, {call})"]
    results = [f"_r{i}" for i in range(len(leaves_of(output)))]
    return [f"{tupled(results)} = {call}", f"return {scalars.arranged(output, iter(results))}"]


def parameters(f: Callable[..., Any], n: int) -> tuple[list[str], str, str]:
    """For `n` arguments given by position: a word for each, the parameters as text, and how they are passed on.

    The words are those of `f` where it takes nothing else, so that keywords and mistakes are answered as by `f`.
    """
    try:
        known = list(inspect.signature(f).parameters.values())
        odd = False
    except (TypeError, ValueError):
        known, odd = [], True
    words = [p.name for p in known if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
    odd = odd or any([w in RESERVED or w.startswith("_") for w in words])
    rest = known[len(words) :]
    if not odd and not rest and len(words) == n:
        return words, ", ".join(words), ", ".join(words)
    variadic = not odd and [p.kind for p in rest] == [inspect.Parameter.VAR_POSITIONAL] and len(words) <= n
    words = [*(words if variadic else []), *[f"_x{i}" for i in range(len(words) if variadic else 0, n)]]
    header = [w if not w.startswith("_") else f"{w}=_absent" for w in words]
    header += ["*_more"] if variadic else [*["/"][:n], "*_more", "**_options"]
    passed = f"*_given(({', '.join([*words, ''])})), *_more{'' if variadic else ', **_options'}"
    return words, ", ".join(header), passed
