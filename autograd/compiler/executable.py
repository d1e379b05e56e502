"""Executable: the code of a program, made by one of the back ends, as a function of arrays or numbers."""

import builtins
import linecache
import warnings
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from types import FunctionType
from typing import Any
from weakref import finalize

import numpy as np

from autograd.compiler import arrays, passes, scalars
from autograd.compiler.folded import folded
from autograd.compiler.names import Names
from autograd.compiler.program import Program
from autograd.compiler.recycled import buffers_like
from autograd.compiler.single import narrowed
from autograd.compiler.stacked import stacked


@dataclass(eq=False)
class Executable:
    """One program as a function of its flat arguments and what it closes over: tuple of results."""

    program: Program
    backend: str
    source: str
    make: Callable[[], Callable[..., tuple[Any, ...]]]
    why: str = ""  # why it is not a program of numbers, if it is not
    name: str = "f"
    foreign: bool = False  # whether it runs code that is neither ours nor NumPy's
    whole: bool = False  # whether it is one function of machine code
    slow: "Executable | None" = None  # what answers where `math` raises and NumPy does not; made when needed
    idle: list[Callable[..., tuple[Any, ...]]] = field(default_factory=list)  # each with buffers of its own

    def __call__(self, args: Sequence[Any], then: dict[int, Any] | None = None) -> tuple[Any, ...]:
        """The results for arrays (or numbers) of the traced shapes and dtypes.

        then: what Values that are closed over held at an earlier time, by identity.
        """
        then = then or {}
        given = [*args, *[then.get(id(v), v._array) for v in self.program.values]]
        if not self.why:
            try:
                return self.new()(*[float(x) for x in given])
            except (ArithmeticError, ValueError):
                if self.slow is None:
                    self.slow = executable(self.program, "numpy", self.name)
                return self.slow(args, then)
        try:
            run = self.idle.pop()
        except IndexError:  # a thread, or a call inside a call, takes another
            run = self.new()
        try:
            return run(*given)
        finally:
            self.idle.append(run)

    def new(self) -> Callable[..., tuple[Any, ...]]:
        """A function that computes the results; for arrays it has buffers of its own, and NumPy's warnings are off."""
        run = self.make()
        if not self.why or self.whole:
            return run
        if self.foreign:
            return np.errstate(all="ignore")(run)
        quiet = Context()  # cheaper than errstate; code of others may need the context it is called in
        quiet.run(np.seterr, all="ignore")
        return partial(quiet.run, run)


def executable(program: Program, backend: str | None, name: str) -> Executable:
    """Code for an optimized program: for numbers Python's floats, for arrays NumPy, or numba where asked."""
    why = scalars.fits(program)
    program = folded(passes.unsigned(program))
    if backend == "numba":
        from autograd.compiler import jit

        if not why:
            program = passes.multiplied(program)
        try:
            return jit.executable(program, name, why)
        except jit.UnavailableError as error:
            warn_once(f"compile: {error}; using the {'numpy' if why else 'python'} back end instead")
    elif backend == "python" and why:
        raise ValueError(
            f"compile: the python back end is for programs of float64 numbers, and {why}; use 'numpy'"
        )
    if not why and backend != "numpy":
        program = passes.mirrored(program)
        names = Names(program)
        text = scalars.source(program, names)
        run = loaded(text, dict(scalars.NAMESPACE), name)["run"]
        return Executable(program, "python", text, lambda: run, "", name)
    program = stacked(narrowed(passes.with_numbers(passes.outer(program, single=True))))
    code = arrays.code(program, Names(program))
    make = loaded(code.texts, code.namespace, name)["make"]

    def fresh() -> Callable[..., tuple[Any, ...]]:
        made: Callable[..., tuple[Any, ...]] = make(*buffers_like(code.buffers))
        return made

    return Executable(program, "numpy", "\n".join(code.texts), fresh, why or "asked for", name, code.foreign)


def loaded(text: str | Sequence[str], namespace: dict[str, Any], name: str) -> dict[str, Any]:
    """Generated code, of one or several texts, run; tracebacks show its lines as long as its functions live."""
    for part in [text] if isinstance(text, str) else text:
        loaded.count += 1  # type: ignore[attr-defined]
        file = f"<compiled {name} {loaded.count}>"  # type: ignore[attr-defined]
        linecache.cache[file] = (len(part), None, part.splitlines(keepends=True), file)
        made: dict[str, Any] = {}
        exec(builtins.compile(part, file, "exec"), namespace, made)
        namespace |= made
        for x in made.values():
            if isinstance(x, FunctionType):
                finalize(x, linecache.cache.pop, file, None).atexit = False
    return namespace


loaded.count = 0  # type: ignore[attr-defined]


_warned: set[str] = set()


def warn_once(message: str) -> None:
    if message not in _warned:
        _warned.add(message)
        warnings.warn(message, stacklevel=4)
